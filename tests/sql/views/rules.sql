-- a log of what happens to a table
create table rule_items (id int, name text, price numeric);
create table rule_log (what text, id int, old_price numeric, new_price numeric);
create rule log_insert as on insert to rule_items do also insert into rule_log values ('insert', new.id, null, new.price);
create rule log_update as on update to rule_items where new.price is distinct from old.price do also insert into rule_log values ('update', new.id, old.price, new.price);
create rule log_delete as on delete to rule_items do insert into rule_log select 'delete'::text, old.id, old.price, null::numeric;
insert into rule_items values (1, 'a', 10), (2, 'b', 20);
insert into rule_items select g, 'g' || g, g * 10 from generate_series(3, 4) g;
update rule_items set price = price + 1 where id in (1, 3);
update rule_items set name = upper(name);
delete from rule_items where id = 2;
select * from rule_log order by what, id;
select * from rule_items order by id;
-- instead of the statement, for all rows or for some
create table rule_archive (id int, name text, price numeric);
create rule keep_dear as on delete to rule_items where old.price > 30 do instead nothing;
create rule to_archive as on insert to rule_items where new.id >= 100 do instead insert into rule_archive values (new.id, new.name, new.price);
delete from rule_items;
insert into rule_items values (50, 'here', 1), (100, 'there', 2);
select * from rule_items order by id;
select * from rule_archive;
-- several commands, in order; rules fire by name
create table rule_order (n serial, what text);
create table rule_source (a int);
create rule b_second as on insert to rule_source do (insert into rule_order (what) values ('b1: ' || new.a); insert into rule_order (what) values ('b2: ' || new.a));
create rule a_first as on insert to rule_source do insert into rule_order (what) values ('a: ' || new.a);
insert into rule_source values (7);
select * from rule_order order by n;
-- views that can be changed by rules, with RETURNING
create view rule_view as select id, name, price, price * 2 as twice from rule_items;
create rule view_insert as on insert to rule_view do instead insert into rule_items values (new.id, new.name, new.price) returning id, name, price, price * 2;
create rule view_update as on update to rule_view do instead update rule_items set name = new.name, price = new.price where id = old.id returning *, price * 2;
create rule view_delete as on delete to rule_view do instead delete from rule_items where id = old.id returning id, name, price, price * 2;
insert into rule_view (id, name, price) values (60, 'sixty', 3) returning *;
update rule_view set price = price + 1 where id = 60 returning id, twice;
delete from rule_view where id = 60 returning name, twice;
-- how they are shown
select pg_get_ruledef(oid) from pg_rewrite where rulename in ('log_update', 'keep_dear', 'b_second', 'view_update', 'log_delete') order by rulename;
select tablename, rulename, definition from pg_rules where rulename like 'view%' order by rulename;
-- enabled or not
alter table rule_source disable rule a_first;
insert into rule_source values (8);
select what from rule_order order by n;
alter table rule_source enable rule a_first;
-- names, replacement, removal
alter rule a_first on rule_source rename to c_third;
create or replace rule b_second as on insert to rule_source do also nothing;
insert into rule_source values (9);
select what from rule_order order by n;
drop rule c_third on rule_source;
drop rule c_third on rule_source;
drop rule if exists c_third on rule_source;
insert into rule_source values (10);
select count(*) from rule_order;
-- a statement of which nothing is left
create rule nothing_at_all as on insert to rule_source do instead nothing;
insert into rule_source values (11);
explain (costs off) insert into rule_source values (11);
select count(*) from rule_source;
-- prepared statements follow
prepare ins(int) as insert into rule_source values ($1);
execute ins(12);
drop rule nothing_at_all on rule_source;
deallocate ins;
insert into rule_source values (13);
select * from rule_source order by a;
-- within routines
create function add_source(int) returns void language sql as $$ insert into rule_source values ($1) $$;
create rule again as on insert to rule_source do also insert into rule_order (what) values ('again ' || new.a);
select add_source(14);
do $$ begin insert into rule_source values (15); end $$;
select what from rule_order where what like 'again%' order by n;
-- COPY does not ask them
copy rule_source from stdin;
77
\.
select what from rule_order where what like '%77';
-- rules are subject to rules; endless ones are found
create rule more as on insert to rule_order do also insert into rule_log values ('order', new.n, null, null);
insert into rule_source values (16);
select what from rule_log where what = 'order';
create rule endless as on update to rule_source do also update rule_source set a = 1;
update rule_source set a = 2;
drop rule endless on rule_source;
-- in WITH
with added as (insert into rule_view (id, name, price) values (70, 'seventy', 7) returning id, twice) select * from added;
with added as (insert into rule_source values (17) returning a) select * from added;
with few as (select 5 as id) insert into rule_source select id from few;
-- what rules may be called for: their owner may do what they do
create role rule_user;
grant insert on rule_source to rule_user;
set role rule_user;
insert into rule_source values (18);
insert into rule_order (what) values ('no');
reset role;
select what from rule_order where what like '%18';
revoke insert on rule_source from rule_user;
drop role rule_user;
-- what is refused
create rule bad as on select to rule_source do instead select 1;
create rule bad as on insert to rule_source do also select old.a;
create rule bad as on delete to rule_source do also select new.a;
create rule bad as on insert to rule_source where new.a > 1 do instead insert into rule_source values (1) returning a;
create rule bad as on insert to rule_source do also insert into rule_order (what) values ('x') returning n;
create rule bad as on insert to rule_source do instead insert into rule_order (what) values ('x') returning n, what;
create rule again as on insert to rule_source do nothing;
create rule "_RETURN" as on insert to rule_source do nothing;
create rule bad as on insert to rule_order_n_seq do nothing;
insert into rule_source values (1) on conflict do nothing;
create rule partly as on insert to rule_view where new.id > 5 do instead nothing;
drop rule view_insert on rule_view;
insert into rule_view (id) values (1);
insert into rule_source values (1) returning a;
create rule replaced as on insert to rule_source do instead nothing;
insert into rule_source values (1) returning a;
-- dependencies
alter table rule_items drop column price;
drop table rule_log;
drop table rule_log cascade;
drop table rule_items cascade;
drop table rule_source, rule_order, rule_archive;
