//! Random numbers and UUIDs.
//!
//! `random()` and its kin draw from the session's generator, so that `setseed` repeats a series as PostgreSQL's does: the
//! session holds a [`Generator`]. UUIDs come from the operating system.

use crate::Context;
use crate::datetime::{Interval, timestamptz_plus_interval};
use crate::environment::system_clock;
use crate::hash;
use crate::int::invalid_input;
use crate::io::{TypeIo, exactly, wrong_form};
use crate::numeric::Numeric;
use batch::{DatumRef, Repr};
use error::{Error, Result, SqlState};

crate::builtins! {
    /// Random numbers and UUIDs.
    pub static RANDOMS =
    1598 drandom each(Context) |cx: Context<'_>| unit(cx);
    1599 setseed each(Context, f64) |cx: Context<'_>, seed| set_seed(cx, seed);
    6339 int4random each(Context, i32, i32) |cx: Context<'_>, low, high| between(cx, low as i64, high as i64).map(|v| v as i32);
    6340 int8random each(Context, i64, i64) |cx: Context<'_>, low, high| between(cx, low, high);
    6341 numeric_random each(Context, Numeric, Numeric) |cx: Context<'_>, low: Numeric, high: Numeric| numeric_between(cx, &low, &high);
    6212 drandom_normal each(Context, f64, f64) |cx: Context<'_>, mean, deviation| normal(cx) * deviation + mean;
    2956 uuid_eq fast(&[u8], &[u8]) |a: &[u8], b: &[u8]| a == b;
    2959 uuid_ne fast(&[u8], &[u8]) |a: &[u8], b: &[u8]| a != b;
    2954 uuid_lt fast(&[u8], &[u8]) |a: &[u8], b: &[u8]| a < b;
    2955 uuid_le fast(&[u8], &[u8]) |a: &[u8], b: &[u8]| a <= b;
    2958 uuid_gt fast(&[u8], &[u8]) |a: &[u8], b: &[u8]| a > b;
    2957 uuid_ge fast(&[u8], &[u8]) |a: &[u8], b: &[u8]| a >= b;
    2960 uuid_cmp fast(&[u8], &[u8]) |a: &[u8], b: &[u8]| a.cmp(b) as i32;
    2963 uuid_hash fast(&[u8]) |a| hash::bytes(a) as i32;
    3412 uuid_hash_extended fast(&[u8], i64) |a, seed| hash::bytes_extended(a, seed as u64) as i64;
    3432 gen_random_uuid each() uuid_v4;
    6428 gen_random_uuid each() uuid_v4;
    6429 uuidv7 each() || uuid_v7(system_clock());
    6430 uuidv7_interval each(Context, Interval) |cx: Context<'_>, shift: Interval| timestamptz_plus_interval(system_clock(), &shift, &crate::datetime::parse::Zone::Named(cx.env.time_zone())).and_then(uuid_v7);
    6343 uuid_extract_version each(&[u8]) |a: &[u8]| (a.len() == 16 && a[8] & 0xC0 == 0x80).then(|| (a[6] >> 4) as i16);
    6342 uuid_extract_timestamp each(&[u8]) |a: &[u8]| uuid_timestamp(a);
}

/// The generator behind `random()`: xoroshiro128** (Blackman and Vigna, 2018; public domain), seeded as PostgreSQL's is.
#[derive(Clone, Copy, Debug)]
pub struct Generator(u64, u64);

impl Generator {
    /// A generator whose series a seed determines; by SplitMix64 (Steele, Lea and Flood, 2014).
    pub fn new(mut seed: u64) -> Generator {
        let mut next = || {
            seed = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mut z = seed;
            z = (z ^ z >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            z = (z ^ z >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
            z ^ z >> 31
        };
        let (a, b) = (next(), next());
        // All zeros would stay so for ever.
        if a == 0 && b == 0 { Generator(0x5851_F42D_4C95_7F2D, 0x1405_7B7E_F767_814F) } else { Generator(a, b) }
    }

    /// A generator that nobody can foresee.
    pub fn unpredictable() -> Result<Generator> {
        let mut seed = [0; 8];
        fill(&mut seed)?;
        Ok(Generator::new(u64::from_le_bytes(seed)))
    }

    /// The next number.
    pub fn number(&mut self) -> u64 {
        let (a, b) = (self.0, self.1);
        let x = b ^ a;
        self.0 = a.rotate_left(24) ^ x ^ x << 16;
        self.1 = x.rotate_left(37);
        a.wrapping_mul(5).rotate_left(7).wrapping_mul(9)
    }
}

fn fill(bytes: &mut [u8]) -> Result<()> {
    getrandom::fill(bytes).map_err(|e| Error::internal(format!("could not generate random values: {e}")))
}

/// A double from 0 up to 1.
fn unit(context: Context<'_>) -> f64 {
    (context.env.random() >> 12) as f64 * (1.0 / (1u64 << 52) as f64)
}

fn set_seed(context: Context<'_>, seed: f64) -> Result<i32> {
    if !(-1.0..=1.0).contains(&seed) {
        let mut text = Vec::new();
        crate::float::write_general(seed, 6, &mut text);
        return Err(Error::new(
            SqlState::INVALID_PARAMETER_VALUE,
            format!("setseed parameter {} is out of allowed range [-1,1]", String::from_utf8_lossy(&text)),
        ));
    }
    context.env.seed_random((((1u64 << 52) - 1) as f64 * seed) as i64 as u64);
    Ok(0)
}

#[cold]
fn bad_bounds() -> Error {
    Error::new(SqlState::INVALID_PARAMETER_VALUE, "lower bound must be less than or equal to upper bound")
}

/// A number from 0 to `range`, all equally likely.
fn below(context: Context<'_>, range: u64) -> u64 {
    if range == 0 {
        return 0;
    }
    let shift = range.leading_zeros();
    loop {
        let value = context.env.random() >> shift;
        if value <= range {
            return value;
        }
    }
}

fn between(context: Context<'_>, low: i64, high: i64) -> Result<i64> {
    if low > high {
        return Err(bad_bounds());
    }
    Ok(low.wrapping_add(below(context, (high as u64).wrapping_sub(low as u64)) as i64))
}

fn numeric_between(context: Context<'_>, low: &Numeric, high: &Numeric) -> Result<Numeric> {
    for (bound, name) in [(low, "lower"), (high, "upper")] {
        let what = match bound {
            Numeric::NaN => "NaN",
            Numeric::Infinity | Numeric::NegativeInfinity => "infinity",
            _ => continue,
        };
        return Err(Error::new(SqlState::INVALID_PARAMETER_VALUE, format!("{name} bound cannot be {what}")));
    }
    if low > high {
        return Err(bad_bounds());
    }
    let scale = low.scale().max(high.scale());
    let range = high.sub(low)?.rounded(scale as i32);
    let Numeric::Small(range, scale) = range else {
        return Err(Error::not_implemented("random() over so wide a range"));
    };
    let Ok(range) = u64::try_from(range) else {
        return Err(Error::not_implemented("random() over so wide a range"));
    };
    low.add(&Numeric::Small(below(context, range) as i128, scale))
}

/// A number of the standard normal distribution (Box and Muller, 1958).
fn normal(context: Context<'_>) -> f64 {
    let radius = (-2.0 * (1.0 - unit(context)).ln()).sqrt();
    radius * (2.0 * std::f64::consts::PI * unit(context)).sin()
}

fn uuid_v4() -> Result<Vec<u8>> {
    let mut bytes = vec![0; 16];
    fill(&mut bytes)?;
    bytes[6] = bytes[6] & 0x0F | 0x40;
    bytes[8] = bytes[8] & 0x3F | 0x80;
    Ok(bytes)
}

const UNIX_EPOCH: i64 = -946_684_800_000_000;

/// Milliseconds since 1970, then the microseconds within one in 12 bits, then random bits.
fn uuid_v7(timestamp: i64) -> Result<Vec<u8>> {
    let mut bytes = uuid_v4()?;
    let micros = timestamp.saturating_sub(UNIX_EPOCH).max(0) as u64;
    bytes[..6].copy_from_slice(&(micros / 1000).to_be_bytes()[2..]);
    let share = ((micros % 1000) << 12) / 1000;
    bytes[6] = 0x70 | (share >> 8) as u8;
    bytes[7] = share as u8;
    Ok(bytes)
}

/// When a UUID of version 1 or 7 was made.
fn uuid_timestamp(uuid: &[u8]) -> Option<i64> {
    if uuid.len() != 16 || uuid[8] & 0xC0 != 0x80 {
        return None;
    }
    let number = |bytes: &[u8]| bytes.iter().fold(0i64, |v, &b| v << 8 | b as i64);
    match uuid[6] >> 4 {
        // Tenths of microseconds since 1582-10-15.
        1 => {
            let ticks = number(&uuid[..4]) | number(&uuid[4..6]) << 32 | (number(&uuid[6..8]) & 0xFFF) << 48;
            Some(ticks / 10 - 152_384 * 86_400_000_000)
        }
        7 => Some(number(&uuid[..6]) * 1000 + UNIX_EPOCH),
        _ => None,
    }
}

/// uuid
pub const UUID_IO: TypeIo = TypeIo {
    repr: Repr::Bytes,
    input: |text, _, out| {
        out.push(DatumRef::Bytes(&parse(text).ok_or_else(|| invalid_input("uuid", text))?));
        Ok(())
    },
    output: |value, call, out| {
        let bytes = value.as_bytes().ok_or_else(|| wrong_form(call.type_oid, value))?;
        for (at, byte) in bytes.iter().enumerate() {
            if matches!(at, 4 | 6 | 8 | 10) {
                out.push(b'-');
            }
            crate::bytea::hex(&[*byte], out);
        }
        Ok(())
    },
    receive: |bytes, _, out| {
        out.push(DatumRef::Bytes(&exactly::<16>(bytes)?));
        Ok(())
    },
    send: |value, call, out| {
        out.extend_from_slice(value.as_bytes().ok_or_else(|| wrong_form(call.type_oid, value))?);
        Ok(())
    },
};

/// 32 hexadecimal digits, with hyphens after any group of four, perhaps in braces.
fn parse(text: &str) -> Option<[u8; 16]> {
    let inner = match text.strip_prefix('{') {
        Some(rest) => rest.strip_suffix('}')?,
        None => text,
    };
    let mut digits = inner.bytes();
    let mut bytes = [0; 16];
    let mut next = digits.next();
    for (at, byte) in bytes.iter_mut().enumerate() {
        let mut digit = || {
            let digit = (next? as char).to_digit(16)?;
            next = digits.next();
            Some(digit as u8)
        };
        *byte = digit()? << 4 | digit()?;
        if at % 2 == 1 && at < 15 && next == Some(b'-') {
            next = digits.next();
        }
    }
    next.is_none().then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_repeats_postgresqls_series() {
        // select setseed(0.5); select random();
        let mut generator = Generator::new((((1u64 << 52) - 1) as f64 * 0.5) as i64 as u64);
        let first = (generator.number() >> 12) as f64 / (1u64 << 52) as f64;
        assert_eq!(first, 0.985_167_717_534_799_9);
    }
}
