//! Access methods as the catalogs name them, and what `pg_indexam_has_property` and its kin say of them.

use access::Method;
use error::{Error, Result};
use ids::Oid;

use crate::catalog::Catalog;
use crate::objects::{BTREE, HASH};
use crate::rows::PgIndex;

/// The index access methods' handler functions.
const HANDLERS: [(Oid, Method); 6] = [
    (Oid(330), Method::Btree),
    (Oid(331), Method::Hash),
    (Oid(332), Method::Gist),
    (Oid(333), Method::Gin),
    (Oid(334), Method::Spgist),
    (Oid(335), Method::Brin),
];

/// Numbers of support functions.
const GIST_COMPRESS: i16 = 3;
const GIST_FETCH: i16 = 9;
const SPGIST_COMPRESS: i16 = 6;

impl Catalog {
    /// Whether an index can give back the values of one of its columns, so that rows need not be looked at for them.
    pub fn index_returns(&self, method: Method, index: &PgIndex, at: usize) -> Result<bool> {
        if at >= index.indnkeyatts as usize {
            return Ok(method.traits().can_include);
        }
        let has = |number| -> Result<bool> {
            let class = self.opclass(index.indclass.get(at).copied().unwrap_or_default())?;
            Ok(self.family_function(class.opcfamily, class.opcintype, class.opcintype, number)?.is_some())
        };
        match method {
            Method::Btree => Ok(true),
            // What is stored is the value itself, or can be turned back.
            Method::Gist => Ok(has(GIST_FETCH)? || !has(GIST_COMPRESS)?),
            Method::Spgist => Ok(!has(SPGIST_COMPRESS)?),
            Method::Hash | Method::Gin | Method::Brin => Ok(false),
        }
    }

    /// The index access method with this object id in `pg_am`.
    ///
    /// # Errors
    /// `XX000` if there is none; `0A000` for one whose handler is not built in.
    pub fn index_method(&self, oid: Oid) -> Result<Method> {
        match oid {
            BTREE => Ok(Method::Btree),
            HASH => Ok(Method::Hash),
            _ => {
                let row = self.access_method(oid)?;
                let found = HANDLERS.iter().find(|(handler, _)| *handler == row.amhandler);
                found.map(|(_, method)| *method).ok_or_else(|| {
                    Error::not_implemented(format_args!("access method {} with a handler of its own", row.amname))
                })
            }
        }
    }
}
