//! bit and bit varying.
//!
//! A value is how many bits it has (u32, little-endian), then the bits, the first one the highest of the first byte.
//! Bits behind the last one are zero.

use crate::io::{TypeCall, TypeIo, too_short, wrong_form};
use crate::text::substring_range;
use batch::{Column, DatumRef, Repr};
use error::{Error, Result, SqlState};
use std::cmp::Ordering;

crate::builtins! {
    /// Functions of bit strings.
    pub static BITS =
    1581 biteq each(&[u8], &[u8]) |a: &[u8], b: &[u8]| a == b;
    1582 bitne each(&[u8], &[u8]) |a: &[u8], b: &[u8]| a != b;
    1592 bitge each(&[u8], &[u8]) |a, b| compare(a, b).is_ge();
    1593 bitgt each(&[u8], &[u8]) |a, b| compare(a, b).is_gt();
    1594 bitle each(&[u8], &[u8]) |a, b| compare(a, b).is_le();
    1595 bitlt each(&[u8], &[u8]) |a, b| compare(a, b).is_lt();
    1596 bitcmp each(&[u8], &[u8]) |a, b| compare(a, b) as i32;
    1666 biteq each(&[u8], &[u8]) |a: &[u8], b: &[u8]| a == b;
    1667 bitne each(&[u8], &[u8]) |a: &[u8], b: &[u8]| a != b;
    1668 bitge each(&[u8], &[u8]) |a, b| compare(a, b).is_ge();
    1669 bitgt each(&[u8], &[u8]) |a, b| compare(a, b).is_gt();
    1670 bitle each(&[u8], &[u8]) |a, b| compare(a, b).is_le();
    1671 bitlt each(&[u8], &[u8]) |a, b| compare(a, b).is_lt();
    1672 bitcmp each(&[u8], &[u8]) |a, b| compare(a, b) as i32;
    1673 bit_and arena(&[u8], &[u8]) |a, b, out: &mut Vec<u8>| combine(a, b, "AND", |a, b| a & b, out);
    1674 bit_or arena(&[u8], &[u8]) |a, b, out: &mut Vec<u8>| combine(a, b, "OR", |a, b| a | b, out);
    1675 bitxor arena(&[u8], &[u8]) |a, b, out: &mut Vec<u8>| combine(a, b, "XOR", |a, b| a ^ b, out);
    1676 bitnot arena(&[u8]) |a: &[u8], out: &mut Vec<u8>| { let a = Bits::read(a); write(a.len, |at| !a.get(at), out) };
    1677 bitshiftleft arena(&[u8], i32) |a: &[u8], by: i32, out: &mut Vec<u8>| shift(a, by as i64, out);
    1678 bitshiftright arena(&[u8], i32) |a: &[u8], by: i32, out: &mut Vec<u8>| shift(a, -(by as i64), out);
    1679 bitcat arena(&[u8], &[u8]) |a: &[u8], b: &[u8], out: &mut Vec<u8>| { let (a, b) = (Bits::read(a), Bits::read(b)); checked(a.len + b.len)?; write(a.len + b.len, |at| if at < a.len { a.get(at) } else { b.get(at - a.len) }, out); Ok::<(), Error>(()) };
    1680 bitsubstr arena(&[u8], i32, i32) |a: &[u8], start, length, out: &mut Vec<u8>| substring(a, start, Some(length), out);
    1699 bitsubstr_no_len arena(&[u8], i32) |a: &[u8], start, out: &mut Vec<u8>| substring(a, start, None, out);
    1681 bitlength each(&[u8]) |a: &[u8]| Bits::read(a).len as i32;
    1682 bitoctetlength each(&[u8]) |a: &[u8]| Bits::read(a).len.div_ceil(8) as i32;
    1683 bitfromint4 arena(i32, i32) |a: i32, typmod, out: &mut Vec<u8>| from_integer(a as i64, typmod, out);
    2075 bitfromint8 arena(i64, i32) |a: i64, typmod, out: &mut Vec<u8>| from_integer(a, typmod, out);
    1684 bittoint4 each(&[u8]) |a: &[u8]| to_integer(a, 32).map(|v| v as i32).ok_or_else(crate::int::integer_range);
    2076 bittoint8 each(&[u8]) |a: &[u8]| to_integer(a, 64).map(|v| v as i64).ok_or_else(crate::int::bigint_range);
    1685 bit arena(&[u8], i32, bool) |a: &[u8], typmod, explicit, out: &mut Vec<u8>| fixed(a, typmod, explicit, out);
    1687 varbit arena(&[u8], i32, bool) |a: &[u8], typmod, explicit, out: &mut Vec<u8>| varying(a, typmod, explicit, out);
    1698 bitposition each(&[u8], &[u8]) position;
    3030 bitoverlay arena(&[u8], &[u8], i32, i32) |a: &[u8], b: &[u8], start, length, out: &mut Vec<u8>| overlay(a, b, start, length, out);
    3031 bitoverlay_no_len arena(&[u8], &[u8], i32) |a: &[u8], b: &[u8], start, out: &mut Vec<u8>| overlay(a, b, start, Bits::read(b).len as i32, out);
    3032 bitgetbit each(&[u8], i32) |a: &[u8], at| index(a, at).map(|at| Bits::read(a).get(at) as i32);
    3033 bitsetbit arena(&[u8], i32, i32) set_bit;
    6162 bit_bit_count each(&[u8]) |a: &[u8]| Bits::read(a).bytes.iter().map(|b| b.count_ones() as i64).sum::<i64>();
}

/// The most bits of a value.
const MAX_BITS: usize = i32::MAX as usize - 7;

/// A value's bits, read in place.
#[derive(Clone, Copy)]
struct Bits<'a> {
    len: usize,
    bytes: &'a [u8],
}

impl<'a> Bits<'a> {
    fn read(raw: &'a [u8]) -> Bits<'a> {
        match raw.split_first_chunk::<4>() {
            Some((len, bytes)) => Bits { len: (u32::from_le_bytes(*len) as usize).min(bytes.len() * 8), bytes },
            None => Bits { len: 0, bytes: &[] },
        }
    }

    fn get(&self, at: usize) -> bool {
        self.bytes[at / 8] << (at % 8) & 0x80 != 0
    }
}

/// Adds a value of so many bits.
fn write(len: usize, bit: impl Fn(usize) -> bool, out: &mut Vec<u8>) {
    out.extend_from_slice(&(len as u32).to_le_bytes());
    let start = out.len();
    out.resize(start + len.div_ceil(8), 0);
    for at in (0..len).filter(|&at| bit(at)) {
        out[start + at / 8] |= 0x80 >> (at % 8);
    }
}

fn checked(len: usize) -> Result<()> {
    if len <= MAX_BITS {
        return Ok(());
    }
    Err(Error::new(
        SqlState::PROGRAM_LIMIT_EXCEEDED,
        format!("bit string length exceeds the maximum allowed ({MAX_BITS})"),
    ))
}

/// As PostgreSQL compares them: by bytes, then by length.
pub fn compare(a: &[u8], b: &[u8]) -> Ordering {
    let (a, b) = (Bits::read(a), Bits::read(b));
    a.bytes.cmp(b.bytes).then(a.len.cmp(&b.len))
}

/// The bytes of a value, and its length: what its place in the order rests on.
pub(crate) fn parts(raw: &[u8]) -> (&[u8], u32) {
    let bits = Bits::read(raw);
    (bits.bytes, bits.len as u32)
}

/// Combines two values of one length bit by bit; also what the aggregates do.
pub(crate) fn combine(a: &[u8], b: &[u8], verb: &str, operate: fn(u8, u8) -> u8, out: &mut Vec<u8>) -> Result<()> {
    let (x, y) = (Bits::read(a), Bits::read(b));
    if x.len != y.len {
        return Err(Error::new(
            SqlState::STRING_DATA_LENGTH_MISMATCH,
            format!("cannot {verb} bit strings of different sizes"),
        ));
    }
    out.extend_from_slice(&(x.len as u32).to_le_bytes());
    out.extend(x.bytes.iter().zip(y.bytes).map(|(&a, &b)| operate(a, b)));
    Ok(())
}

/// Shifts to the left, or for a number below zero to the right.
fn shift(a: &[u8], by: i64, out: &mut Vec<u8>) {
    let a = Bits::read(a);
    write(a.len, |at| usize::try_from(at as i64 + by).is_ok_and(|from| from < a.len && a.get(from)), out);
}

fn substring(a: &[u8], start: i32, length: Option<i32>, out: &mut Vec<u8>) -> Result<()> {
    let a = Bits::read(a);
    let (from, end) = substring_range(start, length)?;
    let from = from.min(a.len);
    write(end.min(a.len).saturating_sub(from), |at| a.get(from + at), out);
    Ok(())
}

fn from_integer(value: i64, typmod: i32, out: &mut Vec<u8>) -> Result<()> {
    let len = if typmod <= 0 || typmod as usize > MAX_BITS { 1 } else { typmod as usize };
    write(len, |at| value >> (len - 1 - at).min(63) & 1 != 0, out);
    Ok(())
}

fn to_integer(a: &[u8], most: usize) -> Option<u64> {
    let a = Bits::read(a);
    (a.len <= most).then(|| (0..a.len).fold(0, |value, at| value << 1 | a.get(at) as u64))
}

/// A value as bit(n): cut or filled with zeros if the cast is explicit.
fn fixed(a: &[u8], typmod: i32, explicit: bool, out: &mut Vec<u8>) -> Result<()> {
    let bits = Bits::read(a);
    if typmod <= 0 || bits.len == typmod as usize {
        out.extend_from_slice(a);
        return Ok(());
    }
    if !explicit {
        return Err(Error::new(
            SqlState::STRING_DATA_LENGTH_MISMATCH,
            format!("bit string length {} does not match type bit({typmod})", bits.len),
        ));
    }
    checked(typmod as usize)?;
    write(typmod as usize, |at| at < bits.len && bits.get(at), out);
    Ok(())
}

/// A value as bit varying(n): cut if the cast is explicit.
fn varying(a: &[u8], typmod: i32, explicit: bool, out: &mut Vec<u8>) -> Result<()> {
    let bits = Bits::read(a);
    if typmod <= 0 || bits.len <= typmod as usize {
        out.extend_from_slice(a);
        return Ok(());
    }
    if !explicit {
        return Err(Error::new(
            SqlState::STRING_DATA_RIGHT_TRUNCATION,
            format!("bit string too long for type bit varying({typmod})"),
        ));
    }
    write(typmod as usize, |at| bits.get(at), out);
    Ok(())
}

/// Where `wanted` begins, from 1; 0 if it does not occur.
fn position(a: &[u8], wanted: &[u8]) -> i32 {
    let (a, wanted) = (Bits::read(a), Bits::read(wanted));
    if wanted.len > a.len || a.len == 0 {
        return 0;
    }
    let found = (0..=a.len - wanted.len).find(|&from| (0..wanted.len).all(|at| a.get(from + at) == wanted.get(at)));
    found.map_or(0, |at| at as i32 + 1)
}

fn overlay(a: &[u8], b: &[u8], start: i32, length: i32, out: &mut Vec<u8>) -> Result<()> {
    if start <= 0 {
        return Err(crate::text::negative_length());
    }
    let end = start.checked_add(length).ok_or_else(crate::int::integer_range)?;
    let (a, b) = (Bits::read(a), Bits::read(b));
    let head = (start as usize - 1).min(a.len);
    let tail = (end.max(1) as usize - 1).min(a.len);
    let len = head + b.len + (a.len - tail);
    checked(len)?;
    write(
        len,
        |at| match at {
            at if at < head => a.get(at),
            at if at < head + b.len => b.get(at - head),
            at => a.get(tail + at - head - b.len),
        },
        out,
    );
    Ok(())
}

fn index(a: &[u8], at: i32) -> Result<usize> {
    let len = Bits::read(a).len;
    match usize::try_from(at) {
        Ok(at) if at < len => Ok(at),
        _ => Err(Error::new(
            SqlState::ARRAY_SUBSCRIPT_ERROR,
            format!("bit index {at} out of valid range (0..{})", len as i64 - 1),
        )),
    }
}

fn set_bit(a: &[u8], at: i32, value: i32, out: &mut Vec<u8>) -> Result<()> {
    let at = index(a, at)?;
    if !matches!(value, 0 | 1) {
        return Err(Error::new(SqlState::INVALID_PARAMETER_VALUE, "new bit must be 0 or 1"));
    }
    let a = Bits::read(a);
    write(a.len, |k| if k == at { value != 0 } else { a.get(k) }, out);
    Ok(())
}

/// Reads `101`, `b101` or `x5`.
fn parse(text: &str, out: &mut Vec<u8>) -> Result<()> {
    let (digits, hexadecimal) = match text.as_bytes() {
        [b'b' | b'B', ..] => (&text[1..], false),
        [b'x' | b'X', ..] => (&text[1..], true),
        _ => (text, false),
    };
    let radix = if hexadecimal { 16 } else { 2 };
    if let Some(bad) = digits.chars().find(|c| c.to_digit(radix).is_none()) {
        let kind = if hexadecimal { "hexadecimal" } else { "binary" };
        return Err(Error::new(
            SqlState::INVALID_TEXT_REPRESENTATION,
            format!("\"{bad}\" is not a valid {kind} digit"),
        ));
    }
    let digit = |at: usize| (digits.as_bytes()[at] as char).to_digit(16).unwrap_or(0);
    let len = digits.len() * if hexadecimal { 4 } else { 1 };
    checked(len)?;
    write(len, |at| if hexadecimal { digit(at / 4) >> (3 - at % 4) & 1 != 0 } else { digit(at) != 0 }, out);
    Ok(())
}

fn output(value: DatumRef<'_>, call: &TypeCall<'_>, out: &mut Vec<u8>) -> Result<()> {
    let bits = Bits::read(value.as_bytes().ok_or_else(|| wrong_form(call.type_oid, value))?);
    out.extend((0..bits.len).map(|at| b'0' + bits.get(at) as u8));
    Ok(())
}

fn send(value: DatumRef<'_>, call: &TypeCall<'_>, out: &mut Vec<u8>) -> Result<()> {
    let bits = Bits::read(value.as_bytes().ok_or_else(|| wrong_form(call.type_oid, value))?);
    out.extend_from_slice(&(bits.len as u32).to_be_bytes());
    out.extend_from_slice(bits.bytes);
    Ok(())
}

fn receive(bytes: &[u8], out: &mut Vec<u8>) -> Result<()> {
    let (len, bytes) = bytes.split_first_chunk::<4>().ok_or_else(too_short)?;
    let len = i32::from_be_bytes(*len);
    let Some(len) = usize::try_from(len).ok().filter(|&len| len <= MAX_BITS) else {
        return Err(Error::new(SqlState::INVALID_BINARY_REPRESENTATION, "invalid length in external bit string"));
    };
    if bytes.len() < len.div_ceil(8) {
        return Err(too_short());
    }
    let bits = Bits { len, bytes };
    write(len, |at| bits.get(at), out);
    Ok(())
}

fn pushed(
    call: &TypeCall<'_>,
    limit: fn(&[u8], i32, bool, &mut Vec<u8>) -> Result<()>,
    read: impl Fn(&mut Vec<u8>) -> Result<()>,
    out: &mut Column,
) -> Result<()> {
    let (mut value, mut limited) = (Vec::new(), Vec::new());
    read(&mut value)?;
    limit(&value, call.typmod, false, &mut limited)?;
    out.push(DatumRef::Bytes(&limited));
    Ok(())
}

/// bit
pub const BIT_IO: TypeIo = TypeIo {
    repr: Repr::Bytes,
    input: |text, call, out| pushed(call, fixed, |value| parse(text, value), out),
    output,
    receive: |bytes, call, out| pushed(call, fixed, |value| receive(bytes, value), out),
    send,
};

/// bit varying
pub const VARBIT_IO: TypeIo = TypeIo {
    repr: Repr::Bytes,
    input: |text, call, out| pushed(call, varying, |value| parse(text, value), out),
    output,
    receive: |bytes, call, out| pushed(call, varying, |value| receive(bytes, value), out),
    send,
};
