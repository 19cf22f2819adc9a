# \; and \: put a semicolon and a colon in.
cat > script.sql <<'EOF'
\set x 1
select 1\; select '\:x', \:x from (values (2)) t(":x") ;
select 3\;
select 4;
EOF
psql -X -f script.sql
