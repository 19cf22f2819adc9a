-- Transition tables: all rows of a statement, as tables.
create table t(a int, b text);
create function ttf() returns trigger language plpgsql as $$
declare r record;
begin
  if tg_op <> 'INSERT' then
    for r in select * from o order by a loop raise notice '% old %', tg_name, r; end loop;
  end if;
  if tg_op <> 'DELETE' then
    raise notice '% count %', tg_name, (select count(*) from n);
    for r in execute 'select * from n x where x.a > $1 order by a' using 0 loop raise notice '% new %', tg_name, r; end loop;
  end if;
  return null;
end $$;
create trigger i after insert on t referencing new table as n for each statement execute function ttf();
create trigger u after update on t referencing new table as n old table as o for each statement execute function ttf();
create trigger d after delete on t referencing old table as o for each statement execute function ttf();
create trigger ur after update on t referencing new table as n old table as o for each row execute function ttf();
insert into t values (1,'a'), (2, 'b');
insert into t select g, 'g' from generate_series(3,4) g;
update t set b = b || a where a < 3;
delete from t where a > 2;
merge into t using (values (1), (7)) v(x) on t.a = v.x when matched then update set b = 'm' when not matched then insert values (x, 'mm');
select pg_get_triggerdef(oid) from pg_trigger where tgrelid = 't'::regclass order by tgname;
drop table t;
-- Rows of partitions in the form of the table that the statement names.
create table p(a int, b text) partition by list (a);
create table p1 partition of p for values in (1);
create table p2 (b text, a int);
alter table p attach partition p2 for values in (2);
create trigger i after insert on p referencing new table as n for each statement execute function ttf();
create trigger u after update on p referencing new table as n old table as o for each statement execute function ttf();
create trigger d after delete on p referencing old table as o for each statement execute function ttf();
insert into p values (1,'a'), (2,'b');
update p set a = 3 - a;
delete from p;
drop table p;
create function tf() returns trigger language plpgsql as $$
begin
  raise notice '% % % % % old % new %', tg_name, tg_when, tg_level, tg_op, tg_table_name, old, new;
  if tg_op = 'DELETE' then return old; end if;
  return new;
end $$;
-- What a foreign key changes is one statement for the triggers of the table that refers.
create table pa(a int primary key); create table ch(a int references pa on delete cascade on update cascade, b int);
create trigger d after delete on ch referencing old table as o for each statement execute function ttf();
create function cnt() returns trigger language plpgsql as $$ begin raise notice '% % % %', tg_name, tg_level, tg_op, (select count(*) from o); return null; end $$;
create trigger u after update on ch referencing old table as o for each statement execute function cnt();
create trigger bs before delete or update on ch for each statement execute function tf();
create trigger br before delete or update on ch for each row execute function tf();
insert into pa values (1),(2),(3); insert into ch values (1,1),(1,2),(2,3);
update pa set a = a + 10;
delete from pa;
drop table ch, pa;
drop function tf, ttf, cnt;
