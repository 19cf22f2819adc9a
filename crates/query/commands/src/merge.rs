//! The columns and checks of a new table: its own, those of its parents, of the type it is made of, and of the tables it is LIKE.
//!
//! Columns of the same name become one. PostgreSQL tells of each merge by a notice, and refuses those whose types differ.

use analyzer::query::Expr;
use catalog::relation::kind;
use catalog::rows::{PgAttribute, PgConstraint};
use catalog::{Entry, NewColumn, Relation};
use error::{Error, Result, SqlState};
use ids::Oid;
use parser::ast::{Constraint, ConstraintKind, CreateTable, LikeOptions, TableElement};

use crate::column::{self, Column, Model};
use crate::{Context, constraint, expression, not_null};

/// A new table, as far as columns and checks go.
#[derive(Default)]
pub(crate) struct Definition<'s> {
    pub columns: Vec<Column<'s>>,
    /// Constraints of the table that the statement writes.
    pub constraints: Vec<&'s Constraint>,
    /// Checks of parents and models.
    pub checks: Vec<Check>,
    /// Tables that the new one is LIKE, and in what.
    pub likes: Vec<(Entry<Relation>, LikeOptions)>,
    /// The type of a typed table, else invalid.
    pub of_type: Oid,
}

/// A check that comes from another table.
pub(crate) struct Check {
    pub name: String,
    pub model: Model,
    pub enforced: bool,
    pub local: bool,
    pub inherited: i16,
    pub no_inherit: bool,
}

/// Puts a definition together.
pub(crate) fn definition<'s>(
    context: &Context<'_>,
    create: &'s CreateTable,
    parents: &[Entry<Relation>],
) -> Result<Definition<'s>> {
    let mut new = Definition::default();
    for parent in parents {
        inherit(context, &mut new, parent, create.partition_of.is_some())?;
    }
    if let Some(name) = &create.of_type {
        of_type(context, &mut new, name)?;
    }
    let fixed = create.partition_of.is_some() || create.of_type.is_some();
    let mut own = Vec::new();
    for (number, element) in create.elements.iter().enumerate() {
        match element {
            TableElement::Column(definition) if fixed => {
                let found = new.columns.iter_mut().find(|column| column.new.name == *definition.name);
                let column = found.ok_or_else(|| {
                    let text = format!("column \"{}\" does not exist", definition.name);
                    Error::new(SqlState::UNDEFINED_COLUMN, text)
                })?;
                let identity = |own: &Constraint| matches!(own.kind, ConstraintKind::Identity { .. });
                if definition.constraints.iter().any(identity) {
                    let what = if create.of_type.is_some() { "typed tables" } else { "partitions" };
                    let text = format!("identity columns are not supported on {what}");
                    return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text));
                }
                let before = (column.new.not_null, column.new.generated);
                column.new.not_null = false;
                column::apply(context, definition, column, &create.relation.name)?;
                if create.partition_of.is_some() {
                    check_generation(&definition.name, before.1, column)?;
                }
                column.new.not_null |= before.0;
            }
            TableElement::Column(definition) => {
                let column = column::column(context, definition, &create.relation.name)?;
                let twice = create.elements[..number]
                    .iter()
                    .any(|other| matches!(other, TableElement::Column(other) if other.name == definition.name));
                if twice {
                    let text = format!("column \"{}\" specified more than once", definition.name);
                    return Err(Error::new(SqlState::DUPLICATE_COLUMN, text));
                }
                own.push(column);
            }
            TableElement::Constraint(constraint) => new.constraints.push(constraint.as_ref()),
            TableElement::Like(clause) => {
                crate::like::columns(context, clause, &mut own, &mut new)?;
            }
        }
    }
    let inherited = new.columns.len();
    for (at, column) in own.into_iter().enumerate() {
        merge_own(context, &mut new.columns, inherited, at, column)?;
    }
    for column in &new.columns {
        if column.conflicting_default && column.default.is_none() && column.generated.is_none() {
            let (what, clause) = match column.new.generated {
                0 => ("default values", "default"),
                _ => ("generation expressions", "generation expression"),
            };
            let text = format!("column \"{}\" inherits conflicting {what}", column.new.name);
            let hint = format!("To resolve the conflict, specify a {clause} explicitly.");
            return Err(Error::new(SqlState::INVALID_COLUMN_DEFINITION, text).hint(hint));
        }
    }
    // Columns of a primary key are not null, wherever it is declared; so are those that a constraint of the table names.
    let constraints = std::mem::take(&mut new.constraints);
    for constraint in constraints {
        constraint::mark_primary_key(context, constraint, &mut new.columns)?;
        if let ConstraintKind::NotNull { column: Some(name) } = &constraint.kind {
            let found = new.columns.iter_mut().find(|column| column.new.name == **name);
            let column = found.ok_or_else(|| {
                let text = format!("column \"{name}\" of relation \"{}\" does not exist", create.relation.name);
                Error::new(SqlState::UNDEFINED_COLUMN, text)
            })?;
            not_null::declare(column, constraint.name.as_deref(), constraint.attributes.no_inherit, true)?;
        } else {
            new.constraints.push(constraint);
        }
    }
    Ok(new)
}

/// A partition's column is generated just as its parent's.
fn check_generation(name: &str, parent: u8, column: &Column<'_>) -> Result<()> {
    let invalid = |text: String| Err(Error::new(SqlState::INVALID_COLUMN_DEFINITION, text));
    match (parent, column.new.generated) {
        (0, b's' | b'v') => {
            invalid(format!("child column \"{name}\" specifies generation expression")).map_err(|error: Error| {
                error.hint("A child table column cannot be generated unless its parent column is.")
            })
        }
        (b's' | b'v', _) if column.default.is_some() => {
            invalid(format!("column \"{name}\" inherits from generated column but specifies default"))
        }
        (b's' | b'v', _) if column.identity.is_some() => {
            invalid(format!("column \"{name}\" inherits from generated column but specifies identity"))
        }
        (parent, own) if parent != own => {
            let word = |letter| if letter == b's' { "STORED" } else { "VIRTUAL" };
            Err(Error::new(
                SqlState::INVALID_COLUMN_DEFINITION,
                format!("column \"{name}\" inherits from generated column of different kind"),
            )
            .detail(format!("Parent column is {}, child column is {}.", word(parent), word(own))))
        }
        _ => Ok(()),
    }
}

/// A column as another table has it.
pub(crate) fn copy<'s>(attribute: &PgAttribute) -> Column<'s> {
    let mut new =
        NewColumn::new(attribute.attname.to_string(), attribute.atttypid, attribute.atttypmod, attribute.attcollation);
    new.dimensions = attribute.attndims;
    Column::plain(new)
}

/// The default or generation expression of a column, if it has one.
pub(crate) fn default_of(context: &Context<'_>, table: &Entry<Relation>, number: i16) -> Result<Option<Model>> {
    let Some(text) = table.default_of(number) else { return Ok(None) };
    Ok(Some(Model { expr: expression::read(context, text)?, table: table.clone() }))
}

/// The columns of a typed table's type.
fn of_type(context: &Context<'_>, new: &mut Definition<'_>, name: &parser::ast::ObjectName) -> Result<()> {
    let catalog = context.catalog();
    let schema = name.qualifiers.last().map(|schema| &**schema);
    let found = catalog
        .type_by_name(schema, &name.name)?
        .ok_or_else(|| Error::new(SqlState::UNDEFINED_OBJECT, format!("type \"{name}\" does not exist")))?;
    context.require_usage(found)?;
    let row = catalog.type_(found)?;
    let wrong = |text: String| Err(Error::new(SqlState::WRONG_OBJECT_TYPE, text));
    let shown = context.session.type_name(found)?;
    if row.typtype != b'c' {
        return wrong(format!("type {shown} is not a composite type"));
    }
    let relation = catalog.relation(row.typrelid)?;
    if relation.kind() != kind::COMPOSITE_TYPE {
        return Err(Error::new(SqlState::WRONG_OBJECT_TYPE, format!("type {shown} is the row type of another table"))
            .detail("A typed table must use a stand-alone composite type created with CREATE TYPE."));
    }
    new.of_type = found;
    new.columns.extend(relation.live_columns().map(copy));
    Ok(())
}

fn mismatch(context: &Context<'_>, text: String, ours: &NewColumn, other: (Oid, i32)) -> Result<Error> {
    let catalog = context.catalog();
    let (a, b) = (catalog.format_type(ours.type_, ours.typmod)?, catalog.format_type(other.0, other.1)?);
    Ok(Error::new(SqlState::DATATYPE_MISMATCH, text).detail(format!("{a} versus {b}")))
}

/// Definitions of one column must not ask for different storage.
fn storage_conflict(ours: &NewColumn, what: &str, name: &str, storage: Option<u8>, compression: u8) -> Result<()> {
    let word = |letter| match letter {
        b'p' => "PLAIN",
        b'e' => "EXTERNAL",
        b'm' => "MAIN",
        _ => "EXTENDED",
    };
    if let (Some(have), Some(other)) = (ours.storage, storage)
        && have != other
    {
        return Err(Error::new(
            SqlState::DATATYPE_MISMATCH,
            format!("{what} \"{name}\" has a storage parameter conflict"),
        )
        .detail(format!("{} versus {}", word(have), word(other))));
    }
    if ours.compression != 0 && compression != 0 && ours.compression != compression {
        let word = |letter| if letter == b'p' { "pglz" } else { "lz4" };
        return Err(Error::new(
            SqlState::DATATYPE_MISMATCH,
            format!("column \"{name}\" has a compression method conflict"),
        )
        .detail(format!("{} versus {}", word(ours.compression), word(compression))));
    }
    Ok(())
}

fn collation_mismatch(context: &Context<'_>, text: String, ours: Oid, other: Oid) -> Result<Error> {
    let catalog = context.catalog();
    let name = |collation: Oid| {
        Ok::<_, Error>(catalog.find_collation(collation)?.map_or("default".into(), |row| row.collname.to_string()))
    };
    Ok(Error::new(SqlState::COLLATION_MISMATCH, text).detail(format!(
        "\"{}\" versus \"{}\"",
        name(ours)?,
        name(other)?
    )))
}

/// Adds what a parent has.
fn inherit(context: &Context<'_>, new: &mut Definition<'_>, parent: &Entry<Relation>, partition: bool) -> Result<()> {
    for attribute in parent.live_columns() {
        let name = &*attribute.attname;
        let model = default_of(context, parent, attribute.attnum)?;
        let at = match new.columns.iter().position(|column| column.new.name == *name) {
            Some(at) => {
                let text = format!("merging multiple inherited definitions of column \"{name}\"");
                context.inform(SqlState::SUCCESSFUL_COMPLETION, text);
                let column = &mut new.columns[at];
                if (column.new.type_, column.new.typmod) != (attribute.atttypid, attribute.atttypmod) {
                    let text = format!("inherited column \"{name}\" has a type conflict");
                    return Err(mismatch(context, text, &column.new, (attribute.atttypid, attribute.atttypmod))?);
                }
                if column.new.collation != attribute.attcollation {
                    let text = format!("inherited column \"{name}\" has a collation conflict");
                    return Err(collation_mismatch(context, text, column.new.collation, attribute.attcollation)?);
                }
                if column.new.generated != attribute.attgenerated {
                    let text = format!("inherited column \"{name}\" has a generation conflict");
                    return Err(Error::new(SqlState::DATATYPE_MISMATCH, text));
                }
                let name = name.to_string();
                storage_conflict(
                    &column.new,
                    "inherited column",
                    &name,
                    Some(attribute.attstorage),
                    attribute.attcompression,
                )?;
                if column.new.compression == 0 {
                    column.new.compression = attribute.attcompression;
                }
                column.new.inherited += 1;
                at
            }
            None => {
                let mut column = copy(attribute);
                column.new.local = false;
                column.new.inherited = 1;
                column.new.storage = Some(attribute.attstorage);
                column.new.compression = attribute.attcompression;
                column.new.generated = attribute.attgenerated;
                if partition {
                    column.new.identity = attribute.attidentity;
                }
                new.columns.push(column);
                new.columns.len() - 1
            }
        };
        let column = &mut new.columns[at];
        match (&column.model_default, model) {
            (None, model) => column.model_default = model,
            (Some(_), None) => {}
            (Some(have), Some(model)) => column.conflicting_default |= !same(context, have, &model)?,
        }
        let constraint = parent.constraints.iter().find(|constraint| {
            constraint.contype == b'n'
                && !constraint.connoinherit
                && constraint.conkey.as_deref() == Some(&[attribute.attnum])
        });
        if let Some(constraint) = constraint {
            column.new.not_null = true;
            match &mut column.inherited_not_null {
                Some((_, count)) => *count += 1,
                none => *none = Some((constraint.conname.to_string(), 1)),
            }
        }
    }
    for constraint in parent.constraints.iter().filter(|c| c.contype == b'c' && !c.connoinherit) {
        inherit_check(context, new, parent, constraint)?;
    }
    Ok(())
}

/// Whether two stored expressions of different tables say the same, column by name.
pub(crate) fn same(context: &Context<'_>, a: &Model, b: &Model) -> Result<bool> {
    let place = |name: &str| a.table.column_by_name(name).map(|column| column.attnum);
    match expression::transplant(context, &b.expr, &b.table, &place) {
        Ok(stored) => Ok(stored.expr == a.expr),
        Err(_) => Ok(false),
    }
}

fn inherit_check(
    context: &Context<'_>,
    new: &mut Definition<'_>,
    parent: &Entry<Relation>,
    constraint: &PgConstraint,
) -> Result<()> {
    let Some(text) = &constraint.conbin else { return Ok(()) };
    let model = Model { expr: expression::read(context, text)?, table: parent.clone() };
    let name = constraint.conname.to_string();
    match new.checks.iter_mut().find(|check| check.name == name) {
        Some(check) if same(context, &check.model, &model)? => {
            check.inherited += 1;
            check.enforced |= constraint.conenforced;
            Ok(())
        }
        Some(_) => {
            let text =
                format!("check constraint name \"{name}\" appears multiple times but with different expressions");
            Err(Error::new(SqlState::DUPLICATE_OBJECT, text))
        }
        None => {
            let (enforced, inherited) = (constraint.conenforced, 1);
            new.checks.push(Check { name, model, enforced, local: false, inherited, no_inherit: false });
            Ok(())
        }
    }
}

/// Adds a column of the table's own, or makes it one with the inherited column of its name.
fn merge_own<'s>(
    context: &Context<'_>,
    columns: &mut Vec<Column<'s>>,
    inherited: usize,
    at: usize,
    own: Column<'s>,
) -> Result<()> {
    let name = own.new.name.clone();
    let Some(found) = columns[..inherited].iter().position(|column| column.new.name == name) else {
        columns.push(own);
        return Ok(());
    };
    if found == at {
        let text = format!("merging column \"{name}\" with inherited definition");
        context.inform(SqlState::SUCCESSFUL_COMPLETION, text);
    } else {
        let text = format!("moving and merging column \"{name}\" with inherited definition");
        let notice = Error::new(SqlState::SUCCESSFUL_COMPLETION, text).severity(error::Severity::Notice);
        context.notice(notice.detail("User-specified column moved to the position of the inherited column."));
    }
    let column = &mut columns[found];
    if (column.new.type_, column.new.typmod) != (own.new.type_, own.new.typmod) {
        let text = format!("column \"{name}\" has a type conflict");
        return Err(mismatch(context, text, &column.new, (own.new.type_, own.new.typmod))?);
    }
    if column.new.collation != own.new.collation {
        let text = format!("column \"{name}\" has a collation conflict");
        return Err(collation_mismatch(context, text, column.new.collation, own.new.collation)?);
    }
    check_generation(
        &name,
        column.new.generated,
        &Column {
            new: NewColumn {
                generated: match own.new.generated {
                    0 => column.new.generated,
                    letter => letter,
                },
                ..own.new.clone()
            },
            default: own.default,
            identity: own.identity,
            ..Column::plain(own.new.clone())
        },
    )?;
    storage_conflict(&column.new, "column", &name, own.new.storage, own.new.compression)?;
    column.new.local = true;
    column.new.not_null |= own.new.not_null;
    column.not_null = own.not_null;
    column.implied_not_null |= own.implied_not_null;
    column.default = own.default;
    column.serial = own.serial;
    column.identity = own.identity;
    column.new.identity = own.new.identity;
    column.constraints = own.constraints;
    column.generated = own.generated;
    if own.new.generated != 0 {
        column.new.generated = own.new.generated;
    }
    if own.new.storage.is_some() {
        column.new.storage = own.new.storage;
    }
    if own.new.compression != 0 {
        column.new.compression = own.new.compression;
    }
    if own.model_default.is_some() {
        column.model_default = own.model_default;
        column.conflicting_default = false;
    }
    Ok(())
}

/// A check's expression, for comparing it with an inherited one.
pub(crate) fn check_of(
    context: &Context<'_>,
    table: &Entry<Relation>,
    name: &str,
) -> Result<Option<(PgConstraint, Expr)>> {
    let found = table.constraints.iter().find(|constraint| constraint.contype == b'c' && constraint.conname == *name);
    let Some(constraint) = found else { return Ok(None) };
    let Some(text) = &constraint.conbin else { return Ok(None) };
    Ok(Some((constraint.clone(), expression::read(context, text)?)))
}
