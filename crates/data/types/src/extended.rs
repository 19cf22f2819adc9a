//! Values that describe several columns together: what `pg_statistic_ext_data` holds (`pg_ndistinct`, `pg_dependencies`, `pg_mcv_list`).
//!
//! ANALYZE writes them, the planner reads them, and SQL shows them. A column is named by its number; the expressions of a statistics object
//! are -1, -2 … in their order.
//!
//! # Forms
//!
//! All numbers are little-endian and may stand at any address.
//!
//! ```text
//!  pg_ndistinct     u32 items; each: f64 distinct values | u16 columns | i16 column …
//!  pg_dependencies  u32 items; each: f64 degree | u16 columns | i16 column …, the last being what the others determine
//!  pg_mcv_list      u32 items | u32 dimensions
//!                   f64 frequency of each item | f64 of what it would be if columns were independent
//!                   for each dimension: u32 length | an array of the items' values
//! ```

use std::fmt::Write;

use batch::{Column, DatumRef, Repr};
use error::{Error, Result, SqlState};
use ids::Oid;

use crate::array;
use crate::io::{TypeCall, TypeIo};

/// How many columns and expressions a statistics object has at most.
pub const DIMENSIONS_MAX: usize = 8;

/// A set of columns and a number: how many distinct combinations there are, or (the last column being determined by the others) for which
/// part of the rows that holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Combination {
    /// The columns.
    pub columns: Vec<i16>,
    /// The number.
    pub value: f64,
}

fn damaged() -> Error {
    Error::corrupted("extended statistics are damaged")
}

/// Reads numbers one after the other.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or_else(damaged)?;
        self.0 = rest;
        Ok(taken)
    }

    fn fixed<const N: usize>(&mut self) -> Result<[u8; N]> {
        self.take(N)?.try_into().map_err(|_| damaged())
    }

    fn count(&mut self) -> Result<usize> {
        Ok(u32::from_le_bytes(self.fixed()?) as usize)
    }

    fn float(&mut self) -> Result<f64> {
        Ok(f64::from_le_bytes(self.fixed()?))
    }
}

/// The bytes of a `pg_ndistinct` or `pg_dependencies`.
pub fn write_combinations(items: &[Combination]) -> Vec<u8> {
    let mut out = (items.len() as u32).to_le_bytes().to_vec();
    for item in items {
        out.extend_from_slice(&item.value.to_le_bytes());
        out.extend_from_slice(&(item.columns.len() as u16).to_le_bytes());
        item.columns.iter().for_each(|column| out.extend_from_slice(&column.to_le_bytes()));
    }
    out
}

/// Reads a `pg_ndistinct` or `pg_dependencies`.
///
/// # Errors
/// `XX001` for bytes that are neither.
pub fn read_combinations(bytes: &[u8]) -> Result<Vec<Combination>> {
    let mut reader = Reader(bytes);
    let mut items = Vec::new();
    for _ in 0..reader.count()? {
        let value = reader.float()?;
        let count = u16::from_le_bytes(reader.fixed()?);
        let columns = (0..count).map(|_| Ok(i16::from_le_bytes(reader.fixed()?))).collect::<Result<Vec<i16>>>()?;
        if columns.is_empty() {
            return Err(damaged());
        }
        items.push(Combination { columns, value });
    }
    Ok(items)
}

/// The most common combinations of values.
#[derive(Clone, Debug)]
pub struct CommonValues {
    /// For each dimension, the type of its values, and the items' values.
    pub values: Vec<(Oid, Column)>,
    /// The items' parts of all rows.
    pub frequencies: Vec<f64>,
    /// What they would be if the columns were independent of each other.
    pub base_frequencies: Vec<f64>,
}

impl CommonValues {
    /// The bytes of a `pg_mcv_list`.
    ///
    /// # Errors
    /// `54000` for more values than an array may have.
    pub fn write(&self) -> Result<Vec<u8>> {
        let mut out = (self.frequencies.len() as u32).to_le_bytes().to_vec();
        out.extend_from_slice(&(self.values.len() as u32).to_le_bytes());
        for frequency in self.frequencies.iter().chain(&self.base_frequencies) {
            out.extend_from_slice(&frequency.to_le_bytes());
        }
        for (element_type, column) in &self.values {
            let array = array::from_column(*element_type, column)?;
            out.extend_from_slice(&(array.len() as u32).to_le_bytes());
            out.extend_from_slice(&array);
        }
        Ok(out)
    }

    /// Reads a `pg_mcv_list`.
    ///
    /// # Errors
    /// `XX001` for bytes that are none.
    pub fn read(bytes: &[u8]) -> Result<CommonValues> {
        let mut reader = Reader(bytes);
        let (items, dimensions) = (reader.count()?, reader.count()?);
        if dimensions > DIMENSIONS_MAX || items.saturating_mul(16) > reader.0.len() {
            return Err(damaged());
        }
        let mut floats = || (0..items).map(|_| reader.float()).collect::<Result<Vec<f64>>>();
        let (frequencies, base_frequencies) = (floats()?, floats()?);
        let mut values = Vec::with_capacity(dimensions);
        for _ in 0..dimensions {
            let length = reader.count()?;
            let view = array::View::new(reader.take(length)?)?;
            let mut column = Column::new(view.repr());
            view.iter().for_each(|value| column.push(value));
            if column.len() != items {
                return Err(damaged());
            }
            values.push((view.element_type(), column));
        }
        Ok(CommonValues { values, frequencies, base_frequencies })
    }
}

fn refuse(type_name: &str) -> Error {
    Error::new(SqlState::FEATURE_NOT_SUPPORTED, format!("cannot accept a value of type {type_name}"))
}

fn bytes<'a>(value: DatumRef<'a>, call: &TypeCall<'_>) -> Result<&'a [u8]> {
    value.as_bytes().ok_or_else(|| crate::io::wrong_form(call.type_oid, value))
}

fn send(value: DatumRef<'_>, call: &TypeCall<'_>, out: &mut Vec<u8>) -> Result<()> {
    out.extend_from_slice(bytes(value, call)?);
    Ok(())
}

/// `{"1, 2": …, "1, 3": …}`
fn show(items: &[Combination], out: &mut Vec<u8>, item: impl Fn(&Combination, &mut String)) {
    let mut text = String::from("{");
    for (at, combination) in items.iter().enumerate() {
        text.push_str(if at == 0 { "\"" } else { ", \"" });
        item(combination, &mut text);
    }
    text.push('}');
    out.extend_from_slice(text.as_bytes());
}

fn list(columns: &[i16]) -> String {
    columns.iter().map(i16::to_string).collect::<Vec<_>>().join(", ")
}

/// `pg_ndistinct`
pub const NDISTINCT_IO: TypeIo = TypeIo {
    repr: Repr::Bytes,
    input: |_, _, _| Err(refuse("pg_ndistinct")),
    output: |value, call, out| {
        show(&read_combinations(bytes(value, call)?)?, out, |item, text| {
            let _ = write!(text, "{}\": {}", list(&item.columns), item.value as i64);
        });
        Ok(())
    },
    receive: |_, _, _| Err(refuse("pg_ndistinct")),
    send,
};

/// `pg_dependencies`
pub const DEPENDENCIES_IO: TypeIo = TypeIo {
    repr: Repr::Bytes,
    input: |_, _, _| Err(refuse("pg_dependencies")),
    output: |value, call, out| {
        show(&read_combinations(bytes(value, call)?)?, out, |item, text| {
            if let Some((determined, columns)) = item.columns.split_last() {
                let _ = write!(text, "{} => {determined}\": {:.6}", list(columns), item.value);
            }
        });
        Ok(())
    },
    receive: |_, _, _| Err(refuse("pg_dependencies")),
    send,
};

/// `pg_mcv_list`, which is shown as its bytes.
pub const MCV_LIST_IO: TypeIo = TypeIo {
    input: |_, _, _| Err(refuse("pg_mcv_list")),
    receive: |_, _, _| Err(refuse("pg_mcv_list")),
    send,
    ..crate::bytea::BYTEA_IO
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn combinations_come_back_and_are_shown() {
        let items =
            [Combination { columns: vec![1, 2], value: 11.0 }, Combination { columns: vec![1, -1, 2], value: 0.25 }];
        let stored = write_combinations(&items);
        assert_eq!(read_combinations(&stored).expect("reads"), items);
        let env = crate::DefaultEnvironment::default();
        let call = TypeCall { env: &env, type_oid: crate::oid::PG_NDISTINCT, typmod: -1 };
        let shown = |io: TypeIo| {
            let mut out = Vec::new();
            (io.output)(DatumRef::Bytes(&stored), &call, &mut out).expect("shows");
            String::from_utf8(out).expect("text")
        };
        assert_eq!(shown(NDISTINCT_IO), r#"{"1, 2": 11, "1, -1, 2": 0}"#);
        assert_eq!(shown(DEPENDENCIES_IO), r#"{"1 => 2": 11.000000, "1, -1 => 2": 0.250000}"#);
        for cut in 0..stored.len() {
            assert!(read_combinations(&stored[..cut]).is_err(), "{cut}");
        }
    }

    #[test]
    fn common_values_come_back() {
        let mut numbers = Column::new(Repr::B4);
        [DatumRef::B4(7), DatumRef::Null].into_iter().for_each(|value| numbers.push(value));
        let mut texts = Column::new(Repr::Bytes);
        [DatumRef::Bytes(b"a"), DatumRef::Bytes(b"bc")].into_iter().for_each(|value| texts.push(value));
        let list = CommonValues {
            values: vec![(crate::oid::INT4, numbers), (crate::oid::TEXT, texts)],
            frequencies: vec![0.5, 0.25],
            base_frequencies: vec![0.2, 0.1],
        };
        let stored = list.write().expect("writes");
        let back = CommonValues::read(&stored).expect("reads");
        assert_eq!((&back.frequencies, &back.base_frequencies), (&list.frequencies, &list.base_frequencies));
        assert_eq!((back.values[0].1.get(0), back.values[0].1.get(1)), (DatumRef::B4(7), DatumRef::Null));
        assert_eq!(back.values[1].1.get(1), DatumRef::Bytes(b"bc"));
        for cut in 0..stored.len() {
            assert!(CommonValues::read(&stored[..cut]).is_err(), "{cut}");
        }
    }
}
