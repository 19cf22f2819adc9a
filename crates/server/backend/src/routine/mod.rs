//! Calls of functions and procedures that are not built in.
//!
//! The executor hands such calls to the session ([`executor::Host`]). What is common to all languages happens here: strictness, the rights
//! and settings of SECURITY DEFINER and SET, the limit of recursion. Then the language takes over:
//!
//! | language | module |
//! |---|---|
//! | `sql` | [`sql`] |
//! | `plpgsql` | [`plpgsql`] |
//! | `c` | the extensions that are built into the server (`commands::extension`) |
//!
//! What a session has learnt about its routines it keeps in [`Cache`] until a catalog changes.
//!
//! - [`call`]: CALL and DO. [`source`]: the rows of functions that return sets. [`trigger`]: the functions of triggers.

mod call;
mod plpgsql;
mod source;
mod sql;
mod trigger;

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::time::{Duration, Instant};

use analyzer::routine::RoutineResult;
use batch::{Batch, Column, Datum, DatumRef, Rows};
use catalog::Entry;
use catalog::rows::PgProc;
use error::{Error, Result, SqlState};
use ids::Oid;
use planner::plan::{ColumnType, Plan};
use settings::{Action, Source};
use txn::ActiveSnapshot;
use types::{Context, RowSource};

use crate::session::{Session, TracksFunctions};

/// Language `sql`.
const SQL: Oid = Oid(14);
const INTERNAL: Oid = Oid(12);
const C: Oid = Oid(13);

/// What a session keeps of the routines that it called.
#[derive(Default)]
pub(crate) struct Cache {
    sql: RefCell<HashMap<sql::Key, Rc<sql::SqlRoutine>>>,
    /// The stack's address when the session began: what is used since is what calls have used.
    stack: Cell<usize>,
    plpgsql: RefCell<HashMap<plpgsql::Key, Rc<plpgsql::Parsed>>>,
    /// The procedure that runs may end the transaction.
    may_end: Cell<bool>,
    /// A routine runs.
    busy: Cell<bool>,
    /// The statements of PL/pgSQL that are under way, the innermost last.
    places: RefCell<Vec<(Rc<str>, u32, &'static str)>>,
    /// The number of the latest cursor without a name.
    portals: Cell<u32>,
    /// The triggers whose functions are under way, the innermost last.
    triggers: RefCell<Vec<trigger::Running>>,
    /// The columns of the row that a trigger saw last.
    trigger_columns: RefCell<Option<trigger::RowColumns>>,
}

/// A call of a routine.
pub(crate) struct Invocation<'c> {
    pub row: &'c Entry<PgProc>,
    pub args: Vec<Datum>,
    pub arg_types: &'c [Oid],
    pub result_type: Oid,
    pub collation: Oid,
    /// What the calling statement sees; none for CALL.
    pub snapshot: Option<&'c ActiveSnapshot>,
    /// The columns that rows are wanted in, where the caller says so (a column definition list).
    pub columns: &'c [ColumnType],
}

/// Takes the rows of a routine's result; false: it wants no more.
pub(crate) type Sink<'s> = &'s mut dyn FnMut(&Batch) -> Result<bool>;

/// Somewhere on the stack of the caller.
#[inline(never)]
fn stack_address() -> usize {
    let here = 0u8;
    std::ptr::from_ref(&here) as usize
}

/// While it lives, no procedure may end the transaction: a query is under way.
pub(crate) struct Within<'s> {
    cache: &'s Cache,
    before: (bool, bool, usize),
}

impl Drop for Within<'_> {
    fn drop(&mut self) {
        self.cache.may_end.set(self.before.0);
        self.cache.busy.set(self.before.1);
        self.cache.places.borrow_mut().truncate(self.before.2);
    }
}

impl Session<'_> {
    pub(crate) fn within_statement(&self) -> Within<'_> {
        let cache = &self.routines;
        let places = cache.places.borrow().len();
        Within { cache, before: (cache.may_end.replace(false), cache.busy.replace(true), places) }
    }

    /// Notes where the stack begins.
    pub fn mark_stack(&self) {
        self.routines.stack.set(stack_address());
    }

    /// Refuses to go deeper when `max_stack_depth` is used up.
    pub fn check_stack(&self) -> Result<()> {
        let used = self.routines.stack.get().abs_diff(stack_address());
        let limit = self.settings.borrow().bytes(settings::id::MAX_STACK_DEPTH).unwrap_or(2 << 20) as usize;
        // Our frames are wider than those that PostgreSQL's default of 2 MB is meant for; the process has four times as much.
        if used <= limit.saturating_mul(3) {
            return Ok(());
        }
        let hint = format!(
            "Increase the configuration parameter \"max_stack_depth\" (currently {}kB), after ensuring the platform's stack depth limit is adequate.",
            limit >> 10
        );
        Err(Error::new(SqlState::STATEMENT_TOO_COMPLEX, "stack depth limit exceeded").hint(hint))
    }

    /// Calls a function for rows of a batch; see [`executor::Host::call_on_rows`].
    pub fn call_for_rows(
        &self,
        function: Oid,
        args: &[&Column],
        rows: Rows<'_>,
        len: usize,
        context: Context<'_>,
        snapshot: &ActiveSnapshot,
        out: &mut Column,
    ) -> Result<()> {
        let row = self.catalog().function(function)?;
        let _within = self.within_statement();
        out.reset(len);
        for at in rows.iter() {
            let extension = row.probin.is_some().then(|| {
                let values: Vec<DatumRef<'_>> = args.iter().map(|column| column.get(column.index(at))).collect();
                commands::extension::call(&self.executor(), &row, &values)
            });
            if let Some(value) = extension.flatten() {
                out.put(at, value?.as_ref());
                continue;
            }
            if row.proisstrict && args.iter().any(|column| column.is_null(at)) {
                out.set_null(at);
                continue;
            }
            let invocation = Invocation {
                row: &row,
                args: args.iter().map(|column| column.datum(column.index(at))).collect(),
                arg_types: context.arg_types,
                result_type: context.result_type,
                collation: context.collation,
                snapshot: Some(snapshot),
                columns: &[],
            };
            out.put(at, self.call_value(invocation)?.as_ref());
        }
        Ok(())
    }

    /// Begins a call of a function that returns a set or a row; see [`executor::Host::row_source`].
    pub fn call_for_source(
        &self,
        function: Oid,
        args: &[DatumRef<'_>],
        columns: &[ColumnType],
        context: Context<'_>,
        snapshot: &ActiveSnapshot,
    ) -> Result<Box<dyn RowSource>> {
        let row = self.catalog().function(function)?;
        if row.probin.is_some()
            && let Some(rows) = commands::extension::rows(&self.executor(), &row, args)
        {
            return rows;
        }
        let invocation = Invocation {
            row: &row,
            args: args.iter().map(|value| value.to_datum()).collect(),
            arg_types: context.arg_types,
            result_type: context.result_type,
            collation: context.collation,
            snapshot: Some(snapshot),
            columns,
        };
        let _within = self.within_statement();
        self.source_of(invocation)
    }

    /// Runs a function, and counts that if it is to be counted (`track_functions`).
    pub(crate) fn counted<T>(&self, row: &PgProc, f: impl FnOnce() -> Result<T>) -> Result<T> {
        let counted = match self.tracks_functions.get() {
            TracksFunctions::None => false,
            TracksFunctions::Procedural => !matches!(row.prolang, SQL | INTERNAL | C),
            TracksFunctions::All => row.prolang != INTERNAL,
        };
        if !counted {
            return f();
        }
        let (statistics, database) = (self.transaction.statistics(), self.catalog().database());
        let call = statistics.function_begins(database, row.oid);
        let (began, outer) = (Instant::now(), self.nested_function_time.replace(Duration::ZERO));
        let result = f();
        let total = began.elapsed();
        let within = self.nested_function_time.replace(outer + total);
        if result.is_ok() {
            statistics.function_ended(call, total, total.saturating_sub(within));
        }
        result
    }

    /// Calls a function that returns one value.
    pub fn call_value(&self, invocation: Invocation<'_>) -> Result<Datum> {
        self.check_stack()?;
        let row = invocation.row.clone();
        self.counted(&row, || self.value_of_call(&row, invocation))
    }

    fn value_of_call(&self, row: &PgProc, invocation: Invocation<'_>) -> Result<Datum> {
        self.with_rights_of(row, || match row.prolang {
            SQL => self.sql_value(&invocation),
            INTERNAL => {
                let args: Vec<DatumRef<'_>> = invocation.args.iter().map(|value| value.as_ref()).collect();
                match commands::maintenance_function(row.oid) {
                    Some(function) => {
                        let session = self.executor();
                        let context = commands::Context { session: &session, services: self, text: "" };
                        function(&context, &args, invocation.arg_types)
                    }
                    None => Err(Error::not_implemented(self.executor().function_name(row.oid)?)),
                }
            }
            language if self.is_plpgsql(language)? => self.plpgsql_value(&invocation),
            _ => Err(no_language(self, row)?),
        })
    }

    /// Calls a function that returns a set; its rows go to `sink`, in the columns that are wanted.
    pub fn call_rows(&self, invocation: &Invocation<'_>, sink: Sink<'_>) -> Result<()> {
        self.check_stack()?;
        let row = invocation.row;
        self.counted(row, || {
            self.with_rights_of(row, || match row.prolang {
                SQL => self.sql_rows(invocation, sink),
                language if self.is_plpgsql(language)? => self.plpgsql_rows(invocation, sink),
                _ => Err(no_language(self, row)?),
            })
        })
    }

    /// Looks at the body of a routine that is made, for warnings; they and errors have their place in the body.
    pub fn check_body(&self, row: &PgProc) -> Result<Vec<Error>> {
        match row.prolang {
            SQL => self.check_sql(row).map(|()| Vec::new()),
            language if self.is_plpgsql(language)? => self.check_plpgsql(row),
            _ => Ok(Vec::new()),
        }
    }

    /// Runs `f` with the rights and settings that a routine asks for.
    pub fn with_rights_of<T>(&self, row: &PgProc, f: impl FnOnce() -> Result<T>) -> Result<T> {
        if !row.prosecdef && row.proconfig.is_none() {
            return f();
        }
        let catalog = self.catalog();
        let (before, session_user) = (catalog.current_user(), catalog.session_user());
        let level = self.settings.borrow_mut().begin_level();
        let result = (|| {
            for setting in row.proconfig.iter().flatten() {
                if let Some((name, value)) = setting.split_once('=') {
                    self.set_one(name, Some(value), Action::Save)?;
                }
            }
            if row.prosecdef {
                self.act_as(row.proowner, session_user)?;
            }
            f()
        })();
        self.settings.borrow_mut().end_level(level, result.is_ok());
        let back = if row.prosecdef { self.act_as(before, session_user) } else { Ok(()) };
        self.follow_settings();
        let value = result?;
        back.map(|()| value)
    }

    /// Becomes another current user, until the caller goes back.
    fn act_as(&self, role: Oid, session_user: Oid) -> Result<()> {
        self.catalog().set_users(role, session_user);
        let superuser = if self.catalog().is_superuser(role)? { "on" } else { "off" };
        self.settings.borrow_mut().set_internal(settings::id::IS_SUPERUSER, superuser, Source::Override)?;
        Ok(())
    }

    /// Runs a plan within a routine; its rows go to `sink`. The number of rows that were changed, or given. Its triggers have fired.
    pub fn run_nested(
        &self,
        plan: &std::sync::Arc<Plan>,
        params: Vec<Datum>,
        snapshot: ActiveSnapshot,
        sink: Sink<'_>,
    ) -> Result<u64> {
        use planner::plan::Command;
        if !plan.read_only || plan.command != Command::Select {
            self.check_plan_writable(plan)?;
        }
        let options = executor::Options { params, work_mem: self.memory(), instrument: false };
        let depth = self.triggers.borrow_mut().enter();
        let fired = self.fired_triggers.take();
        let shows = self.shows_companions.replace(false);
        let result = (|| {
            let session = self.executor();
            let mut execution = executor::Execution::start(&session, plan.clone(), snapshot, options)?;
            let mut batch = execution.batch();
            let (mut rows, mut wanted) = (0, true);
            loop {
                self.process.check_interrupts()?;
                batch.clear();
                if !execution.next(&session, &mut batch)? {
                    break;
                }
                rows += batch.row_count() as u64;
                if wanted {
                    wanted = sink(&batch)?;
                }
                // What changes data runs to its end, whoever looks at its rows.
                if !wanted && plan.command == Command::Select {
                    break;
                }
            }
            self.fire_triggers(false)?;
            Ok(if plan.command == Command::Select { rows } else { execution.processed() })
        })();
        self.shows_companions.set(shows);
        self.triggers.borrow_mut().leave(depth);
        self.fired_triggers.replace(fired);
        result
    }
}

impl Session<'_> {
    /// A type as the executor knows it.
    pub fn column_type(&self, ty: analyzer::query::SqlType) -> Result<ColumnType> {
        let row = self.catalog().type_(ty.oid)?;
        Ok(ColumnType {
            oid: ty.oid,
            typmod: ty.typmod,
            collation: ty.collation,
            repr: types::repr_of(row.typlen, row.typbyval),
        })
    }

    /// One row value from the values of its columns.
    fn compose(
        &self,
        result: &RoutineResult,
        output: &[planner::plan::OutputColumn],
        values: Vec<Datum>,
    ) -> Result<Datum> {
        // A value of the type itself is the row.
        if let ([only], Some(columns)) = (output, &result.columns)
            && only.ty.oid == result.type_oid
            && (columns.len() != 1 || columns[0].1.oid != only.ty.oid)
        {
            return Ok(values.into_iter().next().unwrap_or_default());
        }
        match &result.columns {
            Some(columns) => {
                let types: Vec<Oid> = columns.iter().map(|(_, ty)| ty.oid).collect();
                let names = columns.iter().map(|(name, _)| name.as_str());
                types::record::assemble(result.type_oid, names, &types, &values, self)
            }
            None => {
                let types: Vec<Oid> = output.iter().map(|column| column.ty.oid).collect();
                let names = output.iter().map(|column| column.name.as_str());
                types::record::assemble(result.type_oid, names, &types, &values, self)
            }
        }
    }
}

fn no_language(session: &Session<'_>, row: &PgProc) -> Result<Error> {
    let language = session.catalog().language(row.prolang)?;
    Ok(Error::not_implemented(format_args!("calling function {} in language {}", row.proname, language.lanname)))
}
