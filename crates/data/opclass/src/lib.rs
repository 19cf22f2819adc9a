//! The built-in operator classes of GiST, and in [`spaces`] those of SP-GiST.
//!
//! A class has two sides. [`Coder`] knows SQL's types and turns values and arguments of operators into bytes; it may ask the
//! environment (of a user's range type, say). [`gist::GistClass`] works on these bytes alone, inside the index. [`column`] gives both for
//! a column of an index, found by the class's `consistent` function, which is what a class made with CREATE OPERATOR CLASS has in common with the built-in
//! ones.
//!
//! | module | classes |
//! |---|---|
//! | [`boxes`] | `box_ops`, `point_ops`, `poly_ops`, `circle_ops`: by bounding boxes |
//! | [`ranges`] | `range_ops`, `multirange_ops`: by bounds in an order of bytes |
//! | [`networks`] | `inet_ops`: by intervals of addresses |
//! | [`signatures`] | `tsvector_ops`, `tsquery_ops`: by sets of hashed lexemes |
//!
//! Where a key says less than the value, an answer is "maybe", and the row is looked at.
#![forbid(unsafe_code)]

pub mod boxes;
pub mod networks;
pub mod ranges;
pub mod signatures;
pub mod spaces;

use std::sync::Arc;

use batch::DatumRef;
use error::{Error, Result};
use gist::GistClass;
use ids::Oid;
use types::Environment;

/// The side of an operator class that knows types.
pub trait Coder: Send + Sync {
    /// Appends the key of a value that is not null.
    fn key(&self, value: DatumRef<'_>, env: &dyn Environment, out: &mut Vec<u8>) -> Result<()>;

    /// Appends the right side of an operator: its key, if it is of the same type as the values.
    fn argument(
        &self,
        _strategy: u16,
        _type_oid: Oid,
        value: DatumRef<'_>,
        env: &dyn Environment,
        out: &mut Vec<u8>,
    ) -> Result<()> {
        self.key(value, env, out)
    }

    /// Appends a key's place in an order in which neighbours are near each other, for packing pages. False if there is none.
    fn order(&self, _key: &[u8], _out: &mut Vec<u8>) -> bool {
        false
    }

    /// Whether there is such an order.
    fn has_order(&self) -> bool {
        false
    }

    /// How the value is had back from an entry.
    fn returned(&self) -> Returned {
        Returned::No
    }

    /// Appends the value of a key, if that is how it is had back.
    fn value(&self, _key: &[u8], _out: &mut Vec<u8>) -> Result<()> {
        Err(Error::internal("an operator class does not turn keys into values"))
    }

    /// Whether keys are made without asking the session.
    fn is_pure(&self) -> bool {
        true
    }
}

/// How a key column's value is had back from an entry of an index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Returned {
    /// Its key says it.
    Key,
    /// It has to be stored beside the key.
    Beside,
    /// Not at all.
    No,
}

/// A column's operator class, both sides.
pub struct Column {
    /// Inside of the index.
    pub class: Arc<dyn GistClass>,
    /// Above it.
    pub coder: Box<dyn Coder>,
}

/// The operator class with this `consistent` function, for a column of a type.
///
/// # Errors
/// `0A000` if the function is not one of the built-in ones.
pub fn column(consistent: Oid, type_oid: Oid, env: &dyn Environment) -> Result<Column> {
    use boxes::Shape;
    Ok(match consistent.0 {
        2578 => boxes::column(Shape::Box),
        2179 => boxes::column(Shape::Point),
        2585 => boxes::column(Shape::Polygon),
        2591 => boxes::column(Shape::Circle),
        3875 => ranges::column(type_oid, false, env)?,
        6154 => ranges::column(type_oid, true, env)?,
        3553 => networks::column(),
        3654 => signatures::vectors(),
        3701 => signatures::queries(),
        _ => return Err(Error::not_implemented(format_args!("GiST support function {consistent}"))),
    })
}

/// A value's bytes.
fn bytes(value: DatumRef<'_>) -> Result<&[u8]> {
    value.as_bytes().ok_or_else(|| Error::internal("a value of another form than its operator class takes"))
}

fn damaged() -> Error {
    Error::new(error::SqlState::INDEX_CORRUPTED, "GiST key is damaged")
}

fn unknown(strategy: u16) -> Error {
    Error::internal(format!("an operator class has no strategy {strategy}"))
}

/// The better of some ways to order keys and cut in the middle: that with the least `cost` of (left, right).
fn cut_in_the_middle(mut orders: Vec<Vec<usize>>, cost: impl Fn(&[usize], &[usize]) -> f64) -> Vec<bool> {
    orders.sort_by_cached_key(|order| {
        let (left, right) = order.split_at(order.len() / 2);
        // Costs are not negative, so their bits have their order.
        cost(left, right).max(0.0).to_bits()
    });
    let mut right = vec![false; orders.first().map_or(0, Vec::len)];
    if let Some(order) = orders.first() {
        order[order.len() / 2..].iter().for_each(|&n| right[n] = true);
    }
    right
}
