//! CREATE SCHEMA.

use catalog::privileges::ObjectKind;
use error::{Error, Result, SqlState};
use parser::ast::CreateSchema;

use crate::Context;

/// Makes a schema.
pub(crate) fn create_schema(context: &Context<'_>, create: &CreateSchema) -> Result<()> {
    let catalog = context.catalog();
    let owner = match &create.authorization {
        Some(role) => context.role(role)?,
        None => catalog.current_user(),
    };
    let of_owner = catalog.role_name(owner)?.unwrap_or_default();
    let name = create.name.as_deref().unwrap_or(&of_owner);
    catalog.require_privileges(ObjectKind::Database, catalog.database(), catalog::acl::Privileges::CREATE)?;
    crate::owner::require_settable(context, owner)?;
    if name.starts_with("pg_") {
        let text = format!("unacceptable schema name \"{name}\"");
        let detail = "The prefix \"pg_\" is reserved for system schemas.";
        return Err(Error::new(SqlState::RESERVED_NAME, text).detail(detail));
    }
    if create.if_not_exists && catalog.schema_by_name(name)?.is_some() {
        context.inform(SqlState::DUPLICATE_SCHEMA, format!("schema \"{name}\" already exists, skipping"));
        return Ok(());
    }
    if !create.elements.is_empty() {
        return Err(Error::not_implemented("CREATE SCHEMA with objects"));
    }
    catalog.create_schema(name, owner, None).map(|_| ())
}
