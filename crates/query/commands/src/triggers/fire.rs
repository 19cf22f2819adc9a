//! Firing what is queued, SET CONSTRAINTS, and the triggers of TRUNCATE.

use std::sync::Arc;

use batch::{Batch, Column, Datum};
use catalog::rows::{PgConstraint, PgTrigger};
use catalog::trigger::{Event, Timing, UNIQUE_KEY_RECHECK};
use catalog::{Entry, Relation, index};
use error::{Error, Result, SqlState};
use executor::{TriggerCall, VersionReader};
use ids::Oid;
use parser::ast::SetConstraints;
use planner::plan::TableTrigger;

use super::queue::{Pending, Queue};
use crate::{Context, foreign_key};

/// Lends the session's queue: it is asked for anew for each trigger, since a trigger's own statements add to it.
pub type WithQueue<'q> = &'q dyn Fn(&mut dyn FnMut(&mut Queue));

/// Fires what the statement that has just ended queued; what that queues in turn, too.
pub fn fire_immediate(context: &Context<'_>, queue: WithQueue<'_>) -> Result<()> {
    fire_all(context, queue, Queue::next_immediate)
}

/// Fires all that is left, before the transaction commits.
pub fn fire_deferred(context: &Context<'_>, queue: WithQueue<'_>) -> Result<()> {
    fire_all(context, queue, Queue::next_of_all)
}

/// The tables whose rows were read last: the next trigger is mostly on the same one.
type Readers = Vec<(Oid, VersionReader)>;

fn fire_all(
    context: &Context<'_>,
    queue: WithQueue<'_>,
    mut next: impl FnMut(&mut Queue) -> Option<Pending>,
) -> Result<()> {
    let mut readers = Readers::new();
    let mut started = false;
    loop {
        let mut found = None;
        queue(&mut |queue| found = next(queue));
        let Some(pending) = found else { return Ok(()) };
        if pending.is_obsolete() {
            continue;
        }
        if !std::mem::replace(&mut started, true) {
            // The rows that fire triggers must be visible to what these look up.
            context.session.transaction.next_command()?;
        }
        context.session.check_interrupts()?;
        let catalog = context.catalog();
        let (user, session_user) = (catalog.current_user(), catalog.session_user());
        if user == pending.user {
            fire(context, &pending, &mut readers)?;
            continue;
        }
        catalog.set_users(pending.user, session_user);
        let fired = fire(context, &pending, &mut readers);
        catalog.set_users(user, session_user);
        fired?;
    }
}

fn reader<'r>(context: &Context<'_>, readers: &'r mut Readers, table: Oid) -> Result<&'r VersionReader> {
    let at = match readers.iter().position(|(oid, _)| *oid == table) {
        Some(at) => at,
        None => {
            if readers.len() > 8 {
                readers.clear();
            }
            readers.push((table, VersionReader::open(context.session, table)?));
            readers.len() - 1
        }
    };
    Ok(&readers[at].1)
}

fn fire(context: &Context<'_>, pending: &Pending, readers: &mut Readers) -> Result<()> {
    let (session, trigger) = (context.session, &pending.trigger);
    let row = &trigger.row;
    let table = row.tgrelid;
    // What waits for the transaction's end may have been dropped meanwhile.
    if row.tgdeferrable && context.catalog().find_trigger(row.oid)?.is_none() {
        return Ok(());
    }
    if let (UNIQUE_KEY_RECHECK, Some(place)) = (row.tgfoid, pending.new) {
        let relation = context.catalog().relation(table)?;
        let plan = context.services.plan_rows(&relation, Vec::new())?;
        let memory = context.services.work_mem();
        return executor::recheck_unique(session, plan, table, row.tgconstrindid, place, memory);
    }
    let (from, to) = pending.moved.as_deref().copied().unwrap_or((table, table));
    let gone = || Error::internal(format!("failed to fetch a tuple for trigger \"{}\"", row.tgname));
    let mut old = None;
    if let Some(place) = pending.old {
        old = Some(reader(context, readers, from)?.read(session, place)?.ok_or_else(gone)?);
    }
    let mut new = None;
    if let Some(place) = pending.new {
        let reader = reader(context, readers, to)?;
        // A row that changed again, or went, is checked as it is now, or need not be.
        if row.checks_foreign_key() && !reader.is_live(session, place)? {
            return Ok(());
        }
        new = Some(reader.read(session, place)?.ok_or_else(gone)?);
    }
    if pending.moved.is_some() {
        old = old.map(|values| rearranged(context, values, from, table)).transpose()?;
        new = new.map(|values| rearranged(context, values, to, table)).transpose()?;
    }
    if row.is_of_foreign_key() {
        let began = session.host.key_trigger_begins();
        foreign_key::fire(context, row, old.as_deref(), new.as_deref())?;
        if let Some(began) = began {
            session.host.key_trigger_ended(row, began);
        }
        return Ok(());
    }
    let statement = pending.statement.clone();
    if let Some(data) = &statement
        && (row.tgoldtable.is_some() || row.tgnewtable.is_some())
    {
        data.closed.set(true);
    }
    session.host.call_trigger(TriggerCall { trigger, event: pending.event, old, new, statement }).map(|_| ())
}

/// A partition's row in the form of the partitioned table.
fn rearranged(context: &Context<'_>, values: Vec<Datum>, from: Oid, to: Oid) -> Result<Vec<Datum>> {
    if from == to {
        return Ok(values);
    }
    let (from, to) = (context.catalog().relation(from)?, context.catalog().relation(to)?);
    let value = |column: &catalog::rows::PgAttribute| {
        let own = if column.attisdropped { None } else { from.column_by_name(&column.attname) };
        own.and_then(|own| values.get(own.attnum as usize - 1).cloned()).unwrap_or_default()
    };
    Ok(to.columns.iter().map(value).collect())
}

/// SET CONSTRAINTS. What is not deferred any more fires at once.
pub fn set_constraints(context: &Context<'_>, set: &SetConstraints, queue: WithQueue<'_>) -> Result<()> {
    let mut constraints = Vec::new();
    for name in &set.constraints {
        constraints_of(context, name, &mut constraints)?;
    }
    let level = context.session.transaction.level();
    let wanted = (!set.constraints.is_empty()).then_some(constraints.as_slice());
    queue(&mut |queue| queue.set_modes(wanted, set.deferred, level));
    match set.deferred {
        true => Ok(()),
        false => fire_all(context, queue, Queue::next_released),
    }
}

/// The constraints that a name means, and those of partitions that hang on them.
fn constraints_of(context: &Context<'_>, name: &parser::ast::RelationName, to: &mut Vec<Oid>) -> Result<()> {
    let catalog = context.catalog();
    let schemas = match &name.schema {
        Some(schema) => vec![catalog.require_schema(schema)?],
        None => catalog.search_path()?.schemas.clone(),
    };
    let mut found: Vec<PgConstraint> = Vec::new();
    for schema in schemas {
        let rows = catalog
            .rows::<PgConstraint>(index::PG_CONSTRAINT_CONNAME_NSP_INDEX, &[(&*name.name).into(), schema.into()])?;
        found.extend(rows.iter().map(|row| PgConstraint::clone(row)));
        if !found.is_empty() {
            break;
        }
    }
    if found.is_empty() {
        let text = format!("constraint \"{}\" does not exist", name.name);
        return Err(Error::new(SqlState::UNDEFINED_OBJECT, text));
    }
    if !found.iter().any(|row| row.condeferrable) {
        let text = format!("constraint \"{}\" is not deferrable", name.name);
        return Err(Error::new(SqlState::WRONG_OBJECT_TYPE, text));
    }
    let mut next: Vec<Oid> = found.iter().map(|row| row.oid).collect();
    while let Some(oid) = next.pop() {
        to.push(oid);
        let rows = catalog.rows::<PgConstraint>(index::PG_CONSTRAINT_CONPARENTID_INDEX, &[oid.into()])?;
        next.extend(rows.iter().map(|row| row.oid));
    }
    Ok(())
}

/// Calls the triggers of TRUNCATE on tables: those that fire before it, or after it.
pub fn truncate(context: &Context<'_>, tables: &[Entry<Relation>], timing: Timing) -> Result<()> {
    let session = context.session;
    let wanted = |trigger: &&PgTrigger| trigger.is_for(Event::Truncate) && trigger.timing() == timing;
    for table in tables {
        for row in table.triggers.iter().filter(wanted).filter(|row| row.is_enabled(session.host.is_replica())) {
            if row.tgqual.is_some() && !condition_holds(context, table, row)? {
                continue;
            }
            session.transaction.next_command()?;
            let trigger = Arc::new(TableTrigger { row: row.clone(), when: None, key: Vec::new() });
            let call = TriggerCall { trigger: &trigger, event: Event::Truncate, old: None, new: None, statement: None };
            session.host.call_trigger(call)?;
        }
    }
    Ok(())
}

/// A condition that looks at no row.
fn condition_holds(context: &Context<'_>, table: &Relation, row: &PgTrigger) -> Result<bool> {
    let Some(text) = &row.tgqual else { return Ok(true) };
    let condition = crate::expression::read(context, text)?;
    let mut evaluator = crate::expression::evaluator(context, table, vec![condition])?;
    let mut blank = Batch::new(table.columns.iter().map(|column| types::repr_of(column.attlen, column.attbyval)));
    blank.columns.iter_mut().for_each(Column::push_null);
    blank.set_len(1);
    evaluator.evaluate(context.session, &blank)?;
    Ok(evaluator.column(0, &blank).get(0).as_bool() == Some(true))
}
