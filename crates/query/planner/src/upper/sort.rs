//! Sorting: keys, and the node that makes an order from the one there is.

use analyzer::deparse::order_suffix;
use analyzer::query::{Expr, ExprKind, SortClause, TargetEntry};
use error::{Error, Result};
use ids::Oid;

use super::limit::constant_int;
use crate::cost::Work;
use crate::level::{Built, PathKey, Planner};
use crate::path::{common_keys, is_sorted};
use crate::plan::*;

impl Planner<'_> {
    /// A sort key of the plan.
    pub fn sort_key(&self, column: usize, ty: ColumnType, clause: &SortClause) -> Result<SortKey> {
        self.sort_key_by(column, ty, clause.ordering, clause.descending, clause.nulls_first)
    }

    pub fn sort_key_by(
        &self,
        column: usize,
        ty: ColumnType,
        operator: Oid,
        descending: bool,
        nulls_first: bool,
    ) -> Result<SortKey> {
        let families = self.ctx.catalog.operator_families(operator)?;
        let member = families
            .iter()
            .find(|m| m.amopmethod == catalog::objects::BTREE && m.amoppurpose == b's')
            .ok_or_else(|| Error::internal(format!("operator {operator} orders nothing")))?;
        let compare = self
            .ctx
            .catalog
            .family_function(member.amopfamily, member.amoplefttype, member.amoprighttype, 1)?
            .unwrap_or_default();
        Ok(SortKey { column, operator, compare, descending, nulls_first, collation: ty.collation })
    }

    /// A group key of the plan.
    pub fn group_key(&self, column: usize, ty: ColumnType, equality: Oid) -> Result<GroupKey> {
        let equal = self.ctx.catalog.operator(equality)?.oprcode;
        let hash = analyzer::types::ordering(self.ctx.catalog, ty.oid)?.hash;
        Ok(GroupKey { column, equal, hash, collation: ty.collation })
    }

    /// Makes sure that expressions are columns; tells where they are.
    pub fn columns_for(&mut self, built: &mut Built, exprs: &[Expr]) -> Result<Vec<usize>> {
        let missing: Vec<Expr> = exprs.iter().filter(|e| !built.layout.contains(e)).cloned().collect();
        if !missing.is_empty() {
            let mut all = built.layout.clone();
            for expr in missing {
                if !all.contains(&expr) {
                    all.push(expr);
                }
            }
            self.project(built, &all)?;
        }
        exprs
            .iter()
            .map(|e| {
                built
                    .layout
                    .iter()
                    .position(|have| have == e)
                    .ok_or_else(|| Error::internal("a column was not computed"))
            })
            .collect()
    }

    /// What EXPLAIN writes behind a sort key: its collation if that is not its type's, and its direction.
    pub fn sort_suffix(&self, key: &PathKey) -> Result<String> {
        let (ty, order) = (key.expr.ty, order_suffix(key.descending, key.nulls_first));
        if !ty.collation.is_valid() || self.ctx.catalog.type_(ty.oid)?.typcollation == ty.collation {
            return Ok(order.to_string());
        }
        Ok(format!(" COLLATE {}{order}", self.ctx.catalog.collation_text(ty.collation)?))
    }

    /// Sorts, unless sorted already.
    pub fn sort(&mut self, mut built: Built, keys: Vec<PathKey>) -> Result<Built> {
        let wanted = self.canonical_order(&keys);
        if keys.is_empty() || is_sorted(&built.order, &wanted) {
            return Ok(built);
        }
        // What is the same in all rows, or was a key before, does not count; but something must.
        let keys: Vec<PathKey> = match wanted.is_empty() {
            true => return Ok(built),
            false => keys.into_iter().filter(|key| !self.canonical_order(std::slice::from_ref(key)).is_empty()).fold(
                Vec::new(),
                |mut kept, key| {
                    if !kept.iter().any(|other: &PathKey| self.canonical(&other.expr) == self.canonical(&key.expr)) {
                        kept.push(key);
                    }
                    kept
                },
            ),
        };
        let exprs: Vec<Expr> = keys.iter().map(|key| key.expr.clone()).collect();
        let columns = self.columns_for(&mut built, &exprs)?;
        let mut sort_keys = Vec::with_capacity(keys.len());
        for (key, &column) in keys.iter().zip(&columns) {
            let ty = built.node.output[column];
            sort_keys.push(self.sort_key_by(column, ty, key.operator, key.descending, key.nulls_first)?);
        }
        let order = self.canonical_order(&keys);
        let presorted = match self.ctx.costs.enable_incremental_sort {
            true => common_keys(&built.order, &order).min(keys.len()),
            false => 0,
        };
        let limit = self.sort_limit();
        let input = built.node.cost;
        let (work, _) = self.sort_work_of(
            Work::new(input.startup, input.total),
            input.rows,
            f64::from(input.width),
            presorted,
            &order,
            limit.map(|limit| limit as f64),
        )?;
        let cost = Cost { startup: work.startup, total: work.total, rows: input.rows, width: input.width };
        let kind = NodeKind::Sort { input: Box::new(built.node), keys: sort_keys, presorted, limit };
        let mut node = self.node(kind, &built.layout, cost)?;
        node.disabled = presorted == 0 && !self.ctx.costs.enable_sort;
        self.sort_details(&mut node, &exprs, &keys, presorted)?;
        Ok(Built { node, layout: built.layout, order })
    }

    /// How many sorted rows are wanted, if nothing above the sort drops or adds any.
    fn sort_limit(&mut self) -> Option<u64> {
        let query = &self.level().query;
        let plain = query.group_by.is_empty()
            && query.grouping_sets.is_none()
            && !query.has.aggregates
            && query.windows.is_empty()
            && query.distinct.is_empty()
            && query.row_marks.is_empty()
            && !query.has.target_sets
            && !query.with_ties;
        let count = constant_int(query.limit.as_ref()).filter(|_| plain)?;
        let offset = match &query.offset {
            Some(offset) => constant_int(Some(offset))?,
            None => 0,
        };
        u64::try_from(count).ok()?.checked_add(u64::try_from(offset).ok()?)
    }

    pub fn sort_by(&mut self, built: Built, targets: &[TargetEntry], order_by: &[SortClause]) -> Result<Built> {
        let keys = self.path_keys(targets, order_by);
        self.sort(built, keys)
    }
}

/// A sort key as EXPLAIN shows it: a column without the collation that stands behind it.
pub(crate) fn sort_shown(expr: &Expr) -> &Expr {
    match &expr.kind {
        ExprKind::Relabel(arg, _) if arg.ty.oid == expr.ty.oid && matches!(arg.kind, ExprKind::Var(_)) => arg,
        _ => expr,
    }
}
