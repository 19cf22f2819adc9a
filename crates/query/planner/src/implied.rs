//! Whether conditions imply another one: for indexes on a part of a table's rows.

use analyzer::query::{Expr, ExprKind};
use batch::Datum;
use catalog::Catalog;
use error::Result;

use crate::prepare::conjuncts;

/// Whether every row for which all of `known` are true meets the condition.
pub(crate) fn implies(catalog: &Catalog, known: &[Expr], condition: &Expr) -> Result<bool> {
    let mut parts = Vec::new();
    conjuncts(condition.clone(), &mut parts);
    for part in &parts {
        if !implies_one(catalog, known, part)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn implies_one(catalog: &Catalog, known: &[Expr], part: &Expr) -> Result<bool> {
    if known.contains(part) {
        return Ok(true);
    }
    // Some arm of an OR suffices.
    if let ExprKind::Or(args) = &part.kind {
        for arg in args {
            if implies(catalog, known, arg)? {
                return Ok(true);
            }
        }
    }
    for qual in known {
        let found = match &qual.kind {
            // Every arm must imply it.
            ExprKind::Or(args) => {
                let mut all = true;
                for arg in args {
                    let mut arm = Vec::new();
                    conjuncts(arg.clone(), &mut arm);
                    all &= implies_one(catalog, &arm, part)?;
                }
                all
            }
            _ => implied_by(catalog, qual, part)?,
        };
        if found {
            return Ok(true);
        }
    }
    Ok(false)
}

fn implied_by(catalog: &Catalog, known: &Expr, part: &Expr) -> Result<bool> {
    match &part.kind {
        // What makes a strict condition true is not null.
        ExprKind::NullTest { arg, is_null: false, row: false } => Ok(is_strict_in(catalog, known, arg)?),
        ExprKind::Operator(wanted) => {
            let ExprKind::Operator(given) = &known.kind else { return Ok(false) };
            let ([column, bound], [same, value]) = (&wanted.args[..], &given.args[..]) else { return Ok(false) };
            if column != same || wanted.input_collation != given.input_collation {
                return Ok(false);
            }
            let (ExprKind::Const(bound), ExprKind::Const(value)) = (&bound.kind, &value.kind) else { return Ok(false) };
            compare(catalog, (given.operator, value), (wanted.operator, bound), wanted, given)
        }
        _ => Ok(false),
    }
}

/// Whether a condition cannot be true where `arg` is null.
fn is_strict_in(catalog: &Catalog, condition: &Expr, arg: &Expr) -> Result<bool> {
    if condition == arg {
        return Ok(true);
    }
    let any = |args: &[Expr]| -> Result<bool> {
        for one in args {
            if is_strict_in(catalog, one, arg)? {
                return Ok(true);
            }
        }
        Ok(false)
    };
    match &condition.kind {
        ExprKind::Operator(call) => Ok(catalog.function(call.function)?.proisstrict && any(&call.args)?),
        ExprKind::Function(call) => Ok(catalog.function(call.function)?.proisstrict && any(&call.args)?),
        ExprKind::ScalarArray { call, any: true } => Ok(catalog.function(call.function)?.proisstrict
            && call.args.first().is_some_and(|left| is_strict_in(catalog, left, arg).unwrap_or(false))),
        ExprKind::NullTest { arg: inner, is_null: false, row: false } => is_strict_in(catalog, inner, arg),
        ExprKind::Relabel(inner, _) | ExprKind::Not(inner) => is_strict_in(catalog, inner, arg),
        _ => Ok(false),
    }
}

/// Whether `x given value` implies `x wanted bound`, by the B-tree family that both operators are of.
fn compare(
    catalog: &Catalog,
    (given, value): (ids::Oid, &Datum),
    (wanted, bound): (ids::Oid, &Datum),
    wanted_call: &analyzer::query::OperatorCall,
    given_call: &analyzer::query::OperatorCall,
) -> Result<bool> {
    let families = catalog.operator_families(wanted)?;
    for member in families.iter().filter(|m| m.amopmethod == catalog::objects::BTREE && m.amoppurpose == b's') {
        let Some(strategy) = catalog.operator_strategy(given, member.amopfamily)? else { continue };
        // The comparison of the two constants that decides: `value test bound`.
        let test = match (strategy, member.amopstrategy) {
            (1, 1) | (2, 2) | (1, 2) | (3, 2) => 2,
            (2, 1) | (3, 1) => 1,
            (3, 3) => 3,
            (5, 5) | (4, 4) | (5, 4) | (3, 4) => 4,
            (4, 5) | (3, 5) => 5,
            _ => continue,
        };
        let types = (given_call.args[1].ty.oid, wanted_call.args[1].ty.oid);
        let Some(operator) = catalog.family_operator(member.amopfamily, types.0, types.1, test)? else { continue };
        let Some(function) = types::function(catalog.operator(operator)?.oprcode) else { continue };
        let (Some(a), Some(b)) = (value.repr(), bound.repr()) else { return Ok(false) };
        let (a, b) = (batch::Column::constant(a, value.as_ref()), batch::Column::constant(b, bound.as_ref()));
        let arg_types = [types.0, types.1];
        let env = types::DefaultEnvironment::default();
        let context = types::Context {
            env: &env,
            collation: wanted_call.input_collation,
            result_type: types::oid::BOOL,
            arg_types: &arg_types,
            variadic: false,
        };
        let mut out = batch::Column::new(batch::Repr::B1);
        if function.evaluate(&[&a, &b], batch::Rows::All(1), 1, context, &mut out).is_err() {
            return Ok(false);
        }
        return Ok(matches!(out.get(0), batch::DatumRef::B1(n) if n != 0));
    }
    Ok(false)
}
