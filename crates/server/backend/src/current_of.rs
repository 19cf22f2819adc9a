//! `WHERE CURRENT OF`: where the row is on which a cursor stands.
//!
//! A cursor over tables is planned with two more columns for each of them, `tableoid` and `ctid`, behind those that it shows. Of a query that
//! locks its rows every table counts; of others only the table of a simple scan, since only there a row of the result is a row of the table.

use catalog::relation::kind;
use error::{Error, Result, SqlState, bail};
use ids::{Oid, TupleId};
use parser::ast::{LockingClause, RelationName, Select, SelectBody, Statement, TableRef};

use crate::portal::{Portal, State};
use crate::session::Session;

/// Where a cursor's rows come from.
#[derive(Clone, Default)]
pub(crate) struct Places {
    /// The query locks its rows.
    locks: bool,
    /// The tables that the query names, in the order of their columns.
    tables: Vec<Oid>,
}

impl Places {
    /// How many columns they take at the end of the rows.
    pub fn width(&self) -> usize {
        2 * self.tables.len()
    }
}

impl Session<'_> {
    /// The query of a cursor with the columns that say where its rows are, if it can have them.
    pub(crate) fn with_places(&self, query: &Select) -> Option<(Select, Places)> {
        let SelectBody::Simple(simple) = &query.body else { return None };
        let locks = !query.locking.is_empty();
        let grouped = simple.distinct.is_some()
            || simple.into.is_some()
            || !simple.group_by.is_empty()
            || simple.having.is_some()
            || !simple.windows.is_empty();
        if grouped || query.with.is_some() || (!locks && (simple.from.len() != 1 || query.limit.is_some())) {
            return None;
        }
        let mut names = Vec::new();
        for item in &simple.from {
            self.tables_of(item, locks, &mut names)?;
        }
        // FOR UPDATE OF some of them.
        let locked = |name: &str| {
            let of = |clause: &LockingClause| {
                let named = |relation: &RelationName| catalog::format::quote_identifier(&relation.name) == name;
                clause.relations.is_empty() || clause.relations.iter().any(named)
            };
            query.locking.iter().any(of)
        };
        names.retain(|(name, _)| !locks || locked(name));
        if names.is_empty() {
            return None;
        }
        let columns: Vec<String> =
            names.iter().flat_map(|(name, _)| [format!("{name}.tableoid"), format!("{name}.ctid")]).collect();
        let parsed = parser::parse(&format!("SELECT {}", columns.join(", "))).ok()?.into_iter().next()?;
        let Statement::Select(places) = parsed.statement else { return None };
        let SelectBody::Simple(places) = places.body else { return None };
        let mut simple = simple.clone();
        simple.targets.extend(places.targets);
        let query = Select { body: SelectBody::Simple(simple), ..query.clone() };
        Some((query, Places { locks, tables: names.into_iter().map(|(_, table)| table).collect() }))
    }

    /// The tables in an item of FROM, by the names that they have there; none if something else stands there.
    fn tables_of(&self, item: &TableRef, locks: bool, found: &mut Vec<(String, Oid)>) -> Option<()> {
        match item {
            TableRef::Relation { relation, alias } => {
                let catalog = self.catalog();
                let name = &relation.name;
                let oid = catalog.relation_by_name(name.schema.as_deref(), &name.name).ok().flatten()?;
                let is_table = catalog
                    .relation(oid)
                    .is_ok_and(|found| matches!(found.kind(), kind::TABLE | kind::PARTITIONED_TABLE));
                if is_table {
                    let shown = alias.as_ref().map_or(&name.name, |alias| &alias.name);
                    found.push((catalog::format::quote_identifier(shown), oid));
                }
                (is_table || locks).then_some(())
            }
            TableRef::Join(join) if locks && join.alias.is_none() => {
                self.tables_of(&join.left, locks, found)?;
                self.tables_of(&join.right, locks, found)
            }
            _ if locks => Some(()),
            _ => None,
        }
    }

    /// Where the row of a table is on which a cursor stands; none if its row is one of another table of the same tree.
    pub(crate) fn current_row(&self, cursor: &str, table: Oid) -> Result<Option<TupleId>> {
        let mut portals = self.portals.borrow_mut();
        let Some(portal) = portals.get_mut(cursor) else {
            bail!(INVALID_CURSOR_NAME, "cursor \"{cursor}\" does not exist")
        };
        if !matches!(portal.state, State::Running(_) | State::Kept(_)) {
            bail!(INVALID_CURSOR_STATE, "cursor \"{cursor}\" is not a SELECT query");
        }
        if portal.held {
            bail!(INVALID_CURSOR_STATE, "cursor \"{cursor}\" is held from a previous transaction");
        }
        let mut fitting = Vec::new();
        for (at, &named) in portal.places.tables.iter().enumerate() {
            if self.is_within(table, named)? {
                fitting.push(at);
            }
        }
        let name = self.catalog().relation(table)?.name().to_string();
        let at = match (&fitting[..], portal.places.locks) {
            ([at], _) => *at,
            ([], true) => {
                let text =
                    format!("cursor \"{cursor}\" does not have a FOR UPDATE/SHARE reference to table \"{name}\"");
                return Err(Error::new(SqlState::INVALID_CURSOR_STATE, text));
            }
            (_, true) => {
                let text = format!("cursor \"{cursor}\" has multiple FOR UPDATE/SHARE references to table \"{name}\"");
                return Err(Error::new(SqlState::INVALID_CURSOR_STATE, text));
            }
            _ => {
                let text = format!("cursor \"{cursor}\" is not a simply updatable scan of table \"{name}\"");
                return Err(Error::new(SqlState::INVALID_CURSOR_STATE, text));
            }
        };
        let back = portal.places.width() - 2 * at;
        let Some((actual, place)) = place_of(portal, back)? else {
            bail!(INVALID_CURSOR_STATE, "cursor \"{cursor}\" is not positioned on a row")
        };
        Ok(place.filter(|_| actual == table))
    }

    /// Whether a table is another one or below it.
    fn is_within(&self, table: Oid, above: Oid) -> Result<bool> {
        let mut next = vec![table];
        let mut seen = Vec::new();
        while let Some(table) = next.pop() {
            if table == above {
                return Ok(true);
            }
            if !seen.contains(&table) {
                seen.push(table);
                next.extend(self.catalog().parents(table)?);
            }
        }
        Ok(false)
    }
}

/// Table and place in the row on which a portal stands, from the columns that begin `back` before the end.
fn place_of(portal: &mut Portal, back: usize) -> Result<Option<(Oid, Option<TupleId>)>> {
    let read = |columns: &[batch::Column], row: usize| {
        let at = columns.len() - back;
        let value = |column: &batch::Column| column.datum(column.index(row));
        let table = value(&columns[at]).as_oid().unwrap_or(Oid::INVALID);
        let place = value(&columns[at + 1]);
        (table, place.as_bytes().and_then(access::tid_from_bytes))
    };
    match &mut portal.state {
        State::Running(running) => Ok(running.current().map(|(batch, row)| read(&batch.columns, row))),
        State::Kept(kept) => {
            let mut found = None;
            kept.current(&mut |batch, row| {
                found = Some(read(&batch.columns, row));
                Ok(())
            })?;
            Ok(found)
        }
        _ => Ok(None),
    }
}
