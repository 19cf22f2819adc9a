//! Calls: of functions, in SQL's own syntax too, of aggregates and window functions.

use batch::Datum;
use error::Result;

use super::layout::Writer;
use super::names::Naming;
use super::order_suffix;
use crate::query::*;

impl<'q> Writer<'q> {
    pub(super) fn sql_value(&mut self, function: SqlValueFunction, ty: SqlType) {
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
        self.put(word);
        if ty.typmod >= 0 {
            self.putf(format_args!("({})", ty.typmod));
        }
    }

    pub(super) fn function(&mut self, expr: &'q Expr, call: &'q FunctionCall, implicit: bool) -> Result<()> {
        match (call.form, call.args.first()) {
            (CallForm::ImplicitCast, Some(arg)) if !implicit => return self.part(arg, false, expr),
            (CallForm::ImplicitCast | CallForm::ExplicitCast, Some(arg)) => return self.cast(arg, expr),
            (CallForm::SqlSyntax, _) if self.sql_syntax(expr, call)? => return Ok(()),
            _ => {}
        }
        let name = self.function_name(call.function)?;
        self.put(&name);
        self.put("(");
        match &call.written {
            Some(written) => {
                for (at, argument) in written.iter().enumerate() {
                    if at > 0 {
                        self.put(", ");
                    }
                    if call.variadic && at + 1 == written.len() {
                        self.put("VARIADIC ");
                    }
                    if let Some(name) = &argument.name {
                        self.putf(format_args!("{} => ", catalog::format::quote_identifier(name)));
                    }
                    if let Some(value) = call.args.get(argument.number as usize) {
                        self.expr(value, true)?;
                    }
                }
            }
            None => {
                for (at, arg) in call.args.iter().enumerate() {
                    if at > 0 {
                        self.put(", ");
                    }
                    if call.variadic && at + 1 == call.args.len() {
                        self.put("VARIADIC ");
                    }
                    self.expr(arg, true)?;
                }
            }
        }
        self.put(")");
        Ok(())
    }

    /// A text literal as a bare word.
    fn word(&mut self, expr: &'q Expr) -> Result<()> {
        match &expr.kind {
            ExprKind::Const(Datum::Bytes(text)) => {
                let text = String::from_utf8_lossy(text).into_owned();
                self.put(&text);
                Ok(())
            }
            _ => self.expr(expr, false),
        }
    }

    /// Calls with a syntax of their own; false if this is none.
    fn sql_syntax(&mut self, expr: &'q Expr, call: &'q FunctionCall) -> Result<bool> {
        let row = self.catalog.function(call.function)?;
        let given = call.written.as_ref().map_or(call.args.len(), Vec::len).min(call.args.len());
        match (&*row.proname, &call.args[..given]) {
            ("timezone", [zone, value]) => {
                self.put("(");
                self.part(value, false, expr)?;
                self.put(" AT TIME ZONE ");
                self.part(zone, false, expr)?;
                self.put(")");
            }
            ("timezone", [value]) => {
                self.put("(");
                self.part(value, false, expr)?;
                self.put(" AT LOCAL)");
            }
            ("extract", [field, value]) => {
                self.put("EXTRACT(");
                self.word(field)?;
                self.put(" FROM ");
                self.expr(value, false)?;
                self.put(")");
            }
            ("overlaps", [a, b, c, d]) => {
                self.put("((");
                self.expr(a, false)?;
                self.put(", ");
                self.expr(b, false)?;
                self.put(") OVERLAPS (");
                self.expr(c, false)?;
                self.put(", ");
                self.expr(d, false)?;
                self.put("))");
            }
            ("is_normalized", [value, form @ ..]) => {
                self.put("(");
                self.part(value, false, expr)?;
                self.put(" IS");
                if let Some(form) = form.first() {
                    self.put(" ");
                    self.word(form)?;
                }
                self.put(" NORMALIZED)");
            }
            ("normalize", [value, form @ ..]) => {
                self.put("NORMALIZE(");
                self.expr(value, false)?;
                if let Some(form) = form.first() {
                    self.put(", ");
                    self.word(form)?;
                }
                self.put(")");
            }
            ("pg_collation_for", [value]) => {
                self.put("COLLATION FOR (");
                self.expr(value, false)?;
                self.put(")");
            }
            ("overlay", [value, part, from, rest @ ..]) => {
                self.put("OVERLAY(");
                self.expr(value, false)?;
                self.put(" PLACING ");
                self.expr(part, false)?;
                self.put(" FROM ");
                self.expr(from, false)?;
                if let Some(length) = rest.first() {
                    self.put(" FOR ");
                    self.expr(length, false)?;
                }
                self.put(")");
            }
            ("substring", [value, pattern, escape]) if pattern.ty.oid == types::oid::TEXT => {
                self.put("SUBSTRING(");
                self.expr(value, false)?;
                self.put(" SIMILAR ");
                self.expr(pattern, false)?;
                self.put(" ESCAPE ");
                self.expr(escape, false)?;
                self.put(")");
            }
            ("substring", [value, from, rest @ ..]) if from.ty.oid == types::oid::INT4 => {
                self.put("SUBSTRING(");
                self.expr(value, false)?;
                self.put(" FROM ");
                self.expr(from, false)?;
                if let Some(length) = rest.first() {
                    self.put(" FOR ");
                    self.expr(length, false)?;
                }
                self.put(")");
            }
            ("position", [value, part]) => {
                self.put("POSITION((");
                self.expr(part, false)?;
                self.put(") IN (");
                self.expr(value, false)?;
                self.put("))");
            }
            ("btrim" | "ltrim" | "rtrim", [value, rest @ ..]) => {
                let side = match &*row.proname {
                    "btrim" => "BOTH",
                    "ltrim" => "LEADING",
                    _ => "TRAILING",
                };
                self.putf(format_args!("TRIM({side}"));
                if let Some(chars) = rest.first() {
                    self.put(" ");
                    self.expr(chars, false)?;
                }
                self.put(" FROM ");
                self.expr(value, false)?;
                self.put(")");
            }
            ("xmlexists", [path, value]) => {
                self.put("XMLEXISTS((");
                self.expr(path, false)?;
                self.put(") PASSING (");
                self.expr(value, false)?;
                self.put("))");
            }
            ("system_user", []) => self.put("SYSTEM_USER"),
            _ => return Ok(false),
        }
        Ok(true)
    }

    pub(super) fn aggregate(&mut self, aggregate: &'q Aggregate) -> Result<()> {
        let name = self.function_name(aggregate.function)?;
        self.put(&name);
        self.put("(");
        let ordered_set = aggregate.kind != b'n';
        if !aggregate.distinct.is_empty() && !ordered_set {
            self.put("DISTINCT ");
        }
        if ordered_set {
            self.list(&aggregate.direct_args, true)?;
            self.put(") WITHIN GROUP (");
        } else if aggregate.star {
            self.put("*");
        } else {
            let count = aggregate.args.iter().filter(|target| !target.junk).count();
            for (at, target) in aggregate.args.iter().filter(|target| !target.junk).enumerate() {
                if at > 0 {
                    self.put(", ");
                }
                if aggregate.variadic && at + 1 == count {
                    self.put("VARIADIC ");
                }
                self.expr(&target.expr, true)?;
            }
        }
        if !aggregate.order_by.is_empty() {
            self.put(if ordered_set { "ORDER BY " } else { " ORDER BY " });
            self.order_by(&aggregate.order_by, &aggregate.args, false)?;
        }
        self.put(")");
        self.filter(aggregate.filter.as_ref())
    }

    pub(super) fn filter(&mut self, filter: Option<&'q Expr>) -> Result<()> {
        if let Some(filter) = filter {
            self.put(" FILTER (WHERE ");
            self.expr(filter, false)?;
            self.put(")");
        }
        Ok(())
    }

    pub(super) fn window_call(&mut self, call: &'q WindowCall) -> Result<()> {
        let name = self.function_name(call.function)?;
        self.put(&name);
        self.put("(");
        if call.star {
            self.put("*");
        }
        self.list(&call.args, true)?;
        self.put(")");
        self.filter(call.filter.as_ref())?;
        self.over(call)
    }

    /// `OVER …`
    pub(super) fn over(&mut self, call: &'q WindowCall) -> Result<()> {
        self.put(" OVER ");
        let query = match &self.names {
            Naming::Given(_) => None,
            Naming::Levels(levels) => levels.last().map(|level| level.query),
        };
        match query.and_then(|query| Some((query, query.windows.get(call.window)?))) {
            Some((_, WindowClause { name: Some(name), .. })) => {
                self.put(&catalog::format::quote_identifier(name));
                Ok(())
            }
            Some((query, window)) => self.window(query, window),
            None => {
                self.putf(format_args!("w{}", call.window + 1));
                Ok(())
            }
        }
    }

    /// A window's definition, in parentheses.
    pub(super) fn window(&mut self, query: &'q Query, window: &'q WindowClause) -> Result<()> {
        let mut blank = "";
        self.put("(");
        if let Some(base) = &window.base {
            self.put(&catalog::format::quote_identifier(base));
            blank = " ";
        }
        // What the base window says is not said again.
        let base = window.base.as_ref().and_then(|base| query.windows.iter().find(|w| w.name.as_ref() == Some(base)));
        if !window.partition_by.is_empty() && base.is_none() {
            self.putf(format_args!("{blank}PARTITION BY "));
            self.keys(&window.partition_by, &query.targets, false)?;
            blank = " ";
        }
        if !window.order_by.is_empty() && base.is_none_or(|base| base.order_by.is_empty()) {
            self.putf(format_args!("{blank}ORDER BY "));
            self.order_by(&window.order_by, &query.targets, false)?;
            blank = " ";
        }
        let frame = &window.frame;
        if frame.explicit {
            self.put(blank);
            self.frame(frame)?;
        }
        self.put(")");
        Ok(())
    }

    /// A frame, without blank before it.
    pub(super) fn frame(&mut self, frame: &'q Frame) -> Result<()> {
        self.put(match frame.unit {
            FrameUnit::Range => "RANGE ",
            FrameUnit::Rows => "ROWS ",
            FrameUnit::Groups => "GROUPS ",
        });
        if frame.between {
            self.put("BETWEEN ");
        }
        self.bound(&frame.start)?;
        if frame.between {
            self.put(" AND ");
            self.bound(&frame.end)?;
        }
        self.put(match frame.exclude {
            FrameExclusion::NoOthers => "",
            FrameExclusion::CurrentRow => " EXCLUDE CURRENT ROW",
            FrameExclusion::Group => " EXCLUDE GROUP",
            FrameExclusion::Ties => " EXCLUDE TIES",
        });
        Ok(())
    }

    fn bound(&mut self, bound: &'q FrameBound) -> Result<()> {
        match bound {
            FrameBound::UnboundedPreceding => self.put("UNBOUNDED PRECEDING"),
            FrameBound::CurrentRow => self.put("CURRENT ROW"),
            FrameBound::UnboundedFollowing => self.put("UNBOUNDED FOLLOWING"),
            FrameBound::Preceding(offset) => {
                self.expr(offset, false)?;
                self.put(" PRECEDING");
            }
            FrameBound::Following(offset) => {
                self.expr(offset, false)?;
                self.put(" FOLLOWING");
            }
        }
        Ok(())
    }

    /// The values of keys.
    pub(super) fn keys(&mut self, keys: &'q [SortClause], targets: &'q [TargetEntry], by_number: bool) -> Result<()> {
        for (at, key) in keys.iter().enumerate() {
            if at > 0 {
                self.put(", ");
            }
            self.key(key.target_ref, targets, by_number)?;
        }
        Ok(())
    }

    /// The value of one key; by its number, if it can only be an output column.
    pub(super) fn key(&mut self, target_ref: u32, targets: &'q [TargetEntry], by_number: bool) -> Result<()> {
        let Some(target) = targets.iter().find(|target| target.sort_ref == target_ref) else { return Ok(()) };
        if by_number {
            self.putf(format_args!("{}", target.number));
            return Ok(());
        }
        let expr = &target.expr;
        match &expr.kind {
            ExprKind::Const(value) => self.constant(value, expr.ty, super::constant::Label::Always),
            ExprKind::Var(var) => self.column_key(var, expr),
            kind => {
                let call = matches!(kind, ExprKind::Function(_) | ExprKind::Aggregate(_) | ExprKind::Window(_));
                self.enclosed(self.pretty || call, |this| this.expr(expr, true))
            }
        }
    }

    /// ORDER BY's keys, with their directions.
    pub(super) fn order_by(
        &mut self,
        keys: &'q [SortClause],
        targets: &'q [TargetEntry],
        by_number: bool,
    ) -> Result<()> {
        for (at, key) in keys.iter().enumerate() {
            if at > 0 {
                self.put(", ");
            }
            self.key(key.target_ref, targets, by_number)?;
            let ty = targets.iter().find(|target| target.sort_ref == key.target_ref).map(|target| target.expr.ty.oid);
            match ty {
                Some(ty) if !self.is_usual_order(ty, key)? => {
                    let name = self.operator_name(key.ordering, true)?;
                    self.putf(format_args!(" USING {name}"));
                    self.put(if key.nulls_first { " NULLS FIRST" } else { " NULLS LAST" });
                }
                _ => self.put(order_suffix(key.descending, key.nulls_first)),
            }
        }
        Ok(())
    }

    /// Whether a key's operator is the type's own `<` or `>`.
    fn is_usual_order(&self, ty: ids::Oid, key: &SortClause) -> Result<bool> {
        if !key.ordering.is_valid() {
            return Ok(true);
        }
        let usual = crate::types::ordering(self.catalog, ty)?;
        Ok(!usual.less.is_valid() || key.ordering == usual.less || key.ordering == usual.greater)
    }
}
