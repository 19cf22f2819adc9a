//! Files, pages, buffer pool, free space and visibility maps.
//!
//! A relation is a set of files ([`RelFileLocator`], [`Fork`]) of 8 KiB [`Page`]s. Processes see them only through the
//! shared buffer pool: [`Storage::read`] pins a page, a guard of its [`Buffer`] gives access, and [`Storage::change`] is the one
//! way to change it. What pages mean is the access methods' matter.
//!
//! | module | story |
//! |---|---|
//! | [`page`] | the page's bytes: header, line pointers, checksum |
//! | `pool` | the shared part of the buffer pool, and who may do what to a buffer |
//! | `buffer` | pins and content locks |
//! | `read` | from a page's address to its pin: look-up, eviction, reading |
//! | `write` | dirty pages on their way out; files to be synced |
//! | [`change`] | the one shape of a logged change |
//! | [`action`] | what a change does to a page, as bytes |
//! | `redo` | what recovery asks of those who log |
//! | `files` | segment files, and the process's open ones |
//! | `relation` | create, extend, truncate, unlink |
//! | `free_space`, `visibility` | the two maps |
//! | `control` | `pg_control` |
//!
//! # Invariants
//!
//! - A page is read under its shared content lock and changed under its exclusive one, inside a [`Change`]. Nothing
//!   changes a page under a shared lock, not even a hint.
//! - A dirty page reaches the disk only after the log is flushed up to its LSN.
//! - A buffer that is pinned keeps its page.
//! - A failed sync of a data file ends the process: recovery will write the page again.
#![forbid(unsafe_code)]

pub mod action;
mod buffer;
pub mod change;
mod config;
mod control;
mod files;
mod free_space;
pub mod page;
mod pool;
mod read;
mod redo;
pub mod relation;
mod tablespace;
mod visibility;
mod write;
pub mod xlog;

pub use buffer::{Access, Buffer, Extended, PageMut, PageRef, ReadMode, Strategy, StrategyKind};
pub use change::{Change, Unlogged};
pub use config::{Persistence, StorageConfig};
pub use control::{CATALOG_VERSION, CONTROL_VERSION, CheckpointRecord, ClusterState, ControlFile};
pub use files::{database_directory, relation_path};
pub use free_space::FreeSpaceMap;
pub use ids::{BlockNumber, Fork, RelFileLocator};
pub use page::{LinePointer, LineState, PAGE_HEADER_SIZE, Page, page_flags};
pub use pool::StorageRequest;
pub use redo::{CheckpointParticipant, Redo, RedoContext, RedoPage, ResourceManager, StorageManager};
pub use tablespace::TablespaceManager;
pub use visibility::{VisibilityMap, VisibilityStatus};
pub use wal::Image;
pub use write::{PoolStatistics, SyncStatistics, WriteStatistics};

use files::Files;
use pool::Pool;
use shm::{Layout, Segment};
use stats::shared::IO_OPERATIONS;
use stats::usage::Blocks;
use stats::{IoContext, IoOperation};
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use wal::{RmgrId, Wal};

/// What [`Storage::usage`] sums up, in its order.
const USED: [IoOperation; 3] = [IoOperation::Hit, IoOperation::Read, IoOperation::Write];

/// Pages that a process had to do with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Found in the pool.
    pub hits: u64,
    /// Read.
    pub reads: u64,
    /// Written.
    pub writes: u64,
    /// Made dirty that were clean.
    pub dirtied: u64,
}

impl std::ops::Sub for Usage {
    type Output = Usage;
    fn sub(self, before: Usage) -> Usage {
        Usage {
            hits: self.hits - before.hits,
            reads: self.reads - before.reads,
            writes: self.writes - before.writes,
            dirtied: self.dirtied - before.dirtied,
        }
    }
}

/// The store's pages and files: a handle that every process and thread of a server has. `Copy`; it lives as long as the process,
/// as the segment does.
#[derive(Clone, Copy)]
pub struct Storage {
    pub(crate) inner: &'static Inner,
}

pub(crate) struct Inner {
    pub pool: Pool,
    pub files: Files,
    pub wal: Wal,
    pub checksums: bool,
    pub log_hints: bool,
    pub io_combine: u32,
    /// What this process did and has not reported. After a fork each process has its own.
    pub io: stats::shared::IoCounters,
    /// Hits, reads and writes that were reported already, of temporary relations and of others.
    pub used: [[AtomicU64; 3]; 2],
    /// What was reported already of the log: its files' writes, bytes, syncs; records, images, bytes, waits for room.
    pub wal_reported: [AtomicU64; 7],
    /// Pages made dirty, likewise.
    pub dirtied: [AtomicU64; 2],
}

impl std::fmt::Debug for Storage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Storage of {} buffers", self.inner.pool.headers.len())
    }
}

impl Storage {
    /// Asks for the store's part of the shared segment.
    pub fn layout(layout: &mut Layout, config: &StorageConfig) -> StorageRequest {
        Pool::layout(layout, config.buffers)
    }

    /// Sets the store up in a new segment: once, by the process that made it; others inherit or copy the handle.
    pub fn attach(segment: &Segment, request: StorageRequest, config: &StorageConfig, wal: &Wal) -> Storage {
        let inner = Inner {
            pool: Pool::attach(segment, request),
            files: Files::new(&config.data_directory, config.files_max, config.fsync),
            wal: wal.clone(),
            checksums: config.checksums,
            log_hints: config.checksums || config.log_hints,
            io_combine: config.io_combine.clamp(1, 32),
            io: Default::default(),
            used: Default::default(),
            wal_reported: Default::default(),
            dirtied: Default::default(),
        };
        Storage { inner: Box::leak(Box::new(inner)) }
    }

    /// The log that changes go to.
    pub fn wal(&self) -> &'static Wal {
        &self.inner.wal
    }

    /// Whether pages carry checksums.
    pub fn checksums(&self) -> bool {
        self.inner.checksums
    }

    /// How many pages the pool has.
    pub fn buffer_count(&self) -> u32 {
        self.inner.pool.headers.len() as u32
    }

    #[inline]
    pub(crate) fn count(&self, context: stats::IoContext, operation: stats::IoOperation, count: u64) {
        self.inner.io[context as usize][operation as usize].fetch_add(count, Relaxed);
    }

    /// Reports what this process, in its slot and of its kind, did with relations and the log since it last did.
    pub fn report_io(&self, stats: &stats::Stats, process: &shm::Process) {
        let (kind, own) = (process.kind(), stats.process(process.number()));
        let add = |place: Option<&AtomicU64>, count: u64| {
            if let Some(place) = place {
                place.fetch_add(count, Relaxed);
            }
        };
        let totals = stats.io(kind).iter().flatten();
        for (n, (mine, total)) in self.inner.io.iter().flatten().zip(totals).enumerate() {
            if mine.load(Relaxed) != 0 {
                let count = mine.swap(0, Relaxed);
                total.fetch_add(count, Relaxed);
                add(own.map(|own| &own.io[n / IO_OPERATIONS][n % IO_OPERATIONS]), count);
                if let Some(used) = USED.iter().position(|op| *op as usize == n % IO_OPERATIONS) {
                    let local = n / IO_OPERATIONS == IoContext::Temporary as usize;
                    self.inner.used[usize::from(local)][used].fetch_add(count, Relaxed);
                }
            }
        }
        let (wal, wal_io) = (self.wal().own_statistics(), self.wal().own_io());
        for (n, now) in wal_io.into_iter().chain(wal).enumerate() {
            let news = now.wrapping_sub(self.inner.wal_reported[n].swap(now, Relaxed));
            if news == 0 {
                continue;
            }
            if n < wal_io.len() {
                stats.wal_io(kind)[n].fetch_add(news, Relaxed);
                add(own.map(|own| &own.wal_io[n]), news);
            } else {
                add(own.map(|own| &own.wal[n - wal_io.len()]), news);
            }
        }
    }

    /// Begins the account of a process that takes its slot: what was counted before in the memory that it inherited is not its own.
    pub fn begin_account(&self, stats: &stats::Stats, process: &shm::Process) {
        let (wal, wal_io) = (self.wal().own_statistics(), self.wal().own_io());
        for (place, now) in self.inner.wal_reported.iter().zip(wal_io.into_iter().chain(wal)) {
            place.store(now, Relaxed);
        }
        if let Some(own) = stats.process(process.number()) {
            own.clear(0);
        }
    }

    /// What this process has done since it began.
    pub fn usage(&self) -> Usage {
        let [shared, local] = self.blocks();
        Usage {
            hits: shared.hit + local.hit,
            reads: shared.read + local.read,
            writes: shared.written + local.written,
            dirtied: shared.dirtied + local.dirtied,
        }
    }

    /// The same of relations that others may read, and of the session's temporary ones.
    pub fn blocks(&self) -> [Blocks; 2] {
        [false, true].map(|local| {
            let places = self.inner.io.iter().enumerate();
            let places = || places.clone().filter(|(n, _)| (*n == IoContext::Temporary as usize) == local);
            let sum = |used: usize| {
                let pending: u64 = places().map(|(_, place)| place[USED[used] as usize].load(Relaxed)).sum();
                self.inner.used[usize::from(local)][used].load(Relaxed) + pending
            };
            let dirtied = self.inner.dirtied[usize::from(local)].load(Relaxed);
            Blocks { hit: sum(0), read: sum(1), dirtied, written: sum(2) }
        })
    }

    /// Begins a logged change; see [`Change`].
    pub fn change<'a>(&self, rmgr: RmgrId, info: u8) -> Change<'a> {
        Change::new(*self, rmgr, info)
    }
}
