# The format asciidoc with a block for each row.
psql -X <<'EOF'
\pset format asciidoc
\pset expanded on
select * from sample;
\pset title 'Title'
\pset tuples_only on
select id, name from sample limit 2;
EOF
