-- Rows come from the index by their distance, nearest first, and no further than is asked.
CREATE TABLE place (id int, at point, area box);
INSERT INTO place SELECT x * 100 + y, point(x, y * 1.01), box(point(x, y * 1.01), point(x + 0.5, y * 1.01 + 0.25)) FROM generate_series(0, 49) x, generate_series(0, 49) y;
INSERT INTO place VALUES (9999, NULL, NULL);
CREATE INDEX place_at ON place USING gist (at);
CREATE INDEX place_area ON place USING gist (area);
ANALYZE place;
EXPLAIN (COSTS OFF) SELECT id FROM place ORDER BY at <-> '(10.1,10.3)' LIMIT 5;
SELECT id FROM place ORDER BY at <-> '(10.1,10.3)' LIMIT 5;
SELECT id FROM place ORDER BY point '(10.1,10.3)' <-> at LIMIT 5;
SELECT id FROM place WHERE at <@ box '((3,3),(8,8))' ORDER BY at <-> '(10.1,10.3)' LIMIT 5;
EXPLAIN (COSTS OFF) SELECT id FROM place ORDER BY area <-> point '(20.7,30.6)' LIMIT 3;
SELECT id FROM place ORDER BY area <-> point '(20.7,30.6)' LIMIT 3;
-- All rows, the one without a place last; and the same rows as a sort gives.
SET enable_sort = off;
SET enable_seqscan = off;
SET enable_bitmapscan = off;
SELECT id FROM place ORDER BY at <-> '(100.1,0.3)' OFFSET 2498;
SELECT count(*), bool_and(d >= before) FROM (SELECT d, lag(d) OVER () AS before FROM (SELECT at <-> '(17.3,5.2)' AS d FROM place WHERE at IS NOT NULL ORDER BY at <-> '(17.3,5.2)') a) b WHERE before IS NOT NULL;
-- The farthest first takes a sort.
RESET enable_sort;
EXPLAIN (COSTS OFF) SELECT id FROM place ORDER BY at <-> '(10.1,10.3)' DESC LIMIT 5;
SELECT id FROM place ORDER BY at <-> '(10.1,10.3)' DESC OFFSET 1 LIMIT 3;
-- Infinite distances, then what is no number, then nulls.
SET enable_sort = off;
CREATE TABLE odd (id int, at point);
INSERT INTO odd VALUES (1, NULL), (2, 'NaN,NaN'), (3, 'Infinity,1'), (4, '1,1'), (5, '0,0');
CREATE INDEX odd_at ON odd USING gist (at);
EXPLAIN (COSTS OFF) SELECT id FROM odd ORDER BY at <-> '(0,0.1)';
SELECT id FROM odd ORDER BY at <-> '(0,0.1)';
