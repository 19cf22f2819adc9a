# With a border.
psql -X -P border=2 <<'EOF'
\d shop.item
EOF
