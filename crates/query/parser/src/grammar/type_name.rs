//! The names of types.

use super::Parser;
use crate::ast::{Constant, Expr, ExprKind, NO_LOCATION, ObjectName, TypeName};
use crate::keywords::Keyword as K;
use crate::lexer::TokenKind;
use error::{Result, SqlState};

/// Bits of `interval`'s typmod, one for each field.
mod interval {
    pub const MONTH: i32 = 1 << 1;
    pub const YEAR: i32 = 1 << 2;
    pub const DAY: i32 = 1 << 3;
    pub const HOUR: i32 = 1 << 10;
    pub const MINUTE: i32 = 1 << 11;
    pub const SECOND: i32 = 1 << 12;
    /// All fields.
    pub const FULL_RANGE: i32 = 0x7FFF;
}

pub(super) fn integer(value: i32, location: u32) -> Expr {
    Expr { kind: ExprKind::Constant(Constant::Integer(value)), location }
}

impl Parser<'_> {
    /// The whole text is a type's name.
    pub fn lone_type_name(&mut self) -> Result<TypeName> {
        let name = self.type_name()?;
        self.expect_kind(TokenKind::End)?;
        Ok(name)
    }

    /// A type with its modifiers and array bounds.
    pub fn type_name(&mut self) -> Result<TypeName> {
        let setof = self.accept(K::Setof);
        let mut name = self.simple_type_name()?;
        name.setof = setof;
        self.array_bounds(&mut name)?;
        Ok(name)
    }

    /// A type as functions' parameters and results have it: also `table.column%TYPE`.
    pub fn function_type_name(&mut self) -> Result<TypeName> {
        let n = usize::from(self.is(K::Setof));
        // A dotted name may end in %TYPE.
        if Self::is_type_or_function_name(self.token_at(n)) && self.kind_at(n + 1) == TokenKind::Dot {
            let setof = self.accept(K::Setof);
            let location = self.location();
            let first = self.type_or_function_name()?;
            let object = self.qualified_rest(first, location)?;
            let mut name = TypeName::plain(object);
            name.setof = setof;
            if self.accept_kind(TokenKind::Percent) {
                self.expect(K::Type)?;
                name.percent_type = true;
                return Ok(name);
            }
            name.modifiers = self.type_modifiers()?;
            self.array_bounds(&mut name)?;
            return Ok(name);
        }
        self.type_name()
    }

    fn array_bounds(&mut self, name: &mut TypeName) -> Result<()> {
        if self.accept(K::Array) {
            let mut bound = None;
            if self.accept_kind(TokenKind::LeftBracket) {
                bound = Some(self.unsigned_integer()?);
                self.expect_kind(TokenKind::RightBracket)?;
            }
            name.array_bounds.push(bound);
            return Ok(());
        }
        while self.accept_kind(TokenKind::LeftBracket) {
            let bound = if self.is_kind(TokenKind::RightBracket) { None } else { Some(self.unsigned_integer()?) };
            self.expect_kind(TokenKind::RightBracket)?;
            name.array_bounds.push(bound);
        }
        Ok(())
    }

    /// `[(expression, …)]`
    fn type_modifiers(&mut self) -> Result<Vec<Expr>> {
        if !self.is_kind(TokenKind::LeftParen) {
            return Ok(Vec::new());
        }
        self.parenthesized_list(Self::expr)
    }

    /// A type without SETOF and array bounds.
    pub fn simple_type_name(&mut self) -> Result<TypeName> {
        if let Some(name) = self.builtin_type_name(false)? {
            return Ok(name);
        }
        if self.is(K::Interval) {
            return self.interval_type_name();
        }
        let location = self.location();
        let first = self.type_or_function_name()?;
        let object = self.qualified_rest(first, location)?;
        let mut name = TypeName::plain(object);
        name.modifiers = self.type_modifiers()?;
        Ok(name)
    }

    /// Whether a type in one of SQL's own spellings begins here (`interval` aside).
    pub fn at_builtin_type_name(&self) -> bool {
        match self.keyword() {
            Some(K::Double) => self.is_at(1, K::Precision),
            word => word.is_some_and(is_builtin_type_word),
        }
    }

    /// A type in one of SQL's own spellings. In `constant`s (`bit '101'`), a missing length does not mean 1.
    pub fn builtin_type_name(&mut self, constant: bool) -> Result<Option<TypeName>> {
        if !self.at_builtin_type_name() {
            return Ok(None);
        }
        let location = self.location();
        let Some(keyword) = self.keyword() else { return Ok(None) };
        self.advance();
        let mut modifiers = Vec::new();
        let name = match keyword {
            K::Int | K::Integer => "int4",
            K::Smallint => "int2",
            K::Bigint => "int8",
            K::Real => "float4",
            K::Boolean => "bool",
            K::Json => "json",
            K::Double => {
                self.advance();
                "float8"
            }
            K::Float => self.float_type()?,
            K::Decimal | K::Dec | K::Numeric => {
                modifiers = self.type_modifiers()?;
                "numeric"
            }
            K::Bit => {
                let varying = self.accept(K::Varying);
                modifiers = self.type_modifiers()?;
                if !varying && !constant && modifiers.is_empty() {
                    modifiers.push(integer(1, NO_LOCATION));
                }
                if varying { "varbit" } else { "bit" }
            }
            K::Timestamp | K::Time => {
                if self.accept_kind(TokenKind::LeftParen) {
                    let at = self.location();
                    modifiers.push(integer(self.unsigned_integer()?, at));
                    self.expect_kind(TokenKind::RightParen)?;
                }
                match (keyword, self.time_zone()?) {
                    (K::Timestamp, true) => "timestamptz",
                    (K::Timestamp, false) => "timestamp",
                    (_, true) => "timetz",
                    _ => "time",
                }
            }
            _ => {
                if keyword == K::National && !self.accept(K::Character) {
                    self.expect(K::Char)?;
                }
                let varying = keyword == K::Varchar || self.accept(K::Varying);
                if self.accept_kind(TokenKind::LeftParen) {
                    let at = self.location();
                    modifiers.push(integer(self.unsigned_integer()?, at));
                    self.expect_kind(TokenKind::RightParen)?;
                } else if !varying && !constant {
                    modifiers.push(integer(1, NO_LOCATION));
                }
                if varying { "varchar" } else { "bpchar" }
            }
        };
        let mut name = TypeName::plain(ObjectName::system(name, location));
        name.modifiers = modifiers;
        Ok(Some(name))
    }

    fn float_type(&mut self) -> Result<&'static str> {
        if !self.accept_kind(TokenKind::LeftParen) {
            return Ok("float8");
        }
        let at = self.location();
        let bits = self.unsigned_integer()?;
        self.expect_kind(TokenKind::RightParen)?;
        let bad = |p: &Self, what: &str| p.error(SqlState::INVALID_PARAMETER_VALUE, what, at);
        match bits {
            ..1 => Err(bad(self, "precision for type float must be at least 1 bit")),
            1..=24 => Ok("float4"),
            25..=53 => Ok("float8"),
            _ => Err(bad(self, "precision for type float must be less than 54 bits")),
        }
    }

    /// `[WITH TIME ZONE | WITHOUT TIME ZONE]`
    fn time_zone(&mut self) -> Result<bool> {
        let with = self.is(K::With);
        if (with || self.is(K::Without)) && self.is_at(1, K::Time) {
            self.skip(2);
            self.expect(K::Zone)?;
            return Ok(with);
        }
        Ok(false)
    }

    /// `INTERVAL [fields]` or `INTERVAL (precision)`
    pub fn interval_type_name(&mut self) -> Result<TypeName> {
        let location = self.location();
        self.expect(K::Interval)?;
        let mut name = TypeName::plain(ObjectName::system("interval", location));
        if !self.interval_precision(&mut name)? {
            name.modifiers = self.interval_fields()?;
        }
        Ok(name)
    }

    /// `[(precision)]` behind INTERVAL.
    pub fn interval_precision(&mut self, name: &mut TypeName) -> Result<bool> {
        if !self.accept_kind(TokenKind::LeftParen) {
            return Ok(false);
        }
        let at = self.location();
        let precision = self.unsigned_integer()?;
        self.expect_kind(TokenKind::RightParen)?;
        name.modifiers = vec![integer(interval::FULL_RANGE, NO_LOCATION), integer(precision, at)];
        Ok(true)
    }

    /// `[YEAR | YEAR TO MONTH | … | SECOND (precision)]`, as the modifiers that they stand for.
    pub fn interval_fields(&mut self) -> Result<Vec<Expr>> {
        use interval::{DAY, HOUR, MINUTE, MONTH, SECOND, YEAR};
        let location = self.location();
        let first = match self.keyword() {
            Some(K::Year) => YEAR,
            Some(K::Month) => MONTH,
            Some(K::Day) => DAY,
            Some(K::Hour) => HOUR,
            Some(K::Minute) => MINUTE,
            Some(K::Second) => SECOND,
            _ => return Ok(Vec::new()),
        };
        self.advance();
        let mut mask = first;
        let mut last = first;
        if !matches!(first, MONTH | SECOND) && self.accept(K::To) {
            let order = [YEAR, MONTH, DAY, HOUR, MINUTE, SECOND];
            last = match self.keyword() {
                Some(K::Month) if first == YEAR => MONTH,
                Some(K::Hour) if first == DAY => HOUR,
                Some(K::Minute) if matches!(first, DAY | HOUR) => MINUTE,
                Some(K::Second) if first != YEAR => SECOND,
                _ => return Err(self.syntax_error()),
            };
            self.advance();
            let between = order.iter().skip_while(|&&field| field != first);
            mask = between.take_while(|&&field| field != last).fold(last, |mask, field| mask | field);
        }
        let mut modifiers = vec![integer(mask, location)];
        if last == SECOND && self.accept_kind(TokenKind::LeftParen) {
            let at = self.location();
            modifiers.push(integer(self.unsigned_integer()?, at));
            self.expect_kind(TokenKind::RightParen)?;
        }
        Ok(modifiers)
    }
}

/// Words that are the names of types by themselves, in SQL's own spellings (`interval` and `double` aside).
pub(super) fn is_builtin_type_word(word: K) -> bool {
    matches!(
        word,
        K::Int
            | K::Integer
            | K::Smallint
            | K::Bigint
            | K::Real
            | K::Float
            | K::Decimal
            | K::Dec
            | K::Numeric
            | K::Boolean
            | K::Bit
            | K::Character
            | K::Char
            | K::Varchar
            | K::National
            | K::Nchar
            | K::Timestamp
            | K::Time
            | K::Json
    )
}
