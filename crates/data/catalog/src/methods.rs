//! Access methods as the catalogs name them, and what `pg_indexam_has_property` and its kin say of them.

use access::Method;
use error::{Error, Result};
use ids::Oid;

use crate::catalog::Catalog;
use crate::objects::{BTREE, HASH};

/// The index access methods' handler functions.
const HANDLERS: [(Oid, Method); 6] = [
    (Oid(330), Method::Btree),
    (Oid(331), Method::Hash),
    (Oid(332), Method::Gist),
    (Oid(333), Method::Gin),
    (Oid(334), Method::Spgist),
    (Oid(335), Method::Brin),
];

impl Catalog {
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
