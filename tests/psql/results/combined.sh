# Several statements sent together.
cat > script.sql <<'EOF'
select 1 as a\; select 2 as b, 3 as c\; begin\; commit;
select 1\; select nope\; select 2;
\echo :ERROR :ROW_COUNT
EOF
psql -X -f script.sql
