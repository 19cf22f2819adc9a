//! Generated columns: from what they may be computed, and what they may be.
//!
//! A virtual column's expression takes the column's place in queries of whoever reads the table, so it may not run functions or use types of
//! users. `attgenerated` says which kind a column is, `pg_attrdef` holds its expression.

use analyzer::Wanted;
use analyzer::node::Next;
use analyzer::query::{Expr, ExprKind, SqlType};
use analyzer::scope::Place;
use catalog::{Object, Relation};
use error::{Error, Result, SqlState};
use ids::Oid;
use parser::ast;

use crate::{Context, expression};

/// Gives a column the expression from which it is computed.
pub(crate) fn set(context: &Context<'_>, table: Oid, number: i16, value: &ast::Expr) -> Result<()> {
    let relation = context.catalog().relation(table)?;
    let column = relation.column(number).ok_or_else(|| Error::internal("a column is gone"))?;
    let ty = SqlType { oid: column.atttypid, typmod: column.atttypmod, collation: column.attcollation };
    let wanted = Wanted::Column { name: &column.attname, ty, what: "column generation expression" };
    let stored = expression::store(context, value, Place::GeneratedColumn, Some(&relation), wanted)?;
    let mut found = None;
    stored.expr.walk(|expr, _| {
        if let ExprKind::Var(var) = &expr.kind {
            found = unreadable(&relation, var.column).map(|error| (error, expr.location));
        }
        Next::until(found.is_some())
    });
    if let Some((error, location)) = found {
        return Err(context.place(error, location));
    }
    if expression::is_mutable(context, &stored.expr)? {
        return Err(Error::new(SqlState::INVALID_OBJECT_DEFINITION, "generation expression is not immutable"));
    }
    if column.attgenerated == b'v' {
        check_virtual(context, &stored.expr)?;
    }
    let mut objects = stored.objects;
    objects.extend(stored.columns.iter().map(|&n| Object::column(table, n)));
    context.catalog().set_default(table, number, &stored.text, &objects).map(|_| ())
}

/// Why a generation expression may not read a column.
fn unreadable(relation: &Relation, number: i16) -> Option<Error> {
    let invalid =
        |text: String, detail: &str| Some(Error::new(SqlState::INVALID_OBJECT_DEFINITION, text).detail(detail));
    match (number, relation.column(number)) {
        (0, _) => invalid(
            "cannot use whole-row variable in column generation expression".into(),
            "This would cause the generated column to depend on its own value.",
        ),
        (number, _) if number < 0 && number != TABLEOID => {
            let name = catalog::relation::system_columns().iter().find(|column| column.attnum == number);
            let name = name.map_or("", |column| &column.attname);
            let text = format!("cannot use system column \"{name}\" in column generation expression");
            Some(Error::new(SqlState::INVALID_COLUMN_REFERENCE, text))
        }
        (_, Some(column)) if column.attgenerated != 0 => invalid(
            format!("cannot use generated column \"{}\" in column generation expression", column.attname),
            "A generated column cannot reference another generated column.",
        ),
        _ => None,
    }
}

/// The number of the system column `tableoid`.
const TABLEOID: i16 = -6;

/// A virtual column's expression uses neither functions nor types of users.
fn check_virtual(context: &Context<'_>, expr: &Expr) -> Result<()> {
    let mut found = None;
    expr.walk(|expr, _| {
        let function = match &expr.kind {
            ExprKind::Function(call) => call.function,
            ExprKind::Operator(call) | ExprKind::Distinct(call) | ExprKind::NullIf(call) => call.function,
            ExprKind::ScalarArray { call, .. } => call.function,
            _ => Oid::INVALID,
        };
        found = match (function >= Oid::FIRST_UNPINNED, expr.ty.oid >= Oid::FIRST_UNPINNED) {
            (true, _) => Some(("function", expr.location)),
            (_, true) => Some(("type", expr.location)),
            _ => None,
        };
        Next::until(found.is_some())
    });
    let Some((what, location)) = found else { return Ok(()) };
    let text = format!("generation expression uses user-defined {what}");
    let detail = format!("Virtual generated columns that make use of user-defined {what}s are not yet supported.");
    Err(context.place(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text).detail(detail), location))
}

/// A virtual column is of a built-in type that is no domain and holds none.
pub(crate) fn check_virtual_type(context: &Context<'_>, name: &str, ty: Oid) -> Result<()> {
    let refuse = |text: String| Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text));
    if holds_domain(context, ty)? {
        return refuse(format!("virtual generated column \"{name}\" cannot have a domain type"));
    }
    if ty >= Oid::FIRST_UNPINNED {
        return refuse(format!("virtual generated column \"{name}\" cannot have a user-defined type")).map_err(
            |error: Error| {
                error.detail("Virtual generated columns that make use of user-defined types are not yet supported.")
            },
        );
    }
    Ok(())
}

/// Whether a type is a domain, or an array, range or multirange of one.
fn holds_domain(context: &Context<'_>, ty: Oid) -> Result<bool> {
    let catalog = context.catalog();
    let mut at = ty;
    // A few steps lead to the innermost type: multirange, range, array.
    for _ in 0..8 {
        if at < Oid::FIRST_UNPINNED {
            return Ok(false);
        }
        let row = catalog.type_(at)?;
        at = match row.typtype {
            b'd' => return Ok(true),
            b'r' => catalog.range(at)?.rngsubtype,
            b'm' => catalog.multirange(at)?.rngsubtype,
            _ => match catalog.element_type(at)? {
                Some(element) => element,
                None => return Ok(false),
            },
        };
    }
    Ok(false)
}
