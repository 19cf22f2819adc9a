# \ds
psql -X <<'EOF'
\ds
\ds+ shop.*
EOF
