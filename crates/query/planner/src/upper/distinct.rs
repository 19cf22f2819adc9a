//! DISTINCT and DISTINCT ON: by sorting or by hashing, whichever costs less.

use analyzer::query::{Expr, SortClause, TargetEntry};
use error::Result;

use crate::cost::Work;
use crate::level::{Built, PathKey, Planner};
use crate::plan::*;

impl Planner<'_> {
    pub(super) fn distinct(
        &mut self,
        mut built: Built,
        targets: &[TargetEntry],
        clauses: &[SortClause],
        order_by: &[SortClause],
    ) -> Result<Built> {
        let on = self.level().query.distinct_on;
        let exprs: Vec<Expr> = clauses
            .iter()
            .filter_map(|c| targets.iter().find(|t| t.sort_ref == c.target_ref))
            .map(|t| t.expr.clone())
            .collect();
        let groups = self.groups(&exprs, built.node.cost.rows)?;
        let input = built.node.cost;
        let grouping = self.grouping(clauses, exprs.clone(), 0.0);
        let have = built.order.clone();
        let mut hash = false;
        if !on {
            let work = Work::new(input.startup, input.total);
            let width = f64::from(input.width);
            hash = self.grouping_work(work, input.rows, width, &have, 0, &grouping)?.hashed;
        }
        if !hash {
            let mut keys = self.path_keys(targets, clauses);
            if self.ctx.costs.enable_distinct_reordering && !on {
                keys = self.reordered(keys, &have);
            }
            if on {
                for key in self.path_keys(targets, order_by) {
                    if !keys.iter().any(|k| k.expr == key.expr) {
                        keys.push(key);
                    }
                }
            }
            built = self.sort(built, keys)?;
        }
        let columns = self.columns_for(&mut built, &exprs)?;
        let mut keys = Vec::with_capacity(columns.len());
        for (clause, &column) in clauses.iter().zip(&columns) {
            keys.push(self.group_key(column, built.node.output[column], clause.equality)?);
        }
        let input = built.node.cost;
        let work = self.ctx.costs.cpu_operator_cost * keys.len() as f64 * input.rows;
        if !hash {
            let cost = Cost { startup: input.startup, total: input.total + work, rows: groups, width: input.width };
            let node = self.node(NodeKind::Unique { input: Box::new(built.node), keys }, &built.layout, cost)?;
            return Ok(Built { node, layout: built.layout, order: built.order });
        }
        // The keys come out in their own order; back to that of the targets.
        let layout = exprs.clone();
        let cost = Cost {
            startup: input.total + work,
            total: input.total + work + groups * self.ctx.costs.cpu_tuple_cost,
            rows: groups,
            width: input.width,
        };
        let kind = NodeKind::Aggregate {
            input: Box::new(built.node),
            strategy: AggregateStrategy::Hashed,
            sets: vec![(0..keys.len()).collect()],
            rollups: Vec::new(),
            keys,
            aggregates: Vec::new(),
            groupings: Vec::new(),
            groups,
        };
        let mut node = self.node(kind, &layout, cost)?;
        node.disabled = !self.ctx.costs.enable_hashagg;
        self.detail(&mut node, "Group Key", &exprs);
        let mut built = Built { node, layout, order: Vec::new() };
        let wanted: Vec<Expr> = targets.iter().map(|t| t.expr.clone()).collect();
        self.project(&mut built, &wanted)?;
        Ok(built)
    }

    /// Keys, those first that rows are sorted by, in that order.
    pub(super) fn reordered(&mut self, keys: Vec<PathKey>, have: &[PathKey]) -> Vec<PathKey> {
        let mut first: Vec<PathKey> = Vec::with_capacity(keys.len());
        for sorted in have {
            let found = keys.iter().find(|key| {
                let expr = self.canonical(&key.expr);
                crate::path::same_value(&expr, &sorted.expr)
            });
            let Some(found) = found else { break };
            first.push(PathKey { expr: found.expr.clone(), ..sorted.clone() });
        }
        let rest: Vec<PathKey> =
            keys.into_iter().filter(|key| !first.iter().any(|other| other.expr == key.expr)).collect();
        first.extend(rest);
        first
    }
}
