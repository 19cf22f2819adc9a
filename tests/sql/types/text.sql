-- Text and its functions.
select length('héllo'), upper('héllo'), lower('ABC'), initcap('two words');
select substr('abcdef', 2, 3), substring('abcdef' from 4), left('abc', 2), right('abc', 2);
select trim('  x  ') || '|', ltrim('xxabc', 'x'), rtrim('abcxx', 'x'), lpad('7', 3, '0'), rpad('ab', 4, '.');
select replace('banana', 'an', 'AN'), position('na' in 'banana'), strpos('banana', 'x'), reverse('abc'), repeat('ab', 3);
select 'abc' like 'a%' as starts, 'abc' like '_b_' as middle, 'a%c' like 'a\%c' as escaped, 'ABC' ilike 'abc' as folded;
select split_part('a,b,c', ',', 2), concat('a', null, 1, true), concat_ws('-', 1, null, 2);
select quote_ident('select'), quote_ident('Mixed'), quote_literal('it''s'), md5('abc');
select 'a'::char(3) || '|' as padded, 'abcdef'::varchar(3) as cut, 'x'::"char";
select ascii('A'), chr(233), to_hex(255), encode('\x0102ff', 'hex'), '\x41'::bytea;
select 'b' > 'a' as greater, 'a' < 'B' as by_code, 'abc' = 'abc' as same;
create table c (v varchar(3));
insert into c values ('abcd');
insert into c values ('abc');
select * from c;
