//! What rows and conditions are to index methods that take no keys in byte order: the operator classes' side of an index.
//!
//! The store's access methods know no types. For a B-tree, [`crate::relation::OpenIndex`] makes keys whose bytes have SQL's order, and that
//! is all there is to know. A hash index has the codes of its values as keys ([`hash_code`]), in the same trees. The other methods each have
//! an [`EntryForm`] here, which is found by the support functions of the columns' operator classes: it turns rows into entries, conditions into
//! the method's query, and gives the method what else it asks of the classes.

mod brin;
mod gin;
mod gist;
mod spgist;

use access::{Method, Query, ScanKey, Support};
use batch::{Column, DatumRef};
use catalog::Relation;
use catalog::rows::PgIndex;
use error::Result;
use ids::Oid;
use opclass::Returned;
use types::Environment;
use types::sortkey::KeyColumn;

use crate::Session;

/// The operator classes of an index, for its method.
pub trait EntryForm: Send + Sync {
    /// Appends the entries of a row, given the index's columns: none, one or many.
    ///
    /// # Errors
    /// `54000` for a value too large for the method; those of reading values.
    fn entries(&self, values: &[&Column], row: usize, env: &dyn Environment, to: &mut EntryList) -> Result<()>;

    /// The same for building an index of rows that are there: entries as the method's build takes them, to be sorted by their keys.
    ///
    /// # Errors
    /// As [`EntryForm::entries`].
    fn build_entries(&self, values: &[&Column], row: usize, env: &dyn Environment, to: &mut EntryList) -> Result<()> {
        self.entries(values, row, env, to)
    }

    /// What the method has to look for, for conditions that must hold together and distances that rows are to be ordered by; none if nothing can
    /// meet the conditions.
    ///
    /// # Errors
    /// Those of reading values.
    fn query(&self, keys: &[ScanKey<'_>], orders: &[ScanKey<'_>], env: &dyn Environment) -> Result<Option<Query>>;

    /// How the value of a key column is had back from an entry.
    fn returned(&self, _column: usize) -> Returned {
        Returned::No
    }

    /// Appends the values of the key columns that an entry's key says, to others null; they are counted from the first one. False if a value is not there as a
    /// whole (it was too long): then the row has to be looked at.
    ///
    /// # Errors
    /// `XX002` for a damaged key.
    fn decode(&self, _key: &[u8], out: &mut [Column]) -> Result<bool> {
        out.iter_mut().for_each(Column::push_null);
        Ok(true)
    }

    /// What the method asks of the classes itself.
    fn support(&self) -> Option<Support> {
        None
    }

    /// Whether making entries asks the session.
    fn needs_session(&self) -> bool {
        true
    }
}

/// Entries of a row: keys and payloads.
#[derive(Clone, Debug, Default)]
pub struct EntryList {
    bytes: Vec<u8>,
    /// Where each key and its payload end.
    ends: Vec<(usize, usize)>,
}

impl EntryList {
    /// Drops all and keeps the memory.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
    }

    /// Adds an entry.
    pub fn push(&mut self, key: &[u8], payload: &[u8]) {
        self.bytes.extend_from_slice(key);
        let end = self.bytes.len();
        self.bytes.extend_from_slice(payload);
        self.ends.push((end, self.bytes.len()));
    }

    /// The entries: key and payload.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        let starts = std::iter::once(0).chain(self.ends.iter().map(|ends| ends.1));
        starts.zip(&self.ends).map(|(start, &(key, end))| (&self.bytes[start..key], &self.bytes[key..end]))
    }
}

/// The type of the values of an index's key column, for polymorphic classes. What the column stores may be of another.
fn type_of_column(session: &Session<'_>, relation: &Relation, row: &PgIndex, at: usize) -> Result<Oid> {
    let type_oid = match row.indkey.get(at) {
        Some(&number) if number != 0 => {
            let table = session.catalog.relation(row.indrelid)?;
            table.column(number).map(|column| column.atttypid)
        }
        _ => relation.columns.get(at).map(|column| column.atttypid),
    };
    Ok(type_oid.unwrap_or(Oid::INVALID))
}

/// Appends the code that a hash index has for a value; nothing for null, which it has no entry for.
pub(crate) fn hash_code(
    column: &KeyColumn,
    value: DatumRef<'_>,
    env: &dyn Environment,
    to: &mut Vec<u8>,
) -> Result<()> {
    if !value.is_null() {
        let code = types::hash::hash_extended(column.type_oid, column.collation, value, 0, env)?;
        to.extend_from_slice(&code.to_be_bytes());
    }
    Ok(())
}

/// The form of an index's entries; none for methods that have byte keys.
pub(crate) fn form_of(
    session: &Session<'_>,
    relation: &Relation,
    row: &PgIndex,
    method: Method,
) -> Result<Option<Box<dyn EntryForm>>> {
    match method {
        Method::Btree | Method::Hash => Ok(None),
        Method::Brin => Ok(Some(Box::new(brin::BrinForm::new(session, relation, row)?))),
        Method::Gin => Ok(Some(Box::new(gin::GinForm::new(session, relation, row)?))),
        Method::Gist => Ok(Some(Box::new(gist::GistForm::new(session, relation, row)?))),
        Method::Spgist => Ok(Some(Box::new(spgist::SpgistForm::new(session, relation, row)?))),
    }
}
