//! What a search of an index by operator classes looks for, in the form of bytes.
//!
//! Trees of predicates (GiST) and of parts of space (SP-GiST) know no types: keys and arguments are byte strings that the floor which knows types (and
//! may ask the catalogs) made of values. The operator classes work on bytes alone and need no environment, so they can be asked under a page's lock, by anybody.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use error::Result;
use ids::TupleId;

use crate::{IndexEntries, IndexScanOptions};

/// Whether what a key stands for can meet a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Match {
    /// It does not; of what stands for many: none of them does.
    No,
    /// It may: the row has to be looked at. Of what stands for many the same as [`Match::Yes`].
    Maybe,
    /// It does.
    Yes,
}

impl Match {
    /// Yes or no.
    pub fn exact(yes: bool) -> Match {
        if yes { Match::Yes } else { Match::No }
    }

    /// Maybe, or no.
    pub fn lossy(yes: bool) -> Match {
        if yes { Match::Maybe } else { Match::No }
    }
}

/// How far a key is from an argument.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Distance {
    /// The distance; of what stands for many, or where it is not exact, a lower bound of it.
    pub value: f64,
    /// Whether the row's own distance is this.
    pub exact: bool,
}

/// What a scan looks for: its [`crate::Query`].
#[derive(Clone, Debug, Default)]
pub struct Query {
    /// Conditions, which must hold together.
    pub keys: Vec<ScanKey>,
    /// What rows are ordered by: distances.
    pub orders: Vec<ScanKey>,
}

/// A condition on a column, or a distance from it.
#[derive(Clone, Debug)]
pub struct ScanKey {
    /// The column of the index, from zero.
    pub column: usize,
    /// What it is compared with.
    pub test: ScanTest,
}

/// What a column is compared with.
#[derive(Clone, Debug)]
pub enum ScanTest {
    /// The right side of an operator, in the class's form.
    Operator {
        /// The operator.
        strategy: u16,
        /// Its right side. As a distance, nothing is any distance from null.
        argument: Option<Box<[u8]>>,
    },
    /// IS NULL.
    IsNull,
    /// IS NOT NULL.
    IsNotNull,
}

/// Rows that a call gives at most when they come by distance.
const ORDERED_BATCH: usize = 128;

/// The distance from null, and of null: the last NaN in the total order of doubles, behind infinity and the NaN of a distance that is no number.
pub const NULL_DISTANCE: f64 = f64::from_bits(0x7FFF_FFFF_FFFF_FFFF);

/// What is known of an index's parts and rows by their distance, nearest first. A part's distance is that of the nearest row it can have,
/// so a row that comes first is nearer than all that was not read (Hjaltason and Samet, "Distance Browsing in Spatial Databases", 1999).
pub struct Nearest<P> {
    queue: BinaryHeap<Reverse<Queued<P>>>,
    count: u64,
}

/// What waits for its turn.
pub enum Waiting<P> {
    /// Something to be read.
    Part(P),
    /// A row.
    Row(NearRow),
}

/// An entry that was read.
#[derive(Clone, Debug)]
pub struct NearRow {
    /// Its row's place.
    pub tid: TupleId,
    /// Its key, if asked for.
    pub key: Box<[u8]>,
    /// Its payload, if asked for.
    pub payload: Box<[u8]>,
    /// Whether everybody sees the row.
    pub visible: bool,
    /// The index cannot tell for certain that the row meets the conditions.
    pub recheck: bool,
    /// Whether its distances are the row's own.
    pub exact: bool,
}

struct Queued<P> {
    /// By each order.
    distances: Box<[f64]>,
    waiting: Waiting<P>,
    /// Among equal ones, rows before parts, then in order of arrival.
    number: u64,
}

impl<P> Ord for Queued<P> {
    fn cmp(&self, other: &Queued<P>) -> Ordering {
        let pairs = self.distances.iter().zip(&other.distances);
        let by_distance = pairs.map(|(a, b)| a.total_cmp(b)).find(|order| order.is_ne()).unwrap_or(Ordering::Equal);
        let is_part = |queued: &Queued<P>| matches!(queued.waiting, Waiting::Part(_));
        by_distance.then(is_part(self).cmp(&is_part(other))).then(self.number.cmp(&other.number))
    }
}

impl<P> PartialOrd for Queued<P> {
    fn partial_cmp(&self, other: &Queued<P>) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<P> PartialEq for Queued<P> {
    fn eq(&self, other: &Queued<P>) -> bool {
        self.cmp(other).is_eq()
    }
}

impl<P> Eq for Queued<P> {}

impl<P> Default for Nearest<P> {
    fn default() -> Nearest<P> {
        Nearest { queue: BinaryHeap::new(), count: 0 }
    }
}

impl<P> Nearest<P> {
    /// Forgets everything; begins with a part, which is as near as can be by `orders` distances.
    pub fn start(&mut self, part: P, orders: usize) {
        self.queue.clear();
        self.push(vec![f64::NEG_INFINITY; orders].into(), Waiting::Part(part));
    }

    /// Adds something.
    pub fn push(&mut self, distances: Box<[f64]>, waiting: Waiting<P>) {
        self.count += 1;
        self.queue.push(Reverse(Queued { distances, waiting, number: self.count }));
    }

    /// The distances of something within a part: rounding must not make it seem nearer than the part.
    pub fn within(part: &[f64], mut own: Box<[f64]>) -> Box<[f64]> {
        // Nor may it wait behind infinity, where rows without a distance are.
        own.iter_mut().zip(part).for_each(|(own, above)| *own = own.max(*above).min(f64::INFINITY));
        own
    }

    /// Fills `entries`, which is empty, with the next rows; `read` adds what a part has. False (and none) at the end.
    ///
    /// # Errors
    /// Those of `read`.
    pub fn next(
        &mut self,
        options: &IndexScanOptions,
        entries: &mut IndexEntries,
        read: &mut dyn FnMut(&mut Nearest<P>, P, &[f64]) -> Result<()>,
    ) -> Result<bool> {
        while entries.len() < ORDERED_BATCH {
            let Some(Reverse(first)) = self.queue.pop() else { break };
            match first.waiting {
                // What is found so far need not wait for parts that perhaps nobody asks for.
                Waiting::Part(_) if !entries.is_empty() => {
                    self.queue.push(Reverse(first));
                    break;
                }
                Waiting::Part(part) => read(self, part, &first.distances)?,
                Waiting::Row(row) => {
                    entries.tids.push(row.tid);
                    if options.keys {
                        entries.keys.push(&row.key);
                    }
                    if options.payloads {
                        entries.payloads.push(&row.payload);
                    }
                    if options.all_visible_of.is_some() {
                        entries.all_visible.push(row.visible);
                    }
                    entries.recheck |= row.recheck;
                    entries.distances.extend_from_slice(&first.distances);
                    entries.inexact_distances |= !row.exact;
                }
            }
        }
        Ok(!entries.is_empty())
    }
}
