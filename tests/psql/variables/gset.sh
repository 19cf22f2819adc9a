# \gset keeps a row in variables; null unsets.
cat > script.sql <<'EOF'
\set c old
select 1 as a, 'x y' as b, null as c \gset
\echo :a :b :c
select 2 as a \gset p_
\echo :p_a
select 1 as "AUTOCOMMIT" \gset
select 1 as "a b" \gset
select 1 where false \gset
select 1 union all select 2 \gset
\echo :ERROR :ROW_COUNT
EOF
psql -X -f script.sql
