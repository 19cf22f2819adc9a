//! Windows: partitions, orders and frames of window functions.

use ids::Oid;

use super::{Expr, SortClause};
use crate::node::node;

node! {
    /// A named or inline window.
    #[derive(Clone, Debug, PartialEq)]
    pub struct WindowClause {
        /// Its name, or none if inline.
        pub name: Option<String>,
        /// The window it was made from.
        pub base: Option<String>,
        /// PARTITION BY
        pub partition_by: Vec<SortClause>,
        /// ORDER BY
        pub order_by: Vec<SortClause>,
        /// The frame.
        pub frame: Frame,
    }
}

node! {
    /// A window's frame.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Frame {
        /// It was written, not the default.
        pub explicit: bool,
        /// Both ends were written.
        pub between: bool,
        /// What is counted.
        pub unit: FrameUnit,
        /// Where it begins.
        pub start: FrameBound,
        /// Where it ends.
        pub end: FrameBound,
        /// What is left out.
        pub exclude: FrameExclusion,
        /// For RANGE with offsets: the `in_range` functions for start and end.
        pub in_range: (Oid, Oid),
        /// The collation for `in_range`.
        pub in_range_collation: Oid,
        /// The sort is ascending.
        pub in_range_ascending: bool,
        /// Nulls come first.
        pub in_range_nulls_first: bool,
    }
}

node! {
    /// What a frame counts.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum FrameUnit {
        /// Values.
        Range,
        /// Rows.
        Rows,
        /// Peer groups.
        Groups,
    }
}

node! {
    /// An end of a frame.
    #[derive(Clone, Debug, PartialEq)]
    pub enum FrameBound {
        /// UNBOUNDED PRECEDING
        UnboundedPreceding,
        /// offset PRECEDING
        Preceding(offset: Box<Expr>),
        /// CURRENT ROW
        CurrentRow,
        /// offset FOLLOWING
        Following(offset: Box<Expr>),
        /// UNBOUNDED FOLLOWING
        UnboundedFollowing,
    }
}

node! {
    /// What a frame leaves out.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum FrameExclusion {
        /// Nothing.
        NoOthers,
        /// The current row.
        CurrentRow,
        /// The current row and its peers.
        Group,
        /// Its peers.
        Ties,
    }
}
