//! `global/pg_control`: where recovery begins, and what must match.

use error::{Error, Result};
use ids::{Lsn, MultiXactId, Oid, TimelineId, Xid};
use std::path::Path;
use wal::WalLevel;

/// What the cluster was doing when the file was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum ClusterState {
    /// initdb is at work.
    StartingUp = 0,
    /// Shut down cleanly.
    ShutDown = 1,
    /// Shut down cleanly as a standby.
    ShutDownInRecovery = 2,
    /// Writing the shutdown checkpoint.
    ShuttingDown = 3,
    /// Recovering from a crash.
    InCrashRecovery = 4,
    /// Replaying an archive or a primary's log.
    InArchiveRecovery = 5,
    /// Serving.
    InProduction = 6,
}

/// The contents of a checkpoint's log record, of which `pg_control` keeps a copy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CheckpointRecord {
    /// Where redo begins.
    pub redo: Lsn,
    /// The timeline.
    pub timeline: TimelineId,
    /// The timeline before, if this checkpoint begins one.
    pub previous_timeline: TimelineId,
    /// Whether full pages are written.
    pub full_page_writes: bool,
    /// `wal_level`.
    pub wal_level: WalLevel,
    /// The next transaction id.
    pub next_xid: Xid,
    /// The next object id.
    pub next_oid: Oid,
    /// The next multixact.
    pub next_multixact: MultiXactId,
    /// The next member offset.
    pub next_multixact_offset: u64,
    /// The oldest id whose status is kept.
    pub oldest_xid: Xid,
    /// Its database.
    pub oldest_xid_database: Oid,
    /// The oldest multixact that is kept.
    pub oldest_multixact: MultiXactId,
    /// Its database.
    pub oldest_multixact_database: Oid,
    /// The oldest id that was running; only at online checkpoints with `wal_level` replica or above.
    pub oldest_active_xid: Xid,
    /// The oldest id with a commit timestamp.
    pub oldest_commit_timestamp_xid: Xid,
    /// The newest id with a commit timestamp.
    pub newest_commit_timestamp_xid: Xid,
    /// When it was made, in seconds since 1970.
    pub time: i64,
}

/// The control file's contents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ControlFile {
    /// Random, made by initdb.
    pub system_identifier: u64,
    /// What the cluster was doing.
    pub state: ClusterState,
    /// When the file was written, in seconds since 1970.
    pub time: i64,
    /// Where the latest checkpoint's record is.
    pub checkpoint: Lsn,
    /// Its contents.
    pub checkpoint_record: CheckpointRecord,
    /// Whether pages carry checksums.
    pub checksums: bool,
    /// Bytes of a log segment.
    pub segment_size: u32,
}

impl ControlFile {
    /// Reads `global/pg_control`.
    pub fn read(_data_directory: &Path) -> Result<ControlFile> {
        Err(Error::not_implemented("the control file"))
    }

    /// Writes `global/pg_control` atomically and durably.
    pub fn write(&self, _data_directory: &Path) -> Result<()> {
        Err(Error::not_implemented("the control file"))
    }
}
