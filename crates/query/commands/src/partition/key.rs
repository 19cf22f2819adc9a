//! PARTITION BY.

use analyzer::Wanted;
use analyzer::query::{ExprKind, SqlType};
use analyzer::scope::Place;
use catalog::field::{Int2Vector, OidVector};
use catalog::objects::{BTREE, HASH};
use catalog::rows::{PgCollation, PgOpclass, PgPartitionedTable};
use catalog::{Dependency, Object};
use error::{Error, Result, SqlState};
use ids::Oid;
use parser::ast::{IndexKey, PartitionBy, PartitionElement, PartitionStrategy};

use crate::{Context, expression};

/// How many columns a partition key may have.
const COLUMNS_MAX: usize = 32;

fn invalid(text: impl Into<String>) -> Error {
    Error::new(SqlState::INVALID_OBJECT_DEFINITION, text)
}

/// Notes by what a new table is partitioned.
pub(crate) fn define(context: &Context<'_>, table: Oid, by: &PartitionBy) -> Result<()> {
    let catalog = context.catalog();
    let relation = catalog.relation(table)?;
    if by.strategy == PartitionStrategy::List && by.elements.len() > 1 {
        return Err(invalid("cannot use \"list\" partition strategy with more than one column"));
    }
    if by.elements.len() > COLUMNS_MAX {
        let text = format!("cannot partition using more than {COLUMNS_MAX} columns");
        return Err(Error::new(SqlState::TOO_MANY_COLUMNS, text));
    }
    let (mut numbers, mut expressions, mut objects) = (Vec::new(), Vec::new(), Vec::new());
    let (mut classes, mut collations, mut columns) = (Vec::new(), Vec::new(), Vec::new());
    let place_in = |element: &PartitionElement, error: Error| context.place(error, element.location);
    for (at, element) in by.elements.iter().enumerate() {
        let ty = match &element.key {
            IndexKey::Column(name) => {
                if catalog::relation::system_column_by_name(name).is_some() {
                    let error = invalid(format!("cannot use system column \"{name}\" in partition key"));
                    return Err(context.place(error, element.location));
                }
                let column = relation.column_by_name(name).ok_or_else(|| {
                    let text = format!("column \"{name}\" named in partition key does not exist");
                    context.place(Error::new(SqlState::UNDEFINED_COLUMN, text), element.location)
                })?;
                if column.attgenerated != 0 {
                    let error = invalid("cannot use generated column in partition key");
                    let error = error.detail(format!("Column \"{name}\" is a generated column."));
                    return Err(context.place(error, element.location));
                }
                numbers.push(column.attnum);
                columns.push(column.attnum);
                SqlType { oid: column.atttypid, typmod: column.atttypmod, collation: column.attcollation }
            }
            IndexKey::Expr(expr) => {
                let place = Place::PartitionExpression;
                // Errors of expressions do not say where they stand, as in PostgreSQL.
                let context = &context.without_text();
                let stored = expression::store(context, expr, place, Some(&relation), Wanted::Untyped)?;
                let ty = stored.expr.ty;
                check_type(context, ty, at)?;
                check_generated(&relation, &stored.columns).map_err(|error| place_in(element, error))?;
                if let ExprKind::Var(var) = &stored.expr.kind
                    && var.column > 0
                {
                    // A column in parentheses is a column.
                    numbers.push(var.column);
                    columns.push(var.column);
                } else {
                    check_expression(context, &stored)?;
                    numbers.push(0);
                    objects.extend(stored.objects);
                    columns.extend(stored.columns);
                    expressions.push(stored.expr);
                }
                ty
            }
        };
        check_type(context, ty, at)?;
        let (class, collation) = class_and_collation(context, by.strategy, element, ty)?;
        classes.push(class);
        collations.push(collation);
    }
    catalog.insert(&PgPartitionedTable {
        partrelid: table,
        partstrat: match by.strategy {
            PartitionStrategy::List => b'l',
            PartitionStrategy::Range => b'r',
            PartitionStrategy::Hash => b'h',
        },
        partnatts: numbers.len() as i16,
        partdefid: Oid::INVALID,
        partattrs: Int2Vector(numbers),
        partclass: OidVector(classes.clone()),
        partcollation: OidVector(collations.clone()),
        partexprs: (!expressions.is_empty()).then(|| analyzer::node::to_text(&expressions).into()),
    })?;
    let this = Object::relation(table);
    let needed: Vec<Object> = classes
        .iter()
        .map(|&class| Object::of::<PgOpclass>(class))
        .chain(collations.iter().map(|&collation| Object::of::<PgCollation>(collation)))
        .filter(|object| object.oid.is_valid())
        .chain(objects)
        .collect();
    catalog.record_dependencies(this, &needed, Dependency::Normal)?;
    let columns: Vec<Object> = columns.iter().map(|&number| Object::column(table, number)).collect();
    for column in columns {
        // A column goes only with its table.
        catalog.record_dependency(column, this, Dependency::Internal)?;
    }
    catalog.next_command()
}

fn check_type(context: &Context<'_>, ty: SqlType, at: usize) -> Result<()> {
    if context.catalog().type_(ty.oid)?.typtype != b'p' {
        return Ok(());
    }
    let name = context.session.type_name(ty.oid)?;
    Err(invalid(format!("partition key column {} has pseudo-type {name}", at + 1)))
}

/// Refuses a key that reads generated columns: one of these, or the whole row.
fn check_generated(relation: &catalog::Relation, columns: &[i16]) -> Result<()> {
    let whole = columns.contains(&0);
    for column in relation.live_columns().filter(|column| column.attgenerated != 0) {
        if whole || columns.contains(&column.attnum) {
            return Err(invalid("cannot use generated column in partition key")
                .detail(format!("Column \"{}\" is a generated column.", column.attname)));
        }
    }
    Ok(())
}

fn check_expression(context: &Context<'_>, stored: &expression::Stored) -> Result<()> {
    if stored.columns.contains(&0) {
        return Err(invalid("partition key expressions cannot contain whole-row references"));
    }
    if stored.columns.iter().any(|&number| number < 0) {
        return Err(invalid("partition key expressions cannot contain system column references"));
    }
    if expression::is_mutable(context, &stored.expr)? {
        return Err(invalid("functions in partition key expression must be marked IMMUTABLE"));
    }
    if stored.columns.is_empty() {
        return Err(invalid("cannot use constant expression as partition key"));
    }
    Ok(())
}

fn class_and_collation(
    context: &Context<'_>,
    strategy: PartitionStrategy,
    element: &PartitionElement,
    ty: SqlType,
) -> Result<(Oid, Oid)> {
    let catalog = context.catalog();
    let mut collation = ty.collation;
    if let Some(written) = &element.collation {
        if !catalog.type_(ty.oid)?.typcollation.is_valid() {
            let text = format!("collations are not supported by type {}", context.session.type_name(ty.oid)?);
            return Err(context.place(Error::new(SqlState::DATATYPE_MISMATCH, text), element.location));
        }
        collation = context.analyzer().collation_name_of(written)?;
    }
    if catalog.type_(ty.oid)?.typcollation.is_valid() && !collation.is_valid() {
        let text = "could not determine which collation to use for partition expression";
        return Err(Error::new(SqlState::INDETERMINATE_COLLATION, text)
            .hint("Use the COLLATE clause to set the collation explicitly."));
    }
    let (method, word) = match strategy {
        PartitionStrategy::Hash => (HASH, "hash"),
        _ => (BTREE, "btree"),
    };
    let class = match &element.operator_class {
        Some(class) => {
            let schema = class.qualifiers.last().map(|schema| &**schema);
            let found = catalog.opclass_by_name(method, schema, &class.name)?.ok_or_else(|| {
                let text = format!("operator class \"{class}\" does not exist for access method \"{word}\"");
                Error::new(SqlState::UNDEFINED_OBJECT, text)
            })?;
            match strategy {
                PartitionStrategy::Hash => planner::partition::hash_function(catalog, found).map(|_| ())?,
                _ => crate::operator_class::require_known(context, found)?,
            }
            found
        }
        None => catalog.default_opclass(method, ty.oid)?.ok_or_else(|| {
            let name = context.session.type_name(ty.oid).unwrap_or_default();
            let text = format!("data type {name} has no default operator class for access method \"{word}\"");
            Error::new(SqlState::UNDEFINED_OBJECT, text).hint(format!(
                "You must specify a {word} operator class or define a default {word} operator class for the data type."
            ))
        })?,
    };
    Ok((class, collation))
}
