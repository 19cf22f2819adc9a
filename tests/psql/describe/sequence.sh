# Sequences.
psql -X <<'EOF'
\d shop.numbers
\d+ shop.numbers
EOF
