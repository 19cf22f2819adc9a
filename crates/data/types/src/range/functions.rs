//! Functions and operators of ranges.

use super::{Bound, Kind, Range, bounds_touch, compare_bounds, compare_ranges, type_of};
use crate::Environment;
use crate::call::{Context, NotNull};
use crate::hash;
use crate::numeric::{Numeric, to_double};
use batch::{Datum, DatumRef};
use error::{Error, Result, SqlState};
use std::cmp::Ordering;

crate::builtins! {
    /// Functions of ranges.
    pub static RANGES =
    3855 range_eq each(Context, &[u8], &[u8]) |cx: Context<'_>, a, b| compare(a, b, cx.env).map(Ordering::is_eq);
    3856 range_ne each(Context, &[u8], &[u8]) |cx: Context<'_>, a, b| compare(a, b, cx.env).map(Ordering::is_ne);
    3871 range_lt each(Context, &[u8], &[u8]) |cx: Context<'_>, a, b| compare(a, b, cx.env).map(Ordering::is_lt);
    3872 range_le each(Context, &[u8], &[u8]) |cx: Context<'_>, a, b| compare(a, b, cx.env).map(Ordering::is_le);
    3873 range_ge each(Context, &[u8], &[u8]) |cx: Context<'_>, a, b| compare(a, b, cx.env).map(Ordering::is_ge);
    3874 range_gt each(Context, &[u8], &[u8]) |cx: Context<'_>, a, b| compare(a, b, cx.env).map(Ordering::is_gt);
    3870 range_cmp each(Context, &[u8], &[u8]) |cx: Context<'_>, a, b| compare(a, b, cx.env).map(|o| o as i32);
    3857 range_overlaps each(Context, &[u8], &[u8]) |cx: Context<'_>, a, b| ends(cx, a, b, holds::overlap);
    3858 range_contains_elem each(Context, &[u8], NotNull) |cx: Context<'_>, a, b: NotNull<'_>| contains_element(cx, a, b.0);
    3860 elem_contained_by_range each(Context, NotNull, &[u8]) |cx: Context<'_>, b: NotNull<'_>, a| contains_element(cx, a, b.0);
    3859 range_contains each(Context, &[u8], &[u8]) |cx: Context<'_>, a, b| contains(cx, a, b);
    3861 range_contained_by each(Context, &[u8], &[u8]) |cx: Context<'_>, a, b| contains(cx, b, a);
    3862 range_adjacent each(Context, &[u8], &[u8]) |cx: Context<'_>, a, b| ends(cx, a, b, holds::adjacent);
    3863 range_before each(Context, &[u8], &[u8]) |cx: Context<'_>, a, b| ends(cx, a, b, holds::before);
    3864 range_after each(Context, &[u8], &[u8]) |cx: Context<'_>, a, b| ends(cx, a, b, holds::after);
    3865 range_overleft each(Context, &[u8], &[u8]) |cx: Context<'_>, a, b| ends(cx, a, b, holds::overleft);
    3866 range_overright each(Context, &[u8], &[u8]) |cx: Context<'_>, a, b| ends(cx, a, b, holds::overright);
    3867 range_union arena(Context, &[u8], &[u8]) |cx: Context<'_>, a, b, out: &mut Vec<u8>| union(cx, a, b, true, out);
    4057 range_merge arena(Context, &[u8], &[u8]) |cx: Context<'_>, a, b, out: &mut Vec<u8>| union(cx, a, b, false, out);
    3868 range_intersect arena(Context, &[u8], &[u8]) intersection;
    3869 range_minus arena(Context, &[u8], &[u8]) difference;
    3848 range_lower each(&[u8]) |a: &[u8]| Range::read(a).map(|a| value(a.empty, a.lower));
    3849 range_upper each(&[u8]) |a: &[u8]| Range::read(a).map(|a| value(a.empty, a.upper));
    3850 range_empty each(&[u8]) |a: &[u8]| Range::read(a).map(|a| a.empty);
    3851 range_lower_inc each(&[u8]) |a: &[u8]| Range::read(a).map(|a| !a.empty && a.lower.inclusive);
    3852 range_upper_inc each(&[u8]) |a: &[u8]| Range::read(a).map(|a| !a.empty && a.upper.inclusive);
    3853 range_lower_inf each(&[u8]) |a: &[u8]| Range::read(a).map(|a| !a.empty && a.lower.is_infinite());
    3854 range_upper_inf each(&[u8]) |a: &[u8]| Range::read(a).map(|a| !a.empty && a.upper.is_infinite());
    3902 hash_range each(Context, &[u8]) |cx: Context<'_>, a: &[u8]| hash_of(a, cx.env).map(|h| h as i32);
    3417 hash_range_extended each(Context, &[u8], i64) |cx: Context<'_>, a: &[u8], seed: i64| hash_extended(a, seed as u64, cx.env).map(|h| h as i64);
    3914 int4range_canonical arena(&[u8]) |a: &[u8], out: &mut Vec<u8>| out.extend_from_slice(a);
    3928 int8range_canonical arena(&[u8]) |a: &[u8], out: &mut Vec<u8>| out.extend_from_slice(a);
    3915 daterange_canonical arena(&[u8]) |a: &[u8], out: &mut Vec<u8>| out.extend_from_slice(a);
    3922 int4range_subdiff fast(i32, i32) |a, b| a as f64 - b as f64;
    3923 int8range_subdiff fast(i64, i64) |a, b| a as f64 - b as f64;
    3924 numrange_subdiff each(Numeric, Numeric) |a: Numeric, b: Numeric| a.sub(&b).and_then(|length| to_double(&length));
    3925 daterange_subdiff fast(i32, i32) |a, b| a as f64 - b as f64;
    3929 tsrange_subdiff fast(i64, i64) |a, b| (a as f64 - b as f64) / 1e6;
    3930 tstzrange_subdiff fast(i64, i64) |a, b| (a as f64 - b as f64) / 1e6;
    3840 range_constructor2 arena(Context, DatumRef, DatumRef) constructor2;
    3844 range_constructor2 arena(Context, DatumRef, DatumRef) constructor2;
    3933 range_constructor2 arena(Context, DatumRef, DatumRef) constructor2;
    3937 range_constructor2 arena(Context, DatumRef, DatumRef) constructor2;
    3941 range_constructor2 arena(Context, DatumRef, DatumRef) constructor2;
    3945 range_constructor2 arena(Context, DatumRef, DatumRef) constructor2;
    3841 range_constructor3 arena(Context, DatumRef, DatumRef, Option<&[u8]>) constructor3;
    3845 range_constructor3 arena(Context, DatumRef, DatumRef, Option<&[u8]>) constructor3;
    3934 range_constructor3 arena(Context, DatumRef, DatumRef, Option<&[u8]>) constructor3;
    3938 range_constructor3 arena(Context, DatumRef, DatumRef, Option<&[u8]>) constructor3;
    3942 range_constructor3 arena(Context, DatumRef, DatumRef, Option<&[u8]>) constructor3;
    3946 range_constructor3 arena(Context, DatumRef, DatumRef, Option<&[u8]>) constructor3;
}

/// Where two sets begin and end.
pub(super) struct Sides<'s> {
    pub kind: &'s Kind,
    pub env: &'s dyn Environment,
    pub a_lower: Bound<'s>,
    pub a_upper: Bound<'s>,
    pub b_lower: Bound<'s>,
    pub b_upper: Bound<'s>,
}

/// What may hold of two sets by where they begin and end.
pub(super) mod holds {
    use super::*;

    fn order(sides: &Sides<'_>, a: &Bound<'_>, b: &Bound<'_>) -> Result<Ordering> {
        compare_bounds(sides.kind, a, b, sides.env)
    }

    /// `<<`
    pub fn before(s: Sides<'_>) -> Result<bool> {
        order(&s, &s.a_upper, &s.b_lower).map(Ordering::is_lt)
    }

    /// `>>`
    pub fn after(s: Sides<'_>) -> Result<bool> {
        order(&s, &s.a_lower, &s.b_upper).map(Ordering::is_gt)
    }

    /// `&<`
    pub fn overleft(s: Sides<'_>) -> Result<bool> {
        order(&s, &s.a_upper, &s.b_upper).map(Ordering::is_le)
    }

    /// `&>`
    pub fn overright(s: Sides<'_>) -> Result<bool> {
        order(&s, &s.a_lower, &s.b_lower).map(Ordering::is_ge)
    }

    /// `&&`, for ranges without holes.
    pub fn overlap(s: Sides<'_>) -> Result<bool> {
        Ok(order(&s, &s.a_lower, &s.b_upper)?.is_le() && order(&s, &s.b_lower, &s.a_upper)?.is_le())
    }

    /// `-|-`
    pub fn adjacent(s: Sides<'_>) -> Result<bool> {
        Ok(bounds_touch(s.kind, &s.a_upper, &s.b_lower, s.env)? || bounds_touch(s.kind, &s.b_upper, &s.a_lower, s.env)?)
    }
}

fn sides<'s>(kind: &'s Kind, env: &'s dyn Environment, a: &Range<'s>, b: &Range<'s>) -> Sides<'s> {
    Sides { kind, env, a_lower: a.lower, a_upper: a.upper, b_lower: b.lower, b_upper: b.upper }
}

/// Two ranges of one type.
fn read<'a>(a: &'a [u8], b: &'a [u8], env: &dyn Environment) -> Result<(Kind, Range<'a>, Range<'a>)> {
    let of = type_of(a)?;
    if of != type_of(b)? {
        return Err(Error::internal("range types do not match"));
    }
    Ok((Kind::of(of, env)?, Range::read(a)?, Range::read(b)?))
}

/// Compares two ranges.
pub(crate) fn compare(a: &[u8], b: &[u8], env: &dyn Environment) -> Result<Ordering> {
    let (kind, a, b) = read(a, b, env)?;
    compare_ranges(&kind, &a, &b, env)
}

fn ends(context: Context<'_>, a: &[u8], b: &[u8], ask: fn(Sides<'_>) -> Result<bool>) -> Result<bool> {
    let (kind, a, b) = read(a, b, context.env)?;
    if a.empty || b.empty {
        return Ok(false);
    }
    ask(sides(&kind, context.env, &a, &b))
}

fn contains(context: Context<'_>, a: &[u8], b: &[u8]) -> Result<bool> {
    let (kind, a, b) = read(a, b, context.env)?;
    if b.empty || a.empty {
        return Ok(b.empty);
    }
    Ok(compare_bounds(&kind, &a.lower, &b.lower, context.env)?.is_le()
        && compare_bounds(&kind, &a.upper, &b.upper, context.env)?.is_ge())
}

fn contains_element(context: Context<'_>, range: &[u8], value: DatumRef<'_>) -> Result<bool> {
    let kind = Kind::of(type_of(range)?, context.env)?;
    let range = Range::read(range)?;
    if range.empty {
        return Ok(false);
    }
    let point = |lower| Bound { value, inclusive: true, lower };
    Ok(compare_bounds(&kind, &range.lower, &point(false), context.env)?.is_le()
        && compare_bounds(&kind, &range.upper, &point(true), context.env)?.is_ge())
}

fn value(empty: bool, bound: Bound<'_>) -> Option<Datum> {
    (!empty && !bound.is_infinite()).then(|| bound.value.to_datum())
}

#[cold]
fn not_contiguous(what: &str) -> Error {
    Error::new(SqlState::DATA_EXCEPTION, format!("result of range {what} would not be contiguous"))
}

fn union(context: Context<'_>, x: &[u8], y: &[u8], strict: bool, out: &mut Vec<u8>) -> Result<()> {
    let env = context.env;
    let (kind, a, b) = read(x, y, env)?;
    if a.empty || b.empty {
        out.extend_from_slice(if a.empty { y } else { x });
        return Ok(());
    }
    if strict && !holds::overlap(sides(&kind, env, &a, &b))? && !holds::adjacent(sides(&kind, env, &a, &b))? {
        return Err(not_contiguous("union"));
    }
    let lower = if compare_bounds(&kind, &a.lower, &b.lower, env)?.is_lt() { a.lower } else { b.lower };
    let upper = if compare_bounds(&kind, &a.upper, &b.upper, env)?.is_gt() { a.upper } else { b.upper };
    Range { empty: false, lower, upper }.write(&kind, env, out)
}

fn intersection(context: Context<'_>, x: &[u8], y: &[u8], out: &mut Vec<u8>) -> Result<()> {
    let env = context.env;
    let (kind, a, b) = read(x, y, env)?;
    if a.empty || b.empty || !holds::overlap(sides(&kind, env, &a, &b))? {
        return Range::EMPTY.write(&kind, env, out);
    }
    let lower = if compare_bounds(&kind, &a.lower, &b.lower, env)?.is_ge() { a.lower } else { b.lower };
    let upper = if compare_bounds(&kind, &a.upper, &b.upper, env)?.is_le() { a.upper } else { b.upper };
    Range { empty: false, lower, upper }.write(&kind, env, out)
}

fn difference(context: Context<'_>, x: &[u8], y: &[u8], out: &mut Vec<u8>) -> Result<()> {
    let env = context.env;
    let (kind, a, b) = read(x, y, env)?;
    if a.empty || b.empty || !holds::overlap(sides(&kind, env, &a, &b))? {
        out.extend_from_slice(x);
        return Ok(());
    }
    let left = compare_bounds(&kind, &a.lower, &b.lower, env)?.is_lt();
    let right = compare_bounds(&kind, &a.upper, &b.upper, env)?.is_gt();
    let rest = match (left, right) {
        (true, true) => return Err(not_contiguous("difference")),
        (false, false) => Range::EMPTY,
        (true, false) => Range { empty: false, lower: a.lower, upper: b.lower.complement() },
        (false, true) => Range { empty: false, lower: b.upper.complement(), upper: a.upper },
    };
    rest.write(&kind, env, out)
}

fn construct(
    context: Context<'_>,
    lower: DatumRef<'_>,
    upper: DatumRef<'_>,
    inclusive: (bool, bool),
    out: &mut Vec<u8>,
) -> Result<()> {
    let kind = Kind::of(context.result_type, context.env)?;
    let range = Range {
        empty: false,
        lower: Bound { value: lower, inclusive: inclusive.0 && !lower.is_null(), lower: true },
        upper: Bound { value: upper, inclusive: inclusive.1 && !upper.is_null(), lower: false },
    };
    range.write(&kind, context.env, out)
}

fn constructor2(context: Context<'_>, lower: DatumRef<'_>, upper: DatumRef<'_>, out: &mut Vec<u8>) -> Result<()> {
    construct(context, lower, upper, (true, false), out)
}

fn constructor3(
    context: Context<'_>,
    lower: DatumRef<'_>,
    upper: DatumRef<'_>,
    flags: Option<&[u8]>,
    out: &mut Vec<u8>,
) -> Result<()> {
    let inclusive = match flags {
        None => {
            let text = "range constructor flags argument must not be null";
            return Err(Error::new(SqlState::DATA_EXCEPTION, text));
        }
        Some(b"[]") => (true, true),
        Some(b"[)") => (true, false),
        Some(b"(]") => (false, true),
        Some(b"()") => (false, false),
        Some(_) => {
            return Err(Error::new(SqlState::SYNTAX_ERROR, "invalid range bound flags")
                .hint("Valid values are \"[]\", \"[)\", \"(]\", and \"()\"."));
        }
    };
    construct(context, lower, upper, inclusive, out)
}

/// The 32-bit hash of a range.
pub(crate) fn hash_of(bytes: &[u8], env: &dyn Environment) -> Result<u32> {
    let kind = Kind::of(type_of(bytes)?, env)?;
    let range = Range::read(bytes)?;
    let bound = |bound: Bound<'_>| match range.empty || bound.is_infinite() {
        true => Ok(0),
        false => hash::hash(kind.subtype, kind.collation, bound.value, env),
    };
    let result = (hash::uint32(range.flags() as u32) ^ bound(range.lower)?).rotate_left(1);
    Ok(result ^ bound(range.upper)?)
}

/// The 64-bit hash of a range with a seed.
pub(crate) fn hash_extended(bytes: &[u8], seed: u64, env: &dyn Environment) -> Result<u64> {
    let kind = Kind::of(type_of(bytes)?, env)?;
    let range = Range::read(bytes)?;
    let bound = |bound: Bound<'_>| match range.empty || bound.is_infinite() {
        true => Ok(0),
        false => hash::hash_extended(kind.subtype, kind.collation, bound.value, seed, env),
    };
    let mixed = hash::uint32_extended(range.flags() as u32, seed) ^ bound(range.lower)?;
    // Both halves are rotated by themselves.
    let (high, low) = ((mixed >> 32) as u32, mixed as u32);
    let rotated = (high.rotate_left(1) as u64) << 32 | low.rotate_left(1) as u64;
    Ok(rotated ^ bound(range.upper)?)
}
