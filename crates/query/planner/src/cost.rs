//! The cost settings. Costs are in units of reading one page in sequence.

use analyzer::node::Visitor;
use analyzer::query::{Expr, ExprKind, Query};
use catalog::Catalog;
use ids::Oid;
use settings::Settings;
use settings::id;

/// Values of the planner's settings.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)] // the names are the settings'
pub struct Costs {
    pub seq_page_cost: f64,
    pub random_page_cost: f64,
    pub cpu_tuple_cost: f64,
    pub cpu_index_tuple_cost: f64,
    pub cpu_operator_cost: f64,
    /// In pages.
    pub effective_cache_size: f64,
    /// In bytes.
    pub work_mem: f64,
    pub hash_mem_multiplier: f64,
    pub cursor_tuple_fraction: f64,
    pub enable_seqscan: bool,
    pub enable_indexscan: bool,
    pub enable_indexonlyscan: bool,
    pub enable_tidscan: bool,
    pub enable_bitmapscan: bool,
    pub enable_sort: bool,
    pub enable_hashagg: bool,
    pub enable_hashjoin: bool,
    pub enable_mergejoin: bool,
    pub enable_nestloop: bool,
    pub enable_material: bool,
    pub enable_memoize: bool,
    pub enable_incremental_sort: bool,
    pub enable_presorted_aggregate: bool,
    pub enable_group_by_reordering: bool,
    pub enable_distinct_reordering: bool,
    pub enable_self_join_elimination: bool,
    pub enable_partitionwise_join: bool,
    pub enable_partitionwise_aggregate: bool,
    /// Items of FROM that one search for an order may have.
    pub join_collapse_limit: usize,
    pub enable_partition_pruning: bool,
}

impl Default for Costs {
    fn default() -> Costs {
        Costs {
            seq_page_cost: 1.0,
            random_page_cost: 4.0,
            cpu_tuple_cost: 0.01,
            cpu_index_tuple_cost: 0.005,
            cpu_operator_cost: 0.0025,
            effective_cache_size: 524_288.0,
            work_mem: 4096.0 * 1024.0,
            hash_mem_multiplier: 2.0,
            cursor_tuple_fraction: 0.1,
            enable_seqscan: true,
            enable_indexscan: true,
            enable_indexonlyscan: true,
            enable_tidscan: true,
            enable_bitmapscan: true,
            enable_sort: true,
            enable_hashagg: true,
            enable_hashjoin: true,
            enable_mergejoin: true,
            enable_nestloop: true,
            enable_material: true,
            enable_memoize: true,
            enable_incremental_sort: true,
            enable_presorted_aggregate: true,
            enable_group_by_reordering: true,
            enable_distinct_reordering: true,
            enable_self_join_elimination: true,
            enable_partitionwise_join: false,
            enable_partitionwise_aggregate: false,
            join_collapse_limit: 8,
            enable_partition_pruning: true,
        }
    }
}

impl Costs {
    /// The session's values.
    pub fn of(settings: &Settings) -> Costs {
        Costs {
            seq_page_cost: settings.real(id::SEQ_PAGE_COST),
            random_page_cost: settings.real(id::RANDOM_PAGE_COST),
            cpu_tuple_cost: settings.real(id::CPU_TUPLE_COST),
            cpu_index_tuple_cost: settings.real(id::CPU_INDEX_TUPLE_COST),
            cpu_operator_cost: settings.real(id::CPU_OPERATOR_COST),
            effective_cache_size: f64::from(settings.int(id::EFFECTIVE_CACHE_SIZE)),
            work_mem: f64::from(settings.int(id::WORK_MEM)) * 1024.0,
            hash_mem_multiplier: settings.real(id::HASH_MEM_MULTIPLIER),
            cursor_tuple_fraction: settings.real(id::CURSOR_TUPLE_FRACTION),
            enable_seqscan: settings.bool(id::ENABLE_SEQSCAN),
            enable_indexscan: settings.bool(id::ENABLE_INDEXSCAN),
            enable_indexonlyscan: settings.bool(id::ENABLE_INDEXONLYSCAN),
            enable_tidscan: settings.bool(id::ENABLE_TIDSCAN),
            enable_bitmapscan: settings.bool(id::ENABLE_BITMAPSCAN),
            enable_sort: settings.bool(id::ENABLE_SORT),
            enable_hashagg: settings.bool(id::ENABLE_HASHAGG),
            enable_hashjoin: settings.bool(id::ENABLE_HASHJOIN),
            enable_mergejoin: settings.bool(id::ENABLE_MERGEJOIN),
            enable_nestloop: settings.bool(id::ENABLE_NESTLOOP),
            enable_material: settings.bool(id::ENABLE_MATERIAL),
            enable_memoize: settings.bool(id::ENABLE_MEMOIZE),
            enable_incremental_sort: settings.bool(id::ENABLE_INCREMENTAL_SORT),
            enable_presorted_aggregate: settings.bool(id::ENABLE_PRESORTED_AGGREGATE),
            enable_group_by_reordering: settings.bool(id::ENABLE_GROUP_BY_REORDERING),
            enable_distinct_reordering: settings.bool(id::ENABLE_DISTINCT_REORDERING),
            enable_self_join_elimination: settings.bool(id::ENABLE_SELF_JOIN_ELIMINATION),
            enable_partitionwise_join: settings.bool(id::ENABLE_PARTITIONWISE_JOIN),
            enable_partitionwise_aggregate: settings.bool(id::ENABLE_PARTITIONWISE_AGGREGATE),
            join_collapse_limit: settings.int(id::JOIN_COLLAPSE_LIMIT).max(1) as usize,
            enable_partition_pruning: settings.bool(id::ENABLE_PARTITION_PRUNING),
        }
    }
}

/// Bytes of a page.
pub(crate) const PAGE: f64 = 8192.0;

/// What one step of a plan costs: until its first row, and in all.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Work {
    pub startup: f64,
    pub total: f64,
}

impl Work {
    pub fn new(startup: f64, total: f64) -> Work {
        Work { startup, total }
    }

    /// What comes after the first row.
    pub fn run(self) -> f64 {
        self.total - self.startup
    }
}

/// Bytes of a value on a stack of eight-byte words.
fn aligned(width: f64) -> f64 {
    (width / 8.0).ceil() * 8.0
}

/// At least one row, and whole ones.
pub(crate) fn whole_rows(rows: f64) -> f64 {
    if rows <= 1.0 || rows.is_nan() { 1.0 } else { rows.min(1e100).round_ties_even() }
}

impl Costs {
    /// Memory of a hash table.
    pub(crate) fn hash_memory(&self) -> f64 {
        self.work_mem * self.hash_mem_multiplier
    }

    /// Bytes of rows kept in memory or in a temporary file.
    pub(crate) fn bytes(rows: f64, width: f64) -> f64 {
        rows * (aligned(width) + 24.0)
    }

    pub(crate) fn pages(rows: f64, width: f64) -> f64 {
        (Costs::bytes(rows, width) / PAGE).ceil()
    }

    /// Sorting alone, of rows that are there; `limit`: only so many of the first ones are wanted. External sorts write and read what does
    /// not fit once for each merge, three quarters of it in sequence.
    pub(crate) fn sort_work(&self, rows: f64, width: f64, limit: Option<f64>) -> Work {
        let tuples = rows.max(2.0);
        let compare = 2.0 * self.cpu_operator_cost;
        let bytes = Costs::bytes(tuples, width);
        let kept = limit.filter(|limit| *limit > 0.0 && *limit < tuples).unwrap_or(tuples);
        let startup = if Costs::bytes(kept, width) > self.work_mem {
            let pages = (bytes / PAGE).ceil();
            let runs = bytes / self.work_mem;
            let order = (self.work_mem / (PAGE * 33.0)).floor().clamp(6.0, 500.0);
            let merges = if runs > order { (runs.ln() / order.ln()).ceil() } else { 1.0 };
            compare * tuples * tuples.log2()
                + 2.0 * pages * merges * (self.seq_page_cost * 0.75 + self.random_page_cost * 0.25)
        } else if tuples > 2.0 * kept || bytes > self.work_mem {
            compare * tuples * (2.0 * kept).log2()
        } else {
            compare * tuples * tuples.log2()
        };
        Work::new(startup, startup + self.cpu_operator_cost * tuples)
    }

    /// A sort of an input.
    pub(crate) fn sort(&self, input: Work, rows: f64, width: f64, limit: Option<f64>) -> Work {
        let sort = self.sort_work(rows, width, limit);
        Work::new(input.total + sort.startup, input.total + sort.total)
    }

    /// A sort of an input that is sorted already by the first keys, of which there are so many different values: group by group.
    pub(crate) fn incremental_sort(&self, input: Work, rows: f64, width: f64, groups: f64, limit: Option<f64>) -> Work {
        let groups = groups.max(1.0);
        let each = rows.max(2.0) / groups;
        let input_run = input.run() / groups;
        let one = self.sort_work(each, width, limit.filter(|limit| *limit < each));
        let startup = one.startup + input.startup + input_run;
        let mut run = one.run() + one.total * (groups - 1.0) + input_run * (groups - 1.0);
        // Finding out where groups end, and starting over for each.
        run += (self.cpu_tuple_cost + 2.0 * self.cpu_operator_cost) * rows + 2.0 * self.cpu_tuple_cost * groups;
        Work::new(startup, startup + run)
    }

    /// Keeping rows.
    pub(crate) fn material(&self, input: Work, rows: f64, width: f64) -> Work {
        let mut total = input.total + 2.0 * self.cpu_operator_cost * rows;
        if Costs::bytes(rows, width) > self.work_mem {
            total += self.seq_page_cost * Costs::pages(rows, width);
        }
        Work::new(input.startup, total)
    }

    /// Reading kept rows again.
    pub(crate) fn reread(&self, rows: f64, width: f64) -> f64 {
        let mut run = self.cpu_operator_cost * rows;
        if Costs::bytes(rows, width) > self.work_mem {
            run += self.seq_page_cost * Costs::pages(rows, width);
        }
        run
    }

    /// Pages that are fetched to find rows scattered over a table of `pages` pages (Mackert and Lohman, 1989: "Index Scans Using a Finite LRU Buffer"),
    /// which has its share of the cache among `total` pages.
    pub(crate) fn pages_fetched(&self, rows: f64, pages: f64, total: f64) -> f64 {
        let t = pages.max(1.0);
        let b = (self.effective_cache_size * t / total.max(1.0)).ceil().max(1.0);
        let first = 2.0 * t * rows / (2.0 * t + rows);
        let fetched = if t <= b {
            first.min(t)
        } else {
            let limit = 2.0 * t * b / (2.0 * t - b);
            if rows <= limit { first } else { b + (rows - limit) * (t - b) / t }
        };
        fetched.ceil()
    }

    /// Bytes of a group in a hash table.
    pub(crate) fn hash_entry(&self, width: f64, transitions: f64) -> f64 {
        aligned(width) + 24.0 + 16.0 + if transitions > 0.0 { 24.0 } else { 0.0 }
    }

    /// Grouping by hashing: `keys` columns, `transitions` operators a row for the aggregates. What does not fit in memory is written
    /// and read again.
    pub(crate) fn hash_aggregate(
        &self,
        input: Work,
        (rows, width): (f64, f64),
        keys: f64,
        transitions: f64,
        groups: f64,
        final_cost: f64,
    ) -> Work {
        let mut startup = input.total + transitions * rows + self.cpu_operator_cost * keys * rows;
        startup += final_cost * 0.0;
        let mut total = startup + (final_cost + self.cpu_tuple_cost) * groups;
        let entry = self.hash_entry(width, transitions);
        let memory = self.hash_memory();
        if groups * entry > memory {
            let batches = (groups * entry / memory).max(2.0).ceil();
            let partitions = 4.0_f64.max((memory / (PAGE * 16.0)).floor()).min(256.0).max(batches.min(256.0));
            let depth = (batches.ln() / partitions.ln()).ceil().max(1.0);
            let pages = Costs::pages(rows, width) * depth;
            startup += pages * self.random_page_cost * 2.0;
            total += pages * (self.random_page_cost * 2.0 + self.seq_page_cost * 2.0);
            let spill = depth * rows * 2.0 * self.cpu_tuple_cost;
            startup += spill;
            total += spill;
        }
        Work::new(startup, total)
    }

    /// Grouping of a sorted input.
    pub(crate) fn sorted_aggregate(
        &self,
        input: Work,
        rows: f64,
        keys: f64,
        transitions: f64,
        groups: f64,
        final_cost: f64,
    ) -> Work {
        let total = input.total
            + transitions * rows
            + self.cpu_operator_cost * keys * rows
            + (final_cost + self.cpu_tuple_cost) * groups;
        Work::new(input.startup, total)
    }
}

/// What a correlated subquery is taken to cost for a row, in calls of operators, before it is planned itself.
const PROBE: f64 = 1000.0;

/// How many operators' worth of work it is to evaluate an expression for a row (`pg_proc.procost`). Of an array that is compared with, half of
/// the elements are looked at on average.
pub(crate) fn operators_in(catalog: &Catalog, expr: &Expr) -> f64 {
    struct Count<'c>(&'c Catalog, f64);
    impl Count<'_> {
        fn function(&self, function: Oid) -> f64 {
            self.0.function(function).map_or(1.0, |row| f64::from(row.procost))
        }
    }
    impl Visitor for Count<'_> {
        fn expr(&mut self, expr: &Expr) {
            match &expr.kind {
                ExprKind::ScalarArray { call, .. } => {
                    let elements = call.args.get(1).map_or(10.0, crate::scan::array_length);
                    self.1 += self.function(call.function) * elements * 0.5;
                    if let Some(left) = call.args.first() {
                        self.expr(left);
                    }
                    return;
                }
                ExprKind::Operator(call) | ExprKind::Distinct(call) | ExprKind::NullIf(call) => {
                    self.1 += self.function(call.function);
                }
                ExprKind::Function(call) => self.1 += self.function(call.function),
                // One that depends on the row runs for each: say, a search by an index.
                ExprKind::SubLink(link) if crate::prepare::outer_relids(&link.query) != (0, false) => self.1 += PROBE,
                // Its value is there when the first row comes.
                ExprKind::SubLink(link) if link.test.is_empty() => {}
                ExprKind::SubLink(_) | ExprKind::CoerceViaIo(..) | ExprKind::MinMax { .. } => self.1 += 1.0,
                ExprKind::RowCompare { left, .. } => self.1 += left.len() as f64,
                _ => {}
            }
            expr.visit_children(self);
        }
        fn query(&mut self, _: &Query) {}
        fn as_dyn(&mut self) -> &mut dyn Visitor {
            self
        }
    }
    let mut count = Count(catalog, 0.0);
    count.expr(expr);
    count.1
}
