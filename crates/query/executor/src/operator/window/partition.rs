//! The rows of one partition: read in order while they come, then at random while frames move over them.
//!
//! They lie in a [`RowStore`], whose batches are all full but the last, so a row's number tells its batch. Batches that
//! went to the temporary file are read back into a few slots; frames move forwards, so those that are in use stay there.

use batch::{BATCH_ROWS, Batch, DatumRef, Rows};
use error::{Error, Result};
use planner::explain::Work;

use crate::store::rows::RowStore;

/// How many batches of the file are kept in memory: one for each end of a frame, the current row, and what `lag` and
/// `nth_value` look at.
const SLOTS: usize = 6;

struct Slot {
    number: usize,
    used: u64,
    batch: Batch,
}

/// A partition's rows.
pub(super) struct Partition {
    store: RowStore,
    forms: Vec<batch::Repr>,
    slots: Vec<Slot>,
    clock: u64,
    /// The most that was kept at a time.
    work: Work,
}

impl Partition {
    pub fn new(store: RowStore, forms: Vec<batch::Repr>) -> Partition {
        Partition { store, forms, slots: Vec::new(), clock: 0, work: Work::None }
    }

    /// How many rows.
    pub fn len(&self) -> u64 {
        self.store.len()
    }

    /// How rows were kept.
    pub fn work(&self) -> Work {
        self.store.storage(self.work)
    }

    /// Drops all rows.
    pub fn clear(&mut self) {
        self.work = self.work();
        self.store.clear();
        self.slots.clear();
    }

    /// Adds rows at the end.
    pub fn append(&mut self, batch: &Batch, rows: Rows<'_>) -> Result<()> {
        self.store.append_rows(batch, rows)
    }

    /// The batch with this number.
    pub fn batch(&mut self, number: usize) -> Result<&Batch> {
        if self.store.in_memory(number).is_some() {
            return self.store.in_memory(number).ok_or_else(|| Error::internal("a partition lost a batch"));
        }
        self.clock += 1;
        let at = match self.slots.iter().position(|slot| slot.number == number) {
            Some(at) => at,
            None => {
                if self.slots.len() < SLOTS {
                    let batch = Batch::new(self.forms.iter().copied());
                    self.slots.push(Slot { number, used: 0, batch });
                }
                let oldest = (0..self.slots.len()).min_by_key(|&at| self.slots[at].used).unwrap_or(0);
                let slot = &mut self.slots[oldest];
                slot.number = number;
                self.store.read(number, &mut slot.batch)?;
                oldest
            }
        };
        self.slots[at].used = self.clock;
        Ok(&self.slots[at].batch)
    }

    /// A value.
    pub fn value(&mut self, row: u64, column: usize) -> Result<DatumRef<'_>> {
        let (number, position) = (row as usize / BATCH_ROWS, row as usize % BATCH_ROWS);
        Ok(self.batch(number)?.columns[column].get(position))
    }

    /// The first row from `from` on that has a one in a column of flags; the number of rows if there is none.
    pub fn next_flag(&mut self, from: u64, column: usize) -> Result<u64> {
        let mut row = from;
        while row < self.len() {
            let (number, position) = (row as usize / BATCH_ROWS, row as usize % BATCH_ROWS);
            let flags = self.batch(number)?.columns[column].b1();
            match flags[position..].iter().position(|&flag| flag != 0) {
                Some(further) => return Ok(row + further as u64),
                None => row = ((number + 1) * BATCH_ROWS) as u64,
            }
        }
        Ok(self.len())
    }
}
