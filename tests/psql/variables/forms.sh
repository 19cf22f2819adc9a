# The forms of a mention: plain, literal, identifier, and whether it exists.
cat > script.sql <<'EOF'
\set v 'a"b''c'
select :'v' as :"v";
\echo :v :'v' :"v" :{?v} :{?w}
select :{?v}, :{?w};
\set n 3
select :n + :n, ':n', ":n" from (values (1)) t(":n") \g
select a[1:2] from (values ('{1,2,3}'::int[])) t(a);
select 1::text, :nosuch;
EOF
psql -X -f script.sql
