-- What ANALYZE finds out about columns, and how many rows the planner expects by it.
-- All rows are in the sample, so nothing depends on chance.
create table facts (id int primary key, name text, kind int, score float8, sparse int, word varchar(10), at timestamp, flag bool);
insert into facts select g, 'name' || (g % 37), g % 10, g / 7.0, case when g % 4 = 0 then null else (g * g) % 1000 end,
  repeat('x', g % 5), timestamp '2020-01-01' + g * interval '1 hour', g % 3 = 0 from generate_series(1, 10000) g;
analyze facts;
select reltuples from pg_class where relname in ('facts', 'facts_pkey') order by relname;
-- Null fraction, width, distinct values; which kinds of statistics there are, by which operators.
select staattnum, stanullfrac, stawidth, stadistinct, stakind1, stakind2, stakind3, staop1, staop2, staop3, stacoll1
  from pg_statistic where starelid = 'facts'::regclass order by staattnum;
-- Most common values with their frequencies; bounds of histograms.
select staattnum, stanumbers1::text, stavalues1::text from pg_statistic
  where starelid = 'facts'::regclass and staattnum in (3, 6, 8) order by staattnum;
select stavalues2::text from pg_statistic where starelid = 'facts'::regclass and staattnum = 5;
select stavalues1::text from pg_statistic where starelid = 'facts'::regclass and staattnum = 1;
