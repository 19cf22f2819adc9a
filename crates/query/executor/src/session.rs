//! What running a statement needs of the session that it runs in.

use std::cell::{Cell, RefCell};
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use access::{IndexAm, Store, TableAm};
use batch::{Column, Datum, DatumRef, Repr, Rows};
use catalog::Catalog;
use catalog::trigger::Event;
use error::{Error, Result};
use ids::{Oid, TupleId};
use planner::plan::{ColumnType, SqlValueFunction, TableTrigger};
use txn::{ActiveSnapshot, Transaction};
use types::{Context, Environment, RowSource};

use crate::store::rows::RowStore;
use crate::store::temp::TempSpace;

/// What the crates above do for running statements.
pub trait Host: Environment {
    /// Where the row of a table is on which a cursor stands, for `WHERE CURRENT OF`; none if that is a row of another table.
    ///
    /// # Errors
    /// `34000` and `24000` for a cursor that is not there, or whose row is not one of the table.
    fn current_row(&self, cursor: &str, table: Oid) -> Result<Option<TupleId>>;

    /// The next value of a sequence, without a look at privileges.
    fn next_value(&self, sequence: Oid) -> Result<i64>;

    /// Calls a function that is not built in, for the rows of a batch of `len` positions; `out` is of the result's form. `snapshot` is
    /// what the calling statement sees: stable functions see the same.
    ///
    /// # Errors
    /// `0A000` for a built-in function that is not written yet, or a language that is not there.
    fn call_on_rows(
        &self,
        function: Oid,
        args: &[&Column],
        rows: Rows<'_>,
        len: usize,
        context: Context<'_>,
        snapshot: &ActiveSnapshot,
        out: &mut Column,
    ) -> Result<()>;

    /// Begins a call of a set-returning function that is not built in, or of one that returns a row. `columns` are those that its
    /// rows are wanted in; a single one for rows wanted as one value, or for scalars.
    fn row_source(
        &self,
        function: Oid,
        args: &[DatumRef<'_>],
        columns: &[ColumnType],
        context: Context<'_>,
        snapshot: &ActiveSnapshot,
    ) -> Result<Box<dyn RowSource>>;

    /// The partitions of a table.
    fn partitions(&self, table: Oid) -> Result<Arc<planner::partition::Partitioned>>;

    /// A table with what must hold for its rows: a partition to which rows are sent.
    fn target(&self, table: Oid) -> Result<Arc<planner::plan::TargetTable>>;

    /// Calls a trigger's function.
    fn call_trigger(&self, call: TriggerCall<'_>) -> Result<TriggerOutcome>;

    /// When the check or action of a foreign key begins to run, if it is to be measured as triggers are.
    fn key_trigger_begins(&self) -> Option<Instant>;

    /// It has run.
    fn key_trigger_ended(&self, trigger: &catalog::rows::PgTrigger, began: Instant);

    /// Has an AFTER trigger fire when the statement is over, or the transaction.
    fn queue_trigger(&self, queued: QueuedTrigger) -> Result<()>;

    /// Shows the client that there are rows of a SELECT which a rule does besides a statement (`None`), and then rows, if it hears of
    /// such at all.
    fn companion_rows(&self, plan: &planner::plan::Plan, rows: Option<&batch::Batch>) -> Result<()>;

    /// Fires the triggers that one of several queries of a statement has queued.
    fn end_query(&self) -> Result<()>;

    /// What the statement under way has of triggers for an event on a table. `wanted` says whether its old and its new rows are wanted
    /// as tables, whose columns have these forms.
    fn statement_triggers(&self, table: Oid, event: Event, wanted: [bool; 2], forms: &[Repr]) -> Rc<StatementTriggers>;

    /// A transition table of the trigger whose function runs; whether it has the new rows.
    fn transition_table(&self, name: &str) -> Result<(Rc<StatementTriggers>, bool)>;

    /// Whether the session applies changes of another server (`session_replication_role`).
    fn is_replica(&self) -> bool;
}

/// A trigger's function to be called.
pub struct TriggerCall<'a> {
    /// The trigger.
    pub trigger: &'a Arc<TableTrigger>,
    /// What happens to its table.
    pub event: Event,
    /// The row as it was, by column number minus one; none for INSERT, and for statements.
    pub old: Option<Vec<Datum>>,
    /// The row as it will be, or is; none for DELETE, and for statements.
    pub new: Option<Vec<Datum>>,
    /// The transition tables.
    pub statement: Option<Rc<StatementTriggers>>,
}

/// An AFTER trigger that has to fire.
pub struct QueuedTrigger {
    /// The trigger.
    pub trigger: Arc<TableTrigger>,
    /// What happened to its table.
    pub event: Event,
    /// Where the old version of the row is.
    pub old: Option<TupleId>,
    /// Where the new version of the row is.
    pub new: Option<TupleId>,
    /// The partitions from which and to which a row has moved.
    pub moved: Option<Box<(Oid, Oid)>>,
    /// What the statement has of triggers, for triggers for statements and those that look at transition tables.
    pub statement: Option<Rc<StatementTriggers>>,
}

/// What one statement (with the actions of foreign keys that it sets off) has of triggers for one event on one table.
pub struct StatementTriggers {
    /// The table.
    pub table: Oid,
    /// The event.
    pub event: Event,
    /// BEFORE triggers for the statement were called.
    pub before_fired: Cell<bool>,
    /// How often AFTER triggers for the statement were queued: only the last time counts.
    pub ended: Cell<u32>,
    /// A trigger has looked at the transition tables: no rows are added any more.
    pub closed: Cell<bool>,
    /// The old versions of the changed rows.
    pub old: Option<RefCell<RowStore>>,
    /// The new versions.
    pub new: Option<RefCell<RowStore>>,
}

/// What becomes of a row that triggers saw.
pub enum TriggerOutcome {
    /// It goes on as it is.
    Unchanged,
    /// It goes on with these values.
    Replaced(Vec<Datum>),
    /// Nothing is done to it.
    Skipped,
}

/// A session's handles, as a running statement uses them.
#[derive(Clone, Copy)]
pub struct Session<'s> {
    /// Pages and commit status.
    pub store: &'s Store,
    /// The table access method.
    pub tables: &'s Arc<dyn TableAm>,
    /// The index access method.
    pub indexes: &'s Arc<dyn IndexAm>,
    /// The catalogs.
    pub catalog: &'s Catalog,
    /// The current transaction.
    pub transaction: &'s Transaction,
    /// The session itself.
    pub host: &'s dyn Host,
    /// The directory for temporary files.
    pub temporary: &'s std::path::Path,
}

impl<'s> Session<'s> {
    /// What functions may ask.
    pub fn env(&self) -> &'s dyn Environment {
        self.host
    }

    /// Fails if the statement shall be cancelled or the session end.
    pub fn check_interrupts(&self) -> Result<()> {
        self.host.check_interrupts()
    }

    /// The directory for temporary files.
    pub fn temporary_directory(&self) -> PathBuf {
        self.temporary.to_path_buf()
    }

    /// Where operators put what does not fit into memory.
    pub fn temporary_space(&self) -> TempSpace {
        TempSpace::new(self.temporary, self.transaction.statistics())
    }

    /// What the session has used so far of pages and log.
    pub fn usage(&self) -> stats::Usage {
        let storage = &self.store.storage;
        let [shared, local] = storage.blocks();
        let [temp_read, temp_written] = self.transaction.statistics().temporary_blocks_so_far();
        let [records, images, bytes, buffers_full] = storage.wal().own_statistics();
        let wal = stats::WalUsage { records, images, bytes, buffers_full };
        stats::Usage { shared, local, temp_read, temp_written, wal }
    }

    /// A type's name, for messages.
    pub fn type_name(&self, type_oid: Oid) -> Result<String> {
        self.catalog.format_type(type_oid, -1)
    }

    /// A function's name with its argument types, for messages: `function abs(integer)`.
    pub fn function_name(&self, function: Oid) -> Result<String> {
        let row = self.catalog.function(function)?;
        let types = row.proargtypes.iter().map(|&arg| self.catalog.format_type(arg, -1)).collect::<Result<Vec<_>>>()?;
        Ok(format!("function {}({})", row.proname, types.join(", ")))
    }

    /// See [`Host::call_on_rows`].
    pub(crate) fn call_function(
        &self,
        function: Oid,
        args: &[&Column],
        rows: Rows<'_>,
        len: usize,
        context: Context<'_>,
        snapshot: &ActiveSnapshot,
        out: &mut Column,
    ) -> Result<()> {
        self.host.call_on_rows(function, args, rows, len, context, snapshot, out)
    }

    /// Begins a call of a set-returning function.
    pub(crate) fn row_source(
        &self,
        function: Oid,
        args: &[DatumRef<'_>],
        columns: &[ColumnType],
        context: Context<'_>,
        snapshot: &ActiveSnapshot,
    ) -> Result<Box<dyn RowSource>> {
        match types::row_source(function) {
            Some(make) => make(args, context),
            None if function < Oid::FIRST_NORMAL => Err(Error::not_implemented(self.function_name(function)?)),
            None => self.host.row_source(function, args, columns, context, snapshot),
        }
    }

    /// The next value of a sequence.
    pub(crate) fn next_value(&self, sequence: Oid) -> Result<i64> {
        self.host.next_value(sequence)
    }

    /// `CURRENT_DATE` and its like.
    pub(crate) fn sql_value(&self, function: SqlValueFunction, ty: ColumnType) -> Result<Datum> {
        let role = |role: Oid| Ok(Datum::text(&self.catalog.role_name(role)?.unwrap_or_default()));
        match function {
            SqlValueFunction::CurrentUser | SqlValueFunction::CurrentRole | SqlValueFunction::User => {
                role(self.catalog.current_user())
            }
            SqlValueFunction::SessionUser => role(self.catalog.session_user()),
            SqlValueFunction::CurrentCatalog => {
                let database = self.catalog.database_row(self.catalog.database())?;
                Ok(database.map_or(Datum::Null, |row| Datum::text(&row.datname)))
            }
            SqlValueFunction::CurrentSchema => {
                let path = self.catalog.search_path()?;
                let schema = path.creation.map(|schema| self.catalog.schema_name(schema)).transpose()?;
                Ok(schema.flatten().map_or(Datum::Null, |name| Datum::text(&name)))
            }
            SqlValueFunction::CurrentTimestamp
            | SqlValueFunction::LocalTimestamp
            | SqlValueFunction::CurrentDate
            | SqlValueFunction::CurrentTime
            | SqlValueFunction::LocalTime => self.current_time(ty),
        }
    }

    /// The transaction's time in another type: `now()`, cast.
    fn current_time(&self, ty: ColumnType) -> Result<Datum> {
        let now = Datum::B8(self.env().transaction_timestamp());
        // Casts from timestamptz, and for each type the function that rounds to its modifier, by OID.
        let (cast, round) = match ty.oid.0 {
            1082 => (Some(1178), None),
            1083 => (Some(2019), Some(1968)),
            1266 => (Some(1388), Some(1969)),
            1114 => (Some(2027), Some(1961)),
            _ => (None, Some(1967)),
        };
        let call = |function: u32, args: &[DatumRef<'_>]| {
            let builtin = types::function(Oid(function));
            let builtin = builtin.ok_or_else(|| Error::not_implemented(format_args!("function {function}")))?;
            builtin.evaluate_one(args, Context::plain(self.env()), ty.repr)
        };
        let value = match cast {
            Some(cast) => call(cast, &[now.as_ref()])?,
            None => now,
        };
        match round {
            Some(round) if ty.typmod >= 0 => call(round, &[value.as_ref(), DatumRef::B4(ty.typmod)]),
            _ => Ok(value),
        }
    }
}

/// Whether all statements of the transaction see the same rows: from Repeatable Read on.
pub(crate) fn keeps_snapshot(transaction: &Transaction) -> bool {
    matches!(transaction.isolation(), txn::Isolation::RepeatableRead | txn::Isolation::Serializable)
}
