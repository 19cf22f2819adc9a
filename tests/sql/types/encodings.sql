-- Texts in other encodings.
select convert_to('é', 'LATIN1'), convert_to('€', 'WIN1252'), convert_to('日本', 'SJIS'), convert_to('日本', 'EUC_TW'), convert_to('日本', 'GB18030'), convert_to('日本', 'EUC_JIS_2004');
select convert_from('\xe9', 'iso-8859-1'), convert_from('\x93fa967b', 'Shift_JIS'), convert_from('\x8431a437', 'GB18030') = U&'\FFFD';
select convert('\xc1', 'KOI8R', 'WIN1251'), convert('\xb1', 'LATIN2', 'WIN1250'), length('\x93fa967b', 'SJIS');
-- What cannot be converted is an error.
select convert_to('€', 'LATIN1');
select convert_from('\x81', 'WIN1252');
select convert_from('\xff', 'EUC_JP');
select convert_from('\x00', 'LATIN5');
select convert('\xe9', 'LATIN1', 'EUC_JP');
select convert_to('x', 'nowhere');
select pg_encoding_max_length(pg_char_to_encoding('euc_cn')), pg_encoding_to_char(pg_char_to_encoding('windows949'));
-- A client that says LATIN1 means one character by each byte, and gets them back as it sent them.
set client_encoding = 'LATIN1';
select 'é' as "é", length('é'), pg_client_encoding();
create table kept (t text);
insert into kept values ('é');
copy kept from stdin;
è
\.
copy kept to stdout;
copy kept to stdout (encoding 'UTF8');
select 1 / 0 as "ü";
select "ö";
-- Characters that it does not have are errors, too.
select chr(8364);
copy (select chr(8364)) to stdout;
-- Within a transaction the setting goes back with it.
begin;
set client_encoding = 'UTF8';
select t, length(t) from kept order by t;
rollback;
select t, length(t) from kept order by t;
set client_encoding = 'UTF8';
select t, length(t) from kept order by t;
set client_encoding = 'MULE_INTERNAL';
set client_encoding = 'EBCDIC';
