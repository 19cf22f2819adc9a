//! Rows in the order of a distance, nearest first: what an index of a method with ordering operators gives without a sort.

use analyzer::query::{Expr, ExprKind};
use error::Result;

use crate::level::{PathKey, Planner};
use crate::prepare::relids_of;
use crate::scan::{Candidate, IndexCondition, stripped};

impl Planner<'_> {
    /// The order that the query wants, if all of it is distances that the index can tell: with them, for the index.
    pub fn distance_order(
        &mut self,
        candidate: &Candidate,
    ) -> Result<Option<(Vec<PathKey>, Vec<(usize, IndexCondition, Expr)>)>> {
        let query = &self.level().query;
        if !query.group_by.is_empty() || query.has.aggregates || !query.distinct.is_empty() {
            return Ok(None);
        }
        let (targets, clauses) = (query.targets.clone(), query.order_by.clone());
        let wanted = match query.has.windows {
            true => self.window_order(&targets),
            false => self.path_keys(&targets, &clauses),
        };
        if wanted.is_empty() || !self.level().query.has.windows && wanted.len() != clauses.len() {
            return Ok(None);
        }
        let mut distances = Vec::with_capacity(wanted.len());
        for key in &wanted {
            let found = match (key.descending, key.nulls_first) {
                (false, false) => self.distance_of(&key.expr, candidate)?,
                _ => None,
            };
            let Some(found) = found else { return Ok(None) };
            distances.push(found);
        }
        Ok(Some((self.canonical_order(&wanted), distances)))
    }

    /// A distance as the index knows it.
    fn distance_of(&self, expr: &Expr, candidate: &Candidate) -> Result<Option<(usize, IndexCondition, Expr)>> {
        let catalog = self.ctx.catalog;
        let ExprKind::Operator(call) = &expr.kind else { return Ok(None) };
        let [left, right] = &call.args[..] else { return Ok(None) };
        for (column, other, commuted) in [(left, right, false), (right, left, true)] {
            if relids_of(other) != 0 || crate::prepare::is_volatile(catalog, other)? {
                continue;
            }
            let keys = candidate.index.indnkeyatts as usize;
            let own = candidate.columns.iter().take(keys).position(|own| stripped(&own.0) == stripped(column));
            let Some(position) = own else { continue };
            let operator = if commuted { catalog.operator(call.operator)?.oprcom } else { call.operator };
            if !operator.is_valid() {
                continue;
            }
            let (_, family, ..) = candidate.columns[position];
            let members = catalog.operator_families(operator)?;
            let member = members.iter().find(|row| row.amopfamily == family && row.amoppurpose == b'o');
            let Some(member) = member else { continue };
            let row = catalog.operator(operator)?;
            let (strategy, type_oid) = (member.amopstrategy, row.oprright);
            let mut shown = expr.clone();
            if let ExprKind::Operator(call) = &mut shown.kind
                && commuted
            {
                call.args.swap(0, 1);
                (call.operator, call.function) = (operator, row.oprcode);
            }
            let value = other.clone();
            return Ok(Some((position, IndexCondition::Strategy { strategy, type_oid, value }, shown)));
        }
        Ok(None)
    }
}
