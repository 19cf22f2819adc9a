//! SQL/JSON.

use super::Parser;
use super::expression::{Context, expr};
use super::primary::Parenthesized;
use crate::ast::*;
use crate::keywords::Keyword as K;
use crate::lexer::TokenKind;
use error::{Result, SqlState};

impl Parser<'_> {
    /// What stands in the parentheses of a JSON function.
    #[inline(never)]
    pub(super) fn json_function(&mut self, keyword: K, location: u32) -> Result<Expr> {
        let json = match keyword {
            K::JsonObject => return self.json_object(location),
            K::JsonArray => self.json_array()?,
            K::Json => {
                let value = self.json_value()?;
                JsonExpr::Parse { value, unique_keys: self.json_unique_keys()? }
            }
            K::JsonScalar => JsonExpr::Scalar(self.expr()?),
            K::JsonSerialize => {
                let value = self.json_value()?;
                JsonExpr::Serialize { value, returning: self.json_returning()? }
            }
            _ => JsonExpr::Path(Box::new(self.json_path_function(keyword)?)),
        };
        Ok(expr(ExprKind::Json(Box::new(json)), location))
    }

    /// `value [FORMAT JSON …]`
    pub(super) fn json_value(&mut self) -> Result<JsonValue> {
        let value = self.expr()?;
        Ok(JsonValue { value, format: self.json_format()? })
    }

    /// `[FORMAT JSON [ENCODING name]]`
    pub(super) fn json_format(&mut self) -> Result<Option<JsonFormat>> {
        let location = self.location();
        if !self.accept_all(&[K::Format, K::Json]) {
            return Ok(None);
        }
        let mut encoding = None;
        if self.accept(K::Encoding) {
            let at = self.location();
            let name = self.name()?;
            encoding = Some(match name.to_ascii_lowercase().as_str() {
                "utf8" => JsonEncoding::Utf8,
                "utf16" => JsonEncoding::Utf16,
                "utf32" => JsonEncoding::Utf32,
                _ => {
                    let message = format!("unrecognized JSON encoding: {name}");
                    return Err(self.error(SqlState::INVALID_PARAMETER_VALUE, message, at));
                }
            });
        }
        Ok(Some(JsonFormat { encoding, location }))
    }

    /// `[WITH UNIQUE [KEYS] | WITHOUT UNIQUE [KEYS]]`
    pub(super) fn json_unique_keys(&mut self) -> Result<bool> {
        let with = self.is(K::With);
        if !with && !self.is(K::Without) {
            return Ok(false);
        }
        self.advance();
        self.expect(K::Unique)?;
        self.accept(K::Keys);
        Ok(with)
    }

    /// `[RETURNING type [FORMAT …]]`
    fn json_returning(&mut self) -> Result<Option<JsonOutput>> {
        if !self.accept(K::Returning) {
            return Ok(None);
        }
        let target = self.type_name()?;
        Ok(Some(JsonOutput { target, format: self.json_format()? }))
    }

    /// `[NULL ON NULL | ABSENT ON NULL]`: whether nulls are absent.
    fn json_null_clause(&mut self, default: bool) -> Result<bool> {
        let absent = self.is(K::Absent);
        if !absent && !self.is(K::Null) {
            return Ok(default);
        }
        self.advance();
        self.expect_all(&[K::On, K::Null])?;
        Ok(absent)
    }

    /// The arguments of JSON_OBJECT: members, or (the older function of this name) ordinary arguments.
    fn json_object(&mut self, location: u32) -> Result<Expr> {
        let mut members = Vec::new();
        if !self.is_kind(TokenKind::RightParen) && !self.is(K::Returning) {
            match self.json_member_or_argument()? {
                Err(first) => {
                    let mut arguments = vec![first];
                    while self.accept_kind(TokenKind::Comma) {
                        arguments.push(self.argument()?);
                    }
                    let call = FunctionCall::new(ObjectName::system("json_object", location), arguments);
                    return Ok(expr(ExprKind::Call(Box::new(call)), location));
                }
                Ok(first) => members.push(first),
            }
            while self.accept_kind(TokenKind::Comma) {
                members.push(self.json_member()?);
            }
        }
        let (mut absent_on_null, mut unique_keys) = (false, false);
        if !members.is_empty() {
            absent_on_null = self.json_null_clause(false)?;
            unique_keys = self.json_unique_keys()?;
        }
        let returning = self.json_returning()?;
        let json = JsonExpr::Object { members, absent_on_null, unique_keys, returning };
        Ok(expr(ExprKind::Json(Box::new(json)), location))
    }

    fn json_member(&mut self) -> Result<JsonMember> {
        match self.json_member_or_argument()? {
            Ok(member) => Ok(member),
            Err(_) => Err(self.syntax_error()),
        }
    }

    /// `key VALUE value`, `key : value`, or an argument.
    fn json_member_or_argument(&mut self) -> Result<Result<JsonMember, Argument>> {
        let named = matches!(self.kind_at(1), TokenKind::EqualsGreater | TokenKind::ColonEquals);
        if named {
            return Ok(Err(self.argument()?));
        }
        let location = self.location();
        let prefixed = matches!(self.kind(), TokenKind::Plus | TokenKind::Minus | TokenKind::Operator)
            || self.is_any(&[K::Not, K::Default, K::Operator, K::Unique]);
        let key = if prefixed {
            self.expr()?
        } else {
            // Before VALUE, only a primary can be the key.
            self.nested(|p| {
                let key = p.primary()?;
                if p.is(K::Value) { Ok(key) } else { p.infix(key, 0, Context::General) }
            })?
        };
        if self.accept_kind(TokenKind::Colon) || !prefixed && self.accept(K::Value) {
            return Ok(Ok(JsonMember { key, value: self.json_value()? }));
        }
        Ok(Err(Argument { name: None, value: key, location }))
    }

    fn json_array(&mut self) -> Result<JsonExpr> {
        if self.is_kind(TokenKind::RightParen) || self.is(K::Returning) {
            let returning = self.json_returning()?;
            return Ok(JsonExpr::Array { elements: Vec::new(), absent_on_null: true, returning });
        }
        let mut query = None;
        let mut elements = Vec::new();
        if self.at_select() {
            query = Some(self.select_without_parentheses()?);
        } else if self.is_kind(TokenKind::LeftParen) && self.at_nested_select() {
            let location = self.location();
            match self.parenthesized(true)? {
                Parenthesized::Select(select) if self.continues_select() => query = Some(self.select_rest(*select)?),
                content => {
                    let value = self.after_parentheses(content, location)?;
                    let value = self.infix(value, 0, Context::General)?;
                    elements.push(JsonValue { value, format: self.json_format()? });
                }
            }
        } else {
            elements.push(self.json_value()?);
        }
        if let Some(query) = query {
            let format = self.json_format()?;
            return Ok(JsonExpr::ArrayQuery { query: Box::new(query), format, returning: self.json_returning()? });
        }
        while self.accept_kind(TokenKind::Comma) {
            elements.push(self.json_value()?);
        }
        let absent_on_null = self.json_null_clause(true)?;
        Ok(JsonExpr::Array { elements, absent_on_null, returning: self.json_returning()? })
    }

    /// JSON_OBJECTAGG and JSON_ARRAYAGG, from the parenthesis on.
    #[inline(never)]
    pub(super) fn json_aggregate(&mut self, keyword: K, windowless: bool, location: u32) -> Result<Expr> {
        self.expect_kind(TokenKind::LeftParen)?;
        let mut json = if keyword == K::JsonObjectagg {
            let member = self.json_member()?;
            let absent_on_null = self.json_null_clause(false)?;
            let unique_keys = self.json_unique_keys()?;
            let aggregate = JsonAggregate { returning: self.json_returning()?, filter: None, over: None };
            JsonExpr::ObjectAggregate { member, absent_on_null, unique_keys, aggregate }
        } else {
            let element = self.json_value()?;
            let order_by = self.order_by()?;
            let absent_on_null = self.json_null_clause(true)?;
            let aggregate = JsonAggregate { returning: self.json_returning()?, filter: None, over: None };
            JsonExpr::ArrayAggregate { element, order_by, absent_on_null, aggregate }
        };
        self.expect_kind(TokenKind::RightParen)?;
        if !windowless
            && let JsonExpr::ObjectAggregate { aggregate, .. } | JsonExpr::ArrayAggregate { aggregate, .. } = &mut json
        {
            aggregate.filter = self.filter_clause()?;
            aggregate.over = self.over_clause()?;
        }
        Ok(expr(ExprKind::Json(Box::new(json)), location))
    }

    fn json_path_function(&mut self, keyword: K) -> Result<JsonPathExpr> {
        let context = self.json_value()?;
        self.expect_kind(TokenKind::Comma)?;
        let path = self.expr()?;
        let passing = self.json_passing()?;
        let mut json = JsonPathExpr {
            function: JsonPathFunction::Exists,
            context,
            path,
            passing,
            returning: None,
            wrapper: JsonWrapper::default(),
            quotes: JsonQuotes::default(),
            on_empty: None,
            on_error: None,
        };
        if keyword == K::JsonExists {
            json.on_error = self.json_on_error()?;
            return Ok(json);
        }
        json.function = JsonPathFunction::Value;
        json.returning = self.json_returning()?;
        if keyword == K::JsonQuery {
            json.function = JsonPathFunction::Query;
            json.wrapper = self.json_wrapper()?;
            json.quotes = self.json_quotes()?;
        }
        (json.on_empty, json.on_error) = self.json_behaviors()?;
        Ok(json)
    }

    /// `[PASSING value AS name, …]`
    fn json_passing(&mut self) -> Result<Vec<JsonPassing>> {
        if !self.accept(K::Passing) {
            return Ok(Vec::new());
        }
        self.comma_list(|p| {
            let value = p.json_value()?;
            p.expect(K::As)?;
            Ok(JsonPassing { value, name: p.label()? })
        })
    }

    /// `[WITHOUT|WITH [CONDITIONAL|UNCONDITIONAL] [ARRAY] WRAPPER]`
    fn json_wrapper(&mut self) -> Result<JsonWrapper> {
        let wrapper = if self.accept(K::Without) {
            JsonWrapper::Without
        } else if self.accept(K::With) {
            if self.accept(K::Conditional) {
                JsonWrapper::Conditional
            } else {
                self.accept(K::Unconditional);
                JsonWrapper::Unconditional
            }
        } else {
            return Ok(JsonWrapper::Unspecified);
        };
        self.accept(K::Array);
        self.expect(K::Wrapper)?;
        Ok(wrapper)
    }

    /// `[KEEP|OMIT QUOTES [ON SCALAR STRING]]`
    fn json_quotes(&mut self) -> Result<JsonQuotes> {
        let quotes = match self.keyword() {
            Some(K::Keep) => JsonQuotes::Keep,
            Some(K::Omit) => JsonQuotes::Omit,
            _ => return Ok(JsonQuotes::Unspecified),
        };
        self.advance();
        self.expect(K::Quotes)?;
        if self.accept(K::On) {
            self.expect_all(&[K::Scalar, K::String])?;
        }
        Ok(quotes)
    }

    /// `[behavior ON EMPTY] [behavior ON ERROR]`
    fn json_behaviors(&mut self) -> Result<(Option<JsonBehavior>, Option<JsonBehavior>)> {
        let Some(first) = self.json_behavior()? else { return Ok((None, None)) };
        self.expect(K::On)?;
        if self.accept(K::Error) {
            return Ok((None, Some(first)));
        }
        self.expect(K::Empty)?;
        Ok((Some(first), self.json_on_error()?))
    }

    /// `[behavior ON ERROR]`
    fn json_on_error(&mut self) -> Result<Option<JsonBehavior>> {
        let behavior = self.json_behavior()?;
        if behavior.is_some() {
            self.expect_all(&[K::On, K::Error])?;
        }
        Ok(behavior)
    }

    fn json_behavior(&mut self) -> Result<Option<JsonBehavior>> {
        let location = self.location();
        let kind = match self.keyword() {
            Some(K::Default) => {
                self.advance();
                let kind = JsonBehaviorKind::Default(Box::new(self.expr()?));
                return Ok(Some(JsonBehavior { kind, location }));
            }
            Some(K::Error) => JsonBehaviorKind::Error,
            Some(K::Null) => JsonBehaviorKind::Null,
            Some(K::True) => JsonBehaviorKind::True,
            Some(K::False) => JsonBehaviorKind::False,
            Some(K::Unknown) => JsonBehaviorKind::Unknown,
            Some(K::Empty) if self.is_at(1, K::Object) => {
                self.advance();
                JsonBehaviorKind::EmptyObject
            }
            Some(K::Empty) => {
                if self.is_at(1, K::Array) {
                    self.advance();
                }
                JsonBehaviorKind::EmptyArray
            }
            _ => return Ok(None),
        };
        self.advance();
        Ok(Some(JsonBehavior { kind, location }))
    }

    /// `JSON_TABLE (…)`; the alias is the caller's affair.
    pub(super) fn json_table(&mut self, lateral: bool) -> Result<JsonTable> {
        let location = self.location();
        self.expect(K::JsonTable)?;
        self.expect_kind(TokenKind::LeftParen)?;
        let context = self.json_value()?;
        self.expect_kind(TokenKind::Comma)?;
        let path_at = self.location();
        let path = self.expr()?;
        let (name, name_location) = self.json_path_name()?;
        let passing = self.json_passing()?;
        self.expect(K::Columns)?;
        let columns = self.parenthesized_list(Self::json_table_column)?;
        let on_error = self.json_on_error()?;
        self.expect_kind(TokenKind::RightParen)?;
        if !matches!(path.kind, ExprKind::Constant(Constant::String(_))) {
            let message = "only string constants are supported in JSON_TABLE path specification";
            return Err(self.error(SqlState::FEATURE_NOT_SUPPORTED, message, path_at));
        }
        let path = JsonTablePath { path, name, name_location };
        Ok(JsonTable { lateral, context, path, passing, columns, on_error, alias: None, location })
    }

    /// `[AS name]`
    fn json_path_name(&mut self) -> Result<(Option<Name>, u32)> {
        if !self.accept(K::As) {
            return Ok((None, NO_LOCATION));
        }
        let location = self.location();
        Ok((Some(self.name()?), location))
    }

    fn json_table_path(&mut self) -> Result<JsonTablePath> {
        let location = self.location();
        let path = super::expression::string_constant(self.string()?, location);
        Ok(JsonTablePath { path, name: None, name_location: NO_LOCATION })
    }

    fn json_table_column(&mut self) -> Result<JsonTableColumn> {
        self.nested(|p| {
            let location = p.location();
            if p.is(K::Nested) && (p.is_at(1, K::Path) || p.kind_at(1) == TokenKind::String) {
                p.advance();
                p.accept(K::Path);
                let mut path = p.json_table_path()?;
                (path.name, path.name_location) = p.json_path_name()?;
                p.expect(K::Columns)?;
                let columns = p.parenthesized_list(Self::json_table_column)?;
                return Ok(JsonTableColumn::Nested { path, columns, location });
            }
            let name = p.name()?;
            if p.accept(K::For) {
                p.expect(K::Ordinality)?;
                return Ok(JsonTableColumn::Ordinality { name, location });
            }
            let type_name = p.type_name()?;
            let exists = p.accept(K::Exists);
            let format = if exists { None } else { p.json_format()? };
            let path = if p.accept(K::Path) { Some(p.json_table_path()?) } else { None };
            let mut column = JsonTableValue {
                name,
                type_name,
                format,
                path,
                wrapper: JsonWrapper::default(),
                quotes: JsonQuotes::default(),
                on_empty: None,
                on_error: None,
                location,
            };
            if exists {
                column.on_error = p.json_on_error()?;
                return Ok(JsonTableColumn::Exists(Box::new(column)));
            }
            column.wrapper = p.json_wrapper()?;
            column.quotes = p.json_quotes()?;
            (column.on_empty, column.on_error) = p.json_behaviors()?;
            Ok(JsonTableColumn::Regular(Box::new(column)))
        })
    }
}
