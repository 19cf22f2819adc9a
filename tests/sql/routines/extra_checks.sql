-- Variables that hide others, as warnings and as errors.
SET plpgsql.extra_warnings = 'shadowed_variables';
CREATE FUNCTION shadows(a int) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
  a int;
  c CURSOR (a int) FOR SELECT 1;
BEGIN
  DECLARE
    b int;
    a int;
  BEGIN
  END;
  RETURN 1;
END $$;
SET plpgsql.extra_errors = 'shadowed_variables';
CREATE FUNCTION shadows_more(a int) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
  a int;
BEGIN
  RETURN 1;
END $$;
SELECT shadows(1);
RESET plpgsql.extra_warnings;
RESET plpgsql.extra_errors;
CREATE FUNCTION shadows_more(a int) RETURNS int LANGUAGE plpgsql AS $$ DECLARE a int := 2; BEGIN RETURN a; END $$;
SELECT shadows_more(1);
-- More rows than are asked for.
SET plpgsql.extra_warnings = 'too_many_rows';
DO $$ DECLARE x int; BEGIN SELECT v FROM generate_series(1, 2) AS g (v) INTO x; RAISE NOTICE '%', x; END $$;
DO $$ DECLARE x int; BEGIN EXECUTE 'SELECT v FROM generate_series(1, 2) AS g (v)' INTO x; RAISE NOTICE '%', x; END $$;
SET plpgsql.extra_errors = 'too_many_rows';
DO $$ DECLARE x int; BEGIN SELECT v FROM generate_series(1, 2) AS g (v) INTO x; END $$;
DO $$ DECLARE x int; BEGIN SELECT v FROM generate_series(1, 1) AS g (v) INTO x; RAISE NOTICE '%', x; END $$;
-- Another number of columns.
SET plpgsql.extra_errors = 'none';
SET plpgsql.extra_warnings = 'all';
DO $$ DECLARE x int; y int; BEGIN SELECT 1 INTO x, y; SELECT 1, 2 INTO x, y; SELECT 1, 2, 3 INTO x, y; RAISE NOTICE '% %', x, y; END $$;
SET plpgsql.extra_errors = 'strict_multi_assignment, too_many_rows';
CREATE TYPE two AS (a int, b int);
DO $$ DECLARE t two; BEGIN SELECT 1, 2 INTO t; RAISE NOTICE 'ok'; SELECT 1, 2, 3 INTO t; END $$;
DO $$ DECLARE t record; BEGIN SELECT 1, 2, 3 INTO t; RAISE NOTICE 'ok'; END $$;
DO $$ DECLARE t two; BEGIN FOR t IN SELECT 1 LOOP NULL; END LOOP; END $$;
RESET plpgsql.extra_errors;
RESET plpgsql.extra_warnings;
-- EXECUTE minds several rows only where it is told to be STRICT.
CREATE TABLE kept (a int);
DO $$ DECLARE x int; BEGIN EXECUTE 'INSERT INTO kept VALUES (1), (2) RETURNING a' INTO x; RAISE NOTICE '%', x; END $$;
SELECT * FROM kept;
DO $$ DECLARE x int; BEGIN INSERT INTO kept VALUES (1), (2) RETURNING a INTO x; END $$;
SET plpgsql.print_strict_params = true;
CREATE FUNCTION strict_one(p int) RETURNS int LANGUAGE plpgsql AS $$ DECLARE x int; BEGIN SELECT a FROM kept WHERE a > p INTO STRICT x; RETURN x; END $$;
SELECT strict_one(0);
SELECT strict_one(5);
CREATE FUNCTION strict_other(p int) RETURNS int LANGUAGE plpgsql AS $$ DECLARE x int; BEGIN EXECUTE 'SELECT a FROM kept WHERE a > $1' INTO STRICT x USING p; RETURN x; END $$;
SELECT strict_other(0);
RESET plpgsql.print_strict_params;
DROP FUNCTION shadows, shadows_more, strict_one, strict_other;
DROP TYPE two;
DROP TABLE kept;
