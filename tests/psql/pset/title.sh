# The option title and \C.
psql -X <<'EOF'
\pset title
\pset title 'A title'
select 1 as a;
\pset title
\C x
\C
\C 'it''s'
\C ''
\C a b
select 1 as a;
EOF
