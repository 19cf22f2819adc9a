//! Order, equality, containment and hash of jsonb.
//!
//! The order is PostgreSQL's: Object > Array > Boolean > Number > String > null; containers by their number of parts
//! first, objects then key by key and value by value. A scalar on its own counts as an array of one element that sorts
//! before other arrays of one, so an empty array sorts before it.

use super::{Array, Kind, MAX_DEPTH, Object, View, too_deep};
use crate::numeric::{self, Numeric};
use crate::{Context, hash, text};
use collation::{BYTES, Collation};
use error::Result;

use std::cmp::Ordering;

crate::builtins! {
    /// Comparison and containment of jsonb.
    pub static JSONB_COMPARISONS =
    4043 jsonb_eq each(View, View) |a, b| compare(a, b, &BYTES).map(Ordering::is_eq);
    4038 jsonb_ne each(View, View) |a, b| compare(a, b, &BYTES).map(Ordering::is_ne);
    4039 jsonb_lt each(Context, View, View) |cx, a, b| ordered(cx, a, b).map(Ordering::is_lt);
    4040 jsonb_gt each(Context, View, View) |cx, a, b| ordered(cx, a, b).map(Ordering::is_gt);
    4041 jsonb_le each(Context, View, View) |cx, a, b| ordered(cx, a, b).map(Ordering::is_le);
    4042 jsonb_ge each(Context, View, View) |cx, a, b| ordered(cx, a, b).map(Ordering::is_ge);
    4044 jsonb_cmp each(Context, View, View) |cx, a, b| ordered(cx, a, b).map(|order| order as i32);
    4045 jsonb_hash each(View) |a| hash(a).map(|hash| hash as i32);
    3416 jsonb_hash_extended each(View, i64) |a, seed: i64| hash_extended(a, seed as u64).map(|hash| hash as i64);
    4046 jsonb_contains each(View, View) contains;
    4050 jsonb_contained each(View, View) |a, b| contains(b, a);
}

fn rank(kind: &Kind<'_>) -> u8 {
    match kind {
        Kind::Null => 1,
        Kind::String(_) => 2,
        Kind::Number(_) => 3,
        Kind::Bool(_) => 4,
        Kind::Array(_) => 5,
        Kind::Object(_) => 6,
    }
}

fn ordered(context: Context<'_>, a: View<'_>, b: View<'_>) -> Result<Ordering> {
    let collation = text::resolve(text::DEFAULT_COLLATION, context.env)?;
    compare(a, b, &collation)
}

/// Compares two values as wholes, their strings in a collation: that of the database, or for equality any deterministic one.
pub fn compare(a: View<'_>, b: View<'_>, collation: &Collation) -> Result<Ordering> {
    let shape = |view: View<'_>| match view.kind() {
        Kind::Object(_) => (6, 0, 0),
        Kind::Array(array) => (5, array.len(), 1),
        _ => (5, 1, 0),
    };
    match shape(a).cmp(&shape(b)) {
        Ordering::Equal => compare_parts(a, b, 0, collation),
        order => Ok(order),
    }
}

fn compare_parts(a: View<'_>, b: View<'_>, depth: usize, collation: &Collation) -> Result<Ordering> {
    if depth > MAX_DEPTH {
        return Err(too_deep());
    }
    Ok(match (a.kind(), b.kind()) {
        (Kind::Null, Kind::Null) => Ordering::Equal,
        (Kind::Bool(a), Kind::Bool(b)) => a.cmp(&b),
        (Kind::String(a), Kind::String(b)) => collation.compare(a, b),
        (Kind::Number(a), Kind::Number(b)) => Numeric::from_bytes(a).cmp(&Numeric::from_bytes(b)),
        (Kind::Array(a), Kind::Array(b)) => compare_arrays(a, b, depth, collation)?,
        (Kind::Object(a), Kind::Object(b)) => compare_objects(a, b, depth, collation)?,
        (a, b) => rank(&a).cmp(&rank(&b)),
    })
}

fn compare_arrays(a: Array<'_>, b: Array<'_>, depth: usize, collation: &Collation) -> Result<Ordering> {
    let mut order = a.len().cmp(&b.len());
    let mut pairs = a.iter().zip(b.iter());
    while order.is_eq()
        && let Some((a, b)) = pairs.next()
    {
        order = compare_parts(a, b, depth + 1, collation)?;
    }
    Ok(order)
}

fn compare_objects(a: Object<'_>, b: Object<'_>, depth: usize, collation: &Collation) -> Result<Ordering> {
    let mut order = a.len().cmp(&b.len());
    let mut pairs = a.iter().zip(b.iter());
    while order.is_eq()
        && let Some(((a_key, a), (b_key, b))) = pairs.next()
    {
        order = collation.compare(a_key, b_key);
        if order.is_eq() {
            order = compare_parts(a, b, depth + 1, collation)?;
        }
    }
    Ok(order)
}

/// Adds bytes whose order is the values' order: see [`sortkey`](crate::sortkey). Equal values have equal bytes.
pub fn write_key(view: View<'_>, collation: &Collation, out: &mut Vec<u8>) -> Result<()> {
    match view.kind() {
        Kind::Object(_) => {}
        Kind::Array(array) => {
            out.push(5);
            out.extend_from_slice(&(array.len() as u32).to_be_bytes());
            out.push(1);
            return array.iter().try_for_each(|element| write_part_key(element, 1, collation, out));
        }
        _ => out.extend_from_slice(&[5, 0, 0, 0, 1, 0]),
    }
    write_part_key(view, 0, collation, out)
}

fn write_part_key(view: View<'_>, depth: usize, collation: &Collation, out: &mut Vec<u8>) -> Result<()> {
    if depth > MAX_DEPTH {
        return Err(too_deep());
    }
    let kind = view.kind();
    out.push(rank(&kind));
    match kind {
        Kind::Null => {}
        Kind::Bool(value) => out.push(value as u8),
        Kind::String(value) => crate::sortkey::encode_text(collation, value, out),
        Kind::Number(bytes) => Numeric::from_bytes(bytes).write_key(out),
        Kind::Array(array) => {
            out.extend_from_slice(&(array.len() as u32).to_be_bytes());
            array.iter().try_for_each(|element| write_part_key(element, depth + 1, collation, out))?;
        }
        Kind::Object(object) => {
            out.extend_from_slice(&(object.len() as u32).to_be_bytes());
            for (key, value) in object.iter() {
                crate::sortkey::encode_text(collation, key, out);
                write_part_key(value, depth + 1, collation, out)?;
            }
        }
    }
    Ok(())
}

fn scalar_hash(kind: &Kind<'_>) -> u32 {
    match kind {
        Kind::Null => 1,
        Kind::Bool(true) => 2,
        Kind::Bool(false) => 4,
        Kind::String(text) => hash::bytes(text),
        Kind::Number(bytes) => numeric::hash_numeric(&Numeric::from_bytes(bytes)),
        Kind::Array(_) | Kind::Object(_) => 0,
    }
}

fn scalar_hash_extended(kind: &Kind<'_>, seed: u64) -> u64 {
    match kind {
        Kind::Null => seed.wrapping_add(1),
        Kind::Bool(value) if seed != 0 => hash::uint32_extended(*value as u32, seed),
        Kind::Bool(value) => {
            if *value {
                2
            } else {
                4
            }
        }
        Kind::String(text) => hash::bytes_extended(text, seed),
        Kind::Number(bytes) => numeric::hash_numeric_extended(&Numeric::from_bytes(bytes), seed),
        Kind::Array(_) | Kind::Object(_) => 0,
    }
}

const ARRAY_MARK: u32 = 0x4000_0000;
const OBJECT_MARK: u32 = 0x2000_0000;

/// Calls `mark` at the start of each container and `scalar` for each key and scalar, in order.
fn walk(view: View<'_>, depth: usize, visit: &mut dyn FnMut(Kind<'_>)) -> Result<()> {
    if depth > MAX_DEPTH {
        return Err(too_deep());
    }
    visit(view.kind());
    match view.kind() {
        Kind::Array(array) => array.iter().try_for_each(|element| walk(element, depth + 1, visit)),
        Kind::Object(object) => object.iter().try_for_each(|(key, value)| {
            visit(Kind::String(key));
            walk(value, depth + 1, visit)
        }),
        _ => Ok(()),
    }
}

fn is_empty(view: View<'_>) -> bool {
    match view.kind() {
        Kind::Array(array) => array.is_empty(),
        Kind::Object(object) => object.is_empty(),
        _ => false,
    }
}

/// PostgreSQL's `jsonb_hash`.
pub fn hash(view: View<'_>) -> Result<u32> {
    if is_empty(view) {
        return Ok(0);
    }
    let mut hash = if view.is_scalar() { ARRAY_MARK } else { 0 };
    walk(view, 0, &mut |kind| match kind {
        Kind::Array(_) => hash ^= ARRAY_MARK,
        Kind::Object(_) => hash ^= OBJECT_MARK,
        scalar => hash = hash.rotate_left(1) ^ scalar_hash(&scalar),
    })?;
    Ok(hash)
}

/// PostgreSQL's `jsonb_hash_extended`.
pub fn hash_extended(view: View<'_>, seed: u64) -> Result<u64> {
    if is_empty(view) {
        return Ok(seed);
    }
    let twice = |mark: u32| (mark as u64) << 32 | mark as u64;
    let mut hash = if view.is_scalar() { twice(ARRAY_MARK) } else { 0 };
    walk(view, 0, &mut |kind| match kind {
        Kind::Array(_) => hash ^= twice(ARRAY_MARK),
        Kind::Object(_) => hash ^= twice(OBJECT_MARK),
        scalar => hash = hash.rotate_left(1) ^ scalar_hash_extended(&scalar, seed),
    })?;
    Ok(hash)
}

/// `a @> b`: all of `b` is found in `a`, at the same place. An array may contain a scalar.
fn contains(a: View<'_>, b: View<'_>) -> Result<bool> {
    match (a.kind(), b.kind()) {
        (Kind::Array(array), _) if b.is_scalar() => has_scalar(array, b),
        _ => contains_part(a, b, 0),
    }
}

fn has_scalar(array: Array<'_>, scalar: View<'_>) -> Result<bool> {
    for element in array.iter() {
        if element.is_scalar() && compare_parts(element, scalar, 0, &BYTES)?.is_eq() {
            return Ok(true);
        }
    }
    Ok(false)
}

fn contains_part(a: View<'_>, b: View<'_>, depth: usize) -> Result<bool> {
    if depth > MAX_DEPTH {
        return Err(too_deep());
    }
    match (a.kind(), b.kind()) {
        (Kind::Object(a), Kind::Object(b)) => {
            if b.len() > a.len() {
                return Ok(false);
            }
            for (key, wanted) in b.iter() {
                match a.get(key) {
                    Some(value) if contains_part(value, wanted, depth + 1)? => {}
                    _ => return Ok(false),
                }
            }
            Ok(true)
        }
        (Kind::Array(a), Kind::Array(b)) => {
            for wanted in b.iter() {
                let found = if wanted.is_scalar() {
                    has_scalar(a, wanted)?
                } else {
                    let mut found = false;
                    let mut containers = a.iter().filter(|element| !element.is_scalar());
                    while !found && let Some(element) = containers.next() {
                        found = contains_part(element, wanted, depth + 1)?;
                    }
                    found
                };
                if !found {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        (Kind::Array(_) | Kind::Object(_), _) | (_, Kind::Array(_) | Kind::Object(_)) => Ok(false),
        _ => Ok(compare_parts(a, b, depth, &BYTES)?.is_eq()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Value;
    use super::*;

    fn jsonb(text: &str) -> Vec<u8> {
        Value::parse(text.as_bytes()).unwrap().to_bytes().unwrap()
    }

    /// Recorded from PostgreSQL 18.6.
    #[test]
    fn hashes_are_postgresqls() {
        for (text, wanted) in [
            ("1", -822615224),
            ("[1]", -822615224),
            ("{\"a\":1}", 1322320426),
            ("\"a\"", -1072467791),
            ("true", -2147483646),
            ("null", -2147483647),
            ("[]", 0),
            ("{}", 0),
            ("[[1,2],3]", -559968545),
        ] {
            assert_eq!(hash(View::new(&jsonb(text))).unwrap() as i32, wanted, "{text}");
        }
        assert_eq!(hash_extended(View::new(&jsonb("1")), 7).unwrap() as i64, -1172862545070692434);
        assert_eq!(hash_extended(View::new(&jsonb("[true,null]")), 7).unwrap() as i64, 5318964021220015990);
    }

    #[test]
    fn keys_order_as_values_do() {
        let ascending = [
            "[]",
            "null",
            "\"\"",
            "\"a\"",
            "\"ab\"",
            "-1",
            "0.5",
            "1",
            "10",
            "false",
            "true",
            "[null]",
            "[\"a\"]",
            "[1]",
            "[[]]",
            "[[1]]",
            "[{}]",
            "[1,2]",
            "[1,3]",
            "{}",
            "{\"a\":1}",
            "{\"a\":\"\\u0001\"}",
            "{\"b\":null}",
            "{\"a\":1,\"b\":2}",
        ];
        // A string sorts before a number.
        let mut values: Vec<Vec<u8>> = ascending.iter().map(|text| jsonb(text)).collect();
        values.sort_by(|a, b| compare(View::new(a), View::new(b), &BYTES).unwrap());
        let keys: Vec<Vec<u8>> = values
            .iter()
            .map(|value| {
                let mut key = Vec::new();
                write_key(View::new(value), &BYTES, &mut key).unwrap();
                key
            })
            .collect();
        assert!(keys.windows(2).all(|pair| pair[0] < pair[1]));
        assert_eq!(values[0], jsonb("[]"));
        assert_eq!(values.last().unwrap(), &jsonb("{\"a\":1,\"b\":2}"));
    }

    #[test]
    fn containment() {
        let check = |a: &str, b: &str| contains(View::new(&jsonb(a)), View::new(&jsonb(b))).unwrap();
        assert!(check("{\"a\":[1,{\"b\":2,\"c\":3}]}", "{\"a\":[{\"c\":3}]}"));
        assert!(check("[1,2]", "1") && !check("1", "[1]") && check("[1,2]", "[2,2,1]"));
        assert!(check("1.0", "1") && !check("{}", "[]") && check("[[1,2]]", "[[1]]") && !check("[[1,2]]", "[1]"));
        assert!(!check("{\"a\":[1]}", "{\"a\":1}"));
    }
}
