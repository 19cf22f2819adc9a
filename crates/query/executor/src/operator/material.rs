//! Keeps rows, to be read again.

use batch::{Batch, Repr};
use error::Result;
use planner::explain::Work;

use super::{Operator, Stage};
use crate::run::Run;
use crate::store::rows::RowStore;

/// The input's rows, read once, as long as nothing that they depend on changes.
pub(super) struct Material {
    input: Stage,
    forms: Vec<Repr>,
    rows: Option<RowStore>,
    at: usize,
    complete: bool,
    /// Values of the slots that the input depends on, when it was read.
    depends: Vec<u32>,
    values: Vec<batch::Datum>,
    /// The most that was kept.
    work: Work,
}

impl Material {
    pub fn new(input: Stage, forms: Vec<Repr>) -> Material {
        Material {
            input,
            forms,
            rows: None,
            at: 0,
            complete: false,
            depends: Vec::new(),
            values: Vec::new(),
            work: Work::None,
        }
    }

    /// The same for an input that depends on these slots.
    #[must_use]
    pub fn depending_on(mut self, depends: &[u32]) -> Material {
        self.depends = depends.to_vec();
        self
    }

    fn slots(&self, run: &Run<'_>) -> Vec<batch::Datum> {
        self.depends.iter().map(|&slot| run.state.slots[slot as usize].value.clone()).collect()
    }
}

impl Operator for Material {
    fn next(&mut self, run: &mut Run<'_>, out: &mut Batch) -> Result<bool> {
        if self.rows.is_none() {
            self.values = self.slots(run);
            self.rows = Some(run.row_store(self.forms.clone()));
        }
        let Some(rows) = &mut self.rows else { return Ok(false) };
        // All rows are read at once: the batches of a store that still grows would change under its reader.
        if !self.complete {
            let mut batch = self.input.batch();
            while self.input.next(run, &mut batch)? {
                rows.append(&batch)?;
            }
            self.complete = true;
            self.work = rows.storage(self.work);
        }
        if self.at == rows.batches() {
            return Ok(false);
        }
        rows.read(self.at, out)?;
        self.at += 1;
        Ok(true)
    }

    fn work(&self, _: &Run<'_>) -> Work {
        self.work
    }

    fn rewind(&mut self, run: &mut Run<'_>) -> Result<()> {
        self.at = 0;
        if self.complete && self.values == self.slots(run) {
            return Ok(());
        }
        self.rows = None;
        self.complete = false;
        self.input.rewind(run)
    }
}
