# Box drawing with a single border, double lines between columns and a single one below the header.
psql -Xq <<'EOF'
\pset linestyle unicode
\pset unicode_border_linestyle single
\pset unicode_column_linestyle double
\pset unicode_header_linestyle single
\pset border 0
select 1 as a, 'x' as b;
\pset border 1
select 1 as a, 'x' as b;
\pset border 2
select 1 as a, 'x' as b;
\x
select 1 as a, 'x' as b from generate_series(1,2);
\pset tuples_only on
select 1 as a, 'x' as b from generate_series(1,2);
EOF
