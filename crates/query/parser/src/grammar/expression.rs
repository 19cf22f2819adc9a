//! Expressions: operators by precedence climbing, and the primaries they connect.
//!
//! Levels, from loose to tight: OR, AND, NOT, IS, comparison, LIKE and its like, other operators, `+ -`, `* / %`, `^`,
//! AT, COLLATE, unary sign, `::`. Comparison, IS and LIKE do not associate: after one, another of the same level is a
//! syntax error. Postfix forms (`IS NULL`, `IN (…)`) are complete, so anything may follow them.
//!
//! A *restricted* expression is SQL's second kind, where AND, IN, LIKE, NOT … have another meaning in the context (the
//! bounds of BETWEEN, a column's DEFAULT, POSITION's arguments).

use super::Parser;
use super::primary::Parenthesized;
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
