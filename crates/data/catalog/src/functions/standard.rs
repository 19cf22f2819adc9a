//! The helper functions of the information schema: lengths, precisions and scales of types by their modifiers. PostgreSQL has them in
//! SQL.

use super::catalog_of;
use error::Result;
use ids::Oid;
use types::Context;
use types::oid;

types::builtins! {
    /// Facts of types, as the SQL standard counts them.
    pub static STANDARD =
    13333 _pg_char_max_length each(Oid, i32) character_length;
    13334 _pg_char_octet_length each(Context, Oid, i32) octet_length;
    13336 _pg_numeric_precision each(Oid, i32) precision;
    13337 _pg_numeric_precision_radix each(Oid, i32) |type_: Oid, _typmod: i32| radix(type_);
    13338 _pg_numeric_scale each(Oid, i32) scale;
    13339 _pg_datetime_precision each(Oid, i32) datetime_precision;
    13340 _pg_interval_type each(Context, Oid, i32) interval_type;
}

fn character_length(type_: Oid, typmod: i32) -> Option<i32> {
    match type_ {
        _ if typmod == -1 => None,
        oid::BPCHAR | oid::VARCHAR => Some(typmod - 4),
        oid::BIT | oid::VARBIT => Some(typmod),
        _ => None,
    }
}

fn octet_length(context: Context<'_>, type_: Oid, typmod: i32) -> Result<Option<i32>> {
    if !matches!(type_, oid::TEXT | oid::BPCHAR | oid::VARCHAR) {
        return Ok(None);
    }
    if typmod == -1 {
        return Ok(Some(1 << 30));
    }
    let widest = if catalog_of(&context)?.encoding()? == 6 { 4 } else { 1 };
    Ok(character_length(type_, typmod).and_then(|length| length.checked_mul(widest)))
}

fn precision(type_: Oid, typmod: i32) -> Option<i32> {
    match type_ {
        oid::INT2 => Some(16),
        oid::INT4 => Some(32),
        oid::INT8 => Some(64),
        oid::FLOAT4 => Some(24),
        oid::FLOAT8 => Some(53),
        oid::NUMERIC if typmod != -1 => Some((typmod.wrapping_sub(4) >> 16) & 0xFFFF),
        _ => None,
    }
}

fn radix(type_: Oid) -> Option<i32> {
    match type_ {
        oid::INT2 | oid::INT4 | oid::INT8 | oid::FLOAT4 | oid::FLOAT8 => Some(2),
        oid::NUMERIC => Some(10),
        _ => None,
    }
}

fn scale(type_: Oid, typmod: i32) -> Option<i32> {
    match type_ {
        oid::INT2 | oid::INT4 | oid::INT8 => Some(0),
        oid::NUMERIC if typmod != -1 => Some(typmod.wrapping_sub(4) & 0xFFFF),
        _ => None,
    }
}

fn datetime_precision(type_: Oid, typmod: i32) -> Option<i32> {
    match type_ {
        oid::DATE => Some(0),
        oid::TIME | oid::TIMETZ | oid::TIMESTAMP | oid::TIMESTAMPTZ => Some(if typmod < 0 { 6 } else { typmod }),
        oid::INTERVAL if typmod < 0 || typmod & 0xFFFF == 0xFFFF => Some(6),
        oid::INTERVAL => Some(typmod & 0xFFFF),
        _ => None,
    }
}

/// The fields of an interval type in capitals, `DAY TO SECOND(2)`; null if it has all.
fn interval_type(context: Context<'_>, type_: Oid, typmod: i32) -> Result<Option<String>> {
    if type_ != oid::INTERVAL {
        return Ok(None);
    }
    let name = catalog_of(&context)?.format_type(type_, typmod)?;
    Ok(name.strip_prefix("interval ").map(str::to_uppercase))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_and_precisions() {
        assert_eq!(character_length(oid::VARCHAR, 14), Some(10));
        assert_eq!(character_length(oid::VARCHAR, -1), None);
        let numeric = ((10 << 16) | 2) + 4;
        assert_eq!((precision(oid::NUMERIC, numeric), scale(oid::NUMERIC, numeric)), (Some(10), Some(2)));
        assert_eq!((radix(oid::INT8), radix(oid::NUMERIC), radix(oid::TEXT)), (Some(2), Some(10), None));
        assert_eq!(datetime_precision(oid::TIMESTAMP, 3), Some(3));
        assert_eq!(datetime_precision(oid::DATE, -1), Some(0));
    }

    #[test]
    fn they_are_the_information_schemas() {
        use crate::rows::{CatalogRow, PgProc};
        for function in STANDARD {
            let row = PgProc::builtin().rows().iter().find(|row| row.oid == function.oid).expect("exists");
            assert_eq!(row.proname, function.name);
        }
    }
}
