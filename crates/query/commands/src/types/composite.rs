//! Composite types: CREATE TYPE … AS (…), and ALTER TYPE of their attributes.
//!
//! A composite type is a relation without storage: its attributes are columns, so dropping one leaves a nameless place, and
//! stored values keep their form (see `types::record`).

use catalog::relation::kind;
use catalog::rows::{CatalogRow, PgClass, PgType};
use catalog::{NewRelation, Object, Relation};
use error::{Error, Result, SqlState};
use ids::Oid;
use parser::ast::{AlterTable, AlterTableAction, CreateCompositeType, DropBehavior, ObjectReference, Rename};

use crate::Context;
use crate::constraint::{drop_behavior, notice};

/// CREATE TYPE … AS (…)
pub(crate) fn create(context: &Context<'_>, create: &CreateCompositeType) -> Result<()> {
    let catalog = context.catalog();
    let schema = context.creation_schema(&create.name)?;
    super::check_free(context, schema, &create.name.name)?;
    let owner = catalog.current_user();
    let mut new = NewRelation::new(&*create.name.name, schema, kind::COMPOSITE_TYPE, owner);
    for definition in &create.attributes {
        new.columns.push(crate::column::column(context, definition, &create.name.name)?.new);
    }
    catalog.create_relation(&new).map(|_| ())
}

/// The composite type's relation that an ALTER names, locked.
fn open(context: &Context<'_>, name: &parser::ast::RelationName) -> Result<catalog::Entry<Relation>> {
    let relation = context.open(name, 8)?;
    if relation.kind() != kind::COMPOSITE_TYPE {
        let text = format!("\"{}\" is not a composite type", relation.name());
        return Err(Error::new(SqlState::WRONG_OBJECT_TYPE, text));
    }
    context.catalog().require_owner(catalog::privileges::ObjectKind::Type, relation.class.reltype)?;
    Ok(relation)
}

/// The tables OF a type: they change with it if CASCADE was said.
fn typed_tables(context: &Context<'_>, relation: &Relation, behavior: DropBehavior) -> Result<Vec<Oid>> {
    let catalog = context.catalog();
    let mut tables = Vec::new();
    for object in catalog.dependents_of(Object::of::<PgType>(relation.class.reltype))? {
        if object.class == PgClass::RELATION
            && object.sub == 0
            && catalog.class(object.oid)?.is_some_and(|class| class.reloftype == relation.class.reltype)
        {
            tables.push(object.oid);
        }
    }
    if !tables.is_empty() && behavior == DropBehavior::Restrict {
        let name = context.session.type_name(relation.class.reltype)?;
        let text = format!("cannot alter type \"{name}\" because it is the type of a typed table");
        return Err(Error::new(SqlState::DEPENDENT_OBJECTS_STILL_EXIST, text)
            .hint("Use ALTER ... CASCADE to alter the typed tables too."));
    }
    for &table in &tables {
        executor::lock_relation(context.session, table, 8)?;
    }
    Ok(tables)
}

/// ALTER TYPE … ADD, DROP and ALTER ATTRIBUTE.
pub(crate) fn alter(context: &Context<'_>, alter: &AlterTable) -> Result<()> {
    let type_ = open(context, &alter.relation.name)?.oid;
    for action in &alter.actions {
        let relation = context.catalog().relation(type_)?;
        change(context, &relation, action)?;
        context.catalog().next_command()?;
    }
    Ok(())
}

fn change(context: &Context<'_>, relation: &Relation, action: &AlterTableAction) -> Result<()> {
    let catalog = context.catalog();
    let name_of = |oid: Oid| catalog.relation_name(oid).map(Option::unwrap_or_default);
    match action {
        AlterTableAction::AddColumn { column, behavior, .. } => {
            let new = crate::column::column(context, column, relation.name())?.new;
            let tables = typed_tables(context, relation, *behavior)?;
            refuse_recursion(context, relation, new.type_)?;
            catalog.add_column(relation.oid, &new, None)?;
            for table in tables {
                catalog.add_column(table, &new, None)?;
            }
            Ok(())
        }
        AlterTableAction::DropColumn { name, if_exists, behavior } => {
            let Some(column) = relation.column_by_name(name) else {
                let text = format!("column \"{name}\" of relation \"{}\" does not exist", relation.name());
                if !if_exists {
                    return Err(Error::new(SqlState::UNDEFINED_COLUMN, text));
                }
                context.inform(SqlState::UNDEFINED_COLUMN, format!("{text}, skipping"));
                return Ok(());
            };
            let tables = typed_tables(context, relation, *behavior)?;
            let object = Object::column(relation.oid, column.attnum);
            notice(context, catalog.drop_object(object, drop_behavior(*behavior))?);
            for table in tables {
                if let Some(column) = catalog.relation(table)?.column_by_name(name) {
                    let object = Object::column(table, column.attnum);
                    notice(context, catalog.drop_object(object, drop_behavior(*behavior))?);
                }
            }
            Ok(())
        }
        AlterTableAction::ColumnType { name, type_name, collation, behavior, .. } => {
            let Some(column) = relation.column_by_name(name) else {
                let text = format!("column \"{name}\" of relation \"{}\" does not exist", relation.name());
                return Err(Error::new(SqlState::UNDEFINED_COLUMN, text));
            };
            let mut ty = context.column_type(type_name)?;
            if let Some(clause) = collation {
                ty.collation = context.analyzer().collation_name_of(&clause.collation)?;
            }
            let tables = typed_tables(context, relation, *behavior)?;
            let uses = super::uses(context, relation.class.reltype)?;
            if let Some(&column) = uses.columns.first().or(uses.within.first()) {
                return Err(super::in_use(context, relation.class.reltype, column)?);
            }
            catalog.set_column_type(relation.oid, column.attnum, ty.oid, ty.typmod, ty.collation)?;
            for table in tables {
                let relation = catalog.relation(table)?;
                let handle = catalog.table(&relation)?;
                if context.session.tables.page_count(context.session.store, &handle)? > 0 {
                    let what = format!("changing a column's type in typed table {}", name_of(table)?);
                    return Err(Error::not_implemented(what));
                }
                if let Some(column) = relation.column_by_name(name) {
                    catalog.set_column_type(table, column.attnum, ty.oid, ty.typmod, ty.collation)?;
                }
            }
            Ok(())
        }
        _ => Err(Error::internal("no action of ALTER TYPE")),
    }
}

/// A row type cannot hold itself, however deep: refuses a column of this type.
pub(crate) fn refuse_recursion(context: &Context<'_>, relation: &Relation, column_type: Oid) -> Result<()> {
    if relation.class.reltype.is_valid() && holds(context, column_type, relation.class.reltype)? {
        let text = format!("composite type {} cannot be made a member of itself", relation.name());
        return Err(Error::new(SqlState::INVALID_TABLE_DEFINITION, text));
    }
    Ok(())
}

/// Whether values of a type hold values of another one, or are such.
fn holds(context: &Context<'_>, outer: Oid, inner: Oid) -> Result<bool> {
    let catalog = context.catalog();
    let mut open = vec![outer];
    let mut seen = Vec::new();
    while let Some(at) = open.pop() {
        if at == inner {
            return Ok(true);
        }
        if seen.contains(&at) || at < Oid::FIRST_NORMAL {
            continue;
        }
        seen.push(at);
        let row = catalog.type_(at)?;
        match row.typtype {
            b'd' => open.push(row.typbasetype),
            b'c' => open.extend(catalog.relation(row.typrelid)?.live_columns().map(|column| column.atttypid)),
            b'r' => open.push(catalog.range(at)?.rngsubtype),
            _ => open.extend(catalog.element_type(at)?),
        }
    }
    Ok(false)
}

/// ALTER TYPE … RENAME ATTRIBUTE
pub(super) fn rename_attribute(context: &Context<'_>, rename: &Rename, name: &str) -> Result<()> {
    let relation_name = match &rename.object {
        ObjectReference::Relation(relation) => relation.name.clone(),
        other => super::name_of(other)?.to_relation(),
    };
    let relation = open(context, &relation_name)?;
    let catalog = context.catalog();
    let Some(column) = relation.column_by_name(name) else {
        return Err(Error::new(SqlState::UNDEFINED_COLUMN, format!("column \"{name}\" does not exist")));
    };
    let tables = typed_tables(context, &relation, rename.behavior)?;
    catalog.rename_column(relation.oid, column.attnum, &rename.new_name)?;
    for table in tables {
        if let Some(column) = catalog.relation(table)?.column_by_name(name) {
            catalog.rename_column(table, column.attnum, &rename.new_name)?;
        }
    }
    Ok(())
}
