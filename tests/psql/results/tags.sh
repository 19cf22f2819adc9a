# Tags of commands.
cat > script.sql <<'EOF'
create table t (a int);
insert into t values (1), (2);
insert into t values (3) returning a;
update t set a = a + 1;
delete from t where a = 2 returning *;
delete from t;
drop table t;
begin;
rollback;
select 1 where false;
EOF
psql -X -f script.sql
