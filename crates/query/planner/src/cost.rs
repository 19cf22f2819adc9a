//! The cost settings. Costs are in units of reading one page in sequence.

use analyzer::node::Visitor;
use analyzer::query::{Expr, ExprKind, Query};
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
    pub enable_sort: bool,
    pub enable_hashagg: bool,
    pub enable_hashjoin: bool,
    pub enable_mergejoin: bool,
    pub enable_nestloop: bool,
    pub enable_material: bool,
    pub enable_memoize: bool,
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
            enable_sort: true,
            enable_hashagg: true,
            enable_hashjoin: true,
            enable_mergejoin: true,
            enable_nestloop: true,
            enable_material: true,
            enable_memoize: true,
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
            enable_sort: settings.bool(id::ENABLE_SORT),
            enable_hashagg: settings.bool(id::ENABLE_HASHAGG),
            enable_hashjoin: settings.bool(id::ENABLE_HASHJOIN),
            enable_mergejoin: settings.bool(id::ENABLE_MERGEJOIN),
            enable_nestloop: settings.bool(id::ENABLE_NESTLOOP),
            enable_material: settings.bool(id::ENABLE_MATERIAL),
            enable_memoize: settings.bool(id::ENABLE_MEMOIZE),
            enable_partition_pruning: settings.bool(id::ENABLE_PARTITION_PRUNING),
        }
    }
}

/// What is added to the cost of a method that is switched off.
pub(crate) const DISABLED: f64 = 1.0e10;

/// How many operators or functions are called for a row to evaluate an expression: each costs `cpu_operator_cost`. Of an array that is
/// compared with, half of the elements are looked at on average.
pub(crate) fn operators_in(expr: &Expr) -> f64 {
    struct Count(f64);
    impl Visitor for Count {
        fn expr(&mut self, expr: &Expr) {
            match &expr.kind {
                ExprKind::ScalarArray { call, .. } => {
                    let elements = match call.args.get(1).map(|array| &array.kind) {
                        Some(ExprKind::Const(batch::Datum::Bytes(bytes))) => {
                            types::array::View::new(bytes).map_or(10, |view| view.len())
                        }
                        Some(ExprKind::Array { elements, .. }) => elements.len(),
                        _ => 10,
                    };
                    self.0 += elements as f64 * 0.5;
                    if let Some(left) = call.args.first() {
                        self.expr(left);
                    }
                    return;
                }
                ExprKind::Operator(_) | ExprKind::Distinct(_) | ExprKind::Function(_) | ExprKind::SubLink(_) => {
                    self.0 += 1.0;
                }
                _ => {}
            }
            expr.visit_children(self);
        }
        fn query(&mut self, _: &Query) {}
        fn as_dyn(&mut self) -> &mut dyn Visitor {
            self
        }
    }
    let mut count = Count(0.0);
    count.expr(expr);
    count.0
}
