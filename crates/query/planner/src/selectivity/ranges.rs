//! Conditions on ranges and multiranges, by the bounds and lengths that ANALYZE found.
//!
//! Bounds are laid on a line by the range type's own difference of values (`rngsubdiff`), the first finite one of the histogram at zero. A
//! multirange counts from its first bound to its last one. Types without a difference have what is usual.

use analyzer::query as q;
use batch::{Datum, DatumRef, Repr};
use error::Result;
use ids::Oid;
use types::range::{Multirange, Range};

use crate::facts::ColumnFacts;
use crate::level::Planner;

/// How many parts of a bin are looked at, each as a whole.
const STEPS: f64 = 10.0;

/// Places on the line: of ends, or lengths; in order, at least two.
struct Histogram(Vec<f64>);

impl Histogram {
    /// The part below a place; with `or_at`, up to it.
    fn below(&self, place: f64, or_at: bool) -> f64 {
        let bounds = &self.0;
        let count = bounds.partition_point(|bound| if or_at { *bound <= place } else { *bound < place });
        if count == 0 || count == bounds.len() {
            return (count > 0) as u8 as f64;
        }
        let (low, high) = (bounds[count - 1], bounds[count]);
        let inside = match (high - low).is_finite() && high > low {
            true => ((place - low) / (high - low)).clamp(0.0, 1.0),
            false => 0.5,
        };
        ((count - 1) as f64 + inside) / (bounds.len() - 1) as f64
    }

    /// The average of a function over the part between two places.
    fn integrate(&self, from: f64, to: f64, function: impl Fn(f64) -> f64) -> f64 {
        let bin = 1.0 / (self.0.len() - 1) as f64;
        let mut sum = 0.0;
        for pair in self.0.windows(2) {
            let (low, high) = (pair[0].max(from), pair[1].min(to));
            if low > high || low == f64::INFINITY || high == f64::NEG_INFINITY {
                continue;
            }
            let width = pair[1] - pair[0];
            let part = if width.is_finite() && width > 0.0 { (high - low) / width } else { 1.0 };
            let step = (high - low) / STEPS;
            // Of a bin without limits its end stands for the whole.
            let average = match step.is_finite() {
                true => (0..STEPS as u32).map(|n| function(low + step * (f64::from(n) + 0.5))).sum::<f64>() / STEPS,
                false => function(if low.is_finite() { low } else { high }),
            };
            sum += bin * part * average;
        }
        sum
    }
}

/// What is known of a column of ranges.
struct Ranges {
    lowers: Histogram,
    uppers: Histogram,
    lengths: Option<Histogram>,
    /// The part of the values that are empty.
    empty: f64,
    /// Whether an upper end belongs to its range, as in `[1,2]`.
    closed: bool,
}

/// The value on the other side.
struct Span {
    lower: f64,
    upper: f64,
    closed: (bool, bool),
}

impl Planner<'_> {
    /// `range operator value`
    pub(super) fn range_containment(
        &mut self,
        operator: &str,
        column: &q::Expr,
        value: &Datum,
        value_type: Oid,
        usual: f64,
    ) -> Result<f64> {
        let Some(facts) = self.facts_of(column)? else { return Ok(usual) };
        let there = 1.0 - facts.null_fraction();
        Ok(match self.known_range(operator, column, value, value_type, &facts)? {
            Some(part) => part.clamp(0.0, 1.0) * there,
            None => usual * there,
        })
    }

    fn known_range(
        &mut self,
        operator: &str,
        column: &q::Expr,
        value: &Datum,
        value_type: Oid,
        facts: &ColumnFacts,
    ) -> Result<Option<f64>> {
        let catalog = self.ctx.catalog;
        let (column_type, _) = catalog.base_type(column.ty.oid, -1)?;
        let row = match catalog.find_range(column_type)? {
            Some(row) => row,
            None => match catalog.find_multirange(column_type)? {
                Some(row) => row,
                None => return Ok(None),
            },
        };
        let (Some(bounds), Some(difference)) = (facts.range_bounds(), types::function(row.rngsubdiff)) else {
            return Ok(None);
        };
        let mut known = Vec::with_capacity(bounds.column.len());
        for at in 0..bounds.column.len() {
            let Some(Ok(range)) = bounds.column.get(at).as_bytes().map(Range::read) else { return Ok(None) };
            known.push(range);
        }
        let mut ends = known.iter().flat_map(|range| [range.lower.value, range.upper.value]);
        let Some(origin) = ends.find(|end| !end.is_null()) else { return Ok(None) };
        let arg_types = [row.rngsubtype, row.rngsubtype];
        let context = types::Context {
            env: self.ctx.env,
            collation: row.rngcollation,
            result_type: types::oid::FLOAT8,
            arg_types: &arg_types,
            variadic: false,
        };
        let place = |value: DatumRef<'_>, infinite: f64| {
            if value.is_null() {
                return Some(infinite);
            }
            match difference.evaluate_one(&[value, origin], context, Repr::B8) {
                Ok(Datum::B8(bits)) if !f64::from_bits(bits as u64).is_nan() => Some(f64::from_bits(bits as u64)),
                _ => None,
            }
        };
        let places = |ends: &mut dyn Iterator<Item = (DatumRef<'_>, f64)>| {
            let mut places = ends.map(|(value, infinite)| place(value, infinite)).collect::<Option<Vec<f64>>>()?;
            places.sort_by(f64::total_cmp);
            Some(Histogram(places))
        };
        let lowers = places(&mut known.iter().map(|range| (range.lower.value, f64::NEG_INFINITY)));
        let uppers = places(&mut known.iter().map(|range| (range.upper.value, f64::INFINITY)));
        let (Some(lowers), Some(uppers)) = (lowers, uppers) else { return Ok(None) };
        let (lengths, empty) = facts.range_lengths();
        let closed = known.first().is_some_and(|range| range.upper.inclusive);
        let ranges = Ranges { lowers, uppers, lengths: lengths.map(Histogram), empty, closed };
        // The other side: an element, a range, or several.
        let (value_type, _) = catalog.base_type(value_type, -1)?;
        let (lower, upper) = if value_type == row.rngsubtype {
            (DatumBound { value: value.as_ref(), closed: true }, DatumBound { value: value.as_ref(), closed: true })
        } else {
            let Some(bytes) = value.as_bytes() else { return Ok(None) };
            let parts = if value_type == row.rngtypid {
                Range::read(bytes).map(|range| vec![range])
            } else if value_type == row.rngmultitypid {
                Multirange::read(bytes).and_then(|multirange| multirange.ranges())
            } else {
                return Ok(None);
            };
            let Ok(parts) = parts else { return Ok(None) };
            let (Some(first), Some(last)) = (parts.first(), parts.last()) else {
                return Ok(ranges.against_empty(operator));
            };
            if first.empty {
                return Ok(ranges.against_empty(operator));
            }
            (
                DatumBound { value: first.lower.value, closed: first.lower.inclusive },
                DatumBound { value: last.upper.value, closed: last.upper.inclusive },
            )
        };
        let ends = (place(lower.value, f64::NEG_INFINITY), place(upper.value, f64::INFINITY));
        let (Some(low), Some(high)) = ends else { return Ok(None) };
        let span = Span { lower: low, upper: high, closed: (lower.closed, upper.closed) };
        Ok(ranges.against(operator, &span))
    }
}

/// An end of the other side.
struct DatumBound<'a> {
    value: DatumRef<'a>,
    closed: bool,
}

impl Ranges {
    /// The part of the values for which the operator holds with an empty range.
    fn against_empty(&self, operator: &str) -> Option<f64> {
        Some(match operator {
            "@>" | ">=" => 1.0,
            "<@" | "<=" => self.empty,
            ">" => 1.0 - self.empty,
            _ => 0.0,
        })
    }

    fn against(&self, operator: &str, span: &Span) -> Option<f64> {
        // Of the values that are not empty. Ends that only touch share a value if both are closed.
        let before = self.uppers.below(span.lower, !(self.closed && span.closed.0));
        let behind = 1.0 - self.lowers.below(span.upper, span.closed.1);
        let below = self.lowers.below(span.lower, false);
        let part = match operator {
            "<<" => before,
            ">>" => behind,
            "&&" => 1.0 - before - behind,
            "&<" => self.uppers.below(span.upper, true),
            "&>" => 1.0 - below,
            "<" => below,
            "<=" => self.lowers.below(span.lower, true),
            ">=" => 1.0 - below,
            ">" => 1.0 - self.lowers.below(span.lower, true),
            // An element is in whatever it overlaps.
            "@>" if span.lower == span.upper => 1.0 - before - behind,
            "@>" => {
                let lengths = self.lengths.as_ref()?;
                let longer = |from: f64| 1.0 - lengths.below(span.upper - from, false);
                self.lowers.integrate(f64::NEG_INFINITY, span.lower, longer)
            }
            "<@" => {
                let lengths = self.lengths.as_ref()?;
                let shorter = |from: f64| lengths.below(span.upper - from, true);
                self.lowers.integrate(span.lower, span.upper, shorter)
            }
            _ => return None,
        };
        let empty = if matches!(operator, "<@" | "<" | "<=") { self.empty } else { 0.0 };
        Some(part.clamp(0.0, 1.0) * (1.0 - self.empty) + empty)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ranges of length 10 that begin from 0 to 1000.
    fn even() -> Ranges {
        let from = |start: f64| Histogram((0..=10).map(|n| start + 100.0 * f64::from(n)).collect());
        Ranges {
            lowers: from(0.0),
            uppers: from(10.0),
            lengths: Some(Histogram(vec![10.0, 10.0])),
            empty: 0.2,
            closed: false,
        }
    }

    #[test]
    fn parts_of_even_ranges() {
        let ranges = even();
        let part = |operator: &str, lower: f64, upper: f64| {
            ranges.against(operator, &Span { lower, upper, closed: (true, false) }).expect("a known operator")
        };
        let near = |a: f64, b: f64| assert!((a - b).abs() < 0.003, "{a} is not {b}");
        near(part("&&", 500.0, 550.0), 0.8 * 0.06);
        near(part("<<", 510.0, 550.0), 0.8 * 0.5);
        near(part(">>", 0.0, 900.0), 0.8 * 0.1);
        near(part("<@", 500.0, 600.0), 0.2 + 0.8 * 0.09);
        near(part("@>", 500.0, 500.0), 0.8 * 0.01);
        near(part("<", 250.0, 300.0), 0.2 + 0.8 * 0.25);
        near(part("<@", f64::NEG_INFINITY, f64::INFINITY), 1.0);
        assert_eq!(part("@>", 500.0, 600.0), 0.0);
        assert_eq!((ranges.against_empty("@>"), ranges.against_empty("<@")), (Some(1.0), Some(0.2)));
    }
}
