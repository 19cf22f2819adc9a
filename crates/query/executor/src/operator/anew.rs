//! Checks a row anew that another transaction has changed (PostgreSQL's EvalPlanQual).
//!
//! The part of the plan that gave the row is built once more, with each table that stands in `substitutes` replaced by
//! one row version: the newest one of the changed row, and of the tables joined with it those that made the row.

use std::collections::HashMap;

use batch::{Batch, DatumRef};
use error::Result;
use ids::TupleId;
use planner::plan::{Node, RowMark};

use super::Builder;
use crate::run::{Run, State};

/// Relations of the plan by index, each with the row version that stands for it; none where a row of nulls was joined.
pub(crate) type Substitutes = HashMap<usize, Option<TupleId>>;

/// The place of the row that a mark means; none if it was not joined, or belongs to another table of its tree.
pub(super) fn marked(mark: &RowMark, batch: &Batch, row: usize) -> Option<TupleId> {
    if let Some((column, table)) = mark.table
        && batch.columns[column].get(row) != DatumRef::B4(table.0 as i32)
    {
        return None;
    }
    batch.columns[mark.tid].get(row).as_bytes().and_then(access::tid_from_bytes)
}

/// The first row that `node` gives under the substitutes.
pub(super) fn check(node: &Node, substitutes: &Substitutes, run: &mut Run<'_>) -> Result<Option<Batch>> {
    let plan = run.state.plan.clone();
    let mut state = State::new(plan, run.state.params.clone(), run.state.work_mem);
    state.slots.clone_from(&run.state.slots);
    let (mut stage, subplans);
    {
        let builder = Builder {
            session: run.session,
            snapshot: run.snapshot,
            state: &state,
            instrument: false,
            substitutes,
            limited: Default::default(),
        };
        stage = builder.stage(node)?;
        subplans = builder.subplans()?;
    }
    state.subplans = subplans;
    let mut again = Run { session: run.session, snapshot: run.snapshot, state: &mut state };
    let mut batch = stage.batch();
    Ok(stage.next(&mut again, &mut batch)?.then_some(batch))
}
