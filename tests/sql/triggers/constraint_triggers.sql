-- Constraint triggers: deferred ones wait for the commit, or for SET CONSTRAINTS.
create table t(a int primary key, b text, c int default 7);
create function cf() returns trigger language plpgsql as $$ begin raise notice 'cf % %', old, new; return null; end $$;
create constraint trigger ct after insert or update on t deferrable initially deferred for each row execute function cf();
-- Savepoints take what they queued back with them.
begin; insert into t values (21,'x'); savepoint a; insert into t values (23, 'y'); rollback to a; insert into t values (25, 'z'); select 1; commit;
-- SET CONSTRAINTS fires what waits.
begin; insert into t values (31,'x'); set constraints ct immediate; insert into t values (33, 'y'); set constraints all deferred; insert into t values (35, 'y'); commit;
begin; savepoint a; insert into t values (41, 'x'); release a; savepoint b; insert into t values (43, 'z'); rollback to b; commit;
set constraints nope deferred;
-- They are constraints.
select conname, contype, condeferrable, condeferred from pg_constraint where conrelid = 't'::regclass order by 1;
drop table t; 
drop function cf;
