//! Collations: opening them, their versions, and the SQL functions that ask for these.

use collation::{Collation, CollationRef, Definition, locale};
use error::{Error, Result, Severity, SqlState};
use ids::Oid;
use types::Context;
use types::text::{DEFAULT_COLLATION, undetermined};

use super::catalog_of;
use crate::catalog::Catalog;
use crate::depend::{Dependency, Object};
use crate::format::quote_identifier;
use crate::index;
use crate::rows::*;

types::builtins! {
    /// Functions on collations.
    pub static COLLATIONS =
    3162 pg_collation_for raw() collation_for;
    3448 pg_collation_actual_version each(Context, Oid) |cx: Context<'_>, oid| actual_version(catalog_of(&cx)?, oid);
    6249 pg_database_collation_actual_version each(Context, Oid) |cx: Context<'_>, oid| database_version(catalog_of(&cx)?, oid);
    3445 pg_import_system_collations each(Context, Oid) |cx: Context<'_>, schema| import(catalog_of(&cx)?, schema);
}

impl PgCollation {
    /// What makes it.
    pub fn definition(&self) -> Definition<'_> {
        Definition {
            provider: self.collprovider,
            locale: self.colllocale.as_deref(),
            collate: self.collcollate.as_deref(),
            ctype: self.collctype.as_deref(),
            rules: self.collicurules.as_deref(),
            deterministic: self.collisdeterministic,
        }
    }

    /// The version that its order has now.
    pub fn actual_version(&self) -> Option<&'static str> {
        let name = if self.collprovider == b'c' { &self.collcollate } else { &self.colllocale };
        locale::version(self.collprovider, name.as_deref().unwrap_or_default())
    }
}

impl PgDatabase {
    /// What makes its collation `default`.
    pub fn definition(&self) -> Definition<'_> {
        Definition {
            provider: self.datlocprovider,
            locale: self.datlocale.as_deref(),
            collate: Some(&self.datcollate),
            ctype: Some(&self.datctype),
            rules: self.daticurules.as_deref(),
            deterministic: true,
        }
    }

    /// The version that its order has now.
    pub fn actual_version(&self) -> Option<&'static str> {
        let name = if self.datlocprovider == b'c' { Some(&*self.datcollate) } else { self.datlocale.as_deref() };
        locale::version(self.datlocprovider, name.unwrap_or_default())
    }

    /// The warning for a version other than the recorded one.
    pub fn version_warning(&self) -> Option<Error> {
        let recorded = self.datcollversion.as_deref()?;
        let warning = |text: String| Error::new(SqlState::WARNING, text).severity(Severity::Warning);
        let name = &self.datname;
        match self.actual_version() {
            None => Some(warning(format!("database \"{name}\" has no actual collation version, but a version was recorded"))),
            Some(actual) if actual == recorded => None,
            Some(actual) => Some(
                warning(format!("database \"{name}\" has a collation version mismatch"))
                    .detail(format!(
                        "The database was created using collation version {recorded}, but the operating system provides version {actual}."
                    ))
                    .hint(format!(
                        "Rebuild all objects in this database that use the default collation and run ALTER DATABASE {} REFRESH COLLATION \
                         VERSION, or build PostgreSQL with the right library version.",
                        quote_identifier(name)
                    )),
            ),
        }
    }
}

impl Catalog {
    /// Opens a collation, or the database's own; also gives the warning for a version other than the recorded one.
    ///
    /// # Errors
    /// Those of [`Collation::open`]; `XX000` if there is no such collation.
    pub fn open_collation(&self, oid: Oid) -> Result<(CollationRef, Option<Error>)> {
        if oid == DEFAULT_COLLATION {
            let row = self.database_row(self.database())?.ok_or_else(|| Error::internal("the database has no row"))?;
            return Ok((Collation::open(&row.definition())?.into(), None));
        }
        let row = self.collation(oid)?;
        if row.collprovider == b'd' {
            return Err(Error::internal(format!("collation {oid} is another name of the default one")));
        }
        let warning = match (row.collversion.as_deref(), row.actual_version()) {
            (Some(_), None) => {
                let text = format!("collation \"{}\" has no actual version, but a version was recorded", row.collname);
                return Err(Error::internal(text));
            }
            (Some(recorded), Some(actual)) if recorded != actual => {
                let schema = self.schema_name(row.collnamespace)?.unwrap_or_default();
                let name = format!("{}.{}", quote_identifier(&schema), quote_identifier(&row.collname));
                let text = format!("collation \"{}\" has version mismatch", row.collname);
                let warning = Error::new(SqlState::WARNING, text).severity(Severity::Warning);
                Some(warning.detail(format!(
                    "The collation in the database was created using version {recorded}, but the operating system provides version {actual}."
                )).hint(format!(
                    "Rebuild all objects affected by this collation and run ALTER COLLATION {name} REFRESH VERSION, or build PostgreSQL \
                     with the right library version."
                )))
            }
            _ => None,
        };
        Ok((Collation::open(&row.definition())?.into(), warning))
    }
}

/// `COLLATION FOR (…)`: null for a text that has none yet.
fn collation_for(call: &mut types::Call<'_>) -> Result<()> {
    let (context, type_oid) = (call.context, call.context.arg_type(0));
    if type_oid == types::oid::UNKNOWN {
        call.rows.for_each(|row| call.out.set_null(row));
        return Ok(());
    }
    let catalog = catalog_of(&context)?;
    if !catalog.type_(type_oid)?.typcollation.is_valid() {
        let text = format!("collations are not supported by type {}", catalog.format_type(type_oid, -1)?);
        return Err(Error::new(SqlState::DATATYPE_MISMATCH, text));
    }
    if !context.collation.is_valid() {
        return Err(undetermined("string comparison"));
    }
    let name = catalog.collation_text(context.collation)?;
    types::call::each(call, 0, |_| &*name)
}

fn actual_version(catalog: &Catalog, oid: Oid) -> Result<Option<&'static str>> {
    if oid == DEFAULT_COLLATION {
        return database_version(catalog, catalog.database());
    }
    match catalog.find_collation(oid)? {
        Some(row) => Ok(row.actual_version()),
        None => {
            let text = format!("collation with OID {oid} does not exist");
            Err(Error::new(SqlState::UNDEFINED_OBJECT, text))
        }
    }
}

fn database_version(catalog: &Catalog, oid: Oid) -> Result<Option<&'static str>> {
    match catalog.database_row(oid)? {
        Some(row) => Ok(row.actual_version()),
        None => Err(Error::new(SqlState::UNDEFINED_OBJECT, format!("database with OID {oid} does not exist"))),
    }
}

/// Adds the collations that every new cluster has to a schema, where it lacks them; gives their number.
fn import(catalog: &Catalog, schema: Oid) -> Result<i32> {
    let user = catalog.current_user();
    if !catalog.is_superuser(user)? {
        let text = "must be superuser to import system collations";
        return Err(Error::new(SqlState::INSUFFICIENT_PRIVILEGE, text));
    }
    if catalog.schema(schema)?.is_none() {
        return Err(Error::new(SqlState::UNDEFINED_SCHEMA, format!("schema with OID {schema} does not exist")));
    }
    /// From here on initdb had them imported.
    const FIRST: Oid = Oid(12_000);
    let mut count = 0;
    for known in PgCollation::builtin().rows().iter().filter(|row| row.oid >= FIRST) {
        let key = [(&*known.collname).into(), known.collencoding.into(), schema.into()];
        if catalog.row::<PgCollation>(index::PG_COLLATION_NAME_ENC_NSP_INDEX, &key)?.is_some() {
            continue;
        }
        let mut row = known.clone();
        row.oid = catalog.new_oid::<PgCollation>(index::PG_COLLATION_OID_INDEX)?;
        (row.collnamespace, row.collowner) = (schema, user);
        row.collversion = row.actual_version().map(Into::into);
        catalog.insert_collation(&row)?;
        count += 1;
    }
    catalog.next_command()?;
    Ok(count)
}

impl Catalog {
    /// Adds a collation's row, with what it depends on.
    pub fn insert_collation(&self, row: &PgCollation) -> Result<()> {
        self.insert(row)?;
        let this = Object::of::<PgCollation>(row.oid);
        self.record_dependency(this, Object::of::<PgNamespace>(row.collnamespace), Dependency::Normal)?;
        self.record_owner(this, row.collowner)
    }
}
