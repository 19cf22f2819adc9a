-- Sets of which each holds the keys of the next are found in one pass over sorted rows; a group comes as soon as it is complete.
create table sale (shop int, item int, day int, price int);
insert into sale select i % 4, i % 3, i % 5, i from generate_series(1, 60) i;
analyze sale;
explain (costs off) select shop, item, sum(price) from sale group by rollup (shop, item);
select shop, item, sum(price), count(distinct day), grouping(shop, item) from sale group by rollup (shop, item);
-- Their rows are sorted by what is a key of all of them.
explain (costs off) select shop, item, sum(price) from sale group by grouping sets ((shop, item), (shop)) having sum(price) > 0 order by shop, item;
select shop, item, sum(price) from sale group by grouping sets ((item, shop), (item)) order by item, shop limit 6;
-- Other sets need other sorts, as few as there can be.
set enable_hashagg = off;
explain (costs off) select shop, item, day, sum(price) from sale group by cube (shop, item, day);
select shop, item, day, sum(price), array_agg(price order by price desc) from sale where price <= 12 group by cube (shop, item, day);
select shop, item, count(*) from sale group by grouping sets (rollup (shop, item), shop);
-- Or are hashed while the rows go by, if there is memory for it.
reset enable_hashagg;
explain (costs off) select shop, item, sum(price) from sale group by cube (shop, item);
explain (costs off) select shop, item, sum(price) from sale group by grouping sets ((shop, item), (shop), (day));
select shop, item, sum(price) from sale group by cube (shop, item) order by 1, 2;
-- A set without keys has a row though there is none.
select shop, sum(price), count(*) from sale where false group by rollup (shop);
select sum(price), count(*) from sale where false group by grouping sets ((), ());
explain (costs off) select count(*) from sale group by grouping sets ((), ());
-- For programs.
explain (costs off, format json) select shop, item from sale group by cube (shop, item);
explain (costs off, format yaml) select shop, item, count(distinct day) from sale group by cube (shop, item);
explain (costs off, format xml) select shop, item, count(distinct day) from sale group by cube (shop, item);
-- Conditions on keys that all sets have are checked before.
explain (costs off) select shop, item, count(*) from sale group by grouping sets ((shop, item), (shop)) having shop > 1 and item > 1;
explain (costs off) select shop, count(*) from sale group by rollup (shop) having false;
select shop, count(*) from sale group by rollup (shop) having false;
select shop, item, count(*) from sale group by grouping sets ((shop, item), (shop)) having shop > 2 and item > 0 order by 1, 2;
select count(*) from sale having false;
-- GROUPING of an expression.
select upper('x' || item) as x, grouping(upper('x' || item)), count(*) from sale group by rollup (upper('x' || item)) order by 1;
-- Within little memory.
set work_mem = '64kB';
create table many (a int, b text, v int);
insert into many select i / 10, 'x' || i, i from generate_series(1, 30000) i;
analyze many;
select count(*), count(a), count(b), sum(s), sum(d), sum(n) from (select a, b, sum(v) as s, count(distinct v) as d, count(*) as n from many group by rollup (a, b)) x;
select count(*), count(a), count(b), sum(s), max(length(t)) from (select a, b, sum(v) as s, string_agg(b, ',' order by v desc) as t from many group by grouping sets ((a, b), (b), (a))) x;
select a, b, s from (select a, b, sum(v) as s from many group by rollup (a, b)) x where b is null order by s desc limit 3;
select a, count(*) from many group by a having a < 3 order by a;
reset work_mem;
drop table many;
drop table sale;
