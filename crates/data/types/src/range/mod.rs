//! Ranges and multiranges, of any type that has an order.
//!
//! # Form
//!
//! All numbers are little-endian and may stand at any address.
//!
//! ```text
//! range
//!  0  u8   flags, those of PostgreSQL's binary form: 1 empty, 2 lower inclusive, 4 upper inclusive, 8 no lower bound,
//!          16 no upper bound
//!  1  u8   form of the bounds: 1, 2, 4 or 8 bytes of a number, 255 a string of bytes
//!  2  u16  0
//!  4  u32  the range type
//!     fixed width: the bounds that there are; else u32 length of the lower one, if there is one, then their bytes
//!
//! multirange
//!  0  u32  the multirange type
//!  4  u32  how many ranges
//!     u32  end of each range, counted from the end of these
//!     the ranges, ascending, neither empty nor touching each other
//! ```
//!
//! Bounds are compared as their type's default order has it, in the range type's collation. A range of a discrete type is
//! brought to its canonical form (`[1,3]` to `[1,4)`) whenever one is made, so equal sets have equal bytes.

mod aggregate;
mod functions;
mod io;
mod multirange;

pub use aggregate::{range_agg, range_intersect_agg};
pub use functions::RANGES;
pub(crate) use functions::{compare, hash_extended, hash_of};
pub use io::{MULTIRANGE_IO, RANGE_IO};
pub use multirange::{MULTIRANGES, Multirange, unnest};
pub(crate) use multirange::{
    compare as compare_multiranges, hash_extended as hash_multirange_extended, hash_of as hash_multirange,
};

use crate::environment::{Environment, TypeKind};
use crate::{oid, order};
use batch::{DatumRef, Repr};
use error::{Error, Result, SqlState};
use ids::Oid;
use std::cmp::Ordering;

/// The flag of an empty range.
pub(crate) const EMPTY: u8 = 1;
/// The flag of an inclusive lower bound.
pub(crate) const LOWER_INCLUSIVE: u8 = 2;
/// The flag of an inclusive upper bound.
pub(crate) const UPPER_INCLUSIVE: u8 = 4;
/// The flag of no lower bound.
pub(crate) const LOWER_INFINITE: u8 = 8;
/// The flag of no upper bound.
pub(crate) const UPPER_INFINITE: u8 = 16;

/// The form code of bounds that are strings of bytes.
const BYTES: u8 = 255;

/// What a range type is made of.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// The range type.
    pub oid: Oid,
    /// The type of its bounds.
    pub subtype: Oid,
    /// The collation in which they are compared.
    pub collation: Oid,
    /// The function that brings a range to its canonical form, or 0.
    pub canonical: Oid,
    /// The form of the bounds.
    pub repr: Repr,
}

impl Kind {
    /// What a range type, or a domain over one, is made of.
    pub fn of(range_type: Oid, env: &dyn Environment) -> Result<Kind> {
        let builtin = |subtype, canonical, repr| {
            let (collation, canonical) = (Oid::INVALID, Oid(canonical));
            Ok(Kind { oid: range_type, subtype, collation, canonical, repr })
        };
        match range_type {
            oid::INT4RANGE => return builtin(oid::INT4, INT4_CANONICAL, Repr::B4),
            oid::INT8RANGE => return builtin(oid::INT8, INT8_CANONICAL, Repr::B8),
            oid::DATERANGE => return builtin(oid::DATE, DATE_CANONICAL, Repr::B4),
            oid::NUMRANGE => return builtin(oid::NUMERIC, 0, Repr::Bytes),
            oid::TSRANGE => return builtin(oid::TIMESTAMP, 0, Repr::B8),
            oid::TSTZRANGE => return builtin(oid::TIMESTAMPTZ, 0, Repr::B8),
            _ => {}
        }
        let facts = env.type_facts(range_type)?;
        match &facts.kind {
            TypeKind::Range { subtype, collation, canonical } => {
                let repr = match crate::repr(*subtype) {
                    Some(repr) => repr,
                    None => env.type_facts(*subtype)?.repr,
                };
                Ok(Kind { oid: range_type, subtype: *subtype, collation: *collation, canonical: *canonical, repr })
            }
            TypeKind::Domain { base, .. } => Kind::of(*base, env),
            _ => Err(Error::internal(format!("type {range_type} is not a range type"))),
        }
    }

    /// Compares two values of the bounds' type.
    pub fn compare(&self, a: DatumRef<'_>, b: DatumRef<'_>, env: &dyn Environment) -> Result<Ordering> {
        order::compare(self.subtype, self.collation, a, b, env)
    }
}

/// `int4range_canonical`, `int8range_canonical`, `daterange_canonical`.
const INT4_CANONICAL: u32 = 3914;
const INT8_CANONICAL: u32 = 3928;
const DATE_CANONICAL: u32 = 3915;

/// A bound of a range.
#[derive(Clone, Copy, Debug)]
pub struct Bound<'a> {
    /// Its value; null if there is none.
    pub value: DatumRef<'a>,
    /// Whether the value itself belongs to the range.
    pub inclusive: bool,
    /// It is a lower bound.
    pub lower: bool,
}

impl<'a> Bound<'a> {
    /// No bound.
    pub fn none(lower: bool) -> Bound<'static> {
        Bound { value: DatumRef::Null, inclusive: false, lower }
    }

    /// Whether there is no bound.
    pub fn is_infinite(&self) -> bool {
        self.value.is_null()
    }

    /// Where the values on its other side end or begin.
    pub fn complement(self) -> Bound<'a> {
        Bound { value: self.value, inclusive: !self.inclusive, lower: !self.lower }
    }
}

/// A range, read in place.
#[derive(Clone, Copy, Debug)]
pub struct Range<'a> {
    /// It has no values; then its bounds mean nothing.
    pub empty: bool,
    /// Where it begins.
    pub lower: Bound<'a>,
    /// Where it ends.
    pub upper: Bound<'a>,
}

/// Whether a range, or a multirange, has no values.
///
/// # Errors
/// `XX001` for bytes that are none.
pub fn is_empty(bytes: &[u8], multirange: bool) -> Result<bool> {
    match multirange {
        true => Ok(Multirange::read(bytes)?.is_empty()),
        false => Ok(Range::read(bytes)?.empty),
    }
}

/// The range type that a value is of.
pub fn type_of(bytes: &[u8]) -> Result<Oid> {
    match bytes.get(4..8) {
        Some(&[a, b, c, d]) => Ok(Oid(u32::from_le_bytes([a, b, c, d]))),
        _ => Err(damaged()),
    }
}

#[cold]
fn damaged() -> Error {
    Error::corrupted("a range's bytes are damaged")
}

impl<'a> Range<'a> {
    /// The range without values.
    pub const EMPTY: Range<'static> = Range {
        empty: true,
        lower: Bound { value: DatumRef::Null, inclusive: false, lower: true },
        upper: Bound { value: DatumRef::Null, inclusive: false, lower: false },
    };

    /// Reads a range; fails with XX001 for bytes that are none.
    pub fn read(bytes: &'a [u8]) -> Result<Range<'a>> {
        let [flags, form, _, _, _, _, _, _, rest @ ..] = bytes else { return Err(damaged()) };
        if flags & EMPTY != 0 {
            return Ok(Range::EMPTY);
        }
        let (has_lower, has_upper) = (flags & LOWER_INFINITE == 0, flags & UPPER_INFINITE == 0);
        let (first, second) = if *form == BYTES {
            if has_lower {
                let (length, rest) = rest.split_first_chunk::<4>().ok_or_else(damaged)?;
                rest.split_at_checked(u32::from_le_bytes(*length) as usize).ok_or_else(damaged)?
            } else {
                (&[][..], rest)
            }
        } else {
            rest.split_at_checked(if has_lower { *form as usize } else { 0 }).ok_or_else(damaged)?
        };
        let value = |there: bool, bytes: &'a [u8]| match (there, form, bytes) {
            (false, ..) => Ok(DatumRef::Null),
            (_, 1, &[a]) => Ok(DatumRef::B1(a)),
            (_, 2, &[a, b]) => Ok(DatumRef::B2(i16::from_le_bytes([a, b]))),
            (_, 4, &[a, b, c, d]) => Ok(DatumRef::B4(i32::from_le_bytes([a, b, c, d]))),
            (_, 8, &[a, b, c, d, e, f, g, h]) => Ok(DatumRef::B8(i64::from_le_bytes([a, b, c, d, e, f, g, h]))),
            (_, &BYTES, bytes) => Ok(DatumRef::Bytes(bytes)),
            _ => Err(damaged()),
        };
        Ok(Range {
            empty: false,
            lower: Bound { value: value(has_lower, first)?, inclusive: flags & LOWER_INCLUSIVE != 0, lower: true },
            upper: Bound { value: value(has_upper, second)?, inclusive: flags & UPPER_INCLUSIVE != 0, lower: false },
        })
    }

    /// Its flags.
    pub(crate) fn flags(&self) -> u8 {
        if self.empty {
            return EMPTY;
        }
        let mut flags = 0;
        let (lower, upper) = (&self.lower, &self.upper);
        flags |= if lower.is_infinite() { LOWER_INFINITE } else { LOWER_INCLUSIVE * lower.inclusive as u8 };
        flags | if upper.is_infinite() { UPPER_INFINITE } else { UPPER_INCLUSIVE * upper.inclusive as u8 }
    }

    /// Adds its bytes to `out`, as it is.
    fn write_raw(&self, kind: &Kind, out: &mut Vec<u8>) {
        let form = kind.repr.width().map_or(BYTES, |width| width as u8);
        out.extend_from_slice(&[self.flags(), form, 0, 0]);
        out.extend_from_slice(&kind.oid.0.to_le_bytes());
        if self.empty {
            return;
        }
        if let DatumRef::Bytes(lower) = self.lower.value {
            out.extend_from_slice(&(lower.len() as u32).to_le_bytes());
        }
        for bound in [self.lower, self.upper] {
            match bound.value {
                DatumRef::Null => {}
                DatumRef::B1(v) => out.push(v),
                DatumRef::B2(v) => out.extend_from_slice(&v.to_le_bytes()),
                DatumRef::B4(v) => out.extend_from_slice(&v.to_le_bytes()),
                DatumRef::B8(v) => out.extend_from_slice(&v.to_le_bytes()),
                DatumRef::Bytes(v) => out.extend_from_slice(v),
            }
        }
    }

    /// Adds the canonical bytes of the range to `out`.
    ///
    /// # Errors
    /// 22000 if the lower bound is above the upper one; those of the canonical function.
    pub fn write(&self, kind: &Kind, env: &dyn Environment, out: &mut Vec<u8>) -> Result<()> {
        let mut range = *self;
        range.settle(kind, env)?;
        if !range.empty && kind.canonical.is_valid() {
            match kind.canonical.0 {
                INT4_CANONICAL | DATE_CANONICAL => range.canonical_int4(kind.subtype == oid::DATE)?,
                INT8_CANONICAL => range.canonical_int8()?,
                _ => {
                    let mut raw = Vec::new();
                    range.write_raw(kind, &mut raw);
                    let made = env.call_function(kind.canonical, &[DatumRef::Bytes(&raw)], Oid::INVALID)?;
                    out.extend_from_slice(made.as_bytes().ok_or_else(damaged)?);
                    return Ok(());
                }
            }
            range.settle(kind, env)?;
        }
        range.write_raw(kind, out);
        Ok(())
    }

    /// Checks the order of the bounds, and finds out whether anything is between them.
    fn settle(&mut self, kind: &Kind, env: &dyn Environment) -> Result<()> {
        if self.empty || self.lower.is_infinite() || self.upper.is_infinite() {
            return Ok(());
        }
        match kind.compare(self.lower.value, self.upper.value, env)? {
            Ordering::Greater => Err(Error::new(
                SqlState::DATA_EXCEPTION,
                "range lower bound must be less than or equal to range upper bound",
            )),
            Ordering::Equal if !(self.lower.inclusive && self.upper.inclusive) => {
                *self = Range::EMPTY;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn canonical_int4(&mut self, date: bool) -> Result<()> {
        // The infinite dates have no neighbours.
        let next = |v: i32| match (date, v) {
            (true, i32::MIN | i32::MAX) => Ok(v),
            (true, _) => match v.checked_add(1) {
                Some(next) if next <= LAST_DATE => Ok(next),
                _ => Err(Error::new(SqlState::DATETIME_FIELD_OVERFLOW, "date out of range")),
            },
            (false, _) => v.checked_add(1).ok_or_else(crate::int::integer_range),
        };
        let open = |v: i32| !(date && matches!(v, i32::MIN | i32::MAX));
        if let DatumRef::B4(v) = self.lower.value
            && !self.lower.inclusive
            && open(v)
        {
            self.lower = Bound { value: DatumRef::B4(next(v)?), inclusive: true, lower: true };
        }
        if let DatumRef::B4(v) = self.upper.value
            && self.upper.inclusive
            && open(v)
        {
            self.upper = Bound { value: DatumRef::B4(next(v)?), inclusive: false, lower: false };
        }
        Ok(())
    }

    fn canonical_int8(&mut self) -> Result<()> {
        let next = |v: i64| v.checked_add(1).ok_or_else(crate::int::bigint_range);
        if let (DatumRef::B8(v), false) = (self.lower.value, self.lower.inclusive) {
            self.lower = Bound { value: DatumRef::B8(next(v)?), inclusive: true, lower: true };
        }
        if let (DatumRef::B8(v), true) = (self.upper.value, self.upper.inclusive) {
            self.upper = Bound { value: DatumRef::B8(next(v)?), inclusive: false, lower: false };
        }
        Ok(())
    }
}

/// The last date there is: 5874897-12-31, in days since 2000.
const LAST_DATE: i32 = 2_145_031_948;

/// Compares two bounds, of the same side or of different ones: where the values begin or end.
pub fn compare_bounds(kind: &Kind, a: &Bound<'_>, b: &Bound<'_>, env: &dyn Environment) -> Result<Ordering> {
    let order = compare_values(kind, a, b, env)?;
    if order.is_ne() || a.is_infinite() {
        return Ok(order);
    }
    // Where an exclusive bound stands: a lower one just behind its value, an upper one just before it.
    let side = |bound: &Bound<'_>| match (bound.inclusive, bound.lower) {
        (true, _) => 0,
        (false, true) => 1,
        (false, false) => -1,
    };
    Ok(side(a).cmp(&side(b)))
}

/// Compares the values of two bounds alone. No lower bound is below, no upper bound above all values.
pub fn compare_values(kind: &Kind, a: &Bound<'_>, b: &Bound<'_>, env: &dyn Environment) -> Result<Ordering> {
    let end = |bound: &Bound<'_>| match (bound.is_infinite(), bound.lower) {
        (false, _) => 0,
        (true, true) => -1,
        (true, false) => 1,
    };
    match (a.is_infinite(), b.is_infinite()) {
        (false, false) => kind.compare(a.value, b.value, env),
        _ => Ok(end(a).cmp(&end(b))),
    }
}

/// Compares two ranges: the empty one first, then by lower bounds, then by upper ones.
pub fn compare_ranges(kind: &Kind, a: &Range<'_>, b: &Range<'_>, env: &dyn Environment) -> Result<Ordering> {
    match (a.empty, b.empty) {
        (true, true) => Ok(Ordering::Equal),
        (true, false) => Ok(Ordering::Less),
        (false, true) => Ok(Ordering::Greater),
        (false, false) => match compare_bounds(kind, &a.lower, &b.lower, env)? {
            Ordering::Equal => compare_bounds(kind, &a.upper, &b.upper, env),
            order => Ok(order),
        },
    }
}

/// Whether nothing is between an upper bound and a lower one, and they do not overlap.
pub fn bounds_touch(kind: &Kind, upper: &Bound<'_>, lower: &Bound<'_>, env: &dyn Environment) -> Result<bool> {
    match compare_values(kind, upper, lower, env)? {
        Ordering::Less if kind.canonical.is_valid() => {
            // Adjacent if the range between them turns out empty.
            let between = Range { empty: false, lower: upper.complement(), upper: lower.complement() };
            let mut bytes = Vec::new();
            between.write(kind, env, &mut bytes)?;
            Ok(bytes[0] & EMPTY != 0)
        }
        Ordering::Equal => Ok(upper.inclusive != lower.inclusive),
        _ => Ok(false),
    }
}

/// Adds a bound's part of a sort key to `out`; `value` adds its value's.
pub(crate) fn bound_key(
    bound: &Bound<'_>,
    out: &mut Vec<u8>,
    value: impl FnOnce(&mut Vec<u8>) -> Result<()>,
) -> Result<()> {
    if bound.is_infinite() {
        out.push(if bound.lower { 0 } else { 2 });
        return Ok(());
    }
    out.push(1);
    value(out)?;
    // An exclusive lower bound is above its value, an exclusive upper one below it.
    out.push((bound.lower != bound.inclusive) as u8);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Context, DefaultEnvironment, input, output};
    use batch::Datum;

    fn text(type_oid: Oid, value: &Datum) -> String {
        let mut out = Vec::new();
        output(type_oid, value.as_ref(), &DefaultEnvironment::default(), &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    fn parsed(type_oid: Oid, literal: &str) -> Result<String> {
        input(type_oid, literal, -1, &DefaultEnvironment::default()).map(|value| text(type_oid, &value))
    }

    /// Sets of small numbers as bits, from -2 to 9: what ranges over them must agree with.
    fn bits(range: &Range<'_>) -> u16 {
        if range.empty {
            return 0;
        }
        let from = range.lower.value.as_i32().unwrap_or(-100);
        let to = range.upper.value.as_i32().unwrap_or(100);
        (-2..10).filter(|n| from <= *n && *n < to).fold(0, |bits, n| bits | 1 << (n + 2))
    }

    #[test]
    fn literals() {
        assert_eq!(parsed(oid::INT4RANGE, " ( 1 , 5 ] ").unwrap(), "[2,6)");
        assert_eq!(parsed(oid::INT4RANGE, "(1,2)").unwrap(), "empty");
        assert_eq!(parsed(oid::INT4RANGE, "(,]").unwrap(), "(,)");
        assert_eq!(parsed(oid::NUMRANGE, "[1.0,\"2.50\"]").unwrap(), "[1.0,2.50]");
        assert_eq!(parsed(oid::DATERANGE, "[2000-01-01,infinity]").unwrap(), "[2000-01-01,infinity]");
        assert_eq!(parsed(oid::INT4MULTIRANGE, "{[5,6], [1,2), empty, [2,3]}").unwrap(), "{[1,4),[5,7)}");
        for (literal, detail) in [
            ("", "Missing left parenthesis or bracket."),
            ("[1,2", "Unexpected end of input."),
            ("[1]", "Missing comma after lower bound."),
            ("[1,2,3]", "Too many commas."),
            ("[1,2] x", "Junk after right parenthesis or bracket."),
            ("empty x", "Junk after \"empty\" key word."),
        ] {
            let error = parsed(oid::INT4RANGE, literal).unwrap_err();
            assert!(format!("{error:?}").contains(detail), "{literal}: {error:?}");
        }
        assert!(parsed(oid::INT4RANGE, "[2,1]").is_err());
        assert!(parsed(oid::INT4RANGE, "[1,2147483647]").is_err());
    }

    /// All ranges of small numbers, under all operators, against sets of bits.
    #[test]
    fn operators_are_those_of_sets() {
        let env = DefaultEnvironment::default();
        let mut all = vec!["empty".to_string(), "(,)".into()];
        for from in 0..6 {
            all.push(format!("[{from},)"));
            all.push(format!("(,{from})"));
            all.extend((from + 1..7).map(|to| format!("[{from},{to})")));
        }
        let all: Vec<Datum> = all.iter().map(|text| input(oid::INT4RANGE, text, -1, &env).unwrap()).collect();
        let call = |function: u32, args: &[DatumRef<'_>], types: &[Oid], result: Oid| {
            let context = Context { result_type: result, arg_types: types, ..Context::plain(&env) };
            crate::function(Oid(function)).unwrap().evaluate_one(args, context, crate::repr(result).unwrap())
        };
        let (range, multi) = (oid::INT4RANGE, oid::INT4MULTIRANGE);
        let as_multi = |value: &Datum| call(4281, &[value.as_ref()], &[range], multi).unwrap();
        let bits_of_multi = |value: &Datum| {
            let view = Multirange::read(value.as_bytes().unwrap()).unwrap();
            view.ranges().unwrap().iter().fold(0, |all, range| all | bits(range))
        };
        for a in &all {
            let x = bits(&Range::read(a.as_bytes().unwrap()).unwrap());
            for b in &all {
                let y = bits(&Range::read(b.as_bytes().unwrap()).unwrap());
                let args = [a.as_ref(), b.as_ref()];
                let ask = |f| call(f, &args, &[range; 2], oid::BOOL).unwrap().as_bool().unwrap();
                let case = || format!("{} and {}", text(range, a), text(range, b));
                assert_eq!(ask(3857), x & y != 0, "overlap of {}", case());
                assert_eq!(ask(3855), x == y && text(range, a) == text(range, b), "equality of {}", case());
                if ask(3859) {
                    assert_eq!(x & y, y, "{}", case());
                }
                let made = call(3868, &args, &[range; 2], range).unwrap();
                assert_eq!(bits(&Range::read(made.as_bytes().unwrap()).unwrap()), x & y, "{}", case());
                for (f, wanted) in [(3867, x | y), (3869, x & !y)] {
                    if let Ok(made) = call(f, &args, &[range; 2], range) {
                        assert_eq!(bits(&Range::read(made.as_bytes().unwrap()).unwrap()), wanted, "{f} of {}", case());
                    }
                }
                // The same as multiranges, which are never too torn.
                let (m, n) = (as_multi(a), as_multi(b));
                let args = [m.as_ref(), n.as_ref()];
                for (f, wanted) in [(4270, x | y), (4271, x & !y), (4272, x & y)] {
                    let made = call(f, &args, &[multi; 2], multi).unwrap();
                    assert_eq!(bits_of_multi(&made), wanted, "{f} of {}", case());
                }
                let order = compare(a.as_bytes().unwrap(), b.as_bytes().unwrap(), &env).unwrap();
                let encoder = crate::sortkey::KeyEncoder::new(
                    vec![crate::sortkey::KeyColumn::ascending(range, Oid::INVALID)],
                    &env,
                )
                .unwrap();
                let key = |value: &Datum| {
                    let mut key = Vec::new();
                    encoder.encode_row(&[value.as_ref()], &env, &mut key).unwrap();
                    key
                };
                assert_eq!(key(a).cmp(&key(b)), order, "keys of {}", case());
            }
        }
    }
}
