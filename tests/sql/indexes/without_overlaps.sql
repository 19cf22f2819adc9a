-- A key of which the last column is a period.
CREATE TABLE price (item int4range, valid daterange, amount numeric, CONSTRAINT price_key PRIMARY KEY (item, valid WITHOUT OVERLAPS));
INSERT INTO price VALUES ('[1,1]', '[2024-01-01,2024-02-01)', 10), ('[1,1]', '[2024-02-01,2024-03-01)', 11), ('[2,2]', '[2024-01-01,)', 5);
INSERT INTO price VALUES ('[1,1]', '[2024-01-31,2024-02-01)', 12);
INSERT INTO price VALUES ('[1,1]', 'empty', 12);
INSERT INTO price VALUES ('[1,1]', NULL, 12);
INSERT INTO price VALUES (NULL, '[2024-01-31,2024-02-01)', 12);
UPDATE price SET valid = '[2024-01-15,2024-02-15)' WHERE amount = 11;
INSERT INTO price VALUES ('[1,1]', '[2024-01-31,2024-02-01)', 12) ON CONFLICT DO NOTHING;
SELECT contype, conperiod, conexclop, pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'price_key';
SELECT indisunique, indisprimary, indisexclusion, pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = 'price'::regclass;
-- Multiranges, and a unique key, whose nulls are in nobody's way.
CREATE TABLE shift (who int4range, times int4multirange, UNIQUE (who, times WITHOUT OVERLAPS));
INSERT INTO shift VALUES ('[1,1]', '{[1,3),[8,10)}'), ('[1,1]', '{[3,8)}'), (NULL, '{[1,3)}'), (NULL, '{[1,3)}');
INSERT INTO shift VALUES ('[1,1]', '{[20,30),[9,11)}');
INSERT INTO shift VALUES ('[1,1]', '{}');
INSERT INTO shift VALUES (NULL, '{}');
-- What is refused.
CREATE TABLE bad (item int4range, PRIMARY KEY (item WITHOUT OVERLAPS));
CREATE TABLE bad (item int4range, valid date, PRIMARY KEY (item, valid WITHOUT OVERLAPS));
CREATE TABLE bad (item int, valid daterange, PRIMARY KEY (item, valid WITHOUT OVERLAPS));
-- A foreign key refers to rows that cover its period together.
CREATE TABLE sale (id int, item int4range, during daterange, CONSTRAINT sale_price FOREIGN KEY (item, PERIOD during) REFERENCES price (item, PERIOD valid));
INSERT INTO sale VALUES (1, '[1,1]', '[2024-01-10,2024-02-10)');
INSERT INTO sale VALUES (2, '[1,1]', '[2024-02-10,2024-03-10)');
INSERT INTO sale VALUES (3, '[3,3]', '[2024-02-10,2024-02-11)');
INSERT INTO sale VALUES (4, NULL, '[2024-02-10,2024-02-11)'), (5, '[1,1]', NULL);
UPDATE sale SET during = '[2023-01-10,2024-02-10)' WHERE id = 1;
DELETE FROM price WHERE amount = 10;
UPDATE price SET valid = '[2024-01-11,2024-02-01)' WHERE amount = 10;
UPDATE price SET valid = '[2024-01-09,2024-02-01)' WHERE amount = 10;
-- Two rows become one: what was covered still is.
BEGIN;
DELETE FROM price WHERE amount = 11;
ROLLBACK;
ALTER TABLE sale ALTER CONSTRAINT sale_price DEFERRABLE INITIALLY DEFERRED;
BEGIN;
DELETE FROM price WHERE amount = 11;
UPDATE price SET valid = '[2024-01-09,2024-03-01)' WHERE amount = 10;
COMMIT;
SELECT * FROM price ORDER BY item, valid;
SELECT conperiod, conpfeqop, pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'sale_price';
-- What is refused.
ALTER TABLE sale ADD FOREIGN KEY (item, during) REFERENCES price;
ALTER TABLE sale ADD FOREIGN KEY (item, during) REFERENCES price (item, valid);
ALTER TABLE sale ADD FOREIGN KEY (item, PERIOD during) REFERENCES price (item, valid);
ALTER TABLE sale ADD FOREIGN KEY (item, during) REFERENCES price (item, PERIOD valid);
ALTER TABLE sale ADD FOREIGN KEY (item, PERIOD during) REFERENCES price ON DELETE CASCADE;
ALTER TABLE sale ADD FOREIGN KEY (item, PERIOD during) REFERENCES price ON UPDATE SET NULL;
-- Rows that are there already are looked at.
INSERT INTO sale SELECT 6, '[1,1]', '[2024-01-10,2024-01-20)';
ALTER TABLE sale DROP CONSTRAINT sale_price;
INSERT INTO sale VALUES (7, '[1,1]', '[2024-02-20,2024-03-20)');
ALTER TABLE sale ADD CONSTRAINT sale_price FOREIGN KEY (item, PERIOD during) REFERENCES price;
DELETE FROM sale WHERE id = 7;
ALTER TABLE sale ADD CONSTRAINT sale_price FOREIGN KEY (item, PERIOD during) REFERENCES price;
-- Partitions have the key each; the period cannot choose the partition.
CREATE TABLE part (item int4range, valid daterange, PRIMARY KEY (item, valid WITHOUT OVERLAPS)) PARTITION BY LIST (item);
CREATE TABLE part_1 PARTITION OF part FOR VALUES IN ('[1,2)', '[2,3)');
CREATE TABLE part_2 PARTITION OF part FOR VALUES IN ('[3,4)');
INSERT INTO part VALUES ('[1,2)', '[2024-01-01,2024-02-01)'), ('[3,4)', '[2024-01-01,2024-02-01)');
INSERT INTO part VALUES ('[1,2)', '[2024-01-20,2024-02-01)');
INSERT INTO part VALUES ('[3,4)', '[2024-01-20,2024-02-01)');
CREATE TABLE part_bad (item int4range, valid daterange, PRIMARY KEY (item, valid WITHOUT OVERLAPS)) PARTITION BY RANGE (valid);
