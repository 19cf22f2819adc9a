# An unlogged table and its index.
psql -X <<'EOF'
\d unlogged_table
\d unlogged_table_pkey
EOF
