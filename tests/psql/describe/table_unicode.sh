# With lines of Unicode.
# server: reference
psql -X -P linestyle=unicode -P border=2 <<'EOF'
\d shop.item
\dt shop.*
EOF
