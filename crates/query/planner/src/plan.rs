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

use std::sync::Arc;

use analyzer::query as q;
use batch::{Batch, Datum, Repr};
use ids::Oid;

pub use analyzer::query::{CheckKind, Command, LockStrength, LockWait, Permission, SqlValueFunction};

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
    /// The entries of `names` that stand for whole trees of tables, of which members are read one after the other.
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

/// A column that a table scan fetches.
pub type ScanColumn = i16;

/// What a node does. *Raw* tells its raw columns.
#[derive(Debug)]
pub enum NodeKind {
    /// No input: one row without columns (or, if `condition` is false, none); or the input's rows under a condition that is the same for all of them.
    /// Raw: the input's columns.
    Result {
        /// The input, if any.
        input: Option<Box<Node>>,
        /// Evaluated once, before the input starts: all must be true.
        condition: Vec<Expr>,
    },
    /// A whole table. Raw: `columns`.
    SeqScan {
        /// Index in [`Plan::relations`].
        relation: usize,
        /// Column numbers to fetch, system columns being negative (-1 ctid, -2 xmin, -3 cmin, -4 xmax, -5 cmax, -6 tableoid).
        columns: Vec<ScanColumn>,
        /// TABLESAMPLE, if written.
        sample: Option<Box<Sample>>,
    },
    /// Rows of a table by an index, in its order. Raw: `columns`.
    IndexScan {
        /// Index in [`Plan::relations`].
        relation: usize,
        /// Column numbers to fetch.
        columns: Vec<ScanColumn>,
        /// Where in the index.
        search: IndexSearch,
    },
    /// Rows from an index alone, looking at the table only for pages not known to be all-visible. Raw: `columns`.
    IndexOnlyScan {
        /// Index in [`Plan::relations`].
        relation: usize,
        /// Table column numbers to return; each is a column of the index.
        columns: Vec<ScanColumn>,
        /// Positions of these in the index (from 0).
        index_columns: Vec<usize>,
        /// Where in the index.
        search: IndexSearch,
    },
    /// Rows whose places a bitmap has, in the order of the table. Raw: `columns`.
    BitmapHeapScan {
        /// Index in [`Plan::relations`].
        relation: usize,
        /// Column numbers to fetch.
        columns: Vec<ScanColumn>,
        /// What makes the bitmap.
        input: Box<Node>,
        /// What must hold of rows that the bitmap is not certain of, over the raw columns.
        recheck: Vec<Expr>,
    },
    /// The places that an index leads to, for a bitmap; no rows.
    BitmapIndexScan {
        /// Index in [`Plan::relations`], of the table.
        relation: usize,
        /// Where in the index.
        search: IndexSearch,
    },
    /// Places that all bitmaps have.
    BitmapAnd {
        /// What makes them.
        inputs: Vec<Node>,
    },
    /// Places that any of the bitmaps has.
    BitmapOr {
        /// What makes them.
        inputs: Vec<Node>,
    },
    /// Rows by their physical address. Raw: `columns`.
    TidScan {
        /// Index in [`Plan::relations`].
        relation: usize,
        /// Column numbers to fetch.
        columns: Vec<ScanColumn>,
        /// Addresses: `tid`, or arrays of `tid`.
        tids: Vec<Expr>,
    },
    /// Rows of the pages between physical addresses; the node's filter tells which of them are wanted. Raw: `columns`.
    TidRangeScan {
        /// Index in [`Plan::relations`].
        relation: usize,
        /// Column numbers to fetch.
        columns: Vec<ScanColumn>,
        /// Addresses below which no row is wanted.
        lower: Vec<Expr>,
        /// Addresses above which none is, and whether they are wanted themselves.
        upper: Vec<(Expr, bool)>,
    },
    /// `WHERE CURRENT OF`: the row on which a cursor stands. Raw: `columns`.
    CursorScan {
        /// Index in [`Plan::relations`].
        relation: usize,
        /// Column numbers to fetch.
        columns: Vec<ScanColumn>,
        /// The cursor's name.
        cursor: String,
    },
    /// VALUES of constants only. Raw: the rows' columns.
    Constants {
        /// The rows, in batches.
        rows: Arc<[Batch]>,
    },
    /// VALUES. Raw: the expressions of each row in turn; they have no input columns.
    Values {
        /// The rows.
        rows: Vec<Vec<Expr>>,
    },
    /// Functions, side by side, short ones padded with nulls. Raw: their columns, then the ordinality (bigint).
    FunctionScan {
        /// The functions; arguments have no input columns.
        functions: Vec<TableFunction>,
        /// WITH ORDINALITY
        ordinality: bool,
        /// Its entry among [`Plan::names`].
        entry: usize,
    },
    /// A subquery as it is; exists for names and projection. Raw: the input's columns.
    SubqueryScan {
        /// The subquery.
        input: Box<Node>,
        /// Its alias.
        alias: String,
    },
    /// A WITH query, run once and shared by all its readers. Raw: its columns.
    CteScan {
        /// Index in [`Plan::subplans`].
        subplan: usize,
        /// Its alias.
        alias: String,
        /// Its name.
        name: String,
    },
    /// What the last round of a recursive query found. Raw: its columns.
    WorkTableScan {
        /// Which work table.
        work_table: usize,
        /// The slot that has another value in each round.
        round: u32,
        /// Its alias.
        alias: String,
        /// The name of the WITH query.
        name: String,
    },
    /// A transition table of the trigger whose function runs. Raw: its columns, dropped ones null.
    NamedTuplestoreScan {
        /// Its name.
        name: String,
        /// Its alias.
        alias: String,
    },
    /// Set-returning functions in a SELECT list: for each input row as many rows as the longest set, others padded with nulls; no row if all are empty.
    /// Raw: the items.
    ProjectSet {
        /// The input.
        input: Box<Node>,
        /// What to compute, over the input's columns.
        items: Vec<SetItem>,
    },
    /// For each outer row the inner side, anew. Raw: outer columns, then inner columns (semi and anti: outer columns only).
    NestLoop {
        /// Kind of join.
        join: JoinType,
        /// Outer side.
        outer: Box<Node>,
        /// Inner side. If an index scan, the executor may look up a batch of outer rows at once.
        inner: Box<Node>,
        /// Slots set from each outer row: slot, and expression over outer columns.
        params: Vec<(u32, Expr)>,
        /// What makes rows match, over outer then inner columns.
        condition: Vec<Expr>,
        /// At most one inner row matches.
        inner_unique: bool,
    },
    /// Join by hashing the inner side. Raw: as for [`NodeKind::NestLoop`]; for `RightSemi` and `RightAnti` inner columns only.
    HashJoin {
        /// Kind of join.
        join: JoinType,
        /// Probing side.
        outer: Box<Node>,
        /// Hashed side.
        inner: Box<Node>,
        /// Equalities.
        keys: Vec<HashKey>,
        /// Further conditions for a match, over outer then inner columns.
        condition: Vec<Expr>,
        /// At most one inner row matches.
        inner_unique: bool,
    },
    /// Join of two inputs sorted by the keys. Raw: as for [`NodeKind::NestLoop`].
    MergeJoin {
        /// Kind of join.
        join: JoinType,
        /// Outer side.
        outer: Box<Node>,
        /// Inner side.
        inner: Box<Node>,
        /// Columns compared and how both sides are sorted: position in the outer, position in the inner, order.
        keys: Vec<(usize, usize, SortKey)>,
        /// Further conditions for a match, over outer then inner columns.
        condition: Vec<Expr>,
        /// At most one inner row matches.
        inner_unique: bool,
    },
    /// Sorts. Raw: the input's columns.
    Sort {
        /// The input.
        input: Box<Node>,
        /// By what; `column` counts the input's columns.
        keys: Vec<SortKey>,
        /// The input is already sorted by this many keys.
        presorted: usize,
        /// No more than the first so many rows are wanted, if known when planning.
        limit: Option<u64>,
    },
    /// Drops repeated neighbours of a sorted input. Raw: the input's columns.
    Unique {
        /// The input.
        input: Box<Node>,
        /// What makes rows equal.
        keys: Vec<GroupKey>,
    },
    /// Groups and aggregates. Raw: the keys in order, the aggregates in order, the groupings in order.
    Aggregate {
        /// The input; for `Sorted`, sorted by the keys.
        input: Box<Node>,
        /// How.
        strategy: AggregateStrategy,
        /// Columns of the input that are group keys.
        keys: Vec<GroupKey>,
        /// The grouping sets as positions in `keys`; just one with all of them if there were none. A key outside the current set is null in the result.
        sets: Vec<Vec<usize>>,
        /// Aggregates; arguments over the input's columns.
        aggregates: Vec<AggregateCall>,
        /// GROUPING(): positions in `keys`, the last the lowest bit; a bit is set if the key is not in the current set.
        groupings: Vec<Vec<usize>>,
        /// Estimated groups, to size the hash table.
        groups: f64,
    },
    /// Window functions over one window. Raw: the input's columns, then the functions.
    WindowAgg {
        /// The input, sorted by partition and order.
        input: Box<Node>,
        /// PARTITION BY
        partition: Vec<GroupKey>,
        /// ORDER BY: what makes rows peers.
        order: Vec<GroupKey>,
        /// How the order sorts, for RANGE frames.
        order_keys: Vec<SortKey>,
        /// The frame.
        frame: Frame,
        /// The functions.
        functions: Vec<WindowFunction>,
        /// Over the node's columns: the first row of a partition for which they do not hold, and those behind it, are left out.
        until: Vec<Expr>,
        /// What EXPLAIN shows of the window.
        shown: Box<ShownWindow>,
    },
    /// INTERSECT or EXCEPT of two inputs with equal columns. Raw: these columns.
    SetOp {
        /// Left side.
        left: Box<Node>,
        /// Right side.
        right: Box<Node>,
        /// EXCEPT rather than INTERSECT.
        except: bool,
        /// ALL
        all: bool,
        /// What makes rows equal: all columns.
        keys: Vec<GroupKey>,
    },
    /// One input after the other. Raw: their columns.
    Append {
        /// The inputs, with equal columns.
        inputs: Vec<Node>,
        /// How some are left out while it runs.
        pruning: Option<Box<AppendPruning>>,
    },
    /// Several sorted inputs, merged. Raw: their columns.
    MergeAppend {
        /// The inputs, with equal columns.
        inputs: Vec<Node>,
        /// By what they are sorted.
        keys: Vec<SortKey>,
        /// How some are left out while it runs.
        pruning: Option<Box<AppendPruning>>,
    },
    /// WITH RECURSIVE: the rows of `start`, then those of `step` over the last round's rows ([`NodeKind::WorkTableScan`]), until there are none. Raw: their columns.
    RecursiveUnion {
        /// The non-recursive part.
        start: Box<Node>,
        /// The recursive part.
        step: Box<Node>,
        /// Which work table.
        work_table: usize,
        /// The slot that counts the rounds: what of the recursive part reads the work table depends on it.
        round: u32,
        /// UNION (rather than UNION ALL): what makes rows equal.
        distinct: Option<Vec<GroupKey>>,
    },
    /// LIMIT, OFFSET. Raw: the input's columns.
    Limit {
        /// The input.
        input: Box<Node>,
        /// How many rows (bigint; null is all), without input columns.
        count: Option<Expr>,
        /// How many to skip.
        offset: Option<Expr>,
        /// WITH TIES: the columns that make rows peers.
        ties: Option<Vec<GroupKey>>,
    },
    /// Locks the rows that pass. Raw: the input's columns.
    LockRows {
        /// The input.
        input: Box<Node>,
        /// Which rows, and how.
        marks: Vec<RowMark>,
    },
    /// Keeps its input's rows, to be read again. Raw: the input's columns.
    Material {
        /// The input.
        input: Box<Node>,
    },
    /// Keeps its input's rows for each value of the keys. Raw: the input's columns.
    Memoize {
        /// The input.
        input: Box<Node>,
        /// The slots on which the input depends.
        keys: Vec<MemoizeKey>,
        /// One row at most for a key.
        single_row: bool,
    },
    /// INSERT, UPDATE, DELETE, MERGE. Raw: RETURNING's raw columns, see [`ModifyTable::returning`]; nothing without RETURNING.
    ModifyTable(Box<ModifyTable>),
}

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

/// How to aggregate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AggregateStrategy {
    /// No keys: one row, also without input.
    Plain,
    /// The input is sorted by the keys.
    Sorted,
    /// By a hash table (for several grouping sets, one each).
    Hashed,
}

/// An aggregate to compute.
#[derive(Debug)]
pub struct AggregateCall {
    /// Row of `pg_proc`; of the built-in aggregate that does the work, if one does.
    pub function: Oid,
    /// The functions that do it otherwise.
    pub users: Option<Box<UsersAggregate>>,
    /// An earlier call whose state has taken in the same rows in the same way: only the final functions differ.
    pub shares: Option<usize>,
    /// Arguments, over the input's columns.
    pub args: Vec<Expr>,
    /// How many of `args` are arguments; the others are only sorted by.
    pub arg_count: usize,
    /// Direct arguments of an ordered-set aggregate, over the group's keys.
    pub direct_args: Vec<Expr>,
    /// ORDER BY or WITHIN GROUP; `column` is a position in `args`.
    pub order: Vec<SortKey>,
    /// DISTINCT: what makes arguments equal; `column` is a position in `args`.
    pub distinct: Vec<GroupKey>,
    /// FILTER, over the input's columns.
    pub filter: Option<Expr>,
    /// The collation to work with.
    pub collation: Oid,
    /// Type of the result.
    pub ty: ColumnType,
}

/// The functions of a user's aggregate, as expressions.
#[derive(Clone, Debug, PartialEq)]
pub struct UsersAggregate {
    /// The state's type.
    pub state: ColumnType,
    /// The first state; null without.
    pub initial: Option<Expr>,
    /// The next state, over the state and the arguments of a row.
    pub transition: Expr,
    /// Rows with nulls do not change the state, and without a first state the first value is it.
    pub strict: bool,
    /// The transition function is volatile.
    pub volatile: bool,
    /// The state without a row, the first of those taken in.
    pub inverse: Option<Expr>,
    /// What makes the result of the state; without, it is the result.
    pub final_function: Option<FinalFunction>,
}

/// The function that makes an aggregate's result.
#[derive(Clone, Debug, PartialEq)]
pub struct FinalFunction {
    /// The call, over the state and the direct arguments.
    pub call: Expr,
    /// A null among them makes the result null.
    pub strict: bool,
}

/// A window function to compute.
#[derive(Debug)]
pub struct WindowFunction {
    /// Row of `pg_proc`; of the built-in function that does the work, if one does.
    pub function: Oid,
    /// The functions of a user's aggregate.
    pub users: Option<Box<UsersAggregate>>,
    /// It is an aggregate over the frame.
    pub aggregate: bool,
    /// Arguments, over the input's columns.
    pub args: Vec<Expr>,
    /// FILTER, over the input's columns.
    pub filter: Option<Expr>,
    /// The collation to work with.
    pub collation: Oid,
    /// Type of the result.
    pub ty: ColumnType,
}

/// A window as EXPLAIN shows it: `name AS (PARTITION BY … ORDER BY … frame)`.
#[derive(Clone, Debug)]
pub struct ShownWindow {
    /// Its name; one is made up for windows without.
    pub name: String,
    /// Its keys are columns of the node below, and not of one further down.
    pub computed_here: bool,
    /// PARTITION BY
    pub partition: Vec<q::Expr>,
    /// ORDER BY
    pub order: Vec<q::Expr>,
    /// The frame.
    pub frame: q::Frame,
}

/// A window's frame.
#[derive(Debug)]
pub struct Frame {
    /// What is counted.
    pub unit: q::FrameUnit,
    /// Where it begins.
    pub start: FrameBound,
    /// Where it ends.
    pub end: FrameBound,
    /// What is left out.
    pub exclude: q::FrameExclusion,
    /// For RANGE with offsets: the `in_range` functions for start and end.
    pub in_range: (Oid, Oid),
}

/// An end of a frame.
#[derive(Debug)]
pub enum FrameBound {
    /// UNBOUNDED PRECEDING
    UnboundedPreceding,
    /// offset PRECEDING; without input columns.
    Preceding(Expr),
    /// CURRENT ROW
    CurrentRow,
    /// offset FOLLOWING; without input columns.
    Following(Expr),
    /// UNBOUNDED FOLLOWING
    UnboundedFollowing,
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

/// A physical expression.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    /// What it computes.
    pub kind: ExprKind,
    /// Type of its value.
    pub ty: ColumnType,
}

/// What a physical expression computes.
#[derive(Clone, Debug, PartialEq)]
pub enum ExprKind {
    /// A column of the input, from 0.
    Column(usize),
    /// A constant.
    Const(Datum),
    /// `$n`, counted from 0.
    Param(usize),
    /// An internal parameter.
    Slot(u32),
    /// A value bound by an enclosing expression; numbers are unique within a tree.
    Local(u32),
    /// `value` computed once (per row) for `body`, which uses it as [`ExprKind::Local`].
    Bind {
        /// The local's number.
        local: u32,
        /// Its value.
        value: Box<Expr>,
        /// What is computed with it.
        body: Box<Expr>,
    },
    /// A function, operators included.
    Call(Call),
    /// `left op ANY (array)` or ALL. `call.args` are the left side and the array; the function takes left and an element.
    ScalarArray {
        /// The comparison.
        call: Call,
        /// ANY rather than ALL.
        any: bool,
        /// Type of an element.
        element: ColumnType,
        /// The function is an equality that can be hashed by the type's own hash.
        hashable: bool,
    },
    /// All of them, from left to right.
    And(Vec<Expr>),
    /// Any of them, from left to right.
    Or(Vec<Expr>),
    /// Not.
    Not(Box<Expr>),
    /// IS [NOT] NULL; of a row (`row`) all fields are (not) null.
    IsNull {
        /// What is tested.
        arg: Box<Expr>,
        /// IS NOT NULL.
        negated: bool,
        /// Tests a row's fields.
        row: bool,
    },
    /// IS [NOT] TRUE, FALSE, UNKNOWN (`value` none).
    IsBoolean {
        /// What is tested.
        arg: Box<Expr>,
        /// Which value.
        value: Option<bool>,
        /// With NOT.
        negated: bool,
    },
    /// IS DISTINCT FROM, by an equality function.
    Distinct(Call),
    /// NULLIF, by an equality function.
    NullIf(Call),
    /// Conditions and results in order; evaluated no further than needed.
    Case {
        /// Conditions and results.
        whens: Vec<(Expr, Expr)>,
        /// Otherwise.
        otherwise: Box<Expr>,
    },
    /// The first that is not null; evaluated no further than needed.
    Coalesce(Vec<Expr>),
    /// GREATEST or LEAST of those not null.
    MinMax {
        /// GREATEST rather than LEAST.
        greatest: bool,
        /// The values.
        args: Vec<Expr>,
        /// The type's three-way comparison.
        compare: Oid,
        /// The collation to compare with.
        collation: Oid,
    },
    /// An array of values (or, if `nested`, of equally shaped arrays).
    Array {
        /// The elements.
        elements: Vec<Expr>,
        /// Type of an element of the result.
        element: ColumnType,
        /// The elements are arrays.
        nested: bool,
    },
    /// A row value. The type is composite or `record`.
    Row {
        /// The fields; of a composite type by attribute number, nulls for dropped ones.
        fields: Vec<Expr>,
        /// Names of an anonymous row's fields, as `types::record` stores them; empty for `f1`, `f2` …
        names: Box<[u8]>,
    },
    /// The row that a function gives which is written as a source of rows.
    RowCall {
        /// The call.
        call: Call,
        /// What its row consists of.
        shape: RowShape,
    },
    /// `left < right` by columns. Equality never comes here.
    RowCompare {
        /// Which.
        comparison: q::RowComparison,
        /// The three-way comparison of each pair of columns: an `int4` below, at or above zero, or null.
        orders: Vec<Expr>,
    },
    /// A field of a row, from 0.
    Field {
        /// The row.
        arg: Box<Expr>,
        /// Which field.
        index: usize,
    },
    /// A row with fields (from 0) replaced; a null row counts as a row of nulls.
    SetFields {
        /// The row.
        arg: Box<Expr>,
        /// The fields.
        fields: Vec<(usize, Expr)>,
    },
    /// An element or slice of an array, or the array with it replaced.
    Subscript {
        /// The array.
        container: Box<Expr>,
        /// Type of its elements.
        element: ColumnType,
        /// Indexes or upper bounds.
        upper: Vec<Option<Expr>>,
        /// Lower bounds; empty unless a slice.
        lower: Vec<Option<Expr>>,
        /// The new value.
        assign: Option<Box<Expr>>,
    },
    /// A part of a jsonb value, or the value with it replaced.
    JsonbSubscript {
        /// The value.
        container: Box<Expr>,
        /// Keys (text) and positions (integer).
        path: Vec<Expr>,
        /// The new part.
        assign: Option<Box<Expr>>,
    },
    /// Output as text, then input as the result type.
    ViaIo(Box<Expr>),
    /// Each element of an array replaced by `element`, computed over the local.
    MapArray {
        /// The array.
        arg: Box<Expr>,
        /// The local that stands for an element.
        local: u32,
        /// Type of the input's elements.
        from: ColumnType,
        /// The new element.
        element: Box<Expr>,
    },
    /// A row of one type as a row of another: the source's field for each field of the result (`None`: null).
    ConvertRow {
        /// The row.
        arg: Box<Expr>,
        /// Source fields, from 0.
        map: Vec<Option<usize>>,
    },
    /// `arg` if the domain's constraints hold.
    Domain {
        /// The value.
        arg: Box<Expr>,
        /// The local that stands for it in the checks.
        local: u32,
        /// It must not be null.
        not_null: bool,
        /// Names of CHECK constraints and conditions (fails if false).
        checks: Vec<(String, Expr)>,
        /// The domain.
        domain: Oid,
    },
    /// `CURRENT_DATE` and its like.
    SqlValue(SqlValueFunction),
    /// `nextval` without privilege check, for identity columns.
    NextValue(Oid),
    /// A subquery that is run for each row.
    SubPlan(Box<SubPlan>),
    /// SQL/JSON's constructors and `IS JSON`.
    JsonCall {
        /// Which.
        function: q::JsonFunction,
        /// The arguments.
        args: Vec<Expr>,
    },
    /// `JSON_EXISTS`, `JSON_QUERY`, `JSON_VALUE`
    JsonPath(Box<JsonPath>),
    /// `JSON_TABLE`: in a function scan.
    JsonTable(Box<JsonTable>),
}

/// A function over a path.
#[derive(Clone, Debug, PartialEq)]
pub struct JsonPath {
    /// Which.
    pub function: q::JsonPathFunction,
    /// The document; none in a column of JSON_TABLE, where it is the row.
    pub context: Option<Box<Expr>>,
    /// The path.
    pub path: Box<Expr>,
    /// Names and values of variables.
    pub passing: Vec<(String, Expr)>,
    /// `WITH WRAPPER`
    pub wrapper: q::JsonWrapper,
    /// `OMIT QUOTES`
    pub unquoted: bool,
    /// `ON EMPTY`
    pub on_empty: JsonAnswer,
    /// `ON ERROR`
    pub on_error: JsonAnswer,
    /// The column of JSON_TABLE, for messages.
    pub column: Option<String>,
    /// The result's type.
    pub result: ColumnType,
    /// It is a domain.
    pub domain: bool,
}

/// What is answered `ON EMPTY` or `ON ERROR`.
#[derive(Clone, Debug, PartialEq)]
pub struct JsonAnswer {
    /// Which answer.
    pub kind: q::JsonBehaviorKind,
    /// The value of DEFAULT.
    pub value: Option<Box<Expr>>,
}

/// `JSON_TABLE`
#[derive(Clone, Debug, PartialEq)]
pub struct JsonTable {
    /// The document.
    pub context: Box<Expr>,
    /// Names and values of variables.
    pub passing: Vec<(String, Expr)>,
    /// The rows.
    pub rows: JsonTableRows,
    /// `ERROR ON ERROR`
    pub error_on_error: bool,
}

/// The rows of one path of JSON_TABLE.
#[derive(Clone, Debug, PartialEq)]
pub struct JsonTableRows {
    /// The path.
    pub path: Datum,
    /// Its columns.
    pub columns: Vec<JsonTableColumn>,
    /// Paths from its rows; their columns stand behind these.
    pub nested: Vec<JsonTableRows>,
}

/// A column of JSON_TABLE.
#[derive(Clone, Debug, PartialEq)]
pub enum JsonTableColumn {
    /// `FOR ORDINALITY`
    Ordinality,
    /// Computed from the row.
    Value(JsonPath),
}

/// A function call.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// Row of `pg_proc`.
    pub function: Oid,
    /// The arguments.
    pub args: Vec<Expr>,
    /// The collation to work with.
    pub collation: Oid,
    /// Null if any argument is.
    pub strict: bool,
    /// Its calls cannot be spared, repeated or reordered.
    pub volatile: bool,
    /// The last argument is an array that stands for a `VARIADIC "any"` list.
    pub variadic: bool,
}

/// A subquery that depends on the row, or is tested against it.
#[derive(Clone, Debug, PartialEq)]
pub struct SubPlan {
    /// Index in [`Plan::subplans`].
    pub plan: usize,
    /// What becomes of its rows.
    pub kind: SubPlanKind,
    /// Slots to set before it runs: slot, and expression over the current row. If none changed since the last run, its rows are the same.
    pub params: Vec<(u32, Expr)>,
    /// For `Any` and `All`: the slots that hold the subquery's columns in `test`.
    pub columns: Vec<u32>,
    /// For `Any` and `All`: the test, over the current row and these slots.
    pub test: Option<Expr>,
    /// `Any` of equalities over a subquery without `params`: its rows can be hashed. Expression over the current row, equality
    /// function, collation, one per column of the subquery.
    pub hashed: Option<Vec<(Expr, Oid, Oid)>>,
}

const _: () = {
    const fn shareable<T: Send + Sync>() {}
    shareable::<Plan>();
};
