//! Ranges and multiranges by their bounds.
//!
//! A bound is a *cut*: a place between values, written so that the order of bytes is the order of places. A range is what lies between two
//! cuts, so all of its operators are comparisons of bytes, whatever its type.
//!
//! ```text
//! cut   00                      before all values (no lower bound)
//!       01 value 00             before the value: [value, or value)
//!       01 value 01             behind the value: (value, or value]
//!       02                      behind all values (no upper bound)
//! key   flags u8 (1: there are cuts, 2: empty ranges are among what it covers), then, with cuts, length of the lower one u16, lower cut, upper cut
//! ```
//!
//! Values are encoded as keys of a B-tree are. A multirange stands for the range from its first to its last cut, so what is found of it is looked at again.

use std::sync::Arc;

use batch::DatumRef;
use error::Result;
use gist::{GistClass, Match};
use ids::Oid;
use types::Environment;
use types::environment::TypeKind;
use types::range::{Bound, Kind, Multirange, Range};
use types::sortkey::{KeyColumn, KeyEncoder};

use crate::{Coder, Column, Returned, bytes, cut_in_the_middle, damaged, unknown};

const HAS_CUTS: u8 = 1;
const HAS_EMPTY: u8 = 2;
/// Of an argument: it is a multirange, and its cuts do not say all.
const SEVERAL: u8 = 4;

/// The strategy of `@> element`.
pub(crate) const CONTAINS_ELEMENT: u16 = 16;

/// The class of a range type, or of a multirange type.
pub fn column(type_oid: Oid, multirange: bool, env: &dyn Environment) -> Result<Column> {
    let coder = Box::new(RangeCoder::new(type_oid, multirange, env)?);
    Ok(Column { class: Arc::new(Cuts { multirange }), coder })
}

#[derive(Clone, Copy, Debug)]
struct Cuts {
    multirange: bool,
}

pub(crate) struct RangeCoder {
    encoder: KeyEncoder,
    multirange: bool,
}

impl RangeCoder {
    /// For values of a range type, or of a multirange type.
    pub fn new(type_oid: Oid, multirange: bool, env: &dyn Environment) -> Result<RangeCoder> {
        let kind = if multirange { Multirange::kind_of(type_oid, env)?.1 } else { Kind::of(type_oid, env)? };
        let encoder = KeyEncoder::new(vec![KeyColumn::ascending(kind.subtype, kind.collation)], env)?;
        Ok(RangeCoder { encoder, multirange })
    }

    fn cut(&self, bound: &Bound<'_>, env: &dyn Environment, out: &mut Vec<u8>) -> Result<()> {
        if bound.is_infinite() {
            out.push(if bound.lower { 0 } else { 2 });
            return Ok(());
        }
        // The encoder's own first byte is 01 for a value, for the column's nulls come last.
        self.encoder.encode_column(0, bound.value, env, out)?;
        out.push((bound.inclusive != bound.lower) as u8);
        Ok(())
    }

    fn write(
        &self,
        ends: Option<(Bound<'_>, Bound<'_>)>,
        flags: u8,
        env: &dyn Environment,
        out: &mut Vec<u8>,
    ) -> Result<()> {
        let Some((lower, upper)) = ends else {
            out.push(flags | HAS_EMPTY);
            return Ok(());
        };
        out.push(flags | HAS_CUTS);
        let at = out.len();
        out.extend_from_slice(&[0, 0]);
        self.cut(&lower, env, out)?;
        let length = (out.len() - at - 2).min(u16::MAX as usize) as u16;
        out[at..at + 2].copy_from_slice(&length.to_le_bytes());
        self.cut(&upper, env, out)
    }

    fn range(&self, value: &[u8], env: &dyn Environment, out: &mut Vec<u8>) -> Result<()> {
        let range = Range::read(value)?;
        self.write((!range.empty).then_some((range.lower, range.upper)), 0, env, out)
    }

    fn multirange(&self, value: &[u8], flags: u8, env: &dyn Environment, out: &mut Vec<u8>) -> Result<()> {
        let ranges = Multirange::read(value)?;
        let Some(last) = ranges.len().checked_sub(1) else { return self.write(None, flags, env, out) };
        let (first, last) = (Range::read(ranges.bytes_of(0))?, Range::read(ranges.bytes_of(last))?);
        self.write(Some((first.lower, last.upper)), flags, env, out)
    }
}

fn is_multirange(type_oid: Oid, env: &dyn Environment) -> Result<bool> {
    Ok(match &env.type_facts(type_oid)?.kind {
        TypeKind::Multirange { .. } => true,
        TypeKind::Domain { base, .. } => is_multirange(*base, env)?,
        _ => false,
    })
}

impl Coder for RangeCoder {
    fn key(&self, value: DatumRef<'_>, env: &dyn Environment, out: &mut Vec<u8>) -> Result<()> {
        match self.multirange {
            true => self.multirange(bytes(value)?, 0, env, out),
            false => self.range(bytes(value)?, env, out),
        }
    }

    fn argument(
        &self,
        strategy: u16,
        type_oid: Oid,
        value: DatumRef<'_>,
        env: &dyn Environment,
        out: &mut Vec<u8>,
    ) -> Result<()> {
        if strategy == CONTAINS_ELEMENT {
            let lower = Bound { value, inclusive: true, lower: true };
            return self.write(Some((lower, Bound { lower: false, ..lower })), 0, env, out);
        }
        match is_multirange(type_oid, env)? {
            true => self.multirange(bytes(value)?, SEVERAL, env, out),
            false => self.range(bytes(value)?, env, out),
        }
    }

    fn returned(&self) -> Returned {
        if self.multirange { Returned::No } else { Returned::Beside }
    }

    /// By lower, then by upper cut.
    fn order(&self, key: &[u8], out: &mut Vec<u8>) -> bool {
        match Key::read(key) {
            Ok(Key { cuts: Some((lower, upper)), .. }) => {
                [lower, upper].iter().for_each(|cut| out.extend_from_slice(cut))
            }
            // Behind all others.
            _ => out.push(3),
        }
        true
    }

    fn has_order(&self) -> bool {
        true
    }

    fn is_pure(&self) -> bool {
        !self.encoder.needs_session()
    }
}

/// A key, read in place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Key<'a> {
    pub cuts: Option<(&'a [u8], &'a [u8])>,
    pub empty: bool,
    pub several: bool,
}

impl<'a> Key<'a> {
    pub fn read(bytes: &'a [u8]) -> Result<Key<'a>> {
        let (&flags, rest) = bytes.split_first().ok_or_else(damaged)?;
        let cuts = match flags & HAS_CUTS {
            0 => None,
            _ => {
                let (length, rest) = rest.split_first_chunk::<2>().ok_or_else(damaged)?;
                Some(rest.split_at_checked(u16::from_le_bytes(*length) as usize).ok_or_else(damaged)?)
            }
        };
        Ok(Key { cuts, empty: flags & HAS_EMPTY != 0, several: flags & SEVERAL != 0 })
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.push(if self.empty { HAS_EMPTY } else { 0 } | if self.cuts.is_some() { HAS_CUTS } else { 0 });
        if let Some((lower, upper)) = self.cuts {
            out.extend_from_slice(&(lower.len() as u16).to_le_bytes());
            out.extend_from_slice(lower);
            out.extend_from_slice(upper);
        }
    }

    fn union(self, other: Key<'a>) -> Key<'a> {
        let cuts = match (self.cuts, other.cuts) {
            (Some((al, au)), Some((bl, bu))) => Some((al.min(bl), au.max(bu))),
            (cuts, None) | (None, cuts) => cuts,
        };
        Key { cuts, empty: self.empty | other.empty, several: false }
    }
}

/// How far one cut is behind another, in no unit: of their first bytes that differ.
fn gap(low: &[u8], high: &[u8]) -> f64 {
    if low >= high {
        return 0.0;
    }
    let number = |cut: &[u8]| match cut {
        [0] => -1.0e30,
        [2] => 1.0e30,
        [_, rest @ ..] => {
            let mut bytes = [0; 8];
            let length = rest.len().min(8);
            bytes[..length].copy_from_slice(&rest[..length]);
            u64::from_be_bytes(bytes) as f64
        }
        [] => 0.0,
    };
    // Equal in their first bytes they are still different.
    (number(high) - number(low)).max(1.0e-3)
}

impl GistClass for Cuts {
    fn consistent(&self, key: &[u8], leaf: bool, strategy: u16, argument: &[u8]) -> Result<Match> {
        let (key, argument) = (Key::read(key)?, Key::read(argument)?);
        let exact = leaf && !self.multirange && !argument.several;
        // Leaf keys of a multirange are asked as inner ones are: less is known of them.
        let one = leaf && !self.multirange;
        let Some((al, ah)) = argument.cuts else {
            return Ok(Match::exact(match strategy {
                1..=6 => false,
                7 => true,
                8 | 18 => key.empty,
                _ => return Err(unknown(strategy)),
            }));
        };
        let yes = match key.cuts {
            None => false,
            Some((kl, kh)) => match (strategy, one) {
                (1, true) => kh <= al,
                (1, false) => kl < al,
                (2, true) => kh <= ah,
                (2, false) => kl < ah,
                (3, _) => kl < ah && al < kh,
                (4, true) => kl >= al,
                (4, false) => kh > al,
                (5, true) => kl >= ah,
                (5, false) => kh > ah,
                (6, true) => kh == al || kl == ah,
                (6, false) => kl <= al && al <= kh || kl <= ah && ah <= kh,
                (7 | CONTAINS_ELEMENT, _) => kl <= al && ah <= kh,
                (8, true) => al <= kl && kh <= ah,
                (8, false) => kl < ah && al < kh,
                (18, true) => kl == al && kh == ah,
                (18, false) => kl <= al && ah <= kh,
                _ => return Err(unknown(strategy)),
            },
        };
        // The empty range is contained in every one.
        let yes = yes || strategy == 8 && key.empty;
        Ok(if exact { Match::exact(yes) } else { Match::lossy(yes) })
    }

    fn union(&self, keys: &[&[u8]], out: &mut Vec<u8>) -> Result<()> {
        let mut all = Key::read(keys.first().ok_or_else(damaged)?)?;
        for key in &keys[1..] {
            all = all.union(Key::read(key)?);
        }
        all.write(out);
        Ok(())
    }

    fn penalty(&self, key: &[u8], new: &[u8]) -> Result<f64> {
        let (key, new) = (Key::read(key)?, Key::read(new)?);
        let mixed = if new.empty && !key.empty { 1.0e28 } else { 0.0 };
        Ok(mixed
            + match (key.cuts, new.cuts) {
                (_, None) => 0.0,
                (None, Some(_)) => 1.0e32,
                (Some((kl, kh)), Some((nl, nh))) => gap(nl, kl) + gap(kh, nh),
            })
    }

    fn pick_split(&self, keys: &[&[u8]]) -> Result<Vec<bool>> {
        let all: Vec<Key<'_>> = keys.iter().map(|key| Key::read(key)).collect::<Result<_>>()?;
        // Ranges of different kinds apart, if there are enough of both: empty ones, and those without an end.
        let enough = keys.len().div_ceil(8);
        let kinds: [fn(&Key<'_>) -> bool; 3] = [
            |key| key.empty,
            |key| key.cuts.is_some_and(|(lower, _)| lower == [0]),
            |key| key.cuts.is_some_and(|(_, upper)| upper == [2]),
        ];
        for is_kind in kinds {
            let count = all.iter().filter(|key| is_kind(key)).count();
            if count >= enough && all.len() - count >= enough {
                return Ok(all.iter().map(is_kind).collect());
            }
        }
        let ends = |n: usize| all[n].cuts.unwrap_or((&[3], &[3]));
        let (mut by_lower, mut by_upper): (Vec<usize>, Vec<usize>) =
            ((0..all.len()).collect(), (0..all.len()).collect());
        by_lower.sort_by_key(|&n| ends(n));
        by_upper.sort_by_key(|&n| (ends(n).1, ends(n).0));
        let overlap = |left: &[usize], right: &[usize]| {
            let high = left.iter().map(|&n| ends(n).1).max().unwrap_or(&[]);
            let low = right.iter().map(|&n| ends(n).0).min().unwrap_or(&[]);
            gap(low, high)
        };
        Ok(cut_in_the_middle(vec![by_lower, by_upper], overlap))
    }
}
