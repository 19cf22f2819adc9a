//! What scans of tables have in common.

use std::sync::Arc;

use access::Projected;
use batch::Repr;
use error::{Error, Result};
use planner::plan::ScanColumn;

use super::Builder;
use crate::relation::OpenTable;

impl Builder<'_> {
    /// Opens a relation of the plan.
    pub fn table(&self, relation: usize) -> Result<OpenTable> {
        OpenTable::open(self.session, self.state.plan.relations[relation].oid)
    }
}

/// What a scan projects, and the forms of its columns.
pub(super) fn projection(table: &OpenTable, columns: &[ScanColumn]) -> Result<(Arc<[Projected]>, Vec<Repr>)> {
    let projection = columns.iter().map(|&column| {
        Ok(match column {
            1.. if (column as usize) <= table.table.layout.len() => Projected::Column(column as u16 - 1),
            -1 => Projected::TupleId,
            -2 => Projected::Xmin,
            -3 => Projected::Cmin,
            -4 => Projected::Xmax,
            -5 => Projected::Cmax,
            -6 => Projected::TableOid,
            _ => return Err(Error::internal(format!("relation \"{}\" has no column {column}", table.table.name))),
        })
    });
    let projection: Arc<[Projected]> = projection.collect::<Result<_>>()?;
    let forms = projection.iter().map(|projected| projected.repr(&table.table.layout)).collect();
    Ok((projection, forms))
}
