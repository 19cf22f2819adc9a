//! BEGIN, COMMIT, ROLLBACK, savepoints, prepared transactions, and the modes of transactions.

use super::Parser;
use crate::ast::*;
use crate::keywords::Keyword as K;
use crate::lexer::TokenKind;
use error::Result;

impl Parser<'_> {
    // Transactions.

    pub(super) fn transaction(&mut self) -> Result<Statement> {
        let keyword = self.keyword();
        self.advance();
        let transaction = match keyword {
            Some(K::Start) => {
                self.expect(K::Transaction)?;
                Transaction::Begin { start: true, modes: self.transaction_modes(false)? }
            }
            Some(K::Savepoint) => Transaction::Savepoint(self.savepoint()?),
            Some(K::Release) => {
                self.savepoint_word();
                Transaction::Release(self.savepoint()?)
            }
            Some(K::Commit) if self.is(K::Prepared) => {
                self.advance();
                Transaction::CommitPrepared(self.global_transaction()?)
            }
            Some(K::Rollback) if self.is(K::Prepared) => {
                self.advance();
                Transaction::RollbackPrepared(self.global_transaction()?)
            }
            _ => {
                if !self.accept(K::Work) {
                    self.accept(K::Transaction);
                }
                match keyword {
                    Some(K::Begin) => Transaction::Begin { start: false, modes: self.transaction_modes(false)? },
                    Some(K::Rollback) if self.accept(K::To) => {
                        self.savepoint_word();
                        Transaction::RollbackTo(self.savepoint()?)
                    }
                    Some(K::Commit | K::End) => Transaction::Commit { chain: self.chain()? },
                    _ => Transaction::Rollback { chain: self.chain()? },
                }
            }
        };
        Ok(Statement::Transaction(transaction))
    }

    /// `[SAVEPOINT]`, which can also be a savepoint's name.
    fn savepoint_word(&mut self) {
        if self.is(K::Savepoint) && Self::is_column_name(self.token_at(1)) {
            self.advance();
        }
    }

    fn savepoint(&mut self) -> Result<Savepoint> {
        let location = self.location();
        Ok(Savepoint { name: self.name()?, location })
    }

    pub(super) fn global_transaction(&mut self) -> Result<GlobalTransaction> {
        let location = self.location();
        Ok(GlobalTransaction { name: self.string()?, location })
    }

    /// `[AND [NO] CHAIN]`
    fn chain(&mut self) -> Result<bool> {
        if !self.accept(K::And) {
            return Ok(false);
        }
        let no = self.accept(K::No);
        self.expect(K::Chain)?;
        Ok(!no)
    }

    /// Modes with or without commas; at least one if `required`.
    pub(super) fn transaction_modes(&mut self, required: bool) -> Result<Vec<TransactionMode>> {
        let mut modes = Vec::new();
        let mut comma = required;
        loop {
            let location = self.location();
            let kind = match self.keyword() {
                Some(K::Isolation) => {
                    self.advance();
                    self.expect(K::Level)?;
                    TransactionModeKind::Isolation(self.isolation_level()?)
                }
                Some(K::Read) => {
                    self.advance();
                    let read_only = self.accept(K::Only);
                    if !read_only {
                        self.expect(K::Write)?;
                    }
                    TransactionModeKind::ReadOnly(read_only)
                }
                Some(K::Deferrable) => {
                    self.advance();
                    TransactionModeKind::Deferrable(true)
                }
                Some(K::Not) => {
                    self.advance();
                    self.expect(K::Deferrable)?;
                    TransactionModeKind::Deferrable(false)
                }
                _ if comma => return Err(self.syntax_error()),
                _ => return Ok(modes),
            };
            modes.push(TransactionMode { kind, location });
            comma = self.accept_kind(TokenKind::Comma);
        }
    }

    fn isolation_level(&mut self) -> Result<IsolationLevel> {
        let level = match (self.keyword(), self.keyword_at(1)) {
            (Some(K::Serializable), _) => IsolationLevel::Serializable,
            (Some(K::Read), Some(K::Uncommitted)) => IsolationLevel::ReadUncommitted,
            (Some(K::Read), Some(K::Committed)) => IsolationLevel::ReadCommitted,
            (Some(K::Repeatable), Some(K::Read)) => IsolationLevel::RepeatableRead,
            (Some(K::Read | K::Repeatable), _) => {
                self.advance();
                return Err(self.syntax_error());
            }
            _ => return Err(self.syntax_error()),
        };
        self.skip(if level == IsolationLevel::Serializable { 1 } else { 2 });
        Ok(level)
    }
}
