//! Calls of triggers' functions: PL/pgSQL's, and the few that are built in.

use std::rc::Rc;
use std::sync::Arc;

use analyzer::query::SqlType;
use batch::{Datum, DatumRef};
use catalog::Relation;
use catalog::rows::{PgEventTrigger, PgTrigger};
use error::{Error, Result, SqlState};
use executor::{StatementTriggers, TriggerCall, TriggerOutcome};
use ids::Oid;
use plpgsql::run::Outcome;
use plpgsql::run::frame::Row;
use types::oid;

use crate::session::Session;

/// A trigger whose function runs.
pub(super) struct Running {
    trigger: Arc<planner::plan::TableTrigger>,
    statement: Option<Rc<StatementTriggers>>,
}

/// The columns of a table's rows as variables have them.
pub(super) struct RowColumns {
    table: Oid,
    generation: u64,
    columns: Rc<[(String, SqlType)]>,
    /// Where they are among the table's columns, dropped ones included.
    places: Rc<[usize]>,
}

/// `suppress_redundant_updates_trigger`
const SUPPRESS_REDUNDANT_UPDATES: Oid = Oid(1291);

impl Session<'_> {
    /// How many triggers' functions are under way.
    pub(crate) fn trigger_depth(&self) -> i32 {
        self.routines.triggers.borrow().len() as i32
    }

    /// The transition table with this name of the innermost trigger under way; whether it has the new rows.
    pub(crate) fn transition(&self, name: &str) -> Result<(Rc<StatementTriggers>, bool)> {
        let running = self.routines.triggers.borrow();
        let found = running.last().and_then(|Running { trigger, statement }| {
            let (data, row) = (statement.clone()?, &trigger.row);
            let is = |own: &Option<catalog::field::Text>| own.as_ref().is_some_and(|own| **own == *name);
            if is(&row.tgnewtable) {
                return Some((data, true));
            }
            is(&row.tgoldtable).then_some((data, false))
        });
        found.ok_or_else(|| Error::new(SqlState::UNDEFINED_TABLE, format!("relation \"{name}\" does not exist")))
    }

    /// See [`executor::Host::call_trigger`].
    pub(crate) fn trigger_function(&self, call: TriggerCall<'_>) -> Result<TriggerOutcome> {
        self.check_stack()?;
        let row = self.catalog().function(call.trigger.row.tgfoid)?;
        let _within = self.within_statement();
        let running = Running { trigger: call.trigger.clone(), statement: call.statement.clone() };
        self.routines.triggers.borrow_mut().push(running);
        let called = || {
            if row.oid == SUPPRESS_REDUNDANT_UPDATES {
                return suppress_redundant(&call);
            }
            if matches!(row.oid, crate::text_search::UPDATE_BY_NAME | crate::text_search::UPDATE_BY_COLUMN) {
                return self.update_tsvector(row.oid, call);
            }
            if !self.is_plpgsql(row.prolang)? {
                let text = format_args!("trigger function {}", row.proname).to_string();
                return Err(Error::not_implemented(text));
            }
            self.plpgsql_outcome(&row, call)
        };
        let outcome = self.counted(&row, || self.with_rights_of(&row, called));
        self.routines.triggers.borrow_mut().pop();
        outcome
    }

    /// Calls an event trigger's function.
    pub(crate) fn event_trigger_function(&self, trigger: &PgEventTrigger, tag: &str) -> Result<()> {
        self.check_stack()?;
        let row = self.catalog().function(trigger.evtfoid)?;
        let _within = self.within_statement();
        self.with_rights_of(&row, || {
            if !self.is_plpgsql(row.prolang)? {
                return Err(Error::not_implemented(format_args!("event trigger function {}", row.proname)));
            }
            let facts = vec![Datum::text(&trigger.evtevent), Datum::text(tag)];
            let call = plpgsql::run::TriggerCall { rows: [None, None], facts, tables: Vec::new() };
            self.plpgsql_trigger(&row, Oid::INVALID, call).map(|_| ())
        })
    }

    fn plpgsql_outcome(
        &self,
        row: &catalog::Entry<catalog::rows::PgProc>,
        call: TriggerCall<'_>,
    ) -> Result<TriggerOutcome> {
        let trigger = &call.trigger.row;
        let relation = self.catalog().relation(trigger.tgrelid)?;
        let (columns, places) = self.row_columns(&relation)?;
        let given = |values: &Option<Vec<Datum>>| {
            values.as_ref().map(|values| {
                let values = places.iter().map(|&place| values[place].clone()).collect();
                Row::new(columns.clone(), values)
            })
        };
        let rows = [given(&call.new), given(&call.old)];
        let facts = self.facts(trigger, &relation, &call)?;
        let names = trigger.tgoldtable.iter().chain(&trigger.tgnewtable);
        let tables = names.map(|name| (name.to_string(), trigger.tgrelid)).collect();
        let function_call = plpgsql::run::TriggerCall { rows, facts, tables };
        let outcome = self.plpgsql_trigger(row, trigger.tgrelid, function_call)?;
        if !trigger.is_for_rows() || trigger.timing() == catalog::trigger::Timing::After {
            return Ok(TriggerOutcome::Unchanged);
        }
        let Outcome::Row(Row { columns: Some(returned), values: Some(values) }) = outcome else {
            return Ok(TriggerOutcome::Skipped);
        };
        let Some(mut new) = call.new else { return Ok(TriggerOutcome::Unchanged) };
        if !Rc::ptr_eq(&returned, &columns) {
            self.check_structure(&returned, &columns)?;
        }
        for (&place, value) in places.iter().zip(values) {
            new[place] = value;
        }
        Ok(TriggerOutcome::Replaced(new))
    }

    /// What a function returns must be a row of the trigger's table.
    fn check_structure(&self, returned: &[(String, SqlType)], wanted: &[(String, SqlType)]) -> Result<()> {
        let mismatch = |detail: String| {
            let text = "returned row structure does not match the structure of the triggering table";
            Err(Error::new(SqlState::DATATYPE_MISMATCH, text).detail(detail))
        };
        if returned.len() != wanted.len() {
            return mismatch(format!(
                "Number of returned columns ({}) does not match expected column count ({}).",
                returned.len(),
                wanted.len()
            ));
        }
        for (at, ((name, given), (_, wanted))) in returned.iter().zip(wanted).enumerate() {
            if given.oid != wanted.oid {
                let (given, wanted) = (self.type_name_of(given.oid)?, self.type_name_of(wanted.oid)?);
                return mismatch(format!(
                    "Returned type {given} does not match expected type {wanted} in column \"{name}\" (position {}).",
                    at + 1
                ));
            }
        }
        Ok(())
    }

    fn row_columns(&self, relation: &Relation) -> Result<(Rc<[(String, SqlType)]>, Rc<[usize]>)> {
        let generation = self.catalog().generation();
        let mut known = self.routines.trigger_columns.borrow_mut();
        if let Some(known) = &*known
            && known.table == relation.oid
            && known.generation == generation
        {
            return Ok((known.columns.clone(), known.places.clone()));
        }
        let column = |column: &catalog::rows::PgAttribute| {
            let ty = SqlType { oid: column.atttypid, typmod: column.atttypmod, collation: column.attcollation };
            (column.attname.to_string(), ty)
        };
        let columns: Rc<[(String, SqlType)]> = relation.live_columns().map(column).collect();
        let places: Rc<[usize]> = relation.live_columns().map(|column| column.attnum as usize - 1).collect();
        let made = RowColumns { table: relation.oid, generation, columns: columns.clone(), places: places.clone() };
        *known = Some(made);
        Ok((columns, places))
    }

    /// `TG_NAME` and the others, in the order in which the language declares them.
    fn facts(&self, trigger: &PgTrigger, relation: &Relation, call: &TriggerCall<'_>) -> Result<Vec<Datum>> {
        let schema = self.catalog().schema_name(relation.class.relnamespace)?.unwrap_or_default();
        let text = Datum::text;
        Ok(vec![
            text(&trigger.tgname),
            text(trigger.timing().word()),
            text(if trigger.is_for_rows() { "ROW" } else { "STATEMENT" }),
            text(call.event.word()),
            Datum::oid(relation.oid),
            text(relation.name()),
            text(relation.name()),
            text(&schema),
            Datum::B4(i32::from(trigger.tgnargs)),
            arguments(trigger)?,
        ])
    }
}

/// `TG_ARGV`, which counts from zero.
fn arguments(trigger: &PgTrigger) -> Result<Datum> {
    if trigger.tgnargs <= 0 {
        return Ok(Datum::Null);
    }
    let dimensions = [types::array::Dimension { length: i32::from(trigger.tgnargs), lower: 0 }];
    let mut bytes = Vec::new();
    let values: Vec<DatumRef<'_>> = trigger.arguments().map(DatumRef::Bytes).collect();
    types::array::write(oid::TEXT, batch::Repr::Bytes, &dimensions, values.iter().copied(), &mut bytes)?;
    Ok(Datum::Bytes(bytes.into()))
}

/// An update that changes nothing is not done.
fn suppress_redundant(call: &TriggerCall<'_>) -> Result<TriggerOutcome> {
    let row = &call.trigger.row;
    let refuse = |when: &str| {
        let text = format!("suppress_redundant_updates_trigger: must be called {when}");
        Err(Error::new(SqlState::E_R_I_E_TRIGGER_PROTOCOL_VIOLATED, text))
    };
    if call.event != catalog::trigger::Event::Update {
        return refuse("on update");
    }
    if row.timing() != catalog::trigger::Timing::Before {
        return refuse("before update");
    }
    if !row.is_for_rows() {
        return refuse("for each row");
    }
    Ok(match call.old == call.new {
        true => TriggerOutcome::Skipped,
        false => TriggerOutcome::Unchanged,
    })
}
