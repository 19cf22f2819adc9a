//! CREATE TRIGGER, and the triggers that partitions have of their parents.

use analyzer::TableColumns;
use analyzer::node::Next;
use analyzer::query::{EntryColumn, Expr, ExprKind, RowVersion, SqlType};
use catalog::acl::Privileges;
use catalog::field::{Int2Vector, Raw};
use catalog::privileges::ObjectKind as Privileged;
use catalog::relation::kind;
use catalog::rows::{PgConstraint, PgProc, PgTrigger};
use catalog::trigger::{Timing, bits};
use catalog::{Dependency, Entry, NewConstraint, Object, Relation, index};
use error::{Error, Result, SqlState};
use ids::Oid;
use parser::ast::{CreateTrigger, TriggerTiming};
use types::oid;

use crate::{Context, expression};

fn wrong_type(relation: &Relation, is: &str, detail: &str) -> Error {
    Error::new(SqlState::WRONG_OBJECT_TYPE, format!("\"{}\" is {is}", relation.name())).detail(detail)
}

fn invalid(text: impl Into<String>) -> Error {
    Error::new(SqlState::INVALID_OBJECT_DEFINITION, text)
}

/// CREATE [OR REPLACE] [CONSTRAINT] TRIGGER
pub(crate) fn create(context: &Context<'_>, create: &CreateTrigger) -> Result<()> {
    let catalog = context.catalog();
    if create.constraint && create.or_replace {
        let text = "CREATE OR REPLACE CONSTRAINT TRIGGER is not supported";
        return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text));
    }
    let relation = context.open(&create.relation, 6)?;
    check_relation(context, create, &relation)?;
    let other = match &create.from {
        Some(name) => Some(context.open(name, 1)?),
        None => None,
    };
    catalog.require_privileges(Privileged::Relation, relation.oid, Privileges::TRIGGER)?;
    if let Some(other) = &other {
        catalog.require_privileges(Privileged::Relation, other.oid, Privileges::TRIGGER)?;
    }
    let mut row = PgTrigger {
        tgrelid: relation.oid,
        tgname: create.name.to_string().into(),
        tgtype: kind_of(create),
        tgenabled: b'O',
        tgconstrrelid: other.map_or(Oid::INVALID, |other| other.oid),
        tgdeferrable: create.deferrable || create.initially_deferred,
        tginitdeferred: create.initially_deferred,
        ..Default::default()
    };
    check_events(create, &row)?;
    transitions(create, &relation, &mut row)?;
    let condition = create.condition.as_ref().map(|condition| {
        let columns = TableColumns {
            name: relation.name(),
            oid: relation.oid,
            columns: (relation.columns.iter())
                .map(|column| EntryColumn {
                    name: if column.attisdropped { String::new() } else { column.attname.to_string() },
                    ty: SqlType { oid: column.atttypid, typmod: column.atttypmod, collation: column.attcollation },
                })
                .collect(),
        };
        let condition = context.analyzer().trigger_condition(condition, columns)?;
        check_condition(context, &row, &relation, &condition)?;
        Ok::<_, Error>(expression::stored(context, condition))
    });
    let condition = condition.transpose()?;
    row.tgqual = condition.as_ref().map(|condition| condition.text.clone().into());
    let function = function(context, create)?;
    row.tgfoid = function.oid;
    row.tgattr = columns(create, &relation)?;
    row.tgnargs = create.arguments.len() as i16;
    let mut arguments = Vec::new();
    for argument in &create.arguments {
        arguments.extend_from_slice(argument.as_bytes());
        arguments.push(0);
    }
    row.tgargs = Raw(arguments);
    let mut needs = condition.map_or_else(Vec::new, |condition| {
        condition.columns.iter().map(|&number| Object::column(relation.oid, number)).chain(condition.objects).collect()
    });
    needs.push(Object::of::<PgProc>(function.oid));
    make(context, &relation, row, &needs, create.constraint, create.or_replace, None)?;
    catalog.next_command()
}

/// What kind of relation can have what kind of trigger.
fn check_relation(context: &Context<'_>, create: &CreateTrigger, relation: &Relation) -> Result<()> {
    let instead = create.timing == TriggerTiming::InsteadOf;
    match relation.kind() {
        kind::TABLE if instead => {
            return Err(wrong_type(relation, "a table", "Tables cannot have INSTEAD OF triggers."));
        }
        kind::PARTITIONED_TABLE if instead => {
            return Err(wrong_type(relation, "a table", "Tables cannot have INSTEAD OF triggers."));
        }
        kind::PARTITIONED_TABLE if create.for_each_row && !create.transitions.is_empty() => {
            let detail = "ROW triggers with transition tables are not supported on partitioned tables.";
            let error = wrong_type(relation, "a partitioned table", detail);
            return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, error.message()).detail(detail));
        }
        kind::VIEW if !instead && create.for_each_row => {
            let detail = "Views cannot have row-level BEFORE or AFTER triggers.";
            return Err(wrong_type(relation, "a view", detail));
        }
        kind::VIEW if create.events.truncate => {
            return Err(wrong_type(relation, "a view", "Views cannot have TRUNCATE triggers."));
        }
        kind::FOREIGN_TABLE if instead => {
            let detail = "Foreign tables cannot have INSTEAD OF triggers.";
            return Err(wrong_type(relation, "a foreign table", detail));
        }
        kind::FOREIGN_TABLE if create.constraint => {
            return Err(wrong_type(relation, "a foreign table", "Foreign tables cannot have constraint triggers."));
        }
        kind::TABLE | kind::PARTITIONED_TABLE | kind::VIEW | kind::FOREIGN_TABLE => (),
        _ => {
            let text = format!("relation \"{}\" cannot have triggers", relation.name());
            return Err(Error::new(SqlState::WRONG_OBJECT_TYPE, text).detail(relation.not_supported()));
        }
    }
    if relation.is_system() {
        let _ = context;
        let text = format!("permission denied: \"{}\" is a system catalog", relation.name());
        return Err(Error::new(SqlState::INSUFFICIENT_PRIVILEGE, text));
    }
    Ok(())
}

/// `tgtype`
fn kind_of(create: &CreateTrigger) -> i16 {
    let events = create.events;
    let mut found = match create.timing {
        TriggerTiming::Before => bits::BEFORE,
        TriggerTiming::After => 0,
        TriggerTiming::InsteadOf => bits::INSTEAD,
    };
    let parts = [
        (create.for_each_row, bits::ROW),
        (events.insert, bits::INSERT),
        (events.delete, bits::DELETE),
        (events.update, bits::UPDATE),
        (events.truncate, bits::TRUNCATE),
    ];
    for (there, bit) in parts {
        found |= if there { bit } else { 0 };
    }
    found
}

fn check_events(create: &CreateTrigger, row: &PgTrigger) -> Result<()> {
    let unsupported = |text: &str| Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text));
    if create.events.truncate && create.for_each_row {
        return unsupported("TRUNCATE FOR EACH ROW triggers are not supported");
    }
    if row.timing() == Timing::InsteadOf {
        if !create.for_each_row {
            return unsupported("INSTEAD OF triggers must be FOR EACH ROW");
        }
        if create.condition.is_some() {
            return unsupported("INSTEAD OF triggers cannot have WHEN conditions");
        }
        if !create.columns.is_empty() {
            return unsupported("INSTEAD OF triggers cannot have column lists");
        }
    }
    Ok(())
}

/// REFERENCING
fn transitions(create: &CreateTrigger, relation: &Relation, row: &mut PgTrigger) -> Result<()> {
    let unsupported = |text: &str| Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text));
    let events = create.events;
    for transition in &create.transitions {
        if !transition.table {
            let text = "ROW variable naming in the REFERENCING clause is not supported";
            return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text)
                .hint("Use OLD TABLE or NEW TABLE for naming transition tables."));
        }
        if relation.kind() == kind::FOREIGN_TABLE {
            let detail = "Triggers on foreign tables cannot have transition tables.";
            return Err(wrong_type(relation, "a foreign table", detail));
        }
        if relation.kind() == kind::VIEW {
            return Err(wrong_type(relation, "a view", "Triggers on views cannot have transition tables."));
        }
        if create.for_each_row && relation.class.relispartition {
            return unsupported("ROW triggers with transition tables are not supported on partitions");
        }
        if create.timing != TriggerTiming::After {
            return Err(invalid("transition table name can only be specified for an AFTER trigger"));
        }
        if events.truncate {
            return unsupported("TRUNCATE triggers with transition tables are not supported");
        }
        if [events.insert, events.update, events.delete].iter().filter(|event| **event).count() > 1 {
            return unsupported("transition tables cannot be specified for triggers with more than one event");
        }
        if !create.columns.is_empty() {
            return unsupported("transition tables cannot be specified for triggers with column lists");
        }
        let (fits, place, word, which) = match transition.new {
            true => (events.insert || events.update, &mut row.tgnewtable, "NEW", "an INSERT"),
            false => (events.delete || events.update, &mut row.tgoldtable, "OLD", "a DELETE"),
        };
        if !fits {
            let text = format!("{word} TABLE can only be specified for {which} or UPDATE trigger");
            return Err(invalid(text));
        }
        if place.is_some() {
            return Err(invalid(format!("{word} TABLE cannot be specified multiple times")));
        }
        *place = Some(transition.name.to_string().into());
    }
    if row.tgoldtable.is_some() && row.tgoldtable == row.tgnewtable {
        return Err(invalid("OLD TABLE name and NEW TABLE name cannot be the same"));
    }
    Ok(())
}

/// Why a condition may not look at a column.
fn unseen(row: &PgTrigger, relation: &Relation, var: &analyzer::query::Var) -> Option<Error> {
    if !row.is_for_rows() {
        return Some(invalid("statement trigger's WHEN condition cannot reference column values"));
    }
    let old = var.version == RowVersion::Old;
    if old && row.tgtype & bits::INSERT != 0 {
        return Some(invalid("INSERT trigger's WHEN condition cannot reference OLD values"));
    }
    if !old && row.tgtype & bits::DELETE != 0 {
        return Some(invalid("DELETE trigger's WHEN condition cannot reference NEW values"));
    }
    if old || row.timing() != Timing::Before {
        return None;
    }
    if var.column < 0 {
        let text = "BEFORE trigger's WHEN condition cannot reference NEW system columns";
        return Some(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text));
    }
    let text = "BEFORE trigger's WHEN condition cannot reference NEW generated columns";
    let refuse = |detail: String| Some(invalid(text).detail(detail));
    if var.column == 0 && relation.live_columns().any(|column| column.attgenerated != 0) {
        return refuse("A whole-row reference is used and the table contains generated columns.".into());
    }
    match relation.column(var.column).filter(|column| column.attgenerated != 0) {
        Some(column) => refuse(format!("Column \"{}\" is a generated column.", column.attname)),
        None => None,
    }
}

/// Refuses a condition that looks at what it may not.
fn check_condition(context: &Context<'_>, row: &PgTrigger, relation: &Relation, condition: &Expr) -> Result<()> {
    let mut failed = None;
    condition.walk(|expr, _| {
        if let ExprKind::Var(var) = &expr.kind {
            failed = unseen(row, relation, var).map(|error| (error, expr.location));
        }
        Next::until(failed.is_some())
    });
    match failed {
        None => Ok(()),
        Some((error, location)) => {
            let before = context.text.get(..location as usize);
            Err(match before {
                Some(before) => error.position(before.chars().count() as u32 + 1),
                None => error,
            })
        }
    }
}

/// The function that shall be called.
fn function(context: &Context<'_>, create: &CreateTrigger) -> Result<Entry<PgProc>> {
    let catalog = context.catalog();
    let name = &create.function;
    let shown = {
        let parts = name.qualifiers.iter().chain([&name.name]).map(|part| part.to_string());
        parts.collect::<Vec<_>>().join(".")
    };
    let signature = parser::ast::FunctionSignature { name: name.clone(), parameters: Some(Vec::new()) };
    let found = crate::function::lookup::require(context, parser::ast::ObjectKind::Function, &signature)?;
    let _ = &shown;
    catalog.require_privileges(Privileged::Function, found.oid, Privileges::EXECUTE)?;
    if found.prorettype != oid::TRIGGER {
        return Err(invalid(format!("function {shown} must return type trigger")));
    }
    Ok(found)
}

/// UPDATE OF
fn columns(create: &CreateTrigger, relation: &Relation) -> Result<Int2Vector> {
    let mut numbers = Vec::new();
    for name in &create.columns {
        let Some(column) = relation.column_by_name(name) else {
            let text = format!("column \"{name}\" of relation \"{}\" does not exist", relation.name());
            return Err(Error::new(SqlState::UNDEFINED_COLUMN, text));
        };
        if numbers.contains(&column.attnum) {
            let text = format!("column \"{name}\" specified more than once");
            return Err(Error::new(SqlState::DUPLICATE_COLUMN, text));
        }
        numbers.push(column.attnum);
    }
    Ok(Int2Vector(numbers))
}

/// Makes a trigger, or changes the one of its name, and those of the partitions. `parent` is the partitioned table's trigger of which
/// this one is a copy.
fn make(
    context: &Context<'_>,
    relation: &Relation,
    mut row: PgTrigger,
    needs: &[Object],
    constraint: bool,
    replace: bool,
    parent: Option<Oid>,
) -> Result<()> {
    let catalog = context.catalog();
    if row.is_for_rows()
        && (row.tgoldtable.is_some() || row.tgnewtable.is_some())
        && !catalog.parents(relation.oid)?.is_empty()
    {
        let text = "ROW triggers with transition tables are not supported on inheritance children";
        return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text));
    }
    let existing = relation.triggers.iter().find(|other| other.tgname == row.tgname);
    if let Some(existing) = existing {
        let refuse = |state: SqlState, text: &str| {
            let text = format!("trigger \"{}\" for relation \"{}\" {text}", row.tgname, relation.name());
            Err(Error::new(state, text))
        };
        if !replace {
            return refuse(SqlState::DUPLICATE_OBJECT, "already exists");
        }
        if existing.tgisinternal || existing.tgparentid.is_valid() && parent.is_none() {
            return refuse(SqlState::DUPLICATE_OBJECT, "is an internal or a child trigger");
        }
        if existing.tgconstraint.is_valid() {
            return refuse(SqlState::DUPLICATE_OBJECT, "is a constraint trigger");
        }
        row.oid = existing.oid;
    } else {
        row.oid = catalog.new_oid::<PgTrigger>(index::PG_TRIGGER_OID_INDEX)?;
    }
    let this = Object::of::<PgTrigger>(row.oid);
    if constraint {
        row.tgconstraint = catalog.create_constraint(&NewConstraint {
            row: PgConstraint {
                conname: row.tgname.clone(),
                connamespace: relation.class.relnamespace,
                contype: b't',
                condeferrable: row.tgdeferrable,
                condeferred: row.tginitdeferred,
                conenforced: true,
                convalidated: true,
                conrelid: relation.oid,
                conislocal: true,
                connoinherit: true,
                ..Default::default()
            },
            objects: Vec::new(),
        })?;
    }
    row.tgparentid = parent.unwrap_or_default();
    match existing {
        Some(_) => {
            let new = row.clone();
            catalog.forget_dependencies(this, None, None)?;
            catalog.change::<PgTrigger>(index::PG_TRIGGER_OID_INDEX, &[row.oid.into()], |old| {
                let enabled = old.tgenabled;
                *old = PgTrigger { tgenabled: enabled, ..new };
            })?;
        }
        None => catalog.insert(&row)?,
    }
    // A copy in a partition goes with its parent's; one that was made for the table goes with the table.
    if let Some(parent) = parent {
        catalog.record_dependency(this, Object::of::<PgTrigger>(parent), Dependency::PartitionPrimary)?;
        catalog.record_dependency(this, Object::relation(relation.oid), Dependency::PartitionSecondary)?;
    } else if constraint {
        catalog.record_dependency(this, Object::of::<PgConstraint>(row.tgconstraint), Dependency::Internal)?;
    } else {
        catalog.record_dependency(this, Object::relation(relation.oid), Dependency::Auto)?;
    }
    if row.tgconstrrelid.is_valid() {
        catalog.record_dependency(this, Object::relation(row.tgconstrrelid), Dependency::Auto)?;
    }
    let columns: Vec<Object> = row.tgattr.iter().map(|&number| Object::column(relation.oid, number)).collect();
    catalog.record_dependencies(this, &columns, Dependency::Normal)?;
    catalog.record_dependencies(this, needs, Dependency::Normal)?;
    // The class's row changes in any case: sessions read the table's triggers anew.
    catalog.alter_class(relation.oid, |class| class.relhastriggers = true)?;
    catalog.next_command()?;
    if relation.kind() == kind::PARTITIONED_TABLE && row.is_for_rows() {
        for partition in catalog.children(relation.oid)? {
            executor::lock_relation(context.session, partition, 6)?;
            hand_down(context, relation, &row, partition, replace)?;
        }
    }
    Ok(())
}

/// The trigger of a deferrable unique constraint.
pub(crate) fn recheck_keys(context: &Context<'_>, constraint: &PgConstraint) -> Result<()> {
    let catalog = context.catalog();
    let oid = catalog.new_oid::<PgTrigger>(index::PG_TRIGGER_OID_INDEX)?;
    let prefix = if constraint.contype == b'p' { "PK" } else { "Unique" };
    catalog.insert(&PgTrigger {
        oid,
        tgrelid: constraint.conrelid,
        tgname: format!("{prefix}_ConstraintTrigger_{oid}").into(),
        tgfoid: catalog::trigger::UNIQUE_KEY_RECHECK,
        tgtype: bits::ROW | bits::INSERT | bits::UPDATE,
        tgenabled: b'O',
        tgisinternal: true,
        tgconstrindid: constraint.conindid,
        tgconstraint: constraint.oid,
        tgdeferrable: true,
        tginitdeferred: constraint.condeferred,
        ..Default::default()
    })?;
    let owner = Object::of::<PgConstraint>(constraint.oid);
    catalog.record_dependency(Object::of::<PgTrigger>(oid), owner, Dependency::Internal)?;
    catalog.alter_class(constraint.conrelid, |class| class.relhastriggers = true)?;
    catalog.next_command()
}

/// Gives a partition a copy of its parent's trigger.
fn hand_down(context: &Context<'_>, parent: &Relation, above: &PgTrigger, partition: Oid, replace: bool) -> Result<()> {
    let catalog = context.catalog();
    let child = catalog.relation(partition)?;
    if child.kind() == kind::FOREIGN_TABLE && above.tgconstraint.is_valid() {
        return Err(wrong_type(&child, "a foreign table", "Foreign tables cannot have constraint triggers."));
    }
    let number = |name: &str| child.column_by_name(name).map(|column| column.attnum);
    let condition = match &above.tgqual {
        Some(text) => {
            let condition = expression::read(context, text)?;
            Some(expression::transplant(context, &condition, parent, &number)?)
        }
        None => None,
    };
    let moved = above.tgattr.iter().map(|&at| {
        let name = parent.column(at).map_or("", |column| &column.attname);
        number(name).ok_or_else(|| Error::internal(format!("column {name} has no counterpart")))
    });
    let mut row = PgTrigger {
        oid: Oid::INVALID,
        tgrelid: partition,
        tgconstraint: Oid::INVALID,
        tgattr: Int2Vector(moved.collect::<Result<_>>()?),
        tgqual: condition.as_ref().map(|condition| condition.text.clone().into()),
        ..above.clone()
    };
    row.tgenabled = above.tgenabled;
    let mut needs = condition.map_or_else(Vec::new, |condition| {
        condition.columns.iter().map(|&number| Object::column(partition, number)).chain(condition.objects).collect()
    });
    needs.push(Object::of::<PgProc>(above.tgfoid));
    make(context, &child, row, &needs, above.tgconstraint.is_valid(), replace, Some(above.oid))
}

/// Gives a table that became a partition the row triggers of its parent.
pub(crate) fn adopt(context: &Context<'_>, parent: &Relation, table: Oid) -> Result<()> {
    for trigger in parent.triggers.iter().filter(|trigger| trigger.is_for_rows() && !trigger.tgisinternal) {
        // What is fired before a row is there could send it elsewhere, what looks at transition tables cannot be copied: neither is
        // on a partitioned table.
        hand_down(context, parent, trigger, table, false)?;
    }
    Ok(())
}

/// A table below others cannot have triggers for rows that look at transition tables: whose rows would these be?
pub(crate) fn check_child(table: &Relation, becomes: &str, detail: &str) -> Result<()> {
    let with_tables =
        |trigger: &&PgTrigger| trigger.is_for_rows() && (trigger.tgoldtable.is_some() || trigger.tgnewtable.is_some());
    match table.triggers.iter().find(with_tables) {
        None => Ok(()),
        Some(trigger) => {
            let text =
                format!("trigger \"{}\" prevents table \"{}\" from becoming {becomes}", trigger.tgname, table.name());
            Err(Error::new(SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE, text).detail(detail))
        }
    }
}

/// A table that is no partition any more loses the copies of its parent's triggers.
pub(crate) fn release(context: &Context<'_>, table: &Relation) -> Result<()> {
    let catalog = context.catalog();
    let copied = |trigger: &&PgTrigger| trigger.tgparentid.is_valid() && !trigger.is_of_foreign_key();
    for trigger in table.triggers.iter().filter(copied) {
        let this = Object::of::<PgTrigger>(trigger.oid);
        let above = Object::of::<PgTrigger>(trigger.tgparentid);
        catalog.forget_dependency(this, above, Dependency::PartitionPrimary)?;
        catalog.forget_dependency(this, Object::relation(table.oid), Dependency::PartitionSecondary)?;
        catalog.next_command()?;
        let whole = match trigger.tgconstraint.is_valid() {
            true => Object::of::<PgConstraint>(trigger.tgconstraint),
            false => this,
        };
        catalog.drop_internal(whole)?;
        if trigger.tgconstraint.is_valid() && catalog.find_trigger(trigger.oid)?.is_some() {
            catalog.drop_internal(this)?;
        }
    }
    Ok(())
}
