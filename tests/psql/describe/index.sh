# Indexes.
psql -X <<'EOF'
\d plain_a
\d shop.customer_pkey
\d shop.customer_name_since
EOF
