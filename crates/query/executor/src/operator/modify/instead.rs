//! Changes of views by INSTEAD OF triggers.
//!
//! The source gives the new values and, for UPDATE and DELETE, the view's row; the triggers do the rest. A row counts unless a trigger
//! returns null; RETURNING shows it, and check options of views above judge it, as the triggers leave it.

use batch::Batch;
use catalog::trigger::{Event, Timing};
use error::{Error, Result};
use ids::TupleId;
use planner::plan::{Command, ModifyTable};

use super::Common;
use super::triggers::Verdict;
use crate::operator::Operator;
use crate::run::Run;

/// Has triggers change a view.
pub(super) struct Instead {
    common: Common,
    event: Event,
    /// The columns that UPDATE sets.
    columns: Vec<i16>,
    batch: Batch,
}

impl Instead {
    pub fn new(common: Common, modify: &ModifyTable) -> Instead {
        let event = match modify.command {
            Command::Insert => Event::Insert,
            Command::Update => Event::Update,
            _ => Event::Delete,
        };
        Instead { batch: common.source.batch(), common, event, columns: modify.columns.clone() }
    }

    fn row(&mut self, source: &Batch, row: usize, out: &mut Batch, run: &mut Run<'_>) -> Result<()> {
        let forms = self.common.target.reprs();
        let part = |first: usize| {
            let mut part = Batch::new(forms.iter().copied());
            for (to, from) in part.columns.iter_mut().zip(&source.columns[first..]) {
                match to.repr() == from.repr() {
                    true => to.push(from.get(row)),
                    false => to.push_null(),
                }
            }
            part.set_len(1);
            part
        };
        let (old, mut new) = match self.event {
            Event::Insert => (None, Some(part(0))),
            Event::Update => {
                let old = part(1 + self.columns.len());
                let mut new = old.clone();
                for (n, &number) in self.columns.iter().enumerate() {
                    new.columns[number as usize - 1].put(0, source.columns[1 + n].get(row));
                }
                (Some(old), Some(new))
            }
            _ => (Some(part(1)), None),
        };
        let before = old.as_ref().map(|old| (old.columns.as_slice(), 0, TupleId::INVALID));
        let after = new.as_mut().map(|new| (new, 0));
        let target = &mut self.common.target;
        let verdict = target.call_row(Timing::InsteadOf, self.event, before, after, &self.columns, run)?;
        if verdict == Verdict::Skipped {
            return Ok(());
        }
        if let Some(new) = new.as_ref().filter(|_| target.has_view_checks()) {
            target.check_views(new, new.rows(), run)?;
        }
        self.common.count(1, run);
        let after = new.as_ref().map(|new| (new.columns.as_slice(), 0, TupleId::INVALID));
        self.common.returning.push(out, after, before, (source, row));
        Ok(())
    }
}

impl Operator for Instead {
    fn next(&mut self, run: &mut Run<'_>, out: &mut Batch) -> Result<bool> {
        loop {
            out.clear();
            if !self.common.next_source(run, &mut self.batch)? {
                return Ok(false);
            }
            let batch = std::mem::take(&mut self.batch);
            for row in batch.rows().iter() {
                self.row(&batch, row, out, run)?;
            }
            self.batch = batch;
            if !out.is_empty() {
                return Ok(true);
            }
        }
    }

    fn rewind(&mut self, _: &mut Run<'_>) -> Result<()> {
        Err(Error::internal("a modifying statement cannot start over"))
    }
}
