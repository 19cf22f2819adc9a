//! What the store needs to be told.

use std::path::PathBuf;

/// What becomes of a relation in a crash.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Persistence {
    /// Logged and recovered.
    #[default]
    Permanent,
    /// Not logged; emptied by recovery.
    Unlogged,
    /// Not logged; gone with its session.
    Temporary,
}

impl Persistence {
    /// Whether its changes are logged.
    pub const fn is_logged(self) -> bool {
        matches!(self, Persistence::Permanent)
    }
}

/// What is fixed while the server runs.
#[derive(Clone, Debug)]
pub struct StorageConfig {
    /// The data directory.
    pub data_directory: PathBuf,
    /// Pages in the pool (`shared_buffers`), at least 16.
    pub buffers: u32,
    /// Whether pages carry checksums that are verified.
    pub checksums: bool,
    /// Whether hints log whole pages even without checksums (`wal_log_hints`).
    pub log_hints: bool,
    /// Whether data files are synced at all (`fsync`).
    pub fsync: bool,
    /// Open data files that one process keeps (`max_files_per_process`).
    pub files_max: u32,
    /// Most pages that one read takes (`io_combine_limit`), 1 to 32.
    pub io_combine: u32,
}

impl StorageConfig {
    /// PostgreSQL's defaults for a data directory.
    pub fn new(data_directory: impl Into<PathBuf>) -> StorageConfig {
        StorageConfig {
            data_directory: data_directory.into(),
            buffers: 16384,
            checksums: true,
            log_hints: false,
            fsync: true,
            files_max: 1000,
            io_combine: 16,
        }
    }
}
