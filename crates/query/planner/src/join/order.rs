//! The order of joins: all orders of few units, and the best next join again and again for many.

use std::collections::HashMap;
use std::rc::Rc;

use error::{Error, Result};

use super::special::{Legal, legal};
use super::{Goal, Problem, UnitKind, no_order, relids_of_mask};
use crate::level::Planner;
use crate::path::{Path, Units, add_path, common_keys, is_sorted};
use crate::prepare::Relids;

/// How many units are ordered exhaustively; and how many where few conditions relate them, so that few orders are possible.
const EXHAUSTIVE_MAX: usize = 8;
const EXHAUSTIVE_SPARSE_MAX: usize = 10;

/// The paths of a set of units.
#[derive(Default)]
pub(super) struct Rel {
    pub paths: Vec<Rc<Path>>,
    /// Rows without parameters.
    pub rows: f64,
    pub relids: Relids,
    pub width: f64,
}

type Table = HashMap<Units, Rel>;

impl Planner<'_> {
    /// The cheapest way to join all units.
    pub(super) fn order_joins(&mut self, problem: &Problem, goal: &Goal) -> Result<Rc<Path>> {
        let n = problem.units.len();
        let mut table = Table::new();
        let sizes: Vec<(Relids, f64)> = problem.units.iter().map(|unit| (unit.relids, unit.rows)).collect();
        for (at, unit) in problem.units.iter().enumerate() {
            let joins = if n == 1 { Vec::new() } else { self.join_conditions(problem, at) };
            let paths = match &unit.kind {
                UnitKind::Base { .. } => self.base_paths(at, unit, &joins, &sizes)?,
                UnitKind::Tree(tree) => self.tree_paths(at, (tree, unit.lateral), &joins, &goal.order, &sizes)?,
                UnitKind::Built(Some(built)) => vec![Rc::new(Path {
                    kind: crate::path::PathKind::Built(at),
                    units: 1 << at,
                    requires: unit.lateral,
                    rows: built.node.cost.rows,
                    startup: built.node.cost.startup,
                    total: built.node.cost.total,
                    disabled: 0,
                    order: Rc::new(self.canonical_order(&built.order.clone())),
                })],
                UnitKind::Built(None) | UnitKind::Subquery(_) => return Err(Error::internal("a unit was built twice")),
            };
            let mut kept = Vec::new();
            for path in paths {
                let order = self.useful_order(problem, &path.order, 1 << at, goal);
                add_path(&mut kept, Path { order: Rc::new(order), ..(*path).clone() });
            }
            table.insert(1 << at, Rel { paths: kept, rows: unit.rows, relids: unit.relids, width: unit.width });
        }
        let full = all_of(n);
        let sparse = problem.quals.len() + problem.specials.len() <= n + 2;
        if n <= EXHAUSTIVE_MAX || n <= EXHAUSTIVE_SPARSE_MAX && sparse {
            self.all_orders(problem, goal, n, &mut table)?;
        } else {
            self.greedy(problem, goal, n, &mut table)?;
        }
        let rel = table.get(&full).ok_or_else(|| no_order(problem))?;
        self.choose(&rel.paths, goal)?.ok_or_else(|| no_order(problem))
    }

    fn all_orders(&mut self, problem: &Problem, goal: &Goal, n: usize, table: &mut Table) -> Result<()> {
        let full = all_of(n);
        for size in 2..=n as u32 {
            for strict in [true, false] {
                let mut any = false;
                let masks: Vec<Units> = masks_of(n, size);
                for mask in masks {
                    if table.contains_key(&mask) {
                        any = true;
                        continue;
                    }
                    let mut rel = Rel::default();
                    // One unit and the rest first, as a left-deep search has it; then all other ways to cut the set in two.
                    let mut cuts: Vec<(Units, Units)> = Vec::new();
                    for at in (0..n).rev() {
                        let one: Units = 1 << at;
                        if mask & one != 0 && (size > 2 || at as u32 == mask.ilog2()) {
                            cuts.push((mask & !one, one));
                        }
                    }
                    let mut left = (mask - 1) & mask;
                    while left != 0 {
                        let right = mask & !left;
                        if left > right && left.count_ones() > 1 && right.count_ones() > 1 {
                            cuts.push((left, right));
                        }
                        left = (left - 1) & mask;
                    }
                    for (left, right) in cuts {
                        let (Some(a), Some(b)) = (table.get(&left), table.get(&right)) else { continue };
                        if strict && !self.is_related(problem, left, right) {
                            continue;
                        }
                        self.join_sets(problem, goal, (left, a), (right, b), &mut rel)?;
                    }
                    if !rel.paths.is_empty() {
                        table.insert(mask, rel);
                        any = true;
                    }
                }
                // Products are made only where nothing else is left.
                if any && (size < n as u32 || table.contains_key(&full)) {
                    break;
                }
            }
        }
        if !table.contains_key(&full) {
            // Some part can only be had by a product that a smaller set did not need.
            for size in 2..=n as u32 {
                for mask in masks_of(n, size) {
                    if table.contains_key(&mask) {
                        continue;
                    }
                    let mut rel = Rel::default();
                    let mut left = (mask - 1) & mask;
                    while left != 0 {
                        let right = mask & !left;
                        if left > right
                            && let (Some(a), Some(b)) = (table.get(&left), table.get(&right))
                        {
                            self.join_sets(problem, goal, (left, a), (right, b), &mut rel)?;
                        }
                        left = (left - 1) & mask;
                    }
                    if !rel.paths.is_empty() {
                        table.insert(mask, rel);
                    }
                }
            }
        }
        Ok(())
    }

    fn greedy(&mut self, problem: &Problem, goal: &Goal, n: usize, table: &mut Table) -> Result<()> {
        let mut parts: Vec<Units> = (0..n).map(|at| 1 << at).collect();
        while parts.len() > 1 {
            let mut best: Option<(f64, Units, Rel)> = None;
            for strict in [true, false] {
                for (i, &left) in parts.iter().enumerate() {
                    for &right in &parts[i + 1..] {
                        if strict && !self.is_related(problem, left, right) {
                            continue;
                        }
                        let (Some(a), Some(b)) = (table.get(&left), table.get(&right)) else { continue };
                        let mut rel = Rel::default();
                        self.join_sets(problem, goal, (left, a), (right, b), &mut rel)?;
                        let Some(path) = crate::path::cheapest(&rel.paths) else { continue };
                        let cost = path.rows + path.total * 0.01;
                        if best.as_ref().is_none_or(|(least, ..)| cost < *least) {
                            best = Some((cost, left | right, rel));
                        }
                    }
                }
                if best.is_some() {
                    break;
                }
            }
            let (_, mask, rel) = best.ok_or_else(|| no_order(problem))?;
            table.insert(mask, rel);
            parts.retain(|part| part & mask == 0);
            parts.push(mask);
        }
        Ok(())
    }

    /// Whether something relates two sets: a condition that names both, a special join or a reference from aside. A set that nothing relates to
    /// any other may be joined with all.
    fn is_related(&self, problem: &Problem, left: Units, right: Units) -> bool {
        let (l, r) = (relids_of_mask(problem, left), relids_of_mask(problem, right));
        let both = |relids: Relids| relids & l != 0 && relids & r != 0;
        let special_quals =
            |special: &super::Special| special.quals.iter().fold(0, |set, qual| set | crate::prepare::relids_of(qual));
        let lateral = |mask: Units, other: Relids| {
            problem.units.iter().enumerate().any(|(at, u)| mask >> at & 1 == 1 && u.lateral & other != 0)
        };
        problem.quals.iter().any(|qual| both(qual.relids))
            || problem.specials.iter().any(|special| {
                let across = |a: Relids, b: Relids| special.needs_left & !a == 0 && special.needs_right & !b == 0;
                both(special_quals(special)) || across(l, r) || across(r, l)
            })
            || lateral(left, r)
            || lateral(right, l)
            || self.stands_alone(problem, left, l)
            || self.stands_alone(problem, right, r)
    }

    /// Whether no condition names units of the set and others.
    fn stands_alone(&self, problem: &Problem, mask: Units, relids: Relids) -> bool {
        let across = |set: Relids| set & relids != 0 && set & !relids != 0;
        let _ = mask;
        !problem.quals.iter().any(|qual| across(qual.relids))
            && !problem
                .specials
                .iter()
                .any(|special| across(special.quals.iter().fold(0, |set, qual| set | crate::prepare::relids_of(qual))))
            && !problem.units.iter().any(|unit| {
                unit.relids & relids != 0 && unit.lateral & !relids != 0
                    || unit.relids & relids == 0 && unit.lateral & relids != 0
            })
    }

    fn join_sets(
        &mut self,
        problem: &Problem,
        goal: &Goal,
        (left, a): (Units, &Rel),
        (right, b): (Units, &Rel),
        into: &mut Rel,
    ) -> Result<()> {
        let (found, turned) = match legal(problem, a.relids, b.relids) {
            Legal::No => return Ok(()),
            Legal::Inner => (None, false),
            Legal::Special { at, special, turned } => (Some((at, special)), turned),
        };
        let (first, second) = if turned { ((right, b), (left, a)) } else { ((left, a), (right, b)) };
        self.join_pair(problem, goal, first, second, found, into)
    }

    /// Conditions between a unit and others, which an index on it may check.
    fn join_conditions(&self, problem: &Problem, at: usize) -> Vec<analyzer::query::Expr> {
        let relids = problem.units[at].relids;
        let mut found = Vec::new();
        for qual in problem.quals.iter().filter(|qual| qual.relids & relids != 0 && qual.after == 0) {
            found.push(qual.expr.clone());
        }
        for special in problem.specials.iter().filter(|special| special.right & relids != 0) {
            if matches!(special.join, crate::plan::JoinType::Full) {
                continue;
            }
            found.extend(special.quals.iter().filter(|qual| crate::prepare::relids_of(qual) & relids != 0).cloned());
        }
        found
    }

    /// The keys of an order that something may still make use of: the goal, or a merge with units not yet there.
    pub(super) fn useful_order(
        &mut self,
        problem: &Problem,
        order: &[crate::level::PathKey],
        mask: Units,
        goal: &Goal,
    ) -> Vec<crate::level::PathKey> {
        let for_goal = common_keys(order, &goal.order);
        let for_grouping = match &goal.grouping {
            Some(grouping) => order
                .iter()
                .take_while(|key| {
                    grouping.keys.iter().any(|e| crate::scan::stripped(e) == crate::scan::stripped(&key.expr))
                })
                .count(),
            None => 0,
        };
        let relids = relids_of_mask(problem, mask);
        let for_merge = order
            .iter()
            .take_while(|key| {
                // The other way round only what is wanted so.
                let direction =
                    !key.descending || goal.order.iter().any(|wanted| wanted.descending && wanted.expr == key.expr);
                let stripped = crate::scan::stripped(&key.expr);
                direction && problem.merge_keys.iter().any(|(side, named)| named & !relids != 0 && side == stripped)
            })
            .count();
        order[..for_goal.max(for_grouping).max(for_merge)].to_vec()
    }

    /// The path that serves the goal best.
    fn choose(&mut self, paths: &[Rc<Path>], goal: &Goal) -> Result<Option<Rc<Path>>> {
        let mut best: Option<((u32, f64), Rc<Path>)> = None;
        for path in paths.iter().filter(|path| path.requires == 0) {
            let score = self.score(path, goal)?;
            let better =
                best.as_ref().is_none_or(|(least, _)| score.0 < least.0 || score.0 == least.0 && score.1 < least.1);
            if better {
                best = Some((score, path.clone()));
            }
        }
        Ok(best.map(|(_, path)| path))
    }

    /// What a path comes to with what has to be done above it for the goal.
    fn score(&mut self, path: &Path, goal: &Goal) -> Result<(u32, f64)> {
        if let Some(grouping) = &goal.grouping {
            let width = 64.0;
            let chosen =
                self.grouping_work(path.work(), path.rows, width, &path.order.clone(), path.disabled, grouping)?;
            let part = if goal.fraction > 0.0 { goal.fraction } else { 1.0 };
            let work = chosen.work;
            return Ok((chosen.disabled, work.startup + part.min(1.0) * work.run()));
        }
        if goal.order.is_empty() || is_sorted(&path.order, &goal.order) {
            return Ok((path.disabled, path.fractional(goal.fraction)));
        }
        let limit = (goal.fraction > 1.0).then_some(goal.fraction);
        let (work, disabled) = self.sort_path_work(path, &goal.order, 64.0, limit)?;
        let part = match goal.fraction {
            f if f > 1.0 => (f / path.rows.max(1.0)).min(1.0),
            f if f > 0.0 => f,
            _ => 1.0,
        };
        Ok((path.disabled + disabled, work.startup + part * work.run()))
    }
}

/// The set of the first `n` units.
fn all_of(n: usize) -> Units {
    Units::MAX.checked_shr(Units::BITS - n as u32).unwrap_or(0)
}

/// All sets of `size` of `n` units, in the order in which a left-deep search makes them.
fn masks_of(n: usize, size: u32) -> Vec<Units> {
    let mut masks: Vec<Units> = (1..=all_of(n)).filter(|mask| mask.count_ones() == size).collect();
    masks.sort_by_key(|mask| mask.reverse_bits());
    masks.reverse();
    masks
}
