# What troff would read otherwise.
psql -Xq <<'EOF'
\pset format troff-ms
select 'a\b' as "c\d", E'.x\ny' as e;
\pset expanded on
\pset border 0
select 'a\b' as "c\d", 2 as e from generate_series(1,2);
\pset border 2
select 'a\b' as "c\d", 2 as e from generate_series(1,2);
\pset tuples_only on
select 'a\b' as "c\d", 2 as e from generate_series(1,2);
EOF
