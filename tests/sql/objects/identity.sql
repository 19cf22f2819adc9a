-- A schema with what is in it, in the order in which it can be made.
CREATE SCHEMA identified GRANT SELECT ON v TO public CREATE VIEW v AS SELECT * FROM t CREATE INDEX ON t (b) CREATE TABLE t (a int DEFAULT nextval('s') CONSTRAINT positive CHECK (a > 0), b int) CREATE SEQUENCE s;
SELECT relname, relkind FROM pg_class WHERE relnamespace = 'identified'::regnamespace ORDER BY 1;
CREATE SCHEMA elsewhere CREATE TABLE identified.x (a int);
-- The schema is first in the path only while it is made.
SELECT * FROM t;
SHOW search_path;
CREATE DOMAIN identified.d AS int CONSTRAINT even CHECK (VALUE % 2 = 0);
CREATE FUNCTION identified."a function"(int, text[]) RETURNS int LANGUAGE sql AS 'SELECT 1';
-- Each kind of object has an address, and the address leads back to it.
CREATE VIEW addresses AS
SELECT a.* FROM (VALUES
    ('table', '{identified,t}'::text[], '{}'::text[]), ('view', '{identified,v}', '{}'), ('index', '{identified,t_b_idx}', '{}'),
    ('sequence', '{identified,s}', '{}'), ('table column', '{identified,t,b}', '{}'), ('default value', '{identified,t,a}', '{}'),
    ('table constraint', '{identified,t,positive}', '{}'), ('domain constraint', '{identified.d}', '{even}'),
    ('type', '{identified.d}', '{}'), ('function', '{identified,"a function"}', '{int4,text[]}'), ('schema', '{identified}', '{}'),
    ('cast', '{int8}', '{int4}'), ('collation', '{default}', '{}'), ('operator', '{+}', '{int4,int4}'),
    ('operator class', '{btree,int4_ops}', '{}'), ('operator family', '{btree,integer_ops}', '{}'),
    ('operator of access method', '{btree,integer_ops,1}', '{int4,int4}'), ('function of access method', '{btree,integer_ops,2}', '{int4,int4}'),
    ('rule', '{identified,v,_RETURN}', '{}'), ('language', '{plpgsql}', '{}'), ('access method', '{heap}', '{}'),
    ('text search configuration', '{english}', '{}'), ('role', '{pg_monitor}', '{}'), ('tablespace', '{pg_default}', '{}'),
    ('conversion', '{pg_catalog,koi8_r_to_mic}', '{}')) AS a (kind, names, arguments);
SELECT i.*, i = pg_identify_object(b.classid, b.objid, b.objsubid) AS again
FROM addresses AS a, pg_get_object_address(a.kind, a.names, a.arguments) AS o,
    pg_identify_object(o.classid, o.objid, o.objsubid) AS i,
    pg_identify_object_as_address(o.classid, o.objid, o.objsubid) AS n (type, object_names, object_args),
    pg_get_object_address(n.type, n.object_names, n.object_args) AS b
ORDER BY 1, 4;
-- Kinds and addresses that are none.
SELECT pg_get_object_address('stone', '{}', '{}');
SELECT pg_get_object_address('view column', '{identified,v,a}', '{}');
SELECT pg_get_object_address('table', '{}', '{}');
SELECT pg_get_object_address('table', '{NULL}', '{}');
SELECT pg_get_object_address('table', '{identified,v}', '{}');
SELECT pg_get_object_address('table column', '{identified,t,z}', '{}');
SELECT pg_get_object_address('cast', '{int8}', '{}');
SELECT pg_get_object_address('operator of access method', '{btree,integer_ops,99}', '{int4,int4}');
SELECT pg_get_object_address('default acl', '{postgres}', '{x}');
SELECT pg_get_object_address('large object', '{one}', '{}');
-- One that does not exist has a kind, and no more.
SELECT * FROM pg_identify_object('pg_class'::regclass, 'identified.t'::regclass, 99);
SELECT pg_identify_object_as_address('pg_proc'::regclass, 0, 0);
DROP VIEW addresses;
DROP SCHEMA identified CASCADE;
