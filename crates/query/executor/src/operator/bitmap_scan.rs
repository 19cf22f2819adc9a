//! Rows whose places indexes gave, read page by page in the order of the table.
//!
//! The bitmap is made when the first row is asked for. Of pages that are known line by line the lines are fetched; pages of which only the whole is known
//! (the bitmap had no more memory) are scanned, and their rows checked against the conditions.

use std::sync::Arc;

use access::{
    BitmapPage, Direction, FetchMode, Fetched, IndexScan as EntryScan, IndexScanOptions, Pages, Projected, ScanRequest,
    TableFetch, TableScan, TidBitmap,
};
use batch::{BATCH_ROWS, Batch, Repr};
use error::{Error, Result};
use ids::{BlockNumber, TupleId};
use planner::explain::Work;
use planner::plan::{Expr, Node, NodeKind, ScanColumn};
use txn::Snapshot;

use super::index_scan::{EntryFilter, Search};
use super::table::projection;
use super::tid_scan::Substituted;
use super::{Builder, Operator};
use crate::expression::{Compiled, compile_all, filter};
use crate::relation::OpenIndex;
use crate::run::Run;

/// What makes a bitmap.
enum Source {
    /// `lossy`: what the index finds must be checked always.
    Index {
        search: Search,
        scan: Box<dyn EntryScan>,
        filter: Option<EntryFilter>,
        lossy: bool,
        node: u32,
    },
    And(Vec<Source>, u32),
    Or(Vec<Source>, u32),
}

impl Source {
    fn new(builder: &Builder<'_>, node: &Node, table: &Arc<access::Table>) -> Result<Source> {
        let all =
            |inputs: &[Node]| inputs.iter().map(|input| Source::new(builder, input, table)).collect::<Result<Vec<_>>>();
        match &node.kind {
            NodeKind::BitmapAnd { inputs } => Ok(Source::And(all(inputs)?, node.id)),
            NodeKind::BitmapOr { inputs } => Ok(Source::Or(all(inputs)?, node.id)),
            NodeKind::BitmapIndexScan { search, .. } => {
                let session = builder.session;
                let index = OpenIndex::open(session, search.index)?;
                let filter = EntryFilter::new(&index, &search.filter)?;
                let options = IndexScanOptions {
                    keys: filter.is_some(),
                    payloads: filter.is_some(),
                    all_visible_of: None,
                    table: Some((session.tables.clone(), table.clone())),
                    reader: builder.snapshot.serializable.clone(),
                };
                let scan = session.indexes.scan(session.store, &index.index, options)?;
                let lossy = index.index.method.traits().lossy;
                Ok(Source::Index { search: Search::new(index, search)?, scan, filter, lossy, node: node.id })
            }
            _ => Err(Error::internal("a bitmap is made by something else")),
        }
    }

    /// Adds the places that it finds.
    fn collect(&mut self, run: &mut Run<'_>, memory: usize, measured: bool) -> Result<TidBitmap> {
        let mut bitmap = TidBitmap::new(memory);
        let (found, node) = match self {
            Source::Index { search, scan, filter, lossy, node } => {
                search.compute(run)?;
                let (mut found, before) = (0, run.session.usage());
                for at in 0..search.len() {
                    run.session.check_interrupts()?;
                    search.start(at, &mut **scan, Direction::Forward)?;
                    found += match filter {
                        None => scan.collect(&mut bitmap)?,
                        Some(filter) => {
                            let (mut entries, mut count) = (access::IndexEntries::default(), 0);
                            while scan.next(&mut entries)? {
                                filter.apply(&search.index, &mut entries, run)?;
                                bitmap.add(&entries.tids);
                                count += entries.len() as u64;
                            }
                            count
                        }
                    };
                }
                if *lossy {
                    bitmap.doubt();
                }
                if measured {
                    let (used, searched) = (run.session.usage() - before, search.len() as u64);
                    let instrument = run.state.instrument(*node);
                    instrument.usage += used;
                    let earlier = if let Work::Search { searches, .. } = instrument.work { searches } else { 0 };
                    instrument.work = Work::Search { searches: earlier + searched, heap_fetches: None, rechecked: 0 };
                }
                (found, *node)
            }
            Source::And(parts, node) => {
                let node = *node;
                let mut parts = parts.iter_mut();
                if let Some(first) = parts.next() {
                    bitmap = first.collect(run, memory, measured)?;
                }
                for part in parts {
                    if bitmap.is_empty() {
                        break;
                    }
                    let other = part.collect(run, memory, measured)?;
                    bitmap.intersect(&other);
                }
                (0, node)
            }
            Source::Or(parts, node) => {
                let node = *node;
                for part in parts {
                    let other = part.collect(run, memory, measured)?;
                    bitmap.unite(&other);
                }
                (0, node)
            }
        };
        if measured {
            let instrument = run.state.instrument(node);
            instrument.loops += 1;
            instrument.rows += found;
        }
        Ok(bitmap)
    }
}

struct BitmapScan {
    source: Source,
    pages: Option<Box<dyn Iterator<Item = BitmapPage> + Send>>,
    /// A page that did not fit into the last batch.
    next: Option<BitmapPage>,
    fetch: Box<dyn TableFetch>,
    /// For whole pages; made when there is one.
    scan: Option<Box<dyn TableScan>>,
    table: Arc<access::Table>,
    projection: Arc<[Projected]>,
    snapshot: Snapshot,
    recheck: Vec<Compiled>,
    tids: Vec<TupleId>,
    outcome: Vec<Fetched>,
    measured: bool,
    inside: bool,
    /// Pages of which the rows were known, pages read whole, and rows that a recheck dropped.
    counts: [u64; 3],
}

pub(super) fn build(
    builder: &Builder<'_>,
    relation: usize,
    columns: &[ScanColumn],
    input: &Node,
    recheck: &[Expr],
) -> Result<(Box<dyn Operator>, Vec<Repr>)> {
    let session = builder.session;
    let table = builder.table(relation)?;
    let (projection, forms) = projection(&table, columns)?;
    let recheck = compile_all(recheck)?;
    if let Some(tid) = builder.substitute(relation) {
        let row = Substituted::new(builder, &table, projection, tid);
        return Ok((Box::new(Rechecked { row, recheck }), forms));
    }
    let operator = BitmapScan {
        source: Source::new(builder, input, &table.table)?,
        pages: None,
        next: None,
        fetch: session.tables.fetch(session.store, &table.table, builder.snapshot.clone(), projection.clone()),
        scan: None,
        table: table.table.clone(),
        projection,
        snapshot: builder.snapshot.clone(),
        recheck,
        tids: Vec::new(),
        outcome: Vec::new(),
        measured: builder.instrument,
        inside: false,
        counts: [0; 3],
    };
    Ok((Box::new(operator), forms))
}

impl BitmapScan {
    /// Reads the rows of one page into `out`, all that the snapshot sees; false when the page has been read.
    fn whole(&mut self, block: BlockNumber, run: &mut Run<'_>, out: &mut Batch) -> Result<bool> {
        if !self.inside {
            let pages = Pages::Range(block, BlockNumber(block.0 + 1));
            match &mut self.scan {
                Some(scan) => scan.restrict(pages)?,
                None => {
                    let request = ScanRequest {
                        snapshot: self.snapshot.clone(),
                        projection: self.projection.clone(),
                        direction: Direction::Forward,
                        pages,
                    };
                    self.scan = Some(run.session.tables.scan(run.session.store, &self.table, request)?);
                }
            }
            self.inside = true;
            self.counts[1] += 1;
        }
        let more = match &mut self.scan {
            Some(scan) => scan.next(out)?,
            None => false,
        };
        self.inside = more;
        if more {
            let before = out.row_count();
            filter(&mut self.recheck, out, run)?;
            self.counts[2] += (before - out.row_count()) as u64;
        }
        Ok(more)
    }
}

impl Operator for BitmapScan {
    fn next(&mut self, run: &mut Run<'_>, out: &mut Batch) -> Result<bool> {
        out.clear();
        if self.pages.is_none() {
            let bitmap = self.source.collect(run, run.state.work_mem, self.measured)?;
            self.pages = Some(Box::new(bitmap.pages()));
        }
        self.tids.clear();
        let mut recheck = false;
        while let Some(pages) = &mut self.pages {
            let Some(page) = self.next.take().or_else(|| pages.next()) else { break };
            match page {
                BitmapPage::Lines { tids, recheck: again, .. } => {
                    self.counts[0] += 1;
                    self.tids.extend(tids);
                    recheck |= again;
                    if self.tids.len() >= BATCH_ROWS / 4 {
                        break;
                    }
                }
                BitmapPage::Whole(block) if self.tids.is_empty() => {
                    if self.whole(block, run, out)? {
                        self.next = Some(BitmapPage::Whole(block));
                        return Ok(true);
                    }
                }
                whole => {
                    self.next = Some(whole);
                    break;
                }
            }
        }
        if self.tids.is_empty() {
            return Ok(false);
        }
        self.outcome.clear();
        self.fetch.fetch(&self.tids, FetchMode::Index, out, &mut self.outcome)?;
        if recheck {
            let before = out.row_count();
            filter(&mut self.recheck, out, run)?;
            self.counts[2] += (before - out.row_count()) as u64;
        }
        Ok(true)
    }

    fn work(&self, _: &Run<'_>) -> Work {
        let [exact, lossy, rechecked] = self.counts;
        Work::Bitmap { exact, lossy, rechecked }
    }

    fn rewind(&mut self, _: &mut Run<'_>) -> Result<()> {
        (self.pages, self.next, self.inside) = (None, None, false);
        Ok(())
    }
}

/// A substituted row that has to meet the conditions of the bitmap it stands in for.
pub(super) struct Rechecked {
    pub row: Substituted,
    pub recheck: Vec<Compiled>,
}

impl Operator for Rechecked {
    fn next(&mut self, run: &mut Run<'_>, out: &mut Batch) -> Result<bool> {
        let more = self.row.next(run, out)?;
        if more {
            filter(&mut self.recheck, out, run)?;
        }
        Ok(more)
    }

    fn rewind(&mut self, run: &mut Run<'_>) -> Result<()> {
        self.row.rewind(run)
    }
}
