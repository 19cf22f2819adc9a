//! Multiranges: sets of values made of ranges, with what can be asked of two such sets.
//!
//! A range is a set of one range, or of none. So each question is answered once, for two lists of ranges; the functions for
//! a range and a multirange pass a list of one.

use super::functions::{Sides, holds};
use super::{Bound, Kind, Range, bounds_touch, compare_bounds, compare_ranges, type_of};
use crate::array;
use crate::call::Context;
use crate::environment::{Environment, TypeKind};
use crate::oid;
use crate::registry::RowSource;
use batch::{Column, Datum, DatumRef};
use error::{Error, Result, SqlState};
use ids::Oid;
use std::cmp::Ordering;

/// A multirange's bytes, read in place.
#[derive(Clone, Copy, Debug)]
pub struct Multirange<'a> {
    bytes: &'a [u8],
    count: usize,
}

fn number(bytes: &[u8], at: usize) -> usize {
    match bytes.get(at..at + 4) {
        Some(&[a, b, c, d]) => u32::from_le_bytes([a, b, c, d]) as usize,
        _ => 0,
    }
}

impl<'a> Multirange<'a> {
    /// Reads a multirange; fails with XX001 for bytes that are none.
    pub fn read(bytes: &'a [u8]) -> Result<Multirange<'a>> {
        let count = number(bytes, 4);
        let data = count.saturating_mul(4).saturating_add(8);
        if bytes.len() < data || count > 0 && bytes.len() < data + number(bytes, data - 4) {
            return Err(Error::corrupted("a multirange's bytes are damaged"));
        }
        Ok(Multirange { bytes, count })
    }

    /// The multirange type.
    pub fn type_oid(&self) -> Oid {
        Oid(number(self.bytes, 0) as u32)
    }

    /// How many ranges.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether it has no ranges.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The bytes of a range.
    pub fn bytes_of(&self, at: usize) -> &'a [u8] {
        let data = 8 + 4 * self.count;
        let end = |count: usize| if count == 0 { 0 } else { number(self.bytes, 4 + 4 * count) };
        self.bytes.get(data + end(at)..data + end(at + 1)).unwrap_or_default()
    }

    /// The ranges.
    pub fn ranges(&self) -> Result<Vec<Range<'a>>> {
        (0..self.count).map(|at| Range::read(self.bytes_of(at))).collect()
    }

    /// The multirange type (seen through domains), and what its ranges are made of.
    pub fn kind_of(type_oid: Oid, env: &dyn Environment) -> Result<(Oid, Kind)> {
        let range = match type_oid {
            oid::INT4MULTIRANGE => oid::INT4RANGE,
            oid::INT8MULTIRANGE => oid::INT8RANGE,
            oid::NUMMULTIRANGE => oid::NUMRANGE,
            oid::TSMULTIRANGE => oid::TSRANGE,
            oid::TSTZMULTIRANGE => oid::TSTZRANGE,
            oid::DATEMULTIRANGE => oid::DATERANGE,
            _ => match &env.type_facts(type_oid)?.kind {
                TypeKind::Multirange { range } => *range,
                TypeKind::Domain { base, .. } => return Self::kind_of(*base, env),
                _ => return Err(Error::internal(format!("type {type_oid} is not a multirange type"))),
            },
        };
        Ok((type_oid, Kind::of(range, env)?))
    }

    /// Adds the bytes of the set that ranges of any order make up: overlapping and touching ones become one.
    pub fn write(
        type_oid: Oid,
        kind: &Kind,
        mut ranges: Vec<Range<'_>>,
        env: &dyn Environment,
        out: &mut Vec<u8>,
    ) -> Result<()> {
        ranges.retain(|range| !range.empty);
        let mut failed = None;
        ranges.sort_by(|a, b| {
            compare_ranges(kind, a, b, env).unwrap_or_else(|error| {
                failed.get_or_insert(error);
                Ordering::Equal
            })
        });
        if let Some(error) = failed {
            return Err(error);
        }
        let mut merged: Vec<Range<'_>> = Vec::with_capacity(ranges.len());
        for range in ranges {
            match merged.last_mut() {
                Some(last)
                    if compare_bounds(kind, &last.upper, &range.lower, env)?.is_ge()
                        || bounds_touch(kind, &last.upper, &range.lower, env)? =>
                {
                    if compare_bounds(kind, &range.upper, &last.upper, env)?.is_gt() {
                        last.upper = range.upper;
                    }
                }
                _ => merged.push(range),
            }
        }
        out.extend_from_slice(&type_oid.0.to_le_bytes());
        out.extend_from_slice(&(merged.len() as u32).to_le_bytes());
        let ends = out.len();
        out.resize(ends + 4 * merged.len(), 0);
        let data = out.len();
        for (at, range) in merged.iter().enumerate() {
            range.write(kind, env, out)?;
            let end = ((out.len() - data) as u32).to_le_bytes();
            out[ends + 4 * at..ends + 4 * at + 4].copy_from_slice(&end);
        }
        Ok(())
    }
}

/// Two sets as functions get them, each a range or a multirange.
struct Sets<'a> {
    kind: Kind,
    env: &'a dyn Environment,
    a: Vec<Range<'a>>,
    b: Vec<Range<'a>>,
}

fn one(bytes: &[u8]) -> Result<Vec<Range<'_>>> {
    let range = Range::read(bytes)?;
    Ok(if range.empty { Vec::new() } else { vec![range] })
}

fn many(bytes: &[u8]) -> Result<Vec<Range<'_>>> {
    Multirange::read(bytes)?.ranges()
}

impl<'a> Sets<'a> {
    fn multi(context: Context<'a>, a: &'a [u8], b: &'a [u8]) -> Result<Sets<'a>> {
        let (_, kind) = Multirange::kind_of(Multirange::read(a)?.type_oid(), context.env)?;
        Ok(Sets { kind, env: context.env, a: many(a)?, b: many(b)? })
    }

    /// A multirange and a range.
    fn with_range(context: Context<'a>, a: &'a [u8], b: &'a [u8]) -> Result<Sets<'a>> {
        Ok(Sets { kind: Kind::of(type_of(b)?, context.env)?, env: context.env, a: many(a)?, b: one(b)? })
    }

    fn swapped(self) -> Sets<'a> {
        Sets { a: self.b, b: self.a, ..self }
    }

    fn bounds(&self, a: &Bound<'_>, b: &Bound<'_>) -> Result<Ordering> {
        compare_bounds(&self.kind, a, b, self.env)
    }

    fn overlap(&self) -> Result<bool> {
        let (mut i, mut j) = (0, 0);
        while let (Some(a), Some(b)) = (self.a.get(i), self.b.get(j)) {
            if self.bounds(&a.upper, &b.lower)?.is_lt() {
                i += 1;
            } else if self.bounds(&b.upper, &a.lower)?.is_lt() {
                j += 1;
            } else {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether all values of the second are in the first.
    fn contain(&self) -> Result<bool> {
        let mut i = 0;
        for b in &self.b {
            while let Some(a) = self.a.get(i)
                && self.bounds(&a.upper, &b.lower)?.is_lt()
            {
                i += 1;
            }
            let Some(a) = self.a.get(i) else { return Ok(false) };
            if self.bounds(&a.lower, &b.lower)?.is_gt() || self.bounds(&a.upper, &b.upper)?.is_lt() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Asks about the ends of the two, if both have some: false otherwise.
    fn ends(&self, ask: impl FnOnce(Sides<'_>) -> Result<bool>) -> Result<bool> {
        match (self.a.first(), self.a.last(), self.b.first(), self.b.last()) {
            (Some(a), Some(a_last), Some(b), Some(b_last)) => ask(Sides {
                kind: &self.kind,
                env: self.env,
                a_lower: a.lower,
                a_upper: a_last.upper,
                b_lower: b.lower,
                b_upper: b_last.upper,
            }),
            _ => Ok(false),
        }
    }

    fn compare(&self) -> Result<Ordering> {
        for (a, b) in self.a.iter().zip(&self.b) {
            let order = compare_ranges(&self.kind, a, b, self.env)?;
            if order.is_ne() {
                return Ok(order);
            }
        }
        Ok(self.a.len().cmp(&self.b.len()))
    }

    fn union(mut self, type_oid: Oid, out: &mut Vec<u8>) -> Result<()> {
        self.a.append(&mut self.b);
        Multirange::write(type_oid, &self.kind, self.a, self.env, out)
    }

    fn intersection(self, type_oid: Oid, out: &mut Vec<u8>) -> Result<()> {
        let (mut i, mut j) = (0, 0);
        let mut found = Vec::new();
        while let (Some(a), Some(b)) = (self.a.get(i), self.b.get(j)) {
            let lower = if self.bounds(&a.lower, &b.lower)?.is_ge() { a.lower } else { b.lower };
            let first_ends = self.bounds(&a.upper, &b.upper)?.is_le();
            let upper = if first_ends { a.upper } else { b.upper };
            if self.bounds(&lower, &upper)?.is_le() {
                found.push(Range { empty: false, lower, upper });
            }
            if first_ends {
                i += 1;
            } else {
                j += 1;
            }
        }
        Multirange::write(type_oid, &self.kind, found, self.env, out)
    }

    fn difference(self, type_oid: Oid, out: &mut Vec<u8>) -> Result<()> {
        let mut found = Vec::new();
        for a in &self.a {
            // What is left of `a`, from `lower` on.
            let mut lower = Some(a.lower);
            for b in &self.b {
                let Some(from) = lower else { break };
                if self.bounds(&b.upper, &from)?.is_lt() {
                    continue;
                }
                if self.bounds(&b.lower, &a.upper)?.is_gt() {
                    break;
                }
                if self.bounds(&b.lower, &from)?.is_gt() {
                    found.push(Range { empty: false, lower: from, upper: b.lower.complement() });
                }
                lower = match b.upper.is_infinite() || self.bounds(&b.upper, &a.upper)?.is_ge() {
                    true => None,
                    false => Some(b.upper.complement()),
                };
            }
            if let Some(lower) = lower {
                found.push(Range { empty: false, lower, upper: a.upper });
            }
        }
        Multirange::write(type_oid, &self.kind, found, self.env, out)
    }
}

crate::builtins! {
    /// Functions of multiranges.
    pub static MULTIRANGES =
    4244 multirange_eq each(Context, &[u8], &[u8]) |cx: Context<'_>, a, b| Sets::multi(cx, a, b)?.compare().map(Ordering::is_eq);
    4245 multirange_ne each(Context, &[u8], &[u8]) |cx: Context<'_>, a, b| Sets::multi(cx, a, b)?.compare().map(Ordering::is_ne);
    4274 multirange_lt each(Context, &[u8], &[u8]) |cx: Context<'_>, a, b| Sets::multi(cx, a, b)?.compare().map(Ordering::is_lt);
    4275 multirange_le each(Context, &[u8], &[u8]) |cx: Context<'_>, a, b| Sets::multi(cx, a, b)?.compare().map(Ordering::is_le);
    4276 multirange_ge each(Context, &[u8], &[u8]) |cx: Context<'_>, a, b| Sets::multi(cx, a, b)?.compare().map(Ordering::is_ge);
    4277 multirange_gt each(Context, &[u8], &[u8]) |cx: Context<'_>, a, b| Sets::multi(cx, a, b)?.compare().map(Ordering::is_gt);
    4273 multirange_cmp each(Context, &[u8], &[u8]) |cx: Context<'_>, a, b| Sets::multi(cx, a, b)?.compare().map(|o| o as i32);
    4246 range_overlaps_multirange each(Context, &[u8], &[u8]) |cx: Context<'_>, a, b| Sets::with_range(cx, b, a)?.overlap();
    4247 multirange_overlaps_range each(Context, &[u8], &[u8]) |cx: Context<'_>, a, b| Sets::with_range(cx, a, b)?.overlap();
    4248 multirange_overlaps_multirange each(Context, &[u8], &[u8]) |cx: Context<'_>, a, b| Sets::multi(cx, a, b)?.overlap();
    4249 multirange_contains_elem each(Context, &[u8], NotNull) |cx: Context<'_>, a, b: NotNull<'_>| contains_element(cx, a, b.0);
    4252 elem_contained_by_multirange each(Context, NotNull, &[u8]) |cx: Context<'_>, b: NotNull<'_>, a| contains_element(cx, a, b.0);
    4250 multirange_contains_range each(Context, &[u8], &[u8]) |cx: Context<'_>, a, b| Sets::with_range(cx, a, b)?.contain();
    4251 multirange_contains_multirange each(Context, &[u8], &[u8]) |cx: Context<'_>, a, b| Sets::multi(cx, a, b)?.contain();
    4253 range_contained_by_multirange each(Context, &[u8], &[u8]) |cx: Context<'_>, a, b| Sets::with_range(cx, b, a)?.contain();
    4254 multirange_contained_by_multirange each(Context, &[u8], &[u8]) |cx: Context<'_>, a, b| Sets::multi(cx, b, a)?.contain();
    4541 range_contains_multirange each(Context, &[u8], &[u8]) |cx: Context<'_>, a, b| Sets::with_range(cx, b, a)?.swapped().contain();
    4542 multirange_contained_by_range each(Context, &[u8], &[u8]) |cx: Context<'_>, a, b| Sets::with_range(cx, a, b)?.swapped().contain();
    4258 range_before_multirange each(Context, &[u8], &[u8]) |cx: Context<'_>, a, b| Sets::with_range(cx, b, a)?.swapped().ends(holds::before);
    4259 multirange_before_range each(Context, &[u8], &[u8]) |cx: Context<'_>, a, b| Sets::with_range(cx, a, b)?.ends(holds::before);
    4260 multirange_before_multirange each(Context, &[u8], &[u8]) |cx: Context<'_>, a, b| Sets::multi(cx, a, b)?.ends(holds::before);
    4261 range_after_multirange each(Context, &[u8], &[u8]) |cx: Context<'_>, a, b| Sets::with_range(cx, b, a)?.swapped().ends(holds::after);
    4262 multirange_after_range each(Context, &[u8], &[u8]) |cx: Context<'_>, a, b| Sets::with_range(cx, a, b)?.ends(holds::after);
    4263 multirange_after_multirange each(Context, &[u8], &[u8]) |cx: Context<'_>, a, b| Sets::multi(cx, a, b)?.ends(holds::after);
    4264 range_overleft_multirange each(Context, &[u8], &[u8]) |cx: Context<'_>, a, b| Sets::with_range(cx, b, a)?.swapped().ends(holds::overleft);
    4265 multirange_overleft_range each(Context, &[u8], &[u8]) |cx: Context<'_>, a, b| Sets::with_range(cx, a, b)?.ends(holds::overleft);
    4266 multirange_overleft_multirange each(Context, &[u8], &[u8]) |cx: Context<'_>, a, b| Sets::multi(cx, a, b)?.ends(holds::overleft);
    4267 range_overright_multirange each(Context, &[u8], &[u8]) |cx: Context<'_>, a, b| Sets::with_range(cx, b, a)?.swapped().ends(holds::overright);
    4268 multirange_overright_range each(Context, &[u8], &[u8]) |cx: Context<'_>, a, b| Sets::with_range(cx, a, b)?.ends(holds::overright);
    4269 multirange_overright_multirange each(Context, &[u8], &[u8]) |cx: Context<'_>, a, b| Sets::multi(cx, a, b)?.ends(holds::overright);
    4255 range_adjacent_multirange each(Context, &[u8], &[u8]) |cx: Context<'_>, a, b| Sets::with_range(cx, b, a)?.ends(holds::adjacent);
    4257 multirange_adjacent_range each(Context, &[u8], &[u8]) |cx: Context<'_>, a, b| Sets::with_range(cx, a, b)?.ends(holds::adjacent);
    4256 multirange_adjacent_multirange each(Context, &[u8], &[u8]) |cx: Context<'_>, a, b| Sets::multi(cx, a, b)?.ends(holds::adjacent);
    4270 multirange_union arena(Context, &[u8], &[u8]) |cx: Context<'_>, a: &[u8], b: &[u8], out: &mut Vec<u8>| Sets::multi(cx, a, b)?.union(Multirange::read(a)?.type_oid(), out);
    4271 multirange_minus arena(Context, &[u8], &[u8]) |cx: Context<'_>, a: &[u8], b: &[u8], out: &mut Vec<u8>| Sets::multi(cx, a, b)?.difference(Multirange::read(a)?.type_oid(), out);
    4272 multirange_intersect arena(Context, &[u8], &[u8]) |cx: Context<'_>, a: &[u8], b: &[u8], out: &mut Vec<u8>| Sets::multi(cx, a, b)?.intersection(Multirange::read(a)?.type_oid(), out);
    4235 multirange_lower each(&[u8]) |a: &[u8]| many(a).map(|a| end(&a, true));
    4236 multirange_upper each(&[u8]) |a: &[u8]| many(a).map(|a| end(&a, false));
    4237 multirange_empty each(&[u8]) |a: &[u8]| Multirange::read(a).map(|a| a.is_empty());
    4238 multirange_lower_inc each(&[u8]) |a: &[u8]| many(a).map(|a| a.first().is_some_and(|r| r.lower.inclusive));
    4239 multirange_upper_inc each(&[u8]) |a: &[u8]| many(a).map(|a| a.last().is_some_and(|r| r.upper.inclusive));
    4240 multirange_lower_inf each(&[u8]) |a: &[u8]| many(a).map(|a| a.first().is_some_and(|r| r.lower.is_infinite()));
    4241 multirange_upper_inf each(&[u8]) |a: &[u8]| many(a).map(|a| a.last().is_some_and(|r| r.upper.is_infinite()));
    4228 range_merge_from_multirange arena(Context, &[u8]) merge;
    4278 hash_multirange each(Context, &[u8]) |cx: Context<'_>, a: &[u8]| hash_of(a, cx.env).map(|h| h as i32);
    4279 hash_multirange_extended each(Context, &[u8], i64) |cx: Context<'_>, a: &[u8], seed: i64| hash_extended(a, seed as u64, cx.env).map(|h| h as i64);
    4280 multirange_constructor0 arena(Context) constructor0;
    4283 multirange_constructor0 arena(Context) constructor0;
    4286 multirange_constructor0 arena(Context) constructor0;
    4289 multirange_constructor0 arena(Context) constructor0;
    4292 multirange_constructor0 arena(Context) constructor0;
    4295 multirange_constructor0 arena(Context) constructor0;
    4281 multirange_constructor1 arena(Context, &[u8]) constructor1;
    4284 multirange_constructor1 arena(Context, &[u8]) constructor1;
    4287 multirange_constructor1 arena(Context, &[u8]) constructor1;
    4290 multirange_constructor1 arena(Context, &[u8]) constructor1;
    4293 multirange_constructor1 arena(Context, &[u8]) constructor1;
    4296 multirange_constructor1 arena(Context, &[u8]) constructor1;
    4298 multirange_constructor1 arena(Context, &[u8]) constructor1;
    4282 multirange_constructor2 arena(Context, &[u8]) constructor2;
    4285 multirange_constructor2 arena(Context, &[u8]) constructor2;
    4288 multirange_constructor2 arena(Context, &[u8]) constructor2;
    4291 multirange_constructor2 arena(Context, &[u8]) constructor2;
    4294 multirange_constructor2 arena(Context, &[u8]) constructor2;
    4297 multirange_constructor2 arena(Context, &[u8]) constructor2;
}

use crate::call::NotNull;

fn end(ranges: &[Range<'_>], lower: bool) -> Option<Datum> {
    let value = if lower { ranges.first()?.lower.value } else { ranges.last()?.upper.value };
    (!value.is_null()).then(|| value.to_datum())
}

fn contains_element(context: Context<'_>, multirange: &[u8], value: DatumRef<'_>) -> Result<bool> {
    let view = Multirange::read(multirange)?;
    let (_, kind) = Multirange::kind_of(view.type_oid(), context.env)?;
    // Bisection for the range that ends at or behind the value.
    let point = |lower| Bound { value, inclusive: true, lower };
    let (mut low, mut high) = (0, view.len());
    while low < high {
        let middle = (low + high) / 2;
        let range = Range::read(view.bytes_of(middle))?;
        if compare_bounds(&kind, &range.upper, &point(true), context.env)?.is_lt() {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if low == view.len() {
        return Ok(false);
    }
    let range = Range::read(view.bytes_of(low))?;
    Ok(compare_bounds(&kind, &range.lower, &point(false), context.env)?.is_le())
}

/// The smallest range that holds all of them.
fn merge(context: Context<'_>, a: &[u8], out: &mut Vec<u8>) -> Result<()> {
    let (_, kind) = Multirange::kind_of(Multirange::read(a)?.type_oid(), context.env)?;
    let ranges = many(a)?;
    match (ranges.first(), ranges.last()) {
        (Some(first), Some(last)) => {
            Range { empty: false, lower: first.lower, upper: last.upper }.write(&kind, context.env, out)
        }
        _ => Range::EMPTY.write(&kind, context.env, out),
    }
}

fn constructor0(context: Context<'_>, out: &mut Vec<u8>) -> Result<()> {
    let (type_oid, kind) = Multirange::kind_of(context.result_type, context.env)?;
    Multirange::write(type_oid, &kind, Vec::new(), context.env, out)
}

fn constructor1(context: Context<'_>, a: &[u8], out: &mut Vec<u8>) -> Result<()> {
    let (type_oid, kind) = Multirange::kind_of(context.result_type, context.env)?;
    Multirange::write(type_oid, &kind, one(a)?, context.env, out)
}

fn constructor2(context: Context<'_>, a: &[u8], out: &mut Vec<u8>) -> Result<()> {
    let (type_oid, kind) = Multirange::kind_of(context.result_type, context.env)?;
    let view = array::View::new(a)?;
    if view.dimensions().len() > 1 {
        return Err(Error::new(
            SqlState::CARDINALITY_VIOLATION,
            "multiranges cannot be constructed from multidimensional arrays",
        ));
    }
    let ranges = view.iter().map(|value| match value.as_bytes() {
        Some(bytes) => Range::read(bytes),
        None => Err(Error::new(SqlState::NULL_VALUE_NOT_ALLOWED, "multirange values cannot contain null members")),
    });
    let ranges = ranges.collect::<Result<Vec<_>>>()?;
    Multirange::write(type_oid, &kind, ranges, context.env, out)
}

/// The 32-bit hash of a multirange.
pub(crate) fn hash_of(bytes: &[u8], env: &dyn Environment) -> Result<u32> {
    let view = Multirange::read(bytes)?;
    (0..view.len()).try_fold(1u32, |result, at| {
        let range = super::functions::hash_of(view.bytes_of(at), env)?;
        Ok(result.wrapping_mul(31).wrapping_add(range))
    })
}

/// The 64-bit hash of a multirange with a seed.
pub(crate) fn hash_extended(bytes: &[u8], seed: u64, env: &dyn Environment) -> Result<u64> {
    let view = Multirange::read(bytes)?;
    (0..view.len()).try_fold(1u64, |result, at| {
        let range = super::functions::hash_extended(view.bytes_of(at), seed, env)?;
        Ok(result.wrapping_mul(31).wrapping_add(range))
    })
}

/// Compares two multiranges.
pub(crate) fn compare(a: &[u8], b: &[u8], env: &dyn Environment) -> Result<Ordering> {
    Sets::multi(Context::plain(env), a, b)?.compare()
}

/// The ranges of a multirange, one a row.
struct Ranges {
    multirange: Datum,
    at: usize,
}

impl RowSource for Ranges {
    fn next(&mut self, columns: &mut [Column], most: usize, _: Context<'_>) -> Result<usize> {
        let view = Multirange::read(self.multirange.as_bytes().unwrap_or_default())?;
        let count = most.min(view.len() - self.at);
        (self.at..self.at + count).for_each(|at| columns[0].push(DatumRef::Bytes(view.bytes_of(at))));
        self.at += count;
        Ok(count)
    }
}

/// `unnest(multirange)`
pub fn unnest(args: &[DatumRef<'_>], _: Context<'_>) -> Result<Box<dyn RowSource>> {
    let multirange = match args.first() {
        Some(DatumRef::Bytes(bytes)) => {
            Multirange::read(bytes)?;
            Datum::bytes(*bytes)
        }
        // A null has no rows: as an empty one.
        _ => Datum::bytes(vec![0; 8]),
    };
    Ok(Box::new(Ranges { multirange, at: 0 }))
}
