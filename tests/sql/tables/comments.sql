-- Comments: set, replaced, removed, on every kind of object that can have one.
CREATE TABLE described (a int CONSTRAINT positive CHECK (a > 0), b text);
CREATE INDEX described_a ON described (a);
CREATE VIEW seen AS SELECT a FROM described;
CREATE SEQUENCE counted;

COMMENT ON TABLE described IS 'a table';
COMMENT ON COLUMN described.a IS 'a column';
COMMENT ON COLUMN seen.a IS 'a column of a view';
COMMENT ON CONSTRAINT positive ON described IS 'a constraint';
COMMENT ON INDEX described_a IS 'an index';
COMMENT ON VIEW seen IS 'a view';
COMMENT ON SEQUENCE counted IS 'a sequence';
COMMENT ON SCHEMA public IS 'a schema';
COMMENT ON FUNCTION abs(int) IS 'a function';
COMMENT ON AGGREGATE count(*) IS 'an aggregate';
COMMENT ON TYPE int4 IS 'a type';
COMMENT ON OPERATOR + (int, int) IS 'an operator';
COMMENT ON LANGUAGE sql IS 'a language';
COMMENT ON ACCESS METHOD btree IS 'an access method';
COMMENT ON COLLATION "C" IS 'a collation';
COMMENT ON EXTENSION plpgsql IS 'an extension';
SELECT obj_description('described'::regclass, 'pg_class'), col_description('described'::regclass, 1), col_description('seen'::regclass, 1);
SELECT obj_description('described_a'::regclass, 'pg_class'), obj_description('seen'::regclass, 'pg_class'), obj_description('counted'::regclass, 'pg_class');
SELECT description FROM pg_description WHERE classoid = 'pg_constraint'::regclass AND objoid = (SELECT oid FROM pg_constraint WHERE conname = 'positive');
SELECT obj_description('public'::regnamespace, 'pg_namespace'), obj_description('abs(int)'::regprocedure, 'pg_proc'), obj_description('count()'::regprocedure, 'pg_proc'), obj_description('int4'::regtype, 'pg_type'), obj_description('+(int,int)'::regoperator, 'pg_operator');

-- Another text replaces it; NULL and the empty string take it away.
COMMENT ON TABLE described IS 'the table';
SELECT obj_description('described'::regclass, 'pg_class');
COMMENT ON TABLE described IS NULL;
SELECT obj_description('described'::regclass, 'pg_class');
COMMENT ON COLUMN described.a IS '';
SELECT count(*) FROM pg_description WHERE objoid = 'described'::regclass;

-- A comment goes with its transaction, and with its object.
BEGIN;
COMMENT ON TABLE described IS 'not for long';
ROLLBACK;
SELECT obj_description('described'::regclass, 'pg_class');
COMMENT ON COLUMN described.b IS 'second';
ALTER TABLE described DROP COLUMN b;
SELECT count(*) FROM pg_description WHERE classoid = 'pg_class'::regclass AND objoid = 'described'::regclass;

-- What is not there, or something else.
COMMENT ON TABLE nosuch IS 'x';
COMMENT ON TABLE seen IS 'x';
COMMENT ON VIEW described IS 'x';
COMMENT ON INDEX described IS 'x';
COMMENT ON SEQUENCE described IS 'x';
COMMENT ON COLUMN described.nosuch IS 'x';
COMMENT ON COLUMN described_a.a IS 'x';
COMMENT ON COLUMN a IS 'x';
COMMENT ON CONSTRAINT nosuch ON described IS 'x';
COMMENT ON TRIGGER nosuch ON described IS 'x';
COMMENT ON RULE nosuch ON described IS 'x';
COMMENT ON POLICY nosuch ON described IS 'x';
COMMENT ON SCHEMA nosuch IS 'x';
COMMENT ON DATABASE nosuch IS 'x';
COMMENT ON ROLE nosuch IS 'x';
COMMENT ON TYPE nosuch IS 'x';
COMMENT ON DOMAIN int4 IS 'x';
COMMENT ON FUNCTION nosuch(int) IS 'x';
COMMENT ON FUNCTION nosuch IS 'x';
COMMENT ON FUNCTION abs IS 'x';
COMMENT ON AGGREGATE abs(int) IS 'x';
COMMENT ON PROCEDURE abs(int) IS 'x';
COMMENT ON OPERATOR + (int, box) IS 'x';
COMMENT ON LANGUAGE nosuch IS 'x';
