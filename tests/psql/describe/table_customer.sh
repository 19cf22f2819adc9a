# Keys, checks, and who refers to the table.
psql -X <<'EOF'
\d shop.customer
EOF
