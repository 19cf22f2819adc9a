//! Integers.

use crate::io::{TypeCall, TypeIo, wrong_form};
use batch::{Column, DatumRef, Repr};
use error::{Error, Result, SqlState};

crate::builtins! {
    /// Integer functions.
    pub static INTEGERS =
    65 int4eq fast(i32, i32) |a: i32, b: i32| a == b;
    66 int4lt fast(i32, i32) |a: i32, b: i32| a < b;
    177 int4pl fast(i32, i32) int4pl;
}

fn int4pl(a: i32, b: i32) -> Result<i32> {
    a.checked_add(b).ok_or_else(|| Error::new(SqlState::NUMERIC_VALUE_OUT_OF_RANGE, "integer out of range"))
}

/// Text and binary form of integer.
pub const INT4_IO: TypeIo =
    TypeIo { repr: Repr::B4, input: int4in, output: int4out, receive: int4recv, send: int4send };

fn int4in(text: &str, _: &TypeCall<'_>, out: &mut Column) -> Result<()> {
    let value: i32 = text.trim().parse().map_err(|_| {
        Error::new(SqlState::INVALID_TEXT_REPRESENTATION, format!("invalid input syntax for type integer: \"{text}\""))
    })?;
    out.push(DatumRef::B4(value));
    Ok(())
}

fn int4out(value: DatumRef<'_>, call: &TypeCall<'_>, out: &mut Vec<u8>) -> Result<()> {
    let value = value.as_i32().ok_or_else(|| wrong_form(call.type_oid, value))?;
    out.extend_from_slice(value.to_string().as_bytes());
    Ok(())
}

fn int4recv(bytes: &[u8], _: &TypeCall<'_>, out: &mut Column) -> Result<()> {
    let bytes = bytes
        .try_into()
        .map_err(|_| Error::new(SqlState::INVALID_BINARY_REPRESENTATION, "incorrect binary data format"))?;
    out.push(DatumRef::B4(i32::from_be_bytes(bytes)));
    Ok(())
}

fn int4send(value: DatumRef<'_>, call: &TypeCall<'_>, out: &mut Vec<u8>) -> Result<()> {
    let value = value.as_i32().ok_or_else(|| wrong_form(call.type_oid, value))?;
    out.extend_from_slice(&value.to_be_bytes());
    Ok(())
}
