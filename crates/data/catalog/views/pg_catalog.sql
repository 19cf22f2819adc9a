-- The system views over catalogs and over the session's and the server's state.
-- Each statement begins with CREATE VIEW at a line's start; see src/views.rs. Columns have the names, the order and the types
-- of PostgreSQL 18's views.

CREATE VIEW pg_catalog.pg_roles AS
SELECT r.rolname, r.rolsuper, r.rolinherit, r.rolcreaterole, r.rolcreatedb, r.rolcanlogin, r.rolreplication,
       r.rolconnlimit, '********'::text AS rolpassword, r.rolvaliduntil, r.rolbypassrls, s.setconfig AS rolconfig, r.oid
  FROM pg_catalog.pg_authid r
  LEFT JOIN pg_catalog.pg_db_role_setting s ON s.setrole = r.oid AND s.setdatabase = 0::oid;

CREATE VIEW pg_catalog.pg_shadow AS
SELECT r.rolname AS usename, r.oid AS usesysid, r.rolcreatedb AS usecreatedb, r.rolsuper AS usesuper,
       r.rolreplication AS userepl, r.rolbypassrls AS usebypassrls, r.rolpassword AS passwd,
       r.rolvaliduntil AS valuntil, s.setconfig AS useconfig
  FROM pg_catalog.pg_authid r
  LEFT JOIN pg_catalog.pg_db_role_setting s ON s.setrole = r.oid AND s.setdatabase = 0::oid
 WHERE r.rolcanlogin;

CREATE VIEW pg_catalog.pg_user AS
SELECT u.usename, u.usesysid, u.usecreatedb, u.usesuper, u.userepl, u.usebypassrls, '********'::text AS passwd,
       u.valuntil, u.useconfig
  FROM pg_catalog.pg_shadow u;

CREATE VIEW pg_catalog.pg_group AS
SELECT r.rolname AS groname, r.oid AS grosysid,
       ARRAY(SELECT m.member FROM pg_catalog.pg_auth_members m WHERE m.roleid = r.oid) AS grolist
  FROM pg_catalog.pg_authid r
 WHERE NOT r.rolcanlogin;

CREATE VIEW pg_catalog.pg_tables AS
SELECT n.nspname AS schemaname, c.relname AS tablename, pg_catalog.pg_get_userbyid(c.relowner) AS tableowner,
       t.spcname AS tablespace, c.relhasindex AS hasindexes, c.relhasrules AS hasrules,
       c.relhastriggers AS hastriggers, c.relrowsecurity AS rowsecurity
  FROM pg_catalog.pg_class c
  LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_catalog.pg_tablespace t ON t.oid = c.reltablespace
 WHERE c.relkind IN ('r', 'p');

CREATE VIEW pg_catalog.pg_views AS
SELECT n.nspname AS schemaname, c.relname AS viewname, pg_catalog.pg_get_userbyid(c.relowner) AS viewowner,
       pg_catalog.pg_get_viewdef(c.oid) AS definition
  FROM pg_catalog.pg_class c
  LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind = 'v';

CREATE VIEW pg_catalog.pg_matviews AS
SELECT n.nspname AS schemaname, c.relname AS matviewname, pg_catalog.pg_get_userbyid(c.relowner) AS matviewowner,
       t.spcname AS tablespace, c.relhasindex AS hasindexes, c.relispopulated AS ispopulated,
       pg_catalog.pg_get_viewdef(c.oid) AS definition
  FROM pg_catalog.pg_class c
  LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_catalog.pg_tablespace t ON t.oid = c.reltablespace
 WHERE c.relkind = 'm';

CREATE VIEW pg_catalog.pg_indexes AS
SELECT n.nspname AS schemaname, t.relname AS tablename, i.relname AS indexname, s.spcname AS tablespace,
       pg_catalog.pg_get_indexdef(i.oid) AS indexdef
  FROM pg_catalog.pg_index x
  JOIN pg_catalog.pg_class t ON t.oid = x.indrelid
  JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid
  LEFT JOIN pg_catalog.pg_namespace n ON n.oid = t.relnamespace
  LEFT JOIN pg_catalog.pg_tablespace s ON s.oid = i.reltablespace
 WHERE t.relkind IN ('r', 'm', 'p') AND i.relkind IN ('i', 'I');

CREATE VIEW pg_catalog.pg_sequences AS
SELECT n.nspname AS schemaname, c.relname AS sequencename, pg_catalog.pg_get_userbyid(c.relowner) AS sequenceowner,
       s.seqtypid::pg_catalog.regtype AS data_type, s.seqstart AS start_value, s.seqmin AS min_value,
       s.seqmax AS max_value, s.seqincrement AS increment_by, s.seqcycle AS cycle, s.seqcache AS cache_size,
       pg_catalog.pg_sequence_last_value(c.oid) AS last_value
  FROM pg_catalog.pg_sequence s
  JOIN pg_catalog.pg_class c ON c.oid = s.seqrelid
  LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind = 'S' AND NOT pg_catalog.pg_is_other_temp_schema(n.oid);

CREATE VIEW pg_catalog.pg_rules AS
SELECT n.nspname AS schemaname, c.relname AS tablename, r.rulename, pg_catalog.pg_get_ruledef(r.oid) AS definition
  FROM pg_catalog.pg_rewrite r
  JOIN pg_catalog.pg_class c ON c.oid = r.ev_class
  LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE r.rulename <> '_RETURN';

CREATE VIEW pg_catalog.pg_policies AS
SELECT n.nspname AS schemaname, c.relname AS tablename, p.polname AS policyname,
       CASE WHEN p.polpermissive THEN 'PERMISSIVE' ELSE 'RESTRICTIVE' END AS permissive,
       CASE WHEN p.polroles = '{0}'::oid[] THEN '{public}'::name[]
            ELSE ARRAY(SELECT a.rolname FROM pg_catalog.pg_authid a WHERE a.oid = ANY (p.polroles) ORDER BY a.rolname)
       END AS roles,
       CASE p.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE'
                     WHEN '*' THEN 'ALL' END AS cmd,
       pg_catalog.pg_get_expr(p.polqual, p.polrelid) AS qual,
       pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid) AS with_check
  FROM pg_catalog.pg_policy p
  JOIN pg_catalog.pg_class c ON c.oid = p.polrelid
  LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace;

CREATE VIEW pg_catalog.pg_stats AS
SELECT n.nspname AS schemaname, c.relname AS tablename, a.attname, s.stainherit AS inherited, s.stanullfrac AS null_frac,
       s.stawidth AS avg_width, s.stadistinct AS n_distinct,
       CASE 1 WHEN s.stakind1 THEN s.stavalues1 WHEN s.stakind2 THEN s.stavalues2 WHEN s.stakind3 THEN s.stavalues3
              WHEN s.stakind4 THEN s.stavalues4 WHEN s.stakind5 THEN s.stavalues5 END AS most_common_vals,
       CASE 1 WHEN s.stakind1 THEN s.stanumbers1 WHEN s.stakind2 THEN s.stanumbers2 WHEN s.stakind3 THEN s.stanumbers3
              WHEN s.stakind4 THEN s.stanumbers4 WHEN s.stakind5 THEN s.stanumbers5 END AS most_common_freqs,
       CASE 2 WHEN s.stakind1 THEN s.stavalues1 WHEN s.stakind2 THEN s.stavalues2 WHEN s.stakind3 THEN s.stavalues3
              WHEN s.stakind4 THEN s.stavalues4 WHEN s.stakind5 THEN s.stavalues5 END AS histogram_bounds,
       CASE 3 WHEN s.stakind1 THEN s.stanumbers1[1] WHEN s.stakind2 THEN s.stanumbers2[1]
              WHEN s.stakind3 THEN s.stanumbers3[1] WHEN s.stakind4 THEN s.stanumbers4[1]
              WHEN s.stakind5 THEN s.stanumbers5[1] END AS correlation,
       CASE 4 WHEN s.stakind1 THEN s.stavalues1 WHEN s.stakind2 THEN s.stavalues2 WHEN s.stakind3 THEN s.stavalues3
              WHEN s.stakind4 THEN s.stavalues4 WHEN s.stakind5 THEN s.stavalues5 END AS most_common_elems,
       CASE 4 WHEN s.stakind1 THEN s.stanumbers1 WHEN s.stakind2 THEN s.stanumbers2 WHEN s.stakind3 THEN s.stanumbers3
              WHEN s.stakind4 THEN s.stanumbers4 WHEN s.stakind5 THEN s.stanumbers5 END AS most_common_elem_freqs,
       CASE 5 WHEN s.stakind1 THEN s.stanumbers1 WHEN s.stakind2 THEN s.stanumbers2 WHEN s.stakind3 THEN s.stanumbers3
              WHEN s.stakind4 THEN s.stanumbers4 WHEN s.stakind5 THEN s.stanumbers5 END AS elem_count_histogram,
       CASE 6 WHEN s.stakind1 THEN s.stavalues1 WHEN s.stakind2 THEN s.stavalues2 WHEN s.stakind3 THEN s.stavalues3
              WHEN s.stakind4 THEN s.stavalues4 WHEN s.stakind5 THEN s.stavalues5 END AS range_length_histogram,
       CASE 6 WHEN s.stakind1 THEN s.stanumbers1[1] WHEN s.stakind2 THEN s.stanumbers2[1]
              WHEN s.stakind3 THEN s.stanumbers3[1] WHEN s.stakind4 THEN s.stanumbers4[1]
              WHEN s.stakind5 THEN s.stanumbers5[1] END AS range_empty_frac,
       CASE 7 WHEN s.stakind1 THEN s.stavalues1 WHEN s.stakind2 THEN s.stavalues2 WHEN s.stakind3 THEN s.stavalues3
              WHEN s.stakind4 THEN s.stavalues4 WHEN s.stakind5 THEN s.stavalues5 END AS range_bounds_histogram
  FROM pg_catalog.pg_statistic s
  JOIN pg_catalog.pg_class c ON c.oid = s.starelid
  JOIN pg_catalog.pg_attribute a ON a.attrelid = s.starelid AND a.attnum = s.staattnum
  LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE NOT a.attisdropped
   AND pg_catalog.has_column_privilege(c.oid, a.attnum, 'select')
   AND (NOT c.relrowsecurity OR NOT pg_catalog.row_security_active(c.oid));

CREATE VIEW pg_catalog.pg_publication_tables AS
SELECT p.pubname, n.nspname AS schemaname, c.relname AS tablename,
       (SELECT pg_catalog.array_agg(a.attname ORDER BY a.attnum)
          FROM pg_catalog.pg_attribute a
         WHERE a.attrelid = g.relid AND a.attnum = ANY (g.attrs)) AS attnames,
       pg_catalog.pg_get_expr(g.qual, g.relid) AS rowfilter
  FROM pg_catalog.pg_publication p,
       LATERAL pg_catalog.pg_get_publication_tables(VARIADIC ARRAY[p.pubname::text]) g(pubid, relid, attrs, qual),
       pg_catalog.pg_class c
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE c.oid = g.relid;

CREATE VIEW pg_catalog.pg_user_mappings AS
SELECT m.oid AS umid, s.oid AS srvid, s.srvname, m.umuser,
       CASE WHEN m.umuser = 0::oid THEN 'public'::name ELSE r.rolname END AS usename,
       CASE WHEN (m.umuser <> 0::oid AND r.rolname = CURRENT_USER
                  AND (pg_catalog.pg_has_role(s.srvowner, 'USAGE')
                       OR pg_catalog.has_server_privilege(s.oid, 'USAGE')))
              OR (m.umuser = 0::oid AND pg_catalog.pg_has_role(s.srvowner, 'USAGE'))
              OR (SELECT u.rolsuper FROM pg_catalog.pg_authid u WHERE u.rolname = CURRENT_USER)
            THEN m.umoptions END AS umoptions
  FROM pg_catalog.pg_user_mapping m
  JOIN pg_catalog.pg_foreign_server s ON s.oid = m.umserver
  LEFT JOIN pg_catalog.pg_authid r ON r.oid = m.umuser;

CREATE VIEW pg_catalog.pg_settings AS
SELECT s.name, s.setting, s.unit, s.category, s.short_desc, s.extra_desc, s.context, s.vartype, s.source, s.min_val,
       s.max_val, s.enumvals, s.boot_val, s.reset_val, s.sourcefile, s.sourceline, s.pending_restart
  FROM pg_catalog.pg_show_all_settings() s;

CREATE VIEW pg_catalog.pg_file_settings AS
SELECT f.sourcefile, f.sourceline, f.seqno, f.name, f.setting, f.applied, f.error
  FROM pg_catalog.pg_show_all_file_settings() f;

CREATE VIEW pg_catalog.pg_hba_file_rules AS
SELECT r.rule_number, r.file_name, r.line_number, r.type, r.database, r.user_name, r.address, r.netmask, r.auth_method,
       r.options, r.error
  FROM pg_catalog.pg_hba_file_rules() r;

CREATE VIEW pg_catalog.pg_ident_file_mappings AS
SELECT m.map_number, m.file_name, m.line_number, m.map_name, m.sys_name, m.pg_username, m.error
  FROM pg_catalog.pg_ident_file_mappings() m;

CREATE VIEW pg_catalog.pg_locks AS
SELECT l.locktype, l.database, l.relation, l.page, l.tuple, l.virtualxid, l.transactionid, l.classid, l.objid, l.objsubid,
       l.virtualtransaction, l.pid, l.mode, l.granted, l.fastpath, l.waitstart
  FROM pg_catalog.pg_lock_status() l;

CREATE VIEW pg_catalog.pg_cursors AS
SELECT c.name, c.statement, c.is_holdable, c.is_binary, c.is_scrollable, c.creation_time
  FROM pg_catalog.pg_cursor() c;

CREATE VIEW pg_catalog.pg_prepared_statements AS
SELECT p.name, p.statement, p.prepare_time, p.parameter_types, p.result_types, p.from_sql, p.generic_plans, p.custom_plans
  FROM pg_catalog.pg_prepared_statement() p;

CREATE VIEW pg_catalog.pg_prepared_xacts AS
SELECT x.transaction, x.gid, x.prepared, r.rolname AS owner, d.datname AS database
  FROM pg_catalog.pg_prepared_xact() x
  LEFT JOIN pg_catalog.pg_authid r ON r.oid = x.ownerid
  LEFT JOIN pg_catalog.pg_database d ON d.oid = x.dbid;

CREATE VIEW pg_catalog.pg_timezone_abbrevs AS
SELECT DISTINCT ON (z.abbrev) z.abbrev, z.utc_offset, z.is_dst
  FROM (SELECT s.abbrev, s.utc_offset, s.is_dst, 1 AS rank FROM pg_catalog.pg_timezone_abbrevs_zone() s
        UNION ALL
        SELECT s.abbrev, s.utc_offset, s.is_dst, 2 FROM pg_catalog.pg_timezone_abbrevs_abbrevs() s) z
 ORDER BY z.abbrev, z.rank;

CREATE VIEW pg_catalog.pg_timezone_names AS
SELECT z.name, z.abbrev, z.utc_offset, z.is_dst
  FROM pg_catalog.pg_timezone_names() z;

CREATE VIEW pg_catalog.pg_config AS
SELECT c.name, c.setting
  FROM pg_catalog.pg_config() c;

CREATE VIEW pg_catalog.pg_available_extensions AS
SELECT a.name, a.default_version, e.extversion AS installed_version, a.comment
  FROM pg_catalog.pg_available_extensions() a
  LEFT JOIN pg_catalog.pg_extension e ON e.extname = a.name;

CREATE VIEW pg_catalog.pg_available_extension_versions AS
SELECT a.name, a.version, e.extname IS NOT NULL AS installed, a.superuser, a.trusted, a.relocatable, a.schema, a.requires,
       a.comment
  FROM pg_catalog.pg_available_extension_versions() a
  LEFT JOIN pg_catalog.pg_extension e ON e.extname = a.name AND e.extversion = a.version;

CREATE VIEW pg_catalog.pg_backend_memory_contexts AS
SELECT m.name, m.ident, m.type, m.level, m.path, m.total_bytes, m.total_nblocks, m.free_bytes, m.free_chunks, m.used_bytes
  FROM pg_catalog.pg_get_backend_memory_contexts() m;

CREATE VIEW pg_catalog.pg_shmem_allocations AS
SELECT a.name, a.off, a.size, a.allocated_size
  FROM pg_catalog.pg_get_shmem_allocations() a;

CREATE VIEW pg_catalog.pg_shmem_allocations_numa AS
SELECT a.name, a.numa_node, a.size
  FROM pg_catalog.pg_get_shmem_allocations_numa() a;

CREATE VIEW pg_catalog.pg_aios AS
SELECT a.pid, a.io_id, a.io_generation, a.state, a.operation, a.off, a.length, a.target, a.handle_data_len, a.raw_result,
       a.result, a.target_desc, a.f_sync, a.f_localmem, a.f_buffered
  FROM pg_catalog.pg_get_aios() a;

CREATE VIEW pg_catalog.pg_wait_events AS
SELECT w.type, w.name, w.description
  FROM pg_catalog.pg_get_wait_events() w;

CREATE VIEW pg_catalog.pg_replication_origin_status AS
SELECT o.local_id, o.external_id, o.remote_lsn, o.local_lsn
  FROM pg_catalog.pg_show_replication_origin_status() o;

CREATE VIEW pg_catalog.pg_replication_slots AS
SELECT s.slot_name, s.plugin, s.slot_type, s.datoid, d.datname AS database, s.temporary, s.active, s.active_pid, s.xmin,
       s.catalog_xmin, s.restart_lsn, s.confirmed_flush_lsn, s.wal_status, s.safe_wal_size, s.two_phase, s.two_phase_at,
       s.inactive_since, s.conflicting, s.invalidation_reason, s.failover, s.synced
  FROM pg_catalog.pg_get_replication_slots() s
  LEFT JOIN pg_catalog.pg_database d ON d.oid = s.datoid;

CREATE VIEW pg_catalog.pg_seclabels AS
SELECT l.objoid, l.classoid, l.objsubid,
       CASE WHEN l.objsubid <> 0 THEN 'column' ELSE o.type END AS objtype, s.oid AS objnamespace,
       (o.identity COLLATE pg_catalog."C") AS objname,
       l.provider, l.label
  FROM pg_catalog.pg_seclabel l
 CROSS JOIN LATERAL pg_catalog.pg_identify_object(l.classoid, l.objoid, l.objsubid) o
  LEFT JOIN pg_catalog.pg_namespace s ON s.nspname = o.schema
UNION ALL
SELECT l.objoid, l.classoid, 0, o.type, NULL::oid, (o.identity COLLATE pg_catalog."C"), l.provider, l.label
  FROM pg_catalog.pg_shseclabel l
 CROSS JOIN LATERAL pg_catalog.pg_identify_object(l.classoid, l.objoid, 0) o;

CREATE VIEW pg_catalog.pg_stats_ext AS
SELECT cn.nspname AS schemaname, c.relname AS tablename, sn.nspname AS statistics_schemaname, s.stxname AS statistics_name,
       pg_catalog.pg_get_userbyid(s.stxowner) AS statistics_owner,
       (SELECT pg_catalog.array_agg(a.attname ORDER BY a.attnum)
          FROM pg_catalog.pg_attribute a
         WHERE a.attrelid = s.stxrelid AND a.attnum = ANY (s.stxkeys::smallint[])) AS attnames,
       pg_catalog.pg_get_statisticsobjdef_expressions(s.oid) AS exprs, s.stxkind AS kinds, d.stxdinherit AS inherited,
       d.stxdndistinct AS n_distinct, d.stxddependencies AS dependencies, m.most_common_vals, m.most_common_val_nulls,
       m.most_common_freqs, m.most_common_base_freqs
  FROM pg_catalog.pg_statistic_ext s
  JOIN pg_catalog.pg_class c ON c.oid = s.stxrelid
  JOIN pg_catalog.pg_statistic_ext_data d ON d.stxoid = s.oid
  LEFT JOIN pg_catalog.pg_namespace cn ON cn.oid = c.relnamespace
  LEFT JOIN pg_catalog.pg_namespace sn ON sn.oid = s.stxnamespace
  LEFT JOIN LATERAL (SELECT pg_catalog.array_agg(x.values ORDER BY x.index) AS most_common_vals,
                            pg_catalog.array_agg(x.nulls ORDER BY x.index) AS most_common_val_nulls,
                            pg_catalog.array_agg(x.frequency ORDER BY x.index) AS most_common_freqs,
                            pg_catalog.array_agg(x.base_frequency ORDER BY x.index) AS most_common_base_freqs
                       FROM pg_catalog.pg_mcv_list_items(d.stxdmcv) x) m ON d.stxdmcv IS NOT NULL
 WHERE pg_catalog.pg_has_role(c.relowner, 'USAGE') AND (NOT c.relrowsecurity OR NOT pg_catalog.row_security_active(c.oid));

CREATE VIEW pg_catalog.pg_stats_ext_exprs AS
SELECT cn.nspname AS schemaname, c.relname AS tablename, sn.nspname AS statistics_schemaname, s.stxname AS statistics_name,
       pg_catalog.pg_get_userbyid(s.stxowner) AS statistics_owner, e.expr, d.stxdinherit AS inherited,
       e.stanullfrac AS null_frac, e.stawidth AS avg_width, e.stadistinct AS n_distinct,
       CASE WHEN e.stakind1 = 1 THEN e.stavalues1 WHEN e.stakind2 = 1 THEN e.stavalues2 WHEN e.stakind3 = 1 THEN e.stavalues3 WHEN e.stakind4 = 1 THEN e.stavalues4 WHEN e.stakind5 = 1 THEN e.stavalues5 END AS most_common_vals,
       CASE WHEN e.stakind1 = 1 THEN e.stanumbers1 WHEN e.stakind2 = 1 THEN e.stanumbers2 WHEN e.stakind3 = 1 THEN e.stanumbers3 WHEN e.stakind4 = 1 THEN e.stanumbers4 WHEN e.stakind5 = 1 THEN e.stanumbers5 END AS most_common_freqs,
       CASE WHEN e.stakind1 = 2 THEN e.stavalues1 WHEN e.stakind2 = 2 THEN e.stavalues2 WHEN e.stakind3 = 2 THEN e.stavalues3 WHEN e.stakind4 = 2 THEN e.stavalues4 WHEN e.stakind5 = 2 THEN e.stavalues5 END AS histogram_bounds,
       CASE WHEN e.stakind1 = 3 THEN (e.stanumbers1)[1] WHEN e.stakind2 = 3 THEN (e.stanumbers2)[1] WHEN e.stakind3 = 3 THEN (e.stanumbers3)[1] WHEN e.stakind4 = 3 THEN (e.stanumbers4)[1] WHEN e.stakind5 = 3 THEN (e.stanumbers5)[1] END AS correlation,
       CASE WHEN e.stakind1 = 4 THEN e.stavalues1 WHEN e.stakind2 = 4 THEN e.stavalues2 WHEN e.stakind3 = 4 THEN e.stavalues3 WHEN e.stakind4 = 4 THEN e.stavalues4 WHEN e.stakind5 = 4 THEN e.stavalues5 END AS most_common_elems,
       CASE WHEN e.stakind1 = 4 THEN e.stanumbers1 WHEN e.stakind2 = 4 THEN e.stanumbers2 WHEN e.stakind3 = 4 THEN e.stanumbers3 WHEN e.stakind4 = 4 THEN e.stanumbers4 WHEN e.stakind5 = 4 THEN e.stanumbers5 END AS most_common_elem_freqs,
       CASE WHEN e.stakind1 = 5 THEN e.stanumbers1 WHEN e.stakind2 = 5 THEN e.stanumbers2 WHEN e.stakind3 = 5 THEN e.stanumbers3 WHEN e.stakind4 = 5 THEN e.stanumbers4 WHEN e.stakind5 = 5 THEN e.stanumbers5 END AS elem_count_histogram
  FROM pg_catalog.pg_statistic_ext s
  JOIN pg_catalog.pg_class c ON c.oid = s.stxrelid
  LEFT JOIN pg_catalog.pg_statistic_ext_data d ON d.stxoid = s.oid
  LEFT JOIN pg_catalog.pg_namespace cn ON cn.oid = c.relnamespace
  LEFT JOIN pg_catalog.pg_namespace sn ON sn.oid = s.stxnamespace
 CROSS JOIN LATERAL ROWS FROM (pg_catalog.unnest(pg_catalog.pg_get_statisticsobjdef_expressions(s.oid)),
                               pg_catalog.unnest(d.stxdexpr)) e(expr)
 WHERE pg_catalog.pg_has_role(c.relowner, 'USAGE') AND (NOT c.relrowsecurity OR NOT pg_catalog.row_security_active(c.oid));
