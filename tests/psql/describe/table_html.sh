# As HTML.
# server: reference
psql -XH <<'EOF'
\d shop.item
EOF
