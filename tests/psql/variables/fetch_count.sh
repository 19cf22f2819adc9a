# FETCH_COUNT fetches rows in pieces; widths are those of each piece.
cat > script.sql <<'EOF'
\set FETCH_COUNT 2
select * from (values (1), (20), (300), (4000), (5)) t(a);
select 1 where false;
select 1 as a union all select 2;
\echo :ROW_COUNT
\pset format unaligned
select * from (values (1), (20), (300)) t(a);
\pset expanded on
select * from (values (1), (20), (300)) t(a);
select 1 as x \gset
\echo :x
EOF
psql -X -f script.sql
