# \dAp
psql -X <<'EOF'
\dAp hash text_ops
\dAp+ btree integer_ops
\dAp gist point_ops
EOF
