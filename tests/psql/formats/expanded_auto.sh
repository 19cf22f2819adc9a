# Expanded output where the table would be too wide.
psql -Xq <<'EOF'
\pset expanded auto
\pset columns 40
select * from many limit 2;
select a, a from many limit 2;
select c from many;
\pset columns 0
select * from many limit 2;
\pset columns 40
\pset format wrapped
select * from many limit 2;
\pset columns 8
select a as "a long name", b from many limit 2;
\pset format unaligned
select * from many limit 2;
EOF
