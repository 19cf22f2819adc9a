//! COPY, with its options as they are written now and as they were before 9.0.

use super::Parser;
use super::option::{boolean, item};
use crate::ast::*;
use crate::keywords::Keyword as K;
use crate::lexer::TokenKind;
use error::{Error, Result, SqlState};

impl Parser<'_> {
    // COPY.

    pub(super) fn copy(&mut self) -> Result<Statement> {
        self.expect(K::Copy)?;
        let mut options = Vec::new();
        if self.is_kind(TokenKind::LeftParen) {
            self.advance();
            let query = Box::new(self.nested(|p| p.preparable_statement())?);
            self.expect_kind(TokenKind::RightParen)?;
            self.expect(K::To)?;
            let target = self.copy_target()?;
            self.accept(K::With);
            self.copy_options(&mut options)?;
            let source = CopySource::Query(query);
            let copy = Copy { source, from: false, target, options, filter: None };
            return Ok(Statement::Copy(Box::new(copy)));
        }
        let binary_at = self.location();
        if self.accept(K::Binary) {
            options.push(item("format", Some(DefinitionValue::String("binary".into())), binary_at));
        }
        let relation = self.relation_name()?;
        let columns = self.optional_names()?;
        let from = self.accept(K::From);
        if !from {
            self.expect(K::To)?;
        }
        let target = self.copy_target()?;
        let delimiters_at = self.location();
        if self.accept(K::Using) && !self.is(K::Delimiters) {
            return Err(self.syntax_error());
        }
        if self.accept(K::Delimiters) {
            options.push(item("delimiter", Some(DefinitionValue::String(self.string()?)), delimiters_at));
        }
        self.accept(K::With);
        self.copy_options(&mut options)?;
        let where_at = self.location();
        let filter = self.where_clause()?;
        if !from && filter.is_some() {
            return Err(self.error(SqlState::SYNTAX_ERROR, "WHERE clause not allowed with COPY TO", where_at));
        }
        let source = CopySource::Relation { relation, columns };
        Ok(Statement::Copy(Box::new(Copy { source, from, target, options, filter })))
    }

    /// `[PROGRAM] 'file' | STDIN | STDOUT`
    fn copy_target(&mut self) -> Result<CopyTarget> {
        let program = self.accept(K::Program);
        if self.is_any(&[K::Stdin, K::Stdout]) {
            self.advance();
            if program {
                return Err(Error::new(SqlState::SYNTAX_ERROR, "STDIN/STDOUT not allowed with PROGRAM"));
            }
            return Ok(CopyTarget::Client);
        }
        let name = self.string()?;
        Ok(if program { CopyTarget::Program(name) } else { CopyTarget::File(name) })
    }

    /// Options in parentheses, or in the old syntax.
    fn copy_options(&mut self, options: &mut Vec<DefinitionItem>) -> Result<()> {
        if self.is_kind(TokenKind::LeftParen) {
            options.extend(self.copy_generic_options()?);
            return Ok(());
        }
        loop {
            let location = self.location();
            let Some(keyword) = self.keyword() else { return Ok(()) };
            let text = |p: &mut Self| -> Result<Option<DefinitionValue>> {
                p.advance();
                p.accept(K::As);
                Ok(Some(DefinitionValue::String(p.string()?)))
            };
            let word = |word: &str| Some(DefinitionValue::String(word.into()));
            let option = match keyword {
                K::Binary => {
                    self.advance();
                    item("format", word("binary"), location)
                }
                K::Csv => {
                    self.advance();
                    item("format", word("csv"), location)
                }
                K::Freeze | K::Header => {
                    self.advance();
                    item(keyword.word(), boolean(true), location)
                }
                K::Delimiter | K::Null | K::Quote | K::Escape => item(keyword.word(), text(self)?, location),
                K::Encoding => {
                    self.advance();
                    item("encoding", Some(DefinitionValue::String(self.string()?)), location)
                }
                K::Force => {
                    self.advance();
                    let name = if self.accept(K::Quote) {
                        "force_quote"
                    } else if self.accept(K::Not) {
                        self.expect(K::Null)?;
                        "force_not_null"
                    } else {
                        self.expect(K::Null)?;
                        "force_null"
                    };
                    let value = if self.accept_kind(TokenKind::Star) {
                        DefinitionValue::Star
                    } else {
                        DefinitionValue::List(self.names()?.into_iter().map(DefinitionValue::String).collect())
                    };
                    item(name, Some(value), location)
                }
                _ => return Ok(()),
            };
            options.push(option);
        }
    }
}
