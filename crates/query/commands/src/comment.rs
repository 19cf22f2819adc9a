//! COMMENT ON: the text that `\d+` and its kin show beside an object.

use catalog::index;
use catalog::privileges::ObjectKind as Privileged;
use catalog::relation::kind;
use catalog::rows::*;
use catalog::{Object, Relation};
use error::{Error, Result, SqlState};
use ids::Oid;
use parser::ast::{Comment, Name, ObjectKind, ObjectName, ObjectReference, OperatorSignature, SecurityLabel, TypeName};

use crate::Context;
use crate::function::lookup::{self, type_of};

/// The lock that a commented relation is held with: `ShareUpdateExclusiveLock`.
const LOCK: u8 = 4;

/// Sets or removes the comment on an object.
pub(crate) fn comment(context: &Context<'_>, comment: &Comment) -> Result<()> {
    match object(context, comment.kind, &comment.object)? {
        Some(object) => context.catalog().set_description(object, comment.text.as_deref()),
        None => Ok(()),
    }
}

/// The object that is commented on; the current user may do so. None if there is nothing to do.
pub(crate) fn object(context: &Context<'_>, kind: ObjectKind, reference: &ObjectReference) -> Result<Option<Object>> {
    let catalog = context.catalog();
    let owned = |kind: Privileged, object: Object| {
        catalog.require_owner(kind, object.oid)?;
        Ok(Some(object))
    };
    match (kind, reference) {
        (
            ObjectKind::Table
            | ObjectKind::View
            | ObjectKind::MaterializedView
            | ObjectKind::Index
            | ObjectKind::Sequence
            | ObjectKind::ForeignTable,
            _,
        ) => relation(context, kind, reference).map(Some),
        (ObjectKind::Column, ObjectReference::Name(name)) => column(context, name).map(Some),
        (
            ObjectKind::TableConstraint | ObjectKind::Trigger | ObjectKind::Rule | ObjectKind::Policy,
            ObjectReference::OnRelation { relation, name },
        ) => part(context, kind, relation, name).map(Some),
        (ObjectKind::Schema, ObjectReference::Name(name)) => {
            owned(Privileged::Schema, Object::of::<PgNamespace>(catalog.require_schema(&name.name)?))
        }
        (ObjectKind::Database, ObjectReference::Name(name)) => match catalog.database_by_name(&name.name)? {
            Some(row) => owned(Privileged::Database, Object::of::<PgDatabase>(row.oid)),
            // A dump may name a database that is called otherwise where it is restored.
            None => {
                let text = format!("database \"{}\" does not exist", name.name);
                let warning = Error::new(SqlState::INVALID_CATALOG_NAME, text);
                context.notice(warning.severity(error::Severity::Warning));
                Ok(None)
            }
        },
        (ObjectKind::Tablespace, ObjectReference::Name(name)) => {
            let row = catalog.tablespace_by_name(&name.name)?.ok_or_else(|| missing("tablespace", &name.name))?;
            owned(Privileged::Tablespace, Object::of::<PgTablespace>(row.oid))
        }
        (ObjectKind::Language, ObjectReference::Name(name)) => {
            let row = catalog.language_by_name(&name.name)?.ok_or_else(|| missing("language", &name.name))?;
            owned(Privileged::Language, Object::of::<PgLanguage>(row.oid))
        }
        (ObjectKind::Role, ObjectReference::Name(name)) => role(context, &name.name).map(Some),
        (ObjectKind::AccessMethod, ObjectReference::Name(name)) => {
            let row = catalog.access_method_by_name(&name.name)?.ok_or_else(|| missing("access method", &name.name))?;
            match catalog.is_superuser(catalog.current_user())? {
                true => Ok(Some(Object::of::<PgAm>(row.oid))),
                false => Err(Error::new(SqlState::INSUFFICIENT_PRIVILEGE, "must be superuser")),
            }
        }
        (ObjectKind::Extension, ObjectReference::Name(name)) => {
            let row = catalog.extension_by_name(&name.name)?.ok_or_else(|| missing("extension", &name.name))?;
            owned_by(context, row.extowner, "extension", &row.extname)?;
            Ok(Some(Object::of::<PgExtension>(row.oid)))
        }
        (ObjectKind::Collation, ObjectReference::Name(name)) => {
            let oid = catalog.collation_by_name(name.qualifiers.last().map(|schema| &**schema), &name.name)?;
            let oid = oid.ok_or_else(|| {
                let text = format!("collation \"{}\" for encoding \"UTF8\" does not exist", name.name);
                Error::new(SqlState::UNDEFINED_OBJECT, text)
            })?;
            let row = catalog.collation(oid)?;
            owned_by(context, row.collowner, "collation", &row.collname)?;
            Ok(Some(Object::of::<PgCollation>(oid)))
        }
        (ObjectKind::Type | ObjectKind::Domain, ObjectReference::Type(name)) => {
            let oid = type_of(context, name)?;
            if kind == ObjectKind::Domain && catalog.type_(oid)?.typtype != b'd' {
                let text = format!("\"{}\" is not a domain", name.name.name);
                return Err(Error::new(SqlState::WRONG_OBJECT_TYPE, text));
            }
            owned(Privileged::Type, Object::of::<PgType>(oid))
        }
        (
            ObjectKind::Function | ObjectKind::Procedure | ObjectKind::Routine | ObjectKind::Aggregate,
            ObjectReference::Function(signature),
        ) => owned(Privileged::Function, Object::of::<PgProc>(lookup::require(context, kind, signature)?.oid)),
        (ObjectKind::Operator, ObjectReference::Operator(signature)) => operator(context, signature).map(Some),
        (kind, _) => {
            let found = crate::object::find(context, kind, reference)?;
            crate::object::require_owner(context, found, false)?;
            Ok(Some(found))
        }
    }
}

/// SECURITY LABEL: who would give labels their meaning is a module, of which none can be loaded.
pub(crate) fn no_provider(label: &SecurityLabel) -> Error {
    let text = match &label.provider {
        Some(provider) => format!("security label provider \"{provider}\" is not loaded"),
        None => "no security label providers have been loaded".into(),
    };
    Error::new(SqlState::INVALID_PARAMETER_VALUE, text)
}

fn missing(what: &str, name: &str) -> Error {
    Error::new(SqlState::UNDEFINED_OBJECT, format!("{what} \"{name}\" does not exist"))
}

/// Refuses who does not own the object.
pub(crate) fn owned_by(context: &Context<'_>, owner: Oid, what: &str, name: &str) -> Result<()> {
    let catalog = context.catalog();
    match catalog.has_privileges_of(catalog.current_user(), owner)? {
        true => Ok(()),
        false => Err(Error::new(SqlState::INSUFFICIENT_PRIVILEGE, format!("must be owner of {what} {name}"))),
    }
}

fn relation(context: &Context<'_>, named: ObjectKind, reference: &ObjectReference) -> Result<Object> {
    let name = match reference {
        ObjectReference::Relation(relation) => relation.name.clone(),
        ObjectReference::Name(name) => name.to_relation(),
        _ => return Err(Error::internal("a relation is not named as one")),
    };
    let relation = context.open(&name, LOCK)?;
    let found = relation.kind();
    let (fits, words) = match named {
        ObjectKind::View => (found == kind::VIEW, "a view"),
        ObjectKind::MaterializedView => (found == kind::MATERIALIZED_VIEW, "a materialized view"),
        ObjectKind::Index => (matches!(found, kind::INDEX | kind::PARTITIONED_INDEX), "an index"),
        ObjectKind::Sequence => (found == kind::SEQUENCE, "a sequence"),
        ObjectKind::ForeignTable => (found == b'f', "a foreign table"),
        _ => (matches!(found, kind::TABLE | kind::PARTITIONED_TABLE), "a table"),
    };
    if !fits {
        return Err(Error::new(SqlState::WRONG_OBJECT_TYPE, format!("\"{}\" is not {words}", relation.name())));
    }
    context.catalog().require_owner(Privileged::Relation, relation.oid)?;
    Ok(Object::relation(relation.oid))
}

fn column(context: &Context<'_>, name: &ObjectName) -> Result<Object> {
    let Some((table, schema)) = name.qualifiers.split_last() else {
        return Err(Error::new(SqlState::SYNTAX_ERROR, "column name must be qualified"));
    };
    let table = ObjectName { qualifiers: schema.to_vec(), name: table.clone(), location: name.location };
    let relation = context.open(&table.to_relation(), LOCK)?;
    require_relation_owner(context, &relation)?;
    let number = context.column(&relation, &name.name)?;
    if !matches!(relation.kind(), kind::INDEX | kind::PARTITIONED_INDEX | kind::SEQUENCE | kind::TOAST) {
        return Ok(Object::column(relation.oid, number));
    }
    let text = format!("cannot set comment on relation \"{}\"", relation.name());
    Err(Error::new(SqlState::WRONG_OBJECT_TYPE, text).detail(catalog::relation::not_supported_for(relation.kind())))
}

/// For parts of relations, which kind of relation it is does not matter to the message.
fn require_relation_owner(context: &Context<'_>, relation: &Relation) -> Result<()> {
    owned_by(context, relation.class.relowner, "relation", relation.name())
}

/// A constraint, trigger, rule or policy of a relation.
fn part(context: &Context<'_>, kind: ObjectKind, table: &ObjectName, name: &Name) -> Result<Object> {
    let catalog = context.catalog();
    let relation = context.open(&table.to_relation(), LOCK)?;
    require_relation_owner(context, &relation)?;
    let key = [relation.oid.into(), (&**name).into()];
    let (found, word, of) = match kind {
        ObjectKind::TableConstraint => {
            let row = catalog.constraint_by_name(relation.oid, name)?;
            (row.map(|row| Object::of::<PgConstraint>(row.oid)), "constraint", "table")
        }
        ObjectKind::Trigger => {
            let row = catalog.row::<PgTrigger>(index::PG_TRIGGER_TGRELID_TGNAME_INDEX, &key)?;
            (row.map(|row| Object::of::<PgTrigger>(row.oid)), "trigger", "table")
        }
        ObjectKind::Rule => {
            let row = catalog.row::<PgRewrite>(index::PG_REWRITE_REL_RULENAME_INDEX, &key)?;
            (row.map(|row| Object::of::<PgRewrite>(row.oid)), "rule", "relation")
        }
        _ => {
            let row = catalog.row::<PgPolicy>(index::PG_POLICY_POLRELID_POLNAME_INDEX, &key)?;
            (row.map(|row| Object::of::<PgPolicy>(row.oid)), "policy", "table")
        }
    };
    found.ok_or_else(|| {
        let text = format!("{word} \"{name}\" for {of} \"{}\" does not exist", relation.name());
        Error::new(SqlState::UNDEFINED_OBJECT, text)
    })
}

/// A role: only a superuser comments on superusers, and those with CREATEROLE and the ADMIN option on others.
fn role(context: &Context<'_>, name: &str) -> Result<Object> {
    let catalog = context.catalog();
    let row = catalog.require_role(name)?;
    let me = catalog.current_user();
    let denied = || Error::new(SqlState::INSUFFICIENT_PRIVILEGE, "permission denied");
    if !catalog.is_superuser(me)? {
        if row.rolsuper {
            return Err(denied().detail("The current user must have the SUPERUSER attribute."));
        }
        if !catalog.role(me)?.is_some_and(|me| me.rolcreaterole) {
            return Err(denied().detail("The current user must have the CREATEROLE attribute."));
        }
        let grants =
            catalog.rows::<PgAuthMembers>(index::PG_AUTH_MEMBERS_MEMBER_ROLE_INDEX, &[me.into(), row.oid.into()])?;
        if !grants.iter().any(|grant| grant.admin_option) {
            let detail = format!("The current user must have the ADMIN option on role \"{name}\".");
            return Err(denied().detail(detail));
        }
    }
    Ok(Object::of::<PgAuthid>(row.oid))
}

fn operator(context: &Context<'_>, signature: &OperatorSignature) -> Result<Object> {
    let catalog = context.catalog();
    let operand = |name: &Option<Box<TypeName>>| match name {
        Some(name) => type_of(context, name),
        None => Ok(Oid::INVALID),
    };
    let (left, right) = (operand(&signature.left)?, operand(&signature.right)?);
    let name = &signature.operator;
    let schema = name.qualifiers.last().map(|schema| &**schema);
    let Some(oid) = catalog.operator_exact(schema, &name.symbol, left, right)? else {
        let left = if left.is_valid() { catalog.type_name(left)? + " " } else { String::new() };
        let text = format!("operator does not exist: {left}{} {}", name.symbol, catalog.type_name(right)?);
        return Err(Error::new(SqlState::UNDEFINED_FUNCTION, text));
    };
    let owner = catalog.row::<PgOperator>(index::PG_OPERATOR_OID_INDEX, &[oid.into()])?.map(|row| row.oprowner);
    owned_by(context, owner.unwrap_or_default(), "operator", &name.symbol)?;
    Ok(Object::of::<PgOperator>(oid))
}
