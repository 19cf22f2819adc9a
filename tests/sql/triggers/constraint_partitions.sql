-- A constraint trigger of a partitioned table is no foreign key: partitions get their copy of it, and nothing else.
CREATE FUNCTION told() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE '% %', tg_table_name, new; RETURN NULL; END $$;
CREATE TABLE whole (a int) PARTITION BY LIST (a);
CREATE CONSTRAINT TRIGGER told AFTER INSERT ON whole DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION told();
CREATE TABLE part PARTITION OF whole FOR VALUES IN (1);
SELECT tgrelid::regclass, tgname, tgdeferrable FROM pg_trigger WHERE tgrelid IN ('whole'::regclass, 'part'::regclass) ORDER BY tgrelid::regclass::text;
INSERT INTO whole VALUES (1);
DROP TABLE whole;
DROP FUNCTION told;
