-- A sequence may be named as a table; what it has of privileges is its own.
create sequence s;
create table t (a int);
create role sequence_user;
grant usage on s to sequence_user;
grant insert, select on s to sequence_user;
grant usage on t to sequence_user;
grant execute on t to sequence_user;
grant usage (a) on t to sequence_user;
grant insert on sequence s to sequence_user;
select relacl from pg_class where relname = 's';
revoke all on s from sequence_user;
grant all on s to sequence_user;
select relacl from pg_class where relname = 's';
-- Also of its owner.
alter sequence s owner to sequence_user;
revoke all on s from sequence_user;
grant select on s to sequence_user;
set role sequence_user;
select nextval('s');
select last_value from s;
-- System columns, languages, EXPLAIN.
reset role;
grant select (a, tableoid) on t to sequence_user;
grant usage on language c to sequence_user;
create procedure p(int) language sql as 'select 1';
grant usage on procedure p(int) to sequence_user;
create table secret (a int);
set role sequence_user;
select a, tableoid = 't'::regclass from t;
select ctid from t;
explain (costs off) select * from secret;
reset role;
revoke all on t from sequence_user;
drop owned by sequence_user;
drop role sequence_user;
