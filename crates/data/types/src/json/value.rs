//! A tree of JSON values on its way to becoming jsonb.

use super::view::{ARRAY, FALSE, Kind, NULL, NUMBER, OBJECT, STRING, TRUE, View};
use super::{Event, MAX_DEPTH, Reader, too_deep};
use crate::numeric::{self, Numeric};
use error::{Error, Result, SqlState};
use std::borrow::Cow;
use std::cmp::Ordering;

/// The longest that the contents of a container may be.
const MAX_CONTENT: usize = 0x0FFF_FFFF;

/// A JSON value. Parts that are stored already are taken over as they are.
#[derive(Clone, Debug)]
pub enum Value<'a> {
    /// null
    Null,
    /// true, false
    Bool(bool),
    /// A string.
    String(Cow<'a, [u8]>),
    /// A number; finite.
    Number(Numeric),
    /// An array.
    Array(Vec<Value<'a>>),
    /// An object. Members may be in any order; of members with the same key the last one counts.
    Object(Vec<(Cow<'a, [u8]>, Value<'a>)>),
    /// What is jsonb already.
    Stored(View<'a>),
    /// The same, owned.
    Encoded(Vec<u8>),
}

impl<'a> From<View<'a>> for Value<'a> {
    fn from(view: View<'a>) -> Value<'a> {
        Value::Stored(view)
    }
}

/// The order of keys in an object: shorter ones first.
pub(super) fn key_order(a: &[u8], b: &[u8]) -> Ordering {
    a.len().cmp(&b.len()).then_with(|| a.cmp(b))
}

/// `22030`: a key twice where keys of a json shall be unique.
#[cold]
pub(super) fn duplicate_key(key: &[u8]) -> Error {
    Error::new(
        SqlState::DUPLICATE_JSON_OBJECT_KEY_VALUE,
        format!("duplicate JSON object key value: \"{}\"", String::from_utf8_lossy(key)),
    )
}

/// The same of a jsonb, whose error does not name the key.
#[cold]
pub(super) fn duplicate_binary_key() -> Error {
    Error::new(SqlState::DUPLICATE_JSON_OBJECT_KEY_VALUE, "duplicate JSON object key value")
}

impl<'a> Value<'a> {
    /// Reads a JSON text.
    pub fn parse(text: &'a [u8]) -> Result<Value<'a>> {
        Value::parse_unique(text, false)
    }

    /// Reads a JSON text; with `unique`, a key that an object has twice is an error.
    pub fn parse_unique(text: &'a [u8], unique: bool) -> Result<Value<'a>> {
        let mut reader = Reader::new(text, true);
        let mut open: Vec<Value<'a>> = Vec::new();
        let mut keys: Vec<Cow<'a, [u8]>> = Vec::new();
        let mut done = Value::Null;
        loop {
            let value = match reader.next_event()? {
                Event::BeginObject => {
                    open.push(Value::Object(Vec::new()));
                    continue;
                }
                Event::BeginArray => {
                    open.push(Value::Array(Vec::new()));
                    continue;
                }
                Event::Key => {
                    keys.push(string_within_limit(reader.string_cow())?);
                    continue;
                }
                Event::EndObject | Event::EndArray => {
                    let value = open.pop().unwrap_or(Value::Null);
                    if unique {
                        value.check_unique()?;
                    }
                    value
                }
                Event::String => Value::String(string_within_limit(reader.string_cow())?),
                Event::Number => Value::Number(number(reader.token())?),
                Event::Bool(value) => Value::Bool(value),
                Event::Null => Value::Null,
                Event::End => return Ok(done),
            };
            match open.last_mut() {
                None => done = value,
                Some(Value::Object(members)) => members.push((keys.pop().unwrap_or_default(), value)),
                Some(Value::Array(elements)) => elements.push(value),
                Some(_) => {}
            }
        }
    }

    fn check_unique(&self) -> Result<()> {
        if let Value::Object(members) = self {
            let mut seen = std::collections::HashSet::with_capacity(members.len());
            if members.iter().any(|(key, _)| !seen.insert(&**key)) {
                return Err(duplicate_binary_key());
            }
        }
        Ok(())
    }

    /// Whether it is neither an array nor an object.
    pub fn is_scalar(&self) -> bool {
        match self {
            Value::Array(_) | Value::Object(_) => false,
            Value::Stored(view) => view.is_scalar(),
            Value::Encoded(bytes) => View::new(bytes).is_scalar(),
            _ => true,
        }
    }

    /// Brings members into their stored order and drops those that later ones replace.
    fn normalise(&mut self, depth: usize) -> Result<()> {
        if depth > MAX_DEPTH {
            return Err(too_deep());
        }
        match self {
            Value::Array(elements) => elements.iter_mut().try_for_each(|value| value.normalise(depth + 1)),
            Value::Object(members) => {
                // The sort is stable, so of equal keys the last one is the last written.
                members.sort_by(|(a, _), (b, _)| key_order(a, b));
                members.reverse();
                members.dedup_by(|(a, _), (b, _)| a == b);
                members.reverse();
                members.iter_mut().try_for_each(|(_, value)| value.normalise(depth + 1))
            }
            _ => Ok(()),
        }
    }

    /// Adds the value's encoded form to `out`.
    pub fn encode(mut self, out: &mut Vec<u8>) -> Result<()> {
        self.normalise(0)?;
        let mut sizes = Vec::new();
        self.measure(&mut sizes)?;
        self.put(&mut sizes.into_iter(), out);
        Ok(())
    }

    /// The bytes that the encoded form takes. Adds the contents' size of each container to `sizes`, outer ones first.
    fn measure(&self, sizes: &mut Vec<usize>) -> Result<usize> {
        let (count, ends, what) = match self {
            Value::Null | Value::Bool(_) => return Ok(1),
            Value::String(text) => return Ok(1 + text.len()),
            Value::Number(number) => return Ok(1 + number.stored_length()),
            Value::Stored(view) => return Ok(view.bytes().len()),
            Value::Encoded(bytes) => return Ok(bytes.len()),
            Value::Array(elements) => (elements.len(), elements.len(), "array elements"),
            Value::Object(members) => (members.len(), 2 * members.len(), "object elements"),
        };
        let at = sizes.len();
        sizes.push(0);
        let mut size = 0usize;
        match self {
            Value::Array(elements) => {
                for value in elements {
                    size += value.measure(sizes)?;
                }
            }
            Value::Object(members) => {
                for (key, value) in members {
                    size += key.len() + value.measure(sizes)?;
                }
            }
            _ => {}
        }
        if size > MAX_CONTENT {
            return Err(Error::new(
                SqlState::PROGRAM_LIMIT_EXCEEDED,
                format!("total size of jsonb {what} exceeds the maximum of {MAX_CONTENT} bytes"),
            ));
        }
        sizes[at] = size;
        Ok(1 + (1 + ends) * width(count, size) + size)
    }

    fn put(&self, sizes: &mut std::vec::IntoIter<usize>, out: &mut Vec<u8>) {
        match self {
            Value::Null => out.push(NULL),
            Value::Bool(value) => out.push(if *value { TRUE } else { FALSE }),
            Value::String(text) => {
                out.push(STRING);
                out.extend_from_slice(text);
            }
            Value::Number(number) => {
                out.push(NUMBER);
                number.write(out);
            }
            Value::Stored(view) => out.extend_from_slice(view.bytes()),
            Value::Encoded(bytes) => out.extend_from_slice(bytes),
            Value::Array(elements) => {
                let width = width(elements.len(), sizes.next().unwrap_or_default());
                let mut ends = Ends::begin(ARRAY, elements.len(), elements.len(), width, out);
                for value in elements {
                    value.put(sizes, out);
                    ends.add(out);
                }
            }
            Value::Object(members) => {
                let width = width(members.len(), sizes.next().unwrap_or_default());
                let mut ends = Ends::begin(OBJECT, members.len(), 2 * members.len(), width, out);
                for (key, _) in members {
                    out.extend_from_slice(key);
                    ends.add(out);
                }
                for (_, value) in members {
                    value.put(sizes, out);
                    ends.add(out);
                }
            }
        }
    }

    /// The encoded form.
    pub fn to_bytes(self) -> Result<Vec<u8>> {
        let mut out = Vec::new();
        self.encode(&mut out)?;
        Ok(out)
    }

    /// The same value, borrowing nothing.
    pub fn into_owned(self) -> Result<Value<'static>> {
        Ok(Value::Encoded(self.to_bytes()?))
    }

    /// A tree whose outermost level can be changed.
    pub fn opened(view: View<'a>) -> Value<'a> {
        match view.kind() {
            Kind::Array(array) => Value::Array(array.iter().map(Value::Stored).collect()),
            Kind::Object(object) => {
                Value::Object(object.iter().map(|(key, value)| (key.into(), Value::Stored(value))).collect())
            }
            _ => Value::Stored(view),
        }
    }
}

fn string_within_limit(text: Cow<'_, [u8]>) -> Result<Cow<'_, [u8]>> {
    if text.len() > MAX_CONTENT {
        return Err(Error::new(SqlState::PROGRAM_LIMIT_EXCEEDED, "string too long to represent as jsonb string")
            .detail(format!(
                "Due to an implementation restriction, jsonb strings cannot exceed {MAX_CONTENT} bytes."
            )));
    }
    Ok(text)
}

/// A number's text as JSON writes it.
pub(super) fn number(text: &[u8]) -> Result<Numeric> {
    numeric::parse(&String::from_utf8_lossy(text))
}

/// Adds the encoded form of a JSON text to `out`.
pub fn encode(text: &[u8], out: &mut Vec<u8>) -> Result<()> {
    Value::parse(text)?.encode(out)
}

/// The width of a container's numbers.
fn width(count: usize, size: usize) -> usize {
    match count.max(size) {
        0..=0xFF => 1,
        0x100..=0xFFFF => 2,
        _ => 4,
    }
}

/// The ends of a container's parts, filled in as the parts are written behind them.
struct Ends {
    at: usize,
    width: usize,
    base: usize,
}

impl Ends {
    fn begin(kind: u8, count: usize, ends: usize, width: usize, out: &mut Vec<u8>) -> Ends {
        out.push(kind | (width.trailing_zeros() as u8) << 4);
        out.extend_from_slice(&(count as u32).to_le_bytes()[..width]);
        let at = out.len();
        out.resize(at + ends * width, 0);
        Ends { at, width, base: out.len() }
    }

    fn add(&mut self, out: &mut [u8]) {
        let end = (out.len() - self.base) as u32;
        out[self.at..self.at + self.width].copy_from_slice(&end.to_le_bytes()[..self.width]);
        self.at += self.width;
    }
}
