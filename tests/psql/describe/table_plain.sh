# A table with an index, a default and a check.
psql -X <<'EOF'
\d plain
\d shop.item
EOF
