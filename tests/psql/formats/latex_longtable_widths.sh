# Widths of the columns of a longtable.
psql -Xq <<'EOF'
\pset format latex-longtable
\pset tableattr '0.2 0.3'
select 1 as n, 'a' as a, 'b' as b, 'c' as c, 2 as m, 'd' as d;
\pset border 2
\pset title t
select 1 as n, 'a' as a, 'b' as b;
\pset border 3
select 1 as n, 'a' as a, 'b' as b;
\pset tableattr ' '
select 1 as n, 'a' as a, 'b' as b;
\pset tuples_only on
select 1 as n, 'a' as a, 'b' as b;
EOF
