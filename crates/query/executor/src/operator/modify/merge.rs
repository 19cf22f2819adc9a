//! MERGE.
//!
//! The source gives the rows of the join: the place of the target's row if there is one, whether there is a row of the
//! source, and the columns of the source that the actions use. For a batch of them first the actions are chosen and their values
//! computed, column by column; then they are done row by row, so that effects come in the order of the rows. If an
//! expression of an action can have effects itself, a batch is one row.
//!
//! A row of the target that another transaction has changed meanwhile is looked at anew: does its newest version still match? Then the
//! actions are chosen again for it; otherwise the source's row is one without match.

use access::{Conflict, ConflictKind};
use batch::{Batch, Column, Repr, Rows, Selection};
use catalog::trigger::Event;
use error::{Error, Result, SqlState};
use ids::TupleId;
use planner::plan::{CheckKind, Command, ModifyTable};

use analyzer::query::MergeWhen;

use super::Common;
use super::change::{Changed, fetch_rows, serialization_failure, single};
use super::insert::insert_rows;
use crate::expression::{Compiled, compile, compile_all, evaluate_all, filter};
use crate::operator::Operator;
use crate::run::Run;

/// A WHEN clause.
struct Action {
    when: MergeWhen,
    condition: Vec<Compiled>,
    command: Command,
    values: Vec<(i16, Compiled)>,
}

/// Does the actions for the source's rows.
pub(super) struct Merge {
    common: Common,
    actions: Vec<Action>,
    /// ON, and what views ask of the target's rows.
    condition: Vec<Compiled>,
    target: Vec<Compiled>,
    /// How many columns of the source follow the place and the flag.
    extra: usize,
    /// Expressions have effects that show in which order they are evaluated.
    single: bool,
    batch: Batch,
}

/// Some rows of the join, as the actions see them.
struct Joined {
    /// What each is.
    kinds: Vec<MergeWhen>,
    /// Where the target's row is.
    places: Vec<Option<TupleId>>,
    /// The target's columns (nulls if there is no row), then the source's.
    rows: Batch,
    /// The positions of the rows in the source's batch.
    positions: Vec<usize>,
}

impl Merge {
    pub fn new(common: Common, modify: &ModifyTable) -> Result<Merge> {
        let merge = modify.merge.as_deref().ok_or_else(|| Error::internal("MERGE without actions"))?;
        let mut actions = Vec::with_capacity(merge.actions.len());
        for action in &merge.actions {
            let values = action.values.iter().map(|(number, value)| Ok((*number, compile(value)?)));
            actions.push(Action {
                when: action.when,
                condition: compile_all(&action.condition)?,
                command: action.command,
                values: values.collect::<Result<_>>()?,
            });
        }
        let mut single = false;
        for action in &merge.actions {
            single |= action
                .condition
                .iter()
                .chain(action.values.iter().map(|(_, value)| value))
                .any(crate::operator::quiet::has_effects);
        }
        Ok(Merge {
            batch: common.source.batch(),
            common,
            actions,
            condition: compile_all(&merge.condition)?,
            target: compile_all(&merge.target)?,
            extra: modify.extra,
            single,
        })
    }

    /// The forms of the rows that actions see.
    fn forms(&self, batch: &Batch) -> Vec<Repr> {
        let extra = batch.columns[batch.columns.len() - self.extra..].iter().map(Column::repr);
        self.common.target.reprs().into_iter().chain(extra).collect()
    }

    /// The rows at these positions of a batch of the source.
    fn join(&self, batch: &Batch, positions: &[usize], run: &Run<'_>) -> Result<Joined> {
        let width = self.common.target.reprs().len();
        let (mut kinds, mut places) = (Vec::with_capacity(positions.len()), Vec::with_capacity(positions.len()));
        for &row in positions {
            let place = batch.columns[0].get(row).as_bytes().and_then(access::tid_from_bytes);
            let there = batch.columns[1].get(row).as_bool() == Some(true);
            kinds.push(match (place.is_some(), there) {
                (true, true) => MergeWhen::Matched,
                (true, false) => MergeWhen::NotMatchedBySource,
                (false, _) => MergeWhen::NotMatchedByTarget,
            });
            places.push(place);
        }
        let known: Vec<TupleId> = places.iter().flatten().copied().collect();
        let (old, seen) = fetch_rows(run, &self.common.target.open, &known)?;
        let mut rows = Batch::new(self.forms(batch));
        let (mut nth, mut found) = (0, 0);
        for place in &mut places {
            let at = place.is_some().then(|| {
                nth += 1;
                seen.get(found).is_some_and(|&k| k == nth - 1)
            });
            match at {
                Some(true) => {
                    for (to, from) in rows.columns[..width].iter_mut().zip(&old.columns) {
                        to.push(from.get(found));
                    }
                    found += 1;
                }
                _ => rows.columns[..width].iter_mut().for_each(Column::push_null),
            }
        }
        let first = batch.columns.len() - self.extra;
        for (to, from) in rows.columns[width..].iter_mut().zip(&batch.columns[first..]) {
            positions.iter().for_each(|&row| to.push(from.get(row)));
        }
        rows.set_len(positions.len());
        Ok(Joined { kinds, places, rows, positions: positions.to_vec() })
    }

    /// Chooses and does the actions for some rows.
    fn perform(&mut self, mut joined: Joined, source: &Batch, out: &mut Batch, run: &mut Run<'_>) -> Result<()> {
        let count = joined.rows.len();
        let mut chosen: Vec<Option<usize>> = vec![None; count];
        let mut made: Vec<Option<Batch>> = Vec::with_capacity(self.actions.len());
        let mut open = vec![true; count];
        let forms = self.common.target.reprs();
        for (number, action) in self.actions.iter_mut().enumerate() {
            let wanted = (0..count).filter(|&row| open[row] && joined.kinds[row] == action.when);
            joined.rows.selection.set(wanted.map(|row| row as u16));
            if joined.rows.row_count() > 0 {
                filter(&mut action.condition, &mut joined.rows, run)?;
            }
            let rows: Vec<u16> = joined.rows.rows().iter().map(|row| row as u16).collect();
            for &row in &rows {
                open[row as usize] = false;
                chosen[row as usize] = Some(number);
            }
            made.push(match action.command {
                Command::Insert | Command::Update if !rows.is_empty() => {
                    Some(new_rows(action, &joined.rows, Rows::Some(&rows), forms.clone(), run)?)
                }
                _ => None,
            });
        }
        joined.rows.selection.set_all();
        let mut row = 0;
        while row < count {
            let Some(number) = chosen[row] else {
                row += 1;
                continue;
            };
            match (self.actions[number].command, &mut made[number]) {
                (Command::Insert, Some(new)) => {
                    // Neighbours that are inserted, too, go into the table together.
                    let end = (row..count).find(|&at| chosen[at] != Some(number)).unwrap_or(count);
                    let single = self.common.target.has_view_checks() || self.common.target.fires_before(Event::Insert);
                    let end = if single { row + 1 } else { end };
                    new.selection.set((row..end).map(|at| at as u16));
                    self.insert(new, (source, &joined.positions), out, run)?;
                    row = end;
                    continue;
                }
                (Command::Update, Some(new)) => {
                    let (old, new) = (single(&joined.rows, row, forms.clone()), single(new, row, forms.clone()));
                    self.common.target.check_policies(CheckKind::MergeUpdateTarget, &old, run)?;
                    self.common.returning.action = Some("UPDATE");
                    let place = joined.places[row].ok_or_else(|| Error::internal("MERGE updates no row"))?;
                    let from = (source, joined.positions[row]);
                    if let Changed::Conflict(conflict) =
                        self.common.update_row(place, &old, new, from, None, out, run)?
                    {
                        self.resolve(conflict, joined.kinds[row], from, out, run)?;
                    }
                }
                (Command::Delete, _) => {
                    self.common.returning.action = Some("DELETE");
                    let place = joined.places[row].ok_or_else(|| Error::internal("MERGE deletes no row"))?;
                    let from = (source, joined.positions[row]);
                    let old = single(&joined.rows, row, forms.clone());
                    self.common.target.check_policies(CheckKind::MergeDeleteTarget, &old, run)?;
                    if let Changed::Conflict(conflict) =
                        self.common.delete_row(place, Some((&old, 0)), from, out, run)?
                    {
                        self.resolve(conflict, joined.kinds[row], from, out, run)?;
                    }
                }
                _ => {}
            }
            row += 1;
        }
        Ok(())
    }

    /// Inserts the selected rows of a batch; `source` is the source's batch, and where in it each row comes from.
    fn insert(
        &mut self,
        new: &mut Batch,
        source: (&Batch, &[usize]),
        out: &mut Batch,
        run: &mut Run<'_>,
    ) -> Result<()> {
        let common = &mut self.common;
        common.target.before_insert(new, run)?;
        common.target.generate(new, run)?;
        common.target.check_policies(CheckKind::Insert, new, run)?;
        common.target.check(new, run)?;
        let mut places = Vec::new();
        insert_rows(&mut common.target, new, &mut places, Event::Insert, run)?;
        common.target.check_views(new, new.rows(), run)?;
        common.count(places.len() as u64, run);
        common.returning.action = Some("INSERT");
        for (row, &place) in new.rows().iter().zip(&places) {
            let version = Some((new.columns.as_slice(), row, place));
            common.returning.push(out, version, None, (source.0, source.1[row]));
        }
        Ok(())
    }

    /// Another version of the target's row is in the way.
    fn resolve(
        &mut self,
        conflict: Conflict,
        kind: MergeWhen,
        source: (&Batch, usize),
        out: &mut Batch,
        run: &mut Run<'_>,
    ) -> Result<()> {
        let session = run.session;
        match conflict.kind {
            ConflictKind::SelfModified if conflict.command != session.transaction.command() => {
                return Err(Error::new(
                    SqlState::TRIGGERED_DATA_CHANGE_VIOLATION,
                    "tuple to be updated or deleted was already modified by an operation triggered by the current command",
                )
                .hint(
                    "Consider using an AFTER trigger instead of a BEFORE trigger to propagate changes to other rows.",
                ));
            }
            ConflictKind::SelfModified => {
                return Err(Error::new(
                    SqlState::CARDINALITY_VIOLATION,
                    "MERGE command cannot affect row a second time",
                )
                .hint("Ensure that not more than one source row matches any one target row."));
            }
            ConflictKind::Invisible => return Err(Error::internal("attempted to change an invisible row")),
            ConflictKind::WouldBlock => return Err(Error::internal("a change did not wait")),
            ConflictKind::Updated if crate::session::keeps_snapshot(session.transaction) => {
                return Err(serialization_failure());
            }
            ConflictKind::Deleted if crate::session::keeps_snapshot(session.transaction) => {
                return Err(Error::new(
                    SqlState::T_R_SERIALIZATION_FAILURE,
                    "could not serialize access due to concurrent delete",
                ));
            }
            ConflictKind::Updated | ConflictKind::Deleted => {}
        }
        let snapshot = session.transaction.latest_snapshot()?;
        let mut again = Run { session, snapshot: &snapshot, state: run.state };
        let run = &mut again;
        let width = self.common.target.reprs().len();
        let mut joined = Joined {
            kinds: vec![MergeWhen::NotMatchedByTarget],
            places: vec![None],
            rows: Batch::new(self.forms(source.0)),
            positions: vec![source.1],
        };
        let newest = match conflict.kind {
            ConflictKind::Updated => Some(fetch_rows(run, &self.common.target.open, &[conflict.next])?),
            _ => None,
        };
        let first = source.0.columns.len() - self.extra;
        let (target, rest) = joined.rows.columns.split_at_mut(width);
        for (to, from) in rest.iter_mut().zip(&source.0.columns[first..]) {
            to.push(from.get(source.1));
        }
        match newest.filter(|(_, seen)| !seen.is_empty()) {
            Some((old, _)) => {
                target.iter_mut().zip(&old.columns).for_each(|(to, from)| to.push(from.get(0)));
                joined.rows.set_len(1);
                filter(&mut self.target, &mut joined.rows, run)?;
                if kind == MergeWhen::Matched && joined.rows.row_count() > 0 {
                    filter(&mut self.condition, &mut joined.rows, run)?;
                }
                if joined.rows.row_count() > 0 {
                    (joined.kinds[0], joined.places[0]) = (kind, Some(conflict.next));
                } else {
                    joined.rows.columns[..width].iter_mut().for_each(|column| column.set_null(0));
                }
                joined.rows.selection = Selection::all();
            }
            None => {
                target.iter_mut().for_each(Column::push_null);
                joined.rows.set_len(1);
            }
        }
        if kind == MergeWhen::NotMatchedBySource && joined.places[0].is_none() {
            // Neither side is there any more.
            return Ok(());
        }
        self.perform(joined, source.0, out, run)
    }
}

/// The new versions of rows, at their positions in `joined`.
fn new_rows(action: &mut Action, joined: &Batch, rows: Rows<'_>, forms: Vec<Repr>, run: &mut Run<'_>) -> Result<Batch> {
    let width = forms.len();
    let mut new = Batch::new(forms);
    for (to, from) in new.columns.iter_mut().zip(&joined.columns[..width]) {
        match action.command {
            // What is not given is null: defaults have been put in where they belong.
            Command::Insert => (0..joined.len()).for_each(|_| to.push_null()),
            _ => to.append(from, Rows::All(joined.len())),
        }
    }
    new.set_len(joined.len());
    for (number, value) in &mut action.values {
        evaluate_all(std::slice::from_mut(value), joined, rows, run)?;
        let result = value.result(joined);
        let to = &mut new.columns[*number as usize - 1];
        rows.for_each(|row| to.put(row, result.get(row)));
    }
    Ok(new)
}

impl Operator for Merge {
    fn next(&mut self, run: &mut Run<'_>, out: &mut Batch) -> Result<bool> {
        loop {
            out.clear();
            if !self.common.next_source(run, &mut self.batch)? {
                return Ok(false);
            }
            let batch = std::mem::take(&mut self.batch);
            let rows: Vec<usize> = batch.rows().iter().collect();
            for some in rows.chunks(if self.single { 1 } else { rows.len().max(1) }) {
                run.session.check_interrupts()?;
                let joined = self.join(&batch, some, run)?;
                self.perform(joined, &batch, out, run)?;
            }
            self.batch = batch;
            if !out.is_empty() {
                self.common.returning.stamp(&self.common.target, out, run)?;
                return Ok(true);
            }
        }
    }

    fn rewind(&mut self, _: &mut Run<'_>) -> Result<()> {
        Err(Error::internal("a modifying statement cannot start over"))
    }
}
