//! SQL/JSON: from the analyzer's trees to physical expressions.

use analyzer::query as q;
use error::{Error, Result};

use crate::level::Planner;
use crate::plan::{Expr, ExprKind, JsonAnswer, JsonPath, JsonTable, JsonTableColumn, JsonTableRows};

impl Planner<'_> {
    pub(crate) fn compile_json_path(
        &mut self,
        path: &q::JsonPath,
        ty: q::SqlType,
        layout: &[q::Expr],
    ) -> Result<JsonPath> {
        let answer = |this: &mut Self, behavior: &Option<q::JsonBehavior>, usual| -> Result<JsonAnswer> {
            let Some(behavior) = behavior else { return Ok(JsonAnswer { kind: usual, value: None }) };
            let value = behavior.value.as_ref().map(|value| this.compile(value, layout)).transpose()?;
            Ok(JsonAnswer { kind: behavior.kind, value: value.map(Box::new) })
        };
        let usual = match path.function {
            q::JsonPathFunction::Exists => q::JsonBehaviorKind::False,
            _ => q::JsonBehaviorKind::Null,
        };
        Ok(JsonPath {
            function: path.function,
            context: match path.column {
                Some(_) => None,
                None => Some(Box::new(self.compile(&path.context, layout)?)),
            },
            path: Box::new(self.compile(&path.path, layout)?),
            passing: self.compile_passing(&path.passing, layout)?,
            wrapper: path.wrapper,
            unquoted: path.unquoted,
            on_empty: answer(self, &path.on_empty, q::JsonBehaviorKind::Null)?,
            on_error: answer(self, &path.on_error, usual)?,
            column: path.column.clone(),
            result: self.column_type(ty)?,
            domain: self.ctx.catalog.type_(ty.oid)?.typtype == b'd',
        })
    }

    fn compile_passing(&mut self, passing: &[(String, q::Expr)], layout: &[q::Expr]) -> Result<Vec<(String, Expr)>> {
        passing.iter().map(|(name, value)| Ok((name.clone(), self.compile(value, layout)?))).collect()
    }

    pub(crate) fn compile_json_table(&mut self, table: &q::JsonTable, layout: &[q::Expr]) -> Result<JsonTable> {
        Ok(JsonTable {
            context: Box::new(self.compile(&table.context, layout)?),
            passing: self.compile_passing(&table.passing, layout)?,
            rows: self.compile_json_rows(&table.rows, layout)?,
            error_on_error: table.error_on_error,
        })
    }

    fn compile_json_rows(&mut self, rows: &q::JsonTableRows, layout: &[q::Expr]) -> Result<JsonTableRows> {
        let path = match &self.compile(&rows.path, layout)?.kind {
            ExprKind::Const(value) => value.clone(),
            _ => return Err(Error::internal("a path of JSON_TABLE is no constant")),
        };
        let mut columns = Vec::with_capacity(rows.columns.len());
        for column in &rows.columns {
            columns.push(match &column.value {
                None => JsonTableColumn::Ordinality,
                Some(q::Expr { kind: q::ExprKind::JsonPath(path), ty, .. }) => {
                    JsonTableColumn::Value(self.compile_json_path(path, *ty, layout)?)
                }
                Some(_) => return Err(Error::internal("a column of JSON_TABLE is no path")),
            });
        }
        let nested = rows.nested.iter().map(|nested| self.compile_json_rows(nested, layout)).collect::<Result<_>>()?;
        Ok(JsonTableRows { path, columns, nested })
    }
}

impl JsonPath {
    /// The expressions in it.
    pub fn children(&self) -> impl Iterator<Item = &Expr> {
        let answers = [&self.on_empty, &self.on_error].into_iter().filter_map(|answer| answer.value.as_deref());
        self.context
            .as_deref()
            .into_iter()
            .chain(std::iter::once(&*self.path))
            .chain(self.passing.iter().map(|(_, value)| value))
            .chain(answers)
    }
}

impl JsonTable {
    /// Hands out the expressions in it.
    pub fn each_child<'e>(&'e self, see: &mut dyn FnMut(&'e Expr)) {
        see(&self.context);
        self.passing.iter().for_each(|(_, value)| see(value));
        self.rows.each_child(see);
    }
}

impl JsonTableRows {
    fn each_child<'e>(&'e self, see: &mut dyn FnMut(&'e Expr)) {
        for column in &self.columns {
            if let JsonTableColumn::Value(path) = column {
                path.children().for_each(&mut *see);
            }
        }
        self.nested.iter().for_each(|nested| nested.each_child(see));
    }
}
