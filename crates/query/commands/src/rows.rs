//! All rows of a table, for checks of what is there already and for rewrites.

use std::sync::Arc;

use access::{Direction, Pages, Projected, ScanRequest};
use batch::{Batch, ByteValues, Column, Repr};
use catalog::Relation;
use error::Result;
use executor::relation::{OpenIndex, OpenTable};
use executor::store::sorter::Sorter;
use ids::Oid;

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

/// Takes the rows that `source` gives, and hands them over in the order of an index's keys; sorted within `maintenance_work_mem`. The rows have the
/// table's columns, and may have more behind them.
///
/// # Errors
/// Those of the index's functions, of sorting, and what `source` and `consume` say.
pub(crate) fn in_order(
    context: &Context<'_>,
    table: Oid,
    order: Oid,
    source: impl FnOnce(&mut dyn FnMut(&mut Batch) -> Result<()>) -> Result<()>,
    mut consume: impl FnMut(&mut Batch) -> Result<()>,
) -> Result<()> {
    let session = context.session;
    let (table, index) = (OpenTable::open(session, table)?, OpenIndex::open(session, order)?);
    let _acting = index.row.indexprs.is_some().then(|| context.catalog().act_as_owner(table.relation.class.relowner));
    let mut computed = crate::index_build::computed(context, &table, &index.row)?;
    let memory = context.services.setting_int("maintenance_work_mem")?.max(64) as usize * 1024;
    let mut sorter: Option<(Sorter, Vec<Repr>)> = None;
    let mut keys = ByteValues::new();
    source(&mut |batch| {
        let (sorter, _) = sorter.get_or_insert_with(|| {
            let reprs: Vec<Repr> = batch.columns.iter().map(Column::repr).collect();
            (Sorter::new(reprs.clone(), memory, None, session.temporary_space()).with_keys(), reprs)
        });
        if let Some(computed) = &mut computed {
            computed.evaluate(session, batch)?;
        }
        let values: Vec<&Column> = match &computed {
            Some(computed) => (0..index.row.indkey.len()).map(|n| computed.column(n, batch)).collect(),
            None => index.row.indkey.iter().map(|&number| &batch.columns[number as usize - 1]).collect(),
        };
        keys.clear();
        keys.resize(batch.row_count());
        for (at, row) in batch.rows().iter().enumerate() {
            keys.put_with(at, |to| index.key(&values, row, session.env(), to))?;
        }
        sorter.add(batch, batch.rows(), &keys)
    })?;
    let Some((mut sorter, reprs)) = sorter else { return Ok(()) };
    sorter.finish()?;
    let mut batch = Batch::new(reprs.iter().copied());
    while sorter.next(&mut batch)? {
        session.check_interrupts()?;
        consume(&mut batch)?;
        batch = Batch::new(reprs.iter().copied());
    }
    Ok(())
}
