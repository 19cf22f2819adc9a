//! PostgreSQL's hash functions of values, which hash partitioning and `hashtext` make visible.
//!
//! The mixing is Bob Jenkins's `lookup3` (public domain, 2006), seeded and finished as PostgreSQL's results show.

use crate::call::{Call, fast_binary, fast_unary};
use crate::datetime::{self, Interval, TimeTz};
use crate::environment::Environment;
use crate::numeric::{self, Numeric};
use crate::order::{Order, order_of};
use crate::{Context, array, oid, text};
use batch::DatumRef;
use collation::Collation;
use error::{Error, Result, SqlState};
use ids::Oid;
use std::borrow::Cow;

crate::builtins! {
    /// Hash functions.
    pub static HASHES =
    449 hashint2 fast(i16) |a| uint32(a as i32 as u32) as i32;
    450 hashint4 fast(i32) |a| uint32(a as u32) as i32;
    949 hashint8 fast(i64) |a| uint32(fold(a)) as i32;
    453 hashoid fast(Oid) |a| uint32(a.0) as i32;
    6417 hashbool fast(bool) |a| uint32(a as u32) as i32;
    454 hashchar fast(u8) |a| uint32(a as i8 as i32 as u32) as i32;
    451 hashfloat4 fast(f32) |a| float(a as f64) as i32;
    452 hashfloat8 fast(f64) |a| float(a) as i32;
    400 hashtext raw() |call| hash_texts(call, |a| a);
    455 hashname raw() |call| hash_texts(call, |a| a);
    6413 hashbytea fast(&[u8]) |a: &[u8]| bytes(a) as i32;
    1080 hashbpchar raw() |call| hash_texts(call, text::trim_blanks);
    441 hashint2extended fast(i16, i64) |a, seed| uint32_extended(a as i32 as u32, seed as u64) as i64;
    425 hashint4extended fast(i32, i64) |a, seed| uint32_extended(a as u32, seed as u64) as i64;
    442 hashint8extended fast(i64, i64) |a, seed| uint32_extended(fold(a), seed as u64) as i64;
    445 hashoidextended fast(Oid, i64) |a, seed| uint32_extended(a.0, seed as u64) as i64;
    6418 hashboolextended fast(bool, i64) |a, seed| uint32_extended(a as u32, seed as u64) as i64;
    446 hashcharextended fast(u8, i64) |a, seed| uint32_extended(a as i8 as i32 as u32, seed as u64) as i64;
    443 hashfloat4extended fast(f32, i64) |a, seed| float_extended(a as f64, seed as u64) as i64;
    444 hashfloat8extended fast(f64, i64) |a, seed| float_extended(a, seed as u64) as i64;
    448 hashtextextended raw() |call| hash_texts_extended(call, |a| a);
    447 hashnameextended raw() |call| hash_texts_extended(call, |a| a);
    6414 hashbyteaextended fast(&[u8], i64) |a: &[u8], seed| bytes_extended(a, seed as u64) as i64;
    972 hashbpcharextended raw() |call| hash_texts_extended(call, text::trim_blanks);
    2233 hashtid fast(&[u8]) |a: &[u8]| tid(a) as i32;
    2234 hashtidextended fast(&[u8], i64) |a: &[u8], seed| tid_extended(a, seed as u64) as i64;
    6419 hashxid fast(u32) |a| uint32(a) as i32;
    6420 hashxidextended fast(u32, i64) |a, seed| uint32_extended(a, seed as u64) as i64;
    6421 hashxid8 fast(u64) |a| uint32(fold(a as i64)) as i32;
    6422 hashxid8extended fast(u64, i64) |a, seed| uint32_extended(fold(a as i64), seed as u64) as i64;
    6423 hashcid fast(u32) |a| uint32(a) as i32;
    6424 hashcidextended fast(u32, i64) |a, seed| uint32_extended(a, seed as u64) as i64;
    626 hash_array each(Context, &[u8]) |cx: Context<'_>, a: &[u8]| array_hash(cx, a).map(|h| h as i32);
    782 hash_array_extended each(Context, &[u8], i64) |cx: Context<'_>, a: &[u8], seed| array_hash_extended(cx, a, seed as u64).map(|h| h as i64);
}

const INITIAL: u32 = 0x9e37_79b9;

fn mix(a: &mut u32, b: &mut u32, c: &mut u32) {
    let step = |x: &mut u32, y: &mut u32, z: &mut u32, r: u32| {
        *x = x.wrapping_sub(*z) ^ z.rotate_left(r);
        *z = z.wrapping_add(*y);
    };
    step(a, b, c, 4);
    step(b, c, a, 6);
    step(c, a, b, 8);
    step(a, b, c, 16);
    step(b, c, a, 19);
    step(c, a, b, 4);
}

fn finish(a: &mut u32, b: &mut u32, c: &mut u32) {
    let step = |x: &mut u32, y: u32, r: u32| *x = (*x ^ y).wrapping_sub(y.rotate_left(r));
    step(c, *b, 14);
    step(a, *c, 11);
    step(b, *a, 25);
    step(c, *b, 16);
    step(a, *c, 4);
    step(b, *a, 14);
    step(c, *b, 24);
}

/// The state after hashing bytes, before the last result is taken: `b` and `c`.
fn digest(bytes: &[u8], seed: u64) -> (u32, u32) {
    let start = INITIAL.wrapping_add(bytes.len() as u32).wrapping_add(3_923_095);
    let (mut a, mut b, mut c) = (start, start, start);
    if seed != 0 {
        a = a.wrapping_add((seed >> 32) as u32);
        b = b.wrapping_add(seed as u32);
        mix(&mut a, &mut b, &mut c);
    }
    let word = |bytes: &[u8]| bytes.iter().rev().fold(0u32, |word, &b| word << 8 | b as u32);
    let mut chunks = bytes.chunks_exact(12);
    for chunk in &mut chunks {
        a = a.wrapping_add(word(&chunk[..4]));
        b = b.wrapping_add(word(&chunk[4..8]));
        c = c.wrapping_add(word(&chunk[8..]));
        mix(&mut a, &mut b, &mut c);
    }
    let rest = chunks.remainder();
    let part = |from: usize, to: usize| word(rest.get(from..to.min(rest.len())).unwrap_or_default());
    a = a.wrapping_add(part(0, 4));
    b = b.wrapping_add(part(4, 8));
    // The lowest byte of c is kept for the length.
    c = c.wrapping_add(part(8, 11) << 8);
    finish(&mut a, &mut b, &mut c);
    (b, c)
}

/// The hash of bytes.
pub fn bytes(bytes: &[u8]) -> u32 {
    digest(bytes, 0).1
}

/// The 64-bit hash of bytes with a seed.
pub fn bytes_extended(bytes: &[u8], seed: u64) -> u64 {
    let (b, c) = digest(bytes, seed);
    (b as u64) << 32 | c as u64
}

fn digest_u32(value: u32, seed: u64) -> (u32, u32) {
    let start = INITIAL.wrapping_add(4).wrapping_add(3_923_095);
    let (mut a, mut b, mut c) = (start, start, start);
    if seed != 0 {
        a = a.wrapping_add((seed >> 32) as u32);
        b = b.wrapping_add(seed as u32);
        mix(&mut a, &mut b, &mut c);
    }
    a = a.wrapping_add(value);
    finish(&mut a, &mut b, &mut c);
    (b, c)
}

/// The hash of a 32-bit number.
#[inline]
pub fn uint32(value: u32) -> u32 {
    digest_u32(value, 0).1
}

/// The 64-bit hash of a 32-bit number with a seed.
pub fn uint32_extended(value: u32, seed: u64) -> u64 {
    let (b, c) = digest_u32(value, seed);
    (b as u64) << 32 | c as u64
}

/// The loop of `hashtext` and its like.
fn hash_texts(call: &mut Call<'_>, cut: impl Fn(&[u8]) -> &[u8]) -> Result<()> {
    text::determined(call.context, "string hashing")?;
    match text::resolve_weak(call.context.collation, call.context.env)? {
        None => fast_unary(call, |a: &[u8]| bytes(cut(a)) as i32),
        Some(collation) => fast_unary(call, |a: &[u8]| bytes(&sort_key(&collation, cut(a))) as i32),
    }
}

fn hash_texts_extended(call: &mut Call<'_>, cut: impl Fn(&[u8]) -> &[u8]) -> Result<()> {
    text::determined(call.context, "string hashing")?;
    match text::resolve_weak(call.context.collation, call.context.env)? {
        None => fast_binary(call, |a: &[u8], seed: i64| bytes_extended(cut(a), seed as u64) as i64),
        Some(collation) => {
            fast_binary(call, |a: &[u8], seed: i64| bytes_extended(&sort_key(&collation, cut(a)), seed as u64) as i64)
        }
    }
}

/// What equal texts of a collation have in common.
fn sort_key(collation: &Collation, text: &[u8]) -> Vec<u8> {
    let mut key = Vec::with_capacity(2 * text.len() + 8);
    collation.write_sort_key(text, &mut key);
    key
}

/// The bytes of a text that are hashed.
fn hashed<'t>(collation: Oid, text: &'t [u8], env: &dyn Environment) -> Result<Cow<'t, [u8]>> {
    Ok(match text::resolve_weak(collation, env)? {
        None => Cow::Borrowed(text),
        Some(collation) => Cow::Owned(sort_key(&collation, text)),
    })
}

/// A bigint as 32 bits, so that equal numbers of all integer types hash alike.
pub(crate) fn fold(value: i64) -> u32 {
    let (low, high) = (value as u32, (value >> 32) as u32);
    low ^ if value >= 0 { high } else { !high }
}

fn normal(value: f64) -> f64 {
    if value.is_nan() { f64::NAN } else { value }
}

/// The hash of a number with a fraction: zero and minus zero are one.
pub fn float(value: f64) -> u32 {
    if value == 0.0 { 0 } else { bytes(&normal(value).to_le_bytes()) }
}

fn float_extended(value: f64, seed: u64) -> u64 {
    if value == 0.0 { seed } else { bytes_extended(&normal(value).to_le_bytes(), seed) }
}

/// A tuple id is hashed as PostgreSQL stores it: the block's high half first.
fn tid_bytes(value: &[u8]) -> [u8; 6] {
    let (block, offset) = crate::objects::tid(value);
    let ([a, b], [c, d], [e, f]) =
        (((block >> 16) as u16).to_le_bytes(), (block as u16).to_le_bytes(), offset.to_le_bytes());
    [a, b, c, d, e, f]
}

fn tid(value: &[u8]) -> u32 {
    bytes(&tid_bytes(value))
}

fn tid_extended(value: &[u8], seed: u64) -> u64 {
    bytes_extended(&tid_bytes(value), seed)
}

fn array_hash(context: Context<'_>, array: &[u8]) -> Result<u32> {
    let view = array::View::new(array)?;
    let mut result = 1u32;
    for value in view.iter() {
        let element =
            if value.is_null() { 0 } else { hash(view.element_type(), context.collation, value, context.env)? };
        result = result.wrapping_mul(31).wrapping_add(element);
    }
    Ok(result)
}

fn array_hash_extended(context: Context<'_>, array: &[u8], seed: u64) -> Result<u64> {
    let view = array::View::new(array)?;
    let mut result = 1u64;
    for value in view.iter() {
        let element = if value.is_null() {
            0
        } else {
            hash_extended(view.element_type(), context.collation, value, seed, context.env)?
        };
        result = result.wrapping_mul(31).wrapping_add(element);
    }
    Ok(result)
}

#[cold]
fn no_hash(type_oid: Oid, env: &dyn Environment) -> Error {
    let name = crate::objects::format_type(type_oid, None, env).unwrap_or_else(|_| type_oid.to_string());
    Error::new(SqlState::UNDEFINED_FUNCTION, format!("could not identify a hash function for type {name}"))
}

/// The 32-bit hash of a value that is not null, by its type's default hash operator class.
pub fn hash(type_oid: Oid, collation: Oid, value: DatumRef<'_>, env: &dyn Environment) -> Result<u32> {
    let (type_oid, order) = order_of(type_oid, env)?;
    Ok(match (order, value) {
        (_, DatumRef::B1(v)) if type_oid == oid::CHAR => uint32(v as i8 as i32 as u32),
        (_, DatumRef::B1(v)) => uint32(v as u32),
        (_, DatumRef::B2(v)) => uint32(v as i32 as u32),
        (Order::Real, DatumRef::B4(v)) => float(f32::from_bits(v as u32) as f64),
        (Order::Double, DatumRef::B8(v)) => float(f64::from_bits(v as u64)),
        (_, DatumRef::B4(v)) => uint32(v as u32),
        (_, DatumRef::B8(v)) => uint32(fold(v)),
        (Order::Text, DatumRef::Bytes(v)) => bytes(&hashed(collation, v, env)?),
        (Order::Bytes | Order::Network, DatumRef::Bytes(v)) => bytes(v),
        (Order::Padded, DatumRef::Bytes(v)) => bytes(&hashed(collation, text::trim_blanks(v), env)?),
        (Order::Numeric, DatumRef::Bytes(v)) => numeric::hash_numeric(&Numeric::from_bytes(v)),
        (Order::Tid, DatumRef::Bytes(v)) => tid(v),
        (Order::Range, DatumRef::Bytes(v)) => crate::range::hash_of(v, env)?,
        (Order::Multirange, DatumRef::Bytes(v)) => crate::range::hash_multirange(v, env)?,
        (Order::Record, DatumRef::Bytes(v)) => crate::record::hash(v, env)?,
        (Order::Jsonb, DatumRef::Bytes(v)) => crate::json::hash(crate::json::View::new(v))?,
        (Order::Array, DatumRef::Bytes(v)) => array_hash(Context { collation, ..Context::plain(env) }, v)?,
        _ => return Err(no_hash(type_oid, env)),
    })
}

/// The 64-bit hash with a seed of a value that is not null: what hash partitioning uses.
pub fn hash_extended(
    type_oid: Oid,
    collation: Oid,
    value: DatumRef<'_>,
    seed: u64,
    env: &dyn Environment,
) -> Result<u64> {
    let (type_oid, order) = order_of(type_oid, env)?;
    Ok(match (order, value) {
        (_, DatumRef::B1(v)) if type_oid == oid::CHAR => uint32_extended(v as i8 as i32 as u32, seed),
        (_, DatumRef::B1(v)) => uint32_extended(v as u32, seed),
        (_, DatumRef::B2(v)) => uint32_extended(v as i32 as u32, seed),
        (Order::Real, DatumRef::B4(v)) => float_extended(f32::from_bits(v as u32) as f64, seed),
        (Order::Double, DatumRef::B8(v)) => float_extended(f64::from_bits(v as u64), seed),
        (_, DatumRef::B4(v)) => uint32_extended(v as u32, seed),
        (_, DatumRef::B8(v)) => uint32_extended(fold(v), seed),
        (Order::Text, DatumRef::Bytes(v)) => bytes_extended(&hashed(collation, v, env)?, seed),
        (Order::Bytes | Order::Network, DatumRef::Bytes(v)) => bytes_extended(v, seed),
        (Order::Padded, DatumRef::Bytes(v)) => bytes_extended(&hashed(collation, text::trim_blanks(v), env)?, seed),
        (Order::Numeric, DatumRef::Bytes(v)) => numeric::hash_numeric_extended(&Numeric::from_bytes(v), seed),
        (Order::Tid, DatumRef::Bytes(v)) => bytes_extended(&tid_bytes(v), seed),
        (Order::Jsonb, DatumRef::Bytes(v)) => crate::json::hash_extended(crate::json::View::new(v), seed)?,
        (Order::TimeTz, DatumRef::Bytes(v)) => {
            let time: TimeTz = datetime::decode(v);
            uint32_extended(fold(time.micros), seed) ^ uint32_extended(time.zone as u32, seed)
        }
        (Order::Interval, DatumRef::Bytes(v)) => {
            uint32_extended(fold(datetime::decode::<Interval>(v).span() as i64), seed)
        }
        (Order::Range, DatumRef::Bytes(v)) => crate::range::hash_extended(v, seed, env)?,
        (Order::Multirange, DatumRef::Bytes(v)) => crate::range::hash_multirange_extended(v, seed, env)?,
        (Order::Record, DatumRef::Bytes(v)) => crate::record::hash_extended(v, seed, env)?,
        (Order::Array, DatumRef::Bytes(v)) => {
            array_hash_extended(Context { collation, ..Context::plain(env) }, v, seed)?
        }
        _ => return Err(no_hash(type_oid, env)),
    })
}
