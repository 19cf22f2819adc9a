//! Writing the bodies of many rows at once, column by column: the counterpart of reading them so.
//!
//! First [`RowLayout::measure`] says how long each body will be, so that all get their room; then [`RowLayout::fill`] writes one
//! column of all of them after the other, in loops that know the column's form.

use batch::{Column, Repr, Rows, Values};
use ids::PAGE_SIZE;

use crate::layout::{Arrangement, END_MASK, RowLayout};

/// A row's body to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Body {
    /// Where it starts in the buffer; for the caller to set.
    pub start: u32,
    /// Its length in bytes.
    pub length: u32,
    /// Whether it has a null bitmap.
    pub nulls: bool,
}

impl RowLayout {
    /// Sets `bodies` to the lengths of the bodies of `rows`, in the rows' order. False if some row cannot be written this way: it is
    /// longer than `most` bytes, or a column has not the form of its shape.
    pub fn measure(&self, columns: &[Column], rows: Rows<'_>, most: usize, bodies: &mut Vec<Body>) -> bool {
        bodies.clear();
        let fits = |(column, shape): (&Column, &crate::ColumnShape)| column.repr() == shape.repr;
        if columns.len() < self.len() || !columns.iter().zip(self.columns()).all(fits) {
            return false;
        }
        let arrangement = self.arrangement(self.len());
        let [without, with] = [false, true].map(|nulls| arrangement.header(nulls) as u32);
        bodies.resize(rows.len(), Body { start: 0, length: without, nulls: false });
        for (column, shape) in columns.iter().zip(self.columns()) {
            if column.has_nulls() {
                each(rows, |n, row| bodies[n].nulls |= column.is_null(row));
            }
            if shape.repr != Repr::Bytes {
                continue;
            }
            let values = column.bytes();
            let (width, mut right) = (shape.width as usize, true);
            each(rows, |n, row| {
                let length = if column.is_null(row) { 0 } else { values.get(column.index(row)).len() };
                match width {
                    0 => bodies[n].length = bodies[n].length.saturating_add(length as u32),
                    _ => right &= length == width || column.is_null(row),
                }
            });
            if !right {
                return false;
            }
        }
        bodies.iter_mut().for_each(|body| body.length += if body.nulls { with - without } else { 0 });
        let most = most.min(PAGE_SIZE) as u32;
        bodies.iter().all(|body| body.length <= most && body.length - without <= END_MASK as u32)
    }

    /// Writes the rows' bodies, for which [`RowLayout::measure`] has said true, to where `bodies` says; `out` is zero there.
    pub fn fill(&self, columns: &[Column], rows: Rows<'_>, bodies: &[Body], out: &mut [u8]) {
        let arrangement = self.arrangement(self.len());
        let mut ends = vec![0u16; bodies.len()];
        for (k, (column, shape)) in columns.iter().zip(self.columns()).enumerate() {
            let place = arrangement.places[k] as usize;
            if column.has_nulls() {
                let (at, bit) = (arrangement.bitmap() + k / 8, 1 << (k % 8));
                each(rows, |n, row| {
                    if column.is_null(row) {
                        out[bodies[n].start as usize + at] |= bit;
                    }
                });
            }
            if shape.is_variable() {
                fill_variable(column, rows, arrangement, place, bodies, &mut ends, out);
                continue;
            }
            macro_rules! fixed {
                ($values:expr) => {
                    each(rows, |n, row| {
                        if !column.is_null(row) {
                            let bytes = $values[column.index(row)].to_le_bytes();
                            let at = bodies[n].start as usize + place;
                            out[at..at + bytes.len()].copy_from_slice(&bytes);
                        }
                    })
                };
            }
            match column.values() {
                Values::B1(values) => fixed!(values),
                Values::B2(values) => fixed!(values),
                Values::B4(values) => fixed!(values),
                Values::B8(values) => fixed!(values),
                Values::Bytes(values) => each(rows, |n, row| {
                    if !column.is_null(row) {
                        let bytes = values.get(column.index(row));
                        let at = bodies[n].start as usize + place;
                        out[at..at + bytes.len()].copy_from_slice(bytes);
                    }
                }),
            }
        }
    }
}

/// Writes a variable column: its value behind those of the columns before it, which end at `ends`.
fn fill_variable(
    column: &Column,
    rows: Rows<'_>,
    arrangement: &Arrangement,
    place: usize,
    bodies: &[Body],
    ends: &mut [u16],
    out: &mut [u8],
) {
    let values = column.bytes();
    let data = [false, true].map(|nulls| arrangement.header(nulls));
    let end_at = arrangement.fixed_end + 2 * place;
    each(rows, |n, row| {
        let start = bodies[n].start as usize;
        if !column.is_null(row) {
            let bytes = values.get(column.index(row));
            let at = start + data[bodies[n].nulls as usize] + ends[n] as usize;
            out[at..at + bytes.len()].copy_from_slice(bytes);
            ends[n] += bytes.len() as u16;
        }
        out[start + end_at..start + end_at + 2].copy_from_slice(&ends[n].to_le_bytes());
    });
}

/// Calls `visit` with the number and the position of each row.
#[inline(always)]
fn each(rows: Rows<'_>, mut visit: impl FnMut(usize, usize)) {
    match rows {
        Rows::All(count) => (0..count).for_each(|row| visit(row, row)),
        Rows::Some(rows) => rows.iter().enumerate().for_each(|(n, &row)| visit(n, row as usize)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ColumnShape, Field};
    use batch::DatumRef;

    /// Rows written together have the bytes that they have when written one by one.
    #[test]
    fn bodies_are_those_of_single_rows() {
        let shapes = [
            ColumnShape::new(Repr::B4, 4),
            ColumnShape::new(Repr::Bytes, -1),
            ColumnShape::new(Repr::B8, 8),
            ColumnShape::new(Repr::Bytes, 16),
            ColumnShape::new(Repr::B1, 1),
            ColumnShape::new(Repr::Bytes, -1),
            ColumnShape::new(Repr::B2, 2),
        ];
        let layout = RowLayout::new(shapes.clone()).unwrap();
        for (null_step, constant) in [(usize::MAX, false), (3, false), (1, false), (5, true)] {
            let mut columns: Vec<Column> = shapes.iter().map(|shape| Column::new(shape.repr)).collect();
            for row in 0..50usize {
                for (k, column) in columns.iter_mut().enumerate() {
                    let n = row * 7 + k;
                    let text = [b'a' + (n % 26) as u8; 40];
                    column.push(match (shapes[k].repr, shapes[k].width) {
                        _ if (n + 1) % null_step == 0 && null_step < 1000 => DatumRef::Null,
                        (Repr::B1, _) => DatumRef::B1(n as u8),
                        (Repr::B2, _) => DatumRef::B2(n as i16),
                        (Repr::B4, _) => DatumRef::B4(n as i32),
                        (Repr::B8, _) => DatumRef::B8(n as i64),
                        (Repr::Bytes, 16) => DatumRef::Bytes(&text[..16]),
                        (Repr::Bytes, _) => DatumRef::Bytes(&text[..n % 40]),
                    });
                }
            }
            if constant {
                columns[5] = Column::constant(Repr::Bytes, DatumRef::Bytes(b"the same"));
                columns[0] = Column::constant(Repr::B4, DatumRef::Null);
            }
            let some: Vec<u16> = (0..50).filter(|row| row % 4 != 1).collect();
            for rows in [Rows::All(50), Rows::Some(&some)] {
                let mut bodies = Vec::new();
                assert!(layout.measure(&columns, rows, 2000, &mut bodies));
                let mut end = 3;
                for body in &mut bodies {
                    body.start = end;
                    end += body.length;
                }
                let mut out = vec![0; end as usize];
                layout.fill(&columns, rows, &bodies, &mut out);
                for (n, row) in rows.iter().enumerate() {
                    let mut single = Vec::new();
                    let flags = layout.encode(|k| Field::Plain(columns[k].get(row)), &mut single).unwrap();
                    let body = bodies[n];
                    assert_eq!(flags.nulls, body.nulls);
                    assert_eq!(single, out[body.start as usize..][..body.length as usize]);
                }
            }
        }
    }

    #[test]
    fn other_rows_are_left_to_the_general_way() {
        let layout = RowLayout::new([ColumnShape::new(Repr::Bytes, -1), ColumnShape::new(Repr::Bytes, 16)]).unwrap();
        let mut columns = [Column::new(Repr::Bytes), Column::new(Repr::Bytes)];
        columns[0].push(DatumRef::Bytes(&[1; 100]));
        columns[1].push(DatumRef::Bytes(&[2; 16]));
        let mut bodies = Vec::new();
        assert!(layout.measure(&columns, Rows::All(1), 120, &mut bodies));
        assert!(!layout.measure(&columns, Rows::All(1), 117, &mut bodies));
        columns[1].put(0, DatumRef::Bytes(&[2; 15]));
        assert!(!layout.measure(&columns, Rows::All(1), 2000, &mut bodies));
        columns[1] = Column::constant(Repr::B4, DatumRef::B4(1));
        assert!(!layout.measure(&columns, Rows::All(1), 2000, &mut bodies));
    }
}
