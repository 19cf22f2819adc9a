//! Rows without a table, and rows under a condition that is the same for all of them.

use batch::Batch;
use planner::plan::Expr;
use txn::Snapshot;

use super::{Operator, Stage};
use crate::expression::{Compiled, compile_all};
use crate::run::Run;

/// One row without columns, or the input's rows, if the condition holds.
pub(super) struct Result {
    input: Option<Stage>,
    condition: Vec<Compiled>,
    state: State,
}

#[derive(PartialEq)]
enum State {
    Untested,
    Holds,
    Done,
}

impl Result {
    pub fn new(input: Option<Stage>, condition: &[Expr]) -> error::Result<Result> {
        Ok(Result { input, condition: compile_all(condition)?, state: State::Untested })
    }
}

impl Operator for Result {
    fn next(&mut self, run: &mut Run<'_>, out: &mut Batch) -> error::Result<bool> {
        if self.state == State::Untested {
            self.state = State::Holds;
            for condition in &mut self.condition {
                if condition.value(run)?.as_bool() != Some(true) {
                    self.state = State::Done;
                    break;
                }
            }
        }
        if self.state == State::Done {
            return Ok(false);
        }
        match &mut self.input {
            Some(input) => input.next(run, out),
            None => {
                self.state = State::Done;
                out.clear();
                out.set_len(1);
                Ok(true)
            }
        }
    }

    fn rewind(&mut self, run: &mut Run<'_>) -> error::Result<()> {
        self.state = State::Untested;
        self.input.as_mut().map_or(Ok(()), |input| input.rewind(run))
    }

    fn rest(&mut self) -> bool {
        self.state = State::Untested;
        self.input.as_mut().is_none_or(Stage::rest)
    }

    fn renew(&mut self, snapshot: &Snapshot) {
        if let Some(input) = &mut self.input {
            input.renew(snapshot);
        }
    }
}

/// The input's rows as they are.
pub(super) struct Through(pub Stage);

impl Operator for Through {
    fn next(&mut self, run: &mut Run<'_>, out: &mut Batch) -> error::Result<bool> {
        self.0.next(run, out)
    }

    fn rewind(&mut self, run: &mut Run<'_>) -> error::Result<()> {
        self.0.rewind(run)
    }
}
