-- What EXPLAIN ANALYZE tells besides rows: searches of indexes, fetches from the table, blocks of a bitmap.
CREATE TABLE ea (a int PRIMARY KEY, b int, c text);
INSERT INTO ea SELECT g, g % 10, repeat('x', g % 5) FROM generate_series(1, 2000) g;
CREATE INDEX ea_b ON ea (b);
VACUUM ANALYZE ea;
EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF, BUFFERS OFF) SELECT c FROM ea WHERE a = 7;
EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF, BUFFERS OFF) SELECT a FROM ea WHERE a < 10;
EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF, BUFFERS OFF) SELECT c FROM ea WHERE b = 3 AND a <> 13;
-- The same for programs.
EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF, BUFFERS OFF, FORMAT JSON) SELECT c FROM ea WHERE b = 3 AND a <> 13;
-- Triggers are told with how often they fired, checks of foreign keys among them.
CREATE FUNCTION ea_note() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
CREATE TRIGGER ea_before BEFORE INSERT OR UPDATE ON ea FOR EACH ROW EXECUTE FUNCTION ea_note();
CREATE TRIGGER ea_after AFTER INSERT ON ea FOR EACH ROW EXECUTE FUNCTION ea_note();
CREATE TABLE ea_child (a int REFERENCES ea, b int);
EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF, BUFFERS OFF) INSERT INTO ea VALUES (3001, 1, 'y'), (3002, 2, 'z');
EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF, BUFFERS OFF) INSERT INTO ea_child SELECT g, g FROM generate_series(1, 3) g;
-- ON CONFLICT counts what stood in the way.
EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF, BUFFERS OFF) INSERT INTO ea VALUES (1, 1, 'y'), (3003, 1, 'y') ON CONFLICT DO NOTHING;
-- What rules add is run, and told, too.
CREATE TABLE ea_log (a int);
CREATE RULE ea_logged AS ON DELETE TO ea_child DO ALSO INSERT INTO ea_log VALUES (old.a);
EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF, BUFFERS OFF) DELETE FROM ea_child WHERE b = 1;
SELECT * FROM ea_log;
SELECT count(*) FROM ea_child;
CREATE RULE ea_kept AS ON DELETE TO ea_log DO INSTEAD NOTHING;
EXPLAIN (ANALYZE, COSTS OFF) DELETE FROM ea_log;
-- Rows turned into messages; bytes are rounded up.
EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF, BUFFERS OFF, SERIALIZE) SELECT c FROM ea WHERE a < 0;
EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF, BUFFERS OFF, SERIALIZE BINARY, FORMAT YAML) SELECT c FROM ea WHERE a = 1;
EXPLAIN (SERIALIZE) SELECT 1;
EXPLAIN (ANALYZE, SERIALIZE whatever) SELECT 1;
-- Settings that plans depend on, where they are not as they were.
SET enable_hashjoin = off;
EXPLAIN (COSTS OFF, SETTINGS) SELECT 1;
RESET enable_hashjoin;
-- Parameters without values.
EXPLAIN (COSTS OFF, GENERIC_PLAN) SELECT c FROM ea WHERE a = $1;
EXPLAIN (COSTS OFF) SELECT c FROM ea WHERE a = $1;
-- Pages are told for programs even where none were touched.
EXPLAIN (COSTS OFF, BUFFERS, FORMAT YAML) VALUES (1), (2);
DROP TABLE ea_child, ea_log, ea;
DROP FUNCTION ea_note;
