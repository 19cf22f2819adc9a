# Arguments with quotes that are not closed.
cat > script.sql <<'EOF'
\echo 'a
\echo "b
\echo `c
\echo after
\set x 'a' 'b
\echo [:x]
EOF
psql -X -f script.sql
