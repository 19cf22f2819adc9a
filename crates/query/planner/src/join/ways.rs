//! The ways to join two sets: what is the same for all of them is found out once ([`Pair`]), then each adds its paths: nested loops
//! ([`super::loops`]), hashing ([`super::hash`]), merging ([`super::merge`]); a semi-join also as a join with distinct values ([`super::unique`]).

use std::rc::Rc;

use analyzer::query::{Expr, ExprKind};
use error::Result;

use super::equality::Equality;
use super::order::Rel;
use super::special::{Special, made};
use super::work::Facts;
use super::{Goal, Problem, relids_of_mask};
use crate::cost::whole_rows;
use crate::level::Planner;
use crate::path::{Path, PathKind, Units, add_path};
use crate::plan::*;
use crate::prepare::Relids;

#[derive(Clone)]
pub(crate) struct JoinPath {
    pub(super) method: Method,
    pub(super) join: JoinType,
    pub(super) outer: Rc<Path>,
    pub(super) inner: Rc<Path>,
    /// What makes rows match.
    pub(super) quals: Rc<Vec<Expr>>,
    /// What is checked after an outer join.
    pub(super) filter: Rc<Vec<Expr>>,
    /// Equalities for hashing or merging.
    pub(super) keys: Rc<Vec<Rc<Equality>>>,
    pub(super) inner_unique: bool,
}

impl JoinPath {
    pub fn is_hash(&self) -> bool {
        self.method == Method::Hash
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Method {
    NestLoop,
    Hash,
    Merge,
}

/// Two sets that are joined, as they are the same for all ways.
pub(super) struct Pair<'p> {
    pub problem: &'p Problem,
    pub join: JoinType,
    pub units: Units,
    pub left: Relids,
    pub right: Relids,
    /// Relations that parts of either side need by LATERAL.
    pub lateral: Relids,
    /// Relations from which it makes sense to take values: those, and what must be the outer side of the pair.
    pub sources: Relids,
    pub quals: Rc<Vec<Expr>>,
    pub filter: Rc<Vec<Expr>>,
    pub keys: Rc<Vec<Rc<Equality>>>,
    pub rows: f64,
    /// Of all pairs, those that match.
    pub selectivity: f64,
    pub facts: Facts,
    pub inner_unique: bool,
    pub buckets: Vec<(Option<f64>, f64, f64)>,
    pub goal: &'p Goal,
}

impl Pair<'_> {
    /// How many of its conditions are more than a constant.
    pub fn checked(&self) -> usize {
        self.quals.iter().filter(|qual| !matches!(qual.kind, ExprKind::Const(_))).count()
    }

    /// The cheapest path of either side that needs nothing but what its parts need by LATERAL.
    pub fn cheapest<'s>(&self, paths: &'s [Rc<Path>]) -> Option<&'s Rc<Path>> {
        let outside = self.lateral & !(self.left | self.right);
        let fitting = |path: &&Rc<Path>| path.requires & !outside == 0;
        let fewest = paths.iter().filter(fitting).map(|path| path.requires.count_ones()).min()?;
        paths.iter().filter(fitting).filter(|path| path.requires.count_ones() == fewest).min_by(|a, b| a.by_total(b))
    }
}

impl Planner<'_> {
    /// Adds the ways to join two sets, either of which may be the outer one.
    pub(super) fn join_pair(
        &mut self,
        problem: &Problem,
        goal: &Goal,
        (left, a): (Units, &Rel),
        (right, b): (Units, &Rel),
        special: Option<(usize, &Special)>,
        into: &mut Rel,
    ) -> Result<()> {
        let both = a.relids | b.relids;
        let (made_left, made_right, made_both) =
            (made(problem, a.relids), made(problem, b.relids), made(problem, both));
        let (mut quals, mut filter) = (Vec::new(), Vec::new());
        let (mut selectivity, mut filter_selectivity) = (1.0, 1.0);
        let mut classes: Vec<usize> = Vec::new();
        for qual in &problem.quals {
            let holds = |relids: Relids, made: u128| qual.relids & !relids == 0 && qual.after & !made == 0;
            if !holds(both, made_both) || holds(a.relids, made_left) || holds(b.relids, made_right) {
                continue;
            }
            // Of the equalities of one class between both sets, the first says all.
            if let Some(class) = qual.class {
                if classes.contains(&class) {
                    continue;
                }
                classes.push(class);
            }
            let one = qual.selectivity;
            if special.is_some_and(|(_, special)| special.join != JoinType::Semi) {
                filter.push(qual.expr.clone());
                filter_selectivity *= one;
            } else {
                quals.push(qual.expr.clone());
                selectivity *= one;
            }
        }
        let mut partners: f64 = 1.0;
        let mut semi_selectivity = 1.0;
        if let Some((_, special)) = special {
            for qual in &special.quals {
                let one = self.selectivity(qual)?;
                semi_selectivity *= one;
                partners *= match self.semi_selectivity(qual, a.relids, b.rows)? {
                    Some(part) => part,
                    None => (one * b.rows).min(1.0),
                };
                quals.push(qual.clone());
            }
        }
        let all = selectivity * semi_selectivity;
        let join = special.map_or(JoinType::Inner, |(_, special)| special.join);
        let pairs = a.rows * b.rows * all;
        if into.relids == 0 {
            let rows = match join {
                JoinType::Inner => pairs,
                JoinType::Left => pairs.max(a.rows),
                JoinType::Full => pairs.max(a.rows).max(b.rows),
                JoinType::Semi => a.rows * partners * selectivity,
                JoinType::Anti => a.rows * (1.0 - partners),
                _ => pairs,
            };
            into.rows = whole_rows(rows * filter_selectivity);
            into.relids = both;
            into.width = match join {
                JoinType::Semi | JoinType::Anti => a.width,
                _ => a.width + b.width,
            };
        }
        let lateral = lateral_of(problem, left | right);
        let quals_cost = self.quals_cost(&quals)?;
        let (quals, filter) = (Rc::new(quals), Rc::new(filter));
        let units = left | right;
        let directions = match join {
            JoinType::Inner => vec![(JoinType::Inner, false), (JoinType::Inner, true)],
            JoinType::Left => vec![(JoinType::Left, false), (JoinType::Right, true)],
            JoinType::Full => vec![(JoinType::Full, false), (JoinType::Full, true)],
            JoinType::Semi => vec![(JoinType::Semi, false), (JoinType::RightSemi, true)],
            JoinType::Anti => vec![(JoinType::Anti, false), (JoinType::RightAnti, true)],
            other => vec![(other, false)],
        };
        for (join, turned) in directions {
            let ((_, outer), (inner_mask, inner)) =
                if turned { ((right, b), (left, a)) } else { ((left, a), (right, b)) };
            let keys = self.equalities(&quals, outer.relids, inner.relids)?;
            let inner_unique = self.is_inner_unique(problem, inner_mask, &keys)?;
            let first_only = matches!(join, JoinType::Semi | JoinType::Anti)
                || inner_unique && matches!(join, JoinType::Inner | JoinType::Left);
            let (matched, matches) = if matches!(join, JoinType::Semi | JoinType::Anti) {
                let pairs_each = all * inner.rows;
                (partners.clamp(0.0, 1.0), if partners > 0.0 { (pairs_each / partners).max(1.0) } else { 1.0 })
            } else if first_only {
                (self.partners(&keys, outer, inner)?.clamp(0.0, 1.0), 1.0)
            } else {
                (1.0, 1.0)
            };
            let facts = Facts {
                first_only,
                anti: join == JoinType::Anti,
                matched,
                matches,
                quals_cost,
                outer_width: outer.width,
                inner_width: inner.width,
            };
            let buckets = keys.iter().map(|key| self.bucket_of(&key.inner, inner.rows)).collect::<Result<_>>()?;
            let pair = Pair {
                problem,
                join,
                units,
                left: outer.relids,
                right: inner.relids,
                lateral,
                sources: lateral | sources_of(problem, both),
                quals: quals.clone(),
                filter: filter.clone(),
                keys: Rc::new(keys),
                rows: into.rows,
                selectivity: all,
                facts,
                inner_unique,
                buckets,
                goal,
            };
            self.pair_paths(&pair, &outer.paths, &inner.paths, into)?;
        }
        // A semi-join is an inner join with each value of the other side once.
        if join == JoinType::Semi
            && let Some((_, special)) = special
            && b.relids == special.right
        {
            self.unique_pairs(problem, goal, (left, a), (right, b), special, &quals, quals_cost, all, into)?;
        }
        Ok(())
    }

    pub(super) fn pair_paths(
        &mut self,
        pair: &Pair<'_>,
        outers: &[Rc<Path>],
        inners: &[Rc<Path>],
        into: &mut Rel,
    ) -> Result<()> {
        let merge: Vec<Rc<Equality>> = pair.keys.iter().filter(|key| key.less.is_some()).cloned().collect();
        let all_keys = matches!(pair.join, JoinType::Right | JoinType::Full | JoinType::RightAnti);
        let may_merge = pair.join != JoinType::RightSemi
            && (!all_keys || merge.len() == pair.checked())
            && (!merge.is_empty() || pair.join == JoinType::Full);
        if may_merge {
            self.sorted_merges(pair, &merge, outers, inners, into)?;
        }
        let may_loop = matches!(pair.join, JoinType::Inner | JoinType::Left | JoinType::Semi | JoinType::Anti);
        let inner_ways = if may_loop { self.inner_ways(pair, inners)? } else { Vec::new() };
        for outer in outers {
            if outer.requires & pair.right != 0 {
                continue;
            }
            self.loops(pair, outer, &inner_ways, into)?;
            if may_merge {
                self.presorted_merges(pair, &merge, outer, inners, all_keys, into)?;
            }
        }
        self.hashes(pair, outers, inners, into)
    }

    pub(super) fn add(&mut self, pair: &Pair<'_>, into: &mut Rel, path: Path) -> Result<()> {
        let order = self.useful_order(pair.problem, &path.order, pair.units, pair.goal);
        add_path(&mut into.paths, Path { order: Rc::new(order), ..path });
        Ok(())
    }
}

/// Relations that units of a set need by LATERAL.
pub(super) fn lateral_of(problem: &Problem, mask: Units) -> Relids {
    let units = problem.units.iter().enumerate().filter(|(at, _)| mask >> at & 1 == 1);
    units.fold(0, |set, (_, unit)| set | unit.lateral)
}

/// Relations that can only be joined to a set from outside, as the outer side: the set is part of what outer, semi- or antijoins add to them.
pub(super) fn sources_of(problem: &Problem, relids: Relids) -> Relids {
    let all = problem.units.iter().fold(0, |set, unit| set | unit.relids);
    let mut sources = 0;
    for special in &problem.specials {
        if relids & special.needs_right != 0 && relids & special.needs_left == 0 {
            sources |= all & !special.needs_right;
        }
        if special.join == JoinType::Full && relids & special.needs_left != 0 && relids & special.needs_right == 0 {
            sources |= all & !special.needs_left;
        }
    }
    sources
}

/// Join conditions that a parameterised path checks itself.
pub(super) fn enforced_by(path: &Path, into: &mut Vec<Expr>) {
    if path.requires == 0 {
        return;
    }
    match &path.kind {
        PathKind::Index { access, .. } => into.extend(access.quals.iter().cloned()),
        PathKind::Bitmap { tree, .. } => tree.quals(into),
        PathKind::Append(append) => into.extend(append.enforced.iter().cloned()),
        PathKind::Memoize { input, .. } | PathKind::Material(input) | PathKind::Sort { input, .. } => {
            enforced_by(input, into);
        }
        PathKind::Join(join) => {
            enforced_by(&join.outer, into);
            if join.join == JoinType::Inner {
                enforced_by(&join.inner, into);
            }
        }
        _ => {}
    }
}

/// The relations of a path's units.
pub(super) fn relids_of_path(problem: &Problem, path: &Path) -> Relids {
    relids_of_mask(problem, path.units)
}
