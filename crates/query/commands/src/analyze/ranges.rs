//! Ranges and multiranges: where they begin and end, and how long they are. A multirange counts from its first bound to its last one.

use std::cmp::Ordering;

use batch::{Column, Datum, Repr, Rows};
use catalog::field::Raw;
use error::Result;
use ids::Oid;
use types::range::{Bound, Kind, Multirange, Range, compare_bounds};

use super::values::{Slot, Values};
use crate::Context;

/// Kinds of statistics (`pg_statistic.stakindN`).
const LENGTHS: i16 = 6;
const BOUNDS: i16 = 7;

/// The functions that analyze them (`pg_type.typanalyze`).
pub(super) const OF_RANGES: Oid = Oid(3916);
pub(super) const OF_MULTIRANGES: Oid = Oid(4242);
/// `<` of `double precision`.
const FLOAT8_LESS: Oid = Oid(672);
/// What a length is if the type does not say how far values are from each other.
const UNKNOWN_LENGTH: f64 = 1.0;
/// Values between looks at interrupts.
const AT_ONCE: usize = 1024;

impl Values<'_> {
    /// Histograms of bounds and of lengths, and the part of empty values.
    pub(super) fn spans(&self, context: &Context<'_>, base_type: Oid, multi: bool, size: usize) -> Result<Vec<Slot>> {
        let env = context.session.env();
        let kind = match multi {
            true => Multirange::kind_of(base_type, env)?.1,
            false => Kind::of(base_type, env)?,
        };
        let (mut lowers, mut uppers): (Vec<Bound<'_>>, Vec<Bound<'_>>) = (Vec::new(), Vec::new());
        let (mut there, mut empty) = (0usize, 0usize);
        for row in 0..self.column.len() {
            if row.is_multiple_of(AT_ONCE) {
                context.session.check_interrupts()?;
            }
            let Some(bytes) = self.column.get(row).as_bytes() else { continue };
            there += 1;
            let ends = match multi {
                true => {
                    let ranges = Multirange::read(bytes)?;
                    let (first, last) =
                        (ranges.len().checked_sub(1).map(|last| (ranges.bytes_of(0), ranges.bytes_of(last))))
                            .unwrap_or_default();
                    match first.is_empty() {
                        true => None,
                        false => Some((Range::read(first)?.lower, Range::read(last)?.upper)),
                    }
                }
                false => Some(Range::read(bytes)?).filter(|range| !range.empty).map(|range| (range.lower, range.upper)),
            };
            match ends {
                Some((lower, upper)) => {
                    lowers.push(lower);
                    uppers.push(upper);
                }
                None => empty += 1,
            }
        }
        if there == 0 {
            return Ok(Vec::new());
        }
        let mut lengths = self.lengths(context, &kind, &lowers, &uppers)?;
        let mut slots = Vec::new();
        let mut places = Vec::new();
        if lowers.len() > 1 {
            let count = lowers.len().min(size + 1);
            places = (0..count).map(|n| n * (lowers.len() - 1) / (count - 1)).collect();
            let mut bounds: Vec<Datum> = Vec::with_capacity(count);
            let mut failed = Ok(());
            for ends in [&mut lowers, &mut uppers] {
                ends.sort_unstable_by(|a, b| {
                    compare_bounds(&kind, a, b, env).unwrap_or_else(|error| {
                        failed = Err(error);
                        Ordering::Equal
                    })
                });
            }
            failed?;
            for &at in &places {
                let mut bytes = Vec::new();
                Range { empty: false, lower: lowers[at], upper: uppers[at] }.write(&kind, env, &mut bytes)?;
                bounds.push(Datum::bytes(bytes));
            }
            let values = types::array::from_elements(kind.oid, Repr::Bytes, &bounds)?;
            let (operator, collation) = (Oid::INVALID, Oid::INVALID);
            slots.push(Slot { kind: BOUNDS, operator, collation, numbers: None, values: Some(Raw(values)) });
        }
        lengths.sort_unstable_by(f64::total_cmp);
        let lengths: Vec<Datum> = places.iter().map(|&at| Datum::B8(lengths[at].to_bits() as i64)).collect();
        let array = types::array::from_elements(types::oid::FLOAT8, Repr::B8, &lengths)?;
        slots.push(Slot {
            kind: LENGTHS,
            operator: FLOAT8_LESS,
            collation: Oid::INVALID,
            numbers: Some(vec![(empty as f64 / there as f64) as f32]),
            values: Some(Raw(array)),
        });
        Ok(slots)
    }

    /// How long each range is, by the type's own difference of values; an open range is infinitely long.
    fn lengths(
        &self,
        context: &Context<'_>,
        kind: &Kind,
        lowers: &[Bound<'_>],
        uppers: &[Bound<'_>],
    ) -> Result<Vec<f64>> {
        let finite: Vec<usize> =
            (0..lowers.len()).filter(|&at| !lowers[at].is_infinite() && !uppers[at].is_infinite()).collect();
        let mut lengths = vec![f64::INFINITY; lowers.len()];
        let row = context.catalog().find_range(kind.oid)?;
        let difference = row.as_ref().and_then(|row| types::function(row.rngsubdiff));
        let Some(difference) = difference else {
            finite.iter().for_each(|&at| lengths[at] = UNKNOWN_LENGTH);
            return Ok(lengths);
        };
        let (mut from, mut to) = (Column::new(kind.repr), Column::new(kind.repr));
        for &at in &finite {
            from.push(lowers[at].value);
            to.push(uppers[at].value);
        }
        let arg_types = [kind.subtype, kind.subtype];
        let about = types::Context {
            env: context.session.env(),
            collation: kind.collation,
            result_type: types::oid::FLOAT8,
            arg_types: &arg_types,
            variadic: false,
        };
        let mut out = Column::new(Repr::B8);
        difference.evaluate(&[&to, &from], Rows::All(finite.len()), finite.len(), about, &mut out)?;
        for (n, &at) in finite.iter().enumerate() {
            lengths[at] = match out.datum(n) {
                Datum::B8(bits) => f64::from_bits(bits as u64),
                _ => UNKNOWN_LENGTH,
            };
        }
        Ok(lengths)
    }
}
