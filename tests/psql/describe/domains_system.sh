# \dDS
# server: reference
psql -X <<'EOF'
\dD information_schema.*
EOF
