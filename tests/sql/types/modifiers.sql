-- What modifiers add to the names of types.
select numerictypmodout(655366), bpchartypmodout(10), varchartypmodout(-1), bittypmodout(3), varbittypmodout(5), timetypmodout(3), timetztypmodout(-1), timestamptypmodout(3), timestamptztypmodout(0);
select intervaltypmodout(-1), intervaltypmodout(2147418115), intervaltypmodout(201392127), intervaltypmodout(469762051);
select oidvectortypes('23 25 1009');
-- Functions that are parts of others, called by name.
select int8_sum(null, 2), int8_sum(1.5, 2), gist_translate_cmptype_common(3), gist_translate_cmptype_common(7), btequalimage(0);
select aclinsert('{}', 'postgres=r/postgres');
-- SET LOCAL in a function is quiet, and ends with it.
create function quiet() returns text language plpgsql as $$ begin set local work_mem = '1MB'; return current_setting('work_mem'); end $$;
select quiet();
set local work_mem = '1MB';
