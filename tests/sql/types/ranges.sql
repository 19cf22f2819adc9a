-- Ranges of discrete types have one form for equal sets.
SELECT '(1,5]'::int4range, int4range(1, 5, '[]'), daterange('2000-01-01', '2000-01-31', '[]'), '[3,3)'::int4range, '(,)'::numrange;
SELECT numrange(1.10, 2.50), '["a,b",c)'::text, tsrange('2000-01-01', NULL);
SELECT '[2,1]'::int4range;
SELECT '[1,2'::int4range;
SELECT int4range(1, 2, 'xx');
-- What is asked of two ranges.
SELECT r, r && int4range(3, 6) AS overlaps, r @> 4 AS has_4, r <@ int4range(0, 9) AS within, r << int4range(7, 9) AS before, r -|- int4range(5, 7) AS touches, lower(r), upper(r), isempty(r) FROM (VALUES ('[1,5)'::int4range), ('[5,9)'), ('empty'), ('(,3]')) AS v (r) ORDER BY r;
SELECT int4range(1, 5) + int4range(4, 9), int4range(1, 5) * int4range(4, 9), int4range(1, 5) - int4range(4, 9), range_merge(int4range(1, 2), int4range(7, 9));
SELECT int4range(1, 2) + int4range(7, 9);
SELECT int4range(1, 9) - int4range(3, 4);
-- Multiranges are sets without such bounds.
SELECT '{[1,3), [3,5), empty, [9,9]}'::int4multirange, int4multirange(int4range(1, 9)) - int4multirange(int4range(3, 4)), range_merge('{[1,2),[7,8)}'::int4multirange);
SELECT m, m @> 7 AS has_7, m && int4range(2, 7) AS overlaps, m -|- int4range(3, 7) AS touches, lower(m), upper(m) FROM (VALUES ('{[1,3),[7,9)}'::int4multirange), ('{}')) AS v (m) ORDER BY m;
SELECT unnest('{[1,3),[7,9)}'::int4multirange);
SELECT range_agg(r), range_intersect_agg(r) FROM (VALUES ('[1,5)'::int4range), ('[4,7)'), (NULL), ('[3,6)')) AS v (r);
SELECT '{[1,2]'::int4multirange;
-- They are grouped, sorted and indexed.
CREATE TABLE booking (room int, during daterange PRIMARY KEY);
INSERT INTO booking VALUES (1, '[2024-01-01,2024-01-05)'), (2, '[2024-01-03,2024-01-04]'), (1, 'empty'), (3, '(,2024-01-01)');
INSERT INTO booking VALUES (4, '[2024-01-01,2024-01-04]');
SELECT * FROM booking ORDER BY during DESC;
SELECT room FROM booking WHERE during = '[2024-01-03,2024-01-05)';
-- A range type of one's own brings its multirange type and their constructors.
CREATE TYPE textrange AS RANGE (SUBTYPE = text, COLLATION = "C");
SELECT textrange('a', 'm') @> 'bob'::text, textmultirange(textrange('a', 'c'), textrange('b', 'f')), '["x y",z]'::textrange, ARRAY[textrange('a', 'b', '[]')];
CREATE TYPE textrange AS RANGE (SUBTYPE = text);
CREATE TYPE floatrange AS RANGE (SUBTYPE = float8, SUBTYPE_DIFF = float8mi, MULTIRANGE_TYPE_NAME = floats);
SELECT floats(floatrange(1.5, 2.5), floatrange(NULL, 0)), pg_typeof(floatrange(1, 2)::floats);
DROP TYPE floats;
DROP TYPE floatrange;
CREATE TYPE r AS RANGE (COLLATION = "C");
CREATE TYPE r AS RANGE (SUBTYPE = point);
