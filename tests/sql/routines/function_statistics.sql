-- Nothing is counted unless track_functions asks for it.
CREATE FUNCTION fs_inner(int) RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN $1 + 1; END';
CREATE FUNCTION fs_outer(int) RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN fs_inner($1) + fs_inner($1); END';
CREATE FUNCTION fs_sql(int) RETURNS int LANGUAGE sql VOLATILE SECURITY DEFINER AS 'SELECT $1 * 2';
SELECT fs_outer(1);
SELECT pg_stat_get_function_calls('fs_outer(int)'::regprocedure);
-- With pl, functions in procedural languages are; those that others call as well.
SET track_functions = 'pl';
BEGIN;
SELECT fs_outer(1), fs_sql(1);
SELECT pg_stat_get_xact_function_calls('fs_outer(int)'::regprocedure) AS outer_calls, pg_stat_get_xact_function_calls('fs_inner(int)'::regprocedure) AS inner_calls, pg_stat_get_xact_function_calls('fs_sql(int)'::regprocedure) AS sql_calls;
COMMIT;
SET track_functions = 'all';
SELECT fs_sql(g) FROM generate_series(1, 3) g;
SELECT pg_stat_force_next_flush();
SELECT funcname, calls, total_time >= self_time AS sane FROM pg_stat_user_functions WHERE funcname LIKE 'fs\_%' ORDER BY 1;
SELECT pg_stat_have_stats('function', (SELECT oid FROM pg_database WHERE datname = current_database()), 'fs_sql(int)'::regprocedure::oid::bigint);
-- Starting anew leaves zero calls.
SELECT pg_stat_reset_single_function_counters('fs_sql(int)'::regprocedure);
SELECT funcname, calls FROM pg_stat_user_functions WHERE funcname = 'fs_sql';
-- A function that is dropped is forgotten, unless that is rolled back.
BEGIN;
DROP FUNCTION fs_inner(int);
ROLLBACK;
SELECT calls FROM pg_stat_user_functions WHERE funcname = 'fs_inner';
DROP FUNCTION fs_inner(int), fs_outer(int), fs_sql(int);
SELECT count(*) FROM pg_stat_user_functions WHERE funcname LIKE 'fs\_%';
RESET track_functions;
-- Temporary files may have so many bytes together.
SET work_mem = '64kB';
SET temp_file_limit = '100kB';
SELECT count(*) FROM (SELECT repeat('x', 100) || g AS x FROM generate_series(1, 20000) g ORDER BY 1) s;
RESET temp_file_limit;
SELECT count(*) FROM (SELECT repeat('x', 100) || g AS x FROM generate_series(1, 20000) g ORDER BY 1) s;
RESET work_mem;
