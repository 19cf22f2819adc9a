//! Texts, a letter after the other: a radix tree. A code is the text's bytes.
//!
//! The order of bytes is that of `~<~` and its like, and of `<` under the collation C; under others `<` takes a look at every row. Equal texts have equal bytes but
//! under collations that are not deterministic.

use std::cmp::Ordering;
use std::sync::Arc;

use access::search::Match;
use batch::DatumRef;
use error::Result;
use ids::Oid;
use spgist::{Cell, SpgistClass};
use types::Environment;

use super::{SpaceCoder, SpaceColumn};
use crate::{Returned, bytes, unknown};

/// The class for texts of a collation.
pub fn column(collation: Oid, env: &dyn Environment) -> Result<SpaceColumn> {
    let collation = types::text::resolve(collation, env)?;
    let class = Texts { by_bytes: collation.is_bytes(), equal_bytes: collation.is_deterministic() };
    Ok(SpaceColumn { class: Arc::new(class), coder: Box::new(class) })
}

#[derive(Clone, Copy, Debug)]
struct Texts {
    /// The collation's order is that of bytes.
    by_bytes: bool,
    /// Equal texts have equal bytes.
    equal_bytes: bool,
}

const EQUAL: u16 = 3;
const PREFIX: u16 = 28;

impl Texts {
    /// Whether bytes tell nothing about an operator.
    fn is_blind(&self, strategy: u16) -> bool {
        strategy > 10 && strategy != PREFIX && !self.by_bytes || matches!(strategy, EQUAL | PREFIX) && !self.equal_bytes
    }
}

impl SpgistClass for Texts {
    fn consistent(&self, cell: Cell<'_>, strategy: u16, argument: &[u8]) -> Result<Match> {
        if self.is_blind(strategy) {
            return Ok(Match::Maybe);
        }
        // Of `<` and `~<~`.
        let strategy = if strategy == PREFIX { PREFIX } else { strategy % 10 };
        if cell.is_value() {
            let order = cell.code().cmp(argument);
            return Ok(Match::exact(match strategy {
                1 => order == Ordering::Less,
                2 => order != Ordering::Greater,
                EQUAL => order == Ordering::Equal,
                4 => order != Ordering::Less,
                5 => order == Ordering::Greater,
                PREFIX => cell.code().starts_with(argument),
                _ => return Err(unknown(strategy)),
            }));
        }
        let (least, greatest) = cell.interval(0);
        let length = argument.len().min(greatest.len());
        let ends_from = greatest[..length] >= argument[..length];
        Ok(Match::lossy(match strategy {
            1 | 2 => least[..] <= *argument,
            4 | 5 => ends_from,
            EQUAL => ends_from && least[..] <= *argument,
            PREFIX => ends_from && least[..length] <= argument[..length],
            _ => return Err(unknown(strategy)),
        }))
    }
}

impl SpaceCoder for Texts {
    fn code(&self, value: DatumRef<'_>, _: &dyn Environment, out: &mut Vec<u8>) -> Result<()> {
        out.extend_from_slice(bytes(value)?);
        Ok(())
    }

    fn returned(&self) -> Returned {
        Returned::Key
    }

    fn value(&self, code: &[u8], out: &mut Vec<u8>) -> Result<()> {
        out.extend_from_slice(code);
        Ok(())
    }
}
