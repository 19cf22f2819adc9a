# Values broken to a width with the line style unicode.
psql -Xq <<'EOF'
\pset linestyle unicode
\pset format wrapped
\pset columns 30
\pset border 0
select * from many;
\pset border 1
select * from many;
select c, E'new\nline ' || b as d from many;
\pset border 2
select * from many;
\pset columns 10
select * from many limit 2;
EOF
