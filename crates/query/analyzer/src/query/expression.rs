//! Expressions: what is computed of a row, each node with its type.
//!
//! [`Expr`] is a kind and a type; [`ExprKind`] has a variant for everything that SQL can compute, the larger ones with a struct of
//! their own below. SQL/JSON's are in [`super::json`].

use batch::Datum;
use ids::Oid;

use super::{JsonForm, JsonFunction, JsonPath, JsonTable, Query, SortClause, SqlType, TargetEntry};
use crate::node::node;

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
        /// A value that must be made below the outer joins that may make it null. Only the planner makes such, where it dissolves subqueries.
        PlaceHolder {
            /// How it is made.
            arg: Box<Expr>,
            /// How many queries outwards.
            level: u32,
            /// The entries of that query's range table of whose rows it is made, a bit each: without these it is null.
            relations: u128,
        },
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
