-- A temporary table hides a permanent one of the same name.
create table t (a int);
insert into t values (1);
create temp table t (a int primary key, b text default 'x');
insert into t (a) values (2), (3);
select * from t order by a;
select * from public.t;
-- What ON COMMIT says happens at commit, and not before.
create temp table emptied (a int) on commit delete rows;
create temp table dropped (a int) on commit drop;
begin;
create temp table gone (a int) on commit drop;
insert into gone values (1);
insert into emptied values (1), (2);
select count(*) from emptied;
select * from gone;
commit;
select count(*) from emptied;
select * from gone;
select * from dropped;
-- A rolled back table is not there.
begin;
create temp table undone (a int);
rollback;
select * from undone;
-- Sequences, views and indexes are temporary with what they belong to.
create temp sequence s start 5;
select nextval('s'), nextval('s');
create view v as select * from t;
select * from v where a > 2;
create index on t (b);
select relname, relpersistence from pg_class where relname in ('s', 'v', 't_b_idx', 't_pkey') order by 1;
-- The schema can be named, but not another one.
create table pg_temp.named (a int);
create temp table public.elsewhere (a int);
create unlogged table pg_temp.unlogged (a int);
create table kept (a int) on commit drop;
-- All goes at once.
discard temp;
select * from t;
select * from v;
-- An unlogged table is a table.
create unlogged table u (a int primary key);
insert into u select generate_series(1, 10);
select count(*) from u;
alter table u set logged;
select count(*), (select relpersistence from pg_class where relname = 'u') from u;
drop table t, u;
