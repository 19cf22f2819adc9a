-- Numbers: digits, zeros, signs, groups, and what does not fit.
select f, to_char(0, f), to_char(0.1, f), to_char(-0.1, f), to_char(12.5, f), to_char(-485.25, f), to_char(1234567.891, f) from unnest(array['9', '000', '9.99', 'FM9.99', 'FM990.99', '999MI', 'PL999', '9SG99', '999S', 'S999', '999PR', 'FM999PR', '9,999,999', '9G999D99', 'L999', '99V9', 'RN', 'FMrn', '999th', '9.99EEEE', '999"text"', '9 9 9']) f;
-- Values that are no numbers, and precision of floats.
select f, to_char('NaN'::numeric, f), to_char('-Infinity'::float8, f), to_char(0.000123456789::float4, f), to_char(1e20::float8, f) from unnest(array['999.99', 'S99', '9.9EEEE', 'FM99999999999999999999999.99999']) f;
-- Patterns that do not go together.
select to_char(1, '9.9.9');
select to_char(1, 'S9MI');
select to_char(1, '9PR9');
select to_char(1, '9EEEE9');
select to_char(1, 'FM9EEEE');
select to_char(1, '9V9.9');
-- Numbers from text.
select t, f, to_number(t, f) from (values ('-1,234.567', '9,999.99'), ('<12>', '99PR'), ('12-', '99S'), ('$12.3', 'L99.9'), ('12', '99V9'), ('MCMXCIX', 'RN'), ('x1y2', '"a"9"b"9'), ('1e3', '9999')) v(t, f);
select to_number('12', '9.9');
select to_number('abc', '999');
select to_number('IIII', 'RN');
select to_number('1', '9EEEE');
-- Dates and times from text.
set timezone = 'America/Los_Angeles';
select t, f, to_timestamp(t, f) from (values ('2011-12-18 11:38 PM', 'YYYY-MM-DD HH12:MI PM'), ('97/Feb/16', 'YY:Mon:DD'), ('1,582nd VIII 21', 'Y,YYYth FMRM DD'), ('20050302', 'YYYYMMDD'), ('2005527', 'IYYYIWID'), ('2005300', 'YYYYDDD'), ('2011-12-18 11:38 -05:20', 'YYYY-MM-DD HH12:MI TZH:TZM'), ('2011-12-18 11:38ESTFOO24', 'YYYY-MM-DD HH12:MITZFOOSS'), ('44-02-01 11:12:13 BC', 'YYYY-MM-DD HH24:MI:SS BC'), ('2018-11-02 12:34:56.12345', 'YYYY-MM-DD HH24:MI:SS.FF4'), ('2000 + + JUN', 'YYYY   MON'), ('2000 -10', 'YYYY TZH'), ('86399', 'SSSSS')) v(t, f);
select t, f, to_date(t, f) from (values ('3 4 21 01', 'W MM CC YY'), ('2458872', 'J'), ('44-02-01 BC', 'YYYY-MM-DD BC'), ('1985 FMMonth 12', 'YYYY "FMMonth" DD'), ('2015 365', 'YYYY DDD')) v(t, f);
-- Texts that do not fit their templates.
select to_timestamp('97/Feb/16', 'YYMonDD');
select to_timestamp('19971', 'YYYYMMDD');
select to_timestamp('2005-10-26', 'YYYY-IW-ID-DD');
select to_timestamp('199711xy', 'YYYYMMDD');
select to_timestamp('10000000000', 'FMYYYY');
select to_timestamp('2015-02-29', 'YYYY-MM-DD');
select to_timestamp('2015-02-11 25', 'YYYY-MM-DD HH24');
select to_timestamp('15', 'HH12');
select to_timestamp('2011-12-18 11:38 JUNK', 'YYYY-MM-DD HH12:MI TZ');
select to_date('1999 2000', 'YYYY YYYY');
select to_date('300', 'DDD');
-- Templates in a path.
select jsonb_path_query('"10-03-2017T12:34:56 +05:20"', '$.datetime("dd-mm-yyyy\"T\"HH24:MI:SS TZH:TZM")');
select jsonb_path_query('["10-03-2017", "12:34"]', '$[0].datetime("dd-mm-yyyy").type()');
select jsonb_path_query('"10-03-2017 12:34"', '$.datetime("dd-mm-yyyy")');
select jsonb_path_query('"10-03-2017"', '$.datetime("dd-mm-yyyy HH24")');
select jsonb_path_query('"12:34"', '$.datetime("aaa")');
