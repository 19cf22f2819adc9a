# Foreign tables.
# server: reference
psql -X <<'EOF'
\d foreign_table
\d+ foreign_table
\d shop.foreign_plain
EOF
