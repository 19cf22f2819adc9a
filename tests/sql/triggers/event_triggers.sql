-- Commands that define objects have event triggers, before and behind them.
CREATE FUNCTION told() RETURNS event_trigger LANGUAGE plpgsql AS $$BEGIN RAISE NOTICE '% %', tg_event, tg_tag; END$$;
CREATE FUNCTION reported() RETURNS event_trigger LANGUAGE plpgsql AS $$
DECLARE r record;
BEGIN
    FOR r IN SELECT * FROM pg_event_trigger_ddl_commands() LOOP
        RAISE NOTICE '% of % % in %', r.command_tag, r.object_type, r.object_identity, r.schema_name;
    END LOOP;
END$$;
CREATE FUNCTION dropped() RETURNS event_trigger LANGUAGE plpgsql AS $$
DECLARE r record;
BEGIN
    FOR r IN SELECT * FROM pg_event_trigger_dropped_objects() WHERE schema_name IS DISTINCT FROM 'pg_toast' AND object_type <> 'trigger' LOOP
        RAISE NOTICE 'gone: % % % % % % %', r.object_type, r.object_identity, r.object_name, r.original, r.normal, r.is_temporary, r.address_names;
    END LOOP;
END$$;
-- What cannot be one.
CREATE EVENT TRIGGER one ON sometimes EXECUTE FUNCTION told();
CREATE EVENT TRIGGER one ON ddl_command_start WHEN food IN ('bread') EXECUTE FUNCTION told();
CREATE EVENT TRIGGER one ON ddl_command_start WHEN tag IN ('CREATE BREAD') EXECUTE FUNCTION told();
CREATE EVENT TRIGGER one ON ddl_command_start WHEN tag IN ('create role') EXECUTE FUNCTION told();
CREATE EVENT TRIGGER one ON table_rewrite WHEN tag IN ('create table') EXECUTE FUNCTION told();
CREATE EVENT TRIGGER one ON login WHEN tag IN ('create table') EXECUTE FUNCTION told();
CREATE EVENT TRIGGER one ON ddl_command_start WHEN tag IN ('create table') AND tag IN ('drop table') EXECUTE FUNCTION told();
CREATE EVENT TRIGGER one ON ddl_command_start EXECUTE FUNCTION pg_backend_pid();
CREATE EVENT TRIGGER one ON ddl_command_start EXECUTE FUNCTION nobody();
SELECT pg_event_trigger_table_rewrite_oid();
SELECT count(*) FROM pg_event_trigger_ddl_commands();
SELECT count(*) FROM pg_event_trigger_dropped_objects();
-- By name, with a filter of tags or without.
CREATE EVENT TRIGGER a_start ON ddl_command_start EXECUTE FUNCTION told();
CREATE EVENT TRIGGER b_end ON ddl_command_end WHEN tag IN ('create table', 'ALTER TABLE', 'comment') EXECUTE FUNCTION told();
CREATE EVENT TRIGGER c_report ON ddl_command_end EXECUTE FUNCTION reported();
CREATE EVENT TRIGGER d_drop ON sql_drop EXECUTE FUNCTION dropped();
CREATE EVENT TRIGGER a_start ON sql_drop EXECUTE FUNCTION dropped();
SELECT evtname, evtevent, evtfoid::regproc, evtenabled, evttags FROM pg_event_trigger ORDER BY 1;
-- Everything that a command did is reported.
CREATE SCHEMA watched CREATE TABLE one (a serial PRIMARY KEY, b text UNIQUE) CREATE VIEW v AS SELECT b FROM one;
CREATE TABLE watched.two (a int REFERENCES watched.one, c int UNIQUE);
CREATE TABLE IF NOT EXISTS watched.two (a int);
CREATE FUNCTION watched.f(int) RETURNS int LANGUAGE sql AS 'SELECT $1';
CREATE OR REPLACE FUNCTION watched.f(int) RETURNS int LANGUAGE sql AS 'SELECT $1 + 1';
CREATE TYPE watched.mood AS ENUM ('sad');
CREATE INDEX ON watched.two (c);
ALTER TABLE watched.two ADD COLUMN d int;
ALTER TABLE watched.two RENAME COLUMN d TO e;
COMMENT ON TABLE watched.two IS 'the second';
GRANT SELECT ON watched.two TO public;
REINDEX TABLE watched.two;
-- Roles are of no interest, and neither is what is no definition.
CREATE ROLE regress_watched;
DROP ROLE regress_watched;
SELECT 1;
-- What goes is told before the end of the command.
ALTER TABLE watched.two DROP COLUMN c;
DROP FUNCTION watched.f;
DROP SEQUENCE watched.one_a_seq CASCADE;
DROP VIEW watched.v;
DROP TABLE watched.one CASCADE;
-- A function may refuse.
CREATE FUNCTION refused() RETURNS event_trigger LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'no % today', tg_tag; END$$;
CREATE EVENT TRIGGER e_refuse ON ddl_command_end WHEN tag IN ('CREATE VIEW') EXECUTE FUNCTION refused();
CREATE VIEW watched.w AS SELECT 1 AS one;
SELECT count(*) FROM pg_class WHERE relname = 'w';
-- Tables that are written anew.
CREATE FUNCTION rewritten() RETURNS event_trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE NOTICE 'rewriting % for %', pg_event_trigger_table_rewrite_oid()::regclass, pg_event_trigger_table_rewrite_reason();
END$$;
ALTER EVENT TRIGGER c_report DISABLE;
CREATE EVENT TRIGGER f_rewrite ON table_rewrite EXECUTE FUNCTION rewritten();
INSERT INTO watched.two VALUES (1);
ALTER TABLE watched.two ALTER COLUMN e TYPE text;
ALTER TABLE watched.two ADD COLUMN plain int;
ALTER TABLE watched.two ADD COLUMN at timestamptz DEFAULT clock_timestamp();
-- On and off.
ALTER EVENT TRIGGER a_start ENABLE REPLICA;
CREATE TABLE watched.three (a int);
ALTER EVENT TRIGGER a_start ENABLE ALWAYS;
SET event_triggers = off;
DROP TABLE watched.three;
RESET event_triggers;
ALTER EVENT TRIGGER a_start RENAME TO z_start;
ALTER EVENT TRIGGER a_start DISABLE;
COMMENT ON EVENT TRIGGER z_start IS 'the first';
DROP FUNCTION told;
DROP EVENT TRIGGER z_start;
DROP EVENT TRIGGER b_end;
DROP EVENT TRIGGER c_report;
DROP EVENT TRIGGER d_drop;
DROP EVENT TRIGGER e_refuse;
DROP EVENT TRIGGER f_rewrite;
DROP EVENT TRIGGER IF EXISTS f_rewrite;
DROP SCHEMA watched CASCADE;
