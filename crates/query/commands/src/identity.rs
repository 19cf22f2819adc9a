//! ALTER TABLE … ALTER COLUMN … ADD GENERATED AS IDENTITY, SET, DROP IDENTITY.

use catalog::rows::PgAttribute;
use catalog::{Object, Relation};
use error::{Error, Result, SqlState};
use parser::ast::{DefinitionItem, DefinitionValue, GeneratedWhen, Name};

use crate::Context;
use crate::sequence::{self, Owner};

fn column<'r>(context: &Context<'_>, relation: &'r Relation, name: &Name) -> Result<&'r PgAttribute> {
    let number = context.column(relation, name)?;
    relation.column(number).ok_or_else(|| Error::internal("a column is gone"))
}

fn prerequisite(text: String) -> Error {
    Error::new(SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE, text)
}

/// Makes a column an identity column.
pub(crate) fn add(
    context: &Context<'_>,
    relation: &Relation,
    name: &Name,
    when: GeneratedWhen,
    options: &[DefinitionItem],
) -> Result<()> {
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
    let letter = if when == GeneratedWhen::Always { b'a' } else { b'd' };
    context.catalog().alter_column(relation.oid, column.attnum, |row| row.attidentity = letter)?;
    context.catalog().next_command()?;
    let owner = Owner { table: relation.oid, column: column.attnum, identity: true };
    sequence::create_for_column(context, owner, column.atttypid, options).map(|_| ())
}

/// Changes an identity column: when it is generated, and its sequence's options.
pub(crate) fn set(context: &Context<'_>, relation: &Relation, name: &Name, options: &[DefinitionItem]) -> Result<()> {
    let column = column(context, relation, name)?;
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
        context.catalog().alter_column(relation.oid, column.attnum, |row| row.attidentity = letter)?;
    }
    match context.catalog().owned_sequence(relation.oid, column.attnum)? {
        Some(sequence) => sequence::alter_identity(context, sequence, options),
        None => Err(Error::internal(format!("no owned sequence found for column \"{name}\""))),
    }
}

/// Makes an identity column an ordinary one, and drops its sequence.
pub(crate) fn drop(context: &Context<'_>, relation: &Relation, name: &Name, if_exists: bool) -> Result<()> {
    let column = column(context, relation, name)?;
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
    catalog.alter_column(relation.oid, column.attnum, |row| row.attidentity = 0)?;
    if let Some(sequence) = owned {
        catalog.forget_dependencies(Object::relation(sequence), Some(catalog::Dependency::Internal), None)?;
        catalog.next_command()?;
        catalog.drop_internal(Object::relation(sequence))?;
    }
    Ok(())
}
