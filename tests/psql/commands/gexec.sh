# \gexec executes values row by row.
cat > script.sql <<'EOF'
select 'select 1', null, null union all select 'create table g4 (a int)', 'drop table g4', 'select nope' \gexec
\echo :ERROR
select 'select 2 as a' \gexec
\set ECHO all
select 'select 3 as a' \gexec
EOF
psql -Xq -f script.sql
