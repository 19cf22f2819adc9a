-- Triggers do what a statement says of a view.
create table base(a int primary key, b text);
insert into base values (1,'one'), (2,'two');
create view v as select a, upper(b) as b, a * 2 as d from base where a < 100;
create function iof() returns trigger language plpgsql as $$
begin
  raise notice '% % % % old % new %', tg_name, tg_when, tg_op, tg_table_name, old, new;
  if tg_op = 'INSERT' then
    if new.a = 0 then return null; end if;
    insert into base values (new.a, new.b);
    new.b := 'given'; return new;
  elsif tg_op = 'UPDATE' then
    update base set a = new.a, b = new.b where a = old.a;
    if not found then return null; end if;
    return new;
  else
    delete from base where a = old.a;
    if not found then return null; end if;
    return old;
  end if;
end $$;
create trigger io instead of insert or update or delete on v for each row execute function iof();
create function st() returns trigger language plpgsql as $$ begin raise notice '% % %', tg_name, tg_level, tg_op; return null; end $$;
create trigger sb before insert or update or delete on v for each statement execute function st();
create trigger sa after insert or update or delete on v for each statement execute function st();
insert into v values (3, 'three');
-- A row counts unless a trigger returns null; RETURNING shows it as triggers leave it.
insert into v (a) values (4), (0) returning *;
update v set b = b || '!' where a < 3 returning *;
update v set b = 'x' from base where base.a = v.a and v.a = 4 returning v.*, base.b as was;
-- DELETE shows the view's row.
delete from v where a = 2 returning a, b;
delete from v using base where base.a = v.a and v.a > 3;
update v set d = 5 where a = 1;
select * from base order by 1;
-- Within WITH, and by EXECUTE.
with x as (insert into v values (50, 'fifty') returning a) select * from x;
insert into v select a + 10, b from base;
prepare p(int) as delete from v where a = $1;
execute p(11);
select * from v order by 1;
-- A view over it comes to it.
create view v2 as select * from v where a > 1;
update v2 set b = 'through' where a = 3;
select * from v order by 1;
-- Without the trigger the view goes to its table.
drop trigger io on v;
insert into v values (7,'x');
drop view v2, v; drop table base; drop function iof, st;
