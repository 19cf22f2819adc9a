//! The kinds of nodes: what each does, and which raw columns it makes.

use std::sync::Arc;

use batch::Batch;

use super::*;

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
        /// The input; sorted for the first of the rollups.
        input: Box<Node>,
        /// How.
        strategy: AggregateStrategy,
        /// Columns of the input that are group keys.
        keys: Vec<GroupKey>,
        /// The grouping sets as positions in `keys`; just one with all of them if there were none. A key outside the current set is null in the result.
        sets: Vec<Vec<usize>>,
        /// The sets that are computed of sorted rows, as those without keys always are. All others are hashed.
        rollups: Vec<SortedSets>,
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
        /// What both inputs are sorted by, if they are: all columns. Else the left side is hashed.
        order: Option<Vec<SortKey>>,
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
