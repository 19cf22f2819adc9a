//! Views through which rows can be changed: which views and columns those are.
//!
//! A view can be changed through if each of its rows is a row of one table (or of one such view): nothing in it may merge rows,
//! leave some out by their order, or compute over several. A column can be changed if it is a column of that table.

use catalog::relation::kind;
use catalog::trigger::{Event, Timing};
use catalog::{Catalog, Relation};
use error::Result;
use ids::Oid;
use types::Environment;

use crate::query::*;

/// Why no rows can be changed through a view of this query, in PostgreSQL's words; none if they can. With `columns`, at least one
/// column must be updatable, too.
pub fn why_not(catalog: &Catalog, query: &Query, columns: bool) -> Result<Option<&'static str>> {
    let _ = catalog;
    let reasons = [
        (!query.distinct.is_empty(), "Views containing DISTINCT are not automatically updatable."),
        (
            !query.group_by.is_empty() || query.grouping_sets.is_some(),
            "Views containing GROUP BY are not automatically updatable.",
        ),
        (query.having.is_some(), "Views containing HAVING are not automatically updatable."),
        (
            query.set_operation.is_some(),
            "Views containing UNION, INTERSECT, or EXCEPT are not automatically updatable.",
        ),
        (!query.ctes.is_empty(), "Views containing WITH are not automatically updatable."),
        (
            query.limit.is_some() || query.offset.is_some(),
            "Views containing LIMIT or OFFSET are not automatically updatable.",
        ),
        (query.has.aggregates, "Views that return aggregate functions are not automatically updatable."),
        (query.has.windows, "Views that return window functions are not automatically updatable."),
        (query.has.target_sets, "Views that return set-returning functions are not automatically updatable."),
    ];
    if let Some((_, reason)) = reasons.iter().find(|(there, _)| *there) {
        return Ok(Some(reason));
    }
    let Some(base) = base_entry(query) else {
        return Ok(Some("Views that do not select from a single table or view are not automatically updatable."));
    };
    if matches!(query.range_table[base].kind, EntryKind::Relation { sample: Some(_), .. }) {
        return Ok(Some("Views containing TABLESAMPLE are not automatically updatable."));
    }
    if columns && !query.targets.iter().any(|target| !target.junk && column_why_not(target, base).is_none()) {
        return Ok(Some("Views that have no updatable columns are not automatically updatable."));
    }
    Ok(None)
}

/// The one table or view that a query reads, as an index of its range table.
pub(crate) fn base_entry(query: &Query) -> Option<usize> {
    let [FromItem::Relation(at)] = query.from[..] else { return None };
    match query.range_table[at].kind {
        EntryKind::Relation { relkind, .. } => {
            matches!(relkind, kind::TABLE | kind::PARTITIONED_TABLE | kind::FOREIGN_TABLE | kind::VIEW).then_some(at)
        }
        _ => None,
    }
}

/// Why a column of an updatable view cannot be changed; none if it can.
pub(crate) fn column_why_not(target: &TargetEntry, base: usize) -> Option<&'static str> {
    match &target.expr {
        Expr { kind: ExprKind::Var(Var { level: 0, relation, column, .. }), ty: SqlType { .. }, .. }
            if *relation == base =>
        {
            match *column {
                1.. => None,
                0 => Some("View columns that return whole-row references are not updatable."),
                _ => Some("View columns that refer to system columns are not updatable."),
            }
        }
        _ => Some("View columns that are not columns of their base relation are not updatable."),
    }
}

/// A change of a relation that no user wrote: nobody is asked whether it is allowed.
fn change(relation: &Relation, command: Command) -> Query {
    let mut query = Query::new(command);
    query.range_table.push(RangeTableEntry {
        kind: EntryKind::Relation {
            oid: relation.oid,
            relkind: relation.kind(),
            inherit: false,
            lock: crate::from::ROW_EXCLUSIVE,
            sample: None,
        },
        alias: None,
        column_aliases: false,
        name: relation.name().to_string(),
        columns: crate::column::entry_columns(relation),
        lateral: false,
        in_from: false,
        permission: None,
        security: Vec::new(),
    });
    query.result_relation = Some(0);
    query
}

/// An INSERT of the rows of a stored query into a relation with its columns.
pub fn insertion(relation: &Relation, rows: Query) -> Query {
    let mut query = change(relation, Command::Insert);
    let columns: Vec<EntryColumn> =
        rows.output().map(|target| EntryColumn { name: target.name.clone(), ty: target.expr.ty }).collect();
    for (at, column) in columns.iter().enumerate() {
        let number = at as i16 + 1;
        let var = Var { level: 0, relation: 1, column: number, version: RowVersion::Default };
        let expr = Expr { kind: ExprKind::Var(var), ty: column.ty, location: NO_LOCATION };
        query.targets.push(crate::aggregate::target(expr, number, column.name.clone(), false));
    }
    query.range_table.push(RangeTableEntry {
        kind: EntryKind::Subquery { query: Box::new(rows), view: Oid::INVALID, security_barrier: false },
        alias: None,
        column_aliases: false,
        name: "*SELECT*".into(),
        columns,
        lateral: false,
        in_from: false,
        permission: None,
        security: Vec::new(),
    });
    query.from.push(FromItem::Relation(1));
    query
}

/// A DELETE of all rows of a relation.
pub fn deletion(relation: &Relation) -> Query {
    let mut query = change(relation, Command::Delete);
    query.from.push(FromItem::Relation(0));
    query
}

/// An option of a view that is on or off.
pub fn boolean_option(view: &Relation, name: &str) -> bool {
    let value = view.class.reloptions.iter().flatten().find_map(|option| option.strip_prefix(name)?.strip_prefix('='));
    value.is_some_and(|value| types::boolean::parse(value).unwrap_or(false))
}

/// Statements that can change a relation's rows, as bits: 4 UPDATE, 8 INSERT, 16 DELETE. With `columns` it is asked whether one of these
/// columns can be changed. An unconditional INSTEAD rule makes a statement possible, and so does an INSTEAD OF trigger if `triggers` says so.
pub fn events(
    catalog: &Catalog,
    env: &dyn Environment,
    relation: &Relation,
    triggers: bool,
    columns: Option<&[i16]>,
) -> Result<i32> {
    Events { catalog, env, triggers }.of(relation, columns, 0)
}

const INSERT_UPDATE_DELETE: i32 = 4 | 8 | 16;
const DELETE: i32 = 16;
/// Views over views beyond this depth count as not updatable.
const DEPTH_MAX: u32 = 200;

/// What [`events`] asks about.
struct Events<'a> {
    catalog: &'a Catalog,
    env: &'a dyn Environment,
    triggers: bool,
}

impl Events<'_> {
    fn of(&self, relation: &Relation, columns: Option<&[i16]>, depth: u32) -> Result<i32> {
        if matches!(relation.kind(), kind::TABLE | kind::PARTITIONED_TABLE) {
            return Ok(INSERT_UPDATE_DELETE);
        }
        let made_up = self.made_up(relation);
        if made_up == INSERT_UPDATE_DELETE || relation.kind() != kind::VIEW || depth >= DEPTH_MAX {
            return Ok(made_up);
        }
        Ok(made_up | self.of_view(relation, columns, depth)?)
    }

    /// What rules and triggers do instead.
    fn made_up(&self, relation: &Relation) -> i32 {
        let rules = relation.rules.iter().filter(|rule| rule.is_instead && *rule.ev_qual == *crate::rule::NO_CONDITION);
        let mut events = rules
            .map(|rule| match rule.ev_type {
                b'2' => 4,
                b'3' => 8,
                b'4' => DELETE,
                _ => 0,
            })
            .fold(0, |all, event| all | event);
        if self.triggers {
            for trigger in relation.triggers.iter().filter(|trigger| trigger.timing() == Timing::InsteadOf) {
                for (event, bit) in [(Event::Update, 4), (Event::Insert, 8), (Event::Delete, DELETE)] {
                    events |= if trigger.is_for(event) { bit } else { 0 };
                }
            }
        }
        events
    }

    /// What a view can do itself, by the relation below it.
    fn of_view(&self, view: &Relation, columns: Option<&[i16]>, depth: u32) -> Result<i32> {
        let query = crate::stored_query(self.catalog, self.env, view)?;
        let Some(base) = base_entry(&query).filter(|_| matches!(why_not(self.catalog, &query, false), Ok(None))) else {
            return Ok(0);
        };
        let EntryKind::Relation { oid, relkind, .. } = query.range_table[base].kind else { return Ok(0) };
        let outputs = query.targets.iter().filter(|target| !target.junk).enumerate();
        let below: Vec<i16> = outputs
            .filter(|(at, target)| {
                columns.is_none_or(|columns| columns.contains(&(*at as i16 + 1)))
                    && column_why_not(target, base).is_none()
            })
            .filter_map(|(_, target)| match target.expr.kind {
                ExprKind::Var(var) => Some(var.column),
                _ => None,
            })
            .collect();
        let own = if below.is_empty() { DELETE } else { INSERT_UPDATE_DELETE };
        match relkind {
            kind::VIEW => Ok(own & self.of(&*self.catalog.relation(oid)?, Some(&below), depth + 1)?),
            _ => Ok(own),
        }
    }
}
