//! What the tree asks of the operator classes of its columns. They work on bytes alone ([`access::search`]), so a page can be split or cleaned by anybody.
//!
//! See Hellerstein, Naughton and Pfeffer, "Generalized Search Trees for Database Systems" (1995).

use std::fmt::Debug;
use std::sync::Arc;

use access::Index;
pub use access::search::{Distance, Match, Query, ScanKey, ScanTest};
use error::{Error, Result};

/// The support functions of an operator class.
///
/// Bytes that are no key (of a damaged page) are an error or any answer, never a panic.
pub trait GistClass: Send + Sync + Debug {
    /// Whether an entry meets `key strategy argument` (on a leaf), or something below it may.
    fn consistent(&self, key: &[u8], leaf: bool, strategy: u16, argument: &[u8]) -> Result<Match>;

    /// Writes the key that covers all of `keys`, of which there is at least one.
    fn union(&self, keys: &[&[u8]], out: &mut Vec<u8>) -> Result<()>;

    /// What it costs to let `key` cover `new`, too: zero if it does.
    fn penalty(&self, key: &[u8], new: &[u8]) -> Result<f64>;

    /// Divides keys, at least two, in two parts that overlap little and are about equal in number: answers of each whether it
    /// goes to the right. A part that is empty or does not fit a page is corrected by who asked.
    fn pick_split(&self, keys: &[&[u8]]) -> Result<Vec<bool>>;

    /// Whether two keys cover the same. Equal sets may differ in bytes.
    fn same(&self, a: &[u8], b: &[u8]) -> Result<bool> {
        Ok(a == b)
    }

    /// How far a key is from `argument`, by the ordering operator `strategy`.
    ///
    /// # Errors
    /// If the class orders by no such operator.
    fn distance(&self, _key: &[u8], _leaf: bool, strategy: u16, _argument: &[u8]) -> Result<Distance> {
        Err(Error::internal(format!("an operator class has no ordering operator {strategy}")))
    }
}

/// The operator classes of an index's key columns, in order: its [`access::Support`].
#[derive(Clone, Debug)]
pub struct Classes(pub Arc<[Arc<dyn GistClass>]>);

impl Classes {
    /// Those of an index.
    ///
    /// # Errors
    /// `XX000` if it came without.
    pub fn of(index: &Index) -> Result<&Classes> {
        let classes = index.support.as_ref().and_then(|support| support.downcast_ref::<Classes>());
        classes.ok_or_else(|| Error::internal(format!("index \"{}\" has no GiST operator classes", index.name)))
    }
}
