-- Statistics that are set, as a dump writes them.
CREATE TABLE t (a int, b text, tags text[], r int4range);
CREATE INDEX t_lower ON t (lower(b));
SELECT pg_restore_relation_stats('schemaname', 'public', 'relname', 't', 'version', 180000, 'relpages', 10, 'reltuples', 1000::real, 'relallvisible', 3);
SELECT relpages, reltuples, relallvisible, relallfrozen FROM pg_class WHERE relname = 't';
SELECT pg_restore_attribute_stats('schemaname', 'public', 'relname', 't', 'attname', 'a', 'inherited', false, 'null_frac', 0.25::real, 'avg_width', 4, 'n_distinct', -0.5::real, 'most_common_vals', '{2,1}', 'most_common_freqs', '{0.3,0.2}'::real[], 'histogram_bounds', '{3,10,20}', 'correlation', 0.5::real);
SELECT pg_restore_attribute_stats('schemaname', 'public', 'relname', 't', 'attname', 'tags', 'inherited', true, 'most_common_vals', '{"{a,b}","{}"}', 'most_common_freqs', '{0.1,0.1}'::real[], 'most_common_elems', '{a,b}', 'most_common_elem_freqs', '{0.3,0.2,0.2,0.3}'::real[], 'elem_count_histogram', '{1,2}'::real[]);
SELECT pg_restore_attribute_stats('schemaname', 'public', 'relname', 't', 'attname', 'r', 'inherited', false, 'range_bounds_histogram', '{"[1,3)","[2,5)"}', 'range_length_histogram', '{1,2}', 'range_empty_frac', 0.5::real);
SELECT pg_restore_attribute_stats('schemaname', 'public', 'relname', 't_lower', 'attnum', 1::smallint, 'inherited', false, 'n_distinct', 7::real);
SELECT * FROM pg_stats WHERE schemaname = 'public' ORDER BY tablename, attname;
-- The planner goes by them.
EXPLAIN SELECT a FROM t WHERE a = 2;
-- What cannot be used is left out, with a warning.
SELECT pg_restore_relation_stats('schemaname', 'public', 'relname', 't', 'relpages', 'many', 'reltuples', 'NaN'::real, 'nothing', 1);
SELECT pg_restore_attribute_stats('schemaname', 'public', 'relname', 't', 'attname', 'a', 'inherited', false, 'most_common_vals', '{1,two}', 'most_common_freqs', '{0.5,0.5}'::real[], 'histogram_bounds', '{1,NULL}', 'most_common_elems', '{1}', 'range_empty_frac', 0.1::real);
SELECT pg_restore_attribute_stats('schemaname', 'public', 'relname', 't', 'attname', 'b', 'inherited', false, 'most_common_vals', '{a,b}', 'most_common_freqs', '{0.5}'::real[], 'elem_count_histogram', '{1}'::real[], 'range_bounds_histogram', '{"[1,2)"}');
-- What is wrong.
SELECT pg_restore_relation_stats('schemaname', 'public', 'relname');
SELECT pg_restore_relation_stats('schemaname', 'public', NULL, 1);
SELECT pg_restore_relation_stats('schemaname', 'nowhere', 'relname', 't');
SELECT pg_restore_relation_stats('schemaname', 'public', 'relname', 'nothing');
SELECT pg_restore_attribute_stats('schemaname', 'public', 'relname', 't', 'inherited', false);
SELECT pg_restore_attribute_stats('schemaname', 'public', 'relname', 't', 'attname', 'a', 'attnum', 1::smallint, 'inherited', false);
SELECT pg_restore_attribute_stats('schemaname', 'public', 'relname', 't', 'attname', 'ctid', 'inherited', false);
SELECT pg_clear_attribute_stats('public', 't', 'nothing', false);
SELECT pg_clear_relation_stats('public', NULL);
CREATE VIEW w AS SELECT 1;
SELECT pg_clear_relation_stats('public', 'w');
CREATE ROLE statistics_nobody;
SET ROLE statistics_nobody;
SELECT pg_clear_relation_stats('public', 't');
RESET ROLE;
DROP ROLE statistics_nobody;
-- Cleared.
SELECT pg_clear_attribute_stats('public', 't', 'a', false), pg_clear_relation_stats('public', 't');
SELECT relpages, reltuples, (SELECT count(*) FROM pg_stats WHERE tablename = 't') FROM pg_class WHERE relname = 't';
DROP TABLE t;
