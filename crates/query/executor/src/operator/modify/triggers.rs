//! Triggers of the table that is changed: which fire for an event, when, and with which rows.
//!
//! BEFORE triggers are called on the spot and may replace the new row or have it skipped; AFTER triggers are queued with the places of
//! the row's versions ([`crate::Host::queue_trigger`]) and read these back when they fire. What a table without triggers pays is a look
//! at an empty option.
//!
//! Transition tables belong to the table that the statement names: rows of its partitions and of the tables below it are
//! brought into its form.

use std::rc::Rc;
use std::sync::Arc;

use access::{LockStrength, Outcome, WaitPolicy};
use batch::{Batch, Column, Datum, Repr};
use catalog::rows::PgTrigger;
use catalog::trigger::{Event, Timing, UNIQUE_KEY_RECHECK};
use error::{Error, Result, SqlState};
use ids::{Oid, TupleId};
use planner::plan::TableTrigger;

use super::route::Rearrangement;
use super::target::Target;
use crate::Session;
use crate::expression::{Compiled, compile};
use crate::run::Run;
use crate::session::{QueuedTrigger, StatementTriggers, TriggerCall, TriggerOutcome};

/// One version of a row: its columns, which of their rows, and where it is.
pub(super) type Version<'v> = (&'v [Column], usize, TupleId);

/// A trigger that can fire in this session.
struct Armed {
    trigger: Arc<TableTrigger>,
    when: Option<Compiled>,
}

/// The triggers of one table.
pub(super) struct Triggers {
    armed: Vec<Armed>,
    /// `tgtype`'s bits of the events for which there are triggers for rows, BEFORE and AFTER.
    before: i16,
    after: i16,
    /// Whether some trigger is for statements or looks at transition tables.
    statements: bool,
}

/// Where the rows go that a statement's AFTER triggers can look at as tables.
#[derive(Clone, Default)]
pub(super) struct Capture {
    insert: Option<Rc<StatementTriggers>>,
    update: Option<Rc<StatementTriggers>>,
    delete: Option<Rc<StatementTriggers>>,
    /// From the rows of the table that is changed to those of the one that the statement names, and the forms of its columns.
    places: Rearrangement,
    forms: Vec<Repr>,
}

impl Capture {
    /// The same for another table of the tree, whose rows are rearranged so.
    pub fn of_member(&self, places: Rearrangement) -> Capture {
        Capture { places, ..self.clone() }
    }

    fn of(&self, event: Event) -> Option<&Rc<StatementTriggers>> {
        match event {
            Event::Insert => self.insert.as_ref(),
            Event::Update => self.update.as_ref(),
            Event::Delete => self.delete.as_ref(),
            Event::Truncate => None,
        }
    }

    /// Notes the versions of a changed row.
    fn note(&self, event: Event, old: Option<Version<'_>>, new: Option<Version<'_>>) -> Result<()> {
        let Some(data) = self.of(event) else { return Ok(()) };
        for (version, store) in [(old, &data.old), (new, &data.new)] {
            let (Some((columns, row, _)), Some(store)) = (version, store) else { continue };
            let mut one = Batch::new(self.forms.iter().copied());
            for (at, to) in one.columns.iter_mut().enumerate() {
                match self.places.place(at) {
                    Some(place) => to.push(columns[place].get(row)),
                    None => to.push_null(),
                }
            }
            one.set_len(1);
            store.borrow_mut().append(&one)?;
        }
        Ok(())
    }
}

/// What becomes of a row that BEFORE triggers saw.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It goes on as it is.
    Unchanged,
    /// It goes on with other values.
    Changed,
    /// Nothing is done to it.
    Skipped,
}

impl Triggers {
    /// The triggers of a table; none if there are none.
    pub fn of(session: &Session<'_>, list: &[Arc<TableTrigger>]) -> Result<Option<Box<Triggers>>> {
        if list.is_empty() {
            return Ok(None);
        }
        let replica = session.host.is_replica();
        let mut triggers = Triggers { armed: Vec::new(), before: 0, after: 0, statements: false };
        for trigger in list.iter().filter(|trigger| trigger.row.is_enabled(replica)) {
            let row = &trigger.row;
            if row.tgfoid == UNIQUE_KEY_RECHECK {
                // Only rows whose keys may be there twice concern it.
                continue;
            }
            match (row.is_for_rows(), row.timing()) {
                (true, Timing::Before) => triggers.before |= row.tgtype,
                (true, Timing::After) => triggers.after |= row.tgtype,
                (true, Timing::InsteadOf) => (),
                (false, _) => triggers.statements = true,
            }
            triggers.statements |= row.tgoldtable.is_some() || row.tgnewtable.is_some();
            let when = trigger.when.as_ref().map(compile).transpose()?;
            triggers.armed.push(Armed { trigger: trigger.clone(), when });
        }
        Ok((!triggers.armed.is_empty()).then(|| Box::new(triggers)))
    }
}

/// Whether an UPDATE of these columns is one of those that a trigger is for.
fn concerns(trigger: &TableTrigger, event: Event, updated: &[i16]) -> bool {
    event != Event::Update
        || trigger.row.tgattr.is_empty()
        || trigger.row.tgattr.iter().any(|number| updated.contains(number))
}

/// Whether a trigger's condition holds for a row.
fn holds(
    when: &mut Compiled,
    forms: &[Repr],
    old: Option<Version<'_>>,
    new: Option<Version<'_>>,
    run: &mut Run<'_>,
) -> Result<bool> {
    let mut pair = Batch::new(forms.iter().chain(forms).copied());
    for (first, version) in [(0, old), (forms.len(), new)] {
        for n in 0..forms.len() {
            match version {
                Some((columns, row, _)) => pair.columns[first + n].push(columns[n].get(row)),
                None => pair.columns[first + n].push_null(),
            }
        }
    }
    pair.set_len(1);
    when.evaluate(&pair, pair.rows(), run)?;
    Ok(when.result(&pair).get(0).as_bool() == Some(true))
}

/// Calls a trigger while the statement is under way. What the function's statements change, they change by commands of their own;
/// the statement goes on by its.
fn call_now(run: &Run<'_>, call: TriggerCall<'_>) -> Result<TriggerOutcome> {
    let transaction = run.session.transaction;
    let command = transaction.command_for_write();
    let outcome = run.session.host.call_trigger(call)?;
    transaction.resume_command(command);
    Ok(outcome)
}

fn values(version: Option<Version<'_>>, width: usize) -> Option<Vec<Datum>> {
    version.map(|(columns, row, _)| columns[..width].iter().map(|column| column.datum(column.index(row))).collect())
}

impl Target {
    /// Whether BEFORE triggers see the rows of an event.
    pub fn fires_before(&self, event: Event) -> bool {
        self.triggers.as_ref().is_some_and(|triggers| triggers.before & event.bit() != 0)
    }

    /// Whether somebody wants to know of the rows of an event after it.
    pub fn fires_after(&self, event: Event) -> bool {
        self.triggers.as_ref().is_some_and(|triggers| triggers.after & event.bit() != 0)
            || self.capture.as_ref().is_some_and(|capture| capture.of(event).is_some())
    }

    /// Whether the old version of rows must be known for their deletion.
    pub fn wants_deleted(&self) -> bool {
        self.fires_before(Event::Delete) || self.fires_after(Event::Delete)
    }

    /// Calls the BEFORE triggers for a row; see [`Target::call_row`].
    pub fn before_row(
        &mut self,
        event: Event,
        old: Option<Version<'_>>,
        new: Option<(&mut Batch, usize)>,
        updated: &[i16],
        run: &mut Run<'_>,
    ) -> Result<Verdict> {
        self.call_row(Timing::Before, event, old, new, updated, run)
    }

    /// Calls the BEFORE or INSTEAD OF triggers for a row. `new` is a row of a batch whose first columns are the table's; it is changed in
    /// place.
    pub fn call_row(
        &mut self,
        timing: Timing,
        event: Event,
        old: Option<Version<'_>>,
        new: Option<(&mut Batch, usize)>,
        updated: &[i16],
        run: &mut Run<'_>,
    ) -> Result<Verdict> {
        let forms = self.reprs();
        let stored: Vec<usize> = self.generated.iter().map(|(number, _)| *number as usize - 1).collect();
        let Some(triggers) = &mut self.triggers else { return Ok(Verdict::Unchanged) };
        let mut new = new;
        let mut verdict = Verdict::Unchanged;
        for Armed { trigger, when } in &mut triggers.armed {
            let row = &trigger.row;
            if !row.is_for_rows() || row.timing() != timing || !row.is_for(event) || !concerns(trigger, event, updated)
            {
                continue;
            }
            let version = new.as_ref().map(|(batch, row)| (batch.columns.as_slice(), *row, TupleId::INVALID));
            if let Some(when) = when
                && !holds(when, &forms, old, version, run)?
            {
                continue;
            }
            let mut given = values(version, forms.len());
            // Computed only when all triggers have had their say.
            if let Some(given) = &mut given {
                stored.iter().for_each(|&at| given[at] = Datum::Null);
            }
            let call = TriggerCall { trigger, event, old: values(old, forms.len()), new: given, statement: None };
            match call_now(run, call)? {
                TriggerOutcome::Unchanged => (),
                TriggerOutcome::Skipped => return Ok(Verdict::Skipped),
                TriggerOutcome::Replaced(values) => {
                    let Some((batch, row)) = &mut new else { continue };
                    let len = batch.len();
                    for (column, value) in batch.columns.iter_mut().zip(&values) {
                        if column.is_constant() {
                            crate::expression::spread(column, len);
                        }
                        column.put(*row, value.as_ref());
                    }
                    verdict = Verdict::Changed;
                }
            }
        }
        Ok(verdict)
    }

    /// Lets BEFORE triggers see the rows of a batch that shall be inserted, whose first columns are the table's. Whether one changed.
    pub fn before_insert(&mut self, batch: &mut Batch, run: &mut Run<'_>) -> Result<bool> {
        if !self.fires_before(Event::Insert) {
            return Ok(false);
        }
        let mut changed = false;
        let rows: Vec<u16> = batch.rows().iter().map(|row| row as u16).collect();
        let mut kept = Vec::with_capacity(rows.len());
        for &row in &rows {
            match self.before_row(Event::Insert, None, Some((batch, row as usize)), &[], run)? {
                Verdict::Skipped => (),
                verdict => {
                    changed |= verdict == Verdict::Changed;
                    kept.push(row);
                }
            }
        }
        if kept.len() < rows.len() {
            batch.selection.set(kept);
        }
        Ok(changed)
    }

    /// Queues the AFTER triggers for a changed row. `captured` is what the change is for transition tables: a row that moves to another
    /// partition is deleted and inserted, but the statement updates it.
    pub fn after_row(
        &mut self,
        event: Event,
        captured: Event,
        old: Option<Version<'_>>,
        new: Option<Version<'_>>,
        updated: &[i16],
        run: &mut Run<'_>,
    ) -> Result<()> {
        if let Some(capture) = &self.capture {
            capture.note(captured, old, new)?;
        }
        let Some(triggers) = &mut self.triggers else { return Ok(()) };
        if triggers.after & event.bit() == 0 {
            return Ok(());
        }
        let forms = self.open.reprs();
        let moved = event != captured;
        for Armed { trigger, when } in &mut triggers.armed {
            let row = &trigger.row;
            if !row.is_for_rows()
                || row.timing() != Timing::After
                || !row.is_for(event)
                || !concerns(trigger, event, updated)
            {
                continue;
            }
            if row.is_of_foreign_key() {
                // A row that moves takes its key along, for what refers to the tree's root: that is an update of the root.
                if moved && event == Event::Delete && row.tgparentid.is_valid()
                    || !needs_check(trigger, event, old, new, &self.open, run)?
                {
                    continue;
                }
            }
            if let Some(when) = when
                && !holds(when, &forms, old, new, run)?
            {
                continue;
            }
            let statement = match row.tgoldtable.is_some() || row.tgnewtable.is_some() {
                true => self.capture.as_ref().and_then(|capture| capture.of(captured).cloned()),
                false => None,
            };
            run.session.host.queue_trigger(QueuedTrigger {
                trigger: trigger.clone(),
                event,
                old: old.map(|(.., place)| place),
                new: new.map(|(.., place)| place),
                moved: None,
                statement,
            })?;
        }
        Ok(())
    }

    /// Queues the triggers of foreign keys that refer to a partitioned table, one of whose rows has moved to another partition.
    pub fn after_move(&mut self, old: (Version<'_>, Oid), new: (Version<'_>, Oid), run: &mut Run<'_>) -> Result<()> {
        let Some(triggers) = &mut self.triggers else { return Ok(()) };
        for Armed { trigger, .. } in &mut triggers.armed {
            let row = &trigger.row;
            if !row.is_of_foreign_key() || row.checks_foreign_key() || !row.is_for(Event::Update) {
                continue;
            }
            if same_key(trigger, old.0, new.0) {
                continue;
            }
            run.session.host.queue_trigger(QueuedTrigger {
                trigger: trigger.clone(),
                event: Event::Update,
                old: Some(old.0.2),
                new: Some(new.0.2),
                moved: Some(Box::new((old.1, new.1))),
                statement: None,
            })?;
        }
        Ok(())
    }

    /// Refuses to move a row to another partition if a foreign key refers to a table between its own and `root`, the one that the statement
    /// names: for that key the row would be gone, although it is only elsewhere.
    pub fn may_move(&self, root: Oid, run: &Run<'_>) -> Result<()> {
        let Some(triggers) = &self.triggers else { return Ok(()) };
        let catalog = run.session.catalog;
        for Armed { trigger, .. } in &triggers.armed {
            let mut row = trigger.row.clone();
            if !row.is_of_foreign_key() || row.checks_foreign_key() || !row.tgparentid.is_valid() {
                continue;
            }
            while row.tgparentid.is_valid() && row.tgrelid != root {
                row = PgTrigger::clone(&*catalog.trigger(row.tgparentid)?);
            }
            if row.tgrelid == root {
                continue;
            }
            let (ancestor, root) = (catalog.relation(row.tgrelid)?, catalog.relation(root)?);
            let text = "cannot move tuple across partitions when a non-root ancestor of the source partition is directly \
                        referenced in a foreign key";
            return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text)
                .detail(format!(
                    "A foreign key points to ancestor \"{}\" but not the root ancestor \"{}\".",
                    ancestor.name(),
                    root.name()
                ))
                .hint(format!("Consider defining the foreign key on table \"{}\".", root.name())));
        }
        Ok(())
    }

    /// Locks the row that BEFORE triggers shall see, so that nobody changes it while they look.
    pub fn lock_row(&self, place: TupleId, strength: LockStrength, run: &Run<'_>) -> Result<Outcome<()>> {
        let session = run.session;
        let (store, transaction, table) = (session.store, session.transaction, &self.open.table);
        let locked =
            session.tables.lock(store, transaction, table, place, run.snapshot, strength, WaitPolicy::Block)?;
        Ok(match locked {
            Outcome::Done(_) => Outcome::Done(()),
            Outcome::Conflict(conflict) => Outcome::Conflict(conflict),
        })
    }

    /// Before the first row: calls BEFORE triggers for statements, and opens transition tables. `updated` are the columns that
    /// an UPDATE sets.
    pub fn begin_statement(&mut self, events: &[Event], updated: &[i16], run: &mut Run<'_>) -> Result<()> {
        let forms = self.reprs();
        let table = self.open.relation.oid;
        let Some(triggers) = &mut self.triggers else { return Ok(()) };
        if !triggers.statements {
            return Ok(());
        }
        let mut capture = Capture { forms: forms.clone(), ..Capture::default() };
        let mut captures = false;
        for &event in events {
            let of_event = |armed: &&mut Armed| armed.trigger.row.is_for(event);
            let (mut any, mut old, mut new) = (false, false, false);
            for armed in triggers.armed.iter_mut().filter(of_event) {
                let row = &armed.trigger.row;
                any |= !row.is_for_rows();
                old |= row.tgoldtable.is_some();
                new |= row.tgnewtable.is_some();
            }
            if !any && !old && !new {
                continue;
            }
            let data = run.session.host.statement_triggers(table, event, [old, new], &forms);
            if !data.before_fired.replace(true) {
                for Armed { trigger, when } in triggers.armed.iter_mut().filter(of_event) {
                    let row = &trigger.row;
                    if row.is_for_rows() || row.timing() != Timing::Before || !concerns(trigger, event, updated) {
                        continue;
                    }
                    if let Some(when) = when
                        && !holds(when, &forms, None, None, run)?
                    {
                        continue;
                    }
                    let call = TriggerCall { trigger, event, old: None, new: None, statement: None };
                    call_now(run, call)?;
                }
            }
            captures |= old || new;
            let place = match event {
                Event::Insert => &mut capture.insert,
                Event::Update => &mut capture.update,
                _ => &mut capture.delete,
            };
            *place = (old || new).then_some(data);
        }
        if captures {
            self.capture = Some(Box::new(capture));
        }
        Ok(())
    }

    /// After the last row: queues AFTER triggers for statements.
    pub fn end_statement(&mut self, events: &[Event], updated: &[i16], run: &mut Run<'_>) -> Result<()> {
        let forms = self.reprs();
        let table = self.open.relation.oid;
        let Some(triggers) = &mut self.triggers else { return Ok(()) };
        if !triggers.statements {
            return Ok(());
        }
        for &event in events {
            let mut data: Option<Rc<StatementTriggers>> = None;
            for Armed { trigger, when } in &mut triggers.armed {
                let row = &trigger.row;
                if row.is_for_rows()
                    || row.timing() != Timing::After
                    || !row.is_for(event)
                    || !concerns(trigger, event, updated)
                {
                    continue;
                }
                if let Some(when) = when
                    && !holds(when, &forms, None, None, run)?
                {
                    continue;
                }
                let data = data.get_or_insert_with(|| {
                    let data = run.session.host.statement_triggers(table, event, [false, false], &forms);
                    // What the same statement queued before (an action of a foreign key, for another row) does not count any more.
                    data.ended.set(data.ended.get() + 1);
                    data
                });
                run.session.host.queue_trigger(QueuedTrigger {
                    trigger: trigger.clone(),
                    event,
                    old: None,
                    new: None,
                    moved: None,
                    statement: Some(data.clone()),
                })?;
            }
        }
        Ok(())
    }

    /// The error for a row that a BEFORE trigger would send to another partition: not what a trigger of the partitioned table may do, and not a
    /// row for the partition if it is the partition's own trigger.
    pub fn moved_by_trigger(&self, rows: &Batch, row: usize, run: &Run<'_>) -> Result<Error> {
        let relation = &self.open.relation;
        let before = self.triggers.iter().flat_map(|triggers| &triggers.armed).find(|armed| {
            let row = &armed.trigger.row;
            row.is_for_rows() && row.timing() == Timing::Before && row.tgparentid.is_valid()
        });
        let Some(before) = before else { return self.misplaced(rows, row, run) };
        let schema = run.session.catalog.schema_name(relation.class.relnamespace)?.unwrap_or_default();
        let text = "moving row to another partition during a BEFORE FOR EACH ROW trigger is not supported";
        Ok(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text).detail(format!(
            "Before executing trigger \"{}\", the row was to be in partition \"{schema}.{}\".",
            before.trigger.row.tgname,
            relation.name()
        )))
    }
}

/// Whether a change concerns a foreign key at all.
fn needs_check(
    trigger: &TableTrigger,
    event: Event,
    old: Option<Version<'_>>,
    new: Option<Version<'_>>,
    table: &crate::relation::OpenTable,
    run: &Run<'_>,
) -> Result<bool> {
    let null = |version: Version<'_>, all: bool| {
        let mut nulls = trigger.key.iter().map(|&number| version.0[number as usize - 1].is_null(version.1));
        if all { nulls.all(|null| null) } else { nulls.any(|null| null) }
    };
    let checks = trigger.row.checks_foreign_key();
    Ok(match (event, old, new) {
        (Event::Insert, _, Some(new)) => !checks || !null(new, true),
        (Event::Update, Some(old), Some(new)) if checks => {
            if null(new, true) {
                return Ok(false);
            }
            // A row that this transaction made may not have been checked yet, and its first version will not be found any more.
            !same_key(trigger, old, new)
                || trigger.row.tgdeferrable
                    && run.session.tables.is_own(run.session.store, run.session.transaction, &table.table, old.2)?
        }
        (Event::Update, Some(old), Some(new)) => !null(old, false) && !same_key(trigger, old, new),
        (Event::Delete, Some(old), _) => !null(old, false),
        _ => true,
    })
}

/// Whether two versions of a row have the same key.
fn same_key(trigger: &TableTrigger, old: Version<'_>, new: Version<'_>) -> bool {
    trigger.key.iter().all(|&number| {
        let at = number as usize - 1;
        old.0[at].get(old.1) == new.0[at].get(new.1)
    })
}
