-- Integers, numerics and floats.
select 2147483647::int + 1;
select 9223372036854775807 + 1::bigint;
select 32767::smallint, (-32768)::smallint;
select 40000::smallint;
select '12'::int, ' 42 '::int, '0x1F'::int, '1_000'::int;
select 'twelve'::int;
select '99999999999'::int;
select 1.5 + 2.25 as sum, 1.10 * 3 as product, 10.0 / 3 as quotient, round(2.345, 2) as rounded;
select 0.1::float8 + 0.2::float8 as inexact, 1e308::float8 * 10;
select 'NaN'::float8 = 'NaN'::float8 as equal, 'Infinity'::float8 as big, 1::float4 / 3 as single;
select sum(x), avg(x), min(x), max(x), count(x) from generate_series(1, 100) as x;
select sum(x::bigint), sum(x::numeric), avg(x::float8) from generate_series(1, 100) as x;
select abs(-5), sign(-2.5), ceil(1.2), floor(-1.2), trunc(1.987, 2), mod(17, 5), sqrt(2.0);
select 123456789012345678901234567890 * 987654321098765432109876543210 as long;
select 1 = 1.0 as equal, 2 > 1.5 as greater, 3 between 1 and 5 as inside;
-- The error function and the gamma function, without the last digit, in which C libraries differ.
set extra_float_digits = 0;
select x, erf(x), erfc(x) from (values (float8 '-infinity'), (-1.5), (0), (0.45), (3)) t(x);
select x, gamma(x), lgamma(x) from (values (float8 'infinity'), (0.5), (5)) t(x);
select gamma(float8 '0');
select gamma(float8 '-1000.5');
select lgamma(float8 '1e308');
