//! The table of all parameters: PostgreSQL 18's names, contexts, categories, units, ranges, boot values and descriptions,
//! taken from `pg_settings` of version 18.6; the five that it hides; and our own, whose names begin with `oliphant.`.
//!
//! Sorted by name without regard to case. Each line of the table gives a constant in [`id`] and a row of [`PARAMETERS`].
//! A parameter without meaning here is accepted and reported all the same: programs set and read it.

use crate::parameter::{Flags, alias, flags, hidden, shown};
use crate::parameters;

parameters! {
    ALLOW_ALTER_SYSTEM = "allow_alter_system", Sighup, "Version and Platform Compatibility / Other Platforms and Clients", None, flags(&[Flags::DISALLOW_IN_AUTO_FILE]),
        Bool { boot: true },
        "Allows running the ALTER SYSTEM command.", "Can be set to off for environments where global configuration changes should be made using a different method.";
    ALLOW_IN_PLACE_TABLESPACES = "allow_in_place_tablespaces", Superuser, "Developer Options", None, flags(&[Flags::NOT_IN_SAMPLE]),
        Bool { boot: false },
        "Allows tablespaces directly inside pg_tblspc, for testing.", "";
    ALLOW_SYSTEM_TABLE_MODS = "allow_system_table_mods", Superuser, "Developer Options", None, flags(&[Flags::NOT_IN_SAMPLE]),
        Bool { boot: false },
        "Allows modifications of the structure of system tables.", "";
    APPLICATION_NAME = "application_name", User, "Reporting and Logging / What to Log", None, flags(&[Flags::NOT_IN_SAMPLE, Flags::REPORT]),
        String { boot: "" },
        "Sets the application name to be reported in statistics and logs.", "";
    ARCHIVE_CLEANUP_COMMAND = "archive_cleanup_command", Sighup, "Write-Ahead Log / Archive Recovery", None, Flags::NONE,
        String { boot: "" },
        "Sets the shell command that will be executed at every restart point.", "";
    ARCHIVE_COMMAND = "archive_command", Sighup, "Write-Ahead Log / Archiving", None, Flags::NONE,
        String { boot: "" },
        "Sets the shell command that will be called to archive a WAL file.", "An empty string means use \"archive_library\".";
    ARCHIVE_LIBRARY = "archive_library", Sighup, "Write-Ahead Log / Archiving", None, Flags::NONE,
        String { boot: "" },
        "Sets the library that will be called to archive a WAL file.", "An empty string means use \"archive_command\".";
    ARCHIVE_MODE = "archive_mode", Postmaster, "Write-Ahead Log / Archiving", None, Flags::NONE,
        Enum { boot: "off", choices: &[shown("always"), shown("on"), shown("off"), alias("true", "on"), alias("yes", "on"), alias("1", "on"), alias("false", "off"), alias("no", "off"), alias("0", "off")] },
        "Allows archiving of WAL files using \"archive_command\".", "";
    ARCHIVE_TIMEOUT = "archive_timeout", Sighup, "Write-Ahead Log / Archiving", Seconds, Flags::NONE,
        Int { boot: 0, min: 0, max: 1073741823 },
        "Sets the amount of time to wait before forcing a switch to the next WAL file.", "0 disables the timeout.";
    ARRAY_NULLS = "array_nulls", User, "Version and Platform Compatibility / Previous PostgreSQL Versions", None, Flags::NONE,
        Bool { boot: true },
        "Enables input of NULL elements in arrays.", "When turned on, unquoted NULL in an array input value means a null value; otherwise it is taken literally.";
    AUTHENTICATION_TIMEOUT = "authentication_timeout", Sighup, "Connections and Authentication / Authentication", Seconds, Flags::NONE,
        Int { boot: 60, min: 1, max: 600 },
        "Sets the maximum allowed time to complete client authentication.", "";
    AUTOVACUUM = "autovacuum", Sighup, "Vacuuming / Automatic Vacuuming", None, Flags::NONE,
        Bool { boot: true },
        "Starts the autovacuum subprocess.", "";
    AUTOVACUUM_ANALYZE_SCALE_FACTOR = "autovacuum_analyze_scale_factor", Sighup, "Vacuuming / Automatic Vacuuming", None, Flags::NONE,
        Real { boot: 0.1, min: 0.0, max: 100.0 },
        "Number of tuple inserts, updates, or deletes prior to analyze as a fraction of reltuples.", "";
    AUTOVACUUM_ANALYZE_THRESHOLD = "autovacuum_analyze_threshold", Sighup, "Vacuuming / Automatic Vacuuming", None, Flags::NONE,
        Int { boot: 50, min: 0, max: 2147483647 },
        "Minimum number of tuple inserts, updates, or deletes prior to analyze.", "";
    AUTOVACUUM_FREEZE_MAX_AGE = "autovacuum_freeze_max_age", Postmaster, "Vacuuming / Automatic Vacuuming", None, Flags::NONE,
        Int { boot: 200000000, min: 100000, max: 2000000000 },
        "Age at which to autovacuum a table to prevent transaction ID wraparound.", "";
    AUTOVACUUM_MAX_WORKERS = "autovacuum_max_workers", Sighup, "Vacuuming / Automatic Vacuuming", None, Flags::NONE,
        Int { boot: 3, min: 1, max: 262143 },
        "Sets the maximum number of simultaneously running autovacuum worker processes.", "";
    AUTOVACUUM_MULTIXACT_FREEZE_MAX_AGE = "autovacuum_multixact_freeze_max_age", Postmaster, "Vacuuming / Automatic Vacuuming", None, Flags::NONE,
        Int { boot: 400000000, min: 10000, max: 2000000000 },
        "Multixact age at which to autovacuum a table to prevent multixact wraparound.", "";
    AUTOVACUUM_NAPTIME = "autovacuum_naptime", Sighup, "Vacuuming / Automatic Vacuuming", Seconds, Flags::NONE,
        Int { boot: 60, min: 1, max: 2147483 },
        "Time to sleep between autovacuum runs.", "";
    AUTOVACUUM_VACUUM_COST_DELAY = "autovacuum_vacuum_cost_delay", Sighup, "Vacuuming / Automatic Vacuuming", Milliseconds, Flags::NONE,
        Real { boot: 2.0, min: -1.0, max: 100.0 },
        "Vacuum cost delay in milliseconds, for autovacuum.", "-1 means use \"vacuum_cost_delay\".";
    AUTOVACUUM_VACUUM_COST_LIMIT = "autovacuum_vacuum_cost_limit", Sighup, "Vacuuming / Automatic Vacuuming", None, Flags::NONE,
        Int { boot: -1, min: -1, max: 10000 },
        "Vacuum cost amount available before napping, for autovacuum.", "-1 means use \"vacuum_cost_limit\".";
    AUTOVACUUM_VACUUM_INSERT_SCALE_FACTOR = "autovacuum_vacuum_insert_scale_factor", Sighup, "Vacuuming / Automatic Vacuuming", None, Flags::NONE,
        Real { boot: 0.2, min: 0.0, max: 100.0 },
        "Number of tuple inserts prior to vacuum as a fraction of reltuples.", "";
    AUTOVACUUM_VACUUM_INSERT_THRESHOLD = "autovacuum_vacuum_insert_threshold", Sighup, "Vacuuming / Automatic Vacuuming", None, Flags::NONE,
        Int { boot: 1000, min: -1, max: 2147483647 },
        "Minimum number of tuple inserts prior to vacuum.", "-1 disables insert vacuums.";
    AUTOVACUUM_VACUUM_MAX_THRESHOLD = "autovacuum_vacuum_max_threshold", Sighup, "Vacuuming / Automatic Vacuuming", None, Flags::NONE,
        Int { boot: 100000000, min: -1, max: 2147483647 },
        "Maximum number of tuple updates or deletes prior to vacuum.", "-1 disables the maximum threshold.";
    AUTOVACUUM_VACUUM_SCALE_FACTOR = "autovacuum_vacuum_scale_factor", Sighup, "Vacuuming / Automatic Vacuuming", None, Flags::NONE,
        Real { boot: 0.2, min: 0.0, max: 100.0 },
        "Number of tuple updates or deletes prior to vacuum as a fraction of reltuples.", "";
    AUTOVACUUM_VACUUM_THRESHOLD = "autovacuum_vacuum_threshold", Sighup, "Vacuuming / Automatic Vacuuming", None, Flags::NONE,
        Int { boot: 50, min: 0, max: 2147483647 },
        "Minimum number of tuple updates or deletes prior to vacuum.", "";
    AUTOVACUUM_WORK_MEM = "autovacuum_work_mem", Sighup, "Resource Usage / Memory", Kilobytes, Flags::NONE,
        Int { boot: -1, min: -1, max: 2147483647 },
        "Sets the maximum memory to be used by each autovacuum worker process.", "-1 means use \"maintenance_work_mem\".";
    AUTOVACUUM_WORKER_SLOTS = "autovacuum_worker_slots", Postmaster, "Vacuuming / Automatic Vacuuming", None, Flags::NONE,
        Int { boot: 16, min: 1, max: 262143 },
        "Sets the number of backend slots to allocate for autovacuum workers.", "";
    BACKEND_FLUSH_AFTER = "backend_flush_after", User, "Resource Usage / I/O", Blocks, Flags::NONE,
        Int { boot: 0, min: 0, max: 256 },
        "Number of pages after which previously performed writes are flushed to disk.", "0 disables forced writeback.";
    BACKSLASH_QUOTE = "backslash_quote", User, "Version and Platform Compatibility / Previous PostgreSQL Versions", None, Flags::NONE,
        Enum { boot: "safe_encoding", choices: &[shown("safe_encoding"), shown("on"), shown("off"), alias("true", "on"), alias("yes", "on"), alias("1", "on"), alias("false", "off"), alias("no", "off"), alias("0", "off")] },
        "Sets whether \"\\'\" is allowed in string literals.", "";
    BACKTRACE_FUNCTIONS = "backtrace_functions", Superuser, "Developer Options", None, flags(&[Flags::NOT_IN_SAMPLE]),
        String { boot: "" },
        "Log backtrace for errors in these functions.", "";
    BGWRITER_DELAY = "bgwriter_delay", Sighup, "Resource Usage / Background Writer", Milliseconds, Flags::NONE,
        Int { boot: 200, min: 10, max: 10000 },
        "Background writer sleep time between rounds.", "";
    BGWRITER_FLUSH_AFTER = "bgwriter_flush_after", Sighup, "Resource Usage / Background Writer", Blocks, Flags::NONE,
        Int { boot: 64, min: 0, max: 256 },
        "Number of pages after which previously performed writes are flushed to disk.", "0 disables forced writeback.";
    BGWRITER_LRU_MAXPAGES = "bgwriter_lru_maxpages", Sighup, "Resource Usage / Background Writer", None, Flags::NONE,
        Int { boot: 100, min: 0, max: 1073741823 },
        "Background writer maximum number of LRU pages to flush per round.", "0 disables background writing.";
    BGWRITER_LRU_MULTIPLIER = "bgwriter_lru_multiplier", Sighup, "Resource Usage / Background Writer", None, Flags::NONE,
        Real { boot: 2.0, min: 0.0, max: 10.0 },
        "Multiple of the average buffer usage to free per round.", "";
    BLOCK_SIZE = "block_size", Internal, "Preset Options", None, flags(&[Flags::NOT_IN_SAMPLE, Flags::DISALLOW_IN_FILE]),
        Int { boot: 8192, min: 8192, max: 8192 },
        "Shows the size of a disk block.", "";
    BONJOUR = "bonjour", Postmaster, "Connections and Authentication / Connection Settings", None, Flags::NONE,
        Bool { boot: false },
        "Enables advertising the server via Bonjour.", "";
    BONJOUR_NAME = "bonjour_name", Postmaster, "Connections and Authentication / Connection Settings", None, Flags::NONE,
        String { boot: "" },
        "Sets the Bonjour service name.", "An empty string means use the computer name.";
    BYTEA_OUTPUT = "bytea_output", User, "Client Connection Defaults / Statement Behavior", None, Flags::NONE,
        Enum { boot: "hex", choices: &[shown("escape"), shown("hex")] },
        "Sets the output format for bytea.", "";
    CHECK_FUNCTION_BODIES = "check_function_bodies", User, "Client Connection Defaults / Statement Behavior", None, Flags::NONE,
        Bool { boot: true },
        "Check routine bodies during CREATE FUNCTION and CREATE PROCEDURE.", "";
    CHECKPOINT_COMPLETION_TARGET = "checkpoint_completion_target", Sighup, "Write-Ahead Log / Checkpoints", None, Flags::NONE,
        Real { boot: 0.9, min: 0.0, max: 1.0 },
        "Time spent flushing dirty buffers during checkpoint, as fraction of checkpoint interval.", "";
    CHECKPOINT_FLUSH_AFTER = "checkpoint_flush_after", Sighup, "Write-Ahead Log / Checkpoints", Blocks, Flags::NONE,
        Int { boot: 32, min: 0, max: 256 },
        "Number of pages after which previously performed writes are flushed to disk.", "0 disables forced writeback.";
    CHECKPOINT_TIMEOUT = "checkpoint_timeout", Sighup, "Write-Ahead Log / Checkpoints", Seconds, Flags::NONE,
        Int { boot: 300, min: 30, max: 86400 },
        "Sets the maximum time between automatic WAL checkpoints.", "";
    CHECKPOINT_WARNING = "checkpoint_warning", Sighup, "Write-Ahead Log / Checkpoints", Seconds, Flags::NONE,
        Int { boot: 30, min: 0, max: 2147483647 },
        "Sets the maximum time before warning if checkpoints triggered by WAL volume happen too frequently.", "Write a message to the server log if checkpoints caused by the filling of WAL segment files happen more frequently than this amount of time. 0 disables the warning.";
    CLIENT_CONNECTION_CHECK_INTERVAL = "client_connection_check_interval", User, "Connections and Authentication / TCP Settings", Milliseconds, Flags::NONE,
        Int { boot: 0, min: 0, max: 2147483647 },
        "Sets the time interval between checks for disconnection while running queries.", "0 disables connection checks.";
    CLIENT_ENCODING = "client_encoding", User, "Client Connection Defaults / Locale and Formatting", None, flags(&[Flags::REPORT]),
        String { boot: "SQL_ASCII" },
        "Sets the client's character set encoding.", "";
    CLIENT_MIN_MESSAGES = "client_min_messages", User, "Client Connection Defaults / Statement Behavior", None, Flags::NONE,
        Enum { boot: "notice", choices: &[shown("debug5"), shown("debug4"), shown("debug3"), shown("debug2"), shown("debug1"), shown("log"), shown("notice"), shown("warning"), shown("error"), alias("debug", "debug2"), hidden("info")] },
        "Sets the message levels that are sent to the client.", "Each level includes all the levels that follow it. The later the level, the fewer messages are sent.";
    CLUSTER_NAME = "cluster_name", Postmaster, "Reporting and Logging / Process Title", None, Flags::NONE,
        String { boot: "" },
        "Sets the name of the cluster, which is included in the process title.", "";
    COMMIT_DELAY = "commit_delay", Superuser, "Write-Ahead Log / Settings", None, Flags::NONE,
        Int { boot: 0, min: 0, max: 100000 },
        "Sets the delay in microseconds between transaction commit and flushing WAL to disk.", "";
    COMMIT_SIBLINGS = "commit_siblings", User, "Write-Ahead Log / Settings", None, Flags::NONE,
        Int { boot: 5, min: 0, max: 1000 },
        "Sets the minimum number of concurrent open transactions required before performing \"commit_delay\".", "";
    COMMIT_TIMESTAMP_BUFFERS = "commit_timestamp_buffers", Postmaster, "Resource Usage / Memory", Blocks, Flags::NONE,
        Int { boot: 0, min: 0, max: 131072 },
        "Sets the size of the dedicated buffer pool used for the commit timestamp cache.", "0 means use a fraction of \"shared_buffers\".";
    COMPUTE_QUERY_ID = "compute_query_id", Superuser, "Statistics / Monitoring", None, Flags::NONE,
        Enum { boot: "auto", choices: &[shown("auto"), shown("regress"), shown("on"), shown("off"), alias("true", "on"), alias("yes", "on"), alias("1", "on"), alias("false", "off"), alias("no", "off"), alias("0", "off")] },
        "Enables in-core computation of query identifiers.", "";
    CONFIG_FILE = "config_file", Postmaster, "File Locations", None, flags(&[Flags::SUPERUSER_ONLY, Flags::DISALLOW_IN_FILE]),
        String { boot: "" },
        "Sets the server's main configuration file.", "";
    CONSTRAINT_EXCLUSION = "constraint_exclusion", User, "Query Tuning / Other Planner Options", None, flags(&[Flags::EXPLAIN]),
        Enum { boot: "partition", choices: &[shown("partition"), shown("on"), shown("off"), alias("true", "on"), alias("yes", "on"), alias("1", "on"), alias("false", "off"), alias("no", "off"), alias("0", "off")] },
        "Enables the planner to use constraints to optimize queries.", "Table scans will be skipped if their constraints guarantee that no rows match the query.";
    CPU_INDEX_TUPLE_COST = "cpu_index_tuple_cost", User, "Query Tuning / Planner Cost Constants", None, flags(&[Flags::EXPLAIN]),
        Real { boot: 0.005, min: 0.0, max: f64::MAX },
        "Sets the planner's estimate of the cost of processing each index entry during an index scan.", "";
    CPU_OPERATOR_COST = "cpu_operator_cost", User, "Query Tuning / Planner Cost Constants", None, flags(&[Flags::EXPLAIN]),
        Real { boot: 0.0025, min: 0.0, max: f64::MAX },
        "Sets the planner's estimate of the cost of processing each operator or function call.", "";
    CPU_TUPLE_COST = "cpu_tuple_cost", User, "Query Tuning / Planner Cost Constants", None, flags(&[Flags::EXPLAIN]),
        Real { boot: 0.01, min: 0.0, max: f64::MAX },
        "Sets the planner's estimate of the cost of processing each tuple (row).", "";
    CREATEROLE_SELF_GRANT = "createrole_self_grant", User, "Client Connection Defaults / Statement Behavior", None, flags(&[Flags::LIST_INPUT]),
        String { boot: "" },
        "Sets whether a CREATEROLE user automatically grants the role to themselves, and with which options.", "An empty string disables automatic self grants.";
    CURSOR_TUPLE_FRACTION = "cursor_tuple_fraction", User, "Query Tuning / Other Planner Options", None, flags(&[Flags::EXPLAIN]),
        Real { boot: 0.1, min: 0.0, max: 1.0 },
        "Sets the planner's estimate of the fraction of a cursor's rows that will be retrieved.", "";
    DATA_CHECKSUMS = "data_checksums", Internal, "Preset Options", None, flags(&[Flags::NOT_IN_SAMPLE, Flags::RUNTIME_COMPUTED, Flags::DISALLOW_IN_FILE]),
        Bool { boot: false },
        "Shows whether data checksums are turned on for this cluster.", "";
    DATA_DIRECTORY = "data_directory", Postmaster, "File Locations", None, flags(&[Flags::SUPERUSER_ONLY, Flags::DISALLOW_IN_AUTO_FILE]),
        String { boot: "" },
        "Sets the server's data directory.", "";
    DATA_DIRECTORY_MODE = "data_directory_mode", Internal, "Preset Options", None, flags(&[Flags::NOT_IN_SAMPLE, Flags::RUNTIME_COMPUTED, Flags::DISALLOW_IN_FILE]),
        Int { boot: 448, min: 0, max: 511 },
        "Shows the mode of the data directory.", "The parameter value is a numeric mode specification in the form accepted by the chmod and umask system calls. (To use the customary octal format the number must start with a 0 (zero).)";
    DATA_SYNC_RETRY = "data_sync_retry", Postmaster, "Error Handling", None, Flags::NONE,
        Bool { boot: false },
        "Whether to continue running after a failure to sync data files.", "";
    DATESTYLE = "DateStyle", User, "Client Connection Defaults / Locale and Formatting", None, flags(&[Flags::REPORT, Flags::LIST_INPUT]),
        String { boot: "ISO, MDY" },
        "Sets the display format for date and time values.", "Also controls interpretation of ambiguous date inputs.";
    DEADLOCK_TIMEOUT = "deadlock_timeout", Superuser, "Lock Management", Milliseconds, Flags::NONE,
        Int { boot: 1000, min: 1, max: 2147483647 },
        "Sets the time to wait on a lock before checking for deadlock.", "";
    DEBUG_ASSERTIONS = "debug_assertions", Internal, "Preset Options", None, flags(&[Flags::NOT_IN_SAMPLE, Flags::DISALLOW_IN_FILE]),
        Bool { boot: false },
        "Shows whether the running server has assertion checks enabled.", "";
    DEBUG_DISCARD_CACHES = "debug_discard_caches", Superuser, "Developer Options", None, flags(&[Flags::NOT_IN_SAMPLE]),
        Int { boot: 0, min: 0, max: 0 },
        "Aggressively flush system caches for debugging purposes.", "0 means use normal caching behavior.";
    DEBUG_IO_DIRECT = "debug_io_direct", Postmaster, "Developer Options", None, flags(&[Flags::NOT_IN_SAMPLE, Flags::LIST_INPUT]),
        String { boot: "" },
        "Use direct I/O for file access.", "An empty string disables direct I/O.";
    DEBUG_LOGICAL_REPLICATION_STREAMING = "debug_logical_replication_streaming", User, "Developer Options", None, flags(&[Flags::NOT_IN_SAMPLE]),
        Enum { boot: "buffered", choices: &[shown("buffered"), shown("immediate")] },
        "Forces immediate streaming or serialization of changes in large transactions.", "On the publisher, it allows streaming or serializing each change in logical decoding. On the subscriber, it allows serialization of all changes to files and notifies the parallel apply workers to read and apply them at the end of the transaction.";
    DEBUG_PARALLEL_QUERY = "debug_parallel_query", User, "Developer Options", None, flags(&[Flags::EXPLAIN, Flags::NOT_IN_SAMPLE]),
        Enum { boot: "off", choices: &[shown("off"), shown("on"), shown("regress"), alias("true", "on"), alias("yes", "on"), alias("1", "on"), alias("false", "off"), alias("no", "off"), alias("0", "off")] },
        "Forces the planner's use parallel query nodes.", "This can be useful for testing the parallel query infrastructure by forcing the planner to generate plans that contain nodes that perform tuple communication between workers and the main process.";
    DEBUG_PRETTY_PRINT = "debug_pretty_print", User, "Reporting and Logging / What to Log", None, Flags::NONE,
        Bool { boot: true },
        "Indents parse and plan tree displays.", "";
    DEBUG_PRINT_PARSE = "debug_print_parse", User, "Reporting and Logging / What to Log", None, Flags::NONE,
        Bool { boot: false },
        "Logs each query's parse tree.", "";
    DEBUG_PRINT_PLAN = "debug_print_plan", User, "Reporting and Logging / What to Log", None, Flags::NONE,
        Bool { boot: false },
        "Logs each query's execution plan.", "";
    DEBUG_PRINT_REWRITTEN = "debug_print_rewritten", User, "Reporting and Logging / What to Log", None, Flags::NONE,
        Bool { boot: false },
        "Logs each query's rewritten parse tree.", "";
    DEFAULT_STATISTICS_TARGET = "default_statistics_target", User, "Query Tuning / Other Planner Options", None, Flags::NONE,
        Int { boot: 100, min: 1, max: 10000 },
        "Sets the default statistics target.", "This applies to table columns that have not had a column-specific target set via ALTER TABLE SET STATISTICS.";
    DEFAULT_TABLE_ACCESS_METHOD = "default_table_access_method", User, "Client Connection Defaults / Statement Behavior", None, Flags::NONE,
        String { boot: "heap" },
        "Sets the default table access method for new tables.", "";
    DEFAULT_TABLESPACE = "default_tablespace", User, "Client Connection Defaults / Statement Behavior", None, Flags::NONE,
        String { boot: "" },
        "Sets the default tablespace to create tables and indexes in.", "An empty string means use the database's default tablespace.";
    DEFAULT_TEXT_SEARCH_CONFIG = "default_text_search_config", User, "Client Connection Defaults / Locale and Formatting", None, Flags::NONE,
        String { boot: "pg_catalog.simple" },
        "Sets default text search configuration.", "";
    DEFAULT_TOAST_COMPRESSION = "default_toast_compression", User, "Client Connection Defaults / Statement Behavior", None, Flags::NONE,
        Enum { boot: "pglz", choices: &[shown("pglz"), shown("lz4")] },
        "Sets the default compression method for compressible values.", "";
    DEFAULT_TRANSACTION_DEFERRABLE = "default_transaction_deferrable", User, "Client Connection Defaults / Statement Behavior", None, Flags::NONE,
        Bool { boot: false },
        "Sets the default deferrable status of new transactions.", "";
    DEFAULT_TRANSACTION_ISOLATION = "default_transaction_isolation", User, "Client Connection Defaults / Statement Behavior", None, Flags::NONE,
        Enum { boot: "read committed", choices: &[shown("serializable"), shown("repeatable read"), shown("read committed"), shown("read uncommitted")] },
        "Sets the transaction isolation level of each new transaction.", "";
    DEFAULT_TRANSACTION_READ_ONLY = "default_transaction_read_only", User, "Client Connection Defaults / Statement Behavior", None, flags(&[Flags::REPORT]),
        Bool { boot: false },
        "Sets the default read-only status of new transactions.", "";
    DYNAMIC_LIBRARY_PATH = "dynamic_library_path", Superuser, "Client Connection Defaults / Other Defaults", None, flags(&[Flags::SUPERUSER_ONLY]),
        String { boot: "$libdir" },
        "Sets the path for dynamically loadable modules.", "If a dynamically loadable module needs to be opened and the specified name does not have a directory component (i.e., the name does not contain a slash), the system will search this path for the specified file.";
    DYNAMIC_SHARED_MEMORY_TYPE = "dynamic_shared_memory_type", Postmaster, "Resource Usage / Memory", None, Flags::NONE,
        Enum { boot: "posix", choices: &[shown("posix"), shown("sysv"), shown("mmap")] },
        "Selects the dynamic shared memory implementation used.", "";
    EFFECTIVE_CACHE_SIZE = "effective_cache_size", User, "Query Tuning / Planner Cost Constants", Blocks, flags(&[Flags::EXPLAIN]),
        Int { boot: 524288, min: 1, max: 2147483647 },
        "Sets the planner's assumption about the total size of the data caches.", "That is, the total size of the caches (kernel cache and shared buffers) used for PostgreSQL data files. This is measured in disk pages, which are normally 8 kB each.";
    EFFECTIVE_IO_CONCURRENCY = "effective_io_concurrency", User, "Resource Usage / I/O", None, flags(&[Flags::EXPLAIN]),
        Int { boot: 16, min: 0, max: 1000 },
        "Number of simultaneous requests that can be handled efficiently by the disk subsystem.", "0 disables simultaneous requests.";
    ENABLE_ASYNC_APPEND = "enable_async_append", User, "Query Tuning / Planner Method Configuration", None, flags(&[Flags::EXPLAIN]),
        Bool { boot: true },
        "Enables the planner's use of async append plans.", "";
    ENABLE_BITMAPSCAN = "enable_bitmapscan", User, "Query Tuning / Planner Method Configuration", None, flags(&[Flags::EXPLAIN]),
        Bool { boot: true },
        "Enables the planner's use of bitmap-scan plans.", "";
    ENABLE_DISTINCT_REORDERING = "enable_distinct_reordering", User, "Query Tuning / Planner Method Configuration", None, flags(&[Flags::EXPLAIN]),
        Bool { boot: true },
        "Enables reordering of DISTINCT keys.", "";
    ENABLE_GATHERMERGE = "enable_gathermerge", User, "Query Tuning / Planner Method Configuration", None, flags(&[Flags::EXPLAIN]),
        Bool { boot: true },
        "Enables the planner's use of gather merge plans.", "";
    ENABLE_GROUP_BY_REORDERING = "enable_group_by_reordering", User, "Query Tuning / Planner Method Configuration", None, flags(&[Flags::EXPLAIN]),
        Bool { boot: true },
        "Enables reordering of GROUP BY keys.", "";
    ENABLE_HASHAGG = "enable_hashagg", User, "Query Tuning / Planner Method Configuration", None, flags(&[Flags::EXPLAIN]),
        Bool { boot: true },
        "Enables the planner's use of hashed aggregation plans.", "";
    ENABLE_HASHJOIN = "enable_hashjoin", User, "Query Tuning / Planner Method Configuration", None, flags(&[Flags::EXPLAIN]),
        Bool { boot: true },
        "Enables the planner's use of hash join plans.", "";
    ENABLE_INCREMENTAL_SORT = "enable_incremental_sort", User, "Query Tuning / Planner Method Configuration", None, flags(&[Flags::EXPLAIN]),
        Bool { boot: true },
        "Enables the planner's use of incremental sort steps.", "";
    ENABLE_INDEXONLYSCAN = "enable_indexonlyscan", User, "Query Tuning / Planner Method Configuration", None, flags(&[Flags::EXPLAIN]),
        Bool { boot: true },
        "Enables the planner's use of index-only-scan plans.", "";
    ENABLE_INDEXSCAN = "enable_indexscan", User, "Query Tuning / Planner Method Configuration", None, flags(&[Flags::EXPLAIN]),
        Bool { boot: true },
        "Enables the planner's use of index-scan plans.", "";
    ENABLE_MATERIAL = "enable_material", User, "Query Tuning / Planner Method Configuration", None, flags(&[Flags::EXPLAIN]),
        Bool { boot: true },
        "Enables the planner's use of materialization.", "";
    ENABLE_MEMOIZE = "enable_memoize", User, "Query Tuning / Planner Method Configuration", None, flags(&[Flags::EXPLAIN]),
        Bool { boot: true },
        "Enables the planner's use of memoization.", "";
    ENABLE_MERGEJOIN = "enable_mergejoin", User, "Query Tuning / Planner Method Configuration", None, flags(&[Flags::EXPLAIN]),
        Bool { boot: true },
        "Enables the planner's use of merge join plans.", "";
    ENABLE_NESTLOOP = "enable_nestloop", User, "Query Tuning / Planner Method Configuration", None, flags(&[Flags::EXPLAIN]),
        Bool { boot: true },
        "Enables the planner's use of nested-loop join plans.", "";
    ENABLE_PARALLEL_APPEND = "enable_parallel_append", User, "Query Tuning / Planner Method Configuration", None, flags(&[Flags::EXPLAIN]),
        Bool { boot: true },
        "Enables the planner's use of parallel append plans.", "";
    ENABLE_PARALLEL_HASH = "enable_parallel_hash", User, "Query Tuning / Planner Method Configuration", None, flags(&[Flags::EXPLAIN]),
        Bool { boot: true },
        "Enables the planner's use of parallel hash plans.", "";
    ENABLE_PARTITION_PRUNING = "enable_partition_pruning", User, "Query Tuning / Planner Method Configuration", None, flags(&[Flags::EXPLAIN]),
        Bool { boot: true },
        "Enables plan-time and execution-time partition pruning.", "Allows the query planner and executor to compare partition bounds to conditions in the query to determine which partitions must be scanned.";
    ENABLE_PARTITIONWISE_AGGREGATE = "enable_partitionwise_aggregate", User, "Query Tuning / Planner Method Configuration", None, flags(&[Flags::EXPLAIN]),
        Bool { boot: false },
        "Enables partitionwise aggregation and grouping.", "";
    ENABLE_PARTITIONWISE_JOIN = "enable_partitionwise_join", User, "Query Tuning / Planner Method Configuration", None, flags(&[Flags::EXPLAIN]),
        Bool { boot: false },
        "Enables partitionwise join.", "";
    ENABLE_PRESORTED_AGGREGATE = "enable_presorted_aggregate", User, "Query Tuning / Planner Method Configuration", None, flags(&[Flags::EXPLAIN]),
        Bool { boot: true },
        "Enables the planner's ability to produce plans that provide presorted input for ORDER BY / DISTINCT aggregate functions.", "Allows the query planner to build plans that provide presorted input for aggregate functions with an ORDER BY / DISTINCT clause.  When disabled, implicit sorts are always performed during execution.";
    ENABLE_SELF_JOIN_ELIMINATION = "enable_self_join_elimination", User, "Query Tuning / Planner Method Configuration", None, flags(&[Flags::EXPLAIN]),
        Bool { boot: true },
        "Enables removal of unique self-joins.", "";
    ENABLE_SEQSCAN = "enable_seqscan", User, "Query Tuning / Planner Method Configuration", None, flags(&[Flags::EXPLAIN]),
        Bool { boot: true },
        "Enables the planner's use of sequential-scan plans.", "";
    ENABLE_SORT = "enable_sort", User, "Query Tuning / Planner Method Configuration", None, flags(&[Flags::EXPLAIN]),
        Bool { boot: true },
        "Enables the planner's use of explicit sort steps.", "";
    ENABLE_TIDSCAN = "enable_tidscan", User, "Query Tuning / Planner Method Configuration", None, flags(&[Flags::EXPLAIN]),
        Bool { boot: true },
        "Enables the planner's use of TID scan plans.", "";
    ESCAPE_STRING_WARNING = "escape_string_warning", User, "Version and Platform Compatibility / Previous PostgreSQL Versions", None, Flags::NONE,
        Bool { boot: true },
        "Warn about backslash escapes in ordinary string literals.", "";
    EVENT_SOURCE = "event_source", Postmaster, "Reporting and Logging / Where to Log", None, Flags::NONE,
        String { boot: "PostgreSQL" },
        "Sets the application name used to identify PostgreSQL messages in the event log.", "";
    EVENT_TRIGGERS = "event_triggers", Superuser, "Client Connection Defaults / Statement Behavior", None, Flags::NONE,
        Bool { boot: true },
        "Enables event triggers.", "When enabled, event triggers will fire for all applicable statements.";
    EXIT_ON_ERROR = "exit_on_error", User, "Error Handling", None, Flags::NONE,
        Bool { boot: false },
        "Terminate session on any error.", "";
    EXTENSION_CONTROL_PATH = "extension_control_path", Superuser, "Client Connection Defaults / Other Defaults", None, flags(&[Flags::SUPERUSER_ONLY]),
        String { boot: "$system" },
        "Sets the path for extension control files.", "The remaining extension script and secondary control files are then loaded from the same directory where the primary control file was found.";
    EXTERNAL_PID_FILE = "external_pid_file", Postmaster, "File Locations", None, flags(&[Flags::SUPERUSER_ONLY]),
        String { boot: "" },
        "Writes the postmaster PID to the specified file.", "";
    EXTRA_FLOAT_DIGITS = "extra_float_digits", User, "Client Connection Defaults / Locale and Formatting", None, Flags::NONE,
        Int { boot: 1, min: -15, max: 3 },
        "Sets the number of digits displayed for floating-point values.", "This affects real, double precision, and geometric data types. A zero or negative parameter value is added to the standard number of digits (FLT_DIG or DBL_DIG as appropriate). Any value greater than zero selects precise output mode.";
    FILE_COPY_METHOD = "file_copy_method", User, "Resource Usage / Disk", None, Flags::NONE,
        Enum { boot: "copy", choices: &[shown("copy"), shown("clone")] },
        "Selects the file copy method.", "";
    FILE_EXTEND_METHOD = "file_extend_method", Sighup, "Resource Usage / Disk", None, Flags::NONE,
        Enum { boot: "posix_fallocate", choices: &[shown("posix_fallocate"), shown("write_zeros")] },
        "Selects the method used for extending data files.", "";
    FROM_COLLAPSE_LIMIT = "from_collapse_limit", User, "Query Tuning / Other Planner Options", None, flags(&[Flags::EXPLAIN]),
        Int { boot: 8, min: 1, max: 2147483647 },
        "Sets the FROM-list size beyond which subqueries are not collapsed.", "The planner will merge subqueries into upper queries if the resulting FROM list would have no more than this many items.";
    FSYNC = "fsync", Sighup, "Write-Ahead Log / Settings", None, Flags::NONE,
        Bool { boot: true },
        "Forces synchronization of updates to disk.", "The server will use the fsync() system call in several places to make sure that updates are physically written to disk. This ensures that a database cluster will recover to a consistent state after an operating system or hardware crash.";
    FULL_PAGE_WRITES = "full_page_writes", Sighup, "Write-Ahead Log / Settings", None, Flags::NONE,
        Bool { boot: true },
        "Writes full pages to WAL when first modified after a checkpoint.", "A page write in process during an operating system crash might be only partially written to disk.  During recovery, the row changes stored in WAL are not enough to recover.  This option writes pages when first modified after a checkpoint to WAL so full recovery is possible.";
    GEQO = "geqo", User, "Query Tuning / Genetic Query Optimizer", None, flags(&[Flags::EXPLAIN]),
        Bool { boot: true },
        "Enables genetic query optimization.", "This algorithm attempts to do planning without exhaustive searching.";
    GEQO_EFFORT = "geqo_effort", User, "Query Tuning / Genetic Query Optimizer", None, flags(&[Flags::EXPLAIN]),
        Int { boot: 5, min: 1, max: 10 },
        "GEQO: effort is used to set the default for other GEQO parameters.", "";
    GEQO_GENERATIONS = "geqo_generations", User, "Query Tuning / Genetic Query Optimizer", None, flags(&[Flags::EXPLAIN]),
        Int { boot: 0, min: 0, max: 2147483647 },
        "GEQO: number of iterations of the algorithm.", "0 means use a suitable default value.";
    GEQO_POOL_SIZE = "geqo_pool_size", User, "Query Tuning / Genetic Query Optimizer", None, flags(&[Flags::EXPLAIN]),
        Int { boot: 0, min: 0, max: 2147483647 },
        "GEQO: number of individuals in the population.", "0 means use a suitable default value.";
    GEQO_SEED = "geqo_seed", User, "Query Tuning / Genetic Query Optimizer", None, flags(&[Flags::EXPLAIN]),
        Real { boot: 0.0, min: 0.0, max: 1.0 },
        "GEQO: seed for random path selection.", "";
    GEQO_SELECTION_BIAS = "geqo_selection_bias", User, "Query Tuning / Genetic Query Optimizer", None, flags(&[Flags::EXPLAIN]),
        Real { boot: 2.0, min: 1.5, max: 2.0 },
        "GEQO: selective pressure within the population.", "";
    GEQO_THRESHOLD = "geqo_threshold", User, "Query Tuning / Genetic Query Optimizer", None, flags(&[Flags::EXPLAIN]),
        Int { boot: 12, min: 2, max: 2147483647 },
        "Sets the threshold of FROM items beyond which GEQO is used.", "";
    GIN_FUZZY_SEARCH_LIMIT = "gin_fuzzy_search_limit", User, "Client Connection Defaults / Other Defaults", None, Flags::NONE,
        Int { boot: 0, min: 0, max: 2147483647 },
        "Sets the maximum allowed result for exact search by GIN.", "0 means no limit.";
    GIN_PENDING_LIST_LIMIT = "gin_pending_list_limit", User, "Client Connection Defaults / Statement Behavior", Kilobytes, Flags::NONE,
        Int { boot: 4096, min: 64, max: 2147483647 },
        "Sets the maximum size of the pending list for GIN index.", "";
    GSS_ACCEPT_DELEGATION = "gss_accept_delegation", Sighup, "Connections and Authentication / Authentication", None, Flags::NONE,
        Bool { boot: false },
        "Sets whether GSSAPI delegation should be accepted from the client.", "";
    HASH_MEM_MULTIPLIER = "hash_mem_multiplier", User, "Resource Usage / Memory", None, flags(&[Flags::EXPLAIN]),
        Real { boot: 2.0, min: 1.0, max: 1000.0 },
        "Multiple of \"work_mem\" to use for hash tables.", "";
    HBA_FILE = "hba_file", Postmaster, "File Locations", None, flags(&[Flags::SUPERUSER_ONLY]),
        String { boot: "" },
        "Sets the server's \"hba\" configuration file.", "";
    HOT_STANDBY = "hot_standby", Postmaster, "Replication / Standby Servers", None, Flags::NONE,
        Bool { boot: true },
        "Allows connections and queries during recovery.", "";
    HOT_STANDBY_FEEDBACK = "hot_standby_feedback", Sighup, "Replication / Standby Servers", None, Flags::NONE,
        Bool { boot: false },
        "Allows feedback from a hot standby to the primary that will avoid query conflicts.", "";
    HUGE_PAGE_SIZE = "huge_page_size", Postmaster, "Resource Usage / Memory", Kilobytes, Flags::NONE,
        Int { boot: 0, min: 0, max: 2147483647 },
        "The size of huge page that should be requested.", "0 means use the system default.";
    HUGE_PAGES = "huge_pages", Postmaster, "Resource Usage / Memory", None, Flags::NONE,
        Enum { boot: "try", choices: &[shown("off"), shown("on"), shown("try"), alias("true", "on"), alias("yes", "on"), alias("1", "on"), alias("false", "off"), alias("no", "off"), alias("0", "off")] },
        "Use of huge pages on Linux or Windows.", "";
    HUGE_PAGES_STATUS = "huge_pages_status", Internal, "Preset Options", None, flags(&[Flags::NOT_IN_SAMPLE, Flags::DISALLOW_IN_FILE]),
        Enum { boot: "unknown", choices: &[shown("off"), shown("on"), shown("unknown")] },
        "Indicates the status of huge pages.", "";
    ICU_VALIDATION_LEVEL = "icu_validation_level", User, "Client Connection Defaults / Locale and Formatting", None, Flags::NONE,
        Enum { boot: "warning", choices: &[shown("disabled"), shown("debug5"), shown("debug4"), shown("debug3"), shown("debug2"), shown("debug1"), shown("log"), shown("notice"), shown("warning"), shown("error"), alias("debug", "debug2"), hidden("info")] },
        "Log level for reporting invalid ICU locale strings.", "";
    IDENT_FILE = "ident_file", Postmaster, "File Locations", None, flags(&[Flags::SUPERUSER_ONLY]),
        String { boot: "" },
        "Sets the server's \"ident\" configuration file.", "";
    IDLE_IN_TRANSACTION_SESSION_TIMEOUT = "idle_in_transaction_session_timeout", User, "Client Connection Defaults / Statement Behavior", Milliseconds, Flags::NONE,
        Int { boot: 0, min: 0, max: 2147483647 },
        "Sets the maximum allowed idle time between queries, when in a transaction.", "0 disables the timeout.";
    IDLE_REPLICATION_SLOT_TIMEOUT = "idle_replication_slot_timeout", Sighup, "Replication / Sending Servers", Seconds, Flags::NONE,
        Int { boot: 0, min: 0, max: 2147483647 },
        "Sets the duration a replication slot can remain idle before it is invalidated.", "";
    IDLE_SESSION_TIMEOUT = "idle_session_timeout", User, "Client Connection Defaults / Statement Behavior", Milliseconds, Flags::NONE,
        Int { boot: 0, min: 0, max: 2147483647 },
        "Sets the maximum allowed idle time between queries, when not in a transaction.", "0 disables the timeout.";
    IGNORE_CHECKSUM_FAILURE = "ignore_checksum_failure", Superuser, "Developer Options", None, flags(&[Flags::NOT_IN_SAMPLE]),
        Bool { boot: false },
        "Continues processing after a checksum failure.", "Detection of a checksum failure normally causes PostgreSQL to report an error, aborting the current transaction. Setting ignore_checksum_failure to true causes the system to ignore the failure (but still report a warning), and continue processing. This behavior could cause crashes or other serious problems. Only has an effect if checksums are enabled.";
    IGNORE_INVALID_PAGES = "ignore_invalid_pages", Postmaster, "Developer Options", None, flags(&[Flags::NOT_IN_SAMPLE]),
        Bool { boot: false },
        "Continues recovery after an invalid pages failure.", "Detection of WAL records having references to invalid pages during recovery causes PostgreSQL to raise a PANIC-level error, aborting the recovery. Setting \"ignore_invalid_pages\" to true causes the system to ignore invalid page references in WAL records (but still report a warning), and continue recovery. This behavior may cause crashes, data loss, propagate or hide corruption, or other serious problems. Only has an effect during recovery or in standby mode.";
    IGNORE_SYSTEM_INDEXES = "ignore_system_indexes", Backend, "Developer Options", None, flags(&[Flags::NOT_IN_SAMPLE]),
        Bool { boot: false },
        "Disables reading from system indexes.", "It does not prevent updating the indexes, so it is safe to use.  The worst consequence is slowness.";
    IN_HOT_STANDBY = "in_hot_standby", Internal, "Preset Options", None, flags(&[Flags::NOT_IN_SAMPLE, Flags::REPORT, Flags::DISALLOW_IN_FILE]),
        Bool { boot: false },
        "Shows whether hot standby is currently active.", "";
    INTEGER_DATETIMES = "integer_datetimes", Internal, "Preset Options", None, flags(&[Flags::NOT_IN_SAMPLE, Flags::REPORT, Flags::DISALLOW_IN_FILE]),
        Bool { boot: true },
        "Shows whether datetimes are integer based.", "";
    INTERVALSTYLE = "IntervalStyle", User, "Client Connection Defaults / Locale and Formatting", None, flags(&[Flags::REPORT]),
        Enum { boot: "postgres", choices: &[shown("postgres"), shown("postgres_verbose"), shown("sql_standard"), shown("iso_8601")] },
        "Sets the display format for interval values.", "";
    IO_COMBINE_LIMIT = "io_combine_limit", User, "Resource Usage / I/O", Blocks, Flags::NONE,
        Int { boot: 16, min: 1, max: 128 },
        "Limit on the size of data reads and writes.", "";
    IO_MAX_COMBINE_LIMIT = "io_max_combine_limit", Postmaster, "Resource Usage / I/O", Blocks, Flags::NONE,
        Int { boot: 16, min: 1, max: 128 },
        "Server-wide limit that clamps io_combine_limit.", "";
    IO_MAX_CONCURRENCY = "io_max_concurrency", Postmaster, "Resource Usage / I/O", None, Flags::NONE,
        Int { boot: -1, min: -1, max: 1024 },
        "Max number of IOs that one process can execute simultaneously.", "";
    IO_METHOD = "io_method", Postmaster, "Resource Usage / I/O", None, Flags::NONE,
        Enum { boot: "worker", choices: &[shown("sync"), shown("worker"), shown("io_uring")] },
        "Selects the method for executing asynchronous I/O.", "";
    IO_WORKERS = "io_workers", Sighup, "Resource Usage / I/O", None, Flags::NONE,
        Int { boot: 3, min: 1, max: 32 },
        "Number of IO worker processes, for io_method=worker.", "";
    IS_SUPERUSER = "is_superuser", Internal, "Reporting and Logging / What to Log", None, flags(&[Flags::NO_RESET_ALL, Flags::NO_SHOW_ALL, Flags::NOT_IN_SAMPLE, Flags::REPORT, Flags::DISALLOW_IN_FILE]),
        Bool { boot: false },
        "Shows whether the current user is a superuser.", "";
    JIT = "jit", User, "Query Tuning / Other Planner Options", None, flags(&[Flags::EXPLAIN]),
        Bool { boot: true },
        "Allow JIT compilation.", "";
    JIT_ABOVE_COST = "jit_above_cost", User, "Query Tuning / Planner Cost Constants", None, flags(&[Flags::EXPLAIN]),
        Real { boot: 100000.0, min: -1.0, max: f64::MAX },
        "Perform JIT compilation if query is more expensive.", "-1 disables JIT compilation.";
    JIT_DEBUGGING_SUPPORT = "jit_debugging_support", SuperuserBackend, "Developer Options", None, flags(&[Flags::NOT_IN_SAMPLE]),
        Bool { boot: false },
        "Register JIT-compiled functions with debugger.", "";
    JIT_DUMP_BITCODE = "jit_dump_bitcode", Superuser, "Developer Options", None, flags(&[Flags::NOT_IN_SAMPLE]),
        Bool { boot: false },
        "Write out LLVM bitcode to facilitate JIT debugging.", "";
    JIT_EXPRESSIONS = "jit_expressions", User, "Developer Options", None, flags(&[Flags::NOT_IN_SAMPLE]),
        Bool { boot: true },
        "Allow JIT compilation of expressions.", "";
    JIT_INLINE_ABOVE_COST = "jit_inline_above_cost", User, "Query Tuning / Planner Cost Constants", None, flags(&[Flags::EXPLAIN]),
        Real { boot: 500000.0, min: -1.0, max: f64::MAX },
        "Perform JIT inlining if query is more expensive.", "-1 disables inlining.";
    JIT_OPTIMIZE_ABOVE_COST = "jit_optimize_above_cost", User, "Query Tuning / Planner Cost Constants", None, flags(&[Flags::EXPLAIN]),
        Real { boot: 500000.0, min: -1.0, max: f64::MAX },
        "Optimize JIT-compiled functions if query is more expensive.", "-1 disables optimization.";
    JIT_PROFILING_SUPPORT = "jit_profiling_support", SuperuserBackend, "Developer Options", None, flags(&[Flags::NOT_IN_SAMPLE]),
        Bool { boot: false },
        "Register JIT-compiled functions with perf profiler.", "";
    JIT_PROVIDER = "jit_provider", Postmaster, "Client Connection Defaults / Shared Library Preloading", None, flags(&[Flags::SUPERUSER_ONLY]),
        String { boot: "llvmjit" },
        "JIT provider to use.", "";
    JIT_TUPLE_DEFORMING = "jit_tuple_deforming", User, "Developer Options", None, flags(&[Flags::NOT_IN_SAMPLE]),
        Bool { boot: true },
        "Allow JIT compilation of tuple deforming.", "";
    JOIN_COLLAPSE_LIMIT = "join_collapse_limit", User, "Query Tuning / Other Planner Options", None, flags(&[Flags::EXPLAIN]),
        Int { boot: 8, min: 1, max: 2147483647 },
        "Sets the FROM-list size beyond which JOIN constructs are not flattened.", "The planner will flatten explicit JOIN constructs into lists of FROM items whenever a list of no more than this many items would result.";
    KRB_CASEINS_USERS = "krb_caseins_users", Sighup, "Connections and Authentication / Authentication", None, Flags::NONE,
        Bool { boot: false },
        "Sets whether Kerberos and GSSAPI user names should be treated as case-insensitive.", "";
    KRB_SERVER_KEYFILE = "krb_server_keyfile", Sighup, "Connections and Authentication / Authentication", None, flags(&[Flags::SUPERUSER_ONLY]),
        String { boot: "FILE:/usr/local/pgsql/etc/krb5.keytab" },
        "Sets the location of the Kerberos server key file.", "";
    LC_MESSAGES = "lc_messages", Superuser, "Client Connection Defaults / Locale and Formatting", None, Flags::NONE,
        String { boot: "" },
        "Sets the language in which messages are displayed.", "An empty string means use the operating system setting.";
    LC_MONETARY = "lc_monetary", User, "Client Connection Defaults / Locale and Formatting", None, Flags::NONE,
        String { boot: "C" },
        "Sets the locale for formatting monetary amounts.", "An empty string means use the operating system setting.";
    LC_NUMERIC = "lc_numeric", User, "Client Connection Defaults / Locale and Formatting", None, Flags::NONE,
        String { boot: "C" },
        "Sets the locale for formatting numbers.", "An empty string means use the operating system setting.";
    LC_TIME = "lc_time", User, "Client Connection Defaults / Locale and Formatting", None, Flags::NONE,
        String { boot: "C" },
        "Sets the locale for formatting date and time values.", "An empty string means use the operating system setting.";
    LISTEN_ADDRESSES = "listen_addresses", Postmaster, "Connections and Authentication / Connection Settings", None, flags(&[Flags::LIST_INPUT]),
        String { boot: "localhost" },
        "Sets the host name or IP address(es) to listen to.", "";
    LO_COMPAT_PRIVILEGES = "lo_compat_privileges", Superuser, "Version and Platform Compatibility / Previous PostgreSQL Versions", None, Flags::NONE,
        Bool { boot: false },
        "Enables backward compatibility mode for privilege checks on large objects.", "Skips privilege checks when reading or modifying large objects, for compatibility with PostgreSQL releases prior to 9.0.";
    LOCAL_PRELOAD_LIBRARIES = "local_preload_libraries", User, "Client Connection Defaults / Shared Library Preloading", None, flags(&[Flags::LIST_INPUT, Flags::LIST_QUOTE]),
        String { boot: "" },
        "Lists unprivileged shared libraries to preload into each backend.", "";
    LOCK_TIMEOUT = "lock_timeout", User, "Client Connection Defaults / Statement Behavior", Milliseconds, Flags::NONE,
        Int { boot: 0, min: 0, max: 2147483647 },
        "Sets the maximum allowed duration of any wait for a lock.", "0 disables the timeout.";
    LOG_AUTOVACUUM_MIN_DURATION = "log_autovacuum_min_duration", Sighup, "Reporting and Logging / What to Log", Milliseconds, Flags::NONE,
        Int { boot: 600000, min: -1, max: 2147483647 },
        "Sets the minimum execution time above which autovacuum actions will be logged.", "-1 disables logging autovacuum actions. 0 means log all autovacuum actions.";
    LOG_CHECKPOINTS = "log_checkpoints", Sighup, "Reporting and Logging / What to Log", None, Flags::NONE,
        Bool { boot: true },
        "Logs each checkpoint.", "";
    LOG_CONNECTIONS = "log_connections", SuperuserBackend, "Reporting and Logging / What to Log", None, flags(&[Flags::LIST_INPUT]),
        String { boot: "" },
        "Logs specified aspects of connection establishment and setup.", "";
    LOG_DESTINATION = "log_destination", Sighup, "Reporting and Logging / Where to Log", None, flags(&[Flags::LIST_INPUT]),
        String { boot: "stderr" },
        "Sets the destination for server log output.", "Valid values are combinations of \"stderr\", \"syslog\", \"csvlog\", \"jsonlog\", and \"eventlog\", depending on the platform.";
    LOG_DIRECTORY = "log_directory", Sighup, "Reporting and Logging / Where to Log", None, flags(&[Flags::SUPERUSER_ONLY]),
        String { boot: "log" },
        "Sets the destination directory for log files.", "Can be specified as relative to the data directory or as absolute path.";
    LOG_DISCONNECTIONS = "log_disconnections", SuperuserBackend, "Reporting and Logging / What to Log", None, Flags::NONE,
        Bool { boot: false },
        "Logs end of a session, including duration.", "";
    LOG_DURATION = "log_duration", Superuser, "Reporting and Logging / What to Log", None, Flags::NONE,
        Bool { boot: false },
        "Logs the duration of each completed SQL statement.", "";
    LOG_ERROR_VERBOSITY = "log_error_verbosity", Superuser, "Reporting and Logging / What to Log", None, Flags::NONE,
        Enum { boot: "default", choices: &[shown("terse"), shown("default"), shown("verbose")] },
        "Sets the verbosity of logged messages.", "";
    LOG_EXECUTOR_STATS = "log_executor_stats", Superuser, "Statistics / Monitoring", None, Flags::NONE,
        Bool { boot: false },
        "Writes executor performance statistics to the server log.", "";
    LOG_FILE_MODE = "log_file_mode", Sighup, "Reporting and Logging / Where to Log", None, Flags::NONE,
        Int { boot: 384, min: 0, max: 511 },
        "Sets the file permissions for log files.", "The parameter value is expected to be a numeric mode specification in the form accepted by the chmod and umask system calls. (To use the customary octal format the number must start with a 0 (zero).)";
    LOG_FILENAME = "log_filename", Sighup, "Reporting and Logging / Where to Log", None, flags(&[Flags::SUPERUSER_ONLY]),
        String { boot: "postgresql-%Y-%m-%d_%H%M%S.log" },
        "Sets the file name pattern for log files.", "";
    LOG_HOSTNAME = "log_hostname", Sighup, "Reporting and Logging / What to Log", None, Flags::NONE,
        Bool { boot: false },
        "Logs the host name in the connection logs.", "By default, connection logs only show the IP address of the connecting host. If you want them to show the host name you can turn this on, but depending on your host name resolution setup it might impose a non-negligible performance penalty.";
    LOG_LINE_PREFIX = "log_line_prefix", Sighup, "Reporting and Logging / What to Log", None, Flags::NONE,
        String { boot: "%m [%p] " },
        "Controls information prefixed to each log line.", "An empty string means no prefix.";
    LOG_LOCK_FAILURES = "log_lock_failures", Superuser, "Reporting and Logging / What to Log", None, Flags::NONE,
        Bool { boot: false },
        "Logs lock failures.", "";
    LOG_LOCK_WAITS = "log_lock_waits", Superuser, "Reporting and Logging / What to Log", None, Flags::NONE,
        Bool { boot: false },
        "Logs long lock waits.", "";
    LOG_MIN_DURATION_SAMPLE = "log_min_duration_sample", Superuser, "Reporting and Logging / When to Log", Milliseconds, Flags::NONE,
        Int { boot: -1, min: -1, max: 2147483647 },
        "Sets the minimum execution time above which a sample of statements will be logged. Sampling is determined by \"log_statement_sample_rate\".", "-1 disables sampling. 0 means sample all statements.";
    LOG_MIN_DURATION_STATEMENT = "log_min_duration_statement", Superuser, "Reporting and Logging / When to Log", Milliseconds, Flags::NONE,
        Int { boot: -1, min: -1, max: 2147483647 },
        "Sets the minimum execution time above which all statements will be logged.", "-1 disables logging statement durations. 0 means log all statement durations.";
    LOG_MIN_ERROR_STATEMENT = "log_min_error_statement", Superuser, "Reporting and Logging / When to Log", None, Flags::NONE,
        Enum { boot: "error", choices: &[shown("debug5"), shown("debug4"), shown("debug3"), shown("debug2"), shown("debug1"), shown("info"), shown("notice"), shown("warning"), shown("error"), shown("log"), shown("fatal"), shown("panic"), alias("debug", "debug2")] },
        "Causes all statements generating error at or above this level to be logged.", "Each level includes all the levels that follow it. The later the level, the fewer messages are sent.";
    LOG_MIN_MESSAGES = "log_min_messages", Superuser, "Reporting and Logging / When to Log", None, Flags::NONE,
        Enum { boot: "warning", choices: &[shown("debug5"), shown("debug4"), shown("debug3"), shown("debug2"), shown("debug1"), shown("info"), shown("notice"), shown("warning"), shown("error"), shown("log"), shown("fatal"), shown("panic"), alias("debug", "debug2")] },
        "Sets the message levels that are logged.", "Each level includes all the levels that follow it. The later the level, the fewer messages are sent.";
    LOG_PARAMETER_MAX_LENGTH = "log_parameter_max_length", Superuser, "Reporting and Logging / What to Log", Bytes, Flags::NONE,
        Int { boot: -1, min: -1, max: 1073741823 },
        "Sets the maximum length in bytes of data logged for bind parameter values when logging statements.", "-1 means log values in full.";
    LOG_PARAMETER_MAX_LENGTH_ON_ERROR = "log_parameter_max_length_on_error", User, "Reporting and Logging / What to Log", Bytes, Flags::NONE,
        Int { boot: 0, min: -1, max: 1073741823 },
        "Sets the maximum length in bytes of data logged for bind parameter values when logging statements, on error.", "-1 means log values in full.";
    LOG_PARSER_STATS = "log_parser_stats", Superuser, "Statistics / Monitoring", None, Flags::NONE,
        Bool { boot: false },
        "Writes parser performance statistics to the server log.", "";
    LOG_PLANNER_STATS = "log_planner_stats", Superuser, "Statistics / Monitoring", None, Flags::NONE,
        Bool { boot: false },
        "Writes planner performance statistics to the server log.", "";
    LOG_RECOVERY_CONFLICT_WAITS = "log_recovery_conflict_waits", Sighup, "Reporting and Logging / What to Log", None, Flags::NONE,
        Bool { boot: false },
        "Logs standby recovery conflict waits.", "";
    LOG_REPLICATION_COMMANDS = "log_replication_commands", Superuser, "Reporting and Logging / What to Log", None, Flags::NONE,
        Bool { boot: false },
        "Logs each replication command.", "";
    LOG_ROTATION_AGE = "log_rotation_age", Sighup, "Reporting and Logging / Where to Log", Minutes, Flags::NONE,
        Int { boot: 1440, min: 0, max: 35791394 },
        "Sets the amount of time to wait before forcing log file rotation.", "0 disables time-based creation of new log files.";
    LOG_ROTATION_SIZE = "log_rotation_size", Sighup, "Reporting and Logging / Where to Log", Kilobytes, Flags::NONE,
        Int { boot: 10240, min: 0, max: 2147483647 },
        "Sets the maximum size a log file can reach before being rotated.", "0 disables size-based creation of new log files.";
    LOG_STARTUP_PROGRESS_INTERVAL = "log_startup_progress_interval", Sighup, "Reporting and Logging / When to Log", Milliseconds, Flags::NONE,
        Int { boot: 10000, min: 0, max: 2147483647 },
        "Time between progress updates for long-running startup operations.", "0 disables progress updates.";
    LOG_STATEMENT = "log_statement", Superuser, "Reporting and Logging / What to Log", None, Flags::NONE,
        Enum { boot: "none", choices: &[shown("none"), shown("ddl"), shown("mod"), shown("all")] },
        "Sets the type of statements logged.", "";
    LOG_STATEMENT_SAMPLE_RATE = "log_statement_sample_rate", Superuser, "Reporting and Logging / When to Log", None, Flags::NONE,
        Real { boot: 1.0, min: 0.0, max: 1.0 },
        "Fraction of statements exceeding \"log_min_duration_sample\" to be logged.", "Use a value between 0.0 (never log) and 1.0 (always log).";
    LOG_STATEMENT_STATS = "log_statement_stats", Superuser, "Statistics / Monitoring", None, Flags::NONE,
        Bool { boot: false },
        "Writes cumulative performance statistics to the server log.", "";
    LOG_TEMP_FILES = "log_temp_files", Superuser, "Reporting and Logging / What to Log", Kilobytes, Flags::NONE,
        Int { boot: -1, min: -1, max: 2147483647 },
        "Log the use of temporary files larger than this number of kilobytes.", "-1 disables logging temporary files. 0 means log all temporary files.";
    LOG_TIMEZONE = "log_timezone", Sighup, "Reporting and Logging / What to Log", None, Flags::NONE,
        String { boot: "GMT" },
        "Sets the time zone to use in log messages.", "";
    LOG_TRANSACTION_SAMPLE_RATE = "log_transaction_sample_rate", Superuser, "Reporting and Logging / When to Log", None, Flags::NONE,
        Real { boot: 0.0, min: 0.0, max: 1.0 },
        "Sets the fraction of transactions from which to log all statements.", "Use a value between 0.0 (never log) and 1.0 (log all statements for all transactions).";
    LOG_TRUNCATE_ON_ROTATION = "log_truncate_on_rotation", Sighup, "Reporting and Logging / Where to Log", None, Flags::NONE,
        Bool { boot: false },
        "Truncate existing log files of same name during log rotation.", "";
    LOGGING_COLLECTOR = "logging_collector", Postmaster, "Reporting and Logging / Where to Log", None, Flags::NONE,
        Bool { boot: false },
        "Start a subprocess to capture stderr, csvlog and/or jsonlog into log files.", "";
    LOGICAL_DECODING_WORK_MEM = "logical_decoding_work_mem", User, "Resource Usage / Memory", Kilobytes, Flags::NONE,
        Int { boot: 65536, min: 64, max: 2147483647 },
        "Sets the maximum memory to be used for logical decoding.", "This much memory can be used by each internal reorder buffer before spilling to disk.";
    MAINTENANCE_IO_CONCURRENCY = "maintenance_io_concurrency", User, "Resource Usage / I/O", None, flags(&[Flags::EXPLAIN]),
        Int { boot: 16, min: 0, max: 1000 },
        "A variant of \"effective_io_concurrency\" that is used for maintenance work.", "0 disables simultaneous requests.";
    MAINTENANCE_WORK_MEM = "maintenance_work_mem", User, "Resource Usage / Memory", Kilobytes, Flags::NONE,
        Int { boot: 65536, min: 64, max: 2147483647 },
        "Sets the maximum memory to be used for maintenance operations.", "This includes operations such as VACUUM and CREATE INDEX.";
    MAX_ACTIVE_REPLICATION_ORIGINS = "max_active_replication_origins", Postmaster, "Replication / Subscribers", None, Flags::NONE,
        Int { boot: 10, min: 0, max: 262143 },
        "Sets the maximum number of active replication origins.", "";
    MAX_CONNECTIONS = "max_connections", Postmaster, "Connections and Authentication / Connection Settings", None, Flags::NONE,
        Int { boot: 100, min: 1, max: 262143 },
        "Sets the maximum number of concurrent connections.", "";
    MAX_FILES_PER_PROCESS = "max_files_per_process", Postmaster, "Resource Usage / Kernel Resources", None, Flags::NONE,
        Int { boot: 1000, min: 64, max: 2147483647 },
        "Sets the maximum number of files each server process is allowed to open simultaneously.", "";
    MAX_FUNCTION_ARGS = "max_function_args", Internal, "Preset Options", None, flags(&[Flags::NOT_IN_SAMPLE, Flags::DISALLOW_IN_FILE]),
        Int { boot: 100, min: 100, max: 100 },
        "Shows the maximum number of function arguments.", "";
    MAX_IDENTIFIER_LENGTH = "max_identifier_length", Internal, "Preset Options", None, flags(&[Flags::NOT_IN_SAMPLE, Flags::DISALLOW_IN_FILE]),
        Int { boot: 63, min: 63, max: 63 },
        "Shows the maximum identifier length.", "";
    MAX_INDEX_KEYS = "max_index_keys", Internal, "Preset Options", None, flags(&[Flags::NOT_IN_SAMPLE, Flags::DISALLOW_IN_FILE]),
        Int { boot: 32, min: 32, max: 32 },
        "Shows the maximum number of index keys.", "";
    MAX_LOCKS_PER_TRANSACTION = "max_locks_per_transaction", Postmaster, "Lock Management", None, Flags::NONE,
        Int { boot: 64, min: 10, max: 2147483647 },
        "Sets the maximum number of locks per transaction.", "The shared lock table is sized on the assumption that at most \"max_locks_per_transaction\" objects per server process or prepared transaction will need to be locked at any one time.";
    MAX_LOGICAL_REPLICATION_WORKERS = "max_logical_replication_workers", Postmaster, "Replication / Subscribers", None, Flags::NONE,
        Int { boot: 4, min: 0, max: 262143 },
        "Maximum number of logical replication worker processes.", "";
    MAX_NOTIFY_QUEUE_PAGES = "max_notify_queue_pages", Postmaster, "Resource Usage / Disk", None, Flags::NONE,
        Int { boot: 1048576, min: 64, max: 2147483647 },
        "Sets the maximum number of allocated pages for NOTIFY / LISTEN queue.", "";
    MAX_PARALLEL_APPLY_WORKERS_PER_SUBSCRIPTION = "max_parallel_apply_workers_per_subscription", Sighup, "Replication / Subscribers", None, Flags::NONE,
        Int { boot: 2, min: 0, max: 1024 },
        "Maximum number of parallel apply workers per subscription.", "";
    MAX_PARALLEL_MAINTENANCE_WORKERS = "max_parallel_maintenance_workers", User, "Resource Usage / Worker Processes", None, Flags::NONE,
        Int { boot: 2, min: 0, max: 1024 },
        "Sets the maximum number of parallel processes per maintenance operation.", "";
    MAX_PARALLEL_WORKERS = "max_parallel_workers", User, "Resource Usage / Worker Processes", None, flags(&[Flags::EXPLAIN]),
        Int { boot: 8, min: 0, max: 1024 },
        "Sets the maximum number of parallel workers that can be active at one time.", "";
    MAX_PARALLEL_WORKERS_PER_GATHER = "max_parallel_workers_per_gather", User, "Resource Usage / Worker Processes", None, flags(&[Flags::EXPLAIN]),
        Int { boot: 2, min: 0, max: 1024 },
        "Sets the maximum number of parallel processes per executor node.", "";
    MAX_PRED_LOCKS_PER_PAGE = "max_pred_locks_per_page", Sighup, "Lock Management", None, Flags::NONE,
        Int { boot: 2, min: 0, max: 2147483647 },
        "Sets the maximum number of predicate-locked tuples per page.", "If more than this number of tuples on the same page are locked by a connection, those locks are replaced by a page-level lock.";
    MAX_PRED_LOCKS_PER_RELATION = "max_pred_locks_per_relation", Sighup, "Lock Management", None, Flags::NONE,
        Int { boot: -2, min: -2147483648, max: 2147483647 },
        "Sets the maximum number of predicate-locked pages and tuples per relation.", "If more than this total of pages and tuples in the same relation are locked by a connection, those locks are replaced by a relation-level lock.";
    MAX_PRED_LOCKS_PER_TRANSACTION = "max_pred_locks_per_transaction", Postmaster, "Lock Management", None, Flags::NONE,
        Int { boot: 64, min: 10, max: 2147483647 },
        "Sets the maximum number of predicate locks per transaction.", "The shared predicate lock table is sized on the assumption that at most \"max_pred_locks_per_transaction\" objects per server process or prepared transaction will need to be locked at any one time.";
    MAX_PREPARED_TRANSACTIONS = "max_prepared_transactions", Postmaster, "Resource Usage / Memory", None, Flags::NONE,
        Int { boot: 0, min: 0, max: 262143 },
        "Sets the maximum number of simultaneously prepared transactions.", "";
    MAX_REPLICATION_SLOTS = "max_replication_slots", Postmaster, "Replication / Sending Servers", None, Flags::NONE,
        Int { boot: 10, min: 0, max: 262143 },
        "Sets the maximum number of simultaneously defined replication slots.", "";
    MAX_SLOT_WAL_KEEP_SIZE = "max_slot_wal_keep_size", Sighup, "Replication / Sending Servers", Megabytes, Flags::NONE,
        Int { boot: -1, min: -1, max: 2147483647 },
        "Sets the maximum WAL size that can be reserved by replication slots.", "Replication slots will be marked as failed, and segments released for deletion or recycling, if this much space is occupied by WAL on disk. -1 means no maximum.";
    MAX_STACK_DEPTH = "max_stack_depth", Superuser, "Resource Usage / Memory", Kilobytes, Flags::NONE,
        Int { boot: 100, min: 100, max: 2147483647 },
        "Sets the maximum stack depth, in kilobytes.", "";
    MAX_STANDBY_ARCHIVE_DELAY = "max_standby_archive_delay", Sighup, "Replication / Standby Servers", Milliseconds, Flags::NONE,
        Int { boot: 30000, min: -1, max: 2147483647 },
        "Sets the maximum delay before canceling queries when a hot standby server is processing archived WAL data.", "-1 means wait forever.";
    MAX_STANDBY_STREAMING_DELAY = "max_standby_streaming_delay", Sighup, "Replication / Standby Servers", Milliseconds, Flags::NONE,
        Int { boot: 30000, min: -1, max: 2147483647 },
        "Sets the maximum delay before canceling queries when a hot standby server is processing streamed WAL data.", "-1 means wait forever.";
    MAX_SYNC_WORKERS_PER_SUBSCRIPTION = "max_sync_workers_per_subscription", Sighup, "Replication / Subscribers", None, Flags::NONE,
        Int { boot: 2, min: 0, max: 262143 },
        "Maximum number of table synchronization workers per subscription.", "";
    MAX_WAL_SENDERS = "max_wal_senders", Postmaster, "Replication / Sending Servers", None, Flags::NONE,
        Int { boot: 10, min: 0, max: 262143 },
        "Sets the maximum number of simultaneously running WAL sender processes.", "";
    MAX_WAL_SIZE = "max_wal_size", Sighup, "Write-Ahead Log / Checkpoints", Megabytes, Flags::NONE,
        Int { boot: 1024, min: 2, max: 2147483647 },
        "Sets the WAL size that triggers a checkpoint.", "";
    MAX_WORKER_PROCESSES = "max_worker_processes", Postmaster, "Resource Usage / Worker Processes", None, Flags::NONE,
        Int { boot: 8, min: 0, max: 262143 },
        "Maximum number of concurrent worker processes.", "";
    MD5_PASSWORD_WARNINGS = "md5_password_warnings", User, "Connections and Authentication / Authentication", None, Flags::NONE,
        Bool { boot: true },
        "Enables deprecation warnings for MD5 passwords.", "";
    MIN_DYNAMIC_SHARED_MEMORY = "min_dynamic_shared_memory", Postmaster, "Resource Usage / Memory", Megabytes, Flags::NONE,
        Int { boot: 0, min: 0, max: 2147483647 },
        "Amount of dynamic shared memory reserved at startup.", "";
    MIN_PARALLEL_INDEX_SCAN_SIZE = "min_parallel_index_scan_size", User, "Query Tuning / Planner Cost Constants", Blocks, flags(&[Flags::EXPLAIN]),
        Int { boot: 64, min: 0, max: 715827882 },
        "Sets the minimum amount of index data for a parallel scan.", "If the planner estimates that it will read a number of index pages too small to reach this limit, a parallel scan will not be considered.";
    MIN_PARALLEL_TABLE_SCAN_SIZE = "min_parallel_table_scan_size", User, "Query Tuning / Planner Cost Constants", Blocks, flags(&[Flags::EXPLAIN]),
        Int { boot: 1024, min: 0, max: 715827882 },
        "Sets the minimum amount of table data for a parallel scan.", "If the planner estimates that it will read a number of table pages too small to reach this limit, a parallel scan will not be considered.";
    MIN_WAL_SIZE = "min_wal_size", Sighup, "Write-Ahead Log / Checkpoints", Megabytes, Flags::NONE,
        Int { boot: 80, min: 2, max: 2147483647 },
        "Sets the minimum size to shrink the WAL to.", "";
    MULTIXACT_MEMBER_BUFFERS = "multixact_member_buffers", Postmaster, "Resource Usage / Memory", Blocks, Flags::NONE,
        Int { boot: 32, min: 16, max: 131072 },
        "Sets the size of the dedicated buffer pool used for the MultiXact member cache.", "";
    MULTIXACT_OFFSET_BUFFERS = "multixact_offset_buffers", Postmaster, "Resource Usage / Memory", Blocks, Flags::NONE,
        Int { boot: 16, min: 16, max: 131072 },
        "Sets the size of the dedicated buffer pool used for the MultiXact offset cache.", "";
    NOTIFY_BUFFERS = "notify_buffers", Postmaster, "Resource Usage / Memory", Blocks, Flags::NONE,
        Int { boot: 16, min: 16, max: 131072 },
        "Sets the size of the dedicated buffer pool used for the LISTEN/NOTIFY message cache.", "";
    NUM_OS_SEMAPHORES = "num_os_semaphores", Internal, "Preset Options", None, flags(&[Flags::NOT_IN_SAMPLE, Flags::RUNTIME_COMPUTED, Flags::DISALLOW_IN_FILE]),
        Int { boot: 0, min: 0, max: 2147483647 },
        "Shows the number of semaphores required for the server.", "";
    OAUTH_VALIDATOR_LIBRARIES = "oauth_validator_libraries", Sighup, "Connections and Authentication / Authentication", None, flags(&[Flags::LIST_INPUT, Flags::LIST_QUOTE, Flags::SUPERUSER_ONLY]),
        String { boot: "" },
        "Lists libraries that may be called to validate OAuth v2 bearer tokens.", "";
    OLIPHANT_SERVER_MEMORY_LIMIT = "oliphant.server_memory_limit", Sighup, "Resource Usage / Memory", Kilobytes, Flags::NONE,
        Int { boot: -1, min: -1, max: 2147483647 },
        "Sets the maximum memory that all sessions may hold together.", "Beyond it, whoever asks for more gets an error. -1 means three quarters of the machine's memory, less shared buffers; 0 means no limit.";
    OLIPHANT_SESSION_MEMORY_LIMIT = "oliphant.session_memory_limit", Superuser, "Resource Usage / Memory", Kilobytes, Flags::NONE,
        Int { boot: -1, min: -1, max: 2147483647 },
        "Sets the maximum memory that a session may hold.", "A statement that needs more gets an error. -1 means half of what all sessions may hold together; 0 means no limit.";
    OUTPUT_PLUGIN_LIBRARIES = "output_plugin_libraries", Superuser, "Replication / Sending Servers", None, flags(&[Flags::LIST_INPUT, Flags::LIST_QUOTE, Flags::SUPERUSER_ONLY]),
        String { boot: "pgoutput, test_decoding" },
        "Lists libraries that may be named as logical decoding output plugins.", "Users with REPLICATION privileges may only use plugins in this list when creating logical replication slots.";
    PARALLEL_LEADER_PARTICIPATION = "parallel_leader_participation", User, "Resource Usage / Worker Processes", None, flags(&[Flags::EXPLAIN]),
        Bool { boot: true },
        "Controls whether Gather and Gather Merge also run subplans.", "Should gather nodes also run subplans or just gather tuples?";
    PARALLEL_SETUP_COST = "parallel_setup_cost", User, "Query Tuning / Planner Cost Constants", None, flags(&[Flags::EXPLAIN]),
        Real { boot: 1000.0, min: 0.0, max: f64::MAX },
        "Sets the planner's estimate of the cost of starting up worker processes for parallel query.", "";
    PARALLEL_TUPLE_COST = "parallel_tuple_cost", User, "Query Tuning / Planner Cost Constants", None, flags(&[Flags::EXPLAIN]),
        Real { boot: 0.1, min: 0.0, max: f64::MAX },
        "Sets the planner's estimate of the cost of passing each tuple (row) from worker to leader backend.", "";
    PASSWORD_ENCRYPTION = "password_encryption", User, "Connections and Authentication / Authentication", None, Flags::NONE,
        Enum { boot: "scram-sha-256", choices: &[shown("md5"), shown("scram-sha-256")] },
        "Chooses the algorithm for encrypting passwords.", "";
    PLAN_CACHE_MODE = "plan_cache_mode", User, "Query Tuning / Other Planner Options", None, flags(&[Flags::EXPLAIN]),
        Enum { boot: "auto", choices: &[shown("auto"), shown("force_generic_plan"), shown("force_custom_plan")] },
        "Controls the planner's selection of custom or generic plan.", "Prepared statements can have custom and generic plans, and the planner will attempt to choose which is better.  This can be set to override the default behavior.";
    PORT = "port", Postmaster, "Connections and Authentication / Connection Settings", None, Flags::NONE,
        Int { boot: 5432, min: 1, max: 65535 },
        "Sets the TCP port the server listens on.", "";
    POST_AUTH_DELAY = "post_auth_delay", Backend, "Developer Options", Seconds, flags(&[Flags::NOT_IN_SAMPLE]),
        Int { boot: 0, min: 0, max: 2147 },
        "Sets the amount of time to wait after authentication on connection startup.", "This allows attaching a debugger to the process.";
    PRE_AUTH_DELAY = "pre_auth_delay", Sighup, "Developer Options", Seconds, flags(&[Flags::NOT_IN_SAMPLE]),
        Int { boot: 0, min: 0, max: 60 },
        "Sets the amount of time to wait before authentication on connection startup.", "This allows attaching a debugger to the process.";
    PRIMARY_CONNINFO = "primary_conninfo", Sighup, "Replication / Standby Servers", None, flags(&[Flags::SUPERUSER_ONLY]),
        String { boot: "" },
        "Sets the connection string to be used to connect to the sending server.", "";
    PRIMARY_SLOT_NAME = "primary_slot_name", Sighup, "Replication / Standby Servers", None, Flags::NONE,
        String { boot: "" },
        "Sets the name of the replication slot to use on the sending server.", "";
    QUOTE_ALL_IDENTIFIERS = "quote_all_identifiers", User, "Version and Platform Compatibility / Previous PostgreSQL Versions", None, Flags::NONE,
        Bool { boot: false },
        "When generating SQL fragments, quote all identifiers.", "";
    RANDOM_PAGE_COST = "random_page_cost", User, "Query Tuning / Planner Cost Constants", None, flags(&[Flags::EXPLAIN]),
        Real { boot: 4.0, min: 0.0, max: f64::MAX },
        "Sets the planner's estimate of the cost of a nonsequentially fetched disk page.", "";
    RECOVERY_END_COMMAND = "recovery_end_command", Sighup, "Write-Ahead Log / Archive Recovery", None, Flags::NONE,
        String { boot: "" },
        "Sets the shell command that will be executed once at the end of recovery.", "";
    RECOVERY_INIT_SYNC_METHOD = "recovery_init_sync_method", Sighup, "Error Handling", None, Flags::NONE,
        Enum { boot: "fsync", choices: &[shown("fsync"), shown("syncfs")] },
        "Sets the method for synchronizing the data directory before crash recovery.", "";
    RECOVERY_MIN_APPLY_DELAY = "recovery_min_apply_delay", Sighup, "Replication / Standby Servers", Milliseconds, Flags::NONE,
        Int { boot: 0, min: 0, max: 2147483647 },
        "Sets the minimum delay for applying changes during recovery.", "";
    RECOVERY_PREFETCH = "recovery_prefetch", Sighup, "Write-Ahead Log / Recovery", None, Flags::NONE,
        Enum { boot: "try", choices: &[shown("off"), shown("on"), shown("try"), alias("true", "on"), alias("yes", "on"), alias("1", "on"), alias("false", "off"), alias("no", "off"), alias("0", "off")] },
        "Prefetch referenced blocks during recovery.", "Look ahead in the WAL to find references to uncached data.";
    RECOVERY_TARGET = "recovery_target", Postmaster, "Write-Ahead Log / Recovery Target", None, Flags::NONE,
        String { boot: "" },
        "Set to \"immediate\" to end recovery as soon as a consistent state is reached.", "";
    RECOVERY_TARGET_ACTION = "recovery_target_action", Postmaster, "Write-Ahead Log / Recovery Target", None, Flags::NONE,
        Enum { boot: "pause", choices: &[shown("pause"), shown("promote"), shown("shutdown")] },
        "Sets the action to perform upon reaching the recovery target.", "";
    RECOVERY_TARGET_INCLUSIVE = "recovery_target_inclusive", Postmaster, "Write-Ahead Log / Recovery Target", None, Flags::NONE,
        Bool { boot: true },
        "Sets whether to include or exclude transaction with recovery target.", "";
    RECOVERY_TARGET_LSN = "recovery_target_lsn", Postmaster, "Write-Ahead Log / Recovery Target", None, Flags::NONE,
        String { boot: "" },
        "Sets the LSN of the write-ahead log location up to which recovery will proceed.", "";
    RECOVERY_TARGET_NAME = "recovery_target_name", Postmaster, "Write-Ahead Log / Recovery Target", None, Flags::NONE,
        String { boot: "" },
        "Sets the named restore point up to which recovery will proceed.", "";
    RECOVERY_TARGET_TIME = "recovery_target_time", Postmaster, "Write-Ahead Log / Recovery Target", None, Flags::NONE,
        String { boot: "" },
        "Sets the time stamp up to which recovery will proceed.", "";
    RECOVERY_TARGET_TIMELINE = "recovery_target_timeline", Postmaster, "Write-Ahead Log / Recovery Target", None, Flags::NONE,
        String { boot: "latest" },
        "Specifies the timeline to recover into.", "";
    RECOVERY_TARGET_XID = "recovery_target_xid", Postmaster, "Write-Ahead Log / Recovery Target", None, Flags::NONE,
        String { boot: "" },
        "Sets the transaction ID up to which recovery will proceed.", "";
    RECURSIVE_WORKTABLE_FACTOR = "recursive_worktable_factor", User, "Query Tuning / Other Planner Options", None, flags(&[Flags::EXPLAIN]),
        Real { boot: 10.0, min: 0.001, max: 1000000.0 },
        "Sets the planner's estimate of the average size of a recursive query's working table.", "";
    REMOVE_TEMP_FILES_AFTER_CRASH = "remove_temp_files_after_crash", Sighup, "Developer Options", None, flags(&[Flags::NOT_IN_SAMPLE]),
        Bool { boot: true },
        "Remove temporary files after backend crash.", "";
    RESERVED_CONNECTIONS = "reserved_connections", Postmaster, "Connections and Authentication / Connection Settings", None, Flags::NONE,
        Int { boot: 0, min: 0, max: 262143 },
        "Sets the number of connection slots reserved for roles with privileges of pg_use_reserved_connections.", "";
    RESTART_AFTER_CRASH = "restart_after_crash", Sighup, "Error Handling", None, Flags::NONE,
        Bool { boot: true },
        "Reinitialize server after backend crash.", "";
    RESTORE_COMMAND = "restore_command", Sighup, "Write-Ahead Log / Archive Recovery", None, Flags::NONE,
        String { boot: "" },
        "Sets the shell command that will be called to retrieve an archived WAL file.", "";
    RESTRICT_NONSYSTEM_RELATION_KIND = "restrict_nonsystem_relation_kind", User, "Client Connection Defaults / Statement Behavior", None, flags(&[Flags::NOT_IN_SAMPLE, Flags::LIST_INPUT]),
        String { boot: "" },
        "Prohibits access to non-system relations of specified kinds.", "";
    ROLE = "role", User, "Ungrouped", None, flags(&[Flags::NO_RESET_ALL, Flags::NO_SHOW_ALL, Flags::NOT_IN_SAMPLE, Flags::DISALLOW_IN_FILE]),
        String { boot: "none" },
        "Sets the current role.", "";
    ROW_SECURITY = "row_security", User, "Client Connection Defaults / Statement Behavior", None, Flags::NONE,
        Bool { boot: true },
        "Enables row security.", "When enabled, row security will be applied to all users.";
    SCRAM_ITERATIONS = "scram_iterations", User, "Connections and Authentication / Authentication", None, flags(&[Flags::REPORT]),
        Int { boot: 4096, min: 1, max: 2147483647 },
        "Sets the iteration count for SCRAM secret generation.", "";
    SEARCH_PATH = "search_path", User, "Client Connection Defaults / Statement Behavior", None, flags(&[Flags::EXPLAIN, Flags::REPORT, Flags::LIST_INPUT, Flags::LIST_QUOTE]),
        String { boot: "\"$user\", public" },
        "Sets the schema search order for names that are not schema-qualified.", "";
    SEED = "seed", User, "Ungrouped", None, flags(&[Flags::NO_RESET, Flags::NO_RESET_ALL, Flags::NO_SHOW_ALL, Flags::NOT_IN_SAMPLE, Flags::DISALLOW_IN_FILE]),
        Real { boot: 0.0, min: -1.0, max: 1.0 },
        "Sets the seed for random-number generation.", "";
    SEGMENT_SIZE = "segment_size", Internal, "Preset Options", Blocks, flags(&[Flags::NOT_IN_SAMPLE, Flags::DISALLOW_IN_FILE]),
        Int { boot: 131072, min: 131072, max: 131072 },
        "Shows the number of pages per disk file.", "";
    SEND_ABORT_FOR_CRASH = "send_abort_for_crash", Sighup, "Developer Options", None, flags(&[Flags::NOT_IN_SAMPLE]),
        Bool { boot: false },
        "Send SIGABRT not SIGQUIT to child processes after backend crash.", "";
    SEND_ABORT_FOR_KILL = "send_abort_for_kill", Sighup, "Developer Options", None, flags(&[Flags::NOT_IN_SAMPLE]),
        Bool { boot: false },
        "Send SIGABRT not SIGKILL to stuck child processes.", "";
    SEQ_PAGE_COST = "seq_page_cost", User, "Query Tuning / Planner Cost Constants", None, flags(&[Flags::EXPLAIN]),
        Real { boot: 1.0, min: 0.0, max: f64::MAX },
        "Sets the planner's estimate of the cost of a sequentially fetched disk page.", "";
    SERIALIZABLE_BUFFERS = "serializable_buffers", Postmaster, "Resource Usage / Memory", Blocks, Flags::NONE,
        Int { boot: 32, min: 16, max: 131072 },
        "Sets the size of the dedicated buffer pool used for the serializable transaction cache.", "";
    SERVER_ENCODING = "server_encoding", Internal, "Preset Options", None, flags(&[Flags::NOT_IN_SAMPLE, Flags::REPORT, Flags::DISALLOW_IN_FILE]),
        String { boot: "SQL_ASCII" },
        "Shows the server (database) character set encoding.", "";
    SERVER_VERSION = "server_version", Internal, "Preset Options", None, flags(&[Flags::NOT_IN_SAMPLE, Flags::REPORT, Flags::DISALLOW_IN_FILE]),
        String { boot: "18.6" },
        "Shows the server version.", "";
    SERVER_VERSION_NUM = "server_version_num", Internal, "Preset Options", None, flags(&[Flags::NOT_IN_SAMPLE, Flags::DISALLOW_IN_FILE]),
        Int { boot: 180006, min: 180006, max: 180006 },
        "Shows the server version as an integer.", "";
    SESSION_AUTHORIZATION = "session_authorization", User, "Ungrouped", None, flags(&[Flags::NO_RESET_ALL, Flags::NO_SHOW_ALL, Flags::NOT_IN_SAMPLE, Flags::REPORT, Flags::DISALLOW_IN_FILE]),
        String { boot: "" },
        "Sets the session user name.", "";
    SESSION_PRELOAD_LIBRARIES = "session_preload_libraries", Superuser, "Client Connection Defaults / Shared Library Preloading", None, flags(&[Flags::LIST_INPUT, Flags::LIST_QUOTE, Flags::SUPERUSER_ONLY]),
        String { boot: "" },
        "Lists shared libraries to preload into each backend.", "";
    SESSION_REPLICATION_ROLE = "session_replication_role", Superuser, "Client Connection Defaults / Statement Behavior", None, Flags::NONE,
        Enum { boot: "origin", choices: &[shown("origin"), shown("replica"), shown("local")] },
        "Sets the session's behavior for triggers and rewrite rules.", "";
    SHARED_BUFFERS = "shared_buffers", Postmaster, "Resource Usage / Memory", Blocks, Flags::NONE,
        Int { boot: 16384, min: 16, max: 1073741823 },
        "Sets the number of shared memory buffers used by the server.", "";
    SHARED_MEMORY_SIZE = "shared_memory_size", Internal, "Preset Options", Megabytes, flags(&[Flags::NOT_IN_SAMPLE, Flags::RUNTIME_COMPUTED, Flags::DISALLOW_IN_FILE]),
        Int { boot: 0, min: 0, max: 2147483647 },
        "Shows the size of the server's main shared memory area (rounded up to the nearest MB).", "";
    SHARED_MEMORY_SIZE_IN_HUGE_PAGES = "shared_memory_size_in_huge_pages", Internal, "Preset Options", None, flags(&[Flags::NOT_IN_SAMPLE, Flags::RUNTIME_COMPUTED, Flags::DISALLOW_IN_FILE]),
        Int { boot: -1, min: -1, max: 2147483647 },
        "Shows the number of huge pages needed for the main shared memory area.", "-1 means huge pages are not supported.";
    SHARED_MEMORY_TYPE = "shared_memory_type", Postmaster, "Resource Usage / Memory", None, Flags::NONE,
        Enum { boot: "mmap", choices: &[shown("sysv"), shown("mmap")] },
        "Selects the shared memory implementation used for the main shared memory region.", "";
    SHARED_PRELOAD_LIBRARIES = "shared_preload_libraries", Postmaster, "Client Connection Defaults / Shared Library Preloading", None, flags(&[Flags::LIST_INPUT, Flags::LIST_QUOTE, Flags::SUPERUSER_ONLY]),
        String { boot: "" },
        "Lists shared libraries to preload into server.", "";
    SSL = "ssl", Sighup, "Connections and Authentication / SSL", None, Flags::NONE,
        Bool { boot: false },
        "Enables SSL connections.", "";
    SSL_CA_FILE = "ssl_ca_file", Sighup, "Connections and Authentication / SSL", None, Flags::NONE,
        String { boot: "" },
        "Location of the SSL certificate authority file.", "";
    SSL_CERT_FILE = "ssl_cert_file", Sighup, "Connections and Authentication / SSL", None, Flags::NONE,
        String { boot: "server.crt" },
        "Location of the SSL server certificate file.", "";
    SSL_CIPHERS = "ssl_ciphers", Sighup, "Connections and Authentication / SSL", None, flags(&[Flags::SUPERUSER_ONLY]),
        String { boot: "HIGH:MEDIUM:+3DES:!aNULL" },
        "Sets the list of allowed TLSv1.2 (and lower) ciphers.", "";
    SSL_CRL_DIR = "ssl_crl_dir", Sighup, "Connections and Authentication / SSL", None, Flags::NONE,
        String { boot: "" },
        "Location of the SSL certificate revocation list directory.", "";
    SSL_CRL_FILE = "ssl_crl_file", Sighup, "Connections and Authentication / SSL", None, Flags::NONE,
        String { boot: "" },
        "Location of the SSL certificate revocation list file.", "";
    SSL_DH_PARAMS_FILE = "ssl_dh_params_file", Sighup, "Connections and Authentication / SSL", None, flags(&[Flags::SUPERUSER_ONLY]),
        String { boot: "" },
        "Location of the SSL DH parameters file.", "An empty string means use compiled-in default parameters.";
    SSL_GROUPS = "ssl_groups", Sighup, "Connections and Authentication / SSL", None, flags(&[Flags::SUPERUSER_ONLY]),
        String { boot: "X25519:prime256v1" },
        "Sets the group(s) to use for Diffie-Hellman key exchange.", "Multiple groups can be specified using a colon-separated list.";
    SSL_KEY_FILE = "ssl_key_file", Sighup, "Connections and Authentication / SSL", None, Flags::NONE,
        String { boot: "server.key" },
        "Location of the SSL server private key file.", "";
    SSL_LIBRARY = "ssl_library", Internal, "Preset Options", None, flags(&[Flags::NOT_IN_SAMPLE, Flags::DISALLOW_IN_FILE]),
        String { boot: "" },
        "Shows the name of the SSL library.", "";
    SSL_MAX_PROTOCOL_VERSION = "ssl_max_protocol_version", Sighup, "Connections and Authentication / SSL", None, flags(&[Flags::SUPERUSER_ONLY]),
        Enum { boot: "", choices: &[shown(""), shown("TLSv1"), shown("TLSv1.1"), shown("TLSv1.2"), shown("TLSv1.3")] },
        "Sets the maximum SSL/TLS protocol version to use.", "";
    SSL_MIN_PROTOCOL_VERSION = "ssl_min_protocol_version", Sighup, "Connections and Authentication / SSL", None, flags(&[Flags::SUPERUSER_ONLY]),
        Enum { boot: "TLSv1.2", choices: &[shown("TLSv1"), shown("TLSv1.1"), shown("TLSv1.2"), shown("TLSv1.3")] },
        "Sets the minimum SSL/TLS protocol version to use.", "";
    SSL_PASSPHRASE_COMMAND = "ssl_passphrase_command", Sighup, "Connections and Authentication / SSL", None, flags(&[Flags::SUPERUSER_ONLY]),
        String { boot: "" },
        "Command to obtain passphrases for SSL.", "An empty string means use the built-in prompting mechanism.";
    SSL_PASSPHRASE_COMMAND_SUPPORTS_RELOAD = "ssl_passphrase_command_supports_reload", Sighup, "Connections and Authentication / SSL", None, Flags::NONE,
        Bool { boot: false },
        "Controls whether \"ssl_passphrase_command\" is called during server reload.", "";
    SSL_PREFER_SERVER_CIPHERS = "ssl_prefer_server_ciphers", Sighup, "Connections and Authentication / SSL", None, Flags::NONE,
        Bool { boot: true },
        "Give priority to server ciphersuite order.", "";
    SSL_RENEGOTIATION_LIMIT = "ssl_renegotiation_limit", User, "Ungrouped", None, flags(&[Flags::NO_SHOW_ALL, Flags::NOT_IN_SAMPLE]),
        Int { boot: 0, min: 0, max: 0 },
        "SSL renegotiation has been removed; this can only be 0.", "";
    SSL_TLS13_CIPHERS = "ssl_tls13_ciphers", Sighup, "Connections and Authentication / SSL", None, flags(&[Flags::SUPERUSER_ONLY]),
        String { boot: "" },
        "Sets the list of allowed TLSv1.3 cipher suites.", "An empty string means use the default cipher suites.";
    STANDARD_CONFORMING_STRINGS = "standard_conforming_strings", User, "Version and Platform Compatibility / Previous PostgreSQL Versions", None, flags(&[Flags::REPORT]),
        Bool { boot: true },
        "Causes '...' strings to treat backslashes literally.", "";
    STATEMENT_TIMEOUT = "statement_timeout", User, "Client Connection Defaults / Statement Behavior", Milliseconds, Flags::NONE,
        Int { boot: 0, min: 0, max: 2147483647 },
        "Sets the maximum allowed duration of any statement.", "0 disables the timeout.";
    STATS_FETCH_CONSISTENCY = "stats_fetch_consistency", User, "Statistics / Cumulative Query and Index Statistics", None, Flags::NONE,
        Enum { boot: "cache", choices: &[shown("none"), shown("cache"), shown("snapshot")] },
        "Sets the consistency of accesses to statistics data.", "";
    SUBTRANSACTION_BUFFERS = "subtransaction_buffers", Postmaster, "Resource Usage / Memory", Blocks, Flags::NONE,
        Int { boot: 0, min: 0, max: 131072 },
        "Sets the size of the dedicated buffer pool used for the subtransaction cache.", "0 means use a fraction of \"shared_buffers\".";
    SUMMARIZE_WAL = "summarize_wal", Sighup, "Write-Ahead Log / Summarization", None, Flags::NONE,
        Bool { boot: false },
        "Starts the WAL summarizer process to enable incremental backup.", "";
    SUPERUSER_RESERVED_CONNECTIONS = "superuser_reserved_connections", Postmaster, "Connections and Authentication / Connection Settings", None, Flags::NONE,
        Int { boot: 3, min: 0, max: 262143 },
        "Sets the number of connection slots reserved for superusers.", "";
    SYNC_REPLICATION_SLOTS = "sync_replication_slots", Sighup, "Replication / Standby Servers", None, Flags::NONE,
        Bool { boot: false },
        "Enables a physical standby to synchronize logical failover replication slots from the primary server.", "";
    SYNCHRONIZE_SEQSCANS = "synchronize_seqscans", User, "Version and Platform Compatibility / Previous PostgreSQL Versions", None, Flags::NONE,
        Bool { boot: true },
        "Enables synchronized sequential scans.", "";
    SYNCHRONIZED_STANDBY_SLOTS = "synchronized_standby_slots", Sighup, "Replication / Primary Server", None, flags(&[Flags::LIST_INPUT]),
        String { boot: "" },
        "Lists streaming replication standby server replication slot names that logical WAL sender processes will wait for.", "Logical WAL sender processes will send decoded changes to output plugins only after the specified replication slots have confirmed receiving WAL.";
    SYNCHRONOUS_COMMIT = "synchronous_commit", User, "Write-Ahead Log / Settings", None, Flags::NONE,
        Enum { boot: "on", choices: &[shown("local"), shown("remote_write"), shown("remote_apply"), shown("on"), shown("off"), alias("true", "on"), alias("yes", "on"), alias("1", "on"), alias("false", "off"), alias("no", "off"), alias("0", "off")] },
        "Sets the current transaction's synchronization level.", "";
    SYNCHRONOUS_STANDBY_NAMES = "synchronous_standby_names", Sighup, "Replication / Primary Server", None, flags(&[Flags::LIST_INPUT]),
        String { boot: "" },
        "Number of synchronous standbys and list of names of potential synchronous ones.", "";
    SYSLOG_FACILITY = "syslog_facility", Sighup, "Reporting and Logging / Where to Log", None, Flags::NONE,
        Enum { boot: "local0", choices: &[shown("local0"), shown("local1"), shown("local2"), shown("local3"), shown("local4"), shown("local5"), shown("local6"), shown("local7")] },
        "Sets the syslog \"facility\" to be used when syslog enabled.", "";
    SYSLOG_IDENT = "syslog_ident", Sighup, "Reporting and Logging / Where to Log", None, Flags::NONE,
        String { boot: "postgres" },
        "Sets the program name used to identify PostgreSQL messages in syslog.", "";
    SYSLOG_SEQUENCE_NUMBERS = "syslog_sequence_numbers", Sighup, "Reporting and Logging / Where to Log", None, Flags::NONE,
        Bool { boot: true },
        "Add sequence number to syslog messages to avoid duplicate suppression.", "";
    SYSLOG_SPLIT_MESSAGES = "syslog_split_messages", Sighup, "Reporting and Logging / Where to Log", None, Flags::NONE,
        Bool { boot: true },
        "Split messages sent to syslog by lines and to fit into 1024 bytes.", "";
    TCP_KEEPALIVES_COUNT = "tcp_keepalives_count", User, "Connections and Authentication / TCP Settings", None, Flags::NONE,
        Int { boot: 0, min: 0, max: 2147483647 },
        "Maximum number of TCP keepalive retransmits.", "Number of consecutive keepalive retransmits that can be lost before a connection is considered dead. 0 means use the system default.";
    TCP_KEEPALIVES_IDLE = "tcp_keepalives_idle", User, "Connections and Authentication / TCP Settings", Seconds, Flags::NONE,
        Int { boot: 0, min: 0, max: 2147483647 },
        "Time between issuing TCP keepalives.", "0 means use the system default.";
    TCP_KEEPALIVES_INTERVAL = "tcp_keepalives_interval", User, "Connections and Authentication / TCP Settings", Seconds, Flags::NONE,
        Int { boot: 0, min: 0, max: 2147483647 },
        "Time between TCP keepalive retransmits.", "0 means use the system default.";
    TCP_USER_TIMEOUT = "tcp_user_timeout", User, "Connections and Authentication / TCP Settings", Milliseconds, Flags::NONE,
        Int { boot: 0, min: 0, max: 2147483647 },
        "TCP user timeout.", "0 means use the system default.";
    TEMP_BUFFERS = "temp_buffers", User, "Resource Usage / Memory", Blocks, flags(&[Flags::EXPLAIN]),
        Int { boot: 1024, min: 100, max: 1073741823 },
        "Sets the maximum number of temporary buffers used by each session.", "";
    TEMP_FILE_LIMIT = "temp_file_limit", Superuser, "Resource Usage / Disk", Kilobytes, Flags::NONE,
        Int { boot: -1, min: -1, max: 2147483647 },
        "Limits the total size of all temporary files used by each process.", "-1 means no limit.";
    TEMP_TABLESPACES = "temp_tablespaces", User, "Client Connection Defaults / Statement Behavior", None, flags(&[Flags::LIST_INPUT, Flags::LIST_QUOTE]),
        String { boot: "" },
        "Sets the tablespace(s) to use for temporary tables and sort files.", "An empty string means use the database's default tablespace.";
    TIMEZONE = "TimeZone", User, "Client Connection Defaults / Locale and Formatting", None, flags(&[Flags::REPORT]),
        String { boot: "GMT" },
        "Sets the time zone for displaying and interpreting time stamps.", "";
    TIMEZONE_ABBREVIATIONS = "timezone_abbreviations", User, "Client Connection Defaults / Locale and Formatting", None, Flags::NONE,
        String { boot: "" },
        "Selects a file of time zone abbreviations.", "";
    TRACE_CONNECTION_NEGOTIATION = "trace_connection_negotiation", Postmaster, "Developer Options", None, flags(&[Flags::NOT_IN_SAMPLE]),
        Bool { boot: false },
        "Logs details of pre-authentication connection handshake.", "";
    TRACE_NOTIFY = "trace_notify", User, "Developer Options", None, flags(&[Flags::NOT_IN_SAMPLE]),
        Bool { boot: false },
        "Generates debugging output for LISTEN and NOTIFY.", "";
    TRACE_SORT = "trace_sort", User, "Developer Options", None, flags(&[Flags::NOT_IN_SAMPLE]),
        Bool { boot: false },
        "Emit information about resource usage in sorting.", "";
    TRACK_ACTIVITIES = "track_activities", Superuser, "Statistics / Cumulative Query and Index Statistics", None, Flags::NONE,
        Bool { boot: true },
        "Collects information about executing commands.", "Enables the collection of information on the currently executing command of each session, along with the time at which that command began execution.";
    TRACK_ACTIVITY_QUERY_SIZE = "track_activity_query_size", Postmaster, "Statistics / Cumulative Query and Index Statistics", Bytes, Flags::NONE,
        Int { boot: 1024, min: 100, max: 1048576 },
        "Sets the size reserved for pg_stat_activity.query, in bytes.", "";
    TRACK_COMMIT_TIMESTAMP = "track_commit_timestamp", Postmaster, "Replication / Sending Servers", None, Flags::NONE,
        Bool { boot: false },
        "Collects transaction commit time.", "";
    TRACK_COST_DELAY_TIMING = "track_cost_delay_timing", Superuser, "Statistics / Cumulative Query and Index Statistics", None, Flags::NONE,
        Bool { boot: false },
        "Collects timing statistics for cost-based vacuum delay.", "";
    TRACK_COUNTS = "track_counts", Superuser, "Statistics / Cumulative Query and Index Statistics", None, Flags::NONE,
        Bool { boot: true },
        "Collects statistics on database activity.", "";
    TRACK_FUNCTIONS = "track_functions", Superuser, "Statistics / Cumulative Query and Index Statistics", None, Flags::NONE,
        Enum { boot: "none", choices: &[shown("none"), shown("pl"), shown("all")] },
        "Collects function-level statistics on database activity.", "";
    TRACK_IO_TIMING = "track_io_timing", Superuser, "Statistics / Cumulative Query and Index Statistics", None, Flags::NONE,
        Bool { boot: false },
        "Collects timing statistics for database I/O activity.", "";
    TRACK_WAL_IO_TIMING = "track_wal_io_timing", Superuser, "Statistics / Cumulative Query and Index Statistics", None, Flags::NONE,
        Bool { boot: false },
        "Collects timing statistics for WAL I/O activity.", "";
    TRANSACTION_BUFFERS = "transaction_buffers", Postmaster, "Resource Usage / Memory", Blocks, Flags::NONE,
        Int { boot: 0, min: 0, max: 131072 },
        "Sets the size of the dedicated buffer pool used for the transaction status cache.", "0 means use a fraction of \"shared_buffers\".";
    TRANSACTION_DEFERRABLE = "transaction_deferrable", User, "Client Connection Defaults / Statement Behavior", None, flags(&[Flags::NO_RESET, Flags::NO_RESET_ALL, Flags::NOT_IN_SAMPLE, Flags::DISALLOW_IN_FILE]),
        Bool { boot: false },
        "Whether to defer a read-only serializable transaction until it can be executed with no possible serialization failures.", "";
    TRANSACTION_ISOLATION = "transaction_isolation", User, "Client Connection Defaults / Statement Behavior", None, flags(&[Flags::NO_RESET, Flags::NO_RESET_ALL, Flags::NOT_IN_SAMPLE, Flags::DISALLOW_IN_FILE]),
        Enum { boot: "read committed", choices: &[shown("serializable"), shown("repeatable read"), shown("read committed"), shown("read uncommitted")] },
        "Sets the current transaction's isolation level.", "";
    TRANSACTION_READ_ONLY = "transaction_read_only", User, "Client Connection Defaults / Statement Behavior", None, flags(&[Flags::NO_RESET, Flags::NO_RESET_ALL, Flags::NOT_IN_SAMPLE, Flags::DISALLOW_IN_FILE]),
        Bool { boot: false },
        "Sets the current transaction's read-only status.", "";
    TRANSACTION_TIMEOUT = "transaction_timeout", User, "Client Connection Defaults / Statement Behavior", Milliseconds, Flags::NONE,
        Int { boot: 0, min: 0, max: 2147483647 },
        "Sets the maximum allowed duration of any transaction within a session (not a prepared transaction).", "0 disables the timeout.";
    TRANSFORM_NULL_EQUALS = "transform_null_equals", User, "Version and Platform Compatibility / Other Platforms and Clients", None, Flags::NONE,
        Bool { boot: false },
        "Treats \"expr=NULL\" as \"expr IS NULL\".", "When turned on, expressions of the form expr = NULL (or NULL = expr) are treated as expr IS NULL, that is, they return true if expr evaluates to the null value, and false otherwise. The correct behavior of expr = NULL is to always return null (unknown).";
    UNIX_SOCKET_DIRECTORIES = "unix_socket_directories", Postmaster, "Connections and Authentication / Connection Settings", None, flags(&[Flags::LIST_INPUT, Flags::LIST_QUOTE, Flags::SUPERUSER_ONLY]),
        String { boot: "/tmp" },
        "Sets the directories where Unix-domain sockets will be created.", "";
    UNIX_SOCKET_GROUP = "unix_socket_group", Postmaster, "Connections and Authentication / Connection Settings", None, Flags::NONE,
        String { boot: "" },
        "Sets the owning group of the Unix-domain socket.", "The owning user of the socket is always the user that starts the server. An empty string means use the user's default group.";
    UNIX_SOCKET_PERMISSIONS = "unix_socket_permissions", Postmaster, "Connections and Authentication / Connection Settings", None, Flags::NONE,
        Int { boot: 511, min: 0, max: 511 },
        "Sets the access permissions of the Unix-domain socket.", "Unix-domain sockets use the usual Unix file system permission set. The parameter value is expected to be a numeric mode specification in the form accepted by the chmod and umask system calls. (To use the customary octal format the number must start with a 0 (zero).)";
    UPDATE_PROCESS_TITLE = "update_process_title", Superuser, "Reporting and Logging / Process Title", None, Flags::NONE,
        Bool { boot: true },
        "Updates the process title to show the active SQL command.", "Enables updating of the process title every time a new SQL command is received by the server.";
    VACUUM_BUFFER_USAGE_LIMIT = "vacuum_buffer_usage_limit", User, "Resource Usage / Memory", Kilobytes, Flags::NONE,
        Int { boot: 2048, min: 0, max: 16777216 },
        "Sets the buffer pool size for VACUUM, ANALYZE, and autovacuum.", "";
    VACUUM_COST_DELAY = "vacuum_cost_delay", User, "Vacuuming / Cost-Based Vacuum Delay", Milliseconds, Flags::NONE,
        Real { boot: 0.0, min: 0.0, max: 100.0 },
        "Vacuum cost delay in milliseconds.", "";
    VACUUM_COST_LIMIT = "vacuum_cost_limit", User, "Vacuuming / Cost-Based Vacuum Delay", None, Flags::NONE,
        Int { boot: 200, min: 1, max: 10000 },
        "Vacuum cost amount available before napping.", "";
    VACUUM_COST_PAGE_DIRTY = "vacuum_cost_page_dirty", User, "Vacuuming / Cost-Based Vacuum Delay", None, Flags::NONE,
        Int { boot: 20, min: 0, max: 10000 },
        "Vacuum cost for a page dirtied by vacuum.", "";
    VACUUM_COST_PAGE_HIT = "vacuum_cost_page_hit", User, "Vacuuming / Cost-Based Vacuum Delay", None, Flags::NONE,
        Int { boot: 1, min: 0, max: 10000 },
        "Vacuum cost for a page found in the buffer cache.", "";
    VACUUM_COST_PAGE_MISS = "vacuum_cost_page_miss", User, "Vacuuming / Cost-Based Vacuum Delay", None, Flags::NONE,
        Int { boot: 2, min: 0, max: 10000 },
        "Vacuum cost for a page not found in the buffer cache.", "";
    VACUUM_FAILSAFE_AGE = "vacuum_failsafe_age", User, "Vacuuming / Freezing", None, Flags::NONE,
        Int { boot: 1600000000, min: 0, max: 2100000000 },
        "Age at which VACUUM should trigger failsafe to avoid a wraparound outage.", "";
    VACUUM_FREEZE_MIN_AGE = "vacuum_freeze_min_age", User, "Vacuuming / Freezing", None, Flags::NONE,
        Int { boot: 50000000, min: 0, max: 1000000000 },
        "Minimum age at which VACUUM should freeze a table row.", "";
    VACUUM_FREEZE_TABLE_AGE = "vacuum_freeze_table_age", User, "Vacuuming / Freezing", None, Flags::NONE,
        Int { boot: 150000000, min: 0, max: 2000000000 },
        "Age at which VACUUM should scan whole table to freeze tuples.", "";
    VACUUM_MAX_EAGER_FREEZE_FAILURE_RATE = "vacuum_max_eager_freeze_failure_rate", User, "Vacuuming / Freezing", None, Flags::NONE,
        Real { boot: 0.03, min: 0.0, max: 1.0 },
        "Fraction of pages in a relation vacuum can scan and fail to freeze before disabling eager scanning.", "A value of 0.0 disables eager scanning and a value of 1.0 will eagerly scan up to 100 percent of the all-visible pages in the relation. If vacuum successfully freezes these pages, the cap is lower than 100 percent, because the goal is to amortize page freezing across multiple vacuums.";
    VACUUM_MULTIXACT_FAILSAFE_AGE = "vacuum_multixact_failsafe_age", User, "Vacuuming / Freezing", None, Flags::NONE,
        Int { boot: 1600000000, min: 0, max: 2100000000 },
        "Multixact age at which VACUUM should trigger failsafe to avoid a wraparound outage.", "";
    VACUUM_MULTIXACT_FREEZE_MIN_AGE = "vacuum_multixact_freeze_min_age", User, "Vacuuming / Freezing", None, Flags::NONE,
        Int { boot: 5000000, min: 0, max: 1000000000 },
        "Minimum age at which VACUUM should freeze a MultiXactId in a table row.", "";
    VACUUM_MULTIXACT_FREEZE_TABLE_AGE = "vacuum_multixact_freeze_table_age", User, "Vacuuming / Freezing", None, Flags::NONE,
        Int { boot: 150000000, min: 0, max: 2000000000 },
        "Multixact age at which VACUUM should scan whole table to freeze tuples.", "";
    VACUUM_TRUNCATE = "vacuum_truncate", User, "Vacuuming / Default Behavior", None, Flags::NONE,
        Bool { boot: true },
        "Enables vacuum to truncate empty pages at the end of the table.", "";
    WAL_BLOCK_SIZE = "wal_block_size", Internal, "Preset Options", None, flags(&[Flags::NOT_IN_SAMPLE, Flags::DISALLOW_IN_FILE]),
        Int { boot: 8192, min: 8192, max: 8192 },
        "Shows the block size in the write ahead log.", "";
    WAL_BUFFERS = "wal_buffers", Postmaster, "Write-Ahead Log / Settings", Blocks, Flags::NONE,
        Int { boot: -1, min: -1, max: 262143 },
        "Sets the number of disk-page buffers in shared memory for WAL.", "-1 means use a fraction of \"shared_buffers\".";
    WAL_COMPRESSION = "wal_compression", Superuser, "Write-Ahead Log / Settings", None, Flags::NONE,
        Enum { boot: "off", choices: &[shown("pglz"), shown("lz4"), shown("zstd"), shown("on"), shown("off"), alias("true", "pglz"), alias("yes", "pglz"), alias("1", "pglz"), alias("false", "off"), alias("no", "off"), alias("0", "off")] },
        "Compresses full-page writes written in WAL file with specified method.", "";
    WAL_CONSISTENCY_CHECKING = "wal_consistency_checking", Superuser, "Developer Options", None, flags(&[Flags::NOT_IN_SAMPLE, Flags::LIST_INPUT]),
        String { boot: "" },
        "Sets the WAL resource managers for which WAL consistency checks are done.", "Full-page images will be logged for all data blocks and cross-checked against the results of WAL replay.";
    WAL_DECODE_BUFFER_SIZE = "wal_decode_buffer_size", Postmaster, "Write-Ahead Log / Recovery", Bytes, Flags::NONE,
        Int { boot: 524288, min: 65536, max: 1073741823 },
        "Buffer size for reading ahead in the WAL during recovery.", "Maximum distance to read ahead in the WAL to prefetch referenced data blocks.";
    WAL_INIT_ZERO = "wal_init_zero", Superuser, "Write-Ahead Log / Settings", None, Flags::NONE,
        Bool { boot: true },
        "Writes zeroes to new WAL files before first use.", "";
    WAL_KEEP_SIZE = "wal_keep_size", Sighup, "Replication / Sending Servers", Megabytes, Flags::NONE,
        Int { boot: 0, min: 0, max: 2147483647 },
        "Sets the size of WAL files held for standby servers.", "";
    WAL_LEVEL = "wal_level", Postmaster, "Write-Ahead Log / Settings", None, Flags::NONE,
        Enum { boot: "replica", choices: &[shown("minimal"), shown("replica"), shown("logical"), alias("archive", "replica"), alias("hot_standby", "replica")] },
        "Sets the level of information written to the WAL.", "";
    WAL_LOG_HINTS = "wal_log_hints", Postmaster, "Write-Ahead Log / Settings", None, Flags::NONE,
        Bool { boot: false },
        "Writes full pages to WAL when first modified after a checkpoint, even for a non-critical modification.", "";
    WAL_RECEIVER_CREATE_TEMP_SLOT = "wal_receiver_create_temp_slot", Sighup, "Replication / Standby Servers", None, Flags::NONE,
        Bool { boot: false },
        "Sets whether a WAL receiver should create a temporary replication slot if no permanent slot is configured.", "";
    WAL_RECEIVER_STATUS_INTERVAL = "wal_receiver_status_interval", Sighup, "Replication / Standby Servers", Seconds, Flags::NONE,
        Int { boot: 10, min: 0, max: 2147483 },
        "Sets the maximum interval between WAL receiver status reports to the sending server.", "";
    WAL_RECEIVER_TIMEOUT = "wal_receiver_timeout", Sighup, "Replication / Standby Servers", Milliseconds, Flags::NONE,
        Int { boot: 60000, min: 0, max: 2147483647 },
        "Sets the maximum wait time to receive data from the sending server.", "0 disables the timeout.";
    WAL_RECYCLE = "wal_recycle", Superuser, "Write-Ahead Log / Settings", None, Flags::NONE,
        Bool { boot: true },
        "Recycles WAL files by renaming them.", "";
    WAL_RETRIEVE_RETRY_INTERVAL = "wal_retrieve_retry_interval", Sighup, "Replication / Standby Servers", Milliseconds, Flags::NONE,
        Int { boot: 5000, min: 1, max: 2147483647 },
        "Sets the time to wait before retrying to retrieve WAL after a failed attempt.", "";
    WAL_SEGMENT_SIZE = "wal_segment_size", Internal, "Preset Options", Bytes, flags(&[Flags::NOT_IN_SAMPLE, Flags::RUNTIME_COMPUTED, Flags::DISALLOW_IN_FILE]),
        Int { boot: 16777216, min: 1048576, max: 1073741824 },
        "Shows the size of write ahead log segments.", "";
    WAL_SENDER_TIMEOUT = "wal_sender_timeout", User, "Replication / Sending Servers", Milliseconds, Flags::NONE,
        Int { boot: 60000, min: 0, max: 2147483647 },
        "Sets the maximum time to wait for WAL replication.", "";
    WAL_SKIP_THRESHOLD = "wal_skip_threshold", User, "Write-Ahead Log / Settings", Kilobytes, Flags::NONE,
        Int { boot: 2048, min: 0, max: 2147483647 },
        "Minimum size of new file to fsync instead of writing WAL.", "";
    WAL_SUMMARY_KEEP_TIME = "wal_summary_keep_time", Sighup, "Write-Ahead Log / Summarization", Minutes, Flags::NONE,
        Int { boot: 14400, min: 0, max: 35791394 },
        "Time for which WAL summary files should be kept.", "0 disables automatic summary file deletion.";
    WAL_SYNC_METHOD = "wal_sync_method", Sighup, "Write-Ahead Log / Settings", None, Flags::NONE,
        Enum { boot: "fdatasync", choices: &[shown("fsync"), shown("fdatasync"), shown("open_sync"), shown("open_datasync")] },
        "Selects the method used for forcing WAL updates to disk.", "";
    WAL_WRITER_DELAY = "wal_writer_delay", Sighup, "Write-Ahead Log / Settings", Milliseconds, Flags::NONE,
        Int { boot: 200, min: 1, max: 10000 },
        "Time between WAL flushes performed in the WAL writer.", "";
    WAL_WRITER_FLUSH_AFTER = "wal_writer_flush_after", Sighup, "Write-Ahead Log / Settings", Blocks, Flags::NONE,
        Int { boot: 128, min: 0, max: 2147483647 },
        "Amount of WAL written out by WAL writer that triggers a flush.", "";
    WORK_MEM = "work_mem", User, "Resource Usage / Memory", Kilobytes, flags(&[Flags::EXPLAIN]),
        Int { boot: 4096, min: 64, max: 2147483647 },
        "Sets the maximum memory to be used for query workspaces.", "This much memory can be used by each internal sort operation and hash table before switching to temporary disk files.";
    XMLBINARY = "xmlbinary", User, "Client Connection Defaults / Statement Behavior", None, Flags::NONE,
        Enum { boot: "base64", choices: &[shown("base64"), shown("hex")] },
        "Sets how binary values are to be encoded in XML.", "";
    XMLOPTION = "xmloption", User, "Client Connection Defaults / Statement Behavior", None, Flags::NONE,
        Enum { boot: "content", choices: &[shown("content"), shown("document")] },
        "Sets whether XML data in implicit parsing and serialization operations is to be considered as documents or content fragments.", "";
    ZERO_DAMAGED_PAGES = "zero_damaged_pages", Superuser, "Developer Options", None, flags(&[Flags::NOT_IN_SAMPLE]),
        Bool { boot: false },
        "Continues processing past damaged page headers.", "Detection of a damaged page header normally causes PostgreSQL to report an error, aborting the current transaction. Setting \"zero_damaged_pages\" to true causes the system to instead report a warning, zero out the damaged page, and continue processing. This behavior will destroy data, namely all the rows on the damaged page.";
}
