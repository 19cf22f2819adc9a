//! SQL functions that ask the catalogs: `pg_table_is_visible`, `has_table_privilege`, `pg_get_indexdef` and the like.
//!
//! [`TABLES`] is to be registered with `types::register` by the binary, [`ROW_SOURCES`] with `types::register_row_sources`. The functions find their session through
//! `Environment::session`, which must give an `Arc<Catalog>` or a [`SessionHandle`].
//!
//! Expressions that users wrote (defaults, predicates, checks, views) are stored in the analyzer's form; it registers a
//! [`Deparser`] that turns them back into SQL. Built-in ones are stored as SQL behind an `@`.

mod collations;
mod definitions;
mod disk;
mod events;
mod facts;
mod identities;
mod info;
mod parsing;
mod privileges;
mod properties;
mod rows;
mod standard;
mod statistics;
mod triggers;
mod views;
pub(crate) mod visibility;

pub use info::{encoding_name, encoding_number};
pub use rows::ROW_SOURCES;
pub use statistics::KINDS as STATISTICS_KINDS;

use crate::catalog::Catalog;
use crate::rows::CatalogRow;
use error::{Error, Result};
use ids::Oid;
use std::any::Any;
use std::sync::{Arc, OnceLock};
use types::{Builtin, Context};

/// All functions of this crate.
pub static TABLES: &[&[Builtin]] = &[
    collations::COLLATIONS,
    definitions::DEFINITIONS,
    triggers::TRIGGERS,
    disk::SIZES,
    events::EVENTS,
    info::INFORMATION,
    privileges::PRIVILEGES,
    properties::PROPERTIES,
    standard::STANDARD,
    statistics::STATISTICS,
    views::VIEWS,
    visibility::VISIBILITY,
];

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

/// What only the analyzer can say of stored expressions and queries: above all, how they are written in SQL.
pub trait Deparser: Send + Sync {
    /// An expression over the columns of `relation` (invalid: over none). `pretty` leaves out parentheses that are not needed.
    fn expression(
        &self,
        catalog: &Catalog,
        env: &dyn types::Environment,
        stored: &str,
        relation: Oid,
        pretty: bool,
    ) -> Result<String>;

    /// The items of a list of expressions.
    fn expressions(
        &self,
        catalog: &Catalog,
        env: &dyn types::Environment,
        stored: &str,
        relation: Oid,
        pretty: bool,
    ) -> Result<Vec<String>>;

    /// The stored body of a routine in SQL.
    fn routine_body(
        &self,
        catalog: &Catalog,
        env: &dyn types::Environment,
        row: &crate::rows::PgProc,
        stored: &str,
    ) -> Result<String>;

    /// A rule's condition (none if it has none) and commands as SQL; `CREATE RULE` puts a blank before each.
    fn rule(
        &self,
        catalog: &Catalog,
        env: &dyn types::Environment,
        rule: &crate::rows::PgRewrite,
        pretty: bool,
    ) -> Result<(Option<String>, Vec<String>)>;

    /// Statements that can change a relation's rows, as bits: 4 UPDATE, 8 INSERT, 16 DELETE. With `columns`: that can change one of these.
    /// Rules make up for what a view cannot do itself; INSTEAD OF triggers do if `triggers` says so.
    fn updatable(
        &self,
        catalog: &Catalog,
        env: &dyn types::Environment,
        relation: &crate::Relation,
        triggers: bool,
        columns: Option<&[i16]>,
    ) -> Result<i32>;

    /// The query of a view. Lists begin a new line when one grows beyond `wrap` characters.
    fn view(
        &self,
        catalog: &Catalog,
        env: &dyn types::Environment,
        view: &crate::Relation,
        pretty: bool,
        wrap: i32,
    ) -> Result<String>;

    /// The types and collations of a stored list of expressions.
    fn types(&self, stored: &str) -> Result<Vec<(Oid, Oid)>>;

    /// The conditions that a partition's bound (in its stored form) stands for, as SQL. `others` are the bounds of the other partitions of
    /// `table`, for a default one; `columns` are those of the partition key.
    fn partition_constraint(
        &self,
        catalog: &Catalog,
        env: &dyn types::Environment,
        table: Oid,
        bound: &str,
        others: &[String],
        columns: &[String],
    ) -> Result<Vec<String>>;
}

/// The built-in function that functions in language `internal` name in `prosrc`.
pub fn internal(name: &str) -> Option<Oid> {
    static BY_NAME: OnceLock<std::collections::HashMap<&'static str, Oid>> = OnceLock::new();
    const INTERNAL: Oid = Oid(12);
    let by_name = BY_NAME.get_or_init(|| {
        let rows = crate::rows::PgProc::builtin().rows().iter();
        rows.filter(|row| row.prolang == INTERNAL).map(|row| (&*row.prosrc, row.oid)).collect()
    });
    by_name.get(name).copied()
}

static DEPARSER: OnceLock<&'static dyn Deparser> = OnceLock::new();

/// Registers the analyzer's deparser; the first call wins.
pub fn register_deparser(deparser: &'static dyn Deparser) {
    let _ = DEPARSER.set(deparser);
}

fn deparser() -> Result<&'static dyn Deparser> {
    DEPARSER.get().copied().ok_or_else(|| Error::not_implemented("pg_get_expr"))
}

/// The catalogs, and the session that decides how values look in what is written of them (`DateStyle` and its like).
#[derive(Clone, Copy)]
pub(crate) struct Shown<'a> {
    catalog: &'a Catalog,
    env: &'a dyn types::Environment,
}

impl std::ops::Deref for Shown<'_> {
    type Target = Catalog;

    fn deref(&self) -> &Catalog {
        self.catalog
    }
}

/// The catalogs as a function's session sees them.
fn shown_of<'a>(cx: &Context<'a>) -> Result<Shown<'a>> {
    Ok(Shown { catalog: catalog_of(cx)?, env: cx.env })
}

impl Shown<'_> {
    /// A stored expression as SQL.
    fn expression_text(self, stored: &str, relation: Oid, pretty: bool) -> Result<String> {
        match stored.strip_prefix('@') {
            Some(sql) => Ok(sql.to_string()),
            None => deparser()?.expression(self.catalog, self.env, stored, relation, pretty),
        }
    }

    fn expression_list_text(self, stored: &str, relation: Oid, pretty: bool) -> Result<Vec<String>> {
        match stored.strip_prefix('@') {
            Some(sql) => Ok(vec![sql.to_string()]),
            None => deparser()?.expressions(self.catalog, self.env, stored, relation, pretty),
        }
    }
}

impl Catalog {
    /// The catalogs with values as no setting changes them: for texts that are read again.
    fn plain<'a>(&'a self, env: &'a types::DefaultEnvironment) -> Shown<'a> {
        Shown { catalog: self, env }
    }

    /// A stored expression as SQL that any session reads alike.
    pub fn expression_text(&self, stored: &str, relation: Oid, pretty: bool) -> Result<String> {
        self.plain(&types::DefaultEnvironment::default()).expression_text(stored, relation, pretty)
    }
}

/// A name argument or text argument as a string.
fn text(bytes: &[u8]) -> std::borrow::Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rows::{CatalogRow, PgProc};

    #[test]
    fn every_function_is_one_of_postgresqls_and_there_once() {
        let mut seen = std::collections::HashSet::new();
        let own = TABLES.iter().flat_map(|table| table.iter()).map(|function| function.oid);
        let sets = ROW_SOURCES.iter().map(|(oid, _)| Oid(*oid));
        for oid in own.chain(sets) {
            let row = PgProc::builtin().rows().iter().find(|row| row.oid == oid);
            assert!(row.is_some() && seen.insert(oid), "{oid}");
            let elsewhere = types::registry::TABLES.iter().flat_map(|table| table.iter()).any(|f| f.oid == oid);
            assert!(!elsewhere, "{oid} is in crate types, too");
        }
        for (oid, _) in ROW_SOURCES {
            // A function that gives one row has a source as well.
            let row = PgProc::builtin().rows().iter().find(|row| row.oid.0 == *oid);
            assert!(row.is_some_and(|row| row.proretset || row.prorettype == crate::objects::pseudo::RECORD));
        }
    }

    #[test]
    fn arguments_are_the_catalogs() {
        // A function called with as many constant arguments as its row has must not panic, whatever it answers.
        let catalog: Arc<Catalog> = Arc::new(Catalog::builtin());
        struct Session(Arc<Catalog>, types::DefaultEnvironment);
        impl types::Environment for Session {
            fn transaction_timestamp(&self) -> i64 {
                0
            }
            fn statement_timestamp(&self) -> i64 {
                0
            }
            fn time_zone(&self) -> Arc<types::datetime::TimeZone> {
                self.1.time_zone()
            }
            fn random(&self) -> u64 {
                0
            }
            fn seed_random(&self, _: u64) {}
            fn session(&self) -> Option<&dyn Any> {
                Some(&self.0)
            }
        }
        let session = Session(catalog, types::DefaultEnvironment::default());
        for function in TABLES.iter().flat_map(|table| table.iter()) {
            let row = PgProc::builtin().rows().iter().find(|row| row.oid == function.oid).expect("exists");
            let argument = |type_: &Oid| match types::repr(*type_).expect("built in") {
                batch::Repr::B1 => batch::DatumRef::B1(b'r'),
                batch::Repr::B2 => batch::DatumRef::B2(1),
                batch::Repr::B4 => batch::DatumRef::B4(1259),
                batch::Repr::B8 => batch::DatumRef::B8(1),
                batch::Repr::Bytes => batch::DatumRef::Bytes(b"pg_class"),
            };
            let arguments: Vec<_> = row.proargtypes.iter().map(argument).collect();
            let form = types::repr(row.prorettype).expect("built in");
            let _ = function.evaluate_one(&arguments, Context::plain(&session), form);
        }
    }
}
