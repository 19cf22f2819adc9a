-- What stands behind a recursive UNION is refused before what the query reads of itself.
WITH RECURSIVE x (n) AS (SELECT n FROM x UNION SELECT 1 ORDER BY 1) SELECT * FROM x;
WITH RECURSIVE x (n) AS (SELECT 1 UNION SELECT 2 LIMIT (SELECT n FROM x)) SELECT * FROM x;
-- An aggregate of an outer query cannot read a WITH query of an inner one.
SELECT (WITH c (x, y) AS (SELECT 1, 2) SELECT count((SELECT v.f FROM c))) FROM (VALUES (1)) AS v (f);
SELECT (SELECT count((WITH c AS (SELECT v.f) SELECT * FROM c))) FROM (VALUES (1)) AS v (f);
-- The name of a WITH query is no table to be changed.
CREATE TABLE things (a int);
WITH nowhere AS (SELECT 42) INSERT INTO nowhere VALUES (1);
WITH things AS (SELECT 42 AS a) INSERT INTO things SELECT a FROM things;
WITH things AS (SELECT 1 AS b) UPDATE things SET a = a + 1;
SELECT * FROM things;
-- Where data-modifying statements cannot stand.
WITH RECURSIVE w AS (SELECT 1 AS a) MERGE INTO things USING w ON true WHEN MATCHED THEN DELETE;
INSERT INTO things WITH w AS (INSERT INTO things VALUES (1) RETURNING *) SELECT * FROM w;
BEGIN;
DECLARE c CURSOR FOR WITH w AS (INSERT INTO things VALUES (1) RETURNING *) SELECT * FROM w;
ROLLBACK;
CREATE VIEW v AS WITH w AS (INSERT INTO things VALUES (1) RETURNING *) SELECT * FROM w;
-- And where they can.
PREPARE p AS WITH w AS (INSERT INTO things VALUES (7) RETURNING *) SELECT * FROM w;
EXECUTE p;
CREATE TABLE made AS WITH w AS (DELETE FROM things WHERE a = 7 RETURNING *) SELECT * FROM w;
SELECT * FROM made;
DROP TABLE made, things;
