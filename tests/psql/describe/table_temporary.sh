# A temporary table.
# server: reference
psql -Xq <<'EOF'
create temporary table mine (a int);
\d pg_temp.mine
\d mine
EOF
