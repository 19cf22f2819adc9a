//! How rows are told apart and put together: joins, their keys, and the keys of sorting, grouping and memoizing.

use ids::Oid;

use super::Expr;

/// Kinds of join, seen from the outer side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum JoinType {
    /// Matching pairs.
    Inner,
    /// And outer rows without match.
    Left,
    /// And inner rows without match.
    Right,
    /// And both.
    Full,
    /// Outer rows with a match.
    Semi,
    /// Outer rows without a match.
    Anti,
    /// Inner rows with a match (hash join only).
    RightSemi,
    /// Inner rows without a match (hash join only).
    RightAnti,
}

/// An equality that a hash join uses.
#[derive(Debug)]
pub struct HashKey {
    /// Over the outer side's columns.
    pub outer: Expr,
    /// Over the inner side's columns.
    pub inner: Expr,
    /// Function of the operator `outer = inner`; both types hash alike.
    pub equal: Oid,
    /// The collation to compare with.
    pub collation: Oid,
}

/// A key to sort by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SortKey {
    /// Position among the input's columns.
    pub column: usize,
    /// The operator that orders: the type's `<` or `>`, or one of USING.
    pub operator: Oid,
    /// The three-way comparison function of its operator family.
    pub compare: Oid,
    /// Descending.
    pub descending: bool,
    /// Nulls first.
    pub nulls_first: bool,
    /// The collation.
    pub collation: Oid,
}

/// A column by which rows are grouped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct GroupKey {
    /// Position among the input's columns.
    pub column: usize,
    /// Function of the type's `=`. Nulls are equal to each other.
    pub equal: Oid,
    /// Function that hashes the type, or zero.
    pub hash: Oid,
    /// The collation.
    pub collation: Oid,
}

/// A slot that [`NodeKind::Memoize`] keys on.
#[derive(Clone, Copy, Debug)]
pub struct MemoizeKey {
    /// The slot.
    pub slot: u32,
    /// Function of its type's `=`.
    pub equal: Oid,
    /// The collation.
    pub collation: Oid,
}
