//! INSERT.

use std::collections::HashMap;

use access::{EntryStatus, InsertOptions, LockStrength, Outcome, WaitPolicy};
use batch::{Batch, Repr, Rows, Selection};
use catalog::trigger::Event;
use error::{Error, Result, SqlState};
use ids::{Oid, TupleId};
use planner::explain::Work;
use planner::plan::{CheckKind, ModifyTable, TargetTable};

use super::Common;
use super::change::{Changed, single};
use super::conflict::Member;
use super::route::{Leaf, PartitionCheck, Rearrangement, Router};
use super::target::{Entered, Target};
use crate::expression::{Compiled, compile, compile_all};
use crate::operator::{Builder, Operator};
use crate::run::Run;

/// Inserts the source's rows.
pub(super) struct Insert {
    pub common: Common,
    pub on_conflict: Option<OnConflict>,
    /// Rows inserted, and rows in whose way others stood, where ON CONFLICT looks for these.
    pub conflicts: [u64; 2],
    pub batch: Batch,
    places: Vec<TupleId>,
    /// Tells this operator's speculative insertions apart.
    speculation: u32,
    /// Sends rows to partitions, where the table has some.
    pub router: Option<Router>,
    /// Partitions that have had rows, for ON CONFLICT.
    pub members: HashMap<Oid, Member>,
    /// From the rows of the table that the statement names to those of the one that is changed.
    pub from_root: Rearrangement,
}

pub(super) struct OnConflict {
    pub arbiters: Vec<Oid>,
    update: Option<Vec<(i16, Compiled)>>,
    condition: Vec<Compiled>,
}

/// Inserts whole batches into a table, without a plan's source and without RETURNING.
pub(crate) struct BatchInsert {
    target: Target,
    places: Vec<TupleId>,
    router: Option<Router>,
    begun: bool,
    /// The position of the row that could not be inserted, as far as it is known, and whether an index refused it.
    pub failed: Option<(usize, bool)>,
}

impl BatchInsert {
    /// Opens the table.
    pub fn open(builder: &Builder<'_>, target: &TargetTable) -> Result<BatchInsert> {
        let open = Target::open(builder, target)?;
        let router = match target.partitioned {
            true => Some(Router::new(builder.session, open.open.relation.oid)?),
            false => None,
        };
        Ok(BatchInsert { target: open, places: Vec::new(), router, begun: false, failed: None })
    }

    /// The forms of the table's columns.
    pub fn reprs(&self) -> Vec<Repr> {
        self.target.reprs()
    }

    /// Inserts all rows of a batch.
    pub fn insert(&mut self, rows: &mut Batch, run: &mut Run<'_>) -> Result<()> {
        self.failed = None;
        self.begin(run)?;
        if let Some(router) = &mut self.router {
            return insert_routed(router, &mut self.target, rows, run, Routing::insert(false), |_, _, _, _| ());
        }
        if !self.target.fires_before(Event::Insert) {
            return self.insert_together(rows, run);
        }
        self.insert_each(rows, run)
    }

    /// Row by row: triggers see what was done to the rows before.
    fn insert_each(&mut self, rows: &Batch, run: &mut Run<'_>) -> Result<()> {
        for (n, row) in rows.rows().iter().enumerate() {
            let mut one = single(rows, row, self.target.reprs());
            self.failed = Some((n, false));
            self.target.before_insert(&mut one, run)?;
            self.insert_together(&mut one, run)?;
        }
        self.failed = None;
        Ok(())
    }

    /// Row by row, to tell which one fails.
    #[cold]
    fn check_each(&mut self, rows: &Batch, run: &mut Run<'_>) -> Result<()> {
        for (n, row) in rows.rows().iter().enumerate() {
            let mut one = single(rows, row, self.target.reprs());
            self.failed = Some((n, false));
            self.target.generate(&mut one, run)?;
            self.target.check(&one, run)?;
        }
        Ok(())
    }

    /// Inserts all rows, once all have passed their checks.
    fn insert_together(&mut self, rows: &mut Batch, run: &mut Run<'_>) -> Result<()> {
        let checked = self.target.generate(rows, run).and_then(|()| self.target.check(rows, run));
        if let Err(error) = checked {
            if rows.len() > 1 {
                self.check_each(rows, run)?;
            }
            return Err(error);
        }
        let inserted = insert_rows(&mut self.target, rows, &mut self.places, Event::Insert, run);
        if inserted.is_err() && rows.len() > 1 {
            self.failed = self.target.refused.map(|row| (row, true));
        }
        inserted
    }

    fn begin(&mut self, run: &mut Run<'_>) -> Result<()> {
        if !std::mem::replace(&mut self.begun, true) {
            self.target.begin_statement(&[Event::Insert], &[], run)?;
            if let Some(router) = &mut self.router {
                router.capture = self.target.capture.clone();
            }
        }
        Ok(())
    }

    /// There are no more rows: triggers for the statement.
    pub fn finish(&mut self, run: &mut Run<'_>) -> Result<()> {
        self.begin(run)?;
        self.target.end_statement(&[Event::Insert], &[], run)
    }
}

/// Inserts the rows of a batch into a table and its indexes, and tells triggers; `places` gets where they are. `captured` is what the
/// statement does to the rows.
pub(super) fn insert_rows(
    target: &mut Target,
    rows: &Batch,
    places: &mut Vec<TupleId>,
    captured: Event,
    run: &mut Run<'_>,
) -> Result<()> {
    let session = run.session;
    places.clear();
    let options = InsertOptions::default();
    session.tables.insert_batch(session.store, session.transaction, &target.open.table, rows, options, places)?;
    target.enter(rows, places, None, run)?;
    if target.fires_after(Event::Insert) || captured != Event::Insert {
        for (row, &place) in rows.rows().iter().zip(&*places) {
            let new = Some((rows.columns.as_slice(), row, place));
            target.after_row(Event::Insert, captured, None, new, &[], run)?;
        }
    }
    Ok(())
}

/// How rows go to partitions.
#[derive(Clone, Copy)]
pub(super) struct Routing {
    /// The checks of the table that the statement names which must let them pass.
    pub checks: CheckKind,
    /// Row comes after row as they are given; else the rows of a partition go together.
    pub in_order: bool,
    /// What the statement does to them.
    pub captured: Event,
}

impl Routing {
    /// Rows that are inserted.
    pub fn insert(in_order: bool) -> Routing {
        Routing { checks: CheckKind::Insert, in_order, captured: Event::Insert }
    }
}

/// Sends rows, whose first columns are the table's, to their partitions and inserts them there, once the table's checks
/// let them pass. Each inserted row is told of: its partition, its row there and its place, and its position among `rows`.
pub(super) fn insert_routed(
    router: &mut Router,
    target: &mut Target,
    rows: &Batch,
    run: &mut Run<'_>,
    routing: Routing,
    mut tell: impl FnMut(&Leaf, (&Batch, usize), TupleId, usize),
) -> Result<()> {
    let session = run.session;
    if let Some(row) = router.check_above(rows, run)? {
        return Err(target.misplaced(rows, row, run)?);
    }
    let found = router.route(rows, run)?;
    let positions: Vec<u16> = rows.rows().iter().map(|row| row as u16).collect();
    // Partition by partition, in the order of their first rows.
    let mut groups: Vec<(Oid, Vec<u16>)> = Vec::new();
    for (leaf, &row) in found.iter().zip(&positions) {
        let found = match routing.in_order {
            true => groups.last_mut().filter(|(have, _)| have == leaf),
            false => groups.iter_mut().rev().find(|(have, _)| have == leaf),
        };
        match found {
            Some((_, group)) => group.push(row),
            None => groups.push((*leaf, vec![row])),
        }
    }
    let mut places = Vec::new();
    for (oid, group) in groups {
        let leaf = router.leaf(oid, session)?;
        // What policies and views ask is asked of rows of the table that was named.
        let to_root = leaf.to_root.clone();
        let whole = |own: &Batch, target: &Target| {
            let rows: Vec<u16> = own.rows().iter().map(|row| row as u16).collect();
            to_root.apply(own, &rows, &target.reprs())
        };
        // Triggers see what was done to the rows before.
        let together = if leaf.target.fires_before(Event::Insert) { 1 } else { group.len() };
        for group in group.chunks(together) {
            let mut own = leaf.from_root.apply(rows, group, &leaf.target.reprs());
            if leaf.target.before_insert(&mut own, run)?
                && let Some(row) = PartitionCheck::new(session, oid)?.failing(&own, run)?
            {
                return Err(leaf.target.moved_by_trigger(&own, row, run)?);
            }
            leaf.target.generate(&mut own, run)?;
            if target.is_secured(routing.checks) {
                target.check_policies(routing.checks, &whole(&own, target), run)?;
            }
            leaf.target.check(&own, run)?;
            insert_rows(&mut leaf.target, &own, &mut places, routing.captured, run)?;
            if target.has_view_checks() {
                let rows = whole(&own, target);
                target.check_views(&rows, rows.rows(), run)?;
            }
            for (row, &place) in own.rows().iter().zip(&places) {
                tell(leaf, (&own, row), place, group[row] as usize);
            }
        }
    }
    Ok(())
}

impl Insert {
    pub fn new(session: &crate::Session<'_>, common: Common, modify: &ModifyTable) -> Result<Insert> {
        let router = match modify.target.partitioned {
            true => Some(Router::new(session, common.target.open.relation.oid)?),
            false => None,
        };
        let on_conflict = modify.on_conflict.as_ref().map(|conflict| {
            let update = conflict.update.as_ref().map(|columns| {
                columns.iter().map(|(number, value)| Ok((*number, compile(value)?))).collect::<Result<Vec<_>>>()
            });
            Ok::<_, Error>(OnConflict {
                arbiters: conflict.arbiters.clone(),
                update: update.transpose()?,
                condition: compile_all(&conflict.condition)?,
            })
        });
        Ok(Insert {
            batch: common.source.batch(),
            common,
            on_conflict: on_conflict.transpose()?,
            conflicts: [0; 2],
            places: Vec::new(),
            speculation: 0,
            router,
            members: HashMap::new(),
            from_root: Rearrangement::none(),
        })
    }

    fn next_speculation(&mut self) -> u32 {
        self.speculation = self.speculation.checked_add(1).unwrap_or(1);
        self.speculation
    }

    /// Inserts the rows of the batch into the table's partitions.
    fn insert_into_partitions(&mut self, out: &mut Batch, run: &mut Run<'_>) -> Result<()> {
        let Some(router) = &mut self.router else { return Ok(()) };
        let returning = &self.common.returning;
        let (mut count, mut same_form) = (0, false);
        let batch = &self.batch;
        insert_routed(
            router,
            &mut self.common.target,
            batch,
            run,
            Routing::insert(returning.wanted),
            |leaf, (rows, row), place, source| {
                count += 1;
                if returning.wanted {
                    same_form |= leaf.to_root.is_none();
                    let member = returning.of_member(leaf.target.open.relation.oid, leaf.to_root.clone());
                    member.push(out, Some((rows.columns.as_slice(), row, place)), None, (batch, source));
                }
            },
        )?;
        self.common.count(count, run);
        if returning.stamps && same_form {
            return Err(super::no_stamps());
        }
        Ok(())
    }

    /// Inserts the rows of the batch, after BEFORE triggers saw them.
    fn insert_batch(&mut self, out: &mut Batch, run: &mut Run<'_>) -> Result<()> {
        if let Err(error) = self.check_batch(run) {
            if self.batch.rows().len() > 1 {
                self.insert_until_refused(out, run)?;
            }
            return Err(error);
        }
        self.insert_checked(out, run)
    }

    fn check_batch(&mut self, run: &mut Run<'_>) -> Result<()> {
        self.common.target.generate(&mut self.batch, run)?;
        self.common.target.check_policies(CheckKind::Insert, &self.batch, run)?;
        self.common.target.check(&self.batch, run)
    }

    /// Inserts row by row a batch of which a row fails a check: an index may refuse one before it, which comes first.
    #[cold]
    fn insert_until_refused(&mut self, out: &mut Batch, run: &mut Run<'_>) -> Result<()> {
        let all = std::mem::take(&mut self.batch);
        let forms: Vec<Repr> = all.columns.iter().map(batch::Column::repr).collect();
        for row in all.rows().iter() {
            self.batch = single(&all, row, forms.clone());
            self.check_batch(run)?;
            self.insert_checked(out, run)?;
        }
        Ok(())
    }

    fn insert_checked(&mut self, out: &mut Batch, run: &mut Run<'_>) -> Result<()> {
        if self.on_conflict.is_none() {
            return self.insert_all(out, run);
        }
        let rows: Vec<usize> = self.batch.rows().iter().collect();
        rows.into_iter().try_for_each(|row| self.insert_or_else(row, out, run))
    }

    /// Inserts the rows of the batch, all of them.
    fn insert_all(&mut self, out: &mut Batch, run: &mut Run<'_>) -> Result<()> {
        if self.common.target.has_view_checks() {
            self.insert_each(run)?;
        } else {
            insert_rows(&mut self.common.target, &self.batch, &mut self.places, Event::Insert, run)?;
        }
        self.common.count(self.places.len() as u64, run);
        if self.common.returning.wanted {
            for (row, &place) in self.batch.rows().iter().zip(&self.places) {
                let new = Some((self.batch.columns.as_slice(), row, place));
                self.common.returning.push(out, new, None, (&self.batch, row));
            }
        }
        Ok(())
    }

    /// Inserts row by row, as a view's check of a row comes before the next row is there.
    fn insert_each(&mut self, run: &mut Run<'_>) -> Result<()> {
        let rows: Vec<u16> = self.batch.rows().iter().map(|row| row as u16).collect();
        let all = std::mem::replace(&mut self.batch.selection, Selection::all());
        let (mut places, mut place) = (Vec::with_capacity(rows.len()), Vec::new());
        for &row in &rows {
            self.batch.selection.set([row]);
            insert_rows(&mut self.common.target, &self.batch, &mut place, Event::Insert, run)?;
            self.common.target.check_views(&self.batch, Rows::Some(&[row]), run)?;
            places.append(&mut place);
        }
        self.batch.selection = all;
        self.places = places;
        Ok(())
    }

    /// Inserts one row unless an index already has its key; then does what ON CONFLICT says.
    pub(super) fn insert_or_else(&mut self, row: usize, out: &mut Batch, run: &mut Run<'_>) -> Result<()> {
        let width = self.common.target.reprs().len();
        loop {
            run.session.check_interrupts()?;
            if let Some(existing) = self.find_conflict(row, run)? {
                self.conflicts[1] += 1;
                let Some(update) = self.on_conflict.as_ref().map(|conflict| conflict.update.is_some()) else { break };
                if !update {
                    return self.check_existing(existing, run);
                }
                if self.update_existing(existing, row, out, run)? {
                    return Ok(());
                }
                // The row has changed meanwhile: look again.
                continue;
            }
            let session = run.session;
            let options = InsertOptions { speculative: Some(self.next_speculation()), ..Default::default() };
            let table = &self.common.target.open.table;
            let values = access::Row::Columns(&self.batch.columns[..width], row);
            let place = session.tables.insert(session.store, session.transaction, table, values, options)?;
            let mut one = Batch::default();
            std::mem::swap(&mut one.columns, &mut self.batch.columns);
            one.set_len(self.batch.len());
            one.selection.set([row as u16]);
            let arbiters = self.on_conflict.as_ref().map(|conflict| conflict.arbiters.as_slice());
            let entered = self.common.target.enter(&one, &[place], arbiters, run);
            std::mem::swap(&mut one.columns, &mut self.batch.columns);
            let confirmed = matches!(entered, Ok(Entered::Done));
            let table = &self.common.target.open.table;
            session.tables.finish_speculative(session.store, session.transaction, table, place, confirmed)?;
            entered?;
            if confirmed {
                self.conflicts[0] += 1;
                self.common.target.check_views(&self.batch, Rows::Some(&[row as u16]), run)?;
                self.common.count(1, run);
                let new = Some((self.batch.columns.as_slice(), row, place));
                if self.common.target.fires_after(Event::Insert) {
                    self.common.target.after_row(Event::Insert, Event::Insert, None, new, &[], run)?;
                }
                self.common.returning.push(out, new, None, (&self.batch, row));
                return Ok(());
            }
        }
        Ok(())
    }

    /// A live row with the same key in an arbitrating index. Waits for transactions that may yet give or take one.
    fn find_conflict(&mut self, row: usize, run: &mut Run<'_>) -> Result<Option<TupleId>> {
        let arbiters = self.on_conflict.as_ref().map(|conflict| conflict.arbiters.clone()).unwrap_or_default();
        for at in 0..self.common.target.indexes.len() {
            let index = &mut self.common.target.indexes[at];
            if !(index.open.row.indisunique || index.exclusion.is_some())
                || !(arbiters.is_empty() || arbiters.contains(&index.open.row.indexrelid))
            {
                continue;
            }
            if !index.open.row.indimmediate {
                let text =
                    "ON CONFLICT does not support deferrable unique constraints/exclusion constraints as arbiters";
                let relation = &self.common.target.open.relation;
                return Err(Error::new(SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE, text)
                    .table(relation.name())
                    .constraint(index.open.index.name.as_ref()));
            }
            if index.exclusion.is_some() {
                let Some(key) = index.excluding_key(&self.batch, row, run)? else { continue };
                let open = &self.common.target.open;
                let index = &mut self.common.target.indexes[at];
                if let Some(found) = index.find_excluded(open, &key, &[], true, run)? {
                    return Ok(Some(found.place));
                }
                continue;
            }
            let Some(key) = index.key_of(&self.batch, row, run)? else { continue };
            let table = &self.common.target.open.table;
            let index = &self.common.target.indexes[at].open;
            if let Some(found) = find_live(run, table, index, &key, None)? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// DO NOTHING because of a row that the transaction's snapshot does not see would not be serializable, unless the transaction
    /// made the row itself.
    fn check_existing(&self, existing: TupleId, run: &Run<'_>) -> Result<()> {
        let session = run.session;
        if !crate::session::keeps_snapshot(session.transaction) {
            return Ok(());
        }
        let (store, tables, table) = (session.store, session.tables, &self.common.target.open.table);
        match tables.is_visible(store, table, existing, run.snapshot)?
            || tables.is_own(store, session.transaction, table, existing)?
        {
            true => Ok(()),
            false => Err(super::change::serialization_failure()),
        }
    }

    /// DO UPDATE: locks the existing row and updates it. False if it has changed meanwhile.
    fn update_existing(&mut self, existing: TupleId, row: usize, out: &mut Batch, run: &mut Run<'_>) -> Result<bool> {
        let session = run.session;
        let target = &mut self.common.target;
        let table = target.open.table.clone();
        let (store, transaction) = (session.store, session.transaction);
        let snapshot = transaction.latest_snapshot()?;
        let (strength, wait) = (LockStrength::NoKeyUpdate, WaitPolicy::Block);
        if let Outcome::Conflict(conflict) =
            session.tables.lock(store, transaction, &table, existing, &snapshot, strength, wait)?
        {
            return match conflict.kind {
                access::ConflictKind::SelfModified | access::ConflictKind::Invisible => Err(Error::new(
                    SqlState::CARDINALITY_VIOLATION,
                    "ON CONFLICT DO UPDATE command cannot affect row a second time",
                )
                .hint(
                    "Ensure that no rows proposed for insertion within the same command have duplicate constrained \
                     values.",
                )),
                _ => Ok(false),
            };
        }
        if crate::session::keeps_snapshot(transaction)
            && !session.tables.is_visible(store, &table, existing, run.snapshot)?
        {
            return Err(super::change::serialization_failure());
        }
        let (old, found) = super::change::fetch_rows(run, &target.open, &[existing])?;
        if found.is_empty() {
            return Ok(false);
        }
        // The expressions see the existing row's columns, then the excluded row's, both as the table that the statement names has them.
        let returning = &self.common.returning;
        let (reprs, width) = (&returning.columns, returning.columns.len());
        let now = returning.places.apply(&old, &[0], reprs);
        let excluded = returning.places.apply(&self.batch, &[row as u16], reprs);
        let mut pair = Batch::new(reprs.iter().chain(reprs).copied());
        for n in 0..width {
            pair.columns[n].push(now.columns[n].get(0));
            pair.columns[width + n].push(excluded.columns[n].get(0));
        }
        pair.set_len(1);
        let Some(on_conflict) = &mut self.on_conflict else { return Ok(true) };
        crate::expression::filter(&mut on_conflict.condition, &mut pair, run)?;
        if pair.row_count() == 0 {
            return Ok(true);
        }
        let target = &mut self.common.target;
        target.check_policies(CheckKind::ConflictTarget, &old, run)?;
        let mut new = now;
        for (number, value) in on_conflict.update.iter_mut().flatten() {
            value.evaluate(&pair, pair.rows(), run)?;
            new.columns[*number as usize - 1].put(0, value.result(&pair).get(0));
        }
        let new = self.from_root.apply(&new, &[0], &target.reprs());
        let mut run = Run { session, snapshot: &snapshot, state: run.state };
        let Insert { common, batch, router, .. } = self;
        match common.update_row(existing, &old, new, (batch, row), router.as_mut(), out, &mut run)? {
            Changed::Conflict(_) => Ok(false),
            Changed::Done => Ok(true),
            Changed::Elsewhere(_) => Err(super::conflict::would_move()),
        }
    }
}

/// The live row that an index has for a key, other than the one at `except`. Waits where another transaction's end decides.
pub(super) fn find_live(
    run: &Run<'_>,
    table: &std::sync::Arc<access::Table>,
    index: &crate::relation::OpenIndex,
    key: &[u8],
    except: Option<TupleId>,
) -> Result<Option<TupleId>> {
    let session = run.session;
    let mut upper = key.to_vec();
    let bounded = access::key_successor(&mut upper);
    'again: loop {
        let mut scan = session.indexes.scan(session.store, &index.index, Default::default())?;
        let range = access::KeyRange { lower: Some(key), upper: bounded.then_some(&upper) };
        scan.start(range, access::Direction::Forward)?;
        let mut entries = access::IndexEntries::default();
        while scan.next(&mut entries)? {
            for &tid in &entries.tids {
                match session.tables.entry_status(session.store, session.transaction, table, tid)? {
                    EntryStatus::Live(place) if Some(place) == except => (),
                    EntryStatus::Live(place) => return Ok(Some(place)),
                    EntryStatus::Gone | EntryStatus::Dead => (),
                    EntryStatus::Pending { xid, .. } => {
                        drop(scan);
                        session.transaction.wait_for(xid)?;
                        continue 'again;
                    }
                }
            }
        }
        return Ok(None);
    }
}

impl Operator for Insert {
    fn next(&mut self, run: &mut Run<'_>, out: &mut Batch) -> Result<bool> {
        loop {
            out.clear();
            let began = self.common.begun;
            if !self.common.next_source(run, &mut self.batch)? {
                return Ok(false);
            }
            if !began && let Some(router) = &mut self.router {
                router.capture = self.common.target.capture.clone();
            }
            if self.router.is_some() {
                match self.on_conflict.is_some() {
                    true => self.conflict_in_partitions(out, run)?,
                    false => self.insert_into_partitions(out, run)?,
                }
                if out.is_empty() {
                    continue;
                }
                let common = &self.common;
                common.returning.stamp(&common.target, out, run)?;
                return Ok(true);
            }
            if self.common.target.fires_before(Event::Insert) {
                // Row by row: triggers see what was done to the rows before.
                let all = std::mem::take(&mut self.batch);
                let forms: Vec<Repr> = all.columns.iter().map(batch::Column::repr).collect();
                for row in all.rows().iter() {
                    self.batch = single(&all, row, forms.clone());
                    self.common.target.before_insert(&mut self.batch, run)?;
                    self.insert_batch(out, run)?;
                }
                self.batch = all;
            } else {
                self.insert_batch(out, run)?;
            }
            if !out.is_empty() {
                let common = &self.common;
                common.returning.stamp(&common.target, out, run)?;
                return Ok(true);
            }
        }
    }

    fn work(&self, _: &Run<'_>) -> Work {
        let [inserted, conflicting] = self.conflicts;
        self.on_conflict.as_ref().map_or(Work::None, |_| Work::Conflicts { inserted, conflicting })
    }

    fn rewind(&mut self, _: &mut Run<'_>) -> Result<()> {
        Err(Error::internal("a modifying statement cannot start over"))
    }
}
