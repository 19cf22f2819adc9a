# Types with their modifiers.
# server: reference
psql -X <<'EOF'
\d wide_types
EOF
