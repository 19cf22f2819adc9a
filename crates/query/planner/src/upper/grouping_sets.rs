//! How several grouping sets are computed: all by hashing, all of sorted rows, or some by hashing while rows are sorted for the others.

use analyzer::query::{Expr, SortClause};
use error::{Error, Result, SqlState};

use super::chains::{Chain, chains};
use crate::cost::Work;
use crate::join::{Goal, Grouping};
use crate::level::{Built, PathKey, Planner};
use crate::path::{common_keys, is_sorted};
use crate::plan::{AggregateStrategy, GroupKey, SortKey, SortedSets};

/// What several sets have in common.
pub(super) struct SetsInput<'q> {
    pub sets: &'q [Vec<u32>],
    pub clauses: &'q [SortClause],
    /// By clause, what is grouped by.
    pub keys: &'q [Expr],
    pub order_by: &'q [SortClause],
    /// Operators' worth of work for a row.
    pub transitions: f64,
    /// Some aggregate takes its rows in an order: its groups are not hashed.
    pub ordered: bool,
}

/// A way to compute several sets.
pub(super) struct SetsWay {
    pub strategy: AggregateStrategy,
    /// The first reads the input, sorted by its keys; the others sort the rows for themselves. What is in none is hashed.
    pub chains: Vec<Chain>,
    pub hashed: Vec<usize>,
    pub work: Work,
    pub disabled: bool,
    /// Rows that come out, of all sets.
    pub rows: f64,
}

impl SetsInput<'_> {
    fn clause(&self, key: u32) -> Option<usize> {
        self.clauses.iter().position(|clause| clause.target_ref == key)
    }

    fn fits(&self, set: &[u32], fits: fn(&SortClause) -> bool) -> bool {
        set.iter().all(|&key| self.clause(key).is_some_and(|at| fits(&self.clauses[at])))
    }

    fn sortable(&self, set: &[u32]) -> bool {
        self.fits(set, |clause| clause.ordering.is_valid())
    }

    fn hashable(&self, set: &[u32]) -> bool {
        !set.is_empty() && !self.ordered && self.fits(set, |clause| clause.hashable)
    }

    /// What rows are sorted by for a chain.
    pub fn order(&self, chain: &Chain) -> Vec<PathKey> {
        let key = |key: &u32| {
            let at = self.clause(*key)?;
            let clause = &self.clauses[at];
            Some(PathKey {
                expr: self.keys[at].clone(),
                operator: clause.ordering,
                descending: clause.descending,
                nulls_first: clause.nulls_first,
            })
        };
        chain.keys.iter().filter_map(key).collect()
    }
}

impl Planner<'_> {
    /// In which order rows serve several sets best: that of the first chain.
    pub(super) fn grouping_sets_goal(&mut self, input: &SetsInput<'_>) -> Goal {
        let wanted: Vec<u32> = input.order_by.iter().map(|clause| clause.target_ref).collect();
        let sorted = chains(input.sets, &wanted, |at| input.sortable(&input.sets[at]));
        let Some(first) = sorted.first().filter(|first| !first.keys.is_empty()) else { return Goal::default() };
        let order = input.order(first);
        let grouping = Grouping {
            keys: order.iter().map(|key| key.expr.clone()).collect(),
            transitions: input.transitions,
            can_hash: input.sets.iter().all(|set| set.is_empty() || input.hashable(set)),
            can_sort: true,
        };
        Goal { order, fraction: 0.0, grouping: Some(grouping) }
    }

    /// The cheapest way.
    ///
    /// # Errors
    /// A set that can be neither hashed nor sorted.
    pub(super) fn grouping_sets_way(&mut self, built: &Built, input: &SetsInput<'_>) -> Result<SetsWay> {
        let sets = input.sets;
        if !sets.iter().all(|set| input.sortable(set) || input.hashable(set)) {
            return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, "could not implement GROUP BY")
                .detail("Some of the datatypes only support hashing, while others only support sorting."));
        }
        let rows = built.node.cost.rows;
        let mut groups = Vec::with_capacity(sets.len());
        for set in sets {
            let keys: Vec<Expr> =
                set.iter().filter_map(|&key| input.clause(key)).map(|at| input.keys[at].clone()).collect();
            groups.push(if keys.is_empty() { 1.0 } else { self.groups(&keys, rows)? });
        }
        let wanted: Vec<u32> = input.order_by.iter().map(|clause| clause.target_ref).collect();
        let sorted = chains(sets, &wanted, |at| input.sortable(&sets[at]));
        let only_hashed: Vec<usize> = (0..sets.len()).filter(|&at| !input.sortable(&sets[at])).collect();
        let costs = self.ctx.costs.clone();
        let width = f64::from(built.node.cost.width);
        let memory = |at: usize| groups[at] * costs.hash_entry(width, input.transitions);
        let mut ways = Vec::with_capacity(3);
        // All by hashing, unless that takes too much memory; rows that are sorted for the first chain already are not better hashed.
        let empty: Vec<usize> = (0..sets.len()).filter(|&at| sets[at].is_empty()).collect();
        let in_chains = sorted.iter().flat_map(|chain| &chain.sets).copied().filter(|&at| !sets[at].is_empty());
        let all: Vec<usize> = in_chains.chain(only_hashed.iter().copied()).collect();
        let order = sorted.first().map(|first| self.canonical_order(&input.order(first))).unwrap_or_default();
        let presorted = is_sorted(&built.order, &order) && !sorted.is_empty();
        let fits = all.iter().map(|&at| memory(at)).sum::<f64>() <= costs.hash_memory();
        if all.iter().all(|&at| input.hashable(&sets[at])) && !presorted && (fits || !only_hashed.is_empty()) {
            let chains = match empty.is_empty() {
                true => Vec::new(),
                false => vec![Chain { sets: empty, keys: Vec::new() }],
            };
            ways.push((chains, all));
        }
        // Some by hashing: as many chains as fit in memory, but not the first one.
        let mut room = costs.hash_memory() - only_hashed.iter().map(|&at| memory(at)).sum::<f64>();
        let of_chain = |chain: &Chain| chain.sets.iter().map(|&at| memory(at)).sum::<f64>();
        let mut small: Vec<usize> =
            (1..sorted.len()).filter(|&at| sorted[at].sets.iter().all(|&set| input.hashable(&sets[set]))).collect();
        small.sort_by(|&a, &b| of_chain(&sorted[a]).total_cmp(&of_chain(&sorted[b])));
        small.retain(|&at| {
            let taken = of_chain(&sorted[at]);
            let fits = taken <= room;
            room -= if fits { taken } else { 0.0 };
            fits
        });
        if !small.is_empty() || !only_hashed.is_empty() && !sorted.is_empty() {
            let mut hashed = only_hashed.clone();
            let mut rest: Vec<Chain> = Vec::new();
            for (at, chain) in sorted.iter().enumerate() {
                match small.contains(&at) {
                    true => hashed.splice(0..0, chain.sets.iter().rev().copied()).for_each(drop),
                    false => rest.push(Chain { sets: chain.sets.clone(), keys: chain.keys.clone() }),
                }
            }
            ways.push((rest, hashed));
        }
        if only_hashed.is_empty() {
            ways.push((sorted, Vec::new()));
        }
        let mut best: Option<SetsWay> = None;
        for (chains, hashed) in ways {
            let (work, disabled) = self.sets_work(built, input, &groups, &chains, &hashed)?;
            let strategy = match (chains.is_empty(), hashed.is_empty()) {
                (true, _) => AggregateStrategy::Hashed,
                (false, true) if chains.iter().all(|chain| chain.keys.is_empty()) => AggregateStrategy::Plain,
                (false, true) => AggregateStrategy::Sorted,
                (false, false) => AggregateStrategy::Mixed,
            };
            let rows = groups.iter().sum();
            let way = SetsWay { strategy, chains, hashed, work, disabled: disabled > 0, rows };
            let better = |best: &SetsWay| (disabled > 0, way.work.total) < (best.disabled, best.work.total);
            if best.as_ref().is_none_or(better) {
                best = Some(way);
            }
        }
        best.ok_or_else(|| Error::internal("grouping sets cannot be computed"))
    }

    fn sets_work(
        &mut self,
        built: &Built,
        input: &SetsInput<'_>,
        groups: &[f64],
        chains: &[Chain],
        hashed: &[usize],
    ) -> Result<(Work, u32)> {
        let costs = self.ctx.costs.clone();
        let (rows, width) = (built.node.cost.rows, f64::from(built.node.cost.width));
        let mut disabled = u32::from(!hashed.is_empty() && !costs.enable_hashagg);
        let none = Work::new(0.0, 0.0);
        let mut work = Work::new(built.node.cost.startup, built.node.cost.total);
        for (at, chain) in chains.iter().enumerate() {
            let keys = self.canonical_order(&input.order(chain));
            let come = match at {
                0 if is_sorted(&built.order, &keys) => work,
                0 => {
                    let presorted = common_keys(&built.order, &keys);
                    let (sorted, off) = self.sort_work_of(work, rows, width, presorted, &keys, None)?;
                    disabled += off;
                    sorted
                }
                _ if keys.is_empty() => none,
                _ => costs.sort_work(rows, width, None),
            };
            let count = chain.keys.len() as f64;
            let many = chain.sets.iter().map(|&set| groups[set]).sum();
            let grouped = costs.sorted_aggregate(come, rows, count, input.transitions, many, 0.0);
            work = match at {
                0 => grouped,
                _ => Work::new(work.startup, work.total + grouped.total),
            };
        }
        for (at, &set) in hashed.iter().enumerate() {
            let come = if at == 0 && chains.is_empty() { work } else { none };
            let count = input.sets[set].len() as f64;
            let grouped = costs.hash_aggregate(come, (rows, width), count, input.transitions, groups[set], 0.0);
            work = match at == 0 && chains.is_empty() {
                true => grouped,
                false => Work::new(work.startup, work.total + grouped.total),
            };
        }
        Ok((work, disabled))
    }

    /// The chains as the plan has them, over the group keys in the order of the clauses.
    pub(super) fn sorted_sets(
        &self,
        chains: &[Chain],
        input: &SetsInput<'_>,
        keys: &[GroupKey],
        built: &Built,
    ) -> Result<Vec<SortedSets>> {
        let mut all = Vec::with_capacity(chains.len());
        for (at, chain) in chains.iter().enumerate() {
            let mut sort: Vec<SortKey> = Vec::new();
            for key in chain.keys.iter().filter(|_| at > 0) {
                let Some(clause) = input.clause(*key) else { continue };
                let (column, by) = (keys[clause].column, &input.clauses[clause]);
                let ty = built.node.output[column];
                sort.push(self.sort_key_by(column, ty, by.ordering, by.descending, by.nulls_first)?);
            }
            all.push(SortedSets { sets: chain.sets.clone(), sort });
        }
        Ok(all)
    }

    /// What EXPLAIN shows: the hashed sets, then the chains, each behind the sort that it needs.
    pub(super) fn sets_shown(
        &self,
        way: &SetsWay,
        input: &SetsInput<'_>,
    ) -> Result<Vec<(&'static str, Vec<Expr>, Vec<String>)>> {
        let exprs = |keys: &[u32]| -> Vec<Expr> {
            keys.iter().filter_map(|&key| input.clause(key)).map(|at| input.keys[at].clone()).collect()
        };
        let nothing = |keys: &[u32]| if keys.is_empty() { vec!["()".to_string()] } else { Vec::new() };
        let mut shown = Vec::new();
        for &set in &way.hashed {
            shown.push(("Hash Key", exprs(&input.sets[set]), Vec::new()));
        }
        for (at, chain) in way.chains.iter().enumerate() {
            let label = if at == 0 { "Group Key" } else { "  Group Key" };
            if at > 0 {
                let suffixes = input.order(chain).iter().map(|key| self.sort_suffix(key)).collect::<Result<_>>()?;
                shown.push(("Sort Key", exprs(&chain.keys), suffixes));
            }
            for &set in &chain.sets {
                let keys: Vec<u32> = chain.keys.iter().take(input.sets[set].len()).copied().collect();
                shown.push((label, exprs(&keys), nothing(&keys)));
            }
        }
        Ok(shown)
    }
}
