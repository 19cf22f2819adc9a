# All relations of a schema.
# server: reference
psql -X <<'EOF'
\d shop.*
EOF
