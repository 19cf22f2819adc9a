//! min and max of any ordered type.

use super::{Aggregate, Groups, each_value};
use crate::call::Context;
use crate::order::{Order, compare_as, order_of};
use batch::{Column, Datum, DatumRef, Rows, Values};
use error::{Error, Result};
use ids::Oid;

/// The least or greatest value of each group.
struct Extremes {
    greatest: bool,
    type_oid: Oid,
    order: Order,
    values: Vec<Datum>,
}

/// max(x)
pub fn max(context: Context<'_>) -> Result<Box<dyn Aggregate>> {
    make(context, true)
}

/// min(x)
pub fn min(context: Context<'_>) -> Result<Box<dyn Aggregate>> {
    make(context, false)
}

fn make(context: Context<'_>, greatest: bool) -> Result<Box<dyn Aggregate>> {
    let (type_oid, order) = order_of(context.arg_type(0), context.env)?;
    Ok(Box::new(Extremes { greatest, type_oid, order, values: Vec::new() }))
}

impl Extremes {
    fn offer(&mut self, group: usize, value: DatumRef<'_>, context: Context<'_>) -> Result<()> {
        let best = &mut self.values[group];
        if !best.is_null() {
            let order = compare_as(self.type_oid, self.order, context.collation, value, best.as_ref(), context.env)?;
            if if self.greatest { order.is_le() } else { order.is_ge() } {
                return Ok(());
            }
        }
        *best = value.to_datum();
        Ok(())
    }

    /// The least or greatest of a dense column of signed numbers, in one pass over its values.
    fn dense(&self, column: &Column, rows: Rows<'_>) -> Option<Datum> {
        let Rows::All(len) = rows else { return None };
        if self.order != Order::Signed || column.has_nulls() || column.is_constant() {
            return None;
        }
        fn pick<T: Ord + Copy>(values: &[T], greatest: bool) -> Option<T> {
            if greatest { values.iter().copied().max() } else { values.iter().copied().min() }
        }
        match column.values() {
            Values::B2(v) => pick(&v[..len], self.greatest).map(Datum::B2),
            Values::B4(v) => pick(&v[..len], self.greatest).map(Datum::B4),
            Values::B8(v) => pick(&v[..len], self.greatest).map(Datum::B8),
            _ => None,
        }
    }
}

impl Aggregate for Extremes {
    fn resize(&mut self, groups: usize) {
        self.values.resize(groups, Datum::Null);
    }

    fn update(&mut self, groups: Groups<'_>, args: &[&Column], rows: Rows<'_>, context: Context<'_>) -> Result<()> {
        if let (Groups::One(group), Some(value)) = (groups, self.dense(args[0], rows)) {
            return self.offer(group as usize, value.as_ref(), context);
        }
        each_value(groups, args[0], rows, |group, row| self.offer(group, args[0].get(row), context))
    }

    /// As long as only lesser values go, the best one stays.
    fn retract(&mut self, group: usize, args: &[&Column], rows: Rows<'_>, context: Context<'_>) -> Result<bool> {
        let best = self.values[group].as_ref();
        let mut stays = true;
        each_value(Groups::One(0), args[0], rows, |_, row| {
            let value = args[0].get(row);
            stays &= compare_as(self.type_oid, self.order, context.collation, value, best, context.env)?.is_ne();
            Ok(())
        })?;
        Ok(stays)
    }

    fn merge(&mut self, other: &mut dyn Aggregate, map: &[u32], context: Context<'_>) -> Result<()> {
        let Some(other) = other.as_any().downcast_mut::<Extremes>() else {
            return Err(Error::internal("two different aggregates cannot be merged"));
        };
        for (value, &group) in other.values.iter().zip(map) {
            if !value.is_null() {
                self.offer(group as usize, value.as_ref(), context)?;
            }
        }
        Ok(())
    }

    fn finish(&mut self, group: usize, out: &mut Column, _: Context<'_>) -> Result<()> {
        out.push(self.values[group].as_ref());
        Ok(())
    }

    fn memory(&self) -> usize {
        let bytes: usize = self.values.iter().filter_map(Datum::as_bytes).map(<[u8]>::len).sum();
        self.values.capacity() * size_of::<Datum>() + bytes
    }

    fn as_any(&mut self) -> &mut dyn std::any::Any {
        self
    }
}
