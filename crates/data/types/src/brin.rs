//! What BRIN's built-in operator classes keep of the values of a range of pages, and which ranges a condition leads to.
//!
//! A value goes into a summary in a *form* of bytes that [`Class::form`] makes; what the summary keeps of one column is a *state*, empty as long as there
//! was no value. Summaries only ever say that a value cannot be there, so whatever a condition cannot be told by holds.
//!
//! - minmax and minmax_multi keep intervals of sort keys: one, or several of which those are joined first that are next to each other. How far two
//!   keys are apart is read from their bytes, as if they were digits, so there is no distance function for each type.
//! - bloom keeps a Bloom filter of 64-bit hashes.
//! - inclusion keeps an interval for each dimension that encloses the values': two of a box, one of a range or an address.

use batch::DatumRef;
use error::{Error, Result};
use ids::Oid;

use crate::geometry::{self, Point, Rect};
use crate::network::Inet;
use crate::sortkey::{self, KeyColumn, KeyEncoder};
use crate::{Environment, oid};

/// An operator class, for one column.
#[derive(Clone, Debug)]
pub enum Class {
    /// Intervals of sort keys, at most so many.
    Intervals {
        /// What makes the keys.
        encoder: KeyEncoder,
        /// How many.
        most: usize,
    },
    /// A Bloom filter.
    Bloom {
        /// The values' type.
        type_oid: Oid,
        /// Their collation.
        collation: Oid,
        /// Bytes of the filter.
        bytes: usize,
        /// Bits that a value sets.
        hashes: u32,
    },
    /// What encloses all values.
    Enclosure(Shape),
}

/// What is enclosed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Boxes, in two dimensions.
    Box,
    /// Ranges of the range type with this number.
    Range(Oid),
    /// Addresses and networks.
    Network,
}

/// A condition `column operator value`.
#[derive(Clone, Debug)]
pub enum Condition {
    /// Nothing can be told.
    Anything,
    /// Nothing meets it.
    Nothing,
    /// A strategy of B-trees, and the key.
    Key(i16, Vec<u8>),
    /// Has this hash.
    Hash(u64),
    /// A relation to what encloses the value, as a test of each dimension.
    Enclosed(Vec<(Side, Vec<u8>, Vec<u8>)>),
    /// Holds of empty ranges, or of values that overlap.
    EmptyOr(Vec<(Side, Vec<u8>, Vec<u8>)>),
}

/// How an interval must lie to another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Have something in common.
    Overlaps,
    /// Begin at or before its start.
    StartsBefore,
    /// Begin at or before its end.
    StartsBeforeEnd,
    /// End at or behind its start.
    EndsAfterStart,
    /// End at or behind its end.
    EndsAfter,
    /// Anywhere.
    Any,
}

/// Rows of a page that the size of a Bloom filter reckons with, as PostgreSQL does.
const ROWS_PER_PAGE: f64 = 291.0;
/// Bytes of a summary that a page has room for.
const STATE_MAX: usize = 7900;

/// An option's number, among those of an operator class.
fn option(options: &[(String, String)], name: &str, default: f64) -> f64 {
    let found = options.iter().find(|(own, _)| own == name);
    found.and_then(|(_, value)| value.parse().ok()).unwrap_or(default)
}

impl Class {
    /// The class whose function for what it stores is `info`, for a column of a type and collation.
    ///
    /// # Errors
    /// `0A000` for a function that is not built in; those of types without an order; `22023` for a filter too large for a page.
    pub fn of(
        info: Oid,
        type_oid: Oid,
        collation: Oid,
        options: &[(String, String)],
        pages_per_range: u32,
        env: &dyn Environment,
    ) -> Result<Class> {
        let encoder = |env| KeyEncoder::new(vec![KeyColumn::ascending(type_oid, collation)], env);
        match info.0 {
            3383 => Ok(Class::Intervals { encoder: encoder(env)?, most: 1 }),
            4616 => {
                let values = option(options, "values_per_range", 32.0);
                Ok(Class::Intervals { encoder: encoder(env)?, most: (values as usize / 2).max(4) })
            }
            4591 => {
                let rows = f64::from(pages_per_range) * ROWS_PER_PAGE;
                let distinct = option(options, "n_distinct_per_range", -0.1);
                let distinct = if distinct < 0.0 { -distinct * rows } else { distinct };
                let distinct = distinct.min(rows).max(16.0);
                let wrong = option(options, "false_positive_rate", 0.01);
                let bits = (-(distinct * wrong.ln()) / std::f64::consts::LN_2.powi(2)).ceil();
                let bytes = ((bits as usize).div_ceil(8)).max(1);
                if bytes > STATE_MAX {
                    let text = format!("the bloom filter is too large ({bytes} > {STATE_MAX})");
                    return Err(Error::internal(text));
                }
                let hashes = ((bytes * 8) as f64 / distinct * std::f64::consts::LN_2).round().clamp(1.0, 30.0) as u32;
                Ok(Class::Bloom { type_oid, collation, bytes, hashes })
            }
            4105 => match type_oid {
                oid::BOX => Ok(Class::Enclosure(Shape::Box)),
                oid::INET | oid::CIDR => Ok(Class::Enclosure(Shape::Network)),
                other => Ok(Class::Enclosure(Shape::Range(other))),
            },
            _ => Err(Error::not_implemented("BRIN operator classes with functions of their own")),
        }
    }

    /// Appends the form of a value that is not null.
    ///
    /// # Errors
    /// Those of encoding it.
    pub fn form(&self, value: DatumRef<'_>, env: &dyn Environment, out: &mut Vec<u8>) -> Result<()> {
        match self {
            Class::Intervals { encoder, .. } => encoder.encode_column(0, value, env, out),
            Class::Bloom { type_oid, collation, .. } => {
                let hash = crate::hash::hash_extended(*type_oid, *collation, value, 0, env)?;
                out.extend_from_slice(&hash.to_le_bytes());
                Ok(())
            }
            Class::Enclosure(shape) => {
                let dimensions = shape.dimensions(value, env)?;
                out.push(dimensions.is_none() as u8);
                for (low, high) in dimensions.iter().flatten() {
                    write(out, low, high);
                }
                Ok(())
            }
        }
    }

    /// Adds a value's form to a state; whether the state changed.
    pub fn add(&self, state: &mut Vec<u8>, form: &[u8]) -> bool {
        match self {
            Class::Intervals { most, .. } => {
                if intervals(state).any(|(low, high)| low <= form && form <= high) {
                    return false;
                }
                let mut all: Vec<(&[u8], &[u8])> = intervals(state).collect();
                let at = all.partition_point(|(low, _)| *low < form);
                all.insert(at, (form, form));
                *state = joined(all, *most);
                true
            }
            Class::Bloom { bytes, hashes, .. } => {
                state.resize(*bytes, 0);
                let hash = form.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes));
                let mut changed = false;
                for bit in bits(hash, *hashes, *bytes) {
                    let byte = &mut state[bit / 8];
                    changed |= *byte & 1 << (bit % 8) == 0;
                    *byte |= 1 << (bit % 8);
                }
                changed
            }
            Class::Enclosure(_) => {
                let Some((&empty, dimensions)) = form.split_first() else { return false };
                let (had_empty, before) = state.split_first().map_or((0, &[][..]), |(flag, rest)| (*flag, rest));
                let mut new = vec![had_empty | empty];
                if before.is_empty() {
                    new.extend_from_slice(dimensions);
                } else if dimensions.is_empty() {
                    new.extend_from_slice(before);
                } else {
                    for ((low, high), (own_low, own_high)) in intervals(before).zip(intervals(dimensions)) {
                        write(&mut new, low.min(own_low), high.max(own_high));
                    }
                }
                let changed = new != *state;
                *state = new;
                changed
            }
        }
    }

    /// Adds what another state has.
    pub fn unite(&self, state: &mut Vec<u8>, other: &[u8]) {
        if state.is_empty() || other.is_empty() {
            state.extend_from_slice(other);
            return;
        }
        match self {
            Class::Intervals { most, .. } => {
                let mut all: Vec<(&[u8], &[u8])> = intervals(state).chain(intervals(other)).collect();
                all.sort_unstable();
                *state = joined(all, *most);
            }
            Class::Bloom { .. } => state.iter_mut().zip(other).for_each(|(own, theirs)| *own |= theirs),
            Class::Enclosure(_) => {
                self.add(state, other);
            }
        }
    }

    /// Keeps less of a state, of intervals half as many; whether it could.
    pub fn tighten(&self, state: &mut Vec<u8>) -> bool {
        let Class::Intervals { .. } = self else { return false };
        let all: Vec<(&[u8], &[u8])> = intervals(state).collect();
        let many = all.len() > 1;
        if many {
            let most = all.len() / 2;
            *state = joined(all, most);
        }
        many
    }

    /// What a condition asks for; the value is not null and of `type_oid`.
    ///
    /// # Errors
    /// Those of encoding the value.
    pub fn condition(
        &self,
        strategy: i16,
        type_oid: Oid,
        value: DatumRef<'_>,
        env: &dyn Environment,
    ) -> Result<Condition> {
        match self {
            Class::Intervals { encoder, .. } => {
                let column = encoder.columns()[0].type_oid;
                let mut key = Vec::new();
                match alike(column, type_oid) {
                    Alike::Same => encoder.encode_column(0, value, env, &mut key)?,
                    Alike::Integers => match integer(value, column) {
                        Some(value) => encoder.encode_column(0, value, env, &mut key)?,
                        None => return Ok(Condition::Anything),
                    },
                    Alike::Floats => {
                        let own = KeyEncoder::new(vec![KeyColumn::ascending(type_oid, Oid::INVALID)], env)?;
                        own.encode_column(0, value, env, &mut key)?;
                    }
                    Alike::No => return Ok(Condition::Anything),
                }
                Ok(Condition::Key(strategy, key))
            }
            Class::Bloom { type_oid, collation, .. } => {
                Ok(Condition::Hash(crate::hash::hash_extended(*type_oid, *collation, value, 0, env)?))
            }
            Class::Enclosure(shape) => shape.condition(strategy, type_oid, value, env),
        }
    }

    /// Whether a value of a state may meet a condition. A state without values has none that does.
    pub fn may_hold(&self, condition: &Condition, state: &[u8]) -> bool {
        if state.is_empty() {
            return false;
        }
        let enclosed = |tests: &[(Side, Vec<u8>, Vec<u8>)]| {
            let mut dimensions = intervals(&state[1..]).peekable();
            dimensions.peek().is_some()
                && dimensions.zip(tests).all(|((low, high), (side, from, to))| match side {
                    Side::Overlaps => low <= &to[..] && &from[..] <= high,
                    Side::StartsBefore => low <= &from[..],
                    Side::StartsBeforeEnd => low <= &to[..],
                    Side::EndsAfterStart => high >= &from[..],
                    Side::EndsAfter => high >= &to[..],
                    Side::Any => true,
                })
        };
        match (self, condition) {
            (_, Condition::Anything) => true,
            (_, Condition::Nothing) => false,
            (_, Condition::Key(strategy, key)) => intervals(state).any(|(low, high)| match strategy {
                1 => low < &key[..],
                2 => low <= &key[..],
                3 => low <= &key[..] && &key[..] <= high,
                4 => high >= &key[..],
                5 => high > &key[..],
                _ => true,
            }),
            (Class::Bloom { bytes, hashes, .. }, Condition::Hash(hash)) => {
                bits(*hash, *hashes, *bytes).all(|bit| state.get(bit / 8).is_none_or(|byte| byte >> (bit % 8) & 1 == 1))
            }
            (_, Condition::Hash(_)) => true,
            (_, Condition::Enclosed(tests)) => enclosed(tests),
            (_, Condition::EmptyOr(tests)) => state[0] != 0 || enclosed(tests),
        }
    }
}

/// The places of a value's bits in a filter (Kirsch and Mitzenmacher, "Less Hashing, Same Performance", 2006).
fn bits(hash: u64, hashes: u32, bytes: usize) -> impl Iterator<Item = usize> {
    let (first, second) = (hash as u32 as u64, (hash >> 32) | 1);
    (0..u64::from(hashes)).map(move |n| (first.wrapping_add(n.wrapping_mul(second)) % (bytes as u64 * 8)) as usize)
}

/// The intervals of a state: both ends, each behind its length.
fn intervals(state: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    let mut rest = state;
    let mut end = move || {
        let (length, after) = rest.split_first_chunk::<2>()?;
        let (end, after) = after.split_at_checked(u16::from_le_bytes(*length) as usize)?;
        rest = after;
        Some(end)
    };
    std::iter::from_fn(move || Some((end()?, end()?)))
}

fn write(out: &mut Vec<u8>, low: &[u8], high: &[u8]) {
    for end in [low, high] {
        out.extend_from_slice(&(end.len().min(u16::MAX as usize) as u16).to_le_bytes());
        out.extend_from_slice(&end[..end.len().min(u16::MAX as usize)]);
    }
}

/// The state of intervals in the order of their starts: overlapping ones as one, and then the nearest, until there are few enough.
fn joined(all: Vec<(&[u8], &[u8])>, most: usize) -> Vec<u8> {
    let mut kept: Vec<(&[u8], &[u8])> = Vec::with_capacity(all.len());
    for (low, high) in all {
        match kept.last_mut() {
            Some(last) if low <= last.1 => last.1 = last.1.max(high),
            _ => kept.push((low, high)),
        }
    }
    while kept.len() > most {
        let mut nearest = (f64::INFINITY, 0);
        for at in 1..kept.len() {
            let gap = distance(kept[at - 1].1, kept[at].0);
            if gap < nearest.0 {
                nearest = (gap, at);
            }
        }
        let at = nearest.1.max(1);
        kept[at - 1].1 = kept[at].1;
        kept.remove(at);
    }
    let mut state = Vec::new();
    kept.iter().for_each(|(low, high)| write(&mut state, low, high));
    state
}

/// How far apart two keys are, as fractions of which their bytes are the digits.
fn distance(low: &[u8], high: &[u8]) -> f64 {
    let common = low.iter().zip(high).take_while(|(a, b)| a == b).count();
    let digits = |key: &[u8]| {
        let mut bytes = [0; 8];
        key[common..].iter().zip(&mut bytes).for_each(|(from, to)| *to = *from);
        u64::from_be_bytes(bytes)
    };
    digits(high).saturating_sub(digits(low)) as f64 * 256f64.powi(-(common.min(120) as i32))
}

enum Alike {
    Same,
    Integers,
    Floats,
    No,
}

/// Whether values of two types can be compared by their keys.
fn alike(column: Oid, value: Oid) -> Alike {
    let integer = |t| matches!(t, oid::INT2 | oid::INT4 | oid::INT8);
    let float = |t| matches!(t, oid::FLOAT4 | oid::FLOAT8);
    let text = |t| matches!(t, oid::TEXT | oid::VARCHAR | oid::NAME);
    if column == value || text(column) && text(value) {
        Alike::Same
    } else if integer(column) && integer(value) {
        Alike::Integers
    } else if float(column) && float(value) {
        Alike::Floats
    } else {
        Alike::No
    }
}

/// An integer in the form of another integer type; none if it does not fit there.
fn integer(value: DatumRef<'_>, column: Oid) -> Option<DatumRef<'static>> {
    let value = match value {
        DatumRef::B2(v) => i64::from(v),
        DatumRef::B4(v) => i64::from(v),
        DatumRef::B8(v) => v,
        _ => return None,
    };
    match column {
        oid::INT2 => i16::try_from(value).ok().map(DatumRef::B2),
        oid::INT4 => i32::try_from(value).ok().map(DatumRef::B4),
        _ => Some(DatumRef::B8(value)),
    }
}

type Dimensions = Vec<(Vec<u8>, Vec<u8>)>;

impl Shape {
    /// The interval of a value in each dimension; none for a value that encloses nothing.
    fn dimensions(self, value: DatumRef<'_>, env: &dyn Environment) -> Result<Option<Dimensions>> {
        let bytes = value.as_bytes().ok_or_else(|| Error::corrupted("a value to enclose is in a wrong form"))?;
        Ok(match self {
            Shape::Box => {
                let Rect { high, low } = geometry::rect_of(bytes);
                Some(vec![number_interval(low.x, high.x), number_interval(low.y, high.y)])
            }
            Shape::Network => Some(vec![network_interval(&Inet::from_bytes(bytes))]),
            Shape::Range(type_oid) => sortkey::range_bounds(type_oid, bytes, env)?.map(|bounds| vec![bounds]),
        })
    }

    fn condition(self, strategy: i16, type_oid: Oid, value: DatumRef<'_>, env: &dyn Environment) -> Result<Condition> {
        use Side::*;
        let dimensions = match (self, strategy) {
            (Shape::Box, 7) if type_oid == oid::POINT => {
                let bytes = value.as_bytes().unwrap_or_default();
                let Point { x, y } = geometry::point_of(bytes);
                vec![number_interval(x, x), number_interval(y, y)]
            }
            (Shape::Range(range), 16) => vec![sortkey::range_point(range, value, env)?],
            _ => match self.dimensions(value, env)? {
                Some(dimensions) => dimensions,
                // Of an empty range: it is contained in all, and contains and equals itself.
                None => {
                    return Ok(match strategy {
                        7 => Condition::Anything,
                        8 | 18 => Condition::EmptyOr(Vec::new()),
                        20..=23 => Condition::Anything,
                        _ => Condition::Nothing,
                    });
                }
            },
        };
        let sides = match strategy {
            1 => [StartsBefore, Any],
            2 => [StartsBeforeEnd, Any],
            4 => [EndsAfterStart, Any],
            5 => [EndsAfter, Any],
            9 => [Any, StartsBeforeEnd],
            10 => [Any, StartsBefore],
            11 => [Any, EndsAfter],
            12 => [Any, EndsAfterStart],
            3 | 6 | 7 | 8 | 16 | 18 | 24 | 26 => [Overlaps, Overlaps],
            _ => return Ok(Condition::Anything),
        };
        let tests: Vec<_> = sides.into_iter().zip(dimensions).map(|(side, (low, high))| (side, low, high)).collect();
        // Whatever a range is, an empty one is contained in it.
        Ok(if matches!((self, strategy), (Shape::Range(_), 8)) {
            Condition::EmptyOr(tests)
        } else {
            Condition::Enclosed(tests)
        })
    }
}

fn number_interval(low: f64, high: f64) -> (Vec<u8>, Vec<u8>) {
    let key = |value: f64| sortkey::double_bits(value).to_be_bytes().to_vec();
    // PostgreSQL compares coordinates with a tolerance.
    let slack = |value: f64| if value.is_finite() { value.abs() * 1e-9 + 1.1e-6 } else { 0.0 };
    if low.is_nan() || high.is_nan() {
        return (vec![0], vec![0xFF; 9]);
    }
    (key(low - slack(low)), key(high + slack(high)))
}

fn network_interval(network: &Inet) -> (Vec<u8>, Vec<u8>) {
    let key = |number: u128| {
        let mut key = vec![network.is_v6() as u8];
        key.extend_from_slice(network.with_number(number).address());
        key
    };
    let (number, mask) = (network.number(), network.mask());
    (key(number & mask), key(number | !mask))
}
