//! Getting dirty pages out of the pool: for an eviction, in the background, for a checkpoint.
//!
//! A page is written from its frame, under the shared content lock, after the log was flushed up to its LSN. The order
//! at the end matters: the file is registered for syncing *before* the dirty flag goes, so a checkpoint that finds the page clean
//! also finds the request.

use crate::files::FileTag;
use crate::pool::{CHECKPOINT, DIRTY, FileKey, PERMANENT, PINS, TAGGED, Tag, USES, VALID};
use crate::{Page, Storage};
use error::Result;
use ids::{Fork, Lsn, Oid, RelFileLocator};
use stats::{IoContext, IoOperation};
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed};
use std::time::{Duration, Instant};

/// What a checkpoint wrote.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WriteStatistics {
    /// Pages written.
    pub pages: u64,
    /// Pages in the pool.
    pub pool: u64,
}

/// What syncing files took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SyncStatistics {
    /// Files synced.
    pub files: u64,
    /// The longest sync.
    pub longest: Duration,
    /// All of them.
    pub total: Duration,
}

/// How often pages were written, and by whom; for pg_stat_bgwriter and pg_stat_checkpointer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PoolStatistics {
    /// Buffers handed out for new pages.
    pub allocated: u64,
    /// Pages written by backends that needed room.
    pub written_by_backends: u64,
    /// Pages written by the background writer.
    pub written_by_background: u64,
    /// Pages written by checkpoints.
    pub written_by_checkpoints: u64,
}

/// Which buffers something is done to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pages {
    Fork(RelFileLocator, Fork, u32),
    Relation(RelFileLocator),
    Database(Oid),
    Tablespace(Oid),
}

impl Pages {
    fn holds(&self, tag: &Tag) -> bool {
        match *self {
            Pages::Fork(locator, fork, from) => {
                tag.file == locator.file.0 && tag.locator() == locator && tag.fork == fork as u32 && tag.block >= from
            }
            Pages::Relation(locator) => tag.file == locator.file.0 && tag.locator() == locator,
            Pages::Database(database) => tag.database == database.0,
            Pages::Tablespace(tablespace) => tag.tablespace == tablespace.0,
        }
    }
}

impl Storage {
    /// Writes a claimed or pinned buffer's page, if it is dirty. `Ok(false)` if its content lock is taken.
    pub(crate) fn write_claimed(&self, id: u32) -> Result<bool> {
        match self.inner.pool.frames.try_share(id as usize) {
            Some(frame) => self.write_locked(id, Page::from_bytes(&frame)).map(|()| true),
            None => Ok(false),
        }
    }

    /// The same, waiting for the content lock.
    fn write_pinned(&self, id: u32) -> Result<()> {
        let frame = self.inner.pool.frames.share(id as usize);
        self.write_locked(id, Page::from_bytes(&frame))
    }

    fn write_locked(&self, id: u32, page: &Page) -> Result<()> {
        let header = self.inner.pool.header(id);
        let state = header.state.load(Acquire);
        if state & DIRTY == 0 || state & VALID == 0 {
            return Ok(());
        }
        if state & PERMANENT != 0 {
            self.inner.wal.flush(page.lsn());
        }
        let tag = header.tag();
        let (locator, fork, block) = (tag.locator(), tag.fork(), tag.block());
        let checksum = (self.inner.checksums && !page.is_new()).then(|| page.compute_checksum(block));
        self.inner.files.write(locator, fork, block, page, checksum)?;
        if state & PERMANENT != 0 {
            self.request_sync(FileTag::of(locator, fork, block));
        }
        header.state.fetch_and(!(DIRTY | CHECKPOINT), AcqRel);
        Ok(())
    }

    /// Writes all dirty pages of permanent relations (of all, with `everything`: at shutdown), in the order of the files. After each
    /// page `pace` is told how much is done, from 0 to 1, and may sleep.
    ///
    /// # Errors
    /// Those of file access; the checkpoint has then failed.
    pub fn write_dirty(&self, everything: bool, mut pace: impl FnMut(f64)) -> Result<WriteStatistics> {
        let pool = &self.inner.pool;
        let wanted = if everything { DIRTY } else { DIRTY | PERMANENT };
        let mut todo: Vec<(Tag, u32)> = Vec::new();
        for (id, header) in pool.headers.iter().enumerate() {
            let mut state = header.state.load(Acquire);
            while state & wanted == wanted {
                match header.state.compare_exchange_weak(state, state | CHECKPOINT, AcqRel, Acquire) {
                    Ok(_) => {
                        todo.push((header.tag(), id as u32));
                        break;
                    }
                    Err(now) => state = now,
                }
            }
        }
        todo.sort_unstable_by_key(|(tag, _)| (tag.tablespace, tag.database, tag.file, tag.fork, tag.block));
        let total = todo.len().max(1) as f64;
        let mut written = 0;
        for (n, &(_, id)) in todo.iter().enumerate() {
            let header = pool.header(id);
            // Written by somebody else meanwhile, or even holding another page: then the flag is gone.
            if header.state.load(Acquire) & CHECKPOINT == 0 || !header.pin_if_tagged(0) {
                continue;
            }
            let result = self.write_pinned(id);
            header.unpin();
            result?;
            written += 1;
            pace((n + 1) as f64 / total);
        }
        pool.state.written_by_checkpoints.fetch_add(written, Relaxed);
        self.count(IoContext::Normal, IoOperation::Write, written);
        Ok(WriteStatistics { pages: written, pool: pool.headers.len() as u64 })
    }

    /// One round of the background writer: writes dirty pages that the sweep will come to next, as many as were needed lately
    /// (times `multiplier`), at most `limit`. `seen` keeps the demand between rounds. Returns how many pages were written.
    ///
    /// # Errors
    /// Those of file access.
    pub fn write_ahead(&self, seen: &mut u64, multiplier: f64, limit: u32) -> Result<u32> {
        let pool = &self.inner.pool;
        let claimed = pool.state.claimed.load(Relaxed);
        let demand = claimed.wrapping_sub(*seen);
        *seen = claimed;
        let count = pool.headers.len() as u64;
        let mut wanted = ((demand as f64 * multiplier) as u64).min(count);
        let hand = pool.state.hand.load(Relaxed);
        let mut written = 0;
        for n in 0..count {
            if wanted == 0 || written >= limit {
                break;
            }
            let id = ((hand + n) % count) as u32;
            let header = pool.header(id);
            let state = header.state.load(Relaxed);
            if state & PINS != 0 || state & USES != 0 {
                continue;
            }
            wanted -= 1;
            if state & DIRTY != 0 && header.pin_if_tagged(0) {
                let result = self.write_claimed(id);
                header.unpin();
                written += result? as u32;
            }
        }
        pool.state.written_by_background.fetch_add(written as u64, Relaxed);
        self.count(IoContext::Normal, IoOperation::Write, written as u64);
        Ok(written)
    }

    /// Writes the dirty pages of a relation's fork, without syncing the file.
    ///
    /// # Errors
    /// Those of file access.
    pub fn write_relation(&self, locator: RelFileLocator, fork: Fork) -> Result<()> {
        self.for_each_buffer(Pages::Fork(locator, fork, 0), |storage, id| storage.write_pinned(id))
    }

    /// Writes the dirty pages of a database: before its files are copied.
    ///
    /// # Errors
    /// Those of file access.
    pub fn write_database(&self, database: Oid) -> Result<()> {
        self.for_each_buffer(Pages::Database(database), |storage, id| storage.write_pinned(id))
    }

    /// Calls `f` with every buffer that holds such a page; pinned.
    fn for_each_buffer(&self, pages: Pages, f: impl Fn(&Storage, u32) -> Result<()>) -> Result<()> {
        for (id, header) in self.inner.pool.headers.iter().enumerate() {
            if header.state.load(Acquire) & TAGGED == 0 || !pages.holds(&header.tag()) || !header.pin_if_tagged(0) {
                continue;
            }
            let result = if pages.holds(&header.tag()) { f(self, id as u32) } else { Ok(()) };
            header.unpin();
            result?;
        }
        Ok(())
    }

    /// Throws pages out of the pool without writing them: their files go. Nobody uses them any more; a writer in the background may
    /// still have one pinned for a moment.
    pub(crate) fn discard(&self, pages: Pages) {
        for (id, header) in self.inner.pool.headers.iter().enumerate() {
            self.discard_buffer(id as u32, header, |tag| pages.holds(tag));
        }
    }

    /// The same for the pages `from..to` of a fork, looked up one by one: for small relations.
    pub(crate) fn discard_range(&self, locator: RelFileLocator, fork: Fork, from: u32, to: u32) {
        let pool = &self.inner.pool;
        for block in from..to {
            let tag = Tag::new(locator, fork, ids::BlockNumber(block));
            let hash = pool.map.hash(&tag);
            let found = pool.map.share(hash).get(hash, &tag).copied();
            if let Some(id) = found {
                self.discard_buffer(id, pool.header(id), |other| *other == tag);
            }
        }
    }

    fn discard_buffer(&self, id: u32, header: &crate::pool::Header, wanted: impl Fn(&Tag) -> bool) {
        let pool = &self.inner.pool;
        let mut tries = 0u32;
        loop {
            if header.state.load(Acquire) & TAGGED == 0 || !wanted(&header.tag()) || !header.pin_if_tagged(0) {
                return;
            }
            let tag = header.tag();
            if !wanted(&tag) {
                header.unpin();
                return;
            }
            let hash = pool.map.hash(&tag);
            let mut partition = pool.map.exclusive(hash);
            let mut state = header.state.load(Acquire);
            let alone = loop {
                if state & PINS != 1 {
                    break false;
                }
                match header.state.compare_exchange_weak(state, 1, AcqRel, Acquire) {
                    Ok(_) => break true,
                    Err(now) => state = now,
                }
            };
            if alone {
                partition.remove(hash, &tag);
                drop(partition);
                header.unpin();
                return;
            }
            drop(partition);
            // Whoever writes it is about to finish; there is no point in his going on.
            header.state.fetch_and(!(DIRTY | CHECKPOINT), AcqRel);
            header.unpin();
            tries += 1;
            if tries > 100_000 {
                wal::panic_process(format_args!("buffer {id} of a dropped relation stays pinned"));
            }
            if tries > 10 {
                std::thread::sleep(std::time::Duration::from_micros(100));
            } else {
                std::thread::yield_now();
            }
        }
    }

    /// Counters since the server's start.
    pub fn statistics(&self) -> PoolStatistics {
        let state = self.inner.pool.state.get();
        PoolStatistics {
            allocated: state.claimed.load(Relaxed),
            written_by_backends: state.written_by_backends.load(Relaxed),
            written_by_background: state.written_by_background.load(Relaxed),
            written_by_checkpoints: state.written_by_checkpoints.load(Relaxed),
        }
    }

    /// Registers a file that was written, so that the next checkpoint syncs it. If the table is full it is synced here.
    pub(crate) fn request_sync(&self, tag: FileTag) {
        let pool = &self.inner.pool;
        let key = FileKey::new(tag);
        let hash = pool.syncs.hash(&key);
        if pool.syncs.share(hash).get(hash, &key).is_some() {
            return;
        }
        let cycle = pool.state.sync_cycle.load(Acquire);
        let full = pool.syncs.exclusive(hash).get_or_insert_with(hash, key, || cycle).is_err();
        if full {
            self.count(IoContext::Normal, IoOperation::Fsync, 1);
        }
        if full && let Err(e) = self.inner.files.sync(tag) {
            wal::panic_process(e.message());
        }
    }

    /// Syncs all files that were written before this call.
    ///
    /// A failed sync ends the process, since the kernel may have forgotten the pages.
    pub fn sync_files(&self) -> SyncStatistics {
        let pool = &self.inner.pool;
        let cycle = pool.state.sync_cycle.fetch_add(1, AcqRel) + 1;
        let mut keys = Vec::new();
        pool.syncs.for_each(|key, &requested| {
            if requested < cycle {
                keys.push(*key);
            }
        });
        keys.sort_unstable_by_key(|key| (key.tablespace, key.database, key.file, key.fork, key.segment));
        let mut statistics = SyncStatistics::default();
        for key in &keys {
            // Out of the table first: a write after this makes a new request, which the sync under way might not cover.
            let hash = pool.syncs.hash(key);
            pool.syncs.exclusive(hash).remove(hash, key);
            let started = Instant::now();
            self.count(IoContext::Normal, IoOperation::Fsync, 1);
            if let Err(e) = self.inner.files.sync(key.tag()) {
                wal::panic_process(e.message());
            }
            let time = started.elapsed();
            statistics.files += 1;
            statistics.total += time;
            statistics.longest = statistics.longest.max(time);
        }
        statistics
    }

    /// Forgets sync requests for a relation's files: they go.
    pub(crate) fn forget_syncs(&self, wanted: impl Fn(&FileKey) -> bool) {
        let pool = &self.inner.pool;
        let mut keys = Vec::new();
        pool.syncs.for_each(|key, _| {
            if wanted(key) {
                keys.push(*key);
            }
        });
        for key in keys {
            let hash = pool.syncs.hash(&key);
            pool.syncs.exclusive(hash).remove(hash, &key);
        }
    }

    /// The LSN of a page in the pool, for tests and tools.
    pub fn page_lsn(&self, buffer: &crate::Buffer) -> Lsn {
        buffer.share().lsn()
    }
}
