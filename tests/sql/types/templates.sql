-- Dates and times by a template.
select to_char('1997-02-10 17:32:01.5'::timestamp, 'DAY Day day DY MONTH Month mon RM rm'), to_char('1997-02-10 17:32:01.5'::timestamp, 'FMDay FMMonth FMRM');
select to_char('1997-02-10 17:32:01.5'::timestamp, 'Y,YYY YYYY YYY YY Y CC Q MM WW DDD DD D J'), to_char('1997-02-10'::timestamp, 'IYYY IYY IW IDDD ID');
select to_char('1997-02-10 17:32:01.56789'::timestamp, 'HH HH12 HH24 MI SS SSSS MS US FF1 FF4 A.M. pm'), to_char('1997-02-01'::timestamp, 'DDth FMDDth YYYYTH');
select to_char('1997-02-10 17:32:01'::timestamp, '"HH is" HH24 \"quoted\" "a\"b" text'), to_char('0044-03-15 BC'::timestamp, 'YYYY BC b.c. YYY');
select to_char('infinity'::timestamp, 'YYYY') is null, to_char('1997-02-10'::timestamp, '') is null;
set timezone = 'America/New_York';
select to_char('2012-12-12 12:00+00'::timestamptz, 'YYYY-MM-DD HH24:MI TZ tz TZH:TZM OF');
set timezone = 5.5;
select to_char('2012-12-12 12:00+00'::timestamptz, 'HH24:MI TZH:TZM OF'), current_setting('timezone');
reset timezone;
select to_char('1 year 2 mons 3 days 25:06:07.8'::interval, 'YYYY MM DD HH24 HH12 MI SS MS Q RM'), to_char('-1 days'::interval, 'DD');
select to_char('1 day'::interval, 'Month');
