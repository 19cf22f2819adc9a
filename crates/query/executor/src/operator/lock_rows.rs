//! SELECT … FOR UPDATE and its weaker forms: locks the rows that pass.

use access::{ConflictKind, LockStrength, Outcome, WaitPolicy};
use batch::{Batch, DatumRef, Rows};
use error::{Error, Result, SqlState};
use planner::plan::{self, Node, RowMark};

use super::anew::{self, Substitutes};
use super::{Builder, Operator, Stage};
use crate::relation::OpenTable;
use crate::run::Run;

/// Locks the rows of its input, as its marks say.
pub(super) struct LockRows {
    input: Stage,
    node: u32,
    marks: Vec<(RowMark, OpenTable)>,
    batch: Batch,
    /// The next row of the batch to lock.
    next: usize,
}

enum Locked {
    Yes,
    /// The row is gone, no longer wanted, or held by another and to be skipped.
    No,
    /// The row changed: this is it now.
    Changed(Batch),
}

fn strength(strength: plan::LockStrength) -> LockStrength {
    match strength {
        plan::LockStrength::KeyShare => LockStrength::KeyShare,
        plan::LockStrength::Share => LockStrength::Share,
        plan::LockStrength::NoKeyUpdate => LockStrength::NoKeyUpdate,
        plan::LockStrength::Update => LockStrength::Update,
    }
}

fn policy(wait: plan::LockWait) -> WaitPolicy {
    match wait {
        plan::LockWait::Block => WaitPolicy::Block,
        plan::LockWait::Skip => WaitPolicy::Skip,
        plan::LockWait::Error => WaitPolicy::Error,
    }
}

impl LockRows {
    pub fn new(builder: &Builder<'_>, input: Stage, marks: &[RowMark]) -> Result<LockRows> {
        let marks = marks.iter().map(|mark| Ok((*mark, builder.table(mark.relation)?))).collect::<Result<_>>()?;
        Ok(LockRows { node: input.id, batch: input.batch(), next: 0, input, marks })
    }

    fn lock(&self, batch: &Batch, row: usize, run: &mut Run<'_>) -> Result<Locked> {
        for (mark, table) in &self.marks {
            let (Some((wanted, wait)), Some(place)) = (mark.lock, anew::marked(mark, batch, row)) else {
                continue;
            };
            let session = run.session;
            let (store, transaction) = (session.store, session.transaction);
            let (wanted, wait) = (strength(wanted), policy(wait));
            let outcome = session.tables.lock(store, transaction, &table.table, place, run.snapshot, wanted, wait)?;
            let Outcome::Conflict(conflict) = outcome else { continue };
            match conflict.kind {
                ConflictKind::SelfModified | ConflictKind::WouldBlock => return Ok(Locked::No),
                ConflictKind::Invisible => return Err(Error::internal("attempted to lock invisible tuple")),
                ConflictKind::Updated | ConflictKind::Deleted if crate::session::keeps_snapshot(transaction) => {
                    return Err(Error::new(
                        SqlState::T_R_SERIALIZATION_FAILURE,
                        "could not serialize access due to concurrent update",
                    ));
                }
                ConflictKind::Deleted => return Ok(Locked::No),
                ConflictKind::Updated => {
                    let latest = transaction.latest_snapshot()?;
                    let mut substitutes = Substitutes::new();
                    for (other, _) in &self.marks {
                        let place = anew::marked(other, batch, row);
                        substitutes.insert(other.relation, place);
                    }
                    substitutes.insert(mark.relation, Some(conflict.next));
                    let plan = run.state.plan.clone();
                    let trees = plan.subplans.iter().map(|tree| &tree.node);
                    let node = std::iter::once(&plan.root).chain(trees).find_map(|node| find(node, self.node));
                    let node = node.ok_or_else(|| Error::internal("a locking node is not in its plan"))?;
                    let Some(found) = anew::check(node, &substitutes, run)? else { return Ok(Locked::No) };
                    // The newer version is not locked yet, and may have changed again.
                    let at = found.rows().position(0);
                    let again = Run { session, snapshot: &latest, state: run.state };
                    return Ok(match self.lock(&found, at, &mut { again })? {
                        Locked::Yes => Locked::Changed(found),
                        other => other,
                    });
                }
            }
        }
        Ok(Locked::Yes)
    }
}

/// The node with this number at or below another.
pub(super) fn find(node: &Node, id: u32) -> Option<&Node> {
    if node.id == id {
        return Some(node);
    }
    node.inputs().into_iter().find_map(|input| find(input, id))
}

impl Operator for LockRows {
    fn next(&mut self, run: &mut Run<'_>, out: &mut Batch) -> Result<bool> {
        let mut batch = std::mem::take(&mut self.batch);
        out.clear();
        let mut count = 0;
        // Rows that nobody wants are not locked.
        while count == 0 {
            if self.next >= batch.row_count() {
                self.next = 0;
                if !self.input.next(run, &mut batch)? {
                    break;
                }
            }
            let end = batch.row_count().min(self.next.saturating_add(run.state.wanted.max(1)));
            for k in std::mem::replace(&mut self.next, end)..end {
                let row = batch.rows().position(k);
                let (from, at) = match self.lock(&batch, row, run)? {
                    Locked::No => continue,
                    Locked::Yes => (None, row),
                    Locked::Changed(found) => {
                        let at = found.rows().position(0);
                        (Some(found), at)
                    }
                };
                let from = from.as_ref().unwrap_or(&batch);
                for (to, from) in out.columns.iter_mut().zip(&from.columns) {
                    let value: DatumRef<'_> = from.get(at);
                    to.push(value);
                }
                count += 1;
            }
        }
        out.set_len(count);
        debug_assert!(matches!(out.rows(), Rows::All(_)));
        self.batch = batch;
        Ok(count > 0)
    }

    fn rewind(&mut self, run: &mut Run<'_>) -> Result<()> {
        self.batch.clear();
        self.next = 0;
        self.input.rewind(run)
    }
}
