-- Rows made of JSON.
create table r (a text, b int, c timestamp, d int[], j json);
select * from json_populate_record(null::r, '{"a": "x", "b": 43, "d": [[1, 2], [3, null]], "j": {"z":  4}, "other": 1}');
select json_populate_record(row('x', 3, null, null, null)::r, '{"a": [1, true]}');
select * from jsonb_populate_recordset(null::r, '[{"a": [1, 2], "b": "5"}, {"c": "2012-12-31"}, {}]');
select json_populate_record(row(1, 2), '{"f1": 0, "f2": 1}'), (jsonb_populate_record(null::r, '{"a": "q"}')).a;
-- What does not fit.
select * from json_populate_record(null::r, '{"d": [[1], 2]}');
select * from json_populate_record(null::r, '{"d": [[1], [2, 3]]}');
select * from json_populate_record(null::r, '{"d": 3}');
select * from jsonb_populate_record(null::r, '[1]');
select * from jsonb_populate_recordset(null::r, '[1]');
-- And JSON made of rows.
insert into r values ('x', 1, '2001-02-03 04:05', '{1,2}', '[1, 2]');
select row_to_json(r), to_jsonb(r) from r;
select json_agg(q), jsonb_agg(q) from (select b as one, a as two from r) q;
drop table r;
-- Sums of intervals.
select sum(i), avg(i) from (values ('1 mon'::interval), ('2 days 03:00'), (null)) v(i);
