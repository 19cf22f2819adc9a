//! What searching asks of an index's operator class.

use std::fmt::Debug;
use std::sync::Arc;

use access::Index;
use access::search::{Distance, Match};
use error::{Error, Result};

use crate::Cell;

/// The support functions of an operator class.
///
/// Answers about cells must agree with each other: what is "no" of a cell is "no" of every cell within it, and no cell is farther than one within it. Codes that
/// are none (of a damaged page) are an error or any answer, never a panic.
pub trait SpgistClass: Send + Sync + Debug {
    /// Whether something in a cell may meet `value strategy argument`; of a cell that is a whole code, whether its value does.
    fn consistent(&self, cell: Cell<'_>, strategy: u16, argument: &[u8]) -> Result<Match>;

    /// Whether a value can have exactly this code.
    fn is_code(&self, _code: &[u8]) -> bool {
        true
    }

    /// How far a cell is from `argument`, by the ordering operator `strategy`.
    ///
    /// # Errors
    /// If the class orders by no such operator.
    fn distance(&self, _cell: Cell<'_>, strategy: u16, _argument: &[u8]) -> Result<Distance> {
        Err(Error::internal(format!("an operator class has no ordering operator {strategy}")))
    }
}

/// The operator class of an index's key column: its [`access::Support`].
#[derive(Clone, Debug)]
pub struct Class(pub Arc<dyn SpgistClass>);

impl Class {
    /// That of an index.
    ///
    /// # Errors
    /// `XX000` if it came without.
    pub fn of(index: &Index) -> Result<Arc<dyn SpgistClass>> {
        let class = index.support.as_ref().and_then(|support| support.downcast_ref::<Class>());
        let class =
            class.ok_or_else(|| Error::internal(format!("index \"{}\" has no SP-GiST operator class", index.name)));
        Ok(class?.0.clone())
    }
}
