//! Relations as the access methods see them.

use crate::catalog::Catalog;
use crate::relation::{Relation, locator_of};
use crate::rows::PgAttribute;
use crate::store::{index_of, table_of};
use access::{Index, Table};
use error::{Error, Result};
use ids::Oid;
use std::sync::Arc;
use types::sortkey::KeyColumn;

/// What `pg_attribute` shows for an index column on a `name`.
const CSTRING: Oid = Oid(2275);
const NAME: Oid = Oid(19);

impl Catalog {
    /// A table for the table access method.
    pub fn table(&self, relation: &Relation) -> Result<Arc<Table>> {
        if !relation.has_storage() {
            return Err(Error::internal(format!("relation \"{}\" has no rows of its own", relation.name())));
        }
        let toast = match relation.class.reltoastrelid {
            Oid::INVALID => None,
            toast => self.find_relation(toast)?.map(|toast| locator_of(&toast.class, self.database())),
        };
        Ok(Arc::new(table_of(relation, relation.locator, toast, self.database())?))
    }

    /// An index for the index access method.
    pub fn index(&self, relation: &Relation) -> Result<Arc<Index>> {
        Ok(Arc::new(index_of(relation, relation.locator)))
    }

    /// The key columns of an index, as keys are made of them.
    pub fn index_key_columns(&self, relation: &Relation) -> Result<Vec<KeyColumn>> {
        let row = relation.index.as_ref();
        let row = row.ok_or_else(|| Error::internal(format!("relation \"{}\" is no index", relation.name())))?;
        let column = |(k, column): (usize, &PgAttribute)| {
            let option = row.indoption.get(k).copied().unwrap_or(0);
            let mut type_oid = if column.atttypid == CSTRING { NAME } else { column.atttypid };
            type_oid = self.base_type(type_oid, -1)?.0;
            Ok(KeyColumn {
                type_oid,
                collation: row.indcollation.get(k).copied().unwrap_or(Oid::INVALID),
                descending: option & 1 != 0,
                nulls_first: option & 2 != 0,
            })
        };
        relation.columns.iter().enumerate().take(row.indnkeyatts as usize).map(column).collect()
    }
}
