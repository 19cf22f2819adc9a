# Data of a COPY that failed are not taken for SQL.
cat > script.sql <<'EOF'
copy nosuch from stdin;
select 'not executed';
\.
select 1\; copy nosuch from stdin;
select 'not executed';
\.
\copy nosuch from stdin
\echo not executed
\.
\echo after
EOF
psql -X -f script.sql
