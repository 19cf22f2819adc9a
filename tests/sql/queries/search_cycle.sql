-- A graph without cycles.
CREATE TABLE arcs (f int, t int, label text);
INSERT INTO arcs VALUES (1, 2, 'arc 1 -> 2'), (1, 3, 'arc 1 -> 3'), (2, 3, 'arc 2 -> 3'), (1, 4, 'arc 1 -> 4'), (4, 5, 'arc 4 -> 5');
-- Depth first: the path to each row.
WITH RECURSIVE ways (f, t, label) AS (
  SELECT * FROM arcs a UNION ALL SELECT a.* FROM arcs a, ways w WHERE a.f = w.t
) SEARCH DEPTH FIRST BY f, t SET seq SELECT * FROM ways ORDER BY seq;
-- Breadth first: the round, then the columns.
WITH RECURSIVE ways (f, t, label) AS (
  SELECT * FROM arcs a UNION SELECT a.* FROM arcs a, ways w WHERE a.f = w.t
) SEARCH BREADTH FIRST BY f, t SET seq SELECT * FROM ways ORDER BY seq;
-- It is a row with names.
WITH RECURSIVE n AS (SELECT 1 AS x UNION ALL SELECT x + 1 FROM n WHERE x < 4)
SEARCH BREADTH FIRST BY x SET y SELECT x, row_to_json(y) FROM n;
-- A star shows the added column only next to the clause.
WITH RECURSIVE n AS (SELECT 1 AS x UNION ALL SELECT x + 1 FROM n WHERE x < 3)
SEARCH DEPTH FIRST BY x SET y SELECT * FROM (SELECT * FROM n) AS q;
WITH RECURSIVE n AS (SELECT 1 AS x UNION ALL SELECT n.* FROM n WHERE cardinality(y) < 3)
SEARCH DEPTH FIRST BY x SET y SELECT * FROM n;
-- With a cycle, the search ends at the row that closes it.
INSERT INTO arcs VALUES (5, 1, 'arc 5 -> 1');
WITH RECURSIVE ways (f, t, label) AS (
  SELECT * FROM arcs a WHERE f = 1 UNION ALL SELECT a.* FROM arcs a, ways w WHERE a.f = w.t
) CYCLE f, t SET is_cycle USING path SELECT * FROM ways ORDER BY path;
WITH RECURSIVE ways (f, t, label) AS (
  SELECT * FROM arcs a WHERE f = 1 UNION SELECT a.* FROM arcs a, ways w WHERE a.f = w.t
) SEARCH DEPTH FIRST BY t SET seq CYCLE f, t SET is_cycle TO 'Y' DEFAULT 'N' USING path
SELECT f, t, seq, is_cycle, path FROM ways ORDER BY seq;
-- Marks of any type that has an inequality; true may be the default.
WITH RECURSIVE n AS (SELECT true AS x, 1 AS n UNION ALL SELECT NOT x, n + 1 FROM n WHERE n < 5)
CYCLE x SET c TO false DEFAULT true USING p SELECT * FROM n;
WITH RECURSIVE n AS (SELECT 1 AS x UNION ALL SELECT x % 3 + 1 FROM n)
CYCLE x SET c TO 1 DEFAULT 2.5 USING p SELECT *, pg_typeof(c) FROM n;
-- Once per row of another table.
SELECT v.a, q.* FROM (VALUES (3), (4)) AS v (a), LATERAL (
  WITH RECURSIVE x (col) AS (SELECT a UNION ALL SELECT col + a FROM x WHERE col < 10)
  SEARCH BREADTH FIRST BY col SET seq CYCLE col SET c USING p SELECT * FROM x) AS q;
-- DISTINCT and VALUES.
WITH RECURSIVE n AS (VALUES (1, 2) UNION ALL SELECT DISTINCT column1 + 1, 3 FROM n WHERE column1 < 3)
SEARCH DEPTH FIRST BY column1 SET y SELECT * FROM n;
-- Views keep the clauses.
CREATE VIEW found AS WITH RECURSIVE ways (f, t, label) AS (
  SELECT * FROM arcs a WHERE f = 1 UNION ALL SELECT a.* FROM arcs a, ways w WHERE a.f = w.t
) SEARCH BREADTH FIRST BY f, "label" SET "Seq" CYCLE f, t SET is_cycle USING path SELECT f, t, is_cycle FROM ways;
CREATE VIEW marked AS WITH RECURSIVE ways (f, t, label) AS (
  SELECT * FROM arcs a WHERE f = 1 UNION ALL SELECT a.* FROM arcs a, ways w WHERE a.f = w.t
) CYCLE f, t SET mark TO 'Y' DEFAULT 'N' USING path SELECT f, t, mark FROM ways;
SELECT pg_get_viewdef('found');
SELECT pg_get_viewdef('marked', true);
SELECT count(*) FROM found WHERE is_cycle;
SELECT count(*) FROM marked WHERE mark = 'Y';
-- What is wrong with a clause.
WITH n AS (SELECT 1 AS x) SEARCH DEPTH FIRST BY x SET y SELECT * FROM n;
WITH RECURSIVE n AS (SELECT 1 AS x UNION SELECT 2) CYCLE x SET y USING w SELECT * FROM n;
WITH RECURSIVE n AS (SELECT 1 AS x UNION ALL SELECT x FROM n) SEARCH DEPTH FIRST BY k SET y SELECT * FROM n;
WITH RECURSIVE n AS (SELECT 1 AS x UNION ALL SELECT x FROM n) SEARCH DEPTH FIRST BY x, x SET y SELECT * FROM n;
WITH RECURSIVE n AS (SELECT 1 AS x UNION ALL SELECT 1 FROM n) SEARCH DEPTH FIRST BY x SET x SELECT * FROM n;
WITH RECURSIVE n AS (SELECT 1 AS x UNION ALL SELECT x FROM n) CYCLE x, k SET c USING p SELECT * FROM n;
WITH RECURSIVE n AS (SELECT 1 AS x UNION ALL SELECT x FROM n) CYCLE x SET c USING c SELECT * FROM n;
WITH RECURSIVE n AS (SELECT 1 AS x UNION ALL SELECT 1 FROM n) CYCLE x SET c USING x SELECT * FROM n;
WITH RECURSIVE n AS (SELECT 1 AS x UNION ALL SELECT 1 FROM n) SEARCH DEPTH FIRST BY x SET c CYCLE x SET c USING p SELECT * FROM n;
WITH RECURSIVE n AS (SELECT 1 AS x UNION ALL SELECT z FROM n) CYCLE x SET c TO true DEFAULT 55 USING p SELECT * FROM n;
WITH RECURSIVE n AS (SELECT 1 AS x UNION ALL SELECT z FROM n) CYCLE x SET c TO point '(1,1)' DEFAULT point '(2,2)' USING p SELECT * FROM n;
WITH RECURSIVE n AS (SELECT 1 AS x UNION ALL SELECT 2 UNION ALL SELECT x FROM n) SEARCH DEPTH FIRST BY k SET y SELECT * FROM n;
WITH RECURSIVE n AS (SELECT 1 AS x UNION (WITH n AS (SELECT * FROM n) SELECT * FROM n)) SEARCH DEPTH FIRST BY x SET y SELECT * FROM n;
WITH RECURSIVE n (a, b) AS (SELECT 1 UNION ALL SELECT c FROM n) SEARCH DEPTH FIRST BY a SET y SELECT * FROM n;
CREATE VIEW failed AS WITH RECURSIVE n AS (SELECT 1 AS x UNION ALL SELECT x FROM n) SEARCH DEPTH FIRST BY x SET y SELECT * FROM n;
DROP TABLE arcs CASCADE;
