//! Blocks: labels, declarations, statements, handlers of exceptions.

use analyzer::query::SqlType;
use error::{Error, Result, SqlState};
use parser::lexer::TokenKind;
use types::oid;

use super::{DEPTH_MAX, Parser};
use crate::tree::*;

impl Parser<'_> {
    /// The routine's own block.
    pub(super) fn outer_block(&mut self) -> Result<Block> {
        let label = self.label()?;
        self.block(label)
    }

    /// `<<label>>`, if there is one.
    pub(super) fn label(&mut self) -> Result<String> {
        if !self.accept_operator("<<") {
            return Ok(String::new());
        }
        let label = self.name()?;
        if !self.accept_operator(">>") {
            return Err(self.syntax_error());
        }
        Ok(label)
    }

    pub(super) fn deeper<T>(&mut self, f: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        if self.depth >= DEPTH_MAX {
            return Err(Error::new(SqlState::STATEMENT_TOO_COMPLEX, "stack depth limit exceeded"));
        }
        self.depth += 1;
        let result = f(self);
        self.depth -= 1;
        result
    }

    /// `[DECLARE …] BEGIN … END [label]`
    pub(super) fn block(&mut self, label: String) -> Result<Block> {
        let outside = self.last;
        self.push_name(&label, Named::Block);
        let declared = match self.accept("declare") {
            true => self.declarations()?,
            false => Vec::new(),
        };
        let line = self.line();
        self.expect("begin")?;
        let body = self.deeper(|this| this.statements(&["exception", "end"]))?;
        let handlers = match self.accept("exception") {
            true => Some(self.deeper(Self::handlers)?),
            false => None,
        };
        self.expect("end")?;
        self.end_label(&label)?;
        self.last = outside;
        Ok(Block { line, label, declared, body, handlers })
    }

    /// The label behind END must be the one in front.
    pub(super) fn end_label(&mut self, label: &str) -> Result<()> {
        let token = self.token();
        if matches!(self.kind(), TokenKind::Semicolon | TokenKind::End) {
            return Ok(());
        }
        let Some(end) = self.identifier_of(token) else { return Err(self.syntax_error()) };
        if label.is_empty() {
            let text = format!("end label \"{end}\" specified for unlabeled block");
            return Err(self.error(SqlState::SYNTAX_ERROR, text));
        }
        if end != label {
            let text = format!("end label \"{end}\" differs from block's label \"{label}\"");
            return Err(self.error(SqlState::SYNTAX_ERROR, text));
        }
        self.at += 1;
        Ok(())
    }

    fn handlers(&mut self) -> Result<Handlers> {
        let line = self.line();
        let text = SqlType { oid: oid::TEXT, typmod: -1, collation: self.catalog.type_(oid::TEXT)?.typcollation };
        let state = self.declare("sqlstate", VariableKind::Scalar(text), line);
        let message = self.declare("sqlerrm", VariableKind::Scalar(text), line);
        self.variables[state].constant = true;
        self.variables[message].constant = true;
        let mut list = Vec::new();
        while self.accept("when") {
            let mut conditions = Vec::new();
            loop {
                let at = self.token().start;
                let name = self.name()?;
                if name == "sqlstate" {
                    let token = self.token();
                    if token.kind != TokenKind::String {
                        return Err(self.syntax_error());
                    }
                    let Some(state) = SqlState::from_code(&self.content(token)) else {
                        return Err(self.error(SqlState::SYNTAX_ERROR, "invalid SQLSTATE code"));
                    };
                    self.at += 1;
                    conditions.push(Condition::State(state));
                } else if name == "others" {
                    conditions.push(Condition::Others);
                } else {
                    let found = states_named(&name);
                    if found.is_empty() {
                        let text = format!("unrecognized exception condition \"{name}\"");
                        return Err(self.error_at(SqlState::UNDEFINED_OBJECT, text, at));
                    }
                    conditions.extend(found.into_iter().map(Condition::State));
                }
                if !self.accept("or") {
                    break;
                }
            }
            self.expect("then")?;
            list.push((conditions, self.statements(&["when", "end"])?));
        }
        if list.is_empty() {
            return Err(self.syntax_error());
        }
        Ok(Handlers { state, message, list })
    }
}

/// The states that a condition's name stands for.
pub(crate) fn states_named(name: &str) -> Vec<SqlState> {
    SqlState::ALL.iter().filter(|(_, condition)| *condition == name).map(|(state, _)| *state).collect()
}
