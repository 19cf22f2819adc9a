//! Expressions back to SQL, in PostgreSQL's style: for EXPLAIN, `pg_get_expr` and its like.
//!
//! Operators and conditions stand in parentheses; casts that the analyzer inserted are shown where they are arguments of
//! operators and functions, and left out elsewhere.

use batch::Datum;
use catalog::Catalog;
use catalog::format::{quote_identifier, quote_literal};
use error::{Error, Result};
use ids::Oid;
use types::{DefaultEnvironment, Environment, oid};

use crate::query::*;

/// How columns and subqueries are called.
pub trait ColumnNames {
    /// A column reference, as SQL.
    fn column(&self, var: &Var) -> Result<String>;

    /// A subquery in an expression; EXPLAIN shows the subplan's name.
    fn subquery(&self, link: &SubLink) -> Result<String> {
        let _ = link;
        Ok("(SubPlan)".into())
    }
}

/// Columns of one relation, unqualified: for stored expressions.
struct OneRelation(Option<catalog::Entry<catalog::Relation>>);

impl ColumnNames for OneRelation {
    fn column(&self, var: &Var) -> Result<String> {
        let relation = self.0.as_ref().ok_or_else(|| Error::internal("an expression without table has columns"))?;
        if var.column < 0 {
            let found = catalog::relation::system_columns().iter().find(|c| c.attnum == var.column);
            return Ok(found.map_or_else(String::new, |c| c.attname.to_string()));
        }
        Ok(match relation.column(var.column) {
            Some(column) => quote_identifier(&column.attname),
            None => format!("{}.*", quote_identifier(relation.name())),
        })
    }
}

/// Serves the catalogs' functions; register it with [`catalog::functions::register_deparser`].
pub struct StoredDeparser;

impl catalog::functions::Deparser for StoredDeparser {
    fn expression(&self, catalog: &Catalog, stored: &str, relation: Oid, _pretty: bool) -> Result<String> {
        let expr: Expr = crate::node::from_text(stored)?;
        self.one(catalog, &expr, relation)
    }

    fn expressions(&self, catalog: &Catalog, stored: &str, relation: Oid, _pretty: bool) -> Result<Vec<String>> {
        let list: Vec<Expr> = crate::node::from_text(stored)?;
        list.iter().map(|expr| self.one(catalog, expr, relation)).collect()
    }

    fn query(&self, _catalog: &Catalog, _stored: &str, _pretty: bool) -> Result<String> {
        Err(Error::not_implemented("pg_get_viewdef"))
    }
}

impl StoredDeparser {
    fn one(&self, catalog: &Catalog, expr: &Expr, relation: Oid) -> Result<String> {
        let relation = if relation.is_valid() { Some(catalog.relation(relation)?) } else { None };
        let env = DefaultEnvironment::default();
        Deparser { catalog, env: &env, names: &OneRelation(relation) }.expression(expr)
    }
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
        let mut out = String::new();
        self.write(&mut out, expr, false)?;
        Ok(out)
    }

    fn list(&self, out: &mut String, exprs: &[Expr], implicit: bool) -> Result<()> {
        for (at, expr) in exprs.iter().enumerate() {
            if at > 0 {
                out.push_str(", ");
            }
            self.write(out, expr, implicit)?;
        }
        Ok(())
    }

    /// `implicit` says whether casts that were not written are shown.
    fn write(&self, out: &mut String, expr: &Expr, implicit: bool) -> Result<()> {
        match &expr.kind {
            ExprKind::Const(value) => self.constant(out, value, expr.ty, true)?,
            ExprKind::Var(var) => out.push_str(&self.names.column(var)?),
            ExprKind::Param(number) => out.push_str(&format!("${number}")),
            ExprKind::Function(call) => self.function(out, call, expr.ty, implicit)?,
            ExprKind::Operator(call) => self.operator(out, call)?,
            ExprKind::Distinct(call) => {
                out.push('(');
                self.sides(out, call, "IS DISTINCT FROM")?;
                out.push(')');
            }
            ExprKind::NullIf(call) => {
                out.push_str("NULLIF(");
                self.list(out, &call.args, true)?;
                out.push(')');
            }
            ExprKind::ScalarArray { call, any } => {
                out.push('(');
                if let [left, array] = &call.args[..] {
                    self.write(out, left, true)?;
                    out.push_str(&format!(" {} {} (", self.operator_name(call)?, if *any { "ANY" } else { "ALL" }));
                    self.write(out, array, true)?;
                    out.push(')');
                }
                out.push(')');
            }
            ExprKind::And(args) | ExprKind::Or(args) => {
                let word = if matches!(expr.kind, ExprKind::And(_)) { " AND " } else { " OR " };
                out.push('(');
                for (at, arg) in args.iter().enumerate() {
                    if at > 0 {
                        out.push_str(word);
                    }
                    self.write(out, arg, false)?;
                }
                out.push(')');
            }
            ExprKind::Not(arg) => {
                out.push_str("(NOT ");
                self.write(out, arg, false)?;
                out.push(')');
            }
            ExprKind::Aggregate(aggregate) => self.aggregate(out, aggregate)?,
            ExprKind::Grouping { args, .. } => {
                out.push_str("GROUPING(");
                self.list(out, args, true)?;
                out.push(')');
            }
            ExprKind::Window(call) => {
                out.push_str(&self.function_name(call.function)?);
                out.push('(');
                if call.star {
                    out.push('*');
                }
                self.list(out, &call.args, true)?;
                out.push(')');
                if let Some(filter) = &call.filter {
                    out.push_str(" FILTER (WHERE ");
                    self.write(out, filter, false)?;
                    out.push(')');
                }
                out.push_str(&format!(" OVER w{}", call.window + 1));
            }
            ExprKind::SubLink(link) => out.push_str(&self.names.subquery(link)?),
            ExprKind::Case { arg, whens, otherwise } => {
                out.push_str("CASE");
                if let Some(arg) = arg {
                    out.push(' ');
                    self.write(out, arg, true)?;
                }
                for (condition, result) in whens {
                    out.push_str(" WHEN ");
                    match (&condition.kind, arg) {
                        // CASE x WHEN y: only y was written.
                        (ExprKind::Operator(call), Some(_)) if call.args.len() == 2 => {
                            self.write(out, &call.args[1], false)?;
                        }
                        _ => self.write(out, condition, false)?,
                    }
                    out.push_str(" THEN ");
                    self.write(out, result, true)?;
                }
                out.push_str(" ELSE ");
                self.write(out, otherwise, true)?;
                out.push_str(" END");
            }
            ExprKind::CaseTest => out.push_str("CASE_TEST_EXPR"),
            ExprKind::Coalesce(args) => {
                out.push_str("COALESCE(");
                self.list(out, args, true)?;
                out.push(')');
            }
            ExprKind::MinMax { greatest, args, .. } => {
                out.push_str(if *greatest { "GREATEST(" } else { "LEAST(" });
                self.list(out, args, true)?;
                out.push(')');
            }
            ExprKind::Array { elements, .. } => {
                out.push_str("ARRAY[");
                self.list(out, elements, true)?;
                out.push(']');
                if elements.is_empty() {
                    out.push_str(&format!("::{}", self.catalog.format_type(expr.ty.oid, -1)?));
                }
            }
            ExprKind::Row { fields, .. } => {
                out.push_str("ROW(");
                self.list(out, fields, true)?;
                out.push(')');
                if expr.ty.oid != oid::RECORD {
                    out.push_str(&format!("::{}", self.catalog.format_type(expr.ty.oid, -1)?));
                }
            }
            ExprKind::RowCompare { comparison, left, right, .. } => {
                let symbol = match comparison {
                    RowComparison::Less => "<",
                    RowComparison::LessOrEqual => "<=",
                    RowComparison::GreaterOrEqual => ">=",
                    RowComparison::Greater => ">",
                };
                out.push_str("(ROW(");
                self.list(out, left, true)?;
                out.push_str(&format!(") {symbol} ROW("));
                self.list(out, right, true)?;
                out.push_str("))");
            }
            ExprKind::Field { arg, number } => {
                out.push('(');
                self.write(out, arg, true)?;
                out.push_str(").");
                out.push_str(&self.field_name(arg, *number)?);
            }
            ExprKind::FieldStore { arg, .. } => self.write(out, arg, implicit)?,
            ExprKind::Subscript { container, upper, lower, .. } => {
                let simple = matches!(container.kind, ExprKind::Var(_) | ExprKind::Subscript { .. });
                if simple {
                    self.write(out, container, implicit)?;
                } else {
                    out.push('(');
                    self.write(out, container, implicit)?;
                    out.push(')');
                }
                for (at, index) in upper.iter().enumerate() {
                    out.push('[');
                    if let Some(low) = lower.get(at) {
                        if let Some(low) = low {
                            self.write(out, low, false)?;
                        }
                        out.push(':');
                    }
                    if let Some(index) = index {
                        self.write(out, index, false)?;
                    }
                    out.push(']');
                }
            }
            ExprKind::Relabel(arg, form)
            | ExprKind::CoerceViaIo(arg, form)
            | ExprKind::ConvertRow(arg, form)
            | ExprKind::CoerceToDomain(arg, form)
            | ExprKind::ArrayCoerce { arg, form, .. } => {
                if *form == CallForm::ImplicitCast && !implicit {
                    self.write(out, arg, false)?;
                } else {
                    self.cast(out, arg, expr.ty)?;
                }
            }
            ExprKind::DomainValue => out.push_str("VALUE"),
            ExprKind::Collate(arg) => {
                out.push('(');
                self.write(out, arg, implicit)?;
                out.push_str(" COLLATE ");
                out.push_str(&self.collation_name(expr.ty.collation)?);
                out.push(')');
            }
            ExprKind::NullTest { arg, is_null, .. } => {
                out.push('(');
                self.write(out, arg, true)?;
                out.push_str(if *is_null { " IS NULL)" } else { " IS NOT NULL)" });
            }
            ExprKind::BooleanTest { arg, value, negated } => {
                out.push('(');
                self.write(out, arg, false)?;
                let word = match value {
                    Some(true) => "TRUE",
                    Some(false) => "FALSE",
                    None => "UNKNOWN",
                };
                out.push_str(&format!(" IS {}{word})", if *negated { "NOT " } else { "" }));
            }
            ExprKind::SqlValue(function) => self.sql_value(out, *function, expr.ty),
            ExprKind::NextValue(sequence) => {
                out.push_str(&format!("nextval({}::regclass)", quote_literal(&self.relation_name(*sequence)?)));
            }
            ExprKind::Default => out.push_str("DEFAULT"),
            ExprKind::CurrentOf { cursor, .. } => out.push_str(&format!("CURRENT OF {}", quote_identifier(cursor))),
            ExprKind::MergeAction => out.push_str("MERGE_ACTION()"),
        }
        Ok(())
    }

    fn sql_value(&self, out: &mut String, function: SqlValueFunction, ty: SqlType) {
        let word = match function {
            SqlValueFunction::CurrentDate => "CURRENT_DATE",
            SqlValueFunction::CurrentTime => "CURRENT_TIME",
            SqlValueFunction::CurrentTimestamp => "CURRENT_TIMESTAMP",
            SqlValueFunction::LocalTime => "LOCALTIME",
            SqlValueFunction::LocalTimestamp => "LOCALTIMESTAMP",
            SqlValueFunction::CurrentRole => "CURRENT_ROLE",
            SqlValueFunction::CurrentUser => "CURRENT_USER",
            SqlValueFunction::User => "USER",
            SqlValueFunction::SessionUser => "SESSION_USER",
            SqlValueFunction::CurrentCatalog => "CURRENT_CATALOG",
            SqlValueFunction::CurrentSchema => "CURRENT_SCHEMA",
        };
        out.push_str(word);
        if ty.typmod >= 0 {
            out.push_str(&format!("({})", ty.typmod));
        }
    }

    fn sides(&self, out: &mut String, call: &OperatorCall, symbol: &str) -> Result<()> {
        match &call.args[..] {
            [left, right] => {
                self.write(out, left, true)?;
                out.push_str(&format!(" {symbol} "));
                self.write(out, right, true)
            }
            [one] => {
                out.push_str(&format!("{symbol} "));
                self.write(out, one, true)
            }
            _ => Ok(()),
        }
    }

    fn operator(&self, out: &mut String, call: &OperatorCall) -> Result<()> {
        let symbol = self.operator_name(call)?;
        out.push('(');
        self.sides(out, call, &symbol)?;
        out.push(')');
        Ok(())
    }

    fn operator_name(&self, call: &OperatorCall) -> Result<String> {
        let row = self.catalog.operator(call.operator)?;
        let left = call.args.first().filter(|_| call.args.len() == 2).map_or(Oid::INVALID, |_| row.oprleft);
        if self.catalog.operator_exact(None, &row.oprname, left, row.oprright)? == Some(row.oid) {
            return Ok(row.oprname.to_string());
        }
        let schema = self.catalog.schema_name(row.oprnamespace)?.unwrap_or_default();
        Ok(format!("OPERATOR({}.{})", quote_identifier(&schema), row.oprname))
    }

    fn function_name(&self, function: Oid) -> Result<String> {
        let row = self.catalog.function(function)?;
        if self.catalog.function_is_visible(function)? == Some(true) {
            return Ok(quote_identifier(&row.proname));
        }
        let schema = self.catalog.schema_name(row.pronamespace)?.unwrap_or_default();
        Ok(format!("{}.{}", quote_identifier(&schema), quote_identifier(&row.proname)))
    }

    fn relation_name(&self, relation: Oid) -> Result<String> {
        let Some(row) = self.catalog.class(relation)? else { return Ok(relation.to_string()) };
        if self.catalog.relation_is_visible(relation)? == Some(true) {
            return Ok(quote_identifier(&row.relname));
        }
        let schema = self.catalog.schema_name(row.relnamespace)?.unwrap_or_default();
        Ok(format!("{}.{}", quote_identifier(&schema), quote_identifier(&row.relname)))
    }

    fn collation_name(&self, collation: Oid) -> Result<String> {
        let Some(row) = self.catalog.find_collation(collation)? else { return Ok(collation.to_string()) };
        if self.catalog.collation_is_visible(collation)? == Some(true) {
            return Ok(quote_identifier(&row.collname));
        }
        let schema = self.catalog.schema_name(row.collnamespace)?.unwrap_or_default();
        Ok(format!("{}.{}", quote_identifier(&schema), quote_identifier(&row.collname)))
    }

    fn function(&self, out: &mut String, call: &FunctionCall, ty: SqlType, implicit: bool) -> Result<()> {
        match call.form {
            CallForm::ImplicitCast if !implicit => {
                return match call.args.first() {
                    Some(arg) => self.write(out, arg, false),
                    None => Ok(()),
                };
            }
            CallForm::ImplicitCast | CallForm::ExplicitCast => {
                if let Some(arg) = call.args.first() {
                    return self.cast(out, arg, ty);
                }
            }
            CallForm::SqlSyntax => {
                if self.sql_syntax(out, call)? {
                    return Ok(());
                }
            }
            CallForm::Call => {}
        }
        out.push_str(&self.function_name(call.function)?);
        out.push('(');
        for (at, arg) in call.args.iter().enumerate() {
            if at > 0 {
                out.push_str(", ");
            }
            if call.variadic && at + 1 == call.args.len() {
                out.push_str("VARIADIC ");
            }
            self.write(out, arg, true)?;
        }
        out.push(')');
        Ok(())
    }

    /// Calls with a syntax of their own.
    fn sql_syntax(&self, out: &mut String, call: &FunctionCall) -> Result<bool> {
        let row = self.catalog.function(call.function)?;
        match (&*row.proname, &call.args[..]) {
            ("timezone", [zone, value]) => {
                out.push('(');
                self.write(out, value, true)?;
                out.push_str(" AT TIME ZONE ");
                self.write(out, zone, true)?;
                out.push(')');
            }
            ("extract", [field, value]) => {
                out.push_str("EXTRACT(");
                match &field.kind {
                    ExprKind::Const(Datum::Bytes(text)) => out.push_str(&String::from_utf8_lossy(text)),
                    _ => self.write(out, field, false)?,
                }
                out.push_str(" FROM ");
                self.write(out, value, false)?;
                out.push(')');
            }
            ("substring", [value, from, rest @ ..]) => {
                out.push_str("SUBSTRING(");
                self.write(out, value, false)?;
                out.push_str(" FROM ");
                self.write(out, from, false)?;
                if let Some(length) = rest.first() {
                    out.push_str(" FOR ");
                    self.write(out, length, false)?;
                }
                out.push(')');
            }
            ("position", [value, part]) => {
                out.push_str("POSITION((");
                self.write(out, part, false)?;
                out.push_str(") IN (");
                self.write(out, value, false)?;
                out.push_str("))");
            }
            ("btrim" | "ltrim" | "rtrim", [value, rest @ ..]) => {
                let side = match &*row.proname {
                    "btrim" => "BOTH",
                    "ltrim" => "LEADING",
                    _ => "TRAILING",
                };
                out.push_str(&format!("TRIM({side}"));
                if let Some(chars) = rest.first() {
                    out.push(' ');
                    self.write(out, chars, false)?;
                }
                out.push_str(" FROM ");
                self.write(out, value, false)?;
                out.push(')');
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn aggregate(&self, out: &mut String, aggregate: &Aggregate) -> Result<()> {
        out.push_str(&self.function_name(aggregate.function)?);
        out.push('(');
        if !aggregate.distinct.is_empty() {
            out.push_str("DISTINCT ");
        }
        let ordered_set = aggregate.kind != b'n';
        if ordered_set {
            self.list(out, &aggregate.direct_args, true)?;
            out.push_str(") WITHIN GROUP (");
        } else if aggregate.star {
            out.push('*');
        } else {
            let args: Vec<Expr> = aggregate.args.iter().filter(|t| !t.junk).map(|t| t.expr.clone()).collect();
            self.list(out, &args, true)?;
        }
        if !aggregate.order_by.is_empty() {
            out.push_str(if ordered_set { "ORDER BY " } else { " ORDER BY " });
            for (at, clause) in aggregate.order_by.iter().enumerate() {
                if at > 0 {
                    out.push_str(", ");
                }
                if let Some(target) = aggregate.args.iter().find(|t| t.sort_ref == clause.target_ref) {
                    self.write(out, &target.expr, true)?;
                }
                out.push_str(order_suffix(clause.descending, clause.nulls_first));
            }
        }
        out.push(')');
        if let Some(filter) = &aggregate.filter {
            out.push_str(" FILTER (WHERE ");
            self.write(out, filter, false)?;
            out.push(')');
        }
        Ok(())
    }

    fn cast(&self, out: &mut String, arg: &Expr, ty: SqlType) -> Result<()> {
        if let ExprKind::Const(value) = &arg.kind {
            self.constant(out, value, arg.ty, false)?;
        } else {
            out.push('(');
            self.write(out, arg, false)?;
            out.push(')');
        }
        out.push_str("::");
        out.push_str(&self.catalog.format_type(ty.oid, ty.typmod)?);
        Ok(())
    }

    /// A literal, with its type where the literal alone would be another's.
    fn constant(&self, out: &mut String, value: &Datum, ty: SqlType, label: bool) -> Result<()> {
        let type_name = || self.catalog.format_type(ty.oid, ty.typmod);
        if value.is_null() {
            out.push_str("NULL");
            if label && ty.oid != oid::UNKNOWN {
                out.push_str(&format!("::{}", type_name()?));
            }
            return Ok(());
        }
        let text = match (ty.oid, value) {
            (oid::UNKNOWN, Datum::Bytes(bytes)) => String::from_utf8_lossy(bytes).into_owned(),
            (oid::REGCLASS, value) => match value.as_oid() {
                Some(relation) => self.relation_name(relation)?,
                None => String::new(),
            },
            _ => {
                let mut bytes = Vec::new();
                types::output(ty.oid, value.as_ref(), self.env, &mut bytes)?;
                String::from_utf8_lossy(&bytes).into_owned()
            }
        };
        let bare = match ty.oid {
            oid::BOOL => {
                out.push_str(if value.as_bool() == Some(true) { "true" } else { "false" });
                return Ok(());
            }
            oid::INT4 => !text.starts_with('-'),
            // A whole number would be read as an integer.
            oid::NUMERIC => {
                text.starts_with(|c: char| c.is_ascii_digit())
                    && text.contains('.')
                    && text.bytes().all(|c| c.is_ascii_digit() || c == b'.')
            }
            _ => false,
        };
        if bare {
            out.push_str(&text);
            if ty.oid == oid::INT4 || ty.typmod < 0 {
                return Ok(());
            }
        } else {
            out.push_str(&quote_literal(&text));
            if ty.oid == oid::UNKNOWN {
                return Ok(());
            }
        }
        if label {
            out.push_str(&format!("::{}", type_name()?));
        }
        Ok(())
    }

    fn field_name(&self, arg: &Expr, number: i16) -> Result<String> {
        if let ExprKind::Row { names, .. } = &arg.kind
            && let Some(name) = names.get(number as usize - 1)
        {
            return Ok(quote_identifier(name));
        }
        let relation = if arg.ty.oid == oid::RECORD {
            Oid::INVALID
        } else {
            crate::types::row_relation(self.catalog, arg.ty.oid)?
        };
        if relation.is_valid()
            && let Some(column) = self.catalog.relation(relation)?.column(number)
        {
            return Ok(quote_identifier(&column.attname));
        }
        Ok(format!("f{number}"))
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
