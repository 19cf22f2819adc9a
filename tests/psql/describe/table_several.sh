# A pattern that several relations match.
psql -X <<'EOF'
\d plain*
EOF
