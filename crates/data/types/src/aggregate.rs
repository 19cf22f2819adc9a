//! How built-in aggregates are called. One object holds the states of all groups of an aggregation.

use crate::call::Context;
use batch::{Column, Rows};
use error::Result;

/// Which group each row belongs to.
#[derive(Clone, Copy, Debug)]
pub enum Groups<'a> {
    /// All rows to this one.
    One(u32),
    /// The `k`-th of the rows (counting the selected ones) to the `k`-th group here.
    Each(&'a [u32]),
}

impl Groups<'_> {
    /// The group of the `k`-th row.
    #[inline]
    pub fn of(self, k: usize) -> usize {
        match self {
            Groups::One(group) => group as usize,
            Groups::Each(groups) => groups[k] as usize,
        }
    }
}

/// The states of an aggregate, one for each group.
///
/// DISTINCT, ORDER BY and FILTER are the executor's: it passes the rows that count, in the order that counts.
pub trait Aggregate: Send {
    /// Makes it hold `groups` states; new ones have seen no row.
    fn resize(&mut self, groups: usize);

    /// Adds rows to their groups' states.
    fn update(&mut self, groups: Groups<'_>, args: &[&Column], rows: Rows<'_>, context: Context<'_>) -> Result<()>;

    /// Adds the state of each group `k` of `other` (the same aggregate's) to this one's group `map[k]`: for parallel and
    /// spilled aggregation. The rows of `other` come after this one's.
    fn merge(&mut self, other: &mut dyn Aggregate, map: &[u32]) -> Result<()>;

    /// Adds the group's result at the end of `out`. The state stays as it is: a window may go on.
    fn finish(&mut self, group: usize, out: &mut Column, context: Context<'_>) -> Result<()>;

    /// Bytes of memory that the states hold, about.
    fn memory(&self) -> usize;

    /// For [`Aggregate::merge`].
    fn as_any(&mut self) -> &mut dyn std::any::Any;
}

/// Makes an aggregate without groups; the context's types are the resolved ones of its arguments and result.
pub type AggregateMaker = fn(Context<'_>) -> Result<Box<dyn Aggregate>>;

/// The visible table: OID → maker.
pub static AGGREGATES: &[(u32, AggregateMaker)] = &[];
