//! Physical expressions: over columns of batches rather than of relations, with functions found and casts made.

use analyzer::query as q;
use batch::Datum;
use ids::Oid;

use super::{ColumnType, JsonPath, JsonTable, RowShape, SqlValueFunction, SubPlanKind};

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
