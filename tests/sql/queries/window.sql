-- Salaries, some of them equal.
create table pay (dept text, person int, salary int, hired date);
insert into pay values ('dev',10,5200,'2007-08-01'),('sales',1,5000,'2006-10-01'),('staff',5,3500,'2007-12-10'),('sales',4,4800,'2007-08-08'),('staff',2,3900,'2006-12-23'),('dev',7,4200,'2008-01-01'),('dev',9,4500,'2008-01-01'),('sales',3,4800,'2007-08-01'),('dev',8,6000,'2006-10-01'),('dev',11,5200,'2007-08-15');
-- Every window function, over two windows of which one is the other's start.
select dept, person, salary, rank() over w, dense_rank() over w, percent_rank() over w, cume_dist() over w, ntile(3) over (partition by dept order by salary, person), row_number() over (partition by dept order by salary, person) from pay window w as (partition by dept order by salary) order by 1, 3, 2;
select person, lag(salary) over w, lead(salary, 2, -1) over w, lag(salary, null) over w, first_value(person) over w, last_value(person) over w, nth_value(person, 2) over w from pay window w as (partition by dept order by salary, person) order by 1;
-- Frames of rows, of groups and of values, and what is left out of them.
select person, sum(salary) over (order by person rows between 2 preceding and 1 following), avg(salary) over (order by person rows between 1 preceding and current row exclude current row), count(*) over (order by salary groups between 1 preceding and 1 following exclude ties), max(salary) over (order by person rows between 2 preceding and 2 following exclude group), min(salary) over (order by person rows between current row and 3 following) from pay order by person;
select person, hired, sum(salary) over (order by hired range between '1 year' preceding and '1 year' following), sum(salary) over (order by hired desc range between '1 year' preceding and '1 month' following exclude group) from pay order by 1;
-- Nulls are peers of each other, and in nobody else's range.
select x, sum(x) over (order by x range between 2 preceding and 1 following), array_agg(x) over (order by x nulls first range between 1 preceding and 2 following), array_agg(x) over (order by x desc range 2 preceding) from (values (1), (2), (null), (5), (7), (8), (null)) v (x) order by x;
-- Numerics leave a moving frame without a trace, their scale included.
select i, sum(v) over (order by i rows between 1 preceding and 1 following), avg(v) over (order by i rows between 1 preceding and 1 following), sum(v) over (order by i rows between current row and unbounded following) from (values (1, 1.01), (2, 2.5), (3, 3), (4, null), (5, 'NaN'), (6, 7.123)) t (i, v);
-- FILTER, string_agg over a frame, an aggregate of an aggregate.
select i, sum(i) filter (where i % 2 = 0) over (order by i rows 3 preceding), string_agg(i::text, ',') over (order by i rows between 2 preceding and 1 preceding) from generate_series(1, 6) i;
select sum(sum(salary)) over (order by dept), dept from pay group by dept;
-- Partitions longer than a batch, and many short ones.
select count(*), sum(s), sum(m), sum(l) from (select sum(i) over (order by i rows between 100 preceding and 50 following) s, max(-i) over (order by i rows between 100 preceding and 50 following) m, lag(i, 5000, 0) over (order by i) l from generate_series(1, 20000) i) x;
select count(*), sum(s), max(r) from (select sum(i) over (partition by i % 1000 order by i) s, row_number() over (partition by i % 1000) r from generate_series(1, 20000) i) x;
-- The same with so little memory that partitions go to files.
set work_mem = '64kB';
select count(*), sum(s), sum(m), sum(l) from (select sum(i) over (order by i rows between 100 preceding and 50 following) s, max(-i) over (order by i rows between 100 preceding and 50 following) m, lag(i, 5000, 0) over (order by i) l from generate_series(1, 20000) i) x;
reset work_mem;
-- Arguments that cannot be.
select ntile(0) over () from pay;
select nth_value(1, 0) over () from pay;
select sum(1) over (rows -1 preceding) from pay;
select sum(1) over (order by person groups null preceding) from pay;
select sum(salary) over (order by salary range -1 preceding) from pay;
-- Windows that share sorts, in PostgreSQL's order and with its names.
explain (costs off) select row_number() over (order by person), sum(salary) over (partition by dept order by person, salary), count(*) over (partition by dept), lag(1) over (partition by dept order by person rows between 2 preceding and 1 following exclude ties), max(1) over w1 from pay window w1 as (order by salary);
explain (costs off) select rank() over (order by person rows between 1 preceding and 1 following), count(*) over (order by person desc) from pay;
drop table pay;
