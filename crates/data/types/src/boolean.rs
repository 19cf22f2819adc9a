//! boolean.

use crate::format::trim;
use crate::int::invalid_input;
use crate::io::{TypeIo, exactly, wrong_form};
use batch::{DatumRef, Repr};
use error::{Error, Result, SqlState};

crate::builtins! {
    /// Functions of boolean.
    pub static BOOLEANS =
    60 booleq fast(bool, bool) |a, b| a == b;
    84 boolne fast(bool, bool) |a, b| a != b;
    56 boollt fast(bool, bool) |a, b| !a & b;
    1691 boolle fast(bool, bool) |a, b| !a | b;
    57 boolgt fast(bool, bool) |a, b| a & !b;
    1692 boolge fast(bool, bool) |a, b| a | !b;
    1693 btboolcmp fast(bool, bool) |a, b| a as i32 - b as i32;
    2515 booland_statefunc fast(bool, bool) |a, b| a & b;
    2516 boolor_statefunc fast(bool, bool) |a, b| a | b;
    2971 booltext arena(bool) |a, out: &mut Vec<u8>| out.extend_from_slice(if a { b"true" } else { b"false" });
}

/// Text and binary form of boolean.
pub const BOOL_IO: TypeIo = TypeIo {
    repr: Repr::B1,
    input: |text, _, out| {
        out.push(DatumRef::B1(parse(text)? as u8));
        Ok(())
    },
    output: |value, call, out| match value.as_bool() {
        Some(value) => {
            out.push(if value { b't' } else { b'f' });
            Ok(())
        }
        None => Err(wrong_form(call.type_oid, value)),
    },
    receive: |bytes, _, out| {
        let [byte] = exactly(bytes)?;
        out.push(DatumRef::B1((byte != 0) as u8));
        Ok(())
    },
    send: |value, call, out| match value.as_bool() {
        Some(value) => {
            out.push(value as u8);
            Ok(())
        }
        None => Err(wrong_form(call.type_oid, value)),
    },
};

/// Reads a boolean: `true`, `yes`, `on`, `1` and their opposites, or the beginning of such a word if it is its own.
pub fn parse(text: &str) -> Result<bool> {
    match text.as_bytes() {
        b"t" => return Ok(true),
        b"f" => return Ok(false),
        _ => {}
    }
    let word = trim(text).to_ascii_lowercase();
    let begins = |full: &str, least: usize| word.len() >= least && full.starts_with(&word);
    if begins("true", 1) || begins("yes", 1) || word == "on" || word == "1" {
        Ok(true)
    } else if begins("false", 1) || begins("no", 1) || begins("off", 2) || word == "0" {
        Ok(false)
    } else {
        Err(invalid_input("boolean", text))
    }
}

/// The error for a condition that is not boolean, for callers of other crates.
#[cold]
pub fn not_boolean(what: &str, type_name: &str) -> Error {
    Error::new(SqlState::DATATYPE_MISMATCH, format!("argument of {what} must be type boolean, not type {type_name}"))
}
