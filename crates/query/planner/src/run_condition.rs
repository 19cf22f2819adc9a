//! Run conditions: where a window function that only grows passes a bound, no later row of the partition is wanted.
//!
//! `SELECT … FROM (SELECT …, row_number() OVER w AS n …) WHERE n <= 3` needs three rows of each partition. A condition `n < bound` on a
//! column that never falls within a partition (or `n > bound` on one that never rises) is therefore the window's own: it drops the row that
//! fails, and all behind it. An equality gives such a bound, and stays.
//!
//! Only the window that is computed last can have run conditions: others would take rows away that later windows look at.

use analyzer::query::{self as q, Expr, ExprKind, FrameBound, FrameExclusion, FrameUnit, OperatorCall, Query, Var};
use catalog::objects::BTREE;
use error::Result;
use ids::Oid;

use crate::level::Planner;
use crate::prepare::is_volatile;
use crate::pushdown::is_plain;

const COUNT_ANY: Oid = Oid(2147);
const COUNT_ROWS: Oid = Oid(2803);
const NTILE: Oid = Oid(3105);

/// Strategies of B-tree operator families.
const LESS: i16 = 1;
const LESS_OR_EQUAL: i16 = 2;
const EQUAL: i16 = 3;
const GREATER_OR_EQUAL: i16 = 4;
const GREATER: i16 = 5;

/// A bound of a column that is a call of a window function.
pub(crate) struct RunCondition {
    /// Which column of the query's output.
    column: usize,
    /// The comparison, the bound being its only argument.
    call: OperatorCall,
    /// The column stands on its left side.
    on_left: bool,
    /// The number of the condition that it came from, if it says all of that.
    whole: Option<usize>,
}

/// How a window function's value goes within a partition.
#[derive(Clone, Copy, Default)]
struct Course {
    rises: bool,
    falls: bool,
}

impl Planner<'_> {
    /// The run conditions that conditions on the entry `at`, which is this query, come to.
    pub fn run_conditions(&mut self, at: usize, query: &Query, conditions: &[Expr]) -> Result<Vec<RunCondition>> {
        let mut found = Vec::new();
        if !query.has.windows || query.set_operation.is_some() || query.has.target_sets {
            return Ok(found);
        }
        let distinct_or_limited = !query.distinct.is_empty() || query.limit.is_some() || query.offset.is_some();
        if distinct_or_limited || !query.row_marks.is_empty() {
            return Ok(found);
        }
        for (number, condition) in conditions.iter().enumerate() {
            let ExprKind::Operator(call) = &condition.kind else { continue };
            let [left, right] = &call.args[..] else { continue };
            for (on_left, column, bound) in [(true, left, right), (false, right, left)] {
                let ExprKind::Var(Var { level: 0, relation, column, .. }) = column.kind else { continue };
                let Ok(column) = usize::try_from(column - 1) else { continue };
                let Some(target) = query.output().nth(column).filter(|_| relation == at) else { continue };
                let ExprKind::Window(window) = &target.expr.kind else { continue };
                let fixed =
                    crate::prepare::relids_of(bound) == 0 && is_plain(bound) && !is_volatile(self.ctx.catalog, bound)?;
                if !fixed {
                    continue;
                }
                let course = self.course(window, &query.windows[window.window])?;
                let Some((operator, whole)) = self.bounding(call, on_left, course)? else { continue };
                let mut bound = bound.clone();
                analyzer::shift_levels_from(&mut bound, 1, 1);
                let function = self.ctx.catalog.operator(operator)?.oprcode;
                let call = OperatorCall { operator, function, args: vec![bound], ..call.clone() };
                found.push(RunCondition { column, call, on_left, whole: whole.then_some(number) });
                break;
            }
        }
        Ok(found)
    }

    /// The run conditions of the windows with these numbers, in the terms of the query that is being planned; from here on they are asked.
    pub fn take_run_conditions(&mut self, windows: &[usize], targets: &[q::TargetEntry]) -> Vec<Expr> {
        let level = self.level();
        let mut taken = Vec::new();
        for condition in std::mem::take(&mut level.run_conditions) {
            let target = targets.iter().filter(|target| !target.junk).nth(condition.column);
            let Some(call) = target.map(|target| &target.expr) else { continue };
            if !matches!(&call.kind, ExprKind::Window(window) if windows.contains(&window.window)) {
                continue;
            }
            let RunCondition { call: mut comparison, on_left, whole, .. } = condition;
            comparison.args.insert(if on_left { 0 } else { comparison.args.len() }, call.clone());
            taken.push(analyzer::types::condition(ExprKind::Operator(comparison), q::NO_LOCATION));
            level.run_taken.extend(whole);
        }
        taken
    }

    /// How a call's values go.
    fn course(&self, call: &q::WindowCall, window: &q::WindowClause) -> Result<Course> {
        let rises = Course { rises: true, falls: false };
        let constant = |arg: &Expr| matches!(&arg.kind, ExprKind::Const(value) if !value.is_null());
        if !call.aggregate {
            return Ok(match call.function {
                NTILE if !call.args.iter().all(constant) => Course::default(),
                Oid(3100..=3105) => rises,
                _ => Course::default(),
            });
        }
        let frame = &window.frame;
        let counts_all = match frame.exclude {
            FrameExclusion::NoOthers => matches!(call.function, COUNT_ANY | COUNT_ROWS),
            FrameExclusion::CurrentRow => call.function == COUNT_ROWS,
            FrameExclusion::Group | FrameExclusion::Ties => false,
        };
        if !counts_all || call.filter.is_some() {
            return Ok(Course::default());
        }
        for arg in &call.args {
            if !is_plain(arg) || is_volatile(self.ctx.catalog, arg)? {
                return Ok(Course::default());
            }
        }
        // All rows are peers, and have one frame.
        let peers = window.order_by.is_empty() && frame.unit != FrameUnit::Rows;
        Ok(Course {
            rises: peers || frame.start == FrameBound::UnboundedPreceding,
            falls: peers || frame.end == FrameBound::UnboundedFollowing,
        })
    }

    /// The operator that ends a partition, if a comparison has one, and whether it says all of the comparison.
    fn bounding(&self, call: &OperatorCall, on_left: bool, course: Course) -> Result<Option<(Oid, bool)>> {
        for member in self.ctx.catalog.operator_families(call.operator)?.iter() {
            if member.amopmethod != BTREE || member.amoppurpose != b's' {
                continue;
            }
            // What the comparison is, seen from the function.
            let strategy = match (member.amopstrategy, on_left) {
                (strategy, true) => strategy,
                (strategy, false) => LESS + GREATER - strategy,
            };
            let (ends, whole) = match strategy {
                LESS | LESS_OR_EQUAL => (course.rises, true),
                GREATER | GREATER_OR_EQUAL => (course.falls, true),
                EQUAL => (course.rises || course.falls, course.rises && course.falls),
                _ => (false, false),
            };
            if !ends {
                continue;
            }
            if strategy != EQUAL || whole {
                return Ok(Some((call.operator, whole)));
            }
            let wanted = if course.rises == on_left { LESS_OR_EQUAL } else { GREATER_OR_EQUAL };
            let (family, left, right) = (member.amopfamily, member.amoplefttype, member.amoprighttype);
            return Ok(self
                .ctx
                .catalog
                .family_operator(family, left, right, wanted)?
                .map(|operator| (operator, false)));
        }
        Ok(None)
    }
}
