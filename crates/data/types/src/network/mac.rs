//! macaddr and macaddr8.

use crate::hash;
use crate::io::{TypeCall, TypeIo, too_short, wrong_form};
use batch::{DatumRef, Repr};
use error::{Error, Result, SqlState};

crate::builtins! {
    /// Functions of MAC addresses.
    pub static MACS =
    830 macaddr_eq fast(&[u8], &[u8]) |a: &[u8], b: &[u8]| a == b;
    831 macaddr_lt fast(&[u8], &[u8]) |a: &[u8], b: &[u8]| a < b;
    832 macaddr_le fast(&[u8], &[u8]) |a: &[u8], b: &[u8]| a <= b;
    833 macaddr_gt fast(&[u8], &[u8]) |a: &[u8], b: &[u8]| a > b;
    834 macaddr_ge fast(&[u8], &[u8]) |a: &[u8], b: &[u8]| a >= b;
    835 macaddr_ne fast(&[u8], &[u8]) |a: &[u8], b: &[u8]| a != b;
    836 macaddr_cmp fast(&[u8], &[u8]) |a: &[u8], b: &[u8]| a.cmp(b) as i32;
    399 hashmacaddr fast(&[u8]) |a: &[u8]| hash::bytes(a) as i32;
    778 hashmacaddrextended fast(&[u8], i64) |a: &[u8], seed: i64| hash::bytes_extended(a, seed as u64) as i64;
    753 macaddr_trunc arena(&[u8]) |a: &[u8], out: &mut Vec<u8>| out.extend(a.iter().enumerate().map(|(k, &b)| if k < 3 { b } else { 0 }));
    3144 macaddr_not arena(&[u8]) |a: &[u8], out: &mut Vec<u8>| out.extend(a.iter().map(|b| !b));
    3145 macaddr_and arena(&[u8], &[u8]) |a: &[u8], b: &[u8], out: &mut Vec<u8>| out.extend(a.iter().zip(b).map(|(a, b)| a & b));
    3146 macaddr_or arena(&[u8], &[u8]) |a: &[u8], b: &[u8], out: &mut Vec<u8>| out.extend(a.iter().zip(b).map(|(a, b)| a | b));
    4113 macaddr8_eq fast(&[u8], &[u8]) |a: &[u8], b: &[u8]| a == b;
    4114 macaddr8_lt fast(&[u8], &[u8]) |a: &[u8], b: &[u8]| a < b;
    4115 macaddr8_le fast(&[u8], &[u8]) |a: &[u8], b: &[u8]| a <= b;
    4116 macaddr8_gt fast(&[u8], &[u8]) |a: &[u8], b: &[u8]| a > b;
    4117 macaddr8_ge fast(&[u8], &[u8]) |a: &[u8], b: &[u8]| a >= b;
    4118 macaddr8_ne fast(&[u8], &[u8]) |a: &[u8], b: &[u8]| a != b;
    4119 macaddr8_cmp fast(&[u8], &[u8]) |a: &[u8], b: &[u8]| a.cmp(b) as i32;
    328 hashmacaddr8 fast(&[u8]) |a: &[u8]| hash::bytes(a) as i32;
    781 hashmacaddr8extended fast(&[u8], i64) |a: &[u8], seed: i64| hash::bytes_extended(a, seed as u64) as i64;
    4112 macaddr8_trunc arena(&[u8]) |a: &[u8], out: &mut Vec<u8>| out.extend(a.iter().enumerate().map(|(k, &b)| if k < 3 { b } else { 0 }));
    4120 macaddr8_not arena(&[u8]) |a: &[u8], out: &mut Vec<u8>| out.extend(a.iter().map(|b| !b));
    4121 macaddr8_and arena(&[u8], &[u8]) |a: &[u8], b: &[u8], out: &mut Vec<u8>| out.extend(a.iter().zip(b).map(|(a, b)| a & b));
    4122 macaddr8_or arena(&[u8], &[u8]) |a: &[u8], b: &[u8], out: &mut Vec<u8>| out.extend(a.iter().zip(b).map(|(a, b)| a | b));
    4125 macaddr8_set7bit arena(&[u8]) |a: &[u8], out: &mut Vec<u8>| out.extend(a.iter().enumerate().map(|(k, &b)| if k == 0 { b | 2 } else { b }));
    4123 macaddrtomacaddr8 arena(&[u8]) |a: &[u8], out: &mut Vec<u8>| widen(a, out);
    4124 macaddr8tomacaddr arena(&[u8]) narrow;
}

/// An EUI-48 address as EUI-64.
fn widen(short: &[u8], out: &mut Vec<u8>) {
    let (head, tail) = short.split_at(short.len().min(3));
    out.extend_from_slice(head);
    out.extend_from_slice(&[0xFF, 0xFE]);
    out.extend_from_slice(tail);
}

fn narrow(long: &[u8], out: &mut Vec<u8>) -> Result<()> {
    match *long {
        [a, b, c, 0xFF, 0xFE, d, e, f] => {
            out.extend_from_slice(&[a, b, c, d, e, f]);
            Ok(())
        }
        _ => Err(Error::new(SqlState::NUMERIC_VALUE_OUT_OF_RANGE, "macaddr8 data out of range to convert to macaddr")
            .hint(
                "Only addresses that have FF and FE as values in the 4th and 5th bytes from the left, for example \
             xx:xx:xx:ff:fe:xx:xx:xx, are eligible to be converted from macaddr8 to macaddr.",
            )),
    }
}

#[cold]
fn invalid(text: &str, name: &str) -> Error {
    Error::new(SqlState::INVALID_TEXT_REPRESENTATION, format!("invalid input syntax for type {name}: \"{text}\""))
}

/// Six bytes in one of the usual ways of writing them.
fn parse_short(text: &str) -> Result<[u8; 6]> {
    let word = crate::format::trim(text);
    let bad = || invalid(text, "macaddr");
    let parts = |separator: char, count: usize, digits: usize| -> Option<[u8; 6]> {
        let parts: Vec<&str> = word.split(separator).collect();
        if parts.len() != count || !parts.iter().all(|p| (1..=digits).contains(&p.len())) {
            return None;
        }
        let mut bytes = Vec::new();
        for part in parts {
            let number = u64::from_str_radix(part, 16).ok().filter(|_| !part.starts_with('+'))?;
            // A lone byte may be written with one digit; longer groups need all of theirs.
            if digits > 2 && part.len() != digits {
                return None;
            }
            let width = digits.div_ceil(2);
            bytes.extend_from_slice(&number.to_be_bytes()[8 - width..]);
        }
        bytes.try_into().ok()
    };
    let whole = || -> Option<[u8; 6]> {
        if word.len() != 12 || !word.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        let number = u64::from_str_radix(word, 16).ok()?;
        number.to_be_bytes()[2..].try_into().ok()
    };
    parts(':', 6, 2)
        .or_else(|| parts('-', 6, 2))
        .or_else(|| parts(':', 2, 6))
        .or_else(|| parts('-', 2, 6))
        .or_else(|| parts('.', 3, 4))
        .or_else(|| parts('-', 3, 4))
        .or_else(whole)
        .ok_or_else(bad)
}

/// Six or eight bytes of two digits each, with one kind of separator anywhere between them.
fn parse_long(text: &str) -> Result<[u8; 8]> {
    let bad = || invalid(text, "macaddr8");
    let word = crate::format::trim(text).as_bytes();
    let mut bytes = Vec::new();
    let mut separator = None;
    let mut at = 0;
    while at < word.len() {
        let pair = word.get(at..at + 2).filter(|p| p.iter().all(u8::is_ascii_hexdigit)).ok_or_else(bad)?;
        let digit = |b: u8| (b as char).to_digit(16).unwrap_or(0) as u8;
        bytes.push(digit(pair[0]) << 4 | digit(pair[1]));
        at += 2;
        if let Some(&next @ (b':' | b'-' | b'.')) = word.get(at) {
            if *separator.get_or_insert(next) != next || bytes.len() > 7 {
                return Err(bad());
            }
            at += 1;
        }
        if bytes.len() > 8 {
            return Err(bad());
        }
    }
    match bytes[..] {
        [a, b, c, d, e, f] => Ok([a, b, c, 0xFF, 0xFE, d, e, f]),
        _ => bytes.try_into().map_err(|_| bad()),
    }
}

fn output(value: DatumRef<'_>, call: &TypeCall<'_>, out: &mut Vec<u8>) -> Result<()> {
    let bytes = value.as_bytes().ok_or_else(|| wrong_form(call.type_oid, value))?;
    let parts: Vec<String> = bytes.iter().map(|b| format!("{b:02x}")).collect();
    out.extend_from_slice(parts.join(":").as_bytes());
    Ok(())
}

fn send(value: DatumRef<'_>, call: &TypeCall<'_>, out: &mut Vec<u8>) -> Result<()> {
    out.extend_from_slice(value.as_bytes().ok_or_else(|| wrong_form(call.type_oid, value))?);
    Ok(())
}

/// macaddr
pub const MACADDR_IO: TypeIo = TypeIo {
    repr: Repr::Bytes,
    input: |text, _, out| {
        out.push(DatumRef::Bytes(&parse_short(text)?));
        Ok(())
    },
    output,
    receive: |bytes, _, out| {
        let bytes: [u8; 6] = crate::io::exactly(bytes)?;
        out.push(DatumRef::Bytes(&bytes));
        Ok(())
    },
    send,
};

/// macaddr8
pub const MACADDR8_IO: TypeIo = TypeIo {
    repr: Repr::Bytes,
    input: |text, _, out| {
        out.push(DatumRef::Bytes(&parse_long(text)?));
        Ok(())
    },
    output,
    receive: |bytes, _, out| {
        let mut wide = Vec::with_capacity(8);
        match bytes.len() {
            6 => widen(bytes, &mut wide),
            8 => wide.extend_from_slice(bytes),
            _ => return Err(too_short()),
        }
        out.push(DatumRef::Bytes(&wide));
        Ok(())
    },
    send,
};
