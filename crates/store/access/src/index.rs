//! What every index access method speaks of: the index itself, ranges of keys, and the entries a scan finds.
//!
//! A key is a string of bytes whose order is SQL's order (`types::sortkey` makes them); the access methods compare bytes
//! and know no types. Behind the key an entry may carry a payload: INCLUDE columns, and what cannot be decoded from keys.

use std::sync::Arc;
use std::sync::atomic::AtomicU32;

use batch::ByteValues;
use ids::{BlockNumber, Oid, RelFileLocator, TupleId};

use crate::Persistence;
use crate::method::{Method, Support};

/// An index as its access method sees it.
#[derive(Clone)]
pub struct Index {
    /// Its number in `pg_class`.
    pub oid: Oid,
    /// Its name, for messages.
    pub name: Box<str>,
    /// How it is built and searched.
    pub method: Method,
    /// Its files.
    pub locator: RelFileLocator,
    /// Whether changes are logged.
    pub persistence: Persistence,
    /// How full a bulk build makes leaf pages, in percent: 10 to 100.
    pub fillfactor: u8,
    /// Whether entries with equal keys may share one stored key. False for entries with payloads.
    pub deduplicate: bool,
    /// Storage options as they were given, name and value.
    pub options: Box<[(Box<str>, Box<str>)]>,
    /// What its operator classes give to the method; none where the method asks for nothing, or nobody will ask it to compare values.
    pub support: Option<Support>,
    /// What this process remembers of the index.
    pub cache: IndexCache,
    /// What this session counts of it.
    pub counters: Arc<stats::RelationCounters>,
}

impl Index {
    /// A storage option's number, if it was given.
    pub fn number_option(&self, name: &str) -> Option<i64> {
        self.option(name)?.parse().ok()
    }

    /// A storage option that is on or off.
    pub fn flag_option(&self, name: &str, default: bool) -> bool {
        self.option(name).map_or(default, |value| matches!(value, "on" | "true" | "yes" | "1"))
    }

    fn option(&self, name: &str) -> Option<&str> {
        self.options.iter().find(|(own, _)| **own == *name).map(|(_, value)| &**value)
    }
}

impl std::fmt::Debug for Index {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} index \"{}\" ({})", self.method.traits().name, self.name, self.oid)
    }
}

/// Blocks of an index that a process remembers to save work; both may be out of date, so who uses them looks.
#[derive(Debug)]
pub struct IndexCache {
    /// The root.
    pub root: AtomicU32,
    /// The leaf where the last insertion at the index's end went.
    pub rightmost: AtomicU32,
    /// The frames of the pool in which inner pages were, by the last bits of the pages' numbers.
    frames: [AtomicU32; REMEMBERED],
}

/// So many frames a process remembers of an index: two cache lines' worth, enough for the inner pages of a million entries.
const REMEMBERED: usize = 32;

impl IndexCache {
    /// Where the frame of a page is remembered.
    #[inline]
    pub fn frame(&self, block: BlockNumber) -> &AtomicU32 {
        &self.frames[block.0 as usize % REMEMBERED]
    }
}

impl Default for IndexCache {
    fn default() -> IndexCache {
        let unknown = || AtomicU32::new(u32::MAX);
        IndexCache { root: unknown(), rightmost: unknown(), frames: std::array::from_fn(|_| unknown()) }
    }
}

impl Clone for IndexCache {
    fn clone(&self) -> IndexCache {
        IndexCache::default()
    }
}

/// What an insertion checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UniqueCheck {
    /// Nothing: not unique, or a key with nulls that are distinct from each other.
    No,
    /// Refuse an equal key of a live row, waiting for a transaction whose end decides.
    Yes,
    /// Insert in any case, and say whether the key may have a duplicate (deferred constraints, ON CONFLICT).
    Partial,
    /// The entry is there already: check it again at the end of the statement or transaction.
    Existing,
}

/// Keys from `lower`, inclusive, to `upper`, exclusive. Equality with a prefix is `[prefix, key_successor(prefix))`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeyRange<'a> {
    /// The least key that belongs; none: from the start.
    pub lower: Option<&'a [u8]>,
    /// The least key that no longer belongs; none: to the end.
    pub upper: Option<&'a [u8]>,
}

/// Turns a prefix into the least byte string that is greater than every string starting with it. False, leaving it
/// empty, if there is none (it was empty or all `0xFF`): the range has no upper end.
pub fn key_successor(prefix: &mut Vec<u8>) -> bool {
    while let Some(last) = prefix.pop() {
        if last < u8::MAX {
            prefix.push(last + 1);
            return true;
        }
    }
    false
}

/// Index entries that a scan found, in its order.
#[derive(Clone, Debug, Default)]
pub struct IndexEntries {
    /// Where their rows are.
    pub tids: Vec<TupleId>,
    /// Their keys, if asked for; as many as tids.
    pub keys: ByteValues,
    /// Their payloads, if asked for; as many as tids.
    pub payloads: ByteValues,
    /// Whether everybody sees their rows, if asked for; as many as tids.
    pub all_visible: Vec<bool>,
    /// The index cannot tell for certain that these rows meet the conditions.
    pub recheck: bool,
    /// Their distances, one for each order that was asked for, entry by entry; empty if none was. Null is `f64::NAN`.
    pub distances: Vec<f64>,
    /// Some of the distances are lower bounds: the rows' own may be greater.
    pub inexact_distances: bool,
}

impl IndexEntries {
    /// Drops all and keeps the memory.
    pub fn clear(&mut self) {
        self.tids.clear();
        self.keys.clear();
        self.payloads.clear();
        self.all_visible.clear();
        self.recheck = false;
        self.distances.clear();
        self.inexact_distances = false;
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.tids.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.tids.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn successors_bound_prefixes() {
        let mut key = vec![1, 0xFF, 0xFF];
        assert!(key_successor(&mut key));
        assert_eq!(key, [2]);
        let mut key = vec![0xFF];
        assert!(!key_successor(&mut key));
    }
}
