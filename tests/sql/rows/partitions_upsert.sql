-- ON CONFLICT: each partition's own index decides
create table up (k int, part text, v text, n int default 0, primary key (k, part)) partition by list (part);
create table up_a partition of up for values in ('a');
create table up_b (n int default 5, extra_gone int, v text, part text not null, k int not null);
alter table up_b drop column extra_gone;
alter table up attach partition up_b for values in ('b');
insert into up values (1, 'a', 'first'), (1, 'b', 'second') on conflict do nothing;
insert into up values (1, 'a', 'again'), (2, 'b', 'new') on conflict (k, part) do nothing returning *;
insert into up values (1, 'b', 'third'), (2, 'a', 'more') on conflict (k, part) do update set v = up.v || '>' || excluded.v, n = up.n + 1 returning tableoid::regclass, *, old.v as was;
insert into up values (1, 'b', 'fourth') on conflict (k, part) do update set v = excluded.v where up.n > 5 returning *;
insert into up values (1, 'b', 'fourth') on conflict on constraint up_pkey do update set n = 100 where up.n <= 6 returning *;
insert into up values (1, 'a', 'x') on conflict (k, part) do update set part = 'b', k = 77;
insert into up values (1, 'a', 'x') on conflict (v) do nothing;
select tableoid::regclass, * from up order by k, part;
-- with triggers
create function up_told() returns trigger language plpgsql as $$ begin raise notice '% % % %', tg_when, tg_op, tg_table_name, coalesce(new.v, old.v); return new; end $$;
create trigger told before insert or update on up for each row execute function up_told();
create trigger told_after after insert or update on up for each row execute function up_told();
insert into up values (2, 'b', 'told'), (9, 'b', 'fresh') on conflict (k, part) do update set v = excluded.v || '!';
drop trigger told on up;
drop trigger told_after on up;
-- MERGE
create table news (k int, part text, v text);
insert into news values (1, 'a', 'm1'), (2, 'b', 'm2'), (50, 'a', 'm3'), (51, 'b', 'm4');
with m as (merge into up using news on up.k = news.k and up.part = news.part when matched and up.k = 1 then delete when matched then update set v = news.v, n = up.n + 10 when not matched then insert (k, part, v) values (news.k, news.part, news.v) returning merge_action() as did, up.tableoid::regclass::text as place, up.*, news.v as given) select * from m order by did, k, part;
select tableoid::regclass, * from up order by k, part;
-- a row that moves to another partition
with m as (merge into up using news on up.k = news.k and up.part = news.part when matched and up.k = 50 then update set part = 'b', v = 'moved' when not matched by source then update set n = -1 returning merge_action() as did, old.part as was, new.*) select * from m order by did, k, part;
select tableoid::regclass, * from up order by k, part;
merge into up using (values (60, 'zz')) as s (k, part) on up.k = s.k when not matched then insert values (s.k, s.part, '');
-- a tree of tables that have columns of their own
create table animals (name text, legs int);
create table dogs (breed text) inherits (animals);
create table birds (wings int default 2) inherits (animals);
insert into animals values ('worm', 0);
insert into dogs values ('rex', 4, 'collie');
insert into birds values ('tweety', 2);
with m as (merge into animals a using (values ('rex', 3), ('tweety', 0), ('ant', 6)) as s (name, legs) on a.name = s.name when matched and s.legs = 0 then delete when matched then update set legs = s.legs when not matched then insert values (s.name, s.legs) when not matched by source then update set name = upper(a.name) returning merge_action() as did, a.tableoid::regclass::text as place, a.*) select * from m order by did, name;
select * from dogs;
select tableoid::regclass, * from animals order by name;
merge into only animals a using (values ('rex', 1)) as s (name, legs) on a.name = s.name when matched then update set legs = 1 when not matched then do nothing;
select * from dogs;
drop table animals cascade;
drop table up, news;
