//! What the rest of a query wants of the joined rows: an order, and how much of it.

use analyzer::query::{Expr, SortClause, TargetEntry};
use error::Result;

use super::grouping_sets::SetsInput;
use crate::join::{Goal, Grouping};
use crate::level::{PathKey, Planner};

impl Planner<'_> {
    /// What the rest of the query wants of the joined rows: an order for ORDER BY, or one for grouping.
    pub(super) fn goal(&mut self, targets: &[TargetEntry], order_by: &[SortClause]) -> Result<Goal> {
        let fraction = self.limit_fraction();
        let query = &self.level().query;
        if query.has.target_sets && !query.group_by.is_empty() {
            return Ok(Goal::default());
        }
        if let Some(sets) = query.grouping_sets.clone() {
            let (transitions, ordered) = (self.transitions()?, self.sorts_in_groups());
            let (keys, clauses) = (self.group_keys().0, self.level().query.group_by.clone());
            let input = SetsInput { sets: &sets, clauses: &clauses, keys: &keys, order_by, transitions, ordered };
            return Ok(self.grouping_sets_goal(&input));
        }
        if query.has.windows {
            let rows = query.group_by.is_empty() && !query.has.aggregates && query.having.is_none();
            let order = if rows { self.window_order(targets) } else { Vec::new() };
            return Ok(Goal { order, ..Goal::default() });
        }
        if !query.group_by.is_empty() {
            let (clauses, ..) = self.group_clauses(targets, order_by);
            let (keys, _) = self.group_keys();
            let transitions = self.transitions()?;
            let grouping = self.grouping(&clauses, keys, transitions);
            return Ok(Goal { order: self.path_keys(targets, &clauses), fraction: 0.0, grouping: Some(grouping) });
        }
        if query.has.aggregates || query.having.is_some() {
            return Ok(Goal::default());
        }
        let distinct = query.distinct.clone();
        if !distinct.is_empty() {
            if self.level().query.distinct_on {
                let order = self.path_keys(targets, if order_by.is_empty() { &distinct } else { order_by });
                return Ok(Goal { order, fraction, grouping: None });
            }
            if self.level().query.has.target_sets {
                return Ok(Goal::default());
            }
            let order = self.path_keys(targets, &distinct);
            let keys = order.iter().map(|key| key.expr.clone()).collect();
            let grouping = self.grouping(&distinct, keys, 0.0);
            return Ok(Goal { order, fraction: fraction.min(1.0), grouping: Some(grouping) });
        }
        if query.has.target_sets {
            return Ok(Goal::default());
        }
        if order_by.is_empty()
            && fraction == 0.0
            && let Some(goal) = self.operand_goal()
        {
            return Ok(goal);
        }
        Ok(Goal { order: self.path_keys(targets, order_by), fraction, grouping: None })
    }

    pub(super) fn grouping(&self, clauses: &[SortClause], keys: Vec<Expr>, transitions: f64) -> Grouping {
        Grouping {
            keys,
            transitions,
            can_hash: clauses.iter().all(|clause| clause.hashable) && !clauses.is_empty(),
            can_sort: clauses.iter().all(|clause| clause.ordering.is_valid()),
        }
    }

    pub fn path_keys(&mut self, targets: &[TargetEntry], clauses: &[SortClause]) -> Vec<PathKey> {
        clauses
            .iter()
            .filter_map(|clause| {
                let target = targets.iter().find(|t| t.sort_ref == clause.target_ref)?;
                Some(PathKey {
                    expr: target.expr.clone(),
                    operator: clause.ordering,
                    descending: clause.descending,
                    nulls_first: clause.nulls_first,
                })
            })
            .collect()
    }
}
