//! json: input and output, and what reads parts of a text.

use super::access::subscript;
use super::{Event, Reader, check, depth_hint, write_string};
use crate::array;
use crate::io::{TypeCall, TypeIo, receive_text, send_text, wrong_form};
use batch::{Column, DatumRef, Repr};
use error::{Error, Result, SqlState};

crate::builtins! {
    /// Parts of json texts.
    pub static JSON_TEXTS =
    3947 json_object_field arena(&[u8], &[u8]) |a: &[u8], key: &[u8], out: &mut Vec<u8>| put(member(a, key)?, false, out);
    3948 json_object_field_text arena(&[u8], &[u8]) |a: &[u8], key: &[u8], out: &mut Vec<u8>| put(member(a, key)?, true, out);
    3949 json_array_element arena(&[u8], i32) |a: &[u8], at: i32, out: &mut Vec<u8>| put(element(a, at as i64)?, false, out);
    3950 json_array_element_text arena(&[u8], i32) |a: &[u8], at: i32, out: &mut Vec<u8>| put(element(a, at as i64)?, true, out);
    3951 json_extract_path arena(&[u8], &[u8]) |a: &[u8], path: &[u8], out: &mut Vec<u8>| put(follow(a, path)?, false, out);
    3953 json_extract_path_text arena(&[u8], &[u8]) |a: &[u8], path: &[u8], out: &mut Vec<u8>| put(follow(a, path)?, true, out);
    3956 json_array_length each(&[u8]) array_length;
    3968 json_typeof each(&[u8]) |a: &[u8]| Reader::new(a, false).next_event().map(type_name);
    3261 json_strip_nulls arena(&[u8], bool) strip_nulls;
}

/// json
pub const JSON_IO: TypeIo = TypeIo { repr: Repr::Bytes, input, output, receive, send };

fn input(text: &str, call: &TypeCall<'_>, out: &mut Column) -> Result<()> {
    check(text.as_bytes()).map_err(|e| depth_hint(e, call.env))?;
    out.push(DatumRef::Bytes(text.as_bytes()));
    Ok(())
}

fn output(value: DatumRef<'_>, call: &TypeCall<'_>, out: &mut Vec<u8>) -> Result<()> {
    out.extend_from_slice(value.as_bytes().ok_or_else(|| wrong_form(call.type_oid, value))?);
    Ok(())
}

fn receive(bytes: &[u8], call: &TypeCall<'_>, out: &mut Column) -> Result<()> {
    input(&receive_text(bytes, call)?, call, out)
}

fn send(value: DatumRef<'_>, call: &TypeCall<'_>, out: &mut Vec<u8>) -> Result<()> {
    send_text(value.as_bytes().ok_or_else(|| wrong_form(call.type_oid, value))?, call, out)
}

/// The value of a key of the object that a text is; the last one, if there are several.
fn member<'a>(text: &'a [u8], key: &[u8]) -> Result<Option<&'a [u8]>> {
    let mut reader = Reader::new(text, true);
    let mut found = None;
    if reader.next_event()? != Event::BeginObject {
        return reader_to_end(reader).map(|()| None);
    }
    while reader.next_event()? == Event::Key {
        let wanted = reader.string() == key;
        let first = reader.next_event()?;
        let value = reader.value(first)?;
        if wanted {
            found = Some(value);
        }
    }
    Ok(found)
}

/// Reads what is left, for the errors that escapes may have.
fn reader_to_end(mut reader: Reader<'_>) -> Result<()> {
    while reader.next_event()? != Event::End {}
    Ok(())
}

/// The texts of the elements of the array that a text is; `None` if it is no array.
pub(super) fn elements(text: &[u8]) -> Result<Option<Vec<&[u8]>>> {
    let mut reader = Reader::new(text, true);
    if reader.next_event()? != Event::BeginArray {
        return reader_to_end(reader).map(|()| None);
    }
    let mut elements = Vec::new();
    loop {
        match reader.next_event()? {
            Event::EndArray => return Ok(Some(elements)),
            first => elements.push(reader.value(first)?),
        }
    }
}

/// The element that a subscript names: from 0, or below zero from the end.
fn element(text: &[u8], at: i64) -> Result<Option<&[u8]>> {
    if at < 0 {
        let elements = elements(text)?.unwrap_or_default();
        let at = usize::try_from(at + elements.len() as i64);
        return Ok(at.ok().and_then(|at| elements.get(at).copied()));
    }
    let mut reader = Reader::new(text, true);
    if reader.next_event()? != Event::BeginArray {
        return reader_to_end(reader).map(|()| None);
    }
    let (mut found, mut k) = (None, 0);
    loop {
        match reader.next_event()? {
            Event::EndArray => return Ok(found),
            first => {
                let value = reader.value(first)?;
                if k == at {
                    found = Some(value);
                }
                k += 1;
            }
        }
    }
}

/// What a path leads to; nothing if an element of the path is null.
fn follow<'a>(text: &'a [u8], path: &[u8]) -> Result<Option<&'a [u8]>> {
    let path = array::View::new(path)?;
    if path.iter().any(|step| step.is_null()) {
        return Ok(None);
    }
    let mut at = text;
    for step in path.iter() {
        let step = step.as_bytes().unwrap_or_default();
        let part = match Reader::new(at, false).next_event()? {
            Event::BeginObject => member(at, step)?,
            Event::BeginArray => match subscript(step) {
                Some(n) => element(at, n)?,
                None => None,
            },
            _ => None,
        };
        let Some(part) = part else { return Ok(None) };
        at = part;
    }
    Ok(Some(at))
}

/// Adds a value's text, or with `as_text` what `->>` gives: a string without quotes, nothing for null.
pub(super) fn put(value: Option<&[u8]>, as_text: bool, out: &mut Vec<u8>) -> Result<Option<()>> {
    let Some(value) = value else { return Ok(None) };
    if as_text {
        let mut reader = Reader::new(value, true);
        match reader.next_event()? {
            Event::String => {
                out.extend_from_slice(reader.string());
                return Ok(Some(()));
            }
            Event::Null => return Ok(None),
            _ => {}
        }
    }
    out.extend_from_slice(value);
    Ok(Some(()))
}

/// What a value is, by its first event.
pub(super) fn type_name(first: Event) -> &'static str {
    match first {
        Event::BeginObject => "object",
        Event::BeginArray => "array",
        Event::String | Event::Key => "string",
        Event::Number => "number",
        Event::Bool(_) => "boolean",
        _ => "null",
    }
}

fn array_length(text: &[u8]) -> Result<i32> {
    let error = |message: &str| Err(Error::new(SqlState::INVALID_PARAMETER_VALUE, message));
    match Reader::new(text, false).next_event()? {
        Event::BeginArray => Ok(elements(text)?.map_or(0, |elements| elements.len() as i32)),
        Event::BeginObject => error("cannot get array length of a non-array"),
        _ => error("cannot get array length of a scalar"),
    }
}

/// The text without members that are null, and with `arrays` without such elements; without white space.
fn strip_nulls(text: &[u8], arrays: bool, out: &mut Vec<u8>) -> Result<()> {
    let mut reader = Reader::new(text, true);
    // For each open container, whether it is an object.
    let mut open: Vec<bool> = Vec::new();
    loop {
        let mut event = reader.next_event()?;
        if matches!(event, Event::EndObject | Event::EndArray) {
            open.pop();
            out.push(if event == Event::EndObject { b'}' } else { b']' });
            continue;
        }
        if event == Event::End {
            return Ok(());
        }
        let mut key = Vec::new();
        if event == Event::Key {
            write_string(reader.string(), &mut key);
            key.push(b':');
            event = reader.next_event()?;
        }
        if event == Event::Null && open.last().is_some_and(|&object| object || arrays) {
            continue;
        }
        if !open.is_empty() && !matches!(out.last(), Some(b'{' | b'[')) {
            out.push(b',');
        }
        out.extend_from_slice(&key);
        match event {
            Event::BeginObject | Event::BeginArray => {
                let object = event == Event::BeginObject;
                open.push(object);
                out.push(if object { b'{' } else { b'[' });
            }
            Event::String => write_string(reader.string(), out),
            _ => out.extend_from_slice(reader.token()),
        }
    }
}
