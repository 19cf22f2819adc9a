//! bool_and, bool_or, every; bit_and, bit_or, bit_xor.

use super::{Groups, State, each_value};
use crate::call::Context;
use batch::{Column, DatumRef, Rows};
use error::{Error, Result};

/// bool_and and every
#[derive(Clone, Default)]
pub struct All(Option<bool>);

/// bool_or
#[derive(Clone, Default)]
pub struct Any(Option<bool>);

macro_rules! boolean {
    ($type:ident, $op:tt) => {
        impl State for $type {
            fn update(
                states: &mut [Self],
                groups: Groups<'_>,
                args: &[&Column],
                rows: Rows<'_>,
                _: Context<'_>,
            ) -> Result<()> {
                let values = args[0].b1();
                each_value(groups, args[0], rows, |group, row| {
                    let value = values[args[0].index(row)] != 0;
                    let state = &mut states[group].0;
                    *state = Some(state.map_or(value, |state| state $op value));
                    Ok(())
                })
            }

            fn merge(&mut self, other: &mut Self, _: Context<'_>) -> Result<()> {
                self.0 = match (self.0, other.0) {
                    (Some(a), Some(b)) => Some(a $op b),
                    (a, b) => a.or(b),
                };
                Ok(())
            }

            fn finish(&self, out: &mut Column, _: Context<'_>) -> Result<()> {
                out.push(self.0.map_or(DatumRef::Null, |value| DatumRef::B1(value as u8)));
                Ok(())
            }
        }
    };
}

boolean!(All, &);
boolean!(Any, |);

/// bit_and
pub const AND: u8 = 0;
/// bit_or
pub const OR: u8 = 1;
/// bit_xor
pub const XOR: u8 = 2;

/// The bits of integers of any width, put together.
#[derive(Clone, Default)]
pub struct Bits<const WHICH: u8>(Option<i64>);

fn combine<const WHICH: u8>(a: i64, b: i64) -> i64 {
    match WHICH {
        AND => a & b,
        OR => a | b,
        _ => a ^ b,
    }
}

impl<const WHICH: u8> State for Bits<WHICH> {
    fn update(states: &mut [Self], groups: Groups<'_>, args: &[&Column], rows: Rows<'_>, _: Context<'_>) -> Result<()> {
        each_value(groups, args[0], rows, |group, row| {
            let value = match args[0].get(row) {
                DatumRef::B2(v) => v as i64,
                DatumRef::B4(v) => v as i64,
                DatumRef::B8(v) => v,
                _ => return Err(Error::internal("an aggregate of integers was given another type")),
            };
            let state = &mut states[group].0;
            *state = Some(state.map_or(value, |state| combine::<WHICH>(state, value)));
            Ok(())
        })
    }

    fn merge(&mut self, other: &mut Self, _: Context<'_>) -> Result<()> {
        self.0 = match (self.0, other.0) {
            (Some(a), Some(b)) => Some(combine::<WHICH>(a, b)),
            (a, b) => a.or(b),
        };
        Ok(())
    }

    fn finish(&self, out: &mut Column, _: Context<'_>) -> Result<()> {
        out.push(match (self.0, out.repr()) {
            (None, _) => DatumRef::Null,
            (Some(v), batch::Repr::B2) => DatumRef::B2(v as i16),
            (Some(v), batch::Repr::B4) => DatumRef::B4(v as i32),
            (Some(v), _) => DatumRef::B8(v),
        });
        Ok(())
    }
}

/// Bit strings put together.
#[derive(Clone, Default)]
pub struct BitStrings<const WHICH: u8>(Option<Vec<u8>>);

impl<const WHICH: u8> BitStrings<WHICH> {
    fn add(&mut self, value: &[u8]) -> Result<()> {
        let Some(state) = &self.0 else {
            self.0 = Some(value.to_vec());
            return Ok(());
        };
        let mut combined = Vec::with_capacity(state.len());
        let (verb, operate): (&str, fn(u8, u8) -> u8) = match WHICH {
            AND => ("AND", |a, b| a & b),
            OR => ("OR", |a, b| a | b),
            _ => ("XOR", |a, b| a ^ b),
        };
        crate::bit::combine(state, value, verb, operate, &mut combined)?;
        self.0 = Some(combined);
        Ok(())
    }
}

impl<const WHICH: u8> State for BitStrings<WHICH> {
    fn update(states: &mut [Self], groups: Groups<'_>, args: &[&Column], rows: Rows<'_>, _: Context<'_>) -> Result<()> {
        each_value(groups, args[0], rows, |group, row| {
            states[group].add(args[0].get(row).as_bytes().unwrap_or_default())
        })
    }

    fn merge(&mut self, other: &mut Self, _: Context<'_>) -> Result<()> {
        other.0.take().map_or(Ok(()), |value| self.add(&value))
    }

    fn finish(&self, out: &mut Column, _: Context<'_>) -> Result<()> {
        out.push(self.0.as_deref().map_or(DatumRef::Null, DatumRef::Bytes));
        Ok(())
    }

    fn memory(&self) -> usize {
        self.0.as_ref().map_or(0, Vec::capacity)
    }
}
