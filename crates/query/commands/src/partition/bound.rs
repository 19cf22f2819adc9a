//! FOR VALUES: from syntax to a stored bound, and whether it goes together with those there are.

use analyzer::Wanted;
use analyzer::partition::{PartitionBound, RangeDatum};
use analyzer::query::{Expr, ExprKind, SqlType};
use analyzer::scope::Place;
use batch::Datum;
use catalog::{Entry, Relation};
use error::{Error, Result, SqlState};
use ids::Oid;
use parser::ast::{self, PartitionBoundKind as Kind};
use planner::partition::{Bounds, Partitioned, Strategy, list_value, range_end};

use crate::{Context, expression};

fn invalid(text: impl Into<String>) -> Error {
    Error::new(SqlState::INVALID_TABLE_DEFINITION, text)
}

/// The bound that a statement writes for a partition of a table.
pub(super) fn analyze(
    context: &Context<'_>,
    parent: &Entry<Relation>,
    written: &ast::PartitionBound,
) -> Result<PartitionBound> {
    let partitions = super::of(context, parent.oid)?;
    let key = &partitions.key;
    let value = |at: usize, expr: &ast::Expr| -> Result<Expr> {
        let target = &key.exprs[at];
        let ty = SqlType { collation: key.collations[at], ..target.ty };
        let name = match key.numbers[at] {
            0 => context.catalog().expression_text(&analyzer::node::to_text(target), parent.oid, false)?,
            number => parent.column(number).map_or(String::new(), |column| column.attname.to_string()),
        };
        let wanted = Wanted::Column { name: &name, ty, what: "partition bound" };
        let stored = expression::store(context, expr, Place::PartitionBound, None, wanted).map_err(|error| {
            if error.state() != SqlState::DATATYPE_MISMATCH {
                return error;
            }
            let shown = context.catalog().format_type(ty.oid, ty.typmod).unwrap_or_default();
            let text = format!("specified value cannot be cast to type {shown} for column \"{name}\"");
            context.place(Error::new(SqlState::DATATYPE_MISMATCH, text), expr.location)
        })?;
        let datum = expression::value(context, stored.expr)?;
        Ok(Expr { kind: ExprKind::Const(datum), ty, location: analyzer::query::NO_LOCATION })
    };
    let wrong = |error: Error| context.place(error, written.location);
    let mismatch = || {
        let article = "a";
        wrong(invalid(format!("invalid bound specification for {article} {} partition", super::word(key.strategy))))
    };
    match (&written.kind, key.strategy) {
        (Kind::Default, Strategy::Hash) => Err(invalid("a hash-partitioned table may not have a default partition")),
        (Kind::Default, _) => Ok(PartitionBound::Default),
        (Kind::Hash { modulus, remainder }, Strategy::Hash) => {
            let (modulus, remainder) = (*modulus, *remainder);
            if modulus <= 0 {
                return Err(invalid("modulus for hash partition must be an integer value greater than zero"));
            }
            if remainder < 0 {
                return Err(invalid(
                    "remainder for hash partition must be an integer value greater than or equal to zero",
                ));
            }
            if remainder >= modulus {
                return Err(invalid("remainder for hash partition must be less than modulus"));
            }
            Ok(PartitionBound::Hash { modulus, remainder })
        }
        (Kind::List(values), Strategy::List) => {
            let mut list: Vec<Expr> = Vec::with_capacity(values.len());
            for expr in values {
                let value = value(0, expr)?;
                if !list.contains(&value) {
                    list.push(value);
                }
            }
            Ok(PartitionBound::List { values: list })
        }
        (Kind::Range { from, to }, Strategy::Range) => {
            for (ends, word) in [(from, "FROM"), (to, "TO")] {
                if ends.len() != key.exprs.len() {
                    return Err(invalid(format!("{word} must specify exactly one value per partitioning column")));
                }
            }
            let ends = |ends: &[ast::Expr]| -> Result<Vec<RangeDatum>> {
                let mut open: Option<RangeDatum> = None;
                let mut found = Vec::with_capacity(ends.len());
                for (at, expr) in ends.iter().enumerate() {
                    let end = match unbounded(expr) {
                        Some(end) => end,
                        None => RangeDatum::Value { value: value(at, expr)? },
                    };
                    if let RangeDatum::Value { value } = &end
                        && matches!(&value.kind, ExprKind::Const(Datum::Null))
                    {
                        let error = invalid("cannot specify NULL in range bound");
                        return Err(error);
                    }
                    if let Some(open) = &open
                        && *open != end
                    {
                        let word = if *open == RangeDatum::Least { "MINVALUE" } else { "MAXVALUE" };
                        let error = Error::new(
                            SqlState::DATATYPE_MISMATCH,
                            format!("every bound following {word} must also be {word}"),
                        );
                        return Err(context.place(error, expr.location));
                    }
                    if !matches!(end, RangeDatum::Value { .. }) {
                        open = Some(end.clone());
                    }
                    found.push(end);
                }
                Ok(found)
            };
            Ok(PartitionBound::Range { from: ends(from)?, to: ends(to)? })
        }
        _ => Err(mismatch()),
    }
}

/// MINVALUE and MAXVALUE, which the grammar takes for columns.
fn unbounded(expr: &ast::Expr) -> Option<RangeDatum> {
    let ast::ExprKind::Column(name) = &expr.kind else { return None };
    match &*name.name {
        "minvalue" if name.qualifiers.is_empty() => Some(RangeDatum::Least),
        "maxvalue" if name.qualifiers.is_empty() => Some(RangeDatum::Greatest),
        _ => None,
    }
}

/// Where the first value of a bound stands.
fn location(written: &ast::PartitionBound) -> u32 {
    match &written.kind {
        Kind::List(values) => values.first().map_or(written.location, |value| value.location),
        Kind::Range { from, .. } => from.first().map_or(written.location, |value| value.location),
        _ => written.location,
    }
}

/// Refuses a bound that is empty, overlaps with another partition's, or makes a second default partition.
pub(super) fn check(
    context: &Context<'_>,
    partitions: &Partitioned,
    name: &str,
    bound: &PartitionBound,
    written: &ast::PartitionBound,
) -> Result<()> {
    let (catalog, env) = (context.catalog(), context.session.env());
    let name_of =
        |at: usize| -> Result<String> { Ok(catalog.relation_name(partitions.partitions[at].oid)?.unwrap_or_default()) };
    let overlap = |at: usize, location: u32| -> Error {
        match name_of(at) {
            Ok(other) => {
                let text = format!("partition \"{name}\" would overlap partition \"{other}\"");
                context.place(Error::new(SqlState::INVALID_OBJECT_DEFINITION, text), location)
            }
            Err(error) => error,
        }
    };
    match (bound, &partitions.bounds) {
        (PartitionBound::Default, bounds) => match bounds.default_partition() {
            None => Ok(()),
            Some(at) => {
                let other = name_of(at)?;
                let text = format!("partition \"{name}\" conflicts with existing default partition \"{other}\"");
                let error = Error::new(SqlState::INVALID_OBJECT_DEFINITION, text);
                Err(context.place(error, written.location))
            }
        },
        (PartitionBound::List { values }, Bounds::List { values: list, null, .. }) => {
            for (n, value) in values.iter().enumerate() {
                let found = match list_value(&partitions.key, value, env)? {
                    None => *null,
                    Some(bytes) => list.binary_search_by(|(have, _)| have.cmp(&bytes)).ok().map(|at| list[at].1),
                };
                if let Some(at) = found {
                    let location = match &written.kind {
                        Kind::List(values) => values.get(n).map_or(written.location, |value| value.location),
                        _ => location(written),
                    };
                    return Err(overlap(at, location));
                }
            }
            Ok(())
        }
        (PartitionBound::Range { from, to }, Bounds::Range { ranges, .. }) => {
            let lower = range_end(&partitions.key, from, env)?;
            let upper = range_end(&partitions.key, to, env)?;
            let empty = match (&lower, &upper) {
                (None, _) => true,
                (Some(lower), Some(upper)) => lower >= upper,
                (Some(_), None) => false,
            };
            if empty {
                let text = format!("empty range bound specified for partition \"{name}\"");
                let shown = bound_text(context, bound)?;
                let error = Error::new(SqlState::INVALID_OBJECT_DEFINITION, text).detail(shown);
                return Err(context.place(error, location(written)));
            }
            let lower = lower.unwrap_or_default();
            for range in ranges {
                let before = range.upper.as_ref().is_some_and(|end| *end <= lower);
                let after = upper.as_ref().is_some_and(|end| *end <= range.lower);
                if !before && !after {
                    let at = if range.lower <= lower {
                        location(written)
                    } else {
                        match &written.kind {
                            Kind::Range { to, .. } => to.first().map_or(written.location, |value| value.location),
                            _ => location(written),
                        }
                    };
                    return Err(overlap(range.partition, at));
                }
            }
            Ok(())
        }
        (PartitionBound::Hash { modulus, remainder }, Bounds::Hash { .. }) => {
            check_hash(context, partitions, name, *modulus, *remainder, written)
        }
        _ => Err(Error::internal("a bound of another kind than its table")),
    }
}

fn bound_text(context: &Context<'_>, bound: &PartitionBound) -> Result<String> {
    let text = context.catalog().expression_text(&analyzer::node::to_text(bound), Oid::INVALID, false)?;
    let ends = text.strip_prefix("FOR VALUES FROM ").and_then(|ends| ends.split_once(" TO "));
    let (from, to) = ends.unwrap_or_default();
    Ok(format!("Specified lower bound {from} is greater than or equal to upper bound {to}."))
}

/// Moduli must divide each other, so that remainders of a small one are those of several remainders of a greater one.
fn check_hash(
    context: &Context<'_>,
    partitions: &Partitioned,
    name: &str,
    modulus: i32,
    remainder: i32,
    written: &ast::PartitionBound,
) -> Result<()> {
    let catalog = context.catalog();
    let mut have: Vec<(i32, i32, Oid)> = Vec::new();
    for partition in &partitions.partitions {
        if let Some(text) = catalog.class(partition.oid)?.and_then(|class| class.relpartbound.clone())
            && let PartitionBound::Hash { modulus, remainder } = PartitionBound::read(&text)?
        {
            have.push((modulus, remainder, partition.oid));
        }
    }
    have.sort();
    let name_of = |oid: Oid| Ok::<_, Error>(catalog.relation_name(oid)?.unwrap_or_default());
    let factor = |detail: String| {
        let text = "every hash partition modulus must be a factor of the next larger modulus";
        Err(Error::new(SqlState::INVALID_OBJECT_DEFINITION, text).detail(detail))
    };
    if let Some(&(other, _, oid)) = have.iter().rev().find(|(other, ..)| *other < modulus)
        && modulus % other != 0
    {
        return factor(format!(
            "The new modulus {modulus} is not divisible by {other}, the modulus of existing partition \"{}\".",
            name_of(oid)?
        ));
    }
    if let Some(&(other, _, oid)) = have.iter().find(|(other, ..)| *other > modulus)
        && other % modulus != 0
    {
        return factor(format!(
            "The new modulus {modulus} is not a factor of {other}, the modulus of existing partition \"{}\".",
            name_of(oid)?
        ));
    }
    for (other, their, oid) in have {
        let least = other.min(modulus);
        if their % least == remainder % least {
            let text = format!("partition \"{name}\" would overlap partition \"{}\"", name_of(oid)?);
            let error = Error::new(SqlState::INVALID_OBJECT_DEFINITION, text);
            return Err(context.place(error, written.location));
        }
    }
    Ok(())
}
