# The format unaligned with a block for each row.
psql -X <<'EOF'
\pset format unaligned
\pset expanded on
select * from sample;
\pset title 'Title'
\pset tuples_only on
select id, name from sample limit 2;
EOF
