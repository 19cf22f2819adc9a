//! WITH: named queries, recursive ones with SEARCH and CYCLE.

use ids::Oid;

use super::{EntryColumn, Expr, Query};
use crate::node::node;

node! {
    /// A WITH query.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Cte {
        /// Its name.
        pub name: String,
        /// MATERIALIZED, NOT MATERIALIZED, or neither.
        pub materialized: Option<bool>,
        /// The query; may modify data.
        pub query: Query,
        /// It refers to itself.
        pub recursive: bool,
        /// How often it is referred to, not counting itself.
        pub references: u32,
        /// Its columns.
        pub columns: Vec<EntryColumn>,
        /// For how many of them names were written behind its own.
        pub named: u32,
        /// SEARCH. Gone, with its column among `columns`, once the query is rewritten.
        pub search: Option<Box<Search>>,
        /// CYCLE, the same.
        pub cycle: Option<Box<Cycle>>,
    }
}

node! {
    /// SEARCH of a recursive query.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Search {
        /// BREADTH FIRST rather than DEPTH FIRST.
        pub breadth_first: bool,
        /// BY
        pub columns: Vec<String>,
        /// SET
        pub sequence: String,
    }
}

node! {
    /// CYCLE of a recursive query.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Cycle {
        /// The columns.
        pub columns: Vec<String>,
        /// SET
        pub mark: String,
        /// TO
        pub mark_value: Expr,
        /// DEFAULT, of the same type.
        pub mark_default: Expr,
        /// Row of `pg_operator`: tells two marks apart.
        pub unequal: Oid,
        /// USING
        pub path: String,
    }
}
