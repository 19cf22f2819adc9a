//! Sides in which a row finds at most one partner: tables with a key, and the sides of semi-joins whose values are made distinct first.

use std::rc::Rc;

use analyzer::query::{Expr, ExprKind};
use error::Result;
use ids::Oid;

use super::equality::Equality;
use super::order::Rel;
use super::special::Special;
use super::ways::{Pair, lateral_of, sources_of};
use super::work::Facts;
use super::{Goal, Problem, UnitKind};
use crate::level::{PathKey, Planner};
use crate::path::{Path, PathKind, Units, cheapest};
use crate::plan::*;
use crate::prepare::relids_of;

impl Planner<'_> {
    /// Whether a set is one table of which at most one row has given values of the keys.
    pub(super) fn is_inner_unique(&mut self, problem: &Problem, mask: Units, keys: &[Rc<Equality>]) -> Result<bool> {
        if mask.count_ones() != 1 {
            return Ok(false);
        }
        let unit = &problem.units[mask.trailing_zeros() as usize];
        match &unit.kind {
            UnitKind::Base { base, quals, .. } => {
                let mut equal: Vec<i16> = Vec::new();
                for key in keys {
                    let side = match &key.shown.kind {
                        ExprKind::Operator(call) => call.args.get(1),
                        _ => None,
                    };
                    if let Some(side) = side
                        && let ExprKind::Var(v) = &crate::scan::stripped(side).kind
                    {
                        equal.push(v.column);
                    }
                }
                let base = base.clone();
                let quals = quals.clone();
                self.is_single_row(&base, &quals, &equal)
            }
            UnitKind::Built(Some(_)) => {
                let Some(distinct) = &unit.distinct else { return Ok(false) };
                Ok(!distinct.is_empty()
                    && distinct.iter().all(|column| {
                        keys.iter().any(|key| match &key.shown.kind {
                            ExprKind::Operator(call) => call.args.get(1) == Some(column),
                            _ => false,
                        })
                    }))
            }
            _ => Ok(false),
        }
    }

    pub(super) fn unique_pairs(
        &mut self,
        problem: &Problem,
        goal: &Goal,
        (left, a): (Units, &Rel),
        (right, b): (Units, &Rel),
        special: &Special,
        quals: &Rc<Vec<Expr>>,
        quals_cost: f64,
        selectivity: f64,
        into: &mut Rel,
    ) -> Result<()> {
        let equalities = self.equalities(&special.quals, a.relids, b.relids)?;
        if equalities.len() != special.quals.len() || equalities.is_empty() {
            return Ok(());
        }
        let Some(input) = cheapest(&b.paths).cloned() else { return Ok(()) };
        let mut exprs: Vec<(Expr, Oid)> = Vec::new();
        let (mut hashable, mut sortable) = (true, true);
        for equality in &equalities {
            let ordering = analyzer::types::ordering(self.ctx.catalog, equality.inner.ty.oid)?;
            if relids_of(&equality.inner) & !b.relids != 0 || !ordering.equal.is_valid() {
                return Ok(());
            }
            hashable &= ordering.hash.is_valid();
            sortable &= ordering.less.is_valid();
            if !exprs.iter().any(|(expr, _)| *expr == equality.inner) {
                exprs.push((equality.inner.clone(), ordering.equal));
            }
        }
        let list: Vec<Expr> = exprs.iter().map(|(expr, _)| expr.clone()).collect();
        let rows = self.groups(&list, input.rows)?;
        let costs = self.ctx.costs.clone();
        let keys = exprs.len() as f64;
        let mut ways: Vec<Path> = Vec::new();
        if sortable {
            let mut order = Vec::with_capacity(exprs.len());
            for (expr, _) in &exprs {
                let less = analyzer::types::ordering(self.ctx.catalog, expr.ty.oid)?.less;
                order.push(PathKey {
                    expr: self.canonical(expr),
                    operator: less,
                    descending: false,
                    nulls_first: false,
                });
            }
            let order = self.canonical_order(&order);
            let sorted = self.sorted(&input, &order, b.width)?;
            let total = sorted.total + costs.cpu_operator_cost * input.rows * keys;
            ways.push(Path {
                kind: PathKind::Distinct { input: sorted.clone(), exprs: exprs.clone(), hashed: false },
                rows,
                total,
                ..(*sorted).clone()
            });
        }
        if hashable {
            let work = costs.hash_aggregate(input.work(), (input.rows, b.width), keys, 0.0, rows, 0.0);
            ways.push(Path {
                kind: PathKind::Distinct { input: input.clone(), exprs, hashed: true },
                rows,
                startup: work.startup,
                total: work.total,
                disabled: input.disabled + u32::from(!costs.enable_hashagg),
                order: Rc::default(),
                ..(*input).clone()
            });
        }
        let Some(best) = ways.into_iter().min_by(|a, b| a.by_total(b)) else { return Ok(()) };
        let lateral = lateral_of(problem, left | right);
        let unique = vec![Rc::new(best)];
        for turned in [false, true] {
            let (outer, inner, outer_paths, inner_paths) =
                if turned { (b, a, &unique, &a.paths) } else { (a, b, &a.paths, &unique) };
            let keys = self.equalities(quals, outer.relids, inner.relids)?;
            let inner_unique = !turned || self.is_inner_unique(problem, left, &keys)?;
            let partners = self.partners(&keys, outer, inner)?;
            let facts = Facts {
                first_only: inner_unique,
                anti: false,
                matched: partners,
                matches: 1.0,
                quals_cost,
                outer_width: outer.width,
                inner_width: inner.width,
            };
            let buckets = keys.iter().map(|key| self.bucket_of(&key.inner, inner.rows)).collect::<Result<_>>()?;
            let pair = Pair {
                problem,
                join: JoinType::Inner,
                units: left | right,
                left: outer.relids,
                right: inner.relids,
                lateral,
                sources: lateral | sources_of(problem, a.relids | b.relids),
                quals: quals.clone(),
                filter: Rc::default(),
                keys: Rc::new(keys),
                rows: into.rows,
                selectivity,
                facts,
                inner_unique,
                buckets,
                goal,
            };
            self.pair_paths(&pair, outer_paths, inner_paths, into)?;
        }
        Ok(())
    }
}
