-- Texts that differ in case, or in accents, may be equal.
create collation no_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
create collation no_accent (provider = icu, locale = 'und-u-ks-level1', deterministic = false);
create collation any_form (provider = icu, locale = 'und', deterministic = false);
select 'Ab' = 'aB' collate no_case, 'a' = 'ä' collate no_case, 'a' = 'Ä' collate no_accent, U&'\00E4' = U&'a\0308' collate any_form, U&'\00E4' = U&'a\0308' collate "und-x-icu";
-- Unique indexes, look-ups, and what they give back.
create table mail (address text collate no_case primary key, n int);
insert into mail values ('Ada@example.org', 1), ('bob@example.org', 2);
insert into mail values ('ADA@example.org', 3);
insert into mail values ('BOB@EXAMPLE.ORG', 4) on conflict (address) do update set n = excluded.n;
select * from mail order by address;
set enable_seqscan = off;
select address from mail where address = 'ADA@EXAMPLE.ORG';
select address from mail where address in ('ADA@EXAMPLE.ORG', 'x', 'bob@EXAMPLE.org') order by 1;
reset enable_seqscan;
-- Groups, sets, joins.
create table seen (address text collate no_case);
insert into seen values ('ada@example.org'), ('ADA@example.org'), ('carl@example.org');
select count(*), count(distinct address) from seen;
select lower(min(address collate "C")), count(*) from seen group by address order by 1;
select m.n, s.address from mail m join seen s using (address) order by s.address collate "C";
select lower(address) from (select address from seen union select address from mail) u order by 1;
select lower(address) from (select address from seen intersect select address from mail) u order by 1;
select lower(address) from (select address from seen except select address from mail) u order by 1;
select address from seen where address not in (select address from mail);
select row_number() over w, rank() over w from seen window w as (order by address);
-- Patterns and searches.
select 'ABC' like 'a%' collate no_case, 'ABC' like '_b_' collate no_case, 'ABC' like '%c' collate no_case, 'ABC' like 'ab' collate no_case, 'xAbCx' like '%bc_' collate no_case, 'a' like '%' collate no_case, 'A%' like 'a\%' collate no_case, 'AB' like 'a\%' collate no_case;
select 'a' like 'a\' collate no_case;
select 'abc' ilike 'A%' collate no_case;
select 'abc' ~ 'a' collate no_case;
select 'abc' ^@ 'A' collate no_case;
select strpos('xABy' collate no_case, 'ab'), replace('xABy-abz' collate no_case, 'aB', '_'), split_part('1X2x3' collate no_case, 'x', 3), string_to_array('1X2x3' collate no_case, 'x'), string_to_array('aXb' collate no_case, null, 'x');
select replace(U&'xa\0308y' collate any_form, U&'\00E4', 'o'), strpos(U&'xa\0308y' collate any_form, 'y');
select hashtext('AB' collate no_case) = hashtext('ab' collate no_case), hashtext('AB') = hashtext('ab');
-- Where it cannot be.
create index on seen (address text_pattern_ops);
create table refers (a text references mail);
create table refers (a text collate no_case references mail);
insert into refers values ('ADA@EXAMPLE.ORG');
insert into refers values ('nobody@example.org');
create collation wrong (provider = libc, locale = 'C', deterministic = false);
create collation wrong (provider = builtin, locale = 'C.UTF-8', deterministic = false);
drop table mail, seen, refers;
drop collation no_case, no_accent, any_form;
