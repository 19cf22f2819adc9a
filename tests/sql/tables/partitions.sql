-- Ranges, a list below one of them, and a partition for the rest.
create table pt (a int, b text, c int generated always as (a * 2) stored) partition by range (a);
create table pt1 partition of pt for values from (1) to (10);
create table pt2 (b text, x int, a int, c int generated always as (a * 2) stored);
alter table pt2 drop column x;
alter table pt attach partition pt2 for values from (10) to (20);
create table pt3 partition of pt for values from (20) to (30) partition by list (b);
create table pt3a partition of pt3 for values in ('a', null);
create table pt3d partition of pt3 default;
create table overlapping partition of pt for values from (5) to (15);
create table empty partition of pt for values from (50) to (50);
create table wrong partition of pt for values in (1);
-- Rows go where they belong.
insert into pt values (1, 'a'), (12, 'b'), (21, 'a'), (22, 'c'), (5, 'z'), (23, null) returning tableoid::regclass, *;
insert into pt values (100, 'a');
insert into pt1 values (100, 'a');
insert into pt3a values (21, 'b');
insert into pt2 (a, b) values (1, 'a');
select tableoid::regclass, * from pt order by a;
-- An UPDATE moves rows, if it came by the parent.
update pt set a = 15 where a = 1 returning tableoid::regclass, *;
update pt set b = 'q' where a = 21 returning tableoid::regclass, *;
update pt1 set a = 15 where a = 5;
update pt set a = 99 where a = 5;
delete from pt where a = 22 returning tableoid::regclass, *;
select tableoid::regclass, * from pt order by a;
-- A new default partition takes what has no place, and must not hold what another one takes.
create table ptd partition of pt default;
insert into pt values (100, 'a'), (null, 'b');
create table pt100 partition of pt for values from (100) to (200);
create table second_default partition of pt default;
-- Indexes and unique keys of the parent are those of its partitions.
alter table pt add unique (b);
create index on pt (b);
select indexrelid::regclass, indrelid::regclass from pg_index where indrelid::regclass::text like 'pt%' order by 1;
alter table pt1 add constraint own check (a > 0);
select pg_get_partkeydef('pt'), pg_get_partkeydef('pt3');
select relname, pg_get_expr(relpartbound, oid), pg_get_partition_constraintdef(oid) from pg_class where relname like 'pt%' and relkind in ('r', 'p') order by 1;
select * from pg_partition_tree('pt') order by level, relid::text;
-- A partition that leaves is a table.
alter table pt detach partition pt2;
select count(*) from pt;
select count(*) from pt2;
insert into pt2 (a) values (1);
alter table pt attach partition pt2 for values from (10) to (20);
delete from pt2 where a = 1;
alter table pt attach partition pt2 for values from (10) to (20);
select count(*) from pt;
-- Hashes agree with PostgreSQL's.
create table h (a int, b text) partition by hash (a, b);
create table h0 partition of h for values with (modulus 4, remainder 0);
create table h1 partition of h for values with (modulus 4, remainder 1);
create table h2 partition of h for values with (modulus 2, remainder 1);
create table h3 partition of h for values with (modulus 8, remainder 2);
create table h4 partition of h for values with (modulus 4, remainder 3);
create table h5 partition of h for values with (modulus 3, remainder 0);
drop table h2;
create table h4 partition of h for values with (modulus 4, remainder 3);
create table h6 partition of h for values with (modulus 8, remainder 6);
insert into h select g, 'x' || g from generate_series(1, 20) g;
insert into h values (null, 'q'), (3, null), (null, null);
select tableoid::regclass, * from h order by a, b;
-- Foreign keys from and to partitioned tables.
create table pk (id int primary key) partition by range (id);
create table pk1 partition of pk for values from (0) to (10);
create table pk2 partition of pk for values from (10) to (20);
create table fk (x int references pk) partition by list (x);
create table fk1 partition of fk for values in (1, 2, 3);
create table fk2 partition of fk default;
insert into pk values (1), (2), (11);
insert into fk values (1), (11);
insert into fk values (3);
delete from pk where id = 2;
truncate pt;
select count(*) from pt;
drop table pt, h, fk, pk;
