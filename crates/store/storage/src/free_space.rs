//! Where a relation has room: one byte for each page.
//!
//! The byte is the free space in units of 32. A page of the map holds a binary tree in an array: leaves are heap pages (on
//! the lowest level) or map pages (above), each inner node is the larger of its children. Three levels of such pages
//! cover every possible relation, so the root always is page 0.
//!
//! ```text
//!   level 2   page 0            one tree whose leaves are the roots of level 1
//!   level 1   page 1, …         one tree whose leaves are the roots of level 0
//!   level 0   page 2, …         one tree whose leaves are heap pages
//! ```
//!
//! Pages are numbered depth first, so a small relation's map is three pages long.
//!
//! # Invariants
//!
//! None that others may rely on: the map is never logged, and may be wrong or damaged. A search that is led astray corrects what it
//! finds, and gives up after some rounds. Where a page's tree contradicts itself it is rebuilt.
//!
//! # Differences from PostgreSQL
//!
//! A page of leaves is found directly (level 0 knows its parent), without the *next slot* hint in every page; searches start at
//! a place that depends on the process, which spreads inserters over the pages as well.

use crate::page::PAGE_HEADER_SIZE;
use crate::{Access, Buffer, Page, PageMut, Persistence, ReadMode, Storage, Unlogged};
use error::Result;
use ids::{BlockNumber, Fork, PAGE_SIZE, RelFileLocator};
use wal::{Image, RmgrId};

/// Bytes of free space that one unit stands for.
const UNIT: usize = 32;
/// Inner nodes of a page's tree.
const INNER: usize = 4095;
/// Leaves of a page's tree: the rest of the page.
const LEAVES: usize = PAGE_SIZE - PAGE_HEADER_SIZE - INNER;
/// Levels of pages.
const LEVELS: u32 = 3;
/// How often a search may be led astray.
const PATIENCE: u32 = 100;

const _: () = assert!(LEAVES as u64 * LEAVES as u64 * LEAVES as u64 > u32::MAX as u64 && LEAVES <= INNER + 1);

/// A page of the map: its level, and its number among the pages of that level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Address {
    level: u32,
    number: u32,
}

impl Address {
    const ROOT: Address = Address { level: LEVELS - 1, number: 0 };

    /// The lowest page that holds a heap page's leaf, and which leaf.
    fn of(block: BlockNumber) -> (Address, usize) {
        (Address { level: 0, number: block.0 / LEAVES as u32 }, block.0 as usize % LEAVES)
    }

    fn parent(self) -> Option<(Address, usize)> {
        (self.level + 1 < LEVELS).then_some((
            Address { level: self.level + 1, number: self.number / LEAVES as u32 },
            self.number as usize % LEAVES,
        ))
    }

    fn child(self, leaf: usize) -> Address {
        Address { level: self.level - 1, number: self.number * LEAVES as u32 + leaf as u32 }
    }

    /// The page's block number: a page stands behind those above it and all that are left of it.
    fn block(self) -> BlockNumber {
        let (n, leaves) = (self.number as u64, LEAVES as u64);
        let block = match self.level {
            0 => 1 + (n / leaves + 1) + n,
            1 => 1 + n + n * leaves,
            _ => 0,
        };
        BlockNumber(block as u32)
    }
}

/// Units of free space that `bytes` are enough for.
fn units(bytes: usize) -> u8 {
    (bytes / UNIT).min(255) as u8
}

/// Units that a page must have for `bytes` to fit.
fn units_needed(bytes: usize) -> u8 {
    bytes.div_ceil(UNIT).clamp(1, 255) as u8
}

fn nodes(page: &Page) -> &[u8] {
    &page[PAGE_HEADER_SIZE..]
}

fn node(page: &Page, n: usize) -> u8 {
    page[PAGE_HEADER_SIZE + n]
}

/// The leaf under node `n` with at least `wanted`, walking down from the root; the right child first if a bit of `seed` says so.
fn descend(page: &Page, wanted: u8, seed: u32) -> Option<usize> {
    let nodes = nodes(page);
    if nodes[0] < wanted {
        return None;
    }
    let (mut n, mut depth) = (0, 0);
    while n < INNER {
        let (left, right) = (2 * n + 1, 2 * n + 2);
        let fits = |child: usize| nodes.get(child).is_some_and(|&value| value >= wanted);
        n = match (fits(left), fits(right)) {
            (true, true) => {
                if seed >> depth & 1 == 0 {
                    left
                } else {
                    right
                }
            }
            (true, false) => left,
            (false, true) => right,
            (false, false) => return Some(usize::MAX), // The tree contradicts itself.
        };
        depth += 1;
    }
    Some(n - INNER)
}

/// Sets a leaf and the nodes above it. Answers whether the root changed.
fn set_leaf(page: &mut Page, leaf: usize, value: u8) -> bool {
    let root = node(page, 0);
    let mut n = INNER + leaf;
    page[PAGE_HEADER_SIZE + n] = value;
    while n > 0 {
        n = (n - 1) / 2;
        let larger = node(page, 2 * n + 1).max(nodes(page).get(2 * n + 2).copied().unwrap_or(0));
        if node(page, n) == larger {
            break;
        }
        page[PAGE_HEADER_SIZE + n] = larger;
    }
    node(page, 0) != root
}

/// Makes all inner nodes fit the leaves.
fn rebuild(page: &mut Page) {
    for n in (0..INNER).rev() {
        let larger = [2 * n + 1, 2 * n + 2].into_iter().filter_map(|child| nodes(page).get(child).copied()).max();
        page[PAGE_HEADER_SIZE + n] = larger.unwrap_or(0);
    }
}

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

    fn access(&self) -> Access<'static> {
        Access { strategy: None, mode: ReadMode::ZeroOnError, persistence: self.persistence, blocks: None }
    }

    /// The map's page, if the map reaches that far; extended so that it does, with `make`.
    fn page(&self, address: Address, make: bool) -> Result<Option<Buffer>> {
        let block = address.block();
        let (locator, storage) = (self.locator, self.storage);
        if let Some(buffer) = storage.read_cached(locator, Fork::FreeSpace, block) {
            return Ok(Some(buffer));
        }
        loop {
            let have = storage.block_count(locator, Fork::FreeSpace)?;
            if have > block.0 {
                return storage.read(locator, Fork::FreeSpace, block, &self.access()).map(Some);
            }
            if !make {
                return Ok(None);
            }
            storage.create_if_missing(locator, Fork::FreeSpace)?;
            storage.extend(locator, Fork::FreeSpace, block.0 + 1 - have, &self.access())?;
        }
    }

    fn change(&self, guard: &mut PageMut<'_>, change: impl FnOnce(&mut Page)) {
        let mut logged = self.storage.change(RmgrId::STORAGE, 0);
        let slot = logged.page(guard, Image::Never);
        let page = logged.page_mut(slot);
        if page.is_new() {
            page.init(0);
        }
        change(page);
        logged.finish_unlogged(Unlogged::SelfHealing);
    }

    /// A page with at least `bytes` free, if the map knows one. The map may be wrong: look, and [`FreeSpaceMap::record_and_find`].
    ///
    /// # Errors
    /// Those of file access.
    pub fn find(&self, bytes: usize) -> Result<Option<BlockNumber>> {
        let wanted = units_needed(bytes);
        let seed = std::process::id().wrapping_mul(0x9E37_79B9);
        let mut address = Address::ROOT;
        for _ in 0..PATIENCE {
            let found = match self.page(address, false)? {
                None => None,
                Some(buffer) => {
                    let page = buffer.share();
                    let found = if page.is_new() { None } else { descend(&page, wanted, seed) };
                    drop(page);
                    if found == Some(usize::MAX) {
                        self.change(&mut buffer.exclusive(), rebuild);
                        continue;
                    }
                    found
                }
            };
            match (found, address.level) {
                (Some(leaf), 0) => {
                    let block = address.number as u64 * LEAVES as u64 + leaf as u64;
                    let exists = block < self.storage.block_count(self.locator, Fork::Main)? as u64;
                    if exists {
                        return Ok(Some(BlockNumber(block as u32)));
                    }
                    // Left over from before a truncation.
                    self.record(BlockNumber(block as u32), 0)?;
                    address = Address::ROOT;
                }
                (Some(leaf), _) => address = address.child(leaf),
                (None, _) => match address.parent() {
                    None => return Ok(None),
                    Some((parent, leaf)) => {
                        // The level above promised too much.
                        let root = self.root_of(address)?;
                        if let Some(buffer) = self.page(parent, false)? {
                            self.change(&mut buffer.exclusive(), |page| {
                                set_leaf(page, leaf, root);
                            });
                        }
                        address = Address::ROOT;
                    }
                },
            }
        }
        self.vacuum()?;
        Ok(None)
    }

    fn root_of(&self, address: Address) -> Result<u8> {
        Ok(match self.page(address, false)? {
            Some(buffer) => node(&buffer.share(), 0),
            None => 0,
        })
    }

    /// Notes that `block` has `free` bytes, and finds another page with at least `bytes`.
    ///
    /// # Errors
    /// Those of file access.
    pub fn record_and_find(&self, block: BlockNumber, free: usize, bytes: usize) -> Result<Option<BlockNumber>> {
        self.record(block, free)?;
        self.find(bytes)
    }

    /// Notes that `block` has `free` bytes.
    ///
    /// # Errors
    /// Those of file access.
    pub fn record(&self, block: BlockNumber, free: usize) -> Result<()> {
        self.record_range(block, 1, free)
    }

    /// Notes the same free space for `count` pages from `first` on: after an extension.
    ///
    /// # Errors
    /// Those of file access.
    pub fn record_range(&self, first: BlockNumber, count: u32, free: usize) -> Result<()> {
        let value = units(free);
        let mut next = first.0 as u64;
        let end = next + count as u64;
        while next < end {
            let (address, leaf) = Address::of(BlockNumber(next as u32));
            let now = ((end - next) as usize).min(LEAVES - leaf);
            let mut raised = None;
            if let Some(buffer) = self.page(address, true)? {
                let same = {
                    let page = buffer.share();
                    !page.is_new() && (0..now).all(|n| node(&page, INNER + leaf + n) == value)
                };
                if !same {
                    self.change(&mut buffer.exclusive(), |page| {
                        let mut changed = false;
                        for n in 0..now {
                            changed |= set_leaf(page, leaf + n, value);
                        }
                        raised = changed.then(|| node(page, 0));
                    });
                }
            }
            if let Some(root) = raised {
                self.raise(address, root)?;
            }
            next += now as u64;
        }
        Ok(())
    }

    /// Tells the levels above that a page's root has changed.
    fn raise(&self, address: Address, root: u8) -> Result<()> {
        let (mut address, mut root) = (address, root);
        while let Some((parent, leaf)) = address.parent() {
            let mut above = None;
            if let Some(buffer) = self.page(parent, true)? {
                self.change(&mut buffer.exclusive(), |page| {
                    above = set_leaf(page, leaf, root).then(|| node(page, 0));
                });
            }
            match above {
                Some(value) => (address, root) = (parent, value),
                None => break,
            }
        }
        Ok(())
    }

    /// The free bytes that the map knows of `block`.
    ///
    /// # Errors
    /// Those of file access.
    pub fn get(&self, block: BlockNumber) -> Result<usize> {
        let (address, leaf) = Address::of(block);
        Ok(match self.page(address, false)? {
            Some(buffer) => node(&buffer.share(), INNER + leaf) as usize * UNIT,
            None => 0,
        })
    }

    /// Makes every tree of the map agree with what lies below it: at the end of a vacuum, and when a search was led astray too
    /// often.
    ///
    /// # Errors
    /// Those of file access.
    pub fn vacuum(&self) -> Result<()> {
        let blocks = self.storage.block_count(self.locator, Fork::Main)?;
        let mut below: Vec<u8> = Vec::new();
        let mut pages = blocks as usize / LEAVES + 1;
        for level in 0..LEVELS {
            let mut roots = Vec::with_capacity(pages);
            for number in 0..pages {
                let address = Address { level, number: number as u32 };
                let Some(buffer) = self.page(address, false)? else { break };
                self.change(&mut buffer.exclusive(), |page| {
                    if level > 0 {
                        let known = below.chunks(LEAVES).nth(number).unwrap_or(&[]);
                        let leaves = &mut page[PAGE_HEADER_SIZE + INNER..];
                        leaves[..known.len()].copy_from_slice(known);
                        leaves[known.len()..].fill(0);
                    }
                    rebuild(page);
                    roots.push(node(page, 0));
                });
            }
            below = roots;
            pages = pages.div_ceil(LEAVES);
        }
        Ok(())
    }

    /// Forgets pages from `blocks` on: the relation is cut.
    pub(crate) fn truncate(&self, blocks: u32) -> Result<()> {
        let (address, leaf) = Address::of(BlockNumber(blocks));
        if let Some(buffer) = self.page(address, false)? {
            let mut root = 0;
            self.change(&mut buffer.exclusive(), |page| {
                page[PAGE_HEADER_SIZE + INNER + leaf..].fill(0);
                rebuild(page);
                root = node(page, 0);
            });
            self.raise(address, root)?;
            let keep = address.block().0 + 1;
            if self.storage.block_count(self.locator, Fork::FreeSpace)? > keep {
                self.storage.truncate_fork(self.locator, Fork::FreeSpace, keep)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_numbered_depth_first() {
        let at = |level, number| Address { level, number }.block().0;
        assert_eq!((at(2, 0), at(1, 0), at(0, 0), at(0, 1)), (0, 1, 2, 3));
        let leaves = LEAVES as u32;
        assert_eq!(at(0, leaves - 1), leaves + 1);
        assert_eq!((at(1, 1), at(0, leaves)), (leaves + 2, leaves + 3));
        assert_eq!((at(1, 2), at(0, 2 * leaves)), (2 * leaves + 3, 2 * leaves + 4));
    }

    #[test]
    fn a_tree_finds_what_its_leaves_have() {
        let mut page = Page::zeroed();
        page.init(0);
        assert_eq!(descend(&page, 1, 0), None);
        assert!(set_leaf(&mut page, 7, 100) && set_leaf(&mut page, LEAVES - 1, 200) && !set_leaf(&mut page, 9, 50));
        assert_eq!(descend(&page, 101, 0), Some(LEAVES - 1));
        assert!([Some(7), Some(LEAVES - 1)].contains(&descend(&page, 60, 1)));
        assert_eq!(descend(&page, 201, 0), None);
        assert!(set_leaf(&mut page, LEAVES - 1, 0));
        assert_eq!(descend(&page, 51, 0), Some(7));
        page[PAGE_HEADER_SIZE] = 255;
        assert_eq!(descend(&page, 250, 0), Some(usize::MAX));
        rebuild(&mut page);
        assert_eq!((node(&page, 0), descend(&page, 250, 0)), (100, None));
    }
}
