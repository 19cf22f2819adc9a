# Unaligned.
psql -XA <<'EOF'
\d shop.item
EOF
