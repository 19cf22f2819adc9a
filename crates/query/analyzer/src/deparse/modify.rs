//! INSERT, UPDATE and DELETE; rules.

use catalog::format::{quote_identifier, quote_literal};
use error::{Error, Result};

use super::layout::{STEP, Writer};
use super::query::Output;
use crate::modify::is_assignment;
use crate::query::*;
use crate::rule::RuleAction;

impl<'q> Writer<'q> {
    /// A statement that changes data.
    pub(super) fn modification(&mut self, query: &'q Query) -> Result<()> {
        self.with(query)?;
        let at = query.result_relation.ok_or_else(|| Error::internal("a modification without target"))?;
        let EntryKind::Relation { oid, inherit, .. } = query.range_table[at].kind else {
            return Err(Error::internal("the target of a modification is no relation"));
        };
        if self.layout {
            self.indent += STEP;
            self.put(" ");
        }
        let name = self.relation_name(oid)?;
        let only = if inherit || query.command == Command::Insert { "" } else { "ONLY " };
        match query.command {
            Command::Insert => self.putf(format_args!("INSERT INTO {name}")),
            Command::Update => self.putf(format_args!("UPDATE {only}{name}")),
            Command::Delete => self.putf(format_args!("DELETE FROM {only}{name}")),
            _ => return Err(Error::not_implemented("printing MERGE")),
        }
        let called = self.names.level()?.entries[at].name.clone().unwrap_or_default();
        let own = self.catalog.relation_name(oid)?;
        if query.range_table[at].alias.is_some() || own.is_none_or(|own| own != called) {
            let word = if query.command == Command::Insert { " AS " } else { " " };
            self.putf(format_args!("{word}{}", quote_identifier(&called)));
        }
        match query.command {
            Command::Insert => self.insertion(query)?,
            Command::Update => {
                self.put(" SET ");
                self.assignments(&query.targets)?;
                self.write_from_as(query, " FROM ", Some(at))?;
            }
            _ => self.write_from_as(query, " USING ", Some(at))?,
        }
        if query.command != Command::Insert
            && let Some(condition) = &query.where_clause
        {
            self.clause(" WHERE ", 1);
            self.expr(condition, false)?;
        }
        if !query.returning.is_empty() {
            self.clause(" RETURNING", 1);
            self.target_list(&query.returning, Output::OWN)?;
        }
        Ok(())
    }

    fn insertion(&mut self, query: &'q Query) -> Result<()> {
        let targets: Vec<&'q TargetEntry> = query.targets.iter().filter(|target| !target.junk).collect();
        let mut separator = " (";
        for target in &targets {
            for part in parts(&target.expr) {
                self.put(separator);
                separator = ", ";
                self.assigned_name(target, part)?;
            }
        }
        if !targets.is_empty() {
            self.put(") ");
        }
        match query.overriding {
            Overriding::None => {}
            Overriding::User => self.put("OVERRIDING USER VALUE "),
            Overriding::System => self.put("OVERRIDING SYSTEM VALUE "),
        }
        let source = match query.from[..] {
            [FromItem::Relation(at)] => Some(&query.range_table[at].kind),
            _ => None,
        };
        match source {
            Some(EntryKind::Subquery { query: inner, .. }) => self.query(inner, Output::HIDDEN)?,
            Some(EntryKind::Values { rows }) => self.values(rows)?,
            _ if targets.is_empty() => self.put(" DEFAULT VALUES"),
            _ => {
                self.clause("VALUES (", 2);
                for (at, part) in targets.iter().flat_map(|target| parts(&target.expr)).enumerate() {
                    if at > 0 {
                        self.put(", ");
                    }
                    self.assigned_value(part)?;
                }
                self.put(")");
            }
        }
        let Some(conflict) = &query.on_conflict else { return Ok(()) };
        self.put(" ON CONFLICT");
        if conflict.constraint.is_valid() {
            let name = self.catalog.constraint(conflict.constraint)?.conname.to_string();
            self.putf(format_args!(" ON CONSTRAINT {}", quote_identifier(&name)));
        } else if !conflict.arbiters.is_empty() {
            self.put("(");
            self.unqualified(|this| {
                for (at, element) in conflict.arbiters.iter().enumerate() {
                    if at > 0 {
                        this.put(", ");
                    }
                    let column = matches!(element.expr.kind, ExprKind::Var(_));
                    this.enclosed(!column && !matches!(element.expr.kind, ExprKind::Function(_)), |this| {
                        this.expr(&element.expr, false)
                    })?;
                    if element.collation.is_valid() {
                        let name = this.catalog.collation(element.collation)?.collname.to_string();
                        this.putf(format_args!(" COLLATE {}", quote_identifier(&name)));
                    }
                }
                Ok(())
            })?;
            self.put(")");
            if let Some(condition) = &conflict.arbiter_where {
                self.clause(" WHERE ", 1);
                self.unqualified(|this| this.expr(condition, false))?;
            }
        }
        if !conflict.update {
            self.put(" DO NOTHING");
            return Ok(());
        }
        self.put(" DO UPDATE SET ");
        self.assignments(&conflict.set)?;
        if let Some(condition) = &conflict.set_where {
            self.clause(" WHERE ", 1);
            self.expr(condition, false)?;
        }
        Ok(())
    }

    fn assignments(&mut self, targets: &'q [TargetEntry]) -> Result<()> {
        let mut separator = "";
        for target in targets.iter().filter(|target| !target.junk) {
            for part in parts(&target.expr) {
                self.put(separator);
                separator = ", ";
                self.assigned_name(target, part)?;
                self.put(" = ");
                self.assigned_value(part)?;
            }
        }
        Ok(())
    }

    /// A column that is set, with the part of it that `expr` replaces.
    fn assigned_name(&mut self, target: &'q TargetEntry, mut expr: &'q Expr) -> Result<()> {
        let at = self.names.level()?.query.result_relation.unwrap_or(0);
        let entries = &self.names.level()?.entries;
        let name = entries.get(at).and_then(|entry| entry.columns.get(target.number as usize - 1)).cloned();
        self.put(&quote_identifier(&name.unwrap_or_else(|| target.name.clone())));
        loop {
            expr = match &expr.kind {
                ExprKind::FieldStore { arg, fields } => {
                    let [(number, value)] = &fields[..] else { return Ok(()) };
                    let relation = crate::types::row_relation(self.catalog, arg.ty.oid)?;
                    let relation = self.catalog.relation(relation)?;
                    let field = relation.column(*number).map(|column| column.attname.to_string()).unwrap_or_default();
                    self.putf(format_args!(".{}", quote_identifier(&field)));
                    value
                }
                ExprKind::Subscript { upper, lower, assign: Some(value), .. } => {
                    for (dimension, bound) in upper.iter().enumerate() {
                        self.put("[");
                        if let Some(low) = lower.get(dimension) {
                            if let Some(low) = low {
                                self.expr(low, false)?;
                            }
                            self.put(":");
                        }
                        if let Some(bound) = bound {
                            self.expr(bound, false)?;
                        }
                        self.put("]");
                    }
                    value
                }
                ExprKind::CoerceToDomain(arg, CallForm::ImplicitCast) => match arg.kind {
                    ExprKind::FieldStore { .. } | ExprKind::Subscript { assign: Some(_), .. } => arg,
                    _ => return Ok(()),
                },
                _ => return Ok(()),
            };
        }
    }

    /// The value that is assigned, without the parts of columns that stay.
    fn assigned_value(&mut self, expr: &'q Expr) -> Result<()> {
        match &expr.kind {
            ExprKind::FieldStore { fields, .. } if fields.len() == 1 => self.assigned_value(&fields[0].1),
            ExprKind::Subscript { assign: Some(value), .. } => self.assigned_value(value),
            ExprKind::CoerceToDomain(arg, CallForm::ImplicitCast) => self.assigned_value(arg),
            ExprKind::Default => {
                self.put("DEFAULT");
                Ok(())
            }
            _ => self.value(expr),
        }
    }

    /// Writes something in which columns are not qualified.
    fn unqualified(&mut self, f: impl FnOnce(&mut Self) -> Result<()>) -> Result<()> {
        let before = std::mem::replace(&mut self.names.level()?.qualify, false);
        let result = f(self);
        self.names.level()?.qualify = before;
        result
    }

    /// A rule's command.
    pub(super) fn rule_action(&mut self, action: &'q RuleAction) -> Result<()> {
        match action {
            RuleAction::Query(query) => self.query(query, Output::OWN),
            RuleAction::Notify { channel, payload } => {
                self.line("", 0, STEP, 1);
                self.putf(format_args!("NOTIFY {}", quote_identifier(channel)));
                if !payload.is_empty() {
                    self.putf(format_args!(", {}", quote_literal(payload)));
                }
                self.indent -= STEP;
                Ok(())
            }
        }
    }
}

/// What is assigned to a column: its value, or each replacement of a part of it, in the order in which they are made.
fn parts(mut expr: &Expr) -> Vec<&Expr> {
    let mut found = Vec::new();
    loop {
        let whole = match &expr.kind {
            ExprKind::CoerceToDomain(inner, CallForm::ImplicitCast) if is_assignment(inner) => inner,
            _ => expr,
        };
        match &whole.kind {
            ExprKind::FieldStore { arg: rest, .. } | ExprKind::Subscript { container: rest, assign: Some(_), .. } => {
                found.push(whole);
                expr = rest;
            }
            _ if found.is_empty() => return vec![expr],
            _ => {
                found.reverse();
                return found;
            }
        }
    }
}
