//! Deferrable unique and exclusion constraints: a key that may be in conflict is looked at again when the constraint's trigger fires. And rows
//! that were there before an exclusion constraint was.

use std::sync::Arc;

use batch::Column;
use error::Result;
use ids::{Oid, TupleId};
use planner::plan::Plan;

use access::{Direction, Pages, Projected, ScanRequest};

use super::change::fetch_rows;
use super::insert::find_live;
use super::target::Target;
use crate::Session;
use crate::relation::OpenTable;
use crate::run::{Run, State};

/// Fails if the row that was at `place` when its key was entered has the same key as another one by now. `plan` is one of rows of
/// the table, for the expressions of the index.
///
/// # Errors
/// `23505`
pub fn recheck_unique(
    session: &Session<'_>,
    plan: Arc<Plan>,
    table: Oid,
    index: Oid,
    place: TupleId,
    work_mem: usize,
) -> Result<()> {
    let snapshot = session.transaction.latest_snapshot()?;
    let mut state = State::new(plan, Vec::new(), work_mem);
    let mut run = Run { session, snapshot: &snapshot, state: &mut state };
    let definition = session.host.target(table)?;
    let mut target = Target::of(session, &definition, OpenTable::open(session, table)?)?;
    // Its newest version: one that was updated in place has no entry of its own.
    let (store, tables) = (session.store, session.tables);
    let place = tables.latest(store, &target.open.table, place, &snapshot)?;
    if !tables.is_visible(store, &target.open.table, place, &snapshot)? {
        return Ok(());
    }
    let (rows, seen) = fetch_rows(&run, &target.open, &[place])?;
    let Some(own) = target.indexes.iter_mut().find(|own| own.open.row.indexrelid == index) else { return Ok(()) };
    if seen.is_empty() {
        return Ok(());
    }
    if own.exclusion.is_some() {
        let Some(key) = own.excluding_key(&rows, 0, &mut run)? else { return Ok(()) };
        return match own.find_excluded(&target.open, &key, &[place], true, &mut run)? {
            None => Ok(()),
            Some(found) => Err(own.excluded(&target.open, &key, &found.values, false, &run)?),
        };
    }
    let Some(key) = own.key_of(&rows, 0, &mut run)? else { return Ok(()) };
    match find_live(&run, &target.open.table, &own.open, &key, Some(place))? {
        None => Ok(()),
        Some(_) => Err(own.duplicate_row(&target.open, &rows, 0, &mut run)?),
    }
}

/// Fails if two of a table's rows exclude each other by a new exclusion constraint, whose index this is.
///
/// # Errors
/// `23P01`
pub fn check_exclusion(session: &Session<'_>, plan: Arc<Plan>, table: Oid, index: Oid, work_mem: usize) -> Result<()> {
    let snapshot = session.transaction.latest_snapshot()?;
    let mut state = State::new(plan, Vec::new(), work_mem);
    let mut run = Run { session, snapshot: &snapshot, state: &mut state };
    let definition = session.host.target(table)?;
    let mut target = Target::of(session, &definition, OpenTable::open(session, table)?)?;
    let Some(own) = target.indexes.iter_mut().find(|own| own.open.row.indexrelid == index) else { return Ok(()) };
    let width = target.open.table.layout.len();
    let columns = (0..width as u16).map(Projected::Column);
    let projection: Arc<[Projected]> = columns.chain([Projected::RowId]).collect();
    let request = ScanRequest {
        snapshot: snapshot.clone(),
        projection: projection.clone(),
        direction: Direction::Forward,
        pages: Pages::All,
    };
    let mut scan = session.tables.scan(session.store, &target.open.table, request)?;
    let mut batch = access::projected_batch(&target.open.table.layout, &projection);
    loop {
        batch.clear();
        if !scan.next(&mut batch)? {
            return Ok(());
        }
        session.check_interrupts()?;
        let rows: Vec<usize> = batch.rows().iter().collect();
        for row in rows {
            let place = TupleId::from_u64(batch.columns[width].b8()[row] as u64);
            let Some(key) = own.excluding_key(&batch, row, &mut run)? else { continue };
            let columns: Vec<&Column> = own.columns.iter().map(|column| column.result(&batch)).collect();
            own.check_period(&target.open, &columns, row)?;
            if let Some(found) = own.find_excluded(&target.open, &key, &[place], true, &mut run)? {
                return Err(own.excluded(&target.open, &key, &found.values, true, &run)?);
            }
        }
    }
}
