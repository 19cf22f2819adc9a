# Columns given by number.
psql -X <<'EOF'
select d, c, h, v from data where c <> 'dbl' order by 1 \crosstabview 4 3 2
select d, c, h, v from data where c <> 'dbl' order by 1 \crosstabview 4 3
select v, h, c, i from data \crosstabview 0 1 2
select v, h, c, i from data \crosstabview 1 5 2
select v, h, c, i from data \crosstabview 1 2 4294967299
select v, h, c, i from data where c <> 'dbl' \crosstabview 1 2 4294967299
EOF
