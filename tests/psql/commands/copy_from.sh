# \copy from standard input, a file, a command.
cat > script.sql <<'EOF'
create table c1 (a int, b text);
\copy c1 from stdin
1	one
2	\N
\.
\! printf '3,three\n' > f.csv
\copy c1 from 'f.csv' csv
\copy c1 (a) from program 'echo 4'
\copy c1 from nosuch
\copy c1 from stdin
x	y
\.
select * from c1 order by a;
drop table c1;
EOF
psql -X -f script.sql
