-- A recursive query reads what its last round found.
with recursive x(n) as (select 1 union all select n + 1 from x where n < 4) select * from x;
-- Within the recursive term, what is kept is kept for one round only: WITH queries, materialised inner sides of joins, subqueries.
with recursive x(n) as (select 1 union all (with z as materialized (select n + 1 from x where n < 4) select * from z)) select * from x;
with recursive x(n) as (select 1 union all (with z as (select n + 1 as m from x where n < 4) select a.m from z a, z b where a.m = b.m)) select * from x;
create table five as select generate_series(1, 5) as a;
with recursive x(n) as (select 1 union all select n + 1 from five join x on a > n where n < 4 and a = 5) select * from x;
with recursive x(n) as (select 1 union all select n + 1 from x where n < 5 and n not in (select a from five where a > 3)) select * from x;
-- A recursive query may have a WITH clause of its own, and others within it.
with recursive x(n) as (with a as (select 1 as q) select q from a union all select n + q from x, a where n < 4) select * from x;
with recursive x(n) as (select 1 union all select n + 1 from x, lateral (with recursive z(k) as (select n union all select k + 1 from z where k < 4) select max(k) as m from z) q where n < m) select * from x;
-- The queries of WITH RECURSIVE may refer to later ones; any may be read by the next.
with recursive a as (select * from b), b as (select * from c), c as (select 1 as q) select * from a;
with recursive x(n) as (select * from z union all select n + 1 from x where n < 3), z(n) as (values (1)) select * from x;
with z as (select 1 as q), y as (select * from z), x as (select * from y) select * from x;
-- Two of them cannot refer to each other.
with recursive x(n) as (select 1 union all select n from z), z(n) as (select n from x) select * from x;
-- The reference must stand in the right operand of a UNION, once, and where rows flow through it.
with recursive x(n) as (select n from x) select * from x;
with recursive x(n) as (select 1 intersect select n from x) select * from x;
with recursive x(n) as (select n from x union select 1) select * from x;
with recursive x(n) as (select 1 where 1 in (select n from x) union select 1) select * from x;
with recursive x(n) as (with z as (select * from x) select 1 union all select * from z) select * from x;
with recursive x(n) as (select 1 union all select n + 1 from x union select 3) select * from x;
with recursive x(n) as (select 1 union all select n + 1 from x, x b where n < 3) select * from x;
with recursive x(n) as (select 1 union all select n + 1 from x where n < (select max(n) from x)) select * from x;
with recursive x(n) as (select 1 union all select 1 from five left join (select * from x) q on n = a) select * from x;
with recursive x(n) as (select 1 union all select 1 from x right join five on n = a) select * from x;
with recursive x(n) as (select 1 union all select 1 from five full join x on n = a) select * from x;
with recursive x(n) as (select 1 union all (select n + 1 from x intersect all select 3)) select * from x;
with recursive x(n) as (select 1 union all (select n + 1 from x except all select 2)) select * from x;
with recursive x(n) as (select 1 union all (select 2 except select n + 1 from x)) select * from x;
-- These let them through.
with recursive x(n) as (select 1 union all (select n + 1 from x intersect select 2)) select * from x;
with recursive x(n) as (select 1 union all (select n + 1 from x except select 3)) select * from x;
-- Nothing may be done to the rows of all rounds together, and the rows of one round are no group.
with recursive x(n) as (select 1 union all select n + 1 from x where n < 3 order by 1) select * from x;
with recursive x(n) as (select 1 union all select n + 1 from x where n < 3 limit 1) select * from x;
with recursive x(n) as (select 1 union all select n + 1 from x where n < 3 offset 1) select * from x;
with recursive x(n) as (select 1 union all select n + 1 from x where n < 3 for update) select * from x;
with recursive x(n) as (select 1 union all select count(*)::int from x) select * from x;
with recursive x(n) as (insert into five select * from x returning *) select * from x;
-- UNION needs values that can be hashed.
with recursive x(n) as (values ('01'::varbit) union select n || '10'::varbit from x where n < '100'::varbit) select n from x;
drop table five;
-- Its columns have the types of the non-recursive term, widths included.
with recursive x(i) as (select i::numeric(3,0) from (values (1), (2)) t(i) union all select (i + 1)::numeric(10,0) from x where i < 10) select * from x;
with recursive x(i) as (select 1 union all select i + 1.5 from x where i < 10) select * from x;
