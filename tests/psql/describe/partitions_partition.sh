# Partitions.
# server: reference
psql -X <<'EOF'
\d part_range_1
\d+ part_range_1
\d part_range_2
\d part_hash_0
\d+ part_key_2
EOF
