//! CREATE TABLE, CREATE SCHEMA.

use analyzer::Wanted;
use analyzer::query::{ExprKind, SqlType};
use analyzer::scope::Place;
use catalog::relation::kind;
use catalog::rows::PgConstraint;
use catalog::{NewConstraint, NewRelation};
use error::{Error, Result, SqlState};
use ids::Oid;
use parser::ast::{CreateSchema, CreateTable, Persistence, TableElement};

use crate::column::{self, Column};
use crate::{Context, constraint, expression, options, sequence};

/// Makes a table.
pub(crate) fn create_table(context: &Context<'_>, create: &CreateTable) -> Result<()> {
    let unsupported = [
        (create.foreign.is_some(), "foreign tables"),
        (create.of_type.is_some(), "typed tables"),
        (create.partition_of.is_some() || create.partition_by.is_some(), "partitioned tables"),
        (!create.inherits.is_empty(), "inheritance"),
        (create.persistence == Persistence::Temporary, "temporary tables"),
        (create.tablespace.as_deref().is_some_and(|name| name != "pg_default"), "tablespaces"),
    ];
    if let Some((_, what)) = unsupported.iter().find(|(there, _)| *there) {
        return Err(Error::not_implemented(what));
    }
    if let Some(method) = create.access_method.as_deref().filter(|method| *method != "heap") {
        let text = format!("access method \"{method}\" does not exist");
        return Err(Error::new(SqlState::UNDEFINED_OBJECT, text));
    }
    let schema = context.creation_schema(&create.relation)?;
    let name = &*create.relation.name;
    if context
        .catalog()
        .relation_by_name(create.relation.schema.as_deref(), name)?
        .is_some_and(|oid| context.catalog().relation(oid).is_ok_and(|relation| relation.class.relnamespace == schema))
    {
        if create.if_not_exists {
            context.inform(SqlState::DUPLICATE_TABLE, format!("relation \"{name}\" already exists, skipping"));
            return Ok(());
        }
        return Err(Error::new(SqlState::DUPLICATE_TABLE, format!("relation \"{name}\" already exists")));
    }
    let mut columns = Vec::new();
    let mut constraints = Vec::new();
    for element in &create.elements {
        match element {
            TableElement::Column(definition) => columns.push(column::column(context, definition)?),
            TableElement::Constraint(constraint) => constraints.push(constraint.as_ref()),
            TableElement::Like(_) => return Err(Error::not_implemented("LIKE in CREATE TABLE")),
        }
    }
    // Columns of a primary key are not null, wherever it is declared.
    for constraint in &constraints {
        constraint::mark_primary_key(context, constraint, &mut columns)?;
    }
    let mut new = NewRelation::new(name, schema, kind::TABLE, context.catalog().current_user());
    new.persistence = if create.persistence == Persistence::Unlogged { b'u' } else { b'p' };
    new.columns = columns.iter().map(|column| column.new.clone()).collect();
    new.options = options::storage(&create.options, false)?;
    let table = context.catalog().create_relation(&new)?;
    finish(context, table, &columns, &constraints)
}

/// Makes what follows a table's rows: defaults, constraints, its TOAST table.
fn finish(
    context: &Context<'_>,
    table: Oid,
    columns: &[Column<'_>],
    constraints: &[&parser::ast::Constraint],
) -> Result<()> {
    let catalog = context.catalog();
    catalog.create_toast_table(table)?;
    for (at, column) in columns.iter().enumerate() {
        make_sequence(context, table, at as i16 + 1, column)?;
        if let Some(default) = column.default {
            set_default(context, table, at as i16 + 1, default)?;
        }
        if let Some(generated) = column.generated {
            set_generated(context, table, at as i16 + 1, generated)?;
        }
        if column.new.not_null {
            not_null_constraint(context, table, at as i16 + 1, &column.new.name, column.not_null.flatten())?;
        }
    }
    for (at, column) in columns.iter().enumerate() {
        for constraint in &column.constraints {
            constraint::add(context, table, constraint, Some(at as i16 + 1))?;
        }
    }
    constraints.iter().try_for_each(|constraint| constraint::add(context, table, constraint, None))
}

/// Makes the sequence that a `serial` or identity column counts with.
pub(crate) fn make_sequence(context: &Context<'_>, table: Oid, number: i16, column: &Column<'_>) -> Result<()> {
    let owner = sequence::Owner { table, column: number, identity: column.identity.is_some() };
    if let Some(items) = column.identity {
        sequence::create_for_column(context, owner, column.new.type_, items)?;
    }
    if column.serial {
        let sequence = sequence::create_for_column(context, owner, column.new.type_, &[])?;
        set_default(context, table, number, &sequence::next_value(context, sequence)?)?;
    }
    Ok(())
}

/// Gives a column its default. `DEFAULT NULL` is none.
pub(crate) fn set_default(context: &Context<'_>, table: Oid, number: i16, default: &parser::ast::Expr) -> Result<()> {
    let relation = context.catalog().relation(table)?;
    let column = relation.column(number).ok_or_else(|| Error::internal("a column is gone"))?;
    let ty = SqlType { oid: column.atttypid, typmod: column.atttypmod, collation: column.attcollation };
    let wanted = Wanted::Column { name: &column.attname, ty, what: "default expression" };
    let stored = expression::store(context, default, Place::ColumnDefault, None, wanted)?;
    if matches!(&stored.expr.kind, ExprKind::Const(value) if value.is_null()) {
        return Ok(());
    }
    context.catalog().set_default(table, number, &stored.text, &stored.objects).map(|_| ())
}

/// Gives a column the expression from which it is computed.
fn set_generated(context: &Context<'_>, table: Oid, number: i16, value: &parser::ast::Expr) -> Result<()> {
    let relation = context.catalog().relation(table)?;
    let column = relation.column(number).ok_or_else(|| Error::internal("a column is gone"))?;
    let ty = SqlType { oid: column.atttypid, typmod: column.atttypmod, collation: column.attcollation };
    let wanted = Wanted::Column { name: &column.attname, ty, what: "generation expression" };
    let stored = expression::store(context, value, Place::GeneratedColumn, Some(&relation), wanted)?;
    let mut objects = stored.objects;
    objects.extend(stored.columns.iter().map(|&n| catalog::Object::column(table, n)));
    context.catalog().set_default(table, number, &stored.text, &objects).map(|_| ())
}

/// Makes the constraint behind a NOT NULL column.
pub(crate) fn not_null_constraint(
    context: &Context<'_>,
    table: Oid,
    number: i16,
    column: &str,
    name: Option<&str>,
) -> Result<()> {
    let catalog = context.catalog();
    let relation = catalog.relation(table)?;
    let schema = relation.class.relnamespace;
    let name = match name {
        Some(name) => name.to_string(),
        None => catalog.choose_name(schema, relation.name(), column, "not_null", &|_| false)?,
    };
    let row = PgConstraint {
        conname: name.into(),
        connamespace: schema,
        contype: b'n',
        conenforced: true,
        convalidated: true,
        conrelid: table,
        confupdtype: b' ',
        confdeltype: b' ',
        confmatchtype: b' ',
        conislocal: true,
        conkey: Some(vec![number]),
        ..Default::default()
    };
    catalog.create_constraint(&NewConstraint { row, objects: Vec::new() }).map(|_| ())
}

/// Makes a schema.
pub(crate) fn create_schema(context: &Context<'_>, create: &CreateSchema) -> Result<()> {
    if create.authorization.is_some() {
        return Err(Error::not_implemented("CREATE SCHEMA … AUTHORIZATION"));
    }
    let name = create.name.as_deref().unwrap_or_default();
    let catalog = context.catalog();
    catalog.require_privileges(
        catalog::privileges::ObjectKind::Database,
        catalog.database(),
        catalog::acl::Privileges::CREATE,
    )?;
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
    catalog.create_schema(name, catalog.current_user(), None).map(|_| ())
}
