//! Functions and procedures written in SQL.
//!
//! A body is parsed when the routine is first called in a session, or read as the analyzed tree that CREATE FUNCTION stored; each statement
//! is planned when it is first reached, since an earlier one may make what it needs. The plans are kept until a catalog changes.
//!
//! A volatile function's statements see what came before them; those of a stable one see what the calling statement sees.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use analyzer::query::Query;
use analyzer::routine::{self, Arguments, RoutineBody, RoutineResult, in_body};
use analyzer::{Analyzer, Params};
use batch::{Batch, Column, Datum};
use catalog::Entry;
use catalog::rows::PgProc;
use error::{Error, Result, SqlState};
use ids::Oid;
use parser::ast::{CopyTarget, Statement};
use planner::plan::Plan;
use types::oid;

use super::{Invocation, Sink};
use crate::session::Session;

/// What decides about the plans of a routine: itself, and what polymorphic arguments and collations it is called with.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Key {
    function: Oid,
    arguments: Vec<Oid>,
    result: Oid,
    collation: Oid,
}

/// A routine, ready to be called.
pub(super) struct SqlRoutine {
    row: Entry<PgProc>,
    arguments: Vec<Oid>,
    collation: Oid,
    result: RoutineResult,
    generations: (u64, u64),
    /// The text that statements stand in.
    text: Rc<str>,
    steps: Vec<Step>,
}

/// A statement of the body.
struct Step {
    what: Work,
    plan: RefCell<Option<(Arc<Plan>, u64, u64)>>,
}

enum Work {
    Text(Statement),
    Stored(Box<Query>),
}

/// What the arguments of a CALL in a body mean.
struct SqlScope<'c> {
    names: Arguments<'c>,
    values: &'c [Datum],
}

impl plpgsql::CallScope for SqlScope<'_> {
    fn variables(&self) -> &dyn analyzer::routine::Variables {
        &self.names
    }

    fn params(&self) -> Result<(Vec<Datum>, Vec<Oid>)> {
        Ok((self.values.to_vec(), self.names.types.iter().map(|ty| ty.oid).collect()))
    }
}

/// As many routines are kept.
const KEPT_MAX: usize = 512;

impl Session<'_> {
    fn sql_routine(&self, invocation: &Invocation<'_>) -> Result<Rc<SqlRoutine>> {
        self.catalog().absorb();
        let key = Key {
            function: invocation.row.oid,
            arguments: invocation.arg_types.to_vec(),
            result: invocation.result_type,
            collation: invocation.collation,
        };
        let generations = self.generations();
        if let Some(found) = self.routines.sql.borrow().get(&key)
            && found.generations == generations
        {
            return Ok(found.clone());
        }
        let made = Rc::new(self.read_sql(invocation.row, &key, generations)?);
        let mut kept = self.routines.sql.borrow_mut();
        if kept.len() >= KEPT_MAX {
            kept.clear();
        }
        kept.insert(key, made.clone());
        Ok(made)
    }

    fn read_sql(&self, row: &Entry<PgProc>, key: &Key, generations: (u64, u64)) -> Result<SqlRoutine> {
        let result = RoutineResult::of(self.catalog(), row, &key.arguments, key.result)?;
        let step = |what: Work| Step { what, plan: RefCell::new(None) };
        let steps = match routine::stored_body(row) {
            Some(stored) => match analyzer::node::from_text(stored)? {
                RoutineBody::Return(query) => vec![step(Work::Stored(query))],
                RoutineBody::Atomic(queries) => {
                    queries.into_iter().map(|query| step(Work::Stored(Box::new(query)))).collect()
                }
            },
            None => {
                let text = routine::body_text(row);
                let statements = parser::parse(&text).map_err(|error| {
                    in_body(error, &text).context(format!("SQL function \"{}\" during startup", row.proname))
                })?;
                statements.into_iter().map(|raw| step(Work::Text(raw.statement))).collect()
            }
        };
        Ok(SqlRoutine {
            row: row.clone(),
            arguments: key.arguments.clone(),
            collation: key.collation,
            result,
            generations,
            text: routine::body_text(row).into(),
            steps,
        })
    }

    /// The query of a statement of the body; the last one is brought to the result's type.
    fn sql_query(&self, routine: &SqlRoutine, at: usize) -> Result<(Query, Vec<Oid>)> {
        let catalog = self.catalog();
        let arguments = Arguments::of(catalog, &routine.row, &routine.arguments, routine.collation)?;
        let analyzer = || Analyzer::new(catalog, self, &routine.text, Params::default()).with_variables(&arguments);
        let mut query = match &routine.steps[at].what {
            Work::Text(statement) => analyzer().routine_query(statement, false)?,
            Work::Stored(query) => Query::clone(query),
        };
        if at + 1 == routine.steps.len() {
            analyzer().fit_result(Some(&mut query), routine.row.prorettype, &routine.result)?;
        }
        Ok((analyzer().finish_routine_query(query)?, arguments.types.iter().map(|ty| ty.oid).collect()))
    }

    /// The plan of a statement of the body, its relations locked.
    fn sql_plan(&self, routine: &SqlRoutine, at: usize) -> Result<Arc<Plan>> {
        self.locked(|| self.cached_sql_plan(routine, at), |plan| plan)
    }

    fn cached_sql_plan(&self, routine: &SqlRoutine, at: usize) -> Result<Arc<Plan>> {
        let generations = self.generations();
        if let Some((plan, catalog, settings)) = &*routine.steps[at].plan.borrow()
            && (*catalog, *settings) == generations
        {
            return Ok(plan.clone());
        }
        let (query, types) = self.sql_query(routine, at)?;
        let plan = self.make_plan(query, types)?;
        routine.steps[at].plan.replace(Some((plan.clone(), generations.0, generations.1)));
        Ok(plan)
    }

    /// Runs the body; the rows of its last statement go to `sink`.
    fn run_sql(&self, invocation: &Invocation<'_>, routine: &SqlRoutine, sink: Sink<'_>) -> Result<()> {
        let volatile = routine.row.provolatile == b'v';
        let count = routine.steps.len();
        for (at, step) in routine.steps.iter().enumerate() {
            let run = |sink: Sink<'_>| -> Result<()> {
                if let Work::Text(statement) = &step.what
                    && !analyzer::is_query(statement)
                {
                    check_allowed(statement, volatile)?;
                    self.transaction.next_command()?;
                    if let Statement::Call(call) = statement {
                        let names = Arguments::of(self.catalog(), &routine.row, &routine.arguments, routine.collation)?;
                        let scope = SqlScope { names, values: &invocation.args };
                        return self.call_within(&routine.text, call, &scope, false).map(|_| ());
                    }
                    return self.run_utility(&routine.text, statement, &[]).map(|_| ());
                }
                if volatile {
                    self.transaction.next_command()?;
                }
                let plan = self.sql_plan(routine, at)?;
                if !volatile && (!plan.read_only || plan.command != planner::plan::Command::Select) {
                    return Err(not_volatile(crate::portal::command_word(plan.command)));
                }
                let snapshot = match invocation.snapshot {
                    Some(snapshot) if !volatile => snapshot.register_again(),
                    _ => self.transaction.snapshot()?,
                };
                self.run_nested(&plan, invocation.args.clone(), snapshot, sink).map(|_| ())
            };
            let result = match at + 1 == count {
                true => run(sink),
                false => run(&mut |_| Ok(true)),
            };
            result.map_err(|error| {
                in_body(error, &routine.text).context(format!(
                    "SQL function \"{}\" statement {}",
                    routine.row.proname,
                    at + 1
                ))
            })?;
        }
        Ok(())
    }

    /// A call that gives one value: the last statement's first row.
    pub(super) fn sql_value(&self, invocation: &Invocation<'_>) -> Result<Datum> {
        let routine = self.sql_routine(invocation)?;
        let mut value = Datum::Null;
        let is_void = invocation.result_type == oid::VOID;
        self.run_sql(invocation, &routine, &mut |batch| {
            if let (false, Some(row)) = (is_void, batch.rows().iter().next()) {
                value = self.row_value(&routine, batch, row)?;
            }
            Ok(false)
        })?;
        Ok(value)
    }

    /// A row of the last statement as one value.
    fn row_value(&self, routine: &SqlRoutine, batch: &Batch, row: usize) -> Result<Datum> {
        let values = || batch.columns.iter().map(|column| column.datum(column.index(row)));
        if !routine.result.is_composite() {
            return Ok(values().next().unwrap_or_default());
        }
        let plan = self.sql_plan(routine, routine.steps.len() - 1)?;
        self.compose(&routine.result, &plan.output, values().collect())
    }

    /// A call that gives one row in columns.
    pub(super) fn sql_row(&self, invocation: &Invocation<'_>, sink: Sink<'_>) -> Result<()> {
        let mut done = false;
        let columns = invocation.columns.len();
        self.sql_rows(invocation, &mut |batch| {
            let Some(row) = batch.rows().iter().next().filter(|_| !done) else { return Ok(false) };
            done = true;
            let mut one = Batch::new(invocation.columns.iter().map(|column| column.repr));
            for (to, from) in one.columns.iter_mut().zip(&batch.columns) {
                to.push(from.get(from.index(row)));
            }
            one.set_len(1);
            sink(&one)?;
            Ok(false)
        })?;
        if !done {
            let mut one = Batch::new(invocation.columns.iter().map(|column| column.repr));
            one.columns.iter_mut().take(columns).for_each(Column::push_null);
            one.set_len(1);
            sink(&one)?;
        }
        Ok(())
    }

    /// A call that gives a set: the rows of the last statement, in columns or as row values.
    pub(super) fn sql_rows(&self, invocation: &Invocation<'_>, sink: Sink<'_>) -> Result<()> {
        let routine = self.sql_routine(invocation)?;
        let as_values =
            routine.result.is_composite() && matches!(invocation.columns, [only] if only.oid == invocation.result_type);
        let is_void = invocation.result_type == oid::VOID;
        self.run_sql(invocation, &routine, &mut |batch| {
            if is_void {
                return Ok(true);
            }
            if !as_values {
                return match self.in_columns(&routine, invocation, batch)? {
                    Some(rows) => sink(&rows),
                    None => sink(batch),
                };
            }
            let mut rows = Batch::new(invocation.columns.iter().map(|column| column.repr));
            for row in batch.rows().iter() {
                rows.columns[0].push(self.row_value(&routine, batch, row)?.as_ref());
            }
            rows.set_len(batch.row_count());
            sink(&rows)
        })
    }

    /// The rows of the last statement in the columns that are wanted: as they are, or spread from row values. They must fit, since the
    /// type may have changed, and the columns of a `record` are what the caller says.
    fn in_columns(&self, routine: &SqlRoutine, invocation: &Invocation<'_>, batch: &Batch) -> Result<Option<Batch>> {
        let wrong = |detail: String| {
            let text = "function return row and query-specified return row do not match";
            Err(Error::new(SqlState::DATATYPE_MISMATCH, text).detail(detail))
        };
        let plan = self.sql_plan(routine, routine.steps.len() - 1)?;
        let wanted: Vec<&planner::plan::ColumnType> =
            invocation.columns.iter().filter(|column| column.oid.is_valid()).collect();
        let row_values = routine.result.is_composite()
            && matches!(&plan.output[..], [only] if only.ty.oid == routine.result.type_oid)
            && !matches!(wanted[..], [only] if only.oid == routine.result.type_oid);
        if row_values {
            let types: Vec<Oid> = invocation.columns.iter().map(|column| column.oid).collect();
            let mut rows = Batch::new(invocation.columns.iter().map(|column| column.repr));
            for row in batch.rows().iter() {
                let value = batch.columns[0].get(batch.columns[0].index(row));
                types::record::spread(value, &types, &mut rows.columns, self)?;
            }
            rows.set_len(batch.row_count());
            return Ok(Some(rows));
        }
        let (given, expected) = (batch.columns.len(), wanted.len());
        if given != expected {
            let plural = plural(given);
            return wrong(format!("Returned row contains {given} attribute{plural}, but query expects {expected}."));
        }
        for (at, (column, wanted)) in plan.output.iter().zip(&wanted).enumerate() {
            if column.ty.oid != wanted.oid && column.ty.repr != wanted.repr
                || column.ty.oid != wanted.oid && routine.result.columns.is_none() && routine.result.is_composite()
            {
                let (given, wanted) = (self.type_name_of(column.ty.oid)?, self.type_name_of(wanted.oid)?);
                return wrong(format!(
                    "Returned type {given} at ordinal position {}, but query expects {wanted}.",
                    at + 1
                ));
            }
        }
        if wanted.len() == invocation.columns.len() {
            return Ok(None);
        }
        // Dropped columns are null.
        let mut rows = Batch::new(invocation.columns.iter().map(|column| column.repr));
        for row in batch.rows().iter() {
            let mut given = batch.columns.iter();
            for (to, column) in rows.columns.iter_mut().zip(invocation.columns) {
                match given.as_slice().first().filter(|_| column.oid.is_valid()) {
                    Some(from) => {
                        to.push(from.get(from.index(row)));
                        given.next();
                    }
                    None => to.push_null(),
                }
            }
        }
        rows.set_len(batch.row_count());
        Ok(Some(rows))
    }

    pub(super) fn type_name_of(&self, oid: Oid) -> Result<String> {
        self.catalog().format_type(oid, -1)
    }

    /// Looks at a body when its routine is made; errors have their place in the body.
    pub(super) fn check_sql(&self, row: &PgProc) -> Result<()> {
        let catalog = self.catalog();
        let result = catalog.type_(row.prorettype)?;
        let polymorphic = |oid: Oid| analyzer::types::is_polymorphic(oid);
        let wrong = |text: String| Err(Error::new(SqlState::INVALID_FUNCTION_DEFINITION, text));
        if result.typtype == b'p' && !matches!(row.prorettype, oid::VOID | oid::RECORD) && !polymorphic(row.prorettype)
        {
            return wrong(format!("SQL functions cannot return type {}", self.type_name_of(row.prorettype)?));
        }
        let mut any_polymorphic = false;
        for &input in row.proargtypes.iter() {
            any_polymorphic |= polymorphic(input);
            if catalog.type_(input)?.typtype == b'p' && !polymorphic(input) {
                return wrong(format!("SQL functions cannot have arguments of type {}", self.type_name_of(input)?));
            }
        }
        if !self.settings.borrow().bool(settings::id::CHECK_FUNCTION_BODIES) {
            return Ok(());
        }
        let mut queries = Vec::new();
        let arguments = Arguments::of(catalog, row, &row.proargtypes, Oid::INVALID)?;
        let analyzer = || Analyzer::new(catalog, self, &row.prosrc, Params::default()).with_variables(&arguments);
        match routine::stored_body(row) {
            Some(stored) => match analyzer::node::from_text(stored)? {
                RoutineBody::Return(query) => queries.push(Some(*query)),
                RoutineBody::Atomic(list) => queries.extend(list.into_iter().map(Some)),
            },
            None => {
                let statements = parser::parse(&row.prosrc)?;
                if any_polymorphic {
                    return Ok(());
                }
                for raw in &statements {
                    queries.push(match analyzer::is_query(&raw.statement) {
                        true => Some(analyzer().routine_query(&raw.statement, false)?),
                        false => None,
                    });
                }
            }
        }
        let wanted = RoutineResult::of(catalog, row, &row.proargtypes, row.prorettype)?;
        analyzer().fit_result(queries.pop().flatten().as_mut(), row.prorettype, &wanted).map(|_| ())
    }
}

pub(super) fn plural(n: usize) -> &'static str {
    if n == 1 { "" } else { "s" }
}

pub(super) fn not_volatile(tag: &str) -> Error {
    Error::new(SqlState::FEATURE_NOT_SUPPORTED, format!("{tag} is not allowed in a non-volatile function"))
}

/// Refuses statements that a function in SQL cannot run.
pub(super) fn check_allowed(statement: &Statement, volatile: bool) -> Result<()> {
    let refuse = |text: String| Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text));
    match statement {
        Statement::Copy(copy) if matches!(copy.target, CopyTarget::Client) => {
            refuse("cannot COPY to/from client in an SQL function".into())
        }
        Statement::Transaction(_) => refuse(format!("{} is not allowed in an SQL function", statement.name())),
        other if !commands::allowed_in_block(other) => {
            let text = format!("{} cannot be executed from a function", other.name());
            Err(Error::new(SqlState::ACTIVE_SQL_TRANSACTION, text))
        }
        Statement::Show(_) | Statement::Set(_) => Ok(()),
        other if !volatile => Err(not_volatile(other.name())),
        _ => Ok(()),
    }
}
