//! Window functions: one node for each window, in an order in which windows share sorts.

use std::cmp::Ordering;

use analyzer::node::Visitor;
use analyzer::query::{self as q, Expr, ExprKind, Query, TargetEntry, WindowClause};
use error::Result;
use ids::Oid;

use crate::level::{Built, PathKey, Planner};
use crate::plan::*;
use crate::users_aggregate::{Called, Way};

impl Planner<'_> {
    /// Window functions, window by window.
    pub fn windows(&mut self, mut built: Built, targets: &[TargetEntry]) -> Result<Built> {
        let (windows, found) = self.windows_used(targets);
        let mut names: Vec<String> = windows.iter().filter_map(|(_, window)| window.name.clone()).collect();
        for (place, (numbers, clause)) in windows.iter().enumerate() {
            let name = clause.name.clone().unwrap_or_else(|| {
                let free = (1..).map(|n| format!("w{n}")).find(|name| !names.contains(name)).unwrap_or_default();
                names.push(free.clone());
                free
            });
            let calls: Vec<Expr> =
                found.0.iter().filter(|call| numbers.iter().any(|&number| is_of(call, number))).cloned().collect();
            let partition = self.path_keys(targets, &clause.partition_by);
            let order = self.path_keys(targets, &clause.order_by);
            let keys = self.window_keys(targets, clause);
            built = self.sort(built, keys)?;
            let exprs: Vec<Expr> = partition.iter().chain(&order).map(|k| k.expr.clone()).collect();
            let columns = self.columns_for(&mut built, &exprs)?;
            let mut group_keys = Vec::with_capacity(columns.len());
            for (&column, clause) in columns.iter().zip(clause.partition_by.iter().chain(&clause.order_by)) {
                group_keys.push(self.group_key(column, built.node.output[column], clause.equality)?);
            }
            let peers = group_keys.split_off(partition.len());
            let mut order_keys = Vec::with_capacity(order.len());
            for (&column, clause) in columns[partition.len()..].iter().zip(&clause.order_by) {
                order_keys.push(self.sort_key(column, built.node.output[column], clause)?);
            }
            let mut functions = Vec::with_capacity(calls.len());
            for call in &calls {
                let ExprKind::Window(window) = &call.kind else { continue };
                let filter = match &window.filter {
                    Some(filter) => Some(self.compile(filter, &built.layout)?),
                    None => None,
                };
                let (function, users) = self.window_way(window, call.ty, &clause.frame)?;
                functions.push(WindowFunction {
                    function,
                    users,
                    aggregate: window.aggregate,
                    args: self.compile_all(&window.args, &built.layout)?,
                    filter,
                    collation: window.input_collation,
                    ty: self.column_type(call.ty)?,
                });
            }
            let frame = Frame {
                unit: clause.frame.unit,
                start: self.frame_bound(&clause.frame.start)?,
                end: self.frame_bound(&clause.frame.end)?,
                exclude: clause.frame.exclude,
                in_range: clause.frame.in_range,
            };
            let input = built.node.cost;
            let mut layout = built.layout.clone();
            layout.extend(calls);
            let cost = Cost {
                startup: input.startup,
                total: input.total + input.rows * self.ctx.costs.cpu_operator_cost * functions.len() as f64,
                rows: input.rows,
                width: self.width(&layout),
            };
            let computed_here = !matches!(built.node.kind, NodeKind::Sort { .. } | NodeKind::WindowAgg { .. });
            let shown = ShownWindow {
                name,
                computed_here,
                partition: self
                    .telling(partition.iter().map(|key| key.expr.clone()).collect())
                    .iter()
                    .map(|expr| self.named(expr))
                    .collect(),
                order: order.iter().map(|key| self.named(&key.expr)).collect(),
                frame: clause.frame.clone(),
            };
            let last = place + 1 == windows.len();
            let run = if last { self.take_run_conditions(numbers, targets) } else { Vec::new() };
            let kind = NodeKind::WindowAgg {
                input: Box::new(built.node),
                partition: group_keys,
                order: peers,
                order_keys,
                frame,
                functions,
                until: self.compile_all(&run, &layout)?,
                shown: Box::new(shown),
            };
            let mut node = self.node(kind, &layout, cost)?;
            self.detail(&mut node, "Run Condition", &run);
            built = Built { node, layout, order: built.order };
        }
        Ok(built)
    }

    /// The windows that functions are called over, in the order in which they are computed, with the numbers of the clauses that are each; and the calls.
    fn windows_used(&mut self, targets: &[TargetEntry]) -> (Vec<(Vec<usize>, WindowClause)>, Windows) {
        let clauses = self.level().query.windows.clone();
        if clauses.is_empty() || !self.level().query.has.windows {
            return Default::default();
        }
        let mut found = Windows::default();
        for target in targets {
            found.expr(&target.expr);
        }
        let mut windows: Vec<(Vec<usize>, WindowClause)> = Vec::with_capacity(clauses.len());
        for (number, mut window) in clauses.into_iter().enumerate() {
            let mut calls = found.0.iter().filter(|call| is_of(call, number)).peekable();
            if calls.peek().is_none() {
                continue;
            }
            if calls.all(ignores_frame) {
                window.frame = rows_so_far(&window.frame);
            }
            // Windows may have become equal by that.
            match windows.iter_mut().find(|(_, other)| is_same(other, &window)) {
                Some((numbers, _)) => numbers.push(number),
                None => windows.push((vec![number], window)),
            }
        }
        // A window whose keys begin another one's is sorted when that one is.
        windows.sort_by(|(_, a), (_, b)| by_prefix(a, b));
        (windows, found)
    }

    /// The keys that a window's rows come in order of: those of its partitions, then its own.
    fn window_keys(&mut self, targets: &[TargetEntry], clause: &WindowClause) -> Vec<PathKey> {
        let mut keys = self.path_keys(targets, &clause.partition_by);
        for key in self.path_keys(targets, &clause.order_by) {
            if !keys.iter().any(|k| k.expr == key.expr) {
                keys.push(key);
            }
        }
        keys
    }

    /// The order that the first window wants of its rows.
    pub fn window_order(&mut self, targets: &[TargetEntry]) -> Vec<PathKey> {
        match self.windows_used(targets).0.first() {
            Some((_, clause)) => self.window_keys(targets, &clause.clone()),
            None => Vec::new(),
        }
    }

    /// What computes a window function: the built-in function, or the functions of a user's aggregate.
    fn window_way(
        &mut self,
        window: &q::WindowCall,
        result: q::SqlType,
        frame: &q::Frame,
    ) -> Result<(Oid, Option<Box<UsersAggregate>>)> {
        if !window.aggregate {
            let call = self.call(window.function, &[], window.input_collation, &[])?;
            return Ok((call.function, None));
        }
        // What is volatile would not be the same when it is taken out again.
        let mut volatile = false;
        for expr in window.args.iter().chain(&window.filter) {
            volatile |= crate::prepare::is_volatile(self.ctx.catalog, expr)?;
        }
        let called = Called {
            function: window.function,
            direct: &[],
            args: window.args.iter().collect(),
            collation: window.input_collation,
            variadic: false,
            result,
            moving: !volatile
                && frame.start != q::FrameBound::UnboundedPreceding
                && frame.exclude == q::FrameExclusion::NoOthers,
        };
        Ok(match self.aggregate_way(&called)? {
            Way::Builtin(function) => (function, None),
            Way::Users(users) => (window.function, Some(users)),
        })
    }

    fn frame_bound(&mut self, bound: &q::FrameBound) -> Result<FrameBound> {
        Ok(match bound {
            q::FrameBound::UnboundedPreceding => FrameBound::UnboundedPreceding,
            q::FrameBound::Preceding(e) => FrameBound::Preceding(self.compile(e, &[])?),
            q::FrameBound::CurrentRow => FrameBound::CurrentRow,
            q::FrameBound::Following(e) => FrameBound::Following(self.compile(e, &[])?),
            q::FrameBound::UnboundedFollowing => FrameBound::UnboundedFollowing,
        })
    }
}

/// Whether an expression is a call over the window with this number.
fn is_of(call: &Expr, window: usize) -> bool {
    matches!(&call.kind, ExprKind::Window(call) if call.window == window)
}

/// Whether a window function's result does not depend on the frame: `row_number`, `rank`, `dense_rank`, `percent_rank`,
/// `cume_dist`, `ntile`.
fn ignores_frame(call: &Expr) -> bool {
    matches!(&call.kind, ExprKind::Window(call) if !call.aggregate && (3100..=3105).contains(&call.function.0))
}

/// Whether two windows are the same but for their names.
fn is_same(a: &WindowClause, b: &WindowClause) -> bool {
    a.partition_by == b.partition_by && a.order_by == b.order_by && a.frame == b.frame
}

/// The frame from the partition's start to the current row: the cheapest one.
fn rows_so_far(frame: &q::Frame) -> q::Frame {
    q::Frame {
        explicit: true,
        between: false,
        unit: q::FrameUnit::Rows,
        start: q::FrameBound::UnboundedPreceding,
        end: q::FrameBound::CurrentRow,
        exclude: q::FrameExclusion::NoOthers,
        ..frame.clone()
    }
}

/// Orders windows by their keys, later ones of the statement first, such that a window stands before those whose keys begin its own.
fn by_prefix(a: &WindowClause, b: &WindowClause) -> Ordering {
    fn keys(window: &WindowClause) -> Vec<&q::SortClause> {
        let mut keys: Vec<&q::SortClause> = Vec::new();
        for key in window.partition_by.iter().chain(&window.order_by) {
            if keys.iter().all(|k| k.target_ref != key.target_ref) {
                keys.push(key);
            }
        }
        keys
    }
    let (a, b) = (keys(a), keys(b));
    for (a, b) in a.iter().zip(&b) {
        let rank = |key: &q::SortClause| (key.target_ref, key.ordering.0, key.nulls_first);
        let order = rank(b).cmp(&rank(a));
        if order.is_ne() {
            return order;
        }
    }
    b.len().cmp(&a.len())
}

/// The calls of window functions, each once.
#[derive(Default)]
struct Windows(Vec<Expr>);

impl Visitor for Windows {
    fn expr(&mut self, expr: &Expr) {
        if matches!(expr.kind, ExprKind::Window(_)) {
            if !self.0.contains(expr) {
                self.0.push(expr.clone());
            }
        } else {
            expr.visit_children(self);
        }
    }
    fn query(&mut self, _: &Query) {}
    fn as_dyn(&mut self) -> &mut dyn Visitor {
        self
    }
}
