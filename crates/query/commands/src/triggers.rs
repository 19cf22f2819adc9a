//! Row triggers: queued while a statement runs, fired when it ends or when the transaction does.
//!
//! Only the triggers of foreign keys can be fired yet; a table with others refuses to be changed (`0A000`), rather than be
//! changed without them.

use std::collections::VecDeque;

use batch::Datum;
use catalog::rows::PgTrigger;
use error::{Error, Result};
use executor::{TriggerEvent, TriggerKind, TriggerOutcome};

use crate::Context;
use crate::foreign_key::{self, event};

/// A trigger that has to fire for a changed row.
struct Pending {
    trigger: PgTrigger,
    old: Option<Box<[Datum]>>,
    new: Option<Box<[Datum]>>,
    level: u32,
}

/// The triggers that a session has still to fire.
#[derive(Default)]
pub struct Queue {
    immediate: VecDeque<Pending>,
    deferred: VecDeque<Pending>,
    /// What the statements around the one that runs have queued: they are not at their end yet.
    outer: Vec<VecDeque<Pending>>,
}

impl Queue {
    /// A statement begins inside of another one (in a function that this calls). Gives what [`Queue::leave`] wants.
    pub fn enter(&mut self) -> usize {
        self.outer.push(std::mem::take(&mut self.immediate));
        self.outer.len()
    }

    /// The statement that began with [`Queue::enter`] has ended, or failed: then what it queued is forgotten.
    pub fn leave(&mut self, depth: usize) {
        self.outer.truncate(depth);
        self.immediate = self.outer.pop().unwrap_or_default();
    }

    /// Whether nothing is queued.
    pub fn is_empty(&self) -> bool {
        self.immediate.is_empty() && self.deferred.is_empty()
    }

    /// Forgets all: the transaction has failed.
    pub fn clear(&mut self) {
        self.immediate.clear();
        self.deferred.clear();
        self.outer.clear();
    }

    /// Forgets what the statement queued: it has failed.
    pub fn forget_immediate(&mut self) {
        self.immediate.clear();
        self.outer.clear();
    }

    /// Forgets what was queued at nesting `level` of subtransactions or deeper: it was rolled back.
    pub fn forget_level(&mut self, level: u32) {
        self.immediate.retain(|pending| pending.level < level);
        self.deferred.retain(|pending| pending.level < level);
        self.outer.iter_mut().for_each(|queue| queue.retain(|pending| pending.level < level));
    }

    /// Queues the triggers of a table for a change; `level` is the subtransaction's nesting.
    pub fn record(
        &mut self,
        catalog: &catalog::Catalog,
        level: u32,
        change: &TriggerEvent<'_>,
    ) -> Result<TriggerOutcome> {
        let (before, on) = match change.kind {
            TriggerKind::BeforeInsert => (true, event::INSERT),
            TriggerKind::BeforeUpdate => (true, event::UPDATE),
            TriggerKind::BeforeDelete => (true, event::DELETE),
            TriggerKind::AfterInsert => (false, event::INSERT),
            TriggerKind::AfterUpdate => (false, event::UPDATE),
            TriggerKind::AfterDelete => (false, event::DELETE),
        };
        let relation = catalog.relation(change.table)?;
        for trigger in relation.triggers.iter().filter(|trigger| trigger.tgenabled != b'D' && trigger.tgtype & on != 0)
        {
            if !trigger.tgisinternal {
                return Err(Error::not_implemented(format_args!("trigger {}", trigger.tgname)));
            }
            if before != (trigger.tgtype & event::BEFORE != 0) {
                continue;
            }
            let values = |row: &Option<(&[Datum], ids::TupleId)>| row.map(|(values, _)| values.into());
            let pending =
                Pending { trigger: trigger.clone(), old: values(&change.old), new: values(&change.new), level };
            if trigger.tginitdeferred {
                self.deferred.push_back(pending);
            } else {
                self.immediate.push_back(pending);
            }
        }
        Ok(TriggerOutcome::Unchanged)
    }
}

/// Fires what the statement that has just ended queued; what that queues in turn, too. `queue` is asked anew for each
/// trigger, since a trigger's own statements add to it.
pub fn fire_immediate(context: &Context<'_>, queue: &dyn Fn(&mut dyn FnMut(&mut Queue))) -> Result<()> {
    fire_all(context, queue, |queue| queue.immediate.pop_front())
}

/// Fires all that is left, before the transaction commits.
pub fn fire_deferred(context: &Context<'_>, queue: &dyn Fn(&mut dyn FnMut(&mut Queue))) -> Result<()> {
    fire_all(context, queue, |queue| queue.immediate.pop_front().or_else(|| queue.deferred.pop_front()))
}

fn fire_all(
    context: &Context<'_>,
    queue: &dyn Fn(&mut dyn FnMut(&mut Queue)),
    mut pop: impl FnMut(&mut Queue) -> Option<Pending>,
) -> Result<()> {
    let mut started = false;
    loop {
        let mut next = None;
        queue(&mut |queue| next = pop(queue));
        let Some(pending) = next else { return Ok(()) };
        if !std::mem::replace(&mut started, true) {
            // The rows that fire triggers must be visible to what these look up.
            context.session.transaction.next_command()?;
        }
        context.session.check_interrupts()?;
        foreign_key::fire(context, &pending.trigger, pending.old.as_deref(), pending.new.as_deref())?;
    }
}
