# With a border.
# server: reference
psql -X -P border=2 <<'EOF'
\d shop.item
EOF
