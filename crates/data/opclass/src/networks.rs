//! inet and cidr by intervals of addresses.
//!
//! ```text
//! key   first address 17 bytes (family, address), last address 17 bytes, shortest and longest mask
//! ```
//!
//! A network is the interval of its addresses, so containment is that of intervals and of masks. IPv4 comes before IPv6; a shorter address is
//! filled up. Order and equality also look at bits that the mask hides: what is found is looked at again.

use std::sync::Arc;

use batch::DatumRef;
use error::Result;
use gist::{GistClass, Match};
use types::Environment;
use types::network::Inet;

use crate::{Coder, Column, Returned, bytes, cut_in_the_middle, damaged, unknown};

/// The class of inet.
pub fn column() -> Column {
    Column { class: Arc::new(Networks), coder: Box::new(Networks) }
}

#[derive(Clone, Copy, Debug)]
struct Networks;

const ADDRESS: usize = 17;
const SIZE: usize = 2 * ADDRESS + 2;

#[derive(Clone, Copy, Debug)]
struct Interval<'a> {
    first: &'a [u8],
    last: &'a [u8],
    shortest: u8,
    longest: u8,
}

impl<'a> Interval<'a> {
    fn read(key: &'a [u8]) -> Result<Interval<'a>> {
        if key.len() != SIZE {
            return Err(damaged());
        }
        let (first, rest) = key.split_at(ADDRESS);
        let (last, masks) = rest.split_at(ADDRESS);
        Ok(Interval { first, last, shortest: masks[0], longest: masks[1] })
    }

    fn union(self, other: Interval<'a>) -> Interval<'a> {
        Interval {
            first: self.first.min(other.first),
            last: self.last.max(other.last),
            shortest: self.shortest.min(other.shortest),
            longest: self.longest.max(other.longest),
        }
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.first);
        out.extend_from_slice(self.last);
        out.extend_from_slice(&[self.shortest, self.longest]);
    }

    fn size(&self) -> f64 {
        let number = |address: &[u8]| address[..9].iter().fold(0.0, |n, &byte| n * 256.0 + byte as f64);
        number(self.last) - number(self.first) + (self.longest - self.shortest.min(self.longest)) as f64 / 1024.0
    }
}

fn write(value: &[u8], out: &mut Vec<u8>) {
    let inet = Inet::from_bytes(value);
    let bits = inet.bits();
    for fill in [0, 0xFF] {
        out.push(inet.is_v6() as u8);
        let at = out.len();
        out.extend_from_slice(inet.address());
        out.resize(at + 16, fill);
        for (n, byte) in out[at..at + inet.address().len()].iter_mut().enumerate() {
            let fixed = (bits as usize).saturating_sub(8 * n).min(8) as u32;
            let hidden = 0xFF_u8.checked_shr(fixed).unwrap_or(0);
            *byte = *byte & !hidden | fill & hidden;
        }
    }
    out.extend_from_slice(&[bits, bits]);
}

impl GistClass for Networks {
    fn consistent(&self, key: &[u8], _leaf: bool, strategy: u16, argument: &[u8]) -> Result<Match> {
        let (k, a) = (Interval::read(key)?, Interval::read(argument)?);
        let overlap = k.first <= a.last && a.first <= k.last;
        let covers = k.first <= a.first && a.last <= k.last;
        Ok(Match::lossy(match strategy {
            3 => overlap,
            18 => covers && k.shortest <= a.shortest && a.shortest <= k.longest,
            19 => true,
            20 | 21 => k.first <= a.first,
            22 | 23 => k.last >= a.first,
            24 => overlap && k.longest > a.shortest,
            25 => overlap && k.longest >= a.shortest,
            26 => covers && k.shortest < a.shortest,
            27 => covers && k.shortest <= a.shortest,
            _ => return Err(unknown(strategy)),
        }))
    }

    fn union(&self, keys: &[&[u8]], out: &mut Vec<u8>) -> Result<()> {
        let mut all = Interval::read(keys.first().ok_or_else(damaged)?)?;
        for key in &keys[1..] {
            all = all.union(Interval::read(key)?);
        }
        all.write(out);
        Ok(())
    }

    fn penalty(&self, key: &[u8], new: &[u8]) -> Result<f64> {
        let (key, new) = (Interval::read(key)?, Interval::read(new)?);
        Ok(key.union(new).size() - key.size())
    }

    fn pick_split(&self, keys: &[&[u8]]) -> Result<Vec<bool>> {
        let all: Vec<Interval<'_>> = keys.iter().map(|key| Interval::read(key)).collect::<Result<_>>()?;
        let mut order: Vec<usize> = (0..all.len()).collect();
        order.sort_by_key(|&n| (all[n].first, all[n].longest));
        Ok(cut_in_the_middle(vec![order], |_, _| 0.0))
    }
}

impl Coder for Networks {
    fn key(&self, value: DatumRef<'_>, _: &dyn Environment, out: &mut Vec<u8>) -> Result<()> {
        write(bytes(value)?, out);
        Ok(())
    }

    fn returned(&self) -> Returned {
        Returned::Beside
    }

    fn order(&self, key: &[u8], out: &mut Vec<u8>) -> bool {
        out.extend_from_slice(key);
        true
    }

    fn has_order(&self) -> bool {
        true
    }
}
