# Expanded by x.
psql -X <<'EOF'
\dtx plain
\dt plain
\dtx+ nosuch
EOF
