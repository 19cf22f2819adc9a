//! CREATE, ALTER and DROP of functions and procedures.
//!
//! - [`create`]: CREATE FUNCTION and CREATE PROCEDURE, from syntax to a row of `pg_proc` and its dependencies.
//! - [`aggregate`]: CREATE AGGREGATE.
//! - [`signature`]: parameters and result types.
//! - [`attributes`]: volatility, cost, SET and the other options, shared with ALTER.
//! - [`body`]: what each language asks of a body; bodies in SQL that are stored analyzed.
//! - [`alter`]: ALTER … options, and what it has in common with other objects.
//! - [`lookup`]: which function a name with argument types means.

pub(crate) mod aggregate;
pub(crate) mod alter;
mod attributes;
mod body;
mod create;
pub(crate) mod lookup;
mod signature;

pub use body::transpose;
pub(crate) use create::create;

use ids::Oid;

/// Language `internal`.
pub(crate) const INTERNAL: Oid = Oid(12);
/// Language `c`.
pub(crate) const C: Oid = Oid(13);
/// Language `sql`.
pub(crate) const SQL: Oid = Oid(14);

/// The function that handles calls of PL/pgSQL, by its name in the library.
pub const PLPGSQL_HANDLER: &str = "plpgsql_call_handler";
