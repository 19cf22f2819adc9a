-- A cursor outlives the rollback of a savepoint that was set after it, and stands where it stood.
BEGIN;
DECLARE c CURSOR FOR SELECT g FROM generate_series(1, 9) g;
SAVEPOINT one;
FETCH 2 FROM c;
SELECT 1 / 0;
ROLLBACK TO one;
FETCH 2 FROM c;
-- One that was made behind the savepoint goes with it.
DECLARE d CURSOR FOR SELECT 1;
ROLLBACK TO one;
SAVEPOINT two;
FETCH d;
ROLLBACK TO two;
-- What was released belongs to the outer level.
DECLARE e CURSOR FOR SELECT 2;
RELEASE two;
SAVEPOINT three;
ROLLBACK TO three;
FETCH e;
-- A cursor whose query failed cannot be run any more.
DECLARE f CURSOR FOR SELECT 1 / (2 - g) FROM generate_series(1, 5) g;
SAVEPOINT four;
FETCH ALL FROM f;
ROLLBACK TO four;
FETCH f;
ROLLBACK;
-- A table that a cursor reads can be neither dropped nor emptied nor altered.
CREATE TABLE read_by_cursor (a int);
INSERT INTO read_by_cursor VALUES (1), (2);
BEGIN;
DECLARE c CURSOR FOR SELECT * FROM read_by_cursor;
FETCH c;
SAVEPOINT s;
DROP TABLE read_by_cursor;
ROLLBACK TO s;
TRUNCATE read_by_cursor;
ROLLBACK TO s;
ALTER TABLE read_by_cursor ADD COLUMN b int;
ROLLBACK TO s;
CLOSE c;
DROP TABLE read_by_cursor;
COMMIT;
-- Whether a transaction may write is as before once the savepoint is gone.
BEGIN;
SAVEPOINT s;
SET TRANSACTION READ ONLY;
ROLLBACK TO s;
SHOW transaction_read_only;
SET TRANSACTION READ ONLY;
RELEASE s;
SHOW transaction_read_only;
COMMIT;
-- It cannot become one that writes once it has looked at something.
BEGIN READ ONLY;
SELECT 1 FROM pg_class LIMIT 1;
SET TRANSACTION READ WRITE;
ROLLBACK;
-- Temporary tables can be written in any transaction.
CREATE TEMPORARY TABLE mine (a int);
BEGIN READ ONLY;
INSERT INTO mine VALUES (1);
UPDATE mine SET a = 2 RETURNING a;
DELETE FROM mine;
COMMIT;
DROP TABLE mine;
