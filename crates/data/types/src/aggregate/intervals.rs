//! sum and avg of intervals.

use super::{Groups, State, each_value};
use crate::call::Context;
use crate::datetime::interval::out_of_range;
use crate::datetime::{self, Interval};
use batch::{Column, Rows};
use error::Result;

/// The sum of finite intervals, and how many there are of each kind. Infinite ones are counted apart, so that they can leave a
/// window's frame again.
#[derive(Clone, Default)]
struct Total {
    sum: Interval,
    finite: i64,
    infinite: i64,
    negative_infinite: i64,
}

impl Total {
    fn add(&mut self, value: &Interval) -> Result<()> {
        if value.is_infinity() {
            self.infinite += 1;
        } else if value.is_negative_infinity() {
            self.negative_infinite += 1;
        } else {
            self.sum = self.sum.add(value)?;
            self.finite += 1;
        }
        Ok(())
    }

    fn remove(&mut self, value: &Interval) -> Result<()> {
        if value.is_infinity() {
            self.infinite -= 1;
        } else if value.is_negative_infinity() {
            self.negative_infinite -= 1;
        } else {
            self.sum = self.sum.sub(value)?;
            self.finite -= 1;
        }
        Ok(())
    }

    fn merge(&mut self, other: &Total) -> Result<()> {
        self.sum = self.sum.add(&other.sum)?;
        self.finite += other.finite;
        self.infinite += other.infinite;
        self.negative_infinite += other.negative_infinite;
        Ok(())
    }

    /// The sum, or none of no rows. Infinities of both signs have none.
    fn sum(&self) -> Result<Option<Interval>> {
        match (self.infinite > 0, self.negative_infinite > 0) {
            (true, true) => Err(out_of_range()),
            (true, false) => Ok(Some(Interval::INFINITY)),
            (false, true) => Ok(Some(Interval::NEGATIVE_INFINITY)),
            (false, false) => Ok((self.finite > 0).then_some(self.sum)),
        }
    }
}

fn each(
    column: &Column,
    rows: Rows<'_>,
    groups: Groups<'_>,
    mut f: impl FnMut(usize, &Interval) -> Result<()>,
) -> Result<()> {
    let values = column.bytes();
    each_value(groups, column, rows, |group, row| f(group, &datetime::decode(values.get(column.index(row)))))
}

fn push(value: Option<Interval>, out: &mut Column) {
    match value {
        Some(value) => datetime::push(value, out),
        None => out.push_null(),
    }
}

macro_rules! aggregate {
    ($(#[$doc:meta])* $name:ident, $finish:expr) => {
        $(#[$doc])*
        #[derive(Clone, Default)]
        pub struct $name(Total);

        impl State for $name {
            fn update(
                states: &mut [Self],
                groups: Groups<'_>,
                args: &[&Column],
                rows: Rows<'_>,
                _: Context<'_>,
            ) -> Result<()> {
                each(args[0], rows, groups, |group, value| states[group].0.add(value))
            }

            fn retract(&mut self, args: &[&Column], rows: Rows<'_>, _: Context<'_>) -> Result<bool> {
                each(args[0], rows, Groups::One(0), |_, value| self.0.remove(value))?;
                Ok(true)
            }

            fn merge(&mut self, other: &mut Self, _: Context<'_>) -> Result<()> {
                self.0.merge(&other.0)
            }

            fn finish(&self, out: &mut Column, _: Context<'_>) -> Result<()> {
                let finish: fn(&Total) -> Result<Option<Interval>> = $finish;
                push(finish(&self.0)?, out);
                Ok(())
            }
        }
    };
}

aggregate! {
    /// sum
    Sum, Total::sum
}

aggregate! {
    /// avg
    Average, |total| match total.sum()? {
        Some(sum) if sum.is_finite() => sum.div(total.finite as f64).map(Some),
        other => Ok(other),
    }
}
