-- What a publication can name, and what it shows of it.
SET client_min_messages = error;
CREATE SCHEMA pubs;
CREATE TABLE pubs.a (id int PRIMARY KEY, v text, n int);
CREATE TABLE pubs.b (id int);
CREATE TABLE pubs.parted (k int, v text) PARTITION BY LIST (k);
CREATE TABLE pubs.part1 PARTITION OF pubs.parted FOR VALUES IN (1);
CREATE VIEW pubs.v AS SELECT * FROM pubs.a;
CREATE PUBLICATION p1 FOR TABLE pubs.a (id, v) WHERE (n > 5), pubs.b;
CREATE PUBLICATION p2 FOR TABLES IN SCHEMA pubs WITH (publish = 'insert, delete');
CREATE PUBLICATION p3 FOR TABLE pubs.parted WITH (publish_via_partition_root = true, publish_generated_columns = stored);
SELECT pubname, puballtables, pubinsert, pubupdate, pubdelete, pubtruncate, pubviaroot, pubgencols FROM pg_publication ORDER BY 1;
SELECT * FROM pg_publication_tables WHERE pubname <> 'p2' ORDER BY 1, 2, 3;
SELECT tablename FROM pg_publication_tables WHERE pubname = 'p2' ORDER BY 1;
-- What it cannot.
CREATE PUBLICATION p1;
CREATE PUBLICATION bad FOR TABLE pubs.v;
CREATE PUBLICATION bad FOR TABLE pg_class;
CREATE PUBLICATION bad FOR TABLE pubs.a (id, id);
CREATE PUBLICATION bad FOR TABLE pubs.a (ctid);
CREATE PUBLICATION bad FOR TABLE pubs.a WHERE (n);
CREATE PUBLICATION bad FOR TABLE pubs.a WHERE (random() > 0.5);
CREATE PUBLICATION bad FOR TABLE pubs.a WHERE (ctid = '(0,1)');
CREATE PUBLICATION bad FOR TABLE pubs.parted WHERE (k > 1);
CREATE PUBLICATION bad FOR TABLE pubs.a (id), TABLES IN SCHEMA pubs;
CREATE PUBLICATION bad WITH (publish = 'cluster, truncate');
CREATE PUBLICATION bad WITH (frequency = 1);
-- Changes.
ALTER PUBLICATION p1 DROP TABLE pubs.b;
ALTER PUBLICATION p1 DROP TABLE pubs.b;
ALTER PUBLICATION p1 ADD TABLE pubs.a;
ALTER PUBLICATION p1 ADD TABLES IN SCHEMA pubs;
ALTER PUBLICATION p1 SET TABLE pubs.b, pubs.a;
ALTER PUBLICATION p3 SET TABLE pubs.parted (k);
ALTER PUBLICATION p3 SET (publish_via_partition_root = false);
ALTER PUBLICATION p1 RENAME TO p2;
ALTER PUBLICATION p1 RENAME TO p9;
SELECT pubname, tablename, attnames, rowfilter FROM pg_publication_tables WHERE pubname <> 'p2' ORDER BY 1, 2;
COMMENT ON PUBLICATION p9 IS 'nine';
SELECT obj_description(oid, 'pg_publication') FROM pg_publication WHERE pubname = 'p9';
-- It goes with what it names, and does not stand in the way; a filter's column does.
ALTER PUBLICATION p9 SET TABLE pubs.a WHERE (n > 1);
ALTER TABLE pubs.a DROP COLUMN n;
DROP TABLE pubs.b;
DROP PUBLICATION IF EXISTS p1, p9;
DROP PUBLICATION p1;
DROP SCHEMA pubs CASCADE;
SELECT count(*) FROM pg_publication_rel;
DROP PUBLICATION p2, p3;
