-- A prepared statement's operators serve again: they must see what has changed since.
CREATE TABLE again (a int PRIMARY KEY, b text);
INSERT INTO again SELECT g, 'v' || g FROM generate_series(1, 1000) g;
CREATE ROLE regress_again;
GRANT SELECT ON again TO regress_again;
PREPARE p(int) AS SELECT b FROM again WHERE a = $1;
EXECUTE p(1);
EXECUTE p(2);
EXECUTE p(NULL);
-- Privileges.
SET ROLE regress_again;
EXECUTE p(3);
RESET ROLE;
REVOKE SELECT ON again FROM regress_again;
SET ROLE regress_again;
EXECUTE p(4);
RESET ROLE;
EXECUTE p(5);
-- The transaction's own changes, and their end.
BEGIN;
UPDATE again SET b = 'changed' WHERE a = 6;
EXECUTE p(6);
SAVEPOINT s;
DELETE FROM again WHERE a = 6;
EXECUTE p(6);
ROLLBACK TO s;
EXECUTE p(6);
ROLLBACK;
EXECUTE p(6);
BEGIN ISOLATION LEVEL SERIALIZABLE;
EXECUTE p(8);
EXECUTE p(8);
COMMIT;
EXECUTE p(8);
-- The table's shape and files.
ALTER TABLE again ADD c int DEFAULT 3;
EXECUTE p(9);
TRUNCATE again;
EXECUTE p(9);
INSERT INTO again VALUES (9, 'again');
EXECUTE p(9);
ALTER TABLE again ALTER b TYPE varchar(10);
EXECUTE p(9);
DROP TABLE again;
EXECUTE p(9);
CREATE TABLE again (a int PRIMARY KEY, b text);
INSERT INTO again VALUES (9, 'new');
EXECUTE p(9);
-- Settings.
SET enable_indexscan = off;
EXECUTE p(9);
RESET enable_indexscan;
EXECUTE p(9);
-- Statements whose operators do not wait: a LIMIT, a subquery.
PREPARE limited AS SELECT b FROM again WHERE a = 9 LIMIT 1;
EXECUTE limited;
EXECUTE limited;
PREPARE nested(int) AS SELECT b, (SELECT max(a) FROM again) FROM again WHERE a = $1;
EXECUTE nested(9);
INSERT INTO again VALUES (10, 'more');
EXECUTE nested(9);
-- A function that runs the statement while it runs.
CREATE FUNCTION inner_p(int) RETURNS text LANGUAGE plpgsql AS 'DECLARE t text; BEGIN EXECUTE format(''EXECUTE p(%s)'', $1) INTO t; RETURN t; END';
PREPARE outer_p(int) AS SELECT b, inner_p(10) FROM again WHERE a = $1;
EXECUTE outer_p(9);
EXECUTE outer_p(9);
DROP FUNCTION inner_p;
DROP TABLE again;
DROP ROLE regress_again;
