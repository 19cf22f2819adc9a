# The format aligned with a block for each row.
psql -X <<'EOF'
\pset format aligned
\pset expanded on
select * from sample;
\pset title 'Title'
\pset tuples_only on
select id, name from sample limit 2;
EOF
