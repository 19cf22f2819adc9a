//! How rows are found: samples, places in an index, functions as sources, and which members of a tree are read at all.

use ids::Oid;

use super::{ColumnType, Expr};

/// How inputs of an Append over partitions are left out by values that are not known when it is planned.
#[derive(Clone, Debug)]
pub struct AppendPruning {
    /// The partitioned tables, the top one first.
    pub levels: Vec<PruneLevel>,
    /// Something is known when the statement starts: what is left out then, EXPLAIN does not show.
    pub at_start: bool,
    /// Something is known only when rows are wanted, and may be otherwise when it runs again.
    pub again: bool,
}

/// A partitioned table of an Append.
#[derive(Clone, Debug)]
pub struct PruneLevel {
    /// Its partitions.
    pub table: std::sync::Arc<crate::partition::Partitioned>,
    /// What its key is compared with that is known when the statement starts.
    pub start: crate::partition::KeyTest<Expr>,
    /// All that its key is compared with.
    pub all: crate::partition::KeyTest<Expr>,
    /// By partition; none for those that planning left out.
    pub children: Vec<Option<PruneChild>>,
}

/// A partition of an Append.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PruneChild {
    /// One of its inputs.
    Input(usize),
    /// A partitioned table among the levels.
    Level(usize),
}

/// TABLESAMPLE
#[derive(Debug)]
pub struct Sample {
    /// The method's handler function.
    pub handler: Oid,
    /// Its arguments.
    pub args: Vec<Expr>,
    /// REPEATABLE
    pub repeatable: Option<Expr>,
}

/// Where in an index to look.
#[derive(Debug)]
pub struct IndexSearch {
    /// The index.
    pub index: Oid,
    /// Its name, for EXPLAIN.
    pub name: String,
    /// Conditions on its columns, in their order: any number of equalities, then perhaps one range. A column without condition ends the list.
    pub keys: Vec<IndexKey>,
    /// In place of keys, for methods that know no order of bytes: conditions on its columns, all of which must hold.
    pub clauses: Vec<IndexClause>,
    /// For scans in the order of distances: from what, by which operators.
    pub orders: Vec<IndexClause>,
    /// The distances themselves, over the scan's columns, for rows of which the index knows lower bounds only. None for scans of the index alone.
    pub distances: Vec<Expr>,
    /// What must hold of rows that the index was not certain of, over the scan's columns, or of a scan of the index alone over the index's. Of a bitmap's
    /// index the scan of the table has it.
    pub recheck: Vec<Expr>,
    /// What else must hold of an entry, over the index's columns, before its row is fetched.
    pub filter: Vec<Expr>,
    /// From the end.
    pub backward: bool,
    /// At most one row can match (a unique index, all columns equal).
    pub unique: bool,
}

/// `column operator value`, or a test for null, for an index that is searched by the strategies of its operator classes.
#[derive(Debug)]
pub struct IndexClause {
    /// The column of the index, from zero.
    pub column: usize,
    /// The operator's strategy in the column's operator family.
    pub strategy: i16,
    /// The type that the operator takes on its right side.
    pub type_oid: Oid,
    /// What it is compared with.
    pub test: ClauseTest,
}

/// What a column of an index is compared with. Expressions have no input columns.
#[derive(Debug)]
pub enum ClauseTest {
    /// A value; if it is null, nothing matches.
    Value(Expr),
    /// IS NULL.
    IsNull,
    /// IS NOT NULL.
    IsNotNull,
}

/// A condition on one column of an index. Expressions have no input columns (constants, params, slots), and may be of another
/// type of the operator family than the column: integers are to be compared by value. If an expression is null, nothing matches.
#[derive(Debug)]
pub enum IndexKey {
    /// `=`
    Equal(Expr),
    /// `= ANY(array)`: the elements, sorted and without duplicates, one lookup each.
    Any(Expr),
    /// `<`, `<=`, `>=`, `>`: the bound and whether it is included. A bound has a value for this column, and may have more for those that follow,
    /// which are then compared as rows are; all of these columns are sorted in one direction.
    Range {
        /// The lower bound.
        lower: Option<(Vec<Expr>, bool)>,
        /// The upper bound.
        upper: Option<(Vec<Expr>, bool)>,
    },
    /// IS NULL
    IsNull,
    /// IS NOT NULL
    IsNotNull,
}

/// A function in FROM.
#[derive(Debug)]
pub struct TableFunction {
    /// The call; if `set`, its top is an [`ExprKind::Call`] of a set-returning function.
    pub call: Expr,
    /// It returns a set (otherwise one value or row).
    pub set: bool,
    /// Its columns.
    pub columns: Vec<ColumnType>,
    /// A row value is spread over the columns.
    pub composite: bool,
    /// The columns' names, if a list in FROM names them.
    pub defined: Vec<String>,
}

/// An output column of [`NodeKind::ProjectSet`].
#[derive(Debug)]
pub enum SetItem {
    /// A value.
    Value(Expr),
    /// A call of a set-returning function; its arguments over the input's columns.
    Set {
        /// The call.
        call: Expr,
        /// What its rows consist of, if it gives rows.
        row: Option<RowShape>,
    },
}

/// What the rows of a function that returns rows consist of.
#[derive(Clone, Debug, PartialEq)]
pub struct RowShape {
    /// Types of the fields; of a composite type by attribute number, with type 0 where one was dropped.
    pub fields: Vec<ColumnType>,
    /// Names of an anonymous row's fields, as `types::record` stores them.
    pub names: Box<[u8]>,
}
