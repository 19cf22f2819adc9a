//! GIN, the inverted index: from the parts of values (an array's elements, a document's lexemes) to the rows that hold them.
//!
//! Rows come as one entry for each part: the part's key, and the row's place. Equal keys share one stored key with a list of places, which is what
//! [`btree`] does with any equal keys; so the entries stand in such a tree, and locking, splitting, logging, vacuuming and checking are its.
//! What is GIN's own is searching, in [`scan`]: a condition names several parts and says, of any set of them that a row has, whether it holds.
//!
//! # Keys
//!
//! ```text
//!  key = column u8, what u8, value
//! ```
//!
//! What: 1 a part with its value, 2 a part that is null, 3 that the value has no parts. Values of one kind are such that none is a prefix of another
//! one, so that a key is found by a prefix; a condition may look for all keys with a prefix as well.
//!
//! # Differences from PostgreSQL
//!
//! Entries of a row are inserted into the tree at once: there is no list of pending ones, which every search has to read, and which makes one
//! insertion in some thousand pay for all others. `fastupdate` and `gin_pending_list_limit` are accepted and change nothing. Rows whose
//! value is null have no entry.
#![forbid(unsafe_code)]

pub mod scan;
mod stream;

use std::sync::Arc;

use access::{
    Index, IndexAm, IndexEntry, IndexScan, IndexScanOptions, IndexVacuumReport, Inserted, KeyRange, RangeEstimate,
    SortedEntries, Store, Table, TableAm, UniqueCheck,
};
use btree::BtreeAm;
use error::Result;
use ids::TupleId;
use txn::Transaction;

/// A part with its value.
pub const VALUE: u8 = 1;
/// A part that is null.
pub const NULL_PART: u8 = 2;
/// A value without parts.
pub const NO_PARTS: u8 = 3;

/// What an index's scan looks for: conditions that must hold together.
pub struct GinQuery {
    /// The conditions.
    pub conditions: Vec<GinCondition>,
}

/// A condition on one column.
pub struct GinCondition {
    /// The column, from zero: the first byte of its keys.
    pub column: u8,
    /// The keys that it asks for.
    pub parts: Vec<GinPart>,
    /// What it says of a row that has some of them.
    pub test: Box<dyn Test>,
}

/// A key, or all keys with a prefix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GinPart {
    /// The key or prefix, with the column and what it is.
    pub key: Vec<u8>,
    /// All keys that begin so.
    pub prefix: bool,
}

/// Whether a row has a part, or a condition holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Presence {
    /// No.
    No,
    /// Not known.
    Maybe,
    /// Yes.
    Yes,
}

/// What a condition says of a row, by the parts that it has.
pub trait Test: Send + Sync {
    /// Whether the condition holds. It must be monotone in what is known: an answer other than [`Presence::Maybe`] stays the same when a
    /// part's "maybe" becomes "yes" or "no".
    fn check(&self, parts: &[Presence]) -> Presence;
}

/// The GIN access method.
#[derive(Clone, Copy, Debug, Default)]
pub struct GinAm;

impl IndexAm for GinAm {
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
        _: UniqueCheck,
    ) -> Result<Inserted> {
        BtreeAm.insert(store, transaction, index, table, entry, UniqueCheck::No)
    }

    fn scan(&self, store: &Store, index: &Arc<Index>, options: IndexScanOptions) -> Result<Box<dyn IndexScan>> {
        Ok(Box::new(scan::GinScan::new(store, index, options)))
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

    fn split_keys(&self, store: &Store, index: &Index, parts: usize) -> Result<Vec<Box<[u8]>>> {
        BtreeAm.split_keys(store, index, parts)
    }

    fn estimate(&self, store: &Store, index: &Index, range: KeyRange<'_>) -> Result<RangeEstimate> {
        BtreeAm.estimate(store, index, range)
    }

    fn verify(&self, store: &Store, index: &Index) -> Result<IndexVacuumReport> {
        BtreeAm.verify(store, index)
    }
}
