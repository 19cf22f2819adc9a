//! CREATE POLICY, and what ALTER POLICY shares with it.

use super::Parser;
use crate::ast::*;
use crate::keywords::Keyword as K;
use crate::lexer::TokenKind;
use error::{Result, SqlState};

impl Parser<'_> {
    /// `POLICY …`, behind CREATE.
    pub(super) fn create_policy(&mut self) -> Result<Statement> {
        self.expect(K::Policy)?;
        let name = self.name()?;
        self.expect(K::On)?;
        let relation = self.relation_name()?;
        let mut permissive = true;
        if self.accept(K::As) {
            let token = self.token();
            let word = token.kind == TokenKind::QuotedIdentifier
                || token.kind == TokenKind::Identifier && token.keyword.is_none();
            if !word {
                return Err(self.syntax_error());
            }
            let word = self.name()?;
            permissive = match &*word {
                "permissive" => true,
                "restrictive" => false,
                _ => {
                    let message = format!("unrecognized row security option \"{word}\"");
                    return Err(self
                        .error(SqlState::SYNTAX_ERROR, message, token.start)
                        .hint("Only PERMISSIVE or RESTRICTIVE policies are supported currently."));
                }
            };
        }
        let mut command = PolicyCommand::All;
        if self.accept(K::For) {
            command = match self.keyword() {
                Some(K::All) => PolicyCommand::All,
                Some(K::Select) => PolicyCommand::Select,
                Some(K::Insert) => PolicyCommand::Insert,
                Some(K::Update) => PolicyCommand::Update,
                Some(K::Delete) => PolicyCommand::Delete,
                _ => return Err(self.syntax_error()),
            };
            self.advance();
        }
        let roles = if self.accept(K::To) {
            self.roles()?
        } else {
            vec![RoleSpec { kind: RoleKind::Public, location: NO_LOCATION }]
        };
        let (using, check) = self.policy_expressions()?;
        let policy = CreatePolicy { name, relation, permissive, command, roles, using, check };
        Ok(Statement::CreatePolicy(Box::new(policy)))
    }

    /// `[USING (…)] [WITH CHECK (…)]`
    pub(super) fn policy_expressions(&mut self) -> Result<(Option<Expr>, Option<Expr>)> {
        let using = if self.accept(K::Using) { Some(self.parenthesized_expr()?) } else { None };
        let mut check = None;
        if self.accept(K::With) {
            self.expect(K::Check)?;
            check = Some(self.parenthesized_expr()?);
        }
        Ok((using, check))
    }
}
