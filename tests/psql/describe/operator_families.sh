# \dAf
# server: reference
psql -X <<'EOF'
\dAf hash
\dAf+ btree *time*
\dAf btree int4
EOF
