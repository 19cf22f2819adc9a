//! Function calls: the ordinary form with all its clauses, and the forms with a syntax of their own.

use super::Parser;
use super::expression::{Context, argument, expr, level, string_constant, system_call};
use super::type_name::integer;
use crate::ast::*;
use crate::keywords::Keyword as K;
use crate::lexer::TokenKind;
use error::{Result, SqlState};

impl Parser<'_> {
    /// What begins with `name (`: a call, or `type (modifiers) 'literal'`. In FROM (`windowless`) a call ends with its
    /// parentheses.
    pub(super) fn call_or_literal(&mut self, name: ObjectName, windowless: bool) -> Result<Expr> {
        let location = name.location;
        let (call, plain) = self.nested(|p| p.call_arguments(name))?;
        if windowless {
            return Ok(expr(ExprKind::Call(Box::new(call)), location));
        }
        if plain && self.is_kind(TokenKind::String) {
            return self.modified_literal(call, location);
        }
        let call = self.call_clauses(call)?;
        Ok(expr(ExprKind::Call(Box::new(call)), location))
    }

    /// `(…)` of a call. The flag says that it is an ordinary list, which could be a type's modifiers too.
    #[inline(never)]
    fn call_arguments(&mut self, name: ObjectName) -> Result<(FunctionCall, bool)> {
        let mut call = FunctionCall::new(name, Vec::new());
        self.expect_kind(TokenKind::LeftParen)?;
        let mut plain = false;
        if self.accept_kind(TokenKind::Star) {
            call.star = true;
        } else if !self.is_kind(TokenKind::RightParen) {
            plain = true;
            if self.accept(K::Distinct) {
                call.distinct = true;
                plain = false;
            } else if self.accept(K::All) {
                plain = false;
            }
            let quantified = !plain;
            loop {
                if !quantified && self.accept(K::Variadic) {
                    call.variadic = true;
                    plain = false;
                }
                call.arguments.push(self.argument()?);
                if call.variadic || !self.accept_kind(TokenKind::Comma) {
                    break;
                }
            }
            call.order_by = self.order_by()?;
        }
        self.expect_kind(TokenKind::RightParen)?;
        Ok((call, plain))
    }

    /// `[name =>] value`
    pub(super) fn argument(&mut self) -> Result<Argument> {
        let location = self.location();
        let named = matches!(self.kind_at(1), TokenKind::EqualsGreater | TokenKind::ColonEquals)
            && Self::is_type_or_function_name(self.token());
        let mut name = None;
        if named {
            name = Some(self.type_or_function_name()?);
            self.advance();
        }
        Ok(Argument { name, value: self.expr()?, location })
    }

    /// `type (modifiers) 'literal'`
    #[inline(never)]
    fn modified_literal(&mut self, call: FunctionCall, location: u32) -> Result<Expr> {
        if let Some(named) = call.arguments.iter().find(|argument| argument.name.is_some()) {
            let message = "type modifier cannot have parameter name";
            return Err(self.error(SqlState::SYNTAX_ERROR, message, named.location));
        }
        let at = self.location();
        if !call.order_by.is_empty() {
            return Err(self.error(SqlState::SYNTAX_ERROR, "type modifier cannot have ORDER BY", at));
        }
        let text = self.string()?;
        let mut target = TypeName::plain(call.name);
        target.modifiers = call.arguments.into_iter().map(|argument| argument.value).collect();
        let operand = Box::new(string_constant(text, at));
        Ok(expr(ExprKind::Cast { operand, target: Box::new(target) }, location))
    }

    /// `[WITHIN GROUP (…)] [FILTER (…)] [OVER …]`
    #[inline(never)]
    fn call_clauses(&mut self, mut call: FunctionCall) -> Result<FunctionCall> {
        if !self.is_any(&[K::Within, K::Filter, K::Over]) {
            return Ok(call);
        }
        let location = self.location();
        if self.accept(K::Within) {
            self.expect(K::Group)?;
            self.expect_kind(TokenKind::LeftParen)?;
            if !self.is(K::Order) {
                return Err(self.syntax_error());
            }
            let order_by = self.order_by()?;
            self.expect_kind(TokenKind::RightParen)?;
            let conflict = if !call.order_by.is_empty() {
                Some("cannot use multiple ORDER BY clauses with WITHIN GROUP")
            } else if call.distinct {
                Some("cannot use DISTINCT with WITHIN GROUP")
            } else if call.variadic {
                Some("cannot use VARIADIC with WITHIN GROUP")
            } else {
                None
            };
            if let Some(message) = conflict {
                return Err(self.error(SqlState::SYNTAX_ERROR, message, location));
            }
            call.order_by = order_by;
            call.within_group = true;
        }
        call.filter = self.filter_clause()?;
        call.over = self.over_clause()?;
        Ok(call)
    }

    /// `[FILTER (WHERE …)]`
    pub(super) fn filter_clause(&mut self) -> Result<Option<Expr>> {
        if !self.accept(K::Filter) {
            return Ok(None);
        }
        self.expect_kind(TokenKind::LeftParen)?;
        self.expect(K::Where)?;
        let filter = self.expr()?;
        self.expect_kind(TokenKind::RightParen)?;
        Ok(Some(filter))
    }

    /// `[OVER window]`
    pub(super) fn over_clause(&mut self) -> Result<Option<Over>> {
        if !self.accept(K::Over) {
            return Ok(None);
        }
        let location = self.location();
        if self.is_kind(TokenKind::LeftParen) {
            return Ok(Some(Over::Inline(Box::new(self.window_specification()?))));
        }
        Ok(Some(Over::Window { name: self.name()?, location }))
    }

    /// `(existing PARTITION BY … ORDER BY … frame)`
    #[inline(never)]
    pub(super) fn window_specification(&mut self) -> Result<WindowSpecification> {
        let location = self.location();
        self.expect_kind(TokenKind::LeftParen)?;
        let mut base = None;
        if Self::is_column_name(self.token()) && !self.is_any(&[K::Partition, K::Range, K::Rows, K::Groups]) {
            base = Some(self.name()?);
        }
        let mut partition_by = Vec::new();
        if self.accept(K::Partition) {
            self.expect(K::By)?;
            partition_by = self.exprs()?;
        }
        let order_by = self.order_by()?;
        let frame = self.window_frame()?;
        self.expect_kind(TokenKind::RightParen)?;
        Ok(WindowSpecification { base, partition_by, order_by, frame, location })
    }

    fn window_frame(&mut self) -> Result<Option<WindowFrame>> {
        let units = match self.keyword() {
            Some(K::Range) => FrameUnits::Range,
            Some(K::Rows) => FrameUnits::Rows,
            Some(K::Groups) => FrameUnits::Groups,
            _ => return Ok(None),
        };
        self.advance();
        let wrong = |p: &Self, message: &str, at: u32| Err(p.error(SqlState::WINDOWING_ERROR, message, at));
        let mut end = None;
        let start_at;
        let start;
        // BETWEEN can also be a column, if what follows cannot begin a bound.
        let column = matches!(
            self.kind_at(1),
            TokenKind::Typecast
                | TokenKind::Dot
                | TokenKind::LeftBracket
                | TokenKind::Star
                | TokenKind::Slash
                | TokenKind::Percent
                | TokenKind::Caret
                | TokenKind::Equals
                | TokenKind::Less
                | TokenKind::Greater
        );
        if !column && self.accept(K::Between) {
            if self.is(K::Between) {
                return Err(self.syntax_error());
            }
            start_at = self.location();
            start = self.frame_bound()?;
            self.expect(K::And)?;
            let end_at = self.location();
            let bound = self.frame_bound()?;
            match (&start, &bound) {
                (FrameBound::UnboundedFollowing, _) => {
                    return wrong(self, "frame start cannot be UNBOUNDED FOLLOWING", start_at);
                }
                (_, FrameBound::UnboundedPreceding) => {
                    return wrong(self, "frame end cannot be UNBOUNDED PRECEDING", end_at);
                }
                (FrameBound::CurrentRow, FrameBound::Preceding(_)) => {
                    return wrong(self, "frame starting from current row cannot have preceding rows", end_at);
                }
                (FrameBound::Following(_), FrameBound::Preceding(_) | FrameBound::CurrentRow) => {
                    return wrong(self, "frame starting from following row cannot have preceding rows", end_at);
                }
                _ => {}
            }
            end = Some(bound);
        } else {
            start_at = self.location();
            start = self.frame_bound()?;
            match start {
                FrameBound::UnboundedFollowing => {
                    return wrong(self, "frame start cannot be UNBOUNDED FOLLOWING", start_at);
                }
                FrameBound::Following(_) => {
                    return wrong(self, "frame starting from following row cannot end with current row", start_at);
                }
                _ => {}
            }
        }
        let mut exclusion = FrameExclusion::NoOthers;
        if self.accept(K::Exclude) {
            exclusion = match self.keyword() {
                Some(K::Current) => {
                    self.advance();
                    if !self.is(K::Row) {
                        return Err(self.syntax_error());
                    }
                    FrameExclusion::CurrentRow
                }
                Some(K::Group) => FrameExclusion::Group,
                Some(K::Ties) => FrameExclusion::Ties,
                Some(K::No) => {
                    self.advance();
                    if !self.is(K::Others) {
                        return Err(self.syntax_error());
                    }
                    FrameExclusion::NoOthers
                }
                _ => return Err(self.syntax_error()),
            };
            self.advance();
        }
        Ok(Some(WindowFrame { units, start, end, exclusion }))
    }

    pub(super) fn is_any_at(&self, n: usize, keywords: &[K]) -> bool {
        self.keyword_at(n).is_some_and(|keyword| keywords.contains(&keyword))
    }

    fn frame_bound(&mut self) -> Result<FrameBound> {
        if self.is(K::Unbounded) {
            let bound = match self.keyword_at(1) {
                Some(K::Preceding) => Some(FrameBound::UnboundedPreceding),
                Some(K::Following) => Some(FrameBound::UnboundedFollowing),
                _ => None,
            };
            if let Some(bound) = bound {
                self.skip(2);
                return Ok(bound);
            }
        }
        if self.is(K::Current) && self.is_at(1, K::Row) {
            self.skip(2);
            return Ok(FrameBound::CurrentRow);
        }
        let offset = Box::new(self.expr()?);
        if self.accept(K::Preceding) {
            return Ok(FrameBound::Preceding(offset));
        }
        self.expect(K::Following)?;
        Ok(FrameBound::Following(offset))
    }

    /// Whether a function in a syntax of its own begins here.
    pub(super) fn at_common_function(&self) -> bool {
        let open = self.kind_at(1) == TokenKind::LeftParen;
        match self.keyword() {
            Some(
                K::CurrentDate
                | K::CurrentTime
                | K::CurrentTimestamp
                | K::Localtime
                | K::Localtimestamp
                | K::CurrentRole
                | K::CurrentUser
                | K::SessionUser
                | K::SystemUser
                | K::User
                | K::CurrentCatalog
                | K::Cast,
            ) => true,
            Some(K::CurrentSchema) => !open && self.kind_at(1) != TokenKind::String,
            Some(K::Collation) => self.is_at(1, K::For),
            Some(
                K::Extract
                | K::Normalize
                | K::Overlay
                | K::Position
                | K::Substring
                | K::Treat
                | K::Trim
                | K::Nullif
                | K::Coalesce
                | K::Greatest
                | K::Least
                | K::MergeAction
                | K::Xmlconcat
                | K::Xmlelement
                | K::Xmlexists
                | K::Xmlforest
                | K::Xmlparse
                | K::Xmlpi
                | K::Xmlroot
                | K::Xmlserialize
                | K::JsonObject
                | K::JsonArray
                | K::Json
                | K::JsonScalar
                | K::JsonSerialize
                | K::JsonQuery
                | K::JsonExists
                | K::JsonValue
                | K::JsonObjectagg
                | K::JsonArrayagg,
            ) => open,
            _ => false,
        }
    }

    /// A function in a syntax of its own, if one begins here.
    #[inline(never)]
    pub(super) fn common_function(&mut self, keyword: K, windowless: bool) -> Result<Option<Expr>> {
        if !self.at_common_function() {
            return Ok(None);
        }
        let location = self.location();
        self.advance();
        let value = |kind| Ok(Some(expr(ExprKind::SqlValue(kind), location)));
        let kind = match keyword {
            K::CurrentDate => return value(SqlValue::CurrentDate),
            K::CurrentTime => return value(SqlValue::CurrentTime(self.precision()?)),
            K::CurrentTimestamp => return value(SqlValue::CurrentTimestamp(self.precision()?)),
            K::Localtime => return value(SqlValue::LocalTime(self.precision()?)),
            K::Localtimestamp => return value(SqlValue::LocalTimestamp(self.precision()?)),
            K::CurrentRole => return value(SqlValue::CurrentRole),
            K::CurrentUser => return value(SqlValue::CurrentUser),
            K::SessionUser => return value(SqlValue::SessionUser),
            K::User => return value(SqlValue::User),
            K::CurrentCatalog => return value(SqlValue::CurrentCatalog),
            K::CurrentSchema => return value(SqlValue::CurrentSchema),
            K::SystemUser => return Ok(Some(system_call("system_user", Vec::new(), location))),
            K::Collation => {
                self.expect(K::For)?;
                let of = self.parenthesized_expr()?;
                return Ok(Some(system_call("pg_collation_for", vec![of], location)));
            }
            K::JsonObjectagg | K::JsonArrayagg => {
                return self.nested(|p| p.json_aggregate(keyword, windowless, location)).map(Some);
            }
            _ => self.nested(|p| {
                p.expect_kind(TokenKind::LeftParen)?;
                let value = p.common_function_body(keyword, location)?;
                p.expect_kind(TokenKind::RightParen)?;
                Ok(value)
            })?,
        };
        Ok(Some(kind))
    }

    fn precision(&mut self) -> Result<Option<i32>> {
        if !self.accept_kind(TokenKind::LeftParen) {
            return Ok(None);
        }
        let precision = self.unsigned_integer()?;
        self.expect_kind(TokenKind::RightParen)?;
        Ok(Some(precision))
    }

    #[inline(never)]
    fn common_function_body(&mut self, keyword: K, location: u32) -> Result<Expr> {
        let made = |kind| Ok(expr(kind, location));
        match keyword {
            K::Cast => {
                let operand = Box::new(self.expr()?);
                self.expect(K::As)?;
                let target = Box::new(self.type_name()?);
                made(ExprKind::Cast { operand, target })
            }
            K::Coalesce => made(ExprKind::Coalesce(self.exprs()?)),
            K::Greatest => made(ExprKind::Greatest(self.exprs()?)),
            K::Least => made(ExprKind::Least(self.exprs()?)),
            K::Nullif => {
                let left = self.expr()?;
                self.expect_kind(TokenKind::Comma)?;
                let right = self.expr()?;
                made(ExprKind::NullIf(Box::new([left, right])))
            }
            K::MergeAction => made(ExprKind::MergeAction),
            K::Extract => self.extract(location),
            K::Normalize => {
                let mut arguments = vec![self.expr()?];
                if self.accept_kind(TokenKind::Comma) {
                    let at = self.location();
                    let form = match self.keyword() {
                        Some(form @ (K::Nfc | K::Nfd | K::Nfkc | K::Nfkd)) => form.word().to_uppercase(),
                        _ => return Err(self.syntax_error()),
                    };
                    self.advance();
                    arguments.push(string_constant(form, at));
                }
                Ok(system_call("normalize", arguments, location))
            }
            K::Position => {
                let needle = self.restricted_expr()?;
                self.expect(K::In)?;
                let text = self.restricted_expr()?;
                Ok(system_call("position", vec![text, needle], location))
            }
            K::Overlay => self.overlay(location),
            K::Substring => self.substring(location),
            K::Trim => self.trim(location),
            K::Treat => {
                let value = self.expr()?;
                self.expect(K::As)?;
                let target = self.type_name()?;
                // A call of the function that has the type's name.
                let name = ObjectName::system(target.name.name, location);
                let call = FunctionCall::new(name, vec![argument(value)]);
                made(ExprKind::Call(Box::new(call)))
            }
            K::Xmlexists => {
                let path = self.primary()?;
                let document = self.xml_passing()?;
                Ok(system_call("xmlexists", vec![path, document], location))
            }
            K::Xmlconcat | K::Xmlelement | K::Xmlforest | K::Xmlparse | K::Xmlpi | K::Xmlroot | K::Xmlserialize => {
                made(ExprKind::Xml(Box::new(self.xml_function(keyword)?)))
            }
            _ => self.json_function(keyword, location),
        }
    }

    /// `field FROM source`
    fn extract(&mut self, location: u32) -> Result<Expr> {
        let token = self.token();
        let field = match token.keyword {
            Some(K::Year | K::Month | K::Day | K::Hour | K::Minute | K::Second) => true,
            Some(_) => false,
            None => {
                matches!(token.kind, TokenKind::Identifier | TokenKind::QuotedIdentifier | TokenKind::String)
            }
        };
        if !field {
            return Err(self.syntax_error());
        }
        self.advance();
        let name = match token.kind {
            TokenKind::String => self.token_text(token),
            _ => self.identifier_text(token),
        };
        self.expect(K::From)?;
        let source = self.expr()?;
        Ok(system_call("extract", vec![string_constant(name, token.start), source], location))
    }

    /// The rest of an argument list, of which the first is read, as a call by the function's own name.
    fn ordinary_arguments(&mut self, name: &str, first: Option<Argument>, location: u32) -> Result<Expr> {
        let mut arguments = Vec::new();
        if let Some(first) = first {
            arguments.push(first);
            while self.accept_kind(TokenKind::Comma) {
                arguments.push(self.argument()?);
            }
        }
        let call = FunctionCall::new(ObjectName::unqualified(name, location), arguments);
        Ok(expr(ExprKind::Call(Box::new(call)), location))
    }

    /// `text PLACING new FROM start [FOR length]`, or ordinary arguments.
    fn overlay(&mut self, location: u32) -> Result<Expr> {
        if self.is_kind(TokenKind::RightParen) {
            return self.ordinary_arguments("overlay", None, location);
        }
        let first = self.argument()?;
        if first.name.is_some() || !self.is(K::Placing) {
            return self.ordinary_arguments("overlay", Some(first), location);
        }
        self.advance();
        let new = self.expr()?;
        self.expect(K::From)?;
        let start = self.expr()?;
        let mut arguments = vec![first.value, new, start];
        if self.accept(K::For) {
            arguments.push(self.expr()?);
        }
        Ok(system_call("overlay", arguments, location))
    }

    /// `text FROM start FOR length` in any order, `text SIMILAR pattern ESCAPE escape`, or ordinary arguments.
    fn substring(&mut self, location: u32) -> Result<Expr> {
        if self.is_kind(TokenKind::RightParen) {
            return self.ordinary_arguments("substring", None, location);
        }
        let named = matches!(self.kind_at(1), TokenKind::EqualsGreater | TokenKind::ColonEquals);
        let first = if named { self.argument()? } else { argument(self.expr_at(0, Context::Substring)?) };
        if first.name.is_some() || !self.is_any(&[K::From, K::For, K::Similar]) {
            return self.ordinary_arguments("substring", Some(first), location);
        }
        let text = first.value;
        let arguments = match self.keyword() {
            Some(K::Similar) => {
                self.advance();
                let pattern = self.expr()?;
                self.expect(K::Escape)?;
                vec![text, pattern, self.expr()?]
            }
            Some(K::From) => {
                self.advance();
                let mut arguments = vec![text, self.expr()?];
                if self.accept(K::For) {
                    arguments.push(self.expr()?);
                }
                arguments
            }
            _ => {
                self.advance();
                let length = self.expr()?;
                if self.accept(K::From) {
                    vec![text, self.expr()?, length]
                } else {
                    // From the beginning; the cast keeps other types from choosing another function.
                    let target = Box::new(TypeName::plain(ObjectName::system("int4", NO_LOCATION)));
                    let at = length.location;
                    let length = expr(ExprKind::Cast { operand: Box::new(length), target }, at);
                    vec![text, integer(1, NO_LOCATION), length]
                }
            }
        };
        Ok(system_call("substring", arguments, location))
    }

    /// `[BOTH|LEADING|TRAILING] [characters] FROM text` or `text, characters`
    fn trim(&mut self, location: u32) -> Result<Expr> {
        let name = match self.keyword() {
            Some(K::Leading) => "ltrim",
            Some(K::Trailing) => "rtrim",
            _ => "btrim",
        };
        if self.is_any(&[K::Both, K::Leading, K::Trailing]) {
            self.advance();
        }
        if self.accept(K::From) {
            let arguments = self.exprs()?;
            return Ok(system_call(name, arguments, location));
        }
        let first = self.expr()?;
        let mut arguments;
        if self.accept(K::From) {
            arguments = self.exprs()?;
            arguments.push(first);
        } else {
            arguments = vec![first];
            while self.accept_kind(TokenKind::Comma) {
                arguments.push(self.expr()?);
            }
        }
        Ok(system_call(name, arguments, location))
    }

    /// What FROM takes for a function: a call without window clauses, or a function in a syntax of its own.
    pub(super) fn windowless_function(&mut self) -> Result<Expr> {
        if let Some(keyword) = self.keyword()
            && let Some(value) = self.common_function(keyword, true)?
        {
            return Ok(value);
        }
        let name = self.function_name()?;
        if !self.is_kind(TokenKind::LeftParen) {
            return Err(self.syntax_error());
        }
        self.call_or_literal(name, true)
    }

    /// `[ORDER BY …]`
    pub(super) fn order_by(&mut self) -> Result<Vec<SortBy>> {
        if !self.accept(K::Order) {
            return Ok(Vec::new());
        }
        self.expect(K::By)?;
        self.comma_list(Self::sort_by)
    }

    fn sort_by(&mut self) -> Result<SortBy> {
        let value = self.expr_at(level::OR, Context::General)?;
        let direction =
            if self.accept(K::Using) { SortDirection::Using(self.operator()?) } else { self.sort_direction() };
        Ok(SortBy { value, direction, nulls: self.sort_nulls() })
    }

    /// `[ASC | DESC]`
    pub(super) fn sort_direction(&mut self) -> SortDirection {
        if self.accept(K::Asc) {
            SortDirection::Ascending
        } else if self.accept(K::Desc) {
            SortDirection::Descending
        } else {
            SortDirection::Default
        }
    }

    /// `[NULLS FIRST | NULLS LAST]`
    pub(super) fn sort_nulls(&mut self) -> SortNulls {
        if self.accept_all(&[K::Nulls, K::First]) {
            SortNulls::First
        } else if self.accept_all(&[K::Nulls, K::Last]) {
            SortNulls::Last
        } else {
            SortNulls::Default
        }
    }
}
