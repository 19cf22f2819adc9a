//! How a row's values lie in its tuple's body.
//!
//! ```text
//!  body (starts 8-aligned on the page, behind the tuple header)
//!  ┌───────────────────────────┬──────────────────────┬─────────────┬──────────────────┐
//!  │ fixed-width columns       │ end of each variable │ null bitmap │ variable columns │
//!  │ widest alignment first    │ column: u16 each     │ if any null │ back to back     │
//!  └───────────────────────────┴──────────────────────┴─────────────┴──────────────────┘
//!  0                   fixed_end          + 2 · variables    + ⌈natts/8⌉
//! ```
//!
//! - Everything before the null bitmap lies at offsets that depend only on how many columns the tuple has (`natts`), so
//!   reading column *k* of every tuple of a page is one tight loop. A null fixed-width column keeps its (zeroed) room.
//! - An end (relative to the start of the variable area) takes the low 13 bits; the upper bits say whether the value is
//!   compressed in place or stored out of line, see [`Form`].
//! - A tuple written before a column was added is shorter: the column then has the shape's `missing` value.
//! - All integers are little-endian.
//!
//! # Differences from PostgreSQL
//!
//! PostgreSQL stores columns in order, so column *k* is found by walking the columns before it, and omits nulls. Here
//! fixed columns are sorted by alignment (there is no padding at all), and a variable value has no length word of its own.

use std::sync::OnceLock;

use batch::{Datum, DatumRef, Repr};
use error::{Error, Result, SqlState};

/// The most columns a table can have.
pub const MAX_COLUMNS: usize = 1600;

/// Widest value that is stored among the fixed-width columns.
const MAX_FIXED_WIDTH: i16 = 16;

/// Low bits of an end offset: where the value ends.
pub(crate) const END_MASK: u16 = 0x1FFF;
/// Bit of an end offset: the value is compressed in place.
pub(crate) const END_COMPRESSED: u16 = 0x2000;
/// Bit of an end offset: the value is stored out of line.
pub(crate) const END_EXTERNAL: u16 = 0x4000;

/// What may be done to a wide value (`pg_attribute.attstorage`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ToastStrategy {
    /// `p`: nothing.
    Plain,
    /// `e`: stored out of line, never compressed.
    External,
    /// `m`: compressed; out of line only if nothing else helps.
    Main,
    /// `x`: compressed, then stored out of line.
    Extended,
}

impl ToastStrategy {
    /// From the letter in the catalog; `Plain` for an unknown one.
    pub const fn from_letter(letter: u8) -> ToastStrategy {
        match letter {
            b'e' => ToastStrategy::External,
            b'm' => ToastStrategy::Main,
            b'x' => ToastStrategy::Extended,
            _ => ToastStrategy::Plain,
        }
    }

    /// Whether values may be compressed.
    pub const fn compresses(self) -> bool {
        matches!(self, ToastStrategy::Main | ToastStrategy::Extended)
    }

    /// Whether values may go out of line.
    pub const fn moves_out(self) -> bool {
        !matches!(self, ToastStrategy::Plain)
    }
}

/// What a column's values look like in a tuple.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnShape {
    /// The physical form in memory.
    pub repr: Repr,
    /// Bytes each value takes among the fixed-width columns; zero for a variable column.
    pub width: u16,
    /// What may be done to a wide value.
    pub toast: ToastStrategy,
    /// The value in tuples written before the column existed (`pg_attribute.attmissingval`).
    pub missing: Datum,
}

impl ColumnShape {
    /// The shape of a column of form `repr` whose type has length `typlen` (`pg_type.typlen`; negative: variable).
    /// Fixed-length types of form `Bytes` (tid, uuid, interval …) stay fixed up to 16 bytes; longer ones (`name`) are
    /// variable, without padding.
    pub fn new(repr: Repr, typlen: i16) -> ColumnShape {
        let width = match repr.width() {
            Some(width) => width as u16,
            None if (1..=MAX_FIXED_WIDTH).contains(&typlen) => typlen as u16,
            None => 0,
        };
        ColumnShape { repr, width, toast: ToastStrategy::Plain, missing: Datum::Null }
    }

    /// The same shape with another strategy for wide values.
    #[must_use]
    pub fn with_toast(mut self, toast: ToastStrategy) -> ColumnShape {
        self.toast = toast;
        self
    }

    /// The same shape with a value for tuples that lack the column.
    #[must_use]
    pub fn with_missing(mut self, missing: Datum) -> ColumnShape {
        self.missing = missing;
        self
    }

    /// Whether it is stored among the variable columns.
    pub fn is_variable(&self) -> bool {
        self.width == 0
    }
}

/// A stored value: as it is, or in a form that must be undone first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field<'a> {
    /// The value itself.
    Plain(DatumRef<'a>),
    /// Compressed in place: the bytes as the table access method's compressor wrote them.
    Compressed(&'a [u8]),
    /// Stored out of line: the pointer to it.
    External(&'a [u8]),
}

impl Field<'_> {
    pub(crate) fn stored_len(&self) -> usize {
        match self {
            Field::Plain(DatumRef::Bytes(b)) | Field::Compressed(b) | Field::External(b) => b.len(),
            _ => 0,
        }
    }
}

/// How a variable value is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Compressed in place.
    Compressed,
    /// Out of line.
    External,
}

/// What an encoded body contains, for the tuple header's flags.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BodyFlags {
    /// There is a null bitmap.
    pub nulls: bool,
    /// Some value is out of line.
    pub external: bool,
    /// Some value is compressed in place.
    pub compressed: bool,
}

/// Where the columns of tuples with a certain number of columns are.
#[derive(Debug)]
pub(crate) struct Arrangement {
    /// By column: the offset in the body of a fixed one, the ordinal of a variable one.
    pub places: Box<[u16]>,
    /// Where the fixed-width columns end.
    pub fixed_end: usize,
    /// How many columns are variable.
    pub variables: usize,
}

impl Arrangement {
    /// Bytes before the variable area.
    pub fn header(&self, nulls: bool) -> usize {
        self.bitmap() + if nulls { self.places.len().div_ceil(8) } else { 0 }
    }

    /// Where the null bitmap starts if there is one.
    pub fn bitmap(&self) -> usize {
        self.fixed_end + 2 * self.variables
    }
}

/// The layout of a table's tuples: made once per table from its columns' shapes, then shared.
#[derive(Debug)]
pub struct RowLayout {
    columns: Box<[ColumnShape]>,
    /// By number of columns; made when first met.
    arrangements: Box<[OnceLock<Arrangement>]>,
}

impl RowLayout {
    /// The layout of rows of these columns, at most [`MAX_COLUMNS`].
    ///
    /// # Errors
    /// `54011` for too many columns.
    pub fn new(columns: impl Into<Box<[ColumnShape]>>) -> Result<RowLayout> {
        let columns = columns.into();
        if columns.len() > MAX_COLUMNS {
            return Err(Error::new(
                SqlState::TOO_MANY_COLUMNS,
                format!("tables can have at most {MAX_COLUMNS} columns"),
            ));
        }
        let arrangements = (0..=columns.len()).map(|_| OnceLock::new()).collect();
        Ok(RowLayout { columns, arrangements })
    }

    /// How many columns.
    pub fn len(&self) -> usize {
        self.columns.len()
    }

    /// Whether there are no columns.
    pub fn is_empty(&self) -> bool {
        self.columns.is_empty()
    }

    /// The columns' shapes.
    pub fn columns(&self) -> &[ColumnShape] {
        &self.columns
    }

    pub(crate) fn arrangement(&self, natts: usize) -> &Arrangement {
        self.arrangements[natts].get_or_init(|| {
            let columns = &self.columns[..natts];
            let alignment = |width: u16| 1u16 << width.trailing_zeros().min(3);
            let mut fixed: Vec<usize> = (0..natts).filter(|&k| !columns[k].is_variable()).collect();
            fixed.sort_by_key(|&k| std::cmp::Reverse(alignment(columns[k].width)));
            let mut places = vec![0u16; natts];
            let mut end = 0;
            for k in fixed {
                places[k] = end;
                end += columns[k].width;
            }
            let mut variables = 0;
            for (k, column) in columns.iter().enumerate() {
                if column.is_variable() {
                    places[k] = variables;
                    variables += 1;
                }
            }
            Arrangement { places: places.into(), fixed_end: end as usize, variables: variables as usize }
        })
    }

    /// Whether a body of `len` bytes can hold what precedes the variable area of a tuple with `natts` columns.
    pub fn fits(&self, len: usize, natts: usize, nulls: bool) -> bool {
        natts <= self.len() && len >= self.arrangement(natts).header(nulls)
    }

    /// Bytes that a row's body takes.
    pub fn encoded_len<'a>(&self, value: impl Fn(usize) -> Field<'a>) -> usize {
        let mut nulls = false;
        let mut bytes = 0;
        for (k, column) in self.columns.iter().enumerate() {
            let field = value(k);
            nulls |= field == Field::Plain(DatumRef::Null);
            if column.is_variable() {
                bytes += field.stored_len();
            }
        }
        self.arrangement(self.len()).header(nulls) + bytes
    }

    /// Appends a row's body to `out`: `value` gives the value of each column, by its number from zero.
    ///
    /// # Errors
    /// `54000` if the variable values outgrow a page; `XX000` for a value whose form is not its column's.
    pub fn encode<'a>(&self, value: impl Fn(usize) -> Field<'a>, out: &mut Vec<u8>) -> Result<BodyFlags> {
        let natts = self.len();
        let arrangement = self.arrangement(natts);
        let start = out.len();
        let mut flags = BodyFlags::default();
        for k in 0..natts {
            flags.nulls |= value(k) == Field::Plain(DatumRef::Null);
        }
        let header = arrangement.header(flags.nulls);
        out.resize(start + header, 0);
        let mut end = 0usize;
        for (k, column) in self.columns.iter().enumerate() {
            let field = value(k);
            let place = arrangement.places[k] as usize;
            if field == Field::Plain(DatumRef::Null) {
                out[start + arrangement.bitmap() + k / 8] |= 1 << (k % 8);
                if column.is_variable() {
                    let at = start + arrangement.fixed_end + 2 * place;
                    out[at..at + 2].copy_from_slice(&(end as u16).to_le_bytes());
                }
                continue;
            }
            if column.is_variable() {
                let (bytes, bits) = match field {
                    Field::Plain(DatumRef::Bytes(bytes)) => (bytes, 0),
                    Field::Compressed(bytes) => (bytes, END_COMPRESSED),
                    Field::External(bytes) => (bytes, END_EXTERNAL),
                    Field::Plain(other) => return Err(wrong_form(k, column, other)),
                };
                end += bytes.len();
                if end > END_MASK as usize {
                    return Err(row_too_big(self.encoded_len(&value)));
                }
                flags.external |= bits == END_EXTERNAL;
                flags.compressed |= bits == END_COMPRESSED;
                let at = start + arrangement.fixed_end + 2 * place;
                out[at..at + 2].copy_from_slice(&(end as u16 | bits).to_le_bytes());
                out.extend_from_slice(bytes);
                continue;
            }
            let Field::Plain(value) = field else {
                return Err(Error::internal(format!("column {k} of fixed width is stored out of line")));
            };
            let at = start + place;
            match (column.repr, value) {
                (Repr::B1, DatumRef::B1(v)) => out[at] = v,
                (Repr::B2, DatumRef::B2(v)) => out[at..at + 2].copy_from_slice(&v.to_le_bytes()),
                (Repr::B4, DatumRef::B4(v)) => out[at..at + 4].copy_from_slice(&v.to_le_bytes()),
                (Repr::B8, DatumRef::B8(v)) => out[at..at + 8].copy_from_slice(&v.to_le_bytes()),
                (Repr::Bytes, DatumRef::Bytes(v)) if v.len() == column.width as usize => {
                    out[at..at + v.len()].copy_from_slice(v);
                }
                (_, other) => return Err(wrong_form(k, column, other)),
            }
        }
        Ok(flags)
    }

    /// A row's body, to read single columns of. `None` if the body is too short for its number of columns.
    pub fn view<'a>(&'a self, body: &'a [u8], natts: usize, nulls: bool) -> Option<RowView<'a>> {
        self.fits(body.len(), natts, nulls).then(|| RowView {
            layout: self,
            arrangement: self.arrangement(natts),
            body,
            nulls,
        })
    }
}

#[cold]
fn wrong_form(k: usize, column: &ColumnShape, value: DatumRef<'_>) -> Error {
    Error::internal(format!(
        "a value of form {:?} does not fit column {} of form {:?} ({} bytes)",
        value.repr(),
        k + 1,
        column.repr,
        column.width
    ))
}

/// The error for a row that does not fit a page even after moving wide values out of line.
#[cold]
#[track_caller]
pub fn row_too_big(size: usize) -> Error {
    Error::new(SqlState::PROGRAM_LIMIT_EXCEEDED, format!("row is too big: size {size}, maximum size 8160"))
}

/// One row's body.
#[derive(Clone, Copy)]
pub struct RowView<'a> {
    layout: &'a RowLayout,
    arrangement: &'a Arrangement,
    body: &'a [u8],
    nulls: bool,
}

impl<'a> RowView<'a> {
    /// Whether column `k` is null (false for a column the tuple does not have).
    pub fn is_null(&self, k: usize) -> bool {
        self.nulls
            && k < self.arrangement.places.len()
            && self.body[self.arrangement.bitmap() + k / 8] >> (k % 8) & 1 != 0
    }

    /// The stored value of column `k`.
    ///
    /// # Errors
    /// `XX001` if the tuple is damaged.
    pub fn get(&self, k: usize) -> Result<Field<'a>> {
        let column = &self.layout.columns[k];
        if k >= self.arrangement.places.len() {
            return Ok(Field::Plain(column.missing.as_ref()));
        }
        if self.is_null(k) {
            return Ok(Field::Plain(DatumRef::Null));
        }
        let place = self.arrangement.places[k] as usize;
        if column.is_variable() {
            let ends = &self.body[self.arrangement.fixed_end..self.arrangement.bitmap()];
            let end = u16::from_le_bytes([ends[2 * place], ends[2 * place + 1]]);
            let begin = match place {
                0 => 0,
                _ => u16::from_le_bytes([ends[2 * place - 2], ends[2 * place - 1]]) & END_MASK,
            };
            let data = self.arrangement.header(self.nulls);
            let bytes = self
                .body
                .get(data + begin as usize..data + (end & END_MASK) as usize)
                .ok_or_else(|| Error::corrupted(format!("column {} of a tuple ends outside of it", k + 1)))?;
            return Ok(match end & (END_COMPRESSED | END_EXTERNAL) {
                0 => Field::Plain(DatumRef::Bytes(bytes)),
                END_COMPRESSED => Field::Compressed(bytes),
                _ => Field::External(bytes),
            });
        }
        let bytes = &self.body[place..place + column.width as usize];
        Ok(Field::Plain(match column.repr {
            Repr::B1 => DatumRef::B1(bytes[0]),
            Repr::B2 => DatumRef::B2(i16::from_le_bytes([bytes[0], bytes[1]])),
            Repr::B4 => DatumRef::B4(i32::from_le_bytes(bytes.try_into().unwrap_or_default())),
            Repr::B8 => DatumRef::B8(i64::from_le_bytes(bytes.try_into().unwrap_or_default())),
            Repr::Bytes => DatumRef::Bytes(bytes),
        }))
    }
}
