//! A statement is told by its first word; assignments are here, the others have modules by topic.

use error::{Result, SqlState};
use parser::lexer::TokenKind;

use super::Parser;
use crate::tree::*;

impl Parser<'_> {
    /// Statements up to one of these words, which stays.
    pub(super) fn statements(&mut self, ends: &[&str]) -> Result<Vec<Statement>> {
        let mut list = Vec::new();
        loop {
            if ends.iter().any(|word| self.is(word)) {
                return Ok(list);
            }
            if matches!(self.kind(), TokenKind::End | TokenKind::Invalid) {
                return Err(self.syntax_error());
            }
            let line = self.line();
            if let Some(kind) = self.statement()? {
                list.push(Statement { line, kind });
            }
        }
    }

    pub(super) fn semicolon(&mut self) -> Result<()> {
        self.expect_kind(TokenKind::Semicolon)
    }

    fn statement(&mut self) -> Result<Option<Kind>> {
        let label = self.label()?;
        if !label.is_empty() {
            let kind = match () {
                () if self.is("declare") || self.is("begin") => Kind::Block(Box::new(self.block(label)?)),
                () => self.loop_statement(label)?.ok_or_else(|| self.syntax_error())?,
            };
            self.semicolon()?;
            return Ok(Some(kind));
        }
        if let Some(assignment) = self.assignment()? {
            return Ok(Some(assignment));
        }
        let token = self.token();
        let word = match token.kind {
            TokenKind::Identifier => self.source(token).to_ascii_lowercase(),
            TokenKind::LeftParen => String::new(),
            _ => return Err(self.syntax_error()),
        };
        // Words of the language that may be SQL's, too.
        let kind = match word.as_str() {
            "declare" | "begin" => Kind::Block(Box::new(self.block(String::new())?)),
            "if" => self.if_statement()?,
            "case" => self.case_statement()?,
            "loop" | "while" | "for" | "foreach" => {
                self.loop_statement(String::new())?.ok_or_else(|| self.syntax_error())?
            }
            "exit" | "continue" => return self.exit_statement(word == "exit").map(Some),
            "return" => return self.return_statement().map(Some),
            "raise" => return self.raise_statement().map(Some),
            "assert" => {
                self.at += 1;
                let condition = self.expression_until(&[TokenKind::Comma, TokenKind::Semicolon])?;
                let message = match self.accept_kind(TokenKind::Comma) {
                    true => Some(self.expression_until(&[TokenKind::Semicolon])?),
                    false => None,
                };
                Kind::Assert { condition, message }
            }
            "execute" => self.execute_statement()?,
            "perform" => {
                let start = self.token().start;
                self.at += 1;
                let from = self.token().start;
                let end = self.skip_until(&|p| p.is_kind(TokenKind::Semicolon), ";", true)?;
                let text = format!("SELECT {}", &self.text[from as usize..end as usize]);
                Kind::Perform(self.fragment_of(&text, start, Mode::Statement)?)
            }
            "get" => self.diagnostics_statement()?,
            "open" => self.open_statement()?,
            "fetch" | "move" => self.fetch_statement(word == "move")?,
            "close" => {
                self.at += 1;
                Kind::Close { cursor: self.cursor_variable()? }
            }
            "null" => {
                self.at += 1;
                Kind::Null
            }
            "commit" | "rollback" => {
                self.at += 1;
                let mut chain = false;
                if self.accept("and") {
                    chain = !self.accept("no");
                    self.expect("chain")?;
                }
                Kind::EndTransaction { commit: word == "commit", chain }
            }
            "call" | "do" => {
                let start = self.token().start;
                let end = self.skip_until(&|p| p.is_kind(TokenKind::Semicolon), ";", false)?;
                Kind::Call { statement: self.fragment(start, end, Mode::Statement)? }
            }
            _ => {
                self.refuse_unknown_variable()?;
                self.sql_statement()?
            }
        };
        self.semicolon()?;
        Ok(Some(kind))
    }

    /// `variable := expression;`, if that is what comes.
    fn assignment(&mut self) -> Result<Option<Kind>> {
        let Some((number, parts, used, ahead)) = self.peek_variable() else { return Ok(None) };
        let next = self.token_at(ahead).kind;
        if !matches!(next, TokenKind::ColonEquals | TokenKind::Equals | TokenKind::LeftBracket | TokenKind::Dot) {
            return Ok(None);
        }
        // `found = …` may begin nothing else, but `x.y (` might: brackets and dots must lead to an assignment.
        let start = self.token().start;
        self.check_assignable(number)?;
        self.at += ahead;
        let deep = matches!(next, TokenKind::LeftBracket | TokenKind::Dot);
        // A row's field is a place of its own; what follows it is a part of the field's value.
        let is_record = matches!(self.variables[number].kind, VariableKind::Record(_));
        let field = (is_record && parts.len() > used).then(|| parts[used].clone());
        let own = used + field.is_some() as usize;
        let path = deep || parts.len() > own;
        let end = self.skip_until(&|p| p.is_kind(TokenKind::Semicolon), ";", true)?;
        let value = self.fragment(start, end, Mode::Assignment(own as u8))?;
        self.semicolon()?;
        Ok(Some(Kind::Assign { target: number, value, path, field }))
    }

    /// `name := …` of a name that is no variable's.
    fn refuse_unknown_variable(&self) -> Result<()> {
        let mut parts = Vec::new();
        let mut ahead = 0;
        while let Some(part) = self.identifier_of(self.token_at(ahead)) {
            parts.push(part);
            ahead += 1;
            if self.token_at(ahead).kind != TokenKind::Dot {
                break;
            }
            ahead += 1;
        }
        let next = self.token_at(ahead).kind;
        if matches!(next, TokenKind::ColonEquals | TokenKind::Equals | TokenKind::LeftBracket) {
            let text = format!("\"{}\" is not a known variable", parts.join("."));
            return Err(self.error(SqlState::SYNTAX_ERROR, text));
        }
        Ok(())
    }

    fn check_assignable(&self, number: Number) -> Result<()> {
        let variable = &self.variables[number];
        if variable.constant {
            let text = format!("variable \"{}\" is declared CONSTANT", variable.name);
            return Err(self.error(SqlState::ERROR_IN_ASSIGNMENT, text));
        }
        Ok(())
    }
}
