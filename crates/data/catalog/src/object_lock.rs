//! Locks on objects other than relations: whoever records that something depends on one keeps it from being dropped until his
//! transaction's end, and whoever drops one waits for those who are about to depend on it.
//!
//! Relations are locked by who works with them, and by who drops them or a part of them. Parts of other objects (constraints, triggers, rules …) are nobody's dependency for long.

use error::{Error, Result, SqlState};
use ids::Oid;
use locks::{LockMode, LockOwner, LockTag, LockWait};

use crate::catalog::Catalog;
use crate::depend::{Object, is_shared};
use crate::index;
use crate::rows::*;

macro_rules! lockable {
    ($($Row:ident $index:ident $noun:literal),* $(,)?) => {
        /// What objects of a catalog are called; `None` if they are not locked.
        fn noun(class: Oid) -> Option<&'static str> {
            match class {
                $($Row::RELATION => Some($noun),)*
                _ => None,
            }
        }

        /// Whether an object is there, for everybody's eyes and the transaction's own.
        fn exists(catalog: &Catalog, object: Object) -> Result<bool> {
            let key = [object.oid.into()];
            Ok(match object.class {
                $($Row::RELATION => !catalog.stored::<$Row>(index::$index, &key)?.is_empty(),)*
                _ => true,
            })
        }
    };
}

lockable! {
    PgNamespace PG_NAMESPACE_OID_INDEX "schema",
    PgType PG_TYPE_OID_INDEX "type",
    PgProc PG_PROC_OID_INDEX "function",
    PgOperator PG_OPERATOR_OID_INDEX "operator",
    PgOpclass PG_OPCLASS_OID_INDEX "operator class",
    PgOpfamily PG_OPFAMILY_OID_INDEX "operator family",
    PgCollation PG_COLLATION_OID_INDEX "collation",
    PgLanguage PG_LANGUAGE_OID_INDEX "language",
    PgForeignDataWrapper PG_FOREIGN_DATA_WRAPPER_OID_INDEX "foreign-data wrapper",
    PgForeignServer PG_FOREIGN_SERVER_OID_INDEX "server",
    PgTsConfig PG_TS_CONFIG_OID_INDEX "text search configuration",
    PgTsDict PG_TS_DICT_OID_INDEX "text search dictionary",
    PgAuthid PG_AUTHID_OID_INDEX "role",
}

impl Catalog {
    /// Keeps an object from being dropped until the transaction ends: something is about to depend on it.
    ///
    /// # Errors
    /// `42704` if it was dropped meanwhile; those of waiting.
    pub(crate) fn lock_referenced(&self, object: Object) -> Result<()> {
        match self.lock_object(object, LockMode::AccessShare)? {
            true => Ok(()),
            false => {
                let noun = noun(object.class).unwrap_or("object");
                let text = match object.class {
                    PgAuthid::RELATION => format!("role {} was concurrently dropped", object.oid),
                    _ => format!("referenced {noun} was concurrently dropped"),
                };
                Err(Error::new(SqlState::UNDEFINED_OBJECT, text))
            }
        }
    }

    /// Locks an object that is to be dropped; false if somebody else has dropped it meanwhile.
    ///
    /// # Errors
    /// Those of waiting for others.
    pub fn lock_to_drop(&self, object: Object) -> Result<bool> {
        if object.class != PgClass::RELATION {
            return self.lock_object(object, LockMode::AccessExclusive);
        }
        let tag = LockTag::relation(self.database(), object.oid);
        self.lock_tag(tag, LockMode::AccessExclusive, || {
            Ok(!self.stored::<PgClass>(index::PG_CLASS_OID_INDEX, &[object.oid.into()])?.is_empty())
        })
    }

    fn lock_object(&self, object: Object, mode: LockMode) -> Result<bool> {
        if noun(object.class).is_none() {
            return Ok(true);
        }
        let database = if is_shared(object.class) { Oid::INVALID } else { self.database() };
        let tag = LockTag::object(database, object.class, object.oid, 0);
        self.lock_tag(tag, mode, || exists(self, object))
    }

    /// Whether the object is (still) there is looked at only after a wait: only then somebody else was at it.
    fn lock_tag(&self, tag: LockTag, mode: LockMode, exists: impl Fn() -> Result<bool>) -> Result<bool> {
        let locks = self.transaction()?.locks();
        if locks.holds(tag, mode, true) || locks.acquire(LockOwner::Transaction, tag, mode, LockWait::Try)? {
            return Ok(true);
        }
        locks.acquire(LockOwner::Transaction, tag, mode, LockWait::Block)?;
        self.absorb();
        exists()
    }
}
