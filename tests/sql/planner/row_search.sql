-- Comparisons of rows search an index of the same columns: the next page of a sorted list begins at once behind the last row of this one.
create table pages (a int not null, b int not null, c text collate "C" not null, n int, primary key (a, b, c));
insert into pages select i % 20, i % 50, 'c' || i % 7, case when i % 4 = 0 then null else i % 9 end from generate_series(1, 20000) i on conflict do nothing;
create index pages_down on pages (a desc, b desc);
create index pages_null on pages (a, n);
create index pages_mixed on pages (b, a desc);
vacuum analyze pages;
set enable_seqscan = off;
set enable_bitmapscan = off;
set enable_sort = off;
explain (costs off) select a, b, c from pages where (a, b, c) > (5, 7, 'c3') order by a, b, c limit 5;
select a, b, c from pages where (a, b, c) > (5, 7, 'c3') order by a, b, c limit 5;
explain (costs off) select a, b, c from pages where (a, b, c) <= (5, 7, 'c3') order by a desc, b desc, c desc limit 5;
select a, b, c from pages where (a, b, c) <= (5, 7, 'c3') order by a desc, b desc, c desc limit 5;
-- Together with other conditions; the row on the other side; with a parameter.
explain (costs off) select count(*) from pages where a = 5 and (b, c) >= (20, 'c2') and b < 45;
select count(*) from pages where a = 5 and (b, c) >= (20, 'c2') and b < 45;
explain (costs off) select count(*) from pages where (5, 7, 'c3') > (a, b, c);
select count(*) from pages where (5, 7, 'c3') > (a, b, c);
prepare next (int, int, text) as select a, b, c from pages where (a, b, c) > ($1, $2, $3) order by a, b, c limit 2;
execute next (5, 7, 'c3');
execute next (5, null, 'c3');
execute next (null, 1, 'c3');
-- Columns that can be null, values that are, and bounds outside of the type.
select count(*), sum(n) from pages where (a, n) > (5, 3);
select count(*), sum(n) from pages where (a, n) >= (5, null);
select count(*), sum(n) from pages where (a, n) < (5, null);
select count(*), sum(n) from pages where (a, n) < (5, 3);
select count(*) from pages where (a, b) > (5, 99999999999);
select count(*) from pages where (a, b) > (5, -99999999999);
select count(*) from pages where (a, b) < (5, 99999999999);
select count(*) from pages where (a, b) < (99999999999, 5);
-- An index that descends; one that has another direction for each column serves the first.
set enable_indexonlyscan = off;
explain (costs off) select a, b from pages where (a, b) < (5, 7) order by a desc, b desc limit 3;
select a, b from pages where (a, b) < (5, 7) order by a desc, b desc limit 3;
explain (costs off) select count(*) from pages where (b, a) > (48, 7);
select count(*) from pages where (b, a) > (48, 7);
deallocate next;
drop table pages;
