//! ALTER … RENAME and ALTER … SET SCHEMA of relations, their columns and constraints, and schemas.

use catalog::Relation;
use catalog::privileges::ObjectKind as Privileged;
use catalog::relation::kind;
use error::{Error, Result, SqlState};
use parser::ast::{AlterObjectSchema, ObjectKind, ObjectReference, Rename};

use crate::Context;

/// Renames an object or a part of a relation.
pub(crate) fn rename(context: &Context<'_>, rename: &Rename) -> Result<()> {
    let catalog = context.catalog();
    let part = || rename.part.as_ref().ok_or_else(|| Error::internal("what is renamed has no name"));
    match rename.kind {
        ObjectKind::Table
        | ObjectKind::View
        | ObjectKind::MaterializedView
        | ObjectKind::Index
        | ObjectKind::ForeignTable
        | ObjectKind::Sequence => {
            let Some(relation) = open(context, rename.kind, &rename.object, rename.if_exists)? else { return Ok(()) };
            catalog.rename_relation(relation.oid, &rename.new_name)
        }
        ObjectKind::Column => {
            let on = rename.relation_kind.unwrap_or(ObjectKind::Table);
            let Some(relation) = open(context, on, &rename.object, rename.if_exists)? else { return Ok(()) };
            let name = part()?;
            if catalog::relation::system_column_by_name(name).is_some() {
                let text = format!("cannot rename system column \"{name}\"");
                return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text));
            }
            let column = relation
                .column_by_name(name)
                .map(|column| column.attnum)
                .ok_or_else(|| Error::new(SqlState::UNDEFINED_COLUMN, format!("column \"{name}\" does not exist")))?;
            rename_column(context, &relation, column, name, &rename.new_name, recurses(&rename.object))
        }
        ObjectKind::TableConstraint => {
            let Some(relation) = open(context, ObjectKind::Table, &rename.object, rename.if_exists)? else {
                return Ok(());
            };
            let name = part()?;
            let constraint = catalog.constraint_by_name(relation.oid, name)?.ok_or_else(|| {
                let text = format!("constraint \"{name}\" for table \"{}\" does not exist", relation.name());
                Error::new(SqlState::UNDEFINED_OBJECT, text)
            })?;
            rename_constraint(context, &relation, &constraint, &rename.new_name, recurses(&rename.object))
        }
        ObjectKind::Function | ObjectKind::Procedure | ObjectKind::Routine | ObjectKind::Aggregate => {
            crate::function::alter::rename(context, rename.kind, &rename.object, &rename.new_name)
        }
        ObjectKind::Policy => crate::policy::rename(context, &rename.object, &rename.new_name),
        ObjectKind::Role => {
            let ObjectReference::Name(name) = &rename.object else {
                return Err(Error::internal("a role is not named as one"));
            };
            crate::role::rename(context, &name.name, &rename.new_name)
        }
        ObjectKind::Database => crate::database::rename(context, &rename.object, &rename.new_name),
        ObjectKind::Schema => {
            let ObjectReference::Name(name) = &rename.object else {
                return Err(Error::internal("a schema is not named as one"));
            };
            let schema = catalog.require_schema(&name.name)?;
            catalog.require_owner(Privileged::Schema, schema)?;
            if rename.new_name.starts_with("pg_") {
                let text = format!("unacceptable schema name \"{}\"", rename.new_name);
                let detail = "The prefix \"pg_\" is reserved for system schemas.";
                return Err(Error::new(SqlState::RESERVED_NAME, text).detail(detail));
            }
            catalog.rename_schema(schema, &rename.new_name)
        }
        ObjectKind::Trigger => crate::triggers::rename(context, rename),
        ObjectKind::Type | ObjectKind::Domain | ObjectKind::DomainConstraint | ObjectKind::Attribute => {
            crate::types::rename(context, rename)
        }
        ObjectKind::Collation => crate::collation::rename(context, &rename.object, &rename.new_name),
        ObjectKind::Rule => crate::rule::rename(context, rename),
        kind => {
            let found = crate::object::find(context, kind, &rename.object)?;
            match crate::object::operations(found.class) {
                Some(operations) => operations.rename(context, found.oid, &rename.new_name),
                None => Err(Error::not_implemented(format_args!("{} … RENAME", kind.alter_tag()))),
            }
        }
    }
}

/// Moves a relation to another schema.
pub(crate) fn set_schema(context: &Context<'_>, alter: &AlterObjectSchema) -> Result<()> {
    if matches!(alter.kind, ObjectKind::Function | ObjectKind::Procedure | ObjectKind::Routine | ObjectKind::Aggregate)
    {
        return crate::function::alter::set_schema(context, alter.kind, &alter.object, &alter.schema);
    }
    if alter.kind == ObjectKind::Collation {
        return crate::collation::set_schema(context, &alter.object, &alter.schema);
    }
    if matches!(alter.kind, ObjectKind::Type | ObjectKind::Domain) {
        return crate::types::set_schema(context, alter);
    }
    if !matches!(
        alter.kind,
        ObjectKind::Table
            | ObjectKind::View
            | ObjectKind::MaterializedView
            | ObjectKind::Sequence
            | ObjectKind::ForeignTable
    ) {
        let found = crate::object::find(context, alter.kind, &alter.object)?;
        return match crate::object::operations(found.class) {
            Some(operations) => {
                operations.set_schema(context, found.oid, context.catalog().require_schema(&alter.schema)?)
            }
            None => Err(Error::not_implemented(format_args!("{} … SET SCHEMA", alter.kind.alter_tag()))),
        };
    }
    let Some(relation) = open(context, alter.kind, &alter.object, alter.if_exists)? else { return Ok(()) };
    let catalog = context.catalog();
    let schema = catalog.require_schema(&alter.schema)?;
    catalog.require_privileges(Privileged::Schema, schema, catalog::acl::Privileges::CREATE)?;
    catalog.set_relation_schema(relation.oid, schema)
}

/// The relation that is altered, locked and of the kind that the statement names; none if it may be missing.
fn open(
    context: &Context<'_>,
    named: ObjectKind,
    object: &ObjectReference,
    if_exists: bool,
) -> Result<Option<catalog::Entry<Relation>>> {
    let name = match object {
        ObjectReference::Relation(relation) => relation.name.clone(),
        ObjectReference::Name(name) => name.to_relation(),
        _ => return Err(Error::internal("a relation is not named as one")),
    };
    // An index may be read and written while it gets another name.
    let level = if named == ObjectKind::Index { 4 } else { 8 };
    let relation = match if_exists {
        false => context.open(&name, level)?,
        true => match context.try_open(&name, level)? {
            Some(relation) => relation,
            None => {
                let text = format!("relation \"{}\" does not exist, skipping", name.name);
                context.inform(SqlState::UNDEFINED_TABLE, text);
                return Ok(None);
            }
        },
    };
    let (fits, words) = match named {
        ObjectKind::View => (relation.kind() == kind::VIEW, "a view"),
        ObjectKind::MaterializedView => (relation.kind() == kind::MATERIALIZED_VIEW, "a materialized view"),
        ObjectKind::Sequence => (relation.kind() == kind::SEQUENCE, "a sequence"),
        ObjectKind::ForeignTable => (relation.kind() == kind::FOREIGN_TABLE, "a foreign table"),
        _ => (true, ""),
    };
    if !fits {
        let text = format!("\"{}\" is not {words}", relation.name());
        return Err(Error::new(SqlState::WRONG_OBJECT_TYPE, text));
    }
    // ALTER INDEX … RENAME takes any relation, as PostgreSQL's does.
    if level < 8 && !matches!(relation.kind(), kind::INDEX | kind::PARTITIONED_INDEX) {
        executor::lock_relation(context.session, relation.oid, 8)?;
    }
    context.require_owner(&relation)?;
    Ok(Some(relation))
}

/// Whether a statement means a table's children, too.
fn recurses(object: &ObjectReference) -> bool {
    match object {
        ObjectReference::Relation(relation) => relation.inherit,
        _ => true,
    }
}

/// Renames a column of a table and those that children inherit from it.
fn rename_column(
    context: &Context<'_>,
    relation: &Relation,
    number: i16,
    old: &str,
    new: &str,
    recurse: bool,
) -> Result<()> {
    let catalog = context.catalog();
    let invalid = |text: String| Err(Error::new(SqlState::INVALID_TABLE_DEFINITION, text));
    let tree = match relation.kind() {
        kind::TABLE | kind::PARTITIONED_TABLE | kind::FOREIGN_TABLE => crate::inherit::tree(context, relation.oid, 8)?,
        _ => vec![relation.oid],
    };
    if !recurse && tree.len() > 1 {
        return invalid(format!("inherited column \"{old}\" must be renamed in child tables too"));
    }
    if relation.column(number).is_some_and(|column| column.attinhcount > 0) {
        return invalid(format!("cannot rename inherited column \"{old}\""));
    }
    for &member in &tree {
        let member = catalog.relation(member)?;
        let Some(column) = member.column_by_name(old) else { continue };
        let expected = catalog.parents(member.oid)?.iter().filter(|parent| tree.contains(parent)).count();
        if column.attinhcount as usize > expected {
            return invalid(format!("cannot rename inherited column \"{old}\""));
        }
        catalog.rename_column(member.oid, column.attnum, new)?;
    }
    Ok(())
}

/// Renames a constraint of a table and those that children inherit from it.
fn rename_constraint(
    context: &Context<'_>,
    relation: &Relation,
    constraint: &catalog::rows::PgConstraint,
    new: &str,
    recurse: bool,
) -> Result<()> {
    let catalog = context.catalog();
    let old = constraint.conname.to_string();
    let invalid = |text: String| Err(Error::new(SqlState::INVALID_TABLE_DEFINITION, text));
    if !matches!(constraint.contype, b'c' | b'n') || constraint.connoinherit {
        return catalog.rename_constraint(constraint.oid, new);
    }
    let tree = crate::inherit::tree(context, relation.oid, 8)?;
    if !recurse && tree.len() > 1 {
        return invalid(format!("inherited constraint \"{old}\" must be renamed in child tables too"));
    }
    if constraint.coninhcount > 0 {
        return invalid(format!("cannot rename inherited constraint \"{old}\""));
    }
    for &member in &tree {
        let Some(own) = catalog.constraint_by_name(member, &old)? else { continue };
        let expected = catalog.parents(member)?.iter().filter(|parent| tree.contains(parent)).count();
        if own.coninhcount as usize > expected {
            return invalid(format!("cannot rename inherited constraint \"{old}\""));
        }
        catalog.rename_constraint(own.oid, new)?;
    }
    Ok(())
}
