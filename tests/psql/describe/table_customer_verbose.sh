# The same with comments and not-null constraints.
# server: reference
psql -X <<'EOF'
\d+ shop.customer
EOF
