//! Foreign keys: making them, and the checks that their triggers stand for.
//!
//! A foreign key is a row of `pg_constraint` and four internal triggers, as in PostgreSQL: two on the referencing table (INSERT, UPDATE) and
//! two on the referenced one (DELETE, UPDATE). Fired, a trigger runs a statement of SQL made from the constraint: the look-ups
//! lock what they find `FOR KEY SHARE`, so a key cannot go while a row that needs it is not committed yet.

use std::fmt::Write;
use std::sync::Arc;

use batch::Datum;
use catalog::format::quote_identifier;
use catalog::objects::BTREE;
use catalog::relation::kind;
use catalog::rows::{PgClass, PgConstraint, PgTrigger};
use catalog::trigger::{bits as event, foreign_key as function};
use catalog::{Dependency, NewConstraint, Object, Relation, index};
use error::{Error, Result, SqlState};
use executor::{Execution, Options};
use ids::Oid;
use parser::ast::{self, Constraint, MatchType, ReferentialAction};

use crate::Context;

fn letter(action: ReferentialAction) -> u8 {
    match action {
        ReferentialAction::NoAction => b'a',
        ReferentialAction::Restrict => b'r',
        ReferentialAction::Cascade => b'c',
        ReferentialAction::SetNull => b'n',
        ReferentialAction::SetDefault => b'd',
    }
}

/// Adds a foreign key to a table.
pub(crate) fn add(
    context: &Context<'_>,
    table: Oid,
    constraint: &Constraint,
    key: &ast::ForeignKey,
    column: Option<i16>,
) -> Result<()> {
    if key.period || key.referenced_period {
        return Err(Error::not_implemented("foreign keys with PERIOD"));
    }
    if !key.set_columns.is_empty() {
        return Err(Error::not_implemented("ON DELETE SET NULL with columns"));
    }
    let catalog = context.catalog();
    let relation = catalog.relation(table)?;
    let referenced = context.open(&key.table, 6)?;
    if !matches!(referenced.kind(), kind::TABLE | kind::PARTITIONED_TABLE) {
        let text = format!("referenced relation \"{}\" is not a table", referenced.name());
        return Err(Error::new(SqlState::WRONG_OBJECT_TYPE, text));
    }
    catalog.require_privileges(
        catalog::privileges::ObjectKind::Relation,
        referenced.oid,
        catalog::acl::Privileges::REFERENCES,
    )?;
    let numbers = |relation: &Relation, names: &[ast::Name]| {
        names
            .iter()
            .map(|name| {
                relation.column_by_name(name).map(|column| column.attnum).ok_or_else(|| {
                    let text = format!("column \"{name}\" referenced in foreign key constraint does not exist");
                    Error::new(SqlState::UNDEFINED_COLUMN, text)
                })
            })
            .collect::<Result<Vec<i16>>>()
    };
    let columns = match column {
        Some(number) => vec![number],
        None => numbers(&relation, &key.columns)?,
    };
    let primary = key.referenced.is_empty();
    let mut wanted = numbers(&referenced, &key.referenced)?;
    let mut found = None;
    for &oid in &referenced.indexes {
        let index = catalog.relation(oid)?;
        let Some(row) = &index.index else { continue };
        let keys = &row.indkey[..row.indnkeyatts as usize];
        if primary && row.indisprimary {
            wanted = keys.to_vec();
            found = Some(oid);
        } else if !primary
            && row.indisunique
            && row.indimmediate
            && row.indpred.is_none()
            && keys.len() == wanted.len()
            && wanted.iter().all(|number| keys.contains(number))
        {
            found = Some(oid);
        }
    }
    if primary && found.is_none() {
        let text = format!("there is no primary key for referenced table \"{}\"", referenced.name());
        return Err(Error::new(SqlState::UNDEFINED_OBJECT, text));
    }
    if columns.len() != wanted.len() {
        let text = "number of referencing and referenced columns for foreign key disagree";
        return Err(Error::new(SqlState::INVALID_FOREIGN_KEY, text));
    }
    let cannot_wait = |text: &str| {
        let text = format!("cannot use a deferrable {text} for referenced table \"{}\"", referenced.name());
        Err(Error::new(SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE, text))
    };
    if let Some(index) = found.filter(|_| primary)
        && catalog.relation(index)?.index.as_ref().is_some_and(|row| !row.indimmediate)
    {
        return cannot_wait("primary key");
    }
    let deferrable = |oid: &Oid| -> Result<bool> {
        let index = catalog.relation(*oid)?;
        Ok(index.index.as_ref().is_some_and(|row| {
            let keys = &row.indkey[..row.indnkeyatts as usize];
            row.indisunique
                && !row.indimmediate
                && keys.len() == wanted.len()
                && wanted.iter().all(|number| keys.contains(number))
        }))
    };
    if found.is_none() {
        for oid in &referenced.indexes {
            if deferrable(oid)? {
                return cannot_wait("unique constraint");
            }
        }
    }
    let Some(index) = found else {
        let text =
            format!("there is no unique constraint matching given keys for referenced table \"{}\"", referenced.name());
        return Err(Error::new(SqlState::INVALID_FOREIGN_KEY, text));
    };
    let names: Vec<String> = columns.iter().map(|&n| column_name(&relation, n)).collect();
    let name = match &constraint.name {
        Some(name) => name.to_string(),
        None => {
            catalog.choose_name(relation.class.relnamespace, relation.name(), &names.join("_"), "fkey", &|_| false)?
        }
    };
    let mut equal = [Vec::new(), Vec::new(), Vec::new()];
    for (&from, &to) in columns.iter().zip(&wanted) {
        check_collations(context, &name, (&relation, from), (&referenced, to))?;
        let (from, to) = (column_type(&relation, from), column_type(&referenced, to));
        let family = catalog.default_opclass(BTREE, to)?.map(|class| catalog.opclass(class)).transpose()?;
        let missing = || {
            let text = format!("foreign key constraint \"{name}\" cannot be implemented");
            Error::new(SqlState::DATATYPE_MISMATCH, text).detail("Key columns are of incompatible types.")
        };
        let family = family.ok_or_else(missing)?;
        // Both sides as the operator class's own type, where they are coerced to it without change.
        let operator = |left: Oid, right: Oid| -> Result<Oid> {
            if let Some(operator) = catalog.family_operator(family.opcfamily, left, right, 3)? {
                return Ok(operator);
            }
            let input = family.opcintype;
            let fits = |ty: Oid| Ok::<bool, Error>(ty == input || catalog.is_binary_coercible(ty, input)?);
            if fits(left)?
                && fits(right)?
                && let Some(operator) = catalog.family_operator(family.opcfamily, input, input, 3)?
            {
                return Ok(operator);
            }
            Err(missing())
        };
        equal[0].push(operator(to, from)?);
        equal[1].push(operator(to, to)?);
        equal[2].push(operator(from, from)?);
    }
    let [pf, pp, ff] = equal;
    let row = PgConstraint {
        conname: name.into(),
        connamespace: relation.class.relnamespace,
        contype: b'f',
        condeferrable: constraint.attributes.deferrable == Some(true)
            || constraint.attributes.initially_deferred == Some(true),
        condeferred: constraint.attributes.initially_deferred == Some(true),
        conenforced: true,
        convalidated: !constraint.attributes.not_valid,
        conrelid: table,
        conindid: index,
        confrelid: referenced.oid,
        confupdtype: letter(key.on_update),
        confdeltype: letter(key.on_delete),
        confmatchtype: if key.matching == MatchType::Full { b'f' } else { b's' },
        conislocal: true,
        connoinherit: true,
        conkey: Some(columns),
        confkey: Some(wanted),
        conpfeqop: Some(pf),
        conppeqop: Some(pp),
        conffeqop: Some(ff),
        ..Default::default()
    };
    let enforced = constraint.attributes.enforced != Some(false);
    let row = PgConstraint {
        conenforced: enforced,
        convalidated: row.convalidated && enforced,
        connoinherit: relation.kind() != kind::PARTITIONED_TABLE,
        ..row
    };
    check_persistence(&relation, &referenced)?;
    check_columns(&relation, &row)?;
    let oid = catalog.create_constraint(&NewConstraint { row: row.clone(), objects: Vec::new() })?;
    let row = PgConstraint { oid, ..row };
    if enforced {
        let members =
            crate::inherit::tree(context, referenced.oid, if referenced.kind() == kind::TABLE { 0 } else { 6 })?;
        let members = if referenced.kind() == kind::TABLE { vec![referenced.oid] } else { members };
        for member in members {
            create_triggers(context, &row, &[(member, Side::Referenced)])?;
        }
        create_triggers(context, &row, &[(table, Side::Referencing)])?;
    }
    if row.convalidated {
        validate(context, &row)?;
    }
    if relation.kind() == kind::PARTITIONED_TABLE {
        for partition in catalog.children(table)? {
            executor::lock_relation(context.session, partition, 8)?;
            hand_down(context, &row, partition)?;
        }
    }
    Ok(())
}

/// Which side of a foreign key a table is on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Referencing,
    Referenced,
}

/// Rows that outlive others cannot refer to them.
fn check_persistence(relation: &Relation, referenced: &Relation) -> Result<()> {
    let refuse = |text: &str| Err(Error::new(SqlState::INVALID_TABLE_DEFINITION, text));
    match (relation.class.relpersistence, referenced.class.relpersistence) {
        (b'p', b'u' | b't') => refuse("constraints on permanent tables may reference only permanent tables"),
        (b'u', b't') => refuse("constraints on unlogged tables may reference only permanent or unlogged tables"),
        (b't', b'p' | b'u') => refuse("constraints on temporary tables may reference only temporary tables"),
        _ => Ok(()),
    }
}

/// What a foreign key would do to generated columns must be possible.
fn check_columns(relation: &Relation, row: &PgConstraint) -> Result<()> {
    for &number in row.conkey.iter().flatten() {
        let Some(column) = relation.column(number).filter(|column| column.attgenerated != 0) else { continue };
        let invalid = |clause: &str| {
            let text = format!("invalid {clause} action for foreign key constraint containing generated column");
            Err(Error::new(SqlState::SYNTAX_ERROR, text))
        };
        if column.attgenerated == b'v' {
            let text = "foreign key constraints on virtual generated columns are not supported";
            return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text));
        }
        if matches!(row.confupdtype, b'n' | b'd' | b'c') {
            return invalid("ON UPDATE");
        }
        if matches!(row.confdeltype, b'n' | b'd') {
            return invalid("ON DELETE");
        }
    }
    Ok(())
}

/// Gives a partition the foreign key of its parent.
fn hand_down(context: &Context<'_>, above: &PgConstraint, partition: Oid) -> Result<()> {
    let catalog = context.catalog();
    let (parent, child) = (catalog.relation(above.conrelid)?, catalog.relation(partition)?);
    let number = |number: i16| -> Result<i16> {
        let name = column_name(&parent, number);
        let column = child.column_by_name(&name).map(|column| column.attnum);
        column.ok_or_else(|| Error::internal(format!("column {name} has no counterpart")))
    };
    let keys = above.conkey.iter().flatten().map(|&n| number(n)).collect::<Result<Vec<i16>>>()?;
    // One that the partition has already becomes part of the parent's.
    let same = |own: &&PgConstraint| {
        own.contype == b'f'
            && !own.conparentid.is_valid()
            && own.confrelid == above.confrelid
            && own.conkey.as_ref() == Some(&keys)
            && own.confkey == above.confkey
            && (own.confupdtype, own.confdeltype, own.confmatchtype)
                == (above.confupdtype, above.confdeltype, above.confmatchtype)
            && (own.condeferrable, own.condeferred) == (above.condeferrable, above.condeferred)
            && own.conenforced == above.conenforced
    };
    let row = match child.constraints.iter().find(same) {
        Some(own) => own.clone(),
        None => {
            let taken = |name: &str| child.constraints.iter().any(|other| other.conname == *name);
            let name = match taken(&above.conname) {
                false => above.conname.to_string(),
                true => {
                    let names: Vec<String> = keys.iter().map(|&n| column_name(&child, n)).collect();
                    let schema = child.class.relnamespace;
                    catalog.choose_name(schema, child.name(), &names.join("_"), "fkey", &|_| false)?
                }
            };
            let row = PgConstraint {
                oid: Oid::INVALID,
                conname: name.into(),
                connamespace: child.class.relnamespace,
                conrelid: partition,
                conkey: Some(keys),
                ..above.clone()
            };
            let oid = catalog.create_constraint(&NewConstraint { row: row.clone(), objects: Vec::new() })?;
            let row = PgConstraint { oid, ..row };
            if row.conenforced {
                create_triggers(context, &row, &[(partition, Side::Referencing)])?;
            }
            if row.convalidated {
                validate(context, &row)?;
            }
            row
        }
    };
    crate::constraint::set_parent(context, row.oid, above.oid, partition)?;
    if child.kind() == kind::PARTITIONED_TABLE {
        for below in catalog.children(partition)? {
            executor::lock_relation(context.session, below, 8)?;
            hand_down(context, &row, below)?;
        }
    }
    Ok(())
}

/// Gives a table that became a partition the foreign keys of its parent, and the triggers of those that refer to it.
pub(crate) fn adopt(context: &Context<'_>, parent: &Relation, table: Oid) -> Result<()> {
    let catalog = context.catalog();
    for constraint in parent.constraints.iter().filter(|constraint| constraint.contype == b'f') {
        hand_down(context, constraint, table)?;
    }
    for constraint in referring(context, parent.oid)? {
        for member in crate::inherit::tree(context, table, 6)? {
            create_triggers(context, &constraint, &[(member, Side::Referenced)])?;
        }
    }
    catalog.next_command()
}

/// The foreign keys that refer to a table or, if it is a partition, to one above it.
fn referring(context: &Context<'_>, table: Oid) -> Result<Vec<PgConstraint>> {
    let catalog = context.catalog();
    let relation = catalog.relation(table)?;
    let mut found: Vec<PgConstraint> = Vec::new();
    for trigger in &relation.triggers {
        if !trigger.is_of_foreign_key() || found.iter().any(|row| row.oid == trigger.tgconstraint) {
            continue;
        }
        let row = catalog.constraint(trigger.tgconstraint)?;
        if !matches!(trigger.tgfoid.0, function::CHECK_INSERT | function::CHECK_UPDATE) {
            found.push(PgConstraint::clone(&row));
        }
    }
    Ok(found)
}

/// A partition that leaves takes its rows with it: none may be referred to.
pub(crate) fn before_detach(context: &Context<'_>, parent: &Relation, table: &Relation) -> Result<()> {
    let catalog = context.catalog();
    for constraint in referring(context, parent.oid)? {
        let parts = Parts::of(
            context,
            &PgConstraint {
                confrelid: table.oid,
                confkey: moved_key(context, &constraint, table)?,
                ..constraint.clone()
            },
        )?;
        let condition: Vec<String> = parts.columns[1]
            .iter()
            .zip(&parts.columns[0])
            .zip(&parts.operators)
            .map(|((to, from), operator)| format!("p.{} {operator} f.{}", quote_identifier(to), quote_identifier(from)))
            .collect();
        let text = format!(
            "SELECT {} FROM {} f JOIN {} p ON {} LIMIT 1",
            parts.columns[0]
                .iter()
                .map(|column| format!("f.{}", quote_identifier(column)))
                .collect::<Vec<_>>()
                .join(", "),
            parts.tables[0],
            parts.tables[1],
            condition.join(" AND ")
        );
        let mut failing = None;
        run(context, constraint.conrelid, &text, &[], Vec::new(), |values| failing = Some(values))?;
        if let Some(values) = failing {
            let text = format!(
                "removing partition \"{}\" violates foreign key constraint \"{}\"",
                table.name(),
                constraint.conname
            );
            let key = parts.key(context, 0, &values)?;
            let detail = format!("Key {key} is still referenced from table \"{}\".", parts.names[0]);
            return Err(parts.complete(Error::new(SqlState::FOREIGN_KEY_VIOLATION, text).detail(detail), &constraint));
        }
        for member in crate::inherit::tree(context, table.oid, 8)? {
            for trigger in catalog.relation(member)?.triggers.iter().filter(|t| t.tgconstraint == constraint.oid) {
                catalog.drop_internal(Object::of::<PgTrigger>(trigger.oid))?;
            }
        }
    }
    Ok(())
}

/// Makes the foreign key of a table that is no partition any more its own.
pub(crate) fn release(context: &Context<'_>, row: &PgConstraint) -> Result<()> {
    let catalog = context.catalog();
    let this = Object::of::<PgConstraint>(row.oid);
    let above = Object::of::<PgConstraint>(row.conparentid);
    catalog.forget_dependency(this, above, Dependency::PartitionPrimary)?;
    catalog.forget_dependency(this, Object::relation(row.conrelid), Dependency::PartitionSecondary)?;
    catalog.change::<PgConstraint>(index::PG_CONSTRAINT_OID_INDEX, &[row.oid.into()], |row| {
        row.conparentid = Oid::INVALID;
        row.coninhcount = 0;
        row.conislocal = true;
    })?;
    let own = PgConstraint { conparentid: Oid::INVALID, ..row.clone() };
    if own.conenforced {
        let referenced = catalog.relation(own.confrelid)?;
        let members = match referenced.kind() {
            kind::PARTITIONED_TABLE => crate::inherit::tree(context, own.confrelid, 6)?,
            _ => vec![own.confrelid],
        };
        for member in members {
            create_triggers(context, &own, &[(member, Side::Referenced)])?;
        }
    }
    catalog.next_command()
}

/// The referenced columns' numbers in a partition of the referenced table.
fn moved_key(context: &Context<'_>, row: &PgConstraint, table: &Relation) -> Result<Option<Vec<i16>>> {
    if table.oid == row.confrelid {
        return Ok(row.confkey.clone());
    }
    let above = context.catalog().relation(row.confrelid)?;
    let number = |&number: &i16| {
        let name = column_name(&above, number);
        let column = table.column_by_name(&name).map(|column| column.attnum);
        column.ok_or_else(|| Error::internal(format!("column {name} has no counterpart")))
    };
    row.confkey.iter().flatten().map(number).collect::<Result<Vec<i16>>>().map(Some)
}

/// Whether the trigger with this function may wait for the end of the transaction.
pub(crate) fn can_wait(function: Oid) -> bool {
    use function::*;
    matches!(function.0, CHECK_INSERT | CHECK_UPDATE | NO_ACTION_DELETE | NO_ACTION_UPDATE)
}

fn column_name(relation: &Relation, number: i16) -> String {
    relation.column(number).map_or_else(String::new, |column| column.attname.to_string())
}

/// Columns whose equality is more than that of bytes must have the same: else what one side finds equal differs from what the other finds.
fn check_collations(
    context: &Context<'_>,
    name: &str,
    (relation, from): (&Relation, i16),
    (referenced, to): (&Relation, i16),
) -> Result<()> {
    let (Some(from), Some(to)) = (relation.column(from), referenced.column(to)) else { return Ok(()) };
    let (ours, theirs) = (from.attcollation, to.attcollation);
    let env = context.session.env();
    let weak = |collation: Oid| types::text::resolve_weak(collation, env).map(|weak| weak.is_some());
    if ours == theirs || !ours.is_valid() || !theirs.is_valid() || !weak(ours)? && !weak(theirs)? {
        return Ok(());
    }
    let called = |collation: Oid| context.catalog().collation(collation).map(|row| row.collname.to_string());
    let text = format!("foreign key constraint \"{name}\" cannot be implemented");
    Err(Error::new(SqlState::COLLATION_MISMATCH, text).detail(format!(
        "Key columns \"{}\" of the referencing table and \"{}\" of the referenced table have incompatible collations: \"{}\" and \"{}\".  \
         If either collation is nondeterministic, then both collations have to be the same.",
        from.attname,
        to.attname,
        called(ours)?,
        called(theirs)?
    )))
}

fn column_type(relation: &Relation, number: i16) -> Oid {
    relation.column(number).map_or(Oid::INVALID, |column| column.atttypid)
}

/// Makes the two triggers that a foreign key has on each of these tables.
fn create_triggers(context: &Context<'_>, row: &PgConstraint, tables: &[(Oid, Side)]) -> Result<()> {
    use function::*;
    let catalog = context.catalog();
    let on_delete = match row.confdeltype {
        b'r' => RESTRICT_DELETE,
        b'c' => CASCADE_DELETE,
        b'n' => SET_NULL_DELETE,
        b'd' => SET_DEFAULT_DELETE,
        _ => NO_ACTION_DELETE,
    };
    let on_update = match row.confupdtype {
        b'r' => RESTRICT_UPDATE,
        b'c' => CASCADE_UPDATE,
        b'n' => SET_NULL_UPDATE,
        b'd' => SET_DEFAULT_UPDATE,
        _ => NO_ACTION_UPDATE,
    };
    let triggers = tables.iter().flat_map(|&(table, side)| match side {
        Side::Referenced => {
            [(table, row.conrelid, 'a', on_delete, event::DELETE), (table, row.conrelid, 'a', on_update, event::UPDATE)]
        }
        Side::Referencing => [
            (table, row.confrelid, 'c', CHECK_INSERT, event::INSERT),
            (table, row.confrelid, 'c', CHECK_UPDATE, event::UPDATE),
        ],
    });
    for (table, other, side, function, on) in triggers {
        let oid = catalog.new_oid::<PgTrigger>(index::PG_TRIGGER_OID_INDEX)?;
        // Only NO ACTION and the checks can wait for the end of the transaction.
        let can_wait = can_wait(Oid(function));
        catalog.insert(&PgTrigger {
            oid,
            tgrelid: table,
            tgname: format!("RI_ConstraintTrigger_{side}_{oid}").into(),
            tgfoid: Oid(function),
            tgtype: event::ROW | on,
            tgenabled: b'O',
            tgisinternal: true,
            tgconstrrelid: other,
            tgconstrindid: row.conindid,
            tgconstraint: row.oid,
            tgdeferrable: row.condeferrable && can_wait,
            tginitdeferred: row.condeferred && can_wait,
            ..Default::default()
        })?;
        catalog.record_dependency(
            Object::of::<PgTrigger>(oid),
            Object::of::<PgConstraint>(row.oid),
            Dependency::Internal,
        )?;
        if !catalog.relation(table)?.class.relhastriggers {
            catalog
                .change::<PgClass>(index::PG_CLASS_OID_INDEX, &[table.into()], |class| class.relhastriggers = true)?;
        }
        catalog.next_command()?;
    }
    Ok(())
}

/// Names and operators of a constraint, as its statements need them.
struct Parts {
    /// Both tables, qualified and quoted, with ONLY unless they are partitioned: referencing, referenced.
    tables: [String; 2],
    /// Their names as messages show them.
    names: [String; 2],
    /// The referencing table's schema.
    schema: String,
    columns: [Vec<String>; 2],
    types: [Vec<Oid>; 2],
    operators: Vec<String>,
    /// `COLLATE …` for a comparison of both sides; empty where they agree.
    collations: Vec<String>,
}

impl Parts {
    fn of(context: &Context<'_>, row: &PgConstraint) -> Result<Parts> {
        let catalog = context.catalog();
        let (from, to) = (catalog.relation(row.conrelid)?, catalog.relation(row.confrelid)?);
        let keys = [row.conkey.clone().unwrap_or_default(), row.confkey.clone().unwrap_or_default()];
        let qualified = |relation: &Relation| {
            let schema = catalog.schema_name(relation.class.relnamespace)?.unwrap_or_default();
            let only = if relation.kind() == kind::PARTITIONED_TABLE { "" } else { "ONLY " };
            Ok::<String, Error>(format!("{only}{}.{}", quote_identifier(&schema), quote_identifier(relation.name())))
        };
        let operators = row.conpfeqop.iter().flatten().map(|&operator| {
            let operator = catalog.operator(operator)?;
            let schema = catalog.schema_name(operator.oprnamespace)?.unwrap_or_default();
            Ok(format!("OPERATOR({}.{})", quote_identifier(&schema), operator.oprname))
        });
        let names = |relation: &Relation, key: &[i16]| {
            key.iter().map(|&number| column_name(relation, number)).collect::<Vec<_>>()
        };
        let types = |relation: &Relation, key: &[i16]| {
            key.iter().map(|&number| column_type(relation, number)).collect::<Vec<_>>()
        };
        // Where both sides have others, the referenced column's.
        let collation = |(&from_key, &to_key): (&i16, &i16)| {
            let of = |relation: &Relation, number| relation.column(number).map_or(Oid::INVALID, |c| c.attcollation);
            let (ours, theirs) = (of(&from, from_key), of(&to, to_key));
            if ours == theirs || !ours.is_valid() || !theirs.is_valid() {
                return Ok(String::new());
            }
            let row = catalog.collation(theirs)?;
            let schema = catalog.schema_name(row.collnamespace)?.unwrap_or_default();
            Ok::<String, Error>(format!(" COLLATE {}.{}", quote_identifier(&schema), quote_identifier(&row.collname)))
        };
        Ok(Parts {
            tables: [qualified(&from)?, qualified(&to)?],
            names: [from.name().to_string(), to.name().to_string()],
            schema: catalog.schema_name(from.class.relnamespace)?.unwrap_or_default(),
            operators: operators.collect::<Result<_>>()?,
            columns: [names(&from, &keys[0]), names(&to, &keys[1])],
            types: [types(&from, &keys[0]), types(&to, &keys[1])],
            collations: keys[0].iter().zip(&keys[1]).map(collation).collect::<Result<_>>()?,
        })
    }

    /// `(a, b)=(1, 2)`
    fn key(&self, context: &Context<'_>, side: usize, values: &[Datum]) -> Result<String> {
        let mut shown = Vec::new();
        for (value, &ty) in values.iter().zip(&self.types[side]) {
            if value.is_null() {
                shown.push("null".to_string());
                continue;
            }
            let mut text = Vec::new();
            types::output(ty, value.as_ref(), context.session.env(), &mut text)?;
            shown.push(String::from_utf8_lossy(&text).into_owned());
        }
        Ok(format!("({})=({})", self.columns[side].join(", "), shown.join(", ")))
    }

    /// An error with the names of table and constraint in its fields.
    fn complete(&self, error: Error, row: &PgConstraint) -> Error {
        error.schema(self.schema.as_str()).table(self.names[0].as_str()).constraint(row.conname.as_ref())
    }

    /// `Key (a, b)=(1, 2)`, or only `Key` for who may not see the rows of that side.
    fn key_shown(&self, context: &Context<'_>, row: &PgConstraint, side: usize, values: &[Datum]) -> Result<String> {
        let (table, key) = if side == 0 { (row.conrelid, &row.conkey) } else { (row.confrelid, &row.confkey) };
        let catalog = context.catalog();
        let table = catalog.relation(table)?;
        let columns = key.clone().unwrap_or_default();
        Ok(match executor::shows_columns(catalog, context.session.env(), &table, &columns)? {
            true => format!("Key {}", self.key(context, side, values)?),
            false => "Key".to_string(),
        })
    }

    fn missing(&self, context: &Context<'_>, row: &PgConstraint, values: &[Datum]) -> Result<Error> {
        let text = format!(
            "insert or update on table \"{}\" violates foreign key constraint \"{}\"",
            self.names[0], row.conname
        );
        let key = self.key_shown(context, row, 0, values)?;
        let detail = format!("{key} is not present in table \"{}\".", self.names[1]);
        Ok(self.complete(Error::new(SqlState::FOREIGN_KEY_VIOLATION, text).detail(detail), row))
    }
}

/// Checks all rows that there are.
pub(crate) fn validate(context: &Context<'_>, row: &PgConstraint) -> Result<()> {
    let parts = Parts::of(context, row)?;
    let side = |alias: &str, columns: &[String]| -> Vec<String> {
        columns.iter().map(|column| format!("{alias}.{}", quote_identifier(column))).collect()
    };
    let (from, to) = (side("f", &parts.columns[0]), side("p", &parts.columns[1]));
    let mut on = String::new();
    for (n, ((from, to), operator)) in from.iter().zip(&to).zip(&parts.operators).enumerate() {
        let collation = &parts.collations[n];
        let _ = write!(on, "{}{to} {operator} {from}{collation}", if n > 0 { " AND " } else { "" });
    }
    let present: Vec<String> = from.iter().map(|column| format!("{column} IS NOT NULL")).collect();
    let text = format!(
        "SELECT {} FROM {} f LEFT JOIN {} p ON {on} WHERE {} IS NULL AND ({}) LIMIT 1",
        from.join(", "),
        parts.tables[0],
        parts.tables[1],
        to[0],
        present.join(" AND ")
    );
    let mut failing = None;
    run(context, row.conrelid, &text, &[], Vec::new(), |values| failing = Some(values))?;
    match failing {
        None => Ok(()),
        Some(values) => Err(parts.missing(context, row, &values)?),
    }
}

/// Runs a statement of our own as the owner of the table that it reads or changes, whatever the current role may do there and see; `take` gets
/// each row. Gives the number of rows found or changed.
fn run(
    context: &Context<'_>,
    table: Oid,
    text: &str,
    types: &[Oid],
    params: Vec<Datum>,
    mut take: impl FnMut(Vec<Datum>),
) -> Result<u64> {
    let catalog = context.catalog();
    let _acting = catalog.act_as_owner(catalog.relation(table)?.class.relowner);
    let mut plan: Arc<planner::plan::Plan> = context.services.plan_text(text, types)?;
    // Each table's owner may do this with it.
    if let Some(plan) = Arc::get_mut(&mut plan) {
        for permission in &mut plan.permissions {
            permission.check_as = catalog.relation(permission.relation)?.class.relowner;
        }
    }
    let session = context.session;
    // What is checked is the present, whatever the transaction's snapshot shows.
    let snapshot = session.transaction.latest_snapshot()?;
    let options = Options { params, work_mem: context.services.work_mem(), instrument: false };
    let mut execution = Execution::start(session, plan, snapshot, options)?;
    let (mut batch, mut rows) = (execution.batch(), 0);
    while execution.next(session, &mut batch)? {
        for row in batch.rows().iter() {
            rows += 1;
            take(batch.columns.iter().map(|column| column.datum(row)).collect());
        }
    }
    session.transaction.next_command()?;
    Ok(rows + execution.processed())
}

/// Fires a trigger of a foreign key for a changed row: its old and new values, by column number minus one.
pub(crate) fn fire(
    context: &Context<'_>,
    trigger: &PgTrigger,
    old: Option<&[Datum]>,
    new: Option<&[Datum]>,
) -> Result<()> {
    use function::*;
    let row = context.catalog().constraint(trigger.tgconstraint)?;
    let pick = |values: &[Datum], key: &Option<Vec<i16>>| -> Vec<Datum> {
        key.iter().flatten().map(|&n| values.get(n as usize - 1).cloned().unwrap_or_default()).collect()
    };
    match trigger.tgfoid.0 {
        CHECK_INSERT | CHECK_UPDATE => {
            let Some(new) = new else { return Ok(()) };
            let values = pick(new, &row.conkey);
            check(context, &row, values)
        }
        function => {
            let Some(old) = old else { return Ok(()) };
            let key = match trigger.tgrelid == row.confrelid {
                true => row.confkey.clone(),
                false => moved_key(context, &row, &*context.catalog().relation(trigger.tgrelid)?)?,
            };
            let values = pick(old, &key);
            if values.iter().any(Datum::is_null) {
                return Ok(());
            }
            let update = new.map(|new| pick(new, &key));
            if update.as_ref() == Some(&values) {
                return Ok(());
            }
            react(context, &row, function, values, update)
        }
    }
}

/// The referenced row must be there.
fn check(context: &Context<'_>, row: &PgConstraint, values: Vec<Datum>) -> Result<()> {
    let nulls = values.iter().filter(|value| value.is_null()).count();
    if nulls == values.len() || (nulls > 0 && row.confmatchtype != b'f') {
        return Ok(());
    }
    let parts = Parts::of(context, row)?;
    if nulls > 0 {
        let text = format!(
            "insert or update on table \"{}\" violates foreign key constraint \"{}\"",
            parts.names[0], row.conname
        );
        let detail = "MATCH FULL does not allow mixing of null and nonnull key values.";
        return Err(parts.complete(Error::new(SqlState::FOREIGN_KEY_VIOLATION, text).detail(detail), row));
    }
    let mut text = format!("SELECT 1 FROM {} x WHERE ", parts.tables[1]);
    for (n, (column, operator)) in parts.columns[1].iter().zip(&parts.operators).enumerate() {
        let and = if n > 0 { " AND " } else { "" };
        let _ = write!(text, "{and}{} {operator} ${}", quote_identifier(column), n + 1);
    }
    text.push_str(" FOR KEY SHARE OF x");
    match run(context, row.confrelid, &text, &parts.types[0], values.clone(), |_| ())? {
        0 => Err(parts.missing(context, row, &values)?),
        _ => Ok(()),
    }
}

/// What becomes of rows that refer to a key that is gone or changed.
fn react(
    context: &Context<'_>,
    row: &PgConstraint,
    function: u32,
    values: Vec<Datum>,
    update: Option<Vec<Datum>>,
) -> Result<()> {
    use function::*;
    let parts = Parts::of(context, row)?;
    let mut types = parts.types[1].clone();
    let condition = |first: usize| {
        let mut text = String::new();
        for (n, (column, operator)) in parts.columns[0].iter().zip(&parts.operators).enumerate() {
            let and = if n > 0 { " AND " } else { "" };
            let _ = write!(text, "{and}${} {operator} {}", first + n, quote_identifier(column));
        }
        text
    };
    let set = |value: &dyn Fn(usize) -> String| {
        let columns = parts.columns[0].iter().enumerate();
        columns.map(|(n, column)| format!("{} = {}", quote_identifier(column), value(n))).collect::<Vec<_>>().join(", ")
    };
    match function {
        NO_ACTION_DELETE | NO_ACTION_UPDATE | RESTRICT_DELETE | RESTRICT_UPDATE => {
            let restrict = matches!(function, RESTRICT_DELETE | RESTRICT_UPDATE);
            if !restrict {
                // Another row may have taken the key over.
                let mut text = format!("SELECT 1 FROM {} x WHERE ", parts.tables[1]);
                for (n, column) in parts.columns[1].iter().enumerate() {
                    let and = if n > 0 { " AND " } else { "" };
                    let _ = write!(text, "{and}{} = ${}", quote_identifier(column), n + 1);
                }
                text.push_str(" FOR KEY SHARE OF x");
                if run(context, row.confrelid, &text, &types, values.clone(), |_| ())? > 0 {
                    return Ok(());
                }
            }
            let text = format!("SELECT 1 FROM {} x WHERE {} FOR KEY SHARE OF x", parts.tables[0], condition(1));
            if run(context, row.conrelid, &text, &types, values.clone(), |_| ())? == 0 {
                return Ok(());
            }
            let (setting, state, still) = match restrict {
                true => ("RESTRICT setting of ", SqlState::RESTRICT_VIOLATION, ""),
                false => ("", SqlState::FOREIGN_KEY_VIOLATION, "still "),
            };
            let text = format!(
                "update or delete on table \"{}\" violates {setting}foreign key constraint \"{}\" on table \"{}\"",
                parts.names[1], row.conname, parts.names[0]
            );
            let key = parts.key_shown(context, row, 1, &values)?;
            let detail = format!("{key} is {still}referenced from table \"{}\".", parts.names[0]);
            Err(parts.complete(Error::new(state, text).detail(detail), row))
        }
        CASCADE_DELETE => {
            let text = format!("DELETE FROM {} WHERE {}", parts.tables[0], condition(1));
            run(context, row.conrelid, &text, &types, values, |_| ()).map(|_| ())
        }
        CASCADE_UPDATE => {
            let count = values.len();
            let text = format!(
                "UPDATE {} SET {} WHERE {}",
                parts.tables[0],
                set(&|n| format!("${}", n + 1)),
                condition(count + 1)
            );
            types.extend(parts.types[1].clone());
            let params = update.unwrap_or_default().into_iter().chain(values).collect();
            run(context, row.conrelid, &text, &types, params, |_| ()).map(|_| ())
        }
        SET_NULL_DELETE | SET_NULL_UPDATE | SET_DEFAULT_DELETE | SET_DEFAULT_UPDATE => {
            let null = matches!(function, SET_NULL_DELETE | SET_NULL_UPDATE);
            let value = if null { "NULL" } else { "DEFAULT" };
            let set = set(&|_| value.to_string());
            let text = format!("UPDATE {} SET {set} WHERE {}", parts.tables[0], condition(1));
            run(context, row.conrelid, &text, &types, values, |_| ()).map(|_| ())
        }
        other => Err(Error::internal(format!("{other} is no function of a foreign key"))),
    }
}
