# \df
# server: reference
psql -X <<'EOF'
\df
\df add_two
\df *.table_function
EOF
