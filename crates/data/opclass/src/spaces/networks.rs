//! inet and cidr, a bit of the address after the other.
//!
//! ```text
//! code  family u8, network 4 or 16 bytes, length of the mask u8, address 4 or 16 bytes
//! ```
//!
//! This is the order of the values, too ([`Inet::write_key`]). Networks within another one share its first bits; those around it have the first of its bits, and
//! zeros behind them.

use std::cmp::Ordering;
use std::sync::Arc;

use access::search::Match;
use batch::DatumRef;
use error::Result;
use spgist::{Cell, SpgistClass};
use types::Environment;
use types::network::Inet;

use super::{SpaceCoder, SpaceColumn};
use crate::{Returned, bytes, damaged, unknown};

/// The class of inet.
pub fn column() -> SpaceColumn {
    SpaceColumn { class: Arc::new(Networks), coder: Box::new(Networks) }
}

#[derive(Clone, Copy, Debug)]
struct Networks;

/// The value of a code.
fn inet(code: &[u8]) -> Result<Inet> {
    let length = (code.len() / 2).saturating_sub(1);
    match (length, code.get(1 + length), code.get(2 + length..)) {
        (4, Some(&bits), Some(&[a, b, c, d])) => Ok(Inet::v4([a, b, c, d], bits.min(32))),
        (16, Some(&bits), Some(address)) => Ok(Inet::v6(address.try_into().map_err(|_| damaged())?, bits.min(128))),
        _ => Err(damaged()),
    }
}

fn holds(own: &Inet, strategy: u16, argument: &Inet) -> Result<bool> {
    Ok(match strategy {
        3 => own.contains(argument) || argument.contains(own),
        18 => own == argument,
        19 => own != argument,
        20 => own.cmp(argument) == Ordering::Less,
        21 => own.cmp(argument) != Ordering::Greater,
        22 => own.cmp(argument) == Ordering::Greater,
        23 => own.cmp(argument) != Ordering::Less,
        24 => argument.contains(own) && own.bits() > argument.bits(),
        25 => argument.contains(own),
        26 => own.contains(argument) && own.bits() < argument.bits(),
        27 => own.contains(argument),
        _ => return Err(unknown(strategy)),
    })
}

fn bit(code: &[u8], at: usize) -> bool {
    code.get(at / 8).is_some_and(|byte| byte & (0x80 >> (at % 8)) != 0)
}

/// Whether a cell may have networks within another one.
fn has_parts(cell: Cell<'_>, whole: &[u8], mask: usize) -> bool {
    (0..cell.bits().min(8 + mask)).all(|at| bit(cell.code(), at) == bit(whole, at))
}

/// Whether a cell may have networks around another one.
fn has_wholes(cell: Cell<'_>, part: &[u8], mask: usize) -> bool {
    let known = cell.bits().min(8 + mask);
    match (0..known).find(|&at| bit(cell.code(), at) != bit(part, at)) {
        None => true,
        Some(first) if first < 8 => false,
        Some(first) => (first..known).all(|at| !bit(cell.code(), at)),
    }
}

impl SpgistClass for Networks {
    fn is_code(&self, code: &[u8]) -> bool {
        inet(code).is_ok()
    }

    fn consistent(&self, cell: Cell<'_>, strategy: u16, argument: &[u8]) -> Result<Match> {
        let value = inet(argument)?;
        if cell.is_value() {
            return Ok(Match::exact(holds(&inet(cell.code())?, strategy, &value)?));
        }
        let mask = value.bits() as usize;
        let least = || cell.interval(0).0[..] <= *argument;
        let greatest = || {
            let greatest = cell.interval(0).1;
            let length = greatest.len().min(argument.len());
            greatest[..length] >= argument[..length]
        };
        Ok(Match::lossy(match strategy {
            3 => has_parts(cell, argument, mask) || has_wholes(cell, argument, mask),
            18 => least() && greatest(),
            19 => true,
            20 | 21 => least(),
            22 | 23 => greatest(),
            24 | 25 => has_parts(cell, argument, mask),
            26 | 27 => has_wholes(cell, argument, mask),
            _ => return Err(unknown(strategy)),
        }))
    }
}

impl SpaceCoder for Networks {
    fn code(&self, value: DatumRef<'_>, _: &dyn Environment, out: &mut Vec<u8>) -> Result<()> {
        Inet::from_bytes(bytes(value)?).write_key(out);
        Ok(())
    }

    fn returned(&self) -> Returned {
        Returned::Key
    }

    fn value(&self, code: &[u8], out: &mut Vec<u8>) -> Result<()> {
        inet(code)?.write(out);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every cell around a value says of each operator what the value says, or maybe.
    #[test]
    fn cells_miss_no_value() {
        let texts: [&[u8]; 7] = [
            &[10, 0, 0, 0, 8],
            &[10, 1, 2, 3, 8],
            &[10, 1, 2, 0, 24],
            &[10, 1, 2, 3, 32],
            &[0, 0, 0, 0, 0],
            &[11, 0, 0, 0, 8],
            &[10, 128, 0, 0, 9],
        ];
        let mut all: Vec<Inet> = texts.iter().map(|t| Inet::v4([t[0], t[1], t[2], t[3]], t[4])).collect();
        all.extend([Inet::v6([0x20; 16], 128), Inet::v6([0; 16], 0), Inet::v6([0x20; 16], 7)]);
        for own in &all {
            let mut code = Vec::new();
            own.write_key(&mut code);
            assert_eq!(inet(&code).expect("a code"), *own);
            for argument in &all {
                let mut key = Vec::new();
                argument.write_key(&mut key);
                for strategy in [3, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27] {
                    let yes = holds(own, strategy, argument).expect("a strategy");
                    assert_eq!(Networks.consistent(Cell::value(&code), strategy, &key).expect("ok"), Match::exact(yes));
                    for bits in 0..=8 * code.len() {
                        let found = Networks.consistent(Cell::prefix(&code, bits), strategy, &key).expect("ok");
                        assert!(!yes || found != Match::No, "{own:?} {strategy} {argument:?}: {bits} bits");
                    }
                }
            }
        }
    }
}
