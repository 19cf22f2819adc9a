//! sum and avg of intervals.

use super::{Groups, State, each_value};
use crate::call::Context;
use crate::datetime::{self, Interval};
use batch::{Column, DatumRef, Rows};
use error::Result;

/// What intervals sum up to, and how many there were.
#[derive(Clone, Default)]
pub struct Spans<const AVERAGE: bool> {
    sum: Option<Interval>,
    count: i64,
}

impl<const AVERAGE: bool> Spans<AVERAGE> {
    fn add(&mut self, more: &Interval, count: i64) -> Result<()> {
        self.count += count;
        self.sum = Some(match &self.sum {
            None => *more,
            Some(sum) => sum.add(more)?,
        });
        Ok(())
    }
}

impl<const AVERAGE: bool> State for Spans<AVERAGE> {
    fn update(states: &mut [Self], groups: Groups<'_>, args: &[&Column], rows: Rows<'_>, _: Context<'_>) -> Result<()> {
        each_value(groups, args[0], rows, |group, row| {
            let value: Interval = datetime::decode(args[0].get(row).as_bytes().unwrap_or_default());
            states[group].add(&value, 1)
        })
    }

    fn merge(&mut self, other: &mut Self, _: Context<'_>) -> Result<()> {
        other.sum.take().map_or(Ok(()), |sum| self.add(&sum, other.count))
    }

    fn finish(&self, out: &mut Column, _: Context<'_>) -> Result<()> {
        let Some(sum) = &self.sum else {
            out.push_null();
            return Ok(());
        };
        let result = if AVERAGE { sum.div(self.count as f64)? } else { *sum };
        let mut bytes = Column::new(batch::Repr::Bytes);
        bytes.reset(1);
        crate::call::Value::put(result, &mut bytes, 0);
        out.push(DatumRef::Bytes(bytes.bytes().get(0)));
        Ok(())
    }
}
