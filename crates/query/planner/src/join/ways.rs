//! The ways to join two sets: nested loops ([`super::loops`]), hashing, merging.

use std::rc::Rc;

use analyzer::query::{Expr, ExprKind};
use error::Result;
use ids::Oid;

use super::order::Rel;
use super::special::{Special, made};
use super::work::{self, Bucket, Facts, Overlap};
use super::{Goal, Problem, UnitKind, relids_of_mask};
use crate::cost::{Work, whole_rows};
use crate::level::{PathKey, Planner};
use crate::path::{Path, PathKind, Units, add_path, cheapest, common_keys, is_sorted};
use crate::plan::*;
use crate::prepare::{Relids, relids_of};

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

/// An equality between two sides.
#[derive(Clone)]
pub(crate) struct Equality {
    /// As it was written.
    pub qual: Expr,
    /// With the outer side first.
    pub shown: Expr,
    /// The sides, as values of one type.
    pub outer: Expr,
    pub inner: Expr,
    pub function: Oid,
    pub collation: Oid,
    pub can_hash: bool,
    /// How it can be merged: by ascending order of both sides.
    pub less: Option<Oid>,
    /// How the sides are sorted for a merge, once chosen.
    pub order: Option<PathKey>,
}

/// An equality with either side as the outer one: the relations of its sides, and what it is then.
#[derive(Clone)]
pub(crate) struct Sides {
    left: Relids,
    right: Relids,
    forward: Option<Rc<Equality>>,
    backward: Option<Rc<Equality>>,
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
    fn checked(&self) -> usize {
        self.quals.iter().filter(|qual| !matches!(qual.kind, ExprKind::Const(_))).count()
    }

    /// The cheapest path of either side that needs nothing but what its parts need by LATERAL.
    fn cheapest<'s>(&self, paths: &'s [Rc<Path>]) -> Option<&'s Rc<Path>> {
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

    /// The part of the outer rows that finds a row to all of these equalities.
    fn partners(&mut self, keys: &[Rc<Equality>], outer: &Rel, inner: &Rel) -> Result<f64> {
        let mut partners = 1.0;
        for key in keys {
            partners *= self.semi_selectivity(&key.qual, outer.relids, inner.rows)?.unwrap_or(0.5);
        }
        Ok(partners)
    }

    fn unique_pairs(
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

    /// The equalities among conditions of two sides.
    pub(super) fn equalities(&mut self, quals: &[Expr], left: Relids, right: Relids) -> Result<Vec<Rc<Equality>>> {
        let mut keys = Vec::new();
        for qual in quals {
            let known = self.memory.equalities.iter().find(|(known, _)| known == qual).map(|(_, sides)| sides.clone());
            let sides = match known {
                Some(sides) => sides,
                None => {
                    let sides = self.sides_of(qual)?;
                    self.memory.equalities.push((qual.clone(), sides.clone()));
                    sides
                }
            };
            if sides.left == 0 || sides.right == 0 {
                continue;
            }
            let (l, r) = (sides.left, sides.right);
            if l & !left == 0 && r & !right == 0 {
                keys.extend(sides.forward);
            } else if l & !right == 0 && r & !left == 0 {
                keys.extend(sides.backward);
            }
        }
        Ok(keys)
    }

    /// What a condition is as an equality; without relations if it is none that can be hashed or merged.
    fn sides_of(&mut self, qual: &Expr) -> Result<Sides> {
        let none = Sides { left: 0, right: 0, forward: None, backward: None };
        let ExprKind::Operator(call) = &qual.kind else { return Ok(none) };
        let [a, b] = &call.args[..] else { return Ok(none) };
        let row = self.ctx.catalog.operator(call.operator)?;
        let (left, right) = (relids_of(a), relids_of(b));
        if !super::is_known(call.operator) {
            return Ok(none);
        }
        if !row.oprcanhash && !row.oprcanmerge || left == 0 || right == 0 || left & right != 0 {
            return Ok(none);
        }
        let Some((a, b)) = self.of_one_type(a, b)? else { return Ok(none) };
        let (by_a, by_b) = (
            analyzer::types::ordering(self.ctx.catalog, a.ty.oid)?,
            analyzer::types::ordering(self.ctx.catalog, b.ty.oid)?,
        );
        // Arrays and rows can be hashed only if what they hold can.
        let can_hash = row.oprcanhash && by_a.hash.is_valid() && by_b.hash.is_valid();
        // Both sides must be sorted in the order in which they are compared.
        let one_order = a.ty.collation == b.ty.collation && a.ty.collation == call.input_collation;
        let less =
            (row.oprcanmerge && one_order && by_a.less.is_valid() && by_a.less == by_b.less).then_some(by_a.less);
        if !can_hash && less.is_none() {
            return Ok(none);
        }
        let equality = |shown: Expr, outer: Expr, inner: Expr, function: Oid| {
            let qual = qual.clone();
            let collation = call.input_collation;
            Rc::new(Equality { qual, shown, outer, inner, function, collation, can_hash, less, order: None })
        };
        let forward = Some(equality(qual.clone(), a.clone(), b.clone(), call.function));
        let backward = if row.oprcom.is_valid() {
            let function = self.ctx.catalog.operator(row.oprcom)?.oprcode;
            let mut shown = qual.clone();
            if let ExprKind::Operator(call) = &mut shown.kind {
                call.args.swap(0, 1);
                (call.operator, call.function) = (row.oprcom, function);
            }
            Some(equality(shown, b, a, function))
        } else {
            None
        };
        Ok(Sides { left, right, forward, backward })
    }

    /// Distinct values of a hash key, its part of nulls, and the part of its most common value.
    fn bucket_of(&mut self, key: &Expr, rows: f64) -> Result<(Option<f64>, f64, f64)> {
        let inner = match &key.kind {
            ExprKind::Function(call) if call.args.len() == 1 && self.base_column(key).is_none() => &call.args[0],
            _ => key,
        };
        let facts = self.facts_of(inner)?;
        let known = match self.base_column(inner) {
            Some(_) => {
                let tuples = self.relation_size(inner)?.map_or(rows, |(tuples, _)| tuples).max(1.0);
                match facts.as_ref().and_then(|facts| facts.distinct(tuples)) {
                    Some(distinct) => {
                        // Of a part of the rows fewer values are left.
                        Some(if rows < tuples { (distinct * rows / tuples).ceil().max(1.0) } else { distinct })
                    }
                    None if self.is_unique(inner)? => Some(rows.max(1.0)),
                    None => None,
                }
            }
            None => None,
        };
        let nulls = facts.as_ref().map_or(0.0, |facts| facts.null_fraction());
        let most = facts
            .as_ref()
            .and_then(|facts| facts.most_common())
            .and_then(|(_, frequencies)| frequencies.first().copied())
            .map_or(0.0, f64::from);
        Ok((known, nulls, most))
    }

    /// Whether a set is one table of which at most one row has given values of the keys.
    fn is_inner_unique(&mut self, problem: &Problem, mask: Units, keys: &[Rc<Equality>]) -> Result<bool> {
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

    fn pair_paths(&mut self, pair: &Pair<'_>, outers: &[Rc<Path>], inners: &[Rc<Path>], into: &mut Rel) -> Result<()> {
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

    fn hashes(&mut self, pair: &Pair<'_>, outers: &[Rc<Path>], inners: &[Rc<Path>], into: &mut Rel) -> Result<()> {
        let (mut keys, mut buckets) = (Vec::new(), Vec::new());
        for (key, bucket) in pair.keys.iter().zip(&pair.buckets).filter(|(key, _)| key.can_hash) {
            keys.push(key.clone());
            buckets.push(Bucket { distinct: bucket.0, nulls: bucket.1, most_common: bucket.2 });
        }
        if keys.is_empty() {
            return Ok(());
        }
        let costs = self.ctx.costs.clone();
        let shown: Vec<Expr> = keys.iter().map(|key| key.qual.clone()).collect();
        let hash_selectivity = if keys.len() == pair.quals.len() {
            pair.selectivity
        } else {
            self.selectivity_of_all(&shown)?.max(pair.selectivity)
        };
        let keys = Rc::new(keys);
        let (Some(outer), Some(inner)) = (pair.cheapest(outers).cloned(), pair.cheapest(inners).cloned()) else {
            return Ok(());
        };
        let mut choices = vec![(outer.clone(), inner.clone())];
        if let Some(first) = outers
            .iter()
            .filter(|path| path.requires == 0)
            .min_by(|a, b| a.disabled.cmp(&b.disabled).then(a.startup.total_cmp(&b.startup)))
            && !Rc::ptr_eq(first, &outer)
        {
            choices.push((first.clone(), inner.clone()));
        }
        for (outer, inner) in choices {
            let pairs = whole_rows(outer.rows * inner.rows * hash_selectivity);
            let work = work::hash_join(
                &costs,
                &outer,
                &inner,
                keys.len() as f64,
                &buckets,
                pair.inner_unique,
                pairs,
                &pair.facts,
            );
            let path = Path {
                kind: PathKind::Join(Box::new(JoinPath {
                    method: Method::Hash,
                    join: pair.join,
                    outer: outer.clone(),
                    inner: inner.clone(),
                    quals: pair.quals.clone(),
                    filter: pair.filter.clone(),
                    keys: keys.clone(),
                    inner_unique: pair.inner_unique,
                })),
                units: pair.units,
                requires: (outer.requires | inner.requires) & !(pair.left | pair.right),
                rows: pair.rows,
                startup: work.startup,
                total: work.total,
                disabled: outer.disabled + inner.disabled + u32::from(!costs.enable_hashjoin),
                order: Rc::default(),
            };
            self.add(pair, into, path)?;
        }
        Ok(())
    }

    /// A side's order for a merge by these keys: each key once.
    fn merge_order(&mut self, keys: &[Rc<Equality>], outer: bool) -> Vec<PathKey> {
        let mut order: Vec<PathKey> = Vec::with_capacity(keys.len());
        for key in keys {
            let Some(less) = key.less else { continue };
            let expr = self.canonical(if outer { &key.outer } else { &key.inner });
            let own = match &key.order {
                Some(chosen) => PathKey { expr, ..chosen.clone() },
                None => PathKey { expr, operator: less, descending: false, nulls_first: false },
            };
            if !order.iter().any(|other| other.expr == own.expr) {
                order.push(own);
            }
        }
        order
    }

    /// Merges of both sides as their cheapest paths give them, sorted.
    fn sorted_merges(
        &mut self,
        pair: &Pair<'_>,
        merge: &[Rc<Equality>],
        outers: &[Rc<Path>],
        inners: &[Rc<Path>],
        into: &mut Rel,
    ) -> Result<()> {
        let (Some(outer), Some(inner)) = (pair.cheapest(outers).cloned(), pair.cheapest(inners).cloned()) else {
            return Ok(());
        };
        // Each key may lead; the order that is wanted above goes first.
        let mut leads: Vec<usize> = (0..merge.len()).collect();
        if let Some(first) = pair.goal.order.first() {
            let position = leads.iter().position(|&at| {
                let expr = self.canonical(&merge[at].outer);
                crate::scan::stripped(&expr) == crate::scan::stripped(&first.expr)
            });
            if let Some(position) = position {
                let at = leads.remove(position);
                leads.insert(0, at);
            }
        }
        if leads.is_empty() {
            leads.push(0);
        }
        for lead in leads {
            let mut keys: Vec<Rc<Equality>> = Vec::with_capacity(merge.len());
            keys.extend(merge.get(lead).cloned());
            keys.extend(merge.iter().enumerate().filter(|(at, _)| *at != lead).map(|(_, key)| key.clone()));
            let (outer_order, inner_order) = (self.merge_order(&keys, true), self.merge_order(&keys, false));
            if outer_order.len() != inner_order.len() {
                // One side's key meets two of the other's: only the first of each counts for the order.
                keys = self.independent(&keys);
            }
            self.merge_by(pair, keys, &outer, &inner, into)?;
        }
        Ok(())
    }

    /// The keys that name a new expression on both sides.
    fn independent(&mut self, keys: &[Rc<Equality>]) -> Vec<Rc<Equality>> {
        let mut kept: Vec<Rc<Equality>> = Vec::new();
        for key in keys {
            let (outer, inner) = (self.canonical(&key.outer), self.canonical(&key.inner));
            let seen = kept.iter().any(|other| {
                other.outer == key.outer || other.inner == key.inner || other.outer == outer || other.inner == inner
            });
            if !seen {
                kept.push(key.clone());
            }
        }
        kept
    }

    /// Merges of an outer side that is sorted already.
    fn presorted_merges(
        &mut self,
        pair: &Pair<'_>,
        merge: &[Rc<Equality>],
        outer: &Rc<Path>,
        inners: &[Rc<Path>],
        all_keys: bool,
        into: &mut Rel,
    ) -> Result<()> {
        if outer.requires != 0 || outer.order.is_empty() {
            return Ok(());
        }
        let mut keys: Vec<Rc<Equality>> = Vec::new();
        for sorted in outer.order.iter() {
            let mut any = false;
            for key in merge {
                let expr = self.canonical(&key.outer);
                if crate::path::same_value(&expr, &sorted.expr) {
                    keys.push(Rc::new(Equality { order: Some(sorted.clone()), ..(**key).clone() }));
                    any = true;
                }
            }
            if !any {
                break;
            }
        }
        if keys.is_empty() || all_keys && keys.len() < merge.len() {
            return Ok(());
        }
        let keys = self.independent(&keys);
        let Some(cheap) = pair.cheapest(inners).cloned() else { return Ok(()) };
        self.merge_by(pair, keys.clone(), outer, &cheap, into)?;
        // Inner sides that are sorted, by all keys or by some.
        for count in (1..=keys.len()).rev() {
            let part = &keys[..count];
            let wanted = self.merge_order(part, false);
            let fitting: Vec<Rc<Path>> =
                inners.iter().filter(|path| path.requires == 0 && is_sorted(&path.order, &wanted)).cloned().collect();
            let best = fitting.iter().min_by(|a, b| a.by_total(b)).cloned();
            if let Some(best) = best {
                self.merge_by(pair, part.to_vec(), outer, &best, into)?;
            }
            if all_keys {
                break;
            }
        }
        Ok(())
    }

    fn merge_by(
        &mut self,
        pair: &Pair<'_>,
        keys: Vec<Rc<Equality>>,
        outer: &Rc<Path>,
        inner: &Rc<Path>,
        into: &mut Rel,
    ) -> Result<()> {
        let costs = self.ctx.costs.clone();
        let all_keys = matches!(pair.join, JoinType::Right | JoinType::Full | JoinType::RightAnti);
        if all_keys && keys.len() < pair.checked() {
            return Ok(());
        }
        let (outer_order, inner_order) = (self.merge_order(&keys, true), self.merge_order(&keys, false));
        let sorted_outer = self.sorted(outer, &outer_order, pair.facts.outer_width)?;
        let sorted_inner = self.sorted(inner, &inner_order, pair.facts.inner_width)?;
        let overlap = self.overlap(pair.join, keys.first().map(|key| &**key))?;
        let shown: Vec<Expr> = keys.iter().map(|key| key.qual.clone()).collect();
        let selectivity = if keys.len() == pair.quals.len() {
            pair.selectivity
        } else {
            self.selectivity_of_all(&shown)?.max(pair.selectivity)
        };
        let pairs = whole_rows(outer.rows * inner.rows * selectivity);
        // The first match is enough: no row of the inner side is read twice.
        let skip_mark = (matches!(pair.join, JoinType::Semi | JoinType::Anti) || pair.inner_unique)
            && keys.len() == pair.quals.len();
        let can_mark =
            matches!(sorted_inner.kind, PathKind::Sort { .. } | PathKind::Index { .. } | PathKind::Material(_));
        let (work, keep) = work::merge_join(
            &costs,
            (outer, sorted_outer.work(), true),
            (&sorted_inner, sorted_inner.work(), true),
            keys.len() as f64,
            overlap,
            pairs,
            skip_mark,
            can_mark,
            &pair.facts,
        );
        let disabled = sorted_outer.disabled + sorted_inner.disabled + u32::from(!costs.enable_mergejoin);
        let inner = if keep {
            let work = costs.material(sorted_inner.work(), sorted_inner.rows, pair.facts.inner_width);
            Rc::new(Path {
                kind: PathKind::Material(sorted_inner.clone()),
                startup: work.startup,
                total: work.total,
                ..(*sorted_inner).clone()
            })
        } else {
            sorted_inner
        };
        let order = match pair.join {
            JoinType::Right | JoinType::Full | JoinType::RightAnti => Rc::default(),
            _ => sorted_outer.order.clone(),
        };
        let requires = (sorted_outer.requires | inner.requires) & !(pair.left | pair.right);
        let path = Path {
            kind: PathKind::Join(Box::new(JoinPath {
                method: Method::Merge,
                join: pair.join,
                outer: sorted_outer,
                inner,
                quals: pair.quals.clone(),
                filter: pair.filter.clone(),
                keys: Rc::new(keys),
                inner_unique: pair.inner_unique,
            })),
            units: pair.units,
            requires,
            rows: pair.rows,
            startup: work.startup,
            total: work.total,
            disabled,
            order,
        };
        self.add(pair, into, path)
    }

    /// A path in this order: itself, or sorted.
    pub(crate) fn sorted(&mut self, path: &Rc<Path>, order: &[PathKey], width: f64) -> Result<Rc<Path>> {
        if is_sorted(&path.order, order) {
            return Ok(path.clone());
        }
        let (work, disabled) = self.sort_path_work(path, order, width, None)?;
        let presorted = if self.ctx.costs.enable_incremental_sort { common_keys(&path.order, order) } else { 0 };
        Ok(Rc::new(Path {
            kind: PathKind::Sort { input: path.clone(), presorted },
            startup: work.startup,
            total: work.total,
            disabled: path.disabled + disabled,
            order: Rc::new(order.to_vec()),
            ..(**path).clone()
        }))
    }

    /// What sorting a path comes to, and whether that is switched off.
    pub(super) fn sort_path_work(
        &mut self,
        path: &Path,
        order: &[PathKey],
        width: f64,
        limit: Option<f64>,
    ) -> Result<(Work, u32)> {
        let presorted = common_keys(&path.order, order);
        self.sort_work_of(path.work(), path.rows, width, presorted, order, limit)
    }

    /// The same of any rows, so many keys of which are in order.
    pub fn sort_work_of(
        &mut self,
        input: Work,
        rows: f64,
        width: f64,
        presorted: usize,
        order: &[PathKey],
        limit: Option<f64>,
    ) -> Result<(Work, u32)> {
        let costs = self.ctx.costs.clone();
        if presorted > 0 && costs.enable_incremental_sort {
            let exprs: Vec<Expr> = order[..presorted].iter().map(|key| key.expr.clone()).collect();
            let groups = self.groups(&exprs, rows)?;
            return Ok((costs.incremental_sort(input, rows, width, groups, limit), 0));
        }
        Ok((costs.sort(input, rows, width, limit), u32::from(!costs.enable_sort)))
    }

    /// How far a merge has to read either side, from the bounds of the columns.
    fn overlap(&mut self, join: JoinType, key: Option<&Equality>) -> Result<Overlap> {
        let mut overlap = Overlap::ALL;
        let Some(key) = key else { return Ok(overlap) };
        if key.order.as_ref().is_some_and(|order| order.descending) {
            return Ok(overlap);
        }
        let known = self.memory.overlaps.iter().find(|(outer, inner, _)| *outer == key.outer && *inner == key.inner);
        let [outer_start, outer_end, inner_start, inner_end] = match known {
            Some((.., known)) => *known,
            None => {
                let found = self.whole_overlap(key)?;
                let found = [found.outer_start, found.outer_end, found.inner_start, found.inner_end];
                self.memory.overlaps.push((key.outer.clone(), key.inner.clone(), found));
                found
            }
        };
        overlap = Overlap { outer_start, outer_end, inner_start, inner_end };
        // Rows without a match are given, too.
        match join {
            JoinType::Left | JoinType::Anti => (overlap.outer_start, overlap.outer_end) = (0.0, 1.0),
            JoinType::Right | JoinType::RightAnti => (overlap.inner_start, overlap.inner_end) = (0.0, 1.0),
            JoinType::Full => overlap = Overlap::ALL,
            _ => {}
        }
        Ok(overlap)
    }

    /// The same for an inner join.
    fn whole_overlap(&mut self, key: &Equality) -> Result<Overlap> {
        let mut overlap = Overlap::ALL;
        let (Some(outer), Some(inner)) = (self.extremes(&key.outer)?, self.extremes(&key.inner)?) else {
            return Ok(overlap);
        };
        let Some(less) = key.less else { return Ok(overlap) };
        let part = |planner: &mut Self, column: &Expr, value: &batch::Datum, or_equal: bool| -> Result<f64> {
            planner.part_below(column, less, key.collation, value, or_equal)
        };
        overlap.outer_end = part(self, &key.outer, &inner.1, true)?;
        overlap.inner_end = part(self, &key.inner, &outer.1, true)?;
        // Whichever is the smaller is exact; the other side is read to its end.
        if overlap.outer_end > overlap.inner_end {
            overlap.outer_end = 1.0;
        } else if overlap.outer_end < overlap.inner_end {
            overlap.inner_end = 1.0;
        } else {
            (overlap.outer_end, overlap.inner_end) = (1.0, 1.0);
        }
        overlap.outer_start = part(self, &key.outer, &inner.0, false)?;
        overlap.inner_start = part(self, &key.inner, &outer.0, false)?;
        if overlap.outer_start < overlap.inner_start {
            overlap.outer_start = 0.0;
        } else if overlap.outer_start > overlap.inner_start {
            overlap.inner_start = 0.0;
        } else {
            (overlap.outer_start, overlap.inner_start) = (0.0, 0.0);
        }
        Ok(overlap)
    }
}

/// Relations that units of a set need by LATERAL.
fn lateral_of(problem: &Problem, mask: Units) -> Relids {
    let units = problem.units.iter().enumerate().filter(|(at, _)| mask >> at & 1 == 1);
    units.fold(0, |set, (_, unit)| set | unit.lateral)
}

/// Relations that can only be joined to a set from outside, as the outer side: the set is part of what outer, semi- or antijoins add to them.
fn sources_of(problem: &Problem, relids: Relids) -> Relids {
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
