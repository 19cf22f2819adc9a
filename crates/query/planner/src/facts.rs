//! What ANALYZE found out about a column, ready for use: `pg_statistic`'s row, decoded.
//!
//! The rules are those of PostgreSQL's documentation ("How the Planner Uses Statistics"): a value among the most common ones has its
//! frequency; the others share what is left; a bound is looked for in the histogram, whose bins hold equally many of the others.

use std::cell::OnceCell;
use std::rc::Rc;

use batch::{Column, Datum, DatumRef};
use catalog::Entry;
use catalog::field::Raw;
use catalog::rows::PgStatistic;
use ids::Oid;
use types::oid;

/// Kinds of statistics (`pg_statistic.stakindN`).
const MOST_COMMON: i16 = 1;
const HISTOGRAM: i16 = 2;
const CORRELATION: i16 = 3;
const COMMON_ELEMENTS: i16 = 4;
const ELEMENT_COUNTS: i16 = 5;
const RANGE_LENGTHS: i16 = 6;
const RANGE_BOUNDS: i16 = 7;

/// Statistics of a column.
pub(crate) struct ColumnFacts {
    row: Entry<PgStatistic>,
    /// The values of each slot, decoded when first asked for.
    decoded: [OnceCell<Option<Rc<Values>>>; 5],
}

/// Values, all of one type.
pub(crate) struct Values {
    pub column: Column,
}

impl ColumnFacts {
    pub fn new(row: Entry<PgStatistic>) -> ColumnFacts {
        ColumnFacts { row, decoded: Default::default() }
    }

    /// The numbers of a kind of statistics, and the slot where its values are.
    fn slot(&self, kind: i16) -> Option<(&Option<Vec<f32>>, &Option<Raw>, usize)> {
        let s = &*self.row;
        let slots = [
            (s.stakind1, &s.stanumbers1, &s.stavalues1),
            (s.stakind2, &s.stanumbers2, &s.stavalues2),
            (s.stakind3, &s.stanumbers3, &s.stavalues3),
            (s.stakind4, &s.stanumbers4, &s.stavalues4),
            (s.stakind5, &s.stanumbers5, &s.stavalues5),
        ];
        let at = slots.iter().position(|slot| slot.0 == kind)?;
        Some((slots[at].1, slots[at].2, at))
    }

    fn values(&self, kind: i16) -> Option<Rc<Values>> {
        let (_, values, at) = self.slot(kind)?;
        self.decoded[at].get_or_init(|| decode(values.as_ref()?).map(Rc::new)).clone()
    }

    fn numbers(&self, kind: i16) -> Option<&[f32]> {
        self.slot(kind)?.0.as_deref()
    }

    /// The part of the rows that is null.
    pub fn null_fraction(&self) -> f64 {
        f64::from(self.row.stanullfrac).clamp(0.0, 1.0)
    }

    /// Bytes of a value on average; zero if it is not known.
    pub fn width(&self) -> i32 {
        self.row.stawidth
    }

    /// Different values in a table of `tuples` rows; `None` if it is not known.
    pub fn distinct(&self, tuples: f64) -> Option<f64> {
        let n = f64::from(self.row.stadistinct);
        if n > 0.0 {
            Some(n)
        } else if n < 0.0 {
            Some((-n * tuples).round_ties_even().max(1.0))
        } else {
            None
        }
    }

    /// The most common values and their parts of all rows.
    pub fn most_common(&self) -> Option<(Rc<Values>, &[f32])> {
        let (values, numbers) = (self.values(MOST_COMMON)?, self.numbers(MOST_COMMON)?);
        (values.column.len() == numbers.len()).then_some((values, numbers))
    }

    /// The histogram's bounds: at least two.
    pub fn histogram(&self) -> Option<Rc<Values>> {
        self.values(HISTOGRAM).filter(|values| values.column.len() >= 2)
    }

    /// How far the table stands in the order of the column: -1 to 1.
    pub fn correlation(&self) -> Option<f64> {
        self.numbers(CORRELATION)?.first().copied().map(f64::from)
    }

    /// The most common elements of arrays or documents, and in which part of the values that are not null each is.
    pub fn common_elements(&self) -> Option<(Rc<Values>, &[f32])> {
        let (values, numbers) = (self.values(COMMON_ELEMENTS)?, self.numbers(COMMON_ELEMENTS)?);
        let count = values.column.len();
        // Behind the elements' own numbers: the least, the greatest, and for arrays that of null.
        (count > 0 && numbers.len() >= count).then(|| (values, &numbers[..count]))
    }

    /// How many different elements values have: the bounds of bins of equal height, and behind them the average.
    pub fn element_counts(&self) -> Option<&[f32]> {
        self.numbers(ELEMENT_COUNTS).filter(|numbers| numbers.len() > 1)
    }

    /// The bounds of ranges that are not empty, apart from each other: lower and upper ones, each in order. At least two.
    pub fn range_bounds(&self) -> Option<Rc<Values>> {
        self.values(RANGE_BOUNDS).filter(|values| values.column.len() >= 2)
    }

    /// The lengths of ranges that are not empty, in order, at least two; and the part of the ranges that are empty.
    pub fn range_lengths(&self) -> (Option<Vec<f64>>, f64) {
        let empty =
            self.numbers(RANGE_LENGTHS).and_then(|numbers| numbers.first()).map_or(0.0, |&part| f64::from(part));
        let lengths = self.values(RANGE_LENGTHS).and_then(|values| {
            let length = |at| match values.column.get(at) {
                DatumRef::B8(bits) => Some(f64::from_bits(bits as u64)),
                _ => None,
            };
            (0..values.column.len()).map(length).collect::<Option<Vec<f64>>>()
        });
        (lengths.filter(|lengths| lengths.len() >= 2), empty)
    }
}

fn decode(raw: &Raw) -> Option<Values> {
    let view = types::array::View::new(&raw.0).ok()?;
    let mut column = Column::new(view.repr());
    view.iter().for_each(|value| column.push(value));
    Some(Values { column })
}

/// A value on a scale, if its type has one; for text, [`text_position`] says where it is between others.
pub(crate) fn scalar(type_oid: Oid, value: DatumRef<'_>, env: &dyn types::Environment) -> Option<f64> {
    match (type_oid, value) {
        (oid::FLOAT8, DatumRef::B8(bits)) => Some(f64::from_bits(bits as u64)),
        (oid::FLOAT4, DatumRef::B4(bits)) => Some(f64::from(f32::from_bits(bits as u32))),
        (oid::OID, DatumRef::B4(n)) => Some(f64::from(n as u32)),
        (_, DatumRef::B1(n)) => Some(f64::from(n)),
        (_, DatumRef::B2(n)) => Some(f64::from(n)),
        (_, DatumRef::B4(n)) => Some(f64::from(n)),
        (_, DatumRef::B8(n)) => Some(n as f64),
        (oid::NUMERIC, value) => {
            let mut text = Vec::new();
            types::output(oid::NUMERIC, value, env, &mut text).ok()?;
            std::str::from_utf8(&text).ok()?.parse().ok()
        }
        _ => None,
    }
}

/// Where `value` is between `low` and `high`, from 0 to 1, as strings go: what they have in common at the beginning aside, the next
/// bytes are digits of a fraction, whose base is the range of bytes that occur.
pub(crate) fn text_position(low: &[u8], high: &[u8], value: &[u8]) -> f64 {
    let common = low.iter().zip(high).zip(value).take_while(|((a, b), c)| a == b && b == c).count();
    let tails = [&low[common..], &high[common..], &value[common..]];
    let (mut least, mut most) = (u8::MAX, 0);
    for byte in tails.iter().flat_map(|tail| tail.iter()) {
        (least, most) = (least.min(*byte), most.max(*byte));
    }
    // Letters and digits are taken to come with all of their kind.
    for (from, to) in [(b'A', b'Z'), (b'a', b'z'), (b'0', b'9')] {
        if least <= to && most >= from {
            (least, most) = (least.min(from), most.max(to));
        }
    }
    if least > most {
        return 0.5;
    }
    let base = f64::from(most - least) + 1.0;
    let fraction = |tail: &[u8]| {
        let (mut sum, mut place) = (0.0, base);
        for &byte in tail.iter().take(12) {
            sum += (f64::from(byte) - f64::from(least)) / place;
            place *= base;
        }
        sum
    };
    let [low, high, value] = tails.map(fraction);
    if high <= low { 0.5 } else { ((value - low) / (high - low)).clamp(0.0, 1.0) }
}

/// The part of the histogram's values that are at most `value`. `below` tells of each bound whether it is below `value`; `equals_first`
/// whether `value` is the first bound. `position` gives the place of `value` between two bounds. `one` is the part that a single value has.
pub(crate) fn at_most(below: &[bool], equals_first: bool, one: f64, position: impl FnOnce(usize, usize) -> f64) -> f64 {
    let bins = (below.len() - 1) as f64;
    let count = below.iter().take_while(|below| **below).count();
    if count == 0 {
        return if equals_first { one } else { 0.0 };
    }
    if count == below.len() {
        return 1.0;
    }
    let inside = position(count - 1, count);
    let mut part = ((count - 1) as f64 + inside) / bins;
    // A bin does not hold its lower bound, which belongs to the one before; the first one does.
    if count == 1 {
        part += one * (1.0 - inside);
    }
    part
}

/// What a literal prefix of a pattern leaves open: how much of the rows with the prefix the rest lets through.
pub(crate) fn rest_of_pattern(rest: &[u8]) -> f64 {
    const FIXED: f64 = 0.20;
    const ANY_CHARACTER: f64 = 0.9;
    const ANYTHING: f64 = 5.0;
    let mut selectivity: f64 = 1.0;
    let mut bytes = rest.iter();
    while let Some(byte) = bytes.next() {
        selectivity *= match byte {
            b'%' => ANYTHING,
            b'_' => ANY_CHARACTER,
            b'\\' => {
                bytes.next();
                FIXED
            }
            _ => FIXED,
        };
    }
    selectivity.min(1.0)
}

/// The fixed beginning of a LIKE pattern, and what follows it. A pattern without wildcards has nothing after it.
pub(crate) fn pattern_prefix(pattern: &[u8]) -> (Vec<u8>, &[u8]) {
    let mut prefix = Vec::new();
    let mut at = 0;
    while let Some(&byte) = pattern.get(at) {
        match byte {
            b'%' | b'_' => break,
            b'\\' if at + 1 < pattern.len() => {
                prefix.push(pattern[at + 1]);
                at += 2;
            }
            _ => {
                prefix.push(byte);
                at += 1;
            }
        }
    }
    (prefix, &pattern[at..])
}

/// A constant, if an expression is one.
pub(crate) fn constant(expr: &analyzer::query::Expr) -> Option<&Datum> {
    match &crate::scan::stripped(expr).kind {
        analyzer::query::ExprKind::Const(value) => Some(value),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_of_whole_numbers_are_exact() {
        // 1 to 1000, ten bins.
        let bounds: Vec<f64> = (0..=10).map(|n| if n == 0 { 1.0 } else { n as f64 * 100.0 }).collect();
        let part = |x: f64| {
            let below: Vec<bool> = bounds.iter().map(|b| *b < x).collect();
            at_most(&below, bounds[0] == x, 0.001, |low, high| (x - bounds[low]) / (bounds[high] - bounds[low]))
        };
        assert_eq!((part(0.0), part(1.0), part(1000.0), part(2000.0)), (0.0, 0.001, 1.0, 1.0));
        assert!((part(550.0) - 0.55).abs() < 1e-9);
        assert!((part(100.0) - 0.1).abs() < 1e-9);
    }

    #[test]
    fn texts_have_places() {
        assert!((text_position(b"name10", b"name20", b"name15") - 0.5).abs() < 0.1);
        assert_eq!(text_position(b"a", b"b", b"a"), 0.0);
        assert_eq!(text_position(b"a", b"a", b"a"), 0.5);
        assert!(text_position(b"", b"zzz", b"m") > 0.4);
    }

    #[test]
    fn patterns() {
        assert_eq!(pattern_prefix(b"ab\\%c%d"), (b"ab%c".to_vec(), &b"%d"[..]));
        assert_eq!(pattern_prefix(b"abc"), (b"abc".to_vec(), &b""[..]));
        assert_eq!((rest_of_pattern(b"%"), rest_of_pattern(b"")), (1.0, 1.0));
        assert!(rest_of_pattern(b"%abc") < 0.05);
    }
}
