# Keys, checks, and who refers to the table.
# server: reference
psql -X <<'EOF'
\d shop.customer
EOF
