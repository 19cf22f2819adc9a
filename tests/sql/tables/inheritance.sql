-- Columns of the same name become one.
create table p (a int not null default 5, b text check (b <> 'q'));
create table q (b text, c int);
create table c (a int, d int) inherits (p, q);
create table cc () inherits (c);
select attname, attislocal, attinhcount, attnotnull from pg_attribute where attrelid = 'c'::regclass and attnum > 0 order by attnum;
select conname, contype, conislocal, coninhcount from pg_constraint where conrelid = 'c'::regclass order by 1;
create table wrong (a text) inherits (p);
create table wrong () inherits (p, p);
-- A query of the parent reads the children, unless it says ONLY.
insert into p values (1, 'x'), (2, 'y');
insert into c (a, b, c, d) values (3, 'z', 1, 1);
insert into cc (a, b) values (4, 'w');
insert into cc (b) values ('q');
select tableoid::regclass, * from p order by a;
select * from only p order by a;
select tableoid::regclass, a from c order by a;
select x.a, y.b from p x join p y on x.a = y.a order by 1;
select sum(a), count(*) from p;
-- So do UPDATE and DELETE.
update p set b = b || '!' where a > 1 returning tableoid::regclass, a, b;
update p set b = 'q' where a = 3;
delete from p where a = 4 returning *;
delete from only p where a = 3;
-- ALTER TABLE goes down the tree.
alter table p add column e int default 7;
alter table only p add column f int;
alter table p rename column e to ee;
alter table c rename column ee to eee;
select * from cc;
select * from c;
alter table c drop column ee;
alter table p drop column ee;
alter table p add constraint positive check (a > 0);
insert into cc (a) values (-1);
alter table only p add constraint lonely check (a > 0);
alter table c drop constraint positive;
alter table p alter a type bigint;
select pg_typeof(a) from c;
-- Children come and go.
alter table cc no inherit c;
select attislocal, attinhcount from pg_attribute where attrelid = 'cc'::regclass and attname = 'a';
alter table cc inherit c;
alter table p inherit cc;
create table other (x int);
alter table other inherit p;
drop table p;
drop table p cascade;
select * from cc;
drop table q, other;
