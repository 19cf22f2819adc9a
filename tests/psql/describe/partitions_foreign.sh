# A foreign partition.
# server: reference
psql -X <<'EOF'
\d foreign_partition
\d+ foreign_partition
EOF
