//! RAISE.

use error::{Error, Result, Severity, SqlState};
use parser::lexer::TokenKind;

use super::Parser;
use super::block::states_named;
use crate::tree::*;

impl Parser<'_> {
    pub(super) fn raise_statement(&mut self) -> Result<Kind> {
        self.at += 1;
        let mut raise = Raise {
            severity: Severity::Error,
            condition: None,
            format: None,
            parameters: Vec::new(),
            options: Vec::new(),
        };
        let levels = [
            ("exception", Severity::Error),
            ("warning", Severity::Warning),
            ("notice", Severity::Notice),
            ("info", Severity::Info),
            ("log", Severity::Log),
            ("debug", Severity::Debug1),
        ];
        for (word, severity) in levels {
            if self.accept(word) {
                raise.severity = severity;
                break;
            }
        }
        if self.is_kind(TokenKind::String) {
            raise.format = Some(self.content(self.token()));
            self.at += 1;
            while self.accept_kind(TokenKind::Comma) {
                let parameter = self.expression_before(&["using"], &[TokenKind::Comma, TokenKind::Semicolon])?;
                raise.parameters.push(parameter);
            }
        } else if !self.is_kind(TokenKind::Semicolon) && !self.is("using") {
            let at = self.token().start;
            let name = self.name()?;
            raise.condition = Some(if name == "sqlstate" && self.is_kind(TokenKind::String) {
                let code = self.content(self.token());
                let Some(state) = SqlState::from_code(&code) else {
                    return Err(self.error(SqlState::SYNTAX_ERROR, "invalid SQLSTATE code"));
                };
                self.at += 1;
                (code, state)
            } else {
                let Some(&state) = states_named(&name).first() else {
                    let text = format!("unrecognized exception condition \"{name}\"");
                    return Err(self.error_at(SqlState::UNDEFINED_OBJECT, text, at));
                };
                (name, state)
            });
        }
        if self.accept("using") {
            loop {
                let word = self.name()?;
                let Some((_, option)) = RaiseOption::WORDS.iter().find(|(known, _)| *known == word) else {
                    self.at -= 1;
                    return Err(self.near("unrecognized RAISE statement option"));
                };
                if !self.accept_kind(TokenKind::Equals) && !self.accept_kind(TokenKind::ColonEquals) {
                    return Err(self.near("syntax error, expected \"=\""));
                }
                let value = self.expression_until(&[TokenKind::Comma, TokenKind::Semicolon])?;
                raise.options.push((*option, value));
                if !self.accept_kind(TokenKind::Comma) {
                    break;
                }
            }
        }
        if let Some(format) = &raise.format {
            let wanted = format.replace("%%", "").matches('%').count();
            let text = match wanted.cmp(&raise.parameters.len()) {
                std::cmp::Ordering::Less => "too many parameters specified for RAISE",
                std::cmp::Ordering::Greater => "too few parameters specified for RAISE",
                std::cmp::Ordering::Equal => "",
            };
            if !text.is_empty() {
                return Err(Error::new(SqlState::SYNTAX_ERROR, text));
            }
        }
        self.semicolon()?;
        Ok(Kind::Raise(Box::new(raise)))
    }
}
