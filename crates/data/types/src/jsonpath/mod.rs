//! jsonpath: the path language of SQL/JSON.
//!
//! A value is stored as its text, in the canonical form that output shows. A call reads it into a tree ([`Path`]) once, not
//! once for each row, as long as the path does not change.
//!
//! - `lexer` and `parse`: text → tree. `print`: tree → canonical text.
//! - `execute`: walks a tree over a jsonb value; `predicate` decides conditions; `methods` has `.double()` and the like;
//!   `datetime` the dates and times.
//! - `functions`: what SQL calls. [`sqljson`]: what `JSON_VALUE` and its like compute.

mod datetime;
mod execute;
mod functions;
mod lexer;
mod methods;
mod mutable;
mod parse;
mod predicate;
mod print;
pub mod sqljson;

pub use execute::{Found, Options, query};
pub use functions::{JSONPATH_IO, JSONPATH_ROWS, JSONPATHS, Program};

use crate::numeric::Numeric;

/// A parsed jsonpath.
#[derive(Clone, Debug)]
pub struct Path {
    /// Whether structural mistakes are forgiven.
    pub lax: bool,
    /// What is computed.
    pub(crate) chain: Chain,
}

/// A value or condition, and the accessors behind it. Never empty.
pub(crate) type Chain = Vec<Node>;

/// An operator of two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    Or,
    And,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    StartsWith,
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
}

impl Operator {
    pub fn symbol(self) -> &'static str {
        match self {
            Operator::Or => "||",
            Operator::And => "&&",
            Operator::Equal => "==",
            Operator::NotEqual => "!=",
            Operator::Less => "<",
            Operator::LessOrEqual => "<=",
            Operator::Greater => ">",
            Operator::GreaterOrEqual => ">=",
            Operator::StartsWith => "starts with",
            Operator::Add => "+",
            Operator::Subtract => "-",
            Operator::Multiply => "*",
            Operator::Divide => "/",
            Operator::Modulo => "%",
        }
    }

    pub fn is_arithmetic(self) -> bool {
        matches!(self, Operator::Add | Operator::Subtract | Operator::Multiply | Operator::Divide | Operator::Modulo)
    }
}

/// A level of `**`.
pub(crate) const LAST_LEVEL: u32 = u32::MAX;

/// One step of a chain.
#[derive(Clone, Debug)]
pub(crate) enum Node {
    // What a chain begins with.
    Null,
    Bool(bool),
    Number(Numeric),
    String(Vec<u8>),
    Variable(Vec<u8>),
    /// `$`
    Root,
    /// `@`
    Current,
    /// `last`
    Last,
    Binary(Operator, Box<(Chain, Chain)>),
    /// `+` or (`true`) `-`
    Sign(bool, Box<Chain>),
    Not(Box<Chain>),
    IsUnknown(Box<Chain>),
    Exists(Box<Chain>),
    LikeRegex(Box<LikeRegex>),
    // Accessors.
    /// `.key`
    Key(Vec<u8>),
    /// `.*`
    AnyKey,
    /// `[*]`
    AnyElement,
    /// `[a, b to c]`
    Elements(Vec<(Chain, Option<Chain>)>),
    /// `**{first to last}`
    AnyLevel(u32, u32),
    /// `?(…)`
    Filter(Box<Chain>),
    Method(Method),
}

/// `expression like_regex pattern flag flags`.
#[derive(Clone, Debug)]
pub(crate) struct LikeRegex {
    pub expression: Chain,
    pub pattern: Vec<u8>,
    /// As written, for printing: of `ismxq`.
    pub flags: u8,
    pub regex: std::sync::Arc<crate::regex::Regex>,
}

/// The letters of `flags`, from the lowest bit.
pub(crate) const FLAG_LETTERS: [(u8, u8); 5] = [(1, b'i'), (2, b's'), (4, b'm'), (8, b'x'), (16, b'q')];

/// An item method.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Method {
    Type,
    Size,
    Double,
    Ceiling,
    Floor,
    Abs,
    KeyValue,
    Bigint,
    Boolean,
    Integer,
    Number,
    String,
    /// Precision and scale, as written.
    Decimal(Option<(Numeric, Option<Numeric>)>),
    /// With its template.
    Datetime(Option<Vec<u8>>),
    Date,
    /// With its precision.
    Time(Option<Numeric>),
    TimeTz(Option<Numeric>),
    Timestamp(Option<Numeric>),
    TimestampTz(Option<Numeric>),
}

impl Method {
    pub fn name(&self) -> &'static str {
        match self {
            Method::Type => "type",
            Method::Size => "size",
            Method::Double => "double",
            Method::Ceiling => "ceiling",
            Method::Floor => "floor",
            Method::Abs => "abs",
            Method::KeyValue => "keyvalue",
            Method::Bigint => "bigint",
            Method::Boolean => "boolean",
            Method::Integer => "integer",
            Method::Number => "number",
            Method::String => "string",
            Method::Decimal(_) => "decimal",
            Method::Datetime(_) => "datetime",
            Method::Date => "date",
            Method::Time(_) => "time",
            Method::TimeTz(_) => "time_tz",
            Method::Timestamp(_) => "timestamp",
            Method::TimestampTz(_) => "timestamp_tz",
        }
    }
}
