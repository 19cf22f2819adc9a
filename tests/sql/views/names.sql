-- Names stay right when the tables under a view change.
create table t2 (a int, b int, c int);
create table t3 (ax bigint, b smallint, c numeric);
create table t4 (ay int, b int, q int);
create view v1 as select * from t2 natural join t3;
create view v1a as select * from (t2 natural join t3) j;
create view v2 as select * from t2 join t3 using (b, c) join t4 using (b);
create view v2a as select * from (t2 join t3 using (b, c) join t4 using (b)) j;
create view v3 as select * from t2 join t3 using (b, c) full join t4 using (b);
create table t5 (x int, y int);
create table t6 (x int, z int);
create view v4 as select * from (t5 full join t6 using (x)) as j (p, q, r);
create view v5 (a, b, c, d, e) as select * from t5 full join t6 using (x), t6 t6x;
create view v6 as select x as x1, t5x.y as e from t5 t5x full join t6 t6x using (x) where t5x.y > 0;
alter table t2 add column d int;
alter table t2 add column e int;
alter table t3 rename c to d;
select pg_get_viewdef(oid, true) from pg_class where relname ~ '^v' and relnamespace = 'public'::regnamespace order by relname;
alter table t3 add column c int;
alter table t3 add column e int;
alter table t5 add column z int;
alter table t6 add column y int;
select pg_get_viewdef(oid, true) from pg_class where relname ~ '^v' and relnamespace = 'public'::regnamespace order by relname;
alter table t2 drop column d;
alter table t2 drop column e;
alter table t2 rename column b to bb;
select pg_get_viewdef(oid, true) from pg_class where relname ~ '^v' and relnamespace = 'public'::regnamespace order by relname;
-- A column that is only in the way of a join is no need of the view.
create table t9 (x int, xx int);
create table t10 (x int, z int);
create view v9 as select x, z from t9 join t10 using (x);
alter table t9 drop column xx;
select * from v9;
-- Rows as values.
create view v10 as select i from t9 i where i.* in (values (i.*::t9));
select pg_get_viewdef('v10', true);
-- What stands in FROM like a call.
create view v11 as select * from cast(1 + 2 as bigint) as i8, coalesce(1, 2) as c, current_date as d;
select pg_get_viewdef('v11', true);
