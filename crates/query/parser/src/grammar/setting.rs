//! SET, RESET, SHOW, ALTER SYSTEM SET.
//!
//! Some settings have words of their own (TIME ZONE, TRANSACTION, ROLE, NAMES …); they become plain settings here, where they can.

use super::Parser;
use crate::ast::*;
use crate::keywords::Keyword as K;
use crate::lexer::TokenKind;
use error::{Result, SqlState};

impl Parser<'_> {
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
}
