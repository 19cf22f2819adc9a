# A table of a composite type.
# server: reference
psql -X <<'EOF'
\d typed_table
\d+ typed_table
EOF
