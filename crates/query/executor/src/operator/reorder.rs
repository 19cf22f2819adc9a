//! Rows by their distances, of which an index knew lower bounds only: they wait until nothing nearer can come.
//!
//! Source: the queue of Hjaltason and Samet ("Distance Browsing in Spatial Databases", 1999), of which this is the last part: the index has the
//! rest ([`access::search::Nearest`]).

use std::cmp::{Ordering, Reverse};
use std::collections::{BTreeMap, BinaryHeap};

use access::search::NULL_DISTANCE;
use batch::{Batch, DatumRef, Repr, Rows};
use error::Result;
use planner::plan::IndexSearch;

use crate::expression::{Compiled, compile_all};
use crate::run::Run;

pub(super) struct Reorder {
    distances: Vec<Compiled>,
    forms: Vec<Repr>,
    /// Rows as they came, by numbers, and how many of each batch are still waiting.
    batches: BTreeMap<u64, (Batch, usize)>,
    next: u64,
    queue: BinaryHeap<Reverse<Waiting>>,
}

/// A row that waits, by its batch and its place there.
struct Waiting {
    distances: Box<[f64]>,
    batch: u64,
    row: u16,
}

fn compare(a: &[f64], b: &[f64]) -> Ordering {
    a.iter().zip(b).map(|(a, b)| a.total_cmp(b)).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
}

impl Ord for Waiting {
    fn cmp(&self, other: &Waiting) -> Ordering {
        compare(&self.distances, &other.distances).then((self.batch, self.row).cmp(&(other.batch, other.row)))
    }
}

impl PartialOrd for Waiting {
    fn partial_cmp(&self, other: &Waiting) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Waiting {
    fn eq(&self, other: &Waiting) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Waiting {}

impl Reorder {
    /// For a search by distances; none for others.
    pub fn new(search: &IndexSearch, forms: &[Repr]) -> Result<Option<Reorder>> {
        if search.distances.is_empty() {
            return Ok(None);
        }
        Ok(Some(Reorder {
            distances: compile_all(&search.distances)?,
            forms: forms.to_vec(),
            batches: BTreeMap::new(),
            next: 0,
            queue: BinaryHeap::new(),
        }))
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Forgets what waits.
    pub fn clear(&mut self) {
        self.batches.clear();
        self.queue.clear();
    }

    /// Takes the rows of a batch, which is left empty.
    pub fn take(&mut self, rows: &mut Batch, run: &mut Run<'_>) -> Result<()> {
        let taken = std::mem::replace(rows, Batch::new(self.forms.iter().copied()));
        if taken.is_empty() {
            return Ok(());
        }
        for distance in &mut self.distances {
            distance.evaluate(&taken, taken.rows(), run)?;
        }
        for row in taken.rows().iter() {
            let own = self.distances.iter().map(|distance| match distance.result(&taken).get(row) {
                DatumRef::B8(bits) => match f64::from_bits(bits as u64) {
                    distance if distance.is_nan() => f64::NAN,
                    distance => distance,
                },
                _ => NULL_DISTANCE,
            });
            self.queue.push(Reverse(Waiting { distances: own.collect(), batch: self.next, row: row as u16 }));
        }
        let count = taken.len();
        self.batches.insert(self.next, (taken, count));
        self.next += 1;
        Ok(())
    }

    /// Appends rows that are not farther than `bound` to an empty batch, or any; false if there is none.
    pub fn give(&mut self, bound: Option<&[f64]>, out: &mut Batch) -> bool {
        let mut count = 0;
        while count < batch::BATCH_ROWS
            && let Some(Reverse(first)) = self.queue.peek()
            && bound.is_none_or(|bound| compare(&first.distances, bound).is_le())
            && let Some(Reverse(first)) = self.queue.pop()
        {
            let Some((rows, waiting)) = self.batches.get_mut(&first.batch) else { continue };
            for (to, from) in out.columns.iter_mut().zip(&rows.columns) {
                to.append(from, Rows::Some(&[first.row]));
            }
            count += 1;
            *waiting -= 1;
            if *waiting == 0 {
                self.batches.remove(&first.batch);
            }
        }
        out.set_len(count);
        count > 0
    }
}
