# The same with comments and not-null constraints.
psql -X <<'EOF'
\d+ shop.customer
EOF
