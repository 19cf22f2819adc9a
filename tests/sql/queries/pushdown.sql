-- Conditions on what is grouped, sorted out or combined go to the rows below.
CREATE TABLE sales (shop int, day int, amount numeric, note text);
INSERT INTO sales SELECT g % 5, g / 5, g * 1.5, 'n' || g % 3 FROM generate_series(1, 60) AS g;
ANALYZE sales;
EXPLAIN (COSTS OFF) SELECT * FROM (SELECT shop, sum(amount) AS total FROM sales GROUP BY shop) AS s WHERE shop = 3 AND total > 5;
SELECT * FROM (SELECT shop, sum(amount) AS total FROM sales GROUP BY shop) AS s WHERE shop = 3 AND total > 5;
EXPLAIN (COSTS OFF) SELECT shop, count(*) FROM sales GROUP BY shop HAVING shop = 3 AND count(*) > 1;
EXPLAIN (COSTS OFF) SELECT * FROM (SELECT shop FROM sales UNION ALL SELECT day FROM sales) AS s WHERE shop = 2;
SELECT * FROM (SELECT shop FROM sales INTERSECT SELECT day FROM sales) AS s WHERE shop > 2 ORDER BY 1;
-- Of EXCEPT, LIMIT and grouping sets they stay above.
SELECT * FROM (SELECT day FROM sales EXCEPT SELECT shop FROM sales) AS s WHERE day < 7 ORDER BY 1;
SELECT * FROM (SELECT * FROM sales ORDER BY day, shop LIMIT 7) AS s WHERE shop = 3;
SELECT * FROM (SELECT shop, count(*) FROM sales GROUP BY ROLLUP (shop)) AS s WHERE shop IS NULL;
-- DISTINCT ON and windows look at all rows of a key.
SELECT * FROM (SELECT DISTINCT ON (shop) shop, day FROM sales ORDER BY shop, day DESC) AS s WHERE shop IN (1, 2) AND day < 12;
EXPLAIN (COSTS OFF) SELECT * FROM (SELECT shop, sum(amount) OVER (PARTITION BY shop) AS total FROM sales) AS s WHERE shop = 3;
SELECT count(*), max(total) FROM (SELECT shop, day, sum(amount) OVER (PARTITION BY shop) AS total FROM sales) AS s WHERE shop = 3 AND day = 4;
-- Operators that tell equal values apart, volatile functions and nondeterministic collations.
CREATE TYPE pair AS (x numeric);
CREATE TABLE pairs (a pair);
INSERT INTO pairs VALUES (ROW(1.0)), (ROW(1.00)), (ROW(2));
SELECT * FROM (SELECT a, count(*) FROM pairs GROUP BY a) AS s WHERE a *= ROW(1.0)::pair;
SELECT a, count(*) FROM pairs GROUP BY a HAVING a *= ROW(1.0)::pair;
SELECT a, count(*) FROM pairs GROUP BY a HAVING a = ROW(1.0)::pair;
DROP TABLE pairs;
DROP TYPE pair;
CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
SELECT * FROM (SELECT t COLLATE loose AS t, count(*) FROM (VALUES ('a'), ('A'), ('b')) AS v (t) GROUP BY 1) AS s WHERE t COLLATE "C" = 'a';
-- What nobody reads is not computed.
SELECT day FROM (SELECT day, 1 / (shop - shop) AS bad FROM sales OFFSET 0) AS s WHERE day > 11;
-- Window functions that only grow end their partitions.
EXPLAIN (COSTS OFF) SELECT * FROM (SELECT shop, day, row_number() OVER (PARTITION BY shop ORDER BY day) AS n FROM sales) AS s WHERE n <= 2;
SELECT * FROM (SELECT shop, day, row_number() OVER (PARTITION BY shop ORDER BY day) AS n FROM sales) AS s WHERE n <= 2;
SELECT * FROM (SELECT shop, day, rank() OVER (ORDER BY day) AS n FROM sales) AS s WHERE 6 > n ORDER BY shop;
EXPLAIN (COSTS OFF) SELECT * FROM (SELECT day, dense_rank() OVER (ORDER BY day) AS n FROM sales) AS s WHERE n = 2;
SELECT * FROM (SELECT day, dense_rank() OVER (ORDER BY day) AS n FROM sales) AS s WHERE n = 2;
SELECT * FROM (SELECT shop, day, count(*) OVER (ORDER BY day, shop ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) AS n FROM sales) AS s WHERE n >= 58;
SELECT count(*) FROM (SELECT count(*) OVER () AS n FROM sales) AS s WHERE n = 60;
SELECT * FROM (SELECT shop, day, count(*) OVER (ORDER BY day, shop) AS n FROM sales) AS s WHERE n >= 59;
SELECT * FROM (SELECT shop, day, ntile(20) OVER (ORDER BY day, shop) AS n FROM sales) AS s WHERE n < 2;
SELECT * FROM (SELECT shop, day, row_number() OVER (ORDER BY day, shop) AS n, sum(day) OVER (PARTITION BY shop) FROM sales) AS s WHERE n <= 3;
-- Groups of sorted rows come in order, however many they are.
SET work_mem = '64kB';
SET enable_hashagg = off;
SELECT count(*) FROM (SELECT g, lag(g) OVER () AS before FROM (SELECT g, count(*) FROM generate_series(1, 30000) AS g GROUP BY g ORDER BY g) AS s) AS z WHERE before > g;
SELECT count(*), sum(c), sum(s) FROM (SELECT g / 3 AS k, count(*) AS c, sum(g) AS s, array_agg(g ORDER BY g DESC) AS a FROM generate_series(1, 30000) AS g GROUP BY g / 3) AS q;
RESET work_mem;
RESET enable_hashagg;
-- Each grouping set is sorted or hashed, as its types can be.
CREATE TABLE odd (v int, bits bit varying, place xid);
INSERT INTO odd VALUES (1, B'01', '7'), (2, B'01', '8'), (3, B'10', '7');
SELECT bits, place, grouping(bits, place), count(*), sum(v) FROM odd GROUP BY GROUPING SETS ((bits), (place)) ORDER BY 3, 5;
SELECT count(*) FROM odd GROUP BY GROUPING SETS ((bits, place), ());
SELECT array_agg(v ORDER BY v) FROM odd GROUP BY GROUPING SETS ((v, place), (v));
DROP TABLE odd;
-- Aggregates in their own arguments, and an implicit cast.
SELECT rank(sum(x)) WITHIN GROUP (ORDER BY x) FROM generate_series(1, 5) AS x;
SELECT string_agg(DISTINCT note::varchar, ',' ORDER BY note::varchar) FROM sales;
DROP TABLE sales;
DROP COLLATION loose;
