//! LIMIT, and locks on the rows that it lets through.

use analyzer::query::{self as q, Expr, ExprKind, SortClause, TargetEntry};
use error::{Error, Result};

use crate::level::{Built, Planner};
use crate::plan::*;

impl Planner<'_> {
    /// How much of the rows below LIMIT is likely to be read: a count if above one, else a fraction.
    pub(super) fn limit_fraction(&mut self) -> f64 {
        let query = &self.level().query;
        let whole = query.has.aggregates
            || !query.group_by.is_empty()
            || query.grouping_sets.is_some()
            || !query.distinct.is_empty()
            || !query.windows.is_empty();
        match (&query.limit, whole) {
            (Some(limit), false) => {
                let offset = constant_int(query.offset.as_ref()).unwrap_or(0).max(0) as f64;
                match constant_int(Some(limit)) {
                    Some(count) => count.max(0) as f64 + offset + 1.000_001,
                    None => 0.1,
                }
            }
            _ => 0.0,
        }
    }

    pub(super) fn lock_rows(&mut self, built: Built, marks: &[q::RowMark], first: usize) -> Result<Built> {
        self.read_only = false;
        let mut plan_marks = Vec::with_capacity(marks.len());
        let mut trees = 0;
        for (n, mark) in marks.iter().enumerate() {
            let lock = Some((mark.strength, mark.wait));
            if let Some(scans) = self.level().trees.get(&mark.relation).cloned() {
                let column = first + marks.len() + trees;
                trees += 1;
                plan_marks.extend(scans.iter().map(|scan| RowMark {
                    relation: scan.relation,
                    tid: first + n,
                    table: Some((column, scan.oid)),
                    lock,
                }));
                continue;
            }
            let relation = self.relation_use_of(mark.relation)?;
            plan_marks.push(RowMark { relation, tid: first + n, table: None, lock });
        }
        let cost = built.node.cost;
        let kind = NodeKind::LockRows { input: Box::new(built.node), marks: plan_marks };
        Ok(Built { node: self.node(kind, &built.layout, cost)?, layout: built.layout, order: built.order })
    }

    /// The plan's number of a relation of the current range table, once its scan was built.
    pub fn relation_use_of(&mut self, entry: usize) -> Result<usize> {
        let scanned = self.level().scanned.get(&entry).copied();
        scanned.ok_or_else(|| Error::internal("a locked relation is not read"))
    }

    pub fn limit(&mut self, built: Built, targets: &[TargetEntry], order_by: &[SortClause]) -> Result<Built> {
        let (count, offset, with_ties) = {
            let query = &self.level().query;
            (query.limit.clone(), query.offset.clone(), query.with_ties)
        };
        // LIMIT ALL and OFFSET 0 only kept the query apart.
        let is_null = |bound: &Option<Expr>| {
            bound.as_ref().is_none_or(|bound| matches!(bound.kind, ExprKind::Const(batch::Datum::Null)))
        };
        if is_null(&count) && (is_null(&offset) || constant_int(offset.as_ref()) == Some(0)) && !with_ties {
            return Ok(built);
        }
        let input = built.node.cost;
        let skip = constant_int(offset.as_ref()).unwrap_or(0).max(0) as f64;
        let skip = skip.min(input.rows);
        let rows = match &count {
            Some(count) => match constant_int(Some(count)) {
                Some(n) => (n.max(0) as f64).min(input.rows - skip).max(1.0),
                None => (input.rows * 0.1).ceil().max(1.0),
            },
            None => (input.rows - skip).max(1.0),
        };
        let per_row = (input.total - input.startup) / input.rows.max(1.0);
        let cost = Cost {
            startup: input.startup + per_row * skip,
            total: input.startup + per_row * (skip + rows),
            rows,
            width: input.width,
        };
        let ties = if with_ties {
            let mut keys = Vec::with_capacity(order_by.len());
            for clause in order_by {
                let at = targets
                    .iter()
                    .position(|t| t.sort_ref == clause.target_ref)
                    .ok_or_else(|| Error::internal("a sort key has no target"))?;
                keys.push(self.group_key(at, built.node.output[at], clause.equality)?);
            }
            Some(keys)
        } else {
            None
        };
        let count = match &count {
            Some(count) => Some(self.compile(count, &[])?),
            None => None,
        };
        let offset = match &offset {
            Some(offset) => Some(self.compile(offset, &[])?),
            None => None,
        };
        let kind = NodeKind::Limit { input: Box::new(built.node), count, offset, ties };
        let node = self.node(kind, &built.layout, cost)?;
        Ok(Built { node, layout: built.layout, order: built.order })
    }
}

/// The integer that an expression is, if it is a constant.
pub(super) fn constant_int(expr: Option<&Expr>) -> Option<i64> {
    match &expr?.kind {
        ExprKind::Const(batch::Datum::B8(n)) => Some(*n),
        ExprKind::Const(batch::Datum::B4(n)) => Some(i64::from(*n)),
        _ => None,
    }
}
