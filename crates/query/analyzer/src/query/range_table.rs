//! FROM: the range table, and the joins over its entries.
//!
//! Everything that a query reads or writes has a [`RangeTableEntry`]; columns ([`Var`](super::Var)) are numbers of entries and of columns in
//! them. An entry of a relation also lists what its user must be allowed to do, and what hides its rows.

use ids::Oid;

use super::{Expr, Query, SqlType};
use crate::node::node;

node! {
    /// An element of FROM.
    #[derive(Clone, Debug, PartialEq)]
    pub enum FromItem {
        /// An entry of the range table.
        Relation(index: usize),
        /// A join.
        Join(join: Box<Join>),
    }
}

node! {
    /// A join.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Join {
        /// Which.
        pub kind: JoinKind,
        /// Left side.
        pub left: FromItem,
        /// Right side.
        pub right: FromItem,
        /// ON, or what USING and NATURAL mean.
        pub on: Option<Expr>,
        /// USING's columns.
        pub using: Vec<String>,
        /// Written NATURAL.
        pub natural: bool,
        /// Its own entry in the range table (alias and column names, for deparsing).
        pub entry: usize,
        /// What the columns of that entry stand for. Only in stored queries: the deparser names columns through joins.
        pub columns: Vec<Expr>,
        /// `USING (…) AS alias`, the same.
        pub using_alias: Option<String>,
    }
}

node! {
    /// Kinds of joins that can be written.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub enum JoinKind {
        /// INNER, CROSS
        Inner,
        /// LEFT
        Left,
        /// RIGHT
        Right,
        /// FULL
        Full,
    }
}

node! {
    /// The name and type of a column of a range-table entry.
    #[derive(Clone, Debug, PartialEq)]
    pub struct EntryColumn {
        /// Its name; empty if dropped.
        pub name: String,
        /// Its type.
        pub ty: SqlType,
    }
}

node! {
    /// A relation, subquery, function … in FROM.
    #[derive(Clone, Debug, PartialEq)]
    pub struct RangeTableEntry {
        /// What it is.
        pub kind: EntryKind,
        /// The alias that was written.
        pub alias: Option<String>,
        /// Column aliases were written (or must be, to keep a view's names).
        pub column_aliases: bool,
        /// The name by which it is referred to.
        pub name: String,
        /// Its columns, in order; dropped ones with an empty name.
        pub columns: Vec<EntryColumn>,
        /// It may refer to entries on its left.
        pub lateral: bool,
        /// It was written in FROM (rather than added for a rule, a target or EXCLUDED).
        pub in_from: bool,
        /// What the user must be allowed to do, for relations and views.
        pub permission: Option<Box<Permission>>,
        /// Conditions that a row must meet before anything else may learn of it, each before those behind it: of policies and of views that are
        /// security barriers. Never in stored queries.
        pub security: Vec<Expr>,
    }
}

node! {
    /// What stands in FROM.
    #[derive(Clone, Debug, PartialEq)]
    pub enum EntryKind {
        /// A table, partitioned table, materialised view, foreign table, sequence.
        Relation {
            /// Row of `pg_class`.
            oid: Oid,
            /// Its `relkind`.
            relkind: u8,
            /// With its children (no ONLY).
            inherit: bool,
            /// The lock mode to take, 1 to 8.
            lock: u8,
            /// TABLESAMPLE
            sample: Option<Box<TableSample>>,
        },
        /// A subquery, or a view once expanded.
        Subquery {
            /// The query.
            query: Box<Query>,
            /// The view that it was, or zero.
            view: Oid,
            /// A view with `security_barrier`.
            security_barrier: bool,
        },
        /// A join: only names; see [`Join`].
        Join {
            /// Which.
            kind: JoinKind,
        },
        /// Functions, side by side.
        Function {
            /// One, or those of ROWS FROM.
            functions: Vec<RangeFunction>,
            /// WITH ORDINALITY
            ordinality: bool,
        },
        /// VALUES
        Values {
            /// The rows, equally wide.
            rows: Vec<Vec<Expr>>,
        },
        /// A WITH query.
        Cte {
            /// Its name.
            name: String,
            /// How many queries outwards it stands.
            levels_up: u32,
            /// It is the recursive reference within itself.
            recursive: bool,
            /// How many of its columns, at the end, SEARCH and CYCLE have added.
            added: u16,
        },
        /// A transition table of a trigger.
        NamedTuplestore {
            /// Its name.
            name: String,
            /// The table whose rows it has.
            relation: Oid,
        },
        /// No rows from anywhere: FROM is empty.
        Result,
    }
}

node! {
    /// TABLESAMPLE
    #[derive(Clone, Debug, PartialEq)]
    pub struct TableSample {
        /// The method's handler function.
        pub handler: Oid,
        /// Its arguments.
        pub args: Vec<Expr>,
        /// REPEATABLE
        pub repeatable: Option<Expr>,
    }
}

node! {
    /// A function in FROM.
    #[derive(Clone, Debug, PartialEq)]
    pub struct RangeFunction {
        /// The call.
        pub call: Expr,
        /// How many columns it gives.
        pub column_count: usize,
        /// The names in its column definition list; empty if none was written.
        pub definitions: Vec<String>,
        /// It gives rows of a composite type, whose fields are the columns (rather than one value).
        pub composite: bool,
    }
}

node! {
    /// Privileges needed on a relation, checked when the plan starts.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Permission {
        /// The relation, or the view.
        pub relation: Oid,
        /// `ACL_*` bits of [`acl`] needed on the relation (or on all columns listed below).
        pub required: u32,
        /// The role to check, or zero for the current user: owners of views.
        pub check_as: Oid,
        /// Columns read; 0 is the whole row (all columns), negative are system columns.
        pub selected: Vec<i16>,
        /// Columns inserted.
        pub inserted: Vec<i16>,
        /// Columns updated.
        pub updated: Vec<i16>,
    }
}

/// Bits of [`Permission::required`], as `aclitem` has them.
pub mod acl {
    /// INSERT
    pub const INSERT: u32 = 1;
    /// SELECT
    pub const SELECT: u32 = 2;
    /// UPDATE
    pub const UPDATE: u32 = 4;
    /// DELETE
    pub const DELETE: u32 = 8;
}
