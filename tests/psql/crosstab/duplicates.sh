# Two values for one place.
psql -X <<'EOF'
select v, h, c from data \crosstabview
select null, null, g from generate_series(1, 2) g \crosstabview
\pset null '(n)'
select null, null, g from generate_series(1, 2) g \crosstabview
\pset null ''
select null, null, g from generate_series(1, 2) g \crosstabview
EOF
