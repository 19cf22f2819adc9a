//! Deferrable unique constraints: a key that may be there twice is looked at again when the constraint's trigger fires.

use std::sync::Arc;

use error::Result;
use ids::{Oid, TupleId};
use planner::plan::Plan;

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
    let Some(key) = own.key_of(&rows, 0, &mut run)? else { return Ok(()) };
    match find_live(&run, &target.open.table, &own.open, &key, Some(place))? {
        None => Ok(()),
        Some(_) => Err(own.duplicate_row(&target.open, &rows, 0, &mut run)?),
    }
}
