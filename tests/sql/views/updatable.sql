-- Rows changed through views of one table.
create table base (a int primary key, b text default 'none', c int);
insert into base select g, 'Row ' || g, g * 10 from generate_series(-2, 2) g;
create view v as select a, b from base where a > 0;
insert into v values (3, 'Row 3');
insert into v (a) values (4);
insert into v (a, b) values (5, default), (6, 'six');
update v set b = b || '!' where a = 1;
update v set a = 7 where b = 'six' returning *;
update v set b = 'hidden' where a = -1;
delete from v where a in (2, -2) returning a, b;
select * from base order by a;
select * from v order by a;
-- Columns in another order, with other names, some of which are no columns of the table.
create view w as select c as x, upper(b) as up, a as key, b as text from base;
insert into w (key, text, x) values (10, 'ten', 100);
insert into w (key, up) values (11, 'X');
update w set up = 'X' where key = 10;
update w set x = x + 1, text = 'TEN' where up = 'TEN' returning x, up, key, text;
update w set x = 1 where key = 10 returning old.x, new.x, old.up;
delete from w where up = 'TEN' returning w.*;
create view twice as select a, a as also, b from base;
insert into twice (a, also) values (20, 21);
update twice set also = 20 where a = 7;
-- Defaults of the view.
create view d as select a, b, c from base;
alter view d alter column b set default 'of the view';
insert into d (a) values (30);
insert into d values (31, default, 1), (32, 'given', default);
insert into base (a) values (33);
update d set b = default where a = 32;
select * from d where a >= 30 order by a;
alter view d alter column b drop default;
insert into d (a) values (34) returning *;
-- Views over views.
create view over as select key, text as t from w where key > 4;
insert into over values (40, 'forty');
update over set t = 'FORTY' where key = 40 returning *;
delete from over where t = 'FORTY' and key in (select a from base);
select a, b from base where a > 4 order by a;
-- Other relations in the statement.
create table other (k int, n int);
insert into other values (7, 70), (30, 300);
update over set t = n::text from other where k = key returning key, t, n;
delete from over using other where k = key and n > 100 returning over.key;
with gone as (delete from over where key = 7 returning *) select * from gone;
insert into over select k + 100, n::text from other;
select * from over order by key;
-- ON CONFLICT.
insert into over values (107, 'again') on conflict (key) do update set t = excluded.t || '/' || over.t returning *;
insert into over values (107, 'never') on conflict do nothing returning *;
insert into over values (107, 'x') on conflict (key) do update set key = excluded.key where over.t <> 'x' returning *;
-- Check options.
create view positive as select a, b from base where a > 0 with check option;
insert into positive values (-5, 'no');
insert into positive values (200, 'yes');
update positive set a = -a where a = 200;
update positive set b = 'still' where a = 200 returning *;
create view local1 as select * from positive where a < 1000 with local check option;
insert into local1 values (-6, 'no'), (1, 'x');
insert into local1 values (1000, 'no');
create view below as select a, b from base where a > 500;
create view checked_local as select * from below where a < 700 with local check option;
insert into checked_local values (400, 'out of below, which does not check') returning *;
insert into checked_local values (800, 'no');
create view checked_cascaded as select * from below where a < 700 with cascaded check option;
insert into checked_cascaded values (401, 'no');
insert into checked_cascaded values (600, 'yes'), (900, 'no');
create view unchecked_above as select * from checked_cascaded;
insert into unchecked_above values (402, 'no');
create view nulls as select a, c from base where c > 0 with check option;
insert into nulls values (601, null);
create view with_subquery as select a, b from base where a in (select k from other) with check option;
insert into with_subquery values (602, 'no');
insert into other values (602, 0);
insert into with_subquery values (602, 'yes') returning *;
alter view below set (check_option = local);
insert into checked_local values (403, 'now below does');
alter view below reset (check_option);
-- Views that rows cannot be changed through, and why.
create view n1 as select distinct a from base;
create view n2 as select b from base group by b;
create view n3 as select count(*) as n from base;
create view n4 as select a from base limit 1;
create view n5 as select a from base union select k from other;
create view n6 as with x as (select 1 as one) select a from base;
create view n7 as select base.a from base, other;
create view n8 as select generate_series(1, 2) as g, a from base;
create view n9 as select 1 as one;
create view n10 as select a + 1 as sum from base;
create view n11 as select a from base having true;
insert into n1 values (1);
update n2 set b = 'x';
delete from n3;
delete from n4;
update n5 set a = 1;
insert into n6 values (1);
insert into n7 values (1);
delete from n8;
delete from n9;
insert into n10 values (1);
update n10 set sum = 1;
delete from n10 where sum = 35 returning sum;
insert into n11 values (1);
create view n12 as select a from n3, base;
update n12 set a = 1;
-- What is said of it.
select relname, pg_relation_is_updatable(oid, false) from pg_class where relkind in ('v', 'r') and relnamespace = 'public'::regnamespace order by 1;
select attname, pg_column_is_updatable('w'::regclass, attnum, false) from pg_attribute where attrelid = 'w'::regclass and attnum > 0 order by attnum;
select table_name, is_updatable, is_insertable_into, check_option from information_schema.views where table_schema = 'public' order by 1;
select table_name, column_name, is_updatable from information_schema.columns where table_name in ('over', 'n10', 'twice') order by 1, ordinal_position;
select pg_relation_is_updatable(0, false), pg_column_is_updatable('base'::regclass, 1::smallint, false), pg_column_is_updatable('base'::regclass, (-1)::smallint, false);
-- A security barrier: conditions that could tell of rows are asked last.
create view barrier with (security_barrier) as select a, b from base where a > 500;
update barrier set b = 'seen' where 1 / (a - 4) > -1 returning a;
delete from barrier where a = 602 returning *;
-- System columns are the table's, not the view's.
select ctid from v;
update v set b = 'x' where ctid is null;
-- Rows locked through views.
select * from over where key = 107 for update;
select * from v where a = 1 for share nowait;
select * from n3 for update;
select * from n2 for update of n2;
-- SELECT INTO is a statement of its own.
select * from (select 1 into f) x;
insert into other select 1, 2 into f;
