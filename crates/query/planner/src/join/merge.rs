//! Merge joins: both sides are read in the order of the keys, which paths may have already or are sorted into.

use std::rc::Rc;

use analyzer::query::Expr;
use error::Result;

use super::equality::Equality;
use super::order::Rel;
use super::ways::{JoinPath, Method, Pair};
use super::work::{self, Overlap};
use crate::cost::{Work, whole_rows};
use crate::level::{PathKey, Planner};
use crate::path::{Path, PathKind, common_keys, is_sorted};
use crate::plan::*;

impl Planner<'_> {
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
    pub(super) fn sorted_merges(
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
    pub(super) fn presorted_merges(
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
