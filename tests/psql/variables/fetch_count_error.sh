# server: reference
# An error in the middle of the pieces.
cat > script.sql <<'EOF'
\set FETCH_COUNT 1
select 1/(2-a) from (values (1), (2), (3)) t(a);
\echo :ERROR :ROW_COUNT
EOF
psql -X -f script.sql
