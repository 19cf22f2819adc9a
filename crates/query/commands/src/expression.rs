//! Expressions that the catalogs store: defaults, checks, generated columns, predicates.

use analyzer::node::to_text;
use analyzer::query::{EntryColumn, Expr, SqlType};
use analyzer::scope::Place;
use analyzer::{TableColumns, Wanted};
use catalog::{Object, Relation};
use error::Result;
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
    let (objects, columns) = needs::of_expression(context.catalog(), &expr);
    Ok(Stored { text: to_text(&expr), columns, objects, expr })
}
