//! SQL/JSON: functions over paths, and `JSON_TABLE`.

use analyzer::query as q;
use batch::Datum;

use super::{ColumnType, Expr};

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
