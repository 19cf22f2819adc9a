//! Text and binary form of the text types, and their length limits.

use super::{char_count, char_len, char_offset, trim_blanks};
use crate::io::{TypeCall, TypeIo, exactly, receive_text, send_text, wrong_form};
use batch::{Column, DatumRef, Repr};
use error::{Error, Result, SqlState};

fn text_output(value: DatumRef<'_>, call: &TypeCall<'_>, out: &mut Vec<u8>) -> Result<()> {
    out.extend_from_slice(value.as_bytes().ok_or_else(|| wrong_form(call.type_oid, value))?);
    Ok(())
}

fn text_send(value: DatumRef<'_>, call: &TypeCall<'_>, out: &mut Vec<u8>) -> Result<()> {
    send_text(value.as_bytes().ok_or_else(|| wrong_form(call.type_oid, value))?, call, out)
}

fn text_input(text: &str, _: &TypeCall<'_>, out: &mut Column) -> Result<()> {
    out.push(DatumRef::Bytes(text.as_bytes()));
    Ok(())
}

fn text_receive(bytes: &[u8], call: &TypeCall<'_>, out: &mut Column) -> Result<()> {
    text_input(&receive_text(bytes, call)?, call, out)
}

/// text
pub const TEXT_IO: TypeIo =
    TypeIo { repr: Repr::Bytes, input: text_input, output: text_output, receive: text_receive, send: text_send };

fn varchar_input(text: &str, call: &TypeCall<'_>, out: &mut Column) -> Result<()> {
    let mut limited = Vec::new();
    let text = text.as_bytes();
    if call.typmod < 4 || text.len() <= call.typmod as usize - 4 {
        out.push(DatumRef::Bytes(text));
        return Ok(());
    }
    limit(text, call.typmod, false, &mut limited)?;
    out.push(DatumRef::Bytes(&limited));
    Ok(())
}

/// varchar
pub const VARCHAR_IO: TypeIo = TypeIo {
    repr: Repr::Bytes,
    input: varchar_input,
    output: text_output,
    receive: |bytes, call, out| varchar_input(&receive_text(bytes, call)?, call, out),
    send: text_send,
};

fn bpchar_input(text: &str, call: &TypeCall<'_>, out: &mut Column) -> Result<()> {
    if call.typmod < 4 {
        out.push(DatumRef::Bytes(text.as_bytes()));
        return Ok(());
    }
    let mut padded = Vec::new();
    pad(text.as_bytes(), call.typmod, false, &mut padded)?;
    out.push(DatumRef::Bytes(&padded));
    Ok(())
}

/// bpchar
pub const BPCHAR_IO: TypeIo = TypeIo {
    repr: Repr::Bytes,
    input: bpchar_input,
    output: text_output,
    receive: |bytes, call, out| bpchar_input(&receive_text(bytes, call)?, call, out),
    send: text_send,
};

/// A name's text without what does not fit 63 bytes.
pub fn truncate_name(name: &[u8]) -> &[u8] {
    if name.len() < 64 {
        return name;
    }
    let mut end = 63;
    while end > 0 && name[end] as i8 <= -65 {
        end -= 1;
    }
    &name[..end]
}

/// name
pub const NAME_IO: TypeIo = TypeIo {
    repr: Repr::Bytes,
    input: |text, _, out| {
        out.push(DatumRef::Bytes(truncate_name(text.as_bytes())));
        Ok(())
    },
    output: text_output,
    receive: |bytes, call, out| {
        let name = receive_text(bytes, call)?;
        let name = name.as_bytes();
        if name.len() >= 64 {
            return Err(Error::new(SqlState::NAME_TOO_LONG, "identifier too long")
                .detail("Identifier must be less than 64 characters."));
        }
        out.push(DatumRef::Bytes(name));
        Ok(())
    },
    send: text_send,
};

/// "char": the first byte of a text, or the byte that `\ooo` stands for.
pub(super) fn parse_char(text: &[u8]) -> u8 {
    match text {
        [b'\\', a @ b'0'..=b'7', b @ b'0'..=b'7', c @ b'0'..=b'7'] => {
            ((a - b'0') << 6) | ((b - b'0') << 3) | (c - b'0')
        }
        [first, ..] => *first,
        [] => 0,
    }
}

pub(super) fn write_char(value: u8, out: &mut Vec<u8>) {
    if value >= 0x80 {
        out.extend_from_slice(&[b'\\', b'0' + (value >> 6), b'0' + (value >> 3 & 7), b'0' + (value & 7)]);
    } else if value != 0 {
        out.push(value);
    }
}

/// "char"
pub const CHAR_IO: TypeIo = TypeIo {
    repr: Repr::B1,
    input: |text, _, out| {
        out.push(DatumRef::B1(parse_char(text.as_bytes())));
        Ok(())
    },
    output: |value, call, out| {
        write_char(value.as_u8().ok_or_else(|| wrong_form(call.type_oid, value))?, out);
        Ok(())
    },
    receive: |bytes, _, out| {
        let [byte] = exactly(bytes)?;
        out.push(DatumRef::B1(byte));
        Ok(())
    },
    send: |value, call, out| {
        out.push(value.as_u8().ok_or_else(|| wrong_form(call.type_oid, value))?);
        Ok(())
    },
};

#[cold]
fn too_long(type_name: &str, length: usize) -> Error {
    Error::new(SqlState::STRING_DATA_RIGHT_TRUNCATION, format!("value too long for type {type_name}({length})"))
}

/// Adds a text cut to a varchar's length. What is cut must be blanks unless the cast is explicit.
pub(super) fn limit(text: &[u8], typmod: i32, explicit: bool, out: &mut Vec<u8>) -> Result<()> {
    if typmod < 4 {
        out.extend_from_slice(text);
        return Ok(());
    }
    let length = typmod as usize - 4;
    let end = char_offset(text, length);
    if !explicit && text[end..].iter().any(|&c| c != b' ') {
        return Err(too_long("character varying", length));
    }
    out.extend_from_slice(&text[..end]);
    Ok(())
}

/// Adds a text cut or padded to a bpchar's length. What is cut must be blanks unless the cast is explicit.
pub(super) fn pad(text: &[u8], typmod: i32, explicit: bool, out: &mut Vec<u8>) -> Result<()> {
    if typmod < 4 {
        out.extend_from_slice(text);
        return Ok(());
    }
    let length = typmod as usize - 4;
    let count = char_count(text);
    if count <= length {
        out.extend_from_slice(text);
        out.extend(std::iter::repeat_n(b' ', length - count));
        return Ok(());
    }
    let end = char_offset(text, length);
    if !explicit && !trim_blanks(&text[end..]).is_empty() {
        return Err(too_long("character", length));
    }
    debug_assert!(end <= text.len() && (end == text.len() || char_len(text[end]) > 0));
    out.extend_from_slice(&text[..end]);
    Ok(())
}
