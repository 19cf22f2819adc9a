# Values from variables and commands.
psql -X <<'EOF'
\set b 2
\pset border :b
\set t 'a title'
\pset title :'t'
\pset title :"t"
\pset null `echo none`
select 1 as a, null as b;
EOF
