//! Arrays.
//!
//! # Form
//!
//! All numbers are little-endian and may stand at any address.
//!
//! ```text
//!  0  u8   dimensions, 0 to 6; none means an empty array
//!  1  u8   1 if there is a null bitmap
//!  2  u8   width of an element: 1, 2, 4, 8, or 0 for byte strings
//!  3  u8   0
//!  4  u32  the elements' type
//!  8  i32  length, i32 lower bound: for each dimension
//!     u8   null bitmap, a bit for each element, if any is null: set bits are nulls
//!     fixed width: the elements; else u32 end of each element, then their bytes
//! ```

mod assign;
mod functions;
mod io;

pub use assign::{set_element, set_slice};
pub use functions::{ARRAYS, compare_views, split_text};
pub use io::{ARRAY_IO, VECTOR_IO, write_array};

use batch::{Column, Datum, DatumRef, Repr};
use error::{Error, Result, SqlState};
use ids::Oid;

/// The most dimensions that an array can have.
pub const MAX_DIMENSIONS: usize = 6;
/// The most elements that an array can have.
pub const MAX_ELEMENTS: usize = 134_217_727;

/// An array's bytes, read in place.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    bytes: &'a [u8],
    dimensions: usize,
    width: usize,
    count: usize,
    nulls: Option<usize>,
    data: usize,
}

/// Length and lower bound of an array's dimension.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dimension {
    /// How many elements.
    pub length: i32,
    /// The subscript of the first one.
    pub lower: i32,
}

fn number(bytes: &[u8], at: usize) -> u32 {
    match bytes.get(at..at + 4) {
        Some(&[a, b, c, d]) => u32::from_le_bytes([a, b, c, d]),
        _ => 0,
    }
}

impl<'a> View<'a> {
    /// Reads an array's header; fails with XX001 for bytes that are no array.
    pub fn new(bytes: &'a [u8]) -> Result<View<'a>> {
        let damaged = || Error::corrupted("an array's bytes are damaged");
        let (dimensions, has_nulls, width) = match bytes {
            [dimensions, nulls, width, _, ..] => (*dimensions as usize, *nulls != 0, *width as usize),
            _ => return Err(damaged()),
        };
        if dimensions > MAX_DIMENSIONS || bytes.len() < 8 + 8 * dimensions || !matches!(width, 0 | 1 | 2 | 4 | 8) {
            return Err(damaged());
        }
        let mut count = (dimensions > 0) as usize;
        for k in 0..dimensions {
            count = count.saturating_mul(number(bytes, 8 + 8 * k) as usize);
        }
        if count > MAX_ELEMENTS {
            return Err(damaged());
        }
        let mut data = 8 + 8 * dimensions;
        let nulls = has_nulls.then_some(data);
        if has_nulls {
            data += count.div_ceil(8);
        }
        let needed = data + count * if width == 0 { 4 } else { width };
        let end = if width == 0 && count > 0 { number(bytes, data + 4 * (count - 1)) as usize } else { 0 };
        if bytes.len() < needed + end {
            return Err(damaged());
        }
        Ok(View { bytes, dimensions, width, count, nulls, data })
    }

    /// The type of the elements.
    pub fn element_type(&self) -> Oid {
        Oid(number(self.bytes, 4))
    }

    /// The form of the elements.
    pub fn repr(&self) -> Repr {
        match self.width {
            1 => Repr::B1,
            2 => Repr::B2,
            4 => Repr::B4,
            8 => Repr::B8,
            _ => Repr::Bytes,
        }
    }

    /// How many elements.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether it has no elements.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Whether an element may be null.
    pub fn has_nulls(&self) -> bool {
        self.nulls.is_some()
    }

    /// Its dimensions; none for an empty array.
    pub fn dimensions(&self) -> impl ExactSizeIterator<Item = Dimension> + use<'a> {
        let bytes = self.bytes;
        (0..self.dimensions).map(move |k| Dimension {
            length: number(bytes, 8 + 8 * k) as i32,
            lower: number(bytes, 12 + 8 * k) as i32,
        })
    }

    /// The element at a position, in row-major order.
    pub fn get(&self, at: usize) -> DatumRef<'a> {
        debug_assert!(at < self.count);
        if let Some(nulls) = self.nulls
            && self.bytes[nulls + at / 8] >> (at % 8) & 1 != 0
        {
            return DatumRef::Null;
        }
        let fixed = &self.bytes[self.data + at * self.width..];
        match (self.width, fixed) {
            (1, [a, ..]) => DatumRef::B1(*a),
            (2, [a, b, ..]) => DatumRef::B2(i16::from_le_bytes([*a, *b])),
            (4, [a, b, c, d, ..]) => DatumRef::B4(i32::from_le_bytes([*a, *b, *c, *d])),
            (8, [a, b, c, d, e, f, g, h, ..]) => DatumRef::B8(i64::from_le_bytes([*a, *b, *c, *d, *e, *f, *g, *h])),
            _ => {
                let start = if at == 0 { 0 } else { number(self.bytes, self.data + 4 * (at - 1)) as usize };
                let end = number(self.bytes, self.data + 4 * at) as usize;
                let values = &self.bytes[self.data + 4 * self.count..];
                DatumRef::Bytes(values.get(start..end).unwrap_or_default())
            }
        }
    }

    /// The elements in row-major order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = DatumRef<'a>> + use<'a> {
        let view = *self;
        (0..view.count).map(move |at| view.get(at))
    }

    /// The element that subscripts name; `None` if they are out of bounds or of another number than the dimensions.
    pub fn subscript(&self, subscripts: &[i32]) -> Option<DatumRef<'a>> {
        if subscripts.len() != self.dimensions || self.dimensions == 0 {
            return None;
        }
        let mut at = 0usize;
        for (dimension, &subscript) in self.dimensions().zip(subscripts) {
            let offset = subscript as i64 - dimension.lower as i64;
            if offset < 0 || offset >= dimension.length as i64 {
                return None;
            }
            at = at * dimension.length as usize + offset as usize;
        }
        Some(self.get(at))
    }
}

/// The error for an array with too many elements.
#[cold]
pub fn too_many_elements() -> Error {
    Error::new(SqlState::PROGRAM_LIMIT_EXCEEDED, format!("array size exceeds the maximum allowed ({MAX_ELEMENTS})"))
}

/// The error for an array with too many dimensions.
#[cold]
pub fn too_many_dimensions(count: usize) -> Error {
    Error::new(
        SqlState::PROGRAM_LIMIT_EXCEEDED,
        format!("number of array dimensions ({count}) exceeds the maximum allowed ({MAX_DIMENSIONS})"),
    )
}

/// Adds an array's bytes to `out`. The product of the lengths must be the number of elements; without elements the array
/// has no dimensions, whatever is passed.
pub fn write<'v>(
    element_type: Oid,
    repr: Repr,
    dimensions: &[Dimension],
    elements: impl ExactSizeIterator<Item = DatumRef<'v>> + Clone,
    out: &mut Vec<u8>,
) -> Result<()> {
    let count = elements.len();
    if count > MAX_ELEMENTS {
        return Err(too_many_elements());
    }
    let dimensions = if count == 0 { &[] } else { dimensions };
    if dimensions.len() > MAX_DIMENSIONS {
        return Err(too_many_dimensions(dimensions.len()));
    }
    let has_nulls = elements.clone().any(DatumRef::is_null);
    out.extend_from_slice(&[dimensions.len() as u8, has_nulls as u8, repr.width().unwrap_or(0) as u8, 0]);
    out.extend_from_slice(&element_type.0.to_le_bytes());
    for dimension in dimensions {
        out.extend_from_slice(&dimension.length.to_le_bytes());
        out.extend_from_slice(&dimension.lower.to_le_bytes());
    }
    if has_nulls {
        let start = out.len();
        out.resize(start + count.div_ceil(8), 0);
        for (at, value) in elements.clone().enumerate() {
            out[start + at / 8] |= (value.is_null() as u8) << (at % 8);
        }
    }
    if repr == Repr::Bytes {
        let mut end = 0u64;
        for value in elements.clone() {
            end += value.as_bytes().map_or(0, <[u8]>::len) as u64;
            out.extend_from_slice(&u32::try_from(end).map_err(|_| too_many_elements())?.to_le_bytes());
        }
    }
    for value in elements {
        match value {
            DatumRef::B1(v) => out.push(v),
            DatumRef::B2(v) => out.extend_from_slice(&v.to_le_bytes()),
            DatumRef::B4(v) => out.extend_from_slice(&v.to_le_bytes()),
            DatumRef::B8(v) => out.extend_from_slice(&v.to_le_bytes()),
            DatumRef::Bytes(v) => out.extend_from_slice(v),
            DatumRef::Null => out.extend(std::iter::repeat_n(0, repr.width().unwrap_or(0))),
        }
    }
    Ok(())
}

/// The bytes of an array with one dimension, subscripts from 1.
pub fn from_elements(element_type: Oid, repr: Repr, elements: &[Datum]) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    let dimension = Dimension { length: elements.len() as i32, lower: 1 };
    write(element_type, repr, &[dimension], elements.iter().map(Datum::as_ref), &mut out)?;
    Ok(out)
}

/// The bytes of an array with one dimension, subscripts from 1, of a column's values.
pub fn from_column(element_type: Oid, column: &Column) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    let dimension = Dimension { length: column.len() as i32, lower: 1 };
    write(element_type, column.repr(), &[dimension], (0..column.len()).map(|row| column.get(row)), &mut out)?;
    Ok(out)
}

/// The bytes of an array of texts.
pub fn from_texts<'t>(texts: impl IntoIterator<Item = Option<&'t [u8]>>) -> Result<Vec<u8>> {
    let mut column = Column::new(Repr::Bytes);
    texts.into_iter().for_each(|text| column.push(text.map_or(DatumRef::Null, DatumRef::Bytes)));
    from_column(crate::oid::TEXT, &column)
}

/// The type of a built-in array type's elements.
pub fn element_type_of(array_type: Oid, env: &dyn crate::Environment) -> Result<Oid> {
    match crate::environment::builtin_facts(array_type) {
        Some(facts) => match facts.kind {
            crate::environment::TypeKind::Array { element } => Ok(element),
            _ => Err(Error::new(SqlState::DATATYPE_MISMATCH, format!("{} is not an array type", facts.name))),
        },
        None => match &env.type_facts(array_type)?.kind {
            crate::environment::TypeKind::Array { element } => Ok(*element),
            _ => Err(Error::internal(format!("type {array_type} is not an array type"))),
        },
    }
}
