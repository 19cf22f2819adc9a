# COPY FROM STDIN with data in the script.
cat > script.sql <<'EOF'
create table t (a int, b text);
copy t from stdin;
1	one
2	two\nlines
\.
copy t from stdin (format csv);
3,"three, or so"
\.
copy t from stdin;
x	bad
4	four
\.
select * from t order by a;
drop table t;
EOF
psql -X -f script.sql
