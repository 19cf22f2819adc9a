//! `JSON_TABLE`: a function in FROM, whose columns are functions over paths from its rows.

use error::{Error, Result, SqlState};
use parser::ast;
use types::oid;

use super::path::{Asked, path_literal, row_of_table};
use crate::Analyzer;
use crate::coerce::Coercion;
use crate::query::*;
use crate::scope::Place;

/// What is known while the paths of one JSON_TABLE are read.
#[derive(Default)]
struct Names {
    /// Names of columns and paths.
    taken: Vec<String>,
    /// Paths that were named here.
    numbered: usize,
}

impl Names {
    fn number(&mut self) -> String {
        self.numbered += 1;
        format!("json_table_path_{}", self.numbered - 1)
    }
}

impl Analyzer<'_> {
    /// The range-table entry of a JSON_TABLE.
    pub(crate) fn json_table(&mut self, table: &ast::JsonTable) -> Result<usize> {
        let error_on_error = match table.on_error.as_ref().map(|b| (&b.kind, b.location)) {
            None | Some((ast::JsonBehaviorKind::EmptyArray, _)) => false,
            Some((ast::JsonBehaviorKind::Error, _)) => true,
            Some((_, location)) => {
                return Err(self
                    .error(SqlState::SYNTAX_ERROR, "invalid ON ERROR behavior", location)
                    .detail("Only EMPTY [ ARRAY ] or ERROR is allowed in the top-level ON ERROR clause."));
            }
        };
        let mut names = Names::default();
        let root_name = match &table.path.name {
            Some(name) => name.to_string(),
            None => names.number(),
        };
        names.taken.push(root_name.clone());
        self.check_table_names(&table.columns, &mut names)?;
        let (context, passing) = self.with_lateral(true, Place::FromFunction, |this| {
            Ok((this.json_context(&table.context)?, this.json_passing(&table.passing)?))
        })?;
        let mut columns = Vec::new();
        let rows = self.with_lateral(true, Place::FromFunction, |this| {
            this.json_rows(&table.path.path, root_name, &table.columns, &mut names, &mut columns)
        })?;
        let kind = ExprKind::JsonTable(Box::new(JsonTable { context, passing, rows, error_on_error }));
        let mut call = Expr { kind, ty: SqlType::plain(oid::RECORD), location: table.location };
        self.assign_collations(&mut call)?;
        let alias = table.alias.as_ref();
        if let Some(alias) = alias.filter(|alias| alias.columns.len() > columns.len()) {
            return Err(Error::new(
                SqlState::INVALID_COLUMN_REFERENCE,
                format!(
                    "JSON_TABLE function has {} columns available but {} columns specified",
                    columns.len(),
                    alias.columns.len()
                ),
            ));
        }
        let function = RangeFunction { call, column_count: columns.len(), definitions: Vec::new(), composite: true };
        let mut entry = RangeTableEntry {
            kind: EntryKind::Function { functions: vec![function], ordinality: false },
            alias: alias.map(|a| a.name.to_string()),
            column_aliases: alias.is_some_and(|a| !a.columns.is_empty()),
            name: alias.map_or_else(|| "json_table".to_string(), |a| a.name.to_string()),
            columns,
            lateral: true,
            in_from: true,
            permission: None,
            security: Vec::new(),
        };
        self.apply_aliases(&mut entry, alias)?;
        Ok(self.add_entry(entry))
    }

    /// No two columns or paths may have one name.
    fn check_table_names(&self, columns: &[ast::JsonTableColumn], names: &mut Names) -> Result<()> {
        for column in columns {
            let (name, location) = match column {
                ast::JsonTableColumn::Ordinality { name, location } => (Some(name), *location),
                ast::JsonTableColumn::Regular(value) | ast::JsonTableColumn::Exists(value) => {
                    (Some(&value.name), value.location)
                }
                ast::JsonTableColumn::Nested { path, .. } => (path.name.as_ref(), path.name_location),
            };
            if let Some(name) = name {
                if names.taken.iter().any(|taken| **taken == **name) {
                    let message = format!("duplicate JSON_TABLE column or path name: {name}");
                    return Err(self.error(SqlState::DUPLICATE_ALIAS, message, location));
                }
                names.taken.push(name.to_string());
            }
            if let ast::JsonTableColumn::Nested { columns, .. } = column {
                self.check_table_names(columns, names)?;
            }
        }
        Ok(())
    }

    fn json_path_constant(&mut self, literal: Expr) -> Result<Expr> {
        let at = literal.location;
        self.coerce(literal, oid::JSONPATH, -1, Coercion::Explicit, CallForm::ImplicitCast, at)
    }

    fn json_rows(
        &mut self,
        path: &ast::Expr,
        name: String,
        written: &[ast::JsonTableColumn],
        names: &mut Names,
        out: &mut Vec<EntryColumn>,
    ) -> Result<JsonTableRows> {
        let literal = self.expr(path)?;
        let path = self.json_path_constant(literal)?;
        let mut columns = Vec::new();
        let mut ordinality = false;
        for column in written {
            let (column, ty) = match column {
                ast::JsonTableColumn::Nested { .. } => continue,
                ast::JsonTableColumn::Ordinality { name, location } => {
                    if std::mem::replace(&mut ordinality, true) {
                        let message = "only one FOR ORDINALITY column is allowed";
                        return Err(self.error(SqlState::SYNTAX_ERROR, message, *location));
                    }
                    let column = JsonTableColumn { name: name.to_string(), format: false, value: None };
                    (column, SqlType::plain(oid::INT4))
                }
                ast::JsonTableColumn::Regular(value) => self.json_column(value, false)?,
                ast::JsonTableColumn::Exists(value) => self.json_column(value, true)?,
            };
            out.push(EntryColumn { name: column.name.clone(), ty });
            columns.push(column);
        }
        let mut nested = Vec::new();
        for column in written {
            if let ast::JsonTableColumn::Nested { path, columns, .. } = column {
                let name = match &path.name {
                    Some(name) => name.to_string(),
                    None => names.number(),
                };
                nested.push(self.deeper(|this| this.json_rows(&path.path, name, columns, names, out))?);
            }
        }
        Ok(JsonTableRows { path, name, columns, nested })
    }

    fn json_column(&mut self, value: &ast::JsonTableValue, exists: bool) -> Result<(JsonTableColumn, SqlType)> {
        let returning = self.type_name(&value.type_name)?;
        if self.catalog.type_(returning.oid)?.typtype == b'p' {
            return Err(Error::new(
                SqlState::FEATURE_NOT_SUPPORTED,
                "returning pseudo-types is not supported in SQL/JSON functions",
            ));
        }
        if let Some(format) = value.format {
            self.check_output_format(format, returning.oid, false)?;
        }
        let base = self.catalog.base_type(returning.oid, -1)?.0;
        let structured = matches!(base, oid::JSON | oid::JSONB)
            || self.catalog.element_type(base)?.is_some()
            || crate::types::is_composite(self.catalog, base)?;
        let written = value.format.is_some()
            || value.wrapper != ast::JsonWrapper::Unspecified
            || value.quotes != ast::JsonQuotes::Unspecified;
        let function = match exists {
            true => JsonPathFunction::Exists,
            false if structured || written => JsonPathFunction::Query,
            false => JsonPathFunction::Value,
        };
        let literal = match &value.path {
            Some(path) => self.expr(&path.path)?,
            None => {
                let mut text = b"$.".to_vec();
                types::json::write_string(value.name.as_bytes(), &mut text);
                path_literal(&String::from_utf8_lossy(&text), NO_LOCATION)
            }
        };
        let path = self.json_path_constant(literal)?;
        let asked = Asked {
            function,
            returning,
            wrapper: value.wrapper,
            quotes: value.quotes,
            on_empty: value.on_empty.as_ref(),
            on_error: value.on_error.as_ref(),
            column: Some(&value.name),
        };
        let expr = self.json_question(asked, row_of_table(), path, Vec::new(), value.location)?;
        let format = value.format.is_some() && !matches!(base, oid::JSON | oid::JSONB);
        Ok((JsonTableColumn { name: value.name.to_string(), format, value: Some(expr) }, returning))
    }
}
