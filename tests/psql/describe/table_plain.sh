# A table with an index, a default and a check.
# server: reference
psql -X <<'EOF'
\d plain
\d shop.item
EOF
