# A foreign key to a partitioned table.
# server: reference
psql -X <<'EOF'
\d references_part
\d part_key
\d part_key_1
EOF
