# Wide characters, newlines, nulls and markup in the format troff-ms.
psql -X <<'EOF'
\pset format troff-ms
select * from sample;
\pset null '(null)'
\pset title 'A <title> of 日本'
select * from sample order by id;
EOF
