# Indexes, in full.
psql -X <<'EOF'
\d+ plain_a
\d+ shop.customer_email_key
EOF
