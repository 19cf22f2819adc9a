//! Functions that give a row for each part of a value.

use super::access::write_text;
use super::text::{elements, put};
use super::{Event, Kind, Reader, View};
use crate::call::Context;
use crate::registry::{RowSource, RowSourceMaker};
use batch::{Column, Datum, DatumRef};
use error::{Error, Result, SqlState};

/// The visible table: OID → maker.
pub static JSON_ROWS: &[(u32, RowSourceMaker)] = &[
    (3958, |args, _| json_members(args, false)),
    (3959, |args, _| json_members(args, true)),
    (3957, |args, _| json_keys(args)),
    (3955, |args, _| json_elements(args, false)),
    (3969, |args, _| json_elements(args, true)),
    (3208, |args, _| jsonb_members(args, false)),
    (3932, |args, _| jsonb_members(args, true)),
    (3931, |args, _| jsonb_keys(args)),
    (3219, |args, _| jsonb_elements(args, false)),
    (3465, |args, _| jsonb_elements(args, true)),
];

/// Rows of one or two columns that were found beforehand.
pub(crate) struct Found {
    rows: std::vec::IntoIter<Vec<Datum>>,
}

impl Found {
    pub fn source(rows: Vec<Vec<Datum>>) -> Box<dyn RowSource> {
        Box::new(Found { rows: rows.into_iter() })
    }
}

impl RowSource for Found {
    fn next(&mut self, columns: &mut [Column], most: usize, _: Context<'_>) -> Result<usize> {
        let mut count = 0;
        for row in self.rows.by_ref().take(most) {
            columns.iter_mut().zip(&row).for_each(|(column, value)| column.push(value.as_ref()));
            count += 1;
        }
        Ok(count)
    }
}

#[cold]
fn cannot(message: &str) -> Error {
    Error::new(SqlState::INVALID_PARAMETER_VALUE, message)
}

fn text_of(value: &[u8], as_text: bool) -> Result<Datum> {
    let mut out = Vec::new();
    Ok(put(Some(value), as_text, &mut out)?.map_or(Datum::Null, |()| Datum::bytes(out)))
}

fn json_members(args: &[DatumRef<'_>], as_text: bool) -> Result<Box<dyn RowSource>> {
    let text = args[0].as_bytes().unwrap_or_default();
    let mut reader = Reader::new(text, true);
    match reader.next_event()? {
        Event::BeginObject => {}
        Event::BeginArray => return Err(cannot("cannot deconstruct an array as an object")),
        _ => return Err(cannot("cannot deconstruct a scalar")),
    }
    let mut rows = Vec::new();
    while reader.next_event()? == Event::Key {
        let key = Datum::bytes(reader.string());
        let first = reader.next_event()?;
        rows.push(vec![key, text_of(reader.value(first)?, as_text)?]);
    }
    Ok(Found::source(rows))
}

fn json_keys(args: &[DatumRef<'_>]) -> Result<Box<dyn RowSource>> {
    let text = args[0].as_bytes().unwrap_or_default();
    let mut reader = Reader::new(text, true);
    match reader.next_event()? {
        Event::BeginObject => {}
        Event::BeginArray => return Err(cannot("cannot call json_object_keys on an array")),
        _ => return Err(cannot("cannot call json_object_keys on a scalar")),
    }
    let mut rows = Vec::new();
    while reader.next_event()? == Event::Key {
        rows.push(vec![Datum::bytes(reader.string())]);
        let first = reader.next_event()?;
        reader.value(first)?;
    }
    Ok(Found::source(rows))
}

fn json_elements(args: &[DatumRef<'_>], as_text: bool) -> Result<Box<dyn RowSource>> {
    let text = args[0].as_bytes().unwrap_or_default();
    let name = if as_text { "json_array_elements_text" } else { "json_array_elements" };
    match Reader::new(text, false).next_event()? {
        Event::BeginArray => {}
        Event::BeginObject => return Err(cannot(&format!("cannot call {name} on a non-array"))),
        _ => return Err(cannot(&format!("cannot call {name} on a scalar"))),
    }
    let elements = elements(text)?.unwrap_or_default();
    let rows = elements.into_iter().map(|value| Ok(vec![text_of(value, as_text)?]));
    Ok(Found::source(rows.collect::<Result<_>>()?))
}

/// The parts of a jsonb value, read as rows are asked for.
struct Parts {
    value: Datum,
    at: usize,
    keys: bool,
    values: bool,
    as_text: bool,
}

impl RowSource for Parts {
    fn next(&mut self, columns: &mut [Column], most: usize, _: Context<'_>) -> Result<usize> {
        let (mut text, mut count) = (Vec::new(), 0);
        let view = View::new(self.value.as_bytes().unwrap_or_default());
        while count < most {
            let (key, value) = match view.kind() {
                Kind::Array(array) if self.at < array.len() => (None, array.get(self.at)),
                Kind::Object(object) if self.at < object.len() => {
                    (Some(object.key(self.at)), Some(object.value(self.at)))
                }
                _ => break,
            };
            let mut columns = columns.iter_mut();
            if self.keys
                && let (Some(column), Some(key)) = (columns.next(), key)
            {
                column.push(DatumRef::Bytes(key));
            }
            if self.values
                && let (Some(column), Some(value)) = (columns.next(), value)
            {
                if self.as_text {
                    text.clear();
                    let written = write_text(Some(value), &mut text)?;
                    column.push(written.map_or(DatumRef::Null, |()| DatumRef::Bytes(&text)));
                } else {
                    column.push(DatumRef::Bytes(value.bytes()));
                }
            }
            self.at += 1;
            count += 1;
        }
        Ok(count)
    }
}

fn view<'a>(args: &[DatumRef<'a>]) -> View<'a> {
    View::new(args[0].as_bytes().unwrap_or_default())
}

fn jsonb_members(args: &[DatumRef<'_>], as_text: bool) -> Result<Box<dyn RowSource>> {
    if view(args).object().is_none() {
        let name = if as_text { "jsonb_each_text" } else { "jsonb_each" };
        return Err(cannot(&format!("cannot call {name} on a non-object")));
    }
    Ok(Box::new(Parts { value: args[0].to_datum(), at: 0, keys: true, values: true, as_text }))
}

fn jsonb_keys(args: &[DatumRef<'_>]) -> Result<Box<dyn RowSource>> {
    match view(args).kind() {
        Kind::Object(_) => {
            Ok(Box::new(Parts { value: args[0].to_datum(), at: 0, keys: true, values: false, as_text: false }))
        }
        Kind::Array(_) => Err(cannot("cannot call jsonb_object_keys on an array")),
        _ => Err(cannot("cannot call jsonb_object_keys on a scalar")),
    }
}

fn jsonb_elements(args: &[DatumRef<'_>], as_text: bool) -> Result<Box<dyn RowSource>> {
    match view(args).kind() {
        Kind::Array(_) => Ok(Box::new(Parts { value: args[0].to_datum(), at: 0, keys: false, values: true, as_text })),
        Kind::Object(_) => Err(cannot("cannot extract elements from an object")),
        _ => Err(cannot("cannot extract elements from a scalar")),
    }
}
