//! Rows by their physical address.

use std::sync::Arc;

use access::{FetchMode, Fetched, Projected, TableFetch, tid_from_bytes};
use batch::{BATCH_ROWS, Batch, Repr};
use error::Result;
use ids::TupleId;
use planner::plan::{Expr, ScanColumn};

use super::table::projection;
use super::{Builder, Operator};
use crate::expression::{Compiled, array_elements, compile_all};
use crate::relation::OpenTable;
use crate::run::Run;

struct TidScan {
    fetch: Box<dyn TableFetch>,
    tids: Vec<Compiled>,
    found: Vec<TupleId>,
    at: Option<usize>,
    pages: u32,
    outcome: Vec<Fetched>,
}

pub(super) fn build(
    builder: &Builder<'_>,
    relation: usize,
    columns: &[ScanColumn],
    tids: &[Expr],
) -> Result<(Box<dyn Operator>, Vec<Repr>)> {
    let table = builder.table(relation)?;
    let (projection, forms) = projection(&table, columns)?;
    if let Some(tid) = builder.substitute(relation) {
        return Ok((Box::new(Substituted::new(builder, &table, projection, tid)), forms));
    }
    let session = builder.session;
    let fetch = session.tables.fetch(session.store, &table.table, builder.snapshot.clone(), projection);
    let pages = session.tables.page_count(session.store, &table.table)?;
    let tids = compile_all(tids)?;
    Ok((Box::new(TidScan { fetch, tids, found: Vec::new(), at: None, pages, outcome: Vec::new() }), forms))
}

impl Operator for TidScan {
    fn next(&mut self, run: &mut Run<'_>, out: &mut Batch) -> Result<bool> {
        const TID: ids::Oid = ids::Oid(27);
        if self.at.is_none() {
            self.found.clear();
            for expression in &mut self.tids {
                let value = expression.value(run)?;
                match value.as_bytes() {
                    Some(bytes) if expression.ty().oid == TID => self.found.extend(tid_from_bytes(bytes)),
                    Some(_) => {
                        let elements = array_elements(value.as_ref(), Repr::Bytes)?;
                        let tids =
                            (0..elements.len()).filter_map(|n| elements.get(n).as_bytes().and_then(tid_from_bytes));
                        self.found.extend(tids);
                    }
                    None => (),
                }
            }
            let pages = self.pages;
            self.found.retain(|tid| tid.is_valid() && tid.block.0 < pages);
            self.found.sort_unstable();
            self.found.dedup();
            self.at = Some(0);
        }
        let from = self.at.unwrap_or(0);
        let end = (from + BATCH_ROWS).min(self.found.len());
        self.at = Some(end);
        out.clear();
        self.outcome.clear();
        self.fetch.fetch(&self.found[from..end], FetchMode::Exact, out, &mut self.outcome)?;
        Ok(end > from)
    }

    fn rewind(&mut self, _: &mut Run<'_>) -> Result<()> {
        self.at = None;
        Ok(())
    }
}

/// The row on which a cursor stands.
struct Current {
    fetch: Box<dyn TableFetch>,
    table: OpenTable,
    cursor: String,
    done: bool,
    outcome: Vec<Fetched>,
}

pub(super) fn build_current(
    builder: &Builder<'_>,
    relation: usize,
    columns: &[ScanColumn],
    cursor: &str,
) -> Result<(Box<dyn Operator>, Vec<Repr>)> {
    let table = builder.table(relation)?;
    let (projection, forms) = projection(&table, columns)?;
    if let Some(tid) = builder.substitute(relation) {
        return Ok((Box::new(Substituted::new(builder, &table, projection, tid)), forms));
    }
    let session = builder.session;
    let fetch = session.tables.fetch(session.store, &table.table, builder.snapshot.clone(), projection);
    Ok((Box::new(Current { fetch, table, cursor: cursor.to_string(), done: false, outcome: Vec::new() }), forms))
}

impl Operator for Current {
    fn next(&mut self, run: &mut Run<'_>, out: &mut Batch) -> Result<bool> {
        out.clear();
        if std::mem::replace(&mut self.done, true) {
            return Ok(false);
        }
        let session = run.session;
        let Some(place) = session.host.current_row(&self.cursor, self.table.relation.oid)? else { return Ok(false) };
        // The row may have been changed since the cursor read it, by this transaction.
        let place = session.tables.latest(session.store, &self.table.table, place, run.snapshot)?;
        self.outcome.clear();
        self.fetch.fetch(&[place], FetchMode::Exact, out, &mut self.outcome)?;
        Ok(true)
    }

    fn rewind(&mut self, _: &mut Run<'_>) -> Result<()> {
        self.done = false;
        Ok(())
    }
}

/// In place of a scan, when a row that has changed is checked anew: just this version of the row.
pub(super) struct Substituted {
    fetch: Box<dyn TableFetch>,
    tid: Option<TupleId>,
    done: bool,
    outcome: Vec<Fetched>,
}

impl Substituted {
    pub fn new(
        builder: &Builder<'_>,
        table: &OpenTable,
        projection: Arc<[Projected]>,
        tid: Option<TupleId>,
    ) -> Substituted {
        let session = builder.session;
        let fetch = session.tables.fetch(session.store, &table.table, builder.snapshot.clone(), projection);
        Substituted { fetch, tid, done: false, outcome: Vec::new() }
    }
}

impl Operator for Substituted {
    fn next(&mut self, _: &mut Run<'_>, out: &mut Batch) -> Result<bool> {
        out.clear();
        let Some(tid) = self.tid.filter(|_| !self.done) else { return Ok(false) };
        self.done = true;
        self.outcome.clear();
        self.fetch.fetch(&[tid], FetchMode::Any, out, &mut self.outcome)?;
        Ok(true)
    }

    fn rewind(&mut self, _: &mut Run<'_>) -> Result<()> {
        self.done = false;
        Ok(())
    }
}
