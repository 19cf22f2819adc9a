-- A table large enough for several threads to fill its indexes.
CREATE TABLE large (id int, mixed bigint, name text, price numeric, filler text);
INSERT INTO large SELECT n, n * 7919 % 30011, 'name ' || n % 1000, (n % 5000) / 100.0, repeat('x', 600) FROM generate_series(1, 30000) n;
DELETE FROM large WHERE id % 10 = 0;
UPDATE large SET mixed = mixed + 100000 WHERE id % 1000 = 1;
CREATE UNIQUE INDEX large_id ON large (id);
CREATE INDEX large_mixed ON large (mixed DESC);
CREATE INDEX large_name ON large (name, price) INCLUDE (id);
CREATE INDEX large_price ON large (price);
ANALYZE large;
SET enable_seqscan = off;
SET enable_bitmapscan = off;
SET enable_sort = off;
SELECT id, mixed FROM large ORDER BY mixed DESC LIMIT 5;
SELECT id, mixed FROM large ORDER BY mixed LIMIT 5;
SELECT id FROM large WHERE id BETWEEN 29990 AND 30000 ORDER BY id;
SELECT count(*), min(id), max(id) FROM large WHERE name = 'name 77';
SELECT name, price, id FROM large WHERE name > 'name 998' ORDER BY name, price, id LIMIT 4;
SELECT price, count(*) FROM large WHERE price < 0.05 GROUP BY price ORDER BY price;
INSERT INTO large (id, mixed) VALUES (17, 0);
-- A duplicate is found when all are sorted.
SET max_parallel_maintenance_workers = 0;
DROP INDEX large_id;
INSERT INTO large (id, mixed) VALUES (40000, 5), (40000, NULL), (40001, NULL);
CREATE UNIQUE INDEX large_id ON large (id);
DELETE FROM large WHERE id = 40000;
CREATE UNIQUE INDEX large_id ON large (id);
DROP TABLE large;
