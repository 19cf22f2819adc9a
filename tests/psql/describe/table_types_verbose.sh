# Types with their modifiers, and how they are stored.
psql -X <<'EOF'
\d+ wide_types
EOF
