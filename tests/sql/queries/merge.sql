-- A target and a source.
create table stock (id int primary key, what text, amount int default 7);
create table delivery (id int, what text, amount int);
insert into stock values (1, 'one', 1), (2, 'two', 2), (3, 'three', 3), (4, 'four', 4);
insert into delivery values (2, 'deux', 1), (3, 'trois', 0), (5, 'cinq', 9), (6, null, 1);
-- Conditions in order, all kinds of actions, and RETURNING with old and new.
with done as (merge into stock s using delivery d on s.id = d.id when matched and d.amount = 0 then delete when matched then update set what = d.what, amount = s.amount + d.amount when not matched and d.what is not null then insert (id, what) values (d.id, d.what) when not matched then do nothing returning merge_action(), s.id, s.what, d.amount, old.what as before, new.what as after) select * from done order by id;
select * from stock order by id;
-- Rows that the source does not have.
merge into stock s using delivery d on s.id = d.id when not matched by source and s.id = 1 then update set what = 'gone' when not matched by source then delete when not matched by target then insert values (d.id, d.what, default);
select * from stock order by id;
-- The source is no table.
merge into stock s using (values (2, 'two again'), (77, 'new')) v (id, what) on s.id = v.id when matched then update set what = v.what when not matched by source and s.id > 4 then delete when not matched then insert (id, what) values (v.id, v.what);
select * from stock order by id;
-- No row twice.
merge into stock s using (values (2, 'a'), (2, 'b')) v (id, what) on s.id = v.id when matched then update set what = v.what;
-- A key that is there already.
merge into stock s using (values (2)) v (id) on false when not matched then insert (id) values (v.id);
-- What cannot be said.
merge into stock using stock on true when matched then do nothing;
merge into stock using delivery d on stock.id = d.id when matched then update set what = 'x' when matched then delete;
merge into stock using delivery d on stock.id = d.id when not matched then insert (id, what) values (stock.id, d.what);
merge into stock using delivery d on stock.id = d.id when not matched by source then update set what = d.what;
-- Through a view: what it does not show is not matched, and new rows are checked.
create view small as select id, what from stock where id < 50 with check option;
with done as (merge into small using (values (2, 'seen'), (77, 'unseen'), (8, 'eight')) v (id, what) on small.id = v.id when matched then update set what = v.what when not matched and v.id < 50 then insert values (v.id, v.what) returning merge_action(), small.id, small.what) select * from done order by 2;
merge into small using (values (61, 'too large')) v (id, what) on small.id = v.id when not matched then insert values (v.id, v.what);
select * from stock order by id;
-- Defaults that count are computed once for each row, in the rows' order.
create table numbered (n serial, id int);
merge into numbered using generate_series(1, 5) g on false when not matched and g % 2 = 0 then insert (id) values (g) when not matched then insert (id) values (-g);
select * from numbered order by n;
drop view small;
drop table stock, delivery, numbered;
-- A row that was not there is null as a whole.
create table kept (id int primary key, v text);
insert into kept values (1, 'one') returning old, new, old is null as none, (new).v;
insert into kept values (1, 'uno'), (2, 'two') on conflict (id) do update set v = excluded.v returning old, new, old is null as none;
delete from kept where id = 2 returning old, new;
with done as (merge into kept k using (values (1), (3)) v (id) on k.id = v.id when matched then delete when not matched then insert values (v.id, 'new') returning merge_action() as a, old as o, new as n, (select merge_action()) as b) select * from done order by a;
drop table kept;
