//! Enum types: CREATE TYPE … AS ENUM, ALTER TYPE … ADD VALUE and RENAME VALUE.

use catalog::NewLabel;
use error::{Error, Result, SqlState};
use parser::ast::{AlterEnum, AlterEnumAction, CreateEnum};

use crate::Context;

/// CREATE TYPE … AS ENUM (…)
pub(crate) fn create(context: &Context<'_>, create: &CreateEnum) -> Result<()> {
    let catalog = context.catalog();
    let schema = super::creation_schema(context, &create.name)?;
    super::check_free(context, schema, &create.name.name)?;
    let labels: Vec<String> = create.labels.iter().map(|label| label.to_string()).collect();
    catalog.create_enum(&create.name.name, schema, catalog.current_user(), &labels).map(|_| ())
}

/// ALTER TYPE … ADD VALUE, RENAME VALUE
pub(crate) fn alter(context: &Context<'_>, alter: &AlterEnum) -> Result<()> {
    let catalog = context.catalog();
    let row = super::find(context, &alter.name)?;
    if row.typtype != b'e' {
        let text = format!("{} is not an enum", context.session.type_name(row.oid)?);
        return Err(Error::new(SqlState::WRONG_OBJECT_TYPE, text));
    }
    super::require_owner(context, &row)?;
    match &alter.action {
        AlterEnumAction::Add { label, if_not_exists, neighbor } => {
            let new = NewLabel { label, neighbor: neighbor.as_ref().map(|(after, label)| (*after, &**label)) };
            if !catalog.add_enum_label(row.oid, &new, *if_not_exists)? {
                let text = format!("enum label \"{label}\" already exists, skipping");
                context.inform(SqlState::DUPLICATE_OBJECT, text);
            }
            Ok(())
        }
        AlterEnumAction::Rename { from, to } => catalog.rename_enum_label(row.oid, from, to),
    }
}
