# A table without columns.
psql -X <<'EOF'
\d nothing
\d+ nothing
EOF
