-- Rows of transition tables do not show dropped columns; tables with triggers for rows that look at them have no parents.
create table o(a int, x int, b text); alter table o drop column x;
create function dt() returns trigger language plpgsql as $$ begin raise notice '%', (select string_agg(n::text, ', ' order by a) from n); return null; end $$;
create trigger t after insert on o referencing new table as n for each statement execute function dt();
insert into o values (1,'a'), (2,'b');
create trigger r after insert on o referencing new table as n for each row execute function dt();
create table par(a int, b text); alter table o inherit par;
drop table o, par; drop function dt;
