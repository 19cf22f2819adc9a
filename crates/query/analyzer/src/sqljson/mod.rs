//! SQL/JSON: constructors, aggregates and `IS JSON`.
//!
//! Each becomes ordinary calls, aggregates and casts; [`ExprKind::JsonForm`] around them keeps how it was written, for the
//! deparser alone. `path` has the functions over paths, `table` JSON_TABLE.

mod path;
mod table;

pub(crate) use path::has_columns;

use error::{Error, Result, SqlState};
use ids::Oid;
use parser::ast;
use types::oid;

use crate::Analyzer;
use crate::coerce::Coercion;
use crate::query::*;
use crate::types::{self as ty, UNKNOWN};

/// Aggregates that make json, with what the same makes jsonb: by whether nulls are left out and keys unique.
const OBJECT_AGGREGATES: [(&str, Oid, Oid); 4] = [
    ("json_object_agg", Oid(3197), Oid(3270)),
    ("json_object_agg_strict", Oid(6280), Oid(6288)),
    ("json_object_agg_unique", Oid(6281), Oid(6289)),
    ("json_object_agg_unique_strict", Oid(6282), Oid(6290)),
];
const ARRAY_AGGREGATES: [(&str, Oid, Oid); 2] =
    [("json_agg", Oid(3175), Oid(3267)), ("json_agg_strict", Oid(6276), Oid(6284))];

impl Analyzer<'_> {
    /// SQL/JSON's own syntax.
    pub(crate) fn json(&mut self, json: &ast::JsonExpr, location: u32) -> Result<Expr> {
        match json {
            ast::JsonExpr::Object { members, absent_on_null, unique_keys, returning } => {
                let mut args = Vec::with_capacity(members.len() * 2);
                for member in members {
                    args.push(self.expr(&member.key)?);
                    args.push(self.json_argument(&member.value)?);
                }
                let (absent_on_null, unique_keys) = (*absent_on_null, *unique_keys);
                let function = JsonFunction::Object { absent_on_null, unique_keys };
                let form = JsonForm::Object { absent_on_null, unique_keys };
                self.json_constructor(function, form, args, returning.as_ref(), location)
            }
            ast::JsonExpr::Array { elements, absent_on_null, returning } => {
                let args = elements.iter().map(|element| self.json_argument(element)).collect::<Result<_>>()?;
                let absent_on_null = *absent_on_null;
                let function = JsonFunction::Array { absent_on_null };
                let form = JsonForm::Array { absent_on_null };
                self.json_constructor(function, form, args, returning.as_ref(), location)
            }
            ast::JsonExpr::ArrayQuery { query, format, returning } => {
                self.json_array_of_query(query, *format, returning.as_ref(), location)
            }
            ast::JsonExpr::ObjectAggregate { member, absent_on_null, unique_keys, aggregate } => {
                let which = OBJECT_AGGREGATES[*absent_on_null as usize + 2 * *unique_keys as usize];
                let form = JsonForm::ObjectAggregate { absent_on_null: *absent_on_null, unique_keys: *unique_keys };
                let args = vec![member.key.clone(), as_argument(&member.value)];
                self.json_aggregate(which, form, args, &[], aggregate, location)
            }
            ast::JsonExpr::ArrayAggregate { element, order_by, absent_on_null, aggregate } => {
                let which = ARRAY_AGGREGATES[*absent_on_null as usize];
                let form = JsonForm::ArrayAggregate { absent_on_null: *absent_on_null };
                self.json_aggregate(which, form, vec![as_argument(element)], order_by, aggregate, location)
            }
            ast::JsonExpr::Parse { value, unique_keys } => self.json_parse(value, *unique_keys, location),
            ast::JsonExpr::Scalar(value) => {
                let value = self.expr(value)?;
                let value = self.known(value)?;
                let result = if value.ty.oid == oid::JSONB { oid::JSONB } else { oid::JSON };
                let value = call(JsonFunction::Scalar, vec![value], result, location);
                // A jsonb is shown as the json that it shall be.
                let value = self.hidden_cast(value, oid::JSON)?;
                Ok(form(JsonForm::Scalar, SqlType::plain(Oid::INVALID), value, location))
            }
            ast::JsonExpr::Serialize { value, returning } => {
                let arg = self.expr(&value.value)?;
                let arg = match value.format {
                    Some(format) => {
                        let arg = self.known(arg)?;
                        self.as_json(arg, Some(format), oid::JSON)?
                    }
                    None if arg.ty.oid == UNKNOWN => self.hidden_cast(arg, oid::JSON)?,
                    None => self.as_json(arg, None, oid::JSON)?,
                };
                let target = match returning {
                    Some(output) => self.json_output(output, true)?,
                    None => self.type_of(oid::TEXT)?,
                };
                if target.oid != oid::BYTEA && self.catalog.type_category(target.oid)?.0 != b'S' {
                    let name = self.catalog.format_type(target.oid, -1)?;
                    return Err(Error::new(
                        SqlState::DATATYPE_MISMATCH,
                        format!("cannot use type {name} in RETURNING clause of JSON_SERIALIZE()"),
                    )
                    .hint("Try returning a string type or bytea."));
                }
                let value = self.returned(arg, target)?;
                Ok(form(JsonForm::Serialize, target, value, location))
            }
            ast::JsonExpr::Path(path) => self.json_path(path, location),
            ast::JsonExpr::Value(value) => self.json_argument(value),
        }
    }

    /// `IS JSON`
    pub(crate) fn is_json(
        &mut self,
        operand: &ast::Expr,
        kind: ast::JsonValueKind,
        unique_keys: bool,
        location: u32,
    ) -> Result<Expr> {
        let arg = self.expr(operand)?;
        let arg = self.known(arg)?;
        let base = self.catalog.base_type(arg.ty.oid, -1)?.0;
        let arg = match base {
            oid::JSON | oid::JSONB => arg,
            oid::BYTEA => self.text_of_bytea(arg)?,
            other if self.catalog.type_category(other)?.0 == b'S' => self.hidden_cast(arg, oid::TEXT)?,
            other => {
                let name = self.catalog.format_type(other, -1)?;
                return Err(Error::new(
                    SqlState::DATATYPE_MISMATCH,
                    format!("cannot use type {name} in IS JSON predicate"),
                ));
            }
        };
        let kind = match kind {
            ast::JsonValueKind::Any => JsonKind::Any,
            ast::JsonValueKind::Object => JsonKind::Object,
            ast::JsonValueKind::Array => JsonKind::Array,
            ast::JsonValueKind::Scalar => JsonKind::Scalar,
        };
        Ok(call(JsonFunction::Is { kind, unique_keys }, vec![arg], oid::BOOL, location))
    }

    /// A literal of unknown type becomes text.
    fn known(&mut self, expr: Expr) -> Result<Expr> {
        if expr.ty.oid == UNKNOWN { self.hidden_cast(expr, oid::TEXT) } else { Ok(expr) }
    }

    fn type_of(&self, type_oid: Oid) -> Result<SqlType> {
        Ok(ty::with_collation(&*self.catalog.type_(type_oid)?, -1))
    }

    /// A cast that is not printed; it must exist.
    fn hidden_cast(&mut self, expr: Expr, target: Oid) -> Result<Expr> {
        if expr.ty.oid == target {
            return Ok(expr);
        }
        self.coerce(expr, target, -1, Coercion::Explicit, CallForm::ImplicitCast, NO_LOCATION)
    }

    fn text_of_bytea(&mut self, bytes: Expr) -> Result<Expr> {
        let name = "UTF8".as_bytes();
        let encoding = ty::constant(batch::Datum::bytes(name.to_vec()), SqlType::plain(UNKNOWN), NO_LOCATION);
        self.call_named("convert_from", vec![bytes, encoding], NO_LOCATION)
    }

    /// A value of a constructor.
    fn json_argument(&mut self, value: &ast::JsonValue) -> Result<Expr> {
        let expr = self.expr(&value.value)?;
        let expr = self.known(expr)?;
        match value.format {
            Some(format) => self.as_json(expr, Some(format), oid::JSON),
            None => Ok(expr),
        }
    }

    /// A value that holds JSON, as json or jsonb (`target`).
    fn as_json(&mut self, expr: Expr, format: Option<ast::JsonFormat>, target: Oid) -> Result<Expr> {
        let found = self.catalog.base_type(expr.ty.oid, -1)?.0;
        if let Some(ast::JsonFormat { encoding: Some(_), location }) = format
            && found != oid::BYTEA
        {
            let message = "JSON ENCODING clause is only allowed for bytea input type";
            return Err(self.error(SqlState::DATATYPE_MISMATCH, message, location));
        }
        if let Some(format) = format {
            self.check_encoding(format)?;
        }
        let location = expr.location;
        let encoding = format.is_some_and(|f| f.encoding.is_some());
        let text = match found {
            oid::JSON | oid::JSONB => {
                return if target == oid::JSON { Ok(expr) } else { self.hidden_cast(expr, target) };
            }
            oid::BYTEA => self.text_of_bytea(expr)?,
            other if self.catalog.type_category(other)?.0 == b'S' => expr,
            other => {
                return Err(match format {
                    Some(format) => {
                        let message = "cannot use non-string types with explicit FORMAT JSON clause";
                        self.error(SqlState::DATATYPE_MISMATCH, message, format.location)
                    }
                    None => {
                        let from = self.catalog.format_type(other, -1)?;
                        let to = self.catalog.format_type(target, -1)?;
                        let message = format!("cannot cast type {from} to {to}");
                        self.error(SqlState::CANNOT_COERCE, message, location)
                    }
                });
            }
        };
        let value = self.hidden_cast(text, target)?;
        if format.is_none() && found != oid::BYTEA {
            return Ok(value);
        }
        Ok(form(JsonForm::Value { encoding }, SqlType::plain(Oid::INVALID), value, location))
    }

    fn check_encoding(&self, format: ast::JsonFormat) -> Result<()> {
        match format.encoding {
            None | Some(ast::JsonEncoding::Utf8) => Ok(()),
            Some(_) => Err(self
                .error(SqlState::FEATURE_NOT_SUPPORTED, "unsupported JSON encoding", format.location)
                .hint("Only UTF8 JSON encoding is supported.")),
        }
    }

    /// The type under RETURNING. A format is only for strings unless `any`.
    fn json_output(&mut self, output: &ast::JsonOutput, any: bool) -> Result<SqlType> {
        let target = self.type_name(&output.target)?;
        if self.catalog.type_(target.oid)?.typtype == b'p' {
            return Err(Error::new(
                SqlState::FEATURE_NOT_SUPPORTED,
                "returning pseudo-types is not supported in SQL/JSON functions",
            ));
        }
        if let Some(format) = output.format {
            self.check_output_format(format, target.oid, any)?;
        }
        Ok(target)
    }

    fn check_output_format(&self, format: ast::JsonFormat, target: Oid, any: bool) -> Result<()> {
        if format.encoding.is_some() && target != oid::BYTEA {
            let message = "cannot set JSON encoding for non-bytea output types";
            return Err(self.error(SqlState::FEATURE_NOT_SUPPORTED, message, format.location));
        }
        self.check_encoding(format)?;
        let fits =
            matches!(target, oid::JSON | oid::JSONB | oid::BYTEA) || self.catalog.type_category(target)?.0 == b'S';
        if !any && !fits {
            let message = "cannot use JSON format with non-string output types";
            return Err(self.error(SqlState::FEATURE_NOT_SUPPORTED, message, format.location));
        }
        Ok(())
    }

    /// A json or jsonb value as the type under RETURNING.
    fn returned(&mut self, value: Expr, target: SqlType) -> Result<Expr> {
        if value.ty.oid == target.oid {
            return Ok(value);
        }
        if target.oid == oid::BYTEA {
            let text = self.hidden_cast(value, oid::TEXT)?;
            let name = "UTF8".as_bytes();
            let encoding = ty::constant(batch::Datum::bytes(name.to_vec()), SqlType::plain(UNKNOWN), NO_LOCATION);
            return self.call_named("convert_to", vec![text, encoding], NO_LOCATION);
        }
        let from = value.ty.oid;
        let form = CallForm::ImplicitCast;
        let cast = self.coerce_to_target(value, target.oid, target.typmod, Coercion::Assignment, form, NO_LOCATION)?;
        cast.ok_or_else(|| {
            let name = |type_oid| self.catalog.format_type(type_oid, -1).unwrap_or_default();
            let message = format!("cannot cast type {} to {}", name(from), name(target.oid));
            Error::new(SqlState::CANNOT_COERCE, message)
        })
    }

    fn json_constructor(
        &mut self,
        function: JsonFunction,
        how: JsonForm,
        args: Vec<Expr>,
        returning: Option<&ast::JsonOutput>,
        location: u32,
    ) -> Result<Expr> {
        let target = match returning {
            Some(output) => self.json_output(output, false)?,
            None if args.iter().any(|arg| arg.ty.oid == oid::JSONB) => self.type_of(oid::JSONB)?,
            None => self.type_of(oid::JSON)?,
        };
        let made = if target.oid == oid::JSONB { oid::JSONB } else { oid::JSON };
        let value = call(function, args, made, location);
        let value = self.returned(value, target)?;
        Ok(form(how, target, value, location))
    }

    fn json_parse(&mut self, value: &ast::JsonValue, unique_keys: bool, location: u32) -> Result<Expr> {
        let arg = self.expr(&value.value)?;
        let at = arg.location;
        let arg = match (unique_keys, arg.ty.oid) {
            (false, UNKNOWN) if value.format.is_none_or(|f| f.encoding.is_none()) => {
                self.hidden_cast(arg, oid::JSON)?
            }
            (false, _) => {
                let arg = self.known(arg)?;
                let arg = self.as_json(arg, value.format, oid::JSON)?;
                self.hidden_cast(arg, oid::JSON)?
            }
            (true, oid::BYTEA) => self.text_of_bytea(arg)?,
            (true, other) if other == UNKNOWN || self.catalog.type_category(other)?.0 == b'S' => {
                self.hidden_cast(arg, oid::TEXT)?
            }
            (true, _) => {
                let message = "cannot use non-string types with WITH UNIQUE KEYS clause";
                return Err(self.error(SqlState::DATATYPE_MISMATCH, message, at.min(location)));
            }
        };
        let value = if unique_keys { call(JsonFunction::ParseUnique, vec![arg], oid::JSON, location) } else { arg };
        Ok(form(JsonForm::Parse { unique_keys }, SqlType::plain(Oid::INVALID), value, location))
    }

    /// An aggregate: the one that makes json, or if jsonb is returned, its twin.
    fn json_aggregate(
        &mut self,
        (name, json, jsonb): (&str, Oid, Oid),
        how: JsonForm,
        args: Vec<ast::Expr>,
        order_by: &[ast::SortBy],
        aggregate: &ast::JsonAggregate,
        location: u32,
    ) -> Result<Expr> {
        let arguments = args.into_iter().map(|value| ast::Argument { name: None, location: value.location, value });
        let mut written = ast::FunctionCall::new(ast::ObjectName::system(name, location), arguments.collect());
        written.order_by = order_by.to_vec();
        written.filter = aggregate.filter.clone();
        written.over = aggregate.over.clone();
        let mut value = self.function_call(&written, location)?;
        let (function, has_jsonb) = match &mut value.kind {
            ExprKind::Aggregate(aggregate) => {
                let has = aggregate.args.iter().any(|target| target.expr.ty.oid == oid::JSONB);
                (&mut aggregate.function, has)
            }
            ExprKind::Window(call) => {
                let has = call.args.iter().any(|arg| arg.ty.oid == oid::JSONB);
                (&mut call.function, has)
            }
            _ => return Err(Error::internal("an aggregate is no aggregate")),
        };
        let returns_jsonb = match &aggregate.returning {
            None => has_jsonb,
            Some(output) => self.type_name(&output.target)?.oid == oid::JSONB,
        };
        if returns_jsonb && *function == json {
            *function = jsonb;
            value.ty = SqlType::plain(oid::JSONB);
        }
        let target = match &aggregate.returning {
            Some(output) => self.json_output(output, false)?,
            None => value.ty,
        };
        let value = self.returned(value, target)?;
        Ok(form(how, target, value, location))
    }

    /// `JSON_ARRAY(SELECT …)`: an aggregate over the query.
    fn json_array_of_query(
        &mut self,
        query: &ast::Select,
        format: Option<ast::JsonFormat>,
        returning: Option<&ast::JsonOutput>,
        location: u32,
    ) -> Result<Expr> {
        let columns = self.subquery(query, location)?.output().count();
        if columns != 1 {
            return Err(self.error(SqlState::SYNTAX_ERROR, "subquery must return only one column", location));
        }
        let column = ast::Expr {
            kind: ast::ExprKind::Column(ast::ObjectName { qualifiers: vec!["q".into()], name: "a".into(), location }),
            location,
        };
        let element = ast::JsonValue { value: column, format };
        let aggregate = ast::JsonAggregate { returning: returning.cloned(), filter: None, over: None };
        let value = ast::Expr {
            kind: ast::ExprKind::Json(Box::new(ast::JsonExpr::ArrayAggregate {
                element,
                order_by: Vec::new(),
                absent_on_null: true,
                aggregate,
            })),
            location,
        };
        let from = ast::TableRef::Subquery {
            lateral: false,
            query: Box::new(query.clone()),
            alias: Some(ast::Alias { name: "q".into(), columns: vec!["a".into()] }),
            location,
        };
        let simple = ast::SimpleSelect {
            distinct: None,
            targets: vec![ast::Target { name: None, value, location }],
            into: None,
            from: vec![from],
            filter: None,
            group_by: Vec::new(),
            group_distinct: false,
            having: None,
            windows: Vec::new(),
        };
        let select = ast::Select {
            with: None,
            body: ast::SelectBody::Simple(Box::new(simple)),
            order_by: Vec::new(),
            limit: None,
            locking: Vec::new(),
            location,
        };
        self.sublink(SubLinkKind::Scalar, &select, location)
    }
}

/// A value with its format as an argument of a call.
fn as_argument(value: &ast::JsonValue) -> ast::Expr {
    let kind = ast::ExprKind::Json(Box::new(ast::JsonExpr::Value(Box::new(value.clone()))));
    ast::Expr { kind, location: value.value.location }
}

fn call(function: JsonFunction, args: Vec<Expr>, result: Oid, location: u32) -> Expr {
    Expr { kind: ExprKind::JsonCall { function, args }, ty: SqlType::plain(result), location }
}

fn form(form: JsonForm, returning: SqlType, value: Expr, location: u32) -> Expr {
    let ty = value.ty;
    Expr { kind: ExprKind::JsonForm { form, returning, value: Box::new(value) }, ty, location }
}
