//! Row values from their live fields: what routines make of rows that come in columns.

use batch::Datum;
use error::{Error, Result};
use ids::Oid;

use super::{encode_names, write};
use crate::Environment;
use crate::environment::TypeKind;
use crate::oid;

/// A value of a composite type, or an anonymous row (`record`), of these fields: names (of an anonymous row), types, values.
///
/// # Errors
/// As [`write()`]; XX000 if a composite type has another number of attributes.
pub fn assemble<'n>(
    row_type: Oid,
    names: impl IntoIterator<Item = &'n str>,
    types: &[Oid],
    values: &[Datum],
    env: &dyn Environment,
) -> Result<Datum> {
    let mut out = Vec::new();
    if row_type == oid::RECORD {
        let names = encode_names(names);
        write(row_type, types, values.iter().map(Datum::as_ref), &names, &mut out)?;
        return Ok(Datum::Bytes(out.into()));
    }
    let facts = env.type_facts(row_type)?;
    let TypeKind::Composite { columns, fields } = &facts.kind else {
        return Err(Error::internal(format!("type {row_type} is no composite type")));
    };
    if columns.len() != values.len() {
        return Err(Error::internal(format!("a row has {} fields rather than {}", values.len(), columns.len())));
    }
    // Dropped attributes keep their places.
    let mut all_types = vec![oid::INT4; *fields];
    let mut all_values = vec![batch::DatumRef::Null; *fields];
    for (column, value) in columns.iter().zip(values) {
        (all_types[column.position], all_values[column.position]) = (column.type_oid, value.as_ref());
    }
    write(row_type, &all_types, all_values.iter().copied(), &[], &mut out)?;
    Ok(Datum::Bytes(out.into()))
}
