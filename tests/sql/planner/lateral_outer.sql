-- LATERAL below outer joins: what a subquery asks of the other side says which rows match, and drops none of that side
create table few (a int, b int);
insert into few values (1, 10), (2, 20), (3, null), (null, 40);
create table many (a int, c int);
insert into many select n % 3, n from generate_series(1, 9) n;
insert into many values (null, 99), (1, null);
select * from few left join lateral (select c from many where many.a = few.a) s on true order by 1, 2, 3;
select * from few left join lateral (select c from many where many.a = few.a) s on c > 4 order by 1, 2, 3;
select * from few left join lateral (select c from many where many.a = few.a and many.c > few.b / 5) s on few.b < 20 order by 1, 2, 3;
-- one below the other
select few.a, s.a, s.x from few left join lateral (select m.a, t.x from many m left join lateral (select few.b as x from few f where f.a = m.c) t on true where m.a = few.a) s on true order by 1, 2, 3;
-- an outer join within, whose condition names the row outside
select * from few, lateral (select m.c, n.c as d from many m left join many n on m.c = n.a and few.a = n.c) s where few.a = 1 order by 1, 2, 3, 4;
select * from few, lateral (select m.c, n.c as d from many m left join many n on m.c = n.c + few.a where n.c is null) s where few.a = 2 order by 1, 2, 3, 4;
-- functions that take the row, full joins of them
select * from (values (1), (2)) v(r) left join lateral (select * from generate_series(1, r) g full join generate_series(2, r + 1) h on g = h) s on true order by 1, 2, 3;
select * from (values (1), (2)) v(r) left join lateral (select * from generate_series(1, r) g full join generate_series(2, r + 1) h on false) s on true order by 1, 2, 3;
-- a sample whose size the row says
select few.a, count(s.c) from few left join lateral (select * from many tablesample bernoulli (case when few.a = 1 then 100 else 0 end)) s on true where few.a < 3 group by few.a order by 1;
