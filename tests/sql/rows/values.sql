-- A row is written with its fields between commas, quoted where needed; rows may hold rows.
SELECT ROW(1, 'a b', NULL, ROW(2, '"')) AS r, ROW() AS nothing, (1, 2) AS implicit;
-- IS NULL looks at the fields, not into fields that are rows.
SELECT ROW(NULL, NULL) IS NULL AS a, ROW(1, NULL) IS NULL AS b, ROW(1, NULL) IS NOT NULL AS c, ROW(ROW(NULL), NULL) IS NULL AS d;
-- Every table has a row type of its name.
CREATE TABLE point_of_sale (id int, name text, price numeric);
INSERT INTO point_of_sale VALUES (1, 'x', 1.50), (2, NULL, 2.5), (3, 'z', NULL);
SELECT p FROM point_of_sale p ORDER BY p DESC;
SELECT (p).name, (p).* FROM point_of_sale p ORDER BY 2;
-- Columns and arrays of a row type; fields and elements are assigned one by one.
CREATE TABLE ledger (id int, entry point_of_sale, entries point_of_sale[]);
INSERT INTO ledger VALUES (1, ROW(1, 'a', 2.0), ARRAY[ROW(1, 'b', 3)::point_of_sale]);
INSERT INTO ledger (id, entry.id, entry.name) VALUES (2, 5, 'five');
UPDATE ledger SET entry.price = 9.99, entry.id = 77, entries[2] = ROW(5, 'q', 1), entries[4].name = 'deep' WHERE id = 1;
SELECT id, entry, (entry).price, entries, (entries[1]).name FROM ledger ORDER BY id;
-- What cannot be a row.
SELECT '(1,2)'::point_of_sale;
SELECT '(1,2,3,4)'::point_of_sale;
SELECT '(1,2,3'::point_of_sale;
SELECT '(1,2,3) x'::point_of_sale;
SELECT '1,2,3'::point_of_sale;
SELECT '(x,2,3)'::point_of_sale;
SELECT ROW(1, 2)::point_of_sale;
-- Rows are compared, grouped and indexed field by field.
SELECT DISTINCT p FROM (SELECT p FROM point_of_sale p UNION ALL SELECT p FROM point_of_sale p) AS x ORDER BY 1;
SELECT max(p), min(p) FROM point_of_sale p;
CREATE UNIQUE INDEX ON ledger (entry);
INSERT INTO ledger (id, entry) VALUES (3, ROW(5, 'five', NULL));
SELECT ROW(1, 2) < ROW(1, 3) AS a, ROW(1, 2) IN (SELECT 1, 2) AS b, ROW(1, NULL) IS NOT DISTINCT FROM ROW(1, NULL) AS c, (1, 2) >= (SELECT 1, 3) AS d;
SELECT id FROM point_of_sale p WHERE (p.id, p.name) < (SELECT q.id + 0, 'y' FROM point_of_sale q WHERE q.id = p.id) ORDER BY 1;
SELECT record_eq(ROW(1, 2), ROW(1, 2, 3));
SELECT record_eq(ROW(1, 2), ROW(1, 'x'::text));
-- An attribute that is added reads as null, one that is dropped is gone.
ALTER TABLE point_of_sale ADD COLUMN note text;
SELECT entry FROM ledger ORDER BY id;
ALTER TABLE point_of_sale DROP COLUMN name;
SELECT entry, (entry).* FROM ledger ORDER BY id;
-- Functions that give rows stand in FROM and in the select list.
SELECT x FROM unnest(ARRAY[ROW(1, 2.0, 'n')::point_of_sale, NULL]) AS x;
SELECT * FROM unnest(ARRAY[ROW(1, 2.0, 'n')::point_of_sale]) WITH ORDINALITY;
SELECT (unnest(ARRAY[ROW(1, 2.0, 'n')::point_of_sale])).*;
SELECT * FROM unnest(ARRAY[ROW(1, 'a'::text), ROW(2, 'b'::text)]) AS (n int, t text);
SELECT * FROM unnest(ARRAY[ROW(1, 'a'::text)]) AS (n int, t int);
SELECT * FROM unnest(ARRAY[ROW(1, 'a'::text)]) AS (n int);
-- The columns of a subquery are the names of its rows' fields.
SELECT q, (q).b, ARRAY[q] FROM (SELECT 1 AS a, 2 AS b) AS q;
