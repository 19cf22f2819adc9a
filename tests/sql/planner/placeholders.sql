-- Subqueries on the side of an outer join that may be missing: what they compute is null there, not computed from nulls.
create temp table a (id int primary key, x int);
create temp table b (id int primary key, y int, a_id int);
create temp table c (id int primary key, z int);
insert into a select i, i % 7 from generate_series(1, 8) i;
insert into b select i, nullif(i % 5, 3), i * 2 from generate_series(1, 6) i;
insert into c select i, i % 4 from generate_series(0, 5) i;
create index on c (z);
analyze a, b, c;
-- A value that has a default below the join has none above it.
select a.id, s.v from a left join (select a_id, coalesce(y, 0) v from b) s on s.a_id = a.id order by 1;
select a.id, s.k, s.k is null as missing from a left join (select a_id, 'k' k from b) s on s.a_id = a.id order by 1;
-- A strict expression needs no care.
explain (costs off) select a.id, s.v from a left join (select a_id, y + 1 v from b) s on s.a_id = a.id where s.v > 2;
select a.id, s.v from a left join (select a_id, y + 1 v from b) s on s.a_id = a.id where s.v > 2 order by 1;
-- The row as a whole, and within other values.
select a.id, s, s is null as missing, coalesce(s.v, -1) from a left join (select a_id, coalesce(y, 0) v from b) s on s.a_id = a.id order by 1;
-- As what another table is searched by, in subqueries, in groups, sorted.
select a.id, s.v, c.id from a left join (select a_id, coalesce(y, 0) v from b) s on s.a_id = a.id left join c on c.z = s.v order by 1, 3;
select a.id, s.v, c.id from a left join (select a_id, 2 v from b) s on s.a_id = a.id left join c on c.z = coalesce(s.v, 1) order by 1, 3;
select a.id, (select count(*) from c where z = s.v) from a left join (select a_id, coalesce(y, 0) v from b) s on s.a_id = a.id order by 1;
select a.id, l.* from a left join (select a_id, coalesce(y, 0) v from b) s on s.a_id = a.id, lateral (select count(*) from c where z is not distinct from s.v) l order by 1;
select s.v, count(*), sum(s.v) from a left join (select a_id, coalesce(y, 0) v from b) s on s.a_id = a.id group by rollup (s.v) order by 1, 2;
select distinct s.v from a left join (select a_id, coalesce(y, 0) v from b) s on s.a_id = a.id order by s.v desc;
-- One within another, and with joins of their own.
select a.id, s.* from a left join (select b.id, t.w || 'z' w, coalesce(t.w, 'none') v from b left join (select id, 'k' w from c) t on t.id = b.y) s on s.id = a.id order by 1;
select a.id, s.v, s.w from a left join (select b.a_id, coalesce(b.y, c.z, 0) v, 7 w from b left join c on c.id = b.y) s on s.a_id = a.id order by 1;
select a.id, s.v from a left join (select b.id, coalesce(c.z, -1) v from b left join c on c.id = b.y + 3) s on s.id = a.x left join c d on d.id = s.v order by 1, 2;
-- Both sides of a full join.
select * from (select coalesce(x, 0) q, 'a' l from a) s1 full join (select coalesce(y, -1) q, 'b' r from b) s2 using (q) order by q, l, r;
-- With values of the other side.
select a.id, s.v from a left join lateral (select coalesce(a.x, b.y, 0) v from b where b.a_id = a.id) s on true order by 1;
select a.id, s.v from a left join lateral (select a.x + b.y v from b where b.a_id = a.id) s on true order by 1;
-- A condition above that no missing row meets makes the join an inner one; one that they meet does not.
explain (costs off) select a.id from a left join (select a_id, coalesce(y, 0) v from b) s on s.a_id = a.id where s.v >= 0;
select a.id from a left join (select a_id, coalesce(y, 0) v from b) s on s.a_id = a.id where s.v >= 0 order by 1;
select a.id from a left join (select a_id, coalesce(y, 0) v from b) s on s.a_id = a.id where s.v is null order by 1;
-- What is joined for nothing is dropped, whatever stands above it.
explain (costs off) select a.id, s.v from a left join (select b.id, (b.y is not null) v from b left join c on c.id = b.y) s on s.id = a.id where a.id < 3;
-- A side that may be missing is sorted by an expression: above the join the expression is another value.
set enable_hashjoin = off;
set enable_nestloop = off;
select a.id, b.y from a left join b on a.x = coalesce(b.y, 1) where coalesce(b.y, 1) > 0 order by 1, 2;
select a.id, coalesce(b.y, 1) from a left join b on a.x = coalesce(b.y, 1) order by 1, 2;
select coalesce(a.x, 9), coalesce(b.y, 1) from a full join b on coalesce(a.x, 9) = coalesce(b.y, 1) order by 1, 2;
