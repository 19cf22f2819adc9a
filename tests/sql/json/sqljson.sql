-- Constructors.
select json('{ "a" : 1 } '), json(null), json('1'::jsonb), json_scalar(1.50), json_scalar('a'), json_scalar(date '2020-01-02'), json_scalar(null::int), json_serialize('{"a":1}' returning bytea), json_serialize('[1]');
select json('{"a": 1, "a": 2}' with unique keys);
select json(123);
select json_object('a': 1, 'b' value null, 'c': '[1]' format json), json_object('a': 1, 'b': null absent on null returning jsonb), json_object('x': json_object('y': 2) returning text), json_object(), json_object('j': jsonb '[1, 2]');
select json_object('a': 1, 'a': 2 with unique keys);
select json_object(null: 1);
select json_object('a': 1 format json);
select json_array(1, null, 'x', array[1, 2]), json_array(1, null null on null returning jsonb), json_array('{"a":1}' format json), json_array(select g from generate_series(1, 3) g order by g desc);
select json_array(select 1, 2);
-- Aggregates.
select json_arrayagg(v null on null returning jsonb), json_objectagg(k: v), json_objectagg(k: v absent on null returning jsonb), json_arrayagg(v) filter (where v > 1) from (values ('a', 1), ('b', null), ('c', 3)) t(k, v);
select json_arrayagg(v order by v desc) from (values ('a', 1), ('b', null), ('c', 3)) t(k, v);
select json_objectagg(k: 1 with unique keys) from (values ('a'), ('a')) t(k);
select k, json_arrayagg(k) over (order by k) from (values (1), (2)) t(k);
-- IS JSON.
select t, t is json, t is json object, t is json array, t is json scalar, t is json with unique keys, t is not json from unnest(array['1', '{"a": 1, "a": 2}', '[]', 'x', '{"a": [{"b": 1}]}']) t;
select 1 is json;
-- JSON_EXISTS and JSON_VALUE.
select json_exists(jsonb '{"a": [1, 2]}', '$.a[*] ? (@ > $x)' passing 1 as x), json_exists('{"a": 1}', 'strict $.b'), json_exists(null, '$');
select json_exists(jsonb '1', 'strict $.a' error on error);
select json_value(jsonb '{"a": "12"}', '$.a' returning int), json_value(jsonb '{"a": true}', '$.a'), json_value(jsonb '{}', '$.a' default 'none' on empty), json_value(jsonb '["x"]', '$[0]' returning int default -1 on error), json_value('[1,2]', '$'), json_value(jsonb '"2020-01-02"', '$' returning date);
select json_value(jsonb '[1, 2]', '$[*]' error on error);
select json_value(jsonb '{}', '$.a' error on empty);
select json_value(jsonb '"a"', '$' returning int error on error);
select json_value(jsonb '1', '$' returning text format json);
select json_value(jsonb 'null', '$t' passing timestamptz '2020-01-02 03:04:05+00' as t returning timestamptz) = '2020-01-02 03:04:05+00';
-- JSON_QUERY.
select json_query(jsonb '[1, 2]', '$[*]' with wrapper), json_query(jsonb '[1]', '$[*]' with conditional wrapper), json_query(jsonb '"a"', '$' returning text omit quotes), json_query(jsonb '"a"', '$' returning text), json_query(jsonb '[1, 2]', '$' returning int[]), json_query(jsonb '{}', '$.a' empty array on empty), json_query(jsonb '{}', '$.a' default '{"d": 1}' on empty);
select json_query(jsonb '[1, 2]', '$[*]' error on error);
select json_query(jsonb '[1]', '$' with wrapper omit quotes);
select json_query(jsonb '1', '$' true on error);
select json_query(jsonb '1', '$' returning int default (select 1) on error);
create domain small as int check (value < 10);
select json_value(jsonb '5', '$' returning small), json_value(jsonb '50', '$' returning small);
select json_value(jsonb '50', '$' returning small error on error);
select json_value(jsonb '{}', '$.a' returning small default 50 on empty);
-- JSON_TABLE.
select * from json_table(jsonb '[{"a": 1, "b": ["x", "y"]}, {"a": 2, "b": []}, {"b": ["z"], "c": [true]}]', '$[*]' columns (n for ordinality, a int default -1 on empty, has_c bool exists path '$.c', js jsonb path '$.b', nested path '$.b[*]' columns (bn for ordinality, b text path '$'), nested path '$.c[*]' columns (c bool path '$'))) t;
select * from json_table('[]', 'strict $.a' columns (a int) error on error);
select * from json_table('[]', 'strict $.a' columns (a int));
select g, t.* from generate_series(1, 2) g, json_table(jsonb '[1, 2, 3]', '$[*] ? (@ > $g)' passing g as g columns (v int path '$')) t;
select * from json_table(jsonb '1', '$' columns (a int, a text));
-- As they are printed.
create view v as select json_object('a': 1, 'b': x::text format json absent on null returning jsonb) o, json_array(1, 2 null on null) a, json_scalar(1) s, x::text is not json array as t, json_value(x, '$.a' returning int default 5 on empty error on error) p, json_query(x, '$.b' with wrapper) q, json_exists(x, '$.c' passing 1 as "V") e from (values (jsonb '{}')) f(x);
select pg_get_viewdef('v', true);
select * from v;
create view w as select * from json_table(jsonb '[1]', '$[*]' passing 1 + 2 as k columns (n for ordinality, v int path '$' null on error, j text format json path '$', nested path '$[*]' as deeper columns (d jsonb path '$' omit quotes))) t;
select pg_get_viewdef('w', true);
select * from w;
create view x as select json_objectagg(k: v with unique keys returning text) as o, json_arrayagg(v order by k null on null) as a from (values ('a', 1)) t(k, v);
select pg_get_viewdef('x');
select * from x;
-- Rows of columns that are listed.
select * from json_to_record('{"a": 1, "b": [1, 2], "c": {"x": "y"}, "d": "long"}') as t(a int, b int[], c jsonb, d varchar(2));
select * from json_to_record('{"a": 1, "b": [1, 2], "c": {"x": "y"}}') as t(a int, b int[], c jsonb, d text);
select * from jsonb_to_recordset('[{"a": 1}, {"b": "x"}]') as t(a int, b text);
select * from json_populate_recordset(null::record, '[{"a": 1}, {"b": "x"}]') as t(a int, b text);
select * from rows from (jsonb_to_record('{"a": 1}') as (a int), json_to_recordset('[{"b": 2}, {"b": 3}]') as (b int)) with ordinality as t(x, y, n);
select json_populate_record(null::record, '{"a": 1}');
select * from json_to_record('[1]') as t(a int);
