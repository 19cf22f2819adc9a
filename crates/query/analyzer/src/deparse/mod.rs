//! Expressions and queries back to SQL, in PostgreSQL's style: for EXPLAIN, `pg_get_viewdef`, `pg_get_expr` and their like.
//!
//! One [`Writer`] writes everything. Three switches tell its uses apart:
//!
//! - *names*: EXPLAIN says itself how columns are called ([`ColumnNames`]); stored queries are named by their own range tables
//!   (`names`), so that what is printed means the same when it is read again.
//! - *layout*: clauses on lines of their own, indented; EXPLAIN wants everything on one line.
//! - *pretty*: leaves out parentheses that precedence makes needless, as far as PostgreSQL does.
//!
//! Operators and conditions stand in parentheses; casts that the analyzer inserted are shown where they are arguments of
//! operators and functions, and left out elsewhere.
//!
//! - `expression`, `constant`, `call`: expressions. `query`, `from`, `modify`: statements. `layout`: lines and indentation.

mod call;
mod constant;
mod expression;
mod from;
mod json;
mod layout;
mod modify;
mod names;
mod query;

use catalog::Catalog;
use error::{Error, Result};
use ids::Oid;
use types::{DefaultEnvironment, Environment};

use crate::query::*;
use crate::routine::RoutineBody;

use layout::Writer;
use names::Naming;

/// How columns and subqueries are called.
pub trait ColumnNames {
    /// A column reference, as SQL.
    fn column(&self, var: &Var) -> Result<String>;

    /// Whether an expression comes from below as a whole: EXPLAIN puts it into parentheses.
    fn is_given(&self, expr: &Expr) -> bool {
        let _ = expr;
        false
    }

    /// A subquery in an expression; EXPLAIN shows the subplan's name.
    fn subquery(&self, link: &SubLink) -> Result<String> {
        let _ = link;
        Ok("(SubPlan)".into())
    }
}

/// Columns of one relation, unqualified: for stored expressions. A trigger's condition has those of the old and of the new row.
struct OneRelation(Option<catalog::Entry<catalog::Relation>>);

impl ColumnNames for OneRelation {
    fn column(&self, var: &Var) -> Result<String> {
        let relation = self.0.as_ref().ok_or_else(|| Error::internal("an expression without table has columns"))?;
        if var.column < 0 && var.version == RowVersion::Default {
            return Ok(names::system_column(var.column));
        }
        let version = match var.version {
            RowVersion::Default => "",
            RowVersion::Old => "old.",
            RowVersion::New => "new.",
        };
        Ok(match relation.column(var.column) {
            _ if var.column < 0 => format!("{version}{}", names::system_column(var.column)),
            Some(column) => format!("{version}{}", catalog::format::quote_identifier(&column.attname)),
            None if !version.is_empty() => format!("{version}*"),
            None => format!("{}.*", catalog::format::quote_identifier(relation.name())),
        })
    }
}

/// Serves the catalogs' functions; register it with [`catalog::functions::register_deparser`].
pub struct StoredDeparser;

impl catalog::functions::Deparser for StoredDeparser {
    fn expression(
        &self,
        catalog: &Catalog,
        env: &dyn Environment,
        stored: &str,
        relation: Oid,
        pretty: bool,
    ) -> Result<String> {
        if crate::partition::PartitionBound::is_one(stored) {
            return crate::partition::PartitionBound::read(stored)?.to_sql(catalog, env);
        }
        let expr: Expr = crate::node::from_text(stored)?;
        one(catalog, env, &expr, relation, pretty)
    }

    fn expressions(
        &self,
        catalog: &Catalog,
        env: &dyn Environment,
        stored: &str,
        relation: Oid,
        pretty: bool,
    ) -> Result<Vec<String>> {
        let list: Vec<Expr> = crate::node::from_text(stored)?;
        list.iter().map(|expr| one(catalog, env, expr, relation, pretty)).collect()
    }

    fn types(&self, stored: &str) -> Result<Vec<(ids::Oid, ids::Oid)>> {
        let list: Vec<Expr> = crate::node::from_text(stored)?;
        Ok(list.iter().map(|expr| (expr.ty.oid, expr.ty.collation)).collect())
    }

    fn partition_constraint(
        &self,
        catalog: &Catalog,
        env: &dyn Environment,
        table: Oid,
        bound: &str,
        others: &[String],
        columns: &[String],
    ) -> Result<Vec<String>> {
        use crate::partition::PartitionBound;
        let others = others.iter().map(|text| PartitionBound::read(text)).collect::<Result<Vec<_>>>()?;
        PartitionBound::read(bound)?.conditions(catalog, env, table, &others, columns)
    }

    fn routine_body(
        &self,
        catalog: &Catalog,
        env: &dyn Environment,
        row: &catalog::rows::PgProc,
        stored: &str,
    ) -> Result<String> {
        let params: Vec<String> = crate::function::parameter_names(row).into_iter().map(str::to_string).collect();
        let write = |query: &Query, indent: i32| {
            let mut writer = Writer::new(catalog, env, Naming::Levels(Vec::new()));
            (writer.layout, writer.wrap, writer.indent) = (true, 0, indent);
            writer.params = params.clone();
            writer.query(query, query::Output { names: &[], visible: false })?;
            Ok::<_, Error>(writer.out)
        };
        match crate::node::from_text(stored)? {
            RoutineBody::Return(query) => {
                let value = query.output().next().ok_or_else(|| Error::corrupted("RETURN without a value"))?;
                let mut writer = Writer::new(catalog, env, Naming::Levels(Vec::new()));
                (writer.layout, writer.params) = (true, params);
                writer.expr(&value.expr, false)?;
                Ok(format!("RETURN {}", writer.out))
            }
            RoutineBody::Atomic(queries) => {
                let mut text = "BEGIN ATOMIC\n".to_string();
                for query in &queries {
                    text.push_str(&format!(" {};\n", write(query, 1)?.trim_start()));
                }
                text.push_str("END");
                Ok(text)
            }
        }
    }

    fn rule(
        &self,
        catalog: &Catalog,
        env: &dyn Environment,
        rule: &catalog::rows::PgRewrite,
        pretty: bool,
    ) -> Result<(Option<String>, Vec<String>)> {
        let body = crate::rule::stored_body(&rule.ev_qual, &rule.ev_action)?;
        // A condition names the rows as a query over both of them would.
        let around = rule_query(&*catalog.relation(rule.ev_class)?);
        let condition = match &body.condition {
            None => None,
            Some(condition) => {
                let level = names::Level::new(catalog, &around, &[])?;
                let mut writer = Writer::new(catalog, env, Naming::Levels(vec![level]));
                (writer.layout, writer.pretty) = (true, pretty);
                writer.expr(condition, false)?;
                Some(writer.out)
            }
        };
        let mut actions = Vec::with_capacity(body.actions.len());
        for action in &body.actions {
            let mut writer = Writer::new(catalog, env, Naming::Levels(Vec::new()));
            (writer.layout, writer.pretty, writer.wrap) = (true, pretty, 0);
            writer.rule_action(action)?;
            actions.push(writer.out);
        }
        Ok((condition, actions))
    }

    fn updatable(
        &self,
        catalog: &Catalog,
        env: &dyn Environment,
        relation: &catalog::Relation,
        triggers: bool,
        columns: Option<&[i16]>,
    ) -> Result<i32> {
        crate::updatable::events(catalog, env, relation, triggers, columns)
    }

    fn view(
        &self,
        catalog: &Catalog,
        env: &dyn Environment,
        view: &catalog::Relation,
        pretty: bool,
        wrap: i32,
    ) -> Result<String> {
        let query = crate::stored_query(catalog, env, view)?;
        let columns: Vec<&str> = view.columns.iter().map(|column| &*column.attname).collect();
        query_text(catalog, env, &query, &columns, pretty, wrap)
    }
}

/// A constant without its type's name.
pub(crate) fn constant_text(catalog: &Catalog, env: &dyn Environment, value: &Expr) -> Result<String> {
    let crate::query::ExprKind::Const(datum) = &value.kind else {
        return one(catalog, env, value, ids::Oid::INVALID, false);
    };
    let names = OneRelation(None);
    let mut writer = Writer::new(catalog, env, Naming::Given(&names));
    writer.constant(datum, value.ty, constant::Label::Never)?;
    Ok(writer.out)
}

/// A constant as part of an expression, with its type's name where it needs one.
pub(crate) fn labelled_text(catalog: &Catalog, env: &dyn Environment, value: &Expr) -> Result<String> {
    one(catalog, env, value, Oid::INVALID, false)
}

fn one(catalog: &Catalog, env: &dyn Environment, expr: &Expr, relation: Oid, pretty: bool) -> Result<String> {
    let relation = if relation.is_valid() { Some(catalog.relation(relation)?) } else { None };
    if let Some(relation) = &relation
        && crate::row_security::has_sublink(expr)
    {
        // Subqueries name the columns of the relation as those of a query around them.
        let query = over(relation);
        let mut writer = Writer::new(catalog, env, Naming::Levels(vec![names::Level::new(catalog, &query, &[])?]));
        (writer.layout, writer.pretty) = (true, pretty);
        writer.expr(expr, false)?;
        return Ok(writer.out);
    }
    let names = OneRelation(relation);
    let mut writer = Writer::new(catalog, env, Naming::Given(&names));
    (writer.layout, writer.pretty) = (true, pretty);
    writer.expr(expr, false)?;
    Ok(writer.out)
}

/// A query that reads one relation.
fn over(relation: &catalog::Relation) -> Query {
    let mut query = Query::new(Command::Select);
    let columns = relation.columns.iter().map(|column| EntryColumn {
        name: if column.attisdropped { String::new() } else { column.attname.to_string() },
        ty: SqlType { oid: column.atttypid, typmod: column.atttypmod, collation: column.attcollation },
    });
    query.range_table.push(RangeTableEntry {
        kind: EntryKind::Relation {
            oid: relation.oid,
            relkind: relation.kind(),
            inherit: false,
            lock: 1,
            sample: None,
        },
        alias: None,
        column_aliases: false,
        name: relation.name().to_string(),
        columns: columns.collect(),
        lateral: false,
        in_from: true,
        permission: None,
        security: Vec::new(),
    });
    query.from.push(FromItem::Relation(0));
    query
}

/// A query whose relations are the rows that a rule is about.
fn rule_query(relation: &catalog::Relation) -> Query {
    let mut query = over(relation);
    let mut new = query.range_table[0].clone();
    (new.alias, new.name, new.in_from) = (Some("new".into()), "new".into(), false);
    let old = &mut query.range_table[0];
    (old.alias, old.name, old.in_from) = (Some("old".into()), "old".into(), false);
    query.range_table.push(new);
    query
}

/// An expression without columns as SQL: a default, as catalogs show it.
pub fn expression_text(catalog: &Catalog, expr: &Expr) -> Result<String> {
    one(catalog, &DefaultEnvironment::default(), expr, Oid::INVALID, false)
}

/// A query as SQL, without a semicolon. `columns` are the names of its output, where they are others than the query itself says; lists
/// begin a new line when one grows beyond `wrap` characters (0: for each item; negative: never).
pub fn query_text(
    catalog: &Catalog,
    env: &dyn Environment,
    query: &Query,
    columns: &[&str],
    pretty: bool,
    wrap: i32,
) -> Result<String> {
    let mut writer = Writer::new(catalog, env, Naming::Levels(Vec::new()));
    (writer.layout, writer.pretty, writer.wrap) = (true, pretty, wrap);
    writer.query(query, query::Output { names: columns, visible: true })?;
    Ok(writer.out)
}

/// Writes expressions as SQL.
pub struct Deparser<'a> {
    /// For names of functions, operators, types.
    pub catalog: &'a Catalog,
    /// For the text form of constants.
    pub env: &'a dyn Environment,
    /// For columns.
    pub names: &'a dyn ColumnNames,
}

impl Deparser<'_> {
    /// The expression as SQL.
    pub fn expression(&self, expr: &Expr) -> Result<String> {
        let mut writer = Writer::new(self.catalog, self.env, Naming::Given(self.names));
        writer.expr(expr, false)?;
        Ok(writer.out)
    }

    /// A window's frame as SQL.
    pub fn frame(&self, frame: &Frame) -> Result<String> {
        let mut writer = Writer::new(self.catalog, self.env, Naming::Given(self.names));
        writer.frame(frame)?;
        Ok(writer.out)
    }
}

/// What stands behind a sort key.
pub fn order_suffix(descending: bool, nulls_first: bool) -> &'static str {
    match (descending, nulls_first) {
        (false, false) => "",
        (false, true) => " NULLS FIRST",
        (true, true) => " DESC",
        (true, false) => " DESC NULLS LAST",
    }
}
