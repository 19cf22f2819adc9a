-- Merge joins by a key that has more rows than fit into a batch or into memory, with every kind of join.
set enable_hashjoin = off;
set enable_nestloop = off;
set work_mem = '64kB';
create table l as select i%5 as k, i as v, 'o'||i as t from generate_series(1,300) i;
insert into l select null, 999, 'n' from generate_series(1,3);
insert into l values (77,1,'z');
create table r as select case when i<=20000 then 2 else i%7 end as k, i as v, repeat('y',i%30) as t from generate_series(1,20100) i;
insert into r values (null,5,'q'),(88,6,'w');
analyze l;
analyze r;
select count(*), sum(l.v), sum(r.v), sum(length(r.t)), count(l.t), count(r.k) from l join r using(k);
select count(*), sum(l.v), sum(r.v), sum(length(r.t)), count(l.t), count(r.k) from l left join r using(k);
select count(*), sum(l.v), sum(r.v), sum(length(r.t)), count(l.t), count(r.k) from l right join r using(k);
select count(*), sum(l.v), sum(r.v), sum(length(r.t)), count(l.t), count(r.k) from l full join r using(k);
select count(*), sum(l.v), sum(r.v), sum(length(r.t)), count(l.t), count(r.k) from l full join r on l.k=r.k and l.k+1=r.k+1;
select count(*), sum(l.v), sum(r.v), sum(length(r.t)), count(l.t), count(r.k) from l left join r on l.k=r.k and (l.v+r.v)%3=0;
select count(*), sum(l.v), sum(r.v), sum(length(r.t)), count(l.t), count(r.k) from l right join r on l.k=r.k and (l.v+r.v)%3000=0;
select count(*), sum(v) from l where exists (select 1 from r where r.k=l.k);
select count(*), sum(v) from l where exists (select 1 from r where r.k=l.k and (l.v+r.v)%30000=0);
select count(*), sum(v) from l where not exists (select 1 from r where r.k=l.k);
select count(*), sum(v) from l where not exists (select 1 from r where r.k=l.k and (l.v+r.v)%30000=0);
select count(*), sum(v) from r where exists (select 1 from l where r.k=l.k);
select count(*), sum(v) from r where not exists (select 1 from l where r.k=l.k and (l.v+r.v)%30=0);
select l.k, l.v, r.v from l join r on l.k = r.k where l.v in (2, 7) and r.v between 19990 and 20100 order by l.k, l.v, r.v limit 7;
-- An outer query's aggregate in a subquery, with an argument that can be simplified.
select (select min(case when true then l.v else 27 end + 0 * 1) from r limit 1) from l;
select k, (select max(l.v + 1 + 1) from (values (1)) one) from l group by k order by k;
drop table l, r;
