-- A shell is a name for a type to come: functions may name it, tables may not.
create type later;
create table t (a later);
create function f(later) returns int language sql as 'select 1';
create function f(later) returns int language plpgsql as 'begin return 1; end';
create function f(later(3)) returns int language internal as 'int4up';
create function f(later[]) returns int language internal as 'int4up';
create function later_in(cstring) returns later language internal strict immutable as 'int4in';
create function later_out(later) returns cstring language internal strict immutable as 'int4out';
create type later (input = later_in, output = later_out, internallength = 4, passedbyvalue, default = 42);
create table t (a later, b later[]);
insert into t default values returning *;
insert into t values ('17', '{1,2}') returning *;
-- Functions and type need each other.
drop function later_in(cstring);
drop type later;
drop type later cascade;
-- Without a shell an input function announces its type.
create function early_in(cstring) returns early language internal strict immutable as 'textin';
create function early_out(early) returns cstring language internal strict immutable as 'textout';
create type early (input = early_in, output = early_out, alignment = int4, storage = extended);
select 'x'::early;
create cast (text as early) without function;
select ('a' || 'b')::early;
-- What is wrong with parameters is said where they stand.
create procedure p(a variadic int[], b out int) language sql as 'select a[1]';
create procedure p(a int default 42, b out int) language sql as 'select a';
create function p(a setof int) returns int language sql as 'select 1';
create function p(a int, a int) returns int language sql as 'select 1';
create function p(a nosuch) returns int language sql as 'select 1';
-- A procedure is named by its inputs or by all its parameters, but by types that mean one procedure.
create procedure two(out a int, in b int, in c int) language sql as 'select b - c';
create procedure two(in a int, in b int, in c int) language sql as 'select a + b - c';
select oid::regprocedure, pg_get_function_arguments(oid) from pg_proc where proname = 'two' order by pronargs;
drop procedure two(int, int, int);
drop procedure two(out int, int, int);
drop procedure two(int, int, int);
create procedure many(a out int, variadic b int[]) language sql as 'select b[1] + b[2]';
call many(null, 11, 12, 13);
