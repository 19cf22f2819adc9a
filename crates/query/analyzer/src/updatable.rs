//! Views through which rows can be changed: which views and columns those are.
//!
//! A view can be changed through if each of its rows is a row of one table (or of one such view): nothing in it may merge rows,
//! leave some out by their order, or compute over several. A column can be changed if it is a column of that table.

use catalog::Catalog;
use catalog::relation::kind;
use error::Result;

use crate::query::{EntryKind, Expr, ExprKind, FromItem, Query, SqlType, TargetEntry, Var};

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
