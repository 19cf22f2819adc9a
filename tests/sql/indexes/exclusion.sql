-- No two rows of the same room overlap.
CREATE TABLE stay (room int4range, during daterange, note text, CONSTRAINT stay_apart EXCLUDE USING gist (room WITH =, during WITH &&));
INSERT INTO stay VALUES ('[1,1]', '[2024-01-01,2024-01-10)', 'first'), ('[2,2]', '[2024-01-05,2024-01-15)', 'second');
INSERT INTO stay VALUES ('[1,1]', '[2024-01-09,2024-01-12)');
INSERT INTO stay VALUES ('[1,1]', '[2024-01-10,2024-01-12)', 'third');
INSERT INTO stay VALUES ('[3,3]', '[2024-01-01,2024-01-12)'), ('[3,3]', '[2024-01-11,2024-01-13)');
UPDATE stay SET during = '[2024-01-08,2024-01-12)' WHERE note = 'third';
UPDATE stay SET during = '[2024-01-10,2024-01-30)' WHERE note = 'third';
UPDATE stay SET room = '[1,1]' WHERE note = 'second';
-- A null is in nobody's way, and neither is an empty range.
INSERT INTO stay VALUES (NULL, '[2024-01-01,2024-02-01)'), (NULL, '[2024-01-01,2024-02-01)'), ('[1,1]', NULL), ('[1,1]', 'empty'), ('[1,1]', 'empty');
SELECT count(*) FROM stay;
-- ON CONFLICT DO NOTHING passes by what is excluded; DO UPDATE is not for exclusion constraints.
INSERT INTO stay VALUES ('[1,1]', '[2024-01-01,2024-01-02)') ON CONFLICT DO NOTHING;
INSERT INTO stay VALUES ('[1,1]', '[2024-01-01,2024-01-02)') ON CONFLICT ON CONSTRAINT stay_apart DO NOTHING;
INSERT INTO stay VALUES ('[1,1]', '[2024-01-01,2024-01-02)') ON CONFLICT ON CONSTRAINT stay_apart DO UPDATE SET note = 'x';
INSERT INTO stay VALUES ('[1,1]', '[2024-01-01,2024-01-02)') ON CONFLICT (room, during) DO NOTHING;
-- The row that was in the way goes.
DELETE FROM stay WHERE note = 'first';
INSERT INTO stay VALUES ('[1,1]', '[2024-01-01,2024-01-02)', 'fourth');
-- What the catalogs say.
SELECT conname, contype, conkey, conexclop, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'stay'::regclass;
SELECT indisunique, indisexclusion, indimmediate, pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = 'stay'::regclass;
ALTER TABLE stay DROP CONSTRAINT stay_apart;
-- Shapes, whose index knows only boxes; with a condition, checked at the end of the transaction.
CREATE TABLE shape (area circle, kind int, EXCLUDE USING gist (area WITH &&) WHERE (kind > 0) DEFERRABLE INITIALLY DEFERRED);
INSERT INTO shape VALUES ('<(0,0),1>', 1), ('<(1.5,1.5),1>', 1), ('<(0,0),1>', 0);
INSERT INTO shape VALUES ('<(0.5,0.5),1>', 1);
BEGIN;
INSERT INTO shape VALUES ('<(0.5,0.5),1>', 1);
UPDATE shape SET area = '<(9,9),1>' WHERE area ~= '<(0.5,0.5),1>';
COMMIT;
BEGIN;
INSERT INTO shape VALUES ('<(8.5,9),1>', 1);
SET CONSTRAINTS ALL IMMEDIATE;
ROLLBACK;
SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'shape'::regclass;
-- On expressions, by B-tree and by hash.
CREATE TABLE name (first text, last text, EXCLUDE USING btree (lower(first) WITH =, last WITH =), EXCLUDE USING hash ((first || last) WITH =));
INSERT INTO name VALUES ('Anna', 'Berg'), ('Anna', 'Tal');
INSERT INTO name VALUES ('ANNA', 'Berg');
INSERT INTO name VALUES ('AnnaB', 'erg');
-- Rows that are there already.
CREATE TABLE old (span int4range);
INSERT INTO old VALUES ('[1,5)'), ('[4,8)');
ALTER TABLE old ADD CONSTRAINT old_apart EXCLUDE USING gist (span WITH &&);
ALTER TABLE old ADD CONSTRAINT old_different EXCLUDE USING gist (span WITH =);
-- What is refused.
ALTER TABLE old ADD EXCLUDE USING gist (span WITH <<);
ALTER TABLE old ADD EXCLUDE USING gist (span WITH <>);
ALTER TABLE old ADD EXCLUDE USING gin (span WITH &&);
CREATE TABLE plain (n int, EXCLUDE USING gist (n WITH =));
