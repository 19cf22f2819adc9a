-- A column with a default, constant or not, for rows that are there.
create table t (a int, b text);
insert into t values (1, '10'), (2, '20');
alter table t add column c int default 7, add column d int default (random() * 0)::int + 3, add column e text not null default 'e';
select * from t order by a;
alter table t add column f int not null;
-- Types, with what is made of the columns.
create index on t (b);
alter table t add constraint b_check check (b <> ''), add unique (b);
alter table t alter column b type int;
alter table t alter column b type int using b::int;
alter table t alter column b type int using b::int, alter column a type text;
select pg_typeof(a), pg_typeof(b) from t limit 1;
alter table t drop constraint b_check;
alter table t alter column b type int using b::int, alter column a type text;
select pg_typeof(a), pg_typeof(b) from t limit 1;
select indexrelid::regclass, pg_get_indexdef(indexrelid) from pg_index where indrelid = 't'::regclass order by indexrelid::regclass::text;
select * from t where b = 20;
insert into t (a, b) values ('3', 20);
create view v as select b from t;
alter table t alter column b type bigint;
drop view v;
-- Checks and NOT NULL look at the rows that are there.
alter table t add constraint small check (b < 15);
alter table t add constraint small check (b < 15) not valid;
insert into t values ('4', 30);
alter table t validate constraint small;
delete from t where b >= 15;
alter table t validate constraint small;
alter table t add constraint large check (b > 100) not enforced;
alter table t alter column c set not null;
insert into t (a, c) values ('5', null);
alter table t alter column c drop not null;
select conname, contype, convalidated, conenforced from pg_constraint where conrelid = 't'::regclass order by 1;
-- Properties of columns.
alter table t alter column a set statistics 50, alter column a set storage external, alter column a set (n_distinct = 5);
alter table t alter column b set storage external;
select attname, attstattarget, attstorage, attoptions from pg_attribute where attrelid = 't'::regclass and attname in ('a', 'b') order by 1;
alter table t alter column a reset (n_distinct);
alter table t set (fillfactor = 70);
alter table t reset (fillfactor);
alter table t replica identity full;
select relreplident, reloptions from pg_class where relname = 't';
-- Generated columns, stored and not.
alter table t add column g int generated always as (b * 2) stored, add column h int generated always as (b + 1) virtual;
select b, g, h from t;
alter table t alter column g set expression as (b * 3);
alter table t alter column h set expression as (b + 100);
select b, g, h from t where h > 100;
insert into t (a, b) values ('6', 12) returning g, h;
update t set b = 13 where b = 12 returning old.h, new.h;
update t set h = 1;
select t from t order by a;
alter table t alter column g drop expression;
alter table t alter column h drop expression;
-- A constraint on what is not stored.
create table g (a int, b int generated always as (a * 2) virtual not null check (b < 10));
insert into g values (1);
insert into g values (null);
insert into g values (5);
select * from g;
-- Expression and partial indexes.
create index e on t (upper(a), (b + 1)) where b > 5;
create unique index pa on t (c) where b > 100;
select indexdef from pg_indexes where tablename = 't' order by 1;
create index on t (random());
create index on t (b) where now() > '2020-01-01';
-- A table like another one.
create table l (like t including all);
select indexdef from pg_indexes where tablename = 'l' order by 1;
select conname, pg_get_constraintdef(oid) from pg_constraint where conrelid = 'l'::regclass order by 1;
drop table t, l, g;
