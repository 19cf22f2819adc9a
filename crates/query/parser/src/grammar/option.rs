//! Lists of options: `WITH (…)`, `OPTIONS (…)`, EXPLAIN's and VACUUM's, COPY's; and the words they share.

use super::Parser;
use crate::ast::*;
use crate::keywords::{Category, Keyword as K};
use crate::lexer::TokenKind;
use error::{Result, SqlState};

/// An option without a namespace.
pub(super) fn item(name: impl Into<Name>, value: Option<DefinitionValue>, location: u32) -> DefinitionItem {
    DefinitionItem { namespace: None, name: name.into(), value, action: DefinitionAction::Unspecified, location }
}

/// A truth value for an option.
pub(super) fn boolean(value: bool) -> Option<DefinitionValue> {
    Some(DefinitionValue::Boolean(value))
}

impl Parser<'_> {
    /// `(name [= value], …)`, where a name may have a namespace.
    pub(super) fn relation_options(&mut self) -> Result<Vec<DefinitionItem>> {
        self.parenthesized_list(|p| {
            let location = p.location();
            let mut name = p.label()?;
            let mut namespace = None;
            if p.accept_kind(TokenKind::Dot) {
                namespace = Some(std::mem::replace(&mut name, p.label()?));
            }
            let value = if p.accept_kind(TokenKind::Equals) { Some(p.definition_value()?) } else { None };
            Ok(DefinitionItem { namespace, name, value, action: DefinitionAction::Unspecified, location })
        })
    }

    /// `[WITH (options)]`
    pub(super) fn with_relation_options(&mut self) -> Result<Vec<DefinitionItem>> {
        if self.accept(K::With) { self.relation_options() } else { Ok(Vec::new()) }
    }

    /// `(name [= value], …)`
    pub(super) fn definition(&mut self) -> Result<Vec<DefinitionItem>> {
        self.parenthesized_list(Self::definition_item)
    }

    /// `[WITH (definition)]`
    pub(super) fn with_definition(&mut self) -> Result<Vec<DefinitionItem>> {
        if self.accept(K::With) { self.definition() } else { Ok(Vec::new()) }
    }

    fn definition_item(&mut self) -> Result<DefinitionItem> {
        let location = self.location();
        let name = self.label()?;
        let value = if self.accept_kind(TokenKind::Equals) { Some(self.definition_value()?) } else { None };
        Ok(item(name, value, location))
    }

    /// A word, type, operator, number or string.
    pub(super) fn definition_value(&mut self) -> Result<DefinitionValue> {
        let token = self.token();
        match token.kind {
            TokenKind::String => Ok(DefinitionValue::String(self.string()?)),
            TokenKind::Integer | TokenKind::Float => self.number(),
            TokenKind::Plus | TokenKind::Minus if matches!(self.kind_at(1), TokenKind::Integer | TokenKind::Float) => {
                self.number()
            }
            TokenKind::Identifier | TokenKind::QuotedIdentifier => match token.keyword {
                Some(K::None) => {
                    self.advance();
                    Ok(DefinitionValue::String("none".into()))
                }
                Some(K::Operator) if self.kind_at(1) == TokenKind::LeftParen => {
                    Ok(DefinitionValue::Operator(self.qualified_operator()?))
                }
                Some(keyword) if keyword.category() == Category::Reserved => {
                    self.advance();
                    Ok(DefinitionValue::String(keyword.word().into()))
                }
                _ => Ok(DefinitionValue::Type(Box::new(self.function_type_name()?))),
            },
            _ => match self.operator_symbol() {
                Some(operator) => Ok(DefinitionValue::Operator(operator)),
                None => Err(self.syntax_error()),
            },
        }
    }

    /// A number with or without a sign.
    pub(super) fn number(&mut self) -> Result<DefinitionValue> {
        let minus = self.is_kind(TokenKind::Minus);
        if minus || self.is_kind(TokenKind::Plus) {
            self.advance();
        }
        let token = self.token();
        match token.kind {
            TokenKind::Integer => {
                self.advance();
                let value = token.value as i32;
                Ok(DefinitionValue::Integer(if minus { -value } else { value }))
            }
            TokenKind::Float => {
                self.advance();
                let text = self.text(token);
                Ok(DefinitionValue::Float(if minus { format!("-{text}").into() } else { text.into() }))
            }
            _ => Err(self.syntax_error()),
        }
    }

    /// Whether a number begins here.
    pub(super) fn at_number(&self) -> bool {
        matches!(self.kind(), TokenKind::Integer | TokenKind::Float | TokenKind::Plus | TokenKind::Minus)
    }

    /// Whether TRUE, FALSE, ON, a word or a string is here.
    pub(super) fn at_boolean_or_string(&self) -> bool {
        let token = self.token();
        token.kind == TokenKind::String || Self::is_nonreserved_word(token) || self.is_any(&[K::True, K::False, K::On])
    }

    /// TRUE, FALSE, ON, a word or a string: as a string.
    pub(super) fn boolean_or_string(&mut self) -> Result<Name> {
        if self.is_any(&[K::True, K::False, K::On]) {
            return self.label();
        }
        self.word_or_string()
    }

    /// A word that is not reserved, or a string.
    pub(super) fn word_or_string(&mut self) -> Result<Name> {
        if self.is_kind(TokenKind::String) { self.string() } else { self.nonreserved_word() }
    }

    /// `(name [value], …)` of EXPLAIN, VACUUM, REINDEX …
    pub(super) fn utility_options(&mut self) -> Result<Vec<DefinitionItem>> {
        self.parenthesized_list(|p| {
            let location = p.location();
            let name = if p.is_any(&[K::Analyze, K::Analyse]) {
                p.advance();
                "analyze".into()
            } else if p.accept(K::Format) {
                "format".into()
            } else {
                p.nonreserved_word()?
            };
            let value = if p.at_number() {
                Some(p.number()?)
            } else if p.at_boolean_or_string() {
                Some(DefinitionValue::String(p.boolean_or_string()?))
            } else {
                None
            };
            Ok(item(name, value, location))
        })
    }

    /// `[OPTIONS (name 'value', …)]`
    pub(super) fn foreign_options(&mut self) -> Result<Vec<DefinitionItem>> {
        if !self.accept(K::Options) {
            return Ok(Vec::new());
        }
        self.parenthesized_list(|p| {
            let location = p.location();
            let name = p.label()?;
            let value = Some(DefinitionValue::String(p.string()?));
            Ok(item(name, value, location))
        })
    }

    /// `OPTIONS ([ADD|SET|DROP] name ['value'], …)` of ALTER.
    pub(super) fn alter_foreign_options(&mut self) -> Result<Vec<DefinitionItem>> {
        self.expect(K::Options)?;
        self.parenthesized_list(|p| {
            let location = p.location();
            // The actions' words can also be options' names.
            let worded = p.kind_at(1) != TokenKind::String;
            let action = match p.keyword() {
                Some(K::Set) if worded => DefinitionAction::Set,
                Some(K::Add) if worded => DefinitionAction::Add,
                Some(K::Drop) if worded => DefinitionAction::Drop,
                _ => DefinitionAction::Unspecified,
            };
            if action != DefinitionAction::Unspecified {
                p.advance();
            }
            let name = p.label()?;
            let value = match action {
                DefinitionAction::Drop => None,
                _ => Some(DefinitionValue::String(p.string()?)),
            };
            Ok(DefinitionItem { action, ..item(name, value, location) })
        })
    }

    /// The options of a sequence, as many as there are.
    pub(super) fn sequence_options(&mut self) -> Result<Vec<DefinitionItem>> {
        let mut options = Vec::new();
        while let Some(option) = self.sequence_option()? {
            options.push(option);
        }
        Ok(options)
    }

    /// An option of a sequence, if one is here.
    pub(super) fn sequence_option(&mut self) -> Result<Option<DefinitionItem>> {
        let location = self.location();
        let Some(keyword) = self.keyword() else { return Ok(None) };
        let named = |name: &str, value| Ok(Some(item(name, value, location)));
        match keyword {
            K::As => {
                self.advance();
                let name = self.simple_type_name()?;
                named("as", Some(DefinitionValue::Type(Box::new(name))))
            }
            K::Cache | K::Maxvalue | K::Minvalue => {
                self.advance();
                let value = self.number()?;
                named(keyword.word(), Some(value))
            }
            K::Cycle => {
                self.advance();
                named("cycle", boolean(true))
            }
            K::Logged | K::Unlogged => {
                self.advance();
                named(keyword.word(), None)
            }
            K::No => {
                self.advance();
                let keyword = match self.keyword() {
                    Some(keyword @ (K::Cycle | K::Maxvalue | K::Minvalue)) => keyword,
                    _ => return Err(self.syntax_error()),
                };
                self.advance();
                named(keyword.word(), if keyword == K::Cycle { boolean(false) } else { None })
            }
            K::Increment => {
                self.advance();
                self.accept(K::By);
                let value = self.number()?;
                named("increment", Some(value))
            }
            K::Owned => {
                self.advance();
                self.expect(K::By)?;
                let name = self.any_name()?;
                named("owned_by", Some(DefinitionValue::Name(name)))
            }
            K::Sequence => {
                self.advance();
                self.expect(K::Name)?;
                let name = self.any_name()?;
                named("sequence_name", Some(DefinitionValue::Name(name)))
            }
            K::Start => {
                self.advance();
                self.accept(K::With);
                let value = self.number()?;
                named("start", Some(value))
            }
            K::Restart => {
                self.advance();
                let with = self.accept(K::With);
                let value = if with || self.at_number() { Some(self.number()?) } else { None };
                named("restart", value)
            }
            _ => Ok(None),
        }
    }

    /// The options of COPY in parentheses.
    pub(super) fn copy_generic_options(&mut self) -> Result<Vec<DefinitionItem>> {
        self.parenthesized_list(|p| {
            let location = p.location();
            let name = p.label()?;
            let value = match p.kind() {
                TokenKind::Star => {
                    p.advance();
                    Some(DefinitionValue::Star)
                }
                TokenKind::LeftParen => Some(DefinitionValue::List(
                    p.parenthesized_list(|p| Ok(DefinitionValue::String(p.boolean_or_string()?)))?,
                )),
                _ if p.accept(K::Default) => Some(DefinitionValue::String("default".into())),
                _ if p.at_number() => Some(p.number()?),
                _ if p.at_boolean_or_string() => Some(DefinitionValue::String(p.boolean_or_string()?)),
                _ => None,
            };
            Ok(item(name, value, location))
        })
    }

    /// An option may be given once: `conflicting or redundant options`.
    pub(super) fn conflicting_options(&self, location: u32) -> error::Error {
        self.error(SqlState::SYNTAX_ERROR, "conflicting or redundant options", location)
    }
}
