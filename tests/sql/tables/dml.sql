-- Rows come, change and go.
create table item (id int primary key, name text not null, price numeric(10, 2) default null, qty int);
insert into item values (1, 'nut', 0.10, 100), (2, 'bolt', 0.25, 50);
insert into item (name, id) values ('washer', 3);
insert into item values (1, 'again', 1, 1);
insert into item values (4, null, 1, 1);
insert into item values (5, 'gear');
select * from item order by id;
update item set qty = qty + 1 where price is not null;
update item set name = upper(name), price = price * 2 where id = 2 returning *;
delete from item where qty is null returning id, name;
select * from item order by id;
insert into item values (1, 'nut', 1, 1) on conflict do nothing;
insert into item values (1, 'nut', 9.99, 1) on conflict (id) do update set price = excluded.price, qty = item.qty + excluded.qty;
select * from item order by id;
insert into item select x, 'part ' || x::text, x, x from generate_series(10, 14) as x returning id;
select count(*), sum(qty) from item;
update item set qty = 0;
select count(*) from item where qty = 0;
delete from item;
select * from item;
-- Rows wider than a page are stored out of line.
create table wide (id int, body text);
insert into wide select x, repeat('abcdefghij', 2000 * x) from generate_series(1, 5) as x;
select id, length(body), left(body, 12), right(body, 3) from wide order by id;
update wide set id = id + 10 where id > 3;
select id, length(body) from wide order by id;
insert into item values (20, 'too dear', 123456789.00, 1);
-- Rows chosen by other tables' rows.
create table chosen (a int primary key, b text);
insert into chosen select g, 'x' from generate_series(1, 10) g;
delete from chosen where b = 'x' and a in (select a from chosen where a > 8);
delete from chosen where exists (select 1 from chosen n where n.a = chosen.a + 1 and n.a > 5);
update chosen set b = 'y' where a not in (select a + 1 from chosen);
delete from chosen using chosen n where chosen.a = n.a and not exists (select 1 from chosen m where m.a = n.a + 1);
select * from chosen order by a;
