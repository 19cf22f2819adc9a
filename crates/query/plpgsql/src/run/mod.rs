//! Running a routine.
//!
//! [`call`] makes a [`Frame`](frame::Frame) for a call's variables and walks over the tree. A statement that fails adds its line to the
//! error's context on the way out; a block with handlers runs in a subtransaction, which the error undoes before a handler sees it.

pub mod frame;
pub mod plan;

mod assign;
mod cursor;
mod loops;
mod raise;
mod statement;

use analyzer::query::SqlType;
use batch::{Batch, Datum};
use error::{Error, Result, SqlState};
use ids::Oid;
use types::oid;

use crate::tree::*;
use crate::{Host, Sink};
use frame::{Frame, Row, Value};

/// What a trigger's function is told.
pub struct TriggerCall {
    /// The new and the old row, where there are such.
    pub rows: [Option<Row>; 2],
    /// `TG_NAME` and the others, in the order of [`TriggerVariables::facts`].
    pub facts: Vec<Datum>,
    /// The transition tables: their names, and the table whose rows they have.
    pub tables: Vec<(String, Oid)>,
}

/// How a call ended.
pub enum Outcome {
    /// Without a value.
    Nothing,
    /// With a value of the declared type.
    Value(Datum),
    /// With a row: its columns as they are, or none for a null one.
    Row(Row),
}

/// What a statement leads to.
enum Flow {
    /// The next statement.
    Next,
    /// Out of the loop or block with this label; out of the innermost loop, if it is empty.
    Exit(String),
    /// To the next round of the loop with this label; of the innermost, if it is empty.
    Continue(String),
    /// Out of the routine.
    Return,
}

/// A call.
struct Run<'r, 's> {
    host: &'r dyn Host,
    routine: &'r Routine,
    frame: Frame,
    /// The routine is stable or immutable: its queries see what its caller sees.
    read_only: bool,
    /// It may end the transaction, as far as blocks with handlers go.
    outcome: Option<Outcome>,
    /// Where the rows of a set go.
    sink: Option<Sink<'s>>,
    /// The columns of a set's rows.
    columns: &'r [SqlType],
    /// ROW_COUNT.
    processed: u64,
    /// The errors that handlers are handling, the innermost last.
    errors: Vec<Error>,
    /// The routine's number, for PG_ROUTINE_OID.
    oid: Oid,
    /// Nesting of blocks with handlers.
    protected: u32,
    /// The error under way says already where in this routine it happened.
    told: bool,
    /// The extra check `too_many_rows`, once it was asked for.
    many_rows: Option<Option<error::Severity>>,
}

/// Calls a routine with the values of its input arguments. The rows of a set go to `sink`, in these columns.
///
/// # Errors
/// Those of its statements, with PL/pgSQL's lines of context.
pub fn call<'r, 's>(
    host: &'r dyn Host,
    routine: &'r Routine,
    oid: Oid,
    args: Vec<Datum>,
    trigger: Option<TriggerCall>,
    read_only: bool,
    columns: &'r [SqlType],
    sink: Option<Sink<'s>>,
) -> Result<Outcome> {
    let mut run = Run {
        host,
        routine,
        frame: Frame::new(routine),
        read_only,
        outcome: None,
        sink,
        columns,
        processed: 0,
        errors: Vec::new(),
        oid,
        protected: 0,
        told: false,
        many_rows: None,
    };
    run.enter(args, trigger).map_err(|error| run.context(error, "during function entry"))?;
    let flow = run.block(&routine.body);
    let flow = match flow {
        Ok(flow) => flow,
        // What fails between statements has no line.
        Err(error) => return Err(if run.told { error } else { run.plain_context(error) }),
    };
    match flow {
        Flow::Return => (),
        Flow::Exit(label) | Flow::Continue(label) if !label.is_empty() => {
            return Err(Error::internal(format!("no loop or block is called {label}")));
        }
        _ if routine.outputs.is_empty() && !routine.set && routine.result == ResultKind::Scalar
            || routine.result == ResultKind::Trigger
            || routine.result == ResultKind::Row && routine.outputs.is_empty() && !routine.set =>
        {
            let what = if routine.result == ResultKind::Trigger { "trigger procedure" } else { "function" };
            let text = format!("control reached end of {what} without RETURN");
            let error = Error::new(SqlState::S_R_E_FUNCTION_EXECUTED_NO_RETURN_STATEMENT, text);
            return Err(run.plain_context(error));
        }
        _ => (),
    }
    if let Some(outcome) = run.outcome.take() {
        return Ok(outcome);
    }
    if routine.set || routine.outputs.is_empty() {
        return Ok(Outcome::Nothing);
    }
    run.outputs()
}

impl<'r> Run<'r, '_> {
    fn enter(&mut self, args: Vec<Datum>, trigger: Option<TriggerCall>) -> Result<()> {
        for number in 0..self.routine.variables.len() {
            self.frame.shape(self.host, self.routine, number)?;
        }
        for (&number, value) in self.routine.arguments.iter().zip(args) {
            self.frame.values[number] = match &self.frame.values[number] {
                Value::Scalar(_) => Value::Scalar(value),
                Value::Record(shape) => {
                    let mut row = frame::decompose(self.host, &value)?;
                    if row.columns.is_none() {
                        row.columns = shape.columns.clone();
                    }
                    Value::Record(row)
                }
            };
        }
        self.frame.values[self.routine.found] = Value::Scalar(Datum::bool(false));
        if let (Some(variables), Some(trigger)) = (&self.routine.trigger, trigger) {
            self.frame.tables = trigger.tables.into();
            for ((_, number), value) in variables.facts.iter().zip(trigger.facts) {
                self.frame.values[*number] = Value::Scalar(value);
            }
            if self.routine.result == ResultKind::Trigger {
                // A row that the event does not have is null, and has the table's columns nevertheless.
                let columns = trigger.rows.iter().flatten().find_map(|row| row.columns.clone());
                for (number, row) in variables.rows.into_iter().zip(trigger.rows) {
                    let null = || Row { columns: columns.clone(), values: None };
                    self.frame.values[number] = Value::Record(row.unwrap_or_else(null));
                }
            }
        }
        Ok(())
    }

    /// The values of the OUT arguments.
    fn outputs(&self) -> Result<Outcome> {
        let mut columns = Vec::new();
        let mut values = Vec::new();
        for &number in &self.routine.outputs {
            let ty = self.frame.type_of(self.routine, number);
            columns.push((self.routine.variables[number].name.clone(), ty));
            values.push(self.value(number)?);
        }
        match (self.routine.result, &values[..]) {
            (ResultKind::Scalar, [_]) => Ok(Outcome::Value(values.swap_remove(0))),
            (ResultKind::Row, [_])
                if self.routine.outputs.len() == 1
                    && self.is_row(self.routine.outputs[0])
                    && self.routine.result_type.oid != oid::RECORD =>
            {
                Ok(Outcome::Row(frame::decompose(self.host, &values[0])?))
            }
            _ => Ok(Outcome::Row(Row::new(columns.into(), values))),
        }
    }

    fn is_row(&self, number: Number) -> bool {
        matches!(self.routine.variables[number].kind, VariableKind::Record(_))
    }

    /// A variable's value; a row's as one value.
    fn value(&self, number: Number) -> Result<Datum> {
        match &self.frame.values[number] {
            Value::Scalar(value) => Ok(value.clone()),
            Value::Record(_) => self.frame.row_value(self.host, self.routine, number),
        }
    }

    // --- Context ----------------------------------------------------------------------------------------------------

    fn context(&self, error: Error, what: &str) -> Error {
        error.context(format!("PL/pgSQL function {} {what}", self.routine.signature))
    }

    fn plain_context(&self, error: Error) -> Error {
        error.context(format!("PL/pgSQL function {}", self.routine.signature))
    }

    // --- Blocks -----------------------------------------------------------------------------------------------------

    fn statements(&mut self, list: &'r [Statement]) -> Result<Flow> {
        for statement in list {
            match self.statement(statement)? {
                Flow::Next => (),
                other => return Ok(other),
            }
        }
        Ok(Flow::Next)
    }

    fn statement(&mut self, statement: &'r Statement) -> Result<Flow> {
        let words = statement.kind.words();
        let line = statement.line;
        self.host.enter(&self.routine.signature, line, words);
        let result = match &statement.kind {
            Kind::Block(block) => self.block(block),
            kind => self.execute(kind),
        };
        self.host.leave();
        match result {
            Ok(flow) => Ok(flow),
            Err(error) => Err(self.tell(error, || format!("line {line} at {words}"))),
        }
    }

    /// Adds where the innermost statement stood; the statements around it add nothing.
    fn tell(&mut self, error: Error, place: impl FnOnce() -> String) -> Error {
        if std::mem::replace(&mut self.told, true) {
            return error;
        }
        error.context(format!("PL/pgSQL function {} {}", self.routine.signature, place()))
    }

    fn block(&mut self, block: &'r Block) -> Result<Flow> {
        for &number in &block.declared {
            self.initialize(number).map_err(|error| {
                let line = self.routine.variables[number].line;
                self.tell(error, || format!("line {line} during statement block local variable initialization"))
            })?;
        }
        let flow = match &block.handlers {
            None => self.statements(&block.body)?,
            Some(handlers) => self.protected_block(block, handlers)?,
        };
        Ok(match flow {
            Flow::Exit(label) if !label.is_empty() && label == block.label => Flow::Next,
            other => other,
        })
    }

    /// Gives a variable its first value.
    fn initialize(&mut self, number: Number) -> Result<()> {
        self.host.check_interrupts()?;
        self.frame.shape(self.host, self.routine, number)?;
        let variable = &self.routine.variables[number];
        if let VariableKind::Scalar(_) | VariableKind::Cursor(_) = variable.kind {
            self.frame.values[number] = Value::Scalar(Datum::Null);
        }
        match &variable.default {
            Some(default) => self.assign_fragment(number, None, default),
            None => Ok(()),
        }
    }

    fn protected_block(&mut self, block: &'r Block, handlers: &'r Handlers) -> Result<Flow> {
        let level = self.host.level();
        self.host.begin_subtransaction()?;
        self.protected += 1;
        let result = self.statements(&block.body);
        self.protected -= 1;
        let error = match result {
            Ok(flow) => {
                self.host.commit_subtransaction()?;
                return Ok(flow);
            }
            Err(error) => error,
        };
        if error.fields().severity >= error::Severity::Fatal {
            return Err(error);
        }
        self.host.abort_subtransaction(level)?;
        self.told = false;
        let found = handlers.list.iter().find(|(conditions, _)| conditions.iter().any(|c| matches(*c, error.state())));
        let Some((_, body)) = found else { return Err(error) };
        self.frame.values[handlers.state] = Value::Scalar(Datum::text(error.state().code()));
        self.frame.values[handlers.message] = Value::Scalar(Datum::text(error.message()));
        self.errors.push(error);
        let result = self.statements(body);
        self.errors.pop();
        result
    }
}

/// Whether a condition stands for a state.
fn matches(condition: Condition, state: SqlState) -> bool {
    match condition {
        Condition::Others => !matches!(state, SqlState::QUERY_CANCELED | SqlState::ASSERT_FAILURE),
        Condition::State(wanted) if wanted.code().ends_with("000") => wanted.class() == state.class(),
        Condition::State(wanted) => wanted == state,
    }
}

/// The first row of a batch, as values.
fn first_row(batch: &Batch) -> Option<Vec<Datum>> {
    let row = batch.rows().iter().next()?;
    Some(row_at(batch, row))
}

/// A row of a batch, as values.
fn row_at(batch: &Batch, row: usize) -> Vec<Datum> {
    batch.columns.iter().map(|column| column.datum(column.index(row))).collect()
}
