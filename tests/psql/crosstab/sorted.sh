# Columns sorted by the numbers of another column.
psql -X <<'EOF'
select v, h, c, i from data where c <> 'dbl' \crosstabview v h c i
select v, h, c, case h when 'h4' then 1 when 'h2' then 2 when 'h1' then 3 when 'h0' then 4 else 5 end as r from data where c <> 'dbl' order by 1, 2 \crosstabview v h c r
select v, h, c, i::text || 'x' as i from data where c <> 'dbl' \crosstabview v h c i
select v, h, c, -i as i from data where c <> 'dbl' \crosstabview v h c i
select s, a, 3, s from (values ('h1', 5), ('h2', 4), ('h1', 1), ('h3', 3)) x(a, s) \crosstabview 1 2 3 4
select v, h, c, i from data where c <> 'dbl' \crosstabview v h c nope
EOF
