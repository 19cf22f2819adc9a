# Not more columns than a table may have.
psql -Xq <<'EOF'
\pset format unaligned
\pset tuples_only on
select 1, g, '.' from generate_series(1, 1600) g \crosstabview
select 1, g, '.' from generate_series(1, 1601) g \crosstabview
EOF
