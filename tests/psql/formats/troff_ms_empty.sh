# Results without rows, without columns, and without both, in the format troff-ms.
psql -Xq <<'EOF'
\pset format troff-ms
select * from sample where false;
select from sample;
select;
select where false;
\pset title 'No rows'
select id from sample where false;
\x
select * from sample where false;
select from sample;
\pset tuples_only on
select * from sample where false;
\x
select * from sample where false;
EOF
