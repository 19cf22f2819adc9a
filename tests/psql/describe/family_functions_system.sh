# \dAp of system families.
psql -X <<'EOF'
\dAp btree oid_ops
\dAp+ hash bool_ops
EOF
