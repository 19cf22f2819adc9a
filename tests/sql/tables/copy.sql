-- COPY in and out, as text and as CSV.
create table t (a int, b text, c numeric);
copy t from stdin;
1	one	1.5
2	two words	\N
3	tab\there	-0.25
\.
copy t (b, a) from stdin with (format csv);
"quoted, with comma",4
plain,5
"say ""hi""",6
\.
copy t from stdin;
x	bad	1
\.
copy t from stdin;
1	missing
\.
copy t from stdin;
1	extra	2	3
\.
select * from t order by a;
copy t to stdout;
copy t to stdout with (format csv, header);
copy (select a, c from t where a < 3 order by a) to stdout with (delimiter '|', null 'nothing');
copy t (nope) to stdout;
copy missing to stdout;
truncate t;
select count(*) from t;
