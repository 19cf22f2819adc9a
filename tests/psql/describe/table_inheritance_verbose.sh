# Parents and children by name; inherited constraints.
# server: reference
psql -X <<'EOF'
\d+ parent_table
\d+ child_table
\d+ grandchild_table
EOF
