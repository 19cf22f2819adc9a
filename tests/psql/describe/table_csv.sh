# As CSV.
psql -X --csv <<'EOF'
\d+ plain
\dt shop.*
EOF
