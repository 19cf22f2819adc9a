# ON_ERROR_ROLLBACK keeps a transaction usable.
cat > script.sql <<'EOF'
\set ON_ERROR_ROLLBACK on
begin;
select 1;
select nope;
select 2;
savepoint a;
select 3;
commit;
select 4;
EOF
psql -X -f script.sql
