-- WHERE, with defaults and generated columns.
create table t (a int, b int default 7, c int generated always as (a * 2) stored);
copy t (a) from stdin where b = 7 and a > 1;
1
2
3
\.
select * from t order by a;
copy t (a) from stdin where c > 1;
\.
copy t from stdin where max(a) > 1;
\.
copy t from stdin where a in (select 1);
\.
-- DEFAULT.
copy t from stdin (default '\D');
10	\D
\D	1
\.
copy t (a, b) from stdin (format csv, default 'x');
11,x
12,"x"
\.
copy t (b, a) from stdin (format csv, default 'x');
x,11
5,12
\.
select * from t where a > 9 order by a, b;
copy t from stdin (default E'\n');
\.
copy t from stdin (default '\N');
\.
copy t to stdout (default 'x');
copy t from stdin (format csv, default 'a"b');
\.
-- ON_ERROR.
create table e (a int, b date);
copy e from stdin (on_error ignore);
1	2020-01-01
x	2020-01-01
2	never
3	2020-01-03
\.
copy e from stdin (on_error ignore, log_verbosity verbose);
y	2020-01-01
\.
copy e from stdin (on_error ignore, log_verbosity silent);
y	2020-01-01
\.
copy e from stdin (on_error ignore, reject_limit 1);
x	2020-01-01
4	2020-01-01
y	2020-01-01
\.
copy e from stdin (on_error ignore);
5
\.
select * from e order by a;
copy e from stdin (reject_limit 3);
\.
copy e from stdin (on_error ignore, reject_limit 0);
\.
copy e from stdin (on_error 'often');
\.
copy e to stdout (on_error ignore);
copy e from stdin (format binary, on_error ignore);
\.
copy e from stdin (log_verbosity much);
\.
-- FORCE_NULL and FORCE_NOT_NULL of all columns.
create table f (a text, b text);
copy f from stdin (format csv, force_not_null *, force_null *);
,""
\.
copy f from stdin (format csv, force_null *);
,""
\.
select a is null as a, b is null as b from f;
copy f (a) from stdin (format csv, force_null (b));
\.
copy f to stdout (format csv, force_null *);
copy f from stdin (format csv, force_quote *);
\.
copy f from stdin (force_not_null *);
\.
-- Identity columns take what COPY brings.
create table g (a int generated always as identity, b int);
copy g from stdin;
100	1
\.
select * from g;
drop table t, e, f, g;
