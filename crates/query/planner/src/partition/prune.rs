//! Which partitions rows under given conditions may be in.
//!
//! A condition on a partition key is a set of partitions; AND intersects, OR unites. What says nothing of the key stands for all
//! partitions: pruning may keep too many, never too few. The rules are those of PostgreSQL's documentation ("Partition Pruning").

use analyzer::query::{Expr, ExprKind, OperatorCall};
use batch::{Datum, DatumRef};
use error::Result;
use ids::Oid;

use super::{Bounds, Partitioned, Strategy};
use crate::level::Planner;
use crate::scan::stripped;

/// What a condition says of one column of the key.
#[derive(Clone, Debug)]
enum Fact {
    /// It is equal to one of these (encoded for list and range; as they are for hash).
    In(Vec<Datum>, Oid),
    /// Strategy 1, 2, 4 or 5 of a B-tree, and the value.
    Bound(i16, Datum, Oid),
    /// It differs from these values, and is not null.
    NotIn(Vec<Datum>, Oid),
    /// It is null, or differs from this truth value.
    NotTruth(bool),
    Null,
    NotNull,
    /// Nothing can be true of it.
    Never,
}

/// Which partitions of a table rows under these conditions (all of which hold) may be in.
pub(crate) fn matching(
    planner: &mut Planner<'_>,
    partitions: &Partitioned,
    at: usize,
    quals: &[Expr],
) -> Result<Vec<bool>> {
    let count = partitions.partitions.len();
    let mut kept = vec![true; count];
    let mut facts: Vec<(usize, Fact)> = Vec::new();
    for qual in quals {
        match &qual.kind {
            ExprKind::Const(value) if value.as_bool() != Some(true) => return Ok(vec![false; count]),
            ExprKind::Or(arms) => {
                let mut any = vec![false; count];
                for arm in arms {
                    let mut parts = Vec::new();
                    crate::prepare::conjuncts(arm.clone(), &mut parts);
                    for (any, one) in any.iter_mut().zip(matching(planner, partitions, at, &parts)?) {
                        *any |= one;
                    }
                }
                kept.iter_mut().zip(any).for_each(|(kept, any)| *kept &= any);
            }
            ExprKind::And(parts) => {
                let inner = matching(planner, partitions, at, parts)?;
                kept.iter_mut().zip(inner).for_each(|(kept, inner)| *kept &= inner);
            }
            _ => {
                if let Some(fact) = fact(planner, partitions, at, qual)? {
                    facts.push(fact);
                }
            }
        }
    }
    if facts.iter().any(|(_, fact)| matches!(fact, Fact::Never)) {
        return Ok(vec![false; count]);
    }
    if facts.is_empty() {
        return Ok(kept);
    }
    let by_key = match partitions.key.strategy {
        Strategy::List => list(planner, partitions, &facts)?,
        Strategy::Range => range(planner, partitions, &facts)?,
        Strategy::Hash => hash(planner, partitions, &facts)?,
    };
    kept.iter_mut().zip(by_key).for_each(|(kept, one)| *kept &= one);
    Ok(kept)
}

/// What a condition says of a column of the key, if anything.
fn fact(planner: &mut Planner<'_>, partitions: &Partitioned, at: usize, qual: &Expr) -> Result<Option<(usize, Fact)>> {
    let key = &partitions.key;
    let exprs: Vec<Expr> = key
        .exprs
        .iter()
        .map(|expr| {
            let mut expr = expr.clone();
            crate::scan::renumber(&mut expr, at);
            expr
        })
        .collect();
    let column = |expr: &Expr| exprs.iter().position(|have| stripped(have) == stripped(expr));
    let catalog = planner.ctx.catalog;
    match &qual.kind {
        ExprKind::NullTest { arg, is_null, row: false } => {
            Ok(column(arg).map(|n| (n, if *is_null { Fact::Null } else { Fact::NotNull })))
        }
        ExprKind::BooleanTest { arg, value, negated } => {
            let Some(n) = column(arg) else { return Ok(None) };
            let truth = |value: bool| vec![Datum::B1(value as u8)];
            Ok(match (value, negated) {
                (Some(true), false) => Some((n, Fact::In(truth(true), types::oid::BOOL))),
                (Some(false), false) => Some((n, Fact::In(truth(false), types::oid::BOOL))),
                (None, false) => Some((n, Fact::Null)),
                (None, true) => Some((n, Fact::NotNull)),
                (Some(value), true) => Some((n, Fact::NotTruth(*value))),
            })
        }
        ExprKind::Not(arg) => {
            let found = column(arg).filter(|_| arg.ty.oid == types::oid::BOOL);
            Ok(found.map(|n| (n, Fact::In(vec![Datum::B1(0)], types::oid::BOOL))))
        }
        ExprKind::Var(_) if qual.ty.oid == types::oid::BOOL => {
            Ok(column(qual).map(|n| (n, Fact::In(vec![Datum::B1(1)], types::oid::BOOL))))
        }
        ExprKind::Operator(call) => {
            let [left, right] = &call.args[..] else { return Ok(None) };
            for (side, other, commuted) in [(left, right, false), (right, left, true)] {
                let Some(n) = column(side) else { continue };
                let ExprKind::Const(value) = &stripped(other).kind else { continue };
                if !same_collation(partitions, n, call) {
                    return Ok(None);
                }
                let operator = match commuted {
                    true => catalog.operator(call.operator)?.oprcom,
                    false => call.operator,
                };
                let family = catalog.opclass(key.classes[n])?.opcfamily;
                let function = catalog.function(call.function)?;
                let strict = function.proisstrict;
                // What depends on a setting may be otherwise when the plan runs.
                if function.provolatile != b'i' {
                    return Ok(None);
                }
                let value_type = stripped(other).ty.oid;
                if let Some(strategy) = catalog.operator_strategy(operator, family)? {
                    if value.is_null() && strict {
                        return Ok(Some((n, Fact::Never)));
                    }
                    let equal = match key.strategy {
                        Strategy::Hash => 1,
                        _ => 3,
                    };
                    return Ok(Some((
                        n,
                        match strategy {
                            s if s == equal => Fact::In(vec![value.clone()], value_type),
                            s => Fact::Bound(s, value.clone(), value_type),
                        },
                    )));
                }
                // `<>` is the negator of a member.
                let negator = catalog.operator(operator)?.oprnegate;
                if key.strategy == Strategy::List
                    && negator.is_valid()
                    && catalog.operator_strategy(negator, family)? == Some(3)
                {
                    return Ok(Some((
                        n,
                        match value.is_null() {
                            true => Fact::Never,
                            false => Fact::NotIn(vec![value.clone()], value_type),
                        },
                    )));
                }
                return Ok(None);
            }
            Ok(None)
        }
        ExprKind::ScalarArray { call, any } => {
            let [left, array] = &call.args[..] else { return Ok(None) };
            let Some(n) = column(left) else { return Ok(None) };
            let ExprKind::Const(value) = &stripped(array).kind else { return Ok(None) };
            if !same_collation(partitions, n, call) {
                return Ok(None);
            }
            let family = catalog.opclass(key.classes[n])?.opcfamily;
            let equal = if key.strategy == Strategy::Hash { 1 } else { 3 };
            if catalog.function(call.function)?.provolatile != b'i' {
                return Ok(None);
            }
            let operator = match any {
                true => call.operator,
                // `<> ALL`: its negator is a member.
                false => catalog.operator(call.operator)?.oprnegate,
            };
            if !operator.is_valid()
                || catalog.operator_strategy(operator, family)? != Some(equal)
                || !any && key.strategy != Strategy::List
            {
                return Ok(None);
            }
            let Datum::Bytes(bytes) = value else { return Ok(Some((n, Fact::Never))) };
            let view = types::array::View::new(bytes)?;
            let element = analyzer::types::element_type(catalog, stripped(array).ty.oid)?;
            let values: Vec<Datum> = view.iter().filter(|v| !v.is_null()).map(DatumRef::to_datum).collect();
            if !any {
                // A null among them makes it true of nothing; of no values at all it is true of nulls, too.
                let (null, none) = (values.len() < view.len(), view.is_empty());
                return Ok(match (null, none) {
                    (true, _) => Some((n, Fact::Never)),
                    (_, true) => None,
                    _ => Some((n, Fact::NotIn(values, element))),
                });
            }
            Ok(Some((
                n,
                match values.is_empty() {
                    true => Fact::Never,
                    false => Fact::In(values, element),
                },
            )))
        }
        _ => Ok(None),
    }
}

/// A comparison under another collation says nothing of the partitions' order.
fn same_collation(partitions: &Partitioned, column: usize, call: &OperatorCall) -> bool {
    let own = partitions.key.collations[column];
    !own.is_valid() || own == call.input_collation
}

/// The value as the key's type has it; none if it is of a type that cannot be taken for that.
fn converted(partitions: &Partitioned, column: usize, value: &Datum, ty: Oid) -> Option<Datum> {
    use types::oid::{INT2, INT4, INT8};
    let key = partitions.key.types[column];
    let is_text = |ty| matches!(ty, types::oid::TEXT | types::oid::VARCHAR);
    if ty == key || is_text(ty) && is_text(key) {
        return Some(value.clone());
    }
    if !is_integer(ty) || !is_integer(key) {
        return None;
    }
    let number = match value {
        Datum::B2(v) => i64::from(*v),
        Datum::B4(v) => i64::from(*v),
        Datum::B8(v) => *v,
        _ => return None,
    };
    match key {
        INT2 => i16::try_from(number).ok().map(Datum::B2),
        INT4 => i32::try_from(number).ok().map(Datum::B4),
        INT8 => Some(Datum::B8(number)),
        _ => None,
    }
}

fn is_integer(ty: Oid) -> bool {
    matches!(ty, types::oid::INT2 | types::oid::INT4 | types::oid::INT8)
}

fn encode(
    planner: &Planner<'_>,
    partitions: &Partitioned,
    column: usize,
    value: &Datum,
    ty: Oid,
    out: &mut Vec<u8>,
) -> Result<bool> {
    let (Some(encoder), Some(value)) = (&partitions.key.encoder, converted(partitions, column, value, ty)) else {
        return Ok(false);
    };
    encoder.encode_column(column, value.as_ref(), planner.ctx.env, out)?;
    Ok(true)
}

fn list(planner: &Planner<'_>, partitions: &Partitioned, facts: &[(usize, Fact)]) -> Result<Vec<bool>> {
    let count = partitions.partitions.len();
    let Bounds::List { values, null, default } = &partitions.bounds else { return Ok(vec![true; count]) };
    // Each value and null as candidates; the default partition stands for all other values.
    let mut alive = vec![true; values.len()];
    let (mut null_alive, mut default_alive) = (true, true);
    for (_, fact) in facts {
        match fact {
            Fact::Never => return Ok(vec![false; count]),
            Fact::Null => {
                alive.fill(false);
                default_alive &= null.is_none();
            }
            Fact::NotNull => null_alive = false,
            Fact::In(wanted, ty) => {
                let mut encoded = Vec::new();
                for value in wanted {
                    let mut bytes = Vec::new();
                    if !encode(planner, partitions, 0, value, *ty, &mut bytes)? {
                        return Ok(vec![true; count]);
                    }
                    encoded.push(bytes);
                }
                null_alive = false;
                for (alive, (value, _)) in alive.iter_mut().zip(values) {
                    *alive &= encoded.contains(value);
                }
                let listed = |bytes: &Vec<u8>| values.binary_search_by(|(value, _)| value.cmp(bytes)).is_ok();
                default_alive &= encoded.iter().any(|bytes| !listed(bytes));
            }
            Fact::NotIn(without, ty) => {
                null_alive = false;
                for value in without {
                    let mut bytes = Vec::new();
                    if encode(planner, partitions, 0, value, *ty, &mut bytes)? {
                        alive.iter_mut().zip(values).for_each(|(alive, (value, _))| *alive &= *value != bytes);
                    }
                }
            }
            Fact::NotTruth(truth) => {
                let mut bytes = Vec::new();
                let value = Datum::B1(*truth as u8);
                if encode(planner, partitions, 0, &value, types::oid::BOOL, &mut bytes)? {
                    alive.iter_mut().zip(values).for_each(|(alive, (value, _))| *alive &= *value != bytes);
                }
            }
            Fact::Bound(strategy, value, ty) => {
                null_alive = false;
                let mut bytes = Vec::new();
                if !encode(planner, partitions, 0, value, *ty, &mut bytes)? {
                    continue;
                }
                for (alive, (value, _)) in alive.iter_mut().zip(values) {
                    *alive &= match strategy {
                        1 => *value < bytes,
                        2 => *value <= bytes,
                        4 => *value >= bytes,
                        5 => *value > bytes,
                        _ => true,
                    };
                }
            }
        }
    }
    let mut kept = vec![false; count];
    for (alive, (_, partition)) in alive.iter().zip(values) {
        kept[*partition] |= alive;
    }
    if let Some(at) = *null {
        kept[at] |= null_alive;
    } else if let Some(at) = *default {
        kept[at] |= null_alive;
    }
    if let Some(at) = *default {
        kept[at] |= default_alive;
    }
    Ok(kept)
}

fn range(planner: &Planner<'_>, partitions: &Partitioned, facts: &[(usize, Fact)]) -> Result<Vec<bool>> {
    let count = partitions.partitions.len();
    let Bounds::Range { ranges, default } = &partitions.bounds else { return Ok(vec![true; count]) };
    let mut kept = vec![false; count];
    // Keys with nulls are in the default partition.
    if facts.iter().any(|(_, fact)| matches!(fact, Fact::Null)) {
        if let Some(at) = default {
            kept[*at] = true;
        }
        return Ok(kept);
    }
    // Prefixes of the key that are known, then an interval of what follows.
    let mut prefixes: Vec<Vec<u8>> = vec![Vec::new()];
    let mut intervals: Vec<(Vec<u8>, Option<Vec<u8>>)> = Vec::new();
    let columns = partitions.key.exprs.len();
    let mut open = false;
    for column in 0..columns {
        let own: Vec<&Fact> = facts.iter().filter(|(n, _)| *n == column).map(|(_, fact)| fact).collect();
        // The values that all equalities on the column allow.
        let mut allowed: Option<Vec<Vec<u8>>> = None;
        for fact in &own {
            let Fact::In(values, ty) = fact else { continue };
            let mut encoded = Vec::with_capacity(values.len());
            let mut usable = true;
            for value in values {
                let mut bytes = Vec::new();
                usable &= encode(planner, partitions, column, value, *ty, &mut bytes)?;
                encoded.push(bytes);
            }
            if usable {
                match &mut allowed {
                    None => allowed = Some(encoded),
                    Some(have) => have.retain(|bytes| encoded.contains(bytes)),
                }
            }
        }
        if let Some(allowed) = allowed {
            if prefixes.len().saturating_mul(allowed.len()) > 10_000 {
                break;
            }
            prefixes = prefixes
                .iter()
                .flat_map(|prefix| allowed.iter().map(move |bytes| [prefix.as_slice(), bytes].concat()))
                .collect();
            if prefixes.is_empty() {
                return Ok(kept);
            }
            continue;
        }
        let (mut lower, mut upper): (Option<(Vec<u8>, bool)>, Option<(Vec<u8>, bool)>) = (None, None);
        for fact in own {
            let Fact::Bound(strategy, value, ty) = fact else { continue };
            let mut bytes = Vec::new();
            if !encode(planner, partitions, column, value, *ty, &mut bytes)? {
                continue;
            }
            match strategy {
                1 | 2 => {
                    let new = (bytes, *strategy == 2);
                    if upper.as_ref().is_none_or(|have| new.0 < have.0 || new.0 == have.0 && !new.1) {
                        upper = Some(new);
                    }
                }
                4 | 5 => {
                    let new = (bytes, *strategy == 4);
                    if lower.as_ref().is_none_or(|have| new.0 > have.0 || new.0 == have.0 && !new.1) {
                        lower = Some(new);
                    }
                }
                _ => {}
            }
        }
        if lower.is_some() || upper.is_some() {
            open = true;
            for prefix in &prefixes {
                let joined = |bytes: &[u8]| [prefix.as_slice(), bytes].concat();
                let from = match &lower {
                    None => Some(prefix.clone()),
                    Some((bytes, true)) => Some(joined(bytes)),
                    Some((bytes, false)) => {
                        let mut after = joined(bytes);
                        access::key_successor(&mut after).then_some(after)
                    }
                };
                let to = match &upper {
                    None => {
                        let mut after = prefix.clone();
                        access::key_successor(&mut after).then_some(after)
                    }
                    Some((bytes, false)) => Some(joined(bytes)),
                    Some((bytes, true)) => {
                        let mut after = joined(bytes);
                        access::key_successor(&mut after).then_some(after)
                    }
                };
                if let Some(from) = from {
                    intervals.push((from, to));
                }
            }
        }
        break;
    }
    if !open {
        for prefix in prefixes {
            let mut after = prefix.clone();
            let bounded = access::key_successor(&mut after);
            intervals.push((prefix, bounded.then_some(after)));
        }
    }
    for (from, to) in intervals {
        if to.as_ref().is_some_and(|to| *to <= from) {
            continue;
        }
        // Whether the ranges leave something of the interval to the default partition.
        let mut covered = from.clone();
        let mut rest = true;
        for range in ranges {
            let before = range.upper.as_ref().is_some_and(|end| *end <= from);
            let after = to.as_ref().is_some_and(|to| *to <= range.lower);
            if before || after {
                continue;
            }
            kept[range.partition] = true;
            if range.lower <= covered {
                match &range.upper {
                    None => rest = false,
                    Some(end) => {
                        if *end > covered {
                            covered.clone_from(end);
                        }
                        rest &= to.as_ref().is_none_or(|to| *to > covered);
                    }
                }
            }
        }
        if let Some(at) = default
            && rest
        {
            kept[*at] = true;
        }
    }
    // A key of which some column is not known not to be null may be in the default partition.
    if let Some(at) = default {
        let known = |column: usize| facts.iter().any(|(n, _)| *n == column);
        kept[*at] |= (0..columns).any(|column| !known(column));
    }
    Ok(kept)
}

fn hash(planner: &Planner<'_>, partitions: &Partitioned, facts: &[(usize, Fact)]) -> Result<Vec<bool>> {
    let count = partitions.partitions.len();
    let Bounds::Hash { .. } = &partitions.bounds else { return Ok(vec![true; count]) };
    // All columns must be known.
    let mut keys: Vec<Vec<Datum>> = vec![Vec::new()];
    for column in 0..partitions.key.exprs.len() {
        let own = facts.iter().filter(|(n, _)| *n == column).find_map(|(_, fact)| match fact {
            Fact::In(values, ty) => {
                values.iter().map(|value| converted(partitions, column, value, *ty)).collect::<Option<Vec<Datum>>>()
            }
            Fact::Null => Some(vec![Datum::Null]),
            _ => None,
        });
        let Some(values) = own else { return Ok(vec![true; count]) };
        keys = keys
            .iter()
            .flat_map(|key| {
                values.iter().map(move |value| key.iter().cloned().chain([value.clone()]).collect::<Vec<_>>())
            })
            .collect();
        if keys.len() > 10_000 {
            return Ok(vec![true; count]);
        }
    }
    let mut kept = vec![false; count];
    let mut bytes = Vec::new();
    for key in keys {
        let values: Vec<DatumRef<'_>> = key.iter().map(Datum::as_ref).collect();
        if let Some(at) = partitions.bounds.route(&partitions.key, &values, planner.ctx.env, &mut bytes)? {
            kept[at] = true;
        }
    }
    Ok(kept)
}
