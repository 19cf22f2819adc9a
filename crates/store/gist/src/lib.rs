//! GiST: the generalised search tree, for keys that have no order but can be covered: boxes, ranges, signatures.
//!
//! The tree knows nothing of what its keys mean; the operator classes of its columns ([`GistClass`], in the index's
//! [`access::Support`]) answer what may match, what covers what, and how to divide.
//!
//! Start with [`page`] (what a page looks like), then `tree` (descending, inserting, splitting, and how concurrent splits are
//! noticed), `scan`, `vacuum` and `build`. [`action`] is the one place that changes pages, and all of redo.
//!
//! # Page-lock rules
//!
//! - A descent and a scan hold one lock at a time.
//! - Writers lock from left to right and from child to parent; nobody waits for a page below or left of one that he holds.
#![forbid(unsafe_code)]

pub mod action;
mod build;
mod class;
mod key;
pub mod page;
mod scan;
mod tree;
mod vacuum;
mod verify;

use std::sync::Arc;

use access::{
    Index, IndexAm, IndexEntry, IndexScan, IndexScanOptions, IndexVacuumReport, Inserted, KeyRange, Persistence,
    RangeEstimate, SortedEntries, Store, Table, TableAm, UniqueCheck,
};
use error::{Error, Result};
use ids::{Fork, TupleId};
use storage::{Page, ResourceManager};
use txn::Transaction;
use wal::{DecodedRecord, RmgrId};

use action::Kind;
pub use class::{Classes, Distance, GistClass, Match, Query, ScanKey, ScanTest};
pub use page::{read_column, write_column};
use tree::Tree;

/// The GiST access method.
#[derive(Clone, Copy, Debug, Default)]
pub struct GistAm;

impl IndexAm for GistAm {
    fn create(&self, store: &Store, index: &Index) -> Result<()> {
        let tree = Tree { store, index, classes: &[] };
        build::create_fork(&tree, Fork::Main, index.persistence)?;
        if index.persistence == Persistence::Unlogged && store.storage.exists(index.locator, Fork::Init)? {
            // What recovery makes of the index, so itself logged.
            build::create_fork(&tree, Fork::Init, Persistence::Permanent)?;
        }
        Ok(())
    }

    fn build(&self, store: &Store, index: &Index, entries: &mut dyn SortedEntries) -> Result<u64> {
        build::build(store, index, entries)
    }

    fn insert(
        &self,
        store: &Store,
        transaction: &Transaction,
        index: &Index,
        _table: (&dyn TableAm, &Table),
        entry: IndexEntry<'_>,
        check: UniqueCheck,
    ) -> Result<Inserted> {
        if check != UniqueCheck::No {
            return Err(Error::internal("a GiST index cannot check uniqueness"));
        }
        Tree::new(store, index)?.insert(Some(transaction), entry)?;
        Ok(Inserted::Done)
    }

    fn scan(&self, store: &Store, index: &Arc<Index>, options: IndexScanOptions) -> Result<Box<dyn IndexScan>> {
        Ok(Box::new(scan::Scan::new(store, index, options)?))
    }

    fn bulk_delete(
        &self,
        store: &Store,
        index: &Index,
        dead: &(dyn Fn(TupleId) -> bool + Sync),
        pause: &(dyn Fn() -> Result<()> + Sync),
    ) -> Result<IndexVacuumReport> {
        vacuum::bulk_delete(&Tree { store, index, classes: &[] }, dead, pause)
    }

    fn vacuum_cleanup(&self, store: &Store, index: &Index) -> Result<IndexVacuumReport> {
        vacuum::cleanup(&Tree { store, index, classes: &[] })
    }

    fn split_keys(&self, _store: &Store, _index: &Index, _parts: usize) -> Result<Vec<Box<[u8]>>> {
        Ok(Vec::new())
    }

    fn estimate(&self, _store: &Store, _index: &Index, _range: KeyRange<'_>) -> Result<RangeEstimate> {
        Ok(RangeEstimate::default())
    }

    fn verify(&self, store: &Store, index: &Index) -> Result<IndexVacuumReport> {
        verify::verify(&Tree::new(store, index)?)
    }
}

/// GiST's resource manager: redo carries out the logged actions.
#[derive(Clone, Copy, Debug, Default)]
pub struct GistRmgr;

impl ResourceManager for GistRmgr {
    fn id(&self) -> RmgrId {
        RmgrId::GIST
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
