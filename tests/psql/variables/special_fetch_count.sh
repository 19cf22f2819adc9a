# What FETCH_COUNT takes.
cat > script.sql <<'EOF'
\set FETCH_COUNT x
\echo :FETCH_COUNT
\set FETCH_COUNT -1
\echo :FETCH_COUNT
\set FETCH_COUNT 0x10
\echo :FETCH_COUNT
\set FETCH_COUNT 99999999999
\echo :FETCH_COUNT
\set FETCH_COUNT 
\echo :FETCH_COUNT
EOF
psql -X -f script.sql
