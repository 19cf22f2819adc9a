//! Cells of a space, and the codes of the values in them.
//!
//! A code is a string of bits. A cell is all codes that begin with some bits, so cells are nested, and in the order of codes each is one interval:
//!
//! ```text
//!  a plane, its bits x y x y …        in the order of codes
//!  ┌─────────┬────┬────┐
//!  │         │1101│1111│
//!  │   01    ├────┼────┤             00 │ 01 │ 10 │ 1100 1101 1110 1111
//!  │         │1100│1110│                            └──── cell 11 ────┘
//!  ├─────────┼────┴────┤
//!  │   00    │   10    │
//!  └─────────┴─────────┘
//! ```
//!
//! Codes of several coordinates are mixed bit by bit ([`mix`], [`unmix`]).

use crate::cell::framing::{NULL, VALUE};

/// First bytes of keys.
pub(crate) mod framing {
    /// A code follows.
    pub const VALUE: u8 = 1;
    /// Null.
    pub const NULL: u8 = 2;
    /// Behind all keys.
    pub const END: u8 = 3;
}

/// The longest code that is stored, in bytes; of a longer value its beginning, so that a code of this length may stand for several.
pub const CODE_MAX: usize = 1024;

/// Appends the key of a value with this code, or of null.
pub fn write_key(code: Option<&[u8]>, out: &mut Vec<u8>) {
    match code {
        Some(code) => {
            out.push(VALUE);
            out.extend_from_slice(&code[..code.len().min(CODE_MAX)]);
        }
        None => out.push(NULL),
    }
}

/// The code in a key; `None` for null.
pub fn code_of(key: &[u8]) -> Option<&[u8]> {
    match key {
        [VALUE, code @ ..] => Some(code),
        _ => None,
    }
}

/// All values whose codes begin with some bits; or the one value that has exactly this code.
#[derive(Clone, Copy, Debug)]
pub struct Cell<'a> {
    code: &'a [u8],
    bits: usize,
    whole: bool,
}

impl<'a> Cell<'a> {
    /// The value of a stored code, or those that it may stand for.
    pub fn value(code: &'a [u8]) -> Cell<'a> {
        Cell { code, bits: 8 * code.len(), whole: code.len() < CODE_MAX }
    }

    /// The cell of the first `bits` of a code; bits that the code has not are zero.
    pub fn prefix(code: &'a [u8], bits: usize) -> Cell<'a> {
        Cell { code, bits, whole: false }
    }

    /// How many bits its codes have in common.
    pub fn bits(&self) -> usize {
        self.bits
    }

    /// Whether it is one value, whose code is complete.
    pub fn is_value(&self) -> bool {
        self.whole
    }

    /// The code of one value, or of those that it may stand for; of another cell its bits, and what is not known behind them.
    pub fn code(&self) -> &'a [u8] {
        self.code
    }

    /// The first byte of all its codes; none if they have not so much in common.
    pub fn first_byte(&self) -> Option<u8> {
        if self.bits < 8 { None } else { self.code.first().copied() }
    }

    /// The bits, beginning with the bit `from`, as bytes; the rest of the last one is `fill`ed, with zeros or ones.
    pub fn bytes(&self, from_byte: usize, fill: bool, out: &mut Vec<u8>) {
        let end = self.bits.div_ceil(8);
        for at in from_byte..end {
            let byte = self.code.get(at).copied().unwrap_or(0);
            let known = (self.bits - 8 * at).min(8) as u32;
            let open = 0xFF_u8.checked_shr(known).unwrap_or(0);
            out.push(if fill { byte | open } else { byte & !open });
        }
    }

    /// The interval of the codes' bytes from `from_byte` on: the least begins with the first bytes (followed by nothing), the greatest begins with the second ones
    /// (followed by anything).
    pub fn interval(&self, from_byte: usize) -> (Vec<u8>, Vec<u8>) {
        let (mut least, mut greatest) = (Vec::new(), Vec::new());
        self.bytes(from_byte, false, &mut least);
        self.bytes(from_byte, true, &mut greatest);
        (least, greatest)
    }

    /// Where it lies in one of several coordinates whose bits are mixed from byte `from_byte` on: as [`Cell::interval`].
    pub fn coordinate(&self, from_byte: usize, of: usize, number: usize) -> (Vec<u8>, Vec<u8>) {
        let bits = self.bits.saturating_sub(8 * from_byte);
        let own = (bits + of - 1).saturating_sub(number) / of;
        let (mut least, mut greatest) = (vec![0; own.div_ceil(8)], vec![0xFF; own.div_ceil(8)]);
        for at in 0..own {
            if self.bit(8 * from_byte + at * of + number) {
                least[at / 8] |= 0x80 >> (at % 8);
            } else {
                greatest[at / 8] &= !(0x80 >> (at % 8));
            }
        }
        (least, greatest)
    }

    /// The same for a coordinate of at most 64 bits, as numbers.
    pub fn number(&self, of: usize, number: usize) -> (u64, u64) {
        let own = ((self.bits + of - 1).saturating_sub(number) / of).min(64);
        let mut known = 0;
        for at in 0..own {
            known = known << 1 | self.bit(at * of + number) as u64;
        }
        let open = u64::MAX.checked_shr(own as u32).unwrap_or(0);
        let least = known.checked_shl(64 - own as u32).unwrap_or(0);
        (least, least | open)
    }

    fn bit(&self, at: usize) -> bool {
        bit(self.code, at)
    }
}

/// A bit of a code, the first one being the highest of the first byte; zero behind its end.
pub(crate) fn bit(code: &[u8], at: usize) -> bool {
    code.get(at / 8).is_some_and(|byte| byte & (0x80 >> (at % 8)) != 0)
}

/// Replaces `code` by the first code behind the cell of its first `bits`; false if there is none.
pub(crate) fn behind(code: &mut Vec<u8>, bits: usize) -> bool {
    for at in (0..bits).rev() {
        if !bit(code, at) {
            set_and_cut(code, at);
            return true;
        }
    }
    false
}

/// Sets a bit of a code, and cuts off what is behind it.
pub(crate) fn set_and_cut(code: &mut Vec<u8>, at: usize) {
    code.resize(at / 8 + 1, 0);
    let mask = 0x80_u8 >> (at % 8);
    code[at / 8] = code[at / 8] & !(mask - 1) | mask;
}

/// Appends the bits of some strings in turn: the first bit of each, then the second one of each. Shorter strings are filled up with zeros.
pub fn mix(parts: &[&[u8]], out: &mut Vec<u8>) {
    let length = parts.iter().map(|part| part.len()).max().unwrap_or(0);
    let start = out.len();
    out.resize(start + length * parts.len(), 0);
    for (number, part) in parts.iter().enumerate() {
        for (at, &byte) in part.iter().enumerate() {
            for n in (0..8).filter(|n| byte & (0x80 >> n) != 0) {
                let to = (8 * at + n) * parts.len() + number;
                out[start + to / 8] |= 0x80 >> (to % 8);
            }
        }
    }
}

/// The strings of equal lengths whose bits were mixed.
pub fn unmix(mixed: &[u8], of: usize) -> Vec<Vec<u8>> {
    let cell = Cell { code: mixed, bits: 8 * mixed.len(), whole: true };
    (0..of).map(|number| cell.coordinate(0, of, number).0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mixed_strings_come_apart_again() {
        let mut mixed = Vec::new();
        mix(&[&[0xF0, 1], &[0x0F, 2], &[3]], &mut mixed);
        assert_eq!(mixed.len(), 6);
        assert_eq!(unmix(&mixed, 3), [vec![0xF0, 1], vec![0x0F, 2], vec![3, 0]]);
        // Of five bits the first string has three and the second one two.
        let cell = Cell::prefix(&[0b1001_1000], 5);
        assert_eq!(cell.coordinate(0, 2, 0), (vec![0b1010_0000], vec![0b1011_1111]));
        assert_eq!(cell.coordinate(0, 2, 1), (vec![0b0100_0000], vec![0b0111_1111]));
        assert_eq!(cell.number(2, 0), (0b101 << 61, (0b101 << 61) + (u64::MAX >> 3)));
        assert_eq!(Cell::prefix(&[], 0).number(2, 1), (0, u64::MAX));
        assert_eq!(cell.interval(0), (vec![0b1001_1000], vec![0b1001_1111]));
    }

    #[test]
    fn behind_a_cell_comes_the_next_one() {
        let next = |code: &[u8], bits: usize| {
            let mut code = code.to_vec();
            behind(&mut code, bits).then_some(code)
        };
        assert_eq!(next(&[0b1010_1111], 4), Some(vec![0b1011_0000]));
        assert_eq!(next(&[0b1011_1111, 7], 4), Some(vec![0b1100_0000]));
        assert_eq!(next(&[0xFF, 0], 8), None);
        assert_eq!(next(&[0xFF, 0], 16), Some(vec![0xFF, 1]));
        assert_eq!(next(&[3], 0), None);
        // A cell below the end of its code.
        assert_eq!(next(&[3], 10), Some(vec![3, 0b0100_0000]));
    }
}
