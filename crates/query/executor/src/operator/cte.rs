//! Reads a WITH query, whose rows all its readers share.

use batch::{Batch, Datum, Repr};
use error::{Error, Result};
use planner::explain::Work;

use super::{Builder, Operator, reprs};
use crate::run::Run;

struct CteScan {
    subplan: usize,
    forms: Vec<Repr>,
    at: usize,
}

pub(super) fn build(builder: &Builder<'_>, subplan: usize) -> Result<(Box<dyn Operator>, Vec<Repr>)> {
    let forms = reprs(&builder.state.plan.subplans[subplan].node.output);
    Ok((Box::new(CteScan { subplan, forms: forms.clone(), at: 0 }), forms))
}

/// Reads the next batch of a WITH query into its store; false at the end.
pub(crate) fn read_more(subplan: usize, run: &mut Run<'_>) -> Result<bool> {
    let taken = run.state.subplans[subplan].take();
    let mut query = taken.ok_or_else(|| Error::internal("a WITH query reads itself"))?;
    let result = (|| {
        if query.complete {
            return Ok(false);
        }
        if !query.used {
            query.read_for = depends(subplan, run);
        }
        query.used = true;
        let mut batch = query.stage.batch();
        if !query.stage.next(run, &mut batch)? {
            query.complete = true;
            return Ok(false);
        }
        let store = match &mut query.rows {
            Some(store) => store,
            none => {
                let forms = batch.columns.iter().map(|column| column.repr()).collect();
                none.insert(run.row_store(forms))
            }
        };
        store.append(&batch)?;
        Ok(true)
    })();
    run.state.subplans[subplan] = Some(query);
    result
}

/// The values on which the rows of a WITH query depend, as they are now.
fn depends(subplan: usize, run: &Run<'_>) -> Vec<Datum> {
    let slots = &run.state.plan.subplans[subplan].node.depends;
    slots.iter().map(|&slot| run.state.slots[slot as usize].value.clone()).collect()
}

impl Operator for CteScan {
    fn next(&mut self, run: &mut Run<'_>, out: &mut Batch) -> Result<bool> {
        loop {
            let query = run.state.subplans[self.subplan].as_mut();
            let query = query.ok_or_else(|| Error::internal("a WITH query reads itself"))?;
            // The last batch of a store that grows is not full yet: it is read when another stands behind it.
            if let Some(rows) = &mut query.rows
                && self.at < rows.batches().saturating_sub(!query.complete as usize)
            {
                rows.read(self.at, out)?;
                self.at += 1;
                return Ok(true);
            }
            if !read_more(self.subplan, run)?
                && run.state.subplans[self.subplan]
                    .as_ref()
                    .is_none_or(|query| query.rows.as_ref().is_none_or(|rows| self.at >= rows.batches()))
            {
                debug_assert_eq!(self.forms.len(), out.columns.len());
                return Ok(false);
            }
        }
    }

    fn work(&self, run: &Run<'_>) -> Work {
        let rows = run.state.subplans.get(self.subplan).and_then(Option::as_ref).and_then(|query| query.rows.as_ref());
        rows.map_or(Work::None, |rows| rows.storage(Work::None))
    }

    fn rewind(&mut self, run: &mut Run<'_>) -> Result<()> {
        self.at = 0;
        // A query that depends on an outer row, or on a round of a recursive query, may have other rows now.
        let now = depends(self.subplan, run);
        if !now.is_empty()
            && run.state.subplans[self.subplan].as_ref().is_some_and(|query| query.used && query.read_for != now)
            && let Some(mut query) = run.state.subplans[self.subplan].take()
        {
            let rewound = query.stage.rewind(run);
            query.rows = None;
            query.complete = false;
            query.used = false;
            run.state.subplans[self.subplan] = Some(query);
            rewound?;
        }
        Ok(())
    }
}
