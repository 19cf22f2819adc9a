//! Large objects: values of up to 4 TiB that are read and written piece by piece.
//!
//! A large object is a row of `pg_largeobject_metadata` (owner and privileges) and rows of `pg_largeobject`, each a page of up to
//! [`PAGE`] bytes; pages that were never written read as zeros. Being rows, they have versions, log and rollback of their own accord.
//! Other catalogs refer to a large object by the catalog of its data. [`values`] is what functions do with them; here is what
//! statements name.

pub mod values;

use catalog::privileges::ObjectKind;
use catalog::rows::{PgLargeobject, PgLargeobjectMetadata};
use catalog::{Catalog, Object, index};
use error::{Error, Result, SqlState};
use ids::Oid;

use crate::Context;
use crate::object::Operations;

/// Bytes of a page.
pub const PAGE: usize = 2048;

/// The large object of this number, as a statement wrote it.
///
/// # Errors
/// `42704` if there is none; `22003` for a number that is no object id.
pub(crate) fn find(context: &Context<'_>, number: &str) -> Result<Object> {
    let oid = number.parse::<u32>().map(Oid).map_err(|_| {
        let text = format!("value \"{number}\" is out of range for type oid");
        Error::new(SqlState::NUMERIC_VALUE_OUT_OF_RANGE, text)
    })?;
    match context.catalog().owner_and_acl(ObjectKind::LargeObject, oid)? {
        Some(_) => Ok(Object::of::<PgLargeobject>(oid)),
        None => Err(missing(oid)),
    }
}

pub(crate) fn missing(oid: Oid) -> Error {
    Error::new(SqlState::UNDEFINED_OBJECT, format!("large object {oid} does not exist"))
}

/// What ALTER does with a large object.
pub(crate) struct LargeObjectOperations;

impl Operations for LargeObjectOperations {
    fn require_owner(&self, context: &Context<'_>, oid: Oid, _in_schema: bool) -> Result<()> {
        require_owner(context.catalog(), oid)
    }

    fn give(&self, catalog: &Catalog, oid: Oid, owner: Oid) -> Result<()> {
        let unique = index::PG_LARGEOBJECT_METADATA_OID_INDEX;
        let Some(stored) = catalog.stored_row::<PgLargeobjectMetadata>(unique, &[oid.into()])? else {
            return Err(missing(oid));
        };
        let acl = stored.row.lomacl.as_ref().map(|acl| acl.with_owner(stored.row.lomowner, owner));
        catalog.update(&stored, &PgLargeobjectMetadata { oid, lomowner: owner, lomacl: acl.clone() })?;
        let this = Object::of::<PgLargeobject>(oid);
        catalog.change_recorded_owner(this, owner)?;
        catalog.record_acl(this, owner, acl.as_ref())?;
        catalog.next_command()
    }

    fn set_owner(&self, context: &Context<'_>, oid: Oid, owner: Oid) -> Result<()> {
        let catalog = context.catalog();
        let (before, _) = catalog.owner_and_acl(ObjectKind::LargeObject, oid)?.ok_or_else(|| missing(oid))?;
        if before == owner {
            return Ok(());
        }
        if !catalog.is_superuser(catalog.current_user())? {
            require_owner(catalog, oid)?;
            crate::owner::require_settable(context, owner)?;
        }
        self.give(catalog, oid, owner)
    }

    fn rename(&self, _: &Context<'_>, _: Oid, _: &str) -> Result<()> {
        Err(Error::internal("a large object has no name"))
    }

    fn set_schema(&self, _: &Context<'_>, _: Oid, _: Oid) -> Result<()> {
        Err(Error::internal("a large object is in no schema"))
    }
}

fn require_owner(catalog: &Catalog, oid: Oid) -> Result<()> {
    if catalog.is_owner(ObjectKind::LargeObject, oid, catalog.current_user())? {
        return Ok(());
    }
    Err(Error::new(SqlState::INSUFFICIENT_PRIVILEGE, format!("must be owner of large object {oid}")))
}
