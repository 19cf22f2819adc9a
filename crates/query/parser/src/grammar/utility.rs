//! Cursors, prepared statements, EXPLAIN, maintenance, LOCK, LISTEN and their like.

use super::Parser;
use super::option::item;
use crate::ast::*;
use crate::keywords::Keyword as K;
use crate::lexer::TokenKind;
use error::{Error, Result, SqlState};

impl Parser<'_> {
    // Prepared statements and cursors.

    pub(super) fn prepare(&mut self) -> Result<Statement> {
        self.expect(K::Prepare)?;
        if self.is(K::Transaction) && self.kind_at(1) == TokenKind::String {
            self.advance();
            return Ok(Statement::Transaction(Transaction::Prepare(self.global_transaction()?)));
        }
        let name = self.name()?;
        let types =
            if self.is_kind(TokenKind::LeftParen) { self.parenthesized_list(Self::type_name)? } else { Vec::new() };
        self.expect(K::As)?;
        let query = Box::new(self.preparable_statement()?);
        Ok(Statement::Prepare(Box::new(Prepare { name, types, query })))
    }

    pub(super) fn execute(&mut self) -> Result<Statement> {
        self.expect(K::Execute)?;
        let name = self.name()?;
        let parameters =
            if self.is_kind(TokenKind::LeftParen) { self.parenthesized_list(Self::expr)? } else { Vec::new() };
        Ok(Statement::Execute(Execute { name, parameters }))
    }

    pub(super) fn deallocate(&mut self) -> Result<Statement> {
        self.expect(K::Deallocate)?;
        if self.is(K::Prepare) && (self.is_at(1, K::All) || Self::is_column_name(self.token_at(1))) {
            self.advance();
        }
        if self.accept(K::All) {
            return Ok(Statement::Deallocate(Deallocate { name: None, location: NO_LOCATION }));
        }
        let location = self.location();
        Ok(Statement::Deallocate(Deallocate { name: Some(self.name()?), location }))
    }

    pub(super) fn declare_cursor(&mut self) -> Result<Statement> {
        self.expect(K::Declare)?;
        let name = self.name()?;
        let mut binary = false;
        let mut scroll = None;
        let mut sensitivity = CursorSensitivity::Unspecified;
        let conflict =
            |pair: &str| Err(Error::new(SqlState::INVALID_CURSOR_DEFINITION, format!("cannot specify both {pair}")));
        while !self.accept(K::Cursor) {
            match self.keyword() {
                Some(K::Binary) => binary = true,
                Some(K::Scroll) => {
                    if scroll == Some(false) {
                        return conflict("SCROLL and NO SCROLL");
                    }
                    scroll = Some(true);
                }
                Some(K::No) => {
                    self.advance();
                    if !self.is(K::Scroll) {
                        return Err(self.syntax_error());
                    }
                    if scroll == Some(true) {
                        return conflict("SCROLL and NO SCROLL");
                    }
                    scroll = Some(false);
                }
                Some(K::Insensitive) => {
                    if sensitivity == CursorSensitivity::Asensitive {
                        return conflict("INSENSITIVE and ASENSITIVE");
                    }
                    sensitivity = CursorSensitivity::Insensitive;
                }
                Some(K::Asensitive) => {
                    if sensitivity == CursorSensitivity::Insensitive {
                        return conflict("INSENSITIVE and ASENSITIVE");
                    }
                    sensitivity = CursorSensitivity::Asensitive;
                }
                _ => return Err(self.syntax_error()),
            }
            self.advance();
        }
        let hold = self.accept(K::With);
        if hold || self.accept(K::Without) {
            self.expect(K::Hold)?;
        }
        self.expect(K::For)?;
        let query = Box::new(self.select_without_parentheses()?);
        Ok(Statement::DeclareCursor(Box::new(DeclareCursor { name, binary, scroll, sensitivity, hold, query })))
    }

    pub(super) fn fetch(&mut self) -> Result<Statement> {
        let is_move = self.is(K::Move);
        self.advance();
        let (direction, count) = self.fetch_direction()?;
        if !self.accept(K::From) {
            self.accept(K::In);
        }
        let cursor = self.name()?;
        Ok(Statement::Fetch(Fetch { direction, count, cursor, is_move }))
    }

    fn fetch_direction(&mut self) -> Result<(FetchDirection, i64)> {
        use FetchDirection::{Absolute, Backward, Forward, Relative};
        if self.at_number() {
            return Ok((Forward, i64::from(self.signed_integer()?)));
        }
        if self.accept(K::All) {
            return Ok((Forward, Fetch::ALL));
        }
        // The words can also be the cursor's name, which comes last.
        let next = self.token_at(1);
        let number = matches!(next.kind, TokenKind::Integer | TokenKind::Plus | TokenKind::Minus);
        let named = self.is_any_at(1, &[K::From, K::In]) || Self::is_column_name(next);
        let keyword = self.keyword();
        let fixed = match keyword {
            Some(K::Next) => Some((Forward, 1)),
            Some(K::Prior) => Some((Backward, 1)),
            Some(K::First) => Some((Absolute, 1)),
            Some(K::Last) => Some((Absolute, -1)),
            _ => None,
        };
        if let Some(fixed) = fixed
            && named
        {
            self.advance();
            return Ok(fixed);
        }
        let direction = match keyword {
            Some(K::Absolute) if number => Absolute,
            Some(K::Relative) if number => Relative,
            Some(K::Forward) if number || named || next.keyword == Some(K::All) => Forward,
            Some(K::Backward) if number || named || next.keyword == Some(K::All) => Backward,
            _ => return Ok((Forward, 1)),
        };
        self.advance();
        if number {
            return Ok((direction, i64::from(self.signed_integer()?)));
        }
        Ok((direction, if self.accept(K::All) { Fetch::ALL } else { 1 }))
    }

    pub(super) fn close(&mut self) -> Result<Statement> {
        self.expect(K::Close)?;
        let name = if self.accept(K::All) { None } else { Some(self.name()?) };
        Ok(Statement::ClosePortal(ClosePortal { name }))
    }

    // Explaining and maintaining.

    pub(super) fn explain(&mut self) -> Result<Statement> {
        self.expect(K::Explain)?;
        let mut options = Vec::new();
        let query = self.kind_at(1) == TokenKind::LeftParen || self.at_nested_select();
        if self.is_kind(TokenKind::LeftParen) && !query {
            options = self.utility_options()?;
        } else {
            let location = self.location();
            if self.is_any(&[K::Analyze, K::Analyse]) {
                self.advance();
                options.push(item("analyze", None, location));
            }
            let location = self.location();
            if self.accept(K::Verbose) {
                options.push(item("verbose", None, location));
            }
        }
        let query = Box::new(self.nested(|p| p.explainable_statement())?);
        Ok(Statement::Explain(Box::new(Explain { query, options })))
    }

    fn explainable_statement(&mut self) -> Result<Statement> {
        match self.keyword() {
            Some(K::Declare) => self.declare_cursor(),
            Some(K::Execute) => self.execute(),
            Some(K::Refresh) => self.refresh(),
            Some(K::Create) => self.create_table_as(),
            _ => self.preparable_statement(),
        }
    }

    /// CREATE TABLE AS and CREATE MATERIALIZED VIEW only.
    fn create_table_as(&mut self) -> Result<Statement> {
        self.expect(K::Create)?;
        let fits =
            |p: &Self| p.is_any(&[K::Temp, K::Temporary, K::Local, K::Global, K::Unlogged, K::Table, K::Materialized]);
        if !fits(self) {
            return Err(self.syntax_error());
        }
        self.create_relation_as()
    }

    pub(super) fn vacuum(&mut self) -> Result<Statement> {
        self.expect(K::Vacuum)?;
        let mut options = Vec::new();
        if self.is_kind(TokenKind::LeftParen) {
            options = self.utility_options()?;
        } else {
            for word in [K::Full, K::Freeze, K::Verbose, K::Analyze] {
                let location = self.location();
                if self.accept(word) || word == K::Analyze && self.accept(K::Analyse) {
                    options.push(item(word.word(), None, location));
                }
            }
        }
        let relations = self.vacuum_relations()?;
        Ok(Statement::Vacuum(Box::new(Vacuum { vacuum: true, options, relations })))
    }

    pub(super) fn analyze(&mut self) -> Result<Statement> {
        self.advance();
        let mut options = Vec::new();
        let location = self.location();
        if self.is_kind(TokenKind::LeftParen) {
            options = self.utility_options()?;
        } else if self.accept(K::Verbose) {
            options.push(item("verbose", None, location));
        }
        let relations = self.vacuum_relations()?;
        Ok(Statement::Vacuum(Box::new(Vacuum { vacuum: false, options, relations })))
    }

    fn vacuum_relations(&mut self) -> Result<Vec<VacuumRelation>> {
        if !self.is(K::Only) && !Self::is_column_name(self.token()) {
            return Ok(Vec::new());
        }
        self.comma_list(|p| {
            let relation = p.relation_ref()?;
            Ok(VacuumRelation { relation, columns: p.optional_names()? })
        })
    }

    pub(super) fn cluster(&mut self) -> Result<Statement> {
        self.expect(K::Cluster)?;
        let mut options = Vec::new();
        let location = self.location();
        let parentheses = self.is_kind(TokenKind::LeftParen);
        if parentheses {
            options = self.utility_options()?;
        } else if self.accept(K::Verbose) {
            options.push(item("verbose", None, location));
        }
        let (mut relation, mut index) = (None, None);
        if Self::is_column_name(self.token()) {
            if !parentheses && self.is_at(1, K::On) {
                // The order of old: index, then table.
                index = Some(self.name()?);
                self.expect(K::On)?;
                relation = Some(self.relation_name()?);
            } else {
                relation = Some(self.relation_name()?);
                if self.accept(K::Using) {
                    index = Some(self.name()?);
                }
            }
        }
        Ok(Statement::Cluster(Box::new(Cluster { relation, index, options })))
    }

    pub(super) fn reindex(&mut self) -> Result<Statement> {
        self.expect(K::Reindex)?;
        let mut options = if self.is_kind(TokenKind::LeftParen) { self.utility_options()? } else { Vec::new() };
        let keyword = self.keyword();
        if !self.is_any(&[K::Index, K::Table, K::Schema, K::System, K::Database]) {
            return Err(self.syntax_error());
        }
        self.advance();
        let location = self.location();
        if self.accept(K::Concurrently) {
            options.push(item("concurrently", None, location));
        }
        let target = match keyword {
            Some(K::Index) => ReindexTarget::Index(self.relation_name()?),
            Some(K::Table) => ReindexTarget::Table(self.relation_name()?),
            Some(K::Schema) => ReindexTarget::Schema(self.name()?),
            _ => {
                let name = if Self::is_column_name(self.token()) { Some(self.name()?) } else { None };
                if keyword == Some(K::System) { ReindexTarget::System(name) } else { ReindexTarget::Database(name) }
            }
        };
        Ok(Statement::Reindex(Box::new(Reindex { target, options })))
    }

    pub(super) fn truncate(&mut self) -> Result<Statement> {
        self.expect(K::Truncate)?;
        self.accept(K::Table);
        let relations = self.comma_list(Self::relation_ref)?;
        let restart_identity = self.accept(K::Restart);
        if restart_identity || self.accept(K::Continue) {
            self.expect(K::Identity)?;
        }
        let behavior = self.drop_behavior();
        Ok(Statement::Truncate(Truncate { relations, restart_identity, behavior }))
    }

    pub(super) fn lock(&mut self) -> Result<Statement> {
        self.expect(K::Lock)?;
        self.accept(K::Table);
        let relations = self.comma_list(Self::relation_ref)?;
        let mut mode = LockMode::AccessExclusive;
        if self.accept(K::In) {
            mode = self.lock_mode()?;
            self.expect(K::Mode)?;
        }
        let nowait = self.accept(K::Nowait);
        Ok(Statement::Lock(Lock { relations, mode, nowait }))
    }

    fn lock_mode(&mut self) -> Result<LockMode> {
        if self.accept(K::Access) {
            if self.accept(K::Share) {
                return Ok(LockMode::AccessShare);
            }
            self.expect(K::Exclusive)?;
            return Ok(LockMode::AccessExclusive);
        }
        if self.accept(K::Row) {
            if self.accept(K::Share) {
                return Ok(LockMode::RowShare);
            }
            self.expect(K::Exclusive)?;
            return Ok(LockMode::RowExclusive);
        }
        if self.accept(K::Share) {
            if self.accept(K::Update) {
                self.expect(K::Exclusive)?;
                return Ok(LockMode::ShareUpdateExclusive);
            }
            if self.accept(K::Row) {
                self.expect(K::Exclusive)?;
                return Ok(LockMode::ShareRowExclusive);
            }
            return Ok(LockMode::Share);
        }
        self.expect(K::Exclusive)?;
        Ok(LockMode::Exclusive)
    }

    pub(super) fn listen(&mut self) -> Result<Statement> {
        self.expect(K::Listen)?;
        Ok(Statement::Listen(Channel { name: Some(self.name()?) }))
    }

    pub(super) fn unlisten(&mut self) -> Result<Statement> {
        self.expect(K::Unlisten)?;
        let name = if self.accept_kind(TokenKind::Star) { None } else { Some(self.name()?) };
        Ok(Statement::Unlisten(Channel { name }))
    }

    pub(super) fn notify(&mut self) -> Result<Statement> {
        self.expect(K::Notify)?;
        let channel = self.name()?;
        let payload = if self.accept_kind(TokenKind::Comma) { Some(self.string()?) } else { None };
        Ok(Statement::Notify(Notify { channel, payload }))
    }

    pub(super) fn discard(&mut self) -> Result<Statement> {
        self.expect(K::Discard)?;
        let what = match self.keyword() {
            Some(K::All) => Discard::All,
            Some(K::Plans) => Discard::Plans,
            Some(K::Sequences) => Discard::Sequences,
            Some(K::Temp | K::Temporary) => Discard::Temp,
            _ => return Err(self.syntax_error()),
        };
        self.advance();
        Ok(Statement::Discard(what))
    }

    pub(super) fn call(&mut self) -> Result<Statement> {
        self.expect(K::Call)?;
        let location = self.location();
        let name = self.function_name()?;
        if !self.is_kind(TokenKind::LeftParen) {
            return Err(self.syntax_error());
        }
        match self.call_or_literal(name, true)?.kind {
            ExprKind::Call(call) => Ok(Statement::Call(Box::new(Call { call: *call, location }))),
            _ => Err(self.syntax_error()),
        }
    }
}
