//! SQL values: text and binary form, operators, functions, aggregates.
//!
//! Knows nothing of tables, transactions or plans. What a function may ask of the session it runs in (the clock, the time
//! zone, settings, names of catalog objects) goes through one trait, [`Environment`].
//!
//! # Where to start
//!
//! - [`call`]: how a built-in function is called and how a scalar Rust function becomes a loop over a batch.
//! - [`registry`]: `pg_proc` OID → [`Builtin`], [`aggregate()`] and [`row_source()`].
//! - [`io`]: text and binary forms of values, by type.
//! - [`sortkey`], [`hash`], [`compare()`]: order and equality of values outside of expressions.
//! - One module per family of types: [`int`], [`text`] …, each with a visible table `OID → function`.
//!
//! # Invariants
//!
//! - A value of a type always has the form that [`repr()`] gives it.
//! - A function that is not in the registry does not exist yet: the caller answers 0A000.
//! - No function panics, loops for ever or allocates without a bound, whatever its arguments.

pub mod acl;
pub mod aggregate;
pub mod array;
pub mod bit;
pub mod boolean;
pub mod brin;
pub mod bytea;
pub mod call;
pub mod datetime;
pub mod enums;
pub mod environment;
pub mod extended;
pub mod facts;
pub mod float;
pub mod format;
pub mod formatting;
pub mod geometry;
pub mod gin;
pub mod hash;
pub mod int;
pub mod io;
pub mod json;
pub mod jsonpath;
pub mod misc;
pub mod money;
pub mod network;
pub mod numeric;
pub mod objects;
pub mod oid;
pub mod order;
pub mod random;
pub mod range;
pub mod record;
pub mod regex;
pub mod registry;
pub mod series;
pub mod snapshot;
pub mod sortkey;
pub mod text;
pub mod textsearch;

pub use aggregate::{Aggregate, Groups};
pub use call::{Builtin, Call, Context};
pub use environment::{DefaultEnvironment, Environment};
pub use facts::{BuiltinType, builtin_type};
pub use io::{TypeCall, TypeIo, input, io, output, receive, send};
pub use order::compare;
pub use registry::{RowSource, RowSourceMaker, aggregate, function, register, register_row_sources, row_source};

use batch::Repr;
use ids::Oid;

/// The physical form of a type's values, from what `pg_type` says of its length. A domain has its base type's.
pub fn repr_of(length: i16, by_value: bool) -> Repr {
    match (length, by_value) {
        (1, true) => Repr::B1,
        (2, true) => Repr::B2,
        (4, true) => Repr::B4,
        (8, true) => Repr::B8,
        _ => Repr::Bytes,
    }
}

/// The physical form of a built-in type's values; `None` if the OID is no built-in type's.
pub fn repr(type_oid: Oid) -> Option<Repr> {
    builtin_type(type_oid).map(|t| repr_of(t.length, t.by_value))
}
