# Names that need quotes.
psql -X <<'EOF'
\d "Mixed Case"
\d "Odd.Schema"."odd.table"
\d Mixed*
EOF
