-- The same words by the rules of several languages.
create table words (n int, word text);
insert into words values (1, 'apple'), (2, 'Apple'), (3, 'äpple'), (4, 'zebra'), (5, 'Zebra'), (6, 'öl'), (7, 'ol'), (8, 'co-op'), (9, 'coop'), (10, 'chata'), (11, 'cuna'), (12, 'dama'), (13, 'ñandú'), (14, 'nube'), (15, 'a10'), (16, 'a9');
select string_agg(word, ' ' order by word collate "C") from words;
select string_agg(word, ' ' order by word collate "en-x-icu") from words;
select string_agg(word, ' ' order by word collate "sv-x-icu") from words;
select string_agg(word, ' ' order by word collate "cs-x-icu") from words;
select string_agg(word, ' ' order by word collate "es-x-icu") from words;
select string_agg(word, ' ' order by word collate "unicode" desc) from words;
select string_agg(word, ' ' order by word collate ucs_basic) from words;
-- Options of a locale.
create collation numeric_order (provider = icu, locale = 'und-u-kn');
create collation upper_first (provider = icu, locale = 'und-u-kf-upper');
create collation shifted (provider = icu, locale = 'und-u-ka-shifted');
create collation phonebook (provider = icu, locale = 'de@collation=phonebook');
create collation backwards (provider = icu, locale = 'und-u-kb');
select string_agg(word, ' ' order by word collate numeric_order) from words;
select string_agg(word, ' ' order by word collate upper_first) from words;
select string_agg(word, ' ' order by word collate shifted) from words;
select 'Götz' < 'Goldmann' collate phonebook as phonebook, 'Götz' < 'Goldmann' collate "de-x-icu" as dictionary;
select 'coté' > 'côte' collate backwards as backwards, 'coté' > 'côte' collate "und-x-icu" as forwards;
-- Columns, indexes, and what can be read from these alone.
create table people (name text collate "sv-x-icu" primary key, other varchar(20) collate "en-x-icu", fixed char(8) collate "sv-x-icu");
insert into people select word, word, word from words;
create index on people (other desc);
create index on people (fixed);
create index on people (name collate "C");
analyze people;
set enable_seqscan = off;
set enable_sort = off;
select name from people order by name limit 4;
select name from people where name > 'z' order by name;
select other from people where other <= 'b' order by other desc;
select name from people where name collate "C" > 'z' order by name collate "C";
select name from people where name = 'äpple';
select fixed from people where fixed > 'z' order by fixed;
select min(name), max(name), min(other), max(other), min(name collate "C"), max(name collate "C") from people;
reset enable_seqscan;
reset enable_sort;
insert into people values ('äpple');
-- Groups, joins and sets go by equality, which is that of bytes.
select count(*), count(distinct name), count(distinct upper(name)) from people;
select a.name from people a join people b on a.name = b.other collate "sv-x-icu" order by 1 limit 3;
select greatest('a' collate "en-x-icu", 'B'), least('a' collate "C", 'B'), 'a' between 'A' and 'B' collate "en-x-icu";
select array['b','a','C'] collate "en-x-icu" < array['b','B'], array_sort(array['b','a','C'] collate "en-x-icu"), array_sort(array['b','a','C'] collate "C");
-- Ranges and partitions.
create type letters as range (subtype = text, collation = "en-x-icu");
select letters('A', 'Z') @> 'b'::text, letters('a', 'b') < letters('B', 'C');
create table parts (name text) partition by range (name collate "en-x-icu");
create table parts_a partition of parts for values from ('a') to ('m');
create table parts_m partition of parts for values from ('m') to (maxvalue);
insert into parts values ('B'), ('l'), ('M'), ('z');
select tableoid::regclass, name from parts order by name collate "en-x-icu";
select name from parts where name collate "en-x-icu" < 'c';
-- Row values, windows and cursors.
select row('a' collate "en-x-icu", 1) < row('B', 0);
select word, rank() over (order by word collate "en-x-icu") from words where n in (1, 2, 3);
drop table words, people, parts;
drop type letters;
drop collation numeric_order, upper_first, shifted, phonebook, backwards;
