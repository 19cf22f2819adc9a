//! UPDATE and DELETE.
//!
//! The source gives the places of rows as the statement's snapshot sees them. Another transaction may have changed such a
//! row since. Under Read Committed the newest version is then checked anew: the source's plan is run once more with each
//! scan of the target replaced by just that version, and what it gives, if anything, is what the statement works on. From
//! Repeatable Read on it is an error (40001).

use std::sync::Arc;

use access::{Conflict, ConflictKind, FetchMode, Outcome, Projected, Row, UpdateOptions, WaitPolicy};
use batch::{Batch, Column, Datum};
use error::{Error, Result, SqlState};
use ids::TupleId;
use planner::plan::{ModifyTable, RowMark};
use txn::Snapshot;

use super::Common;
use super::target::Target;
use crate::operator::anew::{self, Substitutes};
use crate::operator::lock_rows::find;
use crate::operator::{Builder, Operator};
use crate::relation::OpenTable;
use crate::run::Run;
use crate::session::{TriggerEvent, TriggerKind, TriggerOutcome};

/// 40001 for a row that another transaction changed.
pub(super) fn serialization_failure() -> Error {
    Error::new(SqlState::T_R_SERIALIZATION_FAILURE, "could not serialize access due to concurrent update")
}

/// Whole rows by their places, and the positions in `places` of those that there are.
pub(super) fn fetch_rows(run: &Run<'_>, table: &OpenTable, places: &[TupleId]) -> Result<(Batch, Vec<usize>)> {
    let projection: Arc<[Projected]> = (0..table.table.layout.len() as u16).map(Projected::Column).collect();
    let mut rows = access::projected_batch(&table.table.layout, &projection);
    let session = run.session;
    let mut fetch = session.tables.fetch(session.store, &table.table, Snapshot::clone(run.snapshot), projection);
    let mut outcome = Vec::new();
    fetch.fetch(places, FetchMode::Any, &mut rows, &mut outcome)?;
    let seen = outcome.iter().enumerate().filter(|(_, found)| **found == access::Fetched::Row);
    Ok((rows, seen.map(|(n, _)| n).collect()))
}

/// What an update changes of what indexes rest on.
pub(super) struct Changes {
    /// Some index needs a new entry.
    pub indexed: bool,
    /// A key that foreign keys can refer to changes.
    pub key: bool,
}

impl Changes {
    pub fn of(target: &Target, old: &[Column], new: &[Column], row: usize) -> Changes {
        let mut changes = Changes { indexed: false, key: false };
        for index in &target.indexes {
            let changed = target.changed((old, row), (new, row), &index.uses);
            if changed.is_empty() {
                continue;
            }
            changes.indexed = true;
            let refers = &index.open.row;
            // Columns that are only included are no part of the key.
            let keys = refers.indkey.iter().take(refers.indnkeyatts as usize);
            changes.key |= refers.indisunique
                && refers.indimmediate
                && refers.indpred.is_none()
                && refers.indexprs.is_none()
                && keys.into_iter().any(|key| changed.contains(key));
        }
        changes
    }
}

/// What is to be done about a conflict.
enum Next {
    /// Leave the row alone.
    Skip,
    /// Go on with the newer version, for which the source gives this row.
    Again(TupleId, Batch),
}

/// What UPDATE and DELETE share.
struct Changing {
    common: Common,
    /// The target's index among the plan's relations.
    relation: usize,
    /// The source's number in the plan.
    node: u32,
    marks: Vec<RowMark>,
    batch: Batch,
}

impl Changing {
    fn new(common: Common, modify: &ModifyTable) -> Changing {
        Changing {
            batch: common.source.batch(),
            common,
            relation: modify.target.relation,
            node: modify.source.id,
            marks: modify.marks.clone(),
        }
    }

    /// The place in the first column of a source row.
    fn place(batch: &Batch, row: usize) -> Result<TupleId> {
        let place = batch.columns[0].get(row).as_bytes().and_then(access::tid_from_bytes);
        place.ok_or_else(|| Error::internal("the source of a change gives no ctid"))
    }

    fn resolve(&self, conflict: Conflict, source: (&Batch, usize), run: &mut Run<'_>) -> Result<Next> {
        match conflict.kind {
            // Changed by this very command already (a join gave the row twice), or not there any more.
            ConflictKind::SelfModified if conflict.command != run.session.transaction.command() => Err(Error::new(
                SqlState::TRIGGERED_DATA_CHANGE_VIOLATION,
                "tuple to be updated was already modified by an operation triggered by the current command",
            )
            .hint("Consider using an AFTER trigger instead of a BEFORE trigger to propagate changes to other rows.")),
            ConflictKind::SelfModified => Ok(Next::Skip),
            ConflictKind::Invisible => Err(Error::internal("attempted to change an invisible row")),
            ConflictKind::Updated | ConflictKind::Deleted
                if crate::session::keeps_snapshot(run.session.transaction) =>
            {
                let how = if conflict.kind == ConflictKind::Updated { "update" } else { "delete" };
                Err(Error::new(
                    SqlState::T_R_SERIALIZATION_FAILURE,
                    format!("could not serialize access due to concurrent {how}"),
                ))
            }
            ConflictKind::Deleted => Ok(Next::Skip),
            ConflictKind::WouldBlock => Err(Error::internal("a change did not wait")),
            ConflictKind::Updated => self.check_anew(conflict.next, source, run),
        }
    }

    /// Runs the source's plan for the newest version of a row, and the rows that were joined with the old one.
    fn check_anew(&self, newest: TupleId, source: (&Batch, usize), run: &mut Run<'_>) -> Result<Next> {
        let plan = run.state.plan.clone();
        let mut substitutes = Substitutes::new();
        for mark in &self.marks {
            let place = source.0.columns[mark.tid].get(source.1).as_bytes().and_then(access::tid_from_bytes);
            substitutes.insert(mark.relation, place);
        }
        substitutes.insert(self.relation, Some(newest));
        let trees = plan.subplans.iter().map(|tree| &tree.node);
        let node = std::iter::once(&plan.root).chain(trees).find_map(|node| find(node, self.node));
        let node = node.ok_or_else(|| Error::internal("a modifying node is not in its plan"))?;
        Ok(match anew::check(node, &substitutes, run)? {
            None => Next::Skip,
            Some(batch) => Next::Again(newest, batch),
        })
    }
}

/// Updates the source's rows.
pub(super) struct Update {
    changing: Changing,
    columns: Vec<i16>,
}

impl Update {
    pub fn new(_: &Builder<'_>, common: Common, modify: &ModifyTable) -> Result<Update> {
        Ok(Update { changing: Changing::new(common, modify), columns: modify.columns.clone() })
    }

    /// Updates one row: row `row` of `source`, whose whole old version is row `old_row` of `old`.
    fn update(
        &mut self,
        place: TupleId,
        source: (&Batch, usize),
        old: (&Batch, usize),
        out: &mut Batch,
        run: &mut Run<'_>,
    ) -> Result<()> {
        let session = run.session;
        let target = &mut self.changing.common.target;
        let mut new = Batch::new(target.reprs());
        let mut old_row = Batch::new(target.reprs());
        for (n, (to, was)) in new.columns.iter_mut().zip(&mut old_row.columns).enumerate() {
            to.push(old.0.columns[n].get(old.1));
            was.push(old.0.columns[n].get(old.1));
        }
        new.set_len(1);
        old_row.set_len(1);
        for (n, &number) in self.columns.iter().enumerate() {
            new.columns[number as usize - 1].put(0, source.0.columns[1 + n].get(source.1));
        }
        let triggers = target.has_triggers();
        let table = target.open.table.clone();
        let datums = |rows: &Batch| rows.columns.iter().map(|column| column.datum(0)).collect::<Vec<Datum>>();
        if triggers {
            let (before, after) = (datums(&old_row), datums(&new));
            let event = TriggerEvent {
                table: table.oid,
                kind: TriggerKind::BeforeUpdate,
                old: Some((&before, place)),
                new: Some((&after, TupleId::INVALID)),
            };
            match session.host.trigger(event)? {
                TriggerOutcome::Unchanged => (),
                TriggerOutcome::Skipped => return Ok(()),
                TriggerOutcome::Replaced(values) => {
                    new.columns.iter_mut().zip(&values).for_each(|(column, value)| column.put(0, value.as_ref()));
                }
            }
        }
        target.generate(&mut new, run)?;
        target.check(&new, run)?;
        let changes = Changes::of(target, &old_row.columns, &new.columns, 0);
        let all: Vec<i16> = (1..=new.columns.len() as i16).collect();
        let changed = target.changed((&old_row.columns, 0), (&new.columns, 0), &all);
        let kept: Vec<u16> = all.iter().filter(|n| !changed.contains(n)).map(|&n| n as u16 - 1).collect();
        let options = UpdateOptions {
            crosscheck: None,
            wait: WaitPolicy::Block,
            indexed_changed: changes.indexed,
            key_changed: changes.key,
            kept: &kept,
        };
        let (store, transaction) = (session.store, session.transaction);
        let values = Row::Columns(&new.columns, 0);
        match session.tables.update(store, transaction, &table, place, run.snapshot, values, options)? {
            Outcome::Done(updated) => {
                if !updated.hot {
                    target.enter(&new, &[updated.tid], None, run)?;
                }
                target.check_views(&new, new.rows(), run)?;
                if triggers {
                    let (before, after) = (datums(&old_row), datums(&new));
                    session.host.trigger(TriggerEvent {
                        table: table.oid,
                        kind: TriggerKind::AfterUpdate,
                        old: Some((&before, place)),
                        new: Some((&after, updated.tid)),
                    })?;
                }
                let common = &self.changing.common;
                common.count(1, run);
                let new = Some((new.columns.as_slice(), 0, updated.tid));
                let was = Some((old_row.columns.as_slice(), 0, place));
                common.returning.push(out, new, was, source);
                Ok(())
            }
            Outcome::Conflict(conflict) => match self.changing.resolve(conflict, source, run)? {
                Next::Skip => Ok(()),
                Next::Again(place, batch) => {
                    let snapshot = session.transaction.latest_snapshot()?;
                    let (old, seen) = fetch_rows(run, &self.changing.common.target.open, &[place])?;
                    if seen.is_empty() {
                        return Ok(());
                    }
                    let mut again = Run { session, snapshot: &snapshot, state: run.state };
                    let row = batch.rows().position(0);
                    self.update(place, (&batch, row), (&old, 0), out, &mut again)
                }
            },
        }
    }
}

/// Deletes the source's rows.
pub(super) struct Delete {
    changing: Changing,
}

impl Delete {
    pub fn new(_: &Builder<'_>, common: Common, modify: &ModifyTable) -> Result<Delete> {
        Ok(Delete { changing: Changing::new(common, modify) })
    }

    fn delete(
        &mut self,
        place: TupleId,
        source: (&Batch, usize),
        old: Option<(&Batch, usize)>,
        out: &mut Batch,
        run: &mut Run<'_>,
    ) -> Result<()> {
        let session = run.session;
        let common = &self.changing.common;
        let table = &common.target.open.table;
        let triggers = common.target.has_triggers();
        let values = |(rows, row): (&Batch, usize)| rows.columns.iter().map(|c| c.datum(row)).collect::<Vec<Datum>>();
        if triggers && let Some(old) = old {
            let before = values(old);
            let old = Some((before.as_slice(), place));
            let event = TriggerEvent { table: table.oid, kind: TriggerKind::BeforeDelete, old, new: None };
            if let TriggerOutcome::Skipped = session.host.trigger(event)? {
                return Ok(());
            }
        }
        let (store, transaction) = (session.store, session.transaction);
        match session.tables.delete(store, transaction, table, place, run.snapshot, None, WaitPolicy::Block)? {
            Outcome::Done(()) => {
                if triggers && let Some(old) = old {
                    let before = values(old);
                    let old = Some((before.as_slice(), place));
                    session.host.trigger(TriggerEvent {
                        table: table.oid,
                        kind: TriggerKind::AfterDelete,
                        old,
                        new: None,
                    })?;
                }
                common.count(1, run);
                if let Some((rows, row)) = old {
                    common.returning.push(out, None, Some((&rows.columns, row, place)), source);
                }
                Ok(())
            }
            Outcome::Conflict(conflict) => match self.changing.resolve(conflict, source, run)? {
                Next::Skip => Ok(()),
                Next::Again(place, batch) => {
                    let snapshot = session.transaction.latest_snapshot()?;
                    let (old, seen) = fetch_rows(run, &self.changing.common.target.open, &[place])?;
                    if seen.is_empty() {
                        return Ok(());
                    }
                    let mut again = Run { session, snapshot: &snapshot, state: run.state };
                    let row = batch.rows().position(0);
                    self.delete(place, (&batch, row), Some((&old, 0)), out, &mut again)
                }
            },
        }
    }
}

impl Operator for Update {
    fn next(&mut self, run: &mut Run<'_>, out: &mut Batch) -> Result<bool> {
        loop {
            out.clear();
            let changing = &mut self.changing;
            if changing.common.done || !changing.common.source.next(run, &mut changing.batch)? {
                changing.common.done = true;
                return Ok(false);
            }
            let batch = std::mem::take(&mut changing.batch);
            let places = batch.rows().iter().map(|row| Changing::place(&batch, row)).collect::<Result<Vec<_>>>()?;
            let (old, seen) = fetch_rows(run, &changing.common.target.open, &places)?;
            let rows: Vec<usize> = batch.rows().iter().collect();
            for (n, &k) in seen.iter().enumerate() {
                self.update(places[k], (&batch, rows[k]), (&old, n), out, run)?;
            }
            self.changing.batch = batch;
            if !out.is_empty() {
                let common = &self.changing.common;
                common.returning.stamp(&common.target, out, run)?;
                return Ok(true);
            }
        }
    }

    fn rewind(&mut self, _: &mut Run<'_>) -> Result<()> {
        Err(Error::internal("a modifying statement cannot start over"))
    }
}

impl Operator for Delete {
    fn next(&mut self, run: &mut Run<'_>, out: &mut Batch) -> Result<bool> {
        loop {
            out.clear();
            let changing = &mut self.changing;
            if changing.common.done || !changing.common.source.next(run, &mut changing.batch)? {
                changing.common.done = true;
                return Ok(false);
            }
            let batch = std::mem::take(&mut changing.batch);
            let places = batch.rows().iter().map(|row| Changing::place(&batch, row)).collect::<Result<Vec<_>>>()?;
            let rows: Vec<usize> = batch.rows().iter().collect();
            let common = &changing.common;
            if common.target.has_triggers() || common.returning.wanted {
                let (old, seen) = fetch_rows(run, &common.target.open, &places)?;
                for (n, &k) in seen.iter().enumerate() {
                    self.delete(places[k], (&batch, rows[k]), Some((&old, n)), out, run)?;
                }
            } else {
                for (&place, &row) in places.iter().zip(&rows) {
                    self.delete(place, (&batch, row), None, out, run)?;
                }
            }
            self.changing.batch = batch;
            if !out.is_empty() {
                let common = &self.changing.common;
                common.returning.stamp(&common.target, out, run)?;
                return Ok(true);
            }
        }
    }

    fn rewind(&mut self, _: &mut Run<'_>) -> Result<()> {
        Err(Error::internal("a modifying statement cannot start over"))
    }
}
