//! Expressions that the catalogs store: defaults, checks, generated columns, predicates.

use analyzer::node::{Visitor, to_text};
use analyzer::query::{EntryColumn, Expr, ExprKind, SqlType};
use analyzer::scope::Place;
use analyzer::{TableColumns, Wanted};
use catalog::rows::{PgOperator, PgProc, PgType};
use catalog::{Object, Relation};
use error::Result;
use ids::Oid;
use parser::ast;

use crate::Context;

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
    let mut found = Needs::default();
    found.expr(&expr);
    found.columns.sort_unstable();
    found.columns.dedup();
    Ok(Stored { text: to_text(&expr), columns: found.columns, objects: found.objects, expr })
}

#[derive(Default)]
struct Needs {
    columns: Vec<i16>,
    objects: Vec<Object>,
}

impl Needs {
    fn object(&mut self, object: Object) {
        if object.oid >= Oid::FIRST_NORMAL && !self.objects.contains(&object) {
            self.objects.push(object);
        }
    }
}

impl Visitor for Needs {
    fn expr(&mut self, expr: &Expr) {
        self.object(Object::of::<PgType>(expr.ty.oid));
        match &expr.kind {
            ExprKind::Var(var) => self.columns.push(var.column),
            ExprKind::Function(call) => self.object(Object::of::<PgProc>(call.function)),
            ExprKind::Operator(call) | ExprKind::Distinct(call) | ExprKind::NullIf(call) => {
                self.object(Object::of::<PgOperator>(call.operator));
            }
            ExprKind::ScalarArray { call, .. } => self.object(Object::of::<PgOperator>(call.operator)),
            ExprKind::NextValue(sequence) => self.object(Object::relation(*sequence)),
            ExprKind::Const(value) if expr.ty.oid == Oid(2205) => {
                // nextval('sequence'::regclass)
                if let Some(relation) = value.as_oid() {
                    self.object(Object::relation(relation));
                }
            }
            _ => (),
        }
        expr.visit_children(self);
    }

    fn as_dyn(&mut self) -> &mut dyn Visitor {
        self
    }
}
