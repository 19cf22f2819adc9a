//! What only statements have that change rows: OVERRIDING, ON CONFLICT, MERGE's actions, and what is asked of new rows.

use ids::Oid;

use super::{Command, Expr, TargetEntry};
use crate::node::node;

node! {
    /// INSERT … OVERRIDING
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum Overriding {
        /// Not written.
        None,
        /// USER VALUE
        User,
        /// SYSTEM VALUE
        System,
    }
}

impl Overriding {
    /// What was written.
    pub(crate) fn of(written: parser::ast::Overriding) -> Overriding {
        match written {
            parser::ast::Overriding::None => Overriding::None,
            parser::ast::Overriding::User => Overriding::User,
            parser::ast::Overriding::System => Overriding::System,
        }
    }
}

node! {
    /// What must hold for a row that a statement changes: WITH CHECK OPTION of a view, or a policy.
    #[derive(Clone, Debug, PartialEq)]
    pub struct CheckOption {
        /// For which rows, and when.
        pub kind: CheckKind,
        /// The name of the view, or of the table with the policy.
        pub relation: String,
        /// The restrictive policy.
        pub policy: Option<String>,
        /// What must be true of a row of the target; none if all rows are in the view.
        pub condition: Option<Expr>,
        /// The views under it check as well.
        pub cascaded: bool,
    }
}

node! {
    /// Which rows a [`CheckOption`] is for.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub enum CheckKind {
        /// New rows, once they are there: a view's.
        View,
        /// Rows to be inserted; this and all that follow are policies'.
        Insert,
        /// New versions of rows, before they are there.
        Update,
        /// Rows that ON CONFLICT DO UPDATE is about to change.
        ConflictTarget,
        /// Rows that MERGE is about to update.
        MergeUpdateTarget,
        /// Rows that MERGE is about to delete.
        MergeDeleteTarget,
    }
}

node! {
    /// ON CONFLICT
    #[derive(Clone, Debug, PartialEq)]
    pub struct OnConflict {
        /// DO UPDATE rather than DO NOTHING.
        pub update: bool,
        /// What the unique index must be on: expressions over the target, with collation and operator class if written.
        pub arbiters: Vec<ArbiterElement>,
        /// Its predicate.
        pub arbiter_where: Option<Expr>,
        /// ON CONSTRAINT
        pub constraint: Oid,
        /// SET
        pub set: Vec<TargetEntry>,
        /// WHERE
        pub set_where: Option<Expr>,
        /// EXCLUDED's index in the range table; meaningful with `update`.
        pub excluded: usize,
    }
}

node! {
    /// An index element named by ON CONFLICT.
    #[derive(Clone, Debug, PartialEq)]
    pub struct ArbiterElement {
        /// Column or expression.
        pub expr: Expr,
        /// COLLATE, or zero.
        pub collation: Oid,
        /// Operator class's family and input type, or zero.
        pub family: Oid,
        /// Input type of the class.
        pub input_type: Oid,
    }
}

node! {
    /// WHEN … THEN … of MERGE.
    #[derive(Clone, Debug, PartialEq)]
    pub struct MergeAction {
        /// When it applies.
        pub when: MergeWhen,
        /// AND …
        pub condition: Option<Expr>,
        /// What to do.
        pub command: Command,
        /// INSERT … OVERRIDING
        pub overriding: Overriding,
        /// New values.
        pub targets: Vec<TargetEntry>,
    }
}

node! {
    /// When an action of MERGE applies.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum MergeWhen {
        /// WHEN MATCHED
        Matched,
        /// WHEN NOT MATCHED BY SOURCE
        NotMatchedBySource,
        /// WHEN NOT MATCHED BY TARGET
        NotMatchedByTarget,
    }
}
