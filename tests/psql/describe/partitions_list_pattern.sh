# \dP with patterns.
# server: reference
psql -X <<'EOF'
\dP part_range*
\dPt nosuch
\dP shop.*
EOF
