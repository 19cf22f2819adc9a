//! Pinned pages and the locks on their contents.

use crate::pool::{DIRTY, Header, PERMANENT, PIN, PINS, USES_MAX, VALID, WAITER};
use crate::{Page, Persistence, Storage};
use ids::{BlockNumber, Fork, Lsn, RelFileLocator};
use rustix::thread::futex;
use shm::{FrameMut, FrameRef};
use stats::{BlockCounters, IoContext};
use std::marker::PhantomData;
use std::ops::Deref;
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed};
use std::sync::atomic::{AtomicU32, AtomicUsize};

/// What to do about the file's contents when a page is not in the pool.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReadMode {
    /// Read it and verify it.
    #[default]
    Normal,
    /// A damaged page comes as zeros (`zero_damaged_pages`, and maps that heal themselves).
    ZeroOnError,
    /// Do not read: the page comes as zeros if it is not in the pool; the caller fills it, under the exclusive lock.
    Zero,
}

/// What bulk work a ring of buffers is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StrategyKind {
    /// A sequential scan of a large table: 256 kB.
    BulkRead,
    /// COPY, CREATE TABLE AS …: 16 MB.
    BulkWrite,
    /// Vacuum: 2 MB.
    Vacuum,
}

/// A small ring of buffers that bulk work reuses instead of sweeping through the pool. Workers may share one, or have their own.
pub struct Strategy {
    kind: StrategyKind,
    /// Buffer number and one more; zero where the ring has none yet.
    slots: Box<[AtomicU32]>,
    current: AtomicUsize,
}

impl Strategy {
    /// A ring for this kind of work.
    pub fn new(kind: StrategyKind) -> Strategy {
        Strategy::with_pages(kind, u32::MAX)
    }

    /// A ring of at most `pages` pages (an eighth of the pool, say, or `vacuum_buffer_usage_limit`).
    pub fn with_pages(kind: StrategyKind, pages: u32) -> Strategy {
        let usual = match kind {
            StrategyKind::BulkRead => 32,
            StrategyKind::BulkWrite => 2048,
            StrategyKind::Vacuum => 256,
        };
        let slots = (0..pages.min(usual).max(4)).map(|_| AtomicU32::new(0)).collect();
        Strategy { kind, slots, current: AtomicUsize::new(0) }
    }

    /// What it is for.
    pub fn kind(&self) -> StrategyKind {
        self.kind
    }

    /// The ring's next slot, and the buffer in it. `pool` bounds the ring to an eighth of a small pool.
    pub(crate) fn next(&self, pool: usize) -> (usize, Option<u32>) {
        let slots = self.slots.len().min((pool / 8).max(1));
        let n = self.current.fetch_add(1, Relaxed) % slots;
        (n, self.slots[n].load(Relaxed).checked_sub(1))
    }

    pub(crate) fn put(&self, slot: usize, buffer: u32) {
        self.slots[slot].store(buffer + 1, Relaxed);
    }
}

/// How to get at a page.
#[derive(Clone, Copy, Default)]
pub struct Access<'s> {
    /// The ring to take buffers from, if not the whole pool.
    pub strategy: Option<&'s Strategy>,
    /// What to do when the page is not in the pool.
    pub mode: ReadMode,
    /// The relation's persistence.
    pub persistence: Persistence,
    /// Where the look-up is counted.
    pub blocks: Option<&'s BlockCounters>,
}

impl Access<'_> {
    /// Why the page is wanted, for statistics.
    pub(crate) fn io_context(&self) -> IoContext {
        match self.strategy.map(Strategy::kind) {
            None if self.persistence == Persistence::Temporary => IoContext::Temporary,
            None => IoContext::Normal,
            Some(StrategyKind::BulkRead) => IoContext::BulkRead,
            Some(StrategyKind::BulkWrite) => IoContext::BulkWrite,
            Some(StrategyKind::Vacuum) => IoContext::Vacuum,
        }
    }

    /// Uses that a hit raises a buffer to: bulk work does not make its pages look popular.
    pub(crate) fn uses(&self) -> u64 {
        if self.strategy.is_some() { 1 } else { USES_MAX }
    }
}

/// What [`Storage::extend`](crate::Storage::extend) added.
pub struct Extended {
    /// The first new page, pinned.
    pub buffer: Buffer,
    /// Its number.
    pub first: BlockNumber,
    /// How many pages were added: at least one, perhaps fewer than asked for.
    pub count: u32,
}

/// A pinned page: it stays in the pool until this is dropped. `Clone` pins once more.
pub struct Buffer {
    pub(crate) storage: Storage,
    pub(crate) header: &'static Header,
    pub(crate) id: u32,
    pub(crate) fork: Fork,
    pub(crate) block: BlockNumber,
    pub(crate) locator: RelFileLocator,
}

impl std::fmt::Debug for Buffer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "buffer {} of {} {:?} block {}", self.id, self.locator, self.fork, self.block)
    }
}

impl Clone for Buffer {
    fn clone(&self) -> Buffer {
        self.header.pin(0);
        Buffer { ..*self }
    }
}

impl Drop for Buffer {
    #[inline]
    fn drop(&mut self) {
        self.header.unpin();
    }
}

impl Buffer {
    /// The relation's files.
    pub fn locator(&self) -> RelFileLocator {
        self.locator
    }

    /// Which of them.
    pub fn fork(&self) -> Fork {
        self.fork
    }

    /// The page's number.
    pub fn block(&self) -> BlockNumber {
        self.block
    }

    /// Whether the relation is permanent: its changes are logged.
    pub fn is_permanent(&self) -> bool {
        self.header.state.load(Relaxed) & PERMANENT != 0
    }

    /// Whether this is the pin of another page's buffer or the same.
    pub fn holds(&self, locator: RelFileLocator, fork: Fork, block: BlockNumber) -> bool {
        self.block == block && self.fork == fork && self.locator == locator
    }

    pub(crate) fn is_valid(&self) -> bool {
        self.header.state.load(Acquire) & VALID != 0
    }

    /// Asks the processor to fetch the beginning of the page.
    #[inline]
    pub fn prefetch(&self) {
        self.storage.inner.pool.frames.prefetch(self.id as usize, 0, 1);
    }

    /// Asks the processor to fetch the `n`-th of `parts` equal parts of the page: for a scan that comes to it next, and asks for
    /// part after part while it works on another one.
    #[inline]
    pub fn prefetch_part(&self, n: usize, parts: usize) {
        let start = |n: usize| ids::PAGE_SIZE * n / parts;
        self.storage.inner.pool.frames.prefetch(self.id as usize, start(n), start(n + 1));
    }

    /// Waits for the shared lock on the page's contents.
    #[inline]
    pub fn share(&self) -> PageRef<'_> {
        PageRef { frame: self.storage.inner.pool.frames.share(self.id as usize), buffer: PhantomData }
    }

    /// Waits for the exclusive lock on the page's contents.
    #[inline]
    pub fn exclusive(&self) -> PageMut<'_> {
        PageMut { frame: self.storage.inner.pool.frames.exclusive(self.id as usize), buffer: self }
    }

    /// The shared lock, if that needs no waiting.
    #[inline]
    pub fn try_share(&self) -> Option<PageRef<'_>> {
        let frame = self.storage.inner.pool.frames.try_share(self.id as usize)?;
        Some(PageRef { frame, buffer: PhantomData })
    }

    /// The exclusive lock, if nobody holds any.
    #[inline]
    pub fn try_exclusive(&self) -> Option<PageMut<'_>> {
        let frame = self.storage.inner.pool.frames.try_exclusive(self.id as usize)?;
        Some(PageMut { frame, buffer: self })
    }

    /// Waits for the exclusive lock and for all other pins to go, so that line pointers may be reused. The caller has pinned the
    /// page once only.
    pub fn cleanup(&self) -> PageMut<'_> {
        loop {
            let unpinned = self.header.unpinned.load(Acquire);
            let guard = self.exclusive();
            let before = self.header.state.load(Acquire);
            if before & PINS == PIN {
                return guard;
            }
            self.header.state.fetch_or(WAITER, AcqRel);
            drop(guard);
            if self.header.state.load(Acquire) & PINS > PIN {
                // A timeout, since the last pin may have gone before the flag was up.
                let patience = futex::Timespec { tv_sec: 0, tv_nsec: 20_000_000 };
                let _ = futex::wait(&self.header.unpinned, futex::Flags::empty(), unpinned, Some(&patience));
            }
        }
    }

    /// The exclusive lock, if nobody holds any and nobody else has the page pinned.
    pub fn try_cleanup(&self) -> Option<PageMut<'_>> {
        let guard = self.try_exclusive()?;
        (self.header.state.load(Acquire) & PINS == PIN).then_some(guard)
    }

    /// Changes hints on the page: facts that can be found out again (commit status, dead index entries). Does nothing and
    /// answers `false` if the lock is not free at once. With checksums, the first such change after a checkpoint logs the whole page.
    /// `change` says whether it changed anything.
    pub fn hint(&self, change: impl FnOnce(&mut Page) -> bool) -> bool {
        match self.try_exclusive() {
            Some(mut guard) => {
                guard.hint(change);
                true
            }
            None => false,
        }
    }
}

/// The page under the shared lock.
pub struct PageRef<'b> {
    pub(crate) frame: FrameRef,
    pub(crate) buffer: PhantomData<&'b Buffer>,
}

impl Deref for PageRef<'_> {
    type Target = Page;
    #[inline(always)]
    fn deref(&self) -> &Page {
        Page::from_bytes(&self.frame)
    }
}

/// The page under the exclusive lock. It is changed through a [`Change`](crate::Change).
pub struct PageMut<'b> {
    pub(crate) frame: FrameMut,
    pub(crate) buffer: &'b Buffer,
}

impl<'b> PageMut<'b> {
    /// The buffer that is locked.
    pub fn buffer(&self) -> &'b Buffer {
        self.buffer
    }

    /// The page's number.
    pub fn block(&self) -> BlockNumber {
        self.buffer.block
    }

    /// The page and its buffer, apart.
    pub(crate) fn parts(&mut self) -> (&mut Page, &'b Buffer) {
        (Page::from_bytes_mut(&mut self.frame), self.buffer)
    }

    /// Changes hints on the page while holding the lock already; see [`Buffer::hint`].
    pub fn hint(&mut self, change: impl FnOnce(&mut Page) -> bool) {
        let storage = self.buffer.storage;
        let (page, buffer) = self.parts();
        if !change(page) {
            return;
        }
        let state = buffer.header.state.load(Relaxed);
        if state & DIRTY != 0 {
            return;
        }
        if state & PERMANENT != 0 && storage.inner.log_hints {
            if !storage.inner.wal.is_started() {
                return; // During recovery the hint stays in memory.
            }
            if page.lsn() <= storage.inner.wal.redo_position() {
                if !storage.inner.wal.has_room() {
                    return; // Not worth the log's last room either.
                }
                // A torn write of this page would now break its checksum, though nothing was logged since the checkpoint.
                buffer.header.state.fetch_or(DIRTY, AcqRel);
                let lsn: Lsn = crate::xlog::log_page_for_hint(&storage.inner.wal, buffer, page);
                page.set_lsn(lsn);
                return;
            }
        }
        buffer.header.state.fetch_or(DIRTY, AcqRel);
    }
}

impl Deref for PageMut<'_> {
    type Target = Page;
    #[inline(always)]
    fn deref(&self) -> &Page {
        Page::from_bytes(&self.frame)
    }
}
