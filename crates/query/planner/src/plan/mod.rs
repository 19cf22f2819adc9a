//! The plan: what the executor runs.
//!
//! A [`Plan`] is made once and run often: it holds no values of parameters and no state, is `Send + Sync`, and lives in an `Arc` in
//! the statement cache. It is compile-ready for an executor that evaluates whole columns.
//!
//! # How columns flow
//!
//! Each [`Node`] first makes its *raw columns*, in an order that its kind defines (see [`NodeKind`]); then it drops the rows that
//! do not pass `filter`; then, if there is a `project`, it computes that from what is left. [`ExprKind::Column`] in `filter` and `project`
//! counts the raw columns. Expressions that a kind holds itself count what its documentation says: as a rule the input's output columns,
//! and for a join the outer input's columns followed by the inner's.
//!
//! # Values from elsewhere
//!
//! - [`ExprKind::Param`] is the statement's `$n`.
//! - [`ExprKind::Slot`] is one of [`Plan::slots`]: set by a nested loop for its inner side, by a correlated [`SubPlan`] for its subquery, or
//!   computed once on first use by an uncorrelated subquery ([`SlotSource::InitPlan`]).
//!   `Node::depends` lists the slots assigned from outside that a node's result depends on: when one changes, the node starts over, otherwise it may just rewind.
//! - [`ExprKind::Local`] is bound by an enclosing expression of the same tree ([`ExprKind::Bind`], array coercion, domain checks).
//!
//! # EXPLAIN
//!
//! Physical expressions do not say what they once were called. What EXPLAIN shows of a node's expressions is kept beside them in their logical form
//! ([`Node::details`]), moved there when the physical form was compiled, and turned into text only when asked for.

mod aggregate;
mod expr;
mod json;
mod keys;
mod modify;
mod node;
mod scan;

use std::sync::Arc;

use analyzer::query as q;
use batch::Repr;
use ids::Oid;

pub use aggregate::*;
pub use analyzer::query::{CheckKind, Command, LockStrength, LockWait, Permission, SqlValueFunction};
pub use expr::*;
pub use json::*;
pub use keys::*;
pub use modify::*;
pub use node::*;
pub use scan::*;

/// The type and form of a column or value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ColumnType {
    /// Row of `pg_type`.
    pub oid: Oid,
    /// Its modifier, or -1.
    pub typmod: i32,
    /// Its collation, or zero.
    pub collation: Oid,
    /// Its physical form.
    pub repr: Repr,
}

/// A statement, ready to run.
#[derive(Debug)]
pub struct Plan {
    /// What kind of statement.
    pub command: Command,
    /// Its top; the output columns are the result's.
    pub root: Node,
    /// Names and origins of the result's columns; empty if the statement returns no rows.
    pub output: Vec<OutputColumn>,
    /// Types of `$1`, `$2` …
    pub params: Vec<Oid>,
    /// Internal parameters.
    pub slots: Vec<Slot>,
    /// Subqueries in expressions, and WITH queries.
    pub subplans: Vec<SubPlanTree>,
    /// Subplans that modify data, to be run to their end before the statement ends, in order.
    pub modifying: Vec<usize>,
    /// The relations that nodes name by index.
    pub relations: Vec<RelationUse>,
    /// The entries of `names` that stand for whole trees of tables, of which members are read one after the other, and for VALUES.
    pub trees: Vec<usize>,
    /// How many work tables recursive queries need.
    pub work_tables: usize,
    /// Privileges to check before it runs.
    pub permissions: Vec<Permission>,
    /// The functions that it calls, built-in ones left out that everybody may call: EXECUTE is checked before it runs.
    pub functions: Vec<Oid>,
    /// It changes nothing and locks no rows.
    pub read_only: bool,
    /// How many nodes there are: [`Node::id`] is below it.
    pub node_count: u32,
    /// Alias of each range-table entry by [`q::Var`]'s numbering of the details; for EXPLAIN.
    pub names: Vec<EntryName>,
    /// Its rows are for nobody.
    pub silent: bool,
    /// What rules have added, with snapshots of their own.
    pub companions: Option<Box<Companions>>,
}

impl Plan {
    /// The plan of the rows that an INSERT, UPDATE, DELETE or MERGE takes; nothing changes for other plans.
    pub fn into_source(mut self) -> Plan {
        if let NodeKind::ModifyTable(modify) = self.root.kind {
            self.root = *modify.source;
        }
        self
    }

    /// The plans that a statement consists of, in the order in which they run.
    pub fn parts(&self) -> Vec<&Plan> {
        let Some(companions) = &self.companions else { return vec![self] };
        let own = (!companions.replaced).then_some(self);
        let (before, after) = (companions.before.iter(), companions.after.iter());
        before.map(|plan| &**plan).chain(own).chain(after.map(|plan| &**plan)).collect()
    }
}

/// Plans that run with a statement.
#[derive(Debug)]
pub struct Companions {
    /// Those that run first.
    pub before: Vec<Arc<Plan>>,
    /// Those that run afterwards.
    pub after: Vec<Arc<Plan>>,
    /// Nothing is left of the statement itself.
    pub replaced: bool,
}

/// A column of the result.
#[derive(Clone, Debug, PartialEq)]
pub struct OutputColumn {
    /// Its name.
    pub name: String,
    /// The table it comes from, or zero.
    pub table: Oid,
    /// Its number there, or zero.
    pub number: i16,
    /// Its type.
    pub ty: ColumnType,
}

/// An internal parameter.
#[derive(Clone, Copy, Debug)]
pub struct Slot {
    /// Its type.
    pub ty: ColumnType,
    /// Where its value comes from.
    pub source: SlotSource,
}

/// Where an internal parameter gets its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlotSource {
    /// From a node or expression that lists it.
    Assigned,
    /// From running this subplan, when first needed, for the whole statement (or again when a slot it depends on changed).
    InitPlan(usize),
}

/// A subquery.
#[derive(Debug)]
pub struct SubPlanTree {
    /// Its top.
    pub node: Node,
    /// What EXPLAIN calls it: `SubPlan 1`, `InitPlan 2`, `CTE name`.
    pub name: String,
    /// What its result is used as, where [`SlotSource::InitPlan`] refers to it.
    pub kind: SubPlanKind,
    /// The slots that an init plan fills (one, or one per column for [`SubPlanKind::Row`]).
    pub sets: Vec<u32>,
}

/// How the rows of a subquery become a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubPlanKind {
    /// Whether there is a row.
    Exists,
    /// The first column of the only row; null without a row; an error (21000) with two.
    Scalar,
    /// The columns of the only row, each into its slot; nulls without a row; an error with two.
    Row,
    /// An array of the first column's values.
    Array,
    /// Whether the test holds for some row (with SQL's null logic).
    Any,
    /// Whether the test holds for all rows.
    All,
    /// Not a value: a WITH query, read by [`NodeKind::CteScan`].
    Cte,
}

/// A relation that the plan uses.
#[derive(Clone, Debug)]
pub struct RelationUse {
    /// Row of `pg_class`.
    pub oid: Oid,
    /// The lock mode to take before running, 1 to 8.
    pub lock: u8,
    /// It is a materialized view that is read: it must have been filled.
    pub must_be_populated: bool,
    /// Its name, for EXPLAIN.
    pub name: String,
    /// Its schema, for EXPLAIN VERBOSE.
    pub schema: String,
    /// The alias it has in the statement; the name if none.
    pub alias: String,
    /// Its place in [`Plan::names`], where it has one.
    pub entry: Option<usize>,
}

/// How a range-table entry is called in EXPLAIN.
#[derive(Clone, Debug)]
pub struct EntryName {
    /// Alias.
    pub alias: String,
    /// Column names.
    pub columns: Vec<String>,
}

/// One operator with its inputs.
#[derive(Debug)]
pub struct Node {
    /// Number within the plan, for instrumentation.
    pub id: u32,
    /// What it does.
    pub kind: NodeKind,
    /// Conditions on the raw columns, all of which must be true; cheap and unlikely ones first.
    pub filter: Vec<Expr>,
    /// What it outputs, computed from raw columns; none if it outputs just these.
    pub project: Option<Vec<Expr>>,
    /// Its output columns.
    pub output: Vec<ColumnType>,
    /// Estimates.
    pub cost: Cost,
    /// Assigned slots on which its rows depend.
    pub depends: Vec<u32>,
    /// Subplans to show below it in EXPLAIN.
    pub subplans: Vec<usize>,
    /// What EXPLAIN shows of it.
    pub details: Vec<Detail>,
    /// What its output columns are, if it was planned for EXPLAIN.
    pub shown: Vec<analyzer::query::Expr>,
    /// A node of its kind was not wanted (`enable_…`), but there was no other way.
    pub disabled: bool,
}

impl Node {
    /// Whether it was found to have no rows before it runs.
    pub fn gives_nothing(&self) -> bool {
        let NodeKind::Result { input: None, condition } = &self.kind else { return false };
        condition.iter().any(|known| matches!(&known.kind, ExprKind::Const(value) if value.as_bool() != Some(true)))
    }

    /// The nodes right below, in the order in which EXPLAIN shows them; subqueries in expressions are not among them.
    pub fn inputs(&self) -> Vec<&Node> {
        match &self.kind {
            NodeKind::Result { input, .. } => input.as_deref().into_iter().collect(),
            NodeKind::SubqueryScan { input, .. }
            | NodeKind::ProjectSet { input, .. }
            | NodeKind::Sort { input, .. }
            | NodeKind::Unique { input, .. }
            | NodeKind::Aggregate { input, .. }
            | NodeKind::WindowAgg { input, .. }
            | NodeKind::Limit { input, .. }
            | NodeKind::LockRows { input, .. }
            | NodeKind::Material { input }
            | NodeKind::BitmapHeapScan { input, .. }
            | NodeKind::Memoize { input, .. } => vec![input],
            NodeKind::NestLoop { outer, inner, .. }
            | NodeKind::HashJoin { outer, inner, .. }
            | NodeKind::MergeJoin { outer, inner, .. } => vec![outer, inner],
            NodeKind::SetOp { left, right, .. } => vec![left, right],
            NodeKind::Append { inputs, .. }
            | NodeKind::MergeAppend { inputs, .. }
            | NodeKind::BitmapAnd { inputs }
            | NodeKind::BitmapOr { inputs } => inputs.iter().collect(),
            NodeKind::RecursiveUnion { start, step, .. } => vec![start, step],
            NodeKind::ModifyTable(modify) => vec![&modify.source],
            NodeKind::SeqScan { .. }
            | NodeKind::IndexScan { .. }
            | NodeKind::IndexOnlyScan { .. }
            | NodeKind::BitmapIndexScan { .. }
            | NodeKind::TidScan { .. }
            | NodeKind::TidRangeScan { .. }
            | NodeKind::CursorScan { .. }
            | NodeKind::Constants { .. }
            | NodeKind::Values { .. }
            | NodeKind::FunctionScan { .. }
            | NodeKind::CteScan { .. }
            | NodeKind::NamedTuplestoreScan { .. }
            | NodeKind::WorkTableScan { .. } => Vec::new(),
        }
    }
}

/// A line of EXPLAIN: `label: expressions`.
#[derive(Clone, Debug)]
pub struct Detail {
    /// Before the colon.
    pub label: &'static str,
    /// After it, in logical form.
    pub exprs: Vec<q::Expr>,
    /// Text in place of expressions, or behind each of them (` DESC`).
    pub texts: Vec<String>,
}

/// Estimates for a node.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Cost {
    /// Cost until the first row.
    pub startup: f64,
    /// Cost of all rows.
    pub total: f64,
    /// Rows that it returns each time it runs.
    pub rows: f64,
    /// Bytes of a row.
    pub width: u32,
}

const _: () = {
    const fn shareable<T: Send + Sync>() {}
    shareable::<Plan>();
};
