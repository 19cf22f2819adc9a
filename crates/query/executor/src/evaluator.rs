//! Expressions over rows that do not come from a plan: those of indexes that are built, checks of rows that exist already, and the new
//! values of a table that is rewritten.

use std::sync::Arc;

use batch::{Batch, Column, Repr};
use error::{Error, Result};
use planner::plan::Plan;
use txn::ActiveSnapshot;

use crate::Session;
use crate::expression::{Compiled, compile_all, evaluate_all};
use crate::operator::{Builder, Substitutes};
use crate::run::{Run, State};

/// Computes the projection of a plan that [`planner::plan_rows`] made, for rows that it is given.
pub struct RowEvaluator {
    state: State,
    snapshot: ActiveSnapshot,
    exprs: Vec<Compiled>,
}

impl RowEvaluator {
    /// Makes the expressions ready.
    ///
    /// # Errors
    /// `XX000` for a plan of another shape.
    pub fn start(
        session: &Session<'_>,
        plan: Arc<Plan>,
        snapshot: ActiveSnapshot,
        work_mem: usize,
    ) -> Result<RowEvaluator> {
        let project = plan.root.project.as_ref().ok_or_else(|| Error::internal("a plan of rows has no expressions"))?;
        let exprs = compile_all(project)?;
        let mut state = State::new(plan.clone(), Vec::new(), work_mem);
        let none = Substitutes::new();
        let builder = Builder {
            session,
            snapshot: &snapshot,
            state: &state,
            instrument: false,
            substitutes: &none,
            limited: Default::default(),
        };
        let subplans = builder.subplans()?;
        state.subplans = subplans;
        Ok(RowEvaluator { state, snapshot, exprs })
    }

    /// Computes the expressions for the rows of a batch that has all columns of the table.
    ///
    /// # Errors
    /// Those of the expressions.
    pub fn evaluate(&mut self, session: &Session<'_>, rows: &Batch) -> Result<()> {
        let mut run = Run { session, snapshot: &self.snapshot, state: &mut self.state };
        evaluate_all(&mut self.exprs, rows, rows.rows(), &mut run)
    }

    /// The values of one expression, for the batch that was evaluated last.
    pub fn column<'a>(&'a self, number: usize, rows: &'a Batch) -> &'a Column {
        self.exprs[number].result(rows)
    }

    /// The forms of the values.
    pub fn reprs(&self) -> Vec<Repr> {
        self.exprs.iter().map(|expr| expr.ty().repr).collect()
    }

    /// How many expressions there are.
    pub fn len(&self) -> usize {
        self.exprs.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.exprs.is_empty()
    }
}
