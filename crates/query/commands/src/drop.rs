//! DROP of relations and schemas.

use catalog::relation::kind;
use catalog::rows::PgNamespace;
use catalog::{Object, Relation};
use error::{Error, Result, SqlState};
use ids::Oid;
use parser::ast::{DropObjects, ObjectKind, ObjectReference, RelationName};

use crate::Context;
use crate::constraint::{drop_behavior, notice};

/// Drops objects, all of them or none.
pub(crate) fn drop_objects(context: &Context<'_>, drop: &DropObjects) -> Result<()> {
    if drop.concurrently {
        let refuse = |what: &str| {
            let text = format!("DROP INDEX CONCURRENTLY does not support {what}");
            Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text))
        };
        if drop.objects.len() != 1 {
            return refuse("dropping multiple objects");
        }
        if drop.behavior == parser::ast::DropBehavior::Cascade {
            return refuse("CASCADE");
        }
    }
    let mut objects = Vec::new();
    for reference in &drop.objects {
        objects.extend(match drop.kind {
            ObjectKind::Table
            | ObjectKind::Index
            | ObjectKind::View
            | ObjectKind::Sequence
            | ObjectKind::ForeignTable
            | ObjectKind::MaterializedView => relation(context, drop, reference)?,
            ObjectKind::Schema => schema(context, drop, reference)?,
            ObjectKind::Function | ObjectKind::Procedure | ObjectKind::Routine | ObjectKind::Aggregate => {
                crate::function::alter::to_drop(context, drop, reference)?
            }
            ObjectKind::Type | ObjectKind::Domain => crate::types::to_drop(context, drop, reference)?,
            ObjectKind::Policy => crate::policy::to_drop(context, drop, reference)?,
            ObjectKind::Collation => crate::collation::to_drop(context, drop, reference)?,
            ObjectKind::Trigger => crate::triggers::to_drop(context, drop, reference)?,
            ObjectKind::Extension => crate::extension::to_drop(context, drop, reference)?,
            ObjectKind::Rule => crate::rule::to_drop(context, drop, reference)?,
            _ => crate::object::to_drop(context, drop, reference)?,
        });
    }
    if let (true, Some(object)) = (drop.concurrently, objects.first()) {
        let relation = context.catalog().relation(object.oid)?;
        // Nobody else sees a temporary table.
        if !relation.is_temporary() {
            if relation.kind() == kind::PARTITIONED_INDEX {
                let text = format!("cannot drop partitioned index \"{}\" concurrently", relation.name());
                return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text));
            }
            let table = relation.index.as_ref().map_or(Oid::INVALID, |row| row.indrelid);
            return crate::concurrently::drop(context, table, relation.oid);
        }
    }
    if objects.is_empty() {
        return Ok(());
    }
    notice(context, context.catalog().drop_objects(&objects, drop_behavior(drop.behavior))?);
    Ok(())
}

pub(crate) fn name_of(reference: &ObjectReference) -> Result<RelationName> {
    match reference {
        ObjectReference::Relation(relation) => Ok(relation.name.clone()),
        ObjectReference::Name(name) => Ok(name.to_relation()),
        _ => Err(Error::internal("a relation is not named as one")),
    }
}

fn word(kind: ObjectKind) -> &'static str {
    match kind {
        ObjectKind::Index => "index",
        ObjectKind::View => "view",
        ObjectKind::Sequence => "sequence",
        ObjectKind::MaterializedView => "materialized view",
        ObjectKind::ForeignTable => "foreign table",
        _ => "table",
    }
}

fn relation(context: &Context<'_>, drop: &DropObjects, reference: &ObjectReference) -> Result<Option<Object>> {
    let name = name_of(reference)?;
    let missing = |schema_is: bool| {
        let full = match &name.schema {
            Some(schema) if schema_is => format!("{schema}.{}", name.name),
            _ => name.name.to_string(),
        };
        (SqlState::UNDEFINED_TABLE, format!("{} \"{full}\" does not exist", word(drop.kind)))
    };
    if let Some(schema) = &name.schema
        && context.catalog().schema_by_name(schema)?.is_none()
    {
        let text = format!("schema \"{schema}\" does not exist");
        if !drop.if_exists {
            return Err(Error::new(SqlState::INVALID_SCHEMA_NAME, text));
        }
        context.inform(SqlState::INVALID_SCHEMA_NAME, format!("{text}, skipping"));
        return Ok(None);
    }
    // ShareUpdateExclusive, to begin with.
    let mode = if drop.concurrently { 4 } else { 8 };
    let Some(relation) = context.try_open(&name, mode)? else {
        let (state, text) = missing(true);
        if !drop.if_exists {
            return Err(Error::new(state, text));
        }
        let (_, text) = missing(false);
        context.inform(state, format!("{text}, skipping"));
        return Ok(None);
    };
    check_kind(drop.kind, &relation)?;
    context.require_owner(&relation)?;
    if relation.kind() == kind::TABLE || relation.kind() == kind::PARTITIONED_TABLE {
        context.check_not_in_use(&relation, "DROP TABLE")?;
    }
    // An index goes only with its table locked, so that no plan uses it meanwhile.
    if let Some(index) = &relation.index {
        executor::lock_relation(context.session, index.indrelid, mode)?;
    }
    Ok(Some(Object::relation(relation.oid)))
}

fn check_kind(wanted: ObjectKind, relation: &Relation) -> Result<()> {
    let found = match relation.kind() {
        kind::TABLE | kind::PARTITIONED_TABLE => ObjectKind::Table,
        kind::INDEX | kind::PARTITIONED_INDEX => ObjectKind::Index,
        kind::VIEW => ObjectKind::View,
        kind::SEQUENCE => ObjectKind::Sequence,
        kind::MATERIALIZED_VIEW => ObjectKind::MaterializedView,
        kind::FOREIGN_TABLE => ObjectKind::ForeignTable,
        _ => ObjectKind::Type,
    };
    if found == wanted {
        return Ok(());
    }
    let article = |word: &str| if word == "index" { "an" } else { "a" };
    let text = format!("\"{}\" is not {} {}", relation.name(), article(word(wanted)), word(wanted));
    let error = Error::new(SqlState::WRONG_OBJECT_TYPE, text);
    if found == ObjectKind::Type {
        return Err(error);
    }
    let hint = format!("Use {} to remove {} {}.", found.drop_tag(), article(word(found)), word(found));
    Err(error.hint(hint))
}

fn schema(context: &Context<'_>, drop: &DropObjects, reference: &ObjectReference) -> Result<Option<Object>> {
    let ObjectReference::Name(name) = reference else { return Err(Error::internal("a schema is not named as one")) };
    match context.catalog().schema_by_name(&name.name)? {
        Some(schema) => {
            context.catalog().require_owner(catalog::privileges::ObjectKind::Schema, schema)?;
            Ok(Some(Object::of::<PgNamespace>(schema)))
        }
        None => {
            let text = format!("schema \"{}\" does not exist", name.name);
            if !drop.if_exists {
                return Err(Error::new(SqlState::INVALID_SCHEMA_NAME, text));
            }
            context.inform(SqlState::INVALID_SCHEMA_NAME, format!("{text}, skipping"));
            Ok(None)
        }
    }
}
