# Storage options.
psql -X <<'EOF'
\d options_table
\d+ options_table
EOF
