-- Values of an enum are ordered as they were declared, not by name.
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE TABLE person (name text, feels mood DEFAULT 'ok');
INSERT INTO person VALUES ('Moe', 'happy'), ('Larry', 'sad');
INSERT INTO person (name) VALUES ('Curly');
INSERT INTO person VALUES ('Shemp', 'elated');
SELECT * FROM person ORDER BY feels DESC;
SELECT feels, count(*) FROM person WHERE feels >= 'ok' GROUP BY feels ORDER BY 1;
SELECT min(feels), max(feels), enum_first(NULL::mood), enum_last(NULL::mood), enum_range('ok'::mood, NULL) FROM person;
CREATE UNIQUE INDEX ON person (feels);
INSERT INTO person VALUES ('Joe', 'sad');
SELECT name FROM person WHERE feels = 'sad';
-- A label goes anywhere in the order.
ALTER TYPE mood ADD VALUE 'meh' BEFORE 'ok';
ALTER TYPE mood ADD VALUE 'meh';
ALTER TYPE mood ADD VALUE IF NOT EXISTS 'meh';
ALTER TYPE mood ADD VALUE 'great' AFTER 'good';
ALTER TYPE mood RENAME VALUE 'happy' TO 'glad';
SELECT enum_range(NULL::mood), ARRAY['glad', 'meh']::mood[];
-- It cannot be used before it is committed.
BEGIN;
ALTER TYPE mood ADD VALUE 'new';
SELECT 'new'::mood;
ROLLBACK;
-- Unless the whole type is new.
BEGIN;
CREATE TYPE bogus AS ENUM ('good');
ALTER TYPE bogus ADD VALUE 'bad';
SELECT 'bad'::bogus;
ROLLBACK;
SELECT 'good'::bogus;
-- A type goes only with what uses it.
DROP TYPE mood;
DROP TABLE person;
DROP TYPE mood;
