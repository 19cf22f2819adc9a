//! The Query tree: a statement with all names and types resolved.
//!
//! A [`Query`] is what the analyzer makes of one SELECT, INSERT, UPDATE, DELETE or MERGE, what a view stores, and what the planner
//! reads. Relations, functions, operators and types are OIDs; columns are a range-table number and a column number.
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

use batch::Datum;
use ids::Oid;

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
    hook expr;
    /// A typed expression.
    #[derive(Clone, Debug)]
    pub struct Expr {
        /// What it computes.
        pub kind: ExprKind,
        /// The type of its value.
        pub ty: SqlType,
        /// Byte offset in the statement's text, or [`NO_LOCATION`].
        pub location: u32,
    }
}

impl PartialEq for Expr {
    fn eq(&self, other: &Expr) -> bool {
        self.ty == other.ty && self.kind == other.kind
    }
}

node! {
    /// A column of a range-table entry.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub struct Var {
        /// How many queries outwards its range table is; 0 is the query itself.
        pub level: u32,
        /// Index in that query's range table.
        pub relation: usize,
        /// Column number from 1; 0 is the whole row, negative are system columns.
        pub column: i16,
        /// Which row version, in RETURNING.
        pub version: RowVersion,
    }
}

node! {
    /// Which version of the target's row a column in RETURNING means.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub enum RowVersion {
        /// Unqualified: new for INSERT and UPDATE, old for DELETE; outside RETURNING always this.
        Default,
        /// `old.column`
        Old,
        /// `new.column`
        New,
    }
}

node! {
    /// How a function call or cast was written; only the deparser minds.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub enum CallForm {
        /// `f(x)`
        Call,
        /// `x::t`
        ExplicitCast,
        /// Inserted by the analyzer.
        ImplicitCast,
        /// SQL's own syntax, such as `EXTRACT(… FROM …)`.
        SqlSyntax,
    }
}

node! {
    /// What an expression computes.
    #[derive(Clone, Debug, PartialEq)]
    pub enum ExprKind {
        /// A constant.
        Const(value: Datum),
        /// A column.
        Var(var: Var),
        /// `$n`, from 1.
        Param(number: u32),
        /// A function.
        Function(call: FunctionCall),
        /// An operator.
        Operator(call: OperatorCall),
        /// `left IS DISTINCT FROM right`; the operator is `=`.
        Distinct(call: OperatorCall),
        /// `NULLIF(left, right)`; the operator is `=`.
        NullIf(call: OperatorCall),
        /// `left op ANY (array)` or `ALL`.
        ScalarArray {
            /// The operator, its second argument being one element; `args` are the left side and the array.
            call: OperatorCall,
            /// ANY rather than ALL.
            any: bool,
        },
        /// All of them; two or more.
        And(args: Vec<Expr>),
        /// Any of them; two or more.
        Or(args: Vec<Expr>),
        /// Not.
        Not(arg: Box<Expr>),
        /// An aggregate call.
        Aggregate(aggregate: Box<Aggregate>),
        /// `GROUPING(…)`
        Grouping {
            /// The arguments: expressions of the GROUP BY clause.
            args: Vec<Expr>,
            /// How many queries outwards they are grouped.
            level: u32,
        },
        /// A window function call.
        Window(call: Box<WindowCall>),
        /// A subquery in an expression.
        SubLink(link: Box<SubLink>),
        /// `CASE`
        Case {
            /// `CASE arg WHEN …`; the conditions then hold [`ExprKind::CaseTest`] where it is compared.
            arg: Option<Box<Expr>>,
            /// Conditions and results.
            whens: Vec<(Expr, Expr)>,
            /// The default, always there.
            otherwise: Box<Expr>,
        },
        /// The value of the innermost CASE's `arg`, or of an array coercion's element.
        CaseTest,
        /// `COALESCE`
        Coalesce(args: Vec<Expr>),
        /// `GREATEST`, `LEAST`
        MinMax {
            /// GREATEST rather than LEAST.
            greatest: bool,
            /// The arguments.
            args: Vec<Expr>,
            /// The collation to compare with.
            input_collation: Oid,
        },
        /// `ARRAY[…]`
        Array {
            /// Elements, or sub-arrays if `nested`.
            elements: Vec<Expr>,
            /// Type of one element of the result.
            element_type: Oid,
            /// The elements are arrays themselves.
            nested: bool,
        },
        /// `ROW(…)`
        Row {
            /// The fields.
            fields: Vec<Expr>,
            /// Their names, for anonymous row types.
            names: Vec<String>,
            /// Written with the word ROW.
            explicit: bool,
        },
        /// `ROW(…) < ROW(…)` and its like; equality is expanded to AND.
        RowCompare {
            /// Which comparison.
            comparison: RowComparison,
            /// Operator per column.
            operators: Vec<Oid>,
            /// Its function per column.
            functions: Vec<Oid>,
            /// The collation per column.
            input_collations: Vec<Oid>,
            /// Left side.
            left: Vec<Expr>,
            /// Right side.
            right: Vec<Expr>,
        },
        /// `(row).field`
        Field {
            /// The row.
            arg: Box<Expr>,
            /// Field number from 1.
            number: i16,
        },
        /// A row with some fields replaced: `SET column.field = …`
        FieldStore {
            /// The row.
            arg: Box<Expr>,
            /// Field numbers from 1 and new values.
            fields: Vec<(i16, Expr)>,
        },
        /// `container[…]`, and in SET and INSERT the container with an element replaced.
        Subscript {
            /// The array (or other subscriptable value).
            container: Box<Expr>,
            /// Type of the container, without domains.
            container_type: Oid,
            /// Type of its elements.
            element_type: Oid,
            /// Upper bounds or indexes, one per dimension; none where a slice leaves it out.
            upper: Vec<Option<Expr>>,
            /// Lower bounds; empty unless a slice.
            lower: Vec<Option<Expr>>,
            /// The new value, in an assignment.
            assign: Option<Box<Expr>>,
        },
        /// The same bits as another type.
        Relabel(arg: Box<Expr>, form: CallForm),
        /// Through the text form.
        CoerceViaIo(arg: Box<Expr>, form: CallForm),
        /// An array, its elements cast.
        ArrayCoerce {
            /// The array.
            arg: Box<Expr>,
            /// How one element is cast: an expression over [`ExprKind::CaseTest`].
            element: Box<Expr>,
            /// How it was written.
            form: CallForm,
        },
        /// A row type to another one, by column name (inheritance).
        ConvertRow(arg: Box<Expr>, form: CallForm),
        /// To a domain, checking its constraints.
        CoerceToDomain(arg: Box<Expr>, form: CallForm),
        /// `VALUE` in a domain's check.
        DomainValue,
        /// `arg COLLATE c`; the collation is in the type.
        Collate(arg: Box<Expr>),
        /// `IS [NOT] NULL`
        NullTest {
            /// What is tested.
            arg: Box<Expr>,
            /// IS NULL rather than IS NOT NULL.
            is_null: bool,
            /// Tests a row's fields.
            row: bool,
        },
        /// `IS [NOT] TRUE | FALSE | UNKNOWN`
        BooleanTest {
            /// What is tested.
            arg: Box<Expr>,
            /// Which value: none is UNKNOWN.
            value: Option<bool>,
            /// With NOT.
            negated: bool,
        },
        /// `CURRENT_DATE` and its like.
        SqlValue(function: SqlValueFunction),
        /// The next value of a sequence, for identity columns.
        NextValue(sequence: Oid),
        /// `DEFAULT` in INSERT or UPDATE, until the rewriter replaces it.
        Default,
        /// `WHERE CURRENT OF cursor`: the relation's index and the cursor's name.
        CurrentOf {
            /// Index in the range table.
            relation: usize,
            /// The cursor.
            cursor: String,
        },
        /// `merge_action()`
        MergeAction,
        /// SQL/JSON as it was written; `value` is what it means.
        JsonForm {
            /// How it was written.
            form: JsonForm,
            /// `RETURNING`, filled in if it was not written; zero where there is none.
            returning: SqlType,
            /// What is computed: a call or aggregate, cast to the type under RETURNING.
            value: Box<Expr>,
        },
        /// What SQL/JSON's constructors and `IS JSON` compute.
        JsonCall {
            /// Which.
            function: JsonFunction,
            /// The arguments; keys and values in turn.
            args: Vec<Expr>,
        },
        /// `JSON_EXISTS`, `JSON_QUERY`, `JSON_VALUE`
        JsonPath(path: Box<JsonPath>),
        /// `JSON_TABLE`, in FROM.
        JsonTable(table: Box<JsonTable>),
    }
}

node! {
    /// SQL/JSON's constructors, as they were written.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub enum JsonForm {
        /// `value FORMAT JSON`
        Value {
            /// `ENCODING UTF8`
            encoding: bool,
        },
        /// `JSON_OBJECT`
        Object {
            /// `ABSENT ON NULL`
            absent_on_null: bool,
            /// `WITH UNIQUE KEYS`
            unique_keys: bool,
        },
        /// `JSON_ARRAY`
        Array {
            /// `ABSENT ON NULL`
            absent_on_null: bool,
        },
        /// `JSON_OBJECTAGG`
        ObjectAggregate {
            /// `ABSENT ON NULL`
            absent_on_null: bool,
            /// `WITH UNIQUE KEYS`
            unique_keys: bool,
        },
        /// `JSON_ARRAYAGG`
        ArrayAggregate {
            /// `ABSENT ON NULL`
            absent_on_null: bool,
        },
        /// `JSON`
        Parse {
            /// `WITH UNIQUE KEYS`
            unique_keys: bool,
        },
        /// `JSON_SCALAR`
        Scalar,
        /// `JSON_SERIALIZE`
        Serialize,
    }
}

node! {
    /// What is computed over values for SQL/JSON.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub enum JsonFunction {
        /// An object of keys and values in turn.
        Object {
            /// Members that are null are left out.
            absent_on_null: bool,
            /// A key may not come twice.
            unique_keys: bool,
        },
        /// An array.
        Array {
            /// Nulls are left out.
            absent_on_null: bool,
        },
        /// A text as json whose objects' keys are unique.
        ParseUnique,
        /// A value as `to_json` makes it.
        Scalar,
        /// `IS JSON`
        Is {
            /// Of which kind.
            kind: JsonKind,
            /// `WITH UNIQUE KEYS`
            unique_keys: bool,
        },
    }
}

node! {
    /// Kinds of JSON values that `IS JSON` tells apart.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub enum JsonKind {
        /// Any.
        Any,
        /// `OBJECT`
        Object,
        /// `ARRAY`
        Array,
        /// `SCALAR`
        Scalar,
    }
}

node! {
    /// The functions over SQL/JSON paths.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub enum JsonPathFunction {
        /// `JSON_EXISTS`
        Exists,
        /// `JSON_QUERY`
        Query,
        /// `JSON_VALUE`
        Value,
    }
}

node! {
    /// Whether `JSON_QUERY` puts its result into an array.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub enum JsonWrapper {
        /// Never.
        Without,
        /// If there are several values.
        Conditional,
        /// Always.
        Unconditional,
    }
}

node! {
    /// What is answered `ON EMPTY` or `ON ERROR`.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub enum JsonBehaviorKind {
        /// `NULL`
        Null,
        /// `ERROR`
        Error,
        /// `EMPTY ARRAY`
        EmptyArray,
        /// `EMPTY OBJECT`
        EmptyObject,
        /// `TRUE`
        True,
        /// `FALSE`
        False,
        /// `UNKNOWN`
        Unknown,
        /// `DEFAULT`
        Default,
    }
}

node! {
    /// An answer `ON EMPTY` or `ON ERROR`.
    #[derive(Clone, Debug, PartialEq)]
    pub struct JsonBehavior {
        /// Which.
        pub kind: JsonBehaviorKind,
        /// The value under DEFAULT: of the result's type (of its base type, if that is a domain), or jsonb.
        pub value: Option<Expr>,
    }
}

node! {
    /// `JSON_EXISTS`, `JSON_QUERY` or `JSON_VALUE`. The expression's type is the result's.
    #[derive(Clone, Debug, PartialEq)]
    pub struct JsonPath {
        /// Which.
        pub function: JsonPathFunction,
        /// The document, a jsonb. In a column of JSON_TABLE: [`ExprKind::CaseTest`], which stands for the row.
        pub context: Expr,
        /// The path.
        pub path: Expr,
        /// `PASSING`: names and values. In a column of JSON_TABLE: none, as the table has them.
        pub passing: Vec<(String, Expr)>,
        /// `WITH WRAPPER`
        pub wrapper: JsonWrapper,
        /// `OMIT QUOTES`
        pub unquoted: bool,
        /// `ON EMPTY`; none is the default.
        pub on_empty: Option<JsonBehavior>,
        /// `ON ERROR`; none is the default.
        pub on_error: Option<JsonBehavior>,
        /// The column of JSON_TABLE that it computes.
        pub column: Option<String>,
    }
}

node! {
    /// `JSON_TABLE`
    #[derive(Clone, Debug, PartialEq)]
    pub struct JsonTable {
        /// The document, a jsonb.
        pub context: Expr,
        /// `PASSING`: names and values.
        pub passing: Vec<(String, Expr)>,
        /// The rows.
        pub rows: JsonTableRows,
        /// `ERROR ON ERROR`
        pub error_on_error: bool,
    }
}

node! {
    /// The rows of one path of `JSON_TABLE`.
    #[derive(Clone, Debug, PartialEq)]
    pub struct JsonTableRows {
        /// The path.
        pub path: Expr,
        /// Its name.
        pub name: String,
        /// Its own columns.
        pub columns: Vec<JsonTableColumn>,
        /// `NESTED PATH`: their columns stand behind these.
        pub nested: Vec<JsonTableRows>,
    }
}

node! {
    /// A column of `JSON_TABLE`.
    #[derive(Clone, Debug, PartialEq)]
    pub struct JsonTableColumn {
        /// Its name.
        pub name: String,
        /// `FORMAT JSON`
        pub format: bool,
        /// Its value, a [`ExprKind::JsonPath`]; none for `FOR ORDINALITY`.
        pub value: Option<Expr>,
    }
}

node! {
    /// A call of a function.
    #[derive(Clone, Debug, PartialEq)]
    pub struct FunctionCall {
        /// Row of `pg_proc`.
        pub function: Oid,
        /// Arguments in the order of the declaration, defaults filled in, variadic ones gathered into an array.
        pub args: Vec<Expr>,
        /// The collation it works with.
        pub input_collation: Oid,
        /// It returns a set.
        pub set: bool,
        /// The last argument is an array for a VARIADIC parameter.
        pub variadic: bool,
        /// How it was written.
        pub form: CallForm,
        /// Which arguments were written, where names or defaults make that another list than `args`. Only in stored queries.
        pub written: Option<Vec<WrittenArgument>>,
    }
}

node! {
    /// An argument as it was written.
    #[derive(Clone, Debug, PartialEq)]
    pub struct WrittenArgument {
        /// Index in [`FunctionCall::args`].
        pub number: u16,
        /// `name =>`
        pub name: Option<String>,
    }
}

node! {
    /// A call of an operator.
    #[derive(Clone, Debug, PartialEq)]
    pub struct OperatorCall {
        /// Row of `pg_operator`.
        pub operator: Oid,
        /// Its function.
        pub function: Oid,
        /// One or two.
        pub args: Vec<Expr>,
        /// The collation it works with.
        pub input_collation: Oid,
        /// It returns a set.
        pub set: bool,
    }
}

node! {
    /// A call of an aggregate.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Aggregate {
        /// Row of `pg_proc`.
        pub function: Oid,
        /// Arguments of ordered-set aggregates that are not aggregated.
        pub direct_args: Vec<Expr>,
        /// Aggregated arguments, then columns only sorted by (junk).
        pub args: Vec<TargetEntry>,
        /// ORDER BY, or WITHIN GROUP.
        pub order_by: Vec<SortClause>,
        /// DISTINCT.
        pub distinct: Vec<SortClause>,
        /// FILTER.
        pub filter: Option<Expr>,
        /// `count(*)`
        pub star: bool,
        /// The last argument is an array for a VARIADIC parameter.
        pub variadic: bool,
        /// Plain, ordered-set or hypothetical-set: `pg_aggregate.aggkind`.
        pub kind: u8,
        /// How many queries outwards it aggregates.
        pub level: u32,
        /// The collation it works with.
        pub input_collation: Oid,
    }
}

node! {
    /// A call of a window function.
    #[derive(Clone, Debug, PartialEq)]
    pub struct WindowCall {
        /// Row of `pg_proc`: a window function or a plain aggregate.
        pub function: Oid,
        /// Arguments.
        pub args: Vec<Expr>,
        /// FILTER.
        pub filter: Option<Expr>,
        /// Index in [`Query::windows`].
        pub window: usize,
        /// `count(*)`
        pub star: bool,
        /// It is an aggregate.
        pub aggregate: bool,
        /// The collation it works with.
        pub input_collation: Oid,
    }
}

node! {
    /// How a subquery is used.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum SubLinkKind {
        /// Whether there is a row.
        Exists,
        /// `test op ANY (…)`, IN
        Any,
        /// `test op ALL (…)`
        All,
        /// `ROW(…) op (…)`: one row at most.
        RowCompare,
        /// One value, null without rows.
        Scalar,
        /// `ARRAY(…)`
        Array,
        /// One row for several columns: `SET (a, b) = (SELECT …)`; its number within the query.
        Multi(number: u32),
    }
}

node! {
    /// A subquery in an expression.
    #[derive(Clone, Debug, PartialEq)]
    pub struct SubLink {
        /// How it is used.
        pub kind: SubLinkKind,
        /// For ANY, ALL, RowCompare: left sides, cast for the operators.
        pub test: Vec<Expr>,
        /// For those: operators per column, with `args` empty. Several are combined by AND (or by OR, for ALL of `<>`).
        pub operators: Vec<OperatorCall>,
        /// Casts of the subquery's columns before comparison: expressions over [`ExprKind::CaseTest`], one per column.
        pub casts: Vec<Expr>,
        /// The comparison that was written (`=`, `<`, …).
        pub operator_name: String,
        /// The subquery.
        pub query: Query,
    }
}

node! {
    /// Row comparisons that are not expanded.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum RowComparison {
        /// `<`
        Less,
        /// `<=`
        LessOrEqual,
        /// `>=`
        GreaterOrEqual,
        /// `>`
        Greater,
    }
}

impl RowComparison {
    /// The ordering that a symbol stands for; none for other symbols, `=` and `<>` included.
    pub fn from_symbol(symbol: &str) -> Option<RowComparison> {
        match symbol {
            "<" => Some(RowComparison::Less),
            "<=" => Some(RowComparison::LessOrEqual),
            ">=" => Some(RowComparison::GreaterOrEqual),
            ">" => Some(RowComparison::Greater),
            _ => None,
        }
    }

    /// Its strategy number in B-tree operator families.
    pub fn strategy(self) -> i16 {
        match self {
            RowComparison::Less => 1,
            RowComparison::LessOrEqual => 2,
            RowComparison::GreaterOrEqual => 4,
            RowComparison::Greater => 5,
        }
    }
}

node! {
    /// SQL's functions without parentheses.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum SqlValueFunction {
        /// `CURRENT_DATE`
        CurrentDate,
        /// `CURRENT_TIME`; the precision is in the type.
        CurrentTime,
        /// `CURRENT_TIMESTAMP`
        CurrentTimestamp,
        /// `LOCALTIME`
        LocalTime,
        /// `LOCALTIMESTAMP`
        LocalTimestamp,
        /// `CURRENT_ROLE`
        CurrentRole,
        /// `CURRENT_USER`
        CurrentUser,
        /// `USER`
        User,
        /// `SESSION_USER`
        SessionUser,
        /// `CURRENT_CATALOG`
        CurrentCatalog,
        /// `CURRENT_SCHEMA`
        CurrentSchema,
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
    /// A named or inline window.
    #[derive(Clone, Debug, PartialEq)]
    pub struct WindowClause {
        /// Its name, or none if inline.
        pub name: Option<String>,
        /// The window it was made from.
        pub base: Option<String>,
        /// PARTITION BY
        pub partition_by: Vec<SortClause>,
        /// ORDER BY
        pub order_by: Vec<SortClause>,
        /// The frame.
        pub frame: Frame,
    }
}

node! {
    /// A window's frame.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Frame {
        /// It was written, not the default.
        pub explicit: bool,
        /// Both ends were written.
        pub between: bool,
        /// What is counted.
        pub unit: FrameUnit,
        /// Where it begins.
        pub start: FrameBound,
        /// Where it ends.
        pub end: FrameBound,
        /// What is left out.
        pub exclude: FrameExclusion,
        /// For RANGE with offsets: the `in_range` functions for start and end.
        pub in_range: (Oid, Oid),
        /// The collation for `in_range`.
        pub in_range_collation: Oid,
        /// The sort is ascending.
        pub in_range_ascending: bool,
        /// Nulls come first.
        pub in_range_nulls_first: bool,
    }
}

node! {
    /// What a frame counts.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum FrameUnit {
        /// Values.
        Range,
        /// Rows.
        Rows,
        /// Peer groups.
        Groups,
    }
}

node! {
    /// An end of a frame.
    #[derive(Clone, Debug, PartialEq)]
    pub enum FrameBound {
        /// UNBOUNDED PRECEDING
        UnboundedPreceding,
        /// offset PRECEDING
        Preceding(offset: Box<Expr>),
        /// CURRENT ROW
        CurrentRow,
        /// offset FOLLOWING
        Following(offset: Box<Expr>),
        /// UNBOUNDED FOLLOWING
        UnboundedFollowing,
    }
}

node! {
    /// What a frame leaves out.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum FrameExclusion {
        /// Nothing.
        NoOthers,
        /// The current row.
        CurrentRow,
        /// The current row and its peers.
        Group,
        /// Its peers.
        Ties,
    }
}

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

#[cfg(test)]
mod tests {
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
