-- A view shows its table as it is now.
create table t (a int, b text, c numeric);
insert into t values (1, 'one', 1.5), (2, 'two', 2.5), (3, 'three', 3.5);
create view v as select a, b from t where a > 1;
select * from v;
insert into t values (4, 'four', 4.5);
select * from v order by a desc;
-- Columns can be named in front, and only as many as there are.
create view named (x, y) as select a, upper(b), c from t;
select * from named where x = 1;
create view too_many (x, y, z, zz) as select a, b from t;
-- Views of views.
create view total (n, most) as select count(*), max(a) from v;
select * from total;
select v.a, total.n from v, total where v.a = total.most;
-- A relation of the name is there already.
create view v as select 1;
create view t as select 1;
-- OR REPLACE may add columns, and nothing else.
create or replace view v as select a, b, c from t where a > 2;
select * from v;
create or replace view v as select a from t;
create or replace view v as select a as x, b, c from t;
create or replace view v as select a::bigint as a, b, c from t;
create or replace view v as select a, b collate "C" as b, c from t;
create or replace view t as select 1 as a;
-- What a view must not be.
create unlogged view w as select 1;
create view w as select 1 into x;
create view w as with d as (delete from t returning a) select * from d;
create view empty as select;
select * from empty;
create view w as select 1 as x, 2 as x;
create view w as select row(1, 2) as r;
create view w as select $1::int as p;
create view w with (no_such_option) as select 1;
create view w with (security_barrier = maybe) as select 1;
create view w with (check_option = sometimes) as select 1;
create view w as select count(*) from t with check option;
-- A literal is text.
create view literal as select 'x' as x, null as n;
select pg_typeof(x), pg_typeof(n) from literal;
-- What the catalogs hold of it.
create view optioned with (security_barrier, security_invoker = on) as select a from t where a > 0;
select relname, relkind, relhasrules, reloptions from pg_class where relname in ('v', 'optioned') order by 1;
select attname, atttypid::regtype, attnum from pg_attribute where attrelid = 'v'::regclass order by attnum;
select rulename, ev_type, ev_enabled, is_instead from pg_rewrite where ev_class = 'v'::regclass;
select pg_describe_object(refclassid, refobjid, refobjsubid), deptype from pg_depend
 where classid = 'pg_rewrite'::regclass and objid = (select oid from pg_rewrite where ev_class = 'total'::regclass) order by 1;
select pg_describe_object(refclassid, refobjid, refobjsubid), deptype from pg_depend
 where classid = 'pg_rewrite'::regclass and objid = (select oid from pg_rewrite where ev_class = 'v'::regclass) order by 1;
-- ALTER VIEW.
alter view v rename to w;
alter view w rename column b to text;
select * from w;
select * from total;
alter view w rename column nope to nowhere;
alter view w rename column a to text;
alter view t rename to tt;
alter view nope rename to nowhere;
alter view if exists nope rename to nowhere;
alter view optioned set (security_barrier = false);
alter view optioned reset (security_invoker);
alter view optioned set (fillfactor = 10);
select reloptions from pg_class where relname = 'optioned';
alter table w add column z int;
alter table w drop column a;
alter view t set (security_barrier);
create schema s;
alter view w set schema s;
select * from w;
select * from s.w;
-- Dependencies.
drop table t;
drop view s.w;
alter table t drop column a;
drop view t;
drop table s.w;
drop view nope;
drop view if exists nope;
alter table t drop column c cascade;
drop table t cascade;
select relname from pg_class where relkind = 'v' and relnamespace = 'public'::regnamespace order by 1;
drop view literal;
-- A view that was defined by itself.
create view one as select 1 as a;
create or replace view one as select a from one;
select * from one;
-- A kept statement follows the view's definition.
create view changing as select 1 as a;
select * from changing;
create or replace view changing as select 1 as a, 2 as b;
select * from changing;
-- Recursive views.
create recursive view counted (n) as values (1) union all select n + 1 from counted where n < 5;
select sum(n) from counted;
