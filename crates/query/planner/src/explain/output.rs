//! The `Output` lines of EXPLAIN VERBOSE.
//!
//! A node that is planned for them keeps what its columns are ([`Node::shown`]). In PostgreSQL a node gives just what the nodes above it
//! ask for, in the order in which they do, or (where that spares copying) all columns of its table; nodes here may carry more, or in another
//! order. So the lines are found from the top down: a node is asked for expressions, and asks the nodes below it for the largest
//! parts of these, and of its own conditions and keys, that they have.

use std::collections::HashMap;

use analyzer::node::Visitor;
use analyzer::query::{Expr, ExprKind, NO_LOCATION, Query, RowVersion, SqlType, Var};

use super::inputs;
use crate::plan::*;

/// What each node gives, by its number; nothing for those that PostgreSQL shows without.
pub(super) type Outputs = HashMap<u32, Vec<Expr>>;

/// How free a node is in what it gives.
#[derive(Clone, Copy, PartialEq)]
enum Ask {
    /// These, in this order.
    Exactly,
    /// At least these: a scan may give all columns of its table.
    AtLeast,
    /// These and no others, for they will be kept.
    Only,
}

/// The outputs of all nodes of a plan.
pub(super) fn outputs(plan: &Plan) -> Outputs {
    let mut finder = Finder { plan, found: Outputs::new() };
    for tree in &plan.subplans {
        finder.node(&tree.node, tree.node.shown.clone(), Ask::Exactly);
    }
    finder.node(&plan.root, plan.root.shown.clone(), Ask::Exactly);
    finder.found
}

struct Finder<'p> {
    plan: &'p Plan,
    found: Outputs,
}

/// Adds what is not there yet.
fn add(list: &mut Vec<Expr>, exprs: impl IntoIterator<Item = Expr>) {
    for expr in exprs {
        if !list.contains(&expr) {
            list.push(expr);
        }
    }
}

/// The largest parts of expressions that are among `given`, in the order in which they occur.
fn parts<'e>(exprs: impl IntoIterator<Item = &'e Expr>, given: &[Expr]) -> Vec<Expr> {
    struct Parts<'g>(&'g [Expr], Vec<Expr>);
    impl Visitor for Parts<'_> {
        fn expr(&mut self, expr: &Expr) {
            if matches!(expr.kind, ExprKind::Const(_)) {
                return;
            }
            if self.0.contains(expr) {
                return add(&mut self.1, [expr.clone()]);
            }
            expr.visit_children(self);
        }
        fn query(&mut self, _: &Query) {}
        fn as_dyn(&mut self) -> &mut dyn Visitor {
            self
        }
    }
    let mut parts = Parts(given, Vec::new());
    exprs.into_iter().for_each(|expr| parts.expr(expr));
    parts.1
}

fn is_system_column(expr: &Expr) -> bool {
    matches!(&expr.kind, ExprKind::Var(var) if var.column < 0)
}

/// The first relation that an expression reads.
pub(super) fn relation_of(expr: &Expr) -> usize {
    struct First(usize);
    impl Visitor for First {
        fn expr(&mut self, expr: &Expr) {
            match &expr.kind {
                ExprKind::Var(var) => self.0 = self.0.min(var.relation),
                _ => expr.visit_children(self),
            }
        }
        fn query(&mut self, _: &Query) {}
        fn as_dyn(&mut self) -> &mut dyn Visitor {
            self
        }
    }
    let mut first = First(usize::MAX);
    first.expr(expr);
    first.0
}

/// What columns of set operations stand for: those of their first queries. By relation and column.
pub(super) type Leaves = HashMap<(usize, i16), Expr>;

/// Finds the columns that set operations give names of their own.
pub(super) fn leaves(node: &Node, names: &[EntryName], found: &mut Leaves) {
    let first = match &node.kind {
        NodeKind::Append { inputs, .. } | NodeKind::MergeAppend { inputs, .. } => inputs.first(),
        NodeKind::SetOp { left, .. } => Some(&**left),
        NodeKind::RecursiveUnion { start, .. } => Some(&**start),
        _ => None,
    };
    if let Some(first) = first {
        let first = match &first.kind {
            NodeKind::SubqueryScan { input, .. } if first.filter.is_empty() && first.details.is_empty() => input,
            _ => first,
        };
        for (own, theirs) in node.shown.iter().zip(&first.shown) {
            if let ExprKind::Var(var) = &own.kind
                && own != theirs
                && names.get(var.relation).is_some_and(|name| name.alias.starts_with("*SELECT* "))
            {
                found.insert((var.relation, var.column), theirs.clone());
            }
        }
    }
    node.inputs().into_iter().for_each(|input| leaves(input, names, found));
}

/// The conditions and keys of a node and of all below it: what a nested loop hands to its inner side is among them.
fn below<'n>(node: &'n Node, exprs: &mut Vec<&'n Expr>) {
    exprs.extend(node.details.iter().flat_map(|detail| &detail.exprs));
    exprs.extend(&node.shown);
    node.inputs().into_iter().for_each(|input| below(input, exprs));
}

impl Finder<'_> {
    fn node(&mut self, node: &Node, mut want: Vec<Expr>, ask: Ask) {
        let own: Vec<&Expr> = node.details.iter().flat_map(|detail| &detail.exprs).collect();
        let all = inputs(node);
        match &node.kind {
            NodeKind::SeqScan { relation, .. }
            | NodeKind::IndexScan { relation, .. }
            | NodeKind::BitmapHeapScan { relation, .. }
            | NodeKind::TidScan { relation, .. }
            | NodeKind::TidRangeScan { relation, .. } => {
                if ask == Ask::AtLeast
                    && let Some(columns) = self.all_columns(*relation, &want)
                {
                    want = columns;
                }
            }
            NodeKind::FunctionScan { .. }
            | NodeKind::Values { .. }
            | NodeKind::Constants { .. }
            | NodeKind::CteScan { .. }
            | NodeKind::WorkTableScan { .. } => {
                if ask == Ask::AtLeast && node.project.is_none() {
                    want = node.shown.clone();
                }
            }
            NodeKind::SubqueryScan { input, .. } => {
                self.node(input, input.shown.clone(), Ask::Exactly);
                if node.filter.is_empty() && node.details.is_empty() {
                    // It is not shown; what is above it reads the subquery.
                    let found = self.found.get(&input.id).cloned().unwrap_or_default();
                    self.found.insert(node.id, found);
                    return;
                }
            }
            NodeKind::Append { inputs, .. } | NodeKind::MergeAppend { inputs, .. } => {
                for input in inputs {
                    let position = |expr: &Expr| node.shown.iter().position(|own| own == expr);
                    let theirs = want.iter().filter_map(position).filter_map(|at| input.shown.get(at).cloned());
                    self.node(input, theirs.collect(), Ask::Only);
                }
                self.found.insert(node.id, Vec::new());
                return;
            }
            NodeKind::RecursiveUnion { start, step, .. } => {
                for input in [start, step] {
                    self.node(input, input.shown.clone(), Ask::Exactly);
                }
                return;
            }
            NodeKind::SetOp { left, right, .. } => {
                for input in [left, right] {
                    self.node(input, input.shown.clone(), Ask::Exactly);
                }
                want = self.found.get(&left.id).cloned().unwrap_or_default();
            }
            NodeKind::ModifyTable(modify) => {
                // Where a row is comes last.
                let (places, values): (Vec<Expr>, Vec<Expr>) =
                    modify.source.shown.iter().cloned().partition(is_system_column);
                self.node(&modify.source, values.into_iter().chain(places).collect(), Ask::Exactly);
                want = node.shown.clone();
            }
            // What passes rows on as they are.
            NodeKind::Sort { input, .. }
            | NodeKind::Unique { input, .. }
            | NodeKind::Limit { input, .. }
            | NodeKind::LockRows { input, .. }
            | NodeKind::Material { input }
            | NodeKind::Memoize { input, .. } => {
                let mut theirs = parts(&want, &input.shown);
                if matches!(node.kind, NodeKind::Sort { .. }) {
                    add(&mut theirs, parts(own, &input.shown));
                }
                if matches!(node.kind, NodeKind::LockRows { .. }) {
                    add(&mut theirs, input.shown.iter().filter(|expr| is_system_column(expr)).cloned());
                }
                let keeps = !matches!(node.kind, NodeKind::Limit { .. } | NodeKind::LockRows { .. });
                let ask = match ask {
                    Ask::Exactly => Ask::Exactly,
                    _ if keeps => Ask::Only,
                    ask => ask,
                };
                if ask == Ask::Exactly && theirs.len() < want.len() {
                    // Constants pass as well.
                    theirs = want.clone();
                    add(&mut theirs, parts(node.details.iter().flat_map(|detail| &detail.exprs), &input.shown));
                }
                self.node(input, theirs, ask);
                want = self.found.get(&input.id).cloned().unwrap_or_default();
            }
            NodeKind::NestLoop { outer, inner, .. } => {
                let mut needed: Vec<&Expr> = want.iter().chain(own).collect();
                let inner_parts = parts(needed.iter().copied(), &inner.shown);
                below(inner, &mut needed);
                let outer_parts = parts(needed, &outer.shown);
                want = self.join_output(want, ask, outer, inner);
                self.node(outer, outer_parts, Ask::AtLeast);
                self.node(inner, inner_parts, Ask::AtLeast);
            }
            NodeKind::HashJoin { outer, inner, .. } | NodeKind::MergeJoin { outer, inner, .. } => {
                let needed: Vec<&Expr> = want.iter().chain(own).collect();
                let (outer_parts, inner_parts) =
                    (parts(needed.iter().copied(), &outer.shown), parts(needed, &inner.shown));
                want = self.join_output(want, ask, outer, inner);
                let hashed = matches!(node.kind, NodeKind::HashJoin { .. });
                self.node(outer, outer_parts, Ask::AtLeast);
                self.node(inner, inner_parts, if hashed { Ask::Only } else { Ask::AtLeast });
            }
            NodeKind::Aggregate { input, .. } => {
                // Keys first, then what is aggregated. Keys that are not wanted are given all the same.
                let keys = node.details.iter().filter(|detail| super::is_group_key(detail));
                let keys: Vec<Expr> = keys.flat_map(|detail| detail.exprs.iter().cloned()).collect();
                add(&mut want, keys.iter().cloned());
                let keys: Vec<&Expr> =
                    want.iter().filter(|expr| keys.contains(expr)).chain(own.iter().copied()).collect();
                let mut theirs = parts(keys, &input.shown);
                add(&mut theirs, parts(&want, &input.shown));
                self.node(input, theirs, Ask::AtLeast);
            }
            NodeKind::WindowAgg { input, shown, .. } => {
                let keys = shown.partition.iter().chain(&shown.order);
                add(&mut want, keys.filter(|key| !matches!(key.kind, ExprKind::Const(_))).cloned());
                let mut theirs = parts(&want, &input.shown);
                add(&mut theirs, parts(shown.partition.iter().chain(&shown.order), &input.shown));
                self.node(input, theirs, Ask::Only);
            }
            _ => {
                for (input, _) in all {
                    let needed = want.iter().chain(node.details.iter().flat_map(|detail| &detail.exprs));
                    self.node(input, parts(needed, &input.shown), Ask::AtLeast);
                }
            }
        }
        self.found.insert(node.id, want);
    }

    /// What a join below another one gives: of its outer side, then of its inner one.
    fn join_output(&self, want: Vec<Expr>, ask: Ask, outer: &Node, inner: &Node) -> Vec<Expr> {
        if ask == Ask::Exactly {
            return want;
        }
        let mut ordered = parts(&want, &outer.shown);
        add(&mut ordered, parts(&want, &inner.shown));
        add(&mut ordered, want);
        // As the relations stand in the query, whichever of them is the outer side.
        ordered.sort_by_key(relation_of);
        ordered
    }

    /// All columns of a table, if they are as they are stored and nothing else of a row is asked for.
    fn all_columns(&self, relation: usize, want: &[Expr]) -> Option<Vec<Expr>> {
        let entry = self.plan.relations.get(relation)?.entry?;
        let name = self.plan.names.get(entry)?;
        let stored = |expr: &Expr| matches!(&expr.kind, ExprKind::Var(var) if var.column > 0 && var.relation == entry);
        if !want.iter().all(stored) || name.columns.iter().any(String::is_empty) {
            return None;
        }
        let column = |number: usize| Expr {
            kind: ExprKind::Var(Var { level: 0, relation: entry, column: number as i16, version: RowVersion::Default }),
            ty: SqlType::plain(ids::Oid::INVALID),
            location: NO_LOCATION,
        };
        let known = |number: usize| {
            let found =
                want.iter().find(|expr| matches!(&expr.kind, ExprKind::Var(var) if var.column == number as i16));
            found.cloned().unwrap_or_else(|| column(number))
        };
        Some((1..=name.columns.len()).map(known).collect())
    }
}
