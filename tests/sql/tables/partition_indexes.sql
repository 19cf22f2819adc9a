-- ALTER TYPE makes the indexes of a whole tree anew: those of partitions, their constraints, what is said of them.
create table pp (a int, b int, c text, unique (a, b)) partition by range (b);
create table pp1 partition of pp for values from (0) to (10);
create table pp2 partition of pp for values from (10) to (20) partition by range (b);
create table pp21 partition of pp2 for values from (10) to (15);
create index custom on pp1 (a);
create index own on pp1 (a, c);
create index tree on pp (a);
create index treex on pp ((a + 1)) where a > 3;
comment on index tree is 'hi';
create index only_idx on only pp (a, b, c);
insert into pp select g, g % 15, 'x' from generate_series(1, 100) g;
select i.indexrelid::regclass, i.indrelid::regclass, h.inhparent::regclass, i.indisvalid from pg_index i left join pg_inherits h on h.inhrelid = i.indexrelid where i.indrelid::regclass::text like 'pp%' order by (i.indexrelid::regclass)::text collate "C";
alter table pp alter a type bigint;
select i.indexrelid::regclass, i.indrelid::regclass, h.inhparent::regclass, i.indisvalid from pg_index i left join pg_inherits h on h.inhrelid = i.indexrelid where i.indrelid::regclass::text like 'pp%' order by (i.indexrelid::regclass)::text collate "C";
select obj_description('tree'::regclass);
select conrelid::regclass, conname, conparentid <> 0, coninhcount from pg_constraint where conrelid::regclass::text like 'pp%' order by 1, 2;
alter table pp alter c type varchar(10);
select i.indexrelid::regclass, i.indrelid::regclass, h.inhparent::regclass, i.indisvalid from pg_index i left join pg_inherits h on h.inhrelid = i.indexrelid where i.indrelid::regclass::text like 'pp%' order by (i.indexrelid::regclass)::text collate "C";
set enable_seqscan = off;
explain (costs off) select * from pp where a = 5 and b = 5;
select * from pp where a = 5;
reset enable_seqscan;
drop table pp;
-- A constraint that comes later reaches partitions of partitions as well.
create table pc (a int, b int) partition by range (a);
create table pc1 partition of pc for values from (0) to (10) partition by range (b);
create table pc11 partition of pc1 for values from (0) to (10);
alter table pc add unique (a, b);
select conrelid::regclass, conname, coninhcount, connoinherit from pg_constraint where conrelid::regclass::text like 'pc%' order by 1, 2;
select indexrelid::regclass, indisvalid from pg_index where indrelid::regclass::text like 'pc%' order by 1;
-- A partition's own key is in the way of another one.
alter table pc drop constraint pc_a_b_key;
alter table pc11 add primary key (b);
alter table pc add primary key (a, b);
drop table pc;
-- DETACH CONCURRENTLY leaves a CHECK, unless there is one that says as much.
create table dp (a int, b int) partition by range (a);
create table dp1 partition of dp for values from (0) to (10);
create table dp2 partition of dp (check (a >= 12 and a < 15 and a is not null)) for values from (10) to (20);
alter table dp detach partition dp1 concurrently;
alter table dp detach partition dp2 concurrently;
alter table dp detach partition dp2 finalize;
begin; alter table dp detach partition dp1 concurrently; rollback;
select conrelid::regclass, pg_get_constraintdef(oid) from pg_constraint where conrelid::regclass::text like 'dp%' order by 1, 2;
drop table dp, dp1, dp2;
