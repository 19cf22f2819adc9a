-- EXISTS that cannot become a join is asked once for all rows where that costs less.
create table outer_rows (a int, b int, c text);
create table inner_rows (x int, y int, z text);
insert into outer_rows select case when i % 10 = 0 then null else i % 400 end, i % 7, 'c' || i from generate_series(1, 3000) i;
insert into inner_rows select case when i % 11 = 0 then null else i end, i % 5, 'c' || i * 3 from generate_series(1, 500) i;
analyze outer_rows;
analyze inner_rows;
create function is_hashed(query text) returns boolean language plpgsql as
$$ declare line text; found boolean := false; begin for line in execute 'explain (costs off) ' || query loop found := found or line like '%hashed%'; end loop; return found; end $$;
select is_hashed('select count(*) from outer_rows o where exists (select from inner_rows i where i.x = o.a) or b = 3');
select count(*) from outer_rows o where exists (select from inner_rows i where i.x = o.a) or b = 3;
select is_hashed($$select count(*) from outer_rows o where exists (select from inner_rows i where i.x = o.a and o.b = i.y and i.z < 'c5') or b = 3$$);
select count(*) from outer_rows o where exists (select from inner_rows i where i.x = o.a and o.b = i.y and i.z < 'c5') or b = 3;
-- Where null and false differ.
select count(*) from outer_rows o where not exists (select from inner_rows i where i.x = o.a) or b = 3;
select count(*) from outer_rows o where (exists (select from inner_rows i where i.x = o.a)) is false;
-- Few rows that search an index.
create index inner_rows_x on inner_rows (x);
select is_hashed('select count(*) from (select * from outer_rows limit 3) o where exists (select from inner_rows i where i.x > o.a) or b = 3');
-- Other comparisons, no comparison, and a subquery of the subquery.
select count(*) from outer_rows o where exists (select from inner_rows i where i.x > o.a + 480) or b = 3;
select count(*) from outer_rows o where exists (select from inner_rows i where i.x = 5) and b = 3;
select count(*) from outer_rows o where b = 3 or exists (select from inner_rows i where i.x = o.a and exists (select from inner_rows j where j.y = i.y and j.x = i.x + 1));
select count(*) from outer_rows o where b = 3 or exists (select from inner_rows i where i.x = o.a and exists (select from inner_rows j where j.y = o.b and j.x = i.x));
-- NOT EXISTS with a LIMIT is a join.
explain (costs off) select count(*) from outer_rows o where not exists (select from inner_rows i where i.x = o.a limit 1);
-- Subqueries in FROM need no names.
select * from (select 1 as x), (select * from (select 2 as y)) order by 1;
select unnamed_subquery.x from (select 1 as x);
drop function is_hashed;
drop table outer_rows, inner_rows;
