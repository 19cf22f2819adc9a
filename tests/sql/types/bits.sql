-- Bit strings.
select b'101' || x'f', b'1100' & b'1010', b'1100' | b'1010', b'1100' # b'1010', ~b'1100', b'1100' << 1, b'1100' >> 2;
select b'1' & b'10';
select b'101'::bit(5), b'10111'::bit(3), b'101'::varbit(2), 5::bit(4), (-1)::bit(3), b'0101'::int, length(b'101'), bit_count(b'1011');
select substring(b'110101' from 2 for 3), position(b'01' in b'110101'), overlay(b'000000' placing b'11' from 3), get_bit(b'10', 0), set_bit(b'10', 1, 1);
create table b (f bit(3), v bit varying(4));
insert into b values (b'101', b'1'), (b'001', b'10'), (b'100', b'');
insert into b values (b'10', b'1');
insert into b values (b'100', b'10101');
select * from b order by v, f;
select bit_and(f), bit_or(f), bit_xor(f) from b;
drop table b;
-- Money.
select '$1,234.567'::money, '(5)'::money, 12::money * 1.5, '10'::money / 3, '10'::money / '4'::money, 1.005::numeric::money, '3.50'::money::numeric;
select '12x'::money;
select cash_words('1234.01'), '92233720368547758.07'::money + '0.01';
