-- A class of its own family, made with it.
CREATE OPERATOR CLASS script_ops FOR TYPE int4 USING btree AS OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 btint4cmp(int4, int4);
SELECT opcname, opcintype::regtype, opcdefault, opcfamily = (SELECT oid FROM pg_opfamily WHERE opfname = 'script_ops') AS own FROM pg_opclass WHERE opcname = 'script_ops';
SELECT amopstrategy, amopopr::regoperator, amoppurpose FROM pg_amop WHERE amopfamily = (SELECT oid FROM pg_opfamily WHERE opfname = 'script_ops') ORDER BY 1;
SELECT amprocnum, amproc FROM pg_amproc WHERE amprocfamily = (SELECT oid FROM pg_opfamily WHERE opfname = 'script_ops');
-- An index can use it, and a query the index.
CREATE TABLE classed (a int4);
INSERT INTO classed SELECT g FROM generate_series(1, 1000) AS g;
CREATE INDEX classed_a ON classed (a script_ops);
ANALYZE classed;
SELECT pg_get_indexdef('classed_a'::regclass);
EXPLAIN (COSTS OFF) SELECT * FROM classed WHERE a = 5;
SELECT * FROM classed WHERE a BETWEEN 5 AND 7;
-- What cannot be.
CREATE OPERATOR CLASS script_ops FOR TYPE int4 USING btree AS OPERATOR 1 <;
CREATE OPERATOR CLASS other_ops FOR TYPE int4 USING nothing AS OPERATOR 1 <;
CREATE OPERATOR CLASS other_ops DEFAULT FOR TYPE int4 USING btree AS OPERATOR 1 <;
CREATE OPERATOR CLASS other_ops FOR TYPE int4 USING btree AS OPERATOR 6 <;
CREATE OPERATOR CLASS other_ops FOR TYPE int4 USING btree AS OPERATOR 1 +;
CREATE OPERATOR CLASS other_ops FOR TYPE int4 USING btree AS OPERATOR 1 <, OPERATOR 1 <;
CREATE OPERATOR CLASS other_ops FOR TYPE int4 USING btree AS OPERATOR 1 !!!;
CREATE OPERATOR CLASS other_ops FOR TYPE int4 USING btree AS FUNCTION 1 int4pl(int4);
CREATE OPERATOR CLASS other_ops FOR TYPE int4 USING btree AS FUNCTION 1 abs(int4);
CREATE OPERATOR CLASS other_ops FOR TYPE int4 USING btree AS FUNCTION 1 int4lt(int4, int4);
CREATE OPERATOR CLASS other_ops FOR TYPE int4 USING hash AS FUNCTION 1 int4pl(int4, int4);
CREATE OPERATOR CLASS other_ops FOR TYPE int4 USING btree AS STORAGE text;
CREATE OPERATOR CLASS other_ops FOR TYPE int4 USING btree FAMILY nobodys AS STORAGE int4;
-- Families grow and shrink.
CREATE OPERATOR FAMILY grown USING btree;
ALTER OPERATOR FAMILY grown USING btree ADD OPERATOR 1 < (int4, int2), OPERATOR 3 = (int4, int2), FUNCTION 1 btint42cmp(int4, int2);
ALTER OPERATOR FAMILY grown USING btree ADD OPERATOR 1 < (int4, int2);
ALTER OPERATOR FAMILY grown USING btree ADD OPERATOR 1 <;
ALTER OPERATOR FAMILY grown USING btree ADD STORAGE int4;
ALTER OPERATOR FAMILY grown USING btree DROP OPERATOR 1 (int4, int2), FUNCTION 1 (int4, int2);
ALTER OPERATOR FAMILY grown USING btree DROP OPERATOR 1 (int4, int2);
ALTER OPERATOR FAMILY grown USING btree DROP OPERATOR 1 (int4, int2, int8);
ALTER OPERATOR FAMILY nobodys USING btree DROP OPERATOR 1 (int4, int2);
SELECT amopstrategy, amopopr::regoperator FROM pg_amop WHERE amopfamily = (SELECT oid FROM pg_opfamily WHERE opfname = 'grown');
-- Operators outside of a class go with the family, others with the class.
CREATE FUNCTION script_less(int4, int4) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT $1 < $2';
CREATE OPERATOR <<<< (LEFTARG = int4, RIGHTARG = int4, FUNCTION = script_less);
CREATE OPERATOR CLASS dependent_ops FOR TYPE int4 USING btree FAMILY grown AS OPERATOR 1 <<<<;
DROP OPERATOR <<<< (int4, int4);
DROP OPERATOR FAMILY grown USING btree;
DROP OPERATOR CLASS dependent_ops USING btree;
DROP OPERATOR <<<< (int4, int4);
SELECT count(*) FROM pg_amop WHERE amopfamily = (SELECT oid FROM pg_opfamily WHERE opfname = 'grown');
DROP OPERATOR FAMILY grown USING btree;
DROP OPERATOR CLASS script_ops USING btree;
DROP OPERATOR CLASS script_ops USING btree CASCADE;
CREATE ROLE regress_classes;
SET ROLE regress_classes;
CREATE OPERATOR CLASS pg_temp.mine FOR TYPE int4 USING btree AS STORAGE int4;
RESET ROLE;
DROP ROLE regress_classes;
