//! Primaries: what operators connect. Constants, columns, calls, rows, CASE, ARRAY, parentheses, and subscripts and fields behind them.
//!
//! An opening parenthesis may begin an expression, a row or a query; [`Parser::parenthesized`] reads it without knowing, so that no text is
//! read twice, however deep parentheses nest.

use super::Parser;
use super::expression::*;
use crate::ast::*;
use crate::keywords::Keyword as K;
use crate::lexer::TokenKind;
use error::{Result, SqlState};

/// What parentheses can hold where both a query and expressions are possible.
pub(super) enum Parenthesized {
    Select(Box<Select>),
    List(Vec<Expr>),
}

impl Parser<'_> {
    /// What is no operator's application.
    #[inline(never)]
    pub(super) fn primary(&mut self) -> Result<Expr> {
        let token = self.token();
        let location = token.start;
        match token.kind {
            TokenKind::Integer => {
                self.advance();
                Ok(expr(ExprKind::Constant(Constant::Integer(token.value as i32)), location))
            }
            TokenKind::Float => {
                self.advance();
                Ok(expr(ExprKind::Constant(Constant::Float(self.text(token).into())), location))
            }
            TokenKind::String => {
                self.advance();
                Ok(string_constant(self.token_text(token), location))
            }
            TokenKind::BinaryString | TokenKind::HexString => {
                self.advance();
                Ok(expr(ExprKind::Constant(Constant::BitString(self.token_text(token))), location))
            }
            TokenKind::Parameter => {
                self.advance();
                self.indirection(expr(ExprKind::Parameter(token.value as i32), location))
            }
            TokenKind::LeftParen => {
                let content = self.parenthesized(true)?;
                self.after_parentheses(content, location)
            }
            TokenKind::QuotedIdentifier => self.column_or_call(),
            TokenKind::Identifier => match token.keyword {
                Some(keyword) => self.keyword_primary(keyword),
                None => self.column_or_call(),
            },
            _ => Err(self.syntax_error()),
        }
    }

    #[inline(never)]
    fn keyword_primary(&mut self, keyword: K) -> Result<Expr> {
        let location = self.location();
        let constant = |p: &mut Self, constant| {
            p.advance();
            Ok(expr(ExprKind::Constant(constant), location))
        };
        let open = self.kind_at(1) == TokenKind::LeftParen;
        match keyword {
            K::Null => constant(self, Constant::Null),
            K::True => constant(self, Constant::Boolean(true)),
            K::False => constant(self, Constant::Boolean(false)),
            K::Case => self.case(),
            K::Array => self.array(),
            K::Row if open => {
                self.skip(2);
                let mut fields = Vec::new();
                if !self.is_kind(TokenKind::RightParen) {
                    fields = self.exprs()?;
                }
                self.expect_kind(TokenKind::RightParen)?;
                self.row_or_overlaps(expr(ExprKind::Row { fields, explicit: true }, location))
            }
            K::Exists if open => {
                self.advance();
                let select = self.parenthesized_select()?;
                Ok(expr(ExprKind::Exists(Box::new(select)), location))
            }
            K::Grouping if open => {
                self.advance();
                let arguments = self.parenthesized_list(Self::expr)?;
                Ok(expr(ExprKind::Grouping(arguments), location))
            }
            _ => {
                if let Some(value) = self.common_function(keyword, false)? {
                    return Ok(value);
                }
                if let Some(value) = self.typed_constant()? {
                    return Ok(value);
                }
                self.column_or_call()
            }
        }
    }

    /// `type 'literal'` for types in SQL's own spellings. (Others are read like columns until the string comes.)
    #[inline(never)]
    fn typed_constant(&mut self) -> Result<Option<Expr>> {
        let next = self.kind_at(1);
        if self.is(K::Interval) {
            let begins = next == TokenKind::String || next == TokenKind::LeftParen;
            if !begins {
                return Ok(None);
            }
            let location = self.location();
            self.advance();
            let mut target = TypeName::plain(ObjectName::system("interval", location));
            let precise = self.interval_precision(&mut target)?;
            let at = self.location();
            let text = self.string()?;
            if !precise {
                target.modifiers = self.interval_fields()?;
            }
            return Ok(Some(cast_constant(text, at, target)));
        }
        // A word that could be a column's name is one unless what makes it a type stands behind it.
        let begins = self.at_builtin_type_name()
            && (next == TokenKind::String
                || next == TokenKind::LeftParen
                || self.is(K::Double)
                || matches!(self.keyword_at(1), Some(K::Varying | K::Character | K::Char))
                || matches!(self.keyword_at(1), Some(K::With | K::Without)) && self.is_at(2, K::Time));
        if !begins {
            return Ok(None);
        }
        if next == TokenKind::LeftParen {
            // Those without modifiers are no calls either.
            let modified = !self.is_any(&[
                K::Int,
                K::Integer,
                K::Smallint,
                K::Bigint,
                K::Real,
                K::Boolean,
                K::Json,
                K::Double,
                K::National,
            ]);
            if !modified {
                return Ok(None);
            }
        }
        let Some(target) = self.builtin_type_name(true)? else { return Ok(None) };
        let at = self.location();
        let text = self.string()?;
        Ok(Some(cast_constant(text, at, target)))
    }

    /// What follows a closed parenthesis of an expression.
    #[inline(never)]
    pub(super) fn after_parentheses(&mut self, content: Parenthesized, location: u32) -> Result<Expr> {
        match content {
            Parenthesized::Select(select) => self.indirection(expr(ExprKind::Subquery(select), location)),
            Parenthesized::List(mut list) => match list.pop() {
                Some(only) if list.is_empty() => self.indirection(only),
                last => {
                    list.extend(last);
                    self.row_or_overlaps(expr(ExprKind::Row { fields: list, explicit: false }, location))
                }
            },
        }
    }

    /// A row, or `row OVERLAPS row`.
    #[inline(never)]
    fn row_or_overlaps(&mut self, row: Expr) -> Result<Expr> {
        if !self.is(K::Overlaps) {
            return Ok(row);
        }
        let location = self.location();
        self.advance();
        let right_location = self.location();
        let right = self.row()?;
        let ExprKind::Row { fields: mut arguments, .. } = row.kind else { return Err(self.syntax_error()) };
        let wrong = |p: &Self, side: &str, at| {
            let message = format!("wrong number of parameters on {side} side of OVERLAPS expression");
            p.error(SqlState::SYNTAX_ERROR, message, at)
        };
        if arguments.len() != 2 {
            return Err(wrong(self, "left", row.location));
        }
        if right.len() != 2 {
            return Err(wrong(self, "right", right_location));
        }
        arguments.extend(right);
        Ok(system_call("overlaps", arguments, location))
    }

    /// `ROW (…)` or `(a, b, …)`
    fn row(&mut self) -> Result<Vec<Expr>> {
        let explicit = self.accept(K::Row);
        self.expect_kind(TokenKind::LeftParen)?;
        if explicit && self.accept_kind(TokenKind::RightParen) {
            return Ok(Vec::new());
        }
        let fields = self.exprs()?;
        if !explicit && fields.len() < 2 {
            return Err(self.syntax_error());
        }
        self.expect_kind(TokenKind::RightParen)?;
        Ok(fields)
    }

    /// Parentheses that hold a query or expressions: a list of them if `list`, else one.
    pub(super) fn parenthesized(&mut self, list: bool) -> Result<Parenthesized> {
        self.nested(|p| {
            p.expect_kind(TokenKind::LeftParen)?;
            if p.at_select() {
                let select = p.select_without_parentheses()?;
                p.expect_kind(TokenKind::RightParen)?;
                return Ok(Parenthesized::Select(Box::new(select)));
            }
            let first = if p.is_kind(TokenKind::LeftParen) && p.at_nested_select() {
                match p.parenthesized_twice()? {
                    Parenthesized::Select(select) => return Ok(Parenthesized::Select(select)),
                    Parenthesized::List(mut list) => list.pop(),
                }
            } else {
                Some(p.expr()?)
            };
            let mut values: Vec<Expr> = first.into_iter().collect();
            while list && p.accept_kind(TokenKind::Comma) {
                values.push(p.expr()?);
            }
            p.expect_kind(TokenKind::RightParen)?;
            Ok(Parenthesized::List(values))
        })
    }

    /// Behind an open parenthesis, another one with a query in it: gives the whole query, with both parentheses closed, or
    /// the expression that began with it.
    #[inline(never)]
    fn parenthesized_twice(&mut self) -> Result<Parenthesized> {
        let location = self.location();
        let content = match self.parenthesized(true)? {
            Parenthesized::Select(select) if self.continues_select() || self.is_kind(TokenKind::RightParen) => {
                let select = self.select_rest(*select)?;
                self.expect_kind(TokenKind::RightParen)?;
                return Ok(Parenthesized::Select(Box::new(select)));
            }
            content => content,
        };
        let value = self.after_parentheses(content, location)?;
        Ok(Parenthesized::List(vec![self.infix(value, 0, Context::General)?]))
    }

    /// `CASE …`
    #[inline(never)]
    fn case(&mut self) -> Result<Expr> {
        let location = self.location();
        self.expect(K::Case)?;
        let argument = if self.is(K::When) { None } else { Some(self.expr()?) };
        let mut arms = Vec::new();
        loop {
            let at = self.location();
            self.expect(K::When)?;
            let condition = self.expr()?;
            self.expect(K::Then)?;
            let result = self.expr()?;
            arms.push(CaseArm { condition, result, location: at });
            if !self.is(K::When) {
                break;
            }
        }
        let otherwise = if self.accept(K::Else) { Some(self.expr()?) } else { None };
        self.expect(K::End)?;
        Ok(expr(ExprKind::Case(Box::new(Case { argument, arms, otherwise })), location))
    }

    /// `ARRAY[…]` or `ARRAY(SELECT …)`
    #[inline(never)]
    fn array(&mut self) -> Result<Expr> {
        let location = self.location();
        self.expect(K::Array)?;
        if self.is_kind(TokenKind::LeftParen) {
            let select = self.parenthesized_select()?;
            return Ok(expr(ExprKind::ArraySubquery(Box::new(select)), location));
        }
        let mut value = self.array_elements()?;
        value.location = location;
        Ok(value)
    }

    fn array_elements(&mut self) -> Result<Expr> {
        self.nested(|p| {
            let location = p.location();
            p.expect_kind(TokenKind::LeftBracket)?;
            let elements = match p.kind() {
                TokenKind::RightBracket => Vec::new(),
                TokenKind::LeftBracket => p.comma_list(Self::array_elements)?,
                _ => p.exprs()?,
            };
            p.expect_kind(TokenKind::RightBracket)?;
            Ok(expr(ExprKind::Array(elements), location))
        })
    }

    /// `[i]` or `[l:u]`; the bracket is the current token.
    #[inline(never)]
    pub(super) fn subscript(&mut self) -> Result<Accessor> {
        self.expect_kind(TokenKind::LeftBracket)?;
        let lower = if self.is_kind(TokenKind::Colon) { None } else { Some(Box::new(self.expr()?)) };
        if self.accept_kind(TokenKind::Colon) {
            let upper = if self.is_kind(TokenKind::RightBracket) { None } else { Some(Box::new(self.expr()?)) };
            self.expect_kind(TokenKind::RightBracket)?;
            return Ok(Accessor::Slice { lower, upper });
        }
        self.expect_kind(TokenKind::RightBracket)?;
        match lower {
            Some(index) => Ok(Accessor::Subscript(index)),
            None => Err(self.syntax_error()),
        }
    }

    /// `.field`, `.*`, `[i]` … A star must be the last.
    pub(super) fn accessors(&mut self) -> Result<Vec<Accessor>> {
        let mut path = Vec::new();
        loop {
            match self.kind() {
                TokenKind::Dot => {
                    self.advance();
                    path.push(if self.accept_kind(TokenKind::Star) {
                        Accessor::Star
                    } else {
                        Accessor::Field(self.label()?)
                    });
                }
                TokenKind::LeftBracket => path.push(self.subscript()?),
                _ => break,
            }
        }
        if path.iter().rev().skip(1).any(|accessor| *accessor == Accessor::Star) {
            return Err(self.near("improper use of \"*\"", self.token()));
        }
        Ok(path)
    }

    /// `base.field[i] …`
    #[inline(never)]
    fn indirection(&mut self, base: Expr) -> Result<Expr> {
        if !matches!(self.kind(), TokenKind::Dot | TokenKind::LeftBracket) {
            return Ok(base);
        }
        let path = self.accessors()?;
        let location = base.location;
        self.grow()?;
        Ok(expr(ExprKind::Indirection { base: Box::new(base), path }, location))
    }

    /// What begins with a name: a column, a call, a typed literal.
    #[inline(never)]
    fn column_or_call(&mut self) -> Result<Expr> {
        let token = self.token();
        let location = token.start;
        let column = Self::is_column_name(token);
        let function = Self::is_type_or_function_name(token);
        if !column && !function {
            return Err(self.syntax_error());
        }
        self.advance();
        match self.kind() {
            TokenKind::LeftParen if function => {
                let name = ObjectName::unqualified(self.identifier_text(token), location);
                self.call_or_literal(name, false)
            }
            TokenKind::String if function => {
                let name = ObjectName::unqualified(self.identifier_text(token), location);
                let at = self.location();
                let text = self.string()?;
                Ok(cast_constant(text, at, TypeName::plain(name)))
            }
            TokenKind::Dot | TokenKind::LeftBracket if column => {
                let name = self.identifier_text(token);
                self.column_rest(name, location)
            }
            _ if column => {
                let name = ObjectName::unqualified(self.identifier_text(token), location);
                Ok(expr(ExprKind::Column(name), location))
            }
            _ => Err(self.syntax_error()),
        }
    }

    /// A column, call or literal whose first name is read, and that goes on with a dot or bracket.
    #[inline(never)]
    fn column_rest(&mut self, first: Name, location: u32) -> Result<Expr> {
        let mut name = ObjectName::unqualified(first, location);
        let mut star = false;
        while self.is_kind(TokenKind::Dot) {
            self.advance();
            if self.accept_kind(TokenKind::Star) {
                star = true;
                break;
            }
            let next = self.label()?;
            name.qualifiers.push(std::mem::replace(&mut name.name, next));
        }
        let path = self.accessors()?;
        if star && !path.is_empty() {
            return Err(self.near("improper use of \"*\"", self.token()));
        }
        if matches!(self.kind(), TokenKind::LeftParen | TokenKind::String) {
            if star || !path.is_empty() {
                return Err(self.syntax_error());
            }
            if self.is_kind(TokenKind::LeftParen) {
                return self.call_or_literal(name, false);
            }
            let at = self.location();
            let text = self.string()?;
            return Ok(cast_constant(text, at, TypeName::plain(name)));
        }
        if star {
            let ObjectName { mut qualifiers, name, .. } = name;
            qualifiers.push(name);
            return Ok(expr(ExprKind::Star { qualifiers }, location));
        }
        let column = expr(ExprKind::Column(name), location);
        if path.is_empty() {
            return Ok(column);
        }
        self.grow()?;
        Ok(expr(ExprKind::Indirection { base: Box::new(column), path }, location))
    }
}

/// `type 'text'`; the error cursor for the cast stands at the type.
fn cast_constant(text: Name, at: u32, target: TypeName) -> Expr {
    let location = target.location;
    let operand = Box::new(string_constant(text, at));
    expr(ExprKind::Cast { operand, target: Box::new(target) }, location)
}
