//! The Query tree: a statement with all names and types resolved.
//!
//! A [`Query`] is what the analyzer makes of one SELECT, INSERT, UPDATE, DELETE or MERGE, what a view stores, and what the planner
//! reads. Relations, functions, operators and types are OIDs; columns are a range-table number and a column number.
//!
//! The statement and its clauses are here. Its parts have modules, by clause: `range_table` (FROM), `with`, `window`, `modify` (what
//! statements have that change rows); `expression` has what is computed, `json` SQL/JSON's part of it.
//!
//! # Invariants
//!
//! - Every [`Expr`] knows its type, type modifier and collation; no type is `unknown` below the target list of a finished
//!   query, and every implicit cast is a node.
//! - A [`Var`] names a base column: columns of a join are resolved to the columns of its sides (a merged column of a full
//!   join to a COALESCE), so the planner never meets a join alias.
//! - `Var::level` and `levels_up` count queries outwards from the one in which they stand.
//! - Range-table, target and window numbers count from 1 where zero means none (`*_ref`), and from 0 where they index a
//!   vector (`relation`, `window`).
//! - Equality of expressions ignores where they stood in the text.

mod expression;
mod json;
mod modify;
mod range_table;
mod window;
mod with;

use ids::Oid;

pub use expression::*;
pub use json::*;
pub use modify::*;
pub use range_table::*;
pub use window::*;
pub use with::*;

use crate::node::node;

/// No place in the text.
pub const NO_LOCATION: u32 = u32::MAX;

node! {
    /// What is known of a value's type.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub struct SqlType {
        /// Row of `pg_type`.
        pub oid: Oid,
        /// Its modifier (`varchar(10)`), or -1.
        pub typmod: i32,
        /// Its collation, or zero.
        pub collation: Oid,
    }
}

impl SqlType {
    /// A type without modifier and collation.
    pub const fn plain(oid: Oid) -> SqlType {
        SqlType { oid, typmod: -1, collation: Oid::INVALID }
    }
}

node! {
    /// What kind of statement.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub enum Command {
        /// SELECT, VALUES, TABLE
        Select,
        /// INSERT
        Insert,
        /// UPDATE
        Update,
        /// DELETE
        Delete,
        /// MERGE
        Merge,
        /// In a MERGE action: do nothing.
        Nothing,
    }
}

impl Command {
    /// Its word in SQL.
    pub fn word(self) -> &'static str {
        match self {
            Command::Select => "SELECT",
            Command::Insert => "INSERT",
            Command::Update => "UPDATE",
            Command::Delete => "DELETE",
            Command::Merge => "MERGE",
            Command::Nothing => "NOTHING",
        }
    }
}

node! {
    hook query;
    /// One statement.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Query {
        /// What kind.
        pub command: Command,
        /// WITH, in order.
        pub ctes: Vec<Cte>,
        /// WITH RECURSIVE
        pub recursive: bool,
        /// The relations, functions and subqueries that it reads or writes.
        pub range_table: Vec<RangeTableEntry>,
        /// FROM: index of the range table, or joins. All of them, comma-separated.
        pub from: Vec<FromItem>,
        /// WHERE
        pub where_clause: Option<Expr>,
        /// For INSERT, UPDATE, DELETE, MERGE: the target's index in the range table.
        pub result_relation: Option<usize>,
        /// The output; for INSERT and UPDATE the new values, `number` being the column assigned.
        pub targets: Vec<TargetEntry>,
        /// INSERT … OVERRIDING
        pub overriding: Overriding,
        /// ON CONFLICT
        pub on_conflict: Option<Box<OnConflict>>,
        /// RETURNING
        pub returning: Vec<TargetEntry>,
        /// What policies, and views through which rows are changed, ask of new rows, in the order of checking.
        pub check_options: Vec<CheckOption>,
        /// MERGE's actions.
        pub merge_actions: Vec<MergeAction>,
        /// MERGE's ON condition.
        pub merge_condition: Option<Expr>,
        /// GROUP BY: all expressions that occur in any set.
        pub group_by: Vec<SortClause>,
        /// The sets, as `target_ref`s, if any of GROUPING SETS, ROLLUP, CUBE was written; expanded and without duplicates if
        /// GROUP BY DISTINCT.
        pub grouping_sets: Option<Vec<Vec<u32>>>,
        /// The GROUP BY clause as it was written, if there are such sets. Only in stored queries.
        pub grouping_written: Vec<GroupingWritten>,
        /// GROUP BY DISTINCT
        pub group_distinct: bool,
        /// HAVING
        pub having: Option<Expr>,
        /// WINDOW clauses and inline windows.
        pub windows: Vec<WindowClause>,
        /// DISTINCT or DISTINCT ON.
        pub distinct: Vec<SortClause>,
        /// It was DISTINCT ON.
        pub distinct_on: bool,
        /// ORDER BY
        pub order_by: Vec<SortClause>,
        /// LIMIT, cast to bigint.
        pub limit: Option<Expr>,
        /// OFFSET, cast to bigint.
        pub offset: Option<Expr>,
        /// FETCH FIRST … WITH TIES
        pub with_ties: bool,
        /// FOR UPDATE and its like.
        pub row_marks: Vec<RowMark>,
        /// UNION, INTERSECT, EXCEPT; its leaves are subqueries in the range table.
        pub set_operation: Option<Box<SetOperation>>,
        /// What stands in it, so that most walks can be spared.
        pub has: Has,
        /// Constraints on which a GROUP BY by primary key rests.
        pub constraint_dependencies: Vec<Oid>,
        /// What rules have added to the statement. Never in stored queries.
        pub companions: Option<Box<Companions>>,
        /// Its rows are for nobody: it is what a rule does besides a statement.
        pub silent: bool,
    }
}

node! {
    /// Queries that are done with a statement.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Companions {
        /// Done first.
        pub before: Vec<Query>,
        /// Done afterwards.
        pub after: Vec<Query>,
        /// What kind of statement it was, if none is left of it.
        pub command: Command,
    }
}

node! {
    /// What occurs in a query, at its own level unless said otherwise.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub struct Has {
        /// Aggregates.
        pub aggregates: bool,
        /// Window functions.
        pub windows: bool,
        /// Set-returning functions in the target list.
        pub target_sets: bool,
        /// Subqueries in expressions.
        pub sublinks: bool,
        /// Data-modifying statements in WITH.
        pub modifying_cte: bool,
        /// FOR UPDATE and its like were written.
        pub for_update: bool,
    }
}

impl Query {
    /// An empty query.
    pub fn new(command: Command) -> Query {
        Query {
            command,
            ctes: Vec::new(),
            recursive: false,
            range_table: Vec::new(),
            from: Vec::new(),
            where_clause: None,
            result_relation: None,
            targets: Vec::new(),
            overriding: Overriding::None,
            on_conflict: None,
            returning: Vec::new(),
            check_options: Vec::new(),
            merge_actions: Vec::new(),
            merge_condition: None,
            group_by: Vec::new(),
            grouping_sets: None,
            grouping_written: Vec::new(),
            group_distinct: false,
            having: None,
            windows: Vec::new(),
            distinct: Vec::new(),
            distinct_on: false,
            order_by: Vec::new(),
            limit: None,
            offset: None,
            with_ties: false,
            row_marks: Vec::new(),
            set_operation: None,
            has: Has::default(),
            constraint_dependencies: Vec::new(),
            companions: None,
            silent: false,
        }
    }

    /// The columns that the statement returns: RETURNING, or the target list without junk; none for a modification without
    /// RETURNING.
    pub fn output(&self) -> impl Iterator<Item = &TargetEntry> {
        let list: &[TargetEntry] = if self.command == Command::Select { &self.targets } else { &self.returning };
        list.iter().filter(|target| !target.junk)
    }
}

node! {
    /// An output column, or a value assigned to a column.
    #[derive(Clone, Debug, PartialEq)]
    pub struct TargetEntry {
        /// The value.
        pub expr: Expr,
        /// Position from 1; the column's number in INSERT and UPDATE.
        pub number: i16,
        /// Its name; empty for junk.
        pub name: String,
        /// What sort and group clauses call it; zero if none does.
        pub sort_ref: u32,
        /// Not part of the result.
        pub junk: bool,
        /// The table it comes from unchanged, or zero.
        pub origin_table: Oid,
        /// The column there, or zero.
        pub origin_column: i16,
    }
}

node! {
    /// One key of ORDER BY, GROUP BY, DISTINCT, PARTITION BY.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct SortClause {
        /// The target's `sort_ref`.
        pub target_ref: u32,
        /// The type's `=`.
        pub equality: Oid,
        /// The type's `<` (or `>`, or that of USING); zero if it can only be hashed.
        pub ordering: Oid,
        /// The ordering is a "greater than".
        pub descending: bool,
        /// Nulls come first.
        pub nulls_first: bool,
        /// The equality can be hashed.
        pub hashable: bool,
    }
}

node! {
    /// An item of GROUP BY, as it was written; numbers are `sort_ref`s of targets.
    #[derive(Clone, Debug, PartialEq)]
    pub enum GroupingWritten {
        /// Expressions, in parentheses if there are several; none is `()`.
        Set(targets: Vec<u32>),
        /// `ROLLUP (…)`
        Rollup(items: Vec<GroupingWritten>),
        /// `CUBE (…)`
        Cube(items: Vec<GroupingWritten>),
        /// `GROUPING SETS (…)`
        Sets(items: Vec<GroupingWritten>),
    }
}

node! {
    /// UNION, INTERSECT, EXCEPT: a tree over subqueries.
    #[derive(Clone, Debug, PartialEq)]
    pub enum SetOperation {
        /// A subquery: index in the range table.
        Leaf(relation: usize),
        /// Two combined.
        Node {
            /// How.
            kind: SetKind,
            /// ALL
            all: bool,
            /// Left side.
            left: Box<SetOperation>,
            /// Right side.
            right: Box<SetOperation>,
            /// Types of the result's columns.
            columns: Vec<SqlType>,
            /// How columns are compared, unless UNION ALL; `target_ref` is the column's number.
            group: Vec<SortClause>,
        },
    }
}

node! {
    /// Set operations.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum SetKind {
        /// UNION
        Union,
        /// INTERSECT
        Intersect,
        /// EXCEPT
        Except,
    }
}

node! {
    /// FOR UPDATE and its like, for one entry.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct RowMark {
        /// Index in the range table.
        pub relation: usize,
        /// How strong.
        pub strength: LockStrength,
        /// What to do about rows that others hold.
        pub wait: LockWait,
    }
}

node! {
    /// Row lock strengths, rising.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum LockStrength {
        /// FOR KEY SHARE
        KeyShare,
        /// FOR SHARE
        Share,
        /// FOR NO KEY UPDATE
        NoKeyUpdate,
        /// FOR UPDATE
        Update,
    }
}

node! {
    /// What to do about a row that is locked, in rising precedence.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum LockWait {
        /// Wait.
        Block,
        /// Leave it out.
        Skip,
        /// Fail.
        Error,
    }
}

#[cfg(test)]
mod tests {
    use batch::Datum;

    use super::*;
    use crate::node::{from_text, to_text};

    fn constant(value: Datum, oid: u32) -> Expr {
        Expr { kind: ExprKind::Const(value), ty: SqlType::plain(Oid(oid)), location: NO_LOCATION }
    }

    #[test]
    fn stored_text_round_trips() {
        let mut query = Query::new(Command::Select);
        let test = Expr {
            kind: ExprKind::And(vec![
                constant(Datum::bool(true), 16),
                Expr {
                    kind: ExprKind::NullTest {
                        arg: Box::new(constant(Datum::Bytes((*b"a\"\\\xc3\xa9").into()), 25)),
                        is_null: false,
                        row: false,
                    },
                    ty: SqlType::plain(Oid(16)),
                    location: 7,
                },
            ]),
            ty: SqlType::plain(Oid(16)),
            location: 3,
        };
        query.where_clause = Some(test);
        query.targets.push(TargetEntry {
            expr: constant(Datum::B8(-5), 20),
            number: 1,
            name: "?column? \"\\é".into(),
            sort_ref: 0,
            junk: false,
            origin_table: Oid::INVALID,
            origin_column: 0,
        });
        let text = to_text(&query);
        assert_eq!(from_text::<Query>(&text).unwrap(), query);
        for end in 0..text.len() {
            if text.is_char_boundary(end) {
                assert!(from_text::<Query>(&text[..end]).is_err(), "a cut text is damaged");
            }
        }
    }
}
