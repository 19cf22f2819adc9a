//! Expressions: operators by precedence climbing, and the primaries they connect.
//!
//! Levels, from loose to tight: OR, AND, NOT, IS, comparison, LIKE and its like, other operators, `+ -`, `* / %`, `^`,
//! AT, COLLATE, unary sign, `::`. Comparison, IS and LIKE do not associate: after one, another of the same level is a
//! syntax error. Postfix forms (`IS NULL`, `IN (…)`) are complete, so anything may follow them.
//!
//! A *restricted* expression is SQL's second kind, where AND, IN, LIKE, NOT … have another meaning in the context (the
//! bounds of BETWEEN, a column's DEFAULT, POSITION's arguments).

use super::Parser;
use crate::ast::*;
use crate::keywords::Keyword as K;
use crate::lexer::{Token, TokenKind};
use error::{Result, SqlState};

pub(super) mod level {
    pub const OR: u8 = 1;
    pub const AND: u8 = 2;
    pub const NOT: u8 = 3;
    pub const IS: u8 = 4;
    pub const COMPARISON: u8 = 5;
    pub const LIKE: u8 = 6;
    pub const OPERATOR: u8 = 7;
    pub const ADD: u8 = 8;
    pub const MULTIPLY: u8 = 9;
    pub const POWER: u8 = 10;
    pub const AT: u8 = 11;
    pub const COLLATE: u8 = 12;
    pub const SIGN: u8 = 13;
    pub const CAST: u8 = 14;
}

/// Where an expression stands, as far as its reading depends on it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Context {
    /// Anywhere.
    General,
    /// Where AND, IN, NOT … do not belong to it.
    Restricted,
    /// In a select list, where an operator's word may turn out to be a label: `SELECT 1 is FROM …`.
    Target,
    /// SUBSTRING's first argument, behind which SIMILAR may stand.
    Substring,
}

/// What parentheses can hold where both a query and expressions are possible.
pub(super) enum Parenthesized {
    Select(Box<Select>),
    List(Vec<Expr>),
}

pub(super) fn expr(kind: ExprKind, location: u32) -> Expr {
    Expr { kind, location }
}

pub(super) fn string_constant(value: impl Into<Name>, location: u32) -> Expr {
    expr(ExprKind::Constant(Constant::String(value.into())), location)
}

pub(super) fn argument(value: Expr) -> Argument {
    let location = value.location;
    Argument { name: None, value, location }
}

/// A call in a syntax of its own.
pub(super) fn system_call(name: &str, arguments: Vec<Expr>, location: u32) -> Expr {
    let arguments = arguments.into_iter().map(argument).collect();
    let mut call = FunctionCall::new(ObjectName::system(name, location), arguments);
    call.form = CallForm::SqlSyntax;
    expr(ExprKind::Call(Box::new(call)), location)
}

impl Parser<'_> {
    /// An expression.
    #[inline]
    pub fn expr(&mut self) -> Result<Expr> {
        self.expr_at(0, Context::General)
    }

    /// An expression of the second kind.
    pub fn restricted_expr(&mut self) -> Result<Expr> {
        self.expr_at(0, Context::Restricted)
    }

    /// `expression, expression, …`
    pub fn exprs(&mut self) -> Result<Vec<Expr>> {
        self.comma_list(Self::expr)
    }

    /// `(expression)`
    pub fn parenthesized_expr(&mut self) -> Result<Expr> {
        self.expect_kind(TokenKind::LeftParen)?;
        let value = self.expr()?;
        self.expect_kind(TokenKind::RightParen)?;
        Ok(value)
    }

    /// `[WHERE expression]`
    pub fn where_clause(&mut self) -> Result<Option<Expr>> {
        if self.accept(K::Where) { Ok(Some(self.expr()?)) } else { Ok(None) }
    }

    /// An expression whose operators are of this level or tighter.
    pub(super) fn expr_at(&mut self, minimum: u8, context: Context) -> Result<Expr> {
        self.nested(|p| {
            let left = p.prefix(context)?;
            p.infix(left, minimum, context)
        })
    }

    /// Operands inside an expression keep only its being restricted.
    fn operand(&mut self, minimum: u8, context: Context) -> Result<Expr> {
        let context = if context == Context::Restricted { context } else { Context::General };
        self.expr_at(minimum, context)
    }

    fn prefix(&mut self, context: Context) -> Result<Expr> {
        let token = self.token();
        match token.kind {
            TokenKind::Plus | TokenKind::Minus => {
                self.advance();
                let operand = self.operand(level::SIGN, context)?;
                Ok(signed(token.kind == TokenKind::Minus, operand, token.start))
            }
            TokenKind::Operator => {
                let operator = self.plain_operator();
                self.unary(operator, token.start, context)
            }
            TokenKind::Identifier => match token.keyword {
                Some(K::Operator) if self.kind_at(1) == TokenKind::LeftParen => {
                    let operator = self.qualified_operator()?;
                    self.unary(operator, token.start, context)
                }
                Some(K::Not) if context != Context::Restricted => {
                    self.advance();
                    let operand = self.operand(level::NOT + 1, context)?;
                    Ok(expr(ExprKind::Not(Box::new(operand)), token.start))
                }
                Some(K::Default) if context != Context::Restricted => {
                    self.advance();
                    Ok(expr(ExprKind::Default, token.start))
                }
                Some(K::Unique) if context != Context::Restricted => self.unique_predicate(),
                _ => self.primary(),
            },
            _ => self.primary(),
        }
    }

    #[inline(never)]
    fn unary(&mut self, operator: Operator, location: u32, context: Context) -> Result<Expr> {
        let operand = Box::new(self.operand(level::OPERATOR + 1, context)?);
        Ok(expr(ExprKind::Unary { operator, operand }, location))
    }

    #[cold]
    fn unique_predicate(&mut self) -> Result<Expr> {
        let location = self.location();
        self.expect(K::Unique)?;
        if self.accept(K::Nulls) {
            self.accept(K::Not);
            self.expect(K::Distinct)?;
        }
        self.parenthesized_select()?;
        Err(self.error(SqlState::FEATURE_NOT_SUPPORTED, "UNIQUE predicate is not yet implemented", location))
    }

    /// The current token, an operator's symbol.
    fn plain_operator(&mut self) -> Operator {
        let token = self.token();
        self.advance();
        let symbol = match self.text(token) {
            "||" => "||".into(),
            "~" => "~".into(),
            "->" => "->".into(),
            "->>" => "->>".into(),
            "@>" => "@>".into(),
            "<@" => "<@".into(),
            "&&" => "&&".into(),
            "!~" => "!~".into(),
            other => other.to_string().into(),
        };
        Operator { qualifiers: Vec::new(), symbol, location: token.start }
    }

    /// `OPERATOR(schema.symbol)`
    pub(super) fn qualified_operator(&mut self) -> Result<Operator> {
        let location = self.location();
        self.expect(K::Operator)?;
        self.expect_kind(TokenKind::LeftParen)?;
        let mut operator = self.any_operator()?;
        self.expect_kind(TokenKind::RightParen)?;
        operator.location = location;
        Ok(operator)
    }

    /// `[schema.]symbol`
    pub(super) fn any_operator(&mut self) -> Result<Operator> {
        let location = self.location();
        let mut qualifiers = Vec::new();
        while Self::is_column_name(self.token()) {
            qualifiers.push(self.name()?);
            self.expect_kind(TokenKind::Dot)?;
        }
        let mut operator = match self.operator_symbol() {
            Some(operator) => operator,
            None => return Err(self.syntax_error()),
        };
        operator.qualifiers = qualifiers;
        operator.location = location;
        Ok(operator)
    }

    /// Takes an operator's symbol of any kind, if one is here.
    pub(super) fn operator_symbol(&mut self) -> Option<Operator> {
        let token = self.token();
        if token.kind == TokenKind::Operator {
            return Some(self.plain_operator());
        }
        let (symbol, _) = math_operator(token)?;
        self.advance();
        Some(Operator::known(symbol, token.start))
    }

    /// An operator in any writing: symbol or OPERATOR(…).
    pub(super) fn operator(&mut self) -> Result<Operator> {
        if self.is(K::Operator) {
            return self.qualified_operator();
        }
        match self.operator_symbol() {
            Some(operator) => Ok(operator),
            None => Err(self.syntax_error()),
        }
    }

    /// Goes on with what stands behind a first operand.
    #[inline(never)]
    pub(super) fn infix(&mut self, mut left: Expr, minimum: u8, context: Context) -> Result<Expr> {
        // The level that must not follow at once, because it does not associate.
        let mut closed = 0;
        loop {
            let token = self.token();
            let found = match token.kind {
                TokenKind::Identifier => match token.keyword {
                    Some(keyword) => match self.keyword_level(keyword, context) {
                        0 => return Ok(left),
                        found => found,
                    },
                    None => return Ok(left),
                },
                TokenKind::Typecast => level::CAST,
                TokenKind::Operator => level::OPERATOR,
                _ => match math_operator(token) {
                    Some((_, found)) => found,
                    None => return Ok(left),
                },
            };
            if found < minimum {
                return Ok(left);
            }
            if found == closed {
                return Err(self.syntax_error());
            }
            closed = 0;
            if token.kind == TokenKind::Typecast {
                self.advance();
                self.grow()?;
                let target = Box::new(self.type_name()?);
                left = expr(ExprKind::Cast { operand: Box::new(left), target }, token.start);
                continue;
            }
            let Some(keyword) = token.keyword else {
                let operator = match math_operator(token) {
                    Some((symbol, _)) => {
                        self.advance();
                        Operator::known(symbol, token.start)
                    }
                    None => self.plain_operator(),
                };
                left = self.binary(left, operator, token.start, found, context, &mut closed)?;
                continue;
            };
            left = match keyword {
                K::And | K::Or => {
                    self.advance();
                    let right = self.operand(found + 1, context)?;
                    junction(keyword == K::And, left, right, token.start)
                }
                K::Operator => {
                    let operator = self.qualified_operator()?;
                    self.binary(left, operator, token.start, found, context, &mut closed)?
                }
                K::Collate => {
                    self.advance();
                    self.grow()?;
                    let collation = Box::new(self.any_name()?);
                    expr(ExprKind::Collate { operand: Box::new(left), collation }, token.start)
                }
                K::At => {
                    self.advance();
                    self.grow()?;
                    if self.accept(K::Local) {
                        system_call("timezone", vec![left], token.start)
                    } else {
                        self.expect_all(&[K::Time, K::Zone])?;
                        let zone = self.operand(level::AT + 1, context)?;
                        system_call("timezone", vec![zone, left], token.start)
                    }
                }
                K::Is | K::Isnull | K::Notnull => {
                    self.grow()?;
                    self.is_test(left, context, &mut closed)?
                }
                _ => {
                    self.grow()?;
                    self.pattern_test(left, &mut closed)?
                }
            };
        }
    }

    /// The level of a key word as an operator here; 0 if it is none.
    fn keyword_level(&self, keyword: K, context: Context) -> u8 {
        let restricted = context == Context::Restricted;
        let found = match keyword {
            K::Operator => level::OPERATOR,
            K::Is => level::IS,
            _ if restricted => 0,
            K::And => level::AND,
            K::Or => level::OR,
            K::Isnull | K::Notnull => level::IS,
            K::Between | K::In | K::Like | K::Ilike => level::LIKE,
            K::Similar if context == Context::Substring && !self.is_at(1, K::To) => 0,
            K::Similar => level::LIKE,
            K::Not => match self.keyword_at(1) {
                Some(K::Between | K::In | K::Like | K::Ilike | K::Similar) => level::LIKE,
                _ => 0,
            },
            K::Collate => level::COLLATE,
            K::At => level::AT,
            _ => 0,
        };
        if found != 0 && context == Context::Target && keyword.info().bare_label && self.ends_target(1) {
            return 0;
        }
        found
    }

    /// Whether the token `n` further on can only stand behind a complete item of a select list.
    fn ends_target(&self, n: usize) -> bool {
        let token = self.token_at(n);
        match token.kind {
            TokenKind::End | TokenKind::Comma | TokenKind::Semicolon | TokenKind::RightParen => true,
            TokenKind::Identifier => matches!(
                token.keyword,
                Some(
                    K::Into
                        | K::From
                        | K::Where
                        | K::Group
                        | K::Having
                        | K::Window
                        | K::Union
                        | K::Intersect
                        | K::Except
                        | K::Order
                        | K::Limit
                        | K::Offset
                        | K::Fetch
                        | K::For
                        | K::With
                        | K::On
                        | K::Returning
                )
            ),
            _ => false,
        }
    }

    /// The right side of a binary operator, or of `op ANY (…)`.
    fn binary(
        &mut self,
        left: Expr,
        operator: Operator,
        location: u32,
        found: u8,
        context: Context,
        closed: &mut u8,
    ) -> Result<Expr> {
        if context != Context::Restricted && self.is_any(&[K::Any, K::Some, K::All]) {
            self.grow()?;
            return self.quantified(left, operator, location);
        }
        let right = self.operand(found + 1, context)?;
        if found == level::COMPARISON {
            *closed = found;
        }
        let step = BinaryStep { operator, right };
        let kind = match left.kind {
            ExprKind::Binary { first, mut rest } => {
                rest.push(step);
                ExprKind::Binary { first, rest }
            }
            kind => {
                let first = Box::new(expr(kind, left.location));
                ExprKind::Binary { first, rest: vec![step] }
            }
        };
        Ok(expr(kind, location))
    }

    /// `ANY|SOME|ALL (…)` behind an operator.
    #[inline(never)]
    fn quantified(&mut self, left: Expr, operator: Operator, location: u32) -> Result<Expr> {
        let all = self.is(K::All);
        self.advance();
        let right = match self.parenthesized(false)? {
            Parenthesized::Select(select) => QuantifiedSet::Subquery(select),
            Parenthesized::List(mut list) => match list.pop() {
                Some(array) => QuantifiedSet::Array(array),
                None => return Err(self.syntax_error()),
            },
        };
        Ok(expr(ExprKind::Quantified(Box::new(Quantified { left, operator, all, right })), location))
    }

    /// `IS …`, ISNULL, NOTNULL.
    #[inline(never)]
    fn is_test(&mut self, operand: Expr, context: Context, closed: &mut u8) -> Result<Expr> {
        let location = self.location();
        let operand = Box::new(operand);
        if self.accept(K::Isnull) {
            return Ok(expr(ExprKind::Is { operand, test: IsTest::Null, negated: false }, location));
        }
        if self.accept(K::Notnull) {
            return Ok(expr(ExprKind::Is { operand, test: IsTest::Null, negated: true }, location));
        }
        self.expect(K::Is)?;
        let negated = self.accept(K::Not);
        if self.accept(K::Distinct) {
            self.expect(K::From)?;
            let right = Box::new(self.operand(level::IS + 1, context)?);
            *closed = level::IS;
            return Ok(expr(ExprKind::IsDistinctFrom { left: operand, right, negated }, location));
        }
        let test = match self.keyword() {
            Some(K::Document) => IsTest::Document,
            _ if context == Context::Restricted => return Err(self.syntax_error()),
            Some(K::Null) => IsTest::Null,
            Some(K::True) => IsTest::True,
            Some(K::False) => IsTest::False,
            Some(K::Unknown) => IsTest::Unknown,
            Some(K::Normalized) => IsTest::Normalized(None),
            Some(form @ (K::Nfc | K::Nfd | K::Nfkc | K::Nfkd)) => {
                self.advance();
                if !self.is(K::Normalized) {
                    return Err(self.syntax_error());
                }
                IsTest::Normalized(Some(form.word().to_uppercase().into()))
            }
            Some(K::Json) => {
                self.advance();
                let kind = match self.keyword() {
                    Some(K::Value) => Some(JsonValueKind::Any),
                    Some(K::Array) => Some(JsonValueKind::Array),
                    Some(K::Object) => Some(JsonValueKind::Object),
                    Some(K::Scalar) => Some(JsonValueKind::Scalar),
                    _ => None,
                };
                if kind.is_some() {
                    self.advance();
                }
                // Elsewhere WITH may begin what follows the expression.
                let unique = self.is_at(1, K::Unique);
                let unique_keys = unique && self.json_unique_keys()?;
                let test = IsTest::Json { kind: kind.unwrap_or(JsonValueKind::Any), unique_keys };
                return Ok(expr(ExprKind::Is { operand, test, negated }, location));
            }
            _ => return Err(self.syntax_error()),
        };
        self.advance();
        Ok(expr(ExprKind::Is { operand, test, negated }, location))
    }

    /// `[NOT] BETWEEN|IN|LIKE|ILIKE|SIMILAR TO …`
    #[inline(never)]
    fn pattern_test(&mut self, operand: Expr, closed: &mut u8) -> Result<Expr> {
        let location = self.location();
        let negated = self.accept(K::Not);
        let Some(keyword) = self.keyword() else { return Err(self.syntax_error()) };
        self.advance();
        match keyword {
            K::In => {
                let set = match self.parenthesized(true)? {
                    Parenthesized::Select(select) => InSet::Subquery(select),
                    Parenthesized::List(list) => InSet::List(list),
                };
                return Ok(expr(ExprKind::In(Box::new(In { operand, set, negated })), location));
            }
            K::Between => {
                let symmetric = self.accept(K::Symmetric);
                if !symmetric {
                    self.accept(K::Asymmetric);
                }
                let low = self.restricted_expr()?;
                self.expect(K::And)?;
                let high = self.expr_at(level::LIKE + 1, Context::General)?;
                *closed = level::LIKE;
                let between = Between { operand, low, high, symmetric, negated };
                return Ok(expr(ExprKind::Between(Box::new(between)), location));
            }
            K::Like | K::Ilike if self.is_any(&[K::Any, K::Some, K::All]) => {
                let symbol = match (keyword, negated) {
                    (K::Like, false) => "~~",
                    (K::Like, true) => "!~~",
                    (_, false) => "~~*",
                    _ => "!~~*",
                };
                return self.quantified(operand, Operator::known(symbol, location), location);
            }
            _ => {}
        }
        let kind = match keyword {
            K::Like => LikeKind::Like,
            K::Ilike => LikeKind::Ilike,
            _ => {
                self.expect(K::To)?;
                LikeKind::SimilarTo
            }
        };
        let pattern = self.expr_at(level::LIKE + 1, Context::General)?;
        let escape = if self.accept(K::Escape) { Some(self.expr_at(level::LIKE + 1, Context::General)?) } else { None };
        *closed = level::LIKE;
        Ok(expr(ExprKind::Like(Box::new(Like { kind, operand, pattern, escape, negated })), location))
    }

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

/// The operators that are tokens of their own.
fn math_operator(token: Token) -> Option<(&'static str, u8)> {
    Some(match token.kind {
        TokenKind::Equals => ("=", level::COMPARISON),
        TokenKind::Less => ("<", level::COMPARISON),
        TokenKind::Greater => (">", level::COMPARISON),
        TokenKind::LessEquals => ("<=", level::COMPARISON),
        TokenKind::GreaterEquals => (">=", level::COMPARISON),
        TokenKind::NotEquals => ("<>", level::COMPARISON),
        TokenKind::Plus => ("+", level::ADD),
        TokenKind::Minus => ("-", level::ADD),
        TokenKind::Star => ("*", level::MULTIPLY),
        TokenKind::Slash => ("/", level::MULTIPLY),
        TokenKind::Percent => ("%", level::MULTIPLY),
        TokenKind::Caret => ("^", level::POWER),
        _ => return None,
    })
}

/// `type 'text'`; the error cursor for the cast stands at the type.
fn cast_constant(text: Name, at: u32, target: TypeName) -> Expr {
    let location = target.location;
    let operand = Box::new(string_constant(text, at));
    expr(ExprKind::Cast { operand, target: Box::new(target) }, location)
}

/// `+a` or `-a`; the minus of a number becomes part of it.
fn signed(minus: bool, operand: Expr, location: u32) -> Expr {
    if minus && let ExprKind::Constant(constant) = operand.kind {
        let constant = match constant {
            Constant::Integer(value) => Constant::Integer(value.wrapping_neg()),
            Constant::Float(text) => Constant::Float(match text.strip_prefix('-') {
                Some(positive) => positive.into(),
                None => format!("-{text}").into(),
            }),
            other => {
                let operand = Box::new(expr(ExprKind::Constant(other), operand.location));
                return expr(ExprKind::Unary { operator: Operator::known("-", location), operand }, location);
            }
        };
        return expr(ExprKind::Constant(constant), location);
    }
    let operator = Operator::known(if minus { "-" } else { "+" }, location);
    expr(ExprKind::Unary { operator, operand: Box::new(operand) }, location)
}

/// `left AND right`, `left OR right`: chains stay flat.
fn junction(and: bool, left: Expr, right: Expr, location: u32) -> Expr {
    let mut operands = match left.kind {
        ExprKind::And(operands) if and => {
            return push(operands, right, left.location, true);
        }
        ExprKind::Or(operands) if !and => {
            return push(operands, right, left.location, false);
        }
        kind => vec![expr(kind, left.location)],
    };
    operands.push(right);
    let kind = if and { ExprKind::And(operands) } else { ExprKind::Or(operands) };
    return expr(kind, location);

    fn push(mut operands: Vec<Expr>, right: Expr, location: u32, and: bool) -> Expr {
        operands.push(right);
        let kind = if and { ExprKind::And(operands) } else { ExprKind::Or(operands) };
        expr(kind, location)
    }
}
