-- Row triggers of a partitioned table are copied to its partitions; rows look as they do there.
create table p(a int, b text) partition by list (a);
create table p1 partition of p for values in (1);
create table p2 (b text, a int);
alter table p attach partition p2 for values in (2);
create function tf() returns trigger language plpgsql as $$
begin
  raise notice '% % % % % old % new %', tg_name, tg_when, tg_level, tg_op, tg_table_name, old, new;
  if tg_op = 'DELETE' then return old; end if;
  return new;
end $$;
create trigger r_b before insert or update or delete on p for each row execute function tf();
create trigger r_a after insert or update or delete on p for each row when (true) execute function tf();
create trigger s_b before insert or update or delete on p execute function tf();
create trigger s_a after insert or update or delete on p execute function tf();
create table p3 partition of p for values in (3);
select tgrelid::regclass, tgname, tgparentid <> 0 as child, tgisinternal, pg_get_triggerdef(oid) from pg_trigger where tgrelid::regclass::text like 'p%' order by tgrelid::regclass::text, tgname;
insert into p values (1,'a'), (2,'b'), (3,'c');
update p set b = 'x' where a = 2;
-- A row that moves is deleted and inserted.
update p set a = 3 where a = 1;
delete from p where a = 3;
-- The copies belong to the parent's.
drop trigger r_b on p1;
alter trigger r_b on p1 rename to foo;
alter trigger r_b on p rename to foo;
-- A partition that leaves loses them.
alter table p detach partition p2;
select tgrelid::regclass, tgname, tgparentid <> 0 as child from pg_trigger where tgrelid::regclass::text like 'p%' order by tgrelid::regclass::text, tgname;
insert into p2 values ('no', 2);
drop trigger foo on p;
select tgrelid::regclass, tgname, tgparentid <> 0 as child from pg_trigger where tgrelid::regclass::text like 'p%' order by tgrelid::regclass::text, tgname;
drop table p, p2;
drop function tf;
