# Unaligned.
# server: reference
psql -XA <<'EOF'
\d shop.item
EOF
