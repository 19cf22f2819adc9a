//! Changing tables: what INSERT, UPDATE, DELETE and MERGE need to know of their targets, and marks of rows to be locked or found again.

use std::sync::Arc;

use analyzer::query as q;
use ids::Oid;

use super::{CheckKind, ColumnType, Command, Expr, LockStrength, LockWait, Node};

/// Rows of one relation that are locked, or that must be found again when another relation's row turns out to have changed.
#[derive(Clone, Copy, Debug)]
pub struct RowMark {
    /// Index in [`Plan::relations`].
    pub relation: usize,
    /// Input column that holds the row's `ctid` (null if it was not joined).
    pub tid: usize,
    /// Of a tree of tables there is a mark for each: the input column that holds the row's `tableoid`, and the table that it must be.
    pub table: Option<(usize, Oid)>,
    /// How to lock; none only marks the row for the re-check.
    pub lock: Option<(LockStrength, LockWait)>,
}

/// A node that changes a table.
#[derive(Debug)]
pub struct ModifyTable {
    /// Insert, Update, Delete or Merge.
    pub command: Command,
    /// The table.
    pub target: TargetTable,
    /// UPDATE and DELETE of a table with others below it: those whose rows they change.
    pub tree: Option<TargetTree>,
    /// Gives the rows. Its output columns are, in this order:
    /// INSERT: a value for each column of the table (dropped ones null; generated ones null, see [`TargetTable::generated`]).
    /// UPDATE: `ctid`, the new values of `columns`, then `extra` columns.
    /// DELETE: `ctid`, then `extra` columns.
    /// MERGE: `ctid` (null: not matched by target), whether there is a source row (boolean; false: not matched by source), then `extra` columns.
    pub source: Box<Node>,
    /// UPDATE: the numbers of the columns it sets.
    pub columns: Vec<i16>,
    /// The target is a view whose triggers do what the statement says. Behind the columns that UPDATE sets then follow all of the view's
    /// columns (by number), and there are no rows with places.
    pub instead: bool,
    /// How many columns of the source follow for RETURNING, MERGE's actions and row marks.
    pub extra: usize,
    /// INSERT: what to do about conflicts.
    pub on_conflict: Option<OnConflict>,
    /// What MERGE does.
    pub merge: Option<Box<Merge>>,
    /// Other relations whose rows must be found again for the re-check of a changed row (`tid` counts the source's output).
    pub marks: Vec<RowMark>,
    /// RETURNING is wanted; the node's `project` computes it. Its raw columns are: the new row's columns (the old row's for DELETE), the old row's columns,
    /// the system columns of the new row `ctid, tableoid` and of the old row `ctid, tableoid`, the source's extra columns, and for MERGE the action's name (text). Columns of a row that does not exist are null.
    pub returning: bool,
    /// RETURNING names `xmin, cmin, xmax` or `cmax`: behind the other raw columns follow these four of the new row and of the
    /// old row. They are read back from the table, which other statements are spared.
    pub returning_stamps: bool,
    /// It also counts for the command tag (not so for WITH queries).
    pub counted: bool,
}

/// The tables of a tree whose rows are changed.
#[derive(Debug)]
pub struct TargetTree {
    /// Them.
    pub members: Vec<MemberTarget>,
    /// The source's column that says which of them a row belongs to (`tableoid`).
    pub table: usize,
}

/// One table of a tree.
#[derive(Debug)]
pub struct MemberTarget {
    /// Row of `pg_class`.
    pub oid: Oid,
    /// The table.
    pub table: TargetTable,
    /// Its numbers of the columns of the table that the statement names, by number minus one; zero for dropped ones.
    pub numbers: Vec<i16>,
}

/// A table to be changed, with what must hold for its rows. Expressions count the table's columns by number minus one.
#[derive(Debug)]
pub struct TargetTable {
    /// Index in [`Plan::relations`]; `usize::MAX` for one that is not of a statement's.
    pub relation: usize,
    /// It is a partition: its rows must belong there.
    pub is_partition: bool,
    /// It is partitioned: its rows go to its partitions.
    pub partitioned: bool,
    /// Types of its columns by number; `None` where dropped.
    pub columns: Vec<Option<ColumnType>>,
    /// NOT NULL columns, by number.
    pub not_null: Vec<i16>,
    /// NOT NULL columns that are not stored, by number, and their values.
    pub virtual_not_null: Vec<(i16, Expr)>,
    /// CHECK constraints: name and condition (fails if false).
    pub checks: Vec<(String, Expr)>,
    /// Check options of views: the view's name, and what must be true of a new row.
    pub view_checks: Vec<(String, Expr)>,
    /// What policies ask of rows.
    pub security_checks: Vec<SecurityCheck>,
    /// Stored generated columns: number, and value.
    pub generated: Vec<(i16, Expr)>,
    /// Its indexes.
    pub indexes: Vec<TargetIndex>,
    /// Its triggers, in the order in which they fire.
    pub triggers: Vec<Arc<TableTrigger>>,
}

/// A trigger of a table to be changed.
#[derive(Debug)]
pub struct TableTrigger {
    /// Row of `pg_trigger`.
    pub row: catalog::rows::PgTrigger,
    /// WHEN: counts the columns of the old row, then those of the new one.
    pub when: Option<Expr>,
    /// The columns of a foreign key in this table, by number, if it is a foreign key's trigger.
    pub key: Vec<i16>,
}

/// What a policy asks of a row that is changed.
#[derive(Debug)]
pub struct SecurityCheck {
    /// Of which rows.
    pub kind: CheckKind,
    /// The error for a row of which it is not true.
    pub message: String,
    /// What must be true.
    pub condition: Expr,
}

/// An index of a table to be changed.
#[derive(Debug)]
pub struct TargetIndex {
    /// The index.
    pub oid: Oid,
    /// Its key and included columns.
    pub columns: Vec<Expr>,
    /// Table columns that it depends on, by number: an UPDATE of others can be HOT.
    pub uses: Vec<i16>,
    /// Its predicate.
    pub predicate: Option<Expr>,
}

/// ON CONFLICT
#[derive(Debug)]
pub struct OnConflict {
    /// The unique indexes that arbitrate; empty means any (DO NOTHING only).
    pub arbiters: Vec<Oid>,
    /// DO UPDATE: columns set, by number, and their values. Expressions count the existing row's columns, then the excluded row's.
    pub update: Option<Vec<(i16, Expr)>>,
    /// WHERE, over the same.
    pub condition: Vec<Expr>,
}

/// What MERGE does with the rows of its join. Expressions count the target row's columns (nulls if there is none), then the source's
/// extra columns.
#[derive(Debug)]
pub struct Merge {
    /// WHEN clauses, in order.
    pub actions: Vec<MergeAction>,
    /// ON: asked anew of a row of the target that another transaction has changed meanwhile.
    pub condition: Vec<Expr>,
    /// What a row of the target must be to be seen at all: conditions of views.
    pub target: Vec<Expr>,
}

/// WHEN … THEN … of MERGE. Expressions count the target row's columns (nulls if there is none), then the source's extra columns.
#[derive(Debug)]
pub struct MergeAction {
    /// When it applies.
    pub when: q::MergeWhen,
    /// AND …
    pub condition: Vec<Expr>,
    /// Insert, Update, Delete or Nothing.
    pub command: Command,
    /// INSERT: a value for each column. UPDATE: the columns set.
    pub values: Vec<(i16, Expr)>,
}
