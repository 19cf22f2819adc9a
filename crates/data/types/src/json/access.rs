//! jsonb: input and output, and what reads parts of a value.

use super::{Kind, Value, View, depth_hint, write_pretty, write_view};
use crate::array;
use crate::int::{bigint_range, integer_range, smallint_range};
use crate::io::{TypeCall, TypeIo, receive_text, send_text, too_short, wrong_form};
use crate::numeric::{Numeric, to_double, to_integer, to_real};
use batch::{ByteValues, Column, DatumRef, Repr};
use error::{Error, Result, SqlState};

crate::builtins! {
    /// Parts of jsonb values.
    pub static JSONB_ACCESS =
    3478 jsonb_object_field each(View, &[u8]) |a: View<'_>, key: &[u8]| a.object().and_then(|object| object.get(key));
    3214 jsonb_object_field_text arena(View, &[u8]) |a: View<'_>, key: &[u8], out: &mut Vec<u8>| write_text(a.object().and_then(|object| object.get(key)), out);
    3215 jsonb_array_element each(View, i32) |a, at: i32| element(a, at as i64);
    3216 jsonb_array_element_text arena(View, i32) |a, at: i32, out: &mut Vec<u8>| write_text(element(a, at as i64), out);
    3217 jsonb_extract_path each(View, &[u8]) |a, path: &[u8]| follow(a, path);
    3940 jsonb_extract_path_text arena(View, &[u8]) |a, path: &[u8], out: &mut Vec<u8>| follow(a, path).and_then(|part| write_text(part, out));
    4047 jsonb_exists each(View, &[u8]) |a, key: &[u8]| exists(a, key);
    4048 jsonb_exists_any each(View, &[u8]) |a, keys: &[u8]| texts(keys).map(|mut keys| keys.any(|key| exists(a, key)));
    4049 jsonb_exists_all each(View, &[u8]) |a, keys: &[u8]| texts(keys).map(|mut keys| keys.all(|key| exists(a, key)));
    3207 jsonb_array_length each(View) array_length;
    3210 jsonb_typeof arena(View) |a: View<'_>, out: &mut Vec<u8>| out.extend_from_slice(a.kind().name().as_bytes());
    3306 jsonb_pretty arena(View) write_pretty;
    3556 jsonb_bool each(View) to_bool;
    3449 jsonb_numeric each(View) |a| cast(a, "numeric", Ok);
    3450 jsonb_int2 each(View) |a| cast(a, "smallint", |n| to_integer(&n, "smallint", smallint_range).and_then(|v| i16::try_from(v).map_err(|_| smallint_range())));
    3451 jsonb_int4 each(View) |a| cast(a, "integer", |n| to_integer(&n, "integer", integer_range).and_then(|v| i32::try_from(v).map_err(|_| integer_range())));
    3452 jsonb_int8 each(View) |a| cast(a, "bigint", |n| to_integer(&n, "bigint", bigint_range));
    3453 jsonb_float4 each(View) |a| cast(a, "real", |n| to_real(&n));
    2580 jsonb_float8 each(View) |a| cast(a, "double precision", |n| to_double(&n));
}

impl<'a> crate::call::Read<'a> for View<'a> {
    type Values = &'a ByteValues;
    #[inline]
    fn values(column: &'a Column) -> &'a ByteValues {
        column.bytes()
    }
    #[inline(always)]
    fn cut(values: &'a ByteValues, _: usize) -> &'a ByteValues {
        values
    }
    #[inline]
    fn at(values: &'a ByteValues, at: usize) -> View<'a> {
        View::new(values.get(at))
    }
}

crate::bytes_result!(@ ['a] View<'a>, |view, out| out.extend_from_slice(view.bytes()));

/// jsonb
pub const JSONB_IO: TypeIo = TypeIo { repr: Repr::Bytes, input, output, receive, send };

fn input(text: &str, call: &TypeCall<'_>, out: &mut Column) -> Result<()> {
    let value = Value::parse(text.as_bytes()).and_then(Value::to_bytes).map_err(|e| depth_hint(e, call.env))?;
    out.push(DatumRef::Bytes(&value));
    Ok(())
}

fn output(value: DatumRef<'_>, call: &TypeCall<'_>, out: &mut Vec<u8>) -> Result<()> {
    let bytes = value.as_bytes().ok_or_else(|| wrong_form(call.type_oid, value))?;
    write_view(View::new(bytes), out).map_err(|e| depth_hint(e, call.env))
}

/// The version of the binary form: its text behind this byte.
const VERSION: u8 = 1;

fn receive(bytes: &[u8], call: &TypeCall<'_>, out: &mut Column) -> Result<()> {
    match bytes.split_first() {
        None => Err(too_short()),
        Some((&VERSION, text)) => input(&receive_text(text, call)?, call, out),
        Some((version, _)) => Err(Error::internal(format!("unsupported jsonb version number {version}"))),
    }
}

fn send(value: DatumRef<'_>, call: &TypeCall<'_>, out: &mut Vec<u8>) -> Result<()> {
    out.push(VERSION);
    if call.env.client_encoding().is_none() {
        return output(value, call, out);
    }
    let mut text = Vec::new();
    output(value, call, &mut text)?;
    send_text(&text, call, out)
}

/// The texts of an array that are not null.
pub(super) fn texts(array: &[u8]) -> Result<impl Iterator<Item = &[u8]>> {
    Ok(array::View::new(array)?.iter().filter_map(|text| text.as_bytes()))
}

/// Adds what `->>` gives: a string without quotes; nothing, with no answer, for null.
pub(super) fn write_text(view: Option<View<'_>>, out: &mut Vec<u8>) -> Result<Option<()>> {
    match view.map(|view| (view, view.kind())) {
        None | Some((_, Kind::Null)) => return Ok(None),
        Some((_, Kind::String(text))) => out.extend_from_slice(text),
        Some((view, _)) => write_view(view, out)?,
    }
    Ok(Some(()))
}

/// An element of an array; a scalar on its own counts as an array of one.
fn element(view: View<'_>, at: i64) -> Option<View<'_>> {
    match view.kind() {
        Kind::Array(array) => array.subscript(at),
        Kind::Object(_) => None,
        _ => matches!(at, 0 | -1).then_some(view),
    }
}

/// A path's text as a subscript: what C's `strtol` reads, if that is all there is.
pub(super) fn subscript(text: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(text).ok()?.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '\x0b');
    let number = text.parse::<i64>().ok()?;
    i32::try_from(number).ok().map(i64::from)
}

/// What a path leads to; nothing if an element of the path is null.
fn follow<'a>(view: View<'a>, path: &[u8]) -> Result<Option<View<'a>>> {
    let path = array::View::new(path)?;
    let mut at = view;
    for step in path.iter() {
        let Some(step) = step.as_bytes() else { return Ok(None) };
        let part = match at.kind() {
            Kind::Object(object) => object.get(step),
            Kind::Array(array) => subscript(step).and_then(|n| array.subscript(n)),
            _ => None,
        };
        let Some(part) = part else { return Ok(None) };
        at = part;
    }
    Ok(if path.iter().any(|step| step.is_null()) { None } else { Some(at) })
}

/// `?`: a key of an object, or a string that is the value or one of its elements.
fn exists(view: View<'_>, key: &[u8]) -> bool {
    let is_key = |view: View<'_>| matches!(view.kind(), Kind::String(text) if text == key);
    match view.kind() {
        Kind::Object(object) => object.get(key).is_some(),
        Kind::Array(array) => array.iter().any(is_key),
        _ => is_key(view),
    }
}

fn array_length(view: View<'_>) -> Result<i32> {
    let error = |message: &str| Err(Error::new(SqlState::INVALID_PARAMETER_VALUE, message));
    match view.kind() {
        Kind::Array(array) => Ok(array.len() as i32),
        Kind::Object(_) => error("cannot get array length of a non-array"),
        _ => error("cannot get array length of a scalar"),
    }
}

#[cold]
fn cannot_cast(view: View<'_>, target: &str) -> Error {
    let found = match view.kind() {
        Kind::Number(_) => "numeric",
        kind => kind.name(),
    };
    Error::new(SqlState::INVALID_PARAMETER_VALUE, format!("cannot cast jsonb {found} to type {target}"))
}

fn to_bool(view: View<'_>) -> Result<Option<bool>> {
    match view.kind() {
        Kind::Bool(value) => Ok(Some(value)),
        Kind::Null => Ok(None),
        _ => Err(cannot_cast(view, "boolean")),
    }
}

fn cast<T>(view: View<'_>, target: &str, convert: impl Fn(Numeric) -> Result<T>) -> Result<Option<T>> {
    match view.number() {
        Some(number) => convert(number).map(Some),
        None if view.is_null() => Ok(None),
        None => Err(cannot_cast(view, target)),
    }
}

/// What subscripts of texts and whole numbers lead to, as `jsonb[…]…` reads them; a null subscript leads nowhere.
pub fn subscripted<'a>(view: View<'a>, path: &[DatumRef<'_>]) -> Option<View<'a>> {
    path.iter().try_fold(view, |at, step| match (at.kind(), step.as_i32(), step.as_bytes()) {
        (Kind::Object(object), None, Some(key)) => object.get(key),
        (Kind::Object(object), Some(number), _) => object.get(number.to_string().as_bytes()),
        (Kind::Array(array), None, Some(text)) => array.subscript(subscript(text)?),
        (Kind::Array(array), Some(number), _) => array.subscript(number as i64),
        _ => None,
    })
}
