-- What a trigger is told, and in which order triggers fire.
create table t(a int primary key, b text, c int default 7);
create function tf() returns trigger language plpgsql as $$
begin
  raise notice '% % % % % args % % old % new % depth %', tg_name, tg_when, tg_level, tg_op, tg_table_name, tg_nargs, tg_argv[0], old, new, pg_trigger_depth();
  if tg_op = 'DELETE' then return old; end if;
  return new;
end $$;
create trigger b_row before insert or update or delete on t for each row execute function tf('x', 'it''s');
create trigger a_row after insert or update of b or delete on t for each row when (pg_trigger_depth() = 0) execute function tf();
create trigger b_st before insert or update or delete or truncate on t for each statement execute function tf();
create trigger a_st after insert or update or delete or truncate on t execute function tf();
-- Rows first, then the statement; statements without rows fire, too.
insert into t values (1, 'one'), (2, 'two');
insert into t select 3, 'three' where false;
update t set b = b || '!' where a = 1;
update t set c = 1 where a = 1;
delete from t where a = 2;
-- ON CONFLICT DO UPDATE fires those of INSERT and of UPDATE.
insert into t values (10, 'x') on conflict (a) do update set b = 'upd' returning *;
insert into t values (10, 'x') on conflict do nothing;
-- MERGE.
merge into t using (values (10), (99)) v(x) on t.a = v.x when matched then update set b = 'merged' when not matched then insert values (x, 'm') returning merge_action(), t.*;
truncate t;
-- In the catalogs.
select tgname, tgtype, tgenabled, tgdeferrable, tgnargs, tgargs, tgattr, pg_get_triggerdef(oid), pg_get_triggerdef(oid, true) from pg_trigger where tgrelid = 't'::regclass order by 1;
-- BEFORE triggers change rows and leave them out.
create function skip() returns trigger language plpgsql as $$ begin if new.a % 2 = 0 then return null; end if; new.b := upper(new.b); return new; end $$;
drop trigger b_row on t; drop trigger a_row on t; drop trigger b_st on t; drop trigger a_st on t;
drop trigger nope on t;
drop trigger if exists nope on t;
create trigger s before insert or update on t for each row when (new.a is not null) execute function skip();
insert into t values (1,'a'),(2,'b'),(3,'c') returning *;
update t set a = a + 1 where a = 3;
select * from t;
-- Who fires is decided by the session and by ALTER TABLE.
alter table t disable trigger s;
insert into t values (4,'d');
set session_replication_role = replica;
alter table t enable replica trigger s;
insert into t values (6,'d'), (7, 'e');
reset session_replication_role;
insert into t values (8,'d'), (9, 'e');
select * from t;
alter table t enable trigger s;
-- Other names.
alter trigger s on t rename to s2;
alter trigger s on t rename to s2;
create trigger s2 before insert on t for each row execute function skip();
create or replace trigger s2 before insert on t for each row execute function skip();
select tgname, tgtype, tgenabled from pg_trigger where tgrelid = 't'::regclass order by 1;
drop table t;
drop function tf, skip;
