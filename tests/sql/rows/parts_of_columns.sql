-- Several parts of one column in an INSERT; a domain looks at the whole only.
CREATE TYPE pair AS (a int, b int[]);
CREATE DOMAIN whole_pair AS pair CHECK ((VALUE).a IS NOT NULL AND (VALUE).b IS NOT NULL);
CREATE TABLE parted_columns (p pair, w whole_pair, n int[]);
INSERT INTO parted_columns (p.a, p.b[2], w.a, w.b) VALUES (1, 5, 2, '{7}');
INSERT INTO parted_columns (n[1], n[3]) VALUES (1, 3);
SELECT * FROM parted_columns;
UPDATE parted_columns SET w.a = 3, w.b = '{8}', n[2] = 9 WHERE w IS NOT NULL;
SELECT * FROM parted_columns;
INSERT INTO parted_columns (w.a) VALUES (1);
-- Rules show each of them.
CREATE TABLE source_of_parts (x int, y int);
CREATE RULE parts_in AS ON INSERT TO source_of_parts DO INSTEAD INSERT INTO parted_columns (p.a, p.b[1]) VALUES (new.x, new.y);
CREATE RULE parts_up AS ON UPDATE TO source_of_parts DO INSTEAD UPDATE parted_columns SET p.a = new.x, p.b[1] = new.y, n = '{}';
SELECT pg_get_ruledef(oid, true) FROM pg_rewrite WHERE ev_class = 'source_of_parts'::regclass ORDER BY rulename;
DROP TABLE source_of_parts, parted_columns;
DROP DOMAIN whole_pair;
DROP TYPE pair;
-- A function that returns a set makes several rows of one in VALUES.
CREATE TABLE sets_in_values (a int, b text);
INSERT INTO sets_in_values VALUES (generate_series(1, 3), 'x');
SELECT * FROM sets_in_values ORDER BY a;
DROP TABLE sets_in_values;
-- Errors come in the order of the rows, whatever they are about.
CREATE TABLE in_order (a int PRIMARY KEY, b int NOT NULL CHECK (b > 0));
INSERT INTO in_order VALUES (1, 1), (1, 2), (2, NULL);
INSERT INTO in_order VALUES (1, 1), (2, NULL), (1, 2);
INSERT INTO in_order VALUES (1, 1), (2, -1), (3, NULL);
INSERT INTO in_order SELECT g % 3, CASE WHEN g < 6 THEN g END FROM generate_series(1, 9) g;
DROP TABLE in_order;
