//! The buffer pool's shared part: frames, their headers, and the map from pages to frames.
//!
//! # A buffer's header
//!
//! One word holds everything that decides about a buffer, so that every step is one compare-and-swap:
//!
//! ```text
//!  63 … 40   39 … 32                                          31 … 24   23 … 0
//! ┌────────┬──────────────────────────────────────────────────┬─────────┬────────┐
//! │   0    │ flags: valid, dirty, tagged, permanent, …        │ usage   │ pins   │
//! └────────┴──────────────────────────────────────────────────┴─────────┴────────┘
//! ```
//!
//! # Who may do what
//!
//! - *Pin*: under the map's partition lock, or from a pin that is held, or (scanners) in one exchange that sees `TAGGED`.
//! - *Tag*: changes only while `TAGGED` is off, by the one who claimed the buffer: pins went 0 → 1 in one exchange, and
//!   later flags were cleared in one that still saw a single pin, with the old tag's partition locked exclusively.
//! - *`VALID`*: set by the reader that fills the frame, who holds its content lock exclusively from before the page is in the map.
//!   So whoever finds a page that is not valid waits for that lock; no other state of I/O is needed.
//! - *`DIRTY`*: set under the exclusive content lock, cleared under the shared one: a page that is being written cannot become dirty
//!   again before the writer has cleared the flag.

use crate::files::FileTag;
use ids::{BlockNumber, Fork, Oid, RelFileLocator};
use shm::{
    Layout, Many, One, PageFrames, PageFramesRequest, Rank, Segment, SharedMap, SharedMapRequest, Shm, ShmSlice,
};
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};
use std::sync::atomic::{AtomicU32, AtomicU64};

/// A pin.
pub(crate) const PIN: u64 = 1;
pub(crate) const PINS: u64 = (1 << 24) - 1;
/// One use; the sweep takes one away each time it passes.
pub(crate) const USE: u64 = 1 << 24;
pub(crate) const USES: u64 = 0xFF << 24;
/// A buffer is spared at most this many passes of the sweep.
pub(crate) const USES_MAX: u64 = 5;
/// The frame holds the page.
pub(crate) const VALID: u64 = 1 << 32;
/// The frame has changes that the file has not.
pub(crate) const DIRTY: u64 = 1 << 33;
/// The tag is set, and the buffer is in the map (or will be at once).
pub(crate) const TAGGED: u64 = 1 << 34;
/// The relation is permanent: checkpoints write the page, and its LSN counts.
pub(crate) const PERMANENT: u64 = 1 << 35;
/// The checkpoint under way has to write it.
pub(crate) const CHECKPOINT: u64 = 1 << 36;
/// Somebody waits for the other pins to go.
pub(crate) const WAITER: u64 = 1 << 37;
/// All flags that go when a buffer is evicted.
pub(crate) const FLAGS: u64 = 0xFF << 32;

shm::shared! {
    /// Which page a buffer holds.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub(crate) struct Tag {
        pub tablespace: u32,
        pub database: u32,
        pub file: u32,
        pub fork: u32,
        pub block: u32,
    }

    /// A buffer's header, on a cache line of its own.
    pub(crate) struct Header {
        pub state: AtomicU64,
        tag: [AtomicU32; 5],
        /// Counts departures of pins, for those who wait until they are alone.
        pub unpinned: AtomicU32,
        pad: [u64; 4],
    }

    /// The pool's counters and the sweep's hand.
    pub(crate) struct PoolState {
        pub hand: AtomicU64,
        /// Buffers claimed since the start: the background writer learns the demand from it.
        pub claimed: AtomicU64,
        pub written_by_backends: AtomicU64,
        pub written_by_background: AtomicU64,
        pub written_by_checkpoints: AtomicU64,
        pub fsync: AtomicU32,
        /// The number of the sync cycle; see `sync`.
        pub sync_cycle: AtomicU64,
        pub unlink_cycle: AtomicU64,
        pub extension: [shm::LwLock; 32],
    }

    /// A segment file as a key.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub(crate) struct FileKey {
        pub tablespace: u32,
        pub database: u32,
        pub file: u32,
        pub fork: u32,
        pub segment: u32,
    }
}

impl Tag {
    pub fn new(locator: RelFileLocator, fork: Fork, block: BlockNumber) -> Tag {
        Tag {
            tablespace: locator.tablespace.0,
            database: locator.database.0,
            file: locator.file.0,
            fork: fork as u32,
            block: block.0,
        }
    }

    pub fn locator(&self) -> RelFileLocator {
        RelFileLocator::new(Oid(self.tablespace), Oid(self.database), Oid(self.file))
    }

    pub fn fork(&self) -> Fork {
        Fork::from_u8(self.fork as u8).unwrap_or(Fork::Main)
    }

    pub fn block(&self) -> BlockNumber {
        BlockNumber(self.block)
    }
}

impl FileKey {
    pub fn new(tag: FileTag) -> FileKey {
        FileKey {
            tablespace: tag.locator.tablespace.0,
            database: tag.locator.database.0,
            file: tag.locator.file.0,
            fork: tag.fork as u32,
            segment: tag.segment,
        }
    }

    pub fn tag(&self) -> FileTag {
        FileTag {
            locator: RelFileLocator::new(Oid(self.tablespace), Oid(self.database), Oid(self.file)),
            fork: Fork::from_u8(self.fork as u8).unwrap_or(Fork::Main),
            segment: self.segment,
        }
    }
}

impl Header {
    pub fn tag(&self) -> Tag {
        let [tablespace, database, file, fork, block] = self.tag.each_ref().map(|word| word.load(Relaxed));
        Tag { tablespace, database, file, fork, block }
    }

    pub fn set_tag(&self, tag: Tag) {
        let words = [tag.tablespace, tag.database, tag.file, tag.fork, tag.block];
        self.tag.iter().zip(words).for_each(|(word, value)| word.store(value, Relaxed));
    }

    /// Pins, from within the map's partition lock or a pin that is held. `uses` is the most uses that this one may raise it to.
    #[inline(always)]
    pub fn pin(&self, uses: u64) -> u64 {
        let mut state = self.state.load(Relaxed);
        loop {
            let used = if state & USES < uses * USE { USE } else { 0 };
            match self.state.compare_exchange_weak(state, state + PIN + used, Acquire, Relaxed) {
                Ok(_) => return state,
                Err(now) => state = now,
            }
        }
    }

    /// Pins if the buffer holds some page. `uses` is the most uses that this one may raise it to: none for scanners of the whole pool.
    #[inline]
    pub fn pin_if_tagged(&self, uses: u64) -> bool {
        let mut state = self.state.load(Relaxed);
        while state & TAGGED != 0 {
            let used = if state & USES < uses * USE { USE } else { 0 };
            match self.state.compare_exchange_weak(state, state + PIN + used, Acquire, Relaxed) {
                Ok(_) => return true,
                Err(now) => state = now,
            }
        }
        false
    }

    /// Gives a pin back.
    #[inline(always)]
    pub fn unpin(&self) {
        let before = self.state.fetch_sub(PIN, Release);
        debug_assert!(before & PINS > 0, "a buffer was unpinned too often");
        if before & WAITER != 0 {
            self.wake();
        }
    }

    #[cold]
    fn wake(&self) {
        self.state.fetch_and(!WAITER, AcqRel);
        self.unpinned.fetch_add(1, AcqRel);
        let _ = rustix::thread::futex::wake(&self.unpinned, rustix::thread::futex::Flags::empty(), i32::MAX as u32);
    }

    /// Claims a buffer that nobody has pinned and that has no uses left (or, with `used`, has been used only once): it
    /// is then pinned once, by the caller. Takes one use away otherwise, if `sweep`.
    pub fn claim(&self, sweep: bool, used: bool) -> bool {
        let mut state = self.state.load(Relaxed);
        loop {
            if state & PINS != 0 {
                return false;
            }
            let new = match state & USES {
                0 => state + PIN,
                USE if used => state + PIN,
                _ if sweep => state - USE,
                _ => return false,
            };
            match self.state.compare_exchange_weak(state, new, AcqRel, Relaxed) {
                Ok(_) => return new & PINS != 0,
                Err(now) => state = now,
            }
        }
    }
}

/// A promise of the pool's part of the segment.
#[derive(Clone, Copy)]
pub struct StorageRequest {
    frames: PageFramesRequest,
    headers: Many<Header>,
    state: One<PoolState>,
    map: SharedMapRequest<Tag, u32>,
    syncs: SharedMapRequest<FileKey, u64>,
    unlinks: SharedMapRequest<FileKey, u64>,
}

/// The shared part, attached.
pub(crate) struct Pool {
    pub frames: PageFrames,
    pub headers: ShmSlice<Header>,
    pub state: Shm<PoolState>,
    pub map: SharedMap<Tag, u32>,
    pub syncs: SharedMap<FileKey, u64>,
    pub unlinks: SharedMap<FileKey, u64>,
}

impl Pool {
    pub fn layout(layout: &mut Layout, buffers: u32) -> StorageRequest {
        let buffers = buffers.clamp(16, 1 << 23) as usize;
        StorageRequest {
            frames: PageFrames::layout(layout, buffers),
            headers: layout.many("Buffer Descriptors", buffers),
            state: layout.one("Buffer Strategy Status"),
            // A little more than buffers, since a page enters the map before the one it replaces is forgotten elsewhere.
            map: SharedMap::layout(layout, "Shared Buffer Lookup Table", buffers + 64, 128),
            syncs: SharedMap::layout(layout, "Checkpointer Data", 16_384.max(buffers / 4), 16),
            unlinks: SharedMap::layout(layout, "Pending Unlinks", 4096, 4),
        }
    }

    pub fn attach(segment: &Segment, request: StorageRequest) -> Pool {
        let pool = Pool {
            frames: PageFrames::attach(segment, request.frames),
            headers: segment.many(request.headers),
            state: segment.one(request.state),
            map: SharedMap::attach(segment, request.map, Rank::BUFFER_MAPPING),
            syncs: SharedMap::attach(segment, request.syncs, Rank::BUFFER_POOL),
            unlinks: SharedMap::attach(segment, request.unlinks, Rank::BUFFER_POOL),
        };
        pool.frames.initialize();
        pool
    }

    pub fn header(&self, id: u32) -> &'static Header {
        &self.headers.get_all()[id as usize]
    }
}
