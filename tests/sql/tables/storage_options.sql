-- Options of tables and of their TOAST tables.
create table t (a text) with (fillfactor = 30, toast.autovacuum_enabled = off, autovacuum_vacuum_cost_limit = '0x10');
select reloptions from pg_class where relname = 't';
select reloptions from pg_class where oid = (select reltoastrelid from pg_class where relname = 't');
alter table t set (toast.autovacuum_enabled, toast.vacuum_truncate = off, vacuum_index_cleanup = auto, fillfactor = 40);
select reloptions from pg_class where oid = (select reltoastrelid from pg_class where relname = 't');
alter table t reset (toast.autovacuum_enabled, fillfactor, nosuch);
select reloptions from pg_class where relname = 't';
select reloptions from pg_class where oid = (select reltoastrelid from pg_class where relname = 't');
alter table t reset (fillfactor = 10);
-- What they take.
alter table t set (fillfactor = 9);
alter table t set (fillfactor = 1e30);
alter table t set (fillfactor = x);
alter table t set (parallel_workers = 1025);
alter table t set (autovacuum_enabled = o);
alter table t set (autovacuum_vacuum_scale_factor = -10.0);
alter table t set (autovacuum_analyze_scale_factor = x);
alter table t set (vacuum_index_cleanup = x);
alter table t set (toast.fillfactor = 30);
alter table t set (other.fillfactor = 30);
alter table t set (fillfactor = 30, fillfactor = 40);
alter table t set ("Fillfactor" = 30);
create view v with (security_barrier, security_barrier) as select 1;
create view v with (check_option = x) as select 1;
create table p (a int) partition by list (a) with (fillfactor = 30);
create materialized view m with (fillfactor = 12, toast.autovacuum_enabled) as select 'a' as a;
select reloptions from pg_class where relname = 'm';
-- OIDs are no more, but off they may be.
create table o (a int) with (oids);
create table o (a int) with (oids = false);
create table o2 with (oids = false) as select 1 as a;
alter table o set (oids = false);
