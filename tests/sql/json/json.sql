-- A json value is its text.
select '{"b" : 1,  "a": [true], "b": 2}'::json, ' [1] '::json;
select '{"a":1:2}'::json;
select '[1, 01]'::json;
-- Parts of values; of equal keys the last one counts.
select j -> 'a', j ->> 'b', j #> '{c,1}', j #>> '{c,1,d}', j -> 'c' -> -1
from (values ('{"a": {"x":  1}, "b": 1, "b": "\u00e9", "c": [0, {"d": "y"}]}'::json)) v(j);
select json_typeof('[1]'), json_array_length('[1, [2]]'), json_strip_nulls('{"a": null, "b": [null, 1]}');
select json_array_length('{}');
select * from json_each('{"a": [1, 2], "b": null}');
select * from json_each_text('{"a": [1, 2], "b": null}');
select json_array_elements('[1, {"a": 2}]'), json_object_keys('{"z": 1, "y": 2}');
-- Values made of SQL's.
select to_json(1.50), to_json('a"b'::text), array_to_json(array[[1, 2], [3, null]]), array_to_json(array[1, 2], true);
select json_build_object('a', 1, 'b', array['x'], 'c', '[1]'::jsonb), json_build_array(1, null, true);
select json_object('{a,1,b,null}'), json_object('{a,b}', '{1,2}');
select json_object('{a,b,c}');
select json_agg(x), json_object_agg(x, x * x) from generate_series(1, 3) x;
select json_object_agg_unique(x % 2, x) from generate_series(1, 3) x;
