//! ALTER TABLE … ALTER COLUMN … ADD GENERATED AS IDENTITY, SET, DROP IDENTITY.
//!
//! The partitions of a table have its identity columns, with the mark in `pg_attribute` but without a sequence: they count with that of the
//! table at the top (`analyzer::identity_sequence`). So an identity column changes in a whole tree of partitions or not at all. Children that are
//! no partitions have nothing to do with their parents' identity columns.

use catalog::relation::kind;
use catalog::rows::PgAttribute;
use catalog::{Entry, Object, Relation};
use error::{Error, Result, SqlState};
use ids::Oid;
use parser::ast::{DefinitionItem, DefinitionValue, GeneratedWhen, Name};

use crate::sequence::{self, Owner};
use crate::{Context, inherit};

fn column<'r>(context: &Context<'_>, relation: &'r Relation, name: &Name) -> Result<&'r PgAttribute> {
    let number = context.column(relation, name)?;
    relation.column(number).ok_or_else(|| Error::internal("a column is gone"))
}

fn prerequisite(text: String) -> Error {
    Error::new(SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE, text)
}

/// Refuses to change a part of a tree of partitions. `doing`: `add identity to a`, for instance.
fn whole_tree(relation: &Relation, doing: &str, recurse: bool) -> Result<()> {
    let invalid = |text: String| Error::new(SqlState::INVALID_TABLE_DEFINITION, text);
    if relation.class.relispartition {
        return Err(invalid(format!("cannot {doing} of a partition")));
    }
    if relation.kind() == kind::PARTITIONED_TABLE && !recurse {
        let error = invalid(format!("cannot {doing} of only the partitioned table"));
        return Err(error.hint("Do not specify the ONLY keyword."));
    }
    Ok(())
}

/// All partitions below a table, locked; none of a table that is not partitioned.
fn partitions(context: &Context<'_>, relation: &Relation) -> Result<Vec<Oid>> {
    match relation.kind() {
        kind::PARTITIONED_TABLE => Ok(inherit::tree(context, relation.oid, 8)?.split_off(1)),
        _ => Ok(Vec::new()),
    }
}

/// Sets what a column's row says of identity: `a`, `d`, or zero.
fn mark(context: &Context<'_>, relation: &Relation, name: &Name, letter: u8) -> Result<()> {
    let number = column(context, relation, name)?.attnum;
    context.catalog().alter_column(relation.oid, number, |row| row.attidentity = letter)
}

/// Refuses a column that cannot become an identity column.
fn check_new(context: &Context<'_>, relation: &Relation, name: &Name) -> Result<()> {
    let column = column(context, relation, name)?;
    let table = relation.name();
    if !column.attnotnull {
        let text =
            format!("column \"{name}\" of relation \"{table}\" must be declared NOT NULL before identity can be added");
        return Err(prerequisite(text));
    }
    crate::not_null::must_be_valid(relation, column.attnum)?;
    if column.attidentity != 0 {
        return Err(prerequisite(format!("column \"{name}\" of relation \"{table}\" is already an identity column")));
    }
    if column.atthasdef {
        return Err(prerequisite(format!("column \"{name}\" of relation \"{table}\" already has a default value")));
    }
    Ok(())
}

/// Makes a column an identity column.
pub(crate) fn add(
    context: &Context<'_>,
    relation: &Entry<Relation>,
    name: &Name,
    when: GeneratedWhen,
    options: &[DefinitionItem],
    recurse: bool,
) -> Result<()> {
    let column = column(context, relation, name)?;
    check_type(column.atttypid)?;
    whole_tree(relation, "add identity to a column", recurse)?;
    check_new(context, relation, name)?;
    let letter = if when == GeneratedWhen::Always { b'a' } else { b'd' };
    mark(context, relation, name, letter)?;
    for partition in partitions(context, relation)? {
        let partition = context.catalog().relation(partition)?;
        check_new(context, &partition, name)?;
        mark(context, &partition, name, letter)?;
    }
    context.catalog().next_command()?;
    let owner = Owner { table: relation.oid, column: column.attnum, identity: true };
    sequence::create_for_column(context, owner, column.atttypid, options).map(|_| ())
}

/// Refuses a type of which an identity column cannot be.
fn check_type(ty: Oid) -> Result<()> {
    if matches!(ty, types::oid::INT2 | types::oid::INT4 | types::oid::INT8) {
        return Ok(());
    }
    let text = "identity column type must be smallint, integer, or bigint";
    Err(Error::new(SqlState::INVALID_PARAMETER_VALUE, text))
}

/// Changes an identity column: when it is generated, and its sequence's options.
pub(crate) fn set(
    context: &Context<'_>,
    relation: &Relation,
    name: &Name,
    options: &[DefinitionItem],
    recurse: bool,
) -> Result<()> {
    let column = column(context, relation, name)?;
    whole_tree(relation, "change identity column", recurse)?;
    if column.attidentity == 0 {
        let table = relation.name();
        return Err(prerequisite(format!("column \"{name}\" of relation \"{table}\" is not an identity column")));
    }
    let mut letter = None;
    for item in options.iter().filter(|item| &*item.name == "generated") {
        let always = matches!(&item.value, Some(DefinitionValue::String(word)) if &**word == "always");
        if letter.replace(if always { b'a' } else { b'd' }).is_some() {
            let error = Error::new(SqlState::SYNTAX_ERROR, "conflicting or redundant options");
            return Err(context.place(error, item.location));
        }
    }
    if let Some(letter) = letter {
        mark(context, relation, name, letter)?;
        for partition in partitions(context, relation)? {
            mark(context, &*context.catalog().relation(partition)?, name, letter)?;
        }
    }
    match context.catalog().owned_sequence(relation.oid, column.attnum)? {
        Some(sequence) => sequence::alter_identity(context, sequence, options),
        None => Err(Error::internal(format!("no owned sequence found for column \"{name}\""))),
    }
}

/// Makes an identity column an ordinary one, and drops its sequence.
pub(crate) fn drop(
    context: &Context<'_>,
    relation: &Relation,
    name: &Name,
    if_exists: bool,
    recurse: bool,
) -> Result<()> {
    let column = column(context, relation, name)?;
    whole_tree(relation, "drop identity from a column", recurse)?;
    if column.attidentity == 0 {
        let text = format!("column \"{name}\" of relation \"{}\" is not an identity column", relation.name());
        if !if_exists {
            return Err(prerequisite(text));
        }
        context.inform(SqlState::SUCCESSFUL_COMPLETION, format!("{text}, skipping"));
        return Ok(());
    }
    let catalog = context.catalog();
    let owned = catalog.owned_sequence(relation.oid, column.attnum)?;
    mark(context, relation, name, 0)?;
    for partition in partitions(context, relation)? {
        mark(context, &*catalog.relation(partition)?, name, 0)?;
    }
    if let Some(sequence) = owned {
        catalog.forget_dependencies(Object::relation(sequence), Some(catalog::Dependency::Internal), None)?;
        catalog.next_command()?;
        catalog.drop_internal(Object::relation(sequence))?;
    }
    Ok(())
}

/// What the type of an identity column becomes, its sequence becomes as well; before it is changed, the new type is looked at.
pub(crate) fn change_type(context: &Context<'_>, relation: &Relation, column: &PgAttribute, ty: Oid) -> Result<()> {
    if column.attidentity == 0 {
        return Ok(());
    }
    check_type(ty)?;
    match context.catalog().owned_sequence(relation.oid, column.attnum)? {
        Some(sequence) => sequence::set_type(context, sequence, ty),
        None => Ok(()),
    }
}
