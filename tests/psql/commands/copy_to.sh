# \copy to standard output, a file, a command.
cat > script.sql <<'EOF'
create temp table c as select 1 as a, 'x y' as b;
\copy c to stdout
\copy c to 'out.csv' csv header
\! cat out.csv
\copy (select a, '(' as p from c) to stdout (format csv)
\copy c to program 'tr x X'
\copy c to pstdout
\copy nosuch to stdout
EOF
psql -X -f script.sql
