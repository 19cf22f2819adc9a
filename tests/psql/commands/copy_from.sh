# \copy from standard input, a file, a command.
cat > script.sql <<'EOF'
create temp table c (a int, b text);
\copy c from stdin
1	one
2	\N
\.
\! printf '3,three\n' > f.csv
\copy c from 'f.csv' csv
\copy c (a) from program 'echo 4'
\copy c from nosuch
\copy c from stdin
x	y
\.
select * from c order by a;
EOF
psql -X -f script.sql
