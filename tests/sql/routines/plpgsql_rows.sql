-- Whatever gives rows can be looped over, opened and returned: EXPLAIN, SHOW, EXECUTE, and what RETURNING gives.
CREATE TABLE rows_of (a int);
INSERT INTO rows_of VALUES (1), (2);
PREPARE one_more(int) AS SELECT $1 + 1 AS s;
-- EXPLAIN sees the variables' values.
DO $$
DECLARE x int = 3; line text; r record;
BEGIN
  FOR line IN EXPLAIN (COSTS OFF) SELECT * FROM rows_of WHERE a = x LOOP RAISE NOTICE '%', line; END LOOP;
  FOR line IN EXECUTE 'explain (costs off) select * from rows_of where a = $1' USING 4 LOOP RAISE NOTICE '%', line; END LOOP;
  FOR r IN UPDATE rows_of SET a = a + 10 RETURNING a LOOP RAISE NOTICE '%', r; END LOOP;
  FOR r IN EXECUTE 'execute one_more(7)' LOOP RAISE NOTICE '%', r; END LOOP;
  EXECUTE 'show work_mem' INTO line;
  RAISE NOTICE '%', line;
END $$;
-- Cursors.
DO $$
DECLARE c refcursor; line text;
BEGIN
  OPEN c FOR EXECUTE 'explain (costs off) select 1';
  FETCH c INTO line;
  RAISE NOTICE '% %', line, FOUND;
  FETCH c INTO line;
  RAISE NOTICE '% %', line, FOUND;
  CLOSE c;
END $$;
-- RETURN QUERY.
CREATE FUNCTION lines() RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
  RETURN QUERY EXPLAIN (COSTS OFF) SELECT * FROM rows_of;
  RETURN QUERY SHOW standard_conforming_strings;
  RETURN QUERY EXECUTE 'show standard_conforming_strings';
END $$;
SELECT lines();
CREATE FUNCTION inserted() RETURNS SETOF int LANGUAGE plpgsql AS $$
BEGIN
  RETURN QUERY INSERT INTO rows_of VALUES (7), (8) RETURNING a;
  RETURN QUERY INSERT INTO rows_of VALUES (9);
END $$;
SELECT inserted();
-- What gives no rows is refused by name.
DO $$ DECLARE c refcursor; BEGIN OPEN c FOR EXECUTE 'create table not_made(a int)'; END $$;
DO $$ DECLARE r record; BEGIN FOR r IN INSERT INTO rows_of VALUES (1) LOOP NULL; END LOOP; END $$;
DO $$ BEGIN SHOW work_mem; END $$;
DROP FUNCTION lines(), inserted();
DROP TABLE rows_of;
DEALLOCATE one_more;
