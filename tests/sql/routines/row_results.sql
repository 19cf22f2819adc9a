-- A function in SQL may give its row as one value.
CREATE TYPE two AS (a int, b text);
CREATE DOMAIN two_of_them AS two CHECK ((VALUE).a > 0);
CREATE FUNCTION row_value(int, text) RETURNS two LANGUAGE sql AS 'SELECT ROW($1, $2)';
SELECT row_value(1, 'x'), (row_value(2, 'y')).b;
SELECT * FROM row_value(3, 'z');
CREATE FUNCTION domain_value(int, text) RETURNS two_of_them LANGUAGE sql AS 'SELECT ROW($1, $2)';
SELECT * FROM domain_value(1, 'x');
SELECT domain_value(0, 'x');
CREATE FUNCTION out_values(OUT int, OUT numeric) LANGUAGE sql AS 'SELECT (1, 2.5)';
SELECT * FROM out_values();
-- The fields of a row argument.
CREATE TABLE taken (a int, b text);
CREATE FUNCTION take(v taken) RETURNS void LANGUAGE sql AS 'INSERT INTO taken VALUES (v.*)';
SELECT take(ROW(1, 'one'));
CREATE FUNCTION take_too(v taken) RETURNS void LANGUAGE sql AS 'SELECT take(take_too.v)';
SELECT take_too(ROW(2, 'two'));
SELECT * FROM taken ORDER BY a;
-- Of functions that differ in their defaults only, none is the one that is meant.
CREATE FUNCTION choose(int, int DEFAULT 2) RETURNS int LANGUAGE sql AS 'SELECT 2';
CREATE FUNCTION choose(int, int DEFAULT 2, int DEFAULT 3) RETURNS int LANGUAGE sql AS 'SELECT 3';
SELECT choose(1, 2, 3);
SELECT choose(1);
SELECT choose(1, 2);
CREATE FUNCTION choose(int) RETURNS int LANGUAGE sql AS 'SELECT 1';
SELECT choose(1);
-- A default of null is of any type.
CREATE FUNCTION first_of(a anyelement, b anyelement DEFAULT NULL) RETURNS anyelement LANGUAGE sql AS 'SELECT coalesce(b, a)';
SELECT first_of(1), first_of(a => 1.5), first_of('x'::text, 'y');
-- Arrays of rows without a type are arrays all the same.
SELECT array_to_json(array_agg(q)) FROM (SELECT g AS a, 'x' AS b FROM generate_series(1, 2) g) q;
-- No row type is part of itself.
CREATE TABLE itself (a int);
ALTER TABLE itself ADD COLUMN b itself[];
DROP TABLE itself;
DROP FUNCTION row_value, domain_value, out_values, take_too, take, first_of;
DROP FUNCTION choose(int);
DROP FUNCTION choose(int, int);
DROP FUNCTION choose(int, int, int);
DROP TABLE taken;
DROP DOMAIN two_of_them;
DROP TYPE two;
