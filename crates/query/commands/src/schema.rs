//! CREATE SCHEMA, with the objects that it may make in it.

use catalog::Object;
use catalog::privileges::ObjectKind;
use catalog::rows::PgNamespace;
use error::{Error, Result, SqlState};
use parser::ast::{CreateSchema, Statement};

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
    let elements = elements(create, name)?;
    let schema = catalog.create_schema(name, owner, None)?;
    catalog.note_command("CREATE SCHEMA", Object::of::<PgNamespace>(schema));
    if elements.is_empty() {
        return Ok(());
    }
    catalog.next_command()?;
    let _acting = catalog.act_in_schema(owner, name);
    for element in &elements {
        crate::execute(context, element)?;
        catalog.next_command()?;
    }
    Ok(())
}

/// What a schema is to be made with, in the order in which it is made: by kind, whatever the order in the statement. Names that are not
/// qualified get the schema's.
///
/// # Errors
/// `42P15` for one that is to be in another schema.
fn elements(create: &CreateSchema, schema: &str) -> Result<Vec<Statement>> {
    let mut elements = Vec::with_capacity(create.elements.len());
    for element in &create.elements {
        let mut element = element.clone();
        let (rank, named) = match &mut element {
            Statement::CreateSequence(create) => (0, Some(&mut create.relation)),
            Statement::CreateTable(create) => (1, Some(&mut create.relation)),
            Statement::CreateView(create) => (2, Some(&mut create.relation)),
            Statement::CreateIndex(create) => (3, Some(&mut create.relation.name)),
            Statement::CreateTrigger(create) => (4, Some(&mut create.relation)),
            Statement::Grant(_) => (5, None),
            other => return Err(Error::internal(format!("{} is no part of CREATE SCHEMA", other.name()))),
        };
        if let Some(name) = named {
            match &name.schema {
                Some(other) if &**other != schema => {
                    let text =
                        format!("CREATE specifies a schema ({other}) different from the one being created ({schema})");
                    return Err(Error::new(SqlState::INVALID_SCHEMA_DEFINITION, text));
                }
                _ => name.schema = Some(schema.into()),
            }
        }
        elements.push((rank, element));
    }
    elements.sort_by_key(|(rank, _)| *rank);
    Ok(elements.into_iter().map(|(_, element)| element).collect())
}
