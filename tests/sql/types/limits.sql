-- Answers at the edges of types: infinities, the smallest values, dates beyond the timestamps.
set timezone = 'America/New_York';
select timestamptz 'infinity' > date '5874897-01-01', date '5874897-01-01' < timestamptz 'infinity', date '5874897-01-01' >= timestamptz 'infinity';
select timestamp '-infinity' < date '4713-01-01 BC', date 'infinity' = timestamp 'infinity', date '5874897-01-01' > timestamp '2000-01-01';
select timezone(interval '1 day', timestamptz 'infinity'), timezone(interval 'infinity', timestamp '-infinity');
select timezone(interval 'infinity', timestamp '2000-01-01');
-- Ages into the past count months from the earlier date as well.
select age(timestamp '2002-12-29 12:00', timestamp '2003-04-01 23:00'), age(timestamp '2001-02-19 09:00', timestamp '2002-05-14 03:00'), age(timestamp '2000-10-31', timestamp '2000-11-06');
select age(timestamptz '2000-01-01 00:00+00', timestamptz '2024-11-03 01:30:00-04'), age(timestamp '2003-04-01 23:00', timestamp '2002-12-29 12:00');
select sign('NaN'::float8), sign('-0'::float8), sign('-Infinity'::float8);
select atand(1e-300) > 0, asind(1e-20) > 0, atan2d(1, 1e300) > 0, asind(0.5), atand(1);
select power('-Infinity'::numeric, -12345.678);
select power('-Infinity'::numeric, -3), power('-Infinity'::numeric, 3), power('Infinity'::numeric, -0.5), power('-Infinity'::numeric, 4);
select '12'::regtype, 12::oid::regtype, '0'::regtype;
select repeat('', 2147483647) = '', length(repeat('ab', 3));
