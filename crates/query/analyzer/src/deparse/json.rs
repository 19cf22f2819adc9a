//! SQL/JSON, as it was written.

use catalog::format::{quote_identifier, quote_literal};
use error::Result;
use types::oid;

use super::layout::{LIST, Writer};
use crate::query::*;

impl<'q> Writer<'q> {
    /// A constructor or aggregate; what it computes is below casts that were not written.
    pub(super) fn json_form(&mut self, form: JsonForm, returning: SqlType, value: &'q Expr) -> Result<()> {
        let core = under_casts(value);
        match form {
            JsonForm::Value { encoding } => {
                self.expr(raw(value), false)?;
                self.put(if encoding { " FORMAT JSON ENCODING UTF8" } else { " FORMAT JSON" });
                return Ok(());
            }
            JsonForm::Object { absent_on_null, unique_keys } => {
                self.put("JSON_OBJECT(");
                if let ExprKind::JsonCall { args, .. } = &core.kind {
                    self.json_members(args.iter())?;
                }
                self.object_options(absent_on_null, unique_keys);
            }
            JsonForm::Array { absent_on_null } => {
                self.put("JSON_ARRAY(");
                if let ExprKind::JsonCall { args, .. } = &core.kind {
                    self.list(args, false)?;
                }
                self.put(if absent_on_null { "" } else { " NULL ON NULL" });
            }
            JsonForm::ObjectAggregate { .. } | JsonForm::ArrayAggregate { .. } => {
                return self.json_aggregate(form, returning, core);
            }
            JsonForm::Parse { unique_keys } => {
                self.put("JSON(");
                match &core.kind {
                    ExprKind::JsonCall { args, .. } => self.list(args, false)?,
                    _ => self.expr(core, false)?,
                }
                self.put(if unique_keys { " WITH UNIQUE KEYS" } else { "" });
            }
            JsonForm::Scalar => {
                self.put("JSON_SCALAR(");
                if let ExprKind::JsonCall { args, .. } = &core.kind {
                    self.list(args, false)?;
                }
            }
            JsonForm::Serialize => {
                self.put("JSON_SERIALIZE(");
                self.expr(core, false)?;
            }
        }
        self.json_returning(returning)?;
        self.put(")");
        Ok(())
    }

    fn object_options(&mut self, absent_on_null: bool, unique_keys: bool) {
        self.put(if absent_on_null { " ABSENT ON NULL" } else { "" });
        self.put(if unique_keys { " WITH UNIQUE KEYS" } else { "" });
    }

    fn json_returning(&mut self, returning: SqlType) -> Result<()> {
        if returning.oid.is_valid() {
            let name = self.catalog.format_type(returning.oid, returning.typmod)?;
            self.putf(format_args!(" RETURNING {name}"));
        }
        Ok(())
    }

    /// `key : value, …`
    fn json_members(&mut self, args: impl Iterator<Item = &'q Expr>) -> Result<()> {
        for (at, arg) in args.enumerate() {
            match at {
                0 => {}
                at if at % 2 == 0 => self.put(", "),
                _ => self.put(" : "),
            }
            self.expr(arg, false)?;
        }
        Ok(())
    }

    fn json_aggregate(&mut self, form: JsonForm, returning: SqlType, core: &'q Expr) -> Result<()> {
        let args: Vec<&'q Expr> = match &core.kind {
            ExprKind::Aggregate(aggregate) => aggregate.args.iter().filter(|t| !t.junk).map(|t| &t.expr).collect(),
            ExprKind::Window(call) => call.args.iter().collect(),
            // Computed below: only its name is left.
            _ => return self.expr(core, false),
        };
        let object = matches!(form, JsonForm::ObjectAggregate { .. });
        self.put(if object { "JSON_OBJECTAGG(" } else { "JSON_ARRAYAGG(" });
        self.json_members(args.into_iter())?;
        if let ExprKind::Aggregate(aggregate) = &core.kind
            && !aggregate.order_by.is_empty()
        {
            self.put(" ORDER BY ");
            self.order_by(&aggregate.order_by, &aggregate.args, false)?;
        }
        match form {
            JsonForm::ObjectAggregate { absent_on_null, unique_keys } => {
                self.object_options(absent_on_null, unique_keys);
            }
            JsonForm::ArrayAggregate { absent_on_null: false } => self.put(" NULL ON NULL"),
            _ => {}
        }
        self.json_returning(returning)?;
        self.put(")");
        match &core.kind {
            ExprKind::Aggregate(aggregate) => self.filter(aggregate.filter.as_ref()),
            ExprKind::Window(call) => {
                self.filter(call.filter.as_ref())?;
                self.over(call)
            }
            _ => Ok(()),
        }
    }

    /// What was written as a form of its own, or `IS JSON`.
    pub(super) fn json_call(&mut self, function: JsonFunction, args: &'q [Expr], whole: &Expr) -> Result<()> {
        let JsonFunction::Is { kind, unique_keys } = function else { return self.list(args, false) };
        let Some(arg) = args.first() else { return Ok(()) };
        let arg = raw(arg);
        self.enclosed(!self.pretty, |this| {
            this.part(arg, true, whole)?;
            this.put(match kind {
                JsonKind::Any => " IS JSON",
                JsonKind::Object => " IS JSON OBJECT",
                JsonKind::Array => " IS JSON ARRAY",
                JsonKind::Scalar => " IS JSON SCALAR",
            });
            this.put(if unique_keys { " WITH UNIQUE KEYS" } else { "" });
            Ok(())
        })
    }

    /// `JSON_EXISTS`, `JSON_QUERY`, `JSON_VALUE`
    pub(super) fn json_path(&mut self, path: &'q JsonPath, returning: SqlType) -> Result<()> {
        self.put(match path.function {
            JsonPathFunction::Exists => "JSON_EXISTS(",
            JsonPathFunction::Query => "JSON_QUERY(",
            JsonPathFunction::Value => "JSON_VALUE(",
        });
        self.expr(&path.context, false)?;
        self.put(", ");
        self.json_path_text(&path.path)?;
        if !path.passing.is_empty() {
            self.put(" PASSING ");
            for (at, (name, value)) in path.passing.iter().enumerate() {
                self.put(if at > 0 { ", " } else { "" });
                self.expr(value, false)?;
                self.putf(format_args!(" AS {}", quote_identifier(name)));
            }
        }
        if path.function != JsonPathFunction::Exists || returning.oid != oid::BOOL {
            self.json_returning(returning)?;
        }
        self.json_options(path)?;
        self.put(")");
        Ok(())
    }

    fn json_path_text(&mut self, path: &'q Expr) -> Result<()> {
        match &path.kind {
            ExprKind::Const(value) if !value.is_null() => {
                let text = quote_literal(&String::from_utf8_lossy(value.as_bytes().unwrap_or_default()));
                self.put(&text);
                Ok(())
            }
            _ => self.expr(path, false),
        }
    }

    /// Wrapper, quotes, `ON EMPTY`, `ON ERROR`.
    fn json_options(&mut self, path: &'q JsonPath) -> Result<()> {
        if path.function == JsonPathFunction::Query {
            self.put(match path.wrapper {
                JsonWrapper::Without => " WITHOUT WRAPPER",
                JsonWrapper::Conditional => " WITH CONDITIONAL WRAPPER",
                JsonWrapper::Unconditional => " WITH UNCONDITIONAL WRAPPER",
            });
            self.put(if path.unquoted { " OMIT QUOTES" } else { " KEEP QUOTES" });
        }
        for (behavior, when) in [(&path.on_empty, "EMPTY"), (&path.on_error, "ERROR")] {
            let Some(behavior) = behavior else { continue };
            self.putf(format_args!(" {}", behavior.kind.words()));
            if let Some(value) = &behavior.value {
                self.put(" ");
                self.expr(value, false)?;
            }
            self.putf(format_args!(" ON {when}"));
        }
        Ok(())
    }

    /// A new line, or without lines this text.
    fn break_or(&mut self, flat: &str) {
        if self.layout {
            self.line("", 0, 0, 0);
        } else {
            self.put(flat);
        }
    }

    /// `JSON_TABLE` in FROM.
    pub(super) fn json_table(&mut self, table: &'q JsonTable) -> Result<()> {
        self.put("JSON_TABLE(");
        self.indent += LIST;
        self.break_or("");
        self.expr(&table.context, false)?;
        self.put(", ");
        self.json_path_text(&table.rows.path)?;
        self.putf(format_args!(" AS {}", quote_identifier(&table.rows.name)));
        if !table.passing.is_empty() {
            self.break_or(" ");
            self.put("PASSING");
            self.indent += LIST;
            for (at, (name, value)) in table.passing.iter().enumerate() {
                self.put(if at > 0 { "," } else { "" });
                self.break_or(" ");
                self.expr(value, false)?;
                self.putf(format_args!(" AS {}", quote_identifier(name)));
            }
            self.indent -= LIST;
        }
        self.json_columns(&table.rows)?;
        self.put(if table.error_on_error { " ERROR ON ERROR" } else { "" });
        self.indent -= LIST;
        self.break_or("");
        self.put(")");
        Ok(())
    }

    fn json_columns(&mut self, rows: &'q JsonTableRows) -> Result<()> {
        self.break_or(" ");
        self.put("COLUMNS (");
        self.indent += LIST;
        let mut first = true;
        for column in &rows.columns {
            self.put(if std::mem::take(&mut first) {
                ""
            } else if self.layout {
                ","
            } else {
                ", "
            });
            self.break_or("");
            self.put(&quote_identifier(&column.name));
            let Some(Expr { kind: ExprKind::JsonPath(path), ty, .. }) = &column.value else {
                self.put(" FOR ORDINALITY");
                continue;
            };
            let name = self.catalog.format_type(ty.oid, ty.typmod)?;
            self.putf(format_args!(" {name}"));
            self.put(if column.format { " FORMAT JSON" } else { "" });
            self.put(if path.function == JsonPathFunction::Exists { " EXISTS" } else { "" });
            self.put(" PATH ");
            self.json_path_text(&path.path)?;
            self.json_options(path)?;
        }
        for nested in &rows.nested {
            self.put(if std::mem::take(&mut first) {
                ""
            } else if self.layout {
                ","
            } else {
                ", "
            });
            self.break_or("");
            self.put("NESTED PATH ");
            self.json_path_text(&nested.path)?;
            self.putf(format_args!(" AS {}", quote_identifier(&nested.name)));
            self.deeper(|this| this.json_columns(nested))?;
        }
        self.indent -= LIST;
        self.break_or("");
        self.put(")");
        Ok(())
    }
}

impl JsonBehaviorKind {
    /// As it is written, but for `ON EMPTY` or `ON ERROR` behind it.
    pub fn words(self) -> &'static str {
        match self {
            JsonBehaviorKind::Null => "NULL",
            JsonBehaviorKind::Error => "ERROR",
            JsonBehaviorKind::EmptyArray => "EMPTY ARRAY",
            JsonBehaviorKind::EmptyObject => "EMPTY OBJECT",
            JsonBehaviorKind::True => "TRUE",
            JsonBehaviorKind::False => "FALSE",
            JsonBehaviorKind::Unknown => "UNKNOWN",
            JsonBehaviorKind::Default => "DEFAULT",
        }
    }
}

/// `convert_from` and `convert_to`
const CONVERSIONS: [u32; 2] = [1714, 1717];

/// The value that a hidden cast was put over.
fn raw(value: &Expr) -> &Expr {
    match &value.kind {
        ExprKind::CoerceViaIo(arg, CallForm::ImplicitCast) | ExprKind::Relabel(arg, CallForm::ImplicitCast) => raw(arg),
        ExprKind::Function(call) if CONVERSIONS.contains(&call.function.0) => call.args.first().map_or(value, raw),
        _ => value,
    }
}

/// What casts to the type under RETURNING were put over.
fn under_casts(value: &Expr) -> &Expr {
    match &value.kind {
        ExprKind::CoerceViaIo(arg, CallForm::ImplicitCast)
        | ExprKind::Relabel(arg, CallForm::ImplicitCast)
        | ExprKind::CoerceToDomain(arg, CallForm::ImplicitCast) => under_casts(arg),
        ExprKind::Function(call) if CONVERSIONS.contains(&call.function.0) || call.form == CallForm::ImplicitCast => {
            call.args.first().map_or(value, under_casts)
        }
        _ => value,
    }
}
