-- A view with a check option over one that triggers change.
create table base (a int, b int default 10);
create view inner_view as select a, b from base order by a limit 100;
create function change() returns trigger language plpgsql as $$
begin
  if tg_op = 'INSERT' then
    insert into base values (new.a, 10);
    return new;
  end if;
  update base set a = new.a where a = old.a;
  return new;
end $$;
create trigger change instead of insert or update on inner_view for each row execute function change();
create view checked as select a from inner_view where a > 0 with local check option;
insert into checked values (-5);
insert into checked values (5), (50);
update checked set a = a - 10;
update checked set a = a + 1 where a = 5;
select * from base order by a;
-- What the information schema says can be changed.
create view limited as select a, b from base limit 10;
create view over as select a from limited;
select relname, pg_relation_is_updatable(oid, false), pg_relation_is_updatable(oid, true), pg_column_is_updatable(oid, 1::smallint, false)
  from pg_class where relname in ('base', 'inner_view', 'checked', 'limited', 'over') order by 1;
create rule ins as on insert to limited do instead insert into base values (new.a, new.b);
select relname, pg_relation_is_updatable(oid, false) from pg_class where relname in ('limited', 'over') order by 1;
create rule upd as on update to limited do instead update base set a = new.a where a = old.a;
create rule del as on delete to limited do instead nothing;
select table_name, is_updatable, is_insertable_into, is_trigger_updatable, is_trigger_insertable_into
  from information_schema.views where table_schema = 'public' order by 1;
-- Parts of columns in several rows.
create type pair as (x int, y text);
create table parts (id int default 7, a int[], p pair);
create view parts_view as select p, a, id from parts;
insert into parts (a[1], a[3], p.x, id, p.y) values (1, 3, 4, default, 'y'), (10, 30, 40, 8, 'z');
insert into parts_view (a[2], p.y, id, a[1]) values (1, 'a', default, 2), (3, 'b', 5, 4);
select * from parts;
insert into parts (a[1]) values (default), (1);
insert into parts (a[1], id) values (1, 2), (3);
