//! A whole table, page by page.

use access::{Direction, Pages, ScanRequest, TableScan};
use batch::{Batch, Repr};
use error::Result;
use planner::plan::{Sample, ScanColumn};

use super::table::projection;
use super::tid_scan::Substituted;
use super::{Builder, Operator};
use crate::run::Run;

struct SeqScan {
    scan: Box<dyn TableScan>,
}

pub(super) fn build(
    builder: &Builder<'_>,
    relation: usize,
    columns: &[ScanColumn],
    sample: Option<&Sample>,
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
        pages: Pages::All,
    };
    if let Some(sample) = sample {
        return super::sample_scan::build(builder, &table, request, sample, forms);
    }
    let scan = builder.session.tables.scan(builder.session.store, &table.table, request)?;
    Ok((Box::new(SeqScan { scan }), forms))
}

impl Operator for SeqScan {
    fn next(&mut self, _: &mut Run<'_>, out: &mut Batch) -> Result<bool> {
        out.clear();
        self.scan.next(out)
    }

    fn rewind(&mut self, _: &mut Run<'_>) -> Result<()> {
        self.scan.rescan()
    }
}
