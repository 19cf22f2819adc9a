//! range_agg and range_intersect_agg, of ranges and of multiranges.

use super::multirange::Multirange;
use super::{Kind, Range};
use crate::aggregate::{Aggregate, Groups, each_value};
use crate::call::Context;
use batch::{Column, Datum, DatumRef, Rows};
use error::{Error, Result};
use ids::Oid;

/// What the aggregates gather: the ranges of each group, or what all of them have in common.
struct Gathered {
    /// The type of the arguments.
    argument: Oid,
    result: Oid,
    kind: Kind,
    /// Arguments are multiranges.
    multi: bool,
    intersect: bool,
    groups: Vec<Vec<Datum>>,
}

/// `range_agg(x)`
pub fn range_agg(context: Context<'_>) -> Result<Box<dyn Aggregate>> {
    make(context, false)
}

/// `range_intersect_agg(x)`
pub fn range_intersect_agg(context: Context<'_>) -> Result<Box<dyn Aggregate>> {
    make(context, true)
}

fn make(context: Context<'_>, intersect: bool) -> Result<Box<dyn Aggregate>> {
    let argument = context.arg_type(0);
    let (multi, kind) = match Multirange::kind_of(argument, context.env) {
        Ok((_, kind)) => (true, kind),
        Err(_) => (false, Kind::of(argument, context.env)?),
    };
    let result = context.result_type;
    Ok(Box::new(Gathered { argument, result, kind, multi, intersect, groups: Vec::new() }))
}

impl Gathered {
    fn offer(&mut self, group: usize, value: DatumRef<'_>, context: Context<'_>) -> Result<()> {
        let Some(bytes) = value.as_bytes() else { return Ok(()) };
        let held = &mut self.groups[group];
        match held.first() {
            Some(before) if self.intersect => {
                let function = Oid(if self.multi { 4272 } else { 3868 });
                let function = crate::function(function)
                    .ok_or_else(|| Error::internal(format!("function {function} is not registered")))?;
                let arg_types = [self.argument; 2];
                let context = Context { result_type: self.argument, arg_types: &arg_types, ..context };
                let both = function.evaluate_one(&[before.as_ref(), value], context, batch::Repr::Bytes)?;
                held[0] = both;
            }
            _ => held.push(Datum::bytes(bytes)),
        }
        Ok(())
    }
}

impl Aggregate for Gathered {
    fn resize(&mut self, groups: usize) {
        self.groups.resize(groups, Vec::new());
    }

    fn update(&mut self, groups: Groups<'_>, args: &[&Column], rows: Rows<'_>, context: Context<'_>) -> Result<()> {
        each_value(groups, args[0], rows, |group, row| self.offer(group, args[0].get(row), context))
    }

    /// The others must be gathered anew.
    fn retract(&mut self, _: usize, _: &[&Column], _: Rows<'_>, _: Context<'_>) -> Result<bool> {
        Ok(false)
    }

    fn merge(&mut self, other: &mut dyn Aggregate, map: &[u32], context: Context<'_>) -> Result<()> {
        let Some(other) = other.as_any().downcast_mut::<Gathered>() else {
            return Err(Error::internal("two different aggregates cannot be merged"));
        };
        for (values, &group) in other.groups.iter().zip(map) {
            for value in values {
                self.offer(group as usize, value.as_ref(), context)?;
            }
        }
        Ok(())
    }

    fn finish(&mut self, group: usize, out: &mut Column, context: Context<'_>) -> Result<()> {
        let held = &self.groups[group];
        if held.is_empty() {
            out.push_null();
            return Ok(());
        }
        if self.intersect {
            out.push(held[0].as_ref());
            return Ok(());
        }
        let mut ranges = Vec::with_capacity(held.len());
        for bytes in held.iter().filter_map(Datum::as_bytes) {
            match self.multi {
                true => ranges.extend(Multirange::read(bytes)?.ranges()?),
                false => ranges.push(Range::read(bytes)?),
            }
        }
        let mut bytes = Vec::new();
        Multirange::write(self.result, &self.kind, ranges, context.env, &mut bytes)?;
        out.push(DatumRef::Bytes(&bytes));
        Ok(())
    }

    fn memory(&self) -> usize {
        let bytes: usize = self.groups.iter().flatten().filter_map(Datum::as_bytes).map(<[u8]>::len).sum();
        let slots: usize = self.groups.iter().map(Vec::capacity).sum();
        bytes + slots * size_of::<Datum>() + self.groups.capacity() * size_of::<Vec<Datum>>()
    }

    fn as_any(&mut self) -> &mut dyn std::any::Any {
        self
    }
}
