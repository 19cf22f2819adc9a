# A view over a join.
psql -X <<'EOF'
\d+ view_columns
EOF
