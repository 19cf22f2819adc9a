//! Partition keys and bounds.

use super::{Expr, IndexKey, ObjectName};

/// `PARTITION BY strategy (…)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartitionBy {
    /// How.
    pub strategy: PartitionStrategy,
    /// By what.
    pub elements: Vec<PartitionElement>,
    /// Where it stands.
    pub location: u32,
}

/// How rows are assigned to partitions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartitionStrategy {
    /// `LIST`.
    List,
    /// `RANGE`.
    Range,
    /// `HASH`.
    Hash,
}

/// A column or expression of a partition key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartitionElement {
    /// What.
    pub key: IndexKey,
    /// `COLLATE`.
    pub collation: Option<ObjectName>,
    /// The operator class.
    pub operator_class: Option<ObjectName>,
    /// Where it begins.
    pub location: u32,
}

/// `FOR VALUES …` or `DEFAULT`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartitionBound {
    /// Which rows.
    pub kind: PartitionBoundKind,
    /// Where it begins.
    pub location: u32,
}

/// Which rows come into a partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PartitionBoundKind {
    /// `DEFAULT`.
    Default,
    /// `WITH (MODULUS m, REMAINDER r)`.
    Hash {
        /// The modulus.
        modulus: i32,
        /// The remainder.
        remainder: i32,
    },
    /// `IN (…)`.
    List(Vec<Expr>),
    /// `FROM (…) TO (…)`; `MINVALUE` and `MAXVALUE` come as column references of these names.
    Range {
        /// Inclusive.
        from: Vec<Expr>,
        /// Exclusive.
        to: Vec<Expr>,
    },
}
