//! numeric: exact decimals of up to 131,072 digits before the point and 16,383 behind it.
//!
//! A value is a whole number and a scale, the number of digits shown behind the point: `12.30` is 1230 with scale 2. As
//! long as the whole number fits 128 bits, all arithmetic is on that ([`Numeric::Small`]); beyond it goes on in limbs
//! ([`big::Natural`]). Either form of a value is a pure matter of its size, so results do not depend on the way.
//!
//! # Form
//!
//! ```text
//! small    scale (0 to 63), then the whole number, two's complement, little-endian, as few bytes as it takes (0 to 16)
//! large    80 | sign << 0, scale (u16), then decimal digits two to a byte, the first one high; an odd last one is followed by F
//! special  F0 NaN, F1 Infinity, F2 -Infinity
//! ```

mod arithmetic;
pub mod big;
mod functions;
mod narrow;
mod text;
mod transcendental;

pub use functions::{NUMERICS, hash_numeric, hash_numeric_extended, to_double};
pub(crate) use functions::{to_integer, to_real};
pub use narrow::NUMERIC_LOOPS;
pub(crate) use narrow::Narrow;
pub use text::{NUMERIC_IO, apply_typmod, parse, precision_and_scale, write_plain};

use crate::float;
use batch::{Column, DatumRef};
use big::Natural;
use error::{Error, Result, SqlState};
use std::cmp::Ordering;

/// The most digits behind the point that a value can have.
pub const MAX_SCALE: u32 = 16_383;
/// The most digits before the point that a value can have.
pub const MAX_WHOLE_DIGITS: usize = 131_072;
/// The largest scale of the small form.
const MAX_SMALL_SCALE: u32 = 63;

/// A numeric's value.
#[derive(Clone, Debug)]
pub enum Numeric {
    /// A whole number divided by 10 to the scale.
    Small(i128, u32),
    /// The same for a number or scale that [`Numeric::Small`] does not hold.
    Large(Box<Large>),
    /// Not a number; above all others and equal to itself.
    NaN,
    /// Infinity.
    Infinity,
    /// Minus infinity.
    NegativeInfinity,
}

/// A number of any size.
#[derive(Clone, Debug)]
pub struct Large {
    /// Whether it is below zero.
    pub negative: bool,
    /// The digits, as a whole number.
    pub digits: Natural,
    /// How many of them stand behind the point.
    pub scale: u32,
}

/// The error for a value that has too many digits.
#[cold]
pub fn overflow() -> Error {
    Error::new(SqlState::NUMERIC_VALUE_OUT_OF_RANGE, "value overflows numeric format")
}

/// 10ⁿ, for n up to 38.
const fn power(n: u32) -> i128 {
    10i128.pow(n)
}

impl Large {
    /// Makes it a numeric, in the form that fits; fails if it has too many digits.
    pub fn into_numeric(self) -> Result<Numeric> {
        if self.scale <= MAX_SMALL_SCALE
            && let Some(value) = self.digits.to_u128()
            && let Ok(value) = i128::try_from(value)
        {
            return Ok(Numeric::Small(if self.negative { -value } else { value }, self.scale));
        }
        if self.digits.digit_count() > MAX_WHOLE_DIGITS + self.scale as usize || self.scale > MAX_SCALE {
            return Err(overflow());
        }
        let negative = self.negative && !self.digits.is_zero();
        Ok(Numeric::Large(Box::new(Large { negative, ..self })))
    }

    /// The same value with another scale, rounded half away from zero.
    pub fn rescaled(&self, scale: u32) -> Large {
        let digits = if scale >= self.scale {
            self.digits.shift_up((scale - self.scale) as usize)
        } else {
            self.digits.shift_down_rounded((self.scale - scale) as usize)
        };
        Large { negative: self.negative, digits, scale }
    }
}

/// Bytes that a small number's digits take in the stored form: as few as hold it with its sign.
#[inline]
fn small_length(value: i128) -> usize {
    if value == 0 {
        return 0;
    }
    let unused = if value < 0 { value.leading_ones() } else { value.leading_zeros() };
    ((128 - unused) / 8 + 1).min(16) as usize
}

/// The decimal digits of a number.
pub(super) fn small_digits(value: u128, buffer: &mut [u8; 39]) -> &[u8] {
    let (mut rest, mut at) = (value, buffer.len());
    while rest > u64::MAX as u128 {
        at -= 1;
        buffer[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    let mut rest = rest as u64;
    while rest > 0 {
        at -= 1;
        buffer[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    &buffer[at..]
}

impl Numeric {
    /// Zero.
    pub const ZERO: Numeric = Numeric::Small(0, 0);

    /// Reads the stored form; bytes that are none give NaN.
    pub fn from_bytes(bytes: &[u8]) -> Numeric {
        match bytes {
            [scale @ 0..=63, rest @ ..] if rest.len() <= 16 => {
                let mut raw = [0u8; 16];
                raw[..rest.len()].copy_from_slice(rest);
                let unused = (16 - rest.len()) as u32 * 8;
                let value = if rest.is_empty() { 0 } else { i128::from_le_bytes(raw) << unused >> unused };
                Numeric::Small(value, *scale as u32)
            }
            [0xF1] => Numeric::Infinity,
            [0xF2] => Numeric::NegativeInfinity,
            [kind @ (0x80 | 0x81), a, b, packed @ ..] => {
                let mut digits = Vec::with_capacity(packed.len() * 2);
                for &byte in packed {
                    digits.extend([byte >> 4, byte & 15].into_iter().filter(|&d| d < 10).map(|d| b'0' + d));
                }
                Numeric::Large(Box::new(Large {
                    negative: *kind & 1 != 0,
                    digits: Natural::from_digits(&digits),
                    scale: u16::from_le_bytes([*a, *b]) as u32,
                }))
            }
            _ => Numeric::NaN,
        }
    }

    /// Adds the stored form to `out`.
    pub fn write(&self, out: &mut Vec<u8>) {
        match self {
            Numeric::Small(value, scale) => {
                out.push(*scale as u8);
                out.extend_from_slice(&value.to_le_bytes()[..small_length(*value)]);
            }
            Numeric::Large(large) => {
                out.push(0x80 | large.negative as u8);
                out.extend_from_slice(&(large.scale as u16).to_le_bytes());
                let digits = large.digits.digits();
                out.extend(digits.chunks(2).map(|pair| match pair {
                    [a, b] => (a - b'0') << 4 | (b - b'0'),
                    [a] => (a - b'0') << 4 | 15,
                    _ => 0xFF,
                }));
            }
            Numeric::NaN => out.push(0xF0),
            Numeric::Infinity => out.push(0xF1),
            Numeric::NegativeInfinity => out.push(0xF2),
        }
    }

    /// How many bytes the stored form takes.
    pub fn stored_length(&self) -> usize {
        match self {
            Numeric::Small(value, _) => 1 + small_length(*value),
            Numeric::Large(large) => 3 + large.digits.digit_count().div_ceil(2),
            _ => 1,
        }
    }

    /// Adds it at the end of a column, in the stored form.
    pub fn push_to(&self, out: &mut Column) {
        let Numeric::Small(value, scale) = self else { return out.push(DatumRef::Bytes(&self.to_bytes())) };
        let mut stored = [0; 17];
        stored[0] = *scale as u8;
        stored[1..].copy_from_slice(&value.to_le_bytes());
        out.push(DatumRef::Bytes(&stored[..1 + small_length(*value)]));
    }

    /// The stored form.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.write(&mut out);
        out
    }

    /// Whether it is neither NaN nor infinite.
    pub fn is_finite(&self) -> bool {
        matches!(self, Numeric::Small(..) | Numeric::Large(_))
    }

    /// Whether it is NaN.
    pub fn is_nan(&self) -> bool {
        matches!(self, Numeric::NaN)
    }

    /// Whether it is zero.
    pub fn is_zero(&self) -> bool {
        match self {
            Numeric::Small(value, _) => *value == 0,
            Numeric::Large(large) => large.digits.is_zero(),
            _ => false,
        }
    }

    /// -1, 0 or 1; 1 for NaN.
    pub fn sign(&self) -> i32 {
        match self {
            Numeric::Small(value, _) => value.signum() as i32,
            Numeric::Large(large) if large.digits.is_zero() => 0,
            Numeric::Large(large) => 1 - 2 * large.negative as i32,
            Numeric::NegativeInfinity => -1,
            Numeric::NaN | Numeric::Infinity => 1,
        }
    }

    /// The digits shown behind the point; 0 if it is not finite.
    pub fn scale(&self) -> u32 {
        match self {
            Numeric::Small(_, scale) => *scale,
            Numeric::Large(large) => large.scale,
            _ => 0,
        }
    }

    /// A finite value in its general form; zero for others.
    pub fn large(&self) -> Large {
        match self {
            Numeric::Small(value, scale) => {
                Large { negative: *value < 0, digits: Natural::from_u128(value.unsigned_abs()), scale: *scale }
            }
            Numeric::Large(large) => (**large).clone(),
            _ => Large { negative: false, digits: Natural::zero(), scale: 0 },
        }
    }

    /// The decimal exponent of the first digit that is not zero; `None` for zero and values that are not finite.
    pub fn exponent(&self) -> Option<i32> {
        let (count, scale) = match self {
            Numeric::Small(0, _) => return None,
            Numeric::Small(value, scale) => (value.unsigned_abs().ilog10() as i32 + 1, *scale),
            Numeric::Large(large) if !large.digits.is_zero() => (large.digits.digit_count() as i32, large.scale),
            _ => return None,
        };
        Some(count - 1 - scale as i32)
    }

    /// The same value, below zero if it was above and the reverse.
    pub fn negated(&self) -> Numeric {
        match self {
            Numeric::Small(value, scale) => match value.checked_neg() {
                Some(value) => Numeric::Small(value, *scale),
                None => Numeric::Large(Box::new(Large { negative: false, ..self.large() })),
            },
            Numeric::Large(large) => {
                let negated = Large { negative: !large.negative && !large.digits.is_zero(), ..(**large).clone() };
                // The smallest i128 is small only below zero.
                negated.into_numeric().unwrap_or(Numeric::NaN)
            }
            Numeric::NaN => Numeric::NaN,
            Numeric::Infinity => Numeric::NegativeInfinity,
            Numeric::NegativeInfinity => Numeric::Infinity,
        }
    }

    /// The value without its sign.
    pub fn abs(&self) -> Numeric {
        if self.sign() < 0 { self.negated() } else { self.clone() }
    }

    /// The value nearest to a double, of 15 significant digits.
    pub fn from_f64(value: f64) -> Numeric {
        Numeric::from_float(value, 15)
    }

    /// The value nearest to a real, of 6 significant digits.
    pub fn from_f32(value: f32) -> Numeric {
        Numeric::from_float(value as f64, 6)
    }

    fn from_float(value: f64, digits: usize) -> Numeric {
        if value.is_nan() {
            return Numeric::NaN;
        }
        if value.is_infinite() {
            return if value > 0.0 { Numeric::Infinity } else { Numeric::NegativeInfinity };
        }
        let mut text = Vec::new();
        float::write_general(value, digits, &mut text);
        parse(&String::from_utf8_lossy(&text)).unwrap_or(Numeric::NaN)
    }

    /// The nearest double; infinite if it is too large.
    pub fn to_f64(&self) -> f64 {
        match self {
            Numeric::NaN => f64::NAN,
            Numeric::Infinity => f64::INFINITY,
            Numeric::NegativeInfinity => f64::NEG_INFINITY,
            Numeric::Small(value, 0) if value.unsigned_abs() < 1 << 53 => *value as f64,
            Numeric::Small(value, scale) if value.unsigned_abs() < 1 << 53 && *scale <= 22 => {
                // Both are exact doubles, so the quotient is the nearest one.
                *value as f64 / 10f64.powi(*scale as i32)
            }
            finite => {
                let mut text = Vec::new();
                text::write_plain(finite, &mut text);
                String::from_utf8_lossy(&text).parse().unwrap_or(f64::NAN)
            }
        }
    }

    /// The nearest whole number, halves away from zero, if it fits.
    pub fn to_i128(&self) -> Option<i128> {
        match self.rounded(0) {
            Numeric::Small(value, _) => Some(value),
            _ => None,
        }
    }

    /// The value with `scale` digits behind the point, halves away from zero; before the point if negative, where the
    /// scale becomes 0.
    pub fn rounded(&self, scale: i32) -> Numeric {
        self.with_digits(scale, true)
    }

    /// The value cut to `scale` digits behind the point.
    pub fn truncated(&self, scale: i32) -> Numeric {
        self.with_digits(scale, false)
    }

    fn with_digits(&self, scale: i32, round: bool) -> Numeric {
        let scale = scale.clamp(-(MAX_WHOLE_DIGITS as i32) - 1, MAX_SCALE as i32);
        match self {
            Numeric::Small(value, have) => {
                let drop = *have as i32 - scale;
                if drop == 0 {
                    return self.clone();
                }
                if (1..=38).contains(&drop) {
                    let unit = power(drop as u32);
                    let mut quotient = value / unit;
                    let rest = value % unit;
                    if round && rest.unsigned_abs() >= unit.unsigned_abs().div_ceil(2) {
                        quotient += value.signum();
                    }
                    return match scale {
                        0.. => Numeric::Small(quotient, scale as u32),
                        _ => Large {
                            negative: quotient < 0,
                            digits: Natural::from_u128(quotient.unsigned_abs()).shift_up(-scale as usize),
                            scale: 0,
                        }
                        .into_numeric()
                        .unwrap_or(Numeric::NaN),
                    };
                }
                if drop < 0
                    && scale as u32 <= MAX_SMALL_SCALE
                    && drop >= -38
                    && let Some(value) = value.checked_mul(power(-drop as u32))
                {
                    return Numeric::Small(value, scale as u32);
                }
                self.large_with_digits(scale, round)
            }
            Numeric::Large(_) => self.large_with_digits(scale, round),
            other => other.clone(),
        }
    }

    fn large_with_digits(&self, scale: i32, round: bool) -> Numeric {
        let large = self.large();
        let drop = large.scale as i32 - scale;
        let digits = match drop {
            ..=0 => large.digits.shift_up(-drop as usize),
            _ if round => large.digits.shift_down_rounded(drop as usize),
            _ => large.digits.shift_down(drop as usize),
        };
        let (digits, scale) = if scale < 0 { (digits.shift_up(-scale as usize), 0) } else { (digits, scale as u32) };
        Large { negative: large.negative, digits, scale }.into_numeric().unwrap_or(Numeric::NaN)
    }

    /// The same value without zeros at the end of its fraction.
    pub fn trimmed(&self) -> Numeric {
        self.rounded(self.least_scale() as i32)
    }

    /// The scale that shows the value exactly without zeros at its end.
    pub fn least_scale(&self) -> u32 {
        match self {
            Numeric::Small(value, scale) => {
                let (mut value, mut scale) = (*value, *scale);
                while scale > 0 && value % 10 == 0 {
                    value /= 10;
                    scale -= 1;
                }
                scale
            }
            Numeric::Large(large) => {
                let digits = large.digits.digits();
                let zeros = digits.iter().rev().take_while(|&&d| d == b'0').count() as u32;
                if digits.is_empty() { 0 } else { large.scale - zeros.min(large.scale) }
            }
            _ => 0,
        }
    }

    /// The digits in base 10,000 around the point, without zeros at either end, and the exponent of the first one: the
    /// form of PostgreSQL's wire protocol and hash function. Empty for zero.
    pub fn base_10000(&self) -> (Vec<u16>, i32) {
        let large = self.large();
        let mut digits = large.digits.digits();
        if digits.is_empty() {
            return (Vec::new(), 0);
        }
        // Pad the fraction, then the whole part, to a multiple of four digits.
        let scale = large.scale as usize;
        digits.extend(std::iter::repeat_n(b'0', (4 - scale % 4) % 4));
        let fraction = scale.div_ceil(4);
        let groups = digits.rchunks(4).map(|g| g.iter().fold(0u16, |v, &d| v * 10 + (d - b'0') as u16));
        let mut groups: Vec<u16> = groups.collect();
        groups.reverse();
        let mut weight = groups.len() as i32 - fraction as i32 - 1;
        let zeros = groups.iter().take_while(|&&g| g == 0).count();
        groups.drain(..zeros);
        weight -= zeros as i32;
        while groups.last() == Some(&0) {
            groups.pop();
        }
        (groups, weight)
    }

    /// Adds bytes whose order is the value's order: see [`sortkey`](crate::sortkey). Equal values have equal bytes.
    pub fn write_key(&self, out: &mut Vec<u8>) {
        let sign = match self {
            Numeric::NegativeInfinity => 0,
            Numeric::Infinity => 4,
            Numeric::NaN => 5,
            finite => (finite.sign() + 2) as u8,
        };
        out.push(sign);
        let Some(exponent) = self.exponent() else { return };
        let start = out.len();
        out.extend_from_slice(&((exponent as u32) ^ 1 << 31).to_be_bytes());
        let mut small = [0; 39];
        let large;
        let mut digits = match self {
            Numeric::Small(value, _) => small_digits(value.unsigned_abs(), &mut small),
            _ => {
                large = self.large().digits.digits();
                &large[..]
            }
        };
        while let Some((b'0', rest)) = digits.split_last() {
            digits = rest;
        }
        out.extend(digits.chunks(2).map(|pair| {
            let tens = (pair[0] - b'0') * 10;
            tens + pair.get(1).map_or(0, |d| d - b'0') + 1
        }));
        out.push(0);
        if self.sign() < 0 {
            out[start..].iter_mut().for_each(|b| *b = !*b);
        }
    }
}

/// The bytes of a key that [`Numeric::write_key`] wrote at the front of `bytes`, each read xor `flip`; `None` if they are
/// damaged.
pub(crate) fn skip_key(bytes: &[u8], flip: u8) -> Option<usize> {
    let byte = |at: usize| bytes.get(at).map(|b| b ^ flip);
    // Numbers below zero are inverted once more.
    let end = match byte(0)? {
        1 => 0xFF,
        3 => 0,
        _ => return Some(1),
    };
    let mut at = 5;
    while byte(at)? != end {
        at += 1;
    }
    Some(at + 1)
}

impl From<i64> for Numeric {
    fn from(value: i64) -> Numeric {
        Numeric::Small(value as i128, 0)
    }
}

impl PartialEq for Numeric {
    fn eq(&self, other: &Numeric) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Numeric {}

impl PartialOrd for Numeric {
    fn partial_cmp(&self, other: &Numeric) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Numeric {
    fn cmp(&self, other: &Numeric) -> Ordering {
        match (self, other) {
            (Numeric::Small(a, s), Numeric::Small(b, t)) if s == t => a.cmp(b),
            (Numeric::Small(..) | Numeric::Large(_), Numeric::Small(..) | Numeric::Large(_)) => {
                compare_finite(self, other)
            }
            _ => {
                let rank = |n: &Numeric| match n {
                    Numeric::NegativeInfinity => 0,
                    Numeric::Small(..) | Numeric::Large(_) => 1,
                    Numeric::Infinity => 2,
                    Numeric::NaN => 3,
                };
                rank(self).cmp(&rank(other))
            }
        }
    }
}

fn compare_finite(a: &Numeric, b: &Numeric) -> Ordering {
    let signs = a.sign().cmp(&b.sign());
    if signs.is_ne() || a.sign() == 0 {
        return signs;
    }
    if let (Numeric::Small(x, s), Numeric::Small(y, t)) = (a, b) {
        let common = (*s).max(*t);
        let scaled = |value: i128, scale: u32| {
            (common - scale <= 38).then(|| value.checked_mul(power(common - scale))).flatten()
        };
        if let (Some(x), Some(y)) = (scaled(*x, *s), scaled(*y, *t)) {
            return x.cmp(&y);
        }
    }
    let magnitude = a.exponent().cmp(&b.exponent()).then_with(|| {
        let (x, y) = (a.large(), b.large());
        let common = x.scale.max(y.scale);
        x.rescaled(common).digits.cmp(&y.rescaled(common).digits)
    });
    if a.sign() < 0 { magnitude.reverse() } else { magnitude }
}

crate::bytes_value!(Numeric, |raw| Numeric::from_bytes(raw), |value, out| value.write(out));
