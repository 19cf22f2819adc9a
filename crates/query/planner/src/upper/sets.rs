//! Set-returning functions among the targets: their rows are made by a node of their own, innermost calls first.

use analyzer::node::Visitor;
use analyzer::query::{Expr, ExprKind, Query};
use error::{Error, Result};

use crate::level::{Built, Planner};
use crate::plan::*;

impl Planner<'_> {
    /// Computes the set-returning functions in expressions: the innermost first.
    pub(crate) fn project_sets<'e>(
        &mut self,
        mut built: Built,
        exprs: impl Iterator<Item = &'e Expr> + Clone,
    ) -> Result<Built> {
        for _ in 0..100 {
            let mut found = SetCalls { layout: &built.layout, found: Vec::new() };
            exprs.clone().for_each(|expr| found.expr(expr));
            let calls = found.found;
            if calls.is_empty() {
                return Ok(built);
            }
            let mut items = Vec::with_capacity(built.layout.len() + calls.len());
            for (at, expr) in built.layout.iter().enumerate() {
                let ty = self.column_type(expr.ty)?;
                items.push(SetItem::Value(crate::plan::Expr { kind: crate::plan::ExprKind::Column(at), ty }));
            }
            let mut rows: f64 = 1.0;
            for call in &calls {
                if let ExprKind::Function(f) = &call.kind {
                    rows = rows.max(self.set_rows(f)?);
                }
                let row = self.row_shape(call)?;
                items.push(SetItem::Set { call: self.compile_set_call(call, &built.layout)?, row });
            }
            let input = built.node.cost;
            let mut layout = built.layout.clone();
            layout.extend(calls);
            let cost = Cost {
                startup: input.startup,
                total: input.total + input.rows * rows * self.ctx.costs.cpu_tuple_cost,
                rows: input.rows * rows,
                width: self.width(&layout),
            };
            let kind = NodeKind::ProjectSet { input: Box::new(built.node), items };
            built = Built { node: self.node(kind, &layout, cost)?, layout, order: Vec::new() };
        }
        Err(Error::internal("set-returning functions nest too deeply"))
    }
}

/// An expression as the argument of another one.
pub(super) fn wrapped(expr: &Expr) -> Expr {
    let kind = ExprKind::Coalesce(vec![expr.clone()]);
    Expr { kind, ..expr.clone() }
}

/// The innermost calls of set-returning functions that are not columns yet.
struct SetCalls<'l> {
    layout: &'l [Expr],
    found: Vec<Expr>,
}

impl Visitor for SetCalls<'_> {
    fn expr(&mut self, expr: &Expr) {
        if self.layout.contains(expr) {
            return;
        }
        let before = self.found.len();
        expr.visit_children(self);
        let is_set = match &expr.kind {
            ExprKind::Function(call) => call.set,
            ExprKind::Operator(call) => call.set,
            _ => false,
        };
        // With sets among its arguments it waits for the next round.
        if is_set && self.found.len() == before && !contains_set(expr, self.layout) && !self.found.contains(expr) {
            self.found.push(expr.clone());
        }
    }
    fn query(&mut self, _: &Query) {}
    fn as_dyn(&mut self) -> &mut dyn Visitor {
        self
    }
}

/// Whether arguments of a call hold sets that are not columns yet.
pub(super) fn contains_set(expr: &Expr, layout: &[Expr]) -> bool {
    struct Finder<'l>(&'l [Expr], bool, bool);
    impl Visitor for Finder<'_> {
        fn expr(&mut self, expr: &Expr) {
            if self.0.contains(expr) {
                return;
            }
            if self.2 {
                match &expr.kind {
                    ExprKind::Function(call) => self.1 |= call.set,
                    ExprKind::Operator(call) => self.1 |= call.set,
                    _ => {}
                }
            }
            self.2 = true;
            expr.visit_children(self);
        }
        fn query(&mut self, _: &Query) {}
        fn as_dyn(&mut self) -> &mut dyn Visitor {
            self
        }
    }
    let mut finder = Finder(layout, false, false);
    finder.expr(expr);
    finder.1
}
