# Nulls as names and as values; what is not there is empty.
psql -X <<'EOF'
\pset null '(null)'
select v, h, nullif(c, 'bar') from data where c <> 'dbl' order by 1, 2 \crosstabview
select null, 1, 2 \crosstabview
select 1, null, 2 \crosstabview
select 1, 2, null \crosstabview
select null, null, null \crosstabview
EOF
