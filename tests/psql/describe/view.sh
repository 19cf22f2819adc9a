# Views.
psql -X <<'EOF'
\d plain_view
\d+ plain_view
\d shop.big_customers
EOF
