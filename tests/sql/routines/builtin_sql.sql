-- Built-in functions in SQL where they are called rather than inlined: in indexes, checks and defaults.
create table texts (a text, bits int default bit_length('ab'), check (bit_length(a) < 100));
create index on texts (bit_length(a));
create index on texts (lpad(a, 3));
insert into texts values ('a'), ('abc');
insert into texts values (repeat('x', 13));
set enable_seqscan = off;
select * from texts where bit_length(a) = 24;
select * from texts where lpad(a, 3) = '  a';
-- A constant one, over a temporary table that is emptied.
create temp table gone (a int) on commit delete rows;
create index on gone (bit_length(''));
insert into gone values (1);
select * from gone;
drop table texts, gone;
