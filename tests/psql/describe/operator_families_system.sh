# \dAf of one access method.
psql -X <<'EOF'
\dAf spgist
\dAf+ hash oid
EOF
