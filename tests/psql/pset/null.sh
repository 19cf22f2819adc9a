# The option null.
psql -X <<'EOF'
\pset null
\pset null '(null)'
select null as n, 1 as x;
\pset null ''
select null as n, 1 as x;
\pset null 'a\nb'
select null as n, 1 as x;
\pset null '日本'
select null::int as n, 1 as x;
EOF
