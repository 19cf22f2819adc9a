//! Text and binary form of numeric, and its type modifier.

use super::big::Natural;
use super::{Large, MAX_SCALE, MAX_WHOLE_DIGITS, Numeric, overflow, small_digits};
use crate::format::{trim, write_u64};
use crate::int::invalid_input;
use crate::io::{TypeIo, bad_binary, too_short, wrong_form};
use batch::Repr;
use error::{Error, Result, SqlState};

/// numeric
pub const NUMERIC_IO: TypeIo = TypeIo {
    repr: Repr::Bytes,
    input: |text, call, out| {
        apply_typmod(parse(text)?, call.typmod)?.push_to(out);
        Ok(())
    },
    output: |value, call, out| {
        write_plain(&Numeric::from_bytes(value.as_bytes().ok_or_else(|| wrong_form(call.type_oid, value))?), out);
        Ok(())
    },
    receive: |bytes, call, out| {
        apply_typmod(receive(bytes)?, call.typmod)?.push_to(out);
        Ok(())
    },
    send: |value, call, out| {
        send(&Numeric::from_bytes(value.as_bytes().ok_or_else(|| wrong_form(call.type_oid, value))?), out);
        Ok(())
    },
};

/// Adds a value's text.
pub fn write_plain(value: &Numeric, out: &mut Vec<u8>) {
    let scale = value.scale() as usize;
    let mut small = [0; 39];
    let large;
    let (negative, digits) = match value {
        Numeric::NaN => return out.extend_from_slice(b"NaN"),
        Numeric::Infinity => return out.extend_from_slice(b"Infinity"),
        Numeric::NegativeInfinity => return out.extend_from_slice(b"-Infinity"),
        Numeric::Small(value, _) => {
            let magnitude = value.unsigned_abs();
            if scale == 0 && magnitude <= u64::MAX as u128 {
                if *value < 0 {
                    out.push(b'-');
                }
                return write_u64(magnitude as u64, out);
            }
            (*value < 0, small_digits(magnitude, &mut small))
        }
        Numeric::Large(value) => {
            large = value.digits.digits();
            (value.negative, &large[..])
        }
    };
    if negative {
        out.push(b'-');
    }
    if digits.len() > scale {
        out.extend_from_slice(&digits[..digits.len() - scale]);
    } else {
        out.push(b'0');
    }
    if scale > 0 {
        out.push(b'.');
        out.extend(std::iter::repeat_n(b'0', scale.saturating_sub(digits.len())));
        out.extend_from_slice(&digits[digits.len().saturating_sub(scale)..]);
    }
}

/// Digits with a point among them or not, at most 18: their value without the point, and how many stand behind it.
#[inline]
fn parse_short(bytes: &[u8]) -> Option<(i64, u32)> {
    if bytes.len() > 19 {
        return None;
    }
    let (mut value, mut point) = (0i64, None);
    for (at, &byte) in bytes.iter().enumerate() {
        match byte {
            // The nineteenth digit may not fit; what has so many is not taken.
            b'0'..=b'9' => value = value.wrapping_mul(10).wrapping_add((byte - b'0') as i64),
            b'.' if point.is_none() => point = Some(at),
            _ => return None,
        }
    }
    let digits = bytes.len() - point.is_some() as usize;
    (1..=18).contains(&digits).then(|| (value, point.map_or(0, |at| bytes.len() - at - 1) as u32))
}

/// Reads a numeric's text.
pub fn parse(text: &str) -> Result<Numeric> {
    let invalid = || invalid_input("numeric", text);
    let word = trim(text);
    let (negative, rest) = match word.as_bytes().first() {
        Some(b'-') => (true, &word[1..]),
        Some(b'+') => (false, &word[1..]),
        _ => (false, word),
    };
    let bytes = rest.as_bytes();
    if !bytes.first().is_some_and(|c| c.is_ascii_digit() || *c == b'.') {
        return match () {
            _ if word.eq_ignore_ascii_case("nan") => Ok(Numeric::NaN),
            _ if rest.eq_ignore_ascii_case("inf") || rest.eq_ignore_ascii_case("infinity") => {
                Ok(if negative { Numeric::NegativeInfinity } else { Numeric::Infinity })
            }
            _ => Err(invalid()),
        };
    }
    if let [b'0', radix @ (b'x' | b'X' | b'o' | b'O' | b'b' | b'B'), digits @ ..] = bytes {
        let bits = match radix | 32 {
            b'x' => 4,
            b'o' => 3,
            _ => 1,
        };
        let digits = parse_radix(digits, bits).ok_or_else(invalid)?;
        return Large { negative, digits, scale: 0 }.into_numeric();
    }
    // Fast path: up to 18 digits without underscores or an exponent.
    if let Some((value, scale)) = parse_short(bytes) {
        return Ok(Numeric::Small(if negative { -value } else { value } as i128, scale));
    }
    let mut digits = Vec::with_capacity(bytes.len());
    let mut point: Option<usize> = None;
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            c @ b'0'..=b'9' => digits.push(c),
            b'.' if point.is_none() => {
                if at > 0 && bytes[at - 1] == b'_' {
                    return Err(invalid());
                }
                point = Some(digits.len());
            }
            b'_' => {
                let between =
                    at > 0 && bytes[at - 1].is_ascii_digit() && bytes.get(at + 1).is_some_and(u8::is_ascii_digit);
                if !between {
                    return Err(invalid());
                }
            }
            b'e' | b'E' => break,
            _ => return Err(invalid()),
        }
        at += 1;
    }
    if digits.is_empty() {
        return Err(invalid());
    }
    let mut exponent = 0i64;
    if at < bytes.len() {
        let text = &rest[at + 1..];
        let (minus, number) = match text.as_bytes().first() {
            Some(b'-') => (true, &text[1..]),
            Some(b'+') => (false, &text[1..]),
            _ => (false, text),
        };
        let number = number.as_bytes();
        let well_formed = number.first().is_some_and(u8::is_ascii_digit)
            && number.last().is_some_and(u8::is_ascii_digit)
            && number.iter().all(|c| c.is_ascii_digit() || *c == b'_')
            && !number.windows(2).any(|w| w == b"__");
        if !well_formed {
            return Err(invalid());
        }
        for digit in number.iter().filter(|c| c.is_ascii_digit()) {
            exponent = exponent * 10 + (digit - b'0') as i64;
            if exponent > i32::MAX as i64 / 2 {
                return Err(overflow());
            }
        }
        if minus {
            exponent = -exponent;
        }
    }
    let fraction = (digits.len() - point.unwrap_or(digits.len())) as i64;
    let first = digits.iter().position(|&d| d != b'0').unwrap_or(digits.len());
    let significant = &digits[first..];
    let scale = fraction - exponent;
    if significant.is_empty() {
        let scale = u32::try_from(scale.max(0)).ok().filter(|&s| s <= MAX_SCALE).ok_or_else(overflow)?;
        return Large { negative: false, digits: Natural::zero(), scale }.into_numeric();
    }
    if significant.len() as i64 - scale > MAX_WHOLE_DIGITS as i64 || scale > MAX_SCALE as i64 {
        return Err(overflow());
    }
    let mut natural = Natural::from_digits(significant);
    if scale < 0 {
        natural = natural.shift_up(-scale as usize);
    }
    Large { negative, digits: natural, scale: scale.max(0) as u32 }.into_numeric()
}

/// Digits of a base that is a power of two, with single underscores before or between them.
fn parse_radix(text: &[u8], bits: u32) -> Option<Natural> {
    let mut value = Natural::zero();
    let mut underscore = false;
    if text.is_empty() || text.len() > 110_000 {
        return None;
    }
    for (at, &c) in text.iter().enumerate() {
        if c == b'_' {
            if underscore || at + 1 == text.len() {
                return None;
            }
            underscore = true;
            continue;
        }
        underscore = false;
        let digit = (c as char).to_digit(1 << bits)?;
        value = value.mul_small(1 << bits).add(&Natural::from_u128(digit as u128));
    }
    Some(value)
}

/// Precision and scale that a type modifier packs; `None` for a numeric without any.
pub fn precision_and_scale(typmod: i32) -> Option<(i32, i32)> {
    let packed = typmod.checked_sub(4).filter(|&p| p >= 0)?;
    Some((packed >> 16 & 0xFFFF, ((packed & 0x7FF) ^ 1024) - 1024))
}

/// The value as `numeric(precision, scale)` holds it; fails if it has too many digits before the point.
pub fn apply_typmod(value: Numeric, typmod: i32) -> Result<Numeric> {
    let Some((precision, scale)) = precision_and_scale(typmod) else { return Ok(value) };
    let field_overflow =
        |detail: String| Err(Error::new(SqlState::NUMERIC_VALUE_OUT_OF_RANGE, "numeric field overflow").detail(detail));
    match value {
        // It has the scale already, and few enough digits.
        Numeric::Small(digits, found)
            if found as i32 == scale
                && (1..=18).contains(&precision)
                && digits.unsigned_abs() < 10u64.pow(precision as u32) as u128 =>
        {
            return Ok(value);
        }
        Numeric::NaN => return Ok(value),
        Numeric::Infinity | Numeric::NegativeInfinity => {
            return field_overflow(format!(
                "A field with precision {precision}, scale {scale} cannot hold an infinite value."
            ));
        }
        _ => {}
    }
    let rounded = value.rounded(scale);
    let limit = precision - scale;
    if rounded.exponent().is_some_and(|exponent| exponent >= limit) {
        let bound = if limit == 0 { "1".to_string() } else { format!("10^{limit}") };
        return field_overflow(format!(
            "A field with precision {precision}, scale {scale} must round to an absolute value less than {bound}."
        ));
    }
    Ok(rounded)
}

const SIGN_NEGATIVE: u16 = 0x4000;
const SIGN_NAN: u16 = 0xC000;
const SIGN_INFINITY: u16 = 0xD000;
const SIGN_NEGATIVE_INFINITY: u16 = 0xF000;

fn receive(bytes: &[u8]) -> Result<Numeric> {
    let mut words = bytes.chunks(2).map(|pair| match pair {
        [a, b] => Ok(u16::from_be_bytes([*a, *b])),
        _ => Err(too_short()),
    });
    let mut next = || words.next().unwrap_or_else(|| Err(too_short()));
    let invalid = |what: &str| {
        Error::new(SqlState::INVALID_BINARY_REPRESENTATION, format!("invalid {what} in external \"numeric\" value"))
    };
    let (count, weight, sign, scale) = (next()? as usize, next()? as i16 as i64, next()?, next()?);
    match sign {
        SIGN_NAN => return Ok(Numeric::NaN),
        SIGN_INFINITY => return Ok(Numeric::Infinity),
        SIGN_NEGATIVE_INFINITY => return Ok(Numeric::NegativeInfinity),
        0 | SIGN_NEGATIVE => {}
        _ => return Err(invalid("sign")),
    }
    if scale as u32 > MAX_SCALE {
        return Err(invalid("scale"));
    }
    let mut digits = Vec::with_capacity(count.min(bytes.len()) * 4);
    for _ in 0..count {
        let digit = next()?;
        if digit > 9999 {
            return Err(invalid("digit"));
        }
        digits
            .extend_from_slice(&[digit / 1000, digit / 100 % 10, digit / 10 % 10, digit % 10].map(|d| b'0' + d as u8));
    }
    if bytes.len() > 8 + 2 * count {
        return Err(bad_binary());
    }
    // The last digit stands at 10,000 to the power of weight - count + 1.
    let shift = 4 * (weight - count as i64 + 1);
    let natural = Natural::from_digits(&digits);
    let large = if shift >= 0 {
        Large { negative: sign != 0, digits: natural.shift_up(shift as usize), scale: 0 }
    } else {
        Large { negative: sign != 0, digits: natural, scale: -shift as u32 }
    };
    let cut = if large.scale > scale as u32 {
        let digits = large.digits.shift_down((large.scale - scale as u32) as usize);
        Large { digits, scale: scale as u32, ..large }
    } else {
        large.rescaled(scale as u32)
    };
    cut.into_numeric()
}

fn send(value: &Numeric, out: &mut Vec<u8>) {
    let (digits, weight, sign) = match value {
        Numeric::NaN => (Vec::new(), 0, SIGN_NAN),
        Numeric::Infinity => (Vec::new(), 0, SIGN_INFINITY),
        Numeric::NegativeInfinity => (Vec::new(), 0, SIGN_NEGATIVE_INFINITY),
        finite => {
            let (digits, weight) = finite.base_10000();
            (digits, weight, if finite.sign() < 0 { SIGN_NEGATIVE } else { 0 })
        }
    };
    // PostgreSQL sends infinities with this scale.
    let scale = if matches!(sign, SIGN_INFINITY | SIGN_NEGATIVE_INFINITY) { 0x20 } else { value.scale() as u16 };
    for word in [digits.len() as u16, weight as i16 as u16, sign, scale] {
        out.extend_from_slice(&word.to_be_bytes());
    }
    digits.iter().for_each(|digit| out.extend_from_slice(&digit.to_be_bytes()));
}
