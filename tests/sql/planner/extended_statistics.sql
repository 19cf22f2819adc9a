-- Rows that a query is expected to give, as EXPLAIN says.
CREATE FUNCTION rows_of(query text) RETURNS int LANGUAGE plpgsql AS $$
DECLARE line text;
BEGIN
  EXECUTE 'EXPLAIN ' || query INTO line;
  RETURN (regexp_match(line, 'rows=(\d+)'))[1];
END $$;
CREATE TABLE t (a int, b int, c text, d int, e boolean) WITH (autovacuum_enabled = off);
INSERT INTO t SELECT i % 100, i % 50, 'v' || i % 25, i % 7, i % 50 < 10 FROM generate_series(1, 10000) i;
INSERT INTO t SELECT 1000, NULL, NULL, i, NULL FROM generate_series(1, 500) i;
ANALYZE t;
-- Without statistics objects columns are taken to be independent.
SELECT rows_of('SELECT * FROM t WHERE a = 1 AND b = 1'), rows_of('SELECT * FROM t WHERE a = 1 AND b = 1 AND c = ''v1''');
SELECT rows_of('SELECT a, b FROM t GROUP BY a, b'), rows_of('SELECT a + 1 FROM t GROUP BY a + 1'), rows_of('SELECT FROM t WHERE a * 2 = 4');
-- How many combinations there are.
CREATE STATISTICS t_distinct (ndistinct) ON a, b, c, (a + 1) FROM t;
ANALYZE t;
SELECT rows_of('SELECT FROM t GROUP BY a, b'), rows_of('SELECT FROM t GROUP BY b, a, c'), rows_of('SELECT FROM t GROUP BY a, b, d'), rows_of('SELECT FROM t GROUP BY a + 1, b'), rows_of('SELECT FROM t GROUP BY c, d'), rows_of('SELECT DISTINCT a, b, c FROM t');
-- Of some of the rows.
SELECT rows_of('SELECT FROM t WHERE d = 3 GROUP BY a, b'), rows_of('SELECT FROM t WHERE a < 10 GROUP BY a, b, c');
DROP STATISTICS t_distinct;
-- What determines what.
CREATE STATISTICS t_dependencies (dependencies) ON a, b, c, e FROM t;
ANALYZE t;
SELECT rows_of('SELECT FROM t WHERE a = 1 AND b = 1'), rows_of('SELECT FROM t WHERE a = 1 AND b = 1 AND c = ''v1'''), rows_of('SELECT FROM t WHERE b = 1 AND c = ''v1'''), rows_of('SELECT FROM t WHERE a = 1 AND b = 1 AND d = 1');
SELECT rows_of('SELECT FROM t WHERE a IN (1, 51) AND b = 1'), rows_of('SELECT FROM t WHERE (a = 1 OR a = 51) AND b IN (1, 2)'), rows_of('SELECT FROM t WHERE b = 1 AND e'), rows_of('SELECT FROM t WHERE b = 1 AND NOT e'), rows_of('SELECT FROM t WHERE a = 1 AND b < 5');
DROP STATISTICS t_dependencies;
-- The most common combinations.
CREATE STATISTICS t_common (mcv) ON a, b, c, e, (a * 2) FROM t;
ANALYZE t;
SELECT rows_of('SELECT FROM t WHERE a = 1 AND b = 1'), rows_of('SELECT FROM t WHERE a = 1 AND b = 2'), rows_of('SELECT FROM t WHERE a < 10 AND b >= 5'), rows_of('SELECT FROM t WHERE a <> 1 AND b = 1');
SELECT rows_of('SELECT FROM t WHERE a = 1000 AND b IS NULL'), rows_of('SELECT FROM t WHERE a = 1000 AND c IS NOT NULL'), rows_of('SELECT FROM t WHERE b IS NULL AND c IS NULL AND e IS NULL');
SELECT rows_of('SELECT FROM t WHERE a IN (1, 2, 3) AND b IN (1, 2)'), rows_of('SELECT FROM t WHERE a = 1 OR b = 1'), rows_of('SELECT FROM t WHERE NOT (a = 1 OR b = 1)'), rows_of('SELECT FROM t WHERE (a = 1 OR b = 2) AND c = ''v1'''), rows_of('SELECT FROM t WHERE e AND b = 3'), rows_of('SELECT FROM t WHERE NOT e AND b = 3');
SELECT rows_of('SELECT FROM t WHERE a * 2 = 4 AND b = 2'), rows_of('SELECT FROM t WHERE a * 2 = 4'), rows_of('SELECT FROM t WHERE 4 = a * 2 AND 3 < b'), rows_of('SELECT FROM t WHERE a = 1 AND b = ANY (NULL::int[])');
-- Of prepared statements' parameters nothing is known.
PREPARE q(int, int) AS SELECT FROM t WHERE a = $1 AND b = $2;
SET plan_cache_mode = force_custom_plan;
EXPLAIN (COSTS OFF) EXECUTE q(1, 1);
SELECT rows_of('EXECUTE q(1, 1)');
-- Statistics of an index's expressions serve as well.
CREATE INDEX t_length ON t ((d % 3));
ANALYZE t;
SELECT rows_of('SELECT FROM t WHERE d % 3 = 1'), rows_of('SELECT d % 3 FROM t GROUP BY d % 3');
-- A tree's own.
CREATE TABLE t1 () INHERITS (t);
INSERT INTO t1 SELECT i, i, 'w', 1, true FROM generate_series(1, 3000) i;
ANALYZE t;
SELECT rows_of('SELECT a FROM t GROUP BY a'), rows_of('SELECT a FROM ONLY t GROUP BY a'), rows_of('SELECT FROM t GROUP BY b, c');
DROP TABLE t CASCADE;
DROP FUNCTION rows_of;
