# Wide characters, newlines, nulls and markup in the format html.
psql -X <<'EOF'
\pset format html
select * from sample;
\pset null '(null)'
\pset title 'A <title> of 日本'
select * from sample order by id;
EOF
