# Partitioned tables with their partitions.
# server: reference
psql -X <<'EOF'
\d+ part_range
\d+ part_range_2
\d+ part_empty
EOF
