//! Functions, procedures and aggregates, and the languages that they are written in.

use super::{DefinitionItem, Expr, Name, ObjectKind, ObjectName, TypeName};

/// A function, with its arguments if they are given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionSignature {
    /// Its name.
    pub name: ObjectName,
    /// Its parameters (names and modes too, as written); `None` if there are no parentheses. An aggregate's `*` is an
    /// empty list; direct and ordered arguments of ordered-set aggregates are joined.
    pub parameters: Option<Vec<FunctionParameter>>,
}

/// A parameter of a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionParameter {
    /// Its name.
    pub name: Option<Name>,
    /// Its type.
    pub type_name: TypeName,
    /// Its mode.
    pub mode: ParameterMode,
    /// `DEFAULT`.
    pub default: Option<Expr>,
    /// Where it begins.
    pub location: u32,
}

/// Modes of parameters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ParameterMode {
    /// Nothing is written: `IN`.
    #[default]
    Default,
    /// `IN`.
    In,
    /// `OUT`.
    Out,
    /// `INOUT`.
    InOut,
    /// `VARIADIC`.
    Variadic,
    /// A column of `RETURNS TABLE`.
    Table,
}

/// `CREATE FUNCTION`, `CREATE PROCEDURE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateFunction {
    /// Its name.
    pub name: ObjectName,
    /// `PROCEDURE`.
    pub procedure: bool,
    /// `OR REPLACE`.
    pub or_replace: bool,
    /// Its parameters, those of `RETURNS TABLE` at the end.
    pub parameters: Vec<FunctionParameter>,
    /// `RETURNS`; for `RETURNS TABLE` a set of the column's type or of `record`.
    pub returns: Option<TypeName>,
    /// `language`, `as` (a list of one or two strings), `volatility`, `strict`, `security`, `leakproof`, `cost`,
    /// `rows`, `support`, `set`, `parallel`, `window`, `transform`.
    pub options: Vec<DefinitionItem>,
    /// A body in SQL.
    pub body: Option<Box<SqlBody>>,
}

/// The body of an SQL-standard function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SqlBody {
    /// `RETURN expression`.
    Return(Expr),
    /// `BEGIN ATOMIC … END`: statements, each SQL or a RETURN.
    Atomic(Vec<RoutineStatement>),
}

/// A statement of `BEGIN ATOMIC`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RoutineStatement {
    /// `RETURN expression`.
    Return(Expr),
    /// SQL.
    Statement(super::RawStatement),
}

/// `ALTER FUNCTION|PROCEDURE|ROUTINE f options`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlterFunction {
    /// Which kind is named.
    pub kind: ObjectKind,
    /// Which.
    pub function: FunctionSignature,
    /// As in [`CreateFunction`].
    pub options: Vec<DefinitionItem>,
}

/// `DO`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Do {
    /// `as` and `language`.
    pub options: Vec<DefinitionItem>,
}

/// `(direct ORDER BY ordered)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AggregateParameters {
    /// All of them; empty for `*`.
    pub parameters: Vec<FunctionParameter>,
    /// How many of them are direct, for an ordered-set aggregate. With a variadic direct and ordered part, which must be
    /// equal, the parameter stands once.
    pub direct: Option<u32>,
}

/// `CREATE TRANSFORM`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateTransform {
    /// `OR REPLACE`.
    pub or_replace: bool,
    /// The type.
    pub type_name: TypeName,
    /// The language.
    pub language: Name,
    /// `FROM SQL WITH FUNCTION`.
    pub from_sql: Option<FunctionSignature>,
    /// `TO SQL WITH FUNCTION`.
    pub to_sql: Option<FunctionSignature>,
}

/// `CREATE LANGUAGE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateLanguage {
    /// Its name.
    pub name: Name,
    /// `OR REPLACE`.
    pub or_replace: bool,
    /// `TRUSTED`.
    pub trusted: bool,
    /// `HANDLER`; without it the statement is CREATE EXTENSION by an old name.
    pub handler: Option<ObjectName>,
    /// `INLINE`.
    pub inline: Option<ObjectName>,
    /// `VALIDATOR`.
    pub validator: Option<ObjectName>,
}
