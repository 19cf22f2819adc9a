//! Relations opened for reading and writing, as the access methods see them.

use std::sync::Arc;

use access::{Index, Method, RowLayout, Table};
use batch::{Column, DatumRef, Repr};
use catalog::rows::PgIndex;
use catalog::{Entry, Relation};
use error::{Error, Result, SqlState};
use ids::Oid;
use opclass::Returned;
use types::Environment;
use types::sortkey::{KeyColumn, KeyEncoder};

use crate::Session;
use crate::entry::{self, EntryForm};

/// A table, opened.
#[derive(Clone)]
pub struct OpenTable {
    /// What the catalogs say of it.
    pub relation: Entry<Relation>,
    /// What the access method needs.
    pub table: Arc<Table>,
}

/// An index, opened: its entries are made and read with [`OpenIndex::key`] and [`OpenIndex::payload`].
///
/// An entry is a key of bytes, in the order of the index, and a payload: a row of the values that cannot be had back
/// from the key, that is, of the included columns and of key columns whose encoding is not reversible. A hash index has
/// codes of such keys. Methods without byte keys have entries of their own ([`OpenIndex::form`]).
pub struct OpenIndex {
    /// Row of `pg_index`.
    pub row: PgIndex,
    /// What the access method needs.
    pub index: Arc<Index>,
    /// The key columns.
    pub columns: Vec<KeyColumn>,
    encoder: KeyEncoder,
    /// The index's columns that stand in the payload, and their layout.
    payload: Option<(Vec<usize>, RowLayout)>,
    reprs: Vec<Repr>,
    form: Option<Box<dyn EntryForm>>,
}

impl OpenTable {
    /// Opens a table; the caller holds a lock on it.
    pub fn open(session: &Session<'_>, oid: Oid) -> Result<OpenTable> {
        let relation = session.catalog.relation(oid)?;
        if session.catalog.is_other_temporary(&relation.class) {
            let text = "cannot access temporary tables of other sessions";
            return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text));
        }
        let table = match relation.kind() {
            // It has no rows of its own: nothing reads or writes what is called its files.
            catalog::relation::kind::PARTITIONED_TABLE | catalog::relation::kind::VIEW => {
                session.catalog.rowless_table(&relation)?
            }
            _ => session.catalog.table(&relation)?,
        };
        Ok(OpenTable { relation, table })
    }

    /// The forms of all columns of a relation, which may have no rows of its own.
    pub fn reprs_of(session: &Session<'_>, oid: Oid) -> Result<Vec<Repr>> {
        let relation = session.catalog.relation(oid)?;
        Ok(relation.columns.iter().map(|column| types::repr_of(column.attlen, column.attbyval)).collect())
    }

    /// The forms of all its columns.
    pub fn reprs(&self) -> Vec<Repr> {
        self.table.layout.columns().iter().map(|column| column.repr).collect()
    }
}

impl OpenIndex {
    /// Opens an index; the caller holds a lock on its table.
    pub fn open(session: &Session<'_>, oid: Oid) -> Result<Arc<OpenIndex>> {
        session.catalog.handle(oid, || OpenIndex::make(session, oid))
    }

    fn make(session: &Session<'_>, oid: Oid) -> Result<OpenIndex> {
        let relation = session.catalog.relation(oid)?;
        let row = relation.index.clone().ok_or_else(|| Error::internal(format!("relation {oid} is not an index")))?;
        let mut index = session.catalog.index(&relation)?;
        let columns = session.catalog.index_key_columns(&relation)?;
        let form = entry::form_of(session, &relation, &row, index.method)?;
        if let Some(support) = form.as_ref().and_then(|form| form.support()) {
            index = Arc::new(Index { support: Some(support), ..Index::clone(&index) });
        }
        let encoder = match index.method {
            Method::Btree => KeyEncoder::new(columns.clone(), session.env())?,
            _ => KeyEncoder::new(Vec::new(), session.env())?,
        };
        let reprs: Vec<Repr> = (relation.columns.iter().enumerate())
            .map(|(n, column)| match columns.get(n) {
                Some(key) => types::sortkey::repr(key, session.env()),
                None => Ok(types::repr_of(column.attlen, column.attbyval)),
            })
            .collect::<Result<_>>()?;
        let in_payload: Vec<usize> = (0..reprs.len())
            .filter(|&n| match &form {
                _ if n >= columns.len() => true,
                Some(form) => form.returned(n) == Returned::Beside,
                None => index.method == Method::Btree && !encoder.reversible(n),
            })
            .collect();
        let payload = match in_payload.is_empty() {
            true => None,
            false => {
                let shapes: Vec<_> = in_payload
                    .iter()
                    .map(|&n| access::ColumnShape::new(reprs[n], relation.columns[n].attlen))
                    .collect();
                Some((in_payload, RowLayout::new(shapes)?))
            }
        };
        Ok(OpenIndex { row, index, columns, encoder, payload, reprs, form })
    }

    /// The forms of its columns, included ones too.
    pub fn reprs(&self) -> &[Repr] {
        &self.reprs
    }

    /// How many columns the key has.
    pub fn key_len(&self) -> usize {
        self.columns.len()
    }

    /// How rows become entries, and conditions queries, where that is not by keys of bytes.
    pub fn form(&self) -> Option<&dyn EntryForm> {
        self.form.as_deref()
    }

    /// Whether rows with nulls in the key have no entry.
    pub fn skips_nulls(&self) -> bool {
        self.index.method == Method::Hash
    }

    /// Whether making a key asks the session: about an enum's order, or an array's elements.
    pub fn needs_session(&self) -> bool {
        self.encoder.needs_session() || self.form.as_ref().is_some_and(|form| form.needs_session())
    }

    /// Appends the key of a row, given the index's columns; says whether it holds a null.
    pub fn key(&self, values: &[&Column], row: usize, env: &dyn Environment, to: &mut Vec<u8>) -> Result<bool> {
        let mut null = false;
        for (position, value) in values.iter().enumerate().take(self.columns.len()) {
            let value = value.get(row);
            null |= value.is_null();
            self.key_part(position, value, env, to)?;
        }
        Ok(null)
    }

    /// Appends one value as the key column at `position` has it.
    pub fn key_part(
        &self,
        position: usize,
        value: DatumRef<'_>,
        env: &dyn Environment,
        to: &mut Vec<u8>,
    ) -> Result<()> {
        if self.index.method == Method::Hash {
            return entry::hash_code(&self.columns[position], value, env, to);
        }
        self.encoder.encode_column(position, value, env, to)
    }

    /// Appends the payload of a row, given the index's columns.
    pub fn payload(&self, values: &[&Column], row: usize, to: &mut Vec<u8>) -> Result<()> {
        let Some((columns, layout)) = &self.payload else { return Ok(()) };
        // The first byte says whether the row has a null bitmap.
        let start = to.len();
        to.push(0);
        let flags = layout.encode(|n| access::Field::Plain(values[columns[n]].get(row)), to)?;
        to[start] = flags.nulls as u8;
        Ok(())
    }

    /// Appends an entry's values to columns, one for each of the index's. False if a value is not there as a whole: the row has it.
    pub fn decode(&self, key: &[u8], payload: &[u8], out: &mut [Column]) -> Result<bool> {
        let before = out.first().map_or(0, Column::len);
        let whole = match &self.form {
            Some(form) => form.decode(key, &mut out[..self.columns.len()])?,
            None => {
                self.encoder.decode(key, &mut out[..self.columns.len()])?;
                true
            }
        };
        let Some((columns, layout)) = &self.payload else { return Ok(whole) };
        let damaged = || Error::corrupted(format!("an entry of index \"{}\" has a damaged payload", self.index.name));
        let (&nulls, body) = payload.split_first().ok_or_else(damaged)?;
        let view = layout.view(body, columns.len(), nulls != 0).ok_or_else(damaged)?;
        for (n, &column) in columns.iter().enumerate() {
            let access::Field::Plain(value) = view.get(n)? else { return Err(damaged()) };
            // A key column that is not reversible was decoded as null.
            match out[column].len() > before {
                true => out[column].put(before, value),
                false => out[column].push(value),
            }
        }
        Ok(whole)
    }
}
