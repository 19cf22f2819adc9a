//! bytea: functions, encodings, digests, text and binary form.

use crate::environment::ByteaOutput;
use crate::io::{TypeIo, wrong_form};
use crate::text::char_len;
use crate::text::like::find;
use batch::{DatumRef, Repr};
use encoding::Encoding;
use error::{Error, Result, SqlState};
use sha2::{Digest, Sha224, Sha256, Sha384, Sha512};

crate::builtins! {
    /// Functions of bytea.
    pub static BYTEAS =
    1948 byteaeq fast(&[u8], &[u8]) |a: &[u8], b: &[u8]| a == b;
    1953 byteane fast(&[u8], &[u8]) |a: &[u8], b: &[u8]| a != b;
    1949 bytealt fast(&[u8], &[u8]) |a: &[u8], b: &[u8]| a < b;
    1950 byteale fast(&[u8], &[u8]) |a: &[u8], b: &[u8]| a <= b;
    1951 byteagt fast(&[u8], &[u8]) |a: &[u8], b: &[u8]| a > b;
    1952 byteage fast(&[u8], &[u8]) |a: &[u8], b: &[u8]| a >= b;
    1954 byteacmp fast(&[u8], &[u8]) |a: &[u8], b: &[u8]| a.cmp(b) as i32;
    6393 bytea_larger arena(&[u8], &[u8]) |a, b, out: &mut Vec<u8>| out.extend_from_slice(if a > b { a } else { b });
    6394 bytea_smaller arena(&[u8], &[u8]) |a, b, out: &mut Vec<u8>| out.extend_from_slice(if a < b { a } else { b });
    2011 byteacat arena(&[u8], &[u8]) |a, b, out: &mut Vec<u8>| { out.extend_from_slice(a); out.extend_from_slice(b) };
    720 byteaoctetlen fast(&[u8]) |a: &[u8]| a.len() as i32;
    2010 byteaoctetlen fast(&[u8]) |a: &[u8]| a.len() as i32;
    6163 bytea_bit_count fast(&[u8]) |a: &[u8]| a.iter().map(|b| b.count_ones() as i64).sum::<i64>();
    6382 bytea_reverse arena(&[u8]) |a: &[u8], out: &mut Vec<u8>| out.extend(a.iter().rev());
    2012 bytea_substr arena(&[u8], i32, i32) |a, start, len, out: &mut Vec<u8>| substring(a, start, Some(len), out);
    2085 bytea_substr arena(&[u8], i32, i32) |a, start, len, out: &mut Vec<u8>| substring(a, start, Some(len), out);
    2013 bytea_substr_no_len arena(&[u8], i32) |a, start, out: &mut Vec<u8>| substring(a, start, None, out);
    2086 bytea_substr_no_len arena(&[u8], i32) |a, start, out: &mut Vec<u8>| substring(a, start, None, out);
    749 byteaoverlay arena(&[u8], &[u8], i32, i32) |a, b, start, len, out: &mut Vec<u8>| overlay(a, b, start, len, out);
    752 byteaoverlay_no_len arena(&[u8], &[u8], i32) |a, b: &[u8], start, out: &mut Vec<u8>| overlay(a, b, start, b.len() as i32, out);
    2014 byteapos fast(&[u8], &[u8]) |a, b| find(a, b).map_or(0, |at| at as i32 + 1);
    2015 byteatrim arena(&[u8], &[u8]) |a, set, out: &mut Vec<u8>| trim(a, set, true, true, out);
    6195 bytealtrim arena(&[u8], &[u8]) |a, set, out: &mut Vec<u8>| trim(a, set, true, false, out);
    6196 byteartrim arena(&[u8], &[u8]) |a, set, out: &mut Vec<u8>| trim(a, set, false, true, out);
    721 byteaGetByte each(&[u8], i32) get_byte;
    722 byteaSetByte each(&[u8], i32, i32) set_byte;
    723 byteaGetBit each(&[u8], i64) get_bit;
    724 byteaSetBit each(&[u8], i64, i32) set_bit;
    1946 binary_encode arena(&[u8], &[u8]) encode;
    1947 binary_decode arena(&[u8], &[u8]) decode;
    2311 md5_text arena(&[u8]) |a, out: &mut Vec<u8>| hex(md5::Md5::digest(a).as_slice(), out);
    2321 md5_bytea arena(&[u8]) |a, out: &mut Vec<u8>| hex(md5::Md5::digest(a).as_slice(), out);
    3419 sha224_bytea arena(&[u8]) |a: &[u8], out: &mut Vec<u8>| out.extend_from_slice(Sha224::digest(a).as_slice());
    3420 sha256_bytea arena(&[u8]) |a: &[u8], out: &mut Vec<u8>| out.extend_from_slice(Sha256::digest(a).as_slice());
    3421 sha384_bytea arena(&[u8]) |a: &[u8], out: &mut Vec<u8>| out.extend_from_slice(Sha384::digest(a).as_slice());
    3422 sha512_bytea arena(&[u8]) |a: &[u8], out: &mut Vec<u8>| out.extend_from_slice(Sha512::digest(a).as_slice());
    6364 crc32_bytea fast(&[u8]) |a: &[u8]| crc(a, 0xEDB8_8320) as i64;
    6365 crc32c_bytea fast(&[u8]) |a: &[u8]| crc(a, 0x82F6_3B78) as i64;
    6367 int2_bytea arena(i16) |a: i16, out: &mut Vec<u8>| out.extend_from_slice(&a.to_be_bytes());
    6368 int4_bytea arena(i32) |a: i32, out: &mut Vec<u8>| out.extend_from_slice(&a.to_be_bytes());
    6369 int8_bytea arena(i64) |a: i64, out: &mut Vec<u8>| out.extend_from_slice(&a.to_be_bytes());
    6370 bytea_int2 fast(&[u8]) |a: &[u8]| to_integer(a, 2, crate::int::smallint_range).map(|v| v as i16);
    6371 bytea_int4 fast(&[u8]) |a: &[u8]| to_integer(a, 4, crate::int::integer_range).map(|v| v as i32);
    6372 bytea_int8 fast(&[u8]) |a: &[u8]| to_integer(a, 8, crate::int::bigint_range).map(|v| v as i64);
    1813 pg_convert arena(&[u8], &[u8], &[u8]) convert;
    1714 pg_convert_from arena(&[u8], &[u8]) convert_from;
    1717 pg_convert_to arena(&[u8], &[u8]) convert_to;
    1713 length_in_encoding each(&[u8], &[u8]) length_in_encoding;
}

/// bytea
pub const BYTEA_IO: TypeIo = TypeIo {
    repr: Repr::Bytes,
    input: |text, _, out| {
        let mut bytes = Vec::new();
        parse(text.as_bytes(), &mut bytes)?;
        out.push(DatumRef::Bytes(&bytes));
        Ok(())
    },
    output: |value, call, out| {
        let bytes = value.as_bytes().ok_or_else(|| wrong_form(call.type_oid, value))?;
        match call.env.bytea_output() {
            ByteaOutput::Hex => {
                out.extend_from_slice(b"\\x");
                hex(bytes, out);
            }
            ByteaOutput::Escape => escape(bytes, true, out),
        }
        Ok(())
    },
    receive: |bytes, _, out| {
        out.push(DatumRef::Bytes(bytes));
        Ok(())
    },
    send: |value, call, out| {
        out.extend_from_slice(value.as_bytes().ok_or_else(|| wrong_form(call.type_oid, value))?);
        Ok(())
    },
};

fn invalid(message: String) -> Error {
    Error::new(SqlState::INVALID_PARAMETER_VALUE, message)
}

/// Reads a bytea's text: `\x` and hexadecimal digits, or bytes with `\\` and `\ooo`.
pub fn parse(text: &[u8], out: &mut Vec<u8>) -> Result<()> {
    match text.strip_prefix(b"\\x") {
        Some(digits) => unhex(digits, out),
        None => unescape(text, out),
    }
}

/// Adds two hexadecimal digits for each byte.
pub fn hex(bytes: &[u8], out: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    out.reserve(bytes.len() * 2);
    out.extend(bytes.iter().flat_map(|&b| [DIGITS[b as usize >> 4], DIGITS[b as usize & 15]]));
}

fn shown(text: &[u8]) -> String {
    String::from_utf8_lossy(&text[..char_len(text[0]).min(text.len())]).into_owned()
}

fn unhex(text: &[u8], out: &mut Vec<u8>) -> Result<()> {
    let digit = |at: usize| match (text[at] as char).to_digit(16) {
        Some(digit) => Ok(digit as u8),
        None => Err(invalid(format!("invalid hexadecimal digit: \"{}\"", shown(&text[at..])))),
    };
    let mut at = 0;
    while at < text.len() {
        if matches!(text[at], b' ' | b'\n' | b'\t' | b'\r') {
            at += 1;
            continue;
        }
        let high = digit(at)?;
        if at + 1 >= text.len() {
            return Err(invalid("invalid hexadecimal data: odd number of digits".to_string()));
        }
        out.push(high << 4 | digit(at + 1)?);
        at += 2;
    }
    Ok(())
}

fn unescape(text: &[u8], out: &mut Vec<u8>) -> Result<()> {
    let mut at = 0;
    while at < text.len() {
        match &text[at..] {
            [b'\\', b'\\', ..] => {
                out.push(b'\\');
                at += 2;
            }
            [b'\\', a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', ..] => {
                out.push((a - b'0') << 6 | (b - b'0') << 3 | (c - b'0'));
                at += 4;
            }
            [b'\\', ..] => {
                return Err(Error::new(SqlState::INVALID_TEXT_REPRESENTATION, "invalid input syntax for type bytea"));
            }
            [other, ..] => {
                out.push(*other);
                at += 1;
            }
            [] => break,
        }
    }
    Ok(())
}

/// Adds bytes as text, those that need it as `\ooo`: all but printable ASCII, or (for `encode`) zero and bytes from 128.
fn escape(bytes: &[u8], printable: bool, out: &mut Vec<u8>) {
    for &b in bytes {
        if b == b'\\' {
            out.extend_from_slice(b"\\\\");
        } else if b >= 0x80 || b == 0 || printable && !(0x20..0x7F).contains(&b) {
            out.extend_from_slice(&[b'\\', b'0' + (b >> 6), b'0' + (b >> 3 & 7), b'0' + (b & 7)]);
        } else {
            out.push(b);
        }
    }
}

fn substring(bytes: &[u8], start: i32, len: Option<i32>, out: &mut Vec<u8>) -> Result<()> {
    let begin = start as i64 - 1;
    let end = match len {
        None => i64::MAX,
        Some(len) if len < 0 => {
            return Err(Error::new(SqlState::SUBSTRING_ERROR, "negative substring length not allowed"));
        }
        Some(len) => begin + len as i64,
    };
    let begin = (begin.max(0) as usize).min(bytes.len());
    let end = (end.max(0) as usize).min(bytes.len()).max(begin);
    out.extend_from_slice(&bytes[begin..end]);
    Ok(())
}

fn overlay(bytes: &[u8], with: &[u8], start: i32, len: i32, out: &mut Vec<u8>) -> Result<()> {
    if start <= 0 {
        return Err(Error::new(SqlState::SUBSTRING_ERROR, "negative substring length not allowed"));
    }
    let after = start.checked_add(len).ok_or_else(crate::int::integer_range)?;
    substring(bytes, 1, Some(start - 1), out)?;
    out.extend_from_slice(with);
    substring(bytes, after, None, out)
}

fn trim(mut bytes: &[u8], set: &[u8], start: bool, end: bool, out: &mut Vec<u8>) {
    while let [first, rest @ ..] = bytes
        && start
        && set.contains(first)
    {
        bytes = rest;
    }
    while let [rest @ .., last] = bytes
        && end
        && set.contains(last)
    {
        bytes = rest;
    }
    out.extend_from_slice(bytes);
}

fn index(at: i64, len: i64) -> Result<usize> {
    if at < 0 || at >= len {
        return Err(Error::new(
            SqlState::ARRAY_SUBSCRIPT_ERROR,
            format!("index {at} out of valid range, 0..{}", len - 1),
        ));
    }
    Ok(at as usize)
}

fn get_byte(bytes: &[u8], at: i32) -> Result<i32> {
    Ok(bytes[index(at as i64, bytes.len() as i64)?] as i32)
}

fn set_byte(bytes: &[u8], at: i32, value: i32) -> Result<Vec<u8>> {
    let at = index(at as i64, bytes.len() as i64)?;
    let mut bytes = bytes.to_vec();
    bytes[at] = value as u8;
    Ok(bytes)
}

fn get_bit(bytes: &[u8], at: i64) -> Result<i32> {
    let at = index(at, bytes.len() as i64 * 8)?;
    Ok((bytes[at / 8] >> (at % 8) & 1) as i32)
}

fn set_bit(bytes: &[u8], at: i64, value: i32) -> Result<Vec<u8>> {
    let at = index(at, bytes.len() as i64 * 8)?;
    if value != 0 && value != 1 {
        return Err(invalid("new bit must be 0 or 1".to_string()));
    }
    let mut bytes = bytes.to_vec();
    bytes[at / 8] = bytes[at / 8] & !(1 << (at % 8)) | (value as u8) << (at % 8);
    Ok(bytes)
}

fn unknown_encoding(name: &[u8]) -> Error {
    invalid(format!("unrecognized encoding: \"{}\"", String::from_utf8_lossy(name)))
}

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fn encode(bytes: &[u8], name: &[u8], out: &mut Vec<u8>) -> Result<()> {
    if name.eq_ignore_ascii_case(b"hex") {
        hex(bytes, out);
    } else if name.eq_ignore_ascii_case(b"escape") {
        escape(bytes, false, out);
    } else if name.eq_ignore_ascii_case(b"base64") {
        let mut line = 0;
        for chunk in bytes.chunks(3) {
            if line == 76 {
                out.push(b'\n');
                line = 0;
            }
            let word = chunk.iter().fold(0u32, |word, &b| word << 8 | b as u32) << (8 * (3 - chunk.len()));
            for k in 0..4 {
                out.push(if k <= chunk.len() { BASE64[(word >> (18 - 6 * k)) as usize & 63] } else { b'=' });
            }
            line += 4;
        }
        if line == 76 {
            out.push(b'\n');
        }
    } else {
        return Err(unknown_encoding(name));
    }
    Ok(())
}

fn decode(text: &[u8], name: &[u8], out: &mut Vec<u8>) -> Result<()> {
    if name.eq_ignore_ascii_case(b"hex") {
        unhex(text, out)
    } else if name.eq_ignore_ascii_case(b"escape") {
        unescape(text, out)
    } else if name.eq_ignore_ascii_case(b"base64") {
        decode_base64(text, out)
    } else {
        Err(unknown_encoding(name))
    }
}

fn decode_base64(text: &[u8], out: &mut Vec<u8>) -> Result<()> {
    let (mut word, mut count, mut padding) = (0u32, 0, 0);
    for (at, &c) in text.iter().enumerate() {
        if matches!(c, b' ' | b'\t' | b'\n' | b'\r') {
            continue;
        }
        let value = if c == b'=' {
            if padding == 0 {
                padding = match count {
                    2 => 1,
                    3 => 2,
                    _ => return Err(invalid("unexpected \"=\" while decoding base64 sequence".to_string())),
                };
            }
            0
        } else {
            match BASE64.iter().position(|&b| b == c) {
                Some(value) if padding == 0 => value as u32,
                _ => {
                    return Err(invalid(format!(
                        "invalid symbol \"{}\" found while decoding base64 sequence",
                        shown(&text[at..])
                    )));
                }
            }
        };
        word = word << 6 | value;
        count += 1;
        if count == 4 {
            let bytes = word.to_be_bytes();
            out.extend_from_slice(&bytes[1..if padding == 0 { 4 } else { padding + 1 }]);
            (word, count) = (0, 0);
        }
    }
    if count != 0 {
        return Err(Error::new(SqlState::INVALID_PARAMETER_VALUE, "invalid base64 end sequence")
            .hint("Input data is missing padding, is truncated, or is otherwise corrupted."));
    }
    Ok(())
}

fn crc(bytes: &[u8], polynomial: u32) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, &b| {
        (0..8).fold(crc ^ b as u32, |crc, _| crc >> 1 ^ if crc & 1 != 0 { polynomial } else { 0 })
    })
}

fn to_integer(bytes: &[u8], width: usize, range: fn() -> Error) -> Result<u64> {
    if bytes.len() > width {
        return Err(range());
    }
    Ok(bytes.iter().fold(0u64, |value, &b| value << 8 | b as u64))
}

fn encoding(name: &[u8], which: &str) -> Result<Encoding> {
    let name = String::from_utf8_lossy(name);
    Encoding::named(&name).ok_or_else(|| invalid(format!("invalid {which}encoding name \"{name}\"")))
}

fn convert_between(bytes: &[u8], from: Encoding, to: Encoding, out: &mut Vec<u8>) -> Result<()> {
    if !from.converts_to(to) {
        // PostgreSQL has conversions from and to this one.
        if [from, to].iter().any(|encoding| !encoding.is_convertible()) {
            return Err(Error::not_implemented("encoding MULE_INTERNAL"));
        }
        let text =
            format!("default conversion function for encoding \"{}\" to \"{}\" does not exist", from.name(), to.name());
        return Err(Error::new(SqlState::UNDEFINED_FUNCTION, text));
    }
    from.convert(bytes, to, out)
}

fn convert_from(bytes: &[u8], name: &[u8], out: &mut Vec<u8>) -> Result<()> {
    convert_between(bytes, encoding(name, "source ")?, Encoding::UTF8, out)
}

fn convert_to(text: &[u8], name: &[u8], out: &mut Vec<u8>) -> Result<()> {
    convert_between(text, Encoding::UTF8, encoding(name, "destination ")?, out)
}

fn convert(bytes: &[u8], source: &[u8], destination: &[u8], out: &mut Vec<u8>) -> Result<()> {
    convert_between(bytes, encoding(source, "source ")?, encoding(destination, "destination ")?, out)
}

fn length_in_encoding(bytes: &[u8], name: &[u8]) -> Result<i32> {
    encoding(name, "")?.count(bytes).map(|count| count as i32)
}
