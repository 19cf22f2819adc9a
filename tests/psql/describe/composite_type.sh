# A composite type.
# server: reference
psql -X <<'EOF'
\d composite_type
\d+ composite_type
EOF
