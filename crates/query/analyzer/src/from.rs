//! FROM: relations, subqueries, functions, VALUES and joins, and what of them is visible.

use catalog::relation::kind;
use error::{Error, Result, SqlState};
use ids::Oid;
use parser::ast;
use types::oid;

use crate::Analyzer;
use crate::column::entry_columns;
use crate::query::*;
use crate::scope::{Place, Visible};
use crate::types as ty;
use crate::with::Within;

/// ACCESS SHARE
pub(crate) const ACCESS_SHARE: u8 = 1;
/// ROW SHARE
pub(crate) const ROW_SHARE: u8 = 2;
/// ROW EXCLUSIVE
pub(crate) const ROW_EXCLUSIVE: u8 = 3;

impl Analyzer<'_> {
    /// A FROM list: adds to the query's FROM and to the visible names.
    pub(crate) fn add_from(&mut self, items: &[ast::TableRef]) -> Result<()> {
        for item in items {
            let (from, visible) = self.deeper(|this| this.join_item(item))?;
            self.check_names(&visible)?;
            let scope = self.scope();
            scope.query.from.push(from);
            scope.names.extend(visible.into_iter().map(|mut v| {
                v.lateral_only = true;
                v.lateral_ok = true;
                v
            }));
        }
        self.scope().names.iter_mut().for_each(|v| {
            v.lateral_only = false;
            v.lateral_ok = true;
        });
        Ok(())
    }

    /// No two entries may have one name.
    pub(crate) fn check_names(&mut self, new: &[Visible]) -> Result<()> {
        for (at, v) in new.iter().enumerate() {
            if !v.by_name {
                continue;
            }
            let clash = |other: &Visible| {
                other.by_name
                    && other.name == v.name
                    && v.name.is_some()
                    && !(v.relation.is_valid() && other.relation.is_valid() && v.relation != other.relation)
            };
            let name = v.name.clone().unwrap_or_default();
            if self.scope().names.iter().any(clash) || new[..at].iter().any(clash) {
                return Err(Error::new(
                    SqlState::DUPLICATE_ALIAS,
                    format!("table name \"{name}\" specified more than once"),
                ));
            }
        }
        Ok(())
    }

    pub(crate) fn join_item(&mut self, item: &ast::TableRef) -> Result<(FromItem, Vec<Visible>)> {
        let entry = match item {
            ast::TableRef::Relation { relation, alias } => self.relation_item(relation, alias.as_ref())?,
            ast::TableRef::Subquery { lateral, query, alias, location } => {
                self.subquery_item(*lateral, query, alias.as_ref(), *location)?
            }
            ast::TableRef::Function(function) => self.function_item(function)?,
            ast::TableRef::Join(join) => return self.join_pair(join),
            ast::TableRef::Sample(sample) => self.sample_item(sample)?,
            ast::TableRef::XmlTable(_) => return Err(Error::not_implemented("XMLTABLE")),
            ast::TableRef::JsonTable(table) => self.json_table(table)?,
        };
        let mut visible = self.show_entry(entry);
        // A subquery without an alias has no name, so that there may be several.
        visible.by_name = !matches!(item, ast::TableRef::Subquery { alias: None, .. });
        Ok((FromItem::Relation(entry), vec![visible]))
    }

    /// The relation that a name in FROM means, or `42P01`.
    pub(crate) fn open_relation(&mut self, name: &ast::RelationName) -> Result<catalog::Entry<catalog::Relation>> {
        if let Some(database) = &name.database {
            self.qualifier(&[database.clone(), name.schema.clone().unwrap_or_default()], &name.name)
                .map_err(|e| self.place(e, name.location))?;
        }
        let found = match &name.schema {
            Some(schema) if self.catalog.schema_by_name(schema)?.is_none() => None,
            schema => self.catalog.relation_by_name(schema.as_deref(), &name.name)?,
        };
        let Some(found) = found else {
            let shown = match &name.schema {
                Some(schema) => format!("{schema}.{}", name.name),
                None => name.name.to_string(),
            };
            let error =
                self.error(SqlState::UNDEFINED_TABLE, format!("relation \"{shown}\" does not exist"), name.location);
            if name.schema.is_none() && self.scopes.iter().any(|s| s.future_ctes.iter().any(|c| **c == *name.name)) {
                return Err(error
                    .detail(format!(
                        "There is a WITH item named \"{}\", but it cannot be referenced from this part of the query.",
                        name.name
                    ))
                    .hint("Use WITH RECURSIVE, or re-order the WITH items to remove forward references."));
            }
            return Err(error);
        };
        let relation = self.catalog.relation(found)?;
        let what = match relation.kind() {
            kind::INDEX | kind::PARTITIONED_INDEX => "indexes",
            kind::COMPOSITE_TYPE => "composite types",
            _ => return Ok(relation),
        };
        Err(self
            .error(SqlState::WRONG_OBJECT_TYPE, format!("cannot open relation \"{}\"", relation.name()), name.location)
            .detail(format!("This operation is not supported for {what}.")))
    }

    /// The entry of a relation, not yet in the range table.
    pub(crate) fn relation_entry(
        &self,
        relation: &catalog::Relation,
        alias: Option<&ast::Alias>,
        inherit: bool,
        lock: u8,
        required: u32,
    ) -> Result<RangeTableEntry> {
        let mut entry = RangeTableEntry {
            kind: EntryKind::Relation { oid: relation.oid, relkind: relation.kind(), inherit, lock, sample: None },
            alias: alias.map(|a| a.name.to_string()),
            column_aliases: alias.is_some_and(|a| !a.columns.is_empty()),
            name: alias.map_or_else(|| relation.name().to_string(), |a| a.name.to_string()),
            columns: entry_columns(relation),
            lateral: false,
            in_from: true,
            permission: Some(Box::new(Permission {
                relation: relation.oid,
                required,
                check_as: Oid::INVALID,
                selected: Vec::new(),
                inserted: Vec::new(),
                updated: Vec::new(),
            })),
            security: Vec::new(),
        };
        self.apply_aliases(&mut entry, alias)?;
        Ok(entry)
    }

    fn relation_item(&mut self, relation: &ast::RelationRef, alias: Option<&ast::Alias>) -> Result<usize> {
        if relation.name.schema.is_none()
            && let Some(entry) = self.cte_entry(&relation.name.name, alias, relation.name.location)?
        {
            return Ok(self.add_entry(entry));
        }
        if let Some(entry) = self.transition_entry(&relation.name, alias)? {
            return Ok(self.add_entry(entry));
        }
        let table = self.open_relation(&relation.name)?;
        let entry = self.relation_entry(&table, alias, relation.inherit, ACCESS_SHARE, acl::SELECT)?;
        Ok(self.add_entry(entry))
    }

    /// The table of which the name is a transition table, in a trigger's function.
    pub(crate) fn transition_table(&self, name: &ast::RelationName) -> Option<ids::Oid> {
        let variables = self.variables.filter(|_| name.schema.is_none())?;
        variables.table(&name.name)
    }

    /// A reference to a transition table, if this is one.
    fn transition_entry(
        &mut self,
        name: &ast::RelationName,
        alias: Option<&ast::Alias>,
    ) -> Result<Option<RangeTableEntry>> {
        let Some(relation) = self.transition_table(name) else { return Ok(None) };
        let table = self.catalog.relation(relation)?;
        let column = |column: &catalog::rows::PgAttribute| match column.attisdropped {
            true => EntryColumn { name: String::new(), ty: SqlType::plain(types::oid::INT4) },
            false => EntryColumn {
                name: column.attname.to_string(),
                ty: SqlType { oid: column.atttypid, typmod: column.atttypmod, collation: column.attcollation },
            },
        };
        let mut entry = RangeTableEntry {
            kind: EntryKind::NamedTuplestore { name: name.name.to_string(), relation },
            alias: alias.map(|alias| alias.name.to_string()),
            column_aliases: alias.is_some_and(|alias| !alias.columns.is_empty()),
            name: alias.map_or_else(|| name.name.to_string(), |alias| alias.name.to_string()),
            columns: table.columns.iter().map(column).collect(),
            lateral: false,
            in_from: true,
            permission: None,
            security: Vec::new(),
        };
        self.apply_aliases(&mut entry, alias)?;
        Ok(Some(entry))
    }

    /// A table with TABLESAMPLE.
    fn sample_item(&mut self, sample: &ast::TableSample) -> Result<usize> {
        let entry = self.relation_item(&sample.relation, sample.alias.as_ref())?;
        let kinds = [kind::TABLE, kind::MATERIALIZED_VIEW, kind::PARTITIONED_TABLE];
        let sampled = matches!(self.scope().query.range_table[entry].kind, EntryKind::Relation { relkind, .. } if kinds.contains(&relkind));
        if !sampled {
            return Err(self.error(
                SqlState::FEATURE_NOT_SUPPORTED,
                "TABLESAMPLE clause can only be applied to tables and materialized views",
                sample.relation.name.location,
            ));
        }
        let name = &*sample.method.name;
        let known = match name {
            "system" => Some(3314),
            "bernoulli" => Some(3313),
            _ => None,
        };
        let schema = sample.method.qualifiers.last().map(|schema| &**schema);
        let Some(handler) = known.filter(|_| schema.is_none_or(|schema| schema == "pg_catalog")) else {
            return Err(self.error(
                SqlState::UNDEFINED_OBJECT,
                format!("tablesample method {name} does not exist"),
                sample.location,
            ));
        };
        if sample.arguments.len() != 1 {
            let text = format!("tablesample method {name} requires 1 argument, not {}", sample.arguments.len());
            return Err(self.error(SqlState::INVALID_TABLESAMPLE_ARGUMENT, text, sample.location));
        }
        let mut args = Vec::with_capacity(1);
        for argument in &sample.arguments {
            let value = self.expr_at(Place::FromFunction, argument)?;
            args.push(self.coerce_specific(value, oid::FLOAT4, "TABLESAMPLE")?);
        }
        let repeatable = match &sample.repeatable {
            Some(seed) => {
                let value = self.expr_at(Place::FromFunction, seed)?;
                Some(self.coerce_specific(value, oid::FLOAT8, "REPEATABLE")?)
            }
            None => None,
        };
        let found = TableSample { handler: Oid(handler), args, repeatable };
        if let EntryKind::Relation { sample, .. } = &mut self.scope().query.range_table[entry].kind {
            *sample = Some(Box::new(found));
        }
        Ok(entry)
    }

    /// A reference to a WITH query, if one of this name is in reach.
    fn cte_entry(&mut self, name: &str, alias: Option<&ast::Alias>, location: u32) -> Result<Option<RangeTableEntry>> {
        let innermost = self.scopes.len() - 1;
        for level in (0..self.scopes.len()).rev() {
            let itself = self.recursive_reference(level, name, location)?;
            if itself.is_none() {
                self.pending_query(level, name)?;
            }
            let recursive = itself.is_some();
            let (columns, added) = match itself {
                Some(columns) => columns,
                None => {
                    let Some(cte) = self.scopes[level].query.ctes.iter_mut().find(|c| c.name == name) else { continue };
                    cte.references += 1;
                    if cte.query.command != Command::Select && cte.query.returning.is_empty() {
                        let message = format!("WITH query \"{name}\" does not have a RETURNING clause");
                        return Err(self.error(SqlState::FEATURE_NOT_SUPPORTED, message, location));
                    }
                    (cte.columns.clone(), cte.added_columns())
                }
            };
            let mut entry = RangeTableEntry {
                kind: EntryKind::Cte {
                    name: name.to_string(),
                    levels_up: (innermost - level) as u32,
                    recursive,
                    added: added.len() as u16,
                },
                alias: alias.map(|a| a.name.to_string()),
                column_aliases: alias.is_some_and(|a| !a.columns.is_empty()),
                name: alias.map_or_else(|| name.to_string(), |a| a.name.to_string()),
                columns,
                lateral: false,
                in_from: true,
                permission: None,
                security: Vec::new(),
            };
            self.apply_aliases(&mut entry, alias)?;
            entry.columns.extend(added);
            return Ok(Some(entry));
        }
        Ok(None)
    }

    /// Gives an entry's columns the names of its alias.
    pub(crate) fn apply_aliases(&self, entry: &mut RangeTableEntry, alias: Option<&ast::Alias>) -> Result<()> {
        let Some(alias) = alias else { return Ok(()) };
        let live = entry.columns.iter().filter(|c| !c.name.is_empty()).count();
        if alias.columns.len() > live {
            return Err(Error::new(
                SqlState::INVALID_COLUMN_REFERENCE,
                format!(
                    "table \"{}\" has {live} columns available but {} columns specified",
                    entry.name,
                    alias.columns.len()
                ),
            ));
        }
        for (column, name) in entry.columns.iter_mut().filter(|c| !c.name.is_empty()).zip(&alias.columns) {
            column.name = name.to_string();
        }
        Ok(())
    }

    /// An entry for a query's output.
    pub(crate) fn subquery_entry(
        &self,
        query: Query,
        alias: Option<&ast::Alias>,
        name: &str,
        lateral: bool,
    ) -> Result<RangeTableEntry> {
        let columns = query.output().map(|t| EntryColumn { name: t.name.clone(), ty: t.expr.ty }).collect();
        let mut entry = RangeTableEntry {
            kind: EntryKind::Subquery { query: Box::new(query), view: Oid::INVALID, security_barrier: false },
            alias: alias.map(|a| a.name.to_string()),
            column_aliases: alias.is_some_and(|a| !a.columns.is_empty()),
            name: alias.map_or_else(|| name.to_string(), |a| a.name.to_string()),
            columns,
            lateral,
            in_from: true,
            permission: None,
            security: Vec::new(),
        };
        self.apply_aliases(&mut entry, alias)?;
        Ok(entry)
    }

    fn subquery_item(
        &mut self,
        lateral: bool,
        select: &ast::Select,
        alias: Option<&ast::Alias>,
        location: u32,
    ) -> Result<usize> {
        let _ = location;
        let query = self.with_lateral(lateral, Place::FromSubquery, |this| this.select(select, true))?;
        let entry = self.subquery_entry(query, alias, "unnamed_subquery", lateral)?;
        let entry_at = self.add_entry(entry);
        if alias.is_none() {
            // Without an alias it cannot be named.
            self.scope().query.range_table[entry_at].name = "unnamed_subquery".into();
        }
        Ok(entry_at)
    }

    pub(crate) fn with_lateral<T>(
        &mut self,
        lateral: bool,
        place: Place,
        f: impl FnOnce(&mut Self) -> Result<T>,
    ) -> Result<T> {
        let scope = self.scope();
        let before = (std::mem::replace(&mut scope.lateral, lateral), std::mem::replace(&mut scope.place, place));
        let result = f(self);
        let scope = self.scope();
        (scope.lateral, scope.place) = before;
        result
    }

    fn function_item(&mut self, function: &ast::TableFunction) -> Result<usize> {
        let mut functions = Vec::new();
        let mut columns: Vec<EntryColumn> = Vec::new();
        let alias = function.alias.as_ref();
        let mut first_name = None;
        for item in &function.functions {
            let mut calls = Vec::new();
            // unnest with several arguments is several functions side by side.
            match &item.call.kind {
                ast::ExprKind::Call(call)
                    if &*call.name.name == "unnest"
                        && call.arguments.len() > 1
                        && call.name.qualifiers.is_empty()
                        && item.columns.is_empty()
                        && function.columns.is_empty() =>
                {
                    for argument in &call.arguments {
                        let one = ast::FunctionCall::new(
                            ast::ObjectName::system("unnest", call.name.location),
                            vec![argument.clone()],
                        );
                        calls
                            .push(ast::Expr { kind: ast::ExprKind::Call(Box::new(one)), location: item.call.location });
                    }
                }
                _ => calls.push(item.call.clone()),
            }
            for call in &calls {
                let mut expr = self.with_lateral(true, Place::FromFunction, |this| this.expr(call))?;
                self.assign_collations(&mut expr)?;
                let name = crate::target::column_name(call);
                first_name.get_or_insert_with(|| name.clone());
                let definitions =
                    if item.columns.is_empty() && !function.rows_from { &function.columns } else { &item.columns };
                let before = columns.len();
                let single = function.functions.len() == 1 && calls.len() == 1;
                let alias_name = if single { alias.map(|a| &*a.name) } else { None };
                let composite =
                    self.function_columns(&expr, &name, definitions, alias_name, &mut columns, call.location)?;
                functions.push(RangeFunction {
                    call: expr,
                    column_count: columns.len() - before,
                    definitions: definitions.iter().map(|definition| definition.name.to_string()).collect(),
                    composite,
                });
            }
        }
        if function.ordinality {
            columns.push(EntryColumn { name: "ordinality".into(), ty: SqlType::plain(oid::INT8) });
        }
        let name = alias.map_or_else(|| first_name.unwrap_or_default(), |a| a.name.to_string());
        let mut entry = RangeTableEntry {
            kind: EntryKind::Function { functions, ordinality: function.ordinality },
            alias: alias.map(|a| a.name.to_string()),
            column_aliases: alias.is_some_and(|a| !a.columns.is_empty()),
            name,
            columns,
            lateral: true,
            in_from: true,
            permission: None,
            security: Vec::new(),
        };
        self.apply_aliases(&mut entry, alias)?;
        Ok(self.add_entry(entry))
    }

    /// The columns of a function in FROM; whether they are the fields of a row.
    fn function_columns(
        &mut self,
        call: &Expr,
        name: &str,
        definitions: &[ast::ColumnDefinitionItem],
        alias: Option<&str>,
        columns: &mut Vec<EntryColumn>,
        location: u32,
    ) -> Result<bool> {
        let type_oid = call.ty.oid;
        let fields = match &call.kind {
            ExprKind::Function(f) => output_parameters(&*self.catalog.function(f.function)?),
            _ => Vec::new(),
        };
        if !definitions.is_empty() {
            if type_oid != oid::RECORD {
                let message = if fields.len() > 1 {
                    "a column definition list is redundant for a function with OUT parameters"
                } else if ty::is_composite(self.catalog, type_oid)? {
                    "a column definition list is redundant for a function returning a named composite type"
                } else {
                    "a column definition list is only allowed for functions returning \"record\""
                };
                return Err(self.error(SqlState::SYNTAX_ERROR, message, definitions[0].location));
            }
            for definition in definitions {
                let mut ty = self.type_name(&definition.type_name)?;
                if let Some(collation) = &definition.collation {
                    ty.collation = self.collation_name_of(collation)?;
                }
                columns.push(EntryColumn { name: definition.name.to_string(), ty });
            }
            return Ok(true);
        }
        if let Some(row) = self.function_row(call)? {
            columns.extend(row);
            return Ok(true);
        }
        if type_oid == oid::RECORD {
            return Err(self.error(
                SqlState::SYNTAX_ERROR,
                "a column definition list is required for functions returning \"record\"",
                location,
            ));
        }
        if self.catalog.type_(type_oid)?.typtype == b'p'
            && type_oid != oid::VOID
            && !matches!(type_oid, oid::ANYARRAY | oid::CSTRING)
        {
            let message = format!(
                "function \"{name}\" in FROM has unsupported return type {}",
                self.catalog.format_type(type_oid, -1)?
            );
            return Err(self.error(SqlState::DATATYPE_MISMATCH, message, location));
        }
        let own = match &fields[..] {
            [(field, _)] if !field.is_empty() => field.clone(),
            _ => name.to_string(),
        };
        let column = match (&fields[..], alias) {
            ([(field, _)], _) if !field.is_empty() => field.clone(),
            (_, Some(alias)) => alias.to_string(),
            _ => own,
        };
        columns.push(EntryColumn { name: column, ty: call.ty });
        Ok(false)
    }

    /// The columns of the rows that a call gives; none if it gives values of no row type, or rows that the call does not tell.
    pub(crate) fn function_row(&self, call: &Expr) -> Result<Option<Vec<EntryColumn>>> {
        if call.ty.oid != oid::RECORD {
            let relation = ty::row_relation(self.catalog, call.ty.oid)?;
            return Ok(match relation.is_valid() {
                true => Some(entry_columns(&*self.catalog.relation(relation)?)),
                false => None,
            });
        }
        let ExprKind::Function(f) = &call.kind else { return Ok(None) };
        let row = self.catalog.function(f.function)?;
        let fields = output_parameters(&row);
        if fields.is_empty() {
            return Ok(None);
        }
        // Polymorphic OUT parameters get what the arguments say.
        let inputs: Vec<Oid> = f.args.iter().map(|a| a.ty.oid).collect();
        let column = |(name, type_oid): (String, Oid)| {
            let mut declared = row.proargtypes.to_vec();
            let type_oid = self.resolve_polymorphic(&inputs, &mut declared, type_oid, false)?;
            Ok(EntryColumn { name, ty: ty::with_collation(&*self.catalog.type_(type_oid)?, -1) })
        };
        fields.into_iter().map(column).collect::<Result<_>>().map(Some)
    }

    fn join_pair(&mut self, join: &ast::Join) -> Result<(FromItem, Vec<Visible>)> {
        let kind = match join.kind {
            ast::JoinKind::Inner => JoinKind::Inner,
            ast::JoinKind::Left => JoinKind::Left,
            ast::JoinKind::Right => JoinKind::Right,
            ast::JoinKind::Full => JoinKind::Full,
        };
        let filled = |kinds: [JoinKind; 2]| kinds.contains(&kind).then_some(Within::OuterJoin);
        let (left, left_names) = self
            .within(filled([JoinKind::Right, JoinKind::Full]), |this| this.deeper(|this| this.join_item(&join.left)))?;
        // The right side may refer to the left one laterally.
        let outer = self.scope().names.len();
        let lateral_ok = matches!(kind, JoinKind::Inner | JoinKind::Left);
        self.check_names(&left_names)?;
        let lateral: Vec<Visible> =
            left_names.iter().map(|v| Visible { lateral_only: true, lateral_ok, ..v.clone() }).collect();
        self.scope().names.extend(lateral);
        let right = self
            .within(filled([JoinKind::Left, JoinKind::Full]), |this| this.deeper(|this| this.join_item(&join.right)));
        self.scope().names.truncate(outer);
        let (right, right_names) = right?;
        // Names must be unique between the sides.
        let before = self.scope().names.len();
        self.scope().names.extend(left_names.iter().cloned());
        let checked = self.check_names(&right_names);
        self.scope().names.truncate(before);
        checked?;

        let left_columns = self.join_columns(&left_names);
        let right_columns = self.join_columns(&right_names);
        let mut using: Vec<String> = Vec::new();
        let mut natural = false;
        let mut using_alias = None;
        let mut on = None;
        match &join.condition {
            ast::JoinCondition::Cross => {}
            ast::JoinCondition::On(condition) => {
                on = Some(self.join_on(condition, &left_names, &right_names)?);
            }
            ast::JoinCondition::Natural => {
                natural = true;
                for (name, _) in &left_columns {
                    if right_columns.iter().any(|(n, _)| n == name) && !using.contains(name) {
                        using.push(name.clone());
                    }
                }
            }
            ast::JoinCondition::Using { columns, alias } => {
                using = using_names(columns)?;
                using_alias = alias.clone();
            }
        }
        let mut merged: Vec<(String, Expr)> = Vec::new();
        if !using.is_empty() {
            (on, merged) = self.join_using(kind, &using, &left_columns, &right_columns)?;
        }
        let mut columns = merged.clone();
        for (name, expr) in left_columns.into_iter().chain(right_columns) {
            if !using.contains(&name) {
                columns.push((name, expr));
            }
        }
        if let Some(alias) = &join.alias {
            rename_columns(alias, &mut columns)?;
        }
        if let Some(on) = &mut on {
            self.assign_collations(on)?;
        }
        let entry = self.add_entry(RangeTableEntry {
            kind: EntryKind::Join { kind },
            alias: join.alias.as_ref().map(|a| a.name.to_string()),
            column_aliases: join.alias.as_ref().is_some_and(|a| !a.columns.is_empty()),
            name: join.alias.as_ref().map_or_else(|| "unnamed_join".into(), |a| a.name.to_string()),
            columns: columns.iter().map(|(name, e)| EntryColumn { name: name.clone(), ty: e.ty }).collect(),
            lateral: false,
            in_from: true,
            permission: None,
            security: Vec::new(),
        });
        let kept = if self.stores { columns.iter().map(|(_, e)| e.clone()).collect() } else { Vec::new() };
        let from = FromItem::Join(Box::new(Join {
            kind,
            left,
            right,
            on,
            using,
            natural,
            entry,
            columns: kept,
            using_alias: using_alias.as_ref().map(|alias| alias.to_string()),
        }));
        let mut visible = Vec::new();
        let joined = Visible {
            entry,
            name: join.alias.as_ref().map(|a| a.name.to_string()),
            relation: Oid::INVALID,
            columns: Some(columns),
            by_name: join.alias.is_some(),
            by_column: true,
            lateral_only: false,
            lateral_ok: true,
            version: RowVersion::Default,
        };
        if join.alias.is_none() {
            // The sides stay visible by name; their columns come through the join.
            visible.extend(left_names.into_iter().chain(right_names).map(|v| Visible { by_column: false, ..v }));
            visible.retain(|v| v.by_name);
        }
        if let Some(alias) = using_alias {
            visible.push(Visible {
                name: Some(alias.to_string()),
                columns: Some(merged),
                by_name: true,
                by_column: false,
                ..joined.clone()
            });
        }
        visible.push(joined);
        Ok((from, visible))
    }

    /// The condition of ON: only the two sides are visible there.
    fn join_on(&mut self, condition: &ast::Expr, left: &[Visible], right: &[Visible]) -> Result<Expr> {
        let before = self.scope().names.len();
        self.scope().names.extend(left.iter().chain(right).cloned());
        let hidden = self.scope().names[..before].iter().map(|v| (v.by_name, v.by_column)).collect::<Vec<_>>();
        self.scope().names[..before].iter_mut().for_each(|v| {
            if !v.lateral_only {
                (v.by_name, v.by_column) = (false, false);
            }
        });
        let result = self.condition_at(Place::JoinOn, condition, "JOIN/ON");
        let scope = self.scope();
        scope.names.truncate(before);
        for (v, (by_name, by_column)) in scope.names.iter_mut().zip(hidden) {
            (v.by_name, v.by_column) = (by_name, by_column);
        }
        result
    }

    /// What USING and NATURAL mean: the condition, and the merged columns.
    fn join_using(
        &mut self,
        kind: JoinKind,
        using: &[String],
        left: &[(String, Expr)],
        right: &[(String, Expr)],
    ) -> Result<(Option<Expr>, Vec<(String, Expr)>)> {
        let (mut conditions, mut merged) = (Vec::new(), Vec::new());
        for name in using {
            let l = self.using_column(name, left, "left")?;
            let r = self.using_column(name, right, "right")?;
            self.note_use(&[&l, &r]);
            let equal = ast::Operator::known("=", NO_LOCATION);
            let condition = self.make_operator(&equal, Some(l.clone()), r.clone(), NO_LOCATION)?;
            conditions.push(self.coerce_boolean(condition, "JOIN/USING")?);
            merged.push((name.clone(), self.merged_column(kind, l, r)?));
        }
        Ok((ty::all_of(conditions), merged))
    }

    /// The one column of a side (`word` says which) that USING names.
    fn using_column(&self, name: &str, side: &[(String, Expr)], word: &str) -> Result<Expr> {
        let mut found = side.iter().filter(|(n, _)| n == name);
        match (found.next(), found.next()) {
            (Some((_, expr)), None) => Ok(expr.clone()),
            (Some(_), Some(_)) => Err(Error::new(
                SqlState::AMBIGUOUS_COLUMN,
                format!("common column name \"{name}\" appears more than once in {word} table"),
            )),
            _ => Err(self.error(
                SqlState::UNDEFINED_COLUMN,
                format!("column \"{name}\" specified in USING clause does not exist in {word} table"),
                NO_LOCATION,
            )),
        }
    }

    /// Names and values of the columns that an unqualified name can mean.
    fn join_columns(&mut self, names: &[Visible]) -> Vec<(String, Expr)> {
        let scope = self.scope();
        names.iter().filter(|v| v.by_column).flat_map(|v| v.column_list(&scope.query)).collect()
    }

    /// Notes reads of columns that no expression of the user's names.
    fn note_use(&mut self, exprs: &[&Expr]) {
        for expr in exprs {
            if let ExprKind::Var(var) = expr.kind
                && let Some(permission) = &mut self.scope().query.range_table[var.relation].permission
            {
                permission.required |= acl::SELECT;
                if !permission.selected.contains(&var.column) {
                    permission.selected.push(var.column);
                }
            }
        }
    }

    /// The column that a USING column of both sides becomes.
    fn merged_column(&mut self, kind: JoinKind, left: Expr, right: Expr) -> Result<Expr> {
        let common = self.common_type(&[&left, &right], "JOIN/USING")?;
        let typmod = self.common_typmod(&[&left, &right], common);
        let mut convert = |expr: Expr| -> Result<Expr> {
            let expr = self.coerce_common(expr, common, "JOIN/USING")?;
            self.coerce_typmod(
                expr,
                common,
                typmod,
                crate::coerce::Coercion::Implicit,
                CallForm::ImplicitCast,
                NO_LOCATION,
            )
        };
        let (left, right) = (convert(left)?, convert(right)?);
        Ok(match kind {
            JoinKind::Inner => {
                if matches!(left.kind, ExprKind::Var(_)) || !matches!(right.kind, ExprKind::Var(_)) {
                    left
                } else {
                    right
                }
            }
            JoinKind::Left => left,
            JoinKind::Right => right,
            JoinKind::Full => {
                let ty = left.ty;
                Expr { kind: ExprKind::Coalesce(vec![left, right]), ty, location: NO_LOCATION }
            }
        })
    }
}

/// The columns that USING names, each once.
fn using_names(columns: &[ast::Name]) -> Result<Vec<String>> {
    let mut names: Vec<String> = Vec::with_capacity(columns.len());
    for column in columns {
        if names.iter().any(|name| **name == **column) {
            return Err(Error::new(
                SqlState::DUPLICATE_COLUMN,
                format!("column name \"{column}\" appears more than once in USING clause"),
            ));
        }
        names.push(column.to_string());
    }
    Ok(names)
}

/// Gives a join's columns the names that stand behind its alias.
fn rename_columns(alias: &ast::Alias, columns: &mut [(String, Expr)]) -> Result<()> {
    if alias.columns.len() > columns.len() {
        return Err(Error::new(
            SqlState::INVALID_COLUMN_REFERENCE,
            format!(
                "table \"{}\" has {} columns available but {} columns specified",
                alias.name,
                columns.len(),
                alias.columns.len()
            ),
        ));
    }
    for (column, name) in columns.iter_mut().zip(&alias.columns) {
        column.0 = name.to_string();
    }
    Ok(())
}

/// Names and types of a function's OUT, INOUT and TABLE parameters.
pub(crate) fn output_parameters(row: &catalog::rows::PgProc) -> Vec<(String, Oid)> {
    let (Some(types), Some(modes)) = (&row.proallargtypes, &row.proargmodes) else { return Vec::new() };
    let mut fields = Vec::new();
    for (at, (&type_oid, mode)) in types.iter().zip(modes).enumerate() {
        if matches!(mode, b'o' | b'b' | b't') {
            let name = row.proargnames.as_ref().and_then(|n| n.get(at)).map_or_else(String::new, |n| n.to_string());
            let name = if name.is_empty() { format!("column{}", fields.len() + 1) } else { name };
            fields.push((name, type_oid));
        }
    }
    fields
}
