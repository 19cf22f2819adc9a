//! One column of a batch.

use crate::{Bitmap, ByteValues, Datum, DatumRef, Repr, Rows};

/// A column's values, by physical form.
#[derive(Clone, Debug)]
pub enum Values {
    /// One byte each.
    B1(Vec<u8>),
    /// Two bytes each.
    B2(Vec<i16>),
    /// Four bytes each.
    B4(Vec<i32>),
    /// Eight bytes each.
    B8(Vec<i64>),
    /// A string of bytes each.
    Bytes(ByteValues),
}

/// Values of one type, with a bit for each that is null; or one value for all rows.
#[derive(Clone, Debug)]
pub struct Column {
    values: Values,
    /// Set bits are nulls. Meaningful only where `has_nulls`; then as long as the values.
    nulls: Bitmap,
    has_nulls: bool,
    constant: bool,
}

macro_rules! dispatch {
    ($values:expr, $v:ident => $body:expr) => {
        match $values {
            Values::B1($v) => $body,
            Values::B2($v) => $body,
            Values::B4($v) => $body,
            Values::B8($v) => $body,
            Values::Bytes($v) => $body,
        }
    };
}

macro_rules! slices {
    ($($variant:ident: $type:ty, $get:ident, $get_mut:ident, $name:literal;)*) => {
        $(#[doc = concat!("The values of a ", $name, " column; panics for another form.")]
        #[inline]
        #[track_caller]
        pub fn $get(&self) -> &[$type] {
            match &self.values {
                Values::$variant(v) => v,
                other => wrong_form(stringify!($variant), other),
            }
        }

        #[doc = concat!("The values of a ", $name, " column, to write; panics for another form.")]
        #[inline]
        #[track_caller]
        pub fn $get_mut(&mut self) -> &mut [$type] {
            match &mut self.values {
                Values::$variant(v) => v,
                other => wrong_form(stringify!($variant), other),
            }
        })*
    };
}

#[cold]
#[track_caller]
fn wrong_form(wanted: &str, found: &Values) -> ! {
    panic!("a column of form {wanted} was expected, found {:?}", Column::repr_of(found))
}

impl Column {
    /// No values.
    pub fn new(repr: Repr) -> Column {
        let values = match repr {
            Repr::B1 => Values::B1(Vec::new()),
            Repr::B2 => Values::B2(Vec::new()),
            Repr::B4 => Values::B4(Vec::new()),
            Repr::B8 => Values::B8(Vec::new()),
            Repr::Bytes => Values::Bytes(ByteValues::new()),
        };
        Column { values, nulls: Bitmap::new(), has_nulls: false, constant: false }
    }

    /// The same value for every row; `repr` matters for a null.
    pub fn constant(repr: Repr, value: DatumRef<'_>) -> Column {
        let mut column = Column::new(repr);
        column.push(value);
        column.constant = true;
        column
    }

    fn repr_of(values: &Values) -> Repr {
        match values {
            Values::B1(_) => Repr::B1,
            Values::B2(_) => Repr::B2,
            Values::B4(_) => Repr::B4,
            Values::B8(_) => Repr::B8,
            Values::Bytes(_) => Repr::Bytes,
        }
    }

    /// The physical form.
    pub fn repr(&self) -> Repr {
        Self::repr_of(&self.values)
    }

    /// Stored values (one if constant).
    pub fn len(&self) -> usize {
        dispatch!(&self.values, v => v.len())
    }

    /// Whether no value is stored.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether its one value stands for every row.
    #[inline]
    pub fn is_constant(&self) -> bool {
        self.constant
    }

    /// Where the value of row `row` is stored.
    #[inline]
    pub fn index(&self, row: usize) -> usize {
        if self.constant { 0 } else { row }
    }

    /// Whether some value may be null.
    #[inline]
    pub fn has_nulls(&self) -> bool {
        self.has_nulls
    }

    /// Whether the value of row `row` is null.
    #[inline]
    pub fn is_null(&self, row: usize) -> bool {
        self.has_nulls && self.nulls.get(self.index(row))
    }

    /// The null bits, if there may be any; of the stored values (one if constant).
    pub fn nulls(&self) -> Option<&Bitmap> {
        self.has_nulls.then_some(&self.nulls)
    }

    /// The values.
    pub fn values(&self) -> &Values {
        &self.values
    }

    slices! {
        B1: u8, b1, b1_mut, "one-byte";
        B2: i16, b2, b2_mut, "two-byte";
        B4: i32, b4, b4_mut, "four-byte";
        B8: i64, b8, b8_mut, "eight-byte";
    }

    /// The values of an eight-byte column as doubles; panics for another form.
    #[inline]
    pub fn f64(&self) -> &[f64] {
        bytemuck::cast_slice(self.b8())
    }

    /// The values of an eight-byte column as doubles, to write; panics for another form.
    #[inline]
    pub fn f64_mut(&mut self) -> &mut [f64] {
        bytemuck::cast_slice_mut(self.b8_mut())
    }

    /// The values of a four-byte column as reals; panics for another form.
    #[inline]
    pub fn f32(&self) -> &[f32] {
        bytemuck::cast_slice(self.b4())
    }

    /// The values of a four-byte column as reals, to write; panics for another form.
    #[inline]
    pub fn f32_mut(&mut self) -> &mut [f32] {
        bytemuck::cast_slice_mut(self.b4_mut())
    }

    /// The byte strings; panics for another form.
    #[inline]
    #[track_caller]
    pub fn bytes(&self) -> &ByteValues {
        match &self.values {
            Values::Bytes(v) => v,
            other => wrong_form("Bytes", other),
        }
    }

    /// The byte strings, to write; panics for another form.
    #[inline]
    #[track_caller]
    pub fn bytes_mut(&mut self) -> &mut ByteValues {
        match &mut self.values {
            Values::Bytes(v) => v,
            other => wrong_form("Bytes", other),
        }
    }

    /// The value of row `row`.
    #[inline]
    pub fn get(&self, row: usize) -> DatumRef<'_> {
        let at = self.index(row);
        if self.has_nulls && self.nulls.get(at) {
            return DatumRef::Null;
        }
        match &self.values {
            Values::B1(v) => DatumRef::B1(v[at]),
            Values::B2(v) => DatumRef::B2(v[at]),
            Values::B4(v) => DatumRef::B4(v[at]),
            Values::B8(v) => DatumRef::B8(v[at]),
            Values::Bytes(v) => DatumRef::Bytes(v.get(at)),
        }
    }

    /// Drops all values and keeps the memory; no longer constant.
    pub fn clear(&mut self) {
        dispatch!(&mut self.values, v => v.clear());
        self.nulls.clear();
        self.has_nulls = false;
        self.constant = false;
    }

    /// Makes it hold `len` values to be written over, none of them null; no longer constant. Old bytes are dropped.
    pub fn reset(&mut self, len: usize) {
        match &mut self.values {
            Values::B1(v) => v.resize(len, 0),
            Values::B2(v) => v.resize(len, 0),
            Values::B4(v) => v.resize(len, 0),
            Values::B8(v) => v.resize(len, 0),
            Values::Bytes(v) => {
                v.clear();
                v.resize(len);
            }
        }
        self.nulls.clear();
        self.has_nulls = false;
        self.constant = false;
    }

    /// Adds `count` values at the end to be written over, none of them null.
    pub fn grow(&mut self, count: usize) {
        let len = self.len() + count;
        match &mut self.values {
            Values::B1(v) => v.resize(len, 0),
            Values::B2(v) => v.resize(len, 0),
            Values::B4(v) => v.resize(len, 0),
            Values::B8(v) => v.resize(len, 0),
            Values::Bytes(v) => v.resize(len),
        }
        if self.has_nulls {
            self.nulls.resize(len);
        }
    }

    /// Declares the one stored value to stand for every row.
    pub fn set_constant(&mut self) {
        debug_assert_eq!(self.len(), 1);
        self.constant = true;
    }

    /// Adds a value at the end; panics if its form is another one.
    #[inline]
    #[track_caller]
    pub fn push(&mut self, value: DatumRef<'_>) {
        match (&mut self.values, value) {
            (_, DatumRef::Null) => return self.push_null(),
            (Values::B1(v), DatumRef::B1(value)) => v.push(value),
            (Values::B2(v), DatumRef::B2(value)) => v.push(value),
            (Values::B4(v), DatumRef::B4(value)) => v.push(value),
            (Values::B8(v), DatumRef::B8(value)) => v.push(value),
            (Values::Bytes(v), DatumRef::Bytes(value)) => v.push(value),
            (values, value) => panic!("a value {value:?} does not fit a column of form {:?}", Self::repr_of(values)),
        }
        if self.has_nulls {
            self.nulls.push(false);
        }
    }

    /// Adds a null at the end.
    pub fn push_null(&mut self) {
        if !self.has_nulls {
            self.nulls.resize(self.len());
            self.has_nulls = true;
        }
        match &mut self.values {
            Values::B1(v) => v.push(0),
            Values::B2(v) => v.push(0),
            Values::B4(v) => v.push(0),
            Values::B8(v) => v.push(0),
            Values::Bytes(v) => v.push(&[]),
        }
        self.nulls.push(true);
    }

    /// Replaces the value at `at`; panics if its form is another one.
    #[track_caller]
    pub fn put(&mut self, at: usize, value: DatumRef<'_>) {
        match (&mut self.values, value) {
            (_, DatumRef::Null) => return self.set_null(at),
            (Values::B1(v), DatumRef::B1(value)) => v[at] = value,
            (Values::B2(v), DatumRef::B2(value)) => v[at] = value,
            (Values::B4(v), DatumRef::B4(value)) => v[at] = value,
            (Values::B8(v), DatumRef::B8(value)) => v[at] = value,
            (Values::Bytes(v), DatumRef::Bytes(value)) => v.put(at, value),
            (values, value) => panic!("a value {value:?} does not fit a column of form {:?}", Self::repr_of(values)),
        }
        if self.has_nulls {
            self.nulls.put(at, false);
        }
    }

    /// Makes the value at `at` null.
    #[inline]
    pub fn set_null(&mut self, at: usize) {
        if !self.has_nulls {
            self.nulls.clear();
            self.nulls.resize(self.len());
            self.has_nulls = true;
        }
        self.nulls.put(at, true);
    }

    /// Makes a value null wherever `other`, a column over the same rows, is: what a strict function does first.
    pub fn inherit_nulls(&mut self, other: &Column, rows: Rows<'_>) {
        if !other.has_nulls {
            return;
        }
        if other.constant || self.constant {
            if rows.is_empty() || !other.is_null(0) && other.constant {
                return;
            }
            rows.for_each(|row| {
                if other.is_null(row) {
                    self.set_null(self.index(row));
                }
            });
            return;
        }
        if !self.has_nulls {
            self.nulls.clear();
            self.nulls.resize(self.len());
            self.has_nulls = true;
        }
        self.nulls.or(&other.nulls);
    }

    /// Adds the values that `other` has at `rows`, in that order.
    #[track_caller]
    pub fn append(&mut self, other: &Column, rows: Rows<'_>) {
        let before = self.len();
        if other.constant {
            let value = other.get(0);
            rows.for_each(|_| self.push(value));
            return;
        }
        match (&mut self.values, &other.values) {
            (Values::B1(to), Values::B1(from)) => copy(to, from, rows),
            (Values::B2(to), Values::B2(from)) => copy(to, from, rows),
            (Values::B4(to), Values::B4(from)) => copy(to, from, rows),
            (Values::B8(to), Values::B8(from)) => copy(to, from, rows),
            (Values::Bytes(to), Values::Bytes(from)) => {
                rows.for_each(|row| to.push(if other.is_null(row) { &[] } else { from.get(row) }))
            }
            (to, from) => panic!("columns of forms {:?} and {:?} differ", Self::repr_of(to), Self::repr_of(from)),
        }
        if other.has_nulls && !self.has_nulls {
            self.nulls.clear();
            self.nulls.resize(before);
            self.has_nulls = true;
        }
        if self.has_nulls {
            rows.for_each(|row| self.nulls.push(other.is_null(row)));
        }
    }

    /// The value of row `row`, owned.
    pub fn datum(&self, row: usize) -> Datum {
        self.get(row).to_datum()
    }

    /// Bytes of memory that it holds.
    pub fn memory(&self) -> usize {
        self.nulls.memory()
            + match &self.values {
                Values::B1(v) => v.capacity(),
                Values::B2(v) => v.capacity() * 2,
                Values::B4(v) => v.capacity() * 4,
                Values::B8(v) => v.capacity() * 8,
                Values::Bytes(v) => v.memory(),
            }
    }
}

fn copy<T: Copy>(to: &mut Vec<T>, from: &[T], rows: Rows<'_>) {
    match rows {
        Rows::All(n) => to.extend_from_slice(&from[..n]),
        Rows::Some(rows) => to.extend(rows.iter().map(|&row| from[row as usize])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nulls_follow_values() {
        let mut column = Column::new(Repr::Bytes);
        column.push(DatumRef::Bytes(b"a"));
        column.push_null();
        column.push(DatumRef::Bytes(b"ccc"));
        assert_eq!(column.get(0), DatumRef::Bytes(b"a"));
        assert_eq!(column.get(1), DatumRef::Null);
        column.put(1, DatumRef::Bytes(b"bb"));
        assert_eq!(column.get(1), DatumRef::Bytes(b"bb"));
        column.set_null(0);
        let mut copy = Column::new(Repr::Bytes);
        copy.push(DatumRef::Bytes(b"x"));
        copy.append(&column, Rows::Some(&[0, 2]));
        assert_eq!(
            [copy.get(0), copy.get(1), copy.get(2)],
            [DatumRef::Bytes(b"x"), DatumRef::Null, DatumRef::Bytes(b"ccc")]
        );
    }

    #[test]
    fn a_constant_stands_for_every_row() {
        let column = Column::constant(Repr::B4, DatumRef::B4(7));
        assert_eq!(column.get(1000), DatumRef::B4(7));
        let mut copy = Column::new(Repr::B4);
        copy.append(&column, Rows::All(3));
        assert_eq!(copy.b4(), [7, 7, 7]);
    }

    #[test]
    fn strictness_spreads_nulls() {
        let mut a = Column::new(Repr::B4);
        a.reset(3);
        a.set_null(1);
        let mut out = Column::new(Repr::B8);
        out.reset(3);
        out.inherit_nulls(&a, Rows::All(3));
        out.inherit_nulls(&Column::constant(Repr::B4, DatumRef::B4(1)), Rows::All(3));
        assert_eq!([0, 1, 2].map(|row| out.is_null(row)), [false, true, false]);
    }
}
