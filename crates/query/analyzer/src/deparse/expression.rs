//! Expressions.

use catalog::format::quote_identifier;
use error::Result;
use ids::Oid;
use types::oid;

use super::constant::Label;
use super::layout::{LIST, Writer};
use super::names::{self, Naming};
use crate::query::*;

impl<'q> Writer<'q> {
    /// An expression; `implicit` says whether casts that were not written are shown.
    pub fn expr(&mut self, expr: &'q Expr, implicit: bool) -> Result<()> {
        self.deeper(|this| this.write(expr, implicit))
    }

    /// An output value: a whole row shows its type, or the `.*` would be taken for all columns.
    pub fn value(&mut self, expr: &'q Expr) -> Result<()> {
        self.expr(expr, false)?;
        if matches!(expr.kind, ExprKind::Var(Var { column: 0, .. })) {
            let name = self.catalog.format_type(expr.ty.oid, -1)?;
            self.putf(format_args!("::{name}"));
        }
        Ok(())
    }

    /// A part of an expression, in parentheses if it needs them under `parent`.
    pub fn part(&mut self, expr: &'q Expr, implicit: bool, parent: &Expr) -> Result<()> {
        self.part_under(expr, implicit, Above::Expr(parent))
    }

    fn part_under(&mut self, expr: &'q Expr, implicit: bool, parent: Above<'_>) -> Result<()> {
        let parentheses = self.pretty && !self.is_simple(expr, parent);
        self.enclosed(parentheses, |this| this.expr(expr, implicit))
    }

    pub fn enclosed(&mut self, parentheses: bool, f: impl FnOnce(&mut Self) -> Result<()>) -> Result<()> {
        if parentheses {
            self.put("(");
        }
        f(self)?;
        if parentheses {
            self.put(")");
        }
        Ok(())
    }

    /// What PostgreSQL always puts into parentheses unless it prints prettily.
    fn guarded(&mut self, f: impl FnOnce(&mut Self) -> Result<()>) -> Result<()> {
        self.enclosed(!self.pretty, f)
    }

    pub fn list(&mut self, exprs: &'q [Expr], implicit: bool) -> Result<()> {
        for (at, expr) in exprs.iter().enumerate() {
            if at > 0 {
                self.put(", ");
            }
            self.expr(expr, implicit)?;
        }
        Ok(())
    }

    fn write(&mut self, expr: &'q Expr, implicit: bool) -> Result<()> {
        let given = matches!(&self.names, Naming::Given(names)
            if !matches!(expr.kind, ExprKind::Var(_) | ExprKind::Const(_) | ExprKind::PlaceHolder { .. })
                && names.is_given(expr));
        self.enclosed(given, |this| this.write_inner(expr, implicit))
    }

    fn write_inner(&mut self, expr: &'q Expr, implicit: bool) -> Result<()> {
        if let Naming::Levels(levels) = &self.names
            && !matches!(expr.kind, ExprKind::Var(_) | ExprKind::Const(_))
            && let Some(name) = names::merged_name(levels, expr)
        {
            self.put(&name);
            return Ok(());
        }
        match &expr.kind {
            ExprKind::Const(value) => self.constant(value, expr.ty, Label::Needed)?,
            ExprKind::Var(var) => self.column(var)?,
            ExprKind::Param(number) => match self.params.get(*number as usize - 1).filter(|name| !name.is_empty()) {
                Some(name) => {
                    let name = catalog::format::quote_identifier(name);
                    self.put(&name);
                }
                None => self.putf(format_args!("${number}")),
            },
            ExprKind::Function(call) => self.function(expr, call, implicit)?,
            ExprKind::Operator(call) => {
                let symbol = self.operator_name(call.operator, call.args.len() == 2)?;
                self.guarded(|this| this.sides(expr, call, &symbol))?;
            }
            ExprKind::Distinct(call) => self.guarded(|this| this.sides(expr, call, "IS DISTINCT FROM"))?,
            ExprKind::NullIf(call) => {
                self.put("NULLIF(");
                self.list(&call.args, true)?;
                self.put(")");
            }
            ExprKind::ScalarArray { call, any } => {
                let symbol = self.operator_name(call.operator, true)?;
                self.guarded(|this| {
                    if let [left, array] = &call.args[..] {
                        this.part(left, true, expr)?;
                        this.putf(format_args!(" {symbol} {} (", if *any { "ANY" } else { "ALL" }));
                        this.part(array, true, expr)?;
                        // A subquery would be taken for ANY's own rows.
                        if matches!(&array.kind, ExprKind::SubLink(link) if link.kind == SubLinkKind::Scalar) {
                            let name = this.catalog.format_type(array.ty.oid, array.ty.typmod)?;
                            this.putf(format_args!("::{name}"));
                        }
                        this.put(")");
                    }
                    Ok(())
                })?;
            }
            ExprKind::And(args) | ExprKind::Or(args) => {
                let word = if matches!(expr.kind, ExprKind::And(_)) { " AND " } else { " OR " };
                self.guarded(|this| {
                    for (at, arg) in args.iter().enumerate() {
                        if at > 0 {
                            this.put(word);
                        }
                        this.part(arg, false, expr)?;
                    }
                    Ok(())
                })?;
            }
            ExprKind::Not(arg) => self.guarded(|this| {
                this.put("NOT ");
                this.part(arg, false, expr)
            })?,
            ExprKind::Aggregate(aggregate) => self.aggregate(aggregate)?,
            ExprKind::Grouping { args, .. } => {
                self.put("GROUPING(");
                self.list(args, true)?;
                self.put(")");
            }
            ExprKind::Window(call) => self.window_call(call)?,
            ExprKind::SubLink(link) => match &self.names {
                Naming::Given(names) => {
                    let text = names.subquery(link)?;
                    self.put(&text);
                }
                Naming::Levels(_) => self.sublink(link)?,
            },
            ExprKind::Case { arg, whens, otherwise } => self.case(arg.as_deref(), whens, otherwise)?,
            ExprKind::CaseTest => self.put("CASE_TEST_EXPR"),
            ExprKind::Coalesce(args) => {
                self.put("COALESCE(");
                self.list(args, true)?;
                self.put(")");
            }
            ExprKind::MinMax { greatest, args, .. } => {
                self.put(if *greatest { "GREATEST(" } else { "LEAST(" });
                self.list(args, true)?;
                self.put(")");
            }
            ExprKind::Array { elements, .. } => {
                self.put("ARRAY[");
                self.list(elements, true)?;
                self.put("]");
                if elements.is_empty() {
                    let name = self.catalog.format_type(expr.ty.oid, -1)?;
                    self.putf(format_args!("::{name}"));
                }
            }
            ExprKind::Row { fields, .. } => {
                self.put("ROW(");
                for (at, field) in fields.iter().enumerate() {
                    if at > 0 {
                        self.put(", ");
                    }
                    self.value(field)?;
                }
                self.put(")");
                if expr.ty.oid != oid::RECORD {
                    let name = self.catalog.format_type(expr.ty.oid, -1)?;
                    self.putf(format_args!("::{name}"));
                }
            }
            ExprKind::RowCompare { comparison, left, right, .. } => {
                let symbol = match comparison {
                    RowComparison::Less => "<",
                    RowComparison::LessOrEqual => "<=",
                    RowComparison::GreaterOrEqual => ">=",
                    RowComparison::Greater => ">",
                };
                self.put("(ROW(");
                self.list(left, true)?;
                self.putf(format_args!(") {symbol} ROW("));
                self.list(right, true)?;
                self.put("))");
            }
            ExprKind::Field { arg, number } => {
                let bare = matches!(arg.kind, ExprKind::Field { .. } | ExprKind::Subscript { .. });
                self.enclosed(!bare, |this| this.expr(arg, true))?;
                let name = self.field_name(arg, *number)?;
                self.putf(format_args!(".{name}"));
            }
            ExprKind::FieldStore { arg, .. } => self.expr(arg, implicit)?,
            ExprKind::Subscript { container, upper, lower, .. } => {
                let bare =
                    matches!(container.kind, ExprKind::Var(_) | ExprKind::Subscript { .. } | ExprKind::Field { .. });
                self.enclosed(!bare, |this| this.expr(container, implicit))?;
                for (at, index) in upper.iter().enumerate() {
                    self.put("[");
                    if let Some(low) = lower.get(at) {
                        if let Some(low) = low {
                            self.expr(low, false)?;
                        }
                        self.put(":");
                    }
                    if let Some(index) = index {
                        self.expr(index, false)?;
                    }
                    self.put("]");
                }
            }
            ExprKind::Relabel(arg, CallForm::ImplicitCast) if expr.ty.oid == oid::RECORD => {
                self.part(arg, implicit, expr)?
            }
            ExprKind::Relabel(arg, form)
            | ExprKind::CoerceViaIo(arg, form)
            | ExprKind::ConvertRow(arg, form)
            | ExprKind::CoerceToDomain(arg, form)
            | ExprKind::ArrayCoerce { arg, form, .. } => {
                if *form == CallForm::ImplicitCast && !implicit {
                    self.part(arg, false, expr)?;
                } else {
                    self.cast(arg, expr)?;
                }
            }
            ExprKind::DomainValue => self.put("VALUE"),
            ExprKind::Collate(arg) => {
                let name = self.collation_name(expr.ty.collation)?;
                self.guarded(|this| {
                    this.part(arg, implicit, expr)?;
                    this.putf(format_args!(" COLLATE {name}"));
                    Ok(())
                })?;
            }
            ExprKind::NullTest { arg, is_null, row } => self.guarded(|this| {
                this.part(arg, true, expr)?;
                // A composite value that is no row to the test shows what is tested: itself, not its fields.
                let composite = !row && crate::types::is_composite(this.catalog, arg.ty.oid)?;
                this.put(match (is_null, composite) {
                    (true, false) => " IS NULL",
                    (false, false) => " IS NOT NULL",
                    (true, true) => " IS NOT DISTINCT FROM NULL",
                    (false, true) => " IS DISTINCT FROM NULL",
                });
                Ok(())
            })?,
            ExprKind::BooleanTest { arg, value, negated } => self.guarded(|this| {
                this.part(arg, false, expr)?;
                let word = match value {
                    Some(true) => "TRUE",
                    Some(false) => "FALSE",
                    None => "UNKNOWN",
                };
                this.putf(format_args!(" IS {}{word}", if *negated { "NOT " } else { "" }));
                Ok(())
            })?,
            ExprKind::SqlValue(function) => self.sql_value(*function, expr.ty),
            ExprKind::NextValue(sequence) => {
                let name = catalog::format::quote_literal(&self.relation_name(*sequence)?);
                self.putf(format_args!("nextval({name}::regclass)"));
            }
            ExprKind::Default => self.put("DEFAULT"),
            ExprKind::CurrentOf { cursor, .. } => self.putf(format_args!("CURRENT OF {}", quote_identifier(cursor))),
            ExprKind::MergeAction => self.put("MERGE_ACTION()"),
            ExprKind::JsonForm { form, returning, value } => self.json_form(*form, *returning, value)?,
            ExprKind::JsonCall { function, args } => self.json_call(*function, args, expr)?,
            ExprKind::JsonPath(path) => self.json_path(path, expr.ty)?,
            ExprKind::JsonTable(table) => self.json_table(table)?,
            // Like other values that are made further below.
            ExprKind::PlaceHolder { arg, .. } => {
                let made = !matches!(arg.kind, ExprKind::Var(_) | ExprKind::PlaceHolder { .. });
                self.enclosed(made, |this| this.write_inner(arg, implicit))?;
            }
        }
        Ok(())
    }

    fn column(&mut self, var: &Var) -> Result<()> {
        let text = match &self.names {
            Naming::Given(names) => names.column(var)?,
            Naming::Levels(levels) => names::column_name(levels, var, false),
        };
        self.put(&text);
        Ok(())
    }

    /// A column alone as a key. Where an output column of its name is another value, the table must be named.
    pub(super) fn column_key(&mut self, var: &Var, expr: &'q Expr) -> Result<()> {
        let caught = match (&self.names, &self.caught) {
            (Naming::Levels(levels), Some(outputs)) => {
                let plain = names::column_name(levels, var, false);
                let caught = outputs.iter().any(|(name, value)| quote_identifier(name) == plain && *value != expr);
                caught.then(|| names::column_name(levels, var, true))
            }
            _ => None,
        };
        match caught {
            Some(text) => self.put(&text),
            None => self.expr(expr, true)?,
        }
        Ok(())
    }

    fn sides(&mut self, expr: &'q Expr, call: &'q OperatorCall, symbol: &str) -> Result<()> {
        match &call.args[..] {
            [left, right] => {
                self.part(left, true, expr)?;
                self.putf(format_args!(" {symbol} "));
                self.part(right, true, expr)
            }
            [one] => {
                self.putf(format_args!("{symbol} "));
                self.part(one, true, expr)
            }
            _ => Ok(()),
        }
    }

    fn case(&mut self, arg: Option<&'q Expr>, whens: &'q [(Expr, Expr)], otherwise: &'q Expr) -> Result<()> {
        self.line("CASE", 0, LIST, 0);
        if let Some(arg) = arg {
            self.put(" ");
            self.expr(arg, true)?;
        }
        let blank = |this: &mut Self| {
            if !this.layout {
                this.put(" ");
            }
        };
        for (condition, result) in whens {
            blank(self);
            self.line("WHEN ", 0, 0, 0);
            match (&condition.kind, arg) {
                // CASE x WHEN y: only y was written.
                (ExprKind::Operator(call), Some(_)) if call.args.len() == 2 => self.expr(&call.args[1], false)?,
                _ => self.expr(condition, false)?,
            }
            self.put(" THEN ");
            self.expr(result, true)?;
        }
        blank(self);
        self.line("ELSE ", 0, 0, 0);
        self.expr(otherwise, true)?;
        blank(self);
        self.line("END", -LIST, 0, 0);
        Ok(())
    }

    /// A cast that is shown.
    pub(super) fn cast(&mut self, arg: &'q Expr, whole: &Expr) -> Result<()> {
        let ty = whole.ty;
        match &arg.kind {
            // The length of a literal is checked by a call over a literal of the same type.
            ExprKind::Const(value) if arg.ty.oid == ty.oid && arg.ty.typmod == -1 => {
                self.constant(value, arg.ty, Label::Never)?;
            }
            _ => self.guarded(|this| this.part_under(arg, false, Above::Cast))?,
        }
        let name = self.catalog.format_type(ty.oid, ty.typmod)?;
        self.putf(format_args!("::{name}"));
        Ok(())
    }

    fn field_name(&self, arg: &Expr, number: i16) -> Result<String> {
        if let ExprKind::Row { names, .. } = &arg.kind
            && let Some(name) = names.get(number as usize - 1)
        {
            return Ok(quote_identifier(name));
        }
        if let (ExprKind::Var(Var { level, relation, column: 0, .. }), Naming::Levels(levels)) =
            (&arg.kind, &self.names)
            && let Some(level) = levels.len().checked_sub(1 + *level as usize).and_then(|at| levels.get(at))
            && let Some(name) = level.entries.get(*relation).and_then(|entry| entry.columns.get(number as usize - 1))
        {
            return Ok(quote_identifier(name));
        }
        let relation = match arg.ty.oid {
            oid::RECORD => Oid::INVALID,
            other => crate::types::row_relation(self.catalog, other)?,
        };
        if relation.is_valid()
            && let Some(column) = self.catalog.relation(relation)?.column(number)
        {
            return Ok(quote_identifier(&column.attname));
        }
        Ok(format!("f{number}"))
    }

    /// Whether an expression can do without parentheses under another.
    fn is_simple(&self, expr: &Expr, parent: Above<'_>) -> bool {
        let operator = |expr: &Expr| -> Option<char> {
            let ExprKind::Operator(call) = &expr.kind else { return None };
            let name = self.catalog.operator(call.operator).ok()?.oprname.to_string();
            match (call.args.len(), &*name) {
                (2, "+" | "-" | "*" | "/" | "%") => name.chars().next(),
                _ => None,
            }
        };
        match &expr.kind {
            ExprKind::Field { .. } => !matches!(parent, Above::Expr(Expr { kind: ExprKind::Field { .. }, .. })),
            ExprKind::Relabel(arg, _)
            | ExprKind::CoerceViaIo(arg, _)
            | ExprKind::ConvertRow(arg, _)
            | ExprKind::CoerceToDomain(arg, _)
            | ExprKind::ArrayCoerce { arg, .. } => self.is_simple(arg, Above::Expr(expr)),
            ExprKind::Operator(_) => {
                if let Above::Expr(above) = parent
                    && let (Some(inner), Some(outer)) = (operator(expr), operator(above))
                    && let ExprKind::Operator(outer_call) = &above.kind
                {
                    let high = |c: char| matches!(c, '*' | '/' | '%');
                    return match (high(inner), high(outer)) {
                        (false, true) => false,
                        (true, false) => true,
                        _ => std::ptr::eq(&outer_call.args[0], expr),
                    };
                }
                simple_condition(parent, false)
            }
            ExprKind::SubLink(_)
            | ExprKind::NullTest { .. }
            | ExprKind::BooleanTest { .. }
            | ExprKind::Distinct(_)
            | ExprKind::JsonCall { .. } => simple_condition(parent, false),
            ExprKind::And(_) | ExprKind::Not(_) => match parent {
                Above::Expr(Expr { kind: ExprKind::And(_) | ExprKind::Or(_), .. }) => true,
                _ => simple_condition(parent, true),
            },
            ExprKind::Or(_) => match parent {
                Above::Expr(Expr { kind: ExprKind::Or(_), .. }) => true,
                _ => simple_condition(parent, true),
            },
            ExprKind::Collate(_) | ExprKind::RowCompare { .. } | ExprKind::ScalarArray { .. } | ExprKind::CaseTest => {
                false
            }
            _ => true,
        }
    }
}

/// What an expression stands under.
#[derive(Clone, Copy)]
enum Above<'a> {
    Expr(&'a Expr),
    /// A cast that is written with `::`.
    Cast,
}

/// Whether conditions and operators need no parentheses there: what has a lower precedence, or parentheses of its own.
fn simple_condition(parent: Above<'_>, boolean: bool) -> bool {
    let Above::Expr(parent) = parent else { return false };
    match &parent.kind {
        ExprKind::And(_) | ExprKind::Or(_) | ExprKind::Not(_) => !boolean,
        ExprKind::Function(call) => call.form == CallForm::Call,
        ExprKind::Subscript { .. }
        | ExprKind::Array { .. }
        | ExprKind::Row { .. }
        | ExprKind::Coalesce(_)
        | ExprKind::MinMax { .. }
        | ExprKind::NullIf(_)
        | ExprKind::Aggregate(_)
        | ExprKind::Grouping { .. }
        | ExprKind::Window(_)
        | ExprKind::Case { .. } => true,
        _ => false,
    }
}
