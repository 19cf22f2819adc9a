//! Building an index of the rows that are there.
//!
//! Entries that come in an order of their keys (neighbours in the order being near each other: a space-filling curve) are packed:
//! every level is written from left to right, each page once, and its union goes up to the next level. Where a class has no such order,
//! entries are inserted one by one.

use access::{Index, IndexEntry, SortedEntries, Store};
use error::{Error, Result, SqlState};
use ids::{BlockNumber, Fork};
use storage::page::LINE_POINTER_SIZE;
use storage::{Image, PageMut};

use crate::action::{Actions, Kind};
use crate::key;
use crate::page::{Entry, INNER_MAX, LEAF_MAX, ROOT, USABLE, inner_entry, leaf_entry};
use crate::tree::{Tree, carry_out};

/// Entries of a page under construction, one behind the other.
#[derive(Default)]
struct Level {
    bytes: Vec<u8>,
    ends: Vec<u32>,
}

impl Level {
    fn push(&mut self, item: &[u8]) {
        self.bytes.extend_from_slice(item);
        self.ends.push(self.bytes.len() as u32);
    }

    fn size(&self) -> usize {
        self.bytes.len() + self.ends.len() * LINE_POINTER_SIZE
    }

    fn items(&self) -> Vec<&[u8]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, &end)| &self.bytes[start as usize..end as usize]).collect()
    }
}

struct Builder<'a> {
    tree: Tree<'a>,
    levels: Vec<Level>,
}

/// Fills an empty index. An entry's key is its place in the order, or empty if there is none; its payload is the entry's whole body.
pub(crate) fn build(store: &Store, index: &Index, entries: &mut dyn SortedEntries) -> Result<u64> {
    let tree = Tree::new(store, index)?;
    create(&tree)?;
    let mut builder = Builder { tree, levels: Vec::new() };
    let (mut count, mut item) = (0, Vec::new());
    while let Some(IndexEntry { key, payload, tid }) = entries.next()? {
        count += 1;
        if key.is_empty() {
            let (columns, payload) = key::split_payload(payload, tree.classes.len())?;
            tree.insert(None, IndexEntry { key: columns, payload, tid })?;
            continue;
        }
        item.clear();
        leaf_entry(&mut item, tid.to_u64(), payload, &[]);
        if item.len() > LEAF_MAX {
            return Err(too_long(index, item.len()));
        }
        builder.add(0, &item)?;
    }
    builder.finish()?;
    Ok(count)
}

/// Writes the root as the first page of an empty fork: a leaf.
fn create(tree: &Tree<'_>) -> Result<()> {
    create_fork(tree, Fork::Main, tree.index.persistence)
}

/// The same for any fork.
pub(crate) fn create_fork(tree: &Tree<'_>, fork: Fork, persistence: access::Persistence) -> Result<()> {
    let access = storage::Access { persistence, ..storage::Access::default() };
    let extended = tree.store.storage.extend(tree.index.locator, fork, 1, &access)?;
    let mut guard = extended.buffer.exclusive();
    let mut actions = Actions::new();
    actions.init(0, 0, BlockNumber::INVALID, 0, 0);
    let mut change = tree.change(Kind::Build);
    carry_out(&mut change, &mut guard, Image::WillInit, &actions);
    change.finish_for(persistence, ids::Xid::INVALID);
    Ok(())
}

impl Builder<'_> {
    /// Adds an entry at the end of a level.
    fn add(&mut self, level: usize, item: &[u8]) -> Result<()> {
        if self.levels.len() == level {
            self.levels.push(Level::default());
        }
        let fill = USABLE * self.tree.index.fillfactor.clamp(10, 100) as usize / 100;
        let current = &self.levels[level];
        let need = item.len() + LINE_POINTER_SIZE;
        if current.size() + need > fill && current.ends.len() > 1 || current.size() + need > USABLE {
            self.complete(level)?;
        }
        self.levels[level].push(item);
        Ok(())
    }

    /// Writes a level's page out, and tells the level above.
    fn complete(&mut self, level: usize) -> Result<()> {
        let page = std::mem::take(&mut self.levels[level]);
        let items = page.items();
        let bodies: Vec<&[u8]> = items.iter().map(|item| Entry(item).body()).collect();
        let columns = key::union(self.tree.classes, &bodies)?;
        let Tree { store, index, .. } = self.tree;
        let extended = store.storage.extend(index.locator, Fork::Main, 1, &self.tree.access())?;
        self.write(&mut extended.buffer.exclusive(), level, &items)?;
        let mut downlink = Vec::new();
        inner_entry(&mut downlink, extended.first, &columns);
        if downlink.len() > INNER_MAX {
            return Err(too_long(index, downlink.len()));
        }
        self.add(level + 1, &downlink)
    }

    fn write(&self, guard: &mut PageMut<'_>, level: usize, items: &[&[u8]]) -> Result<()> {
        self.tree.store.storage.wal().make_room()?;
        let mut actions = Actions::new();
        actions.init(level as u16, 0, BlockNumber::INVALID, 0, 0).items(items.iter().copied());
        let mut change = self.tree.change(Kind::Build);
        carry_out(&mut change, guard, Image::WillInit, &actions);
        self.tree.finish(change);
        Ok(())
    }

    /// Writes the last page of every level; the highest is the root.
    fn finish(&mut self) -> Result<()> {
        let mut level = 0;
        while level + 1 < self.levels.len() {
            if !self.levels[level].ends.is_empty() {
                self.complete(level)?;
            }
            level += 1;
        }
        if let Some(root) = self.levels.get(level) {
            let buffer = self.tree.read(ROOT)?;
            self.write(&mut buffer.exclusive(), level, &root.items())?;
        }
        Ok(())
    }
}

#[cold]
fn too_long(index: &Index, size: usize) -> Error {
    Error::new(
        SqlState::PROGRAM_LIMIT_EXCEEDED,
        format!("index row size {size} exceeds maximum {LEAF_MAX} for index \"{}\"", index.name),
    )
}
