//! Pinned pages and the locks on their contents.

use crate::{Page, Persistence};
use ids::{BlockNumber, Fork, RelFileLocator};
use std::marker::PhantomData;
use std::ops::Deref;

/// What to do about the file's contents when a page is not in the pool.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReadMode {
    /// Read it and verify it.
    #[default]
    Normal,
    /// A damaged page comes as zeros (`zero_damaged_pages`, and maps that heal themselves).
    ZeroOnError,
    /// Do not read: the caller fills the page, under the exclusive lock.
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

/// A small ring of buffers that bulk work reuses instead of sweeping through the pool.
pub struct Strategy {
    kind: StrategyKind,
}

impl Strategy {
    /// A ring for this kind of work.
    pub fn new(kind: StrategyKind) -> Strategy {
        Strategy { kind }
    }

    /// What it is for.
    pub fn kind(&self) -> StrategyKind {
        self.kind
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
    locator: RelFileLocator,
    fork: Fork,
    block: BlockNumber,
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

    /// Waits for the shared lock on the page's contents.
    pub fn share(&self) -> PageRef<'_> {
        PageRef { page: Page::zeroed(), buffer: PhantomData }
    }

    /// Waits for the exclusive lock on the page's contents.
    pub fn exclusive(&self) -> PageMut<'_> {
        PageMut { page: Page::zeroed(), buffer: PhantomData }
    }

    /// The exclusive lock, if nobody holds any.
    pub fn try_exclusive(&self) -> Option<PageMut<'_>> {
        None
    }

    /// Waits for the exclusive lock and for everyone else's pins to go, so that line pointers may be reused.
    pub fn cleanup(&self) -> PageMut<'_> {
        self.exclusive()
    }

    /// The exclusive lock, if nobody holds any and nobody else has the page pinned.
    pub fn try_cleanup(&self) -> Option<PageMut<'_>> {
        None
    }

    /// Changes hints on the page: facts that can be found out again (commit status, dead index entries). Does nothing and
    /// answers `false` if the lock is not free at once. With checksums, the first such change after a checkpoint logs the whole page.
    /// `change` says whether it changed anything.
    pub fn hint(&self, _change: impl FnOnce(&mut Page) -> bool) -> bool {
        false
    }
}

/// The page under the shared lock.
pub struct PageRef<'b> {
    page: Page,
    buffer: PhantomData<&'b Buffer>,
}

impl Deref for PageRef<'_> {
    type Target = Page;
    fn deref(&self) -> &Page {
        &self.page
    }
}

/// The page under the exclusive lock. It is changed through a [`Change`](crate::Change).
pub struct PageMut<'b> {
    pub(crate) page: Page,
    buffer: PhantomData<&'b Buffer>,
}

impl PageMut<'_> {
    /// The block that is locked.
    pub fn block(&self) -> BlockNumber {
        BlockNumber::INVALID
    }

    /// Changes hints on the page while holding the lock already; see [`Buffer::hint`].
    pub fn hint(&mut self, _change: impl FnOnce(&mut Page) -> bool) {}
}

impl Deref for PageMut<'_> {
    type Target = Page;
    fn deref(&self) -> &Page {
        &self.page
    }
}
