-- A partition cannot be attached while the default partition has rows of it.
CREATE TABLE listed (a int, b text) PARTITION BY LIST (a);
CREATE TABLE listed_rest PARTITION OF listed DEFAULT;
INSERT INTO listed VALUES (1, 'one'), (2, 'two');
CREATE TABLE listed_1 (a int, b text);
ALTER TABLE listed ATTACH PARTITION listed_1 FOR VALUES IN (1);
DELETE FROM listed WHERE a = 1;
ALTER TABLE listed ATTACH PARTITION listed_1 FOR VALUES IN (1);
INSERT INTO listed VALUES (1, 'one');
SELECT tableoid::regclass, * FROM listed ORDER BY a;
-- What is wrong with the bound is said before anything else.
CREATE TABLE other (x int);
ALTER TABLE listed ATTACH PARTITION other FOR VALUES FROM (1) TO (2);
-- Comments on constraints stay when they are made anew for another type.
CREATE TABLE commented (a int CONSTRAINT positive CHECK (a > 0));
COMMENT ON CONSTRAINT positive ON commented IS 'must be so';
ALTER TABLE commented ALTER COLUMN a TYPE bigint;
SELECT conname, obj_description(oid, 'pg_constraint') FROM pg_constraint WHERE conrelid = 'commented'::regclass;
DROP TABLE listed, other, commented;
