-- Percentiles and the mode leave nulls out.
select percentile_cont(0.5) within group (order by x), percentile_disc(0.5) within group (order by x), mode() within group (order by x), percentile_cont(array[0, 0.25, 1, null, 0.5]) within group (order by x), percentile_disc(array[[0.1, 1], [0.5, 0.3]]) within group (order by x desc) from (values (1::float8), (2), (2), (5), (null), (9)) v (x);
select percentile_disc(0.5) within group (order by x) from (values ('a'), ('b'), ('c')) v (x);
select percentile_cont(0.5) within group (order by x) from (values ('1 day'::interval), ('3 days')) v (x);
select percentile_cont(0.5) within group (order by x) from (values (1::float8)) v (x) where false;
select percentile_cont(1.5) within group (order by x) from (values (1::float8)) v (x);
-- The rank that a row would have, by group.
select g, percentile_cont(0.3) within group (order by i), mode() within group (order by i % 7 desc), rank(50) within group (order by i), dense_rank(50) within group (order by i / 10), percent_rank(50) within group (order by i), cume_dist(50) within group (order by i desc) from (select i % 3 as g, i from generate_series(1, 100) i) s group by g order by g;
select rank(3, 'x') within group (order by a, b desc) from (values (1, 'a'), (3, 'y'), (3, 'x'), (4, 'z')) v (a, b);
select rank(1) within group (order by x) from (select 1 as x where false) s;
-- A direct argument may be of the group.
select g, percentile_disc(g::float8 / 10) within group (order by i) from (select i % 3 as g, i from generate_series(1, 100) i) s group by g order by g;
-- Intervals, infinite ones too.
select sum(i), avg(i) from (values ('1 day'::interval), ('2 hours')) v (i);
select sum(i) over (order by n rows 1 preceding) from (values (1, '1 day'::interval), (2, '2 hours'), (3, 'infinity'), (4, '1 min')) v (n, i);
select any_value(x) from (values (null), ('a')) v (x);
