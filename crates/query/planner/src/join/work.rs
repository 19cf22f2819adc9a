//! What joins cost: the model of PostgreSQL's documentation, in its units.

use crate::cost::{Costs, Work, whole_rows};
use crate::path::{Path, PathKind};

/// What is known of a pair of sets, whatever the method.
#[derive(Clone, Copy, Default)]
pub(super) struct Facts {
    /// An outer row is through with its first match: semi- and antijoins, and where there can be only one.
    pub first_only: bool,
    pub anti: bool,
    /// The part of the outer rows that have a match.
    pub matched: f64,
    /// Matches that such a row has.
    pub matches: f64,
    /// Conditions checked for each pair of rows: operators' worth.
    pub quals_cost: f64,
    /// Bytes of a row of either side.
    pub outer_width: f64,
    pub inner_width: f64,
}

impl Facts {
    /// The part of the inner rows that is looked at until the first match is found.
    fn scanned(&self) -> f64 {
        2.0 / (self.matches.max(1.0) + 1.0)
    }
}

/// What it costs to read an inner side again, with other values of what it depends on.
pub(super) fn again(costs: &Costs, path: &Path, width: f64) -> Work {
    match &path.kind {
        PathKind::Material(_) | PathKind::Sort { .. } => Work::new(0.0, costs.reread(path.rows, width)),
        PathKind::Memoize { input, .. } => input.work(),
        PathKind::Join(join) if join.is_hash() && path.requires == 0 => {
            let bytes = Costs::bytes(join.inner.rows, width);
            match bytes <= costs.hash_memory() {
                true => Work::new(0.0, path.total - path.startup),
                false => path.work(),
            }
        }
        _ => path.work(),
    }
}

pub(super) fn nest_loop(costs: &Costs, outer: &Path, inner: &Path, rescan: Work, indexed: bool, facts: &Facts) -> Work {
    let startup = outer.startup + inner.startup;
    let mut run = outer.total - outer.startup;
    if outer.rows > 1.0 {
        run += (outer.rows - 1.0) * rescan.startup;
    }
    let (inner_run, again_run) = (inner.total - inner.startup, rescan.run());
    let pairs = if facts.first_only {
        let mut matched = (outer.rows * facts.matched).round_ties_even();
        let mut unmatched = outer.rows - matched;
        let scanned = facts.scanned();
        let mut looked_at = matched * inner.rows * scanned;
        if indexed {
            run += inner_run * scanned;
            if matched > 1.0 {
                run += (matched - 1.0) * again_run * scanned;
            }
            // Without a match an index has little to look at.
            run += unmatched * again_run / inner.rows.max(1.0);
        } else {
            run += inner_run;
            looked_at += unmatched * inner.rows;
            if unmatched >= 1.0 {
                unmatched -= 1.0;
            } else {
                matched -= 1.0;
            }
            if matched > 0.0 {
                run += matched * again_run * scanned;
            }
            if unmatched > 0.0 {
                run += unmatched * again_run;
            }
        }
        looked_at
    } else {
        run += inner_run;
        if outer.rows > 1.0 {
            run += (outer.rows - 1.0) * again_run;
        }
        outer.rows * inner.rows
    };
    run += (costs.cpu_tuple_cost + facts.quals_cost) * pairs;
    Work::new(startup, startup + run)
}

/// How large hash tables are.
struct HashSize {
    buckets: f64,
    batches: f64,
}

fn hash_size(costs: &Costs, rows: f64, width: f64) -> HashSize {
    let row = 16.0 + ((width / 8.0).ceil() * 8.0) + 16.0;
    let bytes = rows * row;
    let memory = costs.hash_memory();
    let power = |n: f64| n.max(1.0).log2().ceil().exp2();
    let mut buckets = power(rows.max(1024.0));
    let mut batches = 1.0;
    if bytes + buckets * 8.0 > memory {
        buckets = power(memory / (row + 8.0) / 2.0).max(1024.0);
        batches = power(bytes / (memory - buckets * 8.0).max(memory / 2.0)).max(2.0);
    }
    HashSize { buckets, batches }
}

/// The part of the inner rows that share a bucket with a row looked up, from what ANALYZE knows of the inner key: `distinct` values, and the part of the
/// rows that the most common one has. `None` of the first: nothing is known.
pub(super) struct Bucket {
    pub distinct: Option<f64>,
    pub nulls: f64,
    pub most_common: f64,
}

impl Bucket {
    fn part(&self, buckets: f64) -> f64 {
        let Some(distinct) = self.distinct else { return self.most_common.max(0.1) };
        let average = (1.0 - self.nulls) / distinct.max(1.0);
        let mut part = if distinct > buckets { 1.0 / buckets } else { 1.0 / distinct.max(1.0) };
        if average > 0.0 && self.most_common > average {
            part *= self.most_common / average;
        }
        part.clamp(1.0e-6, 1.0)
    }
}

pub(super) fn hash_join(
    costs: &Costs,
    outer: &Path,
    inner: &Path,
    keys: f64,
    key_buckets: &[Bucket],
    inner_unique: bool,
    // Pairs that the keys alone let through.
    pairs: f64,
    facts: &Facts,
) -> Work {
    let size = hash_size(costs, inner.rows, facts.inner_width);
    let mut startup = outer.startup + inner.total;
    startup += (costs.cpu_operator_cost * keys + costs.cpu_tuple_cost) * inner.rows;
    let mut run = outer.total - outer.startup + costs.cpu_operator_cost * keys * outer.rows;
    if size.batches > 1.0 {
        let outer_pages = Costs::pages(outer.rows, facts.outer_width);
        let inner_pages = Costs::pages(inner.rows, facts.inner_width);
        startup += costs.seq_page_cost * inner_pages;
        run += costs.seq_page_cost * (inner_pages + 2.0 * outer_pages);
    }
    let all = size.buckets * size.batches;
    let bucket = if inner_unique { 1.0 / all } else { key_buckets.iter().map(|key| key.part(all)).fold(1.0, f64::min) };
    let compare = costs.cpu_operator_cost * keys;
    let tuples = if facts.first_only {
        let matched = (outer.rows * facts.matched).round_ties_even();
        let unmatched = outer.rows - matched;
        run += compare * matched * whole_rows(inner.rows * bucket * facts.scanned()) * 0.5;
        run += compare * unmatched * whole_rows(inner.rows / all) * 0.05;
        if facts.anti { unmatched } else { matched }
    } else {
        run += compare * outer.rows * whole_rows(inner.rows * bucket) * 0.5;
        pairs
    };
    let others = (facts.quals_cost - compare).max(0.0);
    run += (costs.cpu_tuple_cost + others) * tuples;
    Work::new(startup, startup + run)
}

/// How far a merge has to read: the parts of either side's rows before its first match, and up to its last.
#[derive(Clone, Copy)]
pub(super) struct Overlap {
    pub outer_start: f64,
    pub outer_end: f64,
    pub inner_start: f64,
    pub inner_end: f64,
}

impl Overlap {
    pub const ALL: Overlap = Overlap { outer_start: 0.0, outer_end: 1.0, inner_start: 0.0, inner_end: 1.0 };
}

/// The cost, and whether the inner side's rows should be kept.
pub(super) fn merge_join(
    costs: &Costs,
    (outer, outer_work, outer_sorted): (&Path, Work, bool),
    (inner, inner_work, inner_sorted): (&Path, Work, bool),
    keys: f64,
    overlap: Overlap,
    pairs: f64,
    skip_mark: bool,
    can_mark: bool,
    facts: &Facts,
) -> (Work, bool) {
    let clamp = |rows: f64| whole_rows(rows);
    let (outer_rows, inner_rows) = (clamp(outer.rows * overlap.outer_end), clamp(inner.rows * overlap.inner_end));
    let (outer_skip, inner_skip) =
        ((outer.rows * overlap.outer_start).round_ties_even(), (inner.rows * overlap.inner_start).round_ties_even());
    let part = |work: Work, start: f64, end: f64| {
        let startup = work.startup + work.run() * start;
        (startup, work.run() * (end - start))
    };
    let part_of = |rows: f64, all: f64| if all > 0.0 { (rows / all).min(1.0) } else { 0.0 };
    let (outer_start, outer_end) = (part_of(outer_skip, outer.rows), part_of(outer_rows, outer.rows));
    let (inner_start, inner_end) = (part_of(inner_skip, inner.rows), part_of(inner_rows, inner.rows));
    let _ = (outer_sorted, inner_sorted);
    let (outer_startup, mut run) = part(outer_work, outer_start, outer_end);
    let (inner_startup, inner_run) = part(inner_work, inner_start, inner_end);
    let mut startup = outer_startup + inner_startup;
    // Rows of the inner side that are read again for outer rows with the same key.
    let repeated = if skip_mark { 0.0 } else { (pairs - inner.rows).max(0.0) };
    let ratio = 1.0 + repeated / inner_rows.max(1.0);
    let bare = inner_run * ratio;
    let kept = inner_run + costs.cpu_operator_cost * inner_rows * ratio;
    let spills = Costs::bytes(inner_rows, facts.inner_width) > costs.work_mem;
    let keep = if skip_mark {
        false
    } else if costs.enable_material && kept < bare || !can_mark {
        true
    } else {
        costs.enable_material && matches!(inner.kind, PathKind::Sort { .. }) && spills
    };
    run += if keep { kept } else { bare };
    let compare = costs.cpu_operator_cost * keys;
    startup += compare * (outer_skip + inner_skip * ratio);
    run += compare * ((outer_rows - outer_skip) + (inner_rows - inner_skip) * ratio);
    let others = (facts.quals_cost - compare).max(0.0);
    let tuples = if facts.first_only {
        let matched = (outer.rows * facts.matched).round_ties_even();
        if facts.anti { outer.rows - matched } else { matched }
    } else {
        pairs
    };
    run += (costs.cpu_tuple_cost + others) * tuples;
    (Work::new(startup, startup + run), keep)
}
