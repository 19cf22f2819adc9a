//! SP-GiST: indexes that partition a space, for values with no order of their own: points, boxes, ranges, and texts by their prefixes.
//!
//! A space is halved again and again (by one coordinate after the other; by one letter after the other), and where a value lies is told by the halves that it
//! is in: a string of bits, its *code*. All values in one [`Cell`] of the space have codes with a common prefix. So the tree of cells (a quadtree, a k-d tree, a
//! radix tree) need not be stored: it is the order of the codes, and they stand in a B-tree. This is the linear quadtree (Gargantini, "An effective way to
//! represent quadtrees", 1982) over a balanced tree (Orenstein and Merrett, "A class of data structures for associative searching", 1984; Bayer,
//! "The universal B-tree", 1996). Splitting, locking, logging, vacuuming, packing and checking are [`btree`]'s. Here stand the cells, and searching by
//! them: a scan steps over cells in which nothing can match ([`scan`]), and takes the nearest first if rows are wanted by distance.
//!
//! What codes mean is the operator class's matter ([`SpgistClass`], the index's [`access::Support`]).
//!
//! ```text
//!  key = 01 code           of at most 1024 bytes: longer ones are cut off there, and rows looked at
//!      | 02                null
//! ```
//!
//! Start with [`cell`].
//!
//! # Differences from PostgreSQL
//!
//! PostgreSQL's trees choose where to divide by the values that are there, store the divisions in inner tuples of their own, and are as deep as the values
//! make them; pages hold pieces of several branches, so that inserting has to move pieces and leave redirections. Here divisions are fixed, and the B-tree's balance
//! does what choosing was for. Quadtrees and k-d trees divide alike: `quad_point_ops` and `kd_point_ops` are one.
#![forbid(unsafe_code)]

pub mod cell;
mod class;
mod scan;

use std::sync::Arc;

use access::{
    Index, IndexAm, IndexEntry, IndexScan, IndexScanOptions, IndexVacuumReport, Inserted, KeyRange, RangeEstimate,
    SortedEntries, Store, Table, TableAm, UniqueCheck,
};
use btree::BtreeAm;
use error::{Error, Result};
use ids::TupleId;
use txn::Transaction;

pub use cell::{Cell, code_of, write_key};
pub use class::{Class, SpgistClass};

/// The SP-GiST access method.
#[derive(Clone, Copy, Debug, Default)]
pub struct SpgistAm;

impl IndexAm for SpgistAm {
    fn create(&self, store: &Store, index: &Index) -> Result<()> {
        BtreeAm.create(store, index)
    }

    fn build(&self, store: &Store, index: &Index, entries: &mut dyn SortedEntries) -> Result<u64> {
        BtreeAm.build(store, index, entries)
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
        if check != UniqueCheck::No {
            return Err(Error::internal("an SP-GiST index cannot check uniqueness"));
        }
        BtreeAm.insert(store, transaction, index, table, entry, check)
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
        BtreeAm.bulk_delete(store, index, dead, pause)
    }

    fn vacuum_cleanup(&self, store: &Store, index: &Index) -> Result<IndexVacuumReport> {
        BtreeAm.vacuum_cleanup(store, index)
    }

    fn split_keys(&self, _: &Store, _: &Index, _: usize) -> Result<Vec<Box<[u8]>>> {
        Ok(Vec::new())
    }

    fn estimate(&self, _: &Store, _: &Index, _: KeyRange<'_>) -> Result<RangeEstimate> {
        Ok(RangeEstimate::default())
    }

    fn verify(&self, store: &Store, index: &Index) -> Result<IndexVacuumReport> {
        BtreeAm.verify(store, index)
    }
}
