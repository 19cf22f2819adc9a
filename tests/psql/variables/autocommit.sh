# AUTOCOMMIT off begins a transaction before statements that can be in one.
cat > script.sql <<'EOF'
\set AUTOCOMMIT off
select 1;
\echo :ERROR
rollback;
begin;
commit;
commit;
create table ac (a int);
rollback;
select a from ac;
rollback;
\set AUTOCOMMIT on
select 2;
rollback;
EOF
psql -X -f script.sql
