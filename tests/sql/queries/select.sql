-- Expressions without a table.
select 1 + 2 as sum, 'a' || 'b' as text, true and not false as truth;
select 7 / 2 as quotient, 7 % 2 as rest, -7 / 2 as toward_zero, 2 ^ 10 as power;
select null is null as yes, null = null as unknown, coalesce(null, 3) as three;
select case when 1 > 2 then 'no' when 2 > 1 then 'yes' else 'never' end;
-- The branch that is not taken is not computed.
select case when false then 1 / 0 else 5 end as five;
select 1 / 0;
select no_such_column;
select no_such_function(1);
select * from no_such_table;
-- Rows without a table.
values (1, 'one'), (2, 'two'), (3, null);
select column1 + 1, upper(column2) from (values (1, 'one'), (2, 'two')) as v where column1 > 1;
select * from generate_series(1, 3);
-- Limits and order.
select x from generate_series(1, 10) as x order by x desc limit 3;
select x from generate_series(1, 10) as x order by x offset 8;
select x % 3 as k, x from generate_series(1, 7) as x order by 1, 2 desc;
select distinct x % 3 as k from generate_series(1, 10) as x order by k;
-- Set operations.
select 1 as n union select 2 union select 1 order by n;
select 1 as n union all select 2 union all select 1 order by n;
select x from generate_series(1, 5) as x intersect select x from generate_series(3, 8) as x order by x;
select x from generate_series(1, 5) as x except select x from generate_series(3, 8) as x order by x;
-- Subqueries.
select (select max(x) from generate_series(1, 4) as x) as largest;
select x from generate_series(1, 6) as x where x in (select y * 2 from generate_series(1, 3) as y) order by x;
select x, exists (select 1 from generate_series(1, 3) as y where y = x) as there from generate_series(2, 5) as x order by x;
with recursive t(n) as (select 1 union all select n + 1 from t where n < 5) select sum(n), count(*) from t;
-- The fields of an anonymous row are found through the subqueries and WITH queries that make it.
select (k).n, (k).x from (select information_schema._pg_expandarray(array['a', 'b']) as k) s where (k).x = 'b';
with w as (select row(1, 'x'::text) as r) select (r).f2 from (select r from w) s;
