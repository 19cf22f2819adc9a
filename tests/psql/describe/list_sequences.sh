# \ds
# server: reference
psql -X <<'EOF'
\ds
\ds+ shop.*
EOF
