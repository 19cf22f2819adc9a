-- FULL JOIN by a constant condition
create table l (a int);
create table r (b int);
insert into l values (1), (2), (null);
insert into r values (2), (null);
select * from l full join r on false order by 1, 2;
select * from l full join r on null order by 1, 2;
select * from l full join r on true order by 1, 2;
select * from l full join r on a = b and false order by 1, 2;
select * from l full join r on a = b and true order by 1, 2;
select * from l x left join (l full join r on false) on x.a = l.a order by 1, 2, 3;
-- any other condition must be one that can be hashed or merged
select * from l full join r on a < b;
select * from l full join r on a = 1;
