//! FROM.

use catalog::format::quote_identifier;
use error::{Error, Result};

use super::layout::Writer;
use crate::query::*;

impl<'q> Writer<'q> {
    pub(super) fn write_from(&mut self, query: &'q Query) -> Result<()> {
        self.write_from_as(query, " FROM ", None)
    }

    /// What a statement reads, behind a word; a target stands elsewhere.
    pub(super) fn write_from_as(&mut self, query: &'q Query, word: &str, target: Option<usize>) -> Result<()> {
        let mut first = true;
        let mut long = false;
        for item in &query.from {
            if let FromItem::Relation(at) = item
                && (target == Some(*at)
                    || !query.range_table[*at].in_from
                    || matches!(query.range_table[*at].kind, EntryKind::Result))
            {
                continue;
            }
            if first {
                self.clause(word, 2);
                first = false;
                self.source(query, item)?;
                continue;
            }
            self.put(", ");
            let text = self.aside(|this| this.source(query, item))?;
            self.item(&text, false, &mut long);
        }
        Ok(())
    }

    fn source(&mut self, query: &'q Query, item: &'q FromItem) -> Result<()> {
        match item {
            FromItem::Relation(at) => self.entry(query, *at),
            FromItem::Join(join) => self.deeper(|this| this.join(query, join)),
        }
    }

    fn join(&mut self, query: &'q Query, join: &'q Join) -> Result<()> {
        let alias = self.names.level()?.entries[join.entry].name.clone();
        let enclosed = !self.pretty || alias.is_some();
        self.names.level()?.inside.push(join.entry);
        let result = self.enclosed(enclosed, |this| {
            this.source(query, &join.left)?;
            let crossed = join.on.is_none() && join.using.is_empty() && join.kind == JoinKind::Inner;
            this.clause(
                match join.kind {
                    JoinKind::Inner if crossed => " CROSS JOIN ",
                    JoinKind::Inner => " JOIN ",
                    JoinKind::Left => " LEFT JOIN ",
                    JoinKind::Right => " RIGHT JOIN ",
                    JoinKind::Full => " FULL JOIN ",
                },
                4,
            );
            let nested = matches!(&join.right, FromItem::Join(right) if {
                this.pretty && this.names.level()?.entries[right.entry].name.is_none()
            });
            this.enclosed(nested, |this| this.source(query, &join.right))?;
            if !join.using.is_empty() {
                let names: Vec<String> =
                    this.names.level()?.using_names(join).iter().map(|name| quote_identifier(name)).collect();
                this.putf(format_args!(" USING ({})", names.join(", ")));
                if let Some(alias) = &join.using_alias {
                    this.putf(format_args!(" AS {}", quote_identifier(alias)));
                }
            } else if let Some(on) = &join.on {
                this.put(" ON ");
                this.enclosed(!this.pretty, |this| this.expr(on, false))?;
            } else if !crossed {
                this.put(" ON TRUE");
            }
            Ok(())
        });
        self.names.level()?.inside.pop();
        result?;
        if let Some(alias) = alias {
            self.putf(format_args!(" {}", quote_identifier(&alias)));
            self.column_aliases(join.entry)?;
        }
        Ok(())
    }

    fn column_aliases(&mut self, at: usize) -> Result<()> {
        let names = &self.names.level()?.entries[at];
        if names.columns_written {
            let list: Vec<String> =
                names.columns.iter().filter(|name| !name.is_empty()).map(|name| quote_identifier(name)).collect();
            self.putf(format_args!("({})", list.join(", ")));
        }
        Ok(())
    }

    fn entry(&mut self, query: &'q Query, at: usize) -> Result<()> {
        let entry = &query.range_table[at];
        // Functions may always refer to what stands before them.
        let lateral = match &entry.kind {
            // A JSON_TABLE says that it does.
            EntryKind::Function { functions, .. } => functions.iter().any(|function| {
                matches!(function.call.kind, ExprKind::JsonTable(_)) && crate::sqljson::has_columns(&function.call)
            }),
            _ => entry.lateral,
        };
        if lateral {
            self.put("LATERAL ");
        }
        // The name that it would have without an alias, where it has one.
        let mut own_name = None;
        let mut definitions = None;
        match &entry.kind {
            EntryKind::Relation { oid, inherit, sample, .. } => {
                if !inherit {
                    self.put("ONLY ");
                }
                let name = self.relation_name(*oid)?;
                self.put(&name);
                own_name = self.catalog.relation_name(*oid)?;
                let _ = sample;
            }
            EntryKind::Subquery { query: inner, .. } => {
                self.put("(");
                self.query(inner, super::query::Output::OWN)?;
                self.put(")");
            }
            EntryKind::Values { rows } => {
                self.put("(");
                self.values(rows)?;
                self.put(")");
            }
            EntryKind::Cte { name, .. } => {
                self.put(&quote_identifier(name));
                own_name = Some(name.clone());
            }
            EntryKind::Function { functions, ordinality } => {
                // Its own name is no alias.
                if let [RangeFunction { call: Expr { kind: ExprKind::JsonTable(_), .. }, .. }] = &functions[..] {
                    own_name = Some("json_table".to_string());
                }
                definitions = self.functions(entry, functions, *ordinality)?;
            }
            EntryKind::NamedTuplestore { name, .. } => {
                self.put(&quote_identifier(name));
                own_name = Some(name.clone());
            }
            EntryKind::Join { .. } | EntryKind::Result => return Err(Error::internal("an entry stands for nothing")),
        }
        let name = self.names.level()?.entries[at].name.clone().unwrap_or_default();
        let written = entry.alias.is_some() || own_name.is_none_or(|own| own != name);
        if written {
            self.putf(format_args!(" {}", quote_identifier(&name)));
        }
        if let Some(definitions) = definitions {
            self.put(&definitions);
            return Ok(());
        }
        match &entry.kind {
            // A function's columns are named after the alias, which may be none of its own.
            EntryKind::Function { functions, .. } if functions.iter().any(|function| !function.composite) => {
                self.names.level()?.entries[at].columns_written = true;
            }
            _ => {}
        }
        if !written && self.names.level()?.entries[at].columns_written {
            self.putf(format_args!(" {}", quote_identifier(&name)));
        }
        self.column_aliases(at)?;
        if let EntryKind::Relation { sample: Some(sample), .. } = &entry.kind {
            const SYSTEM: ids::Oid = ids::Oid(3314);
            self.put(if sample.handler == SYSTEM { " TABLESAMPLE system (" } else { " TABLESAMPLE bernoulli (" });
            let number = |expr: &Expr| match &expr.kind {
                ExprKind::Const(batch::Datum::B4(bits)) => Some(f32::from_bits(*bits as u32).to_string()),
                ExprKind::Const(batch::Datum::B8(bits)) => Some(f64::from_bits(*bits as u64).to_string()),
                _ => None,
            };
            for (at, (arg, word)) in sample
                .args
                .iter()
                .map(|arg| (arg, ""))
                .chain(sample.repeatable.iter().map(|seed| (seed, ") REPEATABLE (")))
                .enumerate()
            {
                if word.is_empty() && at > 0 {
                    self.put(", ");
                }
                self.put(word);
                match number(arg) {
                    Some(text) => self.put(&text),
                    None => self.expr(arg, true)?,
                }
            }
            self.put(")");
        }
        Ok(())
    }

    /// Functions in FROM; a column definition list if there is one.
    fn functions(
        &mut self,
        entry: &'q RangeTableEntry,
        functions: &'q [RangeFunction],
        ordinality: bool,
    ) -> Result<Option<String>> {
        let mut definitions = None;
        let unnest = |function: &RangeFunction| -> bool {
            matches!(&function.call.kind, ExprKind::Function(call) if call.function == UNNEST && call.args.len() == 1)
        };
        match functions {
            [one] => {
                self.function_in_from(&one.call)?;
                if !one.definitions.is_empty() {
                    let columns = &entry.columns[..one.column_count.min(entry.columns.len())];
                    definitions = Some(self.definitions(&one.definitions, columns)?);
                }
            }
            several if several.iter().all(|f| unnest(f) && f.definitions.is_empty()) => {
                self.put("UNNEST(");
                for (at, function) in several.iter().enumerate() {
                    if at > 0 {
                        self.put(", ");
                    }
                    if let ExprKind::Function(call) = &function.call.kind {
                        self.list(&call.args, true)?;
                    }
                }
                self.put(")");
            }
            several => {
                self.put("ROWS FROM(");
                let mut column = 0;
                for (at, function) in several.iter().enumerate() {
                    if at > 0 {
                        self.put(", ");
                    }
                    self.function_in_from(&function.call)?;
                    let end = (column + function.column_count).min(entry.columns.len());
                    if !function.definitions.is_empty() {
                        let list = self.definitions(&function.definitions, &entry.columns[column..end])?;
                        self.putf(format_args!(" AS {list}"));
                    }
                    column = end;
                }
                self.put(")");
            }
        }
        if ordinality {
            self.put(" WITH ORDINALITY");
        }
        Ok(definitions)
    }

    /// What is no call to look at is written as one.
    fn function_in_from(&mut self, call: &'q Expr) -> Result<()> {
        let is_call = match &call.kind {
            ExprKind::Function(call) => matches!(call.form, CallForm::Call | CallForm::SqlSyntax),
            ExprKind::Coalesce(_) | ExprKind::MinMax { .. } | ExprKind::NullIf(_) | ExprKind::SqlValue(_) => true,
            ExprKind::JsonForm { .. } | ExprKind::JsonPath(_) | ExprKind::JsonTable(_) => true,
            _ => false,
        };
        if is_call {
            return self.expr(call, true);
        }
        self.put("CAST(");
        self.expr(call, false)?;
        let name = self.catalog.format_type(call.ty.oid, call.ty.typmod)?;
        self.putf(format_args!(" AS {name})"));
        Ok(())
    }

    fn definitions(&mut self, names: &[String], columns: &[EntryColumn]) -> Result<String> {
        let mut list = Vec::with_capacity(columns.len());
        for (name, column) in names.iter().zip(columns) {
            let mut text =
                format!("{} {}", quote_identifier(name), self.catalog.format_type(column.ty.oid, column.ty.typmod)?);
            let usual = self.catalog.type_(column.ty.oid)?.typcollation;
            if column.ty.collation.is_valid() && column.ty.collation != usual {
                text.push_str(&format!(" COLLATE {}", self.collation_name(column.ty.collation)?));
            }
            list.push(text);
        }
        Ok(format!("({})", list.join(", ")))
    }
}

/// `unnest(anyarray)`
const UNNEST: ids::Oid = ids::Oid(2331);
