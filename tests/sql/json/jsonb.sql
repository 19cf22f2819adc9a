-- Values are shown with their keys in order, shorter ones first, and the last of equal keys.
select '{"bb": 1, "a": [true, null, 1.50], "c": {}, "a": "é\n"}'::jsonb, '"\u00e9\ud83d\ude04"'::jsonb;
-- What is no JSON.
select '{"a": 1, "b"}'::jsonb;
select '["\ud83d"]'::jsonb;
-- Parts of values.
select j -> 'a', j ->> 'a', j -> 'b' -> -1, j #> '{b,0}', j #>> '{b,1,c}', j['b'][1]['c']
from (values ('{"a": "x", "b": [1, {"c": null}, "z"]}'::jsonb)) v(j);
select '[1, 2]'::jsonb ? '1', '{"a": 1}'::jsonb ? 'a', '["a", "b"]'::jsonb ?| '{c,b}', '["a", "b"]'::jsonb ?& '{c,b}';
select '{"a": [1, {"b": 2, "c": 3}]}'::jsonb @> '{"a": [{"c": 3}]}', '[1, 2]'::jsonb @> '1', '1'::jsonb <@ '[[1]]';
-- Changes.
select '{"a": 1}'::jsonb || '{"b": 2, "a": 3}', '[1]'::jsonb || '2', '{"a": 1}'::jsonb || '[2]';
select '{"a": 1, "b": 2}'::jsonb - 'a', '["a", "b", "a"]'::jsonb - 'a', '[1, 2, 3]'::jsonb - -1, '{"a": [1, 2]}'::jsonb #- '{a,0}';
select jsonb_set('{"a": [1, 2]}', '{a,5}', '3'), jsonb_set('{"a": 1}', '{b}', '2', false), jsonb_insert('[1, 2]', '{1}', '"x"', true);
select jsonb_insert('{"a": 1}', '{a}', '2');
select jsonb_strip_nulls('{"a": null, "b": [null, {"c": null}]}'), jsonb_pretty('{"a": [1, {}], "b": []}');
-- Subscripts in assignments.
create table s (j jsonb);
insert into s values ('{"a": [1]}'), (null);
update s set j['a'][3] = '"x"', j['b']['c'] = '1';
select j from s;
update s set j['b']['c']['d'] = '1';
-- Order, and an index on it.
create table o (j jsonb primary key);
insert into o values ('{"a": 1}'), ('[1, 2]'), ('[]'), ('null'), ('"b"'), ('"a"'), ('10'), ('9.5'), ('true'), ('false'), ('{"a": 1, "b": 1}'), ('[3]');
select j from o order by j;
select j from o where j < '10' order by j desc;
insert into o values ('9.50');
select count(distinct j), max(j::text) from o;
-- Rows of parts.
select * from jsonb_each('{"a": 1, "b": {"c": null}}');
select * from jsonb_each_text('{"a": "x", "b": null}');
select jsonb_array_elements('[1, "b", [2]]'), jsonb_object_keys('{"z": 1, "y": 2}');
select jsonb_array_elements('{}');
-- Values made of SQL's.
select to_jsonb(1.50), to_jsonb('a"b'::text), to_jsonb(array[[1, 2], [3, null]]), to_jsonb('2014-05-28 12:22:35'::timestamp), to_jsonb('NaN'::float8);
select jsonb_build_object('a', 1, 'b', null, 'c', '[1]'::json), jsonb_build_array(1, 'x', true), jsonb_build_array(variadic array[1, 2]);
select jsonb_build_object(null, 1);
select jsonb_agg(x), jsonb_agg_strict(nullif(x, 2)), jsonb_object_agg(x, x * x) from generate_series(1, 3) x;
select jsonb_object_agg_unique(x % 2, x) from generate_series(1, 3) x;
-- Casts.
select '1.5'::jsonb::int, 'true'::jsonb::bool, 'null'::jsonb::int is null, '12345678901'::jsonb::bigint;
select '"x"'::jsonb::int;
drop table s, o;
