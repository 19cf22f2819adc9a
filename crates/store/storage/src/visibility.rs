//! Which pages hold only tuples that everybody sees: two bits for each page.

use crate::{Buffer, Persistence, Storage};
use error::Result;
use ids::{BlockNumber, RelFileLocator};

/// What the map knows of a page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct VisibilityStatus {
    /// Every tuple is visible to everybody.
    pub all_visible: bool,
    /// Every tuple is frozen as well.
    pub all_frozen: bool,
}

/// The visibility map of a relation.
///
/// A set bit is a promise, a clear one says nothing. Both bits change only together with the heap page, inside the
/// heap's [`Change`](crate::Change): pin the map's page first with [`VisibilityMap::pin`], then add it to the change, and use
/// [`VisibilityMap::set`] and [`VisibilityMap::clear`] on its page; redo calls the same two.
pub struct VisibilityMap<'s> {
    storage: &'s Storage,
    locator: RelFileLocator,
    persistence: Persistence,
}

impl<'s> VisibilityMap<'s> {
    /// The map of `locator`.
    pub fn new(storage: &'s Storage, locator: RelFileLocator, persistence: Persistence) -> VisibilityMap<'s> {
        VisibilityMap { storage, locator, persistence }
    }

    /// The map's page that holds `block`'s bits.
    pub const fn map_block(_block: BlockNumber) -> BlockNumber {
        BlockNumber(0)
    }

    /// Pins the map's page that holds `block`'s bits, extending the map if need be. Not while holding the heap page's lock.
    pub fn pin(&self, _block: BlockNumber) -> Result<Buffer> {
        let _ = (self.storage, self.locator, self.persistence);
        Err(error::Error::not_implemented("the visibility map"))
    }

    /// What the map knows of `block`. `cache` keeps the map's page pinned between calls. May be outdated at once, unless the
    /// caller holds the heap page's lock.
    pub fn get(&self, _block: BlockNumber, _cache: &mut Option<Buffer>) -> Result<VisibilityStatus> {
        Ok(VisibilityStatus::default())
    }

    /// How many pages are all-visible, and how many all-frozen.
    pub fn count(&self) -> Result<(u32, u32)> {
        Ok((0, 0))
    }

    /// Reads `block`'s bits on its map page.
    pub fn status(_map_page: &crate::Page, _block: BlockNumber) -> VisibilityStatus {
        VisibilityStatus::default()
    }

    /// Sets `block`'s bits on its map page.
    pub fn set(_map_page: &mut crate::Page, _block: BlockNumber, _status: VisibilityStatus) {}

    /// Clears `block`'s bits on its map page.
    pub fn clear(map_page: &mut crate::Page, block: BlockNumber) {
        Self::set(map_page, block, VisibilityStatus::default());
    }
}
