# SHOW_ALL_RESULTS off shows the last result of a combination only.
cat > script.sql <<'EOF'
select 1\; select 2\; begin;
commit;
\set SHOW_ALL_RESULTS off
select 1\; select 2;
begin\; commit;
select 1\; select nope\; select 3;
EOF
psql -X -f script.sql
