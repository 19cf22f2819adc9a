//! Files, pages, buffer pool, free space and visibility maps.
//!
//! A relation is a set of files ([`RelFileLocator`], [`Fork`]) of 8 KiB [`Page`]s. Processes see them only through the
//! shared buffer pool: [`Storage::read`] pins a page, a guard of its [`Buffer`] gives access, and [`Storage::change`] is the one
//! way to change it. What pages mean is the access methods' matter.
//!
//! # Invariants
//!
//! - A page is read under its shared content lock and changed under its exclusive one, inside a [`Change`]. Nothing
//!   changes a page under a shared lock, not even a hint.
//! - A dirty page reaches the disk only after the log is flushed up to its LSN.
//! - A buffer that is pinned keeps its page.
//! - A failed sync of a data file ends the process: recovery will write the page again.
#![forbid(unsafe_code)]

mod buffer;
mod change;
mod config;
mod control;
mod free_space;
pub mod page;
mod redo;
mod visibility;

pub use buffer::{Access, Buffer, Extended, PageMut, PageRef, ReadMode, Strategy, StrategyKind};
pub use change::{Change, Unlogged};
pub use config::{Persistence, StorageConfig};
pub use control::{CheckpointRecord, ClusterState, ControlFile};
pub use free_space::FreeSpaceMap;
pub use ids::{BlockNumber, Fork, RelFileLocator};
pub use page::{LinePointer, LineState, Page};
pub use redo::{CheckpointParticipant, Redo, RedoContext, RedoPage, ResourceManager};
pub use visibility::{VisibilityMap, VisibilityStatus};
pub use wal::Image;

use error::{Error, Result};
use wal::RmgrId;

/// The store's pages and files: a handle that every process and thread of a server has. Cheap to clone.
#[derive(Clone)]
pub struct Storage {}

impl Storage {
    /// Pins a page, reading it if it is not in the pool.
    ///
    /// # Errors
    /// `XX001` for a damaged page or one beyond the end of the file, and those of file access.
    pub fn read(
        &self,
        _locator: RelFileLocator,
        _fork: Fork,
        _block: BlockNumber,
        _access: &Access<'_>,
    ) -> Result<Buffer> {
        Err(Error::not_implemented("page access"))
    }

    /// Tells the system that these pages will be read soon.
    pub fn prefetch(&self, _locator: RelFileLocator, _fork: Fork, _first: BlockNumber, _count: u32) {}

    /// Adds `count` pages of zeros to the end of a fork, atomically against others who do. They are in the pool afterwards.
    ///
    /// # Errors
    /// `54000` at the relation's size limit, `53100` when the disk is full.
    pub fn extend(&self, _locator: RelFileLocator, _fork: Fork, _count: u32, _access: &Access<'_>) -> Result<Extended> {
        Err(Error::not_implemented("relation extension"))
    }

    /// How many pages a fork has; zero if the file does not exist.
    pub fn block_count(&self, _locator: RelFileLocator, _fork: Fork) -> Result<u32> {
        Err(Error::not_implemented("relation size"))
    }

    /// Whether a fork's file exists.
    pub fn exists(&self, _locator: RelFileLocator, _fork: Fork) -> Result<bool> {
        Err(Error::not_implemented("file access"))
    }

    /// Makes an empty fork. Logged for permanent relations. The caller has promised (to its transaction) to
    /// [`Storage::unlink`] it should the transaction abort.
    ///
    /// # Errors
    /// `58P02` if the file exists.
    pub fn create(&self, _locator: RelFileLocator, _fork: Fork, _persistence: Persistence) -> Result<()> {
        Err(Error::not_implemented("file creation"))
    }

    /// Removes all forks of these relations, with their pages in the pool: at commit of a drop, at abort of a creation, and in
    /// their redo. The name of the main fork stays taken until the next checkpoint, so that a new relation cannot get it
    /// while the log still tells of the old one.
    pub fn unlink(&self, _locators: &[RelFileLocator]) {}

    /// Cuts a relation's main fork to `blocks` pages, and its maps with it. Logged for permanent relations. The caller keeps
    /// everyone else away from the pages that go.
    pub fn truncate(&self, _locator: RelFileLocator, _blocks: u32, _persistence: Persistence) -> Result<()> {
        Err(Error::not_implemented("truncation"))
    }

    /// Syncs a fork's files now: for files that were filled without log.
    pub fn sync_now(&self, _locator: RelFileLocator, _fork: Fork) -> Result<()> {
        Err(Error::not_implemented("file sync"))
    }

    /// Begins a logged change; see [`Change`].
    pub fn change<'a>(&self, rmgr: RmgrId, info: u8) -> Change<'a> {
        Change::new(self.clone(), rmgr, info)
    }
}
