//! INSERT, UPDATE, DELETE and MERGE.
//!
//! The source gives the rows; this operator changes the table and its indexes, checks constraints, tells triggers, and makes
//! the raw columns of RETURNING. It runs its source to the end even if nobody reads RETURNING.
//!
//! - [`target`]: the table with its constraints and indexes, and what holds for each new row.
//! - [`insert`]: new rows, batch by batch; ON CONFLICT row by row.
//! - [`route`]: rows of a partitioned table to their partitions. [`conflict`]: ON CONFLICT there.
//! - [`change`]: UPDATE and DELETE, which may meet rows that another transaction has changed since.
//! - [`recheck`]: unique constraints that are checked later.
//! - [`triggers`]: who is told of changes, before and after.
//! - [`instead`]: views, whose triggers do what is asked.
//! - [`merge`]: MERGE, which does all of that.

mod change;
mod conflict;
pub(crate) mod exclusion;
pub(crate) mod insert;
mod instead;
mod merge;
pub(crate) mod recheck;
mod route;
mod target;
mod triggers;

pub use target::shows as shows_columns;

use std::sync::Arc;

use access::{FetchMode, Fetched, Projected};
use batch::{Batch, Column, DatumRef, Repr};
use catalog::trigger::Event;
use error::{Error, Result};
use ids::TupleId;
use planner::plan::{Command, ModifyTable};

use self::route::Rearrangement;
use super::{Builder, Operator, Stage, reprs};
use crate::run::Run;

pub(super) fn build(builder: &Builder<'_>, modify: &ModifyTable) -> Result<(Box<dyn Operator>, Vec<Repr>)> {
    let source = builder.stage(&modify.source)?;
    let target = target::Target::open(builder, &modify.target)?;
    let extra = reprs(&modify.source.output[modify.source.output.len() - modify.extra..]);
    let returning = Returning::new(&target, &extra, modify);
    let raw = returning.forms();
    let events = match modify.command {
        Command::Insert if modify.on_conflict.as_ref().is_some_and(|conflict| conflict.update.is_some()) => {
            vec![Event::Insert, Event::Update]
        }
        Command::Insert => vec![Event::Insert],
        Command::Update => vec![Event::Update],
        Command::Delete => vec![Event::Delete],
        _ => {
            let actions = modify.merge.iter().flat_map(|merge| &merge.actions);
            let has = |command| actions.clone().any(|action| action.command == command);
            let events =
                [(Command::Insert, Event::Insert), (Command::Update, Event::Update), (Command::Delete, Event::Delete)];
            events.into_iter().filter(|(command, _)| has(*command)).map(|(_, event)| event).collect()
        }
    };
    let mut updated = modify.columns.clone();
    updated.extend(modify.on_conflict.iter().flat_map(|c| c.update.iter().flatten()).map(|(number, _)| *number));
    for action in modify.merge.iter().flat_map(|merge| &merge.actions).filter(|a| a.command == Command::Update) {
        updated.extend(action.values.iter().map(|(number, _)| *number));
    }
    let common =
        Common { source, target, returning, counted: modify.counted, begun: false, done: false, events, updated };
    if modify.instead {
        return Ok((Box::new(instead::Instead::new(common, modify)), raw));
    }
    Ok(match modify.command {
        Command::Insert => (Box::new(insert::Insert::new(builder.session, common, modify)?) as Box<dyn Operator>, raw),
        Command::Update => (Box::new(change::Update::new(builder, common, modify)?), raw),
        Command::Delete => (Box::new(change::Delete::new(builder, common, modify)?), raw),
        Command::Merge => (Box::new(merge::Merge::new(builder, common, modify)?), raw),
        Command::Select | Command::Nothing => return Err(Error::internal("a modifying node that changes nothing")),
    })
}

/// What all commands have.
struct Common {
    source: Stage,
    target: target::Target,
    returning: Returning,
    counted: bool,
    begun: bool,
    done: bool,
    /// What the statement can do to rows of the table that it names.
    events: Vec<Event>,
    /// The columns of that table that it can set, by number.
    updated: Vec<i16>,
}

impl Common {
    /// The next rows of the source; triggers for the statement fire before the first and after the last.
    fn next_source(&mut self, run: &mut Run<'_>, batch: &mut Batch) -> Result<bool> {
        if !std::mem::replace(&mut self.begun, true) {
            self.target.begin_statement(&self.events, &self.updated, run)?;
        }
        if self.done {
            return Ok(false);
        }
        if self.source.next(run, batch)? {
            return Ok(true);
        }
        self.done = true;
        self.events.reverse();
        self.target.end_statement(&self.events, &self.updated, run)?;
        Ok(false)
    }

    fn count(&self, rows: u64, run: &mut Run<'_>) {
        if self.counted {
            run.state.processed += rows;
        }
    }
}

/// The raw columns of RETURNING: the new row, the old row, the system columns of both, the source's extra columns, and, where
/// they are named, the transactions of both rows.
struct Returning {
    wanted: bool,
    columns: Vec<Repr>,
    extra: Vec<Repr>,
    stamps: bool,
    table: ids::Oid,
    /// The table of old versions: another one for rows that move.
    old_table: ids::Oid,
    /// MERGE: the name of the action that the next rows come from.
    action: Option<&'static str>,
    /// Where a row of the table that is changed has the columns of the one that the statement names.
    places: Rearrangement,
}

/// `xmin, cmin, xmax, cmax`.
const STAMPS: [Projected; 4] = [Projected::Xmin, Projected::Cmin, Projected::Xmax, Projected::Cmax];

impl Returning {
    fn new(target: &target::Target, extra: &[Repr], modify: &ModifyTable) -> Returning {
        Returning {
            wanted: modify.returning,
            columns: target.open.reprs(),
            extra: extra.to_vec(),
            stamps: modify.returning_stamps,
            table: target.open.relation.oid,
            old_table: target.open.relation.oid,
            action: (modify.command == Command::Merge).then_some(""),
            places: Rearrangement::none(),
        }
    }

    /// The same for rows of another table of the tree.
    fn of_member(&self, table: ids::Oid, places: Rearrangement) -> Returning {
        let (columns, extra) = (self.columns.clone(), self.extra.clone());
        Returning { columns, extra, places, table, old_table: table, ..*self }
    }

    fn forms(&self) -> Vec<Repr> {
        if !self.wanted {
            return Vec::new();
        }
        let system = [Repr::Bytes, Repr::B4, Repr::Bytes, Repr::B4];
        let table = self.columns.iter().chain(&self.columns).copied();
        let action = self.action.map(|_| Repr::Bytes);
        let stamps = if self.stamps { [Repr::B4; 2 * STAMPS.len()].as_slice() } else { &[] };
        let rest = self.extra.iter().copied().chain(action).chain(stamps.iter().copied());
        table.chain(system).chain(rest).collect()
    }

    /// Adds a row: the new and the old version, each with its place, and the row of the source's batch that it comes
    /// from. Where there is no old version its columns are null; DELETE shows the old row as the default version.
    fn push(
        &self,
        out: &mut Batch,
        new: Option<(&[Column], usize, TupleId)>,
        old: Option<(&[Column], usize, TupleId)>,
        source: (&Batch, usize),
    ) {
        if !self.wanted {
            return;
        }
        let width = self.columns.len();
        let mut version = |from: usize, version: Option<(&[Column], usize, TupleId)>| {
            for n in 0..width {
                let place = self.places.place(n);
                let value = version.zip(place).map_or(DatumRef::Null, |((columns, row, _), at)| columns[at].get(row));
                out.columns[from + n].push(value);
            }
        };
        version(0, new.or(old));
        version(width, old);
        let own = if new.is_some() { self.table } else { self.old_table };
        for (n, (version, table)) in [(new.or(old), own), (old, self.old_table)].into_iter().enumerate() {
            let (tid, table) = match version {
                Some((_, _, tid)) => (Some(access::tid_bytes(tid)), DatumRef::B4(table.0 as i32)),
                None => (None, DatumRef::Null),
            };
            out.columns[2 * width + 2 * n].push(tid.as_ref().map_or(DatumRef::Null, |tid| DatumRef::Bytes(tid)));
            out.columns[2 * width + 2 * n + 1].push(table);
        }
        let (batch, row) = source;
        let first = batch.columns.len() - self.extra.len();
        for n in 0..self.extra.len() {
            out.columns[2 * width + 4 + n].push(batch.columns[first + n].get(row));
        }
        let mut stamps = 2 * width + 4 + self.extra.len();
        if let Some(action) = self.action {
            out.columns[stamps].push(DatumRef::Bytes(action.as_bytes()));
            stamps += 1;
        }
        out.columns[stamps..].iter_mut().for_each(|column| column.push(DatumRef::Null));
        out.set_len(out.len() + 1);
    }

    /// Reads who made and who deleted the rows of a batch, if that is wanted.
    fn stamp(&self, target: &target::Target, out: &mut Batch, run: &Run<'_>) -> Result<()> {
        if !self.stamps {
            return Ok(());
        }
        let session = run.session;
        let projection: Arc<[Projected]> = STAMPS.into();
        let (width, first) = (self.columns.len(), out.columns.len() - 2 * STAMPS.len());
        for version in 0..2 {
            // The rows, table by table.
            let mut tables: Vec<(ids::Oid, Vec<usize>, Vec<TupleId>)> = Vec::new();
            for row in 0..out.len() {
                let place = out.columns[2 * width + 2 * version].get(row).as_bytes().and_then(access::tid_from_bytes);
                let table = out.columns[2 * width + 2 * version + 1].get(row).as_i32();
                let (Some(place), Some(table)) = (place, table) else { continue };
                let table = ids::Oid(table as u32);
                match tables.iter_mut().find(|(have, ..)| *have == table) {
                    Some((_, rows, places)) => {
                        rows.push(row);
                        places.push(place);
                    }
                    None => tables.push((table, vec![row], vec![place])),
                }
            }
            for (oid, rows, places) in tables {
                let table = match oid == target.open.relation.oid {
                    true => target.open.table.clone(),
                    false => crate::relation::OpenTable::open(session, oid)?.table,
                };
                let mut fetch =
                    session.tables.fetch(session.store, &table, (**run.snapshot).clone(), projection.clone());
                let mut found = access::projected_batch(&table.layout, &projection);
                let mut outcome = Vec::new();
                fetch.fetch(&places, FetchMode::Any, &mut found, &mut outcome)?;
                let seen = rows.iter().zip(&outcome).filter(|(_, outcome)| **outcome == Fetched::Row);
                for (from, (&row, _)) in seen.enumerate() {
                    for (n, column) in found.columns.iter().enumerate() {
                        out.columns[first + version * STAMPS.len() + n].put(row, column.get(from));
                    }
                }
            }
        }
        Ok(())
    }
}

/// The error for `xmin` and its like of a row that went through a partitioned table to a partition of the same form: PostgreSQL does not know them
/// there.
fn no_stamps() -> error::Error {
    let text = "cannot retrieve a system column in this context";
    error::Error::new(error::SqlState::FEATURE_NOT_SUPPORTED, text)
}
