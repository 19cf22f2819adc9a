# \dP with patterns.
psql -X <<'EOF'
\dP part_range*
\dPt nosuch
\dP shop.*
EOF
