//! Rows by their physical address (`ctid`): single ones, and the pages between two.

use std::rc::Rc;

use analyzer::query::{Expr, ExprKind};
use error::Result;
use ids::Oid;

use crate::estimate::BaseRelation;
use crate::join::Unit;
use crate::level::Planner;
use crate::path::{Path, PathKind, add_path};
use crate::plan::{NodeKind, ScanColumn};
use crate::prepare::relids_of;
use crate::scan::array_length;

/// `<`, `>`, `<=`, `>=` of `tid`.
const LESS: Oid = Oid(2799);
const GREATER: Oid = Oid(2800);
const LESS_OR_EQUAL: Oid = Oid(2801);
const GREATER_OR_EQUAL: Oid = Oid(2802);

/// An end of a range of places.
struct End<'a> {
    place: &'a Expr,
    lower: bool,
    included: bool,
}

/// What a condition says of a relation's places, if it bounds them by something that is the same for all rows.
fn end_of(qual: &Expr, at: usize) -> Option<End<'_>> {
    let ExprKind::Operator(call) = &qual.kind else { return None };
    let [left, right] = &call.args[..] else { return None };
    let (lower, included) = match call.operator {
        LESS => (false, false),
        LESS_OR_EQUAL => (false, true),
        GREATER => (true, false),
        GREATER_OR_EQUAL => (true, true),
        _ => return None,
    };
    if is_ctid(left, at) && relids_of(right) == 0 {
        Some(End { place: right, lower, included })
    } else if is_ctid(right, at) && relids_of(left) == 0 {
        Some(End { place: left, lower: !lower, included })
    } else {
        None
    }
}

fn is_ctid(expr: &Expr, at: usize) -> bool {
    matches!(&expr.kind, ExprKind::Var(v) if v.level == 0 && v.relation == at && v.column == -1)
}

impl Planner<'_> {
    /// Rows by the places that a condition names.
    pub fn tid_paths(&mut self, unit_at: usize, at: usize, quals: &[Expr], paths: &mut Vec<Rc<Path>>) -> Result<()> {
        for qual in quals {
            let (operand, count) = match &qual.kind {
                // tid = tid
                ExprKind::Operator(call) if call.operator == Oid(387) => match &call.args[..] {
                    [l, r] if is_ctid(l, at) && relids_of(r) == 0 => (r.clone(), 1.0),
                    [l, r] if is_ctid(r, at) && relids_of(l) == 0 => (l.clone(), 1.0),
                    _ => continue,
                },
                ExprKind::ScalarArray { call, any: true } if call.operator == Oid(387) => match &call.args[..] {
                    [l, r] if is_ctid(l, at) && relids_of(r) == 0 => (r.clone(), array_length(r)),
                    _ => continue,
                },
                _ => continue,
            };
            let costs = &self.ctx.costs;
            let total = count * (costs.random_page_cost + costs.cpu_tuple_cost);
            let path = Path {
                kind: PathKind::Tid { unit: unit_at, tids: vec![operand], condition: qual.clone() },
                units: 1 << unit_at,
                requires: 0,
                rows: count,
                startup: 0.0,
                total,
                disabled: u32::from(!costs.enable_tidscan),
                order: Rc::default(),
            };
            add_path(paths, path);
        }
        Ok(())
    }

    /// The pages between the places that conditions name.
    pub fn tid_range_path(
        &mut self,
        unit_at: usize,
        unit: &Unit,
        at: usize,
        base: &BaseRelation,
        quals: &[Expr],
        paths: &mut Vec<Rc<Path>>,
    ) -> Result<()> {
        let mut conditions = Vec::new();
        for qual in quals {
            if let Some(end) = end_of(qual, at)
                && !crate::prepare::is_volatile(self.ctx.catalog, end.place)?
            {
                conditions.push(qual.clone());
            }
        }
        if conditions.is_empty() {
            return Ok(());
        }
        let selectivity = self.selectivity_of_all(&conditions)?;
        let pages = (selectivity * base.pages).ceil().max(1.0);
        let tuples = selectivity * base.tuples;
        let rest: Vec<Expr> = quals.iter().filter(|qual| !conditions.contains(qual)).cloned().collect();
        let costs = self.ctx.costs.clone();
        let total = costs.random_page_cost
            + (pages - 1.0) * costs.seq_page_cost
            + tuples * (costs.cpu_tuple_cost + self.quals_cost(&rest)?);
        let path = Path {
            kind: PathKind::TidRange { unit: unit_at, conditions },
            units: 1 << unit_at,
            requires: 0,
            rows: unit.rows,
            startup: 0.0,
            total,
            disabled: u32::from(!costs.enable_tidscan),
            order: Rc::default(),
        };
        add_path(paths, path);
        Ok(())
    }

    /// The node that reads those pages.
    pub fn tid_range(
        &mut self,
        at: usize,
        relation: usize,
        columns: Vec<ScanColumn>,
        conditions: &[Expr],
    ) -> Result<NodeKind> {
        let (mut lower, mut upper) = (Vec::new(), Vec::new());
        for end in conditions.iter().filter_map(|condition| end_of(condition, at)) {
            let place = self.compile(end.place, &[])?;
            match end.lower {
                true => lower.push(place),
                false => upper.push((place, end.included)),
            }
        }
        Ok(NodeKind::TidRangeScan { relation, columns, lower, upper })
    }
}
