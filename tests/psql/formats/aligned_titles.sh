# Titles stand in the middle of tables wider than they are.
psql -Xq <<'EOF'
\pset title short
select 1 as a;
select repeat('x', 40) as wide;
\pset border 2
select repeat('x', 40) as wide, 2 as b;
\pset title 'a much longer title than the table is wide'
select 1 as a;
\pset title '日本'
select 'abcdefghij' as a;
\pset title E'two\nlines'
select 'abcdefghij' as a;
\pset title ''
select 1 as a;
\pset tuples_only on
select 1 as a;
EOF
