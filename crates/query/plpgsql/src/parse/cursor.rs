//! Cursors: OPEN, FETCH, MOVE, and the arguments of cursors that have some.

use error::{Error, Result, SqlState};
use parser::ast::FetchDirection;
use parser::lexer::TokenKind;
use types::oid;

use super::Parser;
use crate::tree::*;

impl Parser<'_> {
    pub(super) fn is_cursor(&self, number: Number) -> bool {
        match &self.variables[number].kind {
            VariableKind::Cursor(_) => true,
            VariableKind::Scalar(ty) => ty.oid == oid::REFCURSOR,
            VariableKind::Record(_) => false,
        }
    }

    pub(super) fn cursor_variable(&mut self) -> Result<Number> {
        let Some((number, parts, used, ahead)) = self.peek_variable() else {
            let token = self.token();
            let text = format!("\"{}\" is not a known variable", self.source(token));
            return Err(self.error(SqlState::SYNTAX_ERROR, text));
        };
        if used < parts.len() || self.is_row(number) {
            return Err(self.error(SqlState::DATATYPE_MISMATCH, "cursor variable must be a simple variable"));
        }
        if !self.is_cursor(number) {
            let text = format!("variable \"{}\" must be of type cursor or refcursor", self.variables[number].name);
            return Err(self.error(SqlState::DATATYPE_MISMATCH, text));
        }
        self.at += ahead;
        Ok(number)
    }

    /// `(arguments)` of a bound cursor, as `SELECT` of its arguments in order.
    pub(super) fn cursor_arguments(&mut self, cursor: Number) -> Result<Option<Fragment>> {
        let VariableKind::Cursor(bound) = &self.variables[cursor].kind else { return Ok(None) };
        let (wanted, name) = (bound.arguments.clone(), self.variables[cursor].name.clone());
        let start = self.token().start;
        if !self.accept_kind(TokenKind::LeftParen) {
            if !wanted.is_empty() {
                return Err(self.error(SqlState::SYNTAX_ERROR, format!("cursor \"{name}\" has arguments")));
            }
            return Ok(None);
        }
        if wanted.is_empty() {
            return Err(self.error(SqlState::SYNTAX_ERROR, format!("cursor \"{name}\" has no arguments")));
        }
        let mut values: Vec<Option<String>> = vec![None; wanted.len()];
        let mut at = 0;
        loop {
            let mut place = at;
            let named = self
                .identifier_of(self.token())
                .filter(|_| matches!(self.token_at(1).kind, TokenKind::ColonEquals | TokenKind::EqualsGreater));
            if let Some(argument) = named {
                let found = wanted.iter().position(|&number| self.variables[number].name == argument);
                let Some(found) = found else {
                    let text = format!("cursor \"{name}\" has no argument named \"{argument}\"");
                    return Err(self.error(SqlState::SYNTAX_ERROR, text));
                };
                place = found;
                self.at += 2;
            }
            let from = self.token().start;
            let end = self.skip_until(&|p| matches!(p.kind(), TokenKind::Comma | TokenKind::RightParen), ")", true)?;
            let Some(slot) = values.get_mut(place) else {
                return Err(self.error(SqlState::SYNTAX_ERROR, format!("too many arguments for cursor \"{name}\"")));
            };
            if slot.is_some() {
                let argument = &self.variables[wanted[place]].name;
                let text = format!("value for parameter \"{argument}\" of cursor \"{name}\" specified more than once");
                return Err(self.error(SqlState::SYNTAX_ERROR, text));
            }
            *slot = Some(self.text[from as usize..end as usize].to_string());
            at += 1;
            if !self.accept_kind(TokenKind::Comma) {
                break;
            }
        }
        let Some(values) = values.into_iter().collect::<Option<Vec<_>>>() else {
            return Err(self.error(SqlState::SYNTAX_ERROR, format!("not enough arguments for cursor \"{name}\"")));
        };
        self.expect_kind(TokenKind::RightParen)?;
        self.fragment_of(&format!("SELECT {}", values.join(", ")), start, Mode::Statement).map(Some)
    }

    pub(super) fn open_statement(&mut self) -> Result<Kind> {
        self.at += 1;
        let cursor = self.cursor_variable()?;
        if let VariableKind::Cursor(bound) = &self.variables[cursor].kind {
            let scroll = bound.scroll;
            let arguments = self.cursor_arguments(cursor)?;
            return Ok(Kind::Open { cursor, scroll, what: Opened::Bound { arguments } });
        }
        let scroll = match () {
            () if self.is("no") => {
                self.at += 1;
                self.expect("scroll")?;
                Some(false)
            }
            () if self.accept("scroll") => Some(true),
            () => None,
        };
        if !self.accept("for") {
            return Err(self.near("syntax error, expected \"FOR\""));
        }
        if self.accept("execute") {
            let query = self.expression_before(&["using"], &[TokenKind::Semicolon])?;
            let using = self.using()?;
            return Ok(Kind::Open { cursor, scroll, what: Opened::Execute { query, using } });
        }
        let start = self.token().start;
        let end = self.skip_until(&|p| p.is_kind(TokenKind::Semicolon), ";", false)?;
        let query = self.fragment(start, end, Mode::Statement)?;
        Ok(Kind::Open { cursor, scroll, what: Opened::Query(query) })
    }

    pub(super) fn fetch_statement(&mut self, is_move: bool) -> Result<Kind> {
        self.at += 1;
        let mut direction = Direction { kind: FetchDirection::Forward, count: None, number: 1, many: false };
        let mut wants_from = true;
        let all = i64::MAX;
        let words = [
            ("next", FetchDirection::Forward, 1, false),
            ("prior", FetchDirection::Backward, 1, false),
            ("first", FetchDirection::Absolute, 1, false),
            ("last", FetchDirection::Absolute, -1, false),
            ("all", FetchDirection::Forward, all, true),
        ];
        // A variable may be called as a direction is.
        let lone = self.peek_variable().is_some_and(|(number, _, _, ahead)| {
            self.is_cursor(number)
                && (self.is_word_at(ahead, "into") || self.token_at(ahead).kind == TokenKind::Semicolon)
        });
        let count = |this: &mut Self| this.expression_before(&["from", "in"], &[TokenKind::Semicolon]);
        if lone {
            wants_from = false;
        } else if let Some((_, kind, number, many)) = words.into_iter().find(|(word, ..)| self.is(word)) {
            self.at += 1;
            (direction.kind, direction.number, direction.many) = (kind, number, many);
        } else if self.is("absolute") || self.is("relative") {
            direction.kind = if self.is("absolute") { FetchDirection::Absolute } else { FetchDirection::Relative };
            self.at += 1;
            direction.count = Some(count(self)?);
        } else if self.is("forward") || self.is("backward") {
            direction.kind = if self.is("forward") { FetchDirection::Forward } else { FetchDirection::Backward };
            self.at += 1;
            if self.accept("all") {
                (direction.number, direction.many) = (all, true);
            } else if !self.is("from") && !self.is("in") {
                if self.peek_variable().is_none() {
                    direction.count = Some(count(self)?);
                    direction.many = true;
                } else {
                    wants_from = false;
                }
            }
        } else if self.is("from") || self.is("in") {
        } else {
            direction.count = Some(count(self)?);
            direction.many = true;
        }
        if wants_from && !self.accept("from") {
            self.expect("in")?;
        }
        let cursor = self.cursor_variable()?;
        if is_move {
            return Ok(Kind::Fetch { cursor, direction, target: None });
        }
        if direction.many {
            return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, "FETCH statement cannot return multiple rows"));
        }
        self.expect("into")?;
        let (target, _) = self.destination()?;
        Ok(Kind::Fetch { cursor, direction, target: Some(target) })
    }
}
