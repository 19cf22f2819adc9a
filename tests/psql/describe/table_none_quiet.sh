# With QUIET nothing is said about them.
psql -Xq <<'EOF'
\d nosuch
\dt nosuch
\di nosuch
\drds nosuch
EOF
