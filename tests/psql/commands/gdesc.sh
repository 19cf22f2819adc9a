# \gdesc describes a result without executing.
cat > script.sql <<'EOF'
select 1 as a, 'x'::varchar(5) as "B c", null::numeric(10,2) \gdesc
\gdesc
create table never (a int) \gdesc
select nope \gdesc
select a from never;
EOF
psql -X -f script.sql
