//! The B-tree: an index over byte strings.
//!
//! Keys are compared as bytes; `types::sortkey` made them such that this is SQL's order. An entry is a key, the place of its
//! row, and perhaps a payload. Entries with equal keys stand in the order of their places, so that every entry has one
//! place in the tree.
//!
//! Start with [`page`] (what a page looks like), then [`tree`](self) (descending, inserting, splitting), `scan`, `build`
//! and `vacuum`. [`action`] is the one place that changes pages, and all of redo.
//!
//! # Page-lock rules
//!
//! - A descent and a scan hold one lock at a time. Writers lock from left to right and from child to parent; nobody waits for
//!   a page below or left of one that he holds.
//! - A unique insertion keeps the first leaf that can hold the key locked while it looks for duplicates.
//! - Heap pages are read (never locked exclusively) under a leaf's lock.
//!
//! # Differences from PostgreSQL
//!
//! No comparison function is ever called; separators are cut to single bytes. Scans hold no pins, and go backwards by
//! descending to the leaf's lower fence. Pages are unlinked in one step. There is no fast root.
#![forbid(unsafe_code)]

pub mod action;
mod build;
#[cfg(test)]
mod model;
pub mod page;
mod scan;
mod split;
mod tree;
mod vacuum;
mod verify;

use std::sync::Arc;

use access::{
    Index, IndexAm, IndexEntry, IndexScan, IndexScanOptions, IndexVacuumReport, Inserted, KeyRange, Method,
    Persistence, RangeEstimate, SortedEntries, Store, Table, TableAm, UniqueCheck,
};
use error::Result;
use ids::{BlockNumber, Fork, TupleId, Xid};
use storage::{Access, Image, Page, ResourceManager};
use txn::Transaction;
use wal::{DecodedRecord, RmgrId};

use action::{Actions, Kind};
use page::{Meta, Node, SearchKey};
pub use scan::Scan;
use tree::{Goal, Steps, Tree};

/// The B-tree access method.
#[derive(Clone, Copy, Debug, Default)]
pub struct BtreeAm;

impl IndexAm for BtreeAm {
    fn create(&self, store: &Store, index: &Index) -> Result<()> {
        write_empty(store, index, Fork::Main, index.persistence)?;
        if index.persistence == Persistence::Unlogged && store.storage.exists(index.locator, Fork::Init)? {
            // What recovery makes of the index, so itself logged.
            write_empty(store, index, Fork::Init, Persistence::Permanent)?;
        }
        Ok(())
    }

    fn build(&self, store: &Store, index: &Index, entries: &mut dyn SortedEntries) -> Result<u64> {
        build::Builder::build(store, index, entries)
    }

    fn insert(
        &self,
        store: &Store,
        transaction: &Transaction,
        index: &Index,
        table: (&dyn TableAm, &Table),
        entry: IndexEntry<'_>,
        check: UniqueCheck,
    ) -> Result<Inserted> {
        Tree { store, index }.insert(transaction, table, entry, check)
    }

    fn scan(&self, store: &Store, index: &Arc<Index>, options: IndexScanOptions) -> Result<Box<dyn IndexScan>> {
        Ok(Box::new(scan::Scan::new(store, index, options)))
    }

    fn bulk_delete(
        &self,
        store: &Store,
        index: &Index,
        dead: &(dyn Fn(TupleId) -> bool + Sync),
        pause: &(dyn Fn() -> Result<()> + Sync),
    ) -> Result<IndexVacuumReport> {
        vacuum::bulk_delete(&Tree { store, index }, dead, pause)
    }

    fn vacuum_cleanup(&self, store: &Store, index: &Index) -> Result<IndexVacuumReport> {
        vacuum::cleanup(&Tree { store, index })
    }

    fn split_keys(&self, store: &Store, index: &Index, parts: usize) -> Result<Vec<Box<[u8]>>> {
        let tree = Tree { store, index };
        let root = tree.meta()?.root;
        if !root.is_valid() || parts < 2 {
            return Ok(Vec::new());
        }
        // The root's separators, and where they are too few, its children's.
        let mut keys: Vec<Box<[u8]>> = Vec::new();
        let mut pages = vec![root];
        let mut steps = Steps::default();
        while keys.len() + 1 < parts {
            keys.clear();
            let mut children = Vec::new();
            for &block in &pages {
                steps.next(&tree)?;
                let buffer = tree.read(block)?;
                let page = buffer.share();
                if page.is_leaf() || page.is_ignored() {
                    continue;
                }
                for line in page.first_entry()..=page.last_entry() {
                    let key = page.entry(line).key();
                    if !key.is_empty() {
                        keys.push(key.into());
                    }
                    children.push(page.entry(line).child());
                }
            }
            if children.is_empty() || children.len() > 4096 {
                break;
            }
            pages = children;
        }
        keys.dedup();
        let step = keys.len().div_ceil(parts - 1).max(1);
        Ok(keys.into_iter().step_by(step).collect())
    }

    fn estimate(&self, store: &Store, index: &Index, range: KeyRange<'_>) -> Result<RangeEstimate> {
        let tree = Tree { store, index };
        let lower = SearchKey { key: range.lower.unwrap_or(&[]), tid: 0 };
        let Some(low) = position(&tree, Some(lower))? else { return Ok(RangeEstimate::default()) };
        let upper = range.upper.map(|key| SearchKey { key, tid: 0 });
        let Some(high) = position(&tree, upper)? else { return Ok(RangeEstimate::default()) };
        let fraction = (high.fraction - low.fraction).clamp(0.0, 1.0);
        let leaves = store.storage.block_count(index.locator, Fork::Main)?.saturating_sub(1) as f64 * 0.98;
        let per_leaf = (low.leaf_entries + high.leaf_entries) as f64 / 2.0;
        let entries = if low.leaf == high.leaf {
            high.entry.saturating_sub(low.entry) as f64
        } else {
            fraction * leaves.max(1.0) * per_leaf
        };
        Ok(RangeEstimate { entries, fraction })
    }

    fn verify(&self, store: &Store, index: &Index) -> Result<IndexVacuumReport> {
        verify::verify(&Tree { store, index })
    }
}

/// Writes the meta page of an index without entries as the first page of an empty fork.
/// Where, in a serializable transaction's notes, the code of a hash index stands that a key begins with: a place that the index has not.
fn hash_place(index: &Index, key: &[u8]) -> Option<TupleId> {
    let code = key.first_chunk::<8>().filter(|_| index.method == Method::Hash)?;
    let code = u64::from_be_bytes(*code);
    // Neither the number that stands for all pages, nor the line that stands for a whole one.
    Some(TupleId::new(BlockNumber((code >> 33) as u32), code as u16 | 1))
}

fn write_empty(store: &Store, index: &Index, fork: Fork, persistence: Persistence) -> Result<()> {
    let access = Access { persistence, ..Access::default() };
    let extended = store.storage.extend(index.locator, fork, 1, &access)?;
    let mut guard = extended.buffer.exclusive();
    let mut actions = Actions::new();
    actions.meta(Meta { root: BlockNumber::INVALID, level: 0 });
    let mut change = Tree { store, index }.change(Kind::Build);
    tree::carry_out(&mut change, &mut guard, Image::WillInit, &actions);
    change.finish_for(persistence, Xid::INVALID);
    Ok(())
}

/// Where a key is in an index.
struct Whereabouts {
    fraction: f64,
    leaf: BlockNumber,
    entry: u64,
    leaf_entries: u64,
}

/// Where `key` is (the end, for none): each level's position refines that of the level above.
fn position(tree: &Tree<'_>, key: Option<SearchKey<'_>>) -> Result<Option<Whereabouts>> {
    let goal = key.map_or(Goal::Last, Goal::At);
    let mut block = tree.meta()?.root;
    let (mut fraction, mut width) = (0.0, 1.0);
    let mut steps = Steps::default();
    while block.is_valid() {
        steps.next(tree)?;
        let buffer = tree.read(block)?;
        let page = buffer.share();
        if page.is_ignored() || goal.is_right_of(&page) {
            block = page.right();
            continue;
        }
        let count = page.entry_count().max(1) as f64;
        if page.is_leaf() {
            let tids = |line: u16| page.entry(line).tids().len() as u64;
            let line = key.map_or(page.last_entry() + 1, |key| page.leaf_search(key));
            let before = (line - page.first_entry()) as f64;
            return Ok(Some(Whereabouts {
                fraction: fraction + width * before / count,
                leaf: block,
                entry: (page.first_entry()..line).map(tids).sum(),
                leaf_entries: (page.first_entry()..=page.last_entry()).map(tids).sum(),
            }));
        }
        let line = match key {
            Some(key) => page.inner_search(key, false),
            None => page.last_entry(),
        };
        fraction += width * (line - page.first_entry()) as f64 / count;
        width /= count;
        block = page.entry(line).child();
    }
    Ok(None)
}

/// The B-tree's resource manager: redo carries out the logged actions.
#[derive(Clone, Copy, Debug, Default)]
pub struct BtreeRmgr;

impl ResourceManager for BtreeRmgr {
    fn id(&self) -> RmgrId {
        RmgrId::BTREE
    }

    fn apply(&self, page: &mut Page, actions: &[u8]) -> Result<()> {
        action::apply(page, actions)
    }

    fn identify(&self, info: u8) -> Option<&'static str> {
        Kind::NAMES.iter().find(|(kind, _)| *kind as u8 == info).map(|(_, name)| *name)
    }

    fn describe(&self, record: &DecodedRecord, text: &mut String) {
        action::describe(record.block_data(0), text);
    }
}
