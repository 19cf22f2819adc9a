//! The write-ahead log: insert, flush, read.
//!
//! Every change of the store is a [`Record`] here before its page may reach the disk. A position in the log is an
//! [`ids::Lsn`]: a byte count since the cluster was made. The log knows nothing of what its records mean; that is the
//! matter of the resource manager ([`RmgrId`]) that wrote them.
//!
//! # Where to start reading
//!
//! `record` draws a record's bytes and `position` those of a log page; `insert` is how a record gets into the shared ring,
//! `flush` how the ring gets to disk, [`WalReader`] how records come back.
//!
//! # Invariants
//!
//! - Positions are handed out by one atomic addition; no lock orders inserters.
//! - The ring is all zeros from the reserved position on, so a page written half full is zero behind its last record.
//! - Everything before `flushed` is on disk; `flushed` ≤ `written` ≤ complete ≤ `reserved`.
//! - Segment files exist for some megabytes beyond `reserved` whenever a change begins (`room`).
//! - A failed write or sync of the log ends the process through [`panic_process`]: what the kernel did with the pages is
//!   then unknown, and only recovery finds out.
//! - No byte behind the log's end can be taken for a record: recycled files hold pages and checksums of other positions,
//!   and recovery cuts off what a crash left behind the end.
//!
//! # Differences from PostgreSQL
//!
//! - Reservation takes no lock. Therefore a record does not hold its predecessor's position; its checksum covers its
//!   own instead, which tells old contents as surely.
//! - A page's header is written by the record that reaches it, not by a separate step, and the ring knows no buffer
//!   headers: one watermark says which of its pages are free.
#![forbid(unsafe_code)]

mod config;
mod decode;
mod encode;
pub mod faults;
mod flush;
mod insert;
mod position;
mod reader;
mod record;
mod rmgr;
mod room;
mod scratch;
mod segment;
mod state;

pub use config::{Compression, SyncMethod, WalConfig, WalLevel, WalOptions};
pub use decode::{DecodedBlock, DecodedRecord};
pub use reader::{EndOfLog, ReadOutcome, WalReader};
pub use record::{BLOCKS_MAX, Image, RECORD_HEADER_SIZE, RECORD_MAX, Record};
pub use rmgr::RmgrId;
pub use scratch::{give as give_buffers, take as take_buffers};
pub use segment::{parse_segment_file_name, segment_file_name, segment_size_of};
pub use state::Statistics;

use error::{Error, Result, SqlState};
use flush::OpenSegment;
use ids::{Lsn, TimelineId};
use position::{Geometry, LOG_PAGE};
use segment::Directory;
use shm::{Layout, Many, One, Segment, Shm, ShmSlice};
use state::{State, flag};
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::{Acquire, Relaxed, SeqCst};
use std::sync::{Arc, Mutex, OnceLock};

/// A promise of the log's part of the shared segment.
#[derive(Clone, Copy)]
pub struct WalRequest {
    state: One<State>,
    ring: Many<AtomicU64>,
}

/// The log: a handle that every process and thread of a server has. Cheap to clone.
#[derive(Clone)]
pub struct Wal {
    inner: Arc<Inner>,
}

struct Inner {
    state: Shm<State>,
    ring: ShmSlice<AtomicU64>,
    geometry: Geometry,
    directory: Directory,
    /// Taken under the write lock only, which is what keeps threads of this process apart.
    open: Mutex<Option<OpenSegment>>,
    /// What this process has written: records, images, bytes, waits for room. After a fork each process has its own.
    own: [AtomicU64; 4],
    /// What it did with the files: writes, bytes written, syncs.
    own_io: [AtomicU64; 3],
}

impl Wal {
    /// Asks for the log's part of the shared segment.
    pub fn layout(layout: &mut Layout, config: &WalConfig) -> WalRequest {
        let pages = (config.buffers as u64).div_ceil(LOG_PAGE).clamp(8, 1 << 18);
        WalRequest { state: layout.one("XLOG Ctl"), ring: layout.many("XLOG Buffers", (pages * LOG_PAGE / 8) as usize) }
    }

    /// Sets the log up in a new segment: once, by the process that made it; others inherit or clone the handle. The log can
    /// then be read, and is opened for insertion by [`Wal::start`].
    ///
    /// # Errors
    /// `22023` for an impossible segment size.
    pub fn attach(segment: &Segment, request: WalRequest, config: &WalConfig) -> Result<Wal> {
        config.check()?;
        let inner = Inner {
            state: segment.one(request.state),
            ring: segment.many(request.ring),
            geometry: Inner::geometry_of(config.segment_size),
            directory: Directory { path: config.directory.clone(), segment_size: config.segment_size },
            open: Mutex::new(None),
            own: Default::default(),
            own_io: Default::default(),
        };
        let state = inner.state.get();
        state.timeline.store(config.timeline.0, Relaxed);
        state.system_identifier.store(config.system_identifier, Relaxed);
        state.set_options(&config.options);
        Ok(Wal { inner: Arc::new(inner) })
    }

    /// Opens the log for insertion at `end`, where the next record shall begin: recovery's last step, and initdb's first. If
    /// `crashed`, whatever stands on disk behind `end` is removed first; after a clean shutdown nothing can.
    ///
    /// # Errors
    /// Those of file access.
    pub fn start(&self, timeline: TimelineId, end: Lsn, crashed: bool) -> Result<()> {
        let inner = &*self.inner;
        let state = inner.state.get();
        let end = inner.geometry.end(inner.geometry.position(Lsn(end.0.next_multiple_of(8)))).0;
        let options = state.options();
        inner.directory.remove_temporary()?;
        if crashed {
            Inner::cut_tail(&inner.directory, timeline, end, &options)?;
        }
        inner.ring.iter().for_each(|word| word.store(0, Relaxed));
        let page = end / LOG_PAGE * LOG_PAGE;
        if page < end {
            let path = inner.directory.file(timeline, inner.geometry.segment(Lsn(page)));
            let mut bytes = vec![0; (end - page) as usize];
            File::open(&path)
                .and_then(|file| file.read_exact_at(&mut bytes, page % inner.geometry.segment_size))
                .map_err(|e| Error::io(format_args!("could not read file \"{}\"", path.display()), &e))?;
            let index = inner.ring_index(page);
            for (word, chunk) in inner.ring[index..].iter().zip(bytes.as_chunks::<8>().0) {
                word.store(u64::from_le_bytes(*chunk), Relaxed);
            }
        }
        state.timeline.store(timeline.0, Relaxed);
        state.recycled.store(page, SeqCst);
        state.written.store(end, SeqCst);
        state.flushed.store(end, SeqCst);
        state.asynchronous.store(0, SeqCst);
        state.reserved.store(inner.geometry.position(Lsn(end)), SeqCst);
        inner.set_allocated(end / inner.geometry.segment_size * inner.geometry.segment_size);
        state.flags.fetch_or(flag::STARTED, SeqCst);
        Ok(())
    }

    /// Whether records can be inserted: `false` during recovery.
    pub fn is_started(&self) -> bool {
        self.inner.state.flags.load(Acquire) & flag::STARTED != 0
    }

    /// In recovery: everything before `lsn` was read from disk, so pages with such LSNs may be written.
    pub fn set_replayed(&self, lsn: Lsn) {
        self.inner.state.flushed.fetch_max(lsn.0, SeqCst);
    }

    /// Where the next record will begin.
    pub fn insert_position(&self) -> Lsn {
        self.inner.geometry.start(self.inner.state.reserved.load(SeqCst))
    }

    /// Where the current checkpoint's redo begins: pages with an LSN at or before it get a full-page image.
    pub fn redo_position(&self) -> Lsn {
        Lsn(self.inner.state.redo.load(SeqCst))
    }

    /// Sets the redo position when the server starts; later only [`Wal::begin_checkpoint`] moves it.
    pub fn set_redo_position(&self, redo: Lsn) {
        self.inner.state.redo.store(redo.0, SeqCst);
    }

    /// The current timeline.
    pub fn timeline(&self) -> TimelineId {
        TimelineId(self.inner.state.timeline.load(Relaxed))
    }

    /// Bytes of a segment.
    pub fn segment_size(&self) -> u32 {
        self.inner.directory.segment_size
    }

    /// The directory of the segments.
    pub fn directory(&self) -> &std::path::Path {
        &self.inner.directory.path
    }

    /// What a reload may change.
    pub fn options(&self) -> WalOptions {
        self.inner.state.options()
    }

    /// Changes it, for all processes.
    pub fn set_options(&self, options: &WalOptions) {
        self.inner.state.set_options(options);
    }

    /// What this process has written since it began: records, images, bytes, waits for room.
    pub fn own_statistics(&self) -> [u64; 4] {
        self.inner.own.each_ref().map(|count| count.load(Relaxed))
    }

    /// What this process has done with the log's files since it began: writes, bytes written, syncs.
    pub fn own_io(&self) -> [u64; 3] {
        self.inner.own_io.each_ref().map(|count| count.load(Relaxed))
    }

    /// Counters since the server's start.
    pub fn statistics(&self) -> &'static Statistics {
        &self.inner.state.get().statistics
    }

    /// The name of the segment file that holds the byte at `lsn`.
    pub fn file_name(&self, lsn: Lsn) -> String {
        segment_file_name(self.timeline(), self.inner.geometry.segment(lsn), self.segment_size())
    }

    /// Makes the segment after the current one, if more than half of the current one is used: so that nobody has to wait for
    /// it. Answers how many were made.
    ///
    /// # Errors
    /// Those of file access.
    pub fn preallocate(&self) -> Result<u32> {
        let inner = &*self.inner;
        let size = inner.geometry.segment_size;
        let at = self.insert_position().0;
        if at % size < size / 2 {
            return Ok(0);
        }
        let next = at / size + 1;
        if inner.directory.file(self.timeline(), next).exists() {
            return Ok(0);
        }
        inner.directory.create(self.timeline(), next, &self.options()).map(|()| 1)
    }

    /// Removes the segments that end before `keep`, or gives them the names of future ones: as many as `expected` bytes of log
    /// per checkpoint will need, between `min_wal_size` and `max_wal_size`.
    ///
    /// # Errors
    /// Those of file access.
    pub fn remove_old_segments(&self, keep: Lsn, expected: u64) -> Result<Removed> {
        let inner = &*self.inner;
        let size = inner.geometry.segment_size;
        let options = self.options();
        let timeline = self.timeline();
        let keep = keep.0.min(self.insert_position().0.saturating_sub(options.keep_size)) / size;
        let current = self.insert_position().0 / size;
        let reach = expected.clamp(options.min_size, options.max_size.max(options.min_size)) / size;
        let last = (keep + reach).max(current + 1);
        let mut next = current + 1;
        let mut removed = Removed::default();
        for (of, segment) in inner.directory.list()? {
            if of > timeline || segment >= keep {
                continue;
            }
            let mut recycled = false;
            while options.recycle && !recycled && next <= last {
                recycled = inner.directory.recycle(of, segment, timeline, next)?;
                next += 1;
            }
            if recycled {
                removed.recycled += 1;
            } else {
                inner.directory.remove(of, segment)?;
                removed.removed += 1;
            }
        }
        if removed.removed + removed.recycled > 0 {
            inner.directory.sync(&options)?;
        }
        Ok(removed)
    }
}

/// What became of old segments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Removed {
    /// Deleted.
    pub removed: u32,
    /// Renamed to be used again.
    pub recycled: u32,
}

/// Receives a PANIC's text, to log it in the server's way.
type PanicHook = fn(&str);
static PANIC_HOOK: OnceLock<PanicHook> = OnceLock::new();

/// Has PANICs logged by `hook` instead of plainly on the error output. The first call counts.
pub fn on_panic(hook: PanicHook) {
    let _ = PANIC_HOOK.set(hook);
}

/// Ends the process at once, because something failed that only recovery can repair. The postmaster sees the signal, stops
/// the others and recovers.
pub fn panic_process(reason: impl std::fmt::Display) -> ! {
    match PANIC_HOOK.get() {
        Some(hook) => hook(&reason.to_string()),
        None => eprintln!("PANIC:  {reason}"),
    }
    std::process::abort()
}

/// The error for a log that cannot be written now, as a reader asks for a change.
pub fn read_only_error(what: &str) -> Error {
    Error::new(SqlState::READ_ONLY_SQL_TRANSACTION, format!("cannot execute {what} during recovery"))
}
