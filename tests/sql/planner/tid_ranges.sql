-- A range of places reads the pages between them.
create table places (id int, filler text) with (fillfactor = 10);
insert into places select i, repeat('x', 200) from generate_series(1, 200) i;
analyze places;
explain (costs off) select id from places where ctid < '(3,1)';
explain (costs off) select id from places where '(3,1)' <= ctid and ctid <= '(4,2)' and id > 0;
explain (costs off) select id from places where ctid > '(9999,0)';
select count(*) = (select count(*) from places where ctid::text like '(3,%' or ctid = '(4,1)') from places where ctid >= '(3,0)' and ctid <= '(4,1)';
select count(*) = (select count(*) from places where ctid::text like '(3,%') from places where ctid > '(2,65535)' and ctid < '(4,0)';
select count(*) from places where ctid < '(0,0)';
select count(*) from places where ctid < '(0,1)';
select id from places where ctid <= '(0,1)';
select count(*) from places where ctid >= '(0,0)';
select count(*) from places where ctid > '(4294967295,65535)';
select count(*) from places where ctid <= '(4294967295,65535)';
select count(*) from places where ctid > null;
-- With parameters, again and again; from an update, which moves rows behind the range.
prepare between_places (tid, tid) as select count(*) from places where ctid >= $1 and ctid < $2;
execute between_places ('(0,0)', '(0,3)');
execute between_places ('(0,2)', '(0,3)');
execute between_places ('(7,0)', '(3,0)');
select v, (select count(*) from places where ctid < v) from (values ('(0,1)'::tid), ('(0,2)')) s(v) order by 1;
begin;
update places set filler = 'y' where ctid < '(0,3)';
select count(*) from places where filler = 'y';
delete from places where ctid <= '(2,0)' and ctid > '(1,0)';
rollback;
-- Forwards and backwards.
begin;
declare c scroll cursor for select id from places where ctid < '(0,4)';
fetch all from c;
fetch backward all from c;
commit;
set enable_tidscan = off;
explain (costs off) select id from places where ctid < '(3,1)';
deallocate between_places;
drop table places;
