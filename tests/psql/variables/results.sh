# ERROR, SQLSTATE, ROW_COUNT and LAST_ERROR_… after statements.
cat > script.sql <<'EOF'
select 1 union select 2;
\echo :ERROR :SQLSTATE :ROW_COUNT
select nope;
\echo :ERROR :SQLSTATE :ROW_COUNT
\echo :LAST_ERROR_SQLSTATE :LAST_ERROR_MESSAGE
begin;
\echo :ERROR :SQLSTATE :ROW_COUNT
commit;
create table t (a int);
insert into t values (1), (2), (3);
\echo :ROW_COUNT :LASTOID
update t set a = 0 where a > 1;
\echo :ROW_COUNT
;
\echo :ROW_COUNT :ERROR
drop table t;
EOF
psql -Xq -f script.sql
