//! Which pages hold only tuples that everybody sees: two bits for each page.
//!
//! ```text
//! byte:  ┌────────┬────────┬────────┬────────┐
//!        │ page 3 │ page 2 │ page 1 │ page 0 │   each: bit 0 all-visible, bit 1 all-frozen
//!        └────────┴────────┴────────┴────────┘
//! ```
//!
//! A set bit is a promise, a clear one says nothing. Bits change together with the heap page, in one
//! [`Change`](crate::Change): so they are as durable as it, and cleared before anybody can see a page that breaks the promise.

use crate::page::PAGE_HEADER_SIZE;
use crate::{Access, Buffer, Page, Persistence, ReadMode, Storage, Unlogged};
use error::Result;
use ids::{BlockNumber, Fork, PAGE_SIZE, RelFileLocator};
use wal::{Image, RmgrId};

/// Heap pages that one page of the map covers.
const COVERED: u32 = ((PAGE_SIZE - PAGE_HEADER_SIZE) * 4) as u32;

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
/// Pin the map's page first with [`VisibilityMap::pin`], add it to the heap's change (as [`Image::Whole`]), and use
/// [`VisibilityMap::set`] and [`VisibilityMap::clear`] on its page; redo calls the same two.
pub struct VisibilityMap<'s> {
    storage: &'s Storage,
    locator: RelFileLocator,
    persistence: Persistence,
}

/// Where a page's bits are: map page, byte on it, shift.
fn place(block: BlockNumber) -> (BlockNumber, usize, u32) {
    let n = block.0 % COVERED;
    (BlockNumber(block.0 / COVERED), PAGE_HEADER_SIZE + (n / 4) as usize, n % 4 * 2)
}

impl<'s> VisibilityMap<'s> {
    /// The map of `locator`.
    pub fn new(storage: &'s Storage, locator: RelFileLocator, persistence: Persistence) -> VisibilityMap<'s> {
        VisibilityMap { storage, locator, persistence }
    }

    /// The map's page that holds `block`'s bits.
    pub const fn map_block(block: BlockNumber) -> BlockNumber {
        BlockNumber(block.0 / COVERED)
    }

    fn access(&self) -> Access<'static> {
        // A damaged page of the map comes as zeros: it promises nothing.
        Access { strategy: None, mode: ReadMode::ZeroOnError, persistence: self.persistence, blocks: None }
    }

    /// Pins the map's page that holds `block`'s bits, extending the map if need be. Not while holding the heap page's lock.
    ///
    /// # Errors
    /// Those of file access.
    pub fn pin(&self, block: BlockNumber) -> Result<Buffer> {
        let map_block = Self::map_block(block);
        loop {
            if let Some(buffer) = self.page(map_block)? {
                return Ok(buffer);
            }
            self.storage.create_if_missing(self.locator, Fork::Visibility)?;
            let have = self.storage.block_count(self.locator, Fork::Visibility)?;
            if have <= map_block.0 {
                self.storage.extend(self.locator, Fork::Visibility, map_block.0 + 1 - have, &self.access())?;
            }
        }
    }

    /// Pins the map's page that holds `block`'s bits, if the map reaches that far; whether `cached` is it already is seen first.
    ///
    /// # Errors
    /// Those of file access.
    pub fn pin_existing(&self, block: BlockNumber, cached: Option<Buffer>) -> Result<Option<Buffer>> {
        let map_block = Self::map_block(block);
        match cached {
            Some(buffer) if buffer.holds(self.locator, Fork::Visibility, map_block) => Ok(Some(buffer)),
            _ => self.page(map_block),
        }
    }

    fn page(&self, map_block: BlockNumber) -> Result<Option<Buffer>> {
        if let Some(buffer) = self.storage.read_cached(self.locator, Fork::Visibility, map_block) {
            return Ok(Some(buffer));
        }
        if self.storage.block_count(self.locator, Fork::Visibility)? <= map_block.0 {
            return Ok(None);
        }
        self.storage.read(self.locator, Fork::Visibility, map_block, &self.access()).map(Some)
    }

    /// What the map knows of `block`. `cache` keeps the map's page pinned between calls. May be outdated at once, unless the
    /// caller holds the heap page's lock.
    ///
    /// # Errors
    /// Those of file access.
    pub fn get(&self, block: BlockNumber, cache: &mut Option<Buffer>) -> Result<VisibilityStatus> {
        *cache = self.pin_existing(block, cache.take())?;
        Ok(cache.as_ref().map_or(VisibilityStatus::default(), |buffer| Self::status(&buffer.share(), block)))
    }

    /// How many pages are all-visible, and how many all-frozen.
    ///
    /// # Errors
    /// Those of file access.
    pub fn count(&self) -> Result<(u32, u32)> {
        let (mut visible, mut frozen) = (0, 0);
        for map_block in 0..self.storage.block_count(self.locator, Fork::Visibility)? {
            if let Some(buffer) = self.page(BlockNumber(map_block))? {
                let page = buffer.share();
                for word in page[PAGE_HEADER_SIZE..].as_chunks::<8>().0 {
                    let word = u64::from_le_bytes(*word);
                    visible += (word & 0x5555_5555_5555_5555).count_ones();
                    frozen += (word & 0xAAAA_AAAA_AAAA_AAAA).count_ones();
                }
            }
        }
        Ok((visible, frozen))
    }

    /// Reads `block`'s bits on its map page.
    pub fn status(map_page: &Page, block: BlockNumber) -> VisibilityStatus {
        let (_, byte, shift) = place(block);
        let bits = map_page[byte] >> shift;
        VisibilityStatus { all_visible: bits & 1 != 0, all_frozen: bits & 2 != 0 }
    }

    /// Sets `block`'s bits on its map page, within a change that has the heap page too.
    pub fn set(map_page: &mut Page, block: BlockNumber, status: VisibilityStatus) {
        if map_page.is_new() {
            map_page.init(0);
        }
        let (_, byte, shift) = place(block);
        let bits = status.all_visible as u8 | (status.all_frozen as u8) << 1;
        map_page[byte] = map_page[byte] & !(3 << shift) | bits << shift;
    }

    /// Clears `block`'s bits on its map page.
    pub fn clear(map_page: &mut Page, block: BlockNumber) {
        Self::set(map_page, block, VisibilityStatus::default());
    }

    /// Forgets pages from `blocks` on: the relation is cut. Called by the logged truncation and by its redo, and repeats itself there.
    pub(crate) fn truncate(&self, blocks: u32) -> Result<()> {
        let (map_block, byte, shift) = place(BlockNumber(blocks));
        if let Some(buffer) = self.page(map_block)? {
            let mut guard = buffer.exclusive();
            let mut change = self.storage.change(RmgrId::STORAGE, 0);
            let slot = change.page(&mut guard, Image::Never);
            let page = change.page_mut(slot);
            if !page.is_new() {
                page[byte] &= (1u8 << shift).wrapping_sub(1);
                page[byte + 1..].fill(0);
            }
            change.finish_unlogged(Unlogged::SelfHealing);
        }
        let keep = map_block.0 + 1;
        if self.storage.block_count(self.locator, Fork::Visibility)? > keep {
            self.storage.truncate_fork(self.locator, Fork::Visibility, keep)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_do_not_touch_their_neighbours() {
        let mut page = Page::zeroed();
        let all = VisibilityStatus { all_visible: true, all_frozen: true };
        let visible = VisibilityStatus { all_visible: true, all_frozen: false };
        for block in [0, 1, 2, 3, 4, COVERED - 1] {
            VisibilityMap::set(&mut page, BlockNumber(block), all);
        }
        VisibilityMap::set(&mut page, BlockNumber(2), visible);
        VisibilityMap::clear(&mut page, BlockNumber(3));
        let status = |block| VisibilityMap::status(&page, BlockNumber(block));
        assert_eq!([status(1), status(2), status(3), status(4)], [all, visible, VisibilityStatus::default(), all]);
        assert_eq!(status(COVERED - 1), all);
        assert_eq!(place(BlockNumber(COVERED)), (BlockNumber(1), PAGE_HEADER_SIZE, 0));
        assert_eq!(place(BlockNumber(COVERED - 1)).1, PAGE_SIZE - 1);
    }
}
