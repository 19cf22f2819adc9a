# Types with their modifiers.
psql -X <<'EOF'
\d wide_types
EOF
