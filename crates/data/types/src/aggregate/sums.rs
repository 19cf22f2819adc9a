//! count, sum and avg.

use super::{Groups, State, each_value};
use crate::call::Context;
use crate::float;
use crate::int::bigint_range;
use crate::numeric::{Narrow, Numeric};
use batch::{Column, DatumRef, Rows, Values};
use error::Result;

/// count(*)
#[derive(Clone, Default)]
pub struct CountRows(i64);

impl State for CountRows {
    fn update(states: &mut [Self], groups: Groups<'_>, _: &[&Column], rows: Rows<'_>, _: Context<'_>) -> Result<()> {
        match groups {
            Groups::One(group) => states[group as usize].0 += rows.len() as i64,
            Groups::Each(groups) => groups[..rows.len()].iter().for_each(|&group| states[group as usize].0 += 1),
        }
        Ok(())
    }

    fn retract(&mut self, _: &[&Column], rows: Rows<'_>, _: Context<'_>) -> Result<bool> {
        self.0 -= rows.len() as i64;
        Ok(true)
    }

    fn merge(&mut self, other: &mut Self, _: Context<'_>) -> Result<()> {
        self.0 += other.0;
        Ok(())
    }

    fn finish(&self, out: &mut Column, _: Context<'_>) -> Result<()> {
        out.push(DatumRef::B8(self.0));
        Ok(())
    }
}

/// count(x)
#[derive(Clone, Default)]
pub struct CountValues(i64);

impl State for CountValues {
    fn update(states: &mut [Self], groups: Groups<'_>, args: &[&Column], rows: Rows<'_>, _: Context<'_>) -> Result<()> {
        match groups {
            Groups::One(group) if !args[0].has_nulls() => {
                states[group as usize].0 += rows.len() as i64;
                Ok(())
            }
            _ => each_value(groups, args[0], rows, |group, _| {
                states[group].0 += 1;
                Ok(())
            }),
        }
    }

    fn retract(&mut self, args: &[&Column], rows: Rows<'_>, _: Context<'_>) -> Result<bool> {
        rows.for_each(|row| self.0 -= !args[0].is_null(row) as i64);
        Ok(true)
    }

    fn merge(&mut self, other: &mut Self, _: Context<'_>) -> Result<()> {
        self.0 += other.0;
        Ok(())
    }

    fn finish(&self, out: &mut Column, _: Context<'_>) -> Result<()> {
        out.push(DatumRef::B8(self.0));
        Ok(())
    }
}

/// The sum of a dense integer column without nulls, in 128 bits; `None` if the rows are not dense.
fn dense_sum(column: &Column, rows: Rows<'_>) -> Option<i128> {
    let Rows::All(len) = rows else { return None };
    if column.has_nulls() || column.is_constant() {
        return None;
    }
    match column.values() {
        Values::B2(v) => Some(v[..len].iter().map(|&v| v as i64).sum::<i64>() as i128),
        Values::B4(v) => Some(v[..len].iter().map(|&v| v as i64).sum::<i64>() as i128),
        Values::B8(v) => {
            // The low and high halves separately: neither overflows 64 bits in a batch.
            let low: i64 = v[..len].iter().map(|&v| v & 0xFFFF_FFFF).sum();
            let high: i64 = v[..len].iter().map(|&v| v >> 32).sum();
            Some(((high as i128) << 32) + low as i128)
        }
        _ => None,
    }
}

/// Calls `f` with group and value of each integer that is not null.
#[inline(always)]
fn each_integer(
    groups: Groups<'_>,
    column: &Column,
    rows: Rows<'_>,
    mut f: impl FnMut(usize, i64) -> Result<()>,
) -> Result<()> {
    match column.values() {
        Values::B2(v) => each_value(groups, column, rows, |group, row| f(group, v[column.index(row)] as i64)),
        Values::B4(v) => each_value(groups, column, rows, |group, row| f(group, v[column.index(row)] as i64)),
        Values::B8(v) => each_value(groups, column, rows, |group, row| f(group, v[column.index(row)])),
        _ => Err(error::Error::internal("an aggregate of integers was given another type")),
    }
}

/// The sum of smallints, integers or moneys: a bigint.
#[derive(Clone, Default)]
pub struct SumInteger {
    sum: i64,
    count: i64,
}

impl State for SumInteger {
    fn update(states: &mut [Self], groups: Groups<'_>, args: &[&Column], rows: Rows<'_>, _: Context<'_>) -> Result<()> {
        if let (Groups::One(group), Some(sum)) = (groups, dense_sum(args[0], rows)) {
            let state = &mut states[group as usize];
            state.sum = i64::try_from(state.sum as i128 + sum).map_err(|_| bigint_range())?;
            state.count += rows.len() as i64;
            return Ok(());
        }
        each_integer(groups, args[0], rows, |group, value| {
            let state = &mut states[group];
            state.sum = state.sum.checked_add(value).ok_or_else(bigint_range)?;
            state.count += 1;
            Ok(())
        })
    }

    fn retract(&mut self, args: &[&Column], rows: Rows<'_>, _: Context<'_>) -> Result<bool> {
        let mut exact = true;
        each_integer(Groups::One(0), args[0], rows, |_, value| {
            match self.sum.checked_sub(value) {
                Some(sum) => self.sum = sum,
                None => exact = false,
            }
            self.count -= 1;
            Ok(())
        })?;
        Ok(exact)
    }

    fn merge(&mut self, other: &mut Self, _: Context<'_>) -> Result<()> {
        self.sum = self.sum.checked_add(other.sum).ok_or_else(bigint_range)?;
        self.count += other.count;
        Ok(())
    }

    fn finish(&self, out: &mut Column, _: Context<'_>) -> Result<()> {
        out.push(if self.count > 0 { DatumRef::B8(self.sum) } else { DatumRef::Null });
        Ok(())
    }
}

fn push_numeric(value: Option<Numeric>, out: &mut Column) {
    match value {
        Some(value) => out.push(DatumRef::Bytes(&value.to_bytes())),
        None => out.push_null(),
    }
}

/// The sum and count of integers in 128 bits: exact for as many rows as there can be.
#[derive(Clone, Default)]
struct WideSum {
    sum: i128,
    count: i64,
}

impl WideSum {
    fn update(
        groups: Groups<'_>,
        args: &[&Column],
        rows: Rows<'_>,
        mut state: impl FnMut(usize, i128, i64),
    ) -> Result<()> {
        if let (Groups::One(group), Some(sum)) = (groups, dense_sum(args[0], rows)) {
            state(group as usize, sum, rows.len() as i64);
            return Ok(());
        }
        each_integer(groups, args[0], rows, |group, value| {
            state(group, value as i128, 1);
            Ok(())
        })
    }

    fn add(&mut self, sum: i128, count: i64) {
        self.sum += sum;
        self.count += count;
    }
}

/// The sum of bigints: a numeric.
#[derive(Clone, Default)]
pub struct SumBigint(WideSum);

impl State for SumBigint {
    fn update(states: &mut [Self], groups: Groups<'_>, args: &[&Column], rows: Rows<'_>, _: Context<'_>) -> Result<()> {
        WideSum::update(groups, args, rows, |group, sum, count| states[group].0.add(sum, count))
    }

    fn retract(&mut self, args: &[&Column], rows: Rows<'_>, _: Context<'_>) -> Result<bool> {
        WideSum::update(Groups::One(0), args, rows, |_, sum, count| self.0.add(-sum, -count))?;
        Ok(true)
    }

    fn merge(&mut self, other: &mut Self, _: Context<'_>) -> Result<()> {
        self.0.add(other.0.sum, other.0.count);
        Ok(())
    }

    fn finish(&self, out: &mut Column, _: Context<'_>) -> Result<()> {
        push_numeric((self.0.count > 0).then_some(Numeric::Small(self.0.sum, 0)), out);
        Ok(())
    }
}

/// The average of integers of any width: a numeric.
#[derive(Clone, Default)]
pub struct AverageInteger(WideSum);

impl State for AverageInteger {
    fn update(states: &mut [Self], groups: Groups<'_>, args: &[&Column], rows: Rows<'_>, _: Context<'_>) -> Result<()> {
        WideSum::update(groups, args, rows, |group, sum, count| states[group].0.add(sum, count))
    }

    fn retract(&mut self, args: &[&Column], rows: Rows<'_>, _: Context<'_>) -> Result<bool> {
        WideSum::update(Groups::One(0), args, rows, |_, sum, count| self.0.add(-sum, -count))?;
        Ok(true)
    }

    fn merge(&mut self, other: &mut Self, _: Context<'_>) -> Result<()> {
        self.0.add(other.0.sum, other.0.count);
        Ok(())
    }

    fn finish(&self, out: &mut Column, _: Context<'_>) -> Result<()> {
        let average = match self.0.count {
            0 => None,
            count => Some(Numeric::Small(self.0.sum, 0).div(&Numeric::from(count))?),
        };
        push_numeric(average, out);
        Ok(())
    }
}

/// The running sum and count of numerics.
#[derive(Clone)]
struct NumericSum {
    sum: Numeric,
    count: i64,
    /// The largest scale of a value, which the sum has too, and how many values have it.
    scale: u32,
    scale_count: i64,
}

impl Default for NumericSum {
    fn default() -> NumericSum {
        NumericSum { sum: Numeric::ZERO, count: 0, scale: 0, scale_count: 0 }
    }
}

impl NumericSum {
    #[inline(always)]
    fn add_narrow(&mut self, value: Narrow) -> Result<()> {
        match &mut self.sum {
            Numeric::Small(sum, scale)
                if *scale == value.scale
                    && let Some(more) = sum.checked_add(value.value as i128) =>
            {
                *sum = more;
            }
            sum => *sum = sum.add(&value.widen())?,
        }
        self.count += 1;
        self.note_scale(value.scale, 1);
        Ok(())
    }

    #[inline]
    fn add(&mut self, value: &Numeric) -> Result<()> {
        self.sum = self.sum.add(value)?;
        self.count += 1;
        self.note_scale(value.scale(), 1);
        Ok(())
    }

    fn merge(&mut self, other: &NumericSum) -> Result<()> {
        self.sum = self.sum.add(&other.sum)?;
        self.count += other.count;
        self.note_scale(other.scale, other.scale_count);
        Ok(())
    }

    #[inline]
    fn note_scale(&mut self, scale: u32, count: i64) {
        if scale > self.scale {
            (self.scale, self.scale_count) = (scale, count);
        } else if scale == self.scale {
            self.scale_count += count;
        }
    }

    /// Takes values out; not if one is infinite or no number, or if the sum without them would have a smaller scale.
    fn retract(&mut self, args: &[&Column], rows: Rows<'_>) -> Result<bool> {
        let mut exact = self.sum.is_finite();
        each_numeric(Groups::One(0), args[0], rows, |_, value| {
            if value.scale() == self.scale {
                self.scale_count -= 1;
            }
            exact &= value.is_finite() && (self.scale == 0 || self.scale_count > 0);
            if exact {
                self.sum = self.sum.sub(value)?;
                self.count -= 1;
            }
            Ok(())
        })?;
        Ok(exact)
    }
}

fn each_numeric(
    groups: Groups<'_>,
    column: &Column,
    rows: Rows<'_>,
    mut f: impl FnMut(usize, &Numeric) -> Result<()>,
) -> Result<()> {
    let values = column.bytes();
    each_value(groups, column, rows, |group, row| f(group, &Numeric::from_bytes(values.get(column.index(row)))))
}

/// Adds a column's values to the sums of their groups.
#[inline(always)]
fn add_numerics<S>(
    states: &mut [S],
    sum: impl Fn(&mut S) -> &mut NumericSum,
    groups: Groups<'_>,
    column: &Column,
    rows: Rows<'_>,
) -> Result<()> {
    let values = column.bytes();
    each_value(groups, column, rows, |group, row| {
        let (sum, at) = (sum(&mut states[group]), column.index(row));
        match Narrow::read(values, at) {
            Some(value) => sum.add_narrow(value),
            None => sum.add(&Numeric::from_bytes(values.get(at))),
        }
    })
}

/// The sum of numerics.
#[derive(Clone, Default)]
pub struct SumNumeric(NumericSum);

impl State for SumNumeric {
    fn update(states: &mut [Self], groups: Groups<'_>, args: &[&Column], rows: Rows<'_>, _: Context<'_>) -> Result<()> {
        add_numerics(states, |state| &mut state.0, groups, args[0], rows)
    }

    fn retract(&mut self, args: &[&Column], rows: Rows<'_>, _: Context<'_>) -> Result<bool> {
        self.0.retract(args, rows)
    }

    fn merge(&mut self, other: &mut Self, _: Context<'_>) -> Result<()> {
        self.0.merge(&other.0)
    }

    fn finish(&self, out: &mut Column, _: Context<'_>) -> Result<()> {
        push_numeric((self.0.count > 0).then(|| self.0.sum.clone()), out);
        Ok(())
    }
}

/// The average of numerics.
#[derive(Clone, Default)]
pub struct AverageNumeric(NumericSum);

impl State for AverageNumeric {
    fn update(states: &mut [Self], groups: Groups<'_>, args: &[&Column], rows: Rows<'_>, _: Context<'_>) -> Result<()> {
        add_numerics(states, |state| &mut state.0, groups, args[0], rows)
    }

    fn retract(&mut self, args: &[&Column], rows: Rows<'_>, _: Context<'_>) -> Result<bool> {
        self.0.retract(args, rows)
    }

    fn merge(&mut self, other: &mut Self, _: Context<'_>) -> Result<()> {
        self.0.merge(&other.0)
    }

    fn finish(&self, out: &mut Column, _: Context<'_>) -> Result<()> {
        let average = match self.0.count {
            0 => None,
            count => Some(self.0.sum.div(&Numeric::from(count))?),
        };
        push_numeric(average, out);
        Ok(())
    }
}

/// The sum of reals, a real.
#[derive(Clone, Default)]
pub struct SumReal(Option<f32>);

fn add_reals(a: f32, b: f32) -> Result<f32> {
    let sum = a + b;
    if sum.is_infinite() && !a.is_infinite() && !b.is_infinite() { Err(float::overflow()) } else { Ok(sum) }
}

impl State for SumReal {
    fn update(states: &mut [Self], groups: Groups<'_>, args: &[&Column], rows: Rows<'_>, _: Context<'_>) -> Result<()> {
        let values = args[0].f32();
        each_value(groups, args[0], rows, |group, row| {
            let value = values[args[0].index(row)];
            let state = &mut states[group].0;
            *state = Some(match *state {
                Some(sum) => add_reals(sum, value)?,
                None => value,
            });
            Ok(())
        })
    }

    fn merge(&mut self, other: &mut Self, _: Context<'_>) -> Result<()> {
        self.0 = match (self.0, other.0) {
            (Some(a), Some(b)) => Some(add_reals(a, b)?),
            (a, b) => a.or(b),
        };
        Ok(())
    }

    fn finish(&self, out: &mut Column, _: Context<'_>) -> Result<()> {
        out.push(self.0.map_or(DatumRef::Null, |sum| DatumRef::B4(sum.to_bits() as i32)));
        Ok(())
    }
}

/// The sum of doubles.
#[derive(Clone, Default)]
pub struct SumDouble(Option<f64>);

impl State for SumDouble {
    fn update(states: &mut [Self], groups: Groups<'_>, args: &[&Column], rows: Rows<'_>, _: Context<'_>) -> Result<()> {
        let values = args[0].f64();
        each_value(groups, args[0], rows, |group, row| {
            let value = values[args[0].index(row)];
            let state = &mut states[group].0;
            *state = Some(match *state {
                Some(sum) => float::add(sum, value)?,
                None => value,
            });
            Ok(())
        })
    }

    fn merge(&mut self, other: &mut Self, _: Context<'_>) -> Result<()> {
        self.0 = match (self.0, other.0) {
            (Some(a), Some(b)) => Some(float::add(a, b)?),
            (a, b) => a.or(b),
        };
        Ok(())
    }

    fn finish(&self, out: &mut Column, _: Context<'_>) -> Result<()> {
        out.push(self.0.map_or(DatumRef::Null, |sum| DatumRef::B8(sum.to_bits() as i64)));
        Ok(())
    }
}
