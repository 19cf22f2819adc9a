-- partitions are left out by values that are known only when the statement starts, or runs
create table ab (a int not null, b int not null) partition by list (a);
create table ab_1 partition of ab for values in (1) partition by list (b);
create table ab_1_1 partition of ab_1 for values in (1);
create table ab_1_2 partition of ab_1 for values in (2);
create table ab_2 partition of ab for values in (2) partition by list (b);
create table ab_2_1 partition of ab_2 for values in (1);
create table ab_2_2 partition of ab_2 for values in (2);
create table ab_3 partition of ab for values in (3);
create table ab_d partition of ab default;
insert into ab select x, y from generate_series(1, 4) x, generate_series(1, 2) y;
create table wanted (w int);
insert into wanted values (1), (3), (null);
-- parameters, under a plan for all of them
set plan_cache_mode = force_generic_plan;
prepare one (int, int) as select * from ab where a = $1 and b = $2;
explain (costs off) execute one (1, 2);
explain (costs off) execute one (9, 2);
execute one (1, 2);
execute one (4, 1);
execute one (null, 1);
prepare span (int, int) as select * from ab where a between $1 and $2 order by a, b;
explain (costs off) execute span (2, 3);
execute span (2, 3);
execute span (3, 9);
execute span (3, 2);
prepare some_of (int, int) as select * from ab where a in ($1, $2) and b = 1 order by a;
explain (costs off) execute some_of (1, 3);
execute some_of (1, 3);
execute some_of (4, null);
prepare either_of (int, int) as select * from ab where a = $1 or b = $2 order by a, b;
execute either_of (3, 1);
explain (analyze, costs off, timing off, summary off, buffers off) execute one (2, 1);
reset plan_cache_mode;
-- stable functions
create function two() returns int language sql stable as 'select 2';
explain (costs off) select * from ab where a = length(current_user) - length(current_user) + 3;
select * from ab where a = length(current_user) - length(current_user) + 3 order by b;
-- subqueries
explain (analyze, costs off, timing off, summary off, buffers off) select * from ab where a = (select max(w) from wanted);
select * from ab where a = (select max(w) from wanted) order by b;
select * from ab where a < (select max(w) from wanted) and b = (select 1) order by a;
select * from ab where a = (select null::int);
select count(*) from ab where a in ((select 1), (select 4));
-- values of another table's rows, one after the other
create index on ab (a);
set enable_hashjoin = off;
set enable_mergejoin = off;
set enable_seqscan = off;
set enable_memoize = off;
select w, a, b from wanted join ab on a = w order by 1, 2, 3;
select w, a, b from wanted left join ab on a = w and b = 2 order by 1, 2, 3;
select w, (select count(*) from ab where a = w) from wanted order by 1;
select w, s.* from wanted, lateral (select * from ab where ab.a >= w order by a, b limit 3) s order by 1, 2, 3;
-- rows that are changed
update ab set b = 3 - b where a = (select max(w) from wanted) returning *;
delete from ab where a = (select min(w) from wanted) and b = (select 2) returning *;
-- ranges, with a default partition
create table r (k int, t text) partition by range (k);
create table r_1 partition of r for values from (minvalue) to (0);
create table r_2 partition of r for values from (0) to (10);
create table r_3 partition of r for values from (20) to (maxvalue);
create table r_d partition of r default;
insert into r select k, 'x' from generate_series(-5, 25, 5) k;
insert into r values (null, 'n');
set plan_cache_mode = force_generic_plan;
prepare below (bigint) as select * from r where k < $1 order by k;
execute below (5);
execute below (99999999999);
execute below (-99999999999);
prepare above (bigint) as select * from r where k >= $1 order by k;
execute above (10);
execute above (99999999999);
execute above (-99999999999);
explain (costs off) execute above (10);
prepare nothing (int) as select * from r where k is null and $1 = 1;
execute nothing (1);
