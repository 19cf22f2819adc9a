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
    let any = |exprs: &[Expr]| exprs.iter().any(has_effects);
    match &expr.kind {
        ExprKind::Column(_)
        | ExprKind::Const(_)
        | ExprKind::Param(_)
        | ExprKind::Slot(_)
        | ExprKind::Local(_)
        | ExprKind::SqlValue(_) => false,
        ExprKind::Call(it) | ExprKind::Distinct(it) | ExprKind::NullIf(it) | ExprKind::ScalarArray { call: it, .. } => {
            it.volatile || any(&it.args)
        }
        ExprKind::And(args) | ExprKind::Or(args) | ExprKind::Coalesce(args) | ExprKind::Row { fields: args, .. } => {
            any(args)
        }
        ExprKind::Not(arg)
        | ExprKind::IsNull { arg, .. }
        | ExprKind::IsBoolean { arg, .. }
        | ExprKind::ViaIo(arg)
        | ExprKind::Field { arg, .. } => has_effects(arg),
        ExprKind::Case { whens, otherwise } => {
            whens.iter().any(|(when, then)| has_effects(when) || has_effects(then)) || has_effects(otherwise)
        }
        ExprKind::Array { elements, .. } => any(elements),
        _ => true,
    }
}
