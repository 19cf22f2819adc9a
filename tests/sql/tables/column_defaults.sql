-- Values for rows that are there already: a constant, an array, what a domain says.
create table t (a int);
insert into t values (1);
create domain positive as int check (value > 0);
create domain words as text[] default '{x,y}';
create domain needed as int not null;
alter table t add column b int[] default '{1,2}', add column d words, add column c positive default 3;
alter table t add column e positive default -1;
alter table t add column e needed;
select * from t;
insert into t (a) values (2);
select attname, atthasmissing, attmissingval from pg_attribute where attrelid = 't'::regclass and attnum > 0 order by attnum;
alter table t alter column b set default '{7}';
vacuum full t;
select attname, atthasmissing, attmissingval from pg_attribute where attrelid = 't'::regclass and attnum > 0 order by attnum;
select * from t order by a;
-- Virtual columns that are not null, before and after.
create table v (a int, b int generated always as (nullif(a, 1)) virtual);
insert into v values (1);
alter table v alter column b set not null;
update v set a = 2;
alter table v alter column b set not null;
alter table v alter column b set expression as (nullif(a, 2));
alter table v add column c int generated always as (nullif(a, 2)) virtual not null;
copy v (a, b) to stdout;
-- Who drops what a generated column needs drops the column.
create table g (a int, b int, c int generated always as (b * 2) stored, d int generated always as (a) virtual);
alter table g drop column b;
alter table g drop column b cascade;
alter table g alter column d set expression as (a + 1);
insert into g values (1) returning *;
-- A check is named after the one column that it reads.
create table n (a int check (b > 0), b int check (a + b > 0), check (a < 100));
select conname from pg_constraint where conrelid = 'n'::regclass order by conname;
-- A table's rows in another table keep their form.
create table r (a int, b text);
create table u (x int, y r);
alter table r alter column b type varchar;
drop table u;
alter table r alter column b type varchar;
-- Locks that let others go on.
begin;
alter table r alter column b set statistics 10;
select mode from pg_locks where relation = 'r'::regclass;
commit;
begin;
alter table r set (fillfactor = 50);
select mode from pg_locks where relation = 'r'::regclass;
alter table r add column c int;
select mode from pg_locks where relation = 'r'::regclass order by 1;
commit;
-- A default that is computed once.
create table o (a int);
insert into o values (1);
alter table o add column b timestamptz default now(), add column c int default length('abc' || current_user);
select b > '2020-01-01', c = length(current_user) + 3 from o;
begin;
alter table o add column d timestamptz default now();
select d = now() from o;
commit;
copy o (a, b, c) from stdin with (default '-');
5	-	-
\.
select b > '2020-01-01', c = length(current_user) + 3 from o where a = 5;
