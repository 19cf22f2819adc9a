-- Bitmaps of one index and of several, with memory and without.
CREATE TABLE spread (a int, b int, c int, d text);
INSERT INTO spread SELECT g, g % 100, g % 37, 'x' || g % 11 FROM generate_series(1, 20000) g;
CREATE INDEX spread_b ON spread (b);
CREATE INDEX spread_c ON spread (c);
CREATE INDEX spread_da ON spread (d, a);
CREATE INDEX spread_part ON spread (a) WHERE c > 30;
ANALYZE spread;
SET enable_seqscan = off;
SET enable_indexscan = off;
SELECT count(*), sum(a) FROM spread WHERE b = 7;
SELECT count(*), sum(a) FROM spread WHERE b = 7 AND c = 3;
SELECT count(*), sum(a) FROM spread WHERE b = 7 OR c = 3;
SELECT count(*), sum(a) FROM spread WHERE (b = 7 OR c = 3) AND d = 'x5';
SELECT count(*), sum(a) FROM spread WHERE b IN (1, 2, 3, NULL) AND c BETWEEN 4 AND 9;
SELECT count(*), sum(a) FROM spread WHERE b < 3 OR (c > 34 AND a < 1000);
SELECT count(*), sum(b) FROM spread WHERE a < 5000 AND c > 33;
-- Conditions behind a gap are checked in the index.
SELECT count(*), sum(b) FROM spread WHERE d >= 'x3' AND d < 'x5' AND a % 2 = 0 AND a = ANY ('{40,41,42,43,50}');
SELECT count(*), sum(b) FROM spread WHERE d > 'x3' AND a < 100;
RESET enable_indexscan;
SET enable_bitmapscan = off;
SELECT count(*), sum(b) FROM spread WHERE d > 'x3' AND a < 100;
SELECT a, d FROM spread WHERE d >= 'x9' AND a < 60 ORDER BY d DESC, a DESC;
RESET enable_bitmapscan;
SET enable_indexscan = off;
-- What does not fit is known by pages only.
SET work_mem = '64kB';
ALTER TABLE spread SET (fillfactor = 10);
CREATE TABLE sparse WITH (fillfactor = 10) AS SELECT * FROM spread;
CREATE INDEX ON sparse (b);
CREATE INDEX ON sparse (c);
SELECT count(*), sum(a) FROM sparse WHERE b < 60;
SELECT count(*), sum(a) FROM sparse WHERE b < 60 AND c < 30;
SELECT count(*), sum(a) FROM sparse WHERE b < 60 OR c < 30;
-- Rows that were changed since.
UPDATE sparse SET b = b + 1000 WHERE a % 3 = 0;
DELETE FROM sparse WHERE a % 5 = 0;
SELECT count(*), sum(a) FROM sparse WHERE b > 1000;
SELECT count(*), sum(a) FROM sparse WHERE b < 60;
-- By a parameter of a nested loop.
SET enable_hashjoin = off;
SET enable_mergejoin = off;
SELECT count(*), sum(s.a) FROM generate_series(1, 5) g JOIN spread s ON s.b = g;
DROP TABLE spread, sparse;
