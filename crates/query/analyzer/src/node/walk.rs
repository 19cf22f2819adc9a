//! Walks over trees.
//!
//! Most questions to a tree look at each expression and at how many queries it stands below the start, because that is the `level` of
//! the columns that belong to the start: [`Expr::walk`] and its like call a closure with both, and the closure says where to go
//! on ([`Next`]). What has to do with queries themselves, or changes the order of the walk, implements [`Visitor`] or [`VisitorMut`].

use crate::query::{Expr, NO_LOCATION, Query};

/// Sees each expression and query of a tree. The methods decide themselves whether to go on below, with
/// [`Expr::visit_children`] and [`Query::visit_children`].
pub trait Visitor {
    /// An expression.
    fn expr(&mut self, expr: &Expr) {
        expr.visit_children(self.as_dyn());
    }
    /// A subquery.
    fn query(&mut self, query: &Query) {
        query.visit_children(self.as_dyn());
    }
    /// This visitor as a trait object: `self`.
    fn as_dyn(&mut self) -> &mut dyn Visitor;
}

/// [`Visitor`] with the right to change.
pub trait VisitorMut {
    /// An expression.
    fn expr(&mut self, expr: &mut Expr) {
        expr.visit_children_mut(self.as_dyn());
    }
    /// A subquery.
    fn query(&mut self, query: &mut Query) {
        query.visit_children_mut(self.as_dyn());
    }
    /// This visitor as a trait object: `self`.
    fn as_dyn(&mut self) -> &mut dyn VisitorMut;
}

/// Where a walk goes on behind an expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// To what is below the expression.
    Below,
    /// Past what is below it.
    Past,
    /// Nowhere: the walk is over.
    End,
}

impl Next {
    /// [`Next::End`] once something is found.
    pub fn until(found: bool) -> Next {
        if found { Next::End } else { Next::Below }
    }
}

impl Expr {
    /// Shows the expression and all below it, those of subqueries included, each with the number of queries that it stands in below
    /// this one.
    pub fn walk(&self, mut see: impl FnMut(&Expr, u32) -> Next) {
        Walk::new(&mut see, true).expr(self);
    }

    /// [`Expr::walk`] that passes subqueries by.
    pub fn walk_level(&self, mut see: impl FnMut(&Expr) -> Next) {
        Walk::new(&mut |expr, _| see(expr), false).expr(self);
    }

    /// [`Expr::walk`] that may change what it sees; what it puts in an expression's place is walked if the answer is [`Next::Below`].
    pub fn walk_mut(&mut self, mut see: impl FnMut(&mut Expr, u32) -> Next) {
        WalkMut::new(&mut see, true).expr(self);
    }

    /// Whether something is true of the expression or of one below it, those of subqueries included.
    pub fn any(&self, mut test: impl FnMut(&Expr, u32) -> bool) -> bool {
        let mut found = false;
        self.walk(|expr, depth| {
            found = test(expr, depth);
            Next::until(found)
        });
        found
    }

    /// [`Expr::any`] that passes subqueries by.
    pub fn any_level(&self, mut test: impl FnMut(&Expr) -> bool) -> bool {
        let mut found = false;
        self.walk_level(|expr| {
            found = test(expr);
            Next::until(found)
        });
        found
    }
}

impl Query {
    /// Shows all expressions of the query and of its subqueries: the query's own with zero, the others with the number of queries that
    /// they stand in below it.
    pub fn walk(&self, mut see: impl FnMut(&Expr, u32) -> Next) {
        self.visit_children(&mut Walk::new(&mut see, true));
    }

    /// Whether something is true of an expression of the query or of its subqueries; depths are those of [`Query::walk`].
    pub fn any(&self, mut test: impl FnMut(&Expr, u32) -> bool) -> bool {
        let mut found = false;
        self.walk(|expr, depth| {
            found = test(expr, depth);
            Next::until(found)
        });
        found
    }

    /// [`Query::walk`] that may change what it sees.
    pub fn walk_mut(&mut self, mut see: impl FnMut(&mut Expr, u32) -> Next) {
        self.visit_children_mut(&mut WalkMut::new(&mut see, true));
    }

    /// [`Query::walk_mut`] that passes subqueries by.
    pub fn walk_level_mut(&mut self, mut see: impl FnMut(&mut Expr) -> Next) {
        self.visit_children_mut(&mut WalkMut::new(&mut |expr, _| see(expr), false));
    }
}

/// For walks over what is to be stored: it stands nowhere in a text.
pub(crate) fn forget_place(expr: &mut Expr) -> Next {
    expr.location = NO_LOCATION;
    Next::Below
}

struct Walk<'w> {
    see: &'w mut dyn FnMut(&Expr, u32) -> Next,
    depth: u32,
    into_queries: bool,
    is_over: bool,
}

impl<'w> Walk<'w> {
    fn new(see: &'w mut dyn FnMut(&Expr, u32) -> Next, into_queries: bool) -> Walk<'w> {
        Walk { see, depth: 0, into_queries, is_over: false }
    }
}

impl Visitor for Walk<'_> {
    fn expr(&mut self, expr: &Expr) {
        if self.is_over {
            return;
        }
        match (self.see)(expr, self.depth) {
            Next::Below => expr.visit_children(self),
            Next::Past => {}
            Next::End => self.is_over = true,
        }
    }
    fn query(&mut self, query: &Query) {
        if self.into_queries && !self.is_over {
            self.depth += 1;
            query.visit_children(self);
            self.depth -= 1;
        }
    }
    fn as_dyn(&mut self) -> &mut dyn Visitor {
        self
    }
}

struct WalkMut<'w> {
    see: &'w mut dyn FnMut(&mut Expr, u32) -> Next,
    depth: u32,
    into_queries: bool,
    is_over: bool,
}

impl<'w> WalkMut<'w> {
    fn new(see: &'w mut dyn FnMut(&mut Expr, u32) -> Next, into_queries: bool) -> WalkMut<'w> {
        WalkMut { see, depth: 0, into_queries, is_over: false }
    }
}

impl VisitorMut for WalkMut<'_> {
    fn expr(&mut self, expr: &mut Expr) {
        if self.is_over {
            return;
        }
        match (self.see)(expr, self.depth) {
            Next::Below => expr.visit_children_mut(self),
            Next::Past => {}
            Next::End => self.is_over = true,
        }
    }
    fn query(&mut self, query: &mut Query) {
        if self.into_queries && !self.is_over {
            self.depth += 1;
            query.visit_children_mut(self);
            self.depth -= 1;
        }
    }
    fn as_dyn(&mut self) -> &mut dyn VisitorMut {
        self
    }
}

#[cfg(test)]
mod tests {
    use batch::Datum;
    use ids::Oid;

    use super::*;
    use crate::query::*;

    fn expr(kind: ExprKind) -> Expr {
        Expr { kind, ty: SqlType::plain(Oid(16)), location: NO_LOCATION }
    }

    /// `$1 AND (SELECT $2 WHERE (SELECT $3))`
    fn nested() -> Expr {
        let select = |target: u32, condition: Option<Expr>| {
            let mut query = Query::new(Command::Select);
            query.where_clause = condition;
            query.targets.push(crate::aggregate::target(expr(ExprKind::Param(target)), 1, String::new(), false));
            let link = SubLink {
                kind: SubLinkKind::Scalar,
                test: Vec::new(),
                operators: Vec::new(),
                casts: Vec::new(),
                operator_name: String::new(),
                query,
            };
            expr(ExprKind::SubLink(Box::new(link)))
        };
        expr(ExprKind::And(vec![expr(ExprKind::Param(1)), select(2, Some(select(3, None)))]))
    }

    fn params(tree: &Expr) -> Vec<(u32, u32)> {
        let mut found = Vec::new();
        tree.walk(|expr, depth| {
            if let ExprKind::Param(number) = expr.kind {
                found.push((number, depth));
            }
            Next::Below
        });
        found.sort_unstable();
        found
    }

    #[test]
    fn depth_counts_the_queries_between() {
        assert_eq!(params(&nested()), [(1, 0), (2, 1), (3, 2)]);
        let ExprKind::And(args) = nested().kind else { unreachable!() };
        let ExprKind::SubLink(link) = &args[1].kind else { unreachable!() };
        let mut depths = Vec::new();
        link.query.walk(|expr, depth| {
            depths.extend(matches!(expr.kind, ExprKind::Param(_)).then_some(depth));
            Next::Below
        });
        depths.sort_unstable();
        assert_eq!(depths, [0, 1], "a query's own expressions stand in no query below it");
    }

    #[test]
    fn a_level_ends_at_subqueries() {
        let is = |number: u32| move |expr: &Expr| matches!(expr.kind, ExprKind::Param(n) if n == number);
        let tree = nested();
        assert!(tree.any_level(is(1)) && !tree.any_level(is(2)));
        assert!(
            tree.any(|expr, depth| is(3)(expr) && depth == 2) && !tree.any(|expr, depth| is(3)(expr) && depth == 1)
        );
    }

    #[test]
    fn walks_change_pass_and_end() {
        let mut tree = nested();
        tree.walk_mut(|expr, depth| match expr.kind {
            ExprKind::Param(_) if depth < 2 => {
                expr.kind = ExprKind::Const(Datum::Null);
                Next::Past
            }
            _ => Next::Below,
        });
        assert_eq!(params(&tree), [(3, 2)]);
        let mut seen = 0;
        nested().walk(|_, _| {
            seen += 1;
            if seen == 2 { Next::End } else { Next::Below }
        });
        assert_eq!(seen, 2);
        seen = 0;
        nested().walk(|_, _| {
            seen += 1;
            Next::Past
        });
        assert_eq!(seen, 1);
    }
}
