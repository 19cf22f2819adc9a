# A table and an index in a tablespace.
# server: reference
psql -X <<'EOF'
\d tablespace_table
\d+ tablespace_table_pkey
EOF
