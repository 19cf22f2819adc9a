//! Expressions without rows: what PL/pgSQL evaluates most.
//!
//! A plan that computes one value from its parameters alone is one compiled expression; evaluating it anew costs no operators, no locks and
//! no look at privileges of relations.

use std::sync::Arc;

use batch::{Batch, Datum, Rows};
use error::Result;
use planner::plan::{Command, ExprKind, NodeKind, Plan};
use txn::ActiveSnapshot;

use crate::Session;
use crate::expression::{Compiled, compile};
use crate::run::{Run, State};

/// An expression over parameters.
pub struct Scalar {
    state: State,
    compiled: Compiled,
    /// The parameter that the expression is, if it is just that.
    param: Option<usize>,
    blank: Batch,
    calls_routines: bool,
}

impl Scalar {
    /// The expression that a plan computes; `None` for a plan that does more.
    ///
    /// # Errors
    /// Those of compiling it.
    pub fn of(plan: &Arc<Plan>) -> Result<Option<Scalar>> {
        if plan.command != Command::Select
            || !plan.subplans.is_empty()
            || !plan.slots.is_empty()
            || !plan.relations.is_empty()
            || !plan.permissions.is_empty()
        {
            return Ok(None);
        }
        let NodeKind::Result { input: None, condition } = &plan.root.kind else { return Ok(None) };
        let [expr] = plan.root.project.as_deref().unwrap_or_default() else { return Ok(None) };
        if !condition.is_empty() || !plan.root.filter.is_empty() {
            return Ok(None);
        }
        let param = match expr.kind {
            ExprKind::Param(number) => Some(number),
            _ => None,
        };
        let mut blank = Batch::default();
        blank.set_len(1);
        Ok(Some(Scalar {
            state: State::new(plan.clone(), Vec::new(), 0),
            compiled: compile(expr)?,
            param,
            blank,
            calls_routines: !plan.functions.is_empty(),
        }))
    }

    /// Whether it calls functions that look at data: then it needs a snapshot of its own.
    pub fn calls_routines(&self) -> bool {
        self.calls_routines
    }

    /// Its value for these parameters.
    pub fn evaluate(
        &mut self,
        session: &Session<'_>,
        snapshot: &ActiveSnapshot,
        params: &[Datum],
        work_mem: usize,
    ) -> Result<Datum> {
        if let Some(param) = self.param {
            return Ok(params.get(param).cloned().unwrap_or_default());
        }
        if self.calls_routines {
            crate::execution::check_functions(session, &self.state.plan.clone())?;
        }
        self.state.params.clear();
        self.state.params.extend_from_slice(params);
        self.state.work_mem = work_mem;
        let mut run = Run { session, snapshot, state: &mut self.state };
        self.compiled.evaluate(&self.blank, Rows::All(1), &mut run)?;
        Ok(self.compiled.result(&self.blank).datum(0))
    }
}
