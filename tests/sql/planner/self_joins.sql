-- A table joined with itself by a unique key is read once.
create temp table p (id int primary key, a int, b text, k int not null, unique (a, k));
insert into p select i, nullif(i % 4, 3), 'b' || i % 3, i from generate_series(1, 12) i;
analyze p;
explain (costs off) select x.id, y.b from p x join p y on x.id = y.id where x.a = 1 and y.b = 'b1';
select x.id, y.b from p x join p y on x.id = y.id where x.a = 1 and y.b <> 'b0' order by 1;
-- A key that may be null must not be.
explain (costs off) select count(*) from p x, p y where x.a = y.a and x.k = y.k;
select count(*) from p x, p y where x.a = y.a and x.k = y.k;
-- By one value on both sides; by different values there is no row.
explain (costs off) select * from p x, p y where x.k = y.k and x.a = 2 and y.a = 2;
select x.id, y.id, x.b, y.k from p x, p y where x.k = y.k and x.a = 2 and y.a = 2 order by 1;
select x.id, y.id from p x, p y where x.k = y.k and x.a = 2 and y.a = 1;
-- By a third; and three of them.
explain (costs off) select z.id from p x, p y, p z where x.id = y.id and y.id = z.id and x.k > 3 and z.k < 6;
select x.id, y.k, z.b from p x, p y, p z where x.id = y.id and y.id = z.id and x.k > 3 and z.k < 6 order by 1;
-- Not by half of a key, not by another column, not across an outer join.
select count(*) from p x, p y where x.a = y.a;
select count(*) from p x, p y where x.id = y.k and x.k = y.a;
select x.id, y.id from p x left join p y on x.id = y.id and y.a = 1 order by 1;
-- Below an outer join, above one, in subqueries, with aggregates and whole rows.
select o.i, s.* from generate_series(1, 4) o(i) left join (select x.id, coalesce(y.a, -1) v from p x join p y using (id)) s on s.id = o.i order by 1;
explain (costs off) select x.id, o.i from p x join p y on x.id = y.id left join generate_series(1, 2) o(i) on o.i = x.a + y.k;
select x.id, o.i from p x join p y on x.id = y.id left join generate_series(1, 9) o(i) on o.i = x.a + y.k order by 1, 2;
select x.b, count(*), sum(y.k) from p x join p y on x.id = y.id group by x.b having min(y.a) = 0 order by 1;
select x, y.id from p x join p y on x.id = y.id where x.id < 3 order by y.id;
select x.id, (select max(z.k) from p z where z.a = x.a and z.id <> y.id) from p x join p y on x.id = y.id order by 1;
select x.id, l.* from p x join p y on x.id = y.id, lateral (select x.k + y.k as s limit 1) l where x.id > 10 order by 1;
-- A semi-join with at most one row.
explain (costs off) select x.id from p x where exists (select from p y where y.id = x.id and y.a = 1);
select x.id from p x where exists (select from p y where y.id = x.id and y.a = 1) order by 1;
select x.id from p x where x.k in (select id from p where a = 2) order by 1;
-- A key that is checked at the end of a transaction may be there twice until then.
create temp table d (id int unique deferrable initially deferred, v int);
begin;
insert into d values (1, 1), (1, 2);
select x.v, y.v from d x join d y on x.id = y.id order by 1, 2;
select x.v, y.v from generate_series(1, 1) g(i) join d x on x.id = g.i left join d y on y.id = g.i order by 1, 2;
select count(*) from d x left join d y on x.id = y.id;
rollback;
-- No row can equal two values.
explain (costs off) select * from p where id = 1 and id = 2;
select count(*) from p x join p y on x.id = y.k where x.id = 1 and y.k = 2;
explain (costs off) select x.id from p x join generate_series(1, 2) g on g = x.id where x.id = 1 and g = 3;
select g, x.id from generate_series(1, 2) g left join p x on x.id = 1 and x.id = 2 order by 1;
set enable_self_join_elimination = off;
explain (costs off) select x.id, y.b from p x join p y on x.id = y.id where x.a = 1;
reset enable_self_join_elimination;
-- A placeholder made of two tables, where a lateral subquery reads it that is run for each of their rows.
select x.id, l.* from p x join (select y.id, z.k, 42 as c from p y, p z where y.a = z.id) s on s.id = x.k, lateral (select s.c + x.id as v limit 1) l where s.k = 1 order by 1;
select g.i, l.* from generate_series(1, 2) g(i) left join p x join (select y.id c1, z.id c2, 42 c3 from p y, p z where y.id < 3) s on x.id = s.c2 on g.i = s.c1, lateral (select g.i, x.id, s.c3 from generate_series(1, 2) limit 1) l where s.c2 = 1 order by 1;
-- Tests for null of what has none are decided at once, unless an outer join may have made it null.
explain (costs off) select * from p where k is not null or a = 1;
explain (costs off) select * from p where k is null;
explain (costs off) select * from p where k = k and a = a;
explain (costs off) select x.id from p x left join p y on x.k is not null and y.a = 3;
select x.id, y.k is null as missing from p x left join p y on y.id = x.id and y.a = 1 where x.id < 5 and (y.k is null or y.a = 1) order by 1;
