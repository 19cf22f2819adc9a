//! What is computed over several rows: aggregates and window functions.

use analyzer::query as q;
use ids::Oid;

use super::{ColumnType, Expr, GroupKey, SortKey};

/// How to aggregate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AggregateStrategy {
    /// No keys: one row, also without input.
    Plain,
    /// The input is sorted by the keys.
    Sorted,
    /// By a hash table (for several grouping sets, one each).
    Hashed,
    /// Some grouping sets of sorted rows, others by hash tables.
    Mixed,
}

/// Grouping sets that are computed in one pass over sorted rows: each holds the keys of the next.
#[derive(Clone, Debug, PartialEq)]
pub struct SortedSets {
    /// Positions of the sets in [`super::NodeKind::Aggregate`], the finest first.
    pub sets: Vec<usize>,
    /// What the rows are sorted by for it. Nothing for the first: its rows come sorted.
    pub sort: Vec<SortKey>,
}

/// An aggregate to compute.
#[derive(Debug)]
pub struct AggregateCall {
    /// Row of `pg_proc`; of the built-in aggregate that does the work, if one does.
    pub function: Oid,
    /// The functions that do it otherwise.
    pub users: Option<Box<UsersAggregate>>,
    /// An earlier call whose state has taken in the same rows in the same way: only the final functions differ.
    pub shares: Option<usize>,
    /// Arguments, over the input's columns.
    pub args: Vec<Expr>,
    /// How many of `args` are arguments; the others are only sorted by.
    pub arg_count: usize,
    /// Direct arguments of an ordered-set aggregate, over the group's keys.
    pub direct_args: Vec<Expr>,
    /// ORDER BY or WITHIN GROUP; `column` is a position in `args`.
    pub order: Vec<SortKey>,
    /// DISTINCT: what makes arguments equal; `column` is a position in `args`.
    pub distinct: Vec<GroupKey>,
    /// FILTER, over the input's columns.
    pub filter: Option<Expr>,
    /// The collation to work with.
    pub collation: Oid,
    /// Type of the result.
    pub ty: ColumnType,
}

/// The functions of a user's aggregate, as expressions.
#[derive(Clone, Debug, PartialEq)]
pub struct UsersAggregate {
    /// The state's type.
    pub state: ColumnType,
    /// The first state; null without.
    pub initial: Option<Expr>,
    /// The next state, over the state and the arguments of a row.
    pub transition: Expr,
    /// Rows with nulls do not change the state, and without a first state the first value is it.
    pub strict: bool,
    /// The transition function is volatile.
    pub volatile: bool,
    /// The state without a row, the first of those taken in.
    pub inverse: Option<Expr>,
    /// What makes the result of the state; without, it is the result.
    pub final_function: Option<FinalFunction>,
}

/// The function that makes an aggregate's result.
#[derive(Clone, Debug, PartialEq)]
pub struct FinalFunction {
    /// The call, over the state and the direct arguments.
    pub call: Expr,
    /// A null among them makes the result null.
    pub strict: bool,
}

/// A window function to compute.
#[derive(Debug)]
pub struct WindowFunction {
    /// Row of `pg_proc`; of the built-in function that does the work, if one does.
    pub function: Oid,
    /// The functions of a user's aggregate.
    pub users: Option<Box<UsersAggregate>>,
    /// It is an aggregate over the frame.
    pub aggregate: bool,
    /// Arguments, over the input's columns.
    pub args: Vec<Expr>,
    /// FILTER, over the input's columns.
    pub filter: Option<Expr>,
    /// The collation to work with.
    pub collation: Oid,
    /// Type of the result.
    pub ty: ColumnType,
}

/// A window as EXPLAIN shows it: `name AS (PARTITION BY … ORDER BY … frame)`.
#[derive(Clone, Debug)]
pub struct ShownWindow {
    /// Its name; one is made up for windows without.
    pub name: String,
    /// Its keys are columns of the node below, and not of one further down.
    pub computed_here: bool,
    /// PARTITION BY
    pub partition: Vec<q::Expr>,
    /// ORDER BY
    pub order: Vec<q::Expr>,
    /// The frame.
    pub frame: q::Frame,
}

/// A window's frame.
#[derive(Debug)]
pub struct Frame {
    /// What is counted.
    pub unit: q::FrameUnit,
    /// Where it begins.
    pub start: FrameBound,
    /// Where it ends.
    pub end: FrameBound,
    /// What is left out.
    pub exclude: q::FrameExclusion,
    /// For RANGE with offsets: the `in_range` functions for start and end.
    pub in_range: (Oid, Oid),
}

/// An end of a frame.
#[derive(Debug)]
pub enum FrameBound {
    /// UNBOUNDED PRECEDING
    UnboundedPreceding,
    /// offset PRECEDING; without input columns.
    Preceding(Expr),
    /// CURRENT ROW
    CurrentRow,
    /// offset FOLLOWING; without input columns.
    Following(Expr),
    /// UNBOUNDED FOLLOWING
    UnboundedFollowing,
}
