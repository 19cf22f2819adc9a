//! `JSON_EXISTS`, `JSON_QUERY`, `JSON_VALUE`.

use error::{Result, SqlState};
use parser::ast;
use types::oid;

use crate::Analyzer;
use crate::coerce::{Coercion, returns_set};
use crate::node::Next;
use crate::query::*;
use crate::types::{self as ty, UNKNOWN};

/// What a function over a path, or a column of JSON_TABLE, asks besides the document.
pub(super) struct Asked<'a> {
    pub function: JsonPathFunction,
    pub returning: SqlType,
    pub wrapper: ast::JsonWrapper,
    pub quotes: ast::JsonQuotes,
    pub on_empty: Option<&'a ast::JsonBehavior>,
    pub on_error: Option<&'a ast::JsonBehavior>,
    /// Of JSON_TABLE.
    pub column: Option<&'a str>,
}

impl Analyzer<'_> {
    pub(super) fn json_path(&mut self, path: &ast::JsonPathExpr, location: u32) -> Result<Expr> {
        let function = match path.function {
            ast::JsonPathFunction::Exists => JsonPathFunction::Exists,
            ast::JsonPathFunction::Query => JsonPathFunction::Query,
            ast::JsonPathFunction::Value => JsonPathFunction::Value,
        };
        if let (JsonPathFunction::Value, Some(ast::JsonOutput { format: Some(format), .. })) =
            (function, &path.returning)
        {
            let message = "cannot specify FORMAT JSON in RETURNING clause of JSON_VALUE()";
            return Err(self.error(SqlState::SYNTAX_ERROR, message, format.location));
        }
        let context = self.json_context(&path.context)?;
        let found = self.expr(&path.path)?;
        let (found_type, at) = (found.ty.oid, path.path.location);
        let form = CallForm::ImplicitCast;
        let Some(found) = self.coerce_to_target(found, oid::JSONPATH, -1, Coercion::Explicit, form, at)? else {
            let name = self.catalog.format_type(found_type, -1)?;
            let message = format!("JSON path expression must be of type jsonpath, not of type {name}");
            return Err(self.error(SqlState::DATATYPE_MISMATCH, message, at));
        };
        let passing = self.json_passing(&path.passing)?;
        let returning = match (&path.returning, function) {
            (Some(output), _) => self.json_output(output, false)?,
            (None, JsonPathFunction::Exists) => SqlType::plain(oid::BOOL),
            (None, JsonPathFunction::Query) => SqlType::plain(oid::JSONB),
            (None, JsonPathFunction::Value) => self.type_of(oid::TEXT)?,
        };
        let asked = Asked {
            function,
            returning,
            wrapper: path.wrapper,
            quotes: path.quotes,
            on_empty: path.on_empty.as_ref(),
            on_error: path.on_error.as_ref(),
            column: None,
        };
        self.json_question(asked, context, found, passing, location)
    }

    /// The document: jsonb.
    pub(super) fn json_context(&mut self, value: &ast::JsonValue) -> Result<Expr> {
        let expr = self.expr(&value.value)?;
        let expr = self.known(expr)?;
        self.as_json(expr, value.format, oid::JSONB)
    }

    pub(super) fn json_passing(&mut self, passing: &[ast::JsonPassing]) -> Result<Vec<(String, Expr)>> {
        passing
            .iter()
            .map(|item| {
                let value = self.json_argument(&item.value)?;
                let value = if value.ty.oid == oid::JSON { self.hidden_cast(value, oid::JSONB)? } else { value };
                Ok((item.name.to_string(), value))
            })
            .collect()
    }

    /// Puts a function over a path together, whose document and path are known.
    pub(super) fn json_question(
        &mut self,
        asked: Asked<'_>,
        context: Expr,
        path: Expr,
        passing: Vec<(String, Expr)>,
        location: u32,
    ) -> Result<Expr> {
        let wrapper = match asked.wrapper {
            ast::JsonWrapper::Unspecified | ast::JsonWrapper::Without => JsonWrapper::Without,
            ast::JsonWrapper::Conditional => JsonWrapper::Conditional,
            ast::JsonWrapper::Unconditional => JsonWrapper::Unconditional,
        };
        let unquoted = asked.quotes == ast::JsonQuotes::Omit;
        if unquoted && wrapper != JsonWrapper::Without {
            let message = "SQL/JSON QUOTES behavior must not be specified when WITH WRAPPER is used";
            return Err(self.error(SqlState::SYNTAX_ERROR, message, location));
        }
        let on_empty = self.json_behavior(&asked, asked.on_empty, "ON EMPTY")?;
        let on_error = self.json_behavior(&asked, asked.on_error, "ON ERROR")?;
        let question = JsonPath {
            function: asked.function,
            context,
            path,
            passing,
            wrapper,
            unquoted,
            on_empty,
            on_error,
            column: asked.column.map(str::to_string),
        };
        Ok(Expr { kind: ExprKind::JsonPath(Box::new(question)), ty: asked.returning, location })
    }

    /// An answer to emptiness or errors; none if it is the default.
    fn json_behavior(
        &mut self,
        asked: &Asked<'_>,
        written: Option<&ast::JsonBehavior>,
        when: &str,
    ) -> Result<Option<JsonBehavior>> {
        use ast::JsonBehaviorKind as Written;
        let Some(written) = written else { return Ok(None) };
        let kind = match &written.kind {
            Written::Null => JsonBehaviorKind::Null,
            Written::Error => JsonBehaviorKind::Error,
            Written::EmptyArray => JsonBehaviorKind::EmptyArray,
            Written::EmptyObject => JsonBehaviorKind::EmptyObject,
            Written::True => JsonBehaviorKind::True,
            Written::False => JsonBehaviorKind::False,
            Written::Unknown => JsonBehaviorKind::Unknown,
            Written::Default(_) => JsonBehaviorKind::Default,
        };
        use JsonBehaviorKind as Kind;
        let (allowed, words, called, columns) = match asked.function {
            JsonPathFunction::Exists => (
                matches!(kind, Kind::Error | Kind::True | Kind::False | Kind::Unknown),
                "ERROR, TRUE, FALSE, or UNKNOWN",
                "JSON_EXISTS()",
                "EXISTS columns",
            ),
            JsonPathFunction::Value => (
                matches!(kind, Kind::Error | Kind::Null | Kind::Default),
                "ERROR, NULL, or DEFAULT expression",
                "JSON_VALUE()",
                "scalar columns",
            ),
            JsonPathFunction::Query => (
                matches!(kind, Kind::Error | Kind::Null | Kind::EmptyArray | Kind::EmptyObject | Kind::Default),
                "ERROR, NULL, EMPTY ARRAY, EMPTY OBJECT, or DEFAULT expression",
                "JSON_QUERY()",
                "formatted columns",
            ),
        };
        if !allowed {
            let of = asked.column.map_or(String::new(), |column| format!(" for column \"{column}\""));
            let place = if asked.column.is_some() { columns } else { called };
            return Err(self
                .error(SqlState::SYNTAX_ERROR, format!("invalid {when} behavior{of}"), written.location)
                .detail(format!("Only {words} is allowed in {when} for {place}.")));
        }
        let value = match &written.kind {
            Written::Default(value) => Some(self.json_default(value, asked.returning)?),
            _ => None,
        };
        let usual = if asked.function == JsonPathFunction::Exists { Kind::False } else { Kind::Null };
        Ok((kind != usual).then_some(JsonBehavior { kind, value }))
    }

    /// The value under DEFAULT.
    fn json_default(&mut self, value: &ast::Expr, returning: SqlType) -> Result<Expr> {
        let value = self.expr(value)?;
        let at = leftmost(&value);
        if !is_plain(&value) {
            let message = "can only specify a constant, non-aggregate function, or operator expression for DEFAULT";
            return Err(self.error(SqlState::DATATYPE_MISMATCH, message, at));
        }
        if has_columns(&value) {
            let message = "DEFAULT expression must not contain column references";
            return Err(self.error(SqlState::DATATYPE_MISMATCH, message, at));
        }
        if returns_set(&value) {
            let message = "DEFAULT expression must not return a set";
            return Err(self.error(SqlState::DATATYPE_MISMATCH, message, at));
        }
        let (base, typmod) = self.catalog.base_type(returning.oid, returning.typmod)?;
        if value.ty.oid == oid::JSONB && base != oid::JSONB {
            return Ok(value);
        }
        let found = value.ty.oid;
        let form = CallForm::ImplicitCast;
        let cast = self.coerce_to_target(value, base, typmod, Coercion::Assignment, form, at)?;
        match cast {
            Some(cast) => Ok(cast),
            None => {
                let (from, to) = (self.catalog.format_type(found, -1)?, self.catalog.format_type(returning.oid, -1)?);
                let message = format!("cannot cast behavior expression of type {from} to {to}");
                Err(self
                    .error(SqlState::CANNOT_COERCE, message, at)
                    .hint(format!("You will need to explicitly cast the expression to type {to}.")))
            }
        }
    }
}

/// Where an expression begins in the text.
fn leftmost(expr: &Expr) -> u32 {
    let mut leftmost = u32::MAX;
    expr.walk_level(|expr| {
        leftmost = leftmost.min(expr.location);
        Next::Below
    });
    leftmost
}

/// Whether it is a constant, a function or an operator, under casts, and without aggregates and subqueries below.
fn is_plain(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Const(_) => true,
        ExprKind::Function(call) => call.args.iter().all(|arg| is_plain(arg) || !has_special(arg)),
        ExprKind::Operator(call) => call.args.iter().all(|arg| is_plain(arg) || !has_special(arg)),
        ExprKind::Relabel(arg, _)
        | ExprKind::CoerceViaIo(arg, _)
        | ExprKind::ArrayCoerce { arg, .. }
        | ExprKind::ConvertRow(arg, _)
        | ExprKind::CoerceToDomain(arg, _)
        | ExprKind::Collate(arg) => is_plain(arg),
        _ => false,
    }
}

fn has_special(expr: &Expr) -> bool {
    expr.any_level(|expr| matches!(expr.kind, ExprKind::Aggregate(_) | ExprKind::Window(_) | ExprKind::SubLink(_)))
}

/// Whether an expression uses columns.
pub(crate) fn has_columns(expr: &Expr) -> bool {
    expr.any(|expr, _| matches!(expr.kind, ExprKind::Var(_)))
}

/// The row that a column's path of JSON_TABLE goes over.
pub(super) fn row_of_table() -> Expr {
    Expr { kind: ExprKind::CaseTest, ty: SqlType::plain(oid::JSONB), location: NO_LOCATION }
}

/// A jsonpath literal that is not typed yet.
pub(super) fn path_literal(text: &str, location: u32) -> Expr {
    ty::constant(batch::Datum::bytes(text.as_bytes().to_vec()), SqlType::plain(UNKNOWN), location)
}
