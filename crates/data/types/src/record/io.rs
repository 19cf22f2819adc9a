//! Text and binary form of rows.
//!
//! `(1,"a b",)`: fields between commas, null as nothing at all, quotes where a field is empty or holds a character that
//! means something. The binary form is the number of fields, then of each its type, its length (-1: null) and its bytes.

use super::{View, fields, live_positions, write};
use crate::environment::{Environment, RowColumn, TypeKind};
use crate::format::is_space;
use crate::io::{TypeCall, TypeIo, io, too_short, wrong_form};
use crate::objects::format_type;
use crate::oid;
use batch::{Column, Datum, DatumRef, Repr};
use error::{Error, Result, SqlState};
use ids::Oid;

/// Rows of any type; anonymous ones can only be written.
pub const RECORD_IO: TypeIo =
    TypeIo { repr: Repr::Bytes, input: record_in, output: record_out, receive: record_recv, send: record_send };

#[cold]
fn malformed(text: &str, detail: &str) -> Error {
    Error::new(SqlState::INVALID_TEXT_REPRESENTATION, format!("malformed record literal: \"{text}\"")).detail(detail)
}

/// The live columns of a composite type (seen through domains) and how many fields its values have.
fn shape(type_oid: Oid, env: &dyn Environment) -> Result<(Oid, Vec<RowColumn>, usize)> {
    let mut at = type_oid;
    loop {
        let facts = env.type_facts(at)?;
        match &facts.kind {
            TypeKind::Domain { base, .. } => at = *base,
            TypeKind::Composite { columns, fields } if at != oid::RECORD => {
                return Ok((at, columns.clone(), *fields));
            }
            _ => {
                return Err(Error::new(
                    SqlState::FEATURE_NOT_SUPPORTED,
                    "input of anonymous composite types is not implemented",
                ));
            }
        }
    }
}

/// Collects the values of a composite type's live columns and writes the row, nulls where columns were dropped.
fn push_row(row_type: Oid, columns: &[RowColumn], fields: usize, values: &[Datum], out: &mut Column) -> Result<()> {
    let mut types = vec![oid::INT4; fields];
    let mut all = vec![DatumRef::Null; fields];
    for (column, value) in columns.iter().zip(values) {
        types[column.position] = column.type_oid;
        all[column.position] = value.as_ref();
    }
    let mut bytes = Vec::new();
    write(row_type, &types, all.iter().copied(), &[], &mut bytes)?;
    out.push(DatumRef::Bytes(&bytes));
    Ok(())
}

fn record_in(text: &str, call: &TypeCall<'_>, out: &mut Column) -> Result<()> {
    let (row_type, columns, fields) = shape(call.type_oid, call.env)?;
    let bytes = text.as_bytes();
    let mut at = 0;
    let skip_space = |at: &mut usize| {
        while bytes.get(*at).copied().is_some_and(is_space) {
            *at += 1;
        }
    };
    skip_space(&mut at);
    if bytes.get(at) != Some(&b'(') {
        return Err(malformed(text, "Missing left parenthesis."));
    }
    at += 1;
    let mut values = Vec::with_capacity(columns.len());
    let mut field = Vec::new();
    for (number, column) in columns.iter().enumerate() {
        if number > 0 {
            if bytes.get(at) != Some(&b',') {
                return Err(malformed(text, "Too few columns."));
            }
            at += 1;
        }
        if matches!(bytes.get(at), Some(b',' | b')')) {
            let io = io(column.type_oid, call.env)?;
            values.push(null_input(io, column, call)?);
            continue;
        }
        field.clear();
        let mut quoted = false;
        loop {
            let Some(&c) = bytes.get(at) else { return Err(malformed(text, "Unexpected end of input.")) };
            match c {
                b',' | b')' if !quoted => break,
                b'\\' => {
                    at += 1;
                    let next = bytes.get(at).ok_or_else(|| malformed(text, "Unexpected end of input."))?;
                    field.push(*next);
                }
                b'"' if !quoted => quoted = true,
                b'"' if bytes.get(at + 1) == Some(&b'"') => {
                    field.push(b'"');
                    at += 1;
                }
                b'"' => quoted = false,
                c => field.push(c),
            }
            at += 1;
        }
        // A backslash may stand before any byte of a character; all of them are kept.
        let value = std::str::from_utf8(&field).map_err(|_| Error::internal("a field's text is not UTF-8"))?;
        values.push(crate::io::input(column.type_oid, value, column.typmod, call.env)?);
    }
    if bytes.get(at) != Some(&b')') {
        return Err(malformed(text, "Too many columns."));
    }
    at += 1;
    skip_space(&mut at);
    if at < bytes.len() {
        return Err(malformed(text, "Junk after right parenthesis."));
    }
    push_row(row_type, &columns, fields, &values, out)
}

/// A null that comes in: a domain may refuse it.
fn null_input(_: TypeIo, column: &RowColumn, call: &TypeCall<'_>) -> Result<Datum> {
    if let TypeKind::Domain { .. } = &call.env.type_facts(column.type_oid)?.kind {
        call.env.check_domain(column.type_oid, DatumRef::Null)?;
    }
    Ok(Datum::Null)
}

fn needs_quotes(text: &[u8]) -> bool {
    text.is_empty() || text.iter().any(|&c| matches!(c, b'"' | b'\\' | b'(' | b')' | b',') || is_space(c))
}

fn record_out(value: DatumRef<'_>, call: &TypeCall<'_>, out: &mut Vec<u8>) -> Result<()> {
    let view = View::new(value.as_bytes().ok_or_else(|| wrong_form(call.type_oid, value))?)?;
    let live = live_positions(&view, call.env)?;
    let count = live.as_ref().map_or(view.len(), Vec::len);
    out.push(b'(');
    for number in 0..count {
        if number > 0 {
            out.push(b',');
        }
        let at = live.as_ref().map_or(number, |live| live[number]);
        let value = view.get(at);
        if value.is_null() {
            continue;
        }
        let type_oid = view.field_type(at);
        let start = out.len();
        (io(type_oid, call.env)?.output)(value, &TypeCall { env: call.env, type_oid, typmod: -1 }, out)?;
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
    out.push(b')');
    Ok(())
}

fn record_recv(bytes: &[u8], call: &TypeCall<'_>, out: &mut Column) -> Result<()> {
    let (row_type, columns, fields) = shape(call.type_oid, call.env)?;
    let mut rest = bytes;
    let mut number = || -> Result<(i32, &[u8])> {
        let (head, tail) = rest.split_first_chunk::<4>().ok_or_else(too_short)?;
        rest = tail;
        Ok((i32::from_be_bytes(*head), tail))
    };
    let count = number()?.0;
    if count < 0 || count as usize != columns.len() {
        return Err(Error::new(
            SqlState::DATATYPE_MISMATCH,
            format!("wrong number of columns: {count}, expected {}", columns.len()),
        ));
    }
    let mut values = Vec::with_capacity(columns.len());
    let mut rest = &bytes[4..];
    for (at, column) in columns.iter().enumerate() {
        let (head, tail) = rest.split_first_chunk::<8>().ok_or_else(too_short)?;
        let sent = Oid(u32::from_be_bytes([head[0], head[1], head[2], head[3]]));
        let length = i32::from_be_bytes([head[4], head[5], head[6], head[7]]);
        rest = tail;
        if sent != column.type_oid {
            return Err(Error::new(
                SqlState::DATATYPE_MISMATCH,
                format!(
                    "binary data has type {sent} ({}) instead of expected {} ({}) in record column {}",
                    format_type(sent, None, call.env)?,
                    column.type_oid,
                    format_type(column.type_oid, None, call.env)?,
                    at + 1
                ),
            ));
        }
        if length == -1 {
            values.push(null_input(io(column.type_oid, call.env)?, column, call)?);
            continue;
        }
        let length = usize::try_from(length).map_err(|_| too_short())?;
        let (value, tail) = rest.split_at_checked(length).ok_or_else(too_short)?;
        rest = tail;
        values.push(crate::io::receive(column.type_oid, value, column.typmod, call.env)?);
    }
    if !rest.is_empty() {
        return Err(Error::new(SqlState::INVALID_BINARY_REPRESENTATION, "improper binary format in record"));
    }
    push_row(row_type, &columns, fields, &values, out)
}

fn record_send(value: DatumRef<'_>, call: &TypeCall<'_>, out: &mut Vec<u8>) -> Result<()> {
    let view = View::new(value.as_bytes().ok_or_else(|| wrong_form(call.type_oid, value))?)?;
    let all = fields(&view, call.env)?;
    out.extend_from_slice(&(all.len() as i32).to_be_bytes());
    for field in all {
        out.extend_from_slice(&field.type_oid.0.to_be_bytes());
        if field.value.is_null() {
            out.extend_from_slice(&(-1i32).to_be_bytes());
            continue;
        }
        let start = out.len();
        out.extend_from_slice(&[0; 4]);
        crate::io::send(field.type_oid, field.value, call.env, out)?;
        let length = (out.len() - start - 4) as u32;
        out[start..start + 4].copy_from_slice(&length.to_be_bytes());
    }
    Ok(())
}
