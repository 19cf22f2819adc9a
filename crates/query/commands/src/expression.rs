//! Expressions that the catalogs store: defaults, checks, generated columns, predicates.

use analyzer::node::{Next, to_text};
use analyzer::query::{EntryColumn, Expr, ExprKind, NO_LOCATION, RowVersion, SqlType, Var};
use analyzer::scope::Place;
use analyzer::{TableColumns, Wanted};
use batch::{Batch, Datum};
use catalog::rows::{CatalogRow, PgClass, PgType};
use catalog::{Object, Relation};
use error::{Error, Result, SqlState};
use executor::RowEvaluator;
use parser::ast;

use crate::{Context, needs};

/// An expression in its stored form.
pub(crate) struct Stored {
    /// The text of the tree.
    pub text: String,
    /// The columns of its table that it reads, by number.
    pub columns: Vec<i16>,
    /// The objects that it needs besides.
    pub objects: Vec<Object>,
    /// The tree.
    pub expr: Expr,
}

/// Analyzes an expression and brings it into its stored form.
pub(crate) fn store(
    context: &Context<'_>,
    expression: &ast::Expr,
    place: Place,
    table: Option<&Relation>,
    wanted: Wanted<'_>,
) -> Result<Stored> {
    let columns = table.map(|table| TableColumns {
        name: table.name(),
        oid: table.oid,
        columns: (table.columns.iter())
            .map(|column| EntryColumn {
                name: if column.attisdropped { String::new() } else { column.attname.to_string() },
                ty: SqlType { oid: column.atttypid, typmod: column.atttypmod, collation: column.attcollation },
            })
            .collect(),
    });
    let expr = context.analyzer().expression(expression, place, columns, wanted)?;
    let stored = stored(context, expr);
    require_usage(context, &stored.objects)?;
    Ok(stored)
}

/// The current role must be allowed to use the types among what something that is stored needs.
pub(crate) fn require_usage(context: &Context<'_>, needs: &[Object]) -> Result<()> {
    let types = needs.iter().filter(|object| object.class == PgType::RELATION && !object.is_pinned());
    types.into_iter().try_for_each(|object| context.require_usage(object.oid))
}

/// The same expression for another table: columns go by their names. `number` gives a name's number there.
///
/// # Errors
/// `42P17` for a reference to a whole row, whose type would be another one.
pub(crate) fn transplant(
    context: &Context<'_>,
    expr: &Expr,
    from: &Relation,
    number: &dyn Fn(&str) -> Option<i16>,
) -> Result<Stored> {
    let mut expr = expr.clone();
    let mut failed = None;
    expr.walk_mut(|expr, _| {
        let ExprKind::Var(var) = &mut expr.kind else { return Next::Below };
        if var.column < 0 || var.level > 0 {
            return Next::Past;
        }
        let name = from.column(var.column).map(|column| column.attname.to_string());
        match name.as_deref().and_then(number) {
            Some(number) => var.column = number,
            None => {
                let text = "cannot convert whole-row table reference";
                failed.get_or_insert(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text));
            }
        }
        Next::Past
    });
    match failed {
        Some(error) => Err(error),
        None => Ok(stored(context, expr)),
    }
}

/// The stored form of an expression, and what it needs.
pub(crate) fn stored(context: &Context<'_>, expr: Expr) -> Stored {
    let (objects, columns) = needs::of_expression(context.catalog(), &expr);
    Stored { text: to_text(&expr), columns, objects, expr }
}

/// Reads a stored expression.
pub(crate) fn read(context: &Context<'_>, text: &str) -> Result<Expr> {
    analyzer::stored_expression(context.catalog(), context.session.env(), text)
}

/// A column of a table as an expression.
///
/// # Errors
/// `XX000` if it was dropped.
pub(crate) fn column(table: &Relation, number: i16) -> Result<Expr> {
    let column = table.column(number).ok_or_else(|| Error::internal(format!("column {number} is gone")))?;
    let ty = SqlType { oid: column.atttypid, typmod: column.atttypmod, collation: column.attcollation };
    let var = Var { level: 0, relation: 0, column: number, version: RowVersion::Default };
    Ok(Expr { kind: ExprKind::Var(var), ty, location: NO_LOCATION })
}

/// Computes expressions over the rows of a table.
pub(crate) fn evaluator(context: &Context<'_>, table: &Relation, exprs: Vec<Expr>) -> Result<RowEvaluator> {
    let plan = context.services.plan_rows(table, exprs)?;
    let snapshot = context.session.transaction.latest_snapshot()?;
    RowEvaluator::start(context.session, plan, snapshot, context.services.work_mem())
}

/// Computes an expression without columns.
pub(crate) fn value(context: &Context<'_>, expr: Expr) -> Result<Datum> {
    let plan = context.services.plan_rows(
        catalog::relation::builtin(PgClass::RELATION).ok_or_else(|| Error::internal("pg_class is gone"))?,
        vec![expr],
    )?;
    let snapshot = context.session.transaction.latest_snapshot()?;
    let mut evaluator = RowEvaluator::start(context.session, plan, snapshot, context.services.work_mem())?;
    let mut one = Batch::new([]);
    one.set_len(1);
    evaluator.evaluate(context.session, &one)?;
    Ok(evaluator.column(0, &one).datum(0))
}

/// Whether an expression's value may change though its columns do not. What counts of a function in SQL is its body, where that takes its place.
pub(crate) fn is_mutable(context: &Context<'_>, expr: &Expr) -> Result<bool> {
    let mut expr = expr.clone();
    analyzer::inline_functions(context.catalog(), context.session.env(), &mut expr)?;
    planner::is_mutable(context.catalog(), &expr)
}
