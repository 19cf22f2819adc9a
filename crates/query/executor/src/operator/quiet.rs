//! Which expressions may be evaluated for more rows than are wanted, because nobody would notice.

use catalog::Catalog;
use planner::plan::{Call, Expr, ExprKind};

/// Whether evaluating an expression has no effect and cannot fail, whatever its inputs. A function that may do so is one that
/// PostgreSQL calls leakproof: it tells nothing of its arguments but by its result, so not by errors either.
pub(super) fn is_quiet(expr: &Expr, catalog: &Catalog) -> bool {
    let all = |exprs: &[Expr]| exprs.iter().all(|expr| is_quiet(expr, catalog));
    let call = |call: &Call| {
        !call.volatile && catalog.function(call.function).is_ok_and(|row| row.proleakproof) && all(&call.args)
    };
    match &expr.kind {
        ExprKind::Column(_)
        | ExprKind::Const(_)
        | ExprKind::Param(_)
        | ExprKind::Slot(_)
        | ExprKind::Local(_)
        | ExprKind::SqlValue(_) => true,
        ExprKind::Call(it) | ExprKind::Distinct(it) | ExprKind::NullIf(it) | ExprKind::ScalarArray { call: it, .. } => {
            call(it)
        }
        ExprKind::And(args) | ExprKind::Or(args) | ExprKind::Coalesce(args) | ExprKind::Row { fields: args, .. } => {
            all(args)
        }
        ExprKind::Not(arg)
        | ExprKind::IsNull { arg, .. }
        | ExprKind::IsBoolean { arg, .. }
        | ExprKind::Field { arg, .. } => is_quiet(arg, catalog),
        ExprKind::Case { whens, otherwise } => {
            whens.iter().all(|(when, then)| is_quiet(when, catalog) && is_quiet(then, catalog))
                && is_quiet(otherwise, catalog)
        }
        _ => false,
    }
}

/// Whether evaluating an expression has effects, or gives another result each time, so that the order of evaluations shows.
pub(super) fn has_effects(expr: &Expr) -> bool {
    calls(expr, &|call| call.volatile, true)
}

/// Whether an expression calls a function of a user that is volatile: it may do or tell anything, so it is called row by row, as the rest
/// of the statement goes on. (It costs more than a row by itself does.)
pub(super) fn calls_users(expr: &Expr) -> bool {
    calls(expr, &|call| call.volatile && call.function >= ids::Oid::FIRST_NORMAL, false)
}

/// Whether an expression makes such a call; `other` is said of what is not looked into.
fn calls(expr: &Expr, is_such: &dyn Fn(&Call) -> bool, other: bool) -> bool {
    let within = |expr: &Expr| calls(expr, is_such, other);
    let any = |exprs: &[Expr]| exprs.iter().any(within);
    match &expr.kind {
        ExprKind::Column(_)
        | ExprKind::Const(_)
        | ExprKind::Param(_)
        | ExprKind::Slot(_)
        | ExprKind::Local(_)
        | ExprKind::SqlValue(_) => false,
        ExprKind::Call(it) | ExprKind::Distinct(it) | ExprKind::NullIf(it) | ExprKind::ScalarArray { call: it, .. } => {
            is_such(it) || any(&it.args)
        }
        ExprKind::And(args) | ExprKind::Or(args) | ExprKind::Coalesce(args) | ExprKind::Row { fields: args, .. } => {
            any(args)
        }
        ExprKind::Not(arg)
        | ExprKind::IsNull { arg, .. }
        | ExprKind::IsBoolean { arg, .. }
        | ExprKind::ViaIo(arg)
        | ExprKind::Field { arg, .. } => within(arg),
        ExprKind::Case { whens, otherwise } => {
            whens.iter().any(|(when, then)| within(when) || within(then)) || within(otherwise)
        }
        ExprKind::Array { elements, .. } => any(elements),
        _ => other,
    }
}
