//! Text and binary form of ranges and multiranges: `[1,5)`, `empty`, `{[1,3),[7,9)}`.

use super::multirange::Multirange;
use super::{Bound, EMPTY, Kind, LOWER_INCLUSIVE, LOWER_INFINITE, Range, UPPER_INCLUSIVE, UPPER_INFINITE, type_of};
use crate::Environment;
use crate::format::is_space;
use crate::io::{TypeCall, TypeIo, bad_binary, io, too_short, wrong_form};
use batch::{Column, Datum, DatumRef, Repr};
use error::{Error, Result, SqlState};
use ids::Oid;

/// Ranges of any type.
pub const RANGE_IO: TypeIo =
    TypeIo { repr: Repr::Bytes, input: range_in, output: range_out, receive: range_recv, send: range_send };

/// Multiranges of any type.
pub const MULTIRANGE_IO: TypeIo = TypeIo {
    repr: Repr::Bytes,
    input: multirange_in,
    output: multirange_out,
    receive: multirange_recv,
    send: multirange_send,
};

#[cold]
fn malformed(what: &str, text: &str, detail: &str) -> Error {
    Error::new(SqlState::INVALID_TEXT_REPRESENTATION, format!("malformed {what} literal: \"{text}\"")).detail(detail)
}

/// A bound's text, without quotes and backslashes; none if nothing stands there.
fn bound_text(text: &str, at: &mut usize) -> Result<Option<String>> {
    let bytes = text.as_bytes();
    if matches!(bytes.get(*at), Some(b',' | b')' | b']')) {
        return Ok(None);
    }
    let end = || malformed("range", text, "Unexpected end of input.");
    let mut value = Vec::new();
    let mut quoted = false;
    loop {
        match *bytes.get(*at).ok_or_else(end)? {
            b',' | b')' | b']' if !quoted => break,
            b'\\' => {
                *at += 1;
                value.push(*bytes.get(*at).ok_or_else(end)?);
            }
            b'"' if !quoted => quoted = true,
            b'"' if bytes.get(*at + 1) == Some(&b'"') => {
                value.push(b'"');
                *at += 1;
            }
            b'"' => quoted = false,
            c => value.push(c),
        }
        *at += 1;
    }
    String::from_utf8(value).map(Some).map_err(|_| Error::internal("a bound's text is not UTF-8"))
}

fn range_in(text: &str, call: &TypeCall<'_>, out: &mut Column) -> Result<()> {
    let kind = Kind::of(call.type_oid, call.env)?;
    let mut bytes = Vec::new();
    parse_range(text, &kind, call.typmod, call.env, &mut bytes)?;
    out.push(DatumRef::Bytes(&bytes));
    Ok(())
}

fn parse_range(text: &str, kind: &Kind, typmod: i32, env: &dyn Environment, out: &mut Vec<u8>) -> Result<()> {
    let bytes = text.as_bytes();
    let wrong = |detail: &str| malformed("range", text, detail);
    let skip_space = |at: &mut usize| {
        while bytes.get(*at).copied().is_some_and(is_space) {
            *at += 1;
        }
    };
    let mut at = 0;
    skip_space(&mut at);
    if bytes.get(at..at + 5).is_some_and(|word| word.eq_ignore_ascii_case(b"empty")) {
        at += 5;
        skip_space(&mut at);
        if at < bytes.len() {
            return Err(wrong("Junk after \"empty\" key word."));
        }
        return Range::EMPTY.write(kind, env, out);
    }
    let lower_inclusive = match bytes.get(at) {
        Some(b'[') => true,
        Some(b'(') => false,
        _ => return Err(wrong("Missing left parenthesis or bracket.")),
    };
    at += 1;
    let lower = bound_text(text, &mut at)?;
    if bytes.get(at) != Some(&b',') {
        return Err(wrong("Missing comma after lower bound."));
    }
    at += 1;
    let upper = bound_text(text, &mut at)?;
    let upper_inclusive = match bytes.get(at) {
        Some(b']') => true,
        Some(b')') => false,
        _ => return Err(wrong("Too many commas.")),
    };
    at += 1;
    skip_space(&mut at);
    if at < bytes.len() {
        return Err(wrong("Junk after right parenthesis or bracket."));
    }
    let value = |text: Option<String>| match text {
        Some(text) => crate::io::input(kind.subtype, &text, typmod, env),
        None => Ok(Datum::Null),
    };
    let (lower, upper) = (value(lower)?, value(upper)?);
    let range = Range {
        empty: false,
        lower: Bound { value: lower.as_ref(), inclusive: lower_inclusive, lower: true },
        upper: Bound { value: upper.as_ref(), inclusive: upper_inclusive, lower: false },
    };
    range.write(kind, env, out)
}

fn needs_quotes(text: &[u8]) -> bool {
    text.is_empty() || text.iter().any(|&c| matches!(c, b'"' | b'\\' | b'(' | b')' | b'[' | b']' | b',') || is_space(c))
}

fn range_out(value: DatumRef<'_>, call: &TypeCall<'_>, out: &mut Vec<u8>) -> Result<()> {
    let bytes = value.as_bytes().ok_or_else(|| wrong_form(call.type_oid, value))?;
    let range = Range::read(bytes)?;
    if range.empty {
        out.extend_from_slice(b"empty");
        return Ok(());
    }
    let type_oid = Kind::of(type_of(bytes)?, call.env)?.subtype;
    let subtype = io(type_oid, call.env)?;
    let inner = TypeCall { env: call.env, type_oid, typmod: -1 };
    out.push(if range.lower.inclusive && !range.lower.is_infinite() { b'[' } else { b'(' });
    for bound in [range.lower, range.upper] {
        if !bound.lower {
            out.push(b',');
        }
        if bound.is_infinite() {
            continue;
        }
        let start = out.len();
        (subtype.output)(bound.value, &inner, out)?;
        if needs_quotes(&out[start..]) {
            let text = out.split_off(start);
            out.push(b'"');
            for c in text {
                if matches!(c, b'"' | b'\\') {
                    out.push(c);
                }
                out.push(c);
            }
            out.push(b'"');
        }
    }
    out.push(if range.upper.inclusive && !range.upper.is_infinite() { b']' } else { b')' });
    Ok(())
}

/// A length and so many bytes of a message.
fn counted<'m>(message: &mut &'m [u8]) -> Result<&'m [u8]> {
    let (head, tail) = message.split_first_chunk::<4>().ok_or_else(too_short)?;
    let length = usize::try_from(i32::from_be_bytes(*head)).map_err(|_| bad_binary())?;
    let (value, rest) = tail.split_at_checked(length).ok_or_else(too_short)?;
    *message = rest;
    Ok(value)
}

fn receive_range(mut message: &[u8], kind: &Kind, typmod: i32, env: &dyn Environment, out: &mut Vec<u8>) -> Result<()> {
    let (flags, rest) = message.split_first().ok_or_else(too_short)?;
    message = rest;
    let mut bound = |infinite: u8| match flags & (infinite | EMPTY) {
        0 => crate::io::receive(kind.subtype, counted(&mut message)?, typmod, env),
        _ => Ok(Datum::Null),
    };
    let (lower, upper) = (bound(LOWER_INFINITE)?, bound(UPPER_INFINITE)?);
    if !message.is_empty() {
        return Err(bad_binary());
    }
    let range = Range {
        empty: flags & EMPTY != 0,
        lower: Bound { value: lower.as_ref(), inclusive: flags & LOWER_INCLUSIVE != 0, lower: true },
        upper: Bound { value: upper.as_ref(), inclusive: flags & UPPER_INCLUSIVE != 0, lower: false },
    };
    range.write(kind, env, out)
}

fn range_recv(bytes: &[u8], call: &TypeCall<'_>, out: &mut Column) -> Result<()> {
    let kind = Kind::of(call.type_oid, call.env)?;
    let mut range = Vec::new();
    receive_range(bytes, &kind, call.typmod, call.env, &mut range)?;
    out.push(DatumRef::Bytes(&range));
    Ok(())
}

fn send(type_oid: Oid, value: DatumRef<'_>, env: &dyn Environment, out: &mut Vec<u8>) -> Result<()> {
    let start = out.len();
    out.extend_from_slice(&[0; 4]);
    crate::io::send(type_oid, value, env, out)?;
    let length = (out.len() - start - 4) as u32;
    out[start..start + 4].copy_from_slice(&length.to_be_bytes());
    Ok(())
}

fn range_send(value: DatumRef<'_>, call: &TypeCall<'_>, out: &mut Vec<u8>) -> Result<()> {
    let bytes = value.as_bytes().ok_or_else(|| wrong_form(call.type_oid, value))?;
    let range = Range::read(bytes)?;
    out.push(range.flags());
    let subtype = Kind::of(type_of(bytes)?, call.env)?.subtype;
    for bound in [range.lower, range.upper] {
        if !range.empty && !bound.is_infinite() {
            send(subtype, bound.value, call.env, out)?;
        }
    }
    Ok(())
}

fn multirange_in(text: &str, call: &TypeCall<'_>, out: &mut Column) -> Result<()> {
    let (type_oid, kind) = Multirange::kind_of(call.type_oid, call.env)?;
    let bytes = text.as_bytes();
    let wrong = |detail: &str| malformed("multirange", text, detail);
    let skip_space = |at: &mut usize| {
        while bytes.get(*at).copied().is_some_and(is_space) {
            *at += 1;
        }
    };
    let mut at = 0;
    skip_space(&mut at);
    if bytes.get(at) != Some(&b'{') {
        return Err(wrong("Missing left brace."));
    }
    at += 1;
    let mut ranges: Vec<Vec<u8>> = Vec::new();
    loop {
        skip_space(&mut at);
        let start = at;
        match bytes.get(at) {
            None => return Err(wrong("Unexpected end of input.")),
            Some(b'}') if ranges.is_empty() => {
                at += 1;
                break;
            }
            Some(b'[' | b'(') => {
                let mut quoted = false;
                loop {
                    at += 1;
                    match bytes.get(at) {
                        None => return Err(wrong("Unexpected end of input.")),
                        Some(b'\\') => {
                            at += 1;
                            if at >= bytes.len() {
                                return Err(wrong("Unexpected end of input."));
                            }
                        }
                        // A doubled quote ends a quoted piece and begins another.
                        Some(b'"') => quoted = !quoted,
                        Some(b']' | b')') if !quoted => break,
                        Some(_) => {}
                    }
                }
                at += 1;
            }
            Some(_) if bytes.get(at..at + 5).is_some_and(|word| word.eq_ignore_ascii_case(b"empty")) => at += 5,
            Some(_) => return Err(wrong("Expected range start.")),
        }
        let mut range = Vec::new();
        parse_range(&text[start..at], &kind, call.typmod, call.env, &mut range)?;
        ranges.push(range);
        skip_space(&mut at);
        match bytes.get(at) {
            Some(b',') => at += 1,
            Some(b'}') => {
                at += 1;
                break;
            }
            None => return Err(wrong("Unexpected end of input.")),
            Some(_) => return Err(wrong("Expected comma or end of multirange.")),
        }
    }
    skip_space(&mut at);
    if at < bytes.len() {
        return Err(wrong("Junk after closing right brace."));
    }
    let mut multirange = Vec::new();
    let list = ranges.iter().map(|range| Range::read(range)).collect::<Result<Vec<_>>>()?;
    Multirange::write(type_oid, &kind, list, call.env, &mut multirange)?;
    out.push(DatumRef::Bytes(&multirange));
    Ok(())
}

fn multirange_out(value: DatumRef<'_>, call: &TypeCall<'_>, out: &mut Vec<u8>) -> Result<()> {
    let view = Multirange::read(value.as_bytes().ok_or_else(|| wrong_form(call.type_oid, value))?)?;
    out.push(b'{');
    for at in 0..view.len() {
        if at > 0 {
            out.push(b',');
        }
        range_out(DatumRef::Bytes(view.bytes_of(at)), call, out)?;
    }
    out.push(b'}');
    Ok(())
}

fn multirange_recv(bytes: &[u8], call: &TypeCall<'_>, out: &mut Column) -> Result<()> {
    let (type_oid, kind) = Multirange::kind_of(call.type_oid, call.env)?;
    let (head, mut message) = bytes.split_first_chunk::<4>().ok_or_else(too_short)?;
    let count = u32::from_be_bytes(*head);
    let mut ranges = Vec::new();
    for _ in 0..count {
        let mut range = Vec::new();
        receive_range(counted(&mut message)?, &kind, call.typmod, call.env, &mut range)?;
        ranges.push(range);
    }
    if !message.is_empty() {
        return Err(bad_binary());
    }
    let mut multirange = Vec::new();
    let list = ranges.iter().map(|range| Range::read(range)).collect::<Result<Vec<_>>>()?;
    Multirange::write(type_oid, &kind, list, call.env, &mut multirange)?;
    out.push(DatumRef::Bytes(&multirange));
    Ok(())
}

fn multirange_send(value: DatumRef<'_>, call: &TypeCall<'_>, out: &mut Vec<u8>) -> Result<()> {
    let view = Multirange::read(value.as_bytes().ok_or_else(|| wrong_form(call.type_oid, value))?)?;
    out.extend_from_slice(&(view.len() as u32).to_be_bytes());
    for at in 0..view.len() {
        let start = out.len();
        out.extend_from_slice(&[0; 4]);
        range_send(DatumRef::Bytes(view.bytes_of(at)), call, out)?;
        let length = (out.len() - start - 4) as u32;
        out[start..start + 4].copy_from_slice(&length.to_be_bytes());
    }
    Ok(())
}
