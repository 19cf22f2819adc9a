//! System catalogs: bootstrap data, caches and their invalidation, privileges.
//!
//! * [`rows`]: the catalogs' rows as structs; [`data`]: those that every database has, in the program.
//! * [`Catalog`]: what a session asks: relations, types, functions, operators, casts, roles, by number or by name.
//! * [`acl`]: access control lists.
//!
//! Built-in rows are shared by all processes and cost a session nothing; rows that users made are read through the
//! catalogs' own indexes and cached until a message in the shared queue says that they changed.
#![forbid(unsafe_code)]

pub mod acl;
mod arrays;
pub mod bootstrap;
pub mod builtin_marks;
mod catalog;
pub mod data;
mod ddl;
pub mod depend;
mod describe;
mod entry;
pub mod field;
pub mod format;
pub mod functions;
mod handles;
pub mod identity;
pub mod index;
pub mod invalidation;
mod methods;
pub mod names;
mod object_lock;
pub mod objects;
pub mod privileges;
pub mod relation;
pub mod rows;
pub mod shared;
pub mod statistics;
pub mod store;
pub mod text_search;
pub mod trigger;
pub mod views;
pub mod watch;

pub use catalog::Catalog;
pub use ddl::{NewColumn, NewConstraint, NewIndex, NewIndexColumn, NewLabel, NewRelation, RETURN_RULE, object_name};
pub use depend::{Dependency, DropBehavior, Object};
pub use entry::Entry;
pub use names::{Candidate, SearchPath};
pub use relation::Relation;
pub use shared::{CatalogRedo, CatalogRequest, CatalogShared};
pub use store::Stored;

/// Reads everything that is built in: rows, relations, views' definitions. A postmaster calls it once, so that the processes it
/// forks share the memory and start at once.
pub fn warm() {
    data::warm();
    relation::warm();
    views::warm();
}
