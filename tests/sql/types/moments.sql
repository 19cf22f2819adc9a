-- Abbreviations whose meaning depends on the date.
set timezone = 'UTC';
select '2011-03-27 01:59:59 MSK'::timestamptz, '2011-03-27 02:00:00 MSK'::timestamptz, '2014-10-26 02:00:00 MSK'::timestamptz;
select '2011-03-27 00:00:00 UTC'::timestamptz at time zone 'MSK', make_timestamptz(2014, 10, 26, 0, 0, 0, 'MSK');
-- Offsets of make_timestamptz have the signs of ISO 8601.
select make_timestamptz(1973, 7, 15, 8, 15, 55.33, '+2'), make_timestamptz(1973, 7, 15, 8, 15, 55.33, '-10:30'), make_timestamptz(1973, 7, 15, 8, 15, 55.33, 'EST5EDT');
select make_timestamptz(1973, 7, 15, 8, 15, 55.33, '2');
select make_timestamptz(2014, 12, 10, 10, 10, 10, '+16');
-- A zone may stand within a date; a time without a date has no zone that changes.
select 'Wed Jul 11 10:51:14 America/New_York 2001'::timestamptz, 'Wed Jul 11 10:51:14 GMT+4 2001'::timestamptz;
select '15:36:39 America/New_York'::timetz;
select '23:59:60.01 PDT'::timetz;
select 'epoch 01:01:01'::timestamp;
-- Intervals in ISO 8601's basic and alternative forms, and numbers without units.
select interval 'P00021015T103020', interval 'P0002-10-15T10:20', interval 'PT10:20.5', interval 'P10.5e4Y', interval 'P0002';
select interval '1 2 hours', interval '1 2' day to hour, interval '1 millenniums';
select interval '5.5 seconds 3 milliseconds';
select interval '0.1 yrs 2147483647 months';
select interval '2147483647 years';
select timezone('infinity'::interval, '12:12:12'::time);
-- Zones and abbreviations as rows.
select * from pg_timezone_names where name in ('UTC', 'Asia/Kolkata') order by name;
set timezone = 'America/Los_Angeles';
select * from pg_timezone_abbrevs where abbrev in ('LMT', 'MSK', 'IST') order by abbrev;
