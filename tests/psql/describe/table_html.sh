# As HTML.
psql -XH <<'EOF'
\d shop.item
EOF
