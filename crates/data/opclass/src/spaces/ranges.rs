//! Ranges as points of a plane: the lower cut is one coordinate, the upper cut the other one ([`crate::ranges`] says what a cut is).
//!
//! ```text
//! code  00, then the bits of lower and upper cut in turn
//!     | 01                                                  the empty range
//! ```
//!
//! No cut is the beginning of another one, so the shorter of two may be filled up with zeros.

use std::cmp::Ordering;
use std::sync::Arc;

use access::search::Match;
use batch::DatumRef;
use error::Result;
use ids::Oid;
use spgist::SpgistClass;
use spgist::cell::{Cell, mix};
use types::Environment;

use super::{SpaceCoder, SpaceColumn};
use crate::ranges::{CONTAINS_ELEMENT, Key, RangeCoder};
use crate::{Coder, Returned, unknown};

/// The class of a range type.
pub fn column(type_oid: Oid, env: &dyn Environment) -> Result<SpaceColumn> {
    let coder = RangeCoder::new(type_oid, false, env)?;
    Ok(SpaceColumn { class: Arc::new(Plane), coder: Box::new(PlaneCoder(coder)) })
}

const CUTS: u8 = 0;
const EMPTY: u8 = 1;

#[derive(Clone, Copy, Debug)]
struct Plane;

struct PlaneCoder(RangeCoder);

/// Where a cut lies: between the first bytes, filled up with zeros, and the second ones, filled up with `fill`.
struct Span {
    low: Vec<u8>,
    high: Vec<u8>,
    fill: u8,
}

/// Compares with a cut, zeros behind it.
fn compare(bytes: &[u8], fill: u8, cut: &[u8]) -> Ordering {
    let common = bytes.len().min(cut.len());
    bytes[..common].cmp(&cut[..common]).then_with(|| match (bytes.len() > common, fill) {
        (true, _) => {
            if bytes[common..].iter().any(|&byte| byte != 0) {
                Ordering::Greater
            } else {
                Ordering::Equal
            }
        }
        (false, 0) => {
            if cut[common..].iter().any(|&byte| byte != 0) {
                Ordering::Less
            } else {
                Ordering::Equal
            }
        }
        // Whatever follows there, it can be more.
        (false, _) => Ordering::Greater,
    })
}

impl Span {
    fn of(cell: Cell<'_>, number: usize) -> Span {
        let (low, high) = cell.coordinate(1, 2, number);
        Span { low, high, fill: if cell.is_value() { 0 } else { 0xFF } }
    }

    fn starts_by(&self, cut: &[u8]) -> bool {
        compare(&self.low, 0, cut) != Ordering::Greater
    }

    fn starts_before(&self, cut: &[u8]) -> bool {
        compare(&self.low, 0, cut) == Ordering::Less
    }

    fn ends_from(&self, cut: &[u8]) -> bool {
        compare(&self.high, self.fill, cut) != Ordering::Less
    }

    fn ends_behind(&self, cut: &[u8]) -> bool {
        compare(&self.high, self.fill, cut) == Ordering::Greater
    }

    fn holds(&self, cut: &[u8]) -> bool {
        self.starts_by(cut) && self.ends_from(cut)
    }
}

impl SpgistClass for Plane {
    fn consistent(&self, cell: Cell<'_>, strategy: u16, argument: &[u8]) -> Result<Match> {
        let argument = Key::read(argument)?;
        let answer = |yes| if cell.is_value() && !argument.several { Match::exact(yes) } else { Match::lossy(yes) };
        let (empty, cuts) = match cell.first_byte() {
            None => (true, true),
            Some(first) => (first == EMPTY, first == CUTS),
        };
        let Some((low, high)) = argument.cuts else {
            return Ok(answer(match strategy {
                1..=6 => false,
                7 => true,
                8 | 18 => empty,
                _ => return Err(unknown(strategy)),
            }));
        };
        // The empty range is contained in every one, and nothing else is true of it.
        if empty && strategy == 8 {
            return Ok(answer(true));
        }
        if !cuts {
            return Ok(Match::No);
        }
        let (lower, upper) = (Span::of(cell, 0), Span::of(cell, 1));
        Ok(answer(match strategy {
            1 => upper.starts_by(low),
            2 => upper.starts_by(high),
            3 => lower.starts_before(high) && upper.ends_behind(low),
            4 => lower.ends_from(low),
            5 => lower.ends_from(high),
            6 => upper.holds(low) || lower.holds(high),
            7 | CONTAINS_ELEMENT => lower.starts_by(low) && upper.ends_from(high),
            8 => lower.ends_from(low) && upper.starts_by(high),
            18 => lower.holds(low) && upper.holds(high),
            _ => return Err(unknown(strategy)),
        }))
    }
}

impl SpaceCoder for PlaneCoder {
    fn code(&self, value: DatumRef<'_>, env: &dyn Environment, out: &mut Vec<u8>) -> Result<()> {
        let mut key = Vec::new();
        self.0.key(value, env, &mut key)?;
        match Key::read(&key)?.cuts {
            Some((lower, upper)) => {
                out.push(CUTS);
                mix(&[lower, upper], out);
            }
            None => out.push(EMPTY),
        }
        Ok(())
    }

    fn argument(
        &self,
        strategy: u16,
        type_oid: Oid,
        value: DatumRef<'_>,
        env: &dyn Environment,
        out: &mut Vec<u8>,
    ) -> Result<()> {
        self.0.argument(strategy, type_oid, value, env, out)
    }

    fn returned(&self) -> Returned {
        Returned::Beside
    }

    fn is_pure(&self) -> bool {
        self.0.is_pure()
    }
}
