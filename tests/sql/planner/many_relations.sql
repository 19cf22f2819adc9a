-- Joins of many relations: forty small tables, in a chain and around one.
create table links (id int primary key, next int);
insert into links select i, i % 50 + 1 from generate_series(1, 50) i;
analyze links;
create function chain(relations int) returns bigint language plpgsql as
$$ declare query text := 'select count(*) from links t1'; result bigint;
begin
  for i in 2..relations loop query := query || format(' join links t%s on t%s.next = t%s.id', i, i - 1, i); end loop;
  execute query into result; return result;
end $$;
select chain(31), chain(32), chain(40);
create function star(relations int) returns bigint language plpgsql as
$$ declare query text := 'select sum(t1.id + t' || relations || '.id) from links t1'; result bigint;
begin
  for i in 2..relations loop query := query || format(' left join links t%s on t1.next = t%s.id', i, i); end loop;
  execute query || ' where t1.id < 10' into result; return result;
end $$;
select star(32), star(40);
drop function chain;
drop function star;
drop table links;
