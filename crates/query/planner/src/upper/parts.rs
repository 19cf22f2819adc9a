//! Looking into expressions: which parts of them are columns already, and whether they read rows at all.

use analyzer::node::Visitor;
use analyzer::query::{Expr, ExprKind, Query};

/// The largest parts of expressions that are columns already.
pub(super) struct Parts<'l> {
    pub layout: &'l [Expr],
    pub found: Vec<Expr>,
}

impl Visitor for Parts<'_> {
    fn expr(&mut self, expr: &Expr) {
        match self.layout.contains(expr) {
            true if !self.found.contains(expr) => self.found.push(expr.clone()),
            true => {}
            false => expr.visit_children(self),
        }
    }
    fn query(&mut self, query: &Query) {
        // Columns that a subquery reads of this query.
        let (layout, found) = (self.layout, &mut self.found);
        let mut outer = OuterParts { layout, found, depth: 0 };
        Visitor::query(&mut outer, query);
    }
    fn as_dyn(&mut self) -> &mut dyn Visitor {
        self
    }
}

/// The same within subqueries, where the query's own columns are outer ones.
struct OuterParts<'l, 'f> {
    layout: &'l [Expr],
    found: &'f mut Vec<Expr>,
    depth: u32,
}

impl Visitor for OuterParts<'_, '_> {
    fn expr(&mut self, expr: &Expr) {
        if crate::grouping::outer_level(expr) == self.depth {
            let mut own = expr.clone();
            analyzer::shift_levels_from(&mut own, -(self.depth as i32), self.depth);
            if self.layout.contains(&own) && !self.found.contains(&own) {
                self.found.push(own);
            }
        }
        expr.visit_children(self);
    }
    fn query(&mut self, query: &Query) {
        self.depth += 1;
        query.visit_children(self);
        self.depth -= 1;
    }
    fn as_dyn(&mut self) -> &mut dyn Visitor {
        self
    }
}

/// Whether an expression has columns or subqueries in it: its value is not known before rows are read.
pub(crate) fn reads_rows(expr: &Expr) -> bool {
    struct Finder(bool);
    impl Visitor for Finder {
        fn expr(&mut self, expr: &Expr) {
            match expr.kind {
                ExprKind::Var(_) | ExprKind::SubLink(_) | ExprKind::Aggregate(_) | ExprKind::Grouping { .. } => {
                    self.0 = true;
                }
                _ => expr.visit_children(self),
            }
        }
        fn as_dyn(&mut self) -> &mut dyn Visitor {
            self
        }
    }
    let mut finder = Finder(false);
    finder.expr(expr);
    finder.0
}
