//! ANALYZE: counts rows and pages. What stands in columns is not gathered yet.

use catalog::Relation;
use error::{Error, Result};
use ids::BlockNumber;
use parser::ast::Name;

use crate::Context;

/// Pages that are looked at, at most.
const SAMPLE_PAGES: u32 = 30_000;

/// Estimates a table's live rows from a sample of its pages, evenly spread.
pub(crate) fn analyze(context: &Context<'_>, relation: &Relation, columns: &[Name]) -> Result<()> {
    for column in columns {
        context.column(relation, column)?;
    }
    let session = context.session;
    let table = context.catalog().table(relation)?;
    let pages = session.tables.page_count(session.store, &table)?;
    let snapshot = session.transaction.latest_snapshot()?;
    let sampled = pages.min(SAMPLE_PAGES);
    let mut batch = access::projected_batch(&table.layout, &[]);
    let mut live = 0u64;
    for n in 0..sampled {
        session.check_interrupts()?;
        let block = BlockNumber((n as u64 * pages as u64 / sampled as u64) as u32);
        batch.clear();
        live += session.tables.sample_page(session.store, &table, block, &[], &snapshot, &mut batch)?.0 as u64;
    }
    let rows = if sampled == 0 { 0.0 } else { live as f64 * pages as f64 / sampled as f64 };
    let class = context.catalog().class(relation.oid)?.ok_or_else(|| Error::internal("an analyzed table is gone"))?;
    context.catalog().set_statistics(
        relation.oid,
        pages,
        rows,
        class.relallvisible as u32,
        class.relallfrozen as u32,
    )?;
    for &index in &relation.indexes {
        let relation = context.catalog().relation(index)?;
        let pages = session.store.storage.block_count(relation.locator, ids::Fork::Main)?;
        context.catalog().set_statistics(index, pages, rows, 0, 0)?;
    }
    Ok(())
}
