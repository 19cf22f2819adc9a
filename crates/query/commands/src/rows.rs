//! All rows of a table, for checks of what is there already and for rewrites.

use std::sync::Arc;

use access::{Direction, Pages, Projected, ScanRequest};
use batch::Batch;
use catalog::Relation;
use error::Result;

use crate::Context;

/// Hands the rows of a table that are there now over, batch by batch, with all columns.
///
/// # Errors
/// Those of reading, and what `consume` says.
pub(crate) fn for_each(
    context: &Context<'_>,
    relation: &Relation,
    mut consume: impl FnMut(&mut Batch) -> Result<()>,
) -> Result<()> {
    let session = context.session;
    let table = context.catalog().table(relation)?;
    if session.tables.page_count(session.store, &table)? == 0 {
        return Ok(());
    }
    let snapshot = session.transaction.latest_snapshot()?;
    let projection: Arc<[Projected]> = (0..relation.columns.len()).map(|n| Projected::Column(n as u16)).collect();
    let request = ScanRequest {
        snapshot: snapshot.clone(),
        projection: projection.clone(),
        direction: Direction::Forward,
        pages: Pages::All,
    };
    let mut scan = session.tables.scan(session.store, &table, request)?;
    let mut batch = access::projected_batch(&table.layout, &projection);
    while scan.next(&mut batch)? {
        session.check_interrupts()?;
        consume(&mut batch)?;
        batch = access::projected_batch(&table.layout, &projection);
    }
    Ok(())
}
