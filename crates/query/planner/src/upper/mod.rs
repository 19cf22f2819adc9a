//! Above the joins: grouping, set-returning functions, DISTINCT, ORDER BY, row locks, LIMIT.
//!
//! [`Planner::select`] puts them on top of each other in the order in which SQL defines them; each stands in a module of its own. What the joins below
//! are asked for (an order, grouped rows) is told to them before they are planned ([`goal`]).

mod chains;
mod distinct;
mod goal;
mod group;
mod grouping_sets;
mod limit;
mod parts;
mod sets;
mod sort;

use analyzer::node::Visitor;
use analyzer::query::{self as q, Expr, TargetEntry};
use error::{Error, Result};

use crate::level::{Built, Planner};
use crate::plan::*;
use crate::prepare::Tree;

pub(crate) use parts::reads_rows;
pub(crate) use sort::sort_shown;

use parts::Parts;
use sets::{contains_set, wrapped};

impl Planner<'_> {
    /// Plans a SELECT that is no set operation. The output is its targets without junk.
    pub fn select(&mut self) -> Result<Built> {
        self.min_max()?;
        self.move_having()?;
        self.separate_group_keys();
        let tree = self.prepare()?;
        self.drop_determined_keys()?;
        self.register_names();
        self.find_needed_with(&tree)?;
        let targets = self.level().query.targets.clone();
        let order_by = self.level().query.order_by.clone();
        let goal = self.goal(&targets, &order_by)?;
        let built = self.join_tree(tree, &goal)?;
        let mut built = self.group(built)?;
        let mut targets = self.level().query.targets.clone();
        built = self.windows(built, &targets)?;
        // What only windows and groups asked for is not wanted any more.
        let query = &self.level().query;
        let kept: Vec<u32> = query.order_by.iter().chain(&query.distinct).map(|clause| clause.target_ref).collect();
        targets.retain(|target| !target.junk || kept.contains(&target.sort_ref));
        // Rows to be locked are found by their addresses.
        let marks = self.level().query.row_marks.clone();
        let mut tids = Vec::new();
        for mark in &marks {
            tids.push(self.var(mark.relation, -1));
        }
        // Of a tree, by the table as well.
        for mark in &marks {
            if self.level().trees.contains_key(&mark.relation) {
                tids.push(self.var(mark.relation, -6));
            }
        }
        let distinct = self.level().query.distinct.clone();
        let late = self.postponed(&targets)?;
        let early: Vec<TargetEntry> =
            targets.iter().zip(&late).filter(|(_, late)| !**late).map(|(target, _)| target.clone()).collect();
        if self.level().query.has.target_sets {
            built = self.project_sets(built, early.iter().map(|target| &target.expr))?;
        }
        let mut exprs: Vec<Expr> = early.iter().map(|t| t.expr.clone()).collect();
        let target_count = exprs.len();
        exprs.extend(tids.iter().cloned());
        if late.contains(&true) {
            // What the postponed ones are computed from.
            let mut parts = Parts { layout: &built.layout, found: Vec::new() };
            targets.iter().zip(&late).filter(|(_, late)| **late).for_each(|(target, _)| parts.expr(&target.expr));
            for part in parts.found {
                if !exprs.contains(&part) {
                    exprs.push(part);
                }
            }
        }
        self.project(&mut built, &exprs)?;
        if !distinct.is_empty() {
            built = self.distinct(built, &early, &distinct, &order_by)?;
        }
        if !order_by.is_empty() {
            built = self.sort_by(built, &early, &order_by)?;
        }
        let mut first_mark = target_count;
        if late.contains(&true) {
            if self.level().query.has.target_sets {
                built = self.project_sets(built, targets.iter().map(|target| &target.expr))?;
            }
            let mut exprs: Vec<Expr> = targets.iter().map(|t| t.expr.clone()).collect();
            first_mark = exprs.len();
            exprs.extend(tids);
            let order = built.order.clone();
            if built.node.project.is_some()
                || matches!(built.node.kind, NodeKind::Sort { .. } | NodeKind::Unique { .. })
            {
                built = self.result_above(built)?;
            }
            self.project(&mut built, &exprs)?;
            built.order = order;
        }
        if !marks.is_empty() {
            built = self.lock_rows(built, &marks, first_mark)?;
        }
        built = self.limit(built, &targets, &order_by)?;
        let shown: Vec<usize> = targets.iter().enumerate().filter(|(_, t)| !t.junk).map(|(at, _)| at).collect();
        self.keep_columns(&mut built, &shown)?;
        targets.retain(|t| !t.junk);
        Ok(built)
    }

    /// Which targets are computed after sorting: sets, which would be sorted many times over, and with LIMIT what is volatile, which shall be
    /// computed for the rows that are wanted only. Not those that rows are sorted by or told apart by.
    fn postponed(&mut self, targets: &[TargetEntry]) -> Result<Vec<bool>> {
        let query = &self.level().query;
        let mut late = vec![false; targets.len()];
        if query.order_by.is_empty() {
            return Ok(late);
        }
        let limited = query.limit.is_some() || query.offset.is_some();
        let keys: Vec<u32> =
            query.order_by.iter().chain(&query.distinct).map(|clause| clause.target_ref).filter(|r| *r != 0).collect();
        // Sets are expanded side by side: all of them before the sort if one is a key.
        let sets = query.has.target_sets
            && !targets.iter().any(|target| {
                target.sort_ref != 0 && keys.contains(&target.sort_ref) && contains_set(&wrapped(&target.expr), &[])
            });
        for (late, target) in late.iter_mut().zip(targets) {
            let key = target.sort_ref != 0 && keys.contains(&target.sort_ref);
            *late = !key
                && (sets && contains_set(&wrapped(&target.expr), &[])
                    || limited && crate::prepare::is_volatile(self.ctx.catalog, &target.expr)?);
        }
        Ok(late)
    }

    /// A node above that only projects.
    pub fn result_above(&mut self, mut built: Built) -> Result<Built> {
        let cost = built.node.cost;
        let kind = NodeKind::Result { input: Some(Box::new(built.node)), condition: Vec::new() };
        built.node = self.node(kind, &built.layout, cost)?;
        Ok(built)
    }

    /// Outputs only these columns.
    pub fn keep_columns(&mut self, built: &mut Built, columns: &[usize]) -> Result<()> {
        if columns.len() == built.layout.len() && columns.iter().enumerate().all(|(n, &c)| n == c) {
            return Ok(());
        }
        if let Some(project) = &mut built.node.project {
            // The columns that nobody wants need not be computed.
            let mut slots: Vec<Option<crate::plan::Expr>> = project.drain(..).map(Some).collect();
            *project = columns.iter().filter_map(|&c| slots[c].take()).collect();
            if project.len() == columns.len() {
                built.node.output = columns.iter().map(|&c| built.node.output[c]).collect();
                built.layout = columns.iter().map(|&c| built.layout[c].clone()).collect();
                built.node.shown = self.outputs_shown(&built.layout);
                return Ok(());
            }
            return Err(Error::internal("a column was wanted twice"));
        }
        built.node.project = Some(
            columns
                .iter()
                .map(|&c| crate::plan::Expr { kind: crate::plan::ExprKind::Column(c), ty: built.node.output[c] })
                .collect(),
        );
        built.node.output = columns.iter().map(|&c| built.node.output[c]).collect();
        built.layout = columns.iter().map(|&c| built.layout[c].clone()).collect();
        built.node.shown = self.outputs_shown(&built.layout);
        Ok(())
    }

    /// Columns used by the query or by its join tree.
    pub fn find_needed_with(&mut self, tree: &Tree) -> Result<()> {
        // The tree's conditions stand in for WHERE while the walk looks.
        let mut quals = Vec::new();
        tree_quals(tree, &mut quals);
        let condition = analyzer::types::all_of(quals);
        self.level().query.where_clause = condition;
        self.find_needed();
        self.level().query.where_clause = None;
        for mark in self.level().query.row_marks.clone() {
            // In a tree the place alone does not say which table's row it is.
            let tree = match self.level().query.range_table[mark.relation].kind {
                q::EntryKind::Relation { oid, inherit, .. } => self.is_tree(&*self.relation(oid)?, inherit)?,
                _ => false,
            };
            let list = &mut self.level().needed[mark.relation];
            for &column in if tree { &[-1, -6][..] } else { &[-1] } {
                if let Err(at) = list.binary_search(&column) {
                    list.insert(at, column);
                }
            }
        }
        Ok(())
    }
}

fn tree_quals(tree: &Tree, into: &mut Vec<Expr>) {
    match tree {
        Tree::Relation(_) => {}
        Tree::Group { items, quals } => {
            into.extend(quals.iter().cloned());
            items.iter().for_each(|item| tree_quals(item, into));
        }
        Tree::Join { left, right, on, .. } => {
            into.extend(on.iter().cloned());
            tree_quals(left, into);
            tree_quals(right, into);
        }
    }
}
