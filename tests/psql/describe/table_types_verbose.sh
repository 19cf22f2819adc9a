# Types with their modifiers, and how they are stored.
# server: reference
psql -X <<'EOF'
\d+ wide_types
EOF
