//! What the store's parts need to be told, taken from the settings and the control file.

use std::path::{Path, PathBuf};

use locks::LockConfig;
use settings::{Settings, id};
use shm::{Capacity, HugePages};
use storage::{ControlFile, StorageConfig};
use txn::{PredicateLockLimits, TransactionConfig};
use wal::{Compression, SyncMethod, WalConfig, WalLevel, WalOptions};

/// Bytes of a page of shared memory settings.
const PAGE: u64 = 8192;

/// The configuration of all parts of the store. What is here is fixed while the server runs.
#[derive(Clone, Debug)]
pub struct EngineConfig {
    /// The data directory.
    pub data_directory: PathBuf,
    /// Slots of the process table.
    pub capacity: Capacity,
    /// Whether to ask for huge pages.
    pub huge_pages: HugePages,
    /// The log.
    pub wal: WalConfig,
    /// Pages and files.
    pub storage: StorageConfig,
    /// The lock table.
    pub locks: LockConfig,
    /// Transaction tables.
    pub transactions: TransactionConfig,
    /// Bytes kept of each session's query (`track_activity_query_size`).
    pub activity_size: usize,
}

impl EngineConfig {
    /// The configuration that the settings ask for, in a data directory with this control file.
    pub fn new(settings: &Settings, data_directory: &Path, control: &ControlFile) -> EngineConfig {
        let count = |id| settings.int(id).max(0) as u32;
        let capacity = Capacity {
            backends: count(id::MAX_CONNECTIONS),
            autovacuum_workers: count(id::AUTOVACUUM_WORKER_SLOTS),
            background_workers: count(id::MAX_WORKER_PROCESSES),
            wal_senders: count(id::MAX_WAL_SENDERS),
            auxiliary: Capacity::AUXILIARY,
        };
        let shared_buffers = count(id::SHARED_BUFFERS).max(16);
        let mut config = EngineConfig::small(data_directory, capacity);
        config.huge_pages = match settings.enumeration(id::HUGE_PAGES) {
            "on" => HugePages::On,
            "try" => HugePages::Try,
            _ => HugePages::Off,
        };
        config.wal.segment_size = control.segment_size;
        // PostgreSQL's rule: a thirty-second of the buffer pool, from 64 kB to one segment.
        let automatic = (shared_buffers as u64 * PAGE / 32).clamp(64 << 10, control.segment_size as u64);
        config.wal.buffers = settings.bytes(id::WAL_BUFFERS).unwrap_or(automatic) as usize;
        config.wal.timeline = control.checkpoint_record.timeline;
        config.wal.system_identifier = control.system_identifier;
        config.wal.options = EngineConfig::wal_options(settings);
        config.storage.buffers = shared_buffers;
        config.storage.checksums = control.checksums;
        config.storage.log_hints = settings.bool(id::WAL_LOG_HINTS);
        config.storage.fsync = settings.bool(id::FSYNC);
        config.storage.files_max = count(id::MAX_FILES_PER_PROCESS);
        config.storage.io_combine = count(id::IO_COMBINE_LIMIT);
        config.locks.locks_per_process = count(id::MAX_LOCKS_PER_TRANSACTION);
        config.transactions.status_pages = match count(id::TRANSACTION_BUFFERS) {
            // A status takes 8 bytes here and 2 bits in PostgreSQL, so the automatic size is more generous.
            0 => (shared_buffers / 128).clamp(64, 4096) as usize,
            pages => pages as usize,
        };
        let per_transaction = count(id::MAX_PRED_LOCKS_PER_TRANSACTION) as usize;
        config.transactions.predicate_locks = PredicateLockLimits {
            capacity: per_transaction
                * (capacity.total() as usize + count(id::MAX_PREPARED_TRANSACTIONS) as usize).max(16),
            // A negative number divides what a transaction may have.
            per_relation: match settings.int(id::MAX_PRED_LOCKS_PER_RELATION) {
                part @ ..0 => per_transaction / part.unsigned_abs() as usize,
                number => number as usize,
            },
            per_page: settings.int(id::MAX_PRED_LOCKS_PER_PAGE).max(0) as usize,
        };
        // What waits for COMMIT PREPARED has slots behind those of the processes.
        config.locks.prepared = count(id::MAX_PREPARED_TRANSACTIONS);
        config.transactions.prepared = config.locks.prepared;
        config.activity_size = count(id::TRACK_ACTIVITY_QUERY_SIZE) as usize;
        config.transactions.member_pages = count(id::MULTIXACT_MEMBER_BUFFERS).max(16) as usize;
        config
    }

    /// What of the log's configuration a reload may change.
    pub fn wal_options(settings: &Settings) -> WalOptions {
        let size = |id| settings.bytes(id).unwrap_or(0);
        WalOptions {
            fsync: settings.bool(id::FSYNC),
            sync_method: match settings.enumeration(id::WAL_SYNC_METHOD) {
                "fsync" => SyncMethod::Fsync,
                "open_datasync" => SyncMethod::OpenDatasync,
                "open_sync" => SyncMethod::OpenSync,
                _ => SyncMethod::Fdatasync,
            },
            full_page_writes: settings.bool(id::FULL_PAGE_WRITES),
            compression: match settings.enumeration(id::WAL_COMPRESSION) {
                "off" => Compression::Off,
                _ => Compression::Lz4,
            },
            recycle: settings.bool(id::WAL_RECYCLE),
            init_zero: settings.bool(id::WAL_INIT_ZERO),
            min_size: size(id::MIN_WAL_SIZE),
            max_size: size(id::MAX_WAL_SIZE),
            keep_size: size(id::WAL_KEEP_SIZE),
        }
    }

    /// `wal_level`.
    pub fn wal_level(settings: &Settings) -> WalLevel {
        match settings.enumeration(id::WAL_LEVEL) {
            "minimal" => WalLevel::Minimal,
            "logical" => WalLevel::Logical,
            _ => WalLevel::Replica,
        }
    }

    /// A small store: for tests, initdb and single-user work.
    pub fn small(data_directory: &Path, capacity: Capacity) -> EngineConfig {
        EngineConfig {
            data_directory: data_directory.to_path_buf(),
            capacity,
            huge_pages: HugePages::Off,
            wal: WalConfig::new(data_directory.join("pg_wal")),
            storage: StorageConfig::new(data_directory),
            locks: LockConfig::new(capacity.total()),
            transactions: TransactionConfig::new(capacity.total()),
            activity_size: 1024,
        }
    }
}
