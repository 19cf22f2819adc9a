//! What the tree asks of the operator classes of its columns, and what a scan of it looks for.
//!
//! Keys and arguments are byte strings that the floor which knows types (and may ask the catalogs) made of values. What stands here works on bytes alone: it needs no environment, so a page can be split or cleaned by anybody.
//!
//! See Hellerstein, Naughton and Pfeffer, "Generalized Search Trees for Database Systems" (1995).

use std::fmt::Debug;
use std::sync::Arc;

use access::Index;
use error::{Error, Result};

/// Whether what a key stands for can meet a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Match {
    /// It does not; on an inner page: nothing below it does.
    No,
    /// It may: the row has to be looked at. On an inner page the same as [`Match::Yes`].
    Maybe,
    /// It does.
    Yes,
}

impl Match {
    /// Yes or no.
    pub fn exact(yes: bool) -> Match {
        if yes { Match::Yes } else { Match::No }
    }

    /// Maybe, or no.
    pub fn lossy(yes: bool) -> Match {
        if yes { Match::Maybe } else { Match::No }
    }
}

/// How far a key is from an argument.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Distance {
    /// The distance; on an inner page, or where it is not exact, a lower bound of it.
    pub value: f64,
    /// Whether the row's own distance is this.
    pub exact: bool,
}

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

/// What a scan looks for: its [`access::Query`].
#[derive(Clone, Debug, Default)]
pub struct Query {
    /// Conditions, which must hold together.
    pub keys: Vec<ScanKey>,
    /// What rows are ordered by: distances.
    pub orders: Vec<ScanKey>,
}

/// A condition on a column, or a distance from it.
#[derive(Clone, Debug)]
pub struct ScanKey {
    /// The column of the index, from zero.
    pub column: usize,
    /// What it is compared with.
    pub test: ScanTest,
}

/// What a column is compared with.
#[derive(Clone, Debug)]
pub enum ScanTest {
    /// The right side of an operator, in the class's form.
    Operator {
        /// The operator.
        strategy: u16,
        /// Its right side. As a distance, nothing is any distance from null.
        argument: Option<Box<[u8]>>,
    },
    /// IS NULL.
    IsNull,
    /// IS NOT NULL.
    IsNotNull,
}
