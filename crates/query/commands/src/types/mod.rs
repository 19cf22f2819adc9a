//! Types: CREATE TYPE in all its forms, CREATE and ALTER DOMAIN, and what ALTER, DROP and RENAME do to any type.
//!
//! One file for each kind of type: [`composite`], [`enums`], [`domain`], [`range`], [`base`]. Here stands what they share:
//! finding a type by its name, and the statements that treat all of them alike.

pub(crate) mod base;
pub(crate) mod composite;
pub(crate) mod domain;
pub(crate) mod enums;
pub(crate) mod range;

use catalog::privileges::ObjectKind as Privileged;
use catalog::rows::{CatalogRow, PgClass, PgConstraint, PgType};
use catalog::{Entry, Object, Relation};
use error::{Error, Result, SqlState};
use executor::{Execution, execution::Options};
use ids::Oid;
use parser::ast::{AlterObjectSchema, AlterOwner, DropObjects, Name, ObjectKind, ObjectName, ObjectReference, Rename};

use crate::Context;

/// The schema that a new type goes to; the role may create there.
fn creation_schema(context: &Context<'_>, name: &ObjectName) -> Result<Oid> {
    context.creation_schema(&name.to_relation())
}

/// `type "…" already exists`, unless an automatic array type or a shell can make room.
fn check_free(context: &Context<'_>, schema: Oid, name: &str) -> Result<()> {
    context.catalog().make_room_for_new_type(schema, name)
}

fn missing(name: &ObjectName) -> Error {
    Error::new(SqlState::UNDEFINED_OBJECT, format!("type \"{name}\" does not exist"))
}

/// The type of this name, if there is one; a shell, too.
fn try_find(context: &Context<'_>, name: &ObjectName) -> Result<Option<Entry<PgType>>> {
    let catalog = context.catalog();
    let name = name.to_relation();
    if let Some(schema) = &name.schema
        && catalog.schema_by_name(schema)?.is_none()
    {
        return Ok(None);
    }
    match catalog.type_by_name(name.schema.as_deref(), &name.name)? {
        Some(oid) => catalog.type_(oid).map(Some),
        None => Ok(None),
    }
}

/// The type of this name; 42704 if there is none.
fn find(context: &Context<'_>, name: &ObjectName) -> Result<Entry<PgType>> {
    if let Some(schema) = &name.to_relation().schema {
        context.catalog().require_schema(schema)?;
    }
    try_find(context, name)?.ok_or_else(|| missing(name))
}

/// The domain of this name; 42809 if the type is none.
fn find_domain(context: &Context<'_>, name: &ObjectName) -> Result<Entry<PgType>> {
    let row = find(context, name)?;
    if row.typtype != b'd' {
        let text = format!("{} is not a domain", context.session.type_name(row.oid)?);
        return Err(Error::new(SqlState::WRONG_OBJECT_TYPE, text));
    }
    Ok(row)
}

/// The type must belong to the current role.
fn require_owner(context: &Context<'_>, row: &PgType) -> Result<()> {
    context.catalog().require_owner(Privileged::Type, row.oid)
}

/// The name in a reference to a type or domain.
fn name_of(reference: &ObjectReference) -> Result<&ObjectName> {
    match reference {
        ObjectReference::Name(name) => Ok(name),
        ObjectReference::Type(name) => Ok(&name.name),
        _ => Err(Error::internal("a type is not named as one")),
    }
}

/// What DROP TYPE or DROP DOMAIN names; none if it may be missing.
pub(crate) fn to_drop(
    context: &Context<'_>,
    drop: &DropObjects,
    reference: &ObjectReference,
) -> Result<Option<Object>> {
    let name = name_of(reference)?;
    if drop.if_exists {
        if let Some(schema) = &name.to_relation().schema
            && context.catalog().schema_by_name(schema)?.is_none()
        {
            let text = format!("schema \"{schema}\" does not exist, skipping");
            context.inform(SqlState::INVALID_SCHEMA_NAME, text);
            return Ok(None);
        }
        if try_find(context, name)?.is_none() {
            context.inform(SqlState::UNDEFINED_OBJECT, format!("type \"{name}\" does not exist, skipping"));
            return Ok(None);
        }
    }
    let mut row = find(context, name)?;
    if let ObjectReference::Type(name) = reference
        && !name.array_bounds.is_empty()
    {
        row = context.catalog().type_(context.analyzer().type_name(name)?.oid)?;
    }
    if drop.kind == ObjectKind::Domain && row.typtype != b'd' {
        let text = format!("\"{}\" is not a domain", context.session.type_name(row.oid)?);
        return Err(Error::new(SqlState::WRONG_OBJECT_TYPE, text));
    }
    // The owner of its schema may drop it, too.
    let catalog = context.catalog();
    if !catalog.is_owner(Privileged::Schema, row.typnamespace, catalog.current_user())? {
        require_owner(context, &row)?;
    }
    Ok(Some(Object::of::<PgType>(row.oid)))
}

/// What cannot be renamed, moved or given away by itself: row types of relations, and array types.
fn require_independent(context: &Context<'_>, row: &PgType) -> Result<()> {
    let catalog = context.catalog();
    if row.typtype == b'c' && catalog.class(row.typrelid)?.is_some_and(|class| class.relkind != b'c') {
        let text = format!("{} is a table's row type", context.session.type_name(row.oid)?);
        let error = Error::new(SqlState::WRONG_OBJECT_TYPE, text);
        return Err(error.hint("Use ALTER TABLE instead."));
    }
    if let Some(element) = catalog.element_type(row.oid)?
        && catalog.find_type(element)?.is_some_and(|element| element.typarray == row.oid)
    {
        let name = context.session.type_name(row.oid)?;
        let error = Error::new(SqlState::WRONG_OBJECT_TYPE, format!("cannot alter array type {name}"));
        let element = context.session.type_name(element)?;
        return Err(error.hint(format!("You can alter type {element}, which will alter the array type as well.")));
    }
    Ok(())
}

/// ALTER TYPE and ALTER DOMAIN … RENAME TO, RENAME CONSTRAINT, RENAME ATTRIBUTE.
pub(crate) fn rename(context: &Context<'_>, rename: &Rename) -> Result<()> {
    let catalog = context.catalog();
    let part = || rename.part.as_deref().ok_or_else(|| Error::internal("what is renamed has no name"));
    match rename.kind {
        ObjectKind::Attribute => composite::rename_attribute(context, rename, part()?),
        ObjectKind::DomainConstraint => {
            let (domain, name) = match &rename.object {
                ObjectReference::OnDomain { domain, name } => (&domain.name, &**name),
                other => (name_of(other)?, part()?),
            };
            let row = find_domain(context, domain)?;
            require_owner(context, &row)?;
            let constraint = domain::constraint(context, &row, name)?;
            if domain::try_constraint(context, &row, &rename.new_name)?.is_some() {
                let domain = context.session.type_name(row.oid)?;
                let text = format!("constraint \"{}\" for domain {domain} already exists", rename.new_name);
                return Err(Error::new(SqlState::DUPLICATE_OBJECT, text));
            }
            catalog.rename_constraint(constraint.oid, &rename.new_name)
        }
        kind => {
            let name = name_of(&rename.object)?;
            let row = find(context, name)?;
            require_owner(context, &row)?;
            if kind == ObjectKind::Domain && row.typtype != b'd' {
                let text = format!("{} is not a domain", context.session.type_name(row.oid)?);
                return Err(Error::new(SqlState::WRONG_OBJECT_TYPE, text));
            }
            require_independent(context, &row)?;
            catalog.rename_type(row.oid, &rename.new_name)
        }
    }
}

/// ALTER TYPE and ALTER DOMAIN … SET SCHEMA.
pub(crate) fn set_schema(context: &Context<'_>, alter: &AlterObjectSchema) -> Result<()> {
    let row = find(context, name_of(&alter.object)?)?;
    if alter.kind == ObjectKind::Domain && row.typtype != b'd' {
        let text = format!("{} is not a domain", context.session.type_name(row.oid)?);
        return Err(Error::new(SqlState::WRONG_OBJECT_TYPE, text));
    }
    require_owner(context, &row)?;
    let catalog = context.catalog();
    let schema = catalog.require_schema(&alter.schema)?;
    catalog.require_privileges(Privileged::Schema, schema, catalog::acl::Privileges::CREATE)?;
    require_independent(context, &row)?;
    catalog.set_type_schema(row.oid, schema)
}

/// ALTER TYPE and ALTER DOMAIN … OWNER TO.
pub(crate) fn set_owner(context: &Context<'_>, alter: &AlterOwner) -> Result<()> {
    let row = find(context, name_of(&alter.object)?)?;
    if alter.kind == ObjectKind::Domain && row.typtype != b'd' {
        let text = format!("{} is not a domain", context.session.type_name(row.oid)?);
        return Err(Error::new(SqlState::WRONG_OBJECT_TYPE, text));
    }
    require_independent(context, &row)?;
    let owner = context.role(&alter.new_owner)?;
    if row.typowner == owner {
        return Ok(());
    }
    let catalog = context.catalog();
    if !catalog.is_superuser(catalog.current_user())? {
        require_owner(context, &row)?;
        if !catalog.has_role(catalog.current_user(), owner, catalog::privileges::Membership::Set)? {
            let name = catalog.role_name(owner)?.unwrap_or_default();
            let text = format!("must be able to SET ROLE \"{name}\"");
            return Err(Error::new(SqlState::INSUFFICIENT_PRIVILEGE, text));
        }
    }
    catalog.set_type_owner(row.oid, owner)
}

/// Runs a query of our own over the present, and says whether it finds a row.
fn finds_row(context: &Context<'_>, text: &str) -> Result<bool> {
    let plan = context.services.plan_text(text, &[])?;
    let session = context.session;
    let snapshot = session.transaction.latest_snapshot()?;
    let options = Options { params: Vec::new(), work_mem: context.services.work_mem(), instrument: false };
    let mut execution = Execution::start(session, plan, snapshot, options)?;
    let mut batch = execution.batch();
    let mut found = false;
    while execution.next(session, &mut batch)? {
        found |= batch.row_count() > 0;
    }
    Ok(found)
}

/// Where a type is used, by what depends on it: stored columns of it, and domains over it.
#[derive(Default)]
struct Uses {
    /// Columns of tables: relation and number.
    columns: Vec<(Oid, i16)>,
    /// Columns in which it is part of a value: of arrays, rows or ranges.
    within: Vec<(Oid, i16)>,
}

/// All columns of tables that hold values of a type, or of domains over it (directly, or within other values).
fn uses(context: &Context<'_>, type_oid: Oid) -> Result<Uses> {
    let mut found = Uses::default();
    let mut seen = vec![type_oid];
    let mut open = vec![(type_oid, false)];
    let catalog = context.catalog();
    while let Some((of, within)) = open.pop() {
        for object in catalog.dependents_of(Object::of::<PgType>(of))? {
            if object.class == PgClass::RELATION && object.sub > 0 {
                let Some(class) = catalog.class(object.oid)? else { continue };
                match class.relkind {
                    b'r' | b'm' | b'p' if within => found.within.push((object.oid, object.sub as i16)),
                    b'r' | b'm' | b'p' => found.columns.push((object.oid, object.sub as i16)),
                    b'c' if !seen.contains(&class.reltype) => {
                        seen.push(class.reltype);
                        open.push((class.reltype, true));
                    }
                    _ => {}
                }
                // A table's rows may be values of other tables.
                if matches!(class.relkind, b'r' | b'p') && !seen.contains(&class.reltype) {
                    seen.push(class.reltype);
                    open.push((class.reltype, true));
                }
            } else if object.class == PgType::RELATION && !seen.contains(&object.oid) {
                let Some(row) = catalog.find_type(object.oid)? else { continue };
                seen.push(object.oid);
                open.push((object.oid, within || row.typtype != b'd'));
            }
        }
        // The array type depends internally on its element, and ranges on their subtype: both came by.
    }
    Ok(found)
}

/// `cannot alter type … because column … uses it`
#[cold]
fn in_use(context: &Context<'_>, type_oid: Oid, column: (Oid, i16)) -> Result<Error> {
    let relation = context.catalog().relation(column.0)?;
    let name = relation.column(column.1).map_or_else(String::new, |column| column.attname.to_string());
    let text = format!(
        "cannot alter type \"{}\" because column \"{}.{name}\" uses it",
        context.session.type_name(type_oid)?,
        relation.name()
    );
    Ok(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text))
}

/// Refuses to write a table's rows anew in another form while columns of tables hold such rows: those would keep the old form.
pub(crate) fn check_row_type_unused(context: &Context<'_>, relation: &Relation) -> Result<()> {
    if !relation.class.reltype.is_valid() {
        return Ok(());
    }
    let uses = uses(context, relation.class.reltype)?;
    let Some(&(table, column)) = uses.columns.first().or(uses.within.first()) else { return Ok(()) };
    let what = match relation.kind() {
        catalog::relation::kind::FOREIGN_TABLE => "foreign table",
        _ => "table",
    };
    let user = context.catalog().relation(table)?;
    let text = format!(
        "cannot alter {what} \"{}\" because column \"{}.{}\" uses its row type",
        relation.name(),
        user.name(),
        user.column(column).map_or("", |column| &column.attname)
    );
    Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text))
}

/// A constraint row of a domain, as far as it is the same for all.
fn constraint_row(domain: &PgType, name: &str, kind: u8) -> PgConstraint {
    PgConstraint {
        conname: name.to_string().into(),
        connamespace: domain.typnamespace,
        contype: kind,
        conenforced: true,
        convalidated: true,
        contypid: domain.oid,
        confupdtype: b' ',
        confdeltype: b' ',
        confmatchtype: b' ',
        conislocal: true,
        ..Default::default()
    }
}

/// An option's value as a word, in lower case where it was written as one.
fn option_name(value: &parser::ast::DefinitionItem) -> Name {
    value.name.to_ascii_lowercase().into()
}
