//! CREATE RULE.

use super::Parser;
use crate::ast::*;
use crate::keywords::Keyword as K;
use crate::lexer::TokenKind;
use error::Result;

impl Parser<'_> {
    /// `RULE …`, behind CREATE [OR REPLACE].
    pub(super) fn create_rule(&mut self, or_replace: bool) -> Result<Statement> {
        self.expect(K::Rule)?;
        let name = self.name()?;
        self.expect_all(&[K::As, K::On])?;
        let event = match self.keyword() {
            Some(K::Select) => RuleEvent::Select,
            Some(K::Insert) => RuleEvent::Insert,
            Some(K::Update) => RuleEvent::Update,
            Some(K::Delete) => RuleEvent::Delete,
            _ => return Err(self.syntax_error()),
        };
        self.advance();
        self.expect(K::To)?;
        let relation = self.relation_name()?;
        let condition = self.where_clause()?;
        self.expect(K::Do)?;
        let instead = self.accept(K::Instead);
        if !instead {
            self.accept(K::Also);
        }
        let actions = self.rule_actions()?;
        let rule = CreateRule { name, or_replace, event, relation, condition, instead, actions };
        Ok(Statement::CreateRule(Box::new(rule)))
    }

    fn rule_actions(&mut self) -> Result<Vec<RawStatement>> {
        if self.accept(K::Nothing) {
            return Ok(Vec::new());
        }
        // Parentheses with a query in parentheses inside are a query's own.
        if !self.is_kind(TokenKind::LeftParen) || self.kind_at(1) == TokenKind::LeftParen && self.at_nested_select() {
            return Ok(vec![self.rule_action()?]);
        }
        let start = self.location();
        self.advance();
        let mut actions = Vec::new();
        let mut separated = false;
        loop {
            while self.accept_kind(TokenKind::Semicolon) {
                separated = true;
            }
            if self.accept_kind(TokenKind::RightParen) {
                break;
            }
            actions.push(self.rule_action()?);
            if !self.is_kind(TokenKind::RightParen) {
                self.expect_kind(TokenKind::Semicolon)?;
                separated = true;
            }
        }
        // `(SELECT …) UNION …` is a single query.
        if !separated
            && actions.len() == 1
            && self.continues_select()
            && let Some(RawStatement { statement: Statement::Select(select), .. }) = actions.pop()
        {
            let select = self.select_rest(*select)?;
            let len = self.previous_end() - start;
            actions.push(RawStatement { statement: Statement::Select(Box::new(select)), start, len });
        }
        Ok(actions)
    }

    fn rule_action(&mut self) -> Result<RawStatement> {
        let start = self.location();
        let statement = self.nested(|p| {
            if p.is(K::Notify) {
                return p.notify();
            }
            let fits = p.is_kind(TokenKind::LeftParen)
                || p.is_any(&[K::Select, K::Insert, K::Update, K::Delete, K::With, K::Values, K::Table]);
            if !fits {
                return Err(p.syntax_error());
            }
            p.preparable_statement()
        })?;
        Ok(RawStatement { statement, start, len: self.previous_end() - start })
    }
}
