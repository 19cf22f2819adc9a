//! Rules: what a statement about a relation is rewritten to.
//!
//! A rule's condition and actions are analyzed with two relations around them, `old` and `new`, which stand for the rows that the statement
//! changes ([`OLD`], [`NEW`] in the range table). [`rewrite`] puts the statement's own rows in their place.
//!
//! - [`Rule`]: the stored form. [`define`]: from syntax to it.
//! - [`rewrite`]: which queries a statement becomes.

mod define;
mod rewrite;

use std::sync::Arc;

use catalog::{Catalog, Relation};
use error::{Error, Result};

use crate::node::{from_text, node};
use crate::query::*;

pub(crate) use define::RuleScope;

/// The place of `old` in the range table of a rule's condition and actions.
pub const OLD: usize = 0;
/// The place of `new`.
pub const NEW: usize = 1;

node! {
    /// One command of a rule.
    #[derive(Clone, Debug, PartialEq)]
    pub enum RuleAction {
        /// SELECT, INSERT, UPDATE or DELETE.
        Query(query: Box<Query>),
        /// NOTIFY
        Notify {
            /// The channel.
            channel: String,
            /// The message; empty if none is given.
            payload: String,
        },
    }
}

/// A rule's condition and commands.
#[derive(Clone, Debug)]
pub struct RuleBody {
    /// WHERE, over [`OLD`] and [`NEW`].
    pub condition: Option<Expr>,
    /// What is done; nothing if empty.
    pub actions: Vec<RuleAction>,
}

/// A rule that can fire.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    /// For which statements.
    pub event: Command,
    /// `ev_enabled`.
    pub enabled: u8,
    pub instead: bool,
    pub body: RuleBody,
}

/// No condition, in `pg_rewrite`.
pub const NO_CONDITION: &str = "<>";

/// Reads what `pg_rewrite` stores of a rule.
///
/// # Errors
/// `0A000` for a rule of the system, which is SQL text.
pub fn stored_body(condition: &str, actions: &str) -> Result<RuleBody> {
    if actions.starts_with('@') {
        return Err(Error::not_implemented("rules of system views"));
    }
    Ok(RuleBody {
        condition: if condition == NO_CONDITION { None } else { Some(from_text(condition)?) },
        actions: from_text(actions)?,
    })
}

/// The statements that a rule is for, by `ev_type`.
fn event_of(letter: u8) -> Option<Command> {
    match letter {
        b'1' => Some(Command::Select),
        b'2' => Some(Command::Update),
        b'3' => Some(Command::Insert),
        b'4' => Some(Command::Delete),
        _ => None,
    }
}

/// The `ev_type` of rules for a command.
pub fn event_letter(command: Command) -> u8 {
    match command {
        Command::Update => b'2',
        Command::Insert => b'3',
        Command::Delete => b'4',
        _ => b'1',
    }
}

/// The rules of a relation for changes, by name. A session reads them only once.
fn rules_of(catalog: &Catalog, relation: &Relation) -> Result<Arc<Vec<Rule>>> {
    catalog.handle(relation.oid, || {
        let mut rules = Vec::new();
        for row in relation.rules.iter().filter(|row| row.ev_type != b'1') {
            let Some(event) = event_of(row.ev_type) else { continue };
            let body = stored_body(&row.ev_qual, &row.ev_action)?;
            rules.push(Rule { event, enabled: row.ev_enabled, instead: row.is_instead, body });
        }
        Ok(rules)
    })
}
