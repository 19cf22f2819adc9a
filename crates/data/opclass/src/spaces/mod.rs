//! The built-in operator classes of SP-GiST.
//!
//! As with GiST a class has two sides: [`SpaceCoder`] knows SQL's types and makes codes of values; [`spgist::SpgistClass`] answers of a cell of codes whether
//! something in it may meet a condition. [`column`] gives both, found by the class's `config` function.
//!
//! | module | classes | a code is |
//! |---|---|---|
//! | [`planes`] | `quad_point_ops`, `kd_point_ops`, `box_ops`, `poly_ops` | two or four coordinates, mixed |
//! | [`texts`] | `text_ops` | the text |
//! | [`ranges`] | `range_ops` | two cuts, mixed |
//! | [`networks`] | `inet_ops` | family, network, mask, address |

pub mod networks;
pub mod planes;
pub mod ranges;
pub mod texts;

use std::sync::Arc;

use batch::DatumRef;
use error::{Error, Result};
use ids::Oid;
use spgist::SpgistClass;
use types::Environment;

use crate::Returned;
use crate::boxes::Shape;

/// The side of an operator class that knows types.
pub trait SpaceCoder: Send + Sync {
    /// Appends the code of a value that is not null.
    fn code(&self, value: DatumRef<'_>, env: &dyn Environment, out: &mut Vec<u8>) -> Result<()>;

    /// Appends the right side of an operator: its code, if it is of the same type as the values.
    fn argument(
        &self,
        _strategy: u16,
        _type_oid: Oid,
        value: DatumRef<'_>,
        env: &dyn Environment,
        out: &mut Vec<u8>,
    ) -> Result<()> {
        self.code(value, env, out)
    }

    /// How the value is had back from an entry.
    fn returned(&self) -> Returned;

    /// Appends the value of a complete code, if that is how it is had back.
    fn value(&self, _code: &[u8], _out: &mut Vec<u8>) -> Result<()> {
        Err(Error::internal("an operator class does not turn codes into values"))
    }

    /// Whether codes are made without asking the session.
    fn is_pure(&self) -> bool {
        true
    }
}

/// A column's operator class, both sides.
pub struct SpaceColumn {
    /// Inside of the index.
    pub class: Arc<dyn SpgistClass>,
    /// Above it.
    pub coder: Box<dyn SpaceCoder>,
}

/// The operator class with this `config` function, for a column of a type and a collation.
///
/// # Errors
/// `0A000` if the function is not one of the built-in ones.
pub fn column(config: Oid, type_oid: Oid, collation: Oid, env: &dyn Environment) -> Result<SpaceColumn> {
    Ok(match config.0 {
        4018 | 4023 => planes::column(Shape::Point),
        5012 => planes::column(Shape::Box),
        5010 => planes::column(Shape::Polygon),
        4027 => texts::column(collation, env)?,
        3469 => ranges::column(type_oid, env)?,
        3795 => networks::column(),
        _ => return Err(Error::not_implemented(format_args!("SP-GiST support function {config}"))),
    })
}
