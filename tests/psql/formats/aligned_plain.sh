# Wide characters, newlines, nulls and markup in the format aligned.
psql -X <<'EOF'
\pset format aligned
select * from sample;
\pset null '(null)'
\pset title 'A <title> of 日本'
select * from sample order by id;
EOF
