-- Rows are compared by the family of their operators: fields of different types, and of every kind.
select (1::int2, 1) < (2::int8, 1), (1.5, 1) >= (1.5::float8, 1), (date '2020-01-01', 1) < (timestamp '2020-01-01 01:00', 1);
select ('a'::text, 'b'::varchar) <= ('a'::varchar, 'c'::text), ('a'::name, 1) > ('b'::text, 1), ('a'::bpchar, 1) < ('b'::bpchar, 1);
select (array[1, 2], 1) < (array[1, 3], 1), (row(1, 2), 1) < (row(1, 3), 1), ('1.2.3.4'::inet, 1) < ('1.2.3.5'::cidr, 1), (b'01', 1) < (b'1', 1);
-- A null before the first difference leaves it open, one behind it does not.
select (null::int, 1) < (2, 1), (1, null::int) < (2, 1), (1, null::int8) < (1, 1), (1, 2) < (1, null::int2);
-- With a subquery's row.
select (1, 2::int8) < (select 1::int8, 3), (1, 2::int8) >= (select 1::int2, 3), row(1, 2) <= (select 1.0, 2.0);
select a from (values (1, 2::int8), (3, 4)) v(a, b) where (a, b) > (select b, a from (values (2::int8, 1)) w(b, a) where w.a <= v.a);
-- Operators of another family than the default one, and of none.
select ('a', 'B') ~<~ ('a', 'b'), ('a', 'b') ~>=~ ('B', 'b');
select ('a', 'B') ~~ ('a', 'b');
select (1, 'a') < (1, point '(1,1)');
