//! `global/pg_control`: where recovery begins, and what must match.
//!
//! The file has 8192 bytes of which 512, one disk sector, are used, so that a write is never torn in between:
//!
//! ```text
//!    0  system identifier u64       8  version u32 (1800)     12  catalog version u32
//!   16  state u32                  20  flags u32              24  time i64
//!   32  checkpoint lsn u64         40  checkpoint record, 128 bytes
//!  168  unlogged lsn u64          176  minimum recovery end u64  184  its timeline u32   188  data checksum version u32
//!  192  backup start u64          200  backup end u64
//!  208  wal level u32             212  max connections i32    216  worker processes i32 220  wal senders i32
//!  224  prepared transactions i32 228  locks i32              232  segment size u32     236  page size u32
//!  240  mock nonce, 32 bytes      508  crc u32 over the bytes before
//! ```
//!
//! It is written in place with one write, and synced.

use crate::page::PAGE_LAYOUT_VERSION;
use error::{Error, Result, SqlState};
use ids::{Lsn, MultiXactId, Oid, PAGE_SIZE, TimelineId, Xid};
use std::fs::OpenOptions;
use std::io::{self, Read};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;
use wal::{WalLevel, faults};

/// PostgreSQL 18's catalog version: initdb's rows are its rows.
pub const CATALOG_VERSION: u32 = 202_506_291;
/// The version that `pg_controldata` shows.
pub const CONTROL_VERSION: u32 = 1800;
/// Bytes of the file.
const FILE_SIZE: usize = 8192;
/// Bytes of it that mean something.
const USED: usize = 512;
/// Bytes of a checkpoint record.
pub const CHECKPOINT_SIZE: usize = 128;
/// What `offset` 236 says: page size, and above it the page layout, so that a change of either is noticed.
const FORMAT: u32 = PAGE_SIZE as u32 | (PAGE_LAYOUT_VERSION as u32) << 24;

/// What the cluster was doing when the file was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u32)]
pub enum ClusterState {
    /// initdb is at work.
    #[default]
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

impl ClusterState {
    const ALL: [ClusterState; 7] = [
        ClusterState::StartingUp,
        ClusterState::ShutDown,
        ClusterState::ShutDownInRecovery,
        ClusterState::ShuttingDown,
        ClusterState::InCrashRecovery,
        ClusterState::InArchiveRecovery,
        ClusterState::InProduction,
    ];

    /// The words that `pg_controldata` prints.
    pub const fn describe(self) -> &'static str {
        match self {
            ClusterState::StartingUp => "starting up",
            ClusterState::ShutDown => "shut down",
            ClusterState::ShutDownInRecovery => "shut down in recovery",
            ClusterState::ShuttingDown => "shutting down",
            ClusterState::InCrashRecovery => "in crash recovery",
            ClusterState::InArchiveRecovery => "in archive recovery",
            ClusterState::InProduction => "in production",
        }
    }
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

/// Puts numbers into bytes, and takes them out, in one order for both.
struct Cursor<'b> {
    bytes: &'b mut [u8],
    at: usize,
    writing: bool,
}

impl Cursor<'_> {
    fn u64(&mut self, value: &mut u64) {
        let place = &mut self.bytes[self.at..self.at + 8];
        if self.writing {
            place.copy_from_slice(&value.to_le_bytes());
        } else {
            let mut bytes = [0; 8];
            bytes.copy_from_slice(place);
            *value = u64::from_le_bytes(bytes);
        }
        self.at += 8;
    }

    fn u32(&mut self, value: &mut u32) {
        let place = &mut self.bytes[self.at..self.at + 4];
        if self.writing {
            place.copy_from_slice(&value.to_le_bytes());
        } else {
            let mut bytes = [0; 4];
            bytes.copy_from_slice(place);
            *value = u32::from_le_bytes(bytes);
        }
        self.at += 4;
    }

    fn i64(&mut self, value: &mut i64) {
        let mut bits = *value as u64;
        self.u64(&mut bits);
        *value = bits as i64;
    }

    fn i32(&mut self, value: &mut i32) {
        let mut bits = *value as u32;
        self.u32(&mut bits);
        *value = bits as i32;
    }
}

impl CheckpointRecord {
    fn visit(&mut self, cursor: &mut Cursor<'_>) {
        let start = cursor.at;
        cursor.u64(&mut self.redo.0);
        cursor.u32(&mut self.timeline.0);
        cursor.u32(&mut self.previous_timeline.0);
        let mut full_page_writes = self.full_page_writes as u32;
        cursor.u32(&mut full_page_writes);
        self.full_page_writes = full_page_writes != 0;
        let mut wal_level = self.wal_level as u32;
        cursor.u32(&mut wal_level);
        self.wal_level = WalLevel::from_u8(wal_level as u8).unwrap_or_default();
        cursor.u64(&mut self.next_xid.0);
        cursor.u64(&mut self.next_multixact.0);
        cursor.u64(&mut self.next_multixact_offset);
        cursor.u64(&mut self.oldest_xid.0);
        cursor.u64(&mut self.oldest_multixact.0);
        cursor.u32(&mut self.next_oid.0);
        cursor.u32(&mut self.oldest_xid_database.0);
        cursor.u32(&mut self.oldest_multixact_database.0);
        cursor.u32(&mut 0);
        cursor.u64(&mut self.oldest_active_xid.0);
        cursor.u64(&mut self.oldest_commit_timestamp_xid.0);
        cursor.u64(&mut self.newest_commit_timestamp_xid.0);
        cursor.i64(&mut self.time);
        debug_assert!(cursor.at - start <= CHECKPOINT_SIZE);
        cursor.at = start + CHECKPOINT_SIZE;
    }

    /// Its bytes in the log.
    pub fn encode(&self) -> [u8; CHECKPOINT_SIZE] {
        let mut bytes = [0; CHECKPOINT_SIZE];
        self.clone().visit(&mut Cursor { bytes: &mut bytes, at: 0, writing: true });
        bytes
    }

    /// From its bytes in the log; `None` if they are too few.
    pub fn decode(bytes: &[u8]) -> Option<CheckpointRecord> {
        let mut bytes: [u8; CHECKPOINT_SIZE] = bytes.get(..CHECKPOINT_SIZE)?.try_into().ok()?;
        let mut record = CheckpointRecord::default();
        record.visit(&mut Cursor { bytes: &mut bytes, at: 0, writing: false });
        Some(record)
    }
}

/// The control file's contents.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
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
    /// A counter that stands in for LSNs on unlogged pages.
    pub unlogged_lsn: Lsn,
    /// Recovery must reach this before the data is consistent.
    pub minimum_recovery: Lsn,
    /// On this timeline.
    pub minimum_recovery_timeline: TimelineId,
    /// Whether pages carry checksums.
    pub checksums: bool,
    /// Where the backup began that this cluster was restored from.
    pub backup_start: Lsn,
    /// Where it ended.
    pub backup_end: Lsn,
    /// Recovery must see the backup's end record.
    pub backup_end_required: bool,
    /// `wal_level` when it ran last.
    pub wal_level: WalLevel,
    /// `wal_log_hints` when it ran last.
    pub wal_log_hints: bool,
    /// `track_commit_timestamp` when it ran last.
    pub track_commit_timestamp: bool,
    /// `max_connections` when it ran last.
    pub max_connections: i32,
    /// `max_worker_processes` when it ran last.
    pub max_worker_processes: i32,
    /// `max_wal_senders` when it ran last.
    pub max_wal_senders: i32,
    /// `max_prepared_transactions` when it ran last.
    pub max_prepared_transactions: i32,
    /// `max_locks_per_transaction` when it ran last.
    pub max_locks_per_transaction: i32,
    /// Bytes of a log segment.
    pub segment_size: u32,
    /// What SCRAM authentication derives answers for unknown roles from.
    pub mock_nonce: [u8; 32],
}

impl ControlFile {
    fn visit(&mut self, cursor: &mut Cursor<'_>) -> (u32, u32, u32) {
        let (mut version, mut catalog, mut format) = (CONTROL_VERSION, CATALOG_VERSION, FORMAT);
        cursor.u64(&mut self.system_identifier);
        cursor.u32(&mut version);
        cursor.u32(&mut catalog);
        let mut state = self.state as u32;
        cursor.u32(&mut state);
        self.state = ClusterState::ALL.get(state as usize).copied().unwrap_or_default();
        let switches = [self.backup_end_required, self.wal_log_hints, self.track_commit_timestamp];
        let mut flags = switches.iter().rev().fold(0, |flags, &on| flags << 1 | on as u32);
        cursor.u32(&mut flags);
        self.backup_end_required = flags & 1 != 0;
        self.wal_log_hints = flags & 2 != 0;
        self.track_commit_timestamp = flags & 4 != 0;
        cursor.i64(&mut self.time);
        cursor.u64(&mut self.checkpoint.0);
        self.checkpoint_record.visit(cursor);
        cursor.u64(&mut self.unlogged_lsn.0);
        cursor.u64(&mut self.minimum_recovery.0);
        cursor.u32(&mut self.minimum_recovery_timeline.0);
        let mut checksums = self.checksums as u32;
        cursor.u32(&mut checksums);
        self.checksums = checksums != 0;
        cursor.u64(&mut self.backup_start.0);
        cursor.u64(&mut self.backup_end.0);
        let mut wal_level = self.wal_level as u32;
        cursor.u32(&mut wal_level);
        self.wal_level = WalLevel::from_u8(wal_level as u8).unwrap_or_default();
        cursor.i32(&mut self.max_connections);
        cursor.i32(&mut self.max_worker_processes);
        cursor.i32(&mut self.max_wal_senders);
        cursor.i32(&mut self.max_prepared_transactions);
        cursor.i32(&mut self.max_locks_per_transaction);
        cursor.u32(&mut self.segment_size);
        cursor.u32(&mut format);
        if cursor.writing {
            cursor.bytes[cursor.at..cursor.at + 32].copy_from_slice(&self.mock_nonce);
        } else {
            self.mock_nonce.copy_from_slice(&cursor.bytes[cursor.at..cursor.at + 32]);
        }
        (version, catalog, format)
    }

    /// The used bytes, with their checksum.
    fn encode(&self) -> [u8; USED] {
        let mut bytes = [0; USED];
        self.clone().visit(&mut Cursor { bytes: &mut bytes, at: 0, writing: true });
        let crc = crc32c::crc32c(&bytes[..USED - 4]);
        bytes[USED - 4..].copy_from_slice(&crc.to_le_bytes());
        bytes
    }

    /// Takes the bytes apart; also says whether the checksum is right.
    fn decode(mut bytes: [u8; USED]) -> (ControlFile, bool, (u32, u32, u32)) {
        let crc = crc32c::crc32c(&bytes[..USED - 4]);
        let right = crc.to_le_bytes() == bytes[USED - 4..];
        let mut control = ControlFile::default();
        let versions = control.visit(&mut Cursor { bytes: &mut bytes, at: 0, writing: false });
        (control, right, versions)
    }

    fn read_bytes(data_directory: &Path) -> Result<[u8; USED]> {
        let path = data_directory.join("global/pg_control");
        let mut bytes = [0; USED];
        let mut file = std::fs::File::open(&path)
            .map_err(|e| Error::io(format_args!("could not open file \"{}\" for reading", path.display()), &e))?;
        match file.read_exact(&mut bytes) {
            Ok(()) => Ok(bytes),
            Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => Err(Error::corrupted(format!(
                "could not read file \"{}\": read too few of {FILE_SIZE} bytes",
                path.display()
            ))),
            Err(e) => Err(Error::io(format_args!("could not read file \"{}\"", path.display()), &e)),
        }
    }

    /// Reads `global/pg_control`, whatever it says, and whether its checksum is right: for `pg_controldata`.
    ///
    /// # Errors
    /// Those of file access; `XX001` for a file that is too short.
    pub fn read_unchecked(data_directory: &Path) -> Result<(ControlFile, bool)> {
        let (control, right, _) = ControlFile::decode(Self::read_bytes(data_directory)?);
        Ok((control, right))
    }

    /// Reads `global/pg_control`.
    ///
    /// # Errors
    /// Those of file access; `FATAL` for a damaged file or one of another version.
    pub fn read(data_directory: &Path) -> Result<ControlFile> {
        let bytes = Self::read_bytes(data_directory).map_err(Error::fatal)?;
        let (control, right, (version, catalog, format)) = ControlFile::decode(bytes);
        let incompatible = |detail: String| {
            Error::new(SqlState::INTERNAL_ERROR, "database files are incompatible with server")
                .detail(detail)
                .hint("It looks like you need to initdb.")
                .fatal()
        };
        if version != CONTROL_VERSION {
            return Err(incompatible(format!(
                "The database cluster was initialized with PG_CONTROL_VERSION {version} ({version:#010x}), but the server was compiled with PG_CONTROL_VERSION {CONTROL_VERSION} ({CONTROL_VERSION:#010x})."
            )));
        }
        if !right {
            return Err(Error::new(SqlState::INTERNAL_ERROR, "incorrect checksum in control file").fatal());
        }
        if catalog != CATALOG_VERSION {
            return Err(incompatible(format!(
                "The database cluster was initialized with CATALOG_VERSION_NO {catalog}, but the server was compiled with CATALOG_VERSION_NO {CATALOG_VERSION}."
            )));
        }
        if format != FORMAT {
            return Err(incompatible(format!(
                "The database cluster was initialized with page format {format:#010x}, but the server was compiled with page format {FORMAT:#010x}."
            )));
        }
        Ok(control)
    }

    /// Writes `global/pg_control` atomically and durably.
    ///
    /// # Errors
    /// Those of file access. The caller makes them a PANIC.
    pub fn write(&self, data_directory: &Path) -> Result<()> {
        let path = data_directory.join("global/pg_control");
        let mut bytes = vec![0; FILE_SIZE];
        bytes[..USED].copy_from_slice(&self.encode());
        let existed = path.exists();
        let failed = |e: io::Error| Error::io(format_args!("could not write to file \"{}\"", path.display()), &e);
        faults::call("storage.control").map_err(failed)?;
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(|e| Error::io(format_args!("could not open file \"{}\"", path.display()), &e))?;
        file.write_all_at(&bytes, 0).and_then(|()| file.sync_all()).map_err(failed)?;
        if !existed {
            let directory = data_directory.join("global");
            std::fs::File::open(&directory).and_then(|directory| directory.sync_all()).map_err(failed)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> ControlFile {
        ControlFile {
            system_identifier: 0x0123_4567_89AB_CDEF,
            state: ClusterState::InProduction,
            time: 1_700_000_000,
            checkpoint: Lsn(0x100_0028),
            checkpoint_record: CheckpointRecord {
                redo: Lsn(0x100_0028),
                timeline: TimelineId(1),
                full_page_writes: true,
                wal_level: WalLevel::Replica,
                next_xid: Xid(1 << 40),
                next_oid: Oid(16384),
                time: -1,
                ..CheckpointRecord::default()
            },
            checksums: true,
            backup_end_required: true,
            track_commit_timestamp: true,
            wal_level: WalLevel::Logical,
            max_connections: 100,
            segment_size: 16 << 20,
            mock_nonce: [7; 32],
            ..ControlFile::default()
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::create_dir(directory.path().join("global")).unwrap();
        let control = sample();
        control.write(directory.path()).unwrap();
        assert_eq!(ControlFile::read(directory.path()).unwrap(), control);
        assert_eq!(std::fs::metadata(directory.path().join("global/pg_control")).unwrap().len(), 8192);
        let record = control.checkpoint_record;
        assert_eq!(CheckpointRecord::decode(&record.encode()), Some(record));
        assert_eq!(CheckpointRecord::decode(&[0; 100]), None);
    }

    #[test]
    fn damage_is_noticed() {
        let bytes = sample().encode();
        assert!(ControlFile::decode(bytes).1);
        for at in [0, 17, 200, 300, 509] {
            let mut damaged = bytes;
            damaged[at] ^= 1;
            assert!(!ControlFile::decode(damaged).1, "byte {at}");
        }
        assert_eq!(bytes[8..16], [8, 7, 0, 0, 51, 0, 18, 12]);
        assert_eq!(bytes[232..236], (16u32 << 20).to_le_bytes());
    }

    #[test]
    fn a_missing_or_short_file_is_an_error() {
        let directory = tempfile::tempdir().unwrap();
        assert_eq!(ControlFile::read(directory.path()).unwrap_err().state(), SqlState::UNDEFINED_FILE);
        std::fs::create_dir(directory.path().join("global")).unwrap();
        std::fs::write(directory.path().join("global/pg_control"), [0; 100]).unwrap();
        assert!(ControlFile::read(directory.path()).is_err());
    }
}
