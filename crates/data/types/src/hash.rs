//! PostgreSQL's hash functions of values, which hash partitioning and `hashtext` make visible.
//!
//! The mixing is Bob Jenkins's `lookup3` (public domain, 2006) as PostgreSQL seeds it.

use crate::Environment;
use batch::DatumRef;
use error::{Error, Result};
use ids::Oid;

/// The 32-bit hash of a value that is not null, by its type's default hash operator class.
pub fn hash(type_oid: Oid, collation: Oid, value: DatumRef<'_>, env: &dyn Environment) -> Result<u32> {
    let _ = (collation, value, env);
    Err(Error::not_implemented(format_args!("hashing of type {type_oid}")))
}

/// The 64-bit hash with a seed of a value that is not null: what hash partitioning uses.
pub fn hash_extended(
    type_oid: Oid,
    collation: Oid,
    value: DatumRef<'_>,
    seed: u64,
    env: &dyn Environment,
) -> Result<u64> {
    let _ = (collation, value, seed, env);
    Err(Error::not_implemented(format_args!("hashing of type {type_oid}")))
}
