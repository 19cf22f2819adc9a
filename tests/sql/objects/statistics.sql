-- Statistics objects: on columns, on expressions, under names of their own or made up.
CREATE TABLE t (a int, b int, c text, d xid, v int GENERATED ALWAYS AS (a + 1) VIRTUAL);
CREATE STATISTICS s ON b, a FROM t;
CREATE STATISTICS ON (a + b), c, (lower(c)) FROM t;
CREATE STATISTICS ON (a + b), c, (lower(c)) FROM t;
CREATE STATISTICS one (mcv, ndistinct, mcv) ON a, c FROM t;
CREATE STATISTICS alone ON (a * 2) FROM t;
CREATE STATISTICS IF NOT EXISTS s ON a, c FROM t;
SELECT stxname, stxkeys, stxkind, pg_get_statisticsobjdef(oid), pg_get_statisticsobjdef_columns(oid), pg_get_statisticsobjdef_expressions(oid) FROM pg_statistic_ext ORDER BY stxname;
-- What cannot be.
CREATE STATISTICS s ON a, b FROM t;
CREATE STATISTICS x ON a FROM t;
CREATE STATISTICS x ON a, a FROM t;
CREATE STATISTICS x ON (a + b), b, (a + b) FROM t;
CREATE STATISTICS x ON a, nothing FROM t;
CREATE STATISTICS x ON a, d FROM t;
CREATE STATISTICS x ON a, (d) FROM t;
CREATE STATISTICS x ON a, v FROM t;
CREATE STATISTICS x ON a, (v + 1) FROM t;
CREATE STATISTICS x ON a, ctid FROM t;
CREATE STATISTICS x ON a, (t IS NULL) FROM t;
CREATE STATISTICS x ON a, (NULL::xid) FROM t;
CREATE STATISTICS x ON a, (sum(b)) FROM t;
CREATE STATISTICS x ON a, ((SELECT 1)) FROM t;
CREATE STATISTICS x ON a, (generate_series(1, b)) FROM t;
CREATE STATISTICS x (histogram) ON a, b FROM t;
CREATE STATISTICS x (mcv) ON (a + b) FROM t;
CREATE STATISTICS x ON a, b FROM t, t;
CREATE STATISTICS x ON a FROM (SELECT 1) AS q(a);
CREATE STATISTICS x ON a, b, c, a, b, c, a, b, c FROM t;
CREATE STATISTICS x ON oid, relname FROM pg_class;
CREATE STATISTICS nowhere.x ON a, b FROM t;
CREATE VIEW w AS SELECT * FROM t;
CREATE STATISTICS x ON a, b FROM w;
-- Targets, names, comments.
ALTER STATISTICS s SET STATISTICS 20000;
ALTER STATISTICS s SET STATISTICS -2;
ALTER STATISTICS IF EXISTS nothing SET STATISTICS 5;
ALTER STATISTICS nothing SET STATISTICS 5;
ALTER STATISTICS one SET STATISTICS 0;
ALTER STATISTICS one RENAME TO two;
COMMENT ON STATISTICS two IS 'of two columns';
SELECT stxname, stxstattarget, obj_description(oid, 'pg_statistic_ext') FROM pg_statistic_ext ORDER BY stxname;
CREATE SCHEMA other;
ALTER STATISTICS two SET SCHEMA other;
SELECT pg_describe_object(tableoid, oid, 0) FROM pg_statistic_ext ORDER BY stxname;
-- A table like another takes them over, under names of its own.
CREATE TABLE l (LIKE t INCLUDING STATISTICS INCLUDING COMMENTS);
SELECT stxname, pg_get_statisticsobjdef_columns(oid), obj_description(oid, 'pg_statistic_ext') FROM pg_statistic_ext WHERE stxrelid = 'l'::regclass ORDER BY stxname;
-- A column of another type makes them anew; a dropped column drops them.
DROP VIEW w;
ALTER TABLE t ALTER a TYPE bigint;
SELECT stxname, pg_get_statisticsobjdef(oid) FROM pg_statistic_ext WHERE stxrelid = 't'::regclass ORDER BY stxname;
ALTER TABLE t DROP c;
SELECT stxname FROM pg_statistic_ext WHERE stxrelid = 't'::regclass ORDER BY stxname;
-- What ANALYZE finds.
CREATE TABLE m (a int, b int, c text);
INSERT INTO m SELECT i % 10, i % 5, CASE WHEN i % 4 > 0 THEN (i % 2)::text END FROM generate_series(1, 1000) i;
CREATE STATISTICS m_all ON a, b, c, (a + b) FROM m;
ANALYZE m;
SELECT stxdndistinct, stxddependencies FROM pg_statistic_ext_data d JOIN pg_statistic_ext s ON s.oid = d.stxoid WHERE stxname = 'm_all';
SELECT i.values, i.nulls, i.frequency, i.base_frequency FROM pg_statistic_ext s JOIN pg_statistic_ext_data d ON s.oid = d.stxoid, pg_mcv_list_items(stxdmcv) i WHERE stxname = 'm_all' ORDER BY values;
SELECT statistics_name, attnames, exprs, kinds, inherited, most_common_val_nulls[1] FROM pg_stats_ext WHERE tablename = 'm';
SELECT statistics_name, expr, null_frac, avg_width, n_distinct, most_common_vals FROM pg_stats_ext_exprs WHERE tablename = 'm';
-- Columns that are not looked at leave an object without statistics.
ALTER TABLE m ALTER b SET STATISTICS 0;
ANALYZE m;
ANALYZE m (a);
-- Values of these types are only shown.
SELECT '{}'::pg_ndistinct;
SELECT '{}'::pg_dependencies;
SELECT '{}'::pg_mcv_list;
-- An index on an expression gets statistics, and a tree of tables its own beside the parent's.
CREATE INDEX m_length ON m (length(c), (a * 10));
ANALYZE m;
SELECT attname, inherited, null_frac, n_distinct, most_common_vals FROM pg_stats WHERE tablename = 'm_length' ORDER BY attname;
CREATE TABLE m1 () INHERITS (m);
INSERT INTO m1 SELECT 100 + i, 7, 'x' FROM generate_series(1, 50) i;
ANALYZE m;
SELECT tablename, attname, inherited, n_distinct FROM pg_stats WHERE tablename IN ('m', 'm1') ORDER BY 1, 2, 3;
CREATE TABLE p (a int, b int) PARTITION BY LIST (a);
CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1, 2);
CREATE TABLE p2 PARTITION OF p DEFAULT;
INSERT INTO p SELECT i % 4, i % 8 FROM generate_series(1, 400) i;
CREATE STATISTICS ps ON a, b FROM p;
ANALYZE p;
SELECT tablename, attname, inherited, n_distinct, most_common_vals FROM pg_stats WHERE tablename IN ('p', 'p1', 'p2') ORDER BY 1, 2, 3;
SELECT relname, reltuples FROM pg_class WHERE relname IN ('p', 'p1', 'p2') ORDER BY 1;
SELECT inherited, n_distinct, dependencies FROM pg_stats_ext WHERE tablename = 'p';
-- Who does not own an object cannot change it.
CREATE ROLE statistics_nobody;
SET ROLE statistics_nobody;
DROP STATISTICS ps;
ALTER STATISTICS ps SET STATISTICS 3;
COMMENT ON STATISTICS ps IS 'mine';
CREATE STATISTICS ON a, b FROM m;
RESET ROLE;
DROP ROLE statistics_nobody;
DROP STATISTICS s, ps;
DROP TABLE t, l, m, p CASCADE;
SELECT count(*) FROM pg_statistic_ext;
DROP SCHEMA other;
