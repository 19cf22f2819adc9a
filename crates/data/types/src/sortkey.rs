//! Keys as byte strings whose order as bytes is the SQL order of the values: for B-trees, sorts, merge joins, grouping.
//!
//! ```text
//! key    = column*
//! column = 00            null, sorted first
//!        | 01 value      value (the value's bytes inverted if descending)
//!        | 02            null, sorted last
//! ```
//!
//! Two values that are equal in SQL have the same bytes (`1.0` and `1.00`, `-0` and `0`), so the keys serve grouping and
//! uniqueness, too. No column's encoding is a prefix of another value's, so that the columns that follow decide ties.

use crate::Environment;
use batch::{ByteValues, Column, DatumRef, Repr, Rows};
use error::{Error, Result};
use ids::Oid;

/// A column of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyColumn {
    /// The type of its values.
    pub type_oid: Oid,
    /// The collation; 0 if the type has none.
    pub collation: Oid,
    /// Largest first.
    pub descending: bool,
    /// Nulls before all values.
    pub nulls_first: bool,
}

impl KeyColumn {
    /// Ascending, nulls last.
    pub fn ascending(type_oid: Oid, collation: Oid) -> KeyColumn {
        KeyColumn { type_oid, collation, descending: false, nulls_first: false }
    }
}

/// Turns values into keys.
#[derive(Clone, Debug)]
pub struct KeyEncoder {
    columns: Vec<KeyColumn>,
}

impl KeyEncoder {
    /// An encoder for keys of these columns; fails for a type without an order.
    pub fn new(columns: Vec<KeyColumn>, env: &dyn Environment) -> Result<KeyEncoder> {
        let _ = env;
        Ok(KeyEncoder { columns })
    }

    /// The columns.
    pub fn columns(&self) -> &[KeyColumn] {
        &self.columns
    }

    /// Whether the values of a column can be had back from the key, exactly as they were.
    pub fn reversible(&self, column: usize) -> bool {
        let _ = column;
        false
    }

    /// Adds the key of one row (or of its first columns, for a prefix) to `out`.
    pub fn encode_row(&self, values: &[DatumRef<'_>], env: &dyn Environment, out: &mut Vec<u8>) -> Result<()> {
        self.columns.iter().zip(values).try_for_each(|(column, &value)| encode(column, value, env, out))
    }

    /// Adds the keys of a batch's rows to `out`, in the rows' order.
    pub fn encode_batch(
        &self,
        columns: &[&Column],
        rows: Rows<'_>,
        env: &dyn Environment,
        out: &mut ByteValues,
    ) -> Result<()> {
        rows.try_for_each(|row| {
            let at = out.len();
            out.resize(at + 1);
            out.put_with(at, |arena| {
                self.columns.iter().zip(columns).try_for_each(|(key, column)| encode(key, column.get(row), env, arena))
            })
        })
    }

    /// Adds the values that a key was made of to `out`, one column each; null for columns that are not
    /// [`reversible`](KeyEncoder::reversible). Fails with XX001 for bytes that are no key.
    pub fn decode(&self, key: &[u8], out: &mut [Column]) -> Result<()> {
        let _ = (key, out);
        Err(Error::not_implemented("decoding of keys"))
    }
}

/// The form of the values that a column of this type has.
pub fn repr(column: &KeyColumn, env: &dyn Environment) -> Result<Repr> {
    match crate::repr(column.type_oid) {
        Some(repr) => Ok(repr),
        None => Ok(env.type_facts(column.type_oid)?.repr),
    }
}

/// Adds one column's encoding to `out`.
pub fn encode(column: &KeyColumn, value: DatumRef<'_>, env: &dyn Environment, out: &mut Vec<u8>) -> Result<()> {
    let _ = env;
    if value.is_null() {
        out.push(if column.nulls_first { 0 } else { 2 });
        return Ok(());
    }
    out.push(1);
    let start = out.len();
    match value {
        DatumRef::B4(v) => out.extend((v as u32 ^ 1 << 31).to_be_bytes()),
        _ => return Err(Error::not_implemented(format_args!("keys of type {}", column.type_oid))),
    }
    if column.descending {
        out[start..].iter_mut().for_each(|b| *b = !*b);
    }
    Ok(())
}
