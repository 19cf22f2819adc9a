//! SQL functions that ask the catalogs: `pg_table_is_visible`, `has_table_privilege`, `pg_get_indexdef` and the like.
//!
//! [`TABLES`] is to be registered with `types::register` by the binary, [`ROW_SOURCES`] with `types::register_row_sources`. The functions find their session through
//! `Environment::session`, which must give an `Arc<Catalog>` or a [`SessionHandle`].
//!
//! Expressions that users wrote (defaults, predicates, checks, views) are stored in the analyzer's form; it registers a
//! [`Deparser`] that turns them back into SQL. Built-in ones are stored as SQL behind an `@`.

mod definitions;
mod facts;
mod info;
mod privileges;
mod rows;
mod standard;
mod visibility;

pub use info::{ENCODINGS, encoding_name, encoding_number};
pub use rows::ROW_SOURCES;

use crate::catalog::Catalog;
use error::{Error, Result};
use ids::Oid;
use std::any::Any;
use std::sync::{Arc, OnceLock};
use types::{Builtin, Context};

/// All functions of this crate.
pub static TABLES: &[&[Builtin]] =
    &[definitions::DEFINITIONS, info::INFORMATION, privileges::PRIVILEGES, visibility::VISIBILITY];

/// What `Environment::session` gives: the catalogs, and what crates above keep there.
#[derive(Clone)]
pub struct SessionHandle {
    /// The session's catalogs.
    pub catalog: Arc<Catalog>,
    /// More, for crates above.
    pub upper: Option<Arc<dyn Any + Send + Sync>>,
}

/// The catalogs of the session that a function runs in.
pub fn catalog_of<'a>(context: &Context<'a>) -> Result<&'a Catalog> {
    let session = context.env.session().ok_or_else(|| Error::internal("the session has no catalogs"))?;
    if let Some(handle) = session.downcast_ref::<SessionHandle>() {
        return Ok(&handle.catalog);
    }
    match session.downcast_ref::<Arc<Catalog>>() {
        Some(catalog) => Ok(catalog),
        None => Err(Error::internal("the session has no catalogs")),
    }
}

/// Turns stored expressions back into SQL.
pub trait Deparser: Send + Sync {
    /// An expression over the columns of `relation` (invalid: over none). `pretty` leaves out parentheses that are not needed.
    fn expression(&self, catalog: &Catalog, stored: &str, relation: Oid, pretty: bool) -> Result<String>;

    /// The items of a list of expressions.
    fn expressions(&self, catalog: &Catalog, stored: &str, relation: Oid, pretty: bool) -> Result<Vec<String>>;

    /// The query of a view's rule.
    fn query(&self, catalog: &Catalog, stored: &str, pretty: bool) -> Result<String>;
}

static DEPARSER: OnceLock<&'static dyn Deparser> = OnceLock::new();

/// Registers the analyzer's deparser; the first call wins.
pub fn register_deparser(deparser: &'static dyn Deparser) {
    let _ = DEPARSER.set(deparser);
}

fn deparser() -> Result<&'static dyn Deparser> {
    DEPARSER.get().copied().ok_or_else(|| Error::not_implemented("pg_get_expr"))
}

impl Catalog {
    /// A stored expression as SQL.
    pub fn expression_text(&self, stored: &str, relation: Oid, pretty: bool) -> Result<String> {
        match stored.strip_prefix('@') {
            Some(sql) => Ok(sql.to_string()),
            None => deparser()?.expression(self, stored, relation, pretty),
        }
    }

    fn expression_list_text(&self, stored: &str, relation: Oid, pretty: bool) -> Result<Vec<String>> {
        match stored.strip_prefix('@') {
            Some(sql) => Ok(vec![sql.to_string()]),
            None => deparser()?.expressions(self, stored, relation, pretty),
        }
    }

    fn query_text(&self, stored: &str, pretty: bool) -> Result<String> {
        deparser()?.query(self, stored, pretty)
    }
}

/// A name argument or text argument as a string.
fn text(bytes: &[u8]) -> std::borrow::Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}
