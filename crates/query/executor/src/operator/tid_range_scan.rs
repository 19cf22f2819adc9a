//! The pages between physical addresses. Which rows of the first and of the last page are wanted, the node's filter tells.

use access::{Direction, Pages, ScanRequest, TableScan, tid_from_bytes};
use batch::{Batch, Repr};
use error::Result;
use ids::BlockNumber;
use planner::plan::{Expr, ScanColumn};

use super::table::projection;
use super::tid_scan::Substituted;
use super::{Builder, Operator};
use crate::expression::{Compiled, compile, compile_all};
use crate::relation::OpenTable;
use crate::run::Run;

struct TidRangeScan {
    table: OpenTable,
    scan: Box<dyn TableScan>,
    lower: Vec<Compiled>,
    upper: Vec<(Compiled, bool)>,
    started: bool,
}

pub(super) fn build(
    builder: &Builder<'_>,
    relation: usize,
    columns: &[ScanColumn],
    lower: &[Expr],
    upper: &[(Expr, bool)],
) -> Result<(Box<dyn Operator>, Vec<Repr>)> {
    let table = builder.table(relation)?;
    let (projection, forms) = projection(&table, columns)?;
    if let Some(tid) = builder.substitute(relation) {
        return Ok((Box::new(Substituted::new(builder, &table, projection, tid)), forms));
    }
    let request = ScanRequest {
        snapshot: builder.snapshot.clone(),
        projection,
        direction: Direction::Forward,
        pages: Pages::Range(BlockNumber(0), BlockNumber(0)),
    };
    let scan = builder.session.tables.scan(builder.session.store, &table.table, request)?;
    let lower = compile_all(lower)?;
    let upper = upper.iter().map(|(end, included)| Ok((compile(end)?, *included))).collect::<Result<_>>()?;
    Ok((Box::new(TidRangeScan { table, scan, lower, upper, started: false }), forms))
}

impl TidRangeScan {
    /// The pages for the values that parameters have now.
    fn pages(&mut self, run: &mut Run<'_>) -> Result<Pages> {
        let none = Pages::Range(BlockNumber(0), BlockNumber(0));
        let (mut first, mut end) = (0, run.session.tables.page_count(run.session.store, &self.table.table)?);
        for place in &mut self.lower {
            let value = place.value(run)?;
            let Some(place) = value.as_bytes().and_then(tid_from_bytes) else { return Ok(none) };
            first = first.max(place.block.0);
        }
        for (place, included) in &mut self.upper {
            let value = place.value(run)?;
            let Some(place) = value.as_bytes().and_then(tid_from_bytes) else { return Ok(none) };
            // The first row of a page is its number 1.
            let reaches_in = place.offset > 1 || *included && place.offset == 1;
            end = end.min(place.block.0.saturating_add(u32::from(reaches_in)));
        }
        Ok(if first < end { Pages::Range(BlockNumber(first), BlockNumber(end)) } else { none })
    }
}

impl Operator for TidRangeScan {
    fn next(&mut self, run: &mut Run<'_>, out: &mut Batch) -> Result<bool> {
        out.clear();
        if !self.started {
            let pages = self.pages(run)?;
            self.scan.restrict(pages)?;
            self.started = true;
        }
        self.scan.next(out)
    }

    fn rewind(&mut self, _: &mut Run<'_>) -> Result<()> {
        self.started = false;
        Ok(())
    }
}
