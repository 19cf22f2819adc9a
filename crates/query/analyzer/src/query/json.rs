//! SQL/JSON: constructors, tests, and the functions over paths.
//!
//! What was written is kept beside what it means ([`ExprKind::JsonForm`](super::ExprKind::JsonForm)), because views show it as it was written.

use super::Expr;
use crate::node::node;

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
