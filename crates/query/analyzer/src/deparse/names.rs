//! What the entries of range tables and their columns are called when a query is printed.
//!
//! Names must be unique within a query and different from those around it, so that each reference finds its own entry; a name
//! that is taken gets a number behind it (`t_1`). Tables and columns may have been renamed since the query was stored: those
//! that were not given an alias show their present names.

use std::collections::{HashMap, HashSet};

use catalog::Catalog;
use catalog::format::quote_identifier;
use error::Result;

use super::ColumnNames;
use crate::column::shift_levels;
use crate::node::Next;
use crate::query::*;

/// Where names come from.
pub(super) enum Naming<'q> {
    /// Somebody else says.
    Given(&'q dyn ColumnNames),
    /// From the queries around, the innermost last.
    Levels(Vec<Level<'q>>),
}

impl<'q> Naming<'q> {
    pub fn levels(&mut self) -> &mut Vec<Level<'q>> {
        match self {
            Naming::Levels(levels) => levels,
            Naming::Given(_) => unreachable!("queries are printed with names of their own"),
        }
    }

    /// Whether a WITH query of this name is in reach.
    pub fn has_cte(&self, name: &str) -> bool {
        match self {
            Naming::Given(_) => false,
            Naming::Levels(levels) => levels.iter().any(|level| level.query.ctes.iter().any(|cte| cte.name == name)),
        }
    }
}

/// The names of a query's entries.
pub(super) struct Level<'q> {
    pub query: &'q Query,
    pub entries: Vec<EntryNames>,
    /// References say which entry they mean.
    pub qualify: bool,
    /// Joins whose inside is being printed: their columns are not visible there, those of their sides are.
    pub inside: Vec<usize>,
    joins: Vec<JoinNames<'q>>,
}

/// The name of an entry and of its columns.
pub(super) struct EntryNames {
    /// None for a join without alias.
    pub name: Option<String>,
    pub columns: Vec<String>,
    /// The columns' names must be written behind the alias.
    pub columns_written: bool,
}

struct JoinNames<'q> {
    join: &'q Join,
    /// Entries under it.
    under: HashSet<usize>,
    /// What its columns as they were stored are called now.
    columns: Vec<String>,
}

/// A column of a FROM item as it is now.
struct Column {
    /// The columns of tables that it is: several, where USING merged them.
    of: Vec<(usize, i16)>,
    name: String,
}

/// How long identifiers are, in bytes.
const NAME_BYTES_MAX: usize = 63;

impl<'q> Level<'q> {
    /// Names for a query within those around it.
    pub fn new(catalog: &Catalog, query: &'q Query, around: &[Level<'q>]) -> Result<Level<'q>> {
        let mut taken: HashSet<String> =
            around.iter().flat_map(|l| &l.entries).filter_map(|e| e.name.clone()).collect();
        let mut entries = Vec::with_capacity(query.range_table.len());
        for entry in &query.range_table {
            entries.push(entry_names(catalog, entry, &mut taken)?);
        }
        let mut joins = Vec::new();
        for item in &query.from {
            collect_joins(item, &mut joins);
        }
        let mut level = Level {
            query,
            entries,
            qualify: !around.is_empty() || query.range_table.len() != 1,
            inside: Vec::new(),
            joins,
        };
        level.name_merged();
        level.name_joined();
        Ok(level)
    }

    /// Columns that USING merges must have one name on both sides, whatever their tables call them now, which no other column there
    /// has. Where a merged column can only be called by its name alone, no other column of the query may have that name.
    fn name_merged(&mut self) {
        let alone = self.joins.iter().any(|j| {
            let merged = &j.join.columns[..j.join.using.len().min(j.join.columns.len())];
            self.entries[j.join.entry].name.is_none()
                && merged.iter().any(|column| !matches!(column.kind, ExprKind::Var(_)))
        });
        let mut forced: HashMap<(usize, i16), String> = HashMap::new();
        let mut merged_names = HashSet::new();
        // Which entries must not have a column of a name, beside those that are it.
        let mut reserved: Vec<(HashSet<usize>, String)> = Vec::new();
        for JoinNames { join, under, .. } in &self.joins {
            let names: Vec<&EntryColumn> =
                self.query.range_table[join.entry].columns.iter().take(join.using.len()).collect();
            for (pair, column) in merged_pairs(join).iter().zip(names) {
                let vars = own_columns(pair);
                let name = match vars.iter().find_map(|var| forced.get(var).cloned()) {
                    Some(name) => name,
                    None if alone => unique(&column.name, &mut merged_names),
                    None => column.name.clone(),
                };
                let entries = if alone { (0..self.entries.len()).collect() } else { under.clone() };
                reserved.push((entries, name.clone()));
                for var in vars {
                    forced.entry(var).or_insert_with(|| name.clone());
                }
            }
        }
        for (&(entry, column), name) in &forced {
            let names = &mut self.entries[entry];
            if let Some(old) = names.columns.get_mut(column as usize - 1)
                && old != name
            {
                *old = name.clone();
                names.columns_written = true;
            }
        }
        for (at, entry) in self.entries.iter_mut().enumerate() {
            if matches!(self.query.range_table[at].kind, EntryKind::Join { .. }) {
                continue;
            }
            let names: Vec<&String> =
                reserved.iter().filter(|(entries, _)| entries.contains(&at)).map(|(_, name)| name).collect();
            if names.is_empty() {
                continue;
            }
            let mut taken: HashSet<String> = names.into_iter().cloned().collect();
            for (n, column) in entry.columns.iter_mut().enumerate() {
                if column.is_empty() || forced.contains_key(&(at, n as i16 + 1)) {
                    continue;
                }
                let own = unique(column, &mut taken);
                entry.columns_written |= own != *column;
                *column = own;
            }
        }
    }

    /// The columns of joins as they would be read now. Those of a join with an alias are called as the alias says.
    fn name_joined(&mut self) {
        let query = self.query;
        for item in &query.from {
            self.item_columns(item);
        }
    }

    fn item_columns(&mut self, item: &'q FromItem) -> Vec<Column> {
        let join = match item {
            FromItem::Relation(at) => {
                let named = self.entries[*at].columns.iter().enumerate().filter(|(_, name)| !name.is_empty());
                return named.map(|(n, name)| Column { of: vec![(*at, n as i16 + 1)], name: name.clone() }).collect();
            }
            FromItem::Join(join) => join,
        };
        let (mut left, mut right) = (self.item_columns(&join.left), self.item_columns(&join.right));
        let mut columns = Vec::new();
        for (pair, name) in merged_pairs(join).iter().zip(self.using_names(join)) {
            let vars = own_columns(pair);
            let mut of = Vec::new();
            for side in [&mut left, &mut right] {
                side.retain_mut(|column| {
                    let merged = column.of.iter().any(|var| vars.contains(var));
                    if merged {
                        of.append(&mut column.of);
                    }
                    !merged
                });
            }
            columns.push(Column { of, name });
        }
        columns.append(&mut left);
        columns.append(&mut right);
        let Some(place) = self.joins.iter().position(|j| std::ptr::eq(j.join, &**join)) else { return columns };
        let stored = &self.query.range_table[join.entry].columns;
        // Where each stored column is now.
        let now: Vec<Option<usize>> = (join.columns.iter().enumerate())
            .map(|(at, column)| match &column.kind {
                _ if at < join.using.len() => Some(at),
                ExprKind::Var(var) if var.level == 0 => {
                    columns.iter().position(|c| c.of.contains(&(var.relation, var.column)))
                }
                _ => None,
            })
            .collect();
        if self.entries[join.entry].name.is_some() {
            // What the alias called otherwise keeps that name; the others must not be in its way.
            let mut names: Vec<Option<String>> = vec![None; columns.len()];
            let mut taken = HashSet::new();
            for (at, place) in now.iter().enumerate() {
                let Some(place) = *place else { continue };
                let then = match &join.columns[at].kind {
                    ExprKind::Var(var) if at >= join.using.len() => {
                        self.query.range_table[var.relation].columns.get(var.column as usize - 1).map(|c| &c.name)
                    }
                    _ => join.using.get(at),
                };
                let name = match stored.get(at) {
                    Some(stored) if Some(&stored.name) != then => stored.name.clone(),
                    _ => columns[place].name.clone(),
                };
                names[place] = Some(unique(&name, &mut taken));
            }
            let mut written = self.entries[join.entry].columns_written;
            for (column, name) in columns.iter_mut().zip(names) {
                let name = name.unwrap_or_else(|| unique(&column.name, &mut taken));
                written |= name != column.name;
                column.name = name;
            }
            let entry = &mut self.entries[join.entry];
            (entry.columns, entry.columns_written) = (columns.iter().map(|c| c.name.clone()).collect(), written);
        }
        self.joins[place].columns =
            now.iter().map(|place| place.map(|place| columns[place].name.clone()).unwrap_or_default()).collect();
        columns
    }

    /// The names that a join's USING lists.
    pub fn using_names(&self, join: &Join) -> Vec<String> {
        merged_pairs(join)
            .iter()
            .zip(&join.using)
            .map(|(pair, written)| {
                let vars = own_columns(pair);
                let found =
                    vars.first().and_then(|&(entry, column)| self.entries[entry].columns.get(column as usize - 1));
                found.cloned().unwrap_or_else(|| written.clone())
            })
            .collect()
    }

    /// What an expression is called that is a column of a join rather than of one of its sides.
    pub fn join_column(&self, expr: &Expr) -> Option<String> {
        for JoinNames { join, columns, .. } in self.joins.iter().filter(|j| !self.inside.contains(&j.join.entry)) {
            let names = &self.entries[join.entry];
            let candidates = if names.name.is_some() { join.columns.len() } else { join.using.len() };
            for (at, column) in join.columns.iter().take(candidates).enumerate() {
                // Through an unnamed join, plain columns are called by their own table.
                if names.name.is_none() && matches!(column.kind, ExprKind::Var(_)) || column != expr {
                    continue;
                }
                return match &names.name {
                    Some(name) => Some(format!("{}.{}", quote_identifier(name), quote_identifier(columns.get(at)?))),
                    None => Some(quote_identifier(&self.using_names(join)[at])),
                };
            }
        }
        None
    }

    /// A column of an entry.
    fn column(&self, var: &Var, qualify: bool) -> String {
        let Some(names) = self.entries.get(var.relation) else { return "?".into() };
        let own = Var { level: 0, ..*var };
        let hidden = self.joins.iter().any(|j| {
            j.under.contains(&var.relation)
                && self.entries[j.join.entry].name.is_some()
                && !self.inside.contains(&j.join.entry)
        });
        if hidden && var.column > 0 {
            let ty = self.query.range_table[var.relation].columns.get(var.column as usize - 1).map(|c| c.ty);
            let found =
                ty.and_then(|ty| self.join_column(&Expr { kind: ExprKind::Var(own), ty, location: NO_LOCATION }));
            if let Some(found) = found {
                return found;
            }
        }
        let entry = names.name.as_deref().unwrap_or("unnamed_join");
        let column = match var.column {
            0 => return format!("{}.*", quote_identifier(entry)),
            number @ 1.. => quote_identifier(names.columns.get(number as usize - 1).map_or("?column?", |name| name)),
            number => system_column(number),
        };
        match var.version {
            RowVersion::Default if qualify => format!("{}.{column}", quote_identifier(entry)),
            RowVersion::Default => column,
            RowVersion::Old => format!("old.{column}"),
            RowVersion::New => format!("new.{column}"),
        }
    }
}

/// A column reference in the innermost of these queries.
pub(super) fn column_name(levels: &[Level<'_>], var: &Var, force: bool) -> String {
    match levels.len().checked_sub(1 + var.level as usize).and_then(|at| levels.get(at)) {
        Some(level) => level.column(var, force || level.qualify || var.level > 0),
        None => "?".into(),
    }
}

/// What an expression is called that is a merged column of a join, in any of these queries.
pub(super) fn merged_name(levels: &[Level<'_>], expr: &Expr) -> Option<String> {
    let could_be = |level: &Level<'_>| level.joins.iter().any(|j| !j.join.columns.is_empty());
    for (up, level) in levels.iter().rev().enumerate() {
        if !could_be(level) {
            continue;
        }
        if up == 0 {
            if let Some(found) = level.join_column(expr) {
                return Some(found);
            }
            continue;
        }
        // As the outer query itself would write it.
        for column in level.joins.iter().flat_map(|j| &j.join.columns) {
            let mut shifted = column.clone();
            shift_levels(&mut shifted, up as u32);
            if shifted == *expr
                && let Some(found) = level.join_column(column)
            {
                return Some(found);
            }
        }
    }
    None
}

/// The name of a system column.
pub(super) fn system_column(number: i16) -> String {
    let found = catalog::relation::system_columns().iter().find(|c| c.attnum == number);
    found.map_or_else(String::new, |c| c.attname.to_string())
}

fn entry_names(catalog: &Catalog, entry: &RangeTableEntry, taken: &mut HashSet<String>) -> Result<EntryNames> {
    let relation = match &entry.kind {
        EntryKind::Relation { oid, .. } => catalog.find_relation(*oid)?,
        _ => None,
    };
    let base = match (&entry.alias, &entry.kind, &relation) {
        (Some(alias), ..) => Some(alias.clone()),
        (None, EntryKind::Join { .. }, _) => None,
        (None, _, Some(relation)) => Some(relation.name().to_string()),
        _ => Some(entry.name.clone()),
    };
    // The rows of a rule are called the same everywhere.
    let of_rule = !entry.in_from && entry.permission.is_none() && matches!(entry.alias.as_deref(), Some("old" | "new"));
    let name = base.map(|base| if of_rule { base } else { unique(&base, taken) });
    let mut columns: Vec<String> = entry.columns.iter().map(|column| column.name.clone()).collect();
    let mut columns_written = entry.column_aliases;
    if let Some(relation) = &relation {
        for (at, column) in relation.columns.iter().enumerate() {
            let present = if column.attisdropped { String::new() } else { column.attname.to_string() };
            match columns.get_mut(at) {
                Some(name) if !entry.column_aliases || column.attisdropped => *name = present,
                Some(_) => {}
                None => columns.push(present),
            }
        }
    }
    if !matches!(entry.kind, EntryKind::Join { .. }) {
        let mut seen = HashSet::new();
        for column in columns.iter_mut().filter(|column| !column.is_empty()) {
            let own = unique(column, &mut seen);
            columns_written |= own != *column;
            *column = own;
        }
    }
    Ok(EntryNames { name, columns, columns_written })
}

/// The name, or the name with the first number that is free.
fn unique(name: &str, taken: &mut HashSet<String>) -> String {
    let mut found = name.to_string();
    let mut number = 0u32;
    while taken.contains(&found) {
        number += 1;
        let suffix = format!("_{number}");
        // Names are cut to what an identifier can hold.
        let most = NAME_BYTES_MAX - suffix.len();
        let end = (0..=most.min(name.len())).rev().find(|&at| name.is_char_boundary(at)).unwrap_or(0);
        found = format!("{}{suffix}", &name[..end]);
    }
    taken.insert(found.clone());
    found
}

/// The joins of a FROM item, outer ones first; the entries under it.
fn collect_joins<'q>(item: &'q FromItem, joins: &mut Vec<JoinNames<'q>>) -> HashSet<usize> {
    match item {
        FromItem::Relation(at) => HashSet::from([*at]),
        FromItem::Join(join) => {
            let at = joins.len();
            joins.push(JoinNames { join, under: HashSet::new(), columns: Vec::new() });
            let mut under = collect_joins(&join.left, joins);
            under.extend(collect_joins(&join.right, joins));
            joins[at].under = under.clone();
            under.insert(join.entry);
            under
        }
    }
}

/// Left and right side of each comparison that USING stands for.
fn merged_pairs(join: &Join) -> Vec<&[Expr]> {
    if join.using.is_empty() {
        return Vec::new();
    }
    let conditions: &[Expr] = match &join.on {
        Some(Expr { kind: ExprKind::And(args), .. }) => args,
        Some(one) => std::slice::from_ref(one),
        None => &[],
    };
    conditions.iter().map(comparison_sides).collect()
}

fn comparison_sides(condition: &Expr) -> &[Expr] {
    match &condition.kind {
        ExprKind::Operator(call) => &call.args,
        ExprKind::Relabel(arg, _) | ExprKind::CoerceViaIo(arg, _) => comparison_sides(arg),
        ExprKind::Function(call) if call.args.len() == 1 => comparison_sides(&call.args[0]),
        _ => &[],
    }
}

/// The columns of the query itself in some expressions.
fn own_columns(exprs: &[Expr]) -> Vec<(usize, i16)> {
    let mut columns = Vec::new();
    for expr in exprs {
        expr.walk_level(|expr| {
            if let ExprKind::Var(var) = &expr.kind
                && var.level == 0
                && var.column > 0
            {
                columns.push((var.relation, var.column));
            }
            Next::Below
        });
    }
    columns
}
