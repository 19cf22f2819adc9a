//! WITH RECURSIVE.

use batch::{Batch, Datum, Repr};
use error::Result;
use planner::plan::{GroupKey, Node};

use super::grouping::GroupColumns;
use super::{Builder, Operator, Stage, reprs};
use crate::run::Run;
use crate::store::keys::{KeyTable, Keys};
use crate::store::rows::RowStore;

/// The rows of the first part, then those of the second over each round's new rows.
struct RecursiveUnion {
    start: Stage,
    step: Stage,
    work_table: usize,
    /// The slot that counts the rounds, so that what read an earlier round's rows is read anew.
    round: u32,
    rounds: i64,
    forms: Vec<Repr>,
    distinct: Option<GroupColumns>,
    seen: KeyTable,
    keys: Keys,
    /// What this round found.
    found: Option<RowStore>,
    stepping: bool,
}

pub(super) fn build(
    builder: &Builder<'_>,
    (start, step): (&Node, &Node),
    (work_table, round): (usize, u32),
    distinct: Option<&[GroupKey]>,
) -> Result<(Box<dyn Operator>, Vec<Repr>)> {
    let forms = reprs(&start.output);
    let operator = RecursiveUnion {
        start: builder.stage(start)?,
        step: builder.stage(step)?,
        work_table,
        round,
        rounds: 0,
        forms: forms.clone(),
        distinct: distinct.map(|keys| GroupColumns::new(&start.output, keys)),
        seen: KeyTable::default(),
        keys: Keys::default(),
        found: None,
        stepping: false,
    };
    Ok((Box::new(operator), forms))
}

impl Operator for RecursiveUnion {
    fn next(&mut self, run: &mut Run<'_>, out: &mut Batch) -> Result<bool> {
        loop {
            let part = if self.stepping { &mut self.step } else { &mut self.start };
            if part.next(run, out)? {
                if let Some(columns) = &mut self.distinct {
                    columns.keys(out, out.rows(), run, &mut self.keys)?;
                    let mut selection = std::mem::take(&mut out.selection);
                    let mut k = 0;
                    selection.retain(out.len(), |_| {
                        let known = self.seen.len();
                        self.seen.find_or_insert(&self.keys, k, true);
                        k += 1;
                        self.seen.len() > known
                    });
                    out.selection = selection;
                }
                if out.row_count() > 0 {
                    self.found.get_or_insert_with(|| run.row_store(self.forms.clone())).append(out)?;
                    return Ok(true);
                }
                continue;
            }
            // A round is over: its new rows are the next one's input.
            let found = self.found.take().filter(|rows| !rows.is_empty());
            if found.is_none() {
                run.state.work_tables[self.work_table] = None;
                return Ok(false);
            }
            run.state.work_tables[self.work_table] = found;
            self.stepping = true;
            self.rounds += 1;
            run.state.set_slot(self.round, Datum::B8(self.rounds));
            self.step.rewind(run)?;
        }
    }

    fn rewind(&mut self, run: &mut Run<'_>) -> Result<()> {
        self.stepping = false;
        self.seen.clear();
        self.found = None;
        self.start.rewind(run)
    }
}

/// What the last round found.
pub(super) struct WorkTableScan {
    work_table: usize,
    at: usize,
}

impl WorkTableScan {
    pub fn new(work_table: usize) -> WorkTableScan {
        WorkTableScan { work_table, at: 0 }
    }
}

impl Operator for WorkTableScan {
    fn next(&mut self, run: &mut Run<'_>, out: &mut Batch) -> Result<bool> {
        let Some(rows) = &mut run.state.work_tables[self.work_table] else { return Ok(false) };
        if self.at == rows.batches() {
            return Ok(false);
        }
        rows.read(self.at, out)?;
        self.at += 1;
        Ok(true)
    }

    fn rewind(&mut self, _: &mut Run<'_>) -> Result<()> {
        self.at = 0;
        Ok(())
    }
}
