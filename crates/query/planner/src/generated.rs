//! Columns that are not stored: wherever a query names one, its expression takes the column's place.

use analyzer::node::VisitorMut;
use analyzer::query::{CallForm, Expr, ExprKind, Query, RowVersion, SqlType};
use catalog::Relation;
use error::Result;

use crate::Context;

/// The columns of one entry of a range table that are not stored, by number.
type Columns = Vec<(i16, Expr)>;

fn columns(context: &Context<'_>, relation: &Relation) -> Result<Columns> {
    let mut found = Vec::new();
    for column in relation.live_columns().filter(|column| column.attgenerated == b'v') {
        if let Some(text) = relation.default_of(column.attnum) {
            found.push((column.attnum, analyzer::stored_expression(context.catalog, context.env, text)?));
        }
    }
    Ok(found)
}

/// Replaces the columns of all tables of a query and of those within it.
pub(crate) fn expand(context: &Context<'_>, query: &mut Query) -> Result<()> {
    let mut walk = Queries { context, failed: Ok(()) };
    VisitorMut::query(&mut walk, query);
    walk.failed
}

/// Replaces columns in an expression over a table alone, which is relation 0.
pub(crate) fn replace(context: &Context<'_>, relation: &Relation, expr: &mut Expr) -> Result<()> {
    let tables = vec![columns(context, relation)?];
    if !tables[0].is_empty() {
        Replace { tables: &tables, depth: 0 }.expr(expr);
    }
    Ok(())
}

/// Replaces a column of a table that is an entry of the current query's range table.
pub(crate) fn replace_at(context: &Context<'_>, table: ids::Oid, at: usize, expr: &mut Expr) -> Result<()> {
    let columns = columns(context, &*context.catalog.relation(table)?)?;
    if !columns.is_empty() {
        let mut tables = vec![Vec::new(); at];
        tables.push(columns);
        Replace { tables: &tables, depth: 0 }.expr(expr);
    }
    Ok(())
}

/// Each query of a tree of queries, the inner ones first.
struct Queries<'a> {
    context: &'a Context<'a>,
    failed: Result<()>,
}

impl Queries<'_> {
    fn tables(&self, query: &Query) -> Result<Vec<Columns>> {
        let entries = query.range_table.iter().map(|entry| match entry.kind {
            analyzer::query::EntryKind::Relation { oid, .. } => {
                let relation = self.context.catalog.relation(oid)?;
                columns(self.context, &relation)
            }
            _ => Ok(Vec::new()),
        });
        entries.collect()
    }
}

impl VisitorMut for Queries<'_> {
    fn query(&mut self, query: &mut Query) {
        query.visit_children_mut(self);
        match self.tables(query) {
            Ok(tables) if tables.iter().any(|columns| !columns.is_empty()) => {
                query.visit_children_mut(&mut Replace { tables: &tables, depth: 0 });
            }
            Ok(_) => {}
            Err(error) => self.failed = Err(error),
        }
    }
    fn as_dyn(&mut self) -> &mut dyn VisitorMut {
        self
    }
}

struct Replace<'t> {
    tables: &'t [Columns],
    depth: u32,
}

impl VisitorMut for Replace<'_> {
    fn expr(&mut self, expr: &mut Expr) {
        let ExprKind::Var(var) = &expr.kind else { return expr.visit_children_mut(self) };
        if var.level != self.depth || var.column <= 0 {
            return;
        }
        let Some(columns) = self.tables.get(var.relation) else { return };
        let Some((_, value)) = columns.iter().find(|(number, _)| *number == var.column) else { return };
        let mut value = value.clone();
        Rebase { level: var.level, relation: var.relation, version: var.version }.expr(&mut value);
        // The collation is the column's own, not that of what it is computed by.
        let ty = SqlType { typmod: value.ty.typmod, ..expr.ty };
        *expr = match value.ty.collation == ty.collation {
            true => value,
            false => {
                let location = value.location;
                Expr { kind: ExprKind::Relabel(Box::new(value), CallForm::ImplicitCast), ty, location }
            }
        };
    }
    fn query(&mut self, query: &mut Query) {
        self.depth += 1;
        query.visit_children_mut(self);
        self.depth -= 1;
    }
    fn as_dyn(&mut self) -> &mut dyn VisitorMut {
        self
    }
}

/// Gives the columns of a stored expression their table.
struct Rebase {
    level: u32,
    relation: usize,
    version: RowVersion,
}

impl VisitorMut for Rebase {
    fn expr(&mut self, expr: &mut Expr) {
        expr.location = analyzer::query::NO_LOCATION;
        match &mut expr.kind {
            ExprKind::Var(var) => {
                (var.level, var.relation, var.version) = (self.level, self.relation, self.version);
            }
            _ => expr.visit_children_mut(self),
        }
    }
    fn as_dyn(&mut self) -> &mut dyn VisitorMut {
        self
    }
}
