# Grids in other formats.
psql -Xq <<'EOF'
\pset format html
select v, h, c from data where c <> 'dbl' order by 1, 2 \crosstabview
\pset format csv
select v, h, c from data where c <> 'dbl' order by 1, 2 \crosstabview
\pset format unaligned
select v, h, c from data where c <> 'dbl' order by 1, 2 \crosstabview
\pset format aligned
\pset title 'A title'
\x
select v, h, c from data where c <> 'dbl' order by 1, 2 \crosstabview
\x
\t
select v, h, c from data where c <> 'dbl' order by 1, 2 \crosstabview
EOF
