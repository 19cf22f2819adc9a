# With lines of Unicode.
psql -X -P linestyle=unicode -P border=2 <<'EOF'
\d shop.item
\dt shop.*
EOF
