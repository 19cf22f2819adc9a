//! The write-ahead log: insert, flush, read.
//!
//! Every change of the store is a [`Record`] here before its page may reach the disk. A position in the log is an
//! [`ids::Lsn`]: a byte count since the cluster was made. The log knows nothing of what its records mean; that is the
//! matter of the resource manager ([`RmgrId`]) that wrote them.
//!
//! # Where to start reading
//!
//! [`record`](Record) draws a record's bytes and `page` those of a log page; `insert` is how a record gets into the shared
//! ring, `flush` how the ring gets to disk, [`WalReader`] how records come back.
//!
//! # Invariants
//!
//! - Positions are handed out by one atomic addition; no lock orders inserters.
//! - The ring is all zeros from the reserved position on, so a page written half full is zero behind its last record.
//! - Nothing at or after `written` is on disk in its final form; everything before `flushed` is, durably.
//! - A failed write or sync of the log ends the process through [`panic_process`]: what the kernel did with the pages is
//!   then unknown, and only recovery finds out.
#![forbid(unsafe_code)]

mod config;
mod decode;
mod record;
mod rmgr;
mod scratch;

pub use config::{Compression, SyncMethod, WalConfig, WalLevel, WalOptions};
pub use decode::{DecodedBlock, DecodedRecord};
pub use record::{BLOCKS_MAX, Image, RECORD_HEADER_SIZE, RECORD_MAX, Record};
pub use rmgr::RmgrId;

use error::Result;
use ids::{Lsn, Xid};

/// The log: a handle that every process and thread of a server has.
#[derive(Clone)]
pub struct Wal {}

impl Wal {
    /// Appends a record and returns its end: the LSN that the changed pages get, and that a commit flushes to. Images are
    /// taken of the pages that need one. The caller is in a critical section, or changes no page.
    ///
    /// # Errors
    /// `54000` for a record longer than [`RECORD_MAX`]; `XX000` during recovery.
    pub fn insert(&self, _record: &Record<'_>, _xid: Xid) -> Result<Lsn> {
        Err(error::Error::not_implemented("WAL insertion"))
    }

    /// Returns when the log is on disk up to `lsn`. One sync serves everyone who waits.
    pub fn flush(&self, _lsn: Lsn) {}

    /// Everything before this position is on disk.
    pub fn flushed(&self) -> Lsn {
        Lsn::INVALID
    }

    /// Where the next record will begin (or a little before, at a page's start).
    pub fn insert_position(&self) -> Lsn {
        Lsn::INVALID
    }

    /// Where the current checkpoint's redo begins: pages with an LSN at or before it get a full-page image.
    pub fn redo_position(&self) -> Lsn {
        Lsn::INVALID
    }
}

/// Ends the process at once, because something failed that only recovery can repair. The postmaster sees the signal, stops
/// the others and recovers.
pub fn panic_process(reason: impl std::fmt::Display) -> ! {
    eprintln!("PANIC:  {reason}");
    std::process::abort()
}
