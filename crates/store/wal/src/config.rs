//! What the log needs to be told.

use error::{Error, Result, SqlState};
use ids::TimelineId;
use std::path::PathBuf;

/// How written log is forced to disk (`wal_sync_method`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum SyncMethod {
    /// `fdatasync` after the write.
    #[default]
    Fdatasync = 0,
    /// `fsync` after the write.
    Fsync = 1,
    /// Files opened with `O_DSYNC`.
    OpenDatasync = 2,
    /// Files opened with `O_SYNC`.
    OpenSync = 3,
}

impl SyncMethod {
    pub(crate) fn from_u32(n: u32) -> SyncMethod {
        match n {
            1 => SyncMethod::Fsync,
            2 => SyncMethod::OpenDatasync,
            3 => SyncMethod::OpenSync,
            _ => SyncMethod::Fdatasync,
        }
    }
}

/// How full-page images are compressed (`wal_compression`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum Compression {
    /// Not at all.
    #[default]
    Off = 0,
    /// With lz4.
    Lz4 = 1,
}

/// How much the log tells (`wal_level`), in rising order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum WalLevel {
    /// Enough for crash recovery.
    Minimal = 0,
    /// Also enough for standbys and archives.
    #[default]
    Replica = 1,
    /// Also enough for logical decoding.
    Logical = 2,
}

impl WalLevel {
    /// The setting's value.
    pub const fn name(self) -> &'static str {
        match self {
            WalLevel::Minimal => "minimal",
            WalLevel::Replica => "replica",
            WalLevel::Logical => "logical",
        }
    }

    /// The level with this number.
    pub const fn from_u8(n: u8) -> Option<WalLevel> {
        match n {
            0 => Some(WalLevel::Minimal),
            1 => Some(WalLevel::Replica),
            2 => Some(WalLevel::Logical),
            _ => None,
        }
    }
}

/// What is fixed while the server runs.
#[derive(Clone, Debug)]
pub struct WalConfig {
    /// The directory `pg_wal`.
    pub directory: PathBuf,
    /// Bytes of a segment file: a power of two from 1 MiB to 1 GiB.
    pub segment_size: u32,
    /// Bytes of the log kept in shared memory; rounded up to pages, at least 64 kB.
    pub buffers: usize,
    /// The log's timeline at start.
    pub timeline: TimelineId,
    /// The cluster's identifier, which segment headers carry.
    pub system_identifier: u64,
    /// The first values of what may change later.
    pub options: WalOptions,
}

impl WalConfig {
    /// PostgreSQL's defaults for a log in `directory`.
    pub fn new(directory: impl Into<PathBuf>) -> WalConfig {
        WalConfig {
            directory: directory.into(),
            segment_size: 16 << 20,
            buffers: 16 << 20,
            timeline: TimelineId(1),
            system_identifier: 0,
            options: WalOptions::default(),
        }
    }

    pub(crate) fn check(&self) -> Result<()> {
        let ok = self.segment_size.is_power_of_two() && (1 << 20..=1 << 30).contains(&self.segment_size);
        if !ok {
            return Err(Error::new(
                SqlState::INVALID_PARAMETER_VALUE,
                "invalid value for parameter \"wal_segment_size\"",
            )
            .detail("The segment size must be a power of two between 1 MB and 1 GB."));
        }
        Ok(())
    }
}

/// What a reload may change; kept in shared memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WalOptions {
    /// Force the log to disk at all (`fsync`).
    pub fsync: bool,
    /// How.
    pub sync_method: SyncMethod,
    /// Log whole pages at their first change after a checkpoint (`full_page_writes`).
    pub full_page_writes: bool,
    /// Compress them.
    pub compression: Compression,
    /// Reuse old segment files (`wal_recycle`).
    pub recycle: bool,
    /// Fill new segment files with zeros (`wal_init_zero`).
    pub init_zero: bool,
    /// Keep at least this much log for reuse, in bytes (`min_wal_size`).
    pub min_size: u64,
    /// Checkpoint before this much log is written, in bytes (`max_wal_size`).
    pub max_size: u64,
    /// Keep at least this much log for standbys, in bytes (`wal_keep_size`).
    pub keep_size: u64,
}

impl Default for WalOptions {
    fn default() -> WalOptions {
        WalOptions {
            fsync: true,
            sync_method: SyncMethod::Fdatasync,
            full_page_writes: true,
            compression: Compression::Off,
            recycle: true,
            init_zero: true,
            min_size: 80 << 20,
            max_size: 1 << 30,
            keep_size: 0,
        }
    }
}
