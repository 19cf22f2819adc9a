# In an inactive branch nothing is executed or put in.
cat > script.sql <<'EOF'
\if false
select 1;
\echo `echo ran >&2` :ECHO
\i nosuch.sql
\copy x from y
\! echo ran
\nosuch command
\set x 1
\q
\endif
\echo :x after
EOF
psql -X -f script.sql
