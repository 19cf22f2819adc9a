# Triggers and rules of a table, in full.
# server: reference
psql -X <<'EOF'
\d+ events
EOF
