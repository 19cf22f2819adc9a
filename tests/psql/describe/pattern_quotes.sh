# Quotes keep case and take meanings away.
psql -X <<'EOF'
\dt "Mixed Case"
\dt "mixed case"
\dt "a?b"
\dt PLAIN
\dt "PLAIN"
\dt Mixed" "Case
\dt "Odd.Schema".*
\dt "odd""quote"
EOF
