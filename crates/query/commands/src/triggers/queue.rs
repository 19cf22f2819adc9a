//! The triggers that have still to fire.
//!
//! Each statement under way has a level of its own: a statement within a function fires its triggers before the function goes on, and what
//! the statement around it has queued waits. Triggers whose constraint is deferred go to a queue of the transaction when their
//! statement ends, and fire before the commit or when SET CONSTRAINTS says so.
//!
//! An entry does not hold rows but where their versions are: these cannot go before the transaction ends. What a rolled back savepoint
//! queued is dropped; what a released one queued belongs to the level around it from then on.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, VecDeque};
use std::rc::Rc;
use std::sync::Arc;

use batch::Repr;
use catalog::trigger::Event;
use executor::store::rows::RowStore;
use executor::{QueuedTrigger, StatementTriggers};
use ids::{Oid, TupleId};
use planner::plan::TableTrigger;

/// A trigger that has to fire.
pub(super) struct Pending {
    pub trigger: Arc<TableTrigger>,
    pub event: Event,
    /// The nesting of the subtransaction that queued it.
    level: u32,
    /// Whose rights its function runs with.
    pub user: Oid,
    pub old: Option<TupleId>,
    pub new: Option<TupleId>,
    pub moved: Option<Box<(Oid, Oid)>>,
    pub statement: Option<Rc<StatementTriggers>>,
    /// For triggers for statements: the end of the statement at which it was queued.
    end: u32,
}

impl Pending {
    /// Whether a later end of the same statement has taken its place.
    pub fn is_obsolete(&self) -> bool {
        !self.trigger.row.is_for_rows() && self.statement.as_ref().is_some_and(|data| data.ended.get() != self.end)
    }
}

/// What a statement under way has queued.
#[derive(Default)]
struct Level {
    events: VecDeque<Pending>,
    statements: Vec<Rc<StatementTriggers>>,
}

/// What SET CONSTRAINTS said in this transaction.
#[derive(Clone, Default)]
struct Modes {
    /// SET CONSTRAINTS ALL: deferred.
    all: Option<bool>,
    /// By constraint.
    each: HashMap<Oid, bool>,
}

/// The triggers that a session has still to fire.
#[derive(Default)]
pub struct Queue {
    /// The statements under way but the outermost, the innermost last.
    inner: Vec<Level>,
    outermost: Level,
    deferred: VecDeque<Pending>,
    modes: Modes,
    /// What the modes were before subtransactions of these levels changed them.
    saved: Vec<(u32, Modes)>,
}

impl Queue {
    fn current(&mut self) -> &mut Level {
        self.inner.last_mut().unwrap_or(&mut self.outermost)
    }

    /// A statement begins inside of another one (in a function that this calls). Gives what [`Queue::leave`] wants.
    pub fn enter(&mut self) -> usize {
        self.inner.push(Level::default());
        self.inner.len() - 1
    }

    /// The statement that began with [`Queue::enter`] has ended, or failed: then what it queued is forgotten.
    pub fn leave(&mut self, depth: usize) {
        self.inner.truncate(depth);
    }

    /// Whether nothing is queued, and nothing else is to be forgotten at a statement's end.
    pub fn is_empty(&self) -> bool {
        let level = self.inner.last().unwrap_or(&self.outermost);
        level.events.is_empty() && level.statements.is_empty() && self.deferred.is_empty()
    }

    /// Whether an entry is about a row of this table.
    pub fn is_about(&self, table: Oid) -> bool {
        let levels = self.inner.iter().chain([&self.outermost]).flat_map(|level| &level.events);
        levels.chain(&self.deferred).any(|pending| pending.trigger.row.tgrelid == table)
    }

    /// Forgets all: the transaction is over.
    pub fn clear(&mut self) {
        if self.is_empty() && self.inner.is_empty() && self.modes.all.is_none() && self.modes.each.is_empty() {
            return;
        }
        *self = Queue::default();
    }

    /// Forgets what the statements under way queued: they have failed.
    pub fn forget_immediate(&mut self) {
        self.outermost = Level::default();
        self.inner.clear();
    }

    /// Forgets what was queued at nesting `level` of subtransactions or deeper: it was rolled back.
    pub fn forget_level(&mut self, level: u32) {
        for queue in self.inner.iter_mut().chain([&mut self.outermost]) {
            queue.events.retain(|pending| pending.level < level);
        }
        // Later entries never belong to levels further out than they were queued at.
        self.deferred.retain(|pending| pending.level < level);
        while let Some((_, modes)) = self.saved.pop_if(|(saved, _)| *saved >= level) {
            self.modes = modes;
        }
    }

    /// The subtransaction at nesting `level` has ended, and its work belongs to the one around it.
    pub fn merge_level(&mut self, level: u32) {
        let queues = self.inner.iter_mut().chain([&mut self.outermost]).map(|queue| &mut queue.events);
        for pending in queues.chain([&mut self.deferred]).flatten().filter(|pending| pending.level >= level) {
            pending.level = level - 1;
        }
        // The modes before the outer level changed them, if it did, are what it goes back to.
        self.saved.iter_mut().for_each(|(saved, _)| *saved = (*saved).min(level - 1));
        self.saved.retain(|(saved, _)| *saved > 1);
        self.saved.dedup_by_key(|(saved, _)| *saved);
    }

    /// Queues a trigger; `level` is the subtransaction's nesting.
    pub fn push(&mut self, queued: QueuedTrigger, level: u32, user: Oid) {
        let QueuedTrigger { trigger, event, old, new, moved, statement } = queued;
        let end = statement.as_ref().map_or(0, |data| data.ended.get());
        self.current().events.push_back(Pending { trigger, event, level, user, old, new, moved, statement, end });
    }

    /// See [`executor::Host::statement_triggers`]; `memory` and `space` are those of transition tables.
    pub fn statement(
        &mut self,
        table: Oid,
        event: Event,
        wanted: [bool; 2],
        forms: &[Repr],
        memory: usize,
        space: &executor::store::temp::TempSpace,
    ) -> Rc<StatementTriggers> {
        let level = self.current();
        let fits = |data: &&Rc<StatementTriggers>| data.table == table && data.event == event && !data.closed.get();
        if let Some(found) = level.statements.iter().find(fits) {
            return found.clone();
        }
        let store = |wanted: bool| wanted.then(|| RefCell::new(RowStore::new(forms.to_vec(), memory, space.clone())));
        let data = Rc::new(StatementTriggers {
            table,
            event,
            before_fired: Cell::new(false),
            ended: Cell::new(0),
            closed: Cell::new(false),
            old: store(wanted[0]),
            new: store(wanted[1]),
        });
        level.statements.push(data.clone());
        data
    }

    /// The next trigger of the statement under way that fires now. Those that are deferred are put aside.
    pub(super) fn next_immediate(&mut self) -> Option<Pending> {
        loop {
            let Some(pending) = self.current().events.pop_front() else {
                self.current().statements.clear();
                return None;
            };
            match self.is_deferred(&pending.trigger) {
                true => self.deferred.push_back(pending),
                false => return Some(pending),
            }
        }
    }

    /// The next trigger of the statement under way, or else of those that waited for the transaction's end.
    pub(super) fn next_of_all(&mut self) -> Option<Pending> {
        let level = self.current();
        let next = level.events.pop_front();
        if next.is_none() {
            level.statements.clear();
        }
        next.or_else(|| self.deferred.pop_front())
    }

    /// The next of the deferred triggers that is not deferred any more, after SET CONSTRAINTS.
    pub(super) fn next_released(&mut self) -> Option<Pending> {
        if let Some(pending) = self.next_immediate() {
            return Some(pending);
        }
        let at = self.deferred.iter().position(|pending| !self.is_deferred(&pending.trigger))?;
        self.deferred.remove(at)
    }

    fn is_deferred(&self, trigger: &TableTrigger) -> bool {
        let row = &trigger.row;
        if !row.tgdeferrable {
            return false;
        }
        let own = self.modes.each.get(&row.tgconstraint).copied();
        own.or(self.modes.all).unwrap_or(row.tginitdeferred)
    }

    /// SET CONSTRAINTS: for all (`None`) or some constraints, in the subtransaction of nesting `level`.
    pub(super) fn set_modes(&mut self, constraints: Option<&[Oid]>, deferred: bool, level: u32) {
        if level > 1 && self.saved.last().is_none_or(|(saved, _)| *saved < level) {
            self.saved.push((level, self.modes.clone()));
        }
        match constraints {
            None => self.modes = Modes { all: Some(deferred), each: HashMap::new() },
            Some(list) => self.modes.each.extend(list.iter().map(|&oid| (oid, deferred))),
        }
    }
}
