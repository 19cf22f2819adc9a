//! Getting pages into the pool: look-up, eviction, reading.
//!
//! The hit path is one look-up under a shared partition lock and one exchange for the pin. A miss claims a buffer, locks its
//! frame, enters it in the map and reads into the frame; whoever looks the page up meanwhile pins it and waits for the frame's lock.

use crate::page::PageFault;
use crate::pool::{DIRTY, FLAGS, PERMANENT, PIN, PINS, TAGGED, Tag, USE, USES, VALID};
use crate::{Access, Buffer, Page, Persistence, ReadMode, Storage, StrategyKind, relation_path};
use error::{Error, Result, SqlState};
use ids::{BlockNumber, Fork, PAGE_SIZE, RelFileLocator};
use shm::FrameMut;
use stats::{IoContext, IoOperation};
use std::io::IoSliceMut;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};

/// Most pages that one read takes.
const RUN_MAX: usize = 32;

/// A buffer of ours in the map, whose frame is not filled yet.
struct Filling {
    buffer: Buffer,
    frame: FrameMut,
}

/// What became of an attempt to enter a page in the map.
enum Entered {
    /// It was there already; pinned.
    Found(Buffer),
    /// It has a buffer now, to be filled.
    New(Filling),
}

impl Storage {
    /// Pins a page, reading it if it is not in the pool.
    ///
    /// # Errors
    /// `XX001` for a damaged page or one beyond the end of the file, and those of file access.
    #[inline]
    pub fn read(&self, locator: RelFileLocator, fork: Fork, block: BlockNumber, access: &Access<'_>) -> Result<Buffer> {
        if let Some(blocks) = access.blocks {
            blocks.fetched.fetch_add(1, Relaxed);
        }
        if let Some(buffer) = self.look_up(locator, fork, block, access)
            && buffer.is_valid()
        {
            self.count(access.io_context(), IoOperation::Hit, 1);
            return Ok(buffer);
        }
        if let Some(blocks) = access.blocks {
            blocks.read.fetch_add(1, Relaxed);
        }
        self.read_slow(locator, fork, block, access)
    }

    /// Pins a page if it is in the pool; nothing is read.
    pub fn read_cached(&self, locator: RelFileLocator, fork: Fork, block: BlockNumber) -> Option<Buffer> {
        self.look_up(locator, fork, block, &Access::default()).filter(Buffer::is_valid)
    }

    /// The same for a page of the relation that `before` is of: a table that was read in sequence mostly has its pages in neighbouring
    /// frames, so the frame behind is looked at first, which spares the map's scattered memory.
    pub fn read_cached_after(&self, before: &Buffer, block: BlockNumber) -> Option<Buffer> {
        let Buffer { locator, fork, .. } = *before;
        let guess = (before.id + 1) % self.inner.pool.headers.len() as u32;
        self.guessed(guess, locator, fork, block, 0).or_else(|| self.read_cached(locator, fork, block))
    }

    /// As [`Storage::read`], for a page that is read again and again: `frame` is where the caller remembers in which frame it was last.
    ///
    /// # Errors
    /// Those of [`Storage::read`].
    #[inline]
    pub fn read_again(
        &self,
        locator: RelFileLocator,
        fork: Fork,
        block: BlockNumber,
        access: &Access<'_>,
        frame: &AtomicU32,
    ) -> Result<Buffer> {
        let guess = frame.load(Relaxed);
        if (guess as usize) < self.inner.pool.headers.len()
            && let Some(buffer) = self.guessed(guess, locator, fork, block, access.uses())
        {
            self.count_hit(access);
            return Ok(buffer);
        }
        let buffer = self.read(locator, fork, block, access)?;
        frame.store(buffer.id, Relaxed);
        Ok(buffer)
    }

    /// Pins the page in a frame, if it is this one.
    #[inline]
    fn guessed(&self, id: u32, locator: RelFileLocator, fork: Fork, block: BlockNumber, uses: u64) -> Option<Buffer> {
        let (header, tag) = (self.inner.pool.header(id), Tag::new(locator, fork, block));
        if header.tag() != tag || !header.pin_if_tagged(uses) {
            return None;
        }
        let buffer = self.buffer(id, locator, fork, block);
        // Only now, pinned, does the tag stay as it is.
        (header.tag() == tag && buffer.is_valid()).then_some(buffer)
    }

    /// Counts the use of a page that [`Storage::read_cached`] pinned ahead as [`Storage::read`] does.
    #[inline]
    pub fn count_hit(&self, access: &Access<'_>) {
        if let Some(blocks) = access.blocks {
            blocks.fetched.fetch_add(1, Relaxed);
        }
        self.count(access.io_context(), IoOperation::Hit, 1);
    }

    /// Reads up to `count` pages from `first` on into the pool, as one read where they are not there, and appends them, pinned, to
    /// `buffers`: for scans. Stops early where a page is in the pool already, so look at how many there are; at least one.
    ///
    /// # Errors
    /// Those of [`Storage::read`].
    pub fn read_run(
        &self,
        locator: RelFileLocator,
        fork: Fork,
        first: BlockNumber,
        count: u32,
        access: &Access<'_>,
        buffers: &mut Vec<Buffer>,
    ) -> Result<()> {
        let buffer = match self.look_up(locator, fork, first, access) {
            Some(buffer) if buffer.is_valid() => buffer,
            _ => return self.load(locator, fork, first, count, access, buffers),
        };
        buffers.push(buffer);
        Ok(())
    }

    /// Tells the system that these pages will be read soon.
    pub fn prefetch(&self, locator: RelFileLocator, fork: Fork, first: BlockNumber, count: u32) {
        if count > 0 && self.read_cached(locator, fork, first).is_none() {
            self.inner.files.advise(locator, fork, first, count);
        }
    }

    fn buffer(&self, id: u32, locator: RelFileLocator, fork: Fork, block: BlockNumber) -> Buffer {
        Buffer { storage: *self, header: self.inner.pool.header(id), id, fork, block, locator }
    }

    #[inline]
    fn look_up(&self, locator: RelFileLocator, fork: Fork, block: BlockNumber, access: &Access<'_>) -> Option<Buffer> {
        let map = &self.inner.pool.map;
        let tag = Tag::new(locator, fork, block);
        let hash = map.hash(&tag);
        let partition = map.share(hash);
        let id = *partition.get(hash, &tag)?;
        self.inner.pool.frames.prefetch_head(id as usize);
        self.inner.pool.header(id).pin(access.uses());
        drop(partition);
        Some(self.buffer(id, locator, fork, block))
    }

    #[cold]
    fn read_slow(
        &self,
        locator: RelFileLocator,
        fork: Fork,
        block: BlockNumber,
        access: &Access<'_>,
    ) -> Result<Buffer> {
        let mut one = Vec::with_capacity(1);
        loop {
            self.load(locator, fork, block, 1, access, &mut one)?;
            if let Some(buffer) = one.pop() {
                return Ok(buffer);
            }
        }
    }

    /// Reads a run of pages that are not in the pool. Nothing is appended if somebody else failed to read the first one: try again.
    fn load(
        &self,
        locator: RelFileLocator,
        fork: Fork,
        first: BlockNumber,
        count: u32,
        access: &Access<'_>,
        buffers: &mut Vec<Buffer>,
    ) -> Result<()> {
        let segment_left = crate::files::SEGMENT_PAGES - first.0 % crate::files::SEGMENT_PAGES;
        let count = count.min(self.inner.io_combine).min(segment_left).max(1) as usize;
        let mut filling: Vec<Filling> = Vec::with_capacity(count.min(RUN_MAX));
        for n in 0..count.min(RUN_MAX) as u32 {
            let block = BlockNumber(first.0 + n);
            if n > 0 && self.read_cached(locator, fork, block).is_some() {
                break;
            }
            match self.enter(locator, fork, block, access) {
                Ok(Entered::New(new)) => filling.push(new),
                Ok(Entered::Found(_)) if n > 0 => break,
                Ok(Entered::Found(buffer)) => {
                    // Somebody else reads it. When he is done he leaves the lock; if he failed, it is our turn.
                    let mut guard = buffer.exclusive();
                    if !buffer.is_valid() {
                        let (page, _) = guard.parts();
                        self.fill_one(&buffer, page, access)?;
                    }
                    drop(guard);
                    buffers.push(buffer);
                    return Ok(());
                }
                Err(e) if n == 0 => return Err(e),
                Err(_) => break, // No buffer to be had for the read-ahead: go on without.
            }
        }
        self.fill(locator, fork, first, filling, access, buffers)
    }

    /// Fills frames that are locked, and unlocks them.
    fn fill(
        &self,
        locator: RelFileLocator,
        fork: Fork,
        first: BlockNumber,
        mut filling: Vec<Filling>,
        access: &Access<'_>,
        buffers: &mut Vec<Buffer>,
    ) -> Result<()> {
        if access.mode == ReadMode::Zero {
            for Filling { buffer, mut frame } in filling {
                frame.fill(0);
                buffer.header.state.fetch_or(VALID, Release);
                drop(frame);
                buffers.push(buffer);
            }
            return Ok(());
        }
        let mut parts: Vec<IoSliceMut<'_>> = filling.iter_mut().map(|f| IoSliceMut::new(&mut f.frame[..])).collect();
        let read = self.inner.files.read(locator, fork, first, &mut parts)?;
        self.count(access.io_context(), IoOperation::Read, parts.len() as u64);
        drop(parts);
        for (n, Filling { buffer, mut frame }) in filling.into_iter().enumerate() {
            let whole = read >= (n + 1) * PAGE_SIZE;
            if !whole && n > 0 {
                break; // Read ahead beyond the end of the file. Unfilled buffers stay invalid, and are evicted in time.
            }
            let got = read.saturating_sub(n * PAGE_SIZE).min(PAGE_SIZE);
            match self.accept(&buffer, Page::from_bytes_mut(&mut frame), got, access) {
                Err(_) if n > 0 => break, // Its own reader will be told.
                result => result?,
            }
            drop(frame);
            buffers.push(buffer);
        }
        Ok(())
    }

    fn fill_one(&self, buffer: &Buffer, page: &mut Page, access: &Access<'_>) -> Result<()> {
        let got = if access.mode == ReadMode::Zero {
            page.fill(0);
            PAGE_SIZE
        } else {
            let mut part = [IoSliceMut::new(&mut page[..])];
            self.count(access.io_context(), IoOperation::Read, 1);
            self.inner.files.read(buffer.locator, buffer.fork, buffer.block, &mut part)?
        };
        self.accept(buffer, page, got, access)
    }

    /// Checks a page that was read (`got` bytes of it) and makes it valid.
    fn accept(&self, buffer: &Buffer, page: &mut Page, got: usize, access: &Access<'_>) -> Result<()> {
        let verdict = if got < PAGE_SIZE { None } else { Some(page.verify(buffer.block, self.inner.checksums)) };
        match verdict {
            Some(Ok(())) => {}
            _ if access.mode == ReadMode::ZeroOnError => page.fill(0),
            None => return Err(beyond_end(buffer.locator, buffer.fork, buffer.block, got)),
            Some(Err(fault)) => return Err(damaged(fault, buffer)),
        }
        buffer.header.state.fetch_or(VALID, Release);
        Ok(())
    }

    /// Enters a page in the map with a buffer of its own, unless it is there. The frame is locked before anybody can find it.
    fn enter(&self, locator: RelFileLocator, fork: Fork, block: BlockNumber, access: &Access<'_>) -> Result<Entered> {
        let id = self.claim(access.strategy)?;
        Ok(self.enter_claimed(id, locator, fork, block, access))
    }

    fn enter_claimed(
        &self,
        id: u32,
        locator: RelFileLocator,
        fork: Fork,
        block: BlockNumber,
        access: &Access<'_>,
    ) -> Entered {
        let pool = &self.inner.pool;
        let header = pool.header(id);
        // Free at once: nobody has pinned the buffer but we.
        let frame = pool.frames.exclusive(id as usize);
        let tag = Tag::new(locator, fork, block);
        let hash = pool.map.hash(&tag);
        let mut partition = pool.map.exclusive(hash);
        match partition.get_or_insert_with(hash, tag, || id) {
            Ok((&mut found, false)) => {
                pool.header(found).pin(access.uses());
                drop(partition);
                drop(frame);
                header.state.fetch_and(!(FLAGS | USES), AcqRel);
                header.unpin();
                Entered::Found(self.buffer(found, locator, fork, block))
            }
            Ok((_, true)) => {
                header.set_tag(tag);
                let permanent = if access.persistence == Persistence::Permanent { PERMANENT } else { 0 };
                header.state.fetch_or(TAGGED | permanent | USE, Release);
                drop(partition);
                Entered::New(Filling { buffer: self.buffer(id, locator, fork, block), frame })
            }
            Err(_) => wal::panic_process("the buffer table is corrupted"),
        }
    }

    /// Claims a buffer: pinned once, by us, and without a page. Writes its old page if that is dirty.
    fn claim(&self, strategy: Option<&crate::Strategy>) -> Result<u32> {
        let pool = &self.inner.pool;
        pool.state.claimed.fetch_add(1, Relaxed);
        let context = Access { strategy, ..Access::default() }.io_context();
        if let Some(strategy) = strategy {
            let (slot, candidate) = strategy.next(pool.headers.len());
            if let Some(id) = candidate
                && pool.header(id).claim(false, true)
            {
                // A scan that would have to flush the log for its own ring leaves the dirty page to others.
                let dirty = pool.header(id).state.load(Relaxed) & DIRTY != 0;
                if dirty && strategy.kind() == StrategyKind::BulkRead {
                    pool.header(id).unpin();
                } else if self.vacate(id, context)? {
                    self.count(context, IoOperation::Reuse, 1);
                    return Ok(id);
                }
            }
            let id = self.sweep(context)?;
            strategy.put(slot, id);
            return Ok(id);
        }
        self.sweep(context)
    }

    fn sweep(&self, context: IoContext) -> Result<u32> {
        let pool = &self.inner.pool;
        let count = pool.headers.len() as u64;
        let mut tries = 0;
        // Every pass takes one use from each buffer, so after all uses are gone only pinned ones are left.
        while tries < count * (crate::pool::USES_MAX + 3) {
            tries += 1;
            let id = (pool.state.hand.fetch_add(1, Relaxed) % count) as u32;
            if pool.header(id).claim(true, false) && self.vacate(id, context)? {
                return Ok(id);
            }
        }
        Err(Error::new(SqlState::INSUFFICIENT_RESOURCES, "no unpinned buffers available"))
    }

    /// Takes the page out of a claimed buffer. Answers `false`, with the claim given back, if somebody pinned it meanwhile.
    fn vacate(&self, id: u32, context: IoContext) -> Result<bool> {
        let pool = &self.inner.pool;
        let header = pool.header(id);
        if header.state.load(Acquire) & DIRTY != 0 {
            let written = self.write_claimed(id);
            if !matches!(written, Ok(true)) {
                header.unpin();
                return written;
            }
            pool.state.written_by_backends.fetch_add(1, Relaxed);
            self.count(context, IoOperation::Write, 1);
        }
        if header.state.load(Acquire) & TAGGED == 0 {
            return Ok(true); // Nobody can find it.
        }
        let tag = header.tag();
        let hash = pool.map.hash(&tag);
        let mut partition = pool.map.exclusive(hash);
        let mut state = header.state.load(Acquire);
        loop {
            if state & PINS != PIN || state & DIRTY != 0 {
                drop(partition);
                header.unpin();
                return Ok(false);
            }
            match header.state.compare_exchange_weak(state, PIN, AcqRel, Acquire) {
                Ok(_) => break,
                Err(now) => state = now,
            }
        }
        partition.remove(hash, &tag);
        self.count(context, IoOperation::Evict, 1);
        Ok(true)
    }

    /// Enters the pages behind a fork's end in the pool, their frames locked, then has the file made longer, and makes them pages of
    /// zeros. In this order, because others find the pages as soon as the file has them: they must meet our locks then, and
    /// never have what they wrote overwritten. The caller keeps other extenders out. Returns the first one.
    pub(crate) fn enter_new(
        &self,
        locator: RelFileLocator,
        fork: Fork,
        first: BlockNumber,
        claimed: &[u32],
        access: &Access<'_>,
        lengthen: impl FnOnce() -> Result<()>,
    ) -> Result<Buffer> {
        let enter = |(n, &id): (usize, &u32)| {
            let block = BlockNumber(first.0 + n as u32);
            match self.enter_claimed(id, locator, fork, block, access) {
                Entered::New(filling) => filling,
                // Left over from reading beyond the end. Its reader, if there is one, gets nothing, and then we go on.
                Entered::Found(buffer) => {
                    let frame = self.inner.pool.frames.exclusive(buffer.id as usize);
                    Filling { buffer, frame }
                }
            }
        };
        let filling: Vec<Filling> = claimed.iter().enumerate().map(enter).collect();
        lengthen()?; // If it fails the buffers stay invalid, and are evicted in time.
        let mut new = None;
        for Filling { buffer, mut frame } in filling {
            frame.fill(0);
            buffer.header.state.fetch_or(VALID, Release);
            drop(frame);
            new.get_or_insert(buffer);
        }
        new.ok_or_else(|| Error::internal("an extension added no pages"))
    }

    /// Claims up to `count` buffers; at least one.
    pub(crate) fn claim_some(&self, count: u32, access: &Access<'_>) -> Result<Vec<u32>> {
        // Never more than a small part of the pool, which others need too.
        let count = count.min(64).min(self.inner.pool.headers.len() as u32 / 8).max(1);
        let mut claimed = Vec::with_capacity(count as usize);
        for _ in 0..count {
            match self.claim(access.strategy) {
                Ok(id) => claimed.push(id),
                Err(e) if claimed.is_empty() => return Err(e),
                Err(_) => break,
            }
        }
        Ok(claimed)
    }

    /// Gives claimed buffers back unused.
    pub(crate) fn unclaim(&self, claimed: &[u32]) {
        claimed.iter().for_each(|&id| self.inner.pool.header(id).unpin());
    }
}

fn beyond_end(locator: RelFileLocator, fork: Fork, block: BlockNumber, got: usize) -> Error {
    let path = relation_path(locator, fork);
    Error::corrupted(format!(
        "could not read blocks {block}..{block} in file \"{path}\": read only {got} of {PAGE_SIZE} bytes"
    ))
}

fn damaged(fault: PageFault, buffer: &Buffer) -> Error {
    let error = fault.into_error(buffer.block, &relation_path(buffer.locator, buffer.fork));
    match fault {
        PageFault::Checksum { expected, found } => {
            error.detail_log(format!("Page verification failed, calculated checksum {expected} but expected {found}."))
        }
        PageFault::Header => error,
    }
}
