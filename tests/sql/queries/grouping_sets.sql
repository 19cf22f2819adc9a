-- A key is null where its set does not have it, whatever it is computed from.
select four, x from (select g % 4 as four, 'foo'::text as x from generate_series(1, 8) g) t group by grouping sets (four, x) having x = 'foo';
select x, y || 'y' as yy from (select g % 2 as x, g % 2 as y from generate_series(1, 4) g) t group by grouping sets (x, y) order by 1, 2;
select x, y from (select g % 2 as x, g % 2 as y from generate_series(1, 4) g) t group by grouping sets (x, y) having y is null order by 1, 2;
-- GROUPING, in subqueries too.
select a, b, grouping(a, b), sum(v) from (values (1, 1, 10), (1, 2, 20), (2, 1, 30)) t (a, b, v) group by cube (a, b) order by 3, 1, 2;
select (select grouping(a, b) from (values (1)) v2 (c)), a, b from (values (1, 2), (1, 3)) t (a, b) group by rollup (a, b) order by 1, 2, 3;
-- Direct arguments are of the group.
select a, grouping(a), rank(a) within group (order by v nulls first) as first, rank(a) within group (order by v nulls last) as last from (values (1, 1), (1, 4), (1, 5), (3, 1), (3, 2)) t (a, v) group by rollup (a) order by a;
-- An aggregate of the outer query within a subquery.
select a, sum(distinct v) from (values (1, 1), (1, 2), (2, 3)) t (a, v) group by a having exists (select 1 from generate_series(1, 3) g where sum(distinct v) = g) order by a;
select (select count(*) filter (where o <> 0) from (values (1)) i (x)) from (values (2), (3)) t (o);
select (select max((select b.g from generate_series(1, 5) b (g) where b.g = o.g))) from generate_series(1, 3) o (g);
-- Hypothetical rows are of the sorted columns' types.
select rank('3') within group (order by x) from generate_series(1, 5) x;
select rank(3) within group (order by x) from (values ('fred'), ('jim')) v (x);
-- Plans for programs.
create table p (g int, t text);
explain (format json, costs off) select count(*) from p where g > 1 and t < 'x' group by g order by 1;
explain (format yaml, costs off) select count(*) from p group by g order by 1;
explain (format xml, costs off) select count(*) from p where g > 1 group by g order by 1;
explain (format words) select 1;
explain (wal) select 1;
drop table p;
