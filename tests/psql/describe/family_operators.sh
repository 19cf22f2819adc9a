# \dAo
# server: reference
psql -X <<'EOF'
\dAo btree integer_ops
\dAo+ gist public.my_*
\dAo+ hash bool_ops
EOF
