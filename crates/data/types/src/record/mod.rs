//! Row values: values of composite types, and anonymous records.
//!
//! # Form
//!
//! A row value describes itself: whoever holds its bytes can read, compare and print its fields without knowing which
//! expression made it. It is the same in memory, in a table's column, in an array and in a temporary file. All numbers
//! are little-endian and may stand at any address.
//!
//! ```text
//!  0  u16  fields, 0 to 1664
//!  2  u8   1 if names of the fields stand at the end
//!  3  u8   how deep rows are nested: 1 if no field is an anonymous row
//!  4  u32  the composite type, or 2249 (`record`) for an anonymous row
//!  8  u32  the type of each field
//!     u32  the end of each field's bytes, counted from the end of the forms
//!     u8   the form of each field: 0 null, 1, 2, 4 or 8 bytes of a number, 255 a string of bytes
//!     the fields' bytes
//!     names, if any: u16 end of each name, counted from the end of these ends, then their bytes
//! ```
//!
//! # Why so
//!
//! - The fields of a composite type stand at their attributes' numbers (less one), dropped ones included, as a table's
//!   columns do. So dropping an attribute touches no stored value, and an added one reads as null where a value is older:
//!   [`View::get`] of a field behind the last one is null. [`fields`] leaves out what was dropped.
//! - An anonymous row carries the types of its fields, and their names where they are not `f1`, `f2` …: PostgreSQL keeps
//!   these in a registry of the session's; a value that needs no registry can be spilled, sent to another thread and
//!   outlive its statement.
//! - Names are written by the batch, not by the row: [`encode_names`] once, then a copy.
//!
//! # For other modules
//!
//! [`View`] reads, [`write()`] makes, [`fields`] says what a row consists of with names (for JSON, for PL/pgSQL),
//! [`spread`] gives a row's live fields to columns. Order and equality are those of `record_ops`: [`compare`].

mod assemble;
mod functions;
mod io;

pub use assemble::assemble;
pub(crate) use functions::collation_of;
pub use functions::{RECORDS, compare, hash, hash_extended};
pub use io::RECORD_IO;

use crate::environment::{Environment, TypeKind};
use crate::oid;
use batch::{Column, DatumRef, Repr};
use error::{Error, Result, SqlState};
use ids::Oid;
use std::borrow::Cow;

/// The most fields that a row can have.
pub const MAX_FIELDS: usize = 1664;
/// How deep anonymous rows can be nested. More than anyone writes, and few enough to be read by recursion.
pub const MAX_DEPTH: u8 = 250;

const HEADER: usize = 8;
/// The form code of a string of bytes.
const BYTES: u8 = 255;

/// A row's bytes, read in place.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    bytes: &'a [u8],
    count: usize,
}

/// A field of a row, with its name.
#[derive(Clone, Debug)]
pub struct Field<'a> {
    /// Its name.
    pub name: Cow<'a, str>,
    /// Its type.
    pub type_oid: Oid,
    /// Its value.
    pub value: DatumRef<'a>,
}

fn number(bytes: &[u8], at: usize) -> u32 {
    match bytes.get(at..at + 4) {
        Some(&[a, b, c, d]) => u32::from_le_bytes([a, b, c, d]),
        _ => 0,
    }
}

impl<'a> View<'a> {
    /// Reads a row's header; fails with XX001 for bytes that are no row.
    pub fn new(bytes: &'a [u8]) -> Result<View<'a>> {
        let damaged = || Error::corrupted("a row's bytes are damaged");
        let [low, high, _, _, ..] = *bytes else { return Err(damaged()) };
        let count = u16::from_le_bytes([low, high]) as usize;
        let view = View { bytes, count };
        if bytes.len() < view.data() || bytes.len() < view.data() + view.end(count) {
            return Err(damaged());
        }
        Ok(view)
    }

    /// Where the fields' bytes begin.
    fn data(&self) -> usize {
        HEADER + 9 * self.count
    }

    /// Where the bytes of the first `count` fields end.
    fn end(&self, count: usize) -> usize {
        match count {
            0 => 0,
            _ => number(self.bytes, HEADER + 4 * (self.count + count - 1)) as usize,
        }
    }

    /// The composite type, or `record`.
    pub fn row_type(&self) -> Oid {
        Oid(number(self.bytes, 4))
    }

    /// Whether it is an anonymous row.
    pub fn is_anonymous(&self) -> bool {
        self.row_type() == oid::RECORD
    }

    /// How many fields it has, dropped ones included.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether it has no fields.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    fn depth(&self) -> u8 {
        self.bytes[3]
    }

    /// The type of a field; 0 behind the last one.
    pub fn field_type(&self, at: usize) -> Oid {
        if at < self.count { Oid(number(self.bytes, HEADER + 4 * at)) } else { Oid::INVALID }
    }

    /// A field's value; null behind the last one.
    pub fn get(&self, at: usize) -> DatumRef<'a> {
        if at >= self.count {
            return DatumRef::Null;
        }
        let form = self.bytes[HEADER + 8 * self.count + at];
        let (start, end) = (self.data() + self.end(at), self.data() + self.end(at + 1));
        let value = self.bytes.get(start..end).unwrap_or_default();
        match (form, value) {
            (1, &[a]) => DatumRef::B1(a),
            (2, &[a, b]) => DatumRef::B2(i16::from_le_bytes([a, b])),
            (4, &[a, b, c, d]) => DatumRef::B4(i32::from_le_bytes([a, b, c, d])),
            (8, &[a, b, c, d, e, f, g, h]) => DatumRef::B8(i64::from_le_bytes([a, b, c, d, e, f, g, h])),
            (BYTES, value) => DatumRef::Bytes(value),
            _ => DatumRef::Null,
        }
    }

    /// The values in order, dropped ones included.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = DatumRef<'a>> + use<'a> {
        let view = *self;
        (0..view.count).map(move |at| view.get(at))
    }

    /// The types of the fields.
    pub fn types(&self) -> impl ExactSizeIterator<Item = Oid> + use<'a> {
        let view = *self;
        (0..view.count).map(move |at| view.field_type(at))
    }

    /// The block of names at the end, as [`encode_names`] made it; empty if the fields are `f1`, `f2` …
    pub fn names(&self) -> &'a [u8] {
        let from = self.data() + self.end(self.count);
        if self.bytes[2] != 0 { self.bytes.get(from..).unwrap_or_default() } else { &[] }
    }

    /// The name that the value itself gives a field; none for a composite type's and for `f1`, `f2` …
    pub fn name(&self, at: usize) -> Option<&'a str> {
        let names = self.names();
        let end = |count: usize| match count {
            0 => Some(0),
            _ => names.get(2 * count - 2..2 * count).map(|b| u16::from_le_bytes([b[0], b[1]]) as usize),
        };
        let base = 2 * self.count;
        std::str::from_utf8(names.get(base + end(at)?..base + end(at + 1)?)?).ok()
    }
}

/// Names of fields, as [`write()`] takes them. Names are at most 63 bytes long, so their ends fit.
pub fn encode_names<'n>(names: impl IntoIterator<Item = &'n str>) -> Vec<u8> {
    let (mut ends, mut text) = (Vec::new(), Vec::new());
    for name in names {
        text.extend_from_slice(name.as_bytes());
        ends.extend_from_slice(&(text.len().min(u16::MAX as usize) as u16).to_le_bytes());
    }
    ends.extend_from_slice(&text);
    ends
}

/// How deep anonymous rows are nested in a value.
fn depth_of(type_oid: Oid, value: DatumRef<'_>) -> u8 {
    let Some(bytes) = value.as_bytes() else { return 0 };
    match type_oid {
        oid::RECORD => View::new(bytes).map_or(0, |view| view.depth()),
        oid::RECORD_ARRAY => crate::array::View::new(bytes)
            .map_or(0, |array| array.iter().map(|element| depth_of(oid::RECORD, element)).max().unwrap_or(0)),
        _ => 0,
    }
}

/// Adds a row's bytes to `out`: its type (or `record`), the types and values of its fields, and the block of names that
/// [`encode_names`] made (empty for none; a composite type has none).
///
/// # Errors
/// 54001 for rows nested deeper than [`MAX_DEPTH`], 54011 for more than [`MAX_FIELDS`] fields, 54000 for more than 1 GB.
pub fn write<'v>(
    row_type: Oid,
    types: &[Oid],
    values: impl ExactSizeIterator<Item = DatumRef<'v>> + Clone,
    names: &[u8],
    out: &mut Vec<u8>,
) -> Result<()> {
    let count = types.len();
    debug_assert_eq!(count, values.len());
    if count > MAX_FIELDS {
        return Err(Error::new(
            SqlState::TOO_MANY_COLUMNS,
            format!("number of columns ({count}) exceeds limit ({MAX_FIELDS})"),
        ));
    }
    let nested = types.iter().zip(values.clone()).map(|(&of, value)| depth_of(of, value)).max().unwrap_or(0);
    if nested >= MAX_DEPTH {
        return Err(Error::new(SqlState::STATEMENT_TOO_COMPLEX, "stack depth limit exceeded"));
    }
    out.extend_from_slice(&(count as u16).to_le_bytes());
    out.extend_from_slice(&[!names.is_empty() as u8, nested + 1]);
    out.extend_from_slice(&row_type.0.to_le_bytes());
    types.iter().for_each(|of| out.extend_from_slice(&of.0.to_le_bytes()));
    let mut end = 0u64;
    for value in values.clone() {
        end += match value {
            DatumRef::Bytes(bytes) => bytes.len() as u64,
            value => value.repr().and_then(Repr::width).unwrap_or(0) as u64,
        };
        out.extend_from_slice(&(end as u32).to_le_bytes());
    }
    if end > batch::ByteValues::MAX_LENGTH as u64 / 2 {
        return Err(Error::new(SqlState::PROGRAM_LIMIT_EXCEEDED, "a row value is too large"));
    }
    out.extend(values.clone().map(|value| match value.repr() {
        None => 0,
        Some(repr) => repr.width().map_or(BYTES, |width| width as u8),
    }));
    for value in values {
        match value {
            DatumRef::Null => {}
            DatumRef::B1(v) => out.push(v),
            DatumRef::B2(v) => out.extend_from_slice(&v.to_le_bytes()),
            DatumRef::B4(v) => out.extend_from_slice(&v.to_le_bytes()),
            DatumRef::B8(v) => out.extend_from_slice(&v.to_le_bytes()),
            DatumRef::Bytes(v) => out.extend_from_slice(v),
        }
    }
    out.extend_from_slice(names);
    Ok(())
}

/// The fields of a row that are not dropped, with names, in order.
pub fn fields<'a>(view: &View<'a>, env: &dyn Environment) -> Result<Vec<Field<'a>>> {
    if view.is_anonymous() {
        return Ok((0..view.len())
            .map(|at| Field {
                name: view.name(at).map_or_else(|| Cow::Owned(format!("f{}", at + 1)), Cow::Borrowed),
                type_oid: view.field_type(at),
                value: view.get(at),
            })
            .collect());
    }
    let facts = env.type_facts(view.row_type())?;
    let TypeKind::Composite { columns, .. } = &facts.kind else {
        return Err(Error::corrupted(format!("a row's type {} is no composite type", view.row_type())));
    };
    Ok(columns
        .iter()
        .map(|column| Field {
            name: Cow::Owned(column.name.clone()),
            type_oid: column.type_oid,
            value: view.get(column.position),
        })
        .collect())
}

/// Positions of the fields that are not dropped; all of an anonymous row's.
pub(crate) fn live_positions(view: &View<'_>, env: &dyn Environment) -> Result<Option<Vec<usize>>> {
    if view.is_anonymous() {
        return Ok(None);
    }
    let facts = env.type_facts(view.row_type())?;
    match &facts.kind {
        TypeKind::Composite { columns, fields } if columns.len() < *fields || view.len() < *fields => {
            Ok(Some(columns.iter().map(|column| column.position).collect()))
        }
        _ => Ok(None),
    }
}

/// Calls `f` with type and value of each field that is not dropped; fails as `f` does.
pub fn for_each_live<'a>(
    view: &View<'a>,
    env: &dyn Environment,
    mut f: impl FnMut(Oid, DatumRef<'a>) -> Result<()>,
) -> Result<()> {
    match live_positions(view, env)? {
        Some(live) => live.into_iter().try_for_each(|at| f(view.field_type(at), view.get(at))),
        None => (0..view.len()).try_for_each(|at| f(view.field_type(at), view.get(at))),
    }
}

/// Adds a row's fields to columns of these types; nulls for a null row, and for columns of type 0, which were dropped.
///
/// # Errors
/// 42804 if the row has another number of live fields, or fields of other types.
pub fn spread(row: DatumRef<'_>, types: &[Oid], columns: &mut [Column], env: &dyn Environment) -> Result<()> {
    let Some(bytes) = row.as_bytes() else {
        columns.iter_mut().for_each(Column::push_null);
        return Ok(());
    };
    let view = View::new(bytes)?;
    let live = live_positions(&view, env)?;
    let (count, wanted) = (live.as_ref().map_or(view.len(), Vec::len), types.iter().filter(|of| of.is_valid()).count());
    let mismatch =
        || Error::new(SqlState::DATATYPE_MISMATCH, "function return row and query-specified return row do not match");
    if count != wanted {
        let plural = if count == 1 { "" } else { "s" };
        return Err(
            mismatch().detail(format!("Returned row contains {count} attribute{plural}, but query expects {wanted}."))
        );
    }
    let mut at = 0;
    for (column, &wanted) in columns.iter_mut().zip(types) {
        if !wanted.is_valid() {
            column.push_null();
            continue;
        }
        let position = live.as_ref().map_or(at, |live| live[at]);
        at += 1;
        let (value, found) = (view.get(position), view.field_type(position));
        if found != wanted && found.is_valid() {
            let fits = value.repr().is_none_or(|repr| repr == column.repr());
            if !(fits && same_values(found, wanted, env)?) {
                return Err(mismatch().detail(format!(
                    "Returned type {} at ordinal position {at}, but query expects {}.",
                    crate::objects::format_type(found, None, env)?,
                    crate::objects::format_type(wanted, None, env)?
                )));
            }
        }
        column.push(value);
    }
    Ok(())
}

/// Whether a type is a row type: composite, `record`, or a domain over one.
pub fn is_row_type(type_oid: Oid, env: &dyn Environment) -> Result<bool> {
    match &env.type_facts(type_oid)?.kind {
        TypeKind::Domain { base, .. } => is_row_type(*base, env),
        TypeKind::Composite { .. } => Ok(true),
        _ => Ok(false),
    }
}

/// Whether two types have the same values: one is the other without a domain's constraints, or they are texts.
fn same_values(found: Oid, wanted: Oid, env: &dyn Environment) -> Result<bool> {
    let base = |mut of: Oid| -> Result<Oid> {
        while let TypeKind::Domain { base, .. } = &env.type_facts(of)?.kind {
            of = *base;
        }
        Ok(of)
    };
    let (found, wanted) = (base(found)?, base(wanted)?);
    let is_text = |of| matches!(of, oid::TEXT | oid::VARCHAR);
    Ok(found == wanted || is_text(found) && is_text(wanted))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(types: &[Oid], values: &[DatumRef<'_>], names: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        write(oid::RECORD, types, values.iter().copied(), names, &mut out).unwrap();
        out
    }

    #[test]
    fn fields_are_read_back() {
        let types = [oid::INT4, oid::TEXT, oid::BOOL, oid::INT8, oid::TEXT, oid::INT2];
        let values = [
            DatumRef::B4(-7),
            DatumRef::Bytes(b"abc"),
            DatumRef::B1(1),
            DatumRef::B8(i64::MIN),
            DatumRef::Null,
            DatumRef::B2(9),
        ];
        let bytes = row(&types, &values, &[]);
        let view = View::new(&bytes).unwrap();
        assert_eq!(view.iter().collect::<Vec<_>>(), values);
        assert_eq!(view.types().collect::<Vec<_>>(), types);
        assert_eq!(view.get(6), DatumRef::Null, "behind the last field everything is null");
        assert_eq!((view.name(0), view.names()), (None, &[][..]));
        for cut in 0..bytes.len() {
            assert!(View::new(&bytes[..cut]).is_err(), "{cut} bytes of {} are no row", bytes.len());
        }
    }

    #[test]
    fn names_stand_behind_the_fields() {
        let names = encode_names(["id", "", "größe"]);
        let bytes = row(&[oid::INT4; 3], &[DatumRef::B4(1), DatumRef::Null, DatumRef::B4(3)], &names);
        let view = View::new(&bytes).unwrap();
        assert_eq!([view.name(0), view.name(1), view.name(2)], [Some("id"), Some(""), Some("größe")]);
        assert_eq!(view.names(), names);
        let env = crate::DefaultEnvironment::default();
        let all = fields(&view, &env).unwrap();
        assert_eq!((all[2].name.as_ref(), all[2].value), ("größe", DatumRef::B4(3)));
    }

    #[test]
    fn anonymous_rows_are_not_nested_without_end() {
        let mut bytes = row(&[oid::INT4], &[DatumRef::B4(1)], &[]);
        for depth in 1..=MAX_DEPTH as usize {
            let mut outer = Vec::new();
            let value = [DatumRef::Bytes(&bytes)];
            match write(oid::RECORD, &[oid::RECORD], value.iter().copied(), &[], &mut outer) {
                Ok(()) => assert!(depth < MAX_DEPTH as usize),
                Err(e) => assert_eq!((e.state(), depth), (SqlState::STATEMENT_TOO_COMPLEX, MAX_DEPTH as usize)),
            }
            bytes = outer;
        }
    }
}
