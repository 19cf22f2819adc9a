# Partitioned indexes and their partitions.
# server: reference
psql -X <<'EOF'
\d part_range_a
\d+ part_range_a
\d part_range_1_a_idx
\d+ part_range_2_a_idx
\d part_range_only
EOF
