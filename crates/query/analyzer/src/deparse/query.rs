//! Queries.

use batch::Datum;
use catalog::format::quote_identifier;
use error::{Error, Result};

use super::layout::{STEP, Writer};
use super::names::{Level, Naming};
use crate::query::*;

impl<'q> Writer<'q> {
    /// A query.
    pub fn query(&mut self, query: &'q Query, output: Output<'_>) -> Result<()> {
        self.deeper(|this| {
            let level = Level::new(this.catalog, query, this.names.levels())?;
            let (indent, caught) = (this.indent, this.caught.take());
            this.names.levels().push(level);
            let result = match query.command {
                Command::Select => this.select(query, output),
                _ => this.modification(query),
            };
            this.names.levels().pop();
            (this.indent, this.caught) = (indent, caught);
            result
        })
    }

    fn select(&mut self, query: &'q Query, output: Output<'_>) -> Result<()> {
        self.with(query)?;
        let set_operation = query.set_operation.as_deref();
        match set_operation {
            Some(operation) => self.set_operation(query, operation, output)?,
            None => self.body(query, output)?,
        }
        let by_number = set_operation.is_some();
        if !query.order_by.is_empty() {
            self.clause(" ORDER BY ", 1);
            self.catch(query, output);
            self.order_by(&query.order_by, &query.targets, by_number)?;
            self.caught = None;
        }
        if let Some(offset) = &query.offset {
            self.clause(" OFFSET ", 0);
            self.expr(offset, false)?;
        }
        if let Some(limit) = &query.limit {
            let null = matches!(&limit.kind, ExprKind::Const(value) if value.is_null());
            if query.with_ties {
                self.clause(" FETCH FIRST ", 0);
                // Only a literal could stand alone.
                self.put("(");
                self.expr(limit, false)?;
                self.put(") ROWS WITH TIES");
            } else if null {
                self.clause(" LIMIT ", 0);
                self.put("ALL");
            } else {
                self.clause(" LIMIT ", 0);
                self.expr(limit, false)?;
            }
        }
        if query.has.for_update {
            for mark in &query.row_marks {
                let word = match mark.strength {
                    LockStrength::KeyShare => " FOR KEY SHARE",
                    LockStrength::Share => " FOR SHARE",
                    LockStrength::NoKeyUpdate => " FOR NO KEY UPDATE",
                    LockStrength::Update => " FOR UPDATE",
                };
                self.clause(word, 0);
                let name = self.names.levels().last().and_then(|level| level.entries.get(mark.relation)?.name.clone());
                self.putf(format_args!(" OF {}", quote_identifier(&name.unwrap_or_default())));
                self.put(match mark.wait {
                    LockWait::Block => "",
                    LockWait::Skip => " SKIP LOCKED",
                    LockWait::Error => " NOWAIT",
                });
            }
        }
        Ok(())
    }

    /// Notes which names would be taken for output columns.
    fn catch(&mut self, query: &'q Query, output: Output<'_>) {
        let outputs = query.targets.iter().filter(|target| !target.junk).enumerate();
        let named = outputs.map(|(at, target)| (output.name(target, at).to_string(), &target.expr));
        self.caught = Some(named.collect());
    }

    pub(super) fn with(&mut self, query: &'q Query) -> Result<()> {
        if query.ctes.is_empty() {
            return Ok(());
        }
        if self.layout {
            self.indent += STEP;
            self.put(" ");
        }
        self.put(if query.recursive { "WITH RECURSIVE " } else { "WITH " });
        for (at, cte) in query.ctes.iter().enumerate() {
            if at > 0 {
                self.put(", ");
            }
            self.put(&quote_identifier(&cte.name));
            if cte.named > 0 {
                let names: Vec<String> =
                    cte.columns.iter().take(cte.named as usize).map(|column| quote_identifier(&column.name)).collect();
                self.putf(format_args!("({})", names.join(", ")));
            }
            self.put(" AS ");
            self.put(match cte.materialized {
                Some(true) => "MATERIALIZED ",
                Some(false) => "NOT MATERIALIZED ",
                None => "",
            });
            self.put("(");
            self.line("", 0, 0, 0);
            self.query(&cte.query, Output::OWN)?;
            self.line("", 0, 0, 0);
            self.put(")");
            self.search_and_cycle(cte)?;
        }
        if self.layout {
            self.indent -= STEP;
            self.line("", 0, 0, 0);
        } else {
            self.put(" ");
        }
        Ok(())
    }

    fn search_and_cycle(&mut self, cte: &'q Cte) -> Result<()> {
        let list = |names: &[String]| names.iter().map(|name| quote_identifier(name)).collect::<Vec<_>>().join(", ");
        if let Some(search) = &cte.search {
            let (columns, sequence) = (list(&search.columns), quote_identifier(&search.sequence));
            let order = if search.breadth_first { "BREADTH" } else { "DEPTH" };
            self.putf(format_args!(" SEARCH {order} FIRST BY {columns} SET {sequence}"));
        }
        if let Some(cycle) = &cte.cycle {
            self.putf(format_args!(" CYCLE {} SET {}", list(&cycle.columns), quote_identifier(&cycle.mark)));
            let is = |mark: &Expr, value| {
                mark.ty.oid == types::oid::BOOL && mark.kind == ExprKind::Const(Datum::bool(value))
            };
            if !is(&cycle.mark_value, true) || !is(&cycle.mark_default, false) {
                self.put(" TO ");
                self.expr(&cycle.mark_value, false)?;
                self.put(" DEFAULT ");
                self.expr(&cycle.mark_default, false)?;
            }
            self.putf(format_args!(" USING {}", quote_identifier(&cycle.path)));
        }
        Ok(())
    }

    /// The VALUES that a query is, if it is nothing else.
    pub(super) fn plain_values(query: &'q Query, output: Output<'_>) -> Option<&'q [Vec<Expr>]> {
        let [FromItem::Relation(at)] = query.from[..] else { return None };
        let entry = &query.range_table[at];
        let EntryKind::Values { rows } = &entry.kind else { return None };
        let plain = query.where_clause.is_none()
            && query.group_by.is_empty()
            && query.having.is_none()
            && query.distinct.is_empty()
            && query.targets.len() == entry.columns.len()
            && query.targets.iter().enumerate().all(|(at, target)| {
                let is_column =
                    matches!(target.expr.kind, ExprKind::Var(Var { level: 0, column, .. }) if column == at as i16 + 1);
                is_column && !target.junk && output.name(target, at) == entry.columns[at].name
            });
        plain.then_some(&rows[..])
    }

    fn body(&mut self, query: &'q Query, output: Output<'_>) -> Result<()> {
        if self.layout {
            self.indent += STEP;
            self.put(" ");
        }
        if let Some(rows) = Self::plain_values(query, output) {
            return self.values(rows);
        }
        self.put("SELECT");
        if query.distinct_on {
            self.put(" DISTINCT ON (");
            self.catch(query, output);
            self.keys(&query.distinct, &query.targets, false)?;
            self.caught = None;
            self.put(")");
        } else if !query.distinct.is_empty() {
            self.put(" DISTINCT");
        }
        self.targets(query, output)?;
        self.write_from(query)?;
        if let Some(condition) = &query.where_clause {
            self.clause(" WHERE ", 1);
            self.expr(condition, false)?;
        }
        if !query.group_by.is_empty() || query.grouping_sets.is_some() {
            self.clause(" GROUP BY ", 1);
            if query.group_distinct {
                self.put("DISTINCT ");
            }
            if query.grouping_written.is_empty() {
                self.keys(&query.group_by, &query.targets, false)?;
            }
            for (at, item) in query.grouping_written.iter().enumerate() {
                if at > 0 {
                    self.put(", ");
                }
                self.grouping(query, item, true)?;
            }
        }
        if let Some(condition) = &query.having {
            self.clause(" HAVING ", 0);
            self.expr(condition, false)?;
        }
        let named: Vec<&WindowClause> = query.windows.iter().filter(|window| window.name.is_some()).collect();
        for (at, window) in named.into_iter().enumerate() {
            match at {
                0 => self.clause(" WINDOW ", 1),
                _ => self.put(", "),
            }
            self.put(&quote_identifier(window.name.as_deref().unwrap_or_default()));
            self.put(" AS ");
            self.window(query, window)?;
        }
        Ok(())
    }

    pub(super) fn values(&mut self, rows: &'q [Vec<Expr>]) -> Result<()> {
        self.put("VALUES ");
        for (at, row) in rows.iter().enumerate() {
            self.put(if at > 0 { ", (" } else { "(" });
            for (at, value) in row.iter().enumerate() {
                if at > 0 {
                    self.put(",");
                }
                self.value(value)?;
            }
            self.put(")");
        }
        Ok(())
    }

    fn targets(&mut self, query: &'q Query, output: Output<'_>) -> Result<()> {
        self.target_list(&query.targets, output)
    }

    pub(super) fn target_list(&mut self, targets: &'q [TargetEntry], output: Output<'_>) -> Result<()> {
        let mut separator = " ";
        let mut long = false;
        for (at, target) in targets.iter().filter(|target| !target.junk).enumerate() {
            self.put(separator);
            separator = ", ";
            let text = self.aside(|this| {
                this.value(&target.expr)?;
                let name = output.name(target, at);
                // What the column would be called by itself: columns have names, all else has not.
                let own = match &target.expr.kind {
                    ExprKind::Var(var) if var.column != 0 => this.own_name(var),
                    ExprKind::Var(_) | ExprKind::Const(_) => None,
                    _ => {
                        let shown = super::names::merged_name(this.names.levels(), &target.expr);
                        let quoted = quote_identifier(name);
                        let is_own = |text: &String| *text == quoted || text.ends_with(&format!(".{quoted}"));
                        shown.map(|text| if is_own(&text) { name.to_string() } else { text })
                    }
                };
                let own = own.or_else(|| (!output.visible).then(|| "?column?".to_string()));
                if !name.is_empty() && own.as_deref() != Some(name) {
                    this.putf(format_args!(" AS {}", quote_identifier(name)));
                }
                Ok(())
            })?;
            self.item(&text, at == 0, &mut long);
        }
        Ok(())
    }

    /// The name that a column has where it stands.
    fn own_name(&mut self, var: &Var) -> Option<String> {
        let levels = self.names.levels();
        let expr_levels = levels.len().checked_sub(1 + var.level as usize)?;
        let text = super::names::column_name(levels, var, false);
        let level = &levels[expr_levels];
        if var.column < 0 {
            return Some(super::names::system_column(var.column));
        }
        let plain = level.entries.get(var.relation)?.columns.get(var.column as usize - 1)?.clone();
        // Through a join with an alias, the join's own name for it.
        let last = text.rsplit('.').next().unwrap_or_default();
        if last == quote_identifier(&plain) { Some(plain) } else { Some(last.trim_matches('"').replace("\"\"", "\"")) }
    }

    fn grouping(&mut self, query: &'q Query, item: &'q GroupingWritten, bare: bool) -> Result<()> {
        let (word, items, bare_items) = match item {
            GroupingWritten::Set(refs) => {
                if refs.is_empty() {
                    self.put("()");
                    return Ok(());
                }
                return self.enclosed(!bare || refs.len() != 1, |this| {
                    for (at, &target) in refs.iter().enumerate() {
                        if at > 0 {
                            this.put(", ");
                        }
                        this.key(target, &query.targets, false)?;
                    }
                    Ok(())
                });
            }
            GroupingWritten::Rollup(items) => ("ROLLUP(", items, true),
            GroupingWritten::Cube(items) => ("CUBE(", items, true),
            GroupingWritten::Sets(items) => ("GROUPING SETS (", items, false),
        };
        self.put(word);
        for (at, item) in items.iter().enumerate() {
            if at > 0 {
                self.put(", ");
            }
            self.grouping(query, item, bare_items)?;
        }
        self.put(")");
        Ok(())
    }

    fn set_operation(&mut self, query: &'q Query, operation: &'q SetOperation, output: Output<'_>) -> Result<()> {
        let (kind, all, left, right) = match operation {
            SetOperation::Leaf(at) => {
                let EntryKind::Subquery { query: inner, .. } = &query.range_table[*at].kind else {
                    return Err(Error::internal("a set operation combines something that is no subquery"));
                };
                let parentheses = !inner.ctes.is_empty()
                    || !inner.order_by.is_empty()
                    || !inner.row_marks.is_empty()
                    || inner.limit.is_some()
                    || inner.offset.is_some()
                    || inner.set_operation.is_some();
                return self.enclosed(parentheses, |this| this.query(inner, output));
            }
            SetOperation::Node { kind, all, left, right, .. } => (*kind, *all, left, right),
        };
        // Only a chain of the same operation goes without parentheses.
        let chained = matches!(&**left, SetOperation::Leaf(_))
            || matches!(&**left, SetOperation::Node { kind: k, all: a, .. } if (*k, *a) == (kind, all));
        let deeper = if chained { 0 } else { STEP };
        if !chained {
            self.put("(");
            self.line("", deeper, 0, 0);
        }
        self.set_operation(query, left, output)?;
        match (chained, self.layout) {
            (false, _) => self.line(") ", -deeper, 0, 0),
            (true, true) => self.line("", 0, 0, 0),
            (true, false) => self.put(" "),
        }
        self.put(match kind {
            SetKind::Union => "UNION ",
            SetKind::Intersect => "INTERSECT ",
            SetKind::Except => "EXCEPT ",
        });
        if all {
            self.put("ALL ");
        }
        let nested = matches!(&**right, SetOperation::Node { .. });
        let deeper = if nested { STEP } else { 0 };
        if nested {
            self.put("(");
        }
        self.line("", deeper, 0, 0);
        self.set_operation(query, right, Output { visible: false, ..output })?;
        if self.layout {
            self.indent -= deeper;
        }
        if nested {
            self.line(")", 0, 0, 0);
        }
        Ok(())
    }

    /// A subquery in an expression.
    pub(super) fn sublink(&mut self, link: &'q SubLink) -> Result<()> {
        self.put(if link.kind == SubLinkKind::Array { "ARRAY(" } else { "(" });
        let operator = |this: &Self| -> Result<String> {
            let first = link.operators.first();
            first.map_or_else(|| Ok(link.operator_name.clone()), |call| this.operator_name(call.operator, true))
        };
        let enclosed = match link.kind {
            SubLinkKind::Exists => {
                self.put("EXISTS ");
                true
            }
            SubLinkKind::Any | SubLinkKind::All | SubLinkKind::RowCompare => {
                match &link.test[..] {
                    [one] => self.expr(one, true)?,
                    several => {
                        self.put("(");
                        self.list(several, true)?;
                        self.put(")");
                    }
                }
                let name = operator(self)?;
                match link.kind {
                    SubLinkKind::Any if name == "=" => self.put(" IN "),
                    SubLinkKind::Any => self.putf(format_args!(" {name} ANY ")),
                    SubLinkKind::All => self.putf(format_args!(" {name} ALL ")),
                    _ => self.putf(format_args!(" {name} ")),
                }
                true
            }
            _ => false,
        };
        self.enclosed(enclosed, |this| this.query(&link.query, Output::HIDDEN))?;
        self.put(")");
        Ok(())
    }
}

/// What is known of a query's output where it stands.
#[derive(Clone, Copy)]
pub(super) struct Output<'n> {
    /// Names of the columns, if the place says them.
    pub names: &'n [&'n str],
    /// The names matter to somebody.
    pub visible: bool,
}

impl<'n> Output<'n> {
    /// The query's own names.
    pub const OWN: Output<'static> = Output { names: &[], visible: true };
    /// Nobody sees the names.
    pub const HIDDEN: Output<'static> = Output { names: &[], visible: false };

    fn name<'t>(&self, target: &'t TargetEntry, at: usize) -> &'t str
    where
        'n: 't,
    {
        self.names.get(at).copied().unwrap_or(&target.name)
    }
}

impl<'q> Naming<'q> {
    /// The innermost query's names.
    pub fn level(&mut self) -> Result<&mut Level<'q>> {
        self.levels().last_mut().ok_or_else(|| Error::internal("no query is being printed"))
    }
}
