-- The rows of a prepared statement.
prepare one as select 1 as a;
prepare two(int) as select $1 as a, $1::text as b;
create table t1 as execute one;
create table t1 as execute one;
create table if not exists t1 as execute one;
create table t2 (x) as execute two(5);
table t2;
create table t3 (x, y, z) as execute two(5);
create temp table t4 as execute two(6) with no data;
table t4;
create table t5 as execute nosuch;
prepare change as insert into t1 values (2) returning *;
create table t5 as execute change;
-- EXPLAIN shows the query; with ANALYZE the table is made.
explain (costs off) create table t5 as select 1 as a;
explain (costs off) create table t1 as select 1 as a;
explain (costs off) create table if not exists t1 as select 1 as a;
explain (costs off) select 1 as a into t5;
explain (costs off) create table t5 as execute two(7);
explain (analyze, costs off, timing off, summary off, buffers off) create table t5 as execute two(7);
explain (analyze, costs off, timing off, summary off, buffers off) select generate_series(1, 3) as a into t6;
explain (analyze, costs off, timing off, summary off, buffers off) create materialized view m1 as select a from t6 where a > 1;
explain (analyze, costs off, timing off, summary off, buffers off) create materialized view m2 as select a from t6 where a > 1 with no data;
explain (analyze, format json, costs off, timing off, summary off, buffers off) create table t7 as select 1 as a;
table t5;
table t6;
table m1;
table m2;
table t7;
-- Values look in definitions as the session wants them.
set datestyle = 'SQL, DMY';
create table d (a date default '2026-05-04' check (a > '2025-12-31')) partition by range (a);
create table d1 partition of d for values from ('2026-01-02') to ('2026-03-04');
select pg_get_expr(relpartbound, oid), pg_get_partition_constraintdef(oid) from pg_class where relname = 'd1';
select pg_get_expr(adbin, adrelid) from pg_attrdef where adrelid = 'd'::regclass;
select pg_get_constraintdef(oid) from pg_constraint where conrelid = 'd'::regclass;
