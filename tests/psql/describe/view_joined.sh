# A view over a join.
# server: reference
psql -X <<'EOF'
\d+ view_columns
EOF
