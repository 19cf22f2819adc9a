//! Versions of rows, read back by their places whoever sees them: what AFTER triggers look at.

use std::sync::Arc;

use access::{FetchMode, Fetched, Projected};
use batch::Datum;
use error::Result;
use ids::{Oid, TupleId};
use txn::Snapshot;

use crate::Session;
use crate::relation::OpenTable;

/// Reads versions of one table's rows.
pub struct VersionReader {
    open: OpenTable,
    projection: Arc<[Projected]>,
}

impl VersionReader {
    /// Opens a table, on which the transaction holds a lock.
    pub fn open(session: &Session<'_>, table: Oid) -> Result<VersionReader> {
        let open = OpenTable::open(session, table)?;
        let projection = (0..open.table.layout.len() as u16).map(Projected::Column).collect();
        Ok(VersionReader { open, projection })
    }

    /// The table.
    pub fn table(&self) -> &OpenTable {
        &self.open
    }

    /// The values of a version, by column number minus one; none if there is nothing at its place.
    pub fn read(&self, session: &Session<'_>, place: TupleId) -> Result<Option<Vec<Datum>>> {
        let mut rows = access::projected_batch(&self.open.table.layout, &self.projection);
        let latest = session.transaction.latest_snapshot()?;
        let snapshot = Snapshot::clone(&latest);
        let mut fetch = session.tables.fetch(session.store, &self.open.table, snapshot, self.projection.clone());
        let mut outcome = Vec::new();
        fetch.fetch(&[place], FetchMode::Any, &mut rows, &mut outcome)?;
        Ok(match outcome.first() {
            Some(Fetched::Row) => Some(rows.columns.iter().map(|column| column.datum(0)).collect()),
            _ => None,
        })
    }

    /// Whether a version is the newest of its row, as the transaction itself sees it now.
    pub fn is_live(&self, session: &Session<'_>, place: TupleId) -> Result<bool> {
        let snapshot = session.transaction.latest_snapshot()?;
        session.tables.is_visible(session.store, &self.open.table, place, &snapshot)
    }
}
