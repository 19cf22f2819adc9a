//! Relations as the access methods see them.

use crate::catalog::Catalog;
use crate::relation::Relation;
use crate::rows::PgAttribute;
use access::{Index, Table};
use error::{Error, Result};
use ids::Oid;
use std::any::Any;
use std::sync::Arc;
use types::sortkey::KeyColumn;

/// What `pg_attribute` shows for an index column on a `name`.
const CSTRING: Oid = Oid(2275);
const NAME: Oid = Oid(19);

impl Catalog {
    /// What `make` makes of a relation, kept as long as the relation's descriptor is: opening a relation again costs a
    /// look-up. One kind of handle for a relation.
    pub fn handle<T: Any + Send + Sync>(&self, relation: Oid, make: impl FnOnce() -> Result<T>) -> Result<Arc<T>> {
        let (found, before) = {
            let cache = self.cache();
            (cache.handles.get(&relation).cloned(), cache.descriptors_dropped)
        };
        if let Some(found) = found.and_then(|handle| handle.downcast::<T>().ok()) {
            return Ok(found);
        }
        let made = Arc::new(make()?);
        let mut cache = self.cache();
        if cache.descriptors_dropped == before {
            cache.handles.insert(relation, made.clone());
        }
        Ok(made)
    }

    /// A table for the table access method.
    pub fn table(&self, relation: &Relation) -> Result<Arc<Table>> {
        relation.as_table().cloned()
    }

    /// A partitioned table in the form of one that has rows: for its columns' layout.
    pub fn rowless_table(&self, relation: &Relation) -> Result<Arc<Table>> {
        crate::store::table_of(relation, relation.locator, None, self.database(), &Default::default()).map(Arc::new)
    }

    /// An index for the index access method.
    pub fn index(&self, relation: &Relation) -> Result<Arc<Index>> {
        relation.as_index().cloned()
    }

    /// The key columns of an index, as keys are made of them.
    pub fn index_key_columns(&self, relation: &Relation) -> Result<Vec<KeyColumn>> {
        let row = relation.index.as_ref();
        let row = row.ok_or_else(|| Error::internal(format!("relation \"{}\" is no index", relation.name())))?;
        let column = |(k, column): (usize, &PgAttribute)| {
            let option = row.indoption.get(k).copied().unwrap_or(0);
            let mut type_oid = if column.atttypid == CSTRING { NAME } else { column.atttypid };
            type_oid = self.base_type(type_oid, -1)?.0;
            let class = row.indclass.get(k).copied().unwrap_or(Oid::INVALID);
            let collation = match crate::objects::PATTERN_CLASSES.contains(&class) {
                true => Oid(950),
                false => row.indcollation.get(k).copied().unwrap_or(Oid::INVALID),
            };
            Ok(KeyColumn { type_oid, collation, descending: option & 1 != 0, nulls_first: option & 2 != 0 })
        };
        relation.columns.iter().enumerate().take(row.indnkeyatts as usize).map(column).collect()
    }
}
