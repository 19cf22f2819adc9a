# Numbers stand at the right, names as their own type says.
psql -Xq <<'EOF'
\pset border 2
select 'name', 'column', 1.5 \crosstabview
select 1, 2, 'text' \crosstabview
select 'a long row name' as r, 'h1' as h, 10 as n union all select 'b', 'h2', 2000 order by 1 \crosstabview
\pset numericlocale on
select 1000, 2000, 3000.5 \crosstabview
EOF
