# Partitioned tables.
# server: reference
psql -X <<'EOF'
\d part_range
\d part_hash
\d part_empty
\d part_key
EOF
