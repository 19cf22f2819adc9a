//! Relations as a whole: creation, extension, truncation, removal; and the records that tell of them.

use crate::files::{FileTag, SEGMENT_PAGES};
use crate::pool::FileKey;
use crate::write::Pages;
use crate::{Access, BlockNumber, Extended, FreeSpaceMap, Persistence, Storage, VisibilityMap, relation_path};
use error::{Error, Result, SqlState};
use ids::{Fork, Lsn, Oid, RelFileLocator, Xid};
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
use std::sync::atomic::Ordering::{AcqRel, Acquire};
use wal::{Record, RmgrId};

/// A fork was created: locator, fork.
pub const CREATE: u8 = 0x10;
/// A relation was truncated: locator, blocks.
pub const TRUNCATE: u8 = 0x20;

fn encode(locator: RelFileLocator, number: u32) -> [u8; 16] {
    let mut bytes = [0; 16];
    for (n, value) in [locator.tablespace.0, locator.database.0, locator.file.0, number].into_iter().enumerate() {
        bytes[n * 4..n * 4 + 4].copy_from_slice(&value.to_le_bytes());
    }
    bytes
}

pub(crate) fn decode(bytes: &[u8]) -> Option<(RelFileLocator, u32)> {
    let bytes: &[u8; 16] = bytes.try_into().ok()?;
    let word = |n: usize| u32::from_le_bytes([bytes[n * 4], bytes[n * 4 + 1], bytes[n * 4 + 2], bytes[n * 4 + 3]]);
    Some((RelFileLocator::new(Oid(word(0)), Oid(word(1)), Oid(word(2))), word(3)))
}

impl Storage {
    /// How many pages a fork has; zero if the file does not exist.
    ///
    /// # Errors
    /// Those of file access.
    pub fn block_count(&self, locator: RelFileLocator, fork: Fork) -> Result<u32> {
        Ok(self.inner.files.block_count(locator, fork)?.unwrap_or(0))
    }

    /// Whether a fork's file exists.
    ///
    /// # Errors
    /// Those of file access.
    pub fn exists(&self, locator: RelFileLocator, fork: Fork) -> Result<bool> {
        Ok(self.inner.files.open(FileTag { locator, fork, segment: 0 })?.is_some())
    }

    /// Makes an empty fork. Logged for permanent relations (and for every init fork). The caller has promised (to its
    /// transaction) to [`Storage::unlink`] it should the transaction abort.
    ///
    /// # Errors
    /// `58P02` if the file exists.
    pub fn create(&self, locator: RelFileLocator, fork: Fork, persistence: Persistence) -> Result<()> {
        let tag = FileTag { locator, fork, segment: 0 };
        match self.inner.files.create(tag, false) {
            // The first relation of its database in the tablespace.
            Err(e) if e.state() == SqlState::UNDEFINED_FILE && locator.tablespace != ids::oids::DEFAULT_TABLESPACE => {
                self.make_database_directory(locator.tablespace, locator.database)?;
                self.inner.files.create(tag, false)?;
            }
            created => created?,
        }
        if persistence.is_logged() || fork == Fork::Init {
            let mut record = Record::new(RmgrId::STORAGE, CREATE);
            record.data(&encode(locator, fork as u32));
            self.inner.wal.insert(&record, Xid::INVALID)?;
        }
        Ok(())
    }

    /// Makes a fork if it does not exist, without logging it: in redo, and for maps, which repair themselves.
    ///
    /// # Errors
    /// Those of file access.
    pub fn create_if_missing(&self, locator: RelFileLocator, fork: Fork) -> Result<()> {
        if self.exists(locator, fork)? {
            return Ok(());
        }
        let tag = FileTag { locator, fork, segment: 0 };
        match self.inner.files.create(tag, true) {
            Err(e) if e.state() == SqlState::UNDEFINED_FILE => {
                // In redo the database's directory may be gone, or not made yet.
                let directory = crate::database_directory(locator.tablespace, locator.database);
                let path = self.inner.files.absolute(&directory);
                std::fs::create_dir_all(&path)
                    .map_err(|e| Error::io(format_args!("could not create directory \"{directory}\""), &e))?;
                self.inner.files.create(tag, true)
            }
            result => result,
        }
    }

    /// Adds `count` pages of zeros to the end of a fork, atomically against others who do. They are in the pool afterwards.
    /// Fewer are added where the pool is small or a segment ends. Whoever looks at the fork's last pages may find them at once: who
    /// wants to use one locks it, and looks whether it is still new.
    ///
    /// # Errors
    /// `54000` at the relation's size limit, `53100` when the disk is full.
    pub fn extend(&self, locator: RelFileLocator, fork: Fork, count: u32, access: &Access<'_>) -> Result<Extended> {
        if access.persistence.is_logged() {
            self.inner.wal.make_room()?;
        }
        let mut claimed = self.claim_some(count, access)?;
        let hash = BuildHasherDefault::<DefaultHasher>::default().hash_one((locator, fork));
        let lock = &self.inner.pool.state.get().extension[hash as usize % 32];
        let guard = lock.exclusive();
        let (first, count) = match self.end_of_file(locator, fork, claimed.len() as u32) {
            Ok(end) => end,
            Err(e) => {
                self.unclaim(&claimed);
                return Err(e);
            }
        };
        self.unclaim(&claimed[count as usize..]);
        claimed.truncate(count as usize);
        let lengthen = || self.inner.files.extend(locator, fork, first, count);
        let buffer = self.enter_new(locator, fork, first, &claimed, access, lengthen)?;
        drop(guard);
        self.count(access.io_context(), stats::IoOperation::Extend, count as u64);
        if access.persistence.is_logged() {
            self.request_sync(FileTag::of(locator, fork, first));
        }
        Ok(Extended { buffer, first, count })
    }

    /// Where a fork ends, and how many pages of `count` can be added there.
    fn end_of_file(&self, locator: RelFileLocator, fork: Fork, count: u32) -> Result<(BlockNumber, u32)> {
        let first = self.inner.files.block_count(locator, fork)?.unwrap_or(0);
        let count = count.min(SEGMENT_PAGES - first % SEGMENT_PAGES);
        if first as u64 + count as u64 > BlockNumber::MAX.0 as u64 {
            let path = relation_path(locator, fork);
            return Err(Error::new(
                SqlState::PROGRAM_LIMIT_EXCEEDED,
                format!("cannot extend relation \"{path}\" beyond {} blocks", BlockNumber::MAX.0),
            ));
        }
        Ok((BlockNumber(first), count))
    }

    /// In redo: makes the file at least `blocks` long.
    pub(crate) fn extend_to(&self, locator: RelFileLocator, fork: Fork, blocks: u32) -> Result<()> {
        self.create_if_missing(locator, fork)?;
        loop {
            let have = self.inner.files.block_count(locator, fork)?.unwrap_or(0);
            if have >= blocks {
                return Ok(());
            }
            let count = (blocks - have).min(SEGMENT_PAGES - have % SEGMENT_PAGES);
            self.inner.files.extend(locator, fork, BlockNumber(have), count)?;
            self.request_sync(FileTag::of(locator, fork, BlockNumber(have)));
        }
    }

    /// Removes all forks of these relations, with their pages in the pool: at commit of a drop, at abort of a creation, and in
    /// their redo. The name of the main fork stays taken until the next checkpoint, so that a new relation cannot get it
    /// while the log still tells of the old one. Failures are left to the log reader: the transaction has ended already.
    pub fn unlink(&self, locators: &[RelFileLocator]) {
        let pool = &self.inner.pool;
        for &locator in locators {
            self.discard_relation(locator);
            self.forget_syncs(|key| key.tag().locator == locator);
            for fork in Fork::ALL {
                if let Err(e) = self.inner.files.remove(locator, fork, fork == Fork::Main) {
                    eprintln!("WARNING:  {}", e.message());
                }
            }
            let key = FileKey::new(FileTag { locator, fork: Fork::Main, segment: 0 });
            let hash = pool.unlinks.hash(&key);
            let cycle = pool.state.unlink_cycle.load(Acquire);
            if pool.unlinks.exclusive(hash).get_or_insert_with(hash, key, || cycle).is_err() {
                let _ = self.inner.files.remove(locator, Fork::Main, false);
            }
        }
    }

    fn discard_relation(&self, locator: RelFileLocator) {
        let counts = Fork::ALL.map(|fork| self.inner.files.block_count(locator, fork).ok().flatten());
        let total: u64 = counts.iter().flatten().map(|&count| count as u64).sum();
        if total < self.inner.pool.headers.len() as u64 / 32 {
            for (fork, count) in Fork::ALL.into_iter().zip(counts) {
                self.discard_range(locator, fork, 0, count.unwrap_or(0));
            }
        } else {
            self.discard(Pages::Relation(locator));
        }
    }

    /// Throws a database's pages out of the pool and forgets its files: before its directory goes.
    pub fn forget_database(&self, database: Oid) {
        self.discard(Pages::Database(database));
        self.forget_syncs(|key| key.database == database.0);
        self.inner.files.close_all();
    }

    /// Closes this process's open files of a relation, whose files another process removed or replaced (part of cache invalidation).
    pub fn forget_files(&self, locator: RelFileLocator) {
        self.inner.files.forget(locator);
    }

    /// Closes all of this process's open files.
    pub fn close_files(&self) {
        self.inner.files.close_all();
    }

    /// Cuts a relation's main fork to `blocks` pages, and its maps with it. Logged for permanent relations. The caller keeps
    /// everyone else away from the pages that go.
    ///
    /// # Errors
    /// Those of file access, before anything was changed; later ones end the process.
    pub fn truncate(&self, locator: RelFileLocator, blocks: u32, persistence: Persistence) -> Result<()> {
        let lsn = if persistence.is_logged() {
            let mut record = Record::new(RmgrId::STORAGE, TRUNCATE);
            record.data(&encode(locator, blocks));
            let lsn = self.inner.wal.insert(&record, Xid::INVALID)?;
            // The record must be on disk before the pages are gone: replay of older records expects them otherwise.
            self.inner.wal.flush(lsn);
            lsn
        } else {
            Lsn::INVALID
        };
        match self.truncate_files(locator, blocks, persistence) {
            Err(e) if lsn.is_valid() => wal::panic_process(e.message()),
            result => result,
        }
    }

    pub(crate) fn truncate_files(&self, locator: RelFileLocator, blocks: u32, persistence: Persistence) -> Result<()> {
        if self.exists(locator, Fork::FreeSpace)? {
            FreeSpaceMap::new(self, locator, persistence).truncate(blocks)?;
        }
        if self.exists(locator, Fork::Visibility)? {
            VisibilityMap::new(self, locator, persistence).truncate(blocks)?;
        }
        self.truncate_fork(locator, Fork::Main, blocks)
    }

    pub(crate) fn truncate_fork(&self, locator: RelFileLocator, fork: Fork, blocks: u32) -> Result<()> {
        let before = self.block_count(locator, fork)?;
        if before > blocks && (before - blocks) < self.inner.pool.headers.len() as u32 / 32 {
            self.discard_range(locator, fork, blocks, before);
        } else {
            self.discard(Pages::Fork(locator, fork, blocks));
        }
        self.inner.files.truncate(locator, fork, blocks)?;
        self.request_sync(FileTag::of(locator, fork, BlockNumber(blocks)));
        Ok(())
    }

    /// Writes a fork's pages and syncs its files now: for files that were filled without log.
    ///
    /// # Errors
    /// Those of writing; a failed sync ends the process.
    pub fn sync_now(&self, locator: RelFileLocator, fork: Fork) -> Result<()> {
        self.write_relation(locator, fork)?;
        let blocks = self.block_count(locator, fork)?;
        for segment in 0..=blocks / SEGMENT_PAGES {
            if let Err(e) = self.inner.files.sync(FileTag { locator, fork, segment }) {
                wal::panic_process(e.message());
            }
        }
        Ok(())
    }

    /// Appends pages to a fork past the pool, with checksums: for building an index or a copy of a relation. `pages` are the next
    /// ones at the end of the file. The caller logs them, or syncs the file with [`Storage::sync_now`] before it commits.
    ///
    /// # Errors
    /// `53100` when the disk is full.
    pub fn append(&self, locator: RelFileLocator, fork: Fork, pages: &mut [crate::Page]) -> Result<()> {
        let mut rest = pages;
        while !rest.is_empty() {
            let first = self.block_count(locator, fork)?;
            let count = (rest.len() as u32).min(SEGMENT_PAGES - first % SEGMENT_PAGES).min(64);
            let (now, later) = rest.split_at_mut(count as usize);
            self.inner.files.extend(locator, fork, BlockNumber(first), count)?;
            for (n, page) in now.iter_mut().enumerate() {
                let block = BlockNumber(first + n as u32);
                let checksum = (self.inner.checksums && !page.is_new()).then(|| page.compute_checksum(block));
                self.inner.files.write(locator, fork, block, page, checksum)?;
            }
            self.request_sync(FileTag::of(locator, fork, BlockNumber(first)));
            rest = later;
        }
        Ok(())
    }

    /// A checkpoint begins: files unlinked from now on keep their names until the next one.
    pub fn begin_unlink_cycle(&self) -> u64 {
        self.inner.pool.state.unlink_cycle.fetch_add(1, AcqRel) + 1
    }

    /// The checkpoint is complete: names of files that were unlinked before it began become free.
    pub fn end_unlink_cycle(&self, cycle: u64) {
        let pool = &self.inner.pool;
        let mut keys = Vec::new();
        pool.unlinks.for_each(|key, &requested| {
            if requested < cycle {
                keys.push(*key);
            }
        });
        for key in keys {
            let hash = pool.unlinks.hash(&key);
            pool.unlinks.exclusive(hash).remove(hash, &key);
            if let Err(e) = self.inner.files.remove(key.tag().locator, Fork::Main, false) {
                eprintln!("WARNING:  {}", e.message());
            }
        }
    }
}
