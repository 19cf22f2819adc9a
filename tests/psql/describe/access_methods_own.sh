# \dA with a pattern.
psql -X <<'EOF'
\dA gi*
\dA+ btree
\dA nosuch
EOF
