-- What is said of one column must agree.
create table t (a int constraint x not null constraint y not null);
create table t (a serial not null no inherit);
create table t (a int primary key, not null a no inherit);
create table t (a int constraint x not null, constraint x not null a no inherit);
create table t (a int not null no inherit) partition by list (a);
create table t (a int not null constraint x not null, b int primary key);
select conname, contype, conislocal from pg_constraint where conrelid = 't'::regclass order by 1;
create table u (like t, constraint y not null a);
-- A child's own declaration has a name of its own.
create table c (primary key (a)) inherits (t);
select conname, contype, conislocal, coninhcount from pg_constraint where conrelid = 'c'::regclass order by 1;
drop table t cascade;
-- NOT VALID looks only at what comes.
create table t (a int, b int);
create table c () inherits (t);
insert into t values (null, 1);
alter table t add constraint nn not null a;
alter table t add constraint nn not null a not valid;
insert into t values (null, 2);
select conrelid::regclass, conname, convalidated, coninhcount from pg_constraint where conname = 'nn' order by 1;
explain (costs off) select * from only t where a is null;
select * from t where a is null;
alter table t add constraint nn not null a;
alter table t add constraint other not null a not valid no inherit;
alter table t add primary key (a);
alter table t alter a add generated always as identity;
alter table t add column d float8 default random();
alter table t alter a set not null;
update t set a = 1;
alter table t validate constraint nn;
select conrelid::regclass, conname, convalidated from pg_constraint where conname = 'nn' order by 1;
-- NO INHERIT and INHERIT.
alter table t alter constraint nn no inherit;
select conrelid::regclass, conislocal, coninhcount, connoinherit from pg_constraint where conname = 'nn' order by 1;
alter table t alter constraint nn inherit;
select conrelid::regclass, conislocal, coninhcount, connoinherit from pg_constraint where conname = 'nn' order by 1;
alter table c alter constraint nn no inherit;
drop table t cascade;
-- Partitions.
create table p (a int, not null a) partition by list (a);
alter table p alter constraint p_a_not_null no inherit;
create table p1 (a int);
alter table p1 add constraint nn not null a not valid;
alter table p attach partition p1 for values in (1);
alter table p1 validate constraint nn;
alter table p attach partition p1 for values in (1);
alter table only p drop constraint p_a_not_null;
select conname, conislocal, coninhcount from pg_constraint where conrelid = 'p1'::regclass;
alter table only p add primary key (a);
select conrelid::regclass, conname, coninhcount from pg_constraint where conrelid in ('p'::regclass, 'p1'::regclass) order by 1, 2;
drop table p;
create table p (a int) partition by list (a);
create table p1 partition of p for values in (1);
alter table only p add primary key (a);
alter table p1 add constraint nn not null a no inherit;
alter table only p add primary key (a);
drop table p;
