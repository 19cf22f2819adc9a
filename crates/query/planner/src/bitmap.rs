//! Bitmap scans: indexes are asked for the places of rows, which are put together and then read in the order of the table.
//!
//! Which of several indexes are worth asking is found greedily, as each further one must spare more of the table's pages than it costs. Conditions
//! that OR joins are united if each of them has an index.

use std::rc::Rc;

use analyzer::query::{Expr, ExprKind};
use error::Result;

use crate::cost::{Costs, Work};
use crate::estimate::BaseRelation;
use crate::join::Unit;
use crate::level::Planner;
use crate::path::{Path, PathKind, add_path};
use crate::prepare::{Relids, conjuncts, relids_of};
use crate::scan::{Candidate, IndexAccess, IndexCost, loops_of};

/// Where places of rows come from.
#[derive(Clone, Debug)]
pub(crate) struct BitmapTree {
    pub kind: BitmapKind,
    pub work: Work,
    /// The part of the table's rows whose places it has.
    pub selectivity: f64,
    pub rows: f64,
}

#[derive(Clone, Debug)]
pub(crate) enum BitmapKind {
    Index(Box<IndexAccess>),
    And(Vec<BitmapTree>),
    Or(Vec<BitmapTree>),
}

impl BitmapTree {
    /// All that an index finds.
    pub fn index(access: IndexAccess, cost: &IndexCost, base: &BaseRelation, costs: &Costs) -> BitmapTree {
        let rows = cost.selectivity * base.tuples;
        // Each place is put into the bitmap.
        let total = cost.index.total + 0.1 * costs.cpu_operator_cost * rows;
        BitmapTree {
            kind: BitmapKind::Index(Box::new(access)),
            work: Work::new(0.0, total),
            selectivity: cost.selectivity,
            rows: rows.max(1.0),
        }
    }

    fn of(parts: Vec<BitmapTree>, and: bool, costs: &Costs, base: &BaseRelation) -> BitmapTree {
        let mut total = 0.0;
        let mut selectivity: f64 = if and { 1.0 } else { 0.0 };
        for (n, part) in parts.iter().enumerate() {
            total += part.work.total;
            let plain = matches!(part.kind, BitmapKind::Index(_));
            if n > 0 && (and || !plain) {
                total += 100.0 * costs.cpu_operator_cost;
            }
            if and {
                selectivity *= part.selectivity;
            } else {
                selectivity += part.selectivity;
            }
        }
        let selectivity = selectivity.min(1.0);
        let rows = (selectivity * base.tuples).max(1.0);
        let kind = if and { BitmapKind::And(parts) } else { BitmapKind::Or(parts) };
        BitmapTree { kind, work: Work::new(0.0, total), selectivity, rows }
    }

    /// The conditions that it stands for, as they were written; what OR joins counts as one.
    pub fn quals(&self, into: &mut Vec<Expr>) {
        match &self.kind {
            BitmapKind::Index(access) => into.extend(access.quals.iter().cloned()),
            BitmapKind::And(parts) => parts.iter().for_each(|part| part.quals(into)),
            BitmapKind::Or(_) => {}
        }
    }

    /// What holds of all rows that it leads to.
    pub fn recheck(&self) -> Vec<Expr> {
        match &self.kind {
            BitmapKind::Index(access) => access.rechecks.clone(),
            BitmapKind::And(parts) => {
                let mut all: Vec<Expr> = Vec::new();
                for condition in parts.iter().flat_map(BitmapTree::recheck) {
                    if !all.contains(&condition) {
                        all.push(condition);
                    }
                }
                all
            }
            BitmapKind::Or(parts) => {
                let mut args: Vec<Expr> = Vec::new();
                for part in parts {
                    match analyzer::types::all_of(part.recheck()) {
                        Some(condition) if !args.contains(&condition) => args.push(condition),
                        Some(_) => {}
                        None => return Vec::new(),
                    }
                }
                let location = analyzer::query::NO_LOCATION;
                match args.len() {
                    1 => args,
                    _ => vec![analyzer::types::condition(ExprKind::Or(args), location)],
                }
            }
        }
    }

    fn indexes(&self, into: &mut Vec<(ids::Oid, Vec<Expr>)>) {
        match &self.kind {
            BitmapKind::Index(access) => into.push((access.index, access.quals.clone())),
            BitmapKind::And(parts) | BitmapKind::Or(parts) => parts.iter().for_each(|part| part.indexes(into)),
        }
    }
}

impl Planner<'_> {
    /// Paths by bitmaps, of indexes each of which was found to serve some conditions.
    pub fn bitmap_paths(
        &mut self,
        unit_at: usize,
        unit: &Unit,
        at: usize,
        base: &BaseRelation,
        quals: &[Expr],
        others: &[(Relids, f64)],
        mut found: Vec<(Relids, BitmapTree)>,
        paths: &mut Vec<Rc<Path>>,
    ) -> Result<()> {
        let ors = self.bitmap_ors(unit, at, base, quals, quals)?;
        found.extend(ors.into_iter().map(|tree| (0, tree)));
        let mut needs: Vec<Relids> = Vec::new();
        for (requires, _) in &found {
            if !needs.contains(requires) {
                needs.push(*requires);
            }
        }
        for requires in needs {
            let fitting: Vec<&BitmapTree> =
                found.iter().filter(|(needs, _)| needs & !requires == 0).map(|(_, tree)| tree).collect();
            let loops = loops_of(requires, others);
            let Some(tree) = self.choose_bitmaps(base, quals, fitting, loops)? else { continue };
            let mut enforced = Vec::new();
            tree.quals(&mut enforced);
            let used = enforced.iter().fold(0, |set, qual| set | relids_of(qual)) & !(1 << at);
            if used != requires {
                continue;
            }
            let extra: Vec<Expr> = enforced.into_iter().filter(|qual| relids_of(qual) & !(1 << at) != 0).collect();
            let rows = crate::cost::whole_rows(unit.rows * self.selectivity_of_all(&extra)?);
            let work = self.bitmap_heap_work(base, quals, &tree, loops)?;
            let path = Path {
                kind: PathKind::Bitmap { unit: unit_at, tree: Rc::new(tree) },
                units: 1 << unit_at,
                requires,
                rows,
                startup: work.startup,
                total: work.total,
                disabled: u32::from(!self.ctx.costs.enable_bitmapscan),
                order: Rc::default(),
            };
            add_path(paths, path);
        }
        Ok(())
    }

    /// For each condition that is an OR whose parts all have indexes: these, united.
    fn bitmap_ors(
        &mut self,
        unit: &Unit,
        at: usize,
        base: &BaseRelation,
        quals: &[Expr],
        all: &[Expr],
    ) -> Result<Vec<BitmapTree>> {
        let mut found = Vec::new();
        for qual in quals {
            let ExprKind::Or(args) = &qual.kind else { continue };
            let others: Vec<Expr> = all.iter().filter(|other| *other != qual).cloned().collect();
            let mut parts = Vec::with_capacity(args.len());
            for arg in args {
                let mut conditions = Vec::new();
                conjuncts(arg.clone(), &mut conditions);
                // What the arm says may satisfy an index's predicate.
                let known: Vec<Expr> = conditions.iter().chain(&others).cloned().collect();
                let mut searches = Vec::new();
                for candidate in self.candidates(at, base, &known)? {
                    searches.extend(self.arm(at, unit, base, &candidate, &conditions, &others)?);
                }
                let inner = self.bitmap_ors(unit, at, base, &conditions, &known)?;
                searches.extend(inner);
                let refs: Vec<&BitmapTree> = searches.iter().collect();
                match self.choose_bitmaps(base, &conditions, refs, 1.0)? {
                    Some(tree) => parts.push(tree),
                    None => break,
                }
            }
            if parts.len() == args.len() {
                // Arms by one search of one index are needed once.
                found.push(BitmapTree::of(parts, false, self.ctx.costs, base));
            }
        }
        Ok(found)
    }

    fn arm(
        &mut self,
        at: usize,
        unit: &Unit,
        base: &BaseRelation,
        candidate: &Candidate,
        conditions: &[Expr],
        others: &[Expr],
    ) -> Result<Option<BitmapTree>> {
        self.search_for(at, unit, base, candidate, conditions, others)
    }

    /// Which bitmaps to intersect: starting from each, others are added as long as that makes the whole cheaper.
    fn choose_bitmaps(
        &mut self,
        base: &BaseRelation,
        quals: &[Expr],
        mut found: Vec<&BitmapTree>,
        loops: f64,
    ) -> Result<Option<BitmapTree>> {
        if found.len() <= 1 {
            return Ok(found.first().map(|tree| (*tree).clone()));
        }
        found.sort_by(|a, b| a.work.total.total_cmp(&b.work.total).then(a.selectivity.total_cmp(&b.selectivity)));
        // Of those for the same conditions, the cheapest.
        let mut distinct: Vec<(&BitmapTree, Vec<Expr>)> = Vec::new();
        for tree in found {
            let mut own = Vec::new();
            tree.quals(&mut own);
            if own.is_empty() {
                let mut indexes = Vec::new();
                tree.indexes(&mut indexes);
                own = indexes.into_iter().flat_map(|(_, quals)| quals).collect();
            }
            let same = |other: &Vec<Expr>| other.len() == own.len() && own.iter().all(|qual| other.contains(qual));
            if !distinct.iter().any(|(_, other)| same(other)) {
                distinct.push((tree, own));
            }
        }
        let mut best: Option<(f64, BitmapTree)> = None;
        for first in 0..distinct.len() {
            let mut chosen = vec![distinct[first].0.clone()];
            let mut covered = distinct[first].1.clone();
            let mut cost = self.bitmap_heap_work(base, quals, &chosen[0], loops)?.total;
            for (tree, own) in &distinct[first + 1..] {
                if own.iter().any(|qual| covered.contains(qual)) {
                    continue;
                }
                let mut parts = chosen.clone();
                parts.push((*tree).clone());
                let both = BitmapTree::of(parts.clone(), true, self.ctx.costs, base);
                let with = self.bitmap_heap_work(base, quals, &both, loops)?.total;
                if with < cost {
                    (cost, chosen) = (with, parts);
                    covered.extend(own.iter().cloned());
                }
            }
            if best.as_ref().is_none_or(|(least, _)| cost < *least) {
                let tree = match chosen.len() {
                    1 => chosen.swap_remove(0),
                    _ => BitmapTree::of(chosen, true, self.ctx.costs, base),
                };
                best = Some((cost, tree));
            }
        }
        Ok(best.map(|(_, tree)| tree))
    }

    /// The cost of reading a table by a bitmap: the more of its pages are read, the more do they come in sequence.
    fn bitmap_heap_work(&mut self, base: &BaseRelation, quals: &[Expr], tree: &BitmapTree, loops: f64) -> Result<Work> {
        let costs = self.ctx.costs.clone();
        let rows = crate::cost::whole_rows(tree.selectivity * base.tuples);
        let t = base.pages.max(1.0);
        let mut pages = (2.0 * t * rows) / (2.0 * t + rows);
        if loops > 1.0 {
            pages = costs.pages_fetched(rows * loops, base.pages, base.pages) / loops;
        }
        pages = if pages >= t { t } else { pages.ceil() };
        let page = if pages >= 2.0 {
            costs.random_page_cost - (costs.random_page_cost - costs.seq_page_cost) * (pages / t).sqrt()
        } else {
            costs.random_page_cost
        };
        let startup = tree.work.total;
        let total = startup + pages * page + rows * (costs.cpu_tuple_cost + self.quals_cost(quals)?);
        Ok(Work::new(startup, total))
    }
}
