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
use super::change::{Changed, Changing, fetch_rows, serialization_failure, single};
use super::insert::{Routing, insert_routed, insert_rows};
use crate::expression::{Compiled, compile, compile_all, evaluate_all, filter};
use crate::operator::{Builder, Operator};
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
    changing: Changing,
    actions: Vec<Action>,
    /// ON, and what views ask of the target's rows.
    condition: Vec<Compiled>,
    target: Vec<Compiled>,
    /// How many columns of the source follow the place and the flag.
    extra: usize,
    /// Expressions have effects that show in which order they are evaluated.
    single: bool,
}

/// Some rows of the join, as the actions see them.
struct Joined {
    /// What each is.
    kinds: Vec<MergeWhen>,
    /// Where the target's row is.
    places: Vec<Option<TupleId>>,
    /// In a tree of tables, which member it belongs to, and the row as that has it.
    members: Vec<Option<(usize, Batch)>>,
    /// The target's columns (nulls if there is no row), then the source's.
    rows: Batch,
    /// The positions of the rows in the source's batch.
    positions: Vec<usize>,
}

impl Merge {
    pub fn new(builder: &Builder<'_>, common: Common, modify: &ModifyTable) -> Result<Merge> {
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
            changing: Changing::new(builder, common, modify)?,
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
        self.changing.common.target.reprs().into_iter().chain(extra).collect()
    }

    /// The rows at these positions of a batch of the source.
    fn join(&self, batch: &Batch, positions: &[usize], run: &Run<'_>) -> Result<Joined> {
        let width = self.changing.common.target.reprs().len();
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
        let mut rows = Batch::new(self.forms(batch));
        let members = match self.changing.table_column {
            Some(column) => self.join_members(batch, (positions, &places), column, &mut rows.columns[..width], run)?,
            None => {
                self.join_rows(&places, &mut rows.columns[..width], run)?;
                places.iter().map(|_| None).collect()
            }
        };
        let first = batch.columns.len() - self.extra;
        for (to, from) in rows.columns[width..].iter_mut().zip(&batch.columns[first..]) {
            positions.iter().for_each(|&row| to.push(from.get(row)));
        }
        rows.set_len(positions.len());
        Ok(Joined { kinds, places, members, rows, positions: positions.to_vec() })
    }

    /// The target's rows at these places; nulls where there is none.
    fn join_rows(&self, places: &[Option<TupleId>], columns: &mut [Column], run: &Run<'_>) -> Result<()> {
        let known: Vec<TupleId> = places.iter().flatten().copied().collect();
        let (old, seen) = fetch_rows(run, &self.changing.common.target.open, &known)?;
        let (mut nth, mut found) = (0, 0);
        for place in places {
            let at = place.is_some().then(|| {
                nth += 1;
                seen.get(found).is_some_and(|&k| k == nth - 1)
            });
            match at {
                Some(true) => {
                    for (to, from) in columns.iter_mut().zip(&old.columns) {
                        to.push(from.get(found));
                    }
                    found += 1;
                }
                _ => columns.iter_mut().for_each(Column::push_null),
            }
        }
        Ok(())
    }

    /// The same in a tree of tables, whose members' rows are brought to the form of the one that the statement names.
    fn join_members(
        &self,
        batch: &Batch,
        (positions, places): (&[usize], &[Option<TupleId>]),
        table_column: usize,
        columns: &mut [Column],
        run: &Run<'_>,
    ) -> Result<Vec<Option<(usize, Batch)>>> {
        let mut found: Vec<Option<(usize, Batch)>> = places.iter().map(|_| None).collect();
        let mut of_member: Vec<(Vec<usize>, Vec<TupleId>)> = vec![Default::default(); self.changing.members.len()];
        for (at, place) in places.iter().enumerate() {
            let Some(place) = place else { continue };
            let member = self.changing.member_of(batch.columns[table_column].get(positions[at]))?;
            of_member[member].0.push(at);
            of_member[member].1.push(*place);
        }
        for (member, (at, places)) in of_member.iter().enumerate().filter(|(_, (at, _))| !at.is_empty()) {
            let target = &self.changing.members[member].target;
            let (old, seen) = fetch_rows(run, &target.open, places)?;
            for (row, &k) in seen.iter().enumerate() {
                found[at[k]] = Some((member, single(&old, row, target.reprs())));
            }
        }
        for own in &found {
            for (n, to) in columns.iter_mut().enumerate() {
                let value = own.as_ref().and_then(|(member, own)| {
                    let place = self.changing.members[*member].returning.places.place(n)?;
                    Some(own.columns[place].get(0))
                });
                to.push(value.unwrap_or(batch::DatumRef::Null));
            }
        }
        Ok(found)
    }

    /// Chooses and does the actions for some rows.
    fn perform(&mut self, mut joined: Joined, source: &Batch, out: &mut Batch, run: &mut Run<'_>) -> Result<()> {
        let count = joined.rows.len();
        let mut chosen: Vec<Option<usize>> = vec![None; count];
        let mut made: Vec<Option<Batch>> = Vec::with_capacity(self.actions.len());
        let mut open = vec![true; count];
        let forms = self.changing.common.target.reprs();
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
                    let target = &self.changing.common.target;
                    let end =
                        if target.has_view_checks() || target.fires_before(Event::Insert) { row + 1 } else { end };
                    new.selection.set((row..end).map(|at| at as u16));
                    self.insert(new, (source, &joined.positions), out, run)?;
                    row = end;
                    continue;
                }
                (Command::Update, Some(new)) => {
                    let (old, new) = (single(&joined.rows, row, forms.clone()), single(new, row, forms.clone()));
                    let place = joined.places[row].ok_or_else(|| Error::internal("MERGE updates no row"))?;
                    let from = (source, joined.positions[row]);
                    let member = joined.members[row].take();
                    let (old, new) = match &member {
                        None => (old, new),
                        // As the member has it: it may have columns of its own.
                        Some((member, own)) => {
                            let mut changed = own.clone();
                            for (column, _) in &self.actions[number].values {
                                let to = self.changing.members[*member].numbers[*column as usize - 1];
                                changed.columns[to as usize - 1].put(0, new.columns[*column as usize - 1].get(0));
                            }
                            (own.clone(), changed)
                        }
                    };
                    let member = member.map(|(member, _)| member);
                    member.into_iter().for_each(|member| self.changing.exchange(member));
                    let Changing { common, router, .. } = &mut self.changing;
                    common.target.check_policies(CheckKind::MergeUpdateTarget, &old, run)?;
                    common.returning.action = Some("UPDATE");
                    let changed = match common.update_row(place, &old, new, from, router.as_mut(), out, run)? {
                        Changed::Elsewhere(row) => {
                            self.changing.relocate(place, from, (&old, &row), out, run)?;
                            Changed::Done
                        }
                        changed => changed,
                    };
                    member.into_iter().for_each(|member| self.changing.exchange(member));
                    if let Changed::Conflict(conflict) = changed {
                        self.resolve(conflict, (joined.kinds[row], member), from, out, run)?;
                    }
                }
                (Command::Delete, _) => {
                    let place = joined.places[row].ok_or_else(|| Error::internal("MERGE deletes no row"))?;
                    let from = (source, joined.positions[row]);
                    let member = joined.members[row].take();
                    let old = match &member {
                        None => single(&joined.rows, row, forms.clone()),
                        Some((_, own)) => own.clone(),
                    };
                    let member = member.map(|(member, _)| member);
                    member.into_iter().for_each(|member| self.changing.exchange(member));
                    let common = &mut self.changing.common;
                    common.returning.action = Some("DELETE");
                    common.target.check_policies(CheckKind::MergeDeleteTarget, &old, run)?;
                    let changed = common.delete_row(place, Some((&old, 0)), from, out, run)?;
                    member.into_iter().for_each(|member| self.changing.exchange(member));
                    if let Changed::Conflict(conflict) = changed {
                        self.resolve(conflict, (joined.kinds[row], member), from, out, run)?;
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
        let Changing { common, router, .. } = &mut self.changing;
        if let Some(router) = router {
            common.returning.action = Some("INSERT");
            let returning = &common.returning;
            let mut count = 0;
            let routing = Routing::insert(returning.wanted);
            insert_routed(router, &mut common.target, new, run, routing, |leaf, (rows, row), place, at| {
                count += 1;
                if returning.wanted {
                    let member = returning.of_member(leaf.target.open.relation.oid, leaf.to_root.clone());
                    member.push(out, Some((rows.columns.as_slice(), row, place)), None, (source.0, source.1[at]));
                }
            })?;
            common.count(count, run);
            return Ok(());
        }
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
        (kind, member): (MergeWhen, Option<usize>),
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
        let width = self.changing.common.target.reprs().len();
        let mut joined = Joined {
            kinds: vec![MergeWhen::NotMatchedByTarget],
            places: vec![None],
            members: vec![None],
            rows: Batch::new(self.forms(source.0)),
            positions: vec![source.1],
        };
        let newest = match conflict.kind {
            ConflictKind::Updated => {
                let target = match member {
                    Some(member) => &self.changing.members[member].target,
                    None => &self.changing.common.target,
                };
                Some(fetch_rows(run, &target.open, &[conflict.next])?)
            }
            _ => None,
        };
        let first = source.0.columns.len() - self.extra;
        let (target, rest) = joined.rows.columns.split_at_mut(width);
        for (to, from) in rest.iter_mut().zip(&source.0.columns[first..]) {
            to.push(from.get(source.1));
        }
        match newest.filter(|(_, seen)| !seen.is_empty()) {
            Some((old, _)) => {
                for (n, to) in target.iter_mut().enumerate() {
                    let place = match member {
                        Some(member) => self.changing.members[member].returning.places.place(n),
                        None => Some(n),
                    };
                    to.push(place.map_or(batch::DatumRef::Null, |place| old.columns[place].get(0)));
                }
                joined.members[0] = member.map(|member| {
                    let forms = self.changing.members[member].target.reprs();
                    (member, single(&old, 0, forms))
                });
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
            if !self.changing.next_source(run)? {
                return Ok(false);
            }
            let batch = std::mem::take(&mut self.changing.batch);
            let rows: Vec<usize> = batch.rows().iter().collect();
            for some in rows.chunks(if self.single { 1 } else { rows.len().max(1) }) {
                run.session.check_interrupts()?;
                let joined = self.join(&batch, some, run)?;
                self.perform(joined, &batch, out, run)?;
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
