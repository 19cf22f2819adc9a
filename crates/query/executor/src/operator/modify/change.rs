//! UPDATE and DELETE.
//!
//! The source gives the places of rows as the statement's snapshot sees them. Another transaction may have changed such a
//! row since. Under Read Committed the newest version is then checked anew: the source's plan is run once more with each
//! scan of the target replaced by just that version, and what it gives, if anything, is what the statement works on. From
//! Repeatable Read on it is an error (40001).

use std::sync::Arc;

use access::{Conflict, ConflictKind, FetchMode, LockStrength, Outcome, Projected, Row, UpdateOptions, WaitPolicy};
use batch::{Batch, Column, DatumRef};
use catalog::trigger::Event;
use error::{Error, Result, SqlState};
use ids::{Oid, TupleId};
use planner::plan::{CheckKind, ModifyTable, RowMark};
use txn::Snapshot;

use super::insert::{Routing, insert_routed};
use super::route::{Rearrangement, Router};
use super::target::Target;
use super::triggers::Verdict;
use super::{Common, Returning};
use crate::operator::anew::{self, Substitutes};
use crate::operator::lock_rows::find;
use crate::operator::{Builder, Operator};
use crate::relation::OpenTable;
use crate::run::Run;

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

/// A table of a tree whose rows are changed.
pub(super) struct Member {
    oid: Oid,
    pub target: Target,
    pub returning: Returning,
    /// The numbers of the named table's columns here.
    pub numbers: Vec<i16>,
    /// Its index among the plan's relations.
    relation: usize,
    /// The columns that UPDATE sets, in its numbers: for the change, and for its triggers.
    columns: Vec<i16>,
    updated: Vec<i16>,
}

/// What UPDATE and DELETE share. Of a tree of tables, the member whose rows are changed takes the place of the table that the statement
/// names ([`Changing::exchange`]).
pub(super) struct Changing {
    pub common: Common,
    pub members: Vec<Member>,
    /// The source's column that says which table a row belongs to, in a tree.
    pub table_column: Option<usize>,
    /// The columns that UPDATE sets.
    columns: Vec<i16>,
    /// Sends rows to other partitions, where the table that the statement names has some.
    pub router: Option<Router>,
    /// The target's index among the plan's relations.
    relation: usize,
    /// The source's number in the plan.
    node: u32,
    marks: Vec<RowMark>,
    pub batch: Batch,
}

impl Changing {
    pub fn new(builder: &Builder<'_>, common: Common, modify: &ModifyTable) -> Result<Changing> {
        let mut members = Vec::new();
        let root = common.target.open.relation.oid;
        for member in modify.tree.iter().flat_map(|tree| &tree.members) {
            let mut target = Target::open(builder, &member.table)?;
            if modify.target.partitioned {
                // The router knows better.
                target.partition = None;
            }
            let columns: Vec<i16> = modify.columns.iter().map(|&number| member.numbers[number as usize - 1]).collect();
            let places = Rearrangement::new(builder.session, member.oid, root)?;
            target.shown_as = Some((common.target.open.relation.clone(), places.clone()));
            members.push(Member {
                oid: member.oid,
                returning: common.returning.of_member(member.oid, places),
                target,
                relation: member.table.relation,
                updated: common.updated.iter().map(|&number| member.numbers[number as usize - 1]).collect(),
                numbers: member.numbers.clone(),
                columns,
            });
        }
        let router = match modify.target.partitioned {
            true => Some(Router::new(builder.session, root)?),
            false => None,
        };
        Ok(Changing {
            batch: common.source.batch(),
            common,
            members,
            table_column: modify.tree.as_ref().map(|tree| tree.table),
            columns: modify.columns.clone(),
            router,
            relation: modify.target.relation,
            node: modify.source.id,
            marks: modify.marks.clone(),
        })
    }

    /// Lets a member and the table that the statement names change places.
    pub fn exchange(&mut self, member: usize) {
        let member = &mut self.members[member];
        std::mem::swap(&mut self.common.target, &mut member.target);
        std::mem::swap(&mut self.common.returning, &mut member.returning);
        std::mem::swap(&mut self.relation, &mut member.relation);
        std::mem::swap(&mut self.columns, &mut member.columns);
        std::mem::swap(&mut self.common.updated, &mut member.updated);
    }

    /// The next rows of the source.
    pub fn next_source(&mut self, run: &mut Run<'_>) -> Result<bool> {
        let began = self.common.begun;
        let more = self.common.next_source(run, &mut self.batch)?;
        if !began && let Some(capture) = &self.common.target.capture {
            for member in &mut self.members {
                let places = member.target.shown_as.as_ref().map(|(_, places)| places.clone()).unwrap_or_default();
                member.target.capture = Some(Box::new(capture.of_member(places)));
            }
            if let Some(router) = &mut self.router {
                router.capture = Some(capture.clone());
            }
        }
        Ok(more)
    }

    /// The rows of a batch by the member that they belong to; of a single table, all of them.
    fn groups(&self, batch: &Batch) -> Result<Vec<(Option<usize>, Vec<usize>)>> {
        let Some(column) = self.table_column else { return Ok(vec![(None, batch.rows().iter().collect())]) };
        let mut groups: Vec<(Option<usize>, Vec<usize>)> = Vec::new();
        for row in batch.rows().iter() {
            let member = self.member_of(batch.columns[column].get(row))?;
            match groups.last_mut() {
                Some((Some(last), rows)) if *last == member => rows.push(row),
                _ => groups.push((Some(member), vec![row])),
            }
        }
        Ok(groups)
    }

    /// The member with this OID, as `tableoid` gives it.
    pub fn member_of(&self, table: DatumRef<'_>) -> Result<usize> {
        let found = self.members.iter().position(|member| table == DatumRef::B4(member.oid.0 as i32));
        found.ok_or_else(|| Error::internal("a row belongs to no table of its tree"))
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
                format!(
                    "tuple to be {}d was already modified by an operation triggered by the current command",
                    if self.common.events.contains(&Event::Delete) { "delete" } else { "update" }
                ),
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
            substitutes.insert(mark.relation, anew::marked(mark, source.0, source.1));
        }
        // Of a tree, only this row stands for it.
        self.members.iter().for_each(|member| {
            substitutes.insert(member.relation, None);
        });
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

/// What became of a row that was to be changed.
pub(super) enum Changed {
    Done,
    /// Another version of it is in the way.
    Conflict(Conflict),
    /// Nothing yet: its new version, in the form of the table that the statement names, belongs to another partition.
    Elsewhere(Batch),
}

impl Common {
    /// A new version of a row in the form of the table that the statement names, if it belongs to another partition than the old one.
    fn elsewhere(&self, router: &mut Router, new: &Batch, run: &mut Run<'_>) -> Result<Option<Batch>> {
        let root_row = self.returning.places.apply(new, &[0], &self.returning.columns);
        if router.check_above(&root_row, run)?.is_some() {
            let root = run.session.catalog.relation(router.root())?;
            return Err(super::target::misplaced_row(&root, &root_row, 0, run)?);
        }
        let to = router.route(&root_row, run)?;
        Ok((to.first() != Some(&self.target.open.relation.oid)).then_some(root_row))
    }

    /// Updates the row at `place`: `new` has its new version alone, `old` its old one alone. A `router` says whether it stays in its
    /// partition.
    pub fn update_row(
        &mut self,
        place: TupleId,
        old: &Batch,
        mut new: Batch,
        source: (&Batch, usize),
        router: Option<&mut Router>,
        out: &mut Batch,
        run: &mut Run<'_>,
    ) -> Result<Changed> {
        let session = run.session;
        let target = &mut self.target;
        let table = target.open.table.clone();
        if target.fires_before(Event::Update) {
            let strength = match Changes::of(target, &old.columns, &new.columns, 0).key {
                true => LockStrength::Update,
                false => LockStrength::NoKeyUpdate,
            };
            if let Outcome::Conflict(conflict) = target.lock_row(place, strength, run)? {
                return Ok(Changed::Conflict(conflict));
            }
            let before = Some((old.columns.as_slice(), 0, place));
            let verdict = target.before_row(Event::Update, before, Some((&mut new, 0)), &self.updated, run)?;
            if verdict == Verdict::Skipped {
                return Ok(Changed::Done);
            }
        }
        target.generate(&mut new, run)?;
        if let Some(router) = router
            && let Some(row) = self.elsewhere(router, &new, run)?
        {
            return Ok(Changed::Elsewhere(row));
        }
        let target = &mut self.target;
        if target.is_secured(CheckKind::Update) {
            target.check_policies(CheckKind::Update, &new, run)?;
        }
        target.check(&new, run)?;
        let changes = Changes::of(target, &old.columns, &new.columns, 0);
        let all: Vec<i16> = (1..=new.columns.len() as i16).collect();
        let changed = target.changed((&old.columns, 0), (&new.columns, 0), &all);
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
        let updated = match session.tables.update(store, transaction, &table, place, run.snapshot, values, options)? {
            Outcome::Conflict(conflict) => return Ok(Changed::Conflict(conflict)),
            Outcome::Done(updated) => updated,
        };
        if !updated.hot {
            target.enter(&new, &[updated.tid], None, run)?;
        }
        target.check_views(&new, new.rows(), run)?;
        let new = Some((new.columns.as_slice(), 0, updated.tid));
        let old = Some((old.columns.as_slice(), 0, place));
        if target.fires_after(Event::Update) {
            target.after_row(Event::Update, Event::Update, old, new, &self.updated, run)?;
        }
        self.count(1, run);
        self.returning.push(out, new, old, source);
        Ok(Changed::Done)
    }

    /// Deletes the row at `place`, whose old version is known if anybody asks for it.
    pub fn delete_row(
        &mut self,
        place: TupleId,
        old: Option<(&Batch, usize)>,
        source: (&Batch, usize),
        out: &mut Batch,
        run: &mut Run<'_>,
    ) -> Result<Changed> {
        let session = run.session;
        let version = old.map(|(rows, row)| (rows.columns.as_slice(), row, place));
        if self.target.fires_before(Event::Delete) {
            if let Outcome::Conflict(conflict) = self.target.lock_row(place, LockStrength::Update, run)? {
                return Ok(Changed::Conflict(conflict));
            }
            if self.target.before_row(Event::Delete, version, None, &[], run)? == Verdict::Skipped {
                return Ok(Changed::Done);
            }
        }
        let table = &self.target.open.table;
        let (store, transaction) = (session.store, session.transaction);
        if let Outcome::Conflict(conflict) =
            session.tables.delete(store, transaction, table, place, run.snapshot, None, WaitPolicy::Block)?
        {
            return Ok(Changed::Conflict(conflict));
        }
        if self.target.fires_after(Event::Delete) {
            self.target.after_row(Event::Delete, Event::Delete, version, None, &[], run)?;
        }
        self.count(1, run);
        if let Some((rows, row)) = old {
            self.returning.push(out, None, Some((&rows.columns, row, place)), source);
        }
        Ok(Changed::Done)
    }
}

/// Updates the source's rows.
pub(super) struct Update {
    changing: Changing,
}

impl Update {
    pub fn new(builder: &Builder<'_>, common: Common, modify: &ModifyTable) -> Result<Update> {
        Ok(Update { changing: Changing::new(builder, common, modify)? })
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
        let old_row = single(old.0, old.1, self.changing.common.target.reprs());
        let mut new = old_row.clone();
        for (n, &number) in self.changing.columns.iter().enumerate() {
            new.columns[number as usize - 1].put(0, source.0.columns[1 + n].get(source.1));
        }
        let Changing { common, router, .. } = &mut self.changing;
        match common.update_row(place, &old_row, new, source, router.as_mut(), out, run)? {
            Changed::Done => Ok(()),
            Changed::Elsewhere(row) => self.changing.relocate(place, source, (&old_row, &row), out, run),
            Changed::Conflict(conflict) => match self.changing.resolve(conflict, source, run)? {
                Next::Skip => Ok(()),
                Next::Again(place, batch) => {
                    let session = run.session;
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

/// A batch of one row of another: its first columns.
pub(super) fn single(rows: &Batch, row: usize, forms: Vec<batch::Repr>) -> Batch {
    let mut one = Batch::new(forms);
    for (to, from) in one.columns.iter_mut().zip(&rows.columns) {
        to.push(from.get(row));
    }
    one.set_len(1);
    one
}

impl Changing {
    /// Moves a row to another partition: deletes the old version and inserts the new one there.
    pub fn relocate(
        &mut self,
        place: TupleId,
        source: (&Batch, usize),
        rows: (&Batch, &Batch),
        out: &mut Batch,
        run: &mut Run<'_>,
    ) -> Result<()> {
        let session = run.session;
        let (store, transaction) = (session.store, session.transaction);
        let (old, new) = rows;
        let target = &mut self.common.target;
        let table = target.open.table.clone();
        let version = Some((old.columns.as_slice(), 0, place));
        if let Some(router) = &self.router {
            target.may_move(router.root(), run)?;
        }
        if target.fires_before(Event::Delete)
            && target.before_row(Event::Delete, version, None, &[], run)? == Verdict::Skipped
        {
            return Ok(());
        }
        match session.tables.delete(store, transaction, &table, place, run.snapshot, None, WaitPolicy::Block)? {
            Outcome::Done(()) => {}
            Outcome::Conflict(conflict) => {
                return match self.resolve(conflict, source, run)? {
                    Next::Skip => Ok(()),
                    Next::Again(..) => Err(Error::new(
                        SqlState::T_R_SERIALIZATION_FAILURE,
                        "could not serialize access due to concurrent update",
                    )),
                };
            }
        }
        let target = &mut self.common.target;
        target.after_row(Event::Delete, Event::Update, version, None, &[], run)?;
        let Some(router) = &mut self.router else { return Ok(()) };
        // The table that the statement names stands in the place of the member that is being changed.
        let mut targets = self.members.iter_mut().map(|member| &mut member.target);
        let target = targets.find(|target| target.open.relation.oid == router.root());
        let target = target.ok_or_else(|| Error::internal("a partition is changed without its table"))?;
        let returning = &self.common.returning;
        // Both versions in the form of the table that the statement names.
        let was = returning.places.apply(old, &[0], &returning.columns);
        let (mut count, mut same_form) = (0, false);
        let mut arrived = None;
        let from = self.common.target.open.relation.oid;
        let routing = Routing { checks: CheckKind::Update, in_order: true, captured: Event::Update };
        insert_routed(router, target, new, run, routing, |leaf, (rows, row), to, _| {
            count += 1;
            arrived = Some((to, leaf.target.open.relation.oid));
            if returning.wanted {
                let now = leaf.to_root.apply(rows, &[row as u16], &returning.columns);
                same_form |= leaf.to_root.is_none();
                let (to_table, places) = (leaf.target.open.relation.oid, Rearrangement::none());
                let whole = Returning { old_table: from, ..returning.of_member(to_table, places) };
                let (now, was) = ((now.columns.as_slice(), 0, to), (was.columns.as_slice(), 0, place));
                whole.push(out, Some(now), Some(was), source);
            }
        })?;
        if returning.stamps && same_form {
            return Err(super::no_stamps());
        }
        self.common.count(count, run);
        // What refers to the tree's root looks at the change as a whole.
        if let Some((to, partition)) = arrived {
            let old = ((was.columns.as_slice(), 0, place), from);
            target.after_move(old, ((new.columns.as_slice(), 0, to), partition), run)?;
        }
        Ok(())
    }
}

/// Deletes the source's rows.
pub(super) struct Delete {
    changing: Changing,
}

impl Delete {
    pub fn new(builder: &Builder<'_>, common: Common, modify: &ModifyTable) -> Result<Delete> {
        Ok(Delete { changing: Changing::new(builder, common, modify)? })
    }

    fn delete(
        &mut self,
        place: TupleId,
        source: (&Batch, usize),
        old: Option<(&Batch, usize)>,
        out: &mut Batch,
        run: &mut Run<'_>,
    ) -> Result<()> {
        match self.changing.common.delete_row(place, old, source, out, run)? {
            Changed::Done => Ok(()),
            Changed::Elsewhere(_) => Err(Error::internal("a row that is deleted goes nowhere")),
            Changed::Conflict(conflict) => match self.changing.resolve(conflict, source, run)? {
                Next::Skip => Ok(()),
                Next::Again(place, batch) => {
                    let session = run.session;
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
            if !changing.next_source(run)? {
                return Ok(false);
            }
            let batch = std::mem::take(&mut changing.batch);
            for (member, rows) in changing.groups(&batch)? {
                let places = rows.iter().map(|&row| Changing::place(&batch, row)).collect::<Result<Vec<_>>>()?;
                member.into_iter().for_each(|member| self.changing.exchange(member));
                let (old, seen) = fetch_rows(run, &self.changing.common.target.open, &places)?;
                for (n, &k) in seen.iter().enumerate() {
                    self.update(places[k], (&batch, rows[k]), (&old, n), out, run)?;
                }
                member.into_iter().for_each(|member| self.changing.exchange(member));
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
            if !changing.next_source(run)? {
                return Ok(false);
            }
            let batch = std::mem::take(&mut changing.batch);
            for (member, rows) in changing.groups(&batch)? {
                let places = rows.iter().map(|&row| Changing::place(&batch, row)).collect::<Result<Vec<_>>>()?;
                member.into_iter().for_each(|member| self.changing.exchange(member));
                let common = &self.changing.common;
                if common.target.wants_deleted() || common.returning.wanted {
                    let (old, seen) = fetch_rows(run, &common.target.open, &places)?;
                    for (n, &k) in seen.iter().enumerate() {
                        self.delete(places[k], (&batch, rows[k]), Some((&old, n)), out, run)?;
                    }
                } else {
                    for (&place, &row) in places.iter().zip(&rows) {
                        self.delete(place, (&batch, row), None, out, run)?;
                    }
                }
                member.into_iter().for_each(|member| self.changing.exchange(member));
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
