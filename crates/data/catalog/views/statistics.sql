-- The statistics views (pg_stat_*, pg_statio_*); see pg_catalog.sql for the form.

CREATE VIEW pg_catalog.pg_stat_activity AS
SELECT a.datid, d.datname, a.pid, a.leader_pid, a.usesysid, r.rolname AS usename, a.application_name, a.client_addr,
       a.client_hostname, a.client_port, a.backend_start, a.xact_start, a.query_start, a.state_change, a.wait_event_type,
       a.wait_event, a.state, a.backend_xid, a.backend_xmin, a.query_id, a.query, a.backend_type
  FROM pg_catalog.pg_stat_get_activity(NULL::integer) a
  LEFT JOIN pg_catalog.pg_database d ON d.oid = a.datid
  LEFT JOIN pg_catalog.pg_authid r ON r.oid = a.usesysid;

CREATE VIEW pg_catalog.pg_stat_replication AS
SELECT a.pid, a.usesysid, r.rolname AS usename, a.application_name, a.client_addr, a.client_hostname, a.client_port,
       a.backend_start, a.backend_xmin, s.state, s.sent_lsn, s.write_lsn, s.flush_lsn, s.replay_lsn, s.write_lag,
       s.flush_lag, s.replay_lag, s.sync_priority, s.sync_state, s.reply_time
  FROM pg_catalog.pg_stat_get_activity(NULL::integer) a
  JOIN pg_catalog.pg_stat_get_wal_senders() s ON s.pid = a.pid
  LEFT JOIN pg_catalog.pg_authid r ON r.oid = a.usesysid;

CREATE VIEW pg_catalog.pg_stat_ssl AS
SELECT a.pid, a.ssl, a.sslversion AS version, a.sslcipher AS cipher, a.sslbits AS bits, a.ssl_client_dn AS client_dn,
       a.ssl_client_serial AS client_serial, a.ssl_issuer_dn AS issuer_dn
  FROM pg_catalog.pg_stat_get_activity(NULL::integer) a
 WHERE a.client_port IS NOT NULL;

CREATE VIEW pg_catalog.pg_stat_gssapi AS
SELECT a.pid, a.gss_auth AS gss_authenticated, a.gss_princ AS principal, a.gss_enc AS encrypted,
       a.gss_delegation AS credentials_delegated
  FROM pg_catalog.pg_stat_get_activity(NULL::integer) a
 WHERE a.client_port IS NOT NULL;

CREATE VIEW pg_catalog.pg_stat_wal_receiver AS
SELECT w.pid, w.status, w.receive_start_lsn, w.receive_start_tli, w.written_lsn, w.flushed_lsn, w.received_tli,
       w.last_msg_send_time, w.last_msg_receipt_time, w.latest_end_lsn, w.latest_end_time, w.slot_name, w.sender_host,
       w.sender_port, w.conninfo
  FROM pg_catalog.pg_stat_get_wal_receiver() w
 WHERE w.pid IS NOT NULL;

CREATE VIEW pg_catalog.pg_stat_recovery_prefetch AS
SELECT p.stats_reset, p.prefetch, p.hit, p.skip_init, p.skip_new, p.skip_fpw, p.skip_rep, p.wal_distance, p.block_distance,
       p.io_depth
  FROM pg_catalog.pg_stat_get_recovery_prefetch() p;

CREATE VIEW pg_catalog.pg_stat_subscription AS
SELECT s.oid AS subid, s.subname, w.worker_type, w.pid, w.leader_pid, w.relid, w.received_lsn, w.last_msg_send_time,
       w.last_msg_receipt_time, w.latest_end_lsn, w.latest_end_time
  FROM pg_catalog.pg_subscription s
  LEFT JOIN pg_catalog.pg_stat_get_subscription(NULL::oid) w ON w.subid = s.oid;

CREATE VIEW pg_catalog.pg_stat_subscription_stats AS
SELECT x.subid, s.subname, x.apply_error_count, x.sync_error_count, x.confl_insert_exists, x.confl_update_origin_differs,
       x.confl_update_exists, x.confl_update_missing, x.confl_delete_origin_differs, x.confl_delete_missing,
       x.confl_multiple_unique_conflicts, x.stats_reset
  FROM pg_catalog.pg_subscription s, LATERAL pg_catalog.pg_stat_get_subscription_stats(s.oid) x;

CREATE VIEW pg_catalog.pg_stat_replication_slots AS
SELECT x.slot_name, x.spill_txns, x.spill_count, x.spill_bytes, x.stream_txns, x.stream_count, x.stream_bytes, x.total_txns,
       x.total_bytes, x.stats_reset
  FROM pg_catalog.pg_replication_slots s, LATERAL pg_catalog.pg_stat_get_replication_slot(s.slot_name::text) x
 WHERE s.datoid IS NOT NULL;

CREATE VIEW pg_catalog.pg_stat_slru AS
SELECT s.name, s.blks_zeroed, s.blks_hit, s.blks_read, s.blks_written, s.blks_exists, s.flushes, s.truncates, s.stats_reset
  FROM pg_catalog.pg_stat_get_slru() s;

CREATE VIEW pg_catalog.pg_stat_database AS
SELECT d.oid AS datid, d.datname,
       CASE WHEN d.oid = 0::oid THEN 0 ELSE pg_catalog.pg_stat_get_db_numbackends(d.oid) END AS numbackends,
       pg_catalog.pg_stat_get_db_xact_commit(d.oid) AS xact_commit,
       pg_catalog.pg_stat_get_db_xact_rollback(d.oid) AS xact_rollback,
       pg_catalog.pg_stat_get_db_blocks_fetched(d.oid) - pg_catalog.pg_stat_get_db_blocks_hit(d.oid) AS blks_read,
       pg_catalog.pg_stat_get_db_blocks_hit(d.oid) AS blks_hit,
       pg_catalog.pg_stat_get_db_tuples_returned(d.oid) AS tup_returned,
       pg_catalog.pg_stat_get_db_tuples_fetched(d.oid) AS tup_fetched,
       pg_catalog.pg_stat_get_db_tuples_inserted(d.oid) AS tup_inserted,
       pg_catalog.pg_stat_get_db_tuples_updated(d.oid) AS tup_updated,
       pg_catalog.pg_stat_get_db_tuples_deleted(d.oid) AS tup_deleted,
       pg_catalog.pg_stat_get_db_conflict_all(d.oid) AS conflicts,
       pg_catalog.pg_stat_get_db_temp_files(d.oid) AS temp_files,
       pg_catalog.pg_stat_get_db_temp_bytes(d.oid) AS temp_bytes,
       pg_catalog.pg_stat_get_db_deadlocks(d.oid) AS deadlocks,
       pg_catalog.pg_stat_get_db_checksum_failures(d.oid) AS checksum_failures,
       pg_catalog.pg_stat_get_db_checksum_last_failure(d.oid) AS checksum_last_failure,
       pg_catalog.pg_stat_get_db_blk_read_time(d.oid) AS blk_read_time,
       pg_catalog.pg_stat_get_db_blk_write_time(d.oid) AS blk_write_time,
       pg_catalog.pg_stat_get_db_session_time(d.oid) AS session_time,
       pg_catalog.pg_stat_get_db_active_time(d.oid) AS active_time,
       pg_catalog.pg_stat_get_db_idle_in_transaction_time(d.oid) AS idle_in_transaction_time,
       pg_catalog.pg_stat_get_db_sessions(d.oid) AS sessions,
       pg_catalog.pg_stat_get_db_sessions_abandoned(d.oid) AS sessions_abandoned,
       pg_catalog.pg_stat_get_db_sessions_fatal(d.oid) AS sessions_fatal,
       pg_catalog.pg_stat_get_db_sessions_killed(d.oid) AS sessions_killed,
       pg_catalog.pg_stat_get_db_parallel_workers_to_launch(d.oid) AS parallel_workers_to_launch,
       pg_catalog.pg_stat_get_db_parallel_workers_launched(d.oid) AS parallel_workers_launched,
       pg_catalog.pg_stat_get_db_stat_reset_time(d.oid) AS stats_reset
  FROM (SELECT 0::oid AS oid, NULL::name AS datname
        UNION ALL
        SELECT b.oid, b.datname FROM pg_catalog.pg_database b) d;

CREATE VIEW pg_catalog.pg_stat_database_conflicts AS
SELECT d.oid AS datid, d.datname,
       pg_catalog.pg_stat_get_db_conflict_tablespace(d.oid) AS confl_tablespace,
       pg_catalog.pg_stat_get_db_conflict_lock(d.oid) AS confl_lock,
       pg_catalog.pg_stat_get_db_conflict_snapshot(d.oid) AS confl_snapshot,
       pg_catalog.pg_stat_get_db_conflict_bufferpin(d.oid) AS confl_bufferpin,
       pg_catalog.pg_stat_get_db_conflict_startup_deadlock(d.oid) AS confl_deadlock,
       pg_catalog.pg_stat_get_db_conflict_logicalslot(d.oid) AS confl_active_logicalslot
  FROM pg_catalog.pg_database d;

CREATE VIEW pg_catalog.pg_stat_archiver AS
SELECT a.archived_count, a.last_archived_wal, a.last_archived_time, a.failed_count, a.last_failed_wal, a.last_failed_time,
       a.stats_reset
  FROM pg_catalog.pg_stat_get_archiver() a;

CREATE VIEW pg_catalog.pg_stat_bgwriter AS
SELECT pg_catalog.pg_stat_get_bgwriter_buf_written_clean() AS buffers_clean,
       pg_catalog.pg_stat_get_bgwriter_maxwritten_clean() AS maxwritten_clean,
       pg_catalog.pg_stat_get_buf_alloc() AS buffers_alloc,
       pg_catalog.pg_stat_get_bgwriter_stat_reset_time() AS stats_reset;

CREATE VIEW pg_catalog.pg_stat_checkpointer AS
SELECT pg_catalog.pg_stat_get_checkpointer_num_timed() AS num_timed,
       pg_catalog.pg_stat_get_checkpointer_num_requested() AS num_requested,
       pg_catalog.pg_stat_get_checkpointer_num_performed() AS num_done,
       pg_catalog.pg_stat_get_checkpointer_restartpoints_timed() AS restartpoints_timed,
       pg_catalog.pg_stat_get_checkpointer_restartpoints_requested() AS restartpoints_req,
       pg_catalog.pg_stat_get_checkpointer_restartpoints_performed() AS restartpoints_done,
       pg_catalog.pg_stat_get_checkpointer_write_time() AS write_time,
       pg_catalog.pg_stat_get_checkpointer_sync_time() AS sync_time,
       pg_catalog.pg_stat_get_checkpointer_buffers_written() AS buffers_written,
       pg_catalog.pg_stat_get_checkpointer_slru_written() AS slru_written,
       pg_catalog.pg_stat_get_checkpointer_stat_reset_time() AS stats_reset;

CREATE VIEW pg_catalog.pg_stat_io AS
SELECT b.backend_type, b.object, b.context, b.reads, b.read_bytes, b.read_time, b.writes, b.write_bytes, b.write_time,
       b.writebacks, b.writeback_time, b.extends, b.extend_bytes, b.extend_time, b.hits, b.evictions, b.reuses, b.fsyncs,
       b.fsync_time, b.stats_reset
  FROM pg_catalog.pg_stat_get_io() b;

CREATE VIEW pg_catalog.pg_stat_wal AS
SELECT w.wal_records, w.wal_fpi, w.wal_bytes, w.wal_buffers_full, w.stats_reset
  FROM pg_catalog.pg_stat_get_wal() w;

CREATE VIEW pg_catalog.pg_stat_all_tables AS
SELECT c.oid AS relid, n.nspname AS schemaname, c.relname,
       pg_catalog.pg_stat_get_numscans(c.oid) AS seq_scan,
       pg_catalog.pg_stat_get_lastscan(c.oid) AS last_seq_scan,
       pg_catalog.pg_stat_get_tuples_returned(c.oid) AS seq_tup_read,
       i.scans AS idx_scan,
       i.last_scan AS last_idx_scan,
       i.fetched + pg_catalog.pg_stat_get_tuples_fetched(c.oid) AS idx_tup_fetch,
       pg_catalog.pg_stat_get_tuples_inserted(c.oid) AS n_tup_ins,
       pg_catalog.pg_stat_get_tuples_updated(c.oid) AS n_tup_upd,
       pg_catalog.pg_stat_get_tuples_deleted(c.oid) AS n_tup_del,
       pg_catalog.pg_stat_get_tuples_hot_updated(c.oid) AS n_tup_hot_upd,
       pg_catalog.pg_stat_get_tuples_newpage_updated(c.oid) AS n_tup_newpage_upd,
       pg_catalog.pg_stat_get_live_tuples(c.oid) AS n_live_tup,
       pg_catalog.pg_stat_get_dead_tuples(c.oid) AS n_dead_tup,
       pg_catalog.pg_stat_get_mod_since_analyze(c.oid) AS n_mod_since_analyze,
       pg_catalog.pg_stat_get_ins_since_vacuum(c.oid) AS n_ins_since_vacuum,
       pg_catalog.pg_stat_get_last_vacuum_time(c.oid) AS last_vacuum,
       pg_catalog.pg_stat_get_last_autovacuum_time(c.oid) AS last_autovacuum,
       pg_catalog.pg_stat_get_last_analyze_time(c.oid) AS last_analyze,
       pg_catalog.pg_stat_get_last_autoanalyze_time(c.oid) AS last_autoanalyze,
       pg_catalog.pg_stat_get_vacuum_count(c.oid) AS vacuum_count,
       pg_catalog.pg_stat_get_autovacuum_count(c.oid) AS autovacuum_count,
       pg_catalog.pg_stat_get_analyze_count(c.oid) AS analyze_count,
       pg_catalog.pg_stat_get_autoanalyze_count(c.oid) AS autoanalyze_count,
       pg_catalog.pg_stat_get_total_vacuum_time(c.oid) AS total_vacuum_time,
       pg_catalog.pg_stat_get_total_autovacuum_time(c.oid) AS total_autovacuum_time,
       pg_catalog.pg_stat_get_total_analyze_time(c.oid) AS total_analyze_time,
       pg_catalog.pg_stat_get_total_autoanalyze_time(c.oid) AS total_autoanalyze_time
  FROM pg_catalog.pg_class c
  LEFT JOIN (SELECT x.indrelid,
                    pg_catalog.sum(pg_catalog.pg_stat_get_numscans(x.indexrelid))::bigint AS scans,
                    pg_catalog.max(pg_catalog.pg_stat_get_lastscan(x.indexrelid)) AS last_scan,
                    pg_catalog.sum(pg_catalog.pg_stat_get_tuples_fetched(x.indexrelid))::bigint AS fetched
               FROM pg_catalog.pg_index x
              GROUP BY x.indrelid) i ON i.indrelid = c.oid
  LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 't', 'm', 'p');

CREATE VIEW pg_catalog.pg_stat_sys_tables AS
SELECT t.*
  FROM pg_catalog.pg_stat_all_tables t
 WHERE t.schemaname IN ('pg_catalog', 'information_schema') OR t.schemaname ~ '^pg_toast';

CREATE VIEW pg_catalog.pg_stat_user_tables AS
SELECT t.*
  FROM pg_catalog.pg_stat_all_tables t
 WHERE t.schemaname NOT IN ('pg_catalog', 'information_schema') AND t.schemaname !~ '^pg_toast';

CREATE VIEW pg_catalog.pg_stat_xact_all_tables AS
SELECT c.oid AS relid, n.nspname AS schemaname, c.relname,
       pg_catalog.pg_stat_get_xact_numscans(c.oid) AS seq_scan,
       pg_catalog.pg_stat_get_xact_tuples_returned(c.oid) AS seq_tup_read,
       i.scans AS idx_scan,
       i.fetched + pg_catalog.pg_stat_get_xact_tuples_fetched(c.oid) AS idx_tup_fetch,
       pg_catalog.pg_stat_get_xact_tuples_inserted(c.oid) AS n_tup_ins,
       pg_catalog.pg_stat_get_xact_tuples_updated(c.oid) AS n_tup_upd,
       pg_catalog.pg_stat_get_xact_tuples_deleted(c.oid) AS n_tup_del,
       pg_catalog.pg_stat_get_xact_tuples_hot_updated(c.oid) AS n_tup_hot_upd,
       pg_catalog.pg_stat_get_xact_tuples_newpage_updated(c.oid) AS n_tup_newpage_upd
  FROM pg_catalog.pg_class c
  LEFT JOIN (SELECT x.indrelid,
                    pg_catalog.sum(pg_catalog.pg_stat_get_xact_numscans(x.indexrelid))::bigint AS scans,
                    pg_catalog.sum(pg_catalog.pg_stat_get_xact_tuples_fetched(x.indexrelid))::bigint AS fetched
               FROM pg_catalog.pg_index x
              GROUP BY x.indrelid) i ON i.indrelid = c.oid
  LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 't', 'm', 'p');

CREATE VIEW pg_catalog.pg_stat_xact_sys_tables AS
SELECT t.*
  FROM pg_catalog.pg_stat_xact_all_tables t
 WHERE t.schemaname IN ('pg_catalog', 'information_schema') OR t.schemaname ~ '^pg_toast';

CREATE VIEW pg_catalog.pg_stat_xact_user_tables AS
SELECT t.*
  FROM pg_catalog.pg_stat_xact_all_tables t
 WHERE t.schemaname NOT IN ('pg_catalog', 'information_schema') AND t.schemaname !~ '^pg_toast';

CREATE VIEW pg_catalog.pg_stat_all_indexes AS
SELECT c.oid AS relid, i.oid AS indexrelid, n.nspname AS schemaname, c.relname, i.relname AS indexrelname,
       pg_catalog.pg_stat_get_numscans(i.oid) AS idx_scan,
       pg_catalog.pg_stat_get_lastscan(i.oid) AS last_idx_scan,
       pg_catalog.pg_stat_get_tuples_returned(i.oid) AS idx_tup_read,
       pg_catalog.pg_stat_get_tuples_fetched(i.oid) AS idx_tup_fetch
  FROM pg_catalog.pg_index x
  JOIN pg_catalog.pg_class c ON c.oid = x.indrelid
  JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid
  LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 't', 'm');

CREATE VIEW pg_catalog.pg_stat_sys_indexes AS
SELECT i.*
  FROM pg_catalog.pg_stat_all_indexes i
 WHERE i.schemaname IN ('pg_catalog', 'information_schema') OR i.schemaname ~ '^pg_toast';

CREATE VIEW pg_catalog.pg_stat_user_indexes AS
SELECT i.*
  FROM pg_catalog.pg_stat_all_indexes i
 WHERE i.schemaname NOT IN ('pg_catalog', 'information_schema') AND i.schemaname !~ '^pg_toast';

CREATE VIEW pg_catalog.pg_statio_all_tables AS
SELECT c.oid AS relid, n.nspname AS schemaname, c.relname,
       pg_catalog.pg_stat_get_blocks_fetched(c.oid) - pg_catalog.pg_stat_get_blocks_hit(c.oid) AS heap_blks_read,
       pg_catalog.pg_stat_get_blocks_hit(c.oid) AS heap_blks_hit,
       i.blocks_read AS idx_blks_read,
       i.blocks_hit AS idx_blks_hit,
       pg_catalog.pg_stat_get_blocks_fetched(t.oid) - pg_catalog.pg_stat_get_blocks_hit(t.oid) AS toast_blks_read,
       pg_catalog.pg_stat_get_blocks_hit(t.oid) AS toast_blks_hit,
       ti.blocks_read AS tidx_blks_read,
       ti.blocks_hit AS tidx_blks_hit
  FROM pg_catalog.pg_class c
  LEFT JOIN pg_catalog.pg_class t ON t.oid = c.reltoastrelid
  LEFT JOIN (SELECT x.indrelid,
                    pg_catalog.sum(pg_catalog.pg_stat_get_blocks_fetched(x.indexrelid)
                                   - pg_catalog.pg_stat_get_blocks_hit(x.indexrelid))::bigint AS blocks_read,
                    pg_catalog.sum(pg_catalog.pg_stat_get_blocks_hit(x.indexrelid))::bigint AS blocks_hit
               FROM pg_catalog.pg_index x
              GROUP BY x.indrelid) i ON i.indrelid = c.oid
  LEFT JOIN (SELECT x.indrelid,
                    pg_catalog.sum(pg_catalog.pg_stat_get_blocks_fetched(x.indexrelid)
                                   - pg_catalog.pg_stat_get_blocks_hit(x.indexrelid))::bigint AS blocks_read,
                    pg_catalog.sum(pg_catalog.pg_stat_get_blocks_hit(x.indexrelid))::bigint AS blocks_hit
               FROM pg_catalog.pg_index x
              GROUP BY x.indrelid) ti ON ti.indrelid = t.oid
  LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 't', 'm');

CREATE VIEW pg_catalog.pg_statio_sys_tables AS
SELECT t.*
  FROM pg_catalog.pg_statio_all_tables t
 WHERE t.schemaname IN ('pg_catalog', 'information_schema') OR t.schemaname ~ '^pg_toast';

CREATE VIEW pg_catalog.pg_statio_user_tables AS
SELECT t.*
  FROM pg_catalog.pg_statio_all_tables t
 WHERE t.schemaname NOT IN ('pg_catalog', 'information_schema') AND t.schemaname !~ '^pg_toast';

CREATE VIEW pg_catalog.pg_statio_all_indexes AS
SELECT c.oid AS relid, i.oid AS indexrelid, n.nspname AS schemaname, c.relname, i.relname AS indexrelname,
       pg_catalog.pg_stat_get_blocks_fetched(i.oid) - pg_catalog.pg_stat_get_blocks_hit(i.oid) AS idx_blks_read,
       pg_catalog.pg_stat_get_blocks_hit(i.oid) AS idx_blks_hit
  FROM pg_catalog.pg_index x
  JOIN pg_catalog.pg_class c ON c.oid = x.indrelid
  JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid
  LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 't', 'm');

CREATE VIEW pg_catalog.pg_statio_sys_indexes AS
SELECT i.*
  FROM pg_catalog.pg_statio_all_indexes i
 WHERE i.schemaname IN ('pg_catalog', 'information_schema') OR i.schemaname ~ '^pg_toast';

CREATE VIEW pg_catalog.pg_statio_user_indexes AS
SELECT i.*
  FROM pg_catalog.pg_statio_all_indexes i
 WHERE i.schemaname NOT IN ('pg_catalog', 'information_schema') AND i.schemaname !~ '^pg_toast';

CREATE VIEW pg_catalog.pg_statio_all_sequences AS
SELECT c.oid AS relid, n.nspname AS schemaname, c.relname,
       pg_catalog.pg_stat_get_blocks_fetched(c.oid) - pg_catalog.pg_stat_get_blocks_hit(c.oid) AS blks_read,
       pg_catalog.pg_stat_get_blocks_hit(c.oid) AS blks_hit
  FROM pg_catalog.pg_class c
  LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind = 'S';

CREATE VIEW pg_catalog.pg_statio_sys_sequences AS
SELECT s.*
  FROM pg_catalog.pg_statio_all_sequences s
 WHERE s.schemaname IN ('pg_catalog', 'information_schema') OR s.schemaname ~ '^pg_toast';

CREATE VIEW pg_catalog.pg_statio_user_sequences AS
SELECT s.*
  FROM pg_catalog.pg_statio_all_sequences s
 WHERE s.schemaname NOT IN ('pg_catalog', 'information_schema') AND s.schemaname !~ '^pg_toast';

CREATE VIEW pg_catalog.pg_stat_user_functions AS
SELECT p.oid AS funcid, n.nspname AS schemaname, p.proname AS funcname,
       pg_catalog.pg_stat_get_function_calls(p.oid) AS calls,
       pg_catalog.pg_stat_get_function_total_time(p.oid) AS total_time,
       pg_catalog.pg_stat_get_function_self_time(p.oid) AS self_time
  FROM pg_catalog.pg_proc p
  LEFT JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
 WHERE p.prolang <> 12::oid AND pg_catalog.pg_stat_get_function_calls(p.oid) IS NOT NULL;

CREATE VIEW pg_catalog.pg_stat_xact_user_functions AS
SELECT p.oid AS funcid, n.nspname AS schemaname, p.proname AS funcname,
       pg_catalog.pg_stat_get_xact_function_calls(p.oid) AS calls,
       pg_catalog.pg_stat_get_xact_function_total_time(p.oid) AS total_time,
       pg_catalog.pg_stat_get_xact_function_self_time(p.oid) AS self_time
  FROM pg_catalog.pg_proc p
  LEFT JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
 WHERE p.prolang <> 12::oid AND pg_catalog.pg_stat_get_xact_function_calls(p.oid) IS NOT NULL;

-- The progress of long commands. Which parameter is what is agreed between these views and whoever reports the progress: they come in
-- the order of the views' columns.

CREATE VIEW pg_catalog.pg_stat_progress_analyze AS
SELECT p.pid, p.datid, d.datname,
       p.relid,
       CASE p.param1 WHEN 0 THEN 'initializing' WHEN 1 THEN 'acquiring sample rows' WHEN 2 THEN 'acquiring inherited sample rows' WHEN 3 THEN 'computing statistics' WHEN 4 THEN 'computing extended statistics' WHEN 5 THEN 'finalizing analyze' END AS phase,
       p.param2 AS sample_blks_total,
       p.param3 AS sample_blks_scanned,
       p.param4 AS ext_stats_total,
       p.param5 AS ext_stats_computed,
       p.param6 AS child_tables_total,
       p.param7 AS child_tables_done,
       p.param8::oid AS current_child_table_relid,
       p.param9::double precision / 1000000::double precision AS delay_time
  FROM pg_catalog.pg_stat_get_progress_info('ANALYZE') p
  LEFT JOIN pg_catalog.pg_database d ON d.oid = p.datid;

CREATE VIEW pg_catalog.pg_stat_progress_vacuum AS
SELECT p.pid, p.datid, d.datname,
       p.relid,
       CASE p.param1 WHEN 0 THEN 'initializing' WHEN 1 THEN 'scanning heap' WHEN 2 THEN 'vacuuming indexes' WHEN 3 THEN 'vacuuming heap' WHEN 4 THEN 'cleaning up indexes' WHEN 5 THEN 'truncating heap' WHEN 6 THEN 'performing final cleanup' END AS phase,
       p.param2 AS heap_blks_total,
       p.param3 AS heap_blks_scanned,
       p.param4 AS heap_blks_vacuumed,
       p.param5 AS index_vacuum_count,
       p.param6 AS max_dead_tuple_bytes,
       p.param7 AS dead_tuple_bytes,
       p.param8 AS num_dead_item_ids,
       p.param9 AS indexes_total,
       p.param10 AS indexes_processed,
       p.param11::double precision / 1000000::double precision AS delay_time
  FROM pg_catalog.pg_stat_get_progress_info('VACUUM') p
  LEFT JOIN pg_catalog.pg_database d ON d.oid = p.datid;

CREATE VIEW pg_catalog.pg_stat_progress_cluster AS
SELECT p.pid, p.datid, d.datname,
       p.relid,
       CASE p.param1 WHEN 1 THEN 'CLUSTER' WHEN 2 THEN 'VACUUM FULL' END AS command,
       CASE p.param2 WHEN 0 THEN 'initializing' WHEN 1 THEN 'seq scanning heap' WHEN 2 THEN 'index scanning heap' WHEN 3 THEN 'sorting tuples' WHEN 4 THEN 'writing new heap' WHEN 5 THEN 'swapping relation files' WHEN 6 THEN 'rebuilding index' WHEN 7 THEN 'performing final cleanup' END AS phase,
       p.param3::oid AS cluster_index_relid,
       p.param4 AS heap_tuples_scanned,
       p.param5 AS heap_tuples_written,
       p.param6 AS heap_blks_total,
       p.param7 AS heap_blks_scanned,
       p.param8 AS index_rebuild_count
  FROM pg_catalog.pg_stat_get_progress_info('CLUSTER') p
  LEFT JOIN pg_catalog.pg_database d ON d.oid = p.datid;

CREATE VIEW pg_catalog.pg_stat_progress_create_index AS
SELECT p.pid, p.datid, d.datname,
       p.relid,
       p.param2::oid AS index_relid,
       CASE p.param1 WHEN 1 THEN 'CREATE INDEX' WHEN 2 THEN 'CREATE INDEX CONCURRENTLY' WHEN 3 THEN 'REINDEX' WHEN 4 THEN 'REINDEX CONCURRENTLY' END AS command,
       CASE p.param3 WHEN 0 THEN 'initializing' WHEN 1 THEN 'waiting for writers before build' WHEN 2 THEN 'building index' || coalesce(': ' || pg_catalog.pg_indexam_progress_phasename(p.param4::oid, p.param5), '') WHEN 3 THEN 'waiting for writers before validation' WHEN 4 THEN 'index validation: scanning index' WHEN 5 THEN 'index validation: sorting tuples' WHEN 6 THEN 'index validation: scanning table' WHEN 7 THEN 'waiting for old snapshots' WHEN 8 THEN 'waiting for readers before marking dead' WHEN 9 THEN 'waiting for readers before dropping' END AS phase,
       p.param6 AS lockers_total,
       p.param7 AS lockers_done,
       p.param8 AS current_locker_pid,
       p.param9 AS blocks_total,
       p.param10 AS blocks_done,
       p.param11 AS tuples_total,
       p.param12 AS tuples_done,
       p.param13 AS partitions_total,
       p.param14 AS partitions_done
  FROM pg_catalog.pg_stat_get_progress_info('CREATE INDEX') p
  LEFT JOIN pg_catalog.pg_database d ON d.oid = p.datid;

CREATE VIEW pg_catalog.pg_stat_progress_copy AS
SELECT p.pid, p.datid, d.datname,
       p.relid,
       CASE p.param1 WHEN 1 THEN 'COPY FROM' WHEN 2 THEN 'COPY TO' END AS command,
       CASE p.param2 WHEN 1 THEN 'FILE' WHEN 2 THEN 'PROGRAM' WHEN 3 THEN 'PIPE' WHEN 4 THEN 'CALLBACK' END AS type,
       p.param3 AS bytes_processed,
       p.param4 AS bytes_total,
       p.param5 AS tuples_processed,
       p.param6 AS tuples_excluded,
       p.param7 AS tuples_skipped
  FROM pg_catalog.pg_stat_get_progress_info('COPY') p
  LEFT JOIN pg_catalog.pg_database d ON d.oid = p.datid;

CREATE VIEW pg_catalog.pg_stat_progress_basebackup AS
SELECT p.pid,
       CASE p.param1 WHEN 0 THEN 'initializing' WHEN 1 THEN 'waiting for checkpoint to finish' WHEN 2 THEN 'estimating backup size' WHEN 3 THEN 'streaming database files' WHEN 4 THEN 'waiting for wal archiving to finish' WHEN 5 THEN 'transferring wal files' END AS phase,
       nullif(p.param2, -1) AS backup_total,
       p.param3 AS backup_streamed,
       p.param4 AS tablespaces_total,
       p.param5 AS tablespaces_streamed
  FROM pg_catalog.pg_stat_get_progress_info('BASEBACKUP') p;
