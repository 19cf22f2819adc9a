//! Portals: statements bound to their parameters, and how far they have run.

use std::rc::Rc;
use std::sync::Arc;

use batch::{Batch, Datum, DatumRef};
use error::{Error, Result, bail};
use executor::{Execution, Options};
use locks::LockMode;
use planner::plan::{Command, Plan, RelationUse};
use settings::id;
use types::TypeCall;
use wire::{Format, frame};

use crate::block::Block;
use crate::current_of::Places;
use crate::prepared::{Output, Prepared, ResultColumn, format_of};
use crate::recode::encode_text;
use crate::session::Session;

/// A bound statement.
pub(crate) struct Portal {
    pub prepared: Rc<Prepared>,
    pub params: Vec<Datum>,
    pub formats: Vec<Format>,
    pub state: State,
    /// Made by DECLARE.
    pub is_cursor: bool,
    /// It shall outlive its transaction.
    pub hold: bool,
    /// It has.
    pub held: bool,
    /// It can go backwards, as far as `pg_cursors` says.
    pub scrolls: bool,
    /// Where its rows come from.
    pub places: Places,
    /// When it was made, in microseconds of the Unix epoch.
    pub made_us: i64,
    /// The transaction's nesting level that it was made in: it goes when that level is rolled back.
    pub level: u32,
}

impl Portal {
    /// A bound statement.
    pub fn new(prepared: Rc<Prepared>, params: Vec<Datum>, formats: Vec<Format>, state: State, level: u32) -> Portal {
        let made_us = log::time::now_us();
        let places = Places::default();
        Portal {
            prepared,
            params,
            formats,
            state,
            is_cursor: false,
            hold: false,
            held: false,
            scrolls: false,
            places,
            made_us,
            level,
        }
    }
}

/// How far a portal has run.
pub(crate) enum State {
    /// Not at all.
    New,
    /// Some way.
    Running(Box<Running>),
    /// Some way, and the rows so far are kept.
    Kept(Box<crate::cursor::Kept>),
    /// A utility statement's rows, some of them sent.
    Rows(TextRows),
    /// To its end, with this command tag.
    Done,
    /// To an error: it cannot be run any more.
    Failed,
}

/// A query at work.
pub(crate) struct Running {
    execution: Execution,
    batch: Batch,
    /// The next row of the batch.
    at: usize,
    /// The end was reached.
    ended: bool,
    /// Rows given so far.
    pub given: u64,
    outputs: Vec<Output>,
    /// The formats that the client asked for.
    formats: Vec<Format>,
}

impl Running {
    /// The columns of its rows.
    pub fn columns(&self) -> &[batch::Column] {
        &self.batch.columns
    }

    /// The row that was given last, unless the end has been reached.
    pub fn current(&self) -> Option<(&Batch, usize)> {
        let last = self.at.checked_sub(1)?;
        (!self.ended && last < self.batch.row_count()).then(|| (&self.batch, self.batch.rows().position(last)))
    }

    /// What it sees.
    pub fn snapshot(&self) -> Option<txn::ActiveSnapshot> {
        self.execution.snapshot()
    }

    /// Whether it has gone behind its last row.
    pub fn is_ended(&self) -> bool {
        self.ended
    }

    /// What it runs.
    pub fn plan(&self) -> &Plan {
        self.execution.plan()
    }

    /// How its values are written.
    pub fn outputs(&self) -> &[Output] {
        &self.outputs
    }
}

/// Rows of text that a utility statement returns.
#[derive(Default)]
pub(crate) struct TextRows {
    pub rows: std::collections::VecDeque<Vec<Option<String>>>,
    pub tag: String,
}

/// What came of running a portal.
pub(crate) enum Ran {
    /// The row limit was reached.
    Suspended(u64),
    /// The end; so many rows were sent by this call.
    Completed(u64),
}

/// As much memory the rows of a query keep that waits for its next execution, in bytes.
const RESTING_MAX: usize = 16 << 10;

impl Session<'_> {
    /// Begins to run a query.
    pub fn start_query(&self, prepared: &Prepared, params: Vec<Datum>, formats: &[Format]) -> Result<Box<Running>> {
        self.start_planned(prepared, self.plan_of(prepared)?, params, formats)
    }

    /// Begins to run a query by its plan, with the operators of an earlier execution if they wait for that.
    pub fn start_planned(
        &self,
        prepared: &Prepared,
        plan: Arc<Plan>,
        params: Vec<Datum>,
        formats: &[Format],
    ) -> Result<Box<Running>> {
        let snapshot = self.transaction.snapshot()?;
        if let Some(mut running) = prepared.resting.take()
            && Arc::ptr_eq(running.execution.plan(), &plan)
            && running.formats == formats
            && snapshot.serializable.is_none()
        {
            let options = Options { params, work_mem: self.memory(), instrument: false };
            running.execution.renew(&self.executor(), snapshot, options)?;
            return Ok(running);
        }
        self.start_plan(plan, params, snapshot, prepared.result.as_deref(), formats).map(Box::new)
    }

    /// Puts a query that was read to its end aside for the statement's next execution, if its operators can serve again.
    pub fn rest(&self, prepared: &Prepared, mut running: Box<Running>) {
        if running.execution.plan().read_only && running.batch.memory() <= RESTING_MAX && running.execution.rest() {
            running.batch.clear();
            (running.at, running.ended, running.given) = (0, false, 0);
            prepared.resting.replace(Some(running));
        }
    }

    /// Begins to run a plan whose rows have these columns.
    pub fn start_plan(
        &self,
        plan: Arc<Plan>,
        params: Vec<Datum>,
        snapshot: txn::ActiveSnapshot,
        result: Option<&[ResultColumn]>,
        formats: &[Format],
    ) -> Result<Running> {
        if !plan.read_only || plan.command != Command::Select {
            self.check_plan_writable(&plan)?;
        }
        let options = Options { params, work_mem: self.memory(), instrument: false };
        let execution = Execution::start(&self.executor(), plan, snapshot, options)?;
        let batch = execution.batch();
        let outputs = match result {
            Some(columns) => self.outputs(columns, formats)?,
            None => Vec::new(),
        };
        Ok(Running { execution, batch, at: 0, ended: false, given: 0, outputs, formats: formats.to_vec() })
    }

    /// Memory for one operator, in bytes.
    pub fn memory(&self) -> usize {
        self.settings.borrow().bytes(id::WORK_MEM).unwrap_or(4 << 20) as usize
    }

    /// Refuses changes in a read-only transaction.
    pub fn check_writable(&self, what: &str) -> Result<()> {
        if self.settings.borrow().bool(id::TRANSACTION_READ_ONLY) {
            bail!(READ_ONLY_SQL_TRANSACTION, "cannot execute {what} in a read-only transaction");
        }
        Ok(())
    }

    /// Refuses a plan that changes something in a read-only transaction, which may change temporary tables only.
    pub fn check_plan_writable(&self, plan: &Plan) -> Result<()> {
        if !self.settings.borrow().bool(id::TRANSACTION_READ_ONLY) {
            return Ok(());
        }
        let writes = |relation: &&RelationUse| relation.lock == LockMode::RowExclusive as u8;
        for relation in plan.relations.iter().filter(writes) {
            if !self.catalog().relation(relation.oid)?.is_temporary() {
                return self.check_writable(command_word(plan.command));
            }
        }
        let changes = plan.relations.iter().any(|relation| writes(&relation));
        if changes { Ok(()) } else { self.check_writable(command_word(plan.command)) }
    }

    pub(crate) fn outputs(&self, columns: &[ResultColumn], formats: &[Format]) -> Result<Vec<Output>> {
        if formats.len() > 1 && formats.len() != columns.len() {
            bail!(
                PROTOCOL_VIOLATION,
                "bind message has {} result formats but query has {} columns",
                formats.len(),
                columns.len()
            );
        }
        let output = |(n, column): (usize, &ResultColumn)| {
            Ok(Output {
                type_oid: column.type_oid,
                io: types::io(column.type_oid, self)?,
                format: format_of(formats, n),
            })
        };
        columns.iter().enumerate().map(output).collect()
    }

    /// Runs a query on, sending up to `limit` rows (`send` false: counting them only).
    pub fn run_query(&self, running: &mut Running, limit: u64, send: bool) -> Result<Ran> {
        let mut sent = 0;
        loop {
            if sent == limit && sent > 0 {
                return Ok(Ran::Suspended(sent));
            }
            while running.at >= running.batch.row_count() {
                if running.ended {
                    return Ok(Ran::Completed(sent));
                }
                self.process.check_interrupts()?;
                running.batch.clear();
                running.at = 0;
                if !running.execution.next(&self.executor(), &mut running.batch)? {
                    running.ended = true;
                    running.batch.clear();
                }
            }
            if sent == limit {
                return Ok(Ran::Suspended(sent));
            }
            let count = (running.batch.row_count() - running.at).min((limit - sent).min(usize::MAX as u64) as usize);
            if send && !running.outputs.is_empty() {
                self.send_rows(running, count)?;
            } else if send {
                let mut connection = self.connection.borrow_mut();
                (0..count).for_each(|_| wire::backend::data_row(connection.out(), std::iter::empty()));
            }
            running.at += count;
            running.given += count as u64;
            sent += count as u64;
        }
    }

    /// The next rows of a query; none at its end.
    pub fn next_batch<'r>(&self, running: &'r mut Running) -> Result<Option<&'r Batch>> {
        running.batch.clear();
        Ok(running.execution.next(&self.executor(), &mut running.batch)?.then_some(&running.batch))
    }

    /// Writes `count` rows of the batch straight into the send buffer.
    fn send_rows(&self, running: &Running, count: usize) -> Result<()> {
        let rows = running.batch.rows();
        let mut next = running.at;
        let last = running.at + count;
        while next < last {
            // The buffer is taken out, since a value's output function may send a notice.
            let mut out = std::mem::take(self.connection.borrow_mut().out());
            let mut failed = None;
            while next < last && out.len() < 32 << 10 {
                let start = out.len();
                if let Err(error) =
                    self.write_row(&mut out, &running.outputs, &running.batch.columns, rows.position(next))
                {
                    out.truncate(start);
                    failed = Some(error);
                    break;
                }
                next += 1;
            }
            let mut connection = self.connection.borrow_mut();
            out.append(connection.out());
            *connection.out() = out;
            if let Some(error) = failed {
                return Err(error);
            }
            connection.flush_if_full()?;
        }
        Ok(())
    }

    /// Rows of a SELECT that a rule does besides a statement: the simple protocol shows them, if a client's own statement runs. `None` tells
    /// their columns.
    pub fn send_companion_rows(&self, plan: &Plan, rows: Option<&Batch>) -> Result<()> {
        if !self.shows_companions.get() {
            return Ok(());
        }
        let columns = self.result_of(plan)?.unwrap_or_default();
        let Some(batch) = rows else {
            self.describe_result(&columns, &[]);
            return Ok(());
        };
        let outputs = self.outputs(&columns, &[])?;
        let mut out = Vec::new();
        for row in batch.rows().iter() {
            self.write_row(&mut out, &outputs, &batch.columns, row)?;
        }
        let mut connection = self.connection.borrow_mut();
        connection.out().append(&mut out);
        connection.flush_if_full()
    }

    /// The value that a query of one row and one column gives, as the client gets it.
    pub fn single_value(&self, prepared: &Prepared, params: Vec<Datum>, format: Format) -> Result<Option<Vec<u8>>> {
        let mut running = self.start_query(prepared, params, &[format])?;
        let mut bytes = None;
        while running.execution.next(&self.executor(), &mut running.batch)? {
            if let (Some(output), Some(row)) = (running.outputs.first(), running.batch.rows().iter().next()) {
                let column = &running.batch.columns[0];
                let value = column.get(column.index(row));
                let call = TypeCall { env: self, type_oid: output.type_oid, typmod: -1 };
                let mut out = Vec::new();
                match output.format {
                    _ if value.is_null() => continue,
                    Format::Text => {
                        (output.io.output)(value, &call, &mut out)?;
                        if let Some(encoding) = self.client_encoding.get() {
                            encode_text(encoding, &mut out, 0)?;
                        }
                    }
                    Format::Binary => (output.io.send)(value, &call, &mut out)?,
                }
                bytes = Some(out);
            }
        }
        Ok(bytes)
    }

    /// Appends a DataRow message.
    pub fn write_row(
        &self,
        out: &mut Vec<u8>,
        outputs: &[Output],
        columns: &[batch::Column],
        row: usize,
    ) -> Result<()> {
        let encoding = self.client_encoding.get();
        let message = frame::begin(out, b'D');
        out.extend_from_slice(&(outputs.len() as u16).to_be_bytes());
        for (output, column) in outputs.iter().zip(columns) {
            let value = column.get(column.index(row));
            if matches!(value, DatumRef::Null) {
                out.extend_from_slice(&(-1i32).to_be_bytes());
                continue;
            }
            let length = out.len();
            out.extend_from_slice(&[0; 4]);
            let call = TypeCall { env: self, type_oid: output.type_oid, typmod: -1 };
            match output.format {
                Format::Text => {
                    (output.io.output)(value, &call, out)?;
                    if let Some(encoding) = encoding {
                        encode_text(encoding, out, length + 4)?;
                    }
                }
                Format::Binary => (output.io.send)(value, &call, out)?,
            }
            let bytes = (out.len() - length - 4) as i32;
            out[length..length + 4].copy_from_slice(&bytes.to_be_bytes());
        }
        frame::end(out, message);
        Ok(())
    }

    /// The command tag of a query.
    pub fn query_tag(running: &Running, rows: u64) -> String {
        let processed = running.execution.processed();
        match running.execution.plan().command {
            Command::Select | Command::Nothing => format!("SELECT {rows}"),
            Command::Insert => format!("INSERT 0 {processed}"),
            Command::Update => format!("UPDATE {processed}"),
            Command::Delete => format!("DELETE {processed}"),
            Command::Merge => format!("MERGE {processed}"),
        }
    }

    /// Sends rows of text; `limit` at most.
    pub fn send_text_rows(&self, rows: &mut TextRows, limit: u64) -> Result<Ran> {
        let mut sent = 0;
        let mut connection = self.connection.borrow_mut();
        while sent < limit {
            let Some(row) = rows.rows.pop_front() else { return Ok(Ran::Completed(sent)) };
            let values = row.iter().map(|value| value.as_deref().map(str::as_bytes));
            match self.client_encoding.get() {
                None => wire::backend::data_row(connection.out(), values),
                Some(encoding) => {
                    let encode = |value: &[u8]| -> Result<Vec<u8>> {
                        let mut bytes = value.to_vec();
                        encode_text(encoding, &mut bytes, 0)?;
                        Ok(bytes)
                    };
                    let values = values.map(|value| value.map(encode).transpose()).collect::<Result<Vec<_>>>()?;
                    wire::backend::data_row(connection.out(), values.iter().map(Option::as_deref));
                }
            }
            connection.flush_if_full()?;
            sent += 1;
        }
        Ok(if rows.rows.is_empty() { Ran::Completed(sent) } else { Ran::Suspended(sent) })
    }

    /// Drops all portals at a transaction's end, but those that outlive it.
    pub fn drop_portals(&self) {
        let mut portals = std::mem::take(&mut *self.portals.borrow_mut());
        portals.retain(|_, portal| portal.held);
        *self.portals.borrow_mut() = portals;
    }

    /// Drops the portals that were made at this level of the transaction or further in.
    pub fn drop_portals_from(&self, level: u32) {
        let mut portals = std::mem::take(&mut *self.portals.borrow_mut());
        portals.retain(|_, portal| portal.held || portal.level < level);
        *self.portals.borrow_mut() = portals;
    }

    /// A subtransaction was committed: what was made further in than `level` belongs to that level now.
    pub fn raise_portals(&self, level: u32) {
        for portal in self.portals.borrow_mut().values_mut() {
            portal.level = portal.level.min(level);
        }
    }

    /// The nesting level for a new portal.
    pub fn portal_level(&self) -> u32 {
        if self.block.get() == Block::Single { 1 } else { self.transaction.level() }
    }

    /// Whether a cursor that has not come to its end reads a table, or may.
    pub fn is_read_by_cursor(&self, table: ids::Oid) -> bool {
        let reads = |plan: &Plan| plan.relations.iter().any(|relation| relation.oid == table);
        self.portals.borrow().values().any(|portal| match &portal.state {
            State::Running(running) => reads(running.plan()),
            State::Kept(kept) => kept.source().is_some_and(|running| reads(running.plan())),
            _ => false,
        })
    }

    /// Takes a portal out to run it.
    ///
    /// # Errors
    /// `34000` if there is none of this name.
    pub fn take_portal(&self, name: &str) -> Result<Portal> {
        let portal = self.portals.borrow_mut().remove(name);
        portal.ok_or_else(|| no_portal(name))
    }
}

/// What errors call a statement that changes something.
pub(crate) fn command_word(command: Command) -> &'static str {
    match command {
        Command::Insert => "INSERT",
        Command::Update => "UPDATE",
        Command::Delete => "DELETE",
        Command::Merge => "MERGE",
        _ => "SELECT FOR UPDATE",
    }
}

pub(crate) fn no_portal(name: &str) -> Error {
    Error::new(error::SqlState::INVALID_CURSOR_NAME, format!("portal \"{name}\" does not exist"))
}
