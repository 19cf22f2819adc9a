-- Control structures, records, FOUND.
CREATE TABLE t (a int, b text);
CREATE FUNCTION steps(n int) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  s text := '';
  r record;
  i int;
BEGIN
  FOR i IN 1..n LOOP
    CONTINUE WHEN i = 2;
    INSERT INTO t VALUES (i, 'row ' || i);
  END LOOP;
  FOR i IN REVERSE 3..1 BY 2 LOOP s := s || i || ','; END LOOP;
  FOR r IN SELECT * FROM t ORDER BY a LOOP
    IF r.a = 1 THEN s := s || 'first '; ELSIF r.a > 3 THEN EXIT; ELSE s := s || r.b; END IF;
  END LOOP;
  i := 0;
  <<outer>> LOOP
    WHILE true LOOP
      i := i + 1;
      EXIT outer WHEN i > 4;
    END LOOP;
  END LOOP;
  SELECT count(*) INTO i FROM t WHERE a = 77;
  CASE i WHEN 0 THEN s := s || ' none'; ELSE s := s || ' some'; END CASE;
  PERFORM 1 FROM t WHERE a = 1;
  RETURN s || found;
END $$;
SELECT steps(5);
-- Sets, OUT arguments, dynamic statements.
CREATE FUNCTION listed(minimum int) RETURNS TABLE (x int, y text) LANGUAGE plpgsql AS $$
BEGIN
  FOR x, y IN EXECUTE 'SELECT a, b FROM t WHERE a >= $1 ORDER BY a' USING minimum LOOP RETURN NEXT; END LOOP;
  RETURN QUERY SELECT 100, 'last'::text;
END $$;
SELECT * FROM listed(4);
CREATE FUNCTION half(n int, OUT quotient int, OUT rest int) LANGUAGE plpgsql AS $$
BEGIN quotient := n / 2; rest := n % 2; END $$;
SELECT * FROM half(7);
SELECT half(8);
-- Arrays.
CREATE FUNCTION arrays() RETURNS text LANGUAGE plpgsql AS $$
DECLARE a int[] := '{1,2,3}'; x int; s text := '';
BEGIN
  a[2] := 20;
  a[5] := 50;
  FOREACH x IN ARRAY a LOOP s := s || coalesce(x::text, 'null') || ' '; END LOOP;
  RETURN s || a::text;
END $$;
SELECT arrays();
-- Exceptions undo what their block did.
CREATE FUNCTION guarded(n int) RETURNS text LANGUAGE plpgsql AS $$
DECLARE state text; message text;
BEGIN
  BEGIN
    INSERT INTO t VALUES (1000, 'gone');
    RETURN 'quotient ' || 10 / n;
  EXCEPTION
    WHEN division_by_zero THEN
      GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT;
      RETURN state || ' ' || message || ' ' || (SELECT count(*) FROM t WHERE a = 1000);
  END;
END $$;
SELECT guarded(0);
SELECT guarded(5);
-- RAISE, and where errors happened.
CREATE FUNCTION fails() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  RAISE NOTICE 'about to fail, % %%', 100;
  RAISE EXCEPTION 'failed with %', 'this' USING HINT = 'Try again.', ERRCODE = 'unique_violation';
END $$;
SELECT fails();
CREATE FUNCTION caller() RETURNS int LANGUAGE plpgsql AS $$
BEGIN
  PERFORM fails();
  RETURN 1;
END $$;
SELECT caller();
DO $$ DECLARE x int; BEGIN x := 1 / 0; END $$;
DO $$ BEGIN ASSERT 1 = 2, 'one is not two'; END $$;
-- Strictness of INTO; ambiguous names.
DO $$ DECLARE x int; BEGIN SELECT a INTO STRICT x FROM t; END $$;
DO $$ DECLARE x int; BEGIN SELECT a INTO STRICT x FROM t WHERE false; END $$;
DO $$ DECLARE a int := 1; BEGIN PERFORM a FROM t; END $$;
-- Cursors.
CREATE FUNCTION cursors() RETURNS text LANGUAGE plpgsql AS $$
DECLARE c CURSOR (minimum int) FOR SELECT a FROM t WHERE a >= minimum ORDER BY a; x int; s text := '';
BEGIN
  OPEN c(3);
  LOOP FETCH c INTO x; EXIT WHEN NOT FOUND; s := s || x || ' '; END LOOP;
  MOVE BACKWARD 2 FROM c;
  FETCH c INTO x;
  CLOSE c;
  RETURN s || '| ' || x;
END $$;
SELECT cursors();
-- Procedures: outputs, transactions.
CREATE PROCEDURE split(INOUT n int, OUT sign text) LANGUAGE plpgsql AS $$
BEGIN sign := CASE WHEN n < 0 THEN '-' ELSE '+' END; n := abs(n); END $$;
CALL split(-5, NULL);
DO $$ DECLARE k int := -7; s text; BEGIN CALL split(k, s); RAISE NOTICE '% %', s, k; END $$;
CREATE PROCEDURE two_transactions() LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO t VALUES (2001, 'kept'); COMMIT;
  INSERT INTO t VALUES (2002, 'undone'); ROLLBACK;
END $$;
CALL two_transactions();
SELECT a FROM t WHERE a > 2000;
BEGIN;
CALL two_transactions();
ROLLBACK;
-- Mistakes are found when the function is made.
CREATE FUNCTION wrong() RETURNS int LANGUAGE plpgsql AS $$
BEGIN
  RETURN 1 +;
END $$;
CREATE FUNCTION wrong() RETURNS int LANGUAGE plpgsql AS $$
BEGIN
  x := 1;
END $$;
CREATE FUNCTION wrong() RETURNS int LANGUAGE plpgsql AS $$
BEGIN
END $$;
SELECT wrong();
