//! Nested loops: the inner side is run for each row of the outer one, perhaps by an index that takes its values; its rows may be kept.

use std::rc::Rc;

use analyzer::query::{Expr, ExprKind};
use error::Result;
use ids::Oid;

use super::Problem;
use super::order::Rel;
use super::ways::{JoinPath, Method, Pair, enforced_by};
use super::work::{self, Facts};
use crate::cost::{Costs, Work, whole_rows};
use crate::level::Planner;
use crate::path::{Path, PathKind};
use crate::plan::*;
use crate::prepare::{Relids, relids_of};

/// A way to run the inner side again and again, and what is the same of it for all outer sides.
pub(super) struct InnerWay {
    path: Rc<Path>,
    /// Running it once more; none: that depends on the outer side.
    again: Option<Work>,
    /// Conditions that it does not check itself: what they cost, and what part of the pairs they let through.
    quals_cost: f64,
    selectivity: f64,
    /// An index finds all that matches.
    indexed: bool,
}

impl Planner<'_> {
    /// The ways to run an inner side. Of each set of needs the cheapest is enough: an order of the inner side is of no use.
    pub(super) fn inner_ways(&mut self, pair: &Pair<'_>, inners: &[Rc<Path>]) -> Result<Vec<InnerWay>> {
        let mut chosen: Vec<Rc<Path>> = Vec::new();
        for inner in inners {
            if chosen.iter().any(|other| other.requires == inner.requires && !better(inner, other)) {
                continue;
            }
            chosen.retain(|other| other.requires != inner.requires);
            chosen.push(inner.clone());
        }
        let costs = self.ctx.costs.clone();
        let mut ways = Vec::with_capacity(2 * chosen.len());
        for inner in chosen {
            let bound = inner.requires & pair.left != 0;
            let mut variants = vec![inner.clone()];
            if bound {
                variants.extend(self.memoize(pair, &inner)?.map(Rc::new));
            } else if inner.requires == 0 && keeps_nothing(&inner) {
                let work = costs.material(inner.work(), inner.rows, pair.facts.inner_width);
                variants.push(Rc::new(Path {
                    kind: PathKind::Material(inner.clone()),
                    startup: work.startup,
                    total: work.total,
                    // Switched off, it is not considered where nothing asks for it.
                    disabled: inner.disabled + u32::from(!costs.enable_material),
                    ..(*inner).clone()
                }));
            }
            let mut enforced = Vec::new();
            enforced_by(&inner, &mut enforced);
            let left: Vec<Expr> =
                pair.quals.iter().filter(|qual| !self.is_enforced(qual, &enforced)).cloned().collect();
            let quals_cost = self.quals_cost(&left)?;
            let selectivity = if inner.requires == 0 { 1.0 } else { self.selectivity_of_all(&left)? };
            let all_checked = bound && left.is_empty() && !pair.quals.is_empty();
            for path in variants {
                let again = match &path.kind {
                    PathKind::Memoize { .. } => None,
                    _ => Some(work::again(&costs, &path, pair.facts.inner_width)),
                };
                let indexed = all_checked && is_index(&path);
                ways.push(InnerWay { path, again, quals_cost, selectivity, indexed });
            }
        }
        Ok(ways)
    }

    pub(super) fn loops(&mut self, pair: &Pair<'_>, outer: &Rc<Path>, ways: &[InnerWay], into: &mut Rel) -> Result<()> {
        let costs = self.ctx.costs;
        for way in ways {
            let inner = &way.path;
            let requires = (outer.requires | inner.requires) & !(pair.left | pair.right);
            // What needs still others is of use only where these may have to be the outer side, or where several outer tables pick the inner
            // rows together.
            let star = inner.requires & pair.left != 0 && inner.requires & !pair.left != 0;
            if requires != 0 && requires & pair.sources == 0 && !star {
                continue;
            }
            let torn = |set: &Relids| set & !inner.requires == 0 && set & pair.left != 0 && set & !pair.left != 0;
            if inner.requires & pair.left != 0 && pair.problem.together.iter().any(torn) {
                continue;
            }
            let again = match way.again {
                Some(again) => again,
                // There is nothing to be found again.
                None if outer.rows < 2.0 => continue,
                None => self.memoize_again(pair, outer, inner)?,
            };
            let facts = Facts { quals_cost: way.quals_cost, ..pair.facts };
            let work = work::nest_loop(costs, outer, inner, again, way.indexed, &facts);
            let rows = if requires == 0 {
                pair.rows
            } else {
                let selectivity = match inner.requires {
                    0 => self.selectivity_of_all(&pair.quals)?,
                    _ => way.selectivity,
                };
                let mut rows = outer.rows * inner.rows * selectivity;
                if pair.join == JoinType::Left {
                    rows = rows.max(outer.rows);
                }
                whole_rows(rows).min(pair.rows)
            };
            let path = Path {
                kind: PathKind::Join(Box::new(JoinPath {
                    method: Method::NestLoop,
                    join: pair.join,
                    outer: outer.clone(),
                    inner: inner.clone(),
                    quals: pair.quals.clone(),
                    filter: pair.filter.clone(),
                    keys: Rc::default(),
                    inner_unique: pair.inner_unique,
                })),
                units: pair.units,
                requires,
                rows,
                startup: work.startup,
                total: work.total,
                disabled: outer.disabled + inner.disabled + u32::from(!costs.enable_nestloop),
                order: outer.order.clone(),
            };
            self.add(pair, into, path)?;
        }
        Ok(())
    }

    /// Whether conditions that are checked say what a condition says.
    pub(super) fn is_enforced(&self, qual: &Expr, enforced: &[Expr]) -> bool {
        enforced.contains(qual)
            || self.class_of(qual).is_some_and(|class| {
                enforced.iter().any(|other| relids_of(other).count_ones() > 1 && self.class_of(other) == Some(class))
            })
    }

    /// Keeping the inner side's rows for each combination of the values that it depends on, where some come again.
    fn memoize(&mut self, pair: &Pair<'_>, inner: &Rc<Path>) -> Result<Option<Path>> {
        if !self.ctx.costs.enable_memoize
            || inner.requires & !pair.left != 0
            || matches!(pair.join, JoinType::Semi | JoinType::Anti) && !pair.inner_unique
        {
            return Ok(None);
        }
        let single = match &inner.kind {
            PathKind::Index { access, .. } => access.unique,
            PathKind::Bitmap { .. } | PathKind::Seq(_) | PathKind::Built(_) | PathKind::Append(_) => false,
            _ => return Ok(None),
        };
        let mut enforced = Vec::new();
        enforced_by(inner, &mut enforced);
        let mut keys: Vec<(Expr, Oid, Oid)> = Vec::new();
        let mut binary = false;
        for qual in &enforced {
            if relids_of(qual) & pair.left == 0 {
                continue;
            }
            // Equality with the column decides; anything else only tells apart what differs in its bits.
            let ExprKind::Operator(call) = &qual.kind else { return Ok(None) };
            let [a, b] = &call.args[..] else { return Ok(None) };
            let (value, equal) = match (relids_of(a) & pair.left != 0, relids_of(b) & pair.left != 0) {
                (true, false) => (a, b),
                (false, true) => (b, a),
                _ => return Ok(None),
            };
            let ordering = analyzer::types::ordering(self.ctx.catalog, value.ty.oid)?;
            if !ordering.hash.is_valid() || !ordering.equal.is_valid() || value.ty.oid != equal.ty.oid {
                return Ok(None);
            }
            if !self.ctx.catalog.operator(call.operator)?.oprcanhash {
                binary = true;
            }
            let function = self.ctx.catalog.operator(ordering.equal)?.oprcode;
            if !keys.iter().any(|(key, ..)| key == value) {
                keys.push((value.clone(), function, call.input_collation));
            }
        }
        if keys.is_empty() {
            // A LATERAL part: all that it reads of the other side.
            if !matches!(inner.kind, PathKind::Built(_)) {
                return Ok(None);
            }
            binary = true;
            for (by, column, _) in self.level().pending.clone() {
                let ours = by < 128 && pair.right >> by & 1 == 1 && relids_of(&column) & !pair.left == 0;
                if !ours || keys.iter().any(|(key, ..)| *key == column) {
                    continue;
                }
                let ordering = analyzer::types::ordering(self.ctx.catalog, column.ty.oid)?;
                if !ordering.hash.is_valid() || !ordering.equal.is_valid() {
                    return Ok(None);
                }
                let function = self.ctx.catalog.operator(ordering.equal)?.oprcode;
                let collation = column.ty.collation;
                keys.push((column, function, collation));
            }
            if keys.is_empty() || self.unit_is_volatile(pair.problem, inner) {
                return Ok(None);
            }
        }
        let costs = self.ctx.costs;
        let total = inner.total + costs.cpu_tuple_cost;
        let path = Path {
            kind: PathKind::Memoize { input: inner.clone(), keys, single: single || pair.inner_unique, binary },
            startup: inner.startup + costs.cpu_tuple_cost,
            total,
            ..(**inner).clone()
        };
        Ok(Some(path))
    }

    fn unit_is_volatile(&self, problem: &Problem, path: &Path) -> bool {
        match &path.kind {
            PathKind::Built(at) => problem.units[*at].volatile,
            _ => false,
        }
    }

    /// What one more look into a memory of rows costs: that of a hit or of a miss, as often as either is likely.
    fn memoize_again(&mut self, pair: &Pair<'_>, outer: &Path, memoize: &Path) -> Result<Work> {
        let PathKind::Memoize { input, keys, .. } = &memoize.kind else { return Ok(memoize.work()) };
        let costs = self.ctx.costs.clone();
        let calls = outer.rows.max(1.0);
        let exprs: Vec<Expr> = keys.iter().map(|(expr, ..)| expr.clone()).collect();
        let distinct = self.groups(&exprs, calls)?.min(calls).max(1.0);
        let entry = Costs::bytes(input.rows, pair.facts.inner_width) + 80.0 * keys.len() as f64;
        let entries = (costs.hash_memory() / entry.max(1.0)).floor().max(1.0);
        let evicted = 1.0 - entries.min(distinct) / distinct;
        let hits = ((calls - distinct) / calls * (entries / distinct.max(entries))).clamp(0.0, 1.0);
        let mut startup = input.startup * (1.0 - hits) + costs.cpu_operator_cost;
        let mut total = input.total * (1.0 - hits) + costs.cpu_operator_cost;
        startup += costs.cpu_tuple_cost * evicted;
        total += costs.cpu_tuple_cost * evicted + costs.cpu_operator_cost / 10.0 * evicted * input.rows;
        total += costs.cpu_tuple_cost + costs.cpu_operator_cost * input.rows;
        Ok(Work::new(startup, total))
    }
}

/// Whether a path is the cheaper one to be run again and again.
fn better(a: &Path, b: &Path) -> bool {
    (a.disabled, a.total) < (b.disabled, b.total)
}

/// Whether keeping the rows of a path may spare something.
fn keeps_nothing(path: &Path) -> bool {
    !matches!(path.kind, PathKind::Material(_) | PathKind::Sort { .. } | PathKind::Memoize { .. })
}

fn is_index(path: &Path) -> bool {
    match &path.kind {
        PathKind::Index { .. } | PathKind::Bitmap { .. } => true,
        PathKind::Memoize { input, .. } => is_index(input),
        _ => false,
    }
}
