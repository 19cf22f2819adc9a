# \o sends results to a file or command; messages stay.
cat > script.sql <<'EOF'
\o out
select 1;
begin;
commit;
\qecho to file
\echo to output
\o
\! cat out
\o |tr a-z A-Z
select 'piped' as a;
\o
\o nosuchdir/x
select 2;
EOF
psql -Xq -f script.sql
