//! Names of columns and relations in expressions: which entry of which query they mean, and what to say if none.

use catalog::relation::system_column_by_name;
use error::{Error, Result, SqlState};
use ids::Oid;
use parser::ast;
use types::oid;

use crate::Analyzer;
use crate::coerce::returns_set;
use crate::node::{Next, VisitorMut};
use crate::query::*;
use crate::routine::{Precedence, Variables};
use crate::scope::{Place, Visible};
use crate::types as ty;

impl Analyzer<'_> {
    /// A column reference, or a variable of the routine in which the statement stands.
    pub(crate) fn column_reference(&mut self, name: &ast::ObjectName, location: u32) -> Result<Expr> {
        let Some(variables) = self.variables else { return self.table_reference(name, location) };
        let precedence = variables.precedence();
        if precedence == Precedence::Variable
            && let Some(found) = self.variable(variables, name, location)?
        {
            return Ok(found);
        }
        match self.table_reference(name, location) {
            Ok(_) if precedence == Precedence::Neither && self.variable(variables, name, location)?.is_some() => {
                let text = format!("column reference \"{name}\" is ambiguous");
                Err(self
                    .error(SqlState::AMBIGUOUS_COLUMN, text, location)
                    .detail("It could refer to either a PL/pgSQL variable or a table column."))
            }
            Err(error) if matches!(error.state(), SqlState::UNDEFINED_COLUMN | SqlState::UNDEFINED_TABLE) => {
                self.variable(variables, name, location)?.ok_or(error)
            }
            result => result,
        }
    }

    /// The variable that a name means, with fields of it selected.
    fn variable(&mut self, variables: &dyn Variables, name: &ast::ObjectName, location: u32) -> Result<Option<Expr>> {
        let parts: Vec<&str> = name.qualifiers.iter().chain([&name.name]).map(|part| &**part).collect();
        let found = variables.named(&parts).map_err(|error| self.place(error, location))?;
        let Some((variable, used)) = found else { return Ok(None) };
        let mut value = Expr { kind: ExprKind::Param(variable.number), ty: variable.ty, location };
        for field in &parts[used..] {
            let columns = self.row_columns(&value)?;
            let Some(at) = columns.iter().position(|(name, _)| name == field) else {
                // `f(x)` may be written `x.f`.
                if let Some(call) = self.attribute_function(field, value, location)? {
                    value = call;
                    continue;
                }
                let of = self.catalog.format_type(variable.ty.oid, -1)?;
                let text = match columns.is_empty() {
                    true => format!("column notation .{field} applied to type {of}, which is not a composite type"),
                    false => format!("column \"{field}\" not found in data type {of}"),
                };
                let state = if columns.is_empty() { SqlState::WRONG_OBJECT_TYPE } else { SqlState::UNDEFINED_COLUMN };
                return Err(self.error(state, text, location));
            };
            let ty = columns[at].1;
            value = Expr { kind: ExprKind::Field { arg: Box::new(value), number: at as i16 + 1 }, ty, location };
        }
        Ok(Some(value))
    }

    /// A column reference, `a`, `t.a`, `s.t.a` …; a whole row; or a function in attribute notation.
    fn table_reference(&mut self, name: &ast::ObjectName, location: u32) -> Result<Expr> {
        match self.scope().place {
            Place::ColumnDefault => {
                return Err(self.error(
                    SqlState::FEATURE_NOT_SUPPORTED,
                    "cannot use column reference in DEFAULT expression",
                    location,
                ));
            }
            Place::PartitionBound => {
                return Err(self.error(
                    SqlState::FEATURE_NOT_SUPPORTED,
                    "cannot use column reference in partition bound expression",
                    location,
                ));
            }
            _ => {}
        }
        let column = &*name.name;
        match &name.qualifiers[..] {
            [] => {
                if let Some(value) = self.scope().domain_value
                    && column == "value"
                {
                    return Ok(Expr { kind: ExprKind::DomainValue, ty: value, location });
                }
                if let Some(found) = self.find_column(column, location)? {
                    return Ok(found);
                }
                if let Some((level, at)) = self.find_entry(None, column, location)? {
                    return self.whole_row(level, at, location);
                }
                Err(self.missing_column(None, column, location))
            }
            [first] => {
                if let Some((level, at)) = self.find_entry(None, first, location)? {
                    return self.entry_column(level, at, column, location, first);
                }
                Err(self.missing_entry(first, location))
            }
            [schema, table] | [_, schema, table] => {
                if name.qualifiers.len() == 3 {
                    self.qualifier(&name.qualifiers[..2], table).map_err(|_| {
                        self.error(
                            SqlState::FEATURE_NOT_SUPPORTED,
                            format!("cross-database references are not implemented: {name}"),
                            location,
                        )
                    })?;
                }
                if let Some((level, at)) = self.find_entry(Some(schema), table, location)? {
                    return self.entry_column(level, at, column, location, table);
                }
                Err(self.missing_entry(table, location))
            }
            _ => Err(self.error(
                SqlState::SYNTAX_ERROR,
                format!("improper qualified name (too many dotted names): {name}"),
                location,
            )),
        }
    }

    /// `t.*` where one value is wanted: the row.
    pub(crate) fn star_row(&mut self, qualifiers: &[ast::Name], location: u32) -> Result<Expr> {
        let (schema, table) = match qualifiers {
            [table] => (None, table),
            [schema, table] | [_, schema, table] => (Some(&**schema), table),
            _ => {
                let text = format!("improper qualified name (too many dotted names): {}.*", qualifiers.join("."));
                return Err(self.error(SqlState::SYNTAX_ERROR, text, location));
            }
        };
        match self.find_entry(schema, table, location)? {
            Some((level, at)) => self.whole_row(level, at, location),
            None => {
                if let (Some(variables), Some((last, first))) = (self.variables, qualifiers.split_last()) {
                    let name = ast::ObjectName { qualifiers: first.to_vec(), name: last.clone(), location };
                    if let Some(row) = self.variable(variables, &name, location)? {
                        return Ok(row);
                    }
                }
                Err(self.missing_entry(table, location))
            }
        }
    }

    /// `t.column` once `t` is found.
    fn entry_column(&mut self, level: usize, at: usize, column: &str, location: u32, table: &str) -> Result<Expr> {
        if let Some(found) = self.column_of(level, at, column, location)? {
            return Ok(found);
        }
        // Perhaps a function: t.f is f(t).
        let row = self.whole_row(level, at, location)?;
        if let Some(call) = self.attribute_function(column, row, location)? {
            return Ok(call);
        }
        Err(self.missing_column(Some(table), column, location))
    }

    /// The column of a visible entry, `level` being an index of `scopes`.
    fn column_of(&mut self, level: usize, at: usize, column: &str, location: u32) -> Result<Option<Expr>> {
        let scope = &self.scopes[level];
        let visible = &scope.names[at];
        let mut found = None;
        match &visible.columns {
            Some(list) => {
                for (name, expr) in list {
                    if name == column {
                        if found.is_some() {
                            return Err(self.ambiguous(column, location));
                        }
                        found = Some(expr.clone());
                    }
                }
            }
            None => {
                let entry = &scope.query.range_table[visible.entry];
                for (number, c) in entry.columns.iter().enumerate() {
                    if c.name == column {
                        if found.is_some() {
                            return Err(self.ambiguous(column, location));
                        }
                        found = Some(visible.column(&scope.query, number));
                    }
                }
                let is_table = matches!(entry.kind, EntryKind::Relation { relkind, .. } if relkind != catalog::relation::kind::VIEW);
                if found.is_none()
                    && is_table
                    && let Some(system) = system_column_by_name(column)
                {
                    if matches!(scope.place, Place::CheckConstraint) && system.attnum != -6 {
                        return Err(self.error(
                            SqlState::INVALID_COLUMN_REFERENCE,
                            format!("system column \"{column}\" reference in check constraint is invalid"),
                            location,
                        ));
                    }
                    if matches!(scope.place, Place::MergeWhen) && system.attnum != -6 {
                        return Err(self.error(
                            SqlState::INVALID_COLUMN_REFERENCE,
                            format!("cannot use system column \"{column}\" in MERGE WHEN condition"),
                            location,
                        ));
                    }
                    if matches!(scope.place, Place::GeneratedColumn) && system.attnum != -6 {
                        return Err(self.error(
                            SqlState::INVALID_COLUMN_REFERENCE,
                            format!("cannot use system column \"{column}\" in column generation expression"),
                            location,
                        ));
                    }
                    found = Some(Expr {
                        kind: ExprKind::Var(Var {
                            level: 0,
                            relation: visible.entry,
                            column: system.attnum,
                            version: visible.version,
                        }),
                        ty: SqlType { oid: system.atttypid, typmod: -1, collation: system.attcollation },
                        location,
                    });
                }
            }
        }
        let Some(mut expr) = found else { return Ok(None) };
        self.mark_selected(level, &expr);
        let up = (self.scopes.len() - 1 - level) as u32;
        shift_levels(&mut expr, up);
        expr.location = location;
        Ok(Some(expr))
    }

    /// An unqualified column name: the innermost query that has one of that name.
    fn find_column(&mut self, column: &str, location: u32) -> Result<Option<Expr>> {
        for level in (0..self.scopes.len()).rev() {
            let mut found: Option<Expr> = None;
            let lateral = self.scopes[level].lateral;
            for at in 0..self.scopes[level].names.len() {
                let visible = &self.scopes[level].names[at];
                if !visible.by_column || visible.lateral_only && !lateral {
                    continue;
                }
                let (lateral_only, lateral_ok) = (visible.lateral_only, visible.lateral_ok);
                if let Some(expr) = self.column_of(level, at, column, location)? {
                    if found.is_some() {
                        return Err(self.ambiguous(column, location));
                    }
                    if lateral_only && !lateral_ok {
                        return Err(self.bad_lateral(level, at, location));
                    }
                    found = Some(expr);
                }
            }
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    fn ambiguous(&self, column: &str, location: u32) -> Error {
        self.error(SqlState::AMBIGUOUS_COLUMN, format!("column reference \"{column}\" is ambiguous"), location)
    }

    /// The visible entry of a name: its query as an index of `scopes`, and its place in `names`.
    pub(crate) fn find_entry(&self, schema: Option<&str>, name: &str, location: u32) -> Result<Option<(usize, usize)>> {
        let relation = match schema {
            None => None,
            Some(schema) => match self.catalog.relation_by_name(Some(schema), name) {
                Ok(Some(relation)) => Some(relation),
                _ => return Ok(None),
            },
        };
        for level in (0..self.scopes.len()).rev() {
            let scope = &self.scopes[level];
            let mut found = None;
            for (at, visible) in scope.names.iter().enumerate() {
                if !visible.by_name || visible.lateral_only && !scope.lateral {
                    continue;
                }
                let is_it = match relation {
                    Some(relation) => visible.relation == relation,
                    None => visible.name.as_deref() == Some(name),
                };
                if is_it {
                    if found.is_some() {
                        return Err(self.error(
                            SqlState::AMBIGUOUS_ALIAS,
                            format!("table reference \"{name}\" is ambiguous"),
                            location,
                        ));
                    }
                    if visible.lateral_only && !visible.lateral_ok {
                        return Err(self.bad_lateral(level, at, location));
                    }
                    found = Some((level, at));
                }
            }
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    fn bad_lateral(&self, level: usize, at: usize, location: u32) -> Error {
        let name = self.scopes[level].names[at].name.clone().unwrap_or_default();
        self.error(
            SqlState::INVALID_COLUMN_REFERENCE,
            format!("invalid reference to FROM-clause entry for table \"{name}\""),
            location,
        )
        .detail("The combining JOIN type must be INNER or LEFT for a LATERAL reference.")
    }

    /// A reference to an entry as a whole.
    pub(crate) fn whole_row(&mut self, level: usize, at: usize, location: u32) -> Result<Expr> {
        let up = (self.scopes.len() - 1 - level) as u32;
        let scope = &self.scopes[level];
        let visible = &scope.names[at];
        let entry = &scope.query.range_table[visible.entry];
        let row_type = match &entry.kind {
            EntryKind::Relation { oid, .. } if visible.columns.is_none() => self.catalog.relation(*oid)?.class.reltype,
            EntryKind::NamedTuplestore { relation, .. } if visible.columns.is_none() => {
                self.catalog.relation(*relation)?.class.reltype
            }
            EntryKind::Subquery { view, .. } if view.is_valid() => self.catalog.relation(*view)?.class.reltype,
            EntryKind::Function { functions, ordinality } if visible.columns.is_none() => {
                match (&functions[..], ordinality) {
                    // A function of a scalar type: its value, not a row of one.
                    ([one], false) if !one.composite && entry.columns.len() == 1 => {
                        let mut expr = visible.column(&scope.query, 0);
                        shift_levels(&mut expr, up);
                        expr.location = location;
                        return Ok(expr);
                    }
                    ([one], false) if one.call.ty.oid != oid::RECORD => one.call.ty.oid,
                    _ => oid::RECORD,
                }
            }
            _ => oid::RECORD,
        };
        let mut expr = if visible.columns.is_some() {
            let (names, fields) = visible.column_list(&scope.query).into_iter().unzip();
            Expr { kind: ExprKind::Row { fields, names, explicit: false }, ty: SqlType::plain(oid::RECORD), location }
        } else {
            Expr {
                kind: ExprKind::Var(Var { level: 0, relation: visible.entry, column: 0, version: visible.version }),
                ty: SqlType::plain(row_type),
                location,
            }
        };
        self.mark_selected(level, &expr);
        shift_levels(&mut expr, up);
        Ok(expr)
    }

    /// All columns of a visible entry, for `t.*`.
    pub(crate) fn expand_entry(&mut self, level: usize, at: usize, location: u32) -> Vec<(String, Expr)> {
        let up = (self.scopes.len() - 1 - level) as u32;
        let scope = &self.scopes[level];
        let mut list = scope.names[at].column_list(&scope.query);
        list.retain(|(_, column)| !scope.query.hides(column));
        if list.is_empty() {
            // The row is needed all the same.
            let entry = scope.names[at].entry;
            if let Some(permission) = &mut self.scopes[level].query.range_table[entry].permission {
                permission.required |= acl::SELECT;
            }
        }
        for (_, expr) in &mut list {
            self.mark_selected(level, expr);
            shift_levels(expr, up);
            expr.location = location;
        }
        list
    }

    /// Notes that columns are read, for privileges. The expression stands in the query of `level`.
    fn mark_selected(&mut self, level: usize, expr: &Expr) {
        let query = &mut self.scopes[level].query;
        expr.walk(|expr, _| {
            let ExprKind::Var(var) = expr.kind else { return Next::Below };
            if let Some(permission) = &mut query.range_table[var.relation].permission {
                permission.required |= acl::SELECT;
                if !permission.selected.contains(&var.column) {
                    permission.selected.push(var.column);
                }
            }
            Next::Past
        });
    }

    /// `42P01` for a qualifier that names nothing visible.
    pub(crate) fn missing_entry(&self, name: &str, location: u32) -> Error {
        for scope in self.scopes.iter().rev() {
            // By the table's own name although it has an alias?
            for (at, entry) in scope.query.range_table.iter().enumerate() {
                if let (EntryKind::Relation { oid, .. }, Some(alias)) = (&entry.kind, &entry.alias)
                    && alias != name
                    && let Ok(Some(table)) = self.catalog.relation_name(*oid)
                    && table == name
                {
                    let visible =
                        scope.names.iter().any(|v| v.entry == at && v.by_name && (!v.lateral_only || scope.lateral));
                    let error = self.error(
                        SqlState::UNDEFINED_TABLE,
                        format!("invalid reference to FROM-clause entry for table \"{name}\""),
                        location,
                    );
                    return if visible {
                        error.hint(format!("Perhaps you meant to reference the table alias \"{alias}\"."))
                    } else {
                        error.detail(format!(
                            "There is an entry for table \"{alias}\", but it cannot be referenced from this part of the query."
                        ))
                    };
                }
            }
            if let Some(entry) = scope.query.range_table.iter().find(|e| e.name == name && e.in_from) {
                let error = self
                    .error(
                        SqlState::UNDEFINED_TABLE,
                        format!("invalid reference to FROM-clause entry for table \"{name}\""),
                        location,
                    )
                    .detail(format!(
                        "There is an entry for table \"{}\", but it cannot be referenced from this part of the query.",
                        entry.name
                    ));
                let lateral_only = scope.names.iter().any(|v| v.name.as_deref() == Some(name) && v.lateral_only);
                return if lateral_only && !scope.lateral {
                    error.hint("To reference that table, you must mark this subquery with LATERAL.")
                } else {
                    error
                };
            }
        }
        self.error(SqlState::UNDEFINED_TABLE, format!("missing FROM-clause entry for table \"{name}\""), location)
    }

    /// `42703` for a column that no visible entry has, with a guess at what was meant.
    pub(crate) fn missing_column(&self, table: Option<&str>, column: &str, location: u32) -> Error {
        const DISTANCE_MAX: usize = 3;
        let error = match table {
            Some(table) => {
                self.error(SqlState::UNDEFINED_COLUMN, format!("column {table}.{column} does not exist"), location)
            }
            None => self.error(SqlState::UNDEFINED_COLUMN, format!("column \"{column}\" does not exist"), location),
        };
        let mut best: Vec<(String, String)> = Vec::new();
        let mut distance = DISTANCE_MAX + 1;
        for scope in self.scopes.iter().rev() {
            for (at, entry) in scope.query.range_table.iter().enumerate() {
                if matches!(entry.kind, EntryKind::Join { .. }) {
                    continue;
                }
                // Another table than the one named costs as much as the names differ.
                let base = match table {
                    Some(table) => levenshtein(table, &entry.name, DISTANCE_MAX).unwrap_or(DISTANCE_MAX + 1),
                    None => 0,
                };
                let accessible = scope
                    .names
                    .iter()
                    .any(|v| (v.entry == at || v.columns.is_some()) && (!v.lateral_only || scope.lateral));
                for candidate in entry.columns.iter().filter(|c| !c.name.is_empty()) {
                    let Some(own) = levenshtein(column, &candidate.name, DISTANCE_MAX) else { continue };
                    if own > column.chars().count() / 2 && own > 0 {
                        continue;
                    }
                    let total = own + base;
                    if total < distance {
                        distance = total;
                        best.clear();
                    }
                    if total == distance && distance <= DISTANCE_MAX && (accessible || own == 0) {
                        best.push((entry.name.clone(), candidate.name.clone()));
                    }
                }
            }
        }
        match &best[..] {
            [(table, column)] if distance == 0 => error
                .detail(format!(
                    "There is a column named \"{column}\" in table \"{table}\", but it cannot be referenced from this part of the query."
                )),
            [(table, column)] => error.hint(format!("Perhaps you meant to reference the column \"{table}.{column}\".")),
            [(t1, c1), (t2, c2)] => error.hint(format!(
                "Perhaps you meant to reference the column \"{t1}.{c1}\" or the column \"{t2}.{c2}\"."
            )),
            _ => error,
        }
    }

    /// `f(row)` written `row.f`, if there is such a function.
    pub(crate) fn attribute_function(&mut self, name: &str, arg: Expr, location: u32) -> Result<Option<Expr>> {
        let set = returns_set(&arg);
        let _ = set;
        let name = ast::ObjectName::unqualified(name, location);
        if self.catalog.functions_by_name(None, &name.name)?.is_empty() {
            return Ok(None);
        }
        self.call_if_exists(&name, vec![arg], location)
    }

    /// `(expr).field`
    pub(crate) fn field(&mut self, arg: Expr, field: &str, location: u32) -> Result<Expr> {
        if let Some(found) = self.find_field(&arg, field, location)? {
            return Ok(found);
        }
        let arg_type = arg.ty.oid;
        if let Some(call) = self.attribute_function(field, arg, location)? {
            return Ok(call);
        }
        Err(if arg_type == oid::RECORD {
            self.error(
                SqlState::UNDEFINED_COLUMN,
                format!("could not identify column \"{field}\" in record data type"),
                location,
            )
        } else if ty::row_relation(self.catalog, arg_type)?.is_valid() {
            let text = self.catalog.format_type(arg_type, -1)?;
            self.error(
                SqlState::UNDEFINED_COLUMN,
                format!("column \"{field}\" not found in data type {text}"),
                location,
            )
        } else {
            let text = self.catalog.format_type(arg_type, -1)?;
            self.error(
                SqlState::WRONG_OBJECT_TYPE,
                format!("column notation .{field} applied to type {text}, which is not a composite type"),
                location,
            )
        })
    }

    fn find_field(&mut self, arg: &Expr, field: &str, location: u32) -> Result<Option<Expr>> {
        for (at, (name, ty)) in self.row_columns(arg)?.into_iter().enumerate() {
            if name == field {
                return Ok(Some(Expr {
                    kind: ExprKind::Field { arg: Box::new(arg.clone()), number: at as i16 + 1 },
                    ty,
                    location,
                }));
            }
        }
        Ok(None)
    }

    /// Names and types of a row expression's fields, dropped ones with an empty name; none if it is no row or they are unknown.
    pub(crate) fn row_columns(&self, arg: &Expr) -> Result<Vec<(String, SqlType)>> {
        if arg.ty.oid != oid::RECORD {
            let relation = ty::row_relation(self.catalog, arg.ty.oid)?;
            if !relation.is_valid() {
                return Ok(Vec::new());
            }
            let relation = self.catalog.relation(relation)?;
            return Ok(relation
                .columns
                .iter()
                .map(|c| {
                    let name = if c.attisdropped { String::new() } else { c.attname.to_string() };
                    (name, SqlType { oid: c.atttypid, typmod: c.atttypmod, collation: c.attcollation })
                })
                .collect());
        }
        let chain: Vec<&Query> = self.scopes.iter().map(|scope| &scope.query).collect();
        self.record_columns(&chain, arg)
    }

    /// The same for a value of type `record` in the innermost of these queries, each within the one before it: looks through
    /// subqueries and WITH queries for what makes the row.
    fn record_columns(&self, chain: &[&Query], arg: &Expr) -> Result<Vec<(String, SqlType)>> {
        let var = match &arg.kind {
            ExprKind::Row { fields, names, .. } => {
                let name = |at: usize| names.get(at).cloned().unwrap_or_else(|| format!("f{}", at + 1));
                return Ok(fields.iter().enumerate().map(|(at, field)| (name(at), field.ty)).collect());
            }
            ExprKind::Function(_) => {
                let columns = self.function_row(arg)?;
                return Ok(columns.into_iter().flatten().map(|column| (column.name, column.ty)).collect());
            }
            ExprKind::Var(var) => var,
            _ => return Ok(Vec::new()),
        };
        let Some(level) = chain.len().checked_sub(1 + var.level as usize) else { return Ok(Vec::new()) };
        let entry = &chain[level].range_table[var.relation];
        if var.column == 0 {
            return Ok(entry.columns.iter().map(|c| (c.name.clone(), c.ty)).collect());
        }
        // A row-valued column of a subquery: look at what it selects.
        let (home, query) = match &entry.kind {
            EntryKind::Subquery { query, .. } => (level, &**query),
            EntryKind::Cte { name, levels_up, .. } => {
                let home = level.checked_sub(*levels_up as usize);
                let found = home.and_then(|home| Some((home, chain[home].ctes.iter().find(|c| c.name == *name)?)));
                match found {
                    Some((home, cte)) => (home, &cte.query),
                    None => return Ok(Vec::new()),
                }
            }
            _ => return Ok(Vec::new()),
        };
        match query.targets.iter().find(|target| target.number == var.column) {
            Some(target) => self.record_columns(&[&chain[..=home], &[query]].concat(), &target.expr),
            None => Ok(Vec::new()),
        }
    }

    /// Adds an entry to the current query.
    pub(crate) fn add_entry(&mut self, entry: RangeTableEntry) -> usize {
        let table = &mut self.scope().query.range_table;
        table.push(entry);
        table.len() - 1
    }

    /// Makes an entry visible under its name and by its columns.
    pub(crate) fn show_entry(&mut self, entry: usize) -> Visible {
        let scope = self.scope();
        Visible::entry(entry, &scope.query)
    }
}

/// Moves an expression `up` levels further in: its columns are then so many queries outwards. For columns of level 0 and above.
pub fn shift_levels(expr: &mut Expr, up: u32) {
    shift_levels_from(expr, up as i32, 0);
}

/// Adds `by` to the levels of all columns, aggregates and WITH references that are at least `from` levels outwards.
pub fn shift_levels_from(expr: &mut Expr, by: i32, from: u32) {
    if by != 0 {
        VisitorMut::expr(&mut Shift { by, from }, expr);
    }
}

/// The same for what stands in a query, seen from within it.
pub fn shift_query_levels(query: &mut Query, by: i32, from: u32) {
    if by != 0 {
        query.visit_children_mut(&mut Shift { by, from });
        shift_ctes(query, by, from);
    }
}

fn shift_ctes(query: &mut Query, by: i32, from: u32) {
    for entry in &mut query.range_table {
        if let EntryKind::Cte { levels_up, .. } = &mut entry.kind
            && *levels_up >= from
        {
            *levels_up = (*levels_up as i32 + by) as u32;
        }
    }
}

struct Shift {
    by: i32,
    from: u32,
}

impl VisitorMut for Shift {
    fn expr(&mut self, expr: &mut Expr) {
        let level = match &mut expr.kind {
            ExprKind::Var(var) => Some(&mut var.level),
            ExprKind::Aggregate(aggregate) => Some(&mut aggregate.level),
            ExprKind::Grouping { level, .. } | ExprKind::PlaceHolder { level, .. } => Some(level),
            _ => None,
        };
        if let Some(level) = level
            && *level >= self.from
        {
            *level = (*level as i32 + self.by) as u32;
        }
        expr.visit_children_mut(self);
    }
    fn query(&mut self, query: &mut Query) {
        self.from += 1;
        shift_ctes(query, self.by, self.from);
        query.visit_children_mut(self);
        self.from -= 1;
    }
    fn as_dyn(&mut self) -> &mut dyn VisitorMut {
        self
    }
}

/// Edits to turn one word into the other, if no more than `most`. (Wagner and Fischer's algorithm.)
fn levenshtein(a: &str, b: &str, most: usize) -> Option<usize> {
    let b: Vec<char> = b.chars().collect();
    let length = a.chars().count();
    if length.abs_diff(b.len()) > most || length > 255 || b.len() > 255 {
        return None;
    }
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, &cb) in b.iter().enumerate() {
            let change = diagonal + (ca != cb) as usize;
            diagonal = row[j + 1];
            row[j + 1] = change.min(row[j] + 1).min(diagonal + 1);
        }
    }
    Some(row[b.len()]).filter(|&d| d <= most)
}

/// The relation's own row type, for its columns.
pub(crate) fn entry_columns(relation: &catalog::Relation) -> Vec<EntryColumn> {
    relation
        .columns
        .iter()
        .map(|c| EntryColumn {
            name: if c.attisdropped { String::new() } else { c.attname.to_string() },
            ty: if c.attisdropped {
                SqlType::plain(Oid::INVALID)
            } else {
                SqlType { oid: c.atttypid, typmod: c.atttypmod, collation: c.attcollation }
            },
        })
        .collect()
}
