//! ALTER and DROP of functions, procedures and aggregates: options, names, schemas, owners.

use catalog::privileges::ObjectKind as Privileged;
use catalog::rows::{PgNamespace, PgProc};
use catalog::{Catalog, Dependency, Entry, Object, index};
use error::{Error, Result, SqlState};
use ids::Oid;
use parser::ast::{AlterFunction, DropObjects, FunctionSignature, ObjectKind, ObjectReference};

use super::attributes::Attributes;
use super::lookup;
use crate::Context;

fn signature(reference: &ObjectReference) -> Result<&FunctionSignature> {
    match reference {
        ObjectReference::Function(signature) => Ok(signature),
        _ => Err(Error::internal("a function is not named as one")),
    }
}

/// ALTER FUNCTION … with options.
pub(crate) fn alter(context: &Context<'_>, alter: &AlterFunction) -> Result<()> {
    let catalog = context.catalog();
    let old = lookup::require(context, alter.kind, &alter.function)?;
    catalog.require_owner(Privileged::Function, old.oid)?;
    if old.prokind == b'a' {
        let text = format!("\"{}\" is an aggregate function", old.proname);
        return Err(Error::new(SqlState::WRONG_OBJECT_TYPE, text));
    }
    let attributes = Attributes::read(context, &alter.options, old.prokind == b'p')?;
    let mut row = (*old).clone();
    attributes.apply(context, &mut row)?;
    if row.prosupport != old.prosupport {
        let this = Object::of::<PgProc>(old.oid);
        catalog.record_dependency(this, Object::of::<PgProc>(row.prosupport), Dependency::Normal)?;
    }
    change(context, old.oid, |stored| *stored = row)
}

fn change(context: &Context<'_>, oid: Oid, how: impl FnOnce(&mut PgProc)) -> Result<()> {
    context.catalog().change::<PgProc>(index::PG_PROC_OID_INDEX, &[oid.into()], how)?;
    context.catalog().next_command()
}

/// Refuses a name that a routine with the same arguments has already.
fn check_free(context: &Context<'_>, row: &PgProc, name: &str, schema: Oid) -> Result<()> {
    let catalog = context.catalog();
    let rows = catalog.rows::<PgProc>(index::PG_PROC_PRONAME_ARGS_NSP_INDEX, &[name.into()])?;
    if !rows.iter().any(|other| other.proargtypes == row.proargtypes && other.pronamespace == schema) {
        return Ok(());
    }
    let types = row.proargtypes.iter().map(|&oid| catalog.type_name(oid)).collect::<Result<Vec<_>>>()?;
    let schema = catalog.schema_name(schema)?.unwrap_or_default();
    let text = format!("function {name}({}) already exists in schema \"{schema}\"", types.join(", "));
    Err(Error::new(SqlState::DUPLICATE_FUNCTION, text))
}

fn owned(context: &Context<'_>, kind: ObjectKind, reference: &ObjectReference) -> Result<Entry<PgProc>> {
    let row = lookup::require(context, kind, signature(reference)?)?;
    context.catalog().require_owner(Privileged::Function, row.oid)?;
    Ok(row)
}

/// RENAME TO.
pub(crate) fn rename(context: &Context<'_>, kind: ObjectKind, reference: &ObjectReference, name: &str) -> Result<()> {
    let catalog = context.catalog();
    let row = owned(context, kind, reference)?;
    let wanted = catalog::acl::Privileges::CREATE;
    check_free(context, &row, name, row.pronamespace)?;
    catalog.require_privileges(Privileged::Schema, row.pronamespace, wanted)?;
    change(context, row.oid, |stored| stored.proname = name.to_string().into())
}

/// SET SCHEMA.
pub(crate) fn set_schema(
    context: &Context<'_>,
    kind: ObjectKind,
    reference: &ObjectReference,
    schema: &str,
) -> Result<()> {
    let catalog = context.catalog();
    let row = owned(context, kind, reference)?;
    let schema = catalog.require_schema(schema)?;
    catalog.require_privileges(Privileged::Schema, schema, catalog::acl::Privileges::CREATE)?;
    if schema == row.pronamespace {
        return Ok(());
    }
    check_free(context, &row, &row.proname, schema)?;
    let namespace = |oid: Oid| Object::of::<PgNamespace>(oid);
    catalog.change_dependency(Object::of::<PgProc>(row.oid), namespace(row.pronamespace), namespace(schema))?;
    change(context, row.oid, |stored| stored.pronamespace = schema)
}

/// OWNER TO.
pub(crate) fn set_owner(
    context: &Context<'_>,
    kind: ObjectKind,
    reference: &ObjectReference,
    owner: Oid,
) -> Result<()> {
    let catalog = context.catalog();
    let row = lookup::require(context, kind, signature(reference)?)?;
    if row.proowner == owner {
        return Ok(());
    }
    let me = catalog.current_user();
    if !catalog.is_superuser(me)? {
        catalog.require_owner(Privileged::Function, row.oid)?;
        crate::owner::require_settable(context, owner)?;
        let wanted = catalog::acl::Privileges::CREATE;
        if catalog.privileges(Privileged::Schema, row.pronamespace, owner, wanted)? != Some(wanted) {
            return Err(catalog.denied(Privileged::Schema, row.pronamespace)?);
        }
    }
    give(catalog, row.oid, owner)
}

/// Makes a role the owner of a routine.
pub(crate) fn give(catalog: &Catalog, oid: Oid, owner: Oid) -> Result<()> {
    let row = catalog.function(oid)?;
    let acl = row.proacl.as_ref().map(|acl| acl.with_owner(row.proowner, owner));
    let this = Object::of::<PgProc>(oid);
    let new = acl.clone();
    catalog.change::<PgProc>(index::PG_PROC_OID_INDEX, &[oid.into()], |stored| {
        (stored.proowner, stored.proacl) = (owner, new);
    })?;
    catalog.change_recorded_owner(this, owner)?;
    catalog.record_acl(this, owner, acl.as_ref())?;
    catalog.next_command()
}

/// The routine that DROP names; none if it may be missing and is.
pub(crate) fn to_drop(
    context: &Context<'_>,
    drop: &DropObjects,
    reference: &ObjectReference,
) -> Result<Option<Object>> {
    let catalog = context.catalog();
    let signature = signature(reference)?;
    let row = match lookup::require(context, drop.kind, signature) {
        Ok(row) => row,
        Err(error) if drop.if_exists && is_missing(&error) => {
            context.inform(
                SqlState::SUCCESSFUL_COMPLETION,
                format!("{}, skipping", missing(drop.kind, signature, &error)),
            );
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    if row.prokind == b'a' && drop.kind == ObjectKind::Function {
        let text = format!("\"{}\" is an aggregate function", row.proname);
        return Err(
            Error::new(SqlState::WRONG_OBJECT_TYPE, text).hint("Use DROP AGGREGATE to drop aggregate functions.")
        );
    }
    // Who owns the schema may drop what is in it.
    if !catalog.is_owner(Privileged::Schema, row.pronamespace, catalog.current_user())? {
        catalog.require_owner(Privileged::Function, row.oid)?;
    }
    Ok(Some(Object::of::<PgProc>(row.oid)))
}

fn is_missing(error: &Error) -> bool {
    matches!(error.state(), SqlState::UNDEFINED_FUNCTION | SqlState::UNDEFINED_OBJECT | SqlState::INVALID_SCHEMA_NAME)
}

/// What the notice of DROP … IF EXISTS says.
fn missing(kind: ObjectKind, signature: &FunctionSignature, error: &Error) -> String {
    match (error.state(), &signature.parameters) {
        (SqlState::UNDEFINED_FUNCTION, None) => format!("{} {}() does not exist", lookup::word(kind), signature.name),
        (SqlState::UNDEFINED_FUNCTION, Some(parameters)) => {
            let types: Vec<String> = parameters.iter().map(|parameter| written(&parameter.type_name)).collect();
            format!("{} {}({}) does not exist", lookup::word(kind), signature.name, types.join(","))
        }
        _ => error.message().to_string(),
    }
}

/// A type's name as it was written.
fn written(name: &parser::ast::TypeName) -> String {
    let plain = &name.name;
    format!("{plain}{}", "[]".repeat(name.array_bounds.len()))
}
