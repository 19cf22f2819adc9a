-- Paths are shown in a canonical form.
select '$.a[0 to 2, last].*.**{1 to last}?(@.b > 1 && (@ like_regex "^x" flag "i" || exists (@.c)))'::jsonpath;
select 'strict $.a + -1.5e1 * ($x).size()'::jsonpath, '$.datetime().type()'::jsonpath;
select '$.a ? (@ > )'::jsonpath;
select '@.a'::jsonpath;
-- Lax mode unwraps arrays and forgives; strict mode does not.
select jsonb_path_query('[{"a": 1}, {"a": [2, 3]}, {"b": 4}]', '$.a[*]');
select jsonb_path_query('[{"a": 1}, {"b": 4}]', 'strict $[*].a');
select jsonb_path_query('{"a": 1}', 'strict $.b', silent => true);
select jsonb_path_query('{"a": {"b": [1, {"c": 2}]}}', '$.**');
-- Filters and variables.
select jsonb_path_query_array('[1, 5, "x", null, 7]', '$[*] ? (@ > $least)', '{"least": 4}');
select jsonb_path_query_array('["abc", "Abd", "x"]', '$[*] ? (@ like_regex "^ab" flag "i")'), jsonb_path_query_array('["abc", "x"]', '$[*] ? (@ starts with "a")');
select jsonb_path_query('1', '$ > $nothing');
select '{"a": [1, 2]}'::jsonb @? '$.a[*] ? (@ == 2)', '{"a": [1, 2]}'::jsonb @@ '$.a[*] > 1', jsonb_path_match('{"a": 1}', '$.a');
select jsonb_path_exists('{"a": 1}', '$.a ? (@ is unknown)');
select jsonb_path_query_first('[3, 4]', '$[last]'), jsonb_path_query_first('{}', '$.a');
-- Arithmetic and methods.
select jsonb_path_query('[2, 7]', '$[0] * 3 + $[1] % 4 - -1'), jsonb_path_query('{"a": 0}', '1 / $.a', silent => true);
select jsonb_path_query('{"a": 0}', '1 / $.a');
select jsonb_path_query('[-1.5, "2.5", true, null, {"k": [1]}]', '$[*].type()');
select jsonb_path_query('["1.7", -2.2]', '$[*].double()'), jsonb_path_query('-2.2', '$.floor()'), jsonb_path_query('12.345', '$.decimal(4, 1)');
select jsonb_path_query('{"b": 1, "a": {"x": null}}', '$.keyvalue()');
select jsonb_path_query('"x"', '$.integer()');
-- Dates and times.
select jsonb_path_query('["2023-08-15", "12:34:56", "2023-08-15 12:34:56.5 +05:30"]', '$[*].datetime()');
select jsonb_path_query_array('["2023-08-15", "2023-08-16"]', '$[*].date() ? (@ > "2023-08-15".date())');
select jsonb_path_query('"2023-08-15 12:34:56"', '$.timestamp_tz()');
select jsonb_path_query('"2023-13-15"', '$.date()');
