-- An operator of one's own, its commutator, and what cannot be one.
CREATE FUNCTION op_near(int, int) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT abs($1 - $2) <= 1';
CREATE FUNCTION op_far(int, int) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT abs($1 - $2) > 1';
CREATE FUNCTION op_minus(int) RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN -$1; END';
CREATE OPERATOR ~~~ (LEFTARG = int, RIGHTARG = int, FUNCTION = op_near, COMMUTATOR = ~~~, NEGATOR = !~~~, RESTRICT = eqsel, JOIN = eqjoinsel, HASHES, MERGES);
SELECT oprname, oprcode::text, oprcom::regoperator, oprnegate::regoperator FROM pg_operator WHERE oprname IN ('~~~', '!~~~') ORDER BY 1;
CREATE OPERATOR !~~~ (LEFTARG = int, RIGHTARG = int, FUNCTION = op_far, COMMUTATOR = !~~~, NEGATOR = ~~~);
CREATE OPERATOR -~ (RIGHTARG = int, FUNCTION = op_minus);
SELECT oprname, oprcode::text, oprcom::regoperator, oprnegate::regoperator, oprrest, oprcanhash FROM pg_operator WHERE oprname IN ('~~~', '!~~~', '-~') ORDER BY 1;
SELECT 1 ~~~ 2, 1 ~~~ 3, 1 !~~~ 3, -~ 4, NOT (1 ~~~ 2);
-- It is joined by what it says, not by equality, though it claims to be hashable.
SELECT a, b FROM generate_series(1, 4) a, generate_series(2, 9, 3) b WHERE a ~~~ b ORDER BY 1, 2;
CREATE OPERATOR ~~~ (LEFTARG = int, RIGHTARG = int, FUNCTION = op_near);
CREATE OPERATOR ~~~~ (LEFTARG = int, FUNCTION = op_minus);
CREATE OPERATOR ~~~~ (LEFTARG = int, RIGHTARG = int);
CREATE OPERATOR ~~~~ (LEFTARG = int, RIGHTARG = text, FUNCTION = op_near);
CREATE OPERATOR -~~ (RIGHTARG = int, FUNCTION = op_minus, COMMUTATOR = -~~);
CREATE OPERATOR -~~ (RIGHTARG = int, FUNCTION = op_minus, NEGATOR = -~~);
ALTER OPERATOR ~~~ (int, int) SET (RESTRICT = NONE, JOIN = NONE);
ALTER OPERATOR ~~~ (int, int) SET (FUNCTION = op_far);
ALTER OPERATOR ~~~ (int, int) SET (HASHES = false);
ALTER OPERATOR -~ (NONE, int) SET SCHEMA information_schema;
DROP FUNCTION op_near(int, int);
DROP OPERATOR IF EXISTS ~~~ (text, int);
DROP OPERATOR ~~~ (text, int);
DROP FUNCTION op_near(int, int), op_far(int, int), op_minus(int) CASCADE;
-- Casts.
CREATE FUNCTION cast_box(int) RETURNS interval LANGUAGE sql IMMUTABLE AS 'SELECT $1 * interval ''1 day''';
CREATE CAST (int AS interval) WITH FUNCTION cast_box(int) AS ASSIGNMENT;
SELECT 3::interval, CAST(4 AS interval);
CREATE CAST (int AS interval) WITH INOUT;
CREATE CAST (int AS int) WITHOUT FUNCTION;
CREATE CAST (text AS anyelement) WITHOUT FUNCTION;
CREATE CAST (int AS bigint) WITHOUT FUNCTION;
DROP FUNCTION cast_box(int);
DROP CAST (int AS interval);
DROP CAST (int AS interval);
DROP CAST IF EXISTS (int AS interval);
DROP FUNCTION cast_box(int);
