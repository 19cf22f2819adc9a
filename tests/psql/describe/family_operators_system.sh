# \dAo of system families.
psql -X <<'EOF'
\dAo btree oid_ops
\dAo+ hash bool_ops
EOF
