# Parents and children.
# server: reference
psql -X <<'EOF'
\d parent_table
\d child_table
\d grandchild_table
EOF
