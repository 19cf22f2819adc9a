# Foreign keys with actions, deferred ones.
psql -X <<'EOF'
\d shop.orders
EOF
