//! Building an index from sorted entries: every level is written from left to right, each page once.
//!
//! A page is complete when the next entry no longer fits under the fill factor; only then its high key is known. Each level
//! keeps its current page in private memory and hands complete ones down to the file, and a downlink up to the next level.

use access::{Index, SortedEntries, Store};
use error::{Error, Result, SqlState};
use ids::{BlockNumber, Fork};
use storage::page::LINE_POINTER_SIZE;
use storage::{Access, Image, ReadMode, Strategy, StrategyKind};

use crate::action::{Actions, Kind};
use crate::page::{
    ITEM_MAX, Item, META_BLOCK, Meta, POSTING_MAX, SearchKey, TID_SIZE, USABLE, flags, inner_item, leaf_item,
    posting_item, separator,
};
use crate::tree::{OwnedKey, Tree, carry_out};

/// The most pages by which the file grows ahead of the writer.
const EXTEND_MAX: u32 = 64;

/// A level's page under construction.
struct Level {
    block: BlockNumber,
    left: BlockNumber,
    /// The place from which on entries belong here.
    low: OwnedKey,
    items: Items,
    size: usize,
}

/// Items of a page to come, one behind the other.
#[derive(Default)]
struct Items {
    bytes: Vec<u8>,
    ends: Vec<u32>,
}

impl Items {
    fn len(&self) -> usize {
        self.ends.len()
    }

    fn push(&mut self, item: &[u8]) {
        self.bytes.extend_from_slice(item);
        self.ends.push(self.bytes.len() as u32);
    }

    fn get(&self, n: usize) -> &[u8] {
        let start = if n == 0 { 0 } else { self.ends[n - 1] };
        &self.bytes[start as usize..self.ends[n] as usize]
    }

    fn last(&self) -> &[u8] {
        self.len().checked_sub(1).map_or(&[], |n| self.get(n))
    }
}

pub(crate) struct Builder<'a> {
    tree: Tree<'a>,
    strategy: Strategy,
    levels: Vec<Level>,
    next_block: u32,
    extended: u32,
    /// Tids of equal keys on their way into one item.
    key: Vec<u8>,
    tids: Vec<u64>,
    /// The item that they become.
    item: Vec<u8>,
    entries: u64,
}

impl<'a> Builder<'a> {
    pub fn build(store: &'a Store, index: &'a Index, entries: &mut dyn SortedEntries) -> Result<u64> {
        let mut builder = Builder {
            tree: Tree { store, index },
            strategy: Strategy::new(StrategyKind::BulkWrite),
            levels: Vec::new(),
            next_block: 1,
            extended: store.storage.block_count(index.locator, Fork::Main)?,
            key: Vec::new(),
            tids: Vec::new(),
            item: Vec::new(),
            entries: 0,
        };
        let mut item = Vec::new();
        while let Some(entry) = entries.next()? {
            builder.entries += 1;
            let tid = entry.tid.to_u64();
            if !entry.payload.is_empty() || !index.deduplicate {
                builder.flush()?;
                item.clear();
                leaf_item(&mut item, entry.key, tid, entry.payload);
                builder.add(0, &item)?;
                continue;
            }
            let full = 2 + builder.key.len() + (builder.tids.len() + 1) * TID_SIZE > POSTING_MAX;
            if builder.tids.is_empty() || full || builder.key != entry.key {
                builder.flush()?;
                builder.key.clear();
                builder.key.extend_from_slice(entry.key);
            }
            builder.tids.push(tid);
        }
        builder.flush()?;
        builder.finish()?;
        Ok(builder.entries)
    }

    fn flush(&mut self) -> Result<()> {
        if self.tids.is_empty() {
            return Ok(());
        }
        let mut item = std::mem::take(&mut self.item);
        item.clear();
        posting_item(&mut item, &self.key, &self.tids);
        self.tids.clear();
        let added = self.add(0, &item);
        self.item = item;
        added
    }

    fn new_level(&mut self, left: BlockNumber, low: OwnedKey) -> Level {
        let block = BlockNumber(self.next_block);
        self.next_block += 1;
        Level { block, left, low, items: Items::default(), size: 0 }
    }

    /// Adds an item at the end of a level.
    fn add(&mut self, level: usize, item: &[u8]) -> Result<()> {
        if item.len() > ITEM_MAX + 10 || level == 0 && item.len() > ITEM_MAX {
            return Err(Error::new(
                SqlState::PROGRAM_LIMIT_EXCEEDED,
                format!(
                    "index row size {} exceeds btree version 4 maximum {ITEM_MAX} for index \"{}\"",
                    item.len(),
                    self.tree.index.name
                ),
            )
            .hint(
                "Values larger than 1/3 of a buffer page cannot be indexed.\n\
                 Consider a function index of an MD5 hash of the value, or use full text indexing.",
            ));
        }
        if self.levels.len() == level {
            let first = self.new_level(BlockNumber::INVALID, OwnedKey::default());
            self.levels.push(first);
        }
        let fill = if level == 0 { self.tree.index.fillfactor.clamp(10, 100) as usize } else { 70 };
        let need = item.len() + LINE_POINTER_SIZE;
        let current = &self.levels[level];
        // The high key to come must fit too: at most as long as this item.
        let high = need + 10;
        let full =
            current.size + need > USABLE * fill / 100 && current.items.len() > 1 || current.size + need + high > USABLE;
        if full && current.items.len() > 0 {
            self.complete(level, item)?;
        }
        let current = &mut self.levels[level];
        current.size += need;
        current.items.push(item);
        Ok(())
    }

    /// Writes a level's page out, `next` being the first item of the page to come, and tells the level above.
    fn complete(&mut self, level: usize, next: &[u8]) -> Result<()> {
        let (left, right) = (Item(self.levels[level].items.last()), Item(next));
        let high = if level == 0 { separator(left.last(), right.first()) } else { right.separator() };
        let high = OwnedKey::from(high);
        let block = self.levels[level].block;
        let new = self.new_level(block, high.clone());
        let old = std::mem::replace(&mut self.levels[level], new);
        let right = self.levels[level].block;
        self.write(level, &old, Some((&high, right)), 0)?;
        self.add_downlink(level + 1, &old)
    }

    fn add_downlink(&mut self, level: usize, child: &Level) -> Result<()> {
        let mut item = Vec::new();
        inner_item(&mut item, child.low.borrow(), child.block);
        self.add(level, &item)
    }

    fn write(&mut self, level: usize, page: &Level, right: Option<(&OwnedKey, BlockNumber)>, flags: u16) -> Result<()> {
        let mut actions = Actions::new();
        let right_block = right.map_or(BlockNumber::INVALID, |(_, block)| block);
        actions.init(level as u16, flags, page.left, right_block);
        if let Some((high, _)) = right {
            let mut item = Vec::new();
            inner_item(&mut item, high.borrow(), BlockNumber::INVALID);
            actions.items([&item[..]].into_iter());
        }
        let mut bare = Vec::new();
        if level > 0 && page.items.len() > 0 {
            inner_item(&mut bare, SearchKey::FIRST, Item(page.items.get(0)).child());
        }
        actions.items((0..page.items.len()).map(|n| if n == 0 && level > 0 { &bare[..] } else { page.items.get(n) }));
        self.write_page(page.block, &actions)
    }

    fn write_page(&mut self, block: BlockNumber, actions: &Actions) -> Result<()> {
        let Tree { store, index } = self.tree;
        let access = Access {
            strategy: Some(&self.strategy),
            mode: ReadMode::Normal,
            persistence: index.persistence,
            blocks: None,
        };
        while self.extended <= block.0 {
            // A quarter of what there is, so that small indexes stay small.
            let ahead = (block.0 / 4).min(EXTEND_MAX);
            let missing = block.0 + 1 - self.extended;
            let extended = store.storage.extend(index.locator, Fork::Main, missing + ahead, &access)?;
            self.extended = extended.first.0 + extended.count;
        }
        store.storage.wal().make_room()?;
        let buffer = store.storage.read(index.locator, Fork::Main, block, &access)?;
        let mut guard = buffer.exclusive();
        let mut change = self.tree.change(Kind::Build);
        carry_out(&mut change, &mut guard, Image::WillInit, actions);
        self.tree.finish(change);
        Ok(())
    }

    /// Writes the last page of every level, and the meta page.
    fn finish(&mut self) -> Result<()> {
        let mut level = 0;
        let mut meta = Meta { root: BlockNumber::INVALID, level: 0 };
        while level < self.levels.len() {
            let is_root = level + 1 == self.levels.len();
            let empty = Level {
                block: BlockNumber::INVALID,
                left: BlockNumber::INVALID,
                low: OwnedKey::default(),
                items: Items::default(),
                size: 0,
            };
            let last = std::mem::replace(&mut self.levels[level], empty);
            if is_root && !last.left.is_valid() {
                meta = Meta { root: last.block, level: level as u32 };
                self.write(level, &last, None, flags::ROOT)?;
            } else {
                self.write(level, &last, None, 0)?;
                self.add_downlink(level + 1, &last)?;
            }
            level += 1;
        }
        let mut actions = Actions::new();
        actions.meta(meta);
        self.write_page(META_BLOCK, &actions)?;
        // Pages added too early are for those who insert.
        let spare = self.extended.saturating_sub(self.next_block);
        if spare > 0 {
            self.tree.free_space_map().record_range(BlockNumber(self.next_block), spare, USABLE)?;
        }
        Ok(())
    }
}
