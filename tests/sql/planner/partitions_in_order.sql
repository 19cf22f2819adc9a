-- Partitions that follow each other need no merge, whichever way round.
create table po (a int, b int, c int) partition by range (a, abs(b), c);
create table po1 partition of po for values from (minvalue, minvalue, minvalue) to (1, 1, 1);
create table po2 partition of po for values from (1, 1, 1) to (5, 5, 5);
create table po3 partition of po for values from (5, 5, 5) to (10, 10, 10);
create table po4 partition of po for values from (10, 10, 10) to (20, 10, 10);
create index on po (a, abs(b), c);
insert into po select g % 15, -g % 7, g from generate_series(0, 60) g;
set enable_seqscan = off;
set enable_bitmapscan = off;
explain (costs off) select * from po order by a, abs(b), c;
explain (costs off) select * from po order by a desc nulls first, abs(b) desc nulls first, c desc nulls first;
explain (costs off) select * from po where a < 8 order by a desc;
explain (costs off) select * from po where a = 5 order by abs(b), c;
select a, abs(b), c from po where a between 4 and 5 order by a desc, abs(b) desc, c desc;
-- Values that are left out when it runs, from the other end.
prepare below(int) as select a, abs(b), c from po where a < $1 order by a desc, abs(b) desc, c desc limit 4;
set plan_cache_mode = force_generic_plan;
explain (costs off) execute below(3);
execute below(3);
-- With a default partition rows are merged.
create table po5 partition of po default;
explain (costs off) select * from po order by a;
-- A truth value that is given orders nothing.
create table pb (b bool, a int) partition by range (b, a);
create table pb1 partition of pb for values from (false, 0) to (false, 10);
create table pb2 partition of pb for values from (true, 0) to (true, 10);
create table pb3 partition of pb for values from (true, 10) to (true, 20);
create index on pb (b, a);
insert into pb select g % 2 = 0 or g > 9, g from generate_series(0, 19) g;
explain (costs off) select * from pb where b order by a;
explain (costs off) select * from pb where not b order by a desc;
select * from pb where b order by a desc limit 3;
-- Neither do they where partitions are partitioned themselves.
create table pn (a int, b int) partition by range (a);
create table pn1 partition of pn for values from (0) to (10) partition by list (a);
create table pn11 partition of pn1 for values in (0, 1, 2);
create table pn12 partition of pn1 for values in (7, 3);
create table pn13 partition of pn1 for values in (8, 9);
create table pn2 partition of pn for values from (10) to (20) partition by range (a, b);
create table pn21 partition of pn2 for values from (10, 0) to (12, 5);
create table pn22 partition of pn2 for values from (12, 5) to (20, 0);
create index on pn (a, b);
insert into pn select a, b from unnest(array[0, 2, 3, 7, 8, 9, 10, 12, 13, 19]) a, generate_series(1, 9, 4) b;
select * from pn order by a, b;
select * from pn order by a desc, b desc limit 12;
select a from pn where a > 2 order by a desc nulls first offset 5 limit 9;
drop table po, pb, pn;
