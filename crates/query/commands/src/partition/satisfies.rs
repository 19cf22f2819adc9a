//! `satisfies_hash_partition`: whether a row with these keys would be in a hash partition.

use batch::{Datum, DatumRef};
use catalog::relation::kind;
use error::{Error, Result, SqlState};
use ids::Oid;
use planner::partition::{Strategy, row_hash};

use crate::Context;

fn invalid(text: impl Into<String>) -> Error {
    Error::new(SqlState::INVALID_PARAMETER_VALUE, text)
}

/// `satisfies_hash_partition(table, modulus, remainder, keys …)`, the keys as arguments or as one array.
pub(crate) fn satisfies_hash(context: &Context<'_>, arguments: &[DatumRef<'_>], arg_types: &[Oid]) -> Result<Datum> {
    let catalog = context.catalog();
    let number = |at: usize| arguments.get(at).and_then(|value| value.as_i32());
    let (Some(table), Some(modulus), Some(remainder)) = (number(0), number(1), number(2)) else {
        return Ok(Datum::bool(false));
    };
    if modulus <= 0 {
        return Err(invalid("modulus for hash partition must be an integer value greater than zero"));
    }
    if remainder < 0 {
        return Err(invalid("remainder for hash partition must be an integer value greater than or equal to zero"));
    }
    if remainder >= modulus {
        return Err(invalid("remainder for hash partition must be less than modulus"));
    }
    let table = Oid(table as u32);
    let Some(class) = catalog.class(table)? else {
        let text = format!("could not open relation with OID {}", table.0);
        return Err(Error::new(SqlState::UNDEFINED_TABLE, text));
    };
    executor::lock_relation(context.session, table, 1)?;
    let not_hash = || invalid(format!("\"{}\" is not a hash partitioned table", class.relname));
    if class.relkind != kind::PARTITIONED_TABLE {
        return Err(not_hash());
    }
    let partitions = super::of(context, table)?;
    let key = &partitions.key;
    if key.strategy != Strategy::Hash {
        return Err(not_hash());
    }
    let columns = key.exprs.len();
    let type_name = |ty: Oid| catalog.format_type(ty, -1);
    let count = |given: usize| {
        let text = format!(
            "number of partitioning columns ({columns}) does not match number of partition keys provided ({given})"
        );
        Err(invalid(text))
    };
    let keys = arguments.get(3..).unwrap_or_default();
    let key_types = arg_types.get(3..).unwrap_or_default();
    // One array for all of the key's columns.
    let element = match key_types {
        [ty] if Some(*ty) != key.exprs.first().map(|expr| expr.ty.oid) => {
            Some(analyzer::types::element_type(catalog, *ty)?).filter(|element| element.is_valid())
        }
        _ => None,
    };
    let mut values: Vec<Datum> = Vec::with_capacity(columns);
    match (element, keys) {
        (Some(element), [array]) => {
            let DatumRef::Bytes(bytes) = array else { return Ok(Datum::bool(false)) };
            let view = types::array::View::new(bytes)?;
            if view.len() != columns {
                return count(view.len());
            }
            for (at, expr) in key.exprs.iter().enumerate() {
                if expr.ty.oid != element {
                    let text = format!(
                        "column {} of the partition key has type \"{}\", but supplied value is of type \"{}\"",
                        at + 1,
                        type_name(expr.ty.oid)?,
                        type_name(element)?
                    );
                    return Err(invalid(text));
                }
            }
            values.extend(view.iter().map(DatumRef::to_datum));
        }
        _ => {
            if keys.len() != columns {
                return count(keys.len());
            }
            for (at, (expr, &given)) in key.exprs.iter().zip(key_types).enumerate() {
                if expr.ty.oid != given && !catalog.is_binary_coercible(given, expr.ty.oid)? {
                    let text = format!(
                        "column {} of the partition key has type {}, but supplied value is of type {}",
                        at + 1,
                        type_name(expr.ty.oid)?,
                        type_name(given)?
                    );
                    return Err(invalid(text));
                }
            }
            values.extend(keys.iter().map(|value| value.to_datum()));
        }
    }
    let values: Vec<DatumRef<'_>> = values.iter().map(Datum::as_ref).collect();
    let hash = row_hash(key, &values, context.session.env())?;
    Ok(Datum::bool(hash % modulus as u64 == remainder as u64))
}
