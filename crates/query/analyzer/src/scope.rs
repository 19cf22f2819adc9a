//! What names mean while a query is analyzed: its range table, which of its entries are visible, and as what.

use std::rc::Rc;

use ids::Oid;

use crate::query::{Command, EntryKind, Expr, ExprKind, NO_LOCATION, Query, RowVersion, SqlType, Var};
use crate::with::Recursion;

/// In which part of a statement an expression stands. It decides what is allowed there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Nowhere special.
    Other,
    /// JOIN … ON
    JoinOn,
    /// A subquery in FROM.
    FromSubquery,
    /// A function in FROM.
    FromFunction,
    /// WHERE
    Where,
    /// HAVING
    Having,
    /// FILTER
    Filter,
    /// PARTITION BY
    WindowPartition,
    /// ORDER BY of a window.
    WindowOrder,
    /// Offset of a RANGE frame.
    FrameRange,
    /// Offset of a ROWS frame.
    FrameRows,
    /// Offset of a GROUPS frame.
    FrameGroups,
    /// SELECT list.
    SelectTarget,
    /// INSERT's columns.
    InsertTarget,
    /// UPDATE's values.
    UpdateSource,
    /// UPDATE's columns.
    UpdateTarget,
    /// Condition of MERGE's WHEN.
    MergeWhen,
    /// GROUP BY
    GroupBy,
    /// ORDER BY
    OrderBy,
    /// DISTINCT ON
    DistinctOn,
    /// LIMIT
    Limit,
    /// OFFSET
    Offset,
    /// RETURNING
    Returning,
    /// RETURNING of MERGE
    MergeReturning,
    /// VALUES
    Values,
    /// VALUES with one row, in INSERT.
    ValuesSingle,
    /// CHECK of a table.
    CheckConstraint,
    /// CHECK of a domain.
    DomainCheck,
    /// DEFAULT of a column.
    ColumnDefault,
    /// DEFAULT of a function's parameter.
    FunctionDefault,
    /// An index's expression.
    IndexExpression,
    /// An index's WHERE.
    IndexPredicate,
    /// CREATE STATISTICS
    Statistics,
    /// ALTER COLUMN … USING
    AlterTransform,
    /// EXECUTE's parameters.
    ExecuteParameter,
    /// A trigger's WHEN.
    TriggerWhen,
    /// USING and WITH CHECK of a policy.
    Policy,
    /// FOR VALUES
    PartitionBound,
    /// PARTITION BY of a table.
    PartitionExpression,
    /// CALL's arguments.
    CallArgument,
    /// COPY … WHERE
    CopyWhere,
    /// GENERATED ALWAYS AS
    GeneratedColumn,
}

impl Place {
    /// "aggregate functions are not allowed in …": the phrase if they are not.
    pub(crate) fn without_aggregates(self) -> Option<&'static str> {
        match self {
            Place::Having
            | Place::SelectTarget
            | Place::OrderBy
            | Place::DistinctOn
            | Place::WindowPartition
            | Place::WindowOrder
            | Place::Other
            | Place::InsertTarget
            | Place::FromSubquery => None,
            _ => self.words(),
        }
    }

    /// "window functions are not allowed in …"
    pub(crate) fn without_windows(self) -> Option<&'static str> {
        match self {
            Place::SelectTarget
            | Place::OrderBy
            | Place::DistinctOn
            | Place::Other
            | Place::InsertTarget
            | Place::FromSubquery => None,
            _ => self.words(),
        }
    }

    /// "set-returning functions are not allowed in …"
    pub(crate) fn without_sets(self) -> Option<&'static str> {
        match self {
            Place::SelectTarget
            | Place::OrderBy
            | Place::GroupBy
            | Place::DistinctOn
            | Place::Other
            | Place::InsertTarget
            | Place::FromSubquery
            | Place::FromFunction
            | Place::ValuesSingle => None,
            _ => self.words(),
        }
    }

    /// "cannot use subquery in …"
    pub(crate) fn without_subqueries(self) -> Option<&'static str> {
        Some(match self {
            Place::CheckConstraint | Place::DomainCheck => "check constraint",
            Place::ColumnDefault | Place::FunctionDefault => "DEFAULT expression",
            Place::IndexExpression => "index expression",
            Place::IndexPredicate => "index predicate",
            Place::Statistics => "statistics expression",
            Place::AlterTransform => "transform expression",
            Place::ExecuteParameter => "EXECUTE parameter",
            Place::TriggerWhen => "trigger WHEN condition",
            Place::PartitionBound => "partition bound",
            Place::PartitionExpression => "partition key expression",
            Place::CallArgument => "CALL argument",
            Place::CopyWhere => "COPY FROM WHERE condition",
            Place::GeneratedColumn => "column generation expression",
            _ => return None,
        })
    }

    fn words(self) -> Option<&'static str> {
        Some(match self {
            Place::JoinOn => "JOIN conditions",
            Place::FromFunction => "functions in FROM",
            Place::Where => "WHERE",
            Place::Having => "HAVING",
            Place::Filter => "FILTER",
            Place::WindowPartition | Place::WindowOrder => "window definitions",
            Place::FrameRange => "window RANGE",
            Place::FrameRows => "window ROWS",
            Place::FrameGroups => "window GROUPS",
            Place::UpdateSource | Place::UpdateTarget => "UPDATE",
            Place::MergeWhen => "MERGE WHEN conditions",
            Place::GroupBy => "GROUP BY",
            Place::Limit => "LIMIT",
            Place::Offset => "OFFSET",
            Place::Returning | Place::MergeReturning => "RETURNING",
            Place::Values | Place::ValuesSingle => "VALUES",
            Place::CheckConstraint | Place::DomainCheck => "check constraints",
            Place::ColumnDefault | Place::FunctionDefault => "DEFAULT expressions",
            Place::IndexExpression => "index expressions",
            Place::IndexPredicate => "index predicates",
            Place::Statistics => "statistics expressions",
            Place::AlterTransform => "transform expressions",
            Place::ExecuteParameter => "EXECUTE parameters",
            Place::TriggerWhen => "trigger WHEN conditions",
            Place::Policy => "policy expressions",
            Place::PartitionBound => "partition bound",
            Place::PartitionExpression => "partition key expressions",
            Place::CallArgument => "CALL arguments",
            Place::CopyWhere => "COPY FROM WHERE conditions",
            Place::GeneratedColumn => "column generation expressions",
            _ => return None,
        })
    }
}

/// A query that is being analyzed.
pub(crate) struct Scope {
    /// What is known of it so far.
    pub query: Query,
    /// The visible entries.
    pub names: Vec<Visible>,
    /// Where the current expression stands.
    pub place: Place,
    /// LATERAL references to `names` marked so are allowed now.
    pub lateral: bool,
    /// Names of WITH queries that come later (for errors).
    pub future_ctes: Vec<String>,
    /// Queries of its WITH RECURSIVE that are not analyzed yet.
    pub pending_ctes: Vec<Rc<parser::ast::CommonTableExpr>>,
    /// Those that are being analyzed, each because the one before refers to it.
    pub recursion: Vec<Recursion>,
    /// Windows written inline or named, not yet analyzed.
    pub windows: Vec<parser::ast::WindowDefinition>,
    /// Inline windows by their text position in `windows`.
    pub inline_windows: Vec<(parser::ast::WindowSpecification, usize)>,
    /// Highest `sort_ref` given.
    pub last_ref: u32,
    /// Literals of unknown type in the target list become text.
    pub resolve_unknowns: bool,
    /// In a column's `DEFAULT` or `CHECK`: the meaning of VALUE.
    pub domain_value: Option<SqlType>,
}

impl Scope {
    pub fn new(command: Command) -> Scope {
        Scope {
            query: Query::new(command),
            names: Vec::new(),
            place: Place::Other,
            lateral: false,
            future_ctes: Vec::new(),
            pending_ctes: Vec::new(),
            recursion: Vec::new(),
            windows: Vec::new(),
            inline_windows: Vec::new(),
            last_ref: 0,
            resolve_unknowns: true,
            domain_value: None,
        }
    }
}

/// An entry of the range table, as it can be referred to.
#[derive(Clone, Debug)]
pub(crate) struct Visible {
    /// Index in the range table.
    pub entry: usize,
    /// The name for qualified references; none for a join without alias.
    pub name: Option<String>,
    /// The table, if it has no alias: `schema.table.column` finds it.
    pub relation: Oid,
    /// Its columns: all of the entry's, or (for joins) what they stand for.
    pub columns: Option<Vec<(String, Expr)>>,
    /// `name.column` finds it.
    pub by_name: bool,
    /// An unqualified column name finds it.
    pub by_column: bool,
    /// Only LATERAL references may use it.
    pub lateral_only: bool,
    /// They may indeed (not from the nullable side of an outer join).
    pub lateral_ok: bool,
    /// OLD or NEW in RETURNING.
    pub version: RowVersion,
}

impl Visible {
    /// An entry with all its columns.
    pub fn entry(entry: usize, query: &Query) -> Visible {
        let e = &query.range_table[entry];
        let relation = match (&e.kind, &e.alias) {
            (EntryKind::Relation { oid, .. }, None) => *oid,
            (EntryKind::Subquery { view, .. }, None) => *view,
            _ => Oid::INVALID,
        };
        Visible {
            entry,
            name: Some(e.name.clone()),
            relation,
            columns: None,
            by_name: true,
            by_column: true,
            lateral_only: false,
            lateral_ok: true,
            version: RowVersion::Default,
        }
    }

    /// Names and values of its columns, without dropped ones.
    pub fn column_list(&self, query: &Query) -> Vec<(String, Expr)> {
        match &self.columns {
            Some(list) => list.clone(),
            None => (0..query.range_table[self.entry].columns.len())
                .filter(|&at| !query.range_table[self.entry].columns[at].name.is_empty())
                .map(|at| (query.range_table[self.entry].columns[at].name.clone(), self.column(query, at)))
                .collect(),
        }
    }

    /// The reference to a column by position.
    pub fn column(&self, query: &Query, at: usize) -> Expr {
        match &self.columns {
            Some(list) => list[at].1.clone(),
            None => Expr {
                kind: ExprKind::Var(Var {
                    level: 0,
                    relation: self.entry,
                    column: at as i16 + 1,
                    version: self.version,
                }),
                ty: query.range_table[self.entry].columns[at].ty,
                location: NO_LOCATION,
            },
        }
    }
}
