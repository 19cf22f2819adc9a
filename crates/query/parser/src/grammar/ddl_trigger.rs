//! CREATE TRIGGER.

use super::Parser;
use super::ddl_constraint::Allowed;
use crate::ast::*;
use crate::keywords::Keyword as K;
use crate::lexer::TokenKind;
use error::{Result, SqlState};

impl Parser<'_> {
    /// `[CONSTRAINT] TRIGGER …`, behind CREATE [OR REPLACE].
    pub(super) fn create_trigger(&mut self, or_replace: bool) -> Result<Statement> {
        let start = self.statement_start();
        let constraint = self.accept(K::Constraint);
        self.expect(K::Trigger)?;
        let name = self.name()?;
        let timing = match self.keyword() {
            Some(K::After) => TriggerTiming::After,
            Some(K::Before) if !constraint => TriggerTiming::Before,
            Some(K::Instead) if !constraint => {
                self.advance();
                if !self.is(K::Of) {
                    return Err(self.syntax_error());
                }
                TriggerTiming::InsteadOf
            }
            _ => return Err(self.syntax_error()),
        };
        self.advance();
        let (events, columns) = self.trigger_events()?;
        self.expect(K::On)?;
        let relation = self.relation_name()?;
        let mut trigger = CreateTrigger {
            name,
            or_replace,
            constraint,
            relation,
            timing,
            events,
            columns,
            for_each_row: constraint,
            transitions: Vec::new(),
            condition: None,
            function: ObjectName::unqualified("", NO_LOCATION),
            arguments: Vec::new(),
            from: None,
            deferrable: false,
            initially_deferred: false,
        };
        if constraint {
            if self.accept(K::From) {
                trigger.from = Some(self.relation_name()?);
            }
            let attributes = self.constraint_attributes()?;
            let allowed = Allowed { deferrable: true, not_valid: false, no_inherit: false, enforced: false };
            self.check_attributes(attributes, allowed, "TRIGGER")?;
            trigger.initially_deferred = attributes.initially_deferred == Some(true);
            trigger.deferrable = trigger.initially_deferred || attributes.deferrable == Some(true);
            self.expect_all(&[K::For, K::Each, K::Row])?;
        } else {
            trigger.transitions = self.trigger_transitions()?;
            if self.accept(K::For) {
                self.accept(K::Each);
                trigger.for_each_row = self.accept(K::Row);
                if !trigger.for_each_row {
                    self.expect(K::Statement)?;
                }
            }
        }
        if self.accept(K::When) {
            trigger.condition = Some(self.parenthesized_expr()?);
        }
        self.expect(K::Execute)?;
        self.function_or_procedure()?;
        trigger.function = self.function_name()?;
        self.expect_kind(TokenKind::LeftParen)?;
        if !self.is_kind(TokenKind::RightParen) {
            // The first argument may be missing, oddly.
            self.accept_kind(TokenKind::Comma);
            trigger.arguments = self.comma_list(Self::trigger_argument)?;
        }
        self.expect_kind(TokenKind::RightParen)?;
        if constraint && or_replace {
            let message = "CREATE OR REPLACE CONSTRAINT TRIGGER is not supported";
            return Err(self.error(SqlState::FEATURE_NOT_SUPPORTED, message, start));
        }
        Ok(Statement::CreateTrigger(Box::new(trigger)))
    }

    pub(super) fn function_or_procedure(&mut self) -> Result<()> {
        if self.accept(K::Function) { Ok(()) } else { self.expect(K::Procedure) }
    }

    fn trigger_events(&mut self) -> Result<(TriggerEvents, Vec<Name>)> {
        let mut events = TriggerEvents::default();
        let mut columns = Vec::new();
        loop {
            let token = self.token();
            let event = match token.keyword {
                Some(K::Insert) => &mut events.insert,
                Some(K::Update) => &mut events.update,
                Some(K::Delete) => &mut events.delete,
                Some(K::Truncate) => &mut events.truncate,
                _ => return Err(self.syntax_error()),
            };
            let again = std::mem::replace(event, true);
            let update = self.is(K::Update);
            self.advance();
            if update && self.accept(K::Of) {
                columns.extend(self.names()?);
            }
            if again {
                // PostgreSQL has looked for OF behind UPDATE by then.
                let at = if update { self.token() } else { token };
                return Err(self.near("duplicate trigger events specified", at));
            }
            if !self.accept(K::Or) {
                return Ok((events, columns));
            }
        }
    }

    fn trigger_transitions(&mut self) -> Result<Vec<TriggerTransition>> {
        let mut transitions = Vec::new();
        if !self.accept(K::Referencing) {
            return Ok(transitions);
        }
        loop {
            let new = self.accept(K::New);
            if !new && !self.accept(K::Old) {
                if transitions.is_empty() {
                    return Err(self.syntax_error());
                }
                return Ok(transitions);
            }
            let table = self.accept(K::Table);
            if !table {
                self.expect(K::Row)?;
            }
            self.accept(K::As);
            transitions.push(TriggerTransition { name: self.name()?, new, table });
        }
    }

    /// A number, string or word, as text.
    fn trigger_argument(&mut self) -> Result<Name> {
        let token = self.token();
        match token.kind {
            TokenKind::Integer => {
                self.advance();
                Ok((token.value as i32).to_string().into())
            }
            TokenKind::Float => {
                self.advance();
                Ok(self.text(token).into())
            }
            TokenKind::String => self.string(),
            _ => self.label(),
        }
    }
}
