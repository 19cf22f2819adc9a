# \copy to standard output, a file, a command.
cat > script.sql <<'EOF'
create table c2 (a int, b text);
insert into c2 values (1, 'x y');
\copy c2 to stdout
\copy c2 to 'out.csv' csv header
\! cat out.csv
\copy (select a, '(' as p from c2) to stdout (format csv)
\copy c2 to program 'tr x X'
\copy c2 to pstdout
\copy nosuch to stdout
drop table c2;
EOF
psql -X -f script.sql
