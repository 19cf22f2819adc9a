-- Sorted inputs are merged, others sorted or hashed, whichever is cheaper.
create table a (x int primary key, y text);
insert into a select i, 'a' || i % 7 from generate_series(1, 2000) i;
create table b (x int primary key, y text);
insert into b select i * 2, 'b' || i % 5 from generate_series(1, 2000) i;
vacuum analyze a;
vacuum analyze b;
select count(*), sum(x) from (select x from a union select x from b) u;
select count(*), sum(x) from (select x from a intersect select x from b) u;
select count(*), sum(x) from (select x from a except select x from b) u;
select x from a union select x from b order by 1 limit 5;
set enable_hashagg = off;
explain (costs off) select x from a union select x from b;
explain (costs off) select x from a intersect select x from b;
explain (costs off) select x from a except select x from b;
select count(*), sum(x) from (select x from a union select x from b) u;
select count(*), sum(x) from (select x from a intersect select x from b) u;
select count(*), sum(x) from (select x from a except select x from b) u;
select y from a union select y from b;
select y, count(*) from (select y from a except all select y from b) u group by y order by y;
-- How often a row comes out, with nulls.
create table l (v int);
insert into l values (1), (1), (1), (2), (2), (null), (null), (4);
create table r (v int);
insert into r values (1), (1), (2), (2), (2), (null), (3);
select v from l intersect select v from r;
select v from l intersect all select v from r;
select v from l except select v from r;
select v from l except all select v from r;
select v from l union select v from r;
select v from l except all select v from r where false;
select v from l where false intersect select v from r;
-- Other types than the first one's.
select v from l union select v::numeric + 0.5 from r;
select v from l intersect select v::bigint from r order by 1 desc;
(select v from l union select v from r) except select 3 order by v nulls first;
-- What can only be sorted, and rows that are sorted anyway.
select x from (values ('11'::varbit), ('10'), ('10')) t (x) intersect select x from (values ('10'::varbit), ('01')) t (x);
select x from (values ('11'::varbit), ('10'), ('10')) t (x) except all select x from (values ('10'::varbit), ('01')) t (x);
select v from (select v from l union select v from r) u where v > 1;
-- Rows that come out very often.
select count(*) from (select 1 as v from generate_series(1, 5000) except all select 1 from generate_series(1, 100)) u;
select count(*) from (select 1 as v from generate_series(1, 5000) intersect all select 1 from generate_series(1, 3000)) u;
reset enable_hashagg;
-- Sets are made before rows are grouped by them.
select n % 2 as odd, unnest(array[1, 1, 3]) as u, count(*) from generate_series(1, 3) n group by n % 2, unnest(array[1, 1, 3]) order by 1, 2;
select generate_series(1, 2) as g, count(*) from generate_series(1, 3) n group by rollup (g) order by 1;
select n, count(*) from generate_series(1, 2) n group by n, unnest(array[1, 1, 3]) order by 1, 2;
drop table a, b, l, r;
