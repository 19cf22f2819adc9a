//! A rule from its syntax.

use catalog::Relation;
use error::{Error, Result, SqlState};
use parser::ast;

use super::{NEW, OLD, RuleAction, RuleBody};
use crate::Analyzer;
use crate::node::{Visitor, forget_place};
use crate::query::*;
use crate::scope::{Place, Scope, Visible};

/// What is around the statements of a rule.
pub(crate) struct RuleScope {
    /// `old` and `new`.
    entries: [RangeTableEntry; 2],
    /// The next scope gets them: a statement's own, or that of the SELECT behind INSERT.
    pub next: bool,
}

fn invalid(text: &str) -> Error {
    Error::new(SqlState::INVALID_OBJECT_DEFINITION, text)
}

/// The rows that a rule is about.
fn entry(relation: &Relation, name: &str) -> RangeTableEntry {
    RangeTableEntry {
        kind: EntryKind::Relation {
            oid: relation.oid,
            relkind: relation.kind(),
            inherit: false,
            lock: 1,
            sample: None,
        },
        alias: Some(name.to_string()),
        column_aliases: false,
        name: name.to_string(),
        columns: crate::column::entry_columns(relation),
        lateral: false,
        in_from: false,
        permission: None,
        security: Vec::new(),
    }
}

impl Analyzer<'_> {
    /// The body of a rule for statements of the kind `event` about a relation.
    ///
    /// # Errors
    /// Those of its parts; `42P17` for what such a rule cannot use.
    pub fn rule(
        mut self,
        relation: &Relation,
        event: Command,
        condition: Option<&ast::Expr>,
        actions: &[ast::RawStatement],
    ) -> Result<RuleBody> {
        let scope = || RuleScope { entries: [entry(relation, "old"), entry(relation, "new")], next: true };
        self.stores = true;
        let condition = match condition {
            None => None,
            Some(condition) => {
                self.rule = Some(scope());
                self.scopes.push(Scope::new(Command::Select));
                self.enter_rule();
                // Without a name before it, a column is that of the one row that there is.
                for name in &mut self.scope().names {
                    (name.by_name, name.by_column) = match event {
                        Command::Insert => (true, name.entry == NEW),
                        Command::Delete | Command::Select => (true, name.entry == OLD),
                        _ => (true, true),
                    };
                }
                let mut value = self.condition_at(Place::Where, condition, "WHERE")?;
                self.assign_collations(&mut value)?;
                self.scopes.clear();
                value.walk_mut(|expr, _| forget_place(expr));
                let mut uses = Uses::default();
                uses.expr(&value);
                check_uses(&uses, event)?;
                Some(value)
            }
        };
        let mut list = Vec::with_capacity(actions.len());
        for action in actions {
            if let ast::Statement::Notify(notify) = &action.statement {
                if condition.is_some() {
                    let text = "rules with WHERE conditions can only have SELECT, INSERT, UPDATE, or DELETE actions";
                    return Err(invalid(text));
                }
                let payload = notify.payload.as_deref().unwrap_or_default().to_string();
                list.push(RuleAction::Notify { channel: notify.channel.to_string(), payload });
                continue;
            }
            self.rule = Some(scope());
            let mut query = self.query_statement(&action.statement)?;
            query.walk_mut(|expr, _| forget_place(expr));
            let source = insert_source(&query);
            if source.unwrap_or(&query).set_operation.is_some() && condition.is_some() {
                let text = "conditional UNION/INTERSECT/EXCEPT statements are not implemented";
                return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text));
            }
            let mut uses = Uses::default();
            uses.query(&query);
            check_uses(&uses, event)?;
            if source.unwrap_or(&query).set_operation.is_some() && (uses.old || uses.new) {
                let text =
                    "UNION/INTERSECT/EXCEPT member statement cannot refer to other relations of same query level";
                return Err(Error::new(SqlState::INVALID_COLUMN_REFERENCE, text));
            }
            if let Some((_, name)) =
                [(uses.old_in_with, "OLD"), (uses.new_in_with, "NEW")].iter().find(|(used, _)| *used)
            {
                let text = format!("cannot refer to {name} within WITH query");
                return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text));
            }
            list.push(RuleAction::Query(Box::new(query)));
        }
        Ok(RuleBody { condition, actions: list })
    }

    /// Lets the innermost scope begin with `old` and `new`, if it belongs to a rule.
    pub(crate) fn enter_rule(&mut self) {
        let Some(rule) = self.rule.as_mut().filter(|rule| rule.next) else { return };
        rule.next = false;
        let entries = rule.entries.clone();
        let scope = self.scope();
        for entry in entries {
            scope.query.range_table.push(entry);
            let at = scope.query.range_table.len() - 1;
            let visible = Visible { relation: ids::Oid::INVALID, by_column: false, ..Visible::entry(at, &scope.query) };
            scope.names.push(visible);
        }
    }
}

/// The SELECT whose rows an INSERT puts in.
pub(super) fn insert_source(query: &Query) -> Option<&Query> {
    let [FromItem::Relation(at)] = query.from[..] else { return None };
    match &query.range_table[at].kind {
        EntryKind::Subquery { query: inner, view, .. } if query.command == Command::Insert && !view.is_valid() => {
            Some(inner)
        }
        _ => None,
    }
}

fn check_uses(uses: &Uses, event: Command) -> Result<()> {
    let (word, old, new) = match event {
        Command::Select => ("SELECT", true, true),
        Command::Insert => ("INSERT", true, false),
        Command::Delete => ("DELETE", false, true),
        _ => return Ok(()),
    };
    if old && uses.old {
        return Err(invalid(&format!("ON {word} rule cannot use OLD")));
    }
    if new && uses.new {
        return Err(invalid(&format!("ON {word} rule cannot use NEW")));
    }
    Ok(())
}

/// Whether `old` and `new` are used.
#[derive(Default)]
struct Uses {
    old: bool,
    new: bool,
    old_in_with: bool,
    new_in_with: bool,
    depth: u32,
    /// Depths at which the range table begins with `old` and `new`.
    homes: Vec<u32>,
    with: u32,
}

impl Visitor for Uses {
    fn expr(&mut self, expr: &Expr) {
        if let ExprKind::Var(var) = &expr.kind {
            let home = self.depth.checked_sub(var.level);
            if var.relation <= NEW && home.is_some_and(|home| home == 0 || self.homes.contains(&home)) {
                let (used, in_with) = match var.relation {
                    OLD => (&mut self.old, &mut self.old_in_with),
                    _ => (&mut self.new, &mut self.new_in_with),
                };
                *used = true;
                *in_with |= self.with > 0;
            }
            return;
        }
        expr.visit_children(self);
    }
    fn query(&mut self, query: &Query) {
        self.depth += 1;
        let is_home = |entry: Option<&RangeTableEntry>, name: &str| {
            entry.is_some_and(|entry| {
                !entry.in_from && entry.permission.is_none() && entry.alias.as_deref() == Some(name)
            })
        };
        if is_home(query.range_table.first(), "old") && is_home(query.range_table.get(1), "new") {
            self.homes.push(self.depth);
        }
        for cte in &query.ctes {
            self.with += 1;
            self.query(&cte.query);
            self.with -= 1;
        }
        let without = Query { ctes: Vec::new(), ..query.clone() };
        without.visit_children(self);
        self.homes.retain(|home| *home != self.depth);
        self.depth -= 1;
    }
    fn as_dyn(&mut self) -> &mut dyn Visitor {
        self
    }
}
