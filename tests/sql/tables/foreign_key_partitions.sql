-- A foreign key has a constraint for each partition of either table.
create table pk (a int primary key) partition by list (a);
create table pk1 partition of pk for values in (1, 2);
create table pk2 partition of pk for values in (3, 4) partition by list (a);
create table pk2_default partition of pk2 default;
create table pk21 partition of pk2 for values in (3);
create table fk (a int references pk) partition by list (a);
create table fk1 partition of fk for values in (1, 2);
create table fk2 partition of fk for values in (3) partition by list (a);
create table fk21 partition of fk2 for values in (3);
select conname, conrelid::regclass, confrelid::regclass, conparentid <> 0 as below, conislocal, coninhcount, conindid::regclass from pg_constraint where contype = 'f' order by oid;
select tgrelid::regclass, tgconstrrelid::regclass, c.conname, tgfoid::regproc, tgparentid <> 0 as below from pg_trigger t join pg_constraint c on c.oid = t.tgconstraint order by t.oid;
-- Messages name the partition, and its constraint.
insert into fk values (1);
insert into pk values (1), (3), (4);
insert into fk values (1), (3);
delete from pk where a = 3;
update pk set a = 2 where a = 1;
-- A detached partition of the referencing table has the key for itself.
alter table fk detach partition fk2;
select conname, conrelid::regclass, confrelid::regclass, conparentid <> 0 as below from pg_constraint where contype = 'f' order by oid;
delete from pk where a = 3;
alter table fk attach partition fk2 for values in (3);
select count(*) from pg_constraint where contype = 'f';
-- A partition that is referred to stays; others can leave, and lose their constraint.
alter table pk detach partition pk1;
drop table pk21;
delete from fk where a = 1;
alter table pk detach partition pk1;
select conname, confrelid::regclass from pg_constraint where contype = 'f' and confrelid = 'pk1'::regclass;
alter table pk attach partition pk1 for values in (1, 2);
select conname, confrelid::regclass from pg_constraint where contype = 'f' and confrelid = 'pk1'::regclass;
-- The parts of a constraint do not go alone.
alter table fk drop constraint fk_a_fkey_1;
alter table only fk add foreign key (a) references pk;
drop table fk;
-- A row that moves to another partition is gone for a key that refers to a part of the tree.
create table part_fk (a int references pk1 on delete cascade);
create table pk3 partition of pk for values in (5, 6);
insert into part_fk values (1);
update pk set a = 5 where a = 1;
select * from part_fk;
drop table part_fk;
create table mid_fk (a int references pk2);
insert into mid_fk values (4);
update pk set a = 7 where a = 3;
update pk set a = 6 where a = 3;
drop table mid_fk, pk;
-- NOT ENFORCED has no triggers and looks at nothing, until it is enforced.
create table k (a int primary key);
create table r (a int constraint r_a references k not enforced);
insert into r values (7);
select count(*) from pg_trigger where tgrelid in ('r'::regclass, 'k'::regclass);
alter table r validate constraint r_a;
alter table r alter constraint r_a enforced;
insert into k values (7);
alter table r alter constraint r_a enforced deferrable;
delete from k;
alter table r alter constraint r_a not enforced;
delete from k;
select conenforced, convalidated, condeferrable from pg_constraint where conname = 'r_a';
drop table r, k;
-- ON DELETE SET NULL of some columns; MATCH FULL; types that become the key's.
create table k (a int, b numeric, primary key (a, b));
insert into k values (1, 1), (1, 2);
create table r (a int, b int, foreign key (a, b) references k on delete set null (b, b));
select pg_get_constraintdef(oid) from pg_constraint where conrelid = 'r'::regclass;
insert into r values (1, 1), (1, 2);
delete from k where b = 1;
select * from r order by b;
create table m (a int, b text, foreign key (a, b) references k);
create table m (a int, b int);
insert into m values (1, null);
alter table m add foreign key (a, b) references k match full;
drop table m;
create table m (a int, b int, foreign key (a, b) references k on delete set null (c));
create table m (a int, b int, c int, foreign key (a, b) references k on delete set null (c));
create table m (a int, b int, foreign key (a, xmin) references k);
-- A default that is the key that went is still a reference.
create table d (a int primary key);
create table e (a int default 0 references d on delete set default);
insert into d values (0), (1);
insert into e values (1);
delete from d where a = 0;
delete from d where a = 1;
delete from d where a = 0;
-- Nobody changes a table while its triggers wait.
alter table e alter constraint e_a_fkey deferrable initially deferred;
begin;
update e set a = 5;
alter table e add column b int;
rollback;
begin;
update e set a = 5;
truncate e;
rollback;
begin;
update e set a = 5;
drop table e;
rollback;
-- A key's column can have another type, with all that refer to it.
alter table d alter column a type bigint;
insert into e values (9);
drop table e, d, r, k;
