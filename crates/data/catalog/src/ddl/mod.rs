//! The rows and files behind DDL: what `commands` builds its statements from.
//!
//! These functions keep the catalogs consistent with each other (a relation with its columns, its row type, its
//! dependencies and files); they take no heavyweight locks and check no privileges: the caller has done both. Each ends with the next
//! command, so that what follows sees its rows.

mod alter;
mod constraint;
mod create;
mod drop;
mod index;
mod rule;
mod types;

pub use constraint::{NewConstraint, object_name};
pub use create::{NewColumn, NewRelation};
pub use index::{NewIndex, NewIndexColumn};
pub use rule::RETURN_RULE;
pub use types::NewLabel;
