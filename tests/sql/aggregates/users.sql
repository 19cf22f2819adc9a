-- the old syntax and the new one
create aggregate old_sum (sfunc = int4pl, basetype = int4, stype = int4, initcond = '0');
create aggregate new_sum (int4) (sfunc = int4pl, stype = int4);
create aggregate old_count (sfunc = int8inc, basetype = 'ANY', stype = int8, initcond = '0');
create table items (grp text, n int, t text);
insert into items values ('a', 1, 'x'), ('a', 2, null), ('b', null, 'y'), ('b', 5, 'z'), ('c', null, null);
-- a strict function skips nulls, and takes the first value as its state where there is no first state
select grp, old_sum(n), new_sum(n), old_count(*) from items group by grp order by grp;
select old_sum(n), new_sum(n) from items where false;
-- a function in SQL that is not strict sees the nulls
create function joined(text, text) returns text language sql immutable as $$ select coalesce($1, '') || coalesce($2, '-') $$;
create aggregate join_all (text) (sfunc = joined, stype = text);
select grp, join_all(t order by n desc nulls last), join_all(distinct t), join_all(t) filter (where n > 1) from items group by grp order by grp;
-- a final function, with and without the arguments' types
create function halved(int4) returns numeric language sql immutable as $$ select $1 / 2.0 $$;
create aggregate half_sum (int4) (sfunc = int4pl, stype = int4, initcond = '10', finalfunc = halved);
select half_sum(n), sum(n) from items;
create function with_type(anycompatiblearray, anycompatible) returns text language sql as $$ select pg_typeof($1)::text || ' ' || array_length($1, 1) $$;
create aggregate collected (anycompatible) (sfunc = array_append, stype = anycompatiblearray, initcond = '{}', finalfunc = with_type, finalfunc_extra);
select collected(n), collected(t), collected(grp::varchar) from items;
-- functions in PL/pgSQL
create function longest(text, text) returns text language plpgsql as $$ begin if length($2) > length($1) then return $2; end if; return $1; end $$;
create aggregate longest_of (text) (sfunc = longest, stype = text, initcond = '');
select longest_of(grp || n::text) from items;
-- several arguments, variadic ones
create function weigh(numeric, int4, int4) returns numeric language sql strict as $$ select $1 + $2 * $3 $$;
create aggregate weighted (int4, int4) (sfunc = weigh, stype = numeric, initcond = '0');
select weighted(n, 10) from items;
create function least_of(anyelement, variadic anyarray) returns anyelement language sql as $$ select least($1, min($2[i])) from generate_subscripts($2, 1) g(i) $$;
create aggregate least_all (variadic items anyarray) (sfunc = least_of, stype = anyelement);
select least_all(n, 3, 4), least_all(variadic array[7, 8]) from items;
-- ordered sets: direct arguments go to the final function; sorting would be the functions' own work
create function nth(anycompatiblearray, int4) returns anycompatible language sql as $$ select $1[$2] $$;
create aggregate nth_of (int4 order by anycompatible) (sfunc = array_append, stype = anycompatiblearray, finalfunc = nth, initcond = '{}');
select nth_of(1) within group (order by n), nth_of(2) within group (order by n desc nulls last) from items;
select grp, nth_of(1) within group (order by n) from items group by grp order by grp;
-- built-in functions over a state of their own
create aggregate my_median (float8 order by float8) (sfunc = ordered_set_transition, stype = internal, finalfunc = percentile_cont_float8_final);
select my_median(0.5) within group (order by n) from items;
-- as a window function; an inverse function takes rows out again
create function logged(text, anyelement) returns text language sql immutable as $$ select coalesce($1, '') || '*' || quote_nullable($2) $$;
create function logged_in(text, anyelement) returns text language sql immutable as $$ select coalesce($1, '') || '+' || quote_nullable($2) $$;
create function logged_out(text, anyelement) returns text language sql immutable as $$ select $1 || '-' || quote_nullable($2) $$;
create aggregate moves (anyelement) (stype = text, sfunc = logged, mstype = text, msfunc = logged_in, minvfunc = logged_out);
select n, moves(n) over w, moves(n) over (order by grp, n), moves(n) filter (where n <> 2) over w from items window w as (order by grp, n rows between 1 preceding and current row);
-- dependencies
drop function halved(int4);
drop function longest(text, text) cascade;
select longest_of(t) from items;
-- replaced, renamed, described
create or replace aggregate new_sum (int4) (sfunc = int4larger, stype = int4);
select new_sum(n) from items;
create or replace aggregate new_sum (int4) (sfunc = int4larger, stype = int4, finalfunc = halved);
alter aggregate new_sum (int4) rename to newest;
comment on aggregate newest (int4) is 'the largest';
select obj_description('newest(int4)'::regprocedure, 'pg_proc'), pg_get_function_arguments('nth_of'::regproc), pg_get_function_result('nth_of'::regproc);
select aggfnoid, aggkind, aggnumdirectargs, aggtransfn, aggfinalfn, aggmtransfn, aggminvtransfn, aggtranstype::regtype, agginitval, aggfinalmodify from pg_aggregate where aggfnoid >= 16384 order by aggfnoid::text;
-- only who may call it does; its functions are its owner's business
create role agg_user;
grant select on items to agg_user;
revoke execute on function joined(text, text) from public;
set role agg_user;
select join_all(t) from items where grp = 'a';
reset role;
revoke execute on function join_all(text) from public;
set role agg_user;
select join_all(t) from items where grp = 'a';
reset role;
revoke select on items from agg_user;
drop role agg_user;
-- what is refused
create aggregate bad (int4) (sfunc = int4pl);
create aggregate bad (int4) (sfunc = int4pl, stype = int8);
create aggregate bad (int8) (sfunc = int4pl, stype = int4);
create aggregate bad (text) (sfunc = int4_sum, stype = int8);
create aggregate bad (int4) (sfunc = int84pl, stype = int8);
create aggregate bad (int4) (sfunc = int4pl, stype = int4, mstype = int4, msfunc = int4pl);
create aggregate bad (int4) (sfunc = int4pl, stype = int4, finalfunc_modify = sometimes);
create aggregate bad (int4 order by int4) (sfunc = int4pl, stype = int4, hypothetical, sortop = '<');
create aggregate new_sum (int4) (sfunc = int4pl, stype = int4);
create aggregate new_sum (int4) (sfunc = int4pl, stype = int4);
select new_sum(n) over (order by n), new_sum() from items;
drop aggregate new_sum (text);
drop table items;
