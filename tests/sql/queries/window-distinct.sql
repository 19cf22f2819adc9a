-- DISTINCT over window functions whose clauses use columns that are not shown.
create table sales (region text, month int, amount int);
insert into sales values ('n', 1, 10), ('n', 2, 20), ('s', 1, 10), ('s', 2, 10), ('w', 1, 5);
select distinct count(*) over (partition by region) as months from sales order by 1;
select distinct region, sum(amount) over (partition by region) from sales order by region;
select distinct rank() over (order by amount) as place, amount from sales order by amount desc limit 2;
select distinct on (region) region, row_number() over (order by amount, region, month) from sales order by region, amount, month;
-- And over groups.
select distinct max(sum(amount)) over (partition by month) from sales group by region, month order by 1;
select distinct count(*) from sales group by region;
select distinct count(*) over (partition by month) from sales group by region, month;
-- Without an order, sorted and hashed.
set enable_hashagg = off;
select distinct count(*) over (partition by region) from sales;
explain (costs off) select distinct count(*) over (partition by region) from sales;
reset enable_hashagg;
drop table sales;
