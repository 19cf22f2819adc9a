//! Values that must be made below outer joins.
//!
//! In `a LEFT JOIN (SELECT coalesce(b.x, 0) AS y FROM b) s ON …` the column `s.y` is null where no row of `b` matches. Where the subquery is dissolved,
//! `coalesce(b.x, 0)` in its place would be 0 there. So above the join a *placeholder* stands for the value: an expression that knows
//! of which relations it is made ([`ExprKind::PlaceHolder`]). To everything that asks which relations an expression needs it is one that needs
//! all of these; what is not null without them is not asked of it.
//!
//! Layouts are lists of expressions, so a placeholder that was made is found by whoever compiles against the layout, like a group key. It is made as late as
//! possible: of the side that an outer join may null, right below it (`join::build`); `join::special` sees to it that all of its relations are
//! there by then. Where no outer join comes between, it is nothing but what it holds.
//!
//! A column that is null by itself where the rows are missing (`b.x + 1`) needs none.

use analyzer::node::VisitorMut;
use analyzer::query::{Expr, ExprKind, Query};

use crate::level::Planner;
use crate::plan::JoinType;
use crate::prepare::{Relids, Tree, relids_of};

/// A placeholder of the query itself.
pub(crate) fn placeholder(arg: Expr, relations: Relids) -> Expr {
    let (ty, location) = (arg.ty, arg.location);
    Expr { kind: ExprKind::PlaceHolder { arg: Box::new(arg), level: 0, relations }, ty, location }
}

/// Takes away placeholders that are made of these relations only: no outer join comes between.
pub(crate) fn unwrap_within(expr: &mut Expr, relids: Relids) {
    Settle { depth: 0, rule: &|relations, _| (relations & !relids != 0).then_some(relations) }.expr(expr);
}

/// Decides of each placeholder, told its relations and those that its columns are of, whether it stays, and of which relations it is made.
struct Settle<'r> {
    depth: u32,
    rule: &'r dyn Fn(Relids, Relids) -> Option<Relids>,
}

impl VisitorMut for Settle<'_> {
    fn expr(&mut self, expr: &mut Expr) {
        expr.visit_children_mut(self);
        let ExprKind::PlaceHolder { arg, level, relations } = &mut expr.kind else { return };
        if *level != self.depth {
            return;
        }
        let mut own = (**arg).clone();
        analyzer::shift_levels_from(&mut own, -(self.depth as i32), self.depth);
        match (self.rule)(*relations, relids_of(&own)) {
            Some(kept) => *relations = kept,
            None => *expr = (**arg).clone(),
        }
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

/// The sides of outer joins whose rows may be missing.
fn missing_sides(tree: &Tree, found: &mut Vec<Relids>) {
    match tree {
        Tree::Relation(_) => {}
        Tree::Group { items, .. } => items.iter().for_each(|item| missing_sides(item, found)),
        Tree::Join { join, left, right, .. } => {
            match join {
                JoinType::Left => found.push(right.relids()),
                JoinType::Full => found.extend([left.relids(), right.relids()]),
                _ => {}
            }
            missing_sides(left, found);
            missing_sides(right, found);
        }
    }
}

impl Planner<'_> {
    /// Takes away the placeholders that no outer join can make null where they stand, once subqueries are dissolved; the others are made of no
    /// more relations than they need. What becomes of a join later changes none of them, as in PostgreSQL: so plans print alike.
    pub fn settle_placeholders(&mut self, tree: &mut Tree) {
        if !self.level().has_placeholders {
            return;
        }
        let mut all = Vec::new();
        missing_sides(tree, &mut all);
        settle_tree(tree, &all);
        let rule = |relations, own| settled(relations, own, &all, &all);
        let mut settle = Settle { depth: 0, rule: &rule };
        self.level().query.visit_children_mut(&mut settle);
    }
}

impl Planner<'_> {
    /// No placeholder is made of an entry any more: it has left the tree.
    pub fn forget_relation(&mut self, tree: &mut Tree, at: usize) {
        if !self.level().has_placeholders {
            return;
        }
        let mut settle = Settle { depth: 0, rule: &|relations, _| Some(relations & !(1 << at)) };
        tree.for_each_qual(&mut |qual| settle.expr(qual));
        self.level().query.visit_children_mut(&mut settle);
    }
}

/// What a placeholder is made of, if it must stay where the sides in `below` may be missing; `all` are those of the whole tree.
fn settled(relations: Relids, own: Relids, below: &[Relids], all: &[Relids]) -> Option<Relids> {
    if !below.iter().any(|side| relations & !side == 0) {
        return None;
    }
    // Its columns suffice if no join among its own relations may make them null.
    let whole = own == 0 || own & !relations != 0 || all.iter().any(|side| own & side != 0 && relations & !side != 0);
    Some(if whole { relations } else { own })
}

fn settle_tree(tree: &mut Tree, all: &[Relids]) {
    let mut below = Vec::new();
    match tree {
        Tree::Relation(_) => {}
        Tree::Group { items, quals } => {
            items.iter().for_each(|item| missing_sides(item, &mut below));
            let rule = |relations, own| settled(relations, own, &below, all);
            quals.iter_mut().for_each(|qual| Settle { depth: 0, rule: &rule }.expr(qual));
            items.iter_mut().for_each(|item| settle_tree(item, all));
        }
        Tree::Join { join, left, right, on } => {
            missing_sides(left, &mut below);
            missing_sides(right, &mut below);
            if *join == JoinType::Full {
                // They are made there anyhow; the columns that both sides share are compared as what they are above.
                below.extend([left.relids(), right.relids()]);
            }
            let rule = |relations, own| settled(relations, own, &below, all);
            on.iter_mut().for_each(|qual| Settle { depth: 0, rule: &rule }.expr(qual));
            settle_tree(left, all);
            settle_tree(right, all);
        }
    }
}
