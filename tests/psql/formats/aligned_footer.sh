# The count of rows: one, several, none, or not wanted.
psql -Xq <<'EOF'
select 1 as a;
select generate_series(1, 3) as a;
select 1 as a where false;
\pset footer off
select generate_series(1, 3) as a;
\pset border 2
select generate_series(1, 3) as a;
\x
select 1 as a where false;
EOF
