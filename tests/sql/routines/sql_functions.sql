-- Arguments: defaults, names, output parameters, polymorphic and variadic ones.
CREATE FUNCTION add(a int, b int DEFAULT 5) RETURNS int LANGUAGE sql AS 'SELECT a + b';
SELECT add(1), add(1, 2), add(b => 3, a => 2);
CREATE FUNCTION spelled(n int, OUT x int, OUT y text) LANGUAGE sql AS $$ SELECT n, 'hi' $$;
SELECT * FROM spelled(3);
CREATE FUNCTION pair(anyelement) RETURNS anyarray LANGUAGE sql AS 'SELECT array[$1, $1]';
SELECT pair(1), pair('x'::text);
CREATE FUNCTION total(VARIADIC int[]) RETURNS int LANGUAGE sql AS 'SELECT sum(x)::int FROM unnest($1) x';
SELECT total(1, 2, 3), total(VARIADIC array[4, 5]);
-- Sets, and statements that change data.
CREATE TABLE t (a int, b text);
INSERT INTO t VALUES (1, 'x'), (2, 'y');
CREATE FUNCTION from_t(n int) RETURNS SETOF int LANGUAGE sql AS $$ SELECT a FROM t WHERE a >= n $$;
SELECT * FROM from_t(1);
SELECT from_t(2);
CREATE FUNCTION rows_t(n int) RETURNS TABLE (x int, y text) LANGUAGE sql STABLE AS $$ SELECT a, b FROM t WHERE a >= n $$;
SELECT * FROM rows_t(2);
CREATE FUNCTION put(n int) RETURNS int LANGUAGE sql AS $$ INSERT INTO t VALUES (n, 'z') RETURNING a $$;
SELECT put(10);
SELECT * FROM t;
-- Bodies that are analyzed when the function is made; what is needed cannot be dropped.
CREATE FUNCTION twice(a int) RETURNS int BEGIN ATOMIC SELECT a * 2; END;
CREATE FUNCTION next(a int) RETURNS int RETURN a + 1;
SELECT twice(4), next(4);
CREATE FUNCTION count_t() RETURNS bigint RETURN (SELECT count(*) FROM t);
SELECT count_t();
DROP TABLE t;
-- Errors: in the body, in the result.
CREATE FUNCTION bad() RETURNS int LANGUAGE sql AS $$ SELECT 'x'::text $$;
CREATE FUNCTION bad() RETURNS int LANGUAGE sql AS $$ SELEC 1 $$;
CREATE FUNCTION bad() RETURNS int LANGUAGE sql AS $$ SELECT nope $$;
CREATE FUNCTION add(int, int) RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE OR REPLACE FUNCTION add(a int, b int) RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION c(int) RETURNS int LANGUAGE c AS '/nosuch', 'c';
CREATE FUNCTION divide(int) RETURNS int LANGUAGE sql AS 'INSERT INTO t VALUES (1 / $1, NULL); SELECT 3';
SELECT divide(0);
-- Rights and settings of a function's own.
CREATE ROLE routine_user;
REVOKE EXECUTE ON FUNCTION divide FROM public;
CREATE FUNCTION who() RETURNS name LANGUAGE sql SECURITY DEFINER AS 'SELECT current_user';
CREATE FUNCTION memory() RETURNS text LANGUAGE sql SET work_mem = '1MB' AS $$ SELECT current_setting('work_mem') $$;
SET ROLE routine_user;
SELECT divide(1);
SELECT who() = current_user, memory(), current_setting('work_mem');
RESET ROLE;
-- Procedures.
CREATE PROCEDURE enter(n int) LANGUAGE sql AS $$ INSERT INTO t VALUES (n, 'p') $$;
CALL enter(77);
SELECT b FROM t WHERE a = 77;
CREATE PROCEDURE double(INOUT x int) LANGUAGE sql AS $$ SELECT x * 2 $$;
CALL double(4);
SELECT double(4);
CALL add(1, 2);
-- Alter and drop.
ALTER FUNCTION add(int, int) RENAME TO plus;
ALTER FUNCTION plus(int, int) IMMUTABLE STRICT COST 3;
SELECT provolatile, proisstrict, procost FROM pg_proc WHERE proname = 'plus';
DROP FUNCTION plus(int);
DROP FUNCTION IF EXISTS plus(int), nothing;
DROP FUNCTION plus;
DROP ROUTINE double(int);
DROP ROLE routine_user;
