-- A large object is created, and its number is its name.
SELECT lo_create(42);
SELECT lo_create(42);
-- Flags say what a descriptor is for.
BEGIN;
SELECT lo_open(42, 0);
ROLLBACK;
-- A descriptor that reads does not write.
BEGIN;
SELECT lo_open(42, x'40000'::int);
SELECT lowrite(0, 'no');
ROLLBACK;
-- Writing, seeking and reading within a transaction.
BEGIN;
SELECT lo_open(42, x'60000'::int);
SELECT lowrite(0, 'Beside the lake, beneath the trees');
SELECT lo_lseek(0, 7, 0), loread(0, 8), lo_tell(0);
SELECT lo_lseek(0, -5, 2), loread(0, 100);
SELECT lo_lseek(0, 1, 7);
COMMIT;
SELECT lo_get(42) IS NULL;
SELECT lo_put(42, 0, 'Beside the lake');
-- Descriptors end with the transaction, or with the savepoint that they were opened in.
BEGIN;
SELECT lo_open(42, x'40000'::int);
SAVEPOINT one;
SELECT lo_open(42, x'40000'::int);
SELECT loread(1, 3), lo_lseek(0, 5, 0);
ROLLBACK TO one;
SELECT lo_tell(0);
SELECT lo_tell(1);
ROLLBACK;
SELECT lo_close(0);
-- What is not written reads as zeros, whether its pages are there or not.
SELECT lo_put(42, 5000, 'abc');
SELECT lo_get(42, 4990, 100);
SELECT pageno, length(data) FROM pg_largeobject WHERE loid = 42 ORDER BY pageno;
-- Cutting and lengthening.
BEGIN;
SELECT lo_open(42, x'20000'::int);
SELECT lo_truncate(0, 5001), lo_lseek(0, 0, 2), lo_truncate64(0, 9000), lo_lseek64(0, 0, 2);
SELECT lo_truncate(0, 4096);
COMMIT;
SELECT pageno, length(data) FROM pg_largeobject WHERE loid = 42 ORDER BY pageno;
SELECT length(lo_get(42));
-- A change that is rolled back was none.
BEGIN;
SELECT lo_put(42, 0, 'BESIDE');
ROLLBACK;
SELECT lo_get(42, 0, 6);
-- What cannot be.
SELECT lo_get(42, -1, 3);
SELECT lo_get(42, 1, -3);
SELECT lo_get(4343);
SELECT lo_unlink(4343);
BEGIN;
SELECT lo_open(42, x'60000'::int), lo_lseek64(0, 4398046509055, 0);
SELECT lowrite(0, 'ab');
ROLLBACK;
BEGIN READ ONLY;
SELECT lo_put(42, 0, 'x');
ROLLBACK;
-- Pages of an earlier moment stay what they were for who reads as of then.
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT lo_open(42, x'40000'::int);
SELECT lo_put(42, 0, 'BESIDE');
SELECT loread(0, 6);
SELECT lo_get(42, 0, 6);
ROLLBACK;
-- Owners, privileges, comments.
CREATE ROLE regress_lo_one;
CREATE ROLE regress_lo_two;
ALTER LARGE OBJECT 42 OWNER TO regress_lo_one;
COMMENT ON LARGE OBJECT 42 IS 'the answer';
GRANT SELECT ON LARGE OBJECT 42 TO regress_lo_two;
SELECT lomowner::regrole, lomacl FROM pg_largeobject_metadata WHERE oid = 42;
SELECT obj_description(42, 'pg_largeobject');
SET ROLE regress_lo_two;
SELECT lo_get(42, 0, 6);
SELECT lo_put(42, 0, 'x');
SELECT lo_unlink(42);
ALTER LARGE OBJECT 42 OWNER TO regress_lo_two;
COMMENT ON LARGE OBJECT 42 IS 'mine';
GRANT UPDATE ON LARGE OBJECT 42 TO regress_lo_two;
RESET ROLE;
GRANT INSERT ON LARGE OBJECT 42 TO regress_lo_two;
DROP ROLE regress_lo_one;
DROP ROLE regress_lo_two;
-- What is dropped takes with it what was said of it.
SELECT lo_unlink(42);
SELECT count(*) FROM pg_largeobject WHERE loid = 42;
SELECT obj_description(42, 'pg_largeobject');
DROP ROLE regress_lo_one, regress_lo_two;
SELECT lo_from_bytea(43, 'kept');
SELECT convert_from(lo_get(43), 'UTF8'), lo_unlink(43);
