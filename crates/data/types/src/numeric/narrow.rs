//! Loops over numerics whose stored form has at most eight bytes: a scale and a whole number below 2⁵⁵, which is what columns
//! of prices, rates and quantities hold.
//!
//! Such a value is one load and two shifts away from a pair of machine words, and a sum or product of two of them is
//! mostly another one. What does not fit goes through [`Numeric`], value by value, so results do not depend on the way.

use super::{MAX_SMALL_SCALE, Numeric, small_length};
use crate::call::{Call, Value, spread_nulls};
use batch::{ByteValues, Column, Rows};
use error::Result;
use std::cmp::Ordering;

/// A whole number and the digits of it that stand behind the point.
#[derive(Clone, Copy)]
pub(crate) struct Narrow {
    pub value: i64,
    pub scale: u32,
}

const POWERS: [i64; 19] = {
    let mut powers = [1; 19];
    let mut n = 1;
    while n < 19 {
        powers[n] = powers[n - 1] * 10;
        n += 1;
    }
    powers
};

impl Narrow {
    /// The value at a position, if it is narrow.
    #[inline(always)]
    pub fn read(values: &ByteValues, at: usize) -> Option<Narrow> {
        let (length, word) = values.word(at);
        let scale = word as u32 & 0xFF;
        if length.wrapping_sub(1) >= 8 || scale > MAX_SMALL_SCALE {
            return None;
        }
        // The number's sign is that of its last byte; the scale below it falls out.
        let unused = 64 - 8 * length as u32;
        Some(Narrow { value: (word << unused) as i64 >> unused >> 8, scale })
    }

    /// The whole number with more digits behind the point.
    #[inline(always)]
    fn at_scale(self, scale: u32) -> Option<i64> {
        match scale - self.scale {
            0 => Some(self.value),
            more => POWERS.get(more as usize).and_then(|&power| self.value.checked_mul(power)),
        }
    }

    #[inline(always)]
    fn aligned(self, other: Narrow) -> Option<(i64, i64, u32)> {
        let scale = self.scale.max(other.scale);
        Some((self.at_scale(scale)?, other.at_scale(scale)?, scale))
    }

    #[inline(always)]
    fn add(self, other: Narrow) -> Option<Narrow> {
        let (a, b, scale) = self.aligned(other)?;
        Some(Narrow { value: a.checked_add(b)?, scale })
    }

    #[inline(always)]
    fn sub(self, other: Narrow) -> Option<Narrow> {
        let (a, b, scale) = self.aligned(other)?;
        Some(Narrow { value: a.checked_sub(b)?, scale })
    }

    #[inline(always)]
    fn mul(self, other: Narrow) -> Option<Narrow> {
        let scale = self.scale + other.scale;
        Some(Narrow { value: self.value.checked_mul(other.value)?, scale }).filter(|_| scale <= MAX_SMALL_SCALE)
    }

    #[inline(always)]
    fn cmp(self, other: Narrow) -> Option<Ordering> {
        let (a, b, _) = self.aligned(other)?;
        Some(a.cmp(&b))
    }

    /// The same as a numeric.
    pub fn widen(self) -> Numeric {
        Numeric::Small(self.value as i128, self.scale)
    }

    /// Writes the stored form at a position.
    #[inline(always)]
    fn put(self, out: &mut ByteValues, at: usize) {
        let word = (self.value as u64) << 8 | self.scale as u64;
        if word as i64 >> 8 == self.value {
            let unused = if self.value < 0 { self.value.leading_ones() } else { self.value.leading_zeros() };
            let length = if self.value == 0 { 1 } else { 2 + (64 - unused as usize) / 8 };
            debug_assert_eq!(length, 1 + small_length(self.value as i128));
            out.put_word(at, length, word);
        } else {
            out.put_with(at, |arena| self.widen().write(arena));
        }
    }
}

/// Calls `narrow` with the values of each row, and, where one is not narrow or it declines, `wide`; both write to `out`.
#[inline(always)]
fn each_pair<O: ?Sized>(
    (a, b): (&Column, &Column),
    rows: Rows<'_>,
    out: &mut O,
    narrow: impl Fn(&mut O, usize, Narrow, Narrow) -> bool,
    wide: impl Fn(&mut O, usize, Numeric, Numeric) -> Result<()>,
) -> Result<()> {
    let (left, right) = (a.bytes(), b.bytes());
    let mut visit = |row: usize, x: Option<Narrow>, y: Option<Narrow>| match (x, y) {
        (Some(x), Some(y)) if narrow(out, row, x, y) => Ok(()),
        _ => {
            let [x, y] = [left.get(a.index(row)), right.get(b.index(row))].map(Numeric::from_bytes);
            wide(out, row, x, y)
        }
    };
    match (a.is_constant(), b.is_constant()) {
        (false, false) => rows.try_for_each(|row| visit(row, Narrow::read(left, row), Narrow::read(right, row))),
        (false, true) => {
            let y = Narrow::read(right, 0);
            rows.try_for_each(|row| visit(row, Narrow::read(left, row), y))
        }
        (true, _) => {
            let x = Narrow::read(left, 0);
            rows.try_for_each(|row| visit(row, x, Narrow::read(right, b.index(row))))
        }
    }
}

/// The loop of an operation with a numeric as its result.
#[inline(always)]
fn compute(
    call: &mut Call<'_>,
    narrow: impl Fn(Narrow, Narrow) -> Option<Narrow>,
    wide: impl Fn(&Numeric, &Numeric) -> Result<Numeric>,
) -> Result<()> {
    let nulls = spread_nulls(call, 3);
    each_pair(
        (call.args[0], call.args[1]),
        call.rows,
        &mut *call.out,
        |out, row, x, y| narrow(x, y).map(|result| result.put(out.bytes_mut(), row)).is_some(),
        |out, row, x, y| {
            // What stands under a null is not looked at.
            if !(nulls && out.is_null(row)) {
                wide(&x, &y)?.put(out, row);
            }
            Ok(())
        },
    )
}

/// The loop of a comparison.
#[inline(always)]
fn compare<T>(
    columns: (&Column, &Column),
    rows: Rows<'_>,
    slots: &mut [T],
    result: impl Fn(Ordering) -> T,
) -> Result<()> {
    each_pair(
        columns,
        rows,
        slots,
        |slots, row, x, y| x.cmp(y).map(|ordering| slots[row] = result(ordering)).is_some(),
        |slots, row, x, y| {
            slots[row] = result(x.cmp(&y));
            Ok(())
        },
    )
}

#[inline(always)]
fn test(call: &mut Call<'_>, holds: impl Fn(Ordering) -> bool) -> Result<()> {
    spread_nulls(call, 3);
    compare((call.args[0], call.args[1]), call.rows, call.out.b1_mut(), |ordering| holds(ordering) as u8)
}

fn order(call: &mut Call<'_>) -> Result<()> {
    spread_nulls(call, 3);
    compare((call.args[0], call.args[1]), call.rows, call.out.b4_mut(), |ordering| ordering as i32)
}

crate::builtins! {
    /// The functions of numeric that are called for millions of rows.
    pub static NUMERIC_LOOPS =
    1718 numeric_eq raw() |call: &mut Call<'_>| test(call, Ordering::is_eq);
    1719 numeric_ne raw() |call: &mut Call<'_>| test(call, Ordering::is_ne);
    1722 numeric_lt raw() |call: &mut Call<'_>| test(call, Ordering::is_lt);
    1723 numeric_le raw() |call: &mut Call<'_>| test(call, Ordering::is_le);
    1720 numeric_gt raw() |call: &mut Call<'_>| test(call, Ordering::is_gt);
    1721 numeric_ge raw() |call: &mut Call<'_>| test(call, Ordering::is_ge);
    1769 numeric_cmp raw() order;
    1724 numeric_add raw() |call: &mut Call<'_>| compute(call, Narrow::add, Numeric::add);
    1725 numeric_sub raw() |call: &mut Call<'_>| compute(call, Narrow::sub, Numeric::sub);
    1726 numeric_mul raw() |call: &mut Call<'_>| compute(call, Narrow::mul, Numeric::mul);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Context, DefaultEnvironment};
    use batch::{Datum, Repr};
    use proptest::prelude::*;

    fn evaluate(name: &str, args: [&Column; 2], rows: usize, form: Repr) -> Vec<Datum> {
        let builtin = NUMERIC_LOOPS.iter().find(|builtin| builtin.name == name).unwrap();
        let mut out = Column::new(form);
        let env = DefaultEnvironment::default();
        builtin.evaluate(&args, Rows::All(rows), rows, Context::plain(&env), &mut out).unwrap();
        (0..rows).map(|row| out.datum(row)).collect()
    }

    fn numerics() -> impl Strategy<Value = Numeric> {
        let value = prop_oneof![
            -1000i128..1000,
            any::<i64>().prop_map(i128::from),
            any::<i32>().prop_map(|v| (v as i128) << 24),
            (50u32..70).prop_map(|bits| 1i128 << bits),
            (50u32..70).prop_map(|bits| -(1i128 << bits)),
        ];
        prop_oneof![
            9 => (value, 0u32..64).prop_map(|(value, scale)| Numeric::Small(value, scale)),
            1 => Just(Numeric::NaN),
            1 => Just(Numeric::Infinity),
        ]
    }

    proptest! {
        #[test]
        fn loops_agree_with_numeric(pairs in proptest::collection::vec((numerics(), numerics()), 1..40), constant in 0..3) {
            let mut columns = [Column::new(Repr::Bytes), Column::new(Repr::Bytes)];
            for (x, y) in &pairs {
                x.push_to(&mut columns[0]);
                y.push_to(&mut columns[1]);
            }
            let mut pairs = pairs;
            if constant > 0 {
                let side = constant as usize - 1;
                columns[side] = Column::constant(Repr::Bytes, columns[side].get(0));
                let (x, y) = pairs[0].clone();
                pairs.iter_mut().for_each(|pair| if side == 0 { pair.0 = x.clone() } else { pair.1 = y.clone() });
            }
            let args = [&columns[0], &columns[1]];
            let bytes = |value: Numeric| Datum::Bytes(value.to_bytes().into());
            for (name, operation) in [
                ("numeric_add", Numeric::add as fn(&Numeric, &Numeric) -> Result<Numeric>),
                ("numeric_sub", Numeric::sub),
                ("numeric_mul", Numeric::mul),
            ] {
                let wanted: Vec<Datum> = pairs.iter().map(|(x, y)| bytes(operation(x, y).unwrap())).collect();
                prop_assert_eq!(evaluate(name, args, pairs.len(), Repr::Bytes), wanted, "{}", name);
            }
            let wanted: Vec<Datum> = pairs.iter().map(|(x, y)| Datum::B4(x.cmp(y) as i32)).collect();
            prop_assert_eq!(evaluate("numeric_cmp", args, pairs.len(), Repr::B4), wanted);
            let wanted: Vec<Datum> = pairs.iter().map(|(x, y)| Datum::B1((x <= y) as u8)).collect();
            prop_assert_eq!(evaluate("numeric_le", args, pairs.len(), Repr::B1), wanted);
        }
    }
}
