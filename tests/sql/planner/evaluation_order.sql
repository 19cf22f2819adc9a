-- Sets in the select list are expanded behind DISTINCT ON and behind the sort, unless rows are sorted by them.
SELECT DISTINCT ON (a) a, b, generate_series(1,3) g FROM (VALUES (3, 2), (3,1), (1,1), (1,4), (5,3), (5,1)) AS t(a, b) ORDER BY a, b DESC;
SELECT DISTINCT ON (a) a, b, generate_series(1,3) g FROM (VALUES (3, 2), (3,1), (1,1), (1,4), (5,3), (5,1)) AS t(a, b) ORDER BY a, b DESC, g DESC;
SELECT a, generate_series(1,2) g FROM (VALUES (2), (1), (3)) t(a) ORDER BY a LIMIT 3;
SELECT a FROM (VALUES (2), (1), (3)) t(a) ORDER BY a, generate_series(1,2) DESC LIMIT 5;
-- With LIMIT, what is volatile is computed for the rows that are wanted only.
CREATE TEMP SEQUENCE counter;
SELECT a, nextval('counter') FROM (VALUES (3), (1), (2), (4)) t(a) ORDER BY a LIMIT 2;
SELECT nextval('counter');
SELECT a + 0 AS b, nextval('counter') AS n, (SELECT max(x) FROM (VALUES (1), (2)) s(x) WHERE x <= t.a) FROM (VALUES (3), (1), (2), (4)) t(a) ORDER BY b DESC OFFSET 1 LIMIT 2;
SELECT nextval('counter');
-- A row that an outer join did not find is null as a whole.
SELECT t1, t2, t2 IS NULL FROM (VALUES (1,2), (3,4)) t1(a,b) LEFT JOIN (VALUES (3,4)) t2(c,d) ON a = c ORDER BY a;
CREATE TABLE present (a int, b text);
INSERT INTO present VALUES (1, 'one'), (2, NULL);
SELECT x.a, y, row_to_json(y) FROM present x LEFT JOIN present y ON x.a = y.a + 1 ORDER BY 1;
SELECT x, y FROM present x FULL JOIN (SELECT a + 1 AS c, b FROM present) y ON x.a = y.c ORDER BY x.a, y.c;
SELECT coalesce(y::text, 'nothing') FROM present x LEFT JOIN (SELECT * FROM present WHERE b IS NOT NULL) y USING (a) ORDER BY a;
DROP TABLE present;
-- Equalities between types of one family find what is equal, however it is joined.
CREATE TABLE wide (a bigint, b float8, c text);
CREATE TABLE narrow (a int, b float4, c name, d smallint);
INSERT INTO wide SELECT g, g, g FROM generate_series(1, 5) g;
INSERT INTO narrow SELECT g, g, g, g FROM generate_series(3, 8) g;
SELECT w.a, n.a FROM wide w JOIN narrow n ON w.a = n.a ORDER BY 1;
SELECT w.a, n.d FROM wide w LEFT JOIN narrow n ON w.a = n.d ORDER BY 1;
SELECT w.a, n.a FROM wide w FULL JOIN narrow n ON n.a = w.a ORDER BY 1, 2;
SELECT count(*) FROM wide w JOIN narrow n ON w.b = n.b;
SELECT count(*) FROM wide w JOIN narrow n ON w.c = n.c;
SELECT count(*) FROM wide w WHERE a IN (SELECT a FROM narrow);
SELECT count(*) FROM narrow WHERE d NOT IN (SELECT a FROM wide);
SELECT count(*) FROM narrow x JOIN narrow y ON x.a = y.d;
DROP TABLE wide, narrow;
-- Sets are expanded side by side: all of them before the sort if one is a key.
SELECT generate_series(0, 2) AS s1, generate_series(1, 3) AS s2 ORDER BY s2 DESC;
