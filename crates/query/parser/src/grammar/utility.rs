//! Transactions, settings, cursors, prepared statements, COPY, maintenance.

use super::Parser;
use super::option::{boolean, item};
use crate::ast::*;
use crate::keywords::Keyword as K;
use crate::lexer::TokenKind;
use error::{Error, Result, SqlState};

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

    fn global_transaction(&mut self) -> Result<GlobalTransaction> {
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
    fn transaction_modes(&mut self, required: bool) -> Result<Vec<TransactionMode>> {
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

    // Settings.

    pub(super) fn set_command(&mut self) -> Result<Statement> {
        if self.is_at(1, K::Constraints) && !self.assigns(2) {
            self.skip(2);
            let constraints = if self.accept(K::All) { Vec::new() } else { self.relation_names()? };
            let deferred = self.accept(K::Deferred);
            if !deferred {
                self.expect(K::Immediate)?;
            }
            return Ok(Statement::SetConstraints(SetConstraints { constraints, deferred }));
        }
        self.expect(K::Set)?;
        let worded = !self.assigns(1);
        let local = worded && self.accept(K::Local);
        let mut set = None;
        if worded && !local && self.is(K::Session) {
            match self.keyword_at(1) {
                Some(K::Characteristics) if !self.assigns(2) => {
                    self.skip(2);
                    self.expect_all(&[K::As, K::Transaction])?;
                    let location = self.location();
                    let modes = self.transaction_modes(true)?;
                    let action = SetAction::SessionCharacteristics(modes);
                    set = Some(SetStatement { action, local: false, location });
                }
                Some(K::Authorization) => {}
                _ => self.advance(),
            }
        }
        let mut set = match set {
            Some(set) => set,
            None => self.set_rest(true)?,
        };
        set.local = local;
        Ok(Statement::Set(Box::new(set)))
    }

    /// Whether the token `n` further on goes on with a setting's name, or follows it.
    fn assigns(&self, n: usize) -> bool {
        matches!(self.kind_at(n), TokenKind::Equals | TokenKind::Dot) || self.is_any_at(n, &[K::To, K::From])
    }

    /// What stands behind SET; transaction modes only if `modes`.
    pub(super) fn set_rest(&mut self, modes: bool) -> Result<SetStatement> {
        let made = |action, location| Ok(SetStatement { action, local: false, location });
        let named = |name: &str| -> Name { name.into() };
        if self.assigns(1) {
            return self.generic_set();
        }
        match self.keyword() {
            Some(K::Transaction) if self.is_at(1, K::Snapshot) => {
                self.skip(2);
                let location = self.location();
                let id = self.string()?;
                made(SetAction::Snapshot(id), location)
            }
            Some(K::Transaction) if modes => {
                self.advance();
                let location = self.location();
                let modes = self.transaction_modes(true)?;
                made(SetAction::Transaction(modes), location)
            }
            Some(K::Session) if self.is_at(1, K::Characteristics) && modes => {
                self.skip(2);
                self.expect_all(&[K::As, K::Transaction])?;
                let location = self.location();
                let modes = self.transaction_modes(true)?;
                made(SetAction::SessionCharacteristics(modes), location)
            }
            Some(K::Session) if self.is_at(1, K::Authorization) => {
                self.skip(2);
                let location = self.location();
                let name = named("session_authorization");
                if self.accept(K::Default) {
                    return made(SetAction::Default { name }, location);
                }
                let values = vec![SetValue::String(self.word_or_string()?)];
                made(SetAction::Values { name, values }, location)
            }
            Some(K::Time) if self.is_at(1, K::Zone) => {
                self.skip(2);
                let location = self.location();
                let name = named("timezone");
                match self.zone_value()? {
                    Some(value) => made(SetAction::Values { name, values: vec![value] }, location),
                    None => made(SetAction::Default { name }, location),
                }
            }
            Some(K::Catalog) => {
                self.advance();
                let at = self.location();
                self.string()?;
                Err(self.error(SqlState::FEATURE_NOT_SUPPORTED, "current database cannot be changed", at))
            }
            Some(K::Schema) => {
                self.advance();
                let location = self.location();
                let values = vec![SetValue::String(self.string()?)];
                made(SetAction::Values { name: named("search_path"), values }, location)
            }
            Some(K::Names) => {
                self.advance();
                let location = self.location();
                let name = named("client_encoding");
                if self.is_kind(TokenKind::String) {
                    let values = vec![SetValue::String(self.string()?)];
                    return made(SetAction::Values { name, values }, location);
                }
                self.accept(K::Default);
                made(SetAction::Default { name }, location)
            }
            Some(K::Role) => {
                self.advance();
                let location = self.location();
                let values = vec![SetValue::String(self.word_or_string()?)];
                made(SetAction::Values { name: named("role"), values }, location)
            }
            Some(K::Xml) if self.is_at(1, K::Option) => {
                self.skip(2);
                let location = self.location();
                let document = self.accept(K::Document);
                if !document {
                    self.expect(K::Content)?;
                }
                let values = vec![SetValue::String(if document { "DOCUMENT" } else { "CONTENT" }.into())];
                made(SetAction::Values { name: named("xmloption"), values }, location)
            }
            _ => self.generic_set(),
        }
    }

    /// A setting's name, its parts joined by dots.
    fn setting_name(&mut self) -> Result<Name> {
        let mut name = self.name()?;
        while self.accept_kind(TokenKind::Dot) {
            name = format!("{name}.{}", self.name()?).into();
        }
        Ok(name)
    }

    /// `name TO|= value, …`, `name TO DEFAULT`, `name FROM CURRENT`
    pub(super) fn generic_set(&mut self) -> Result<SetStatement> {
        let name = self.setting_name()?;
        let mut location = self.location();
        let action = if self.accept(K::From) {
            self.expect(K::Current)?;
            SetAction::FromCurrent { name }
        } else {
            if !self.accept(K::To) {
                self.expect_kind(TokenKind::Equals)?;
            }
            location = self.location();
            if self.accept(K::Default) {
                SetAction::Default { name }
            } else {
                SetAction::Values { name, values: self.comma_list(Self::set_value)? }
            }
        };
        Ok(SetStatement { action, local: false, location })
    }

    fn set_value(&mut self) -> Result<SetValue> {
        if self.at_number() {
            return Ok(match self.number()? {
                DefinitionValue::Integer(value) => SetValue::Integer(value),
                DefinitionValue::Float(text) => SetValue::Float(text),
                _ => return Err(self.syntax_error()),
            });
        }
        Ok(SetValue::String(self.boolean_or_string()?))
    }

    /// The value of TIME ZONE; `None` for DEFAULT and LOCAL.
    fn zone_value(&mut self) -> Result<Option<SetValue>> {
        let token = self.token();
        match token.keyword {
            Some(K::Default | K::Local) => {
                self.advance();
                return Ok(None);
            }
            Some(K::Interval) => {
                let mut type_name = TypeName::plain(ObjectName::system("interval", token.start));
                self.advance();
                let precise = self.interval_precision(&mut type_name)?;
                let text = self.string()?;
                if !precise {
                    let at = self.location();
                    type_name.modifiers = self.interval_fields()?;
                    let hours = [1 << 10, 1 << 10 | 1 << 11];
                    let wrong = type_name.modifiers.first().is_some_and(|mask| {
                        !matches!(mask.kind, ExprKind::Constant(Constant::Integer(mask)) if hours.contains(&mask))
                    });
                    if wrong {
                        let message = "time zone interval must be HOUR or HOUR TO MINUTE";
                        return Err(self.error(SqlState::SYNTAX_ERROR, message, at));
                    }
                }
                return Ok(Some(SetValue::Interval { text, type_name: Box::new(type_name) }));
            }
            Some(_) => return Err(self.syntax_error()),
            None => {}
        }
        match token.kind {
            TokenKind::String => Ok(Some(SetValue::String(self.string()?))),
            TokenKind::Identifier | TokenKind::QuotedIdentifier => Ok(Some(SetValue::String(self.name()?))),
            _ if self.at_number() => Ok(Some(self.set_value()?)),
            _ => Err(self.syntax_error()),
        }
    }

    /// The settings that RESET and SHOW know by several words.
    fn worded_setting(&mut self) -> Result<Option<&'static str>> {
        Ok(match self.keyword() {
            Some(K::Time) if self.is_at(1, K::Zone) => {
                self.skip(2);
                Some("timezone")
            }
            Some(K::Transaction) if self.is_at(1, K::Isolation) => {
                self.skip(2);
                self.expect(K::Level)?;
                Some("transaction_isolation")
            }
            Some(K::Session) if self.is_at(1, K::Authorization) => {
                self.skip(2);
                Some("session_authorization")
            }
            _ => None,
        })
    }

    /// `RESET …`
    pub(super) fn reset(&mut self) -> Result<SetStatement> {
        self.expect(K::Reset)?;
        let location = self.location();
        let action = if self.accept(K::All) {
            SetAction::ResetAll
        } else if let Some(name) = self.worded_setting()? {
            SetAction::Reset { name: name.into() }
        } else {
            SetAction::Reset { name: self.setting_name()? }
        };
        Ok(SetStatement { action, local: false, location })
    }

    /// `SET …` or `RESET …` as a clause of ALTER.
    pub(super) fn set_or_reset_clause(&mut self, modes: bool) -> Result<SetStatement> {
        if self.is(K::Reset) {
            return self.reset();
        }
        self.expect(K::Set)?;
        self.set_rest(modes)
    }

    pub(super) fn show(&mut self) -> Result<Statement> {
        self.expect(K::Show)?;
        let name = if self.accept(K::All) {
            "all".into()
        } else if let Some(name) = self.worded_setting()? {
            name.into()
        } else {
            self.setting_name()?
        };
        Ok(Statement::Show(Show { name }))
    }

    /// `SYSTEM SET|RESET …`, behind ALTER.
    pub(super) fn alter_system(&mut self) -> Result<Statement> {
        self.expect(K::System)?;
        let setting = if self.is(K::Reset) {
            self.advance();
            let location = self.location();
            let action =
                if self.accept(K::All) { SetAction::ResetAll } else { SetAction::Reset { name: self.setting_name()? } };
            SetStatement { action, local: false, location }
        } else {
            self.expect(K::Set)?;
            self.generic_set()?
        };
        Ok(Statement::AlterSystem(Box::new(AlterSystem { setting })))
    }

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
