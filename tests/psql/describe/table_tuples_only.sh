# Without title and footers.
psql -Xt <<'EOF'
\d plain
EOF
