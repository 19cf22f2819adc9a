//! Scans: the pages that may hold matching entries, in any order; or entries by their distance, nearest first.
//!
//! A scan copies what it needs of a page under one shared lock and holds nothing between pages. What it remembers is where downlinks led
//! and their page's stamp; [`tree`](crate::tree) says how that shows splits. By distance it keeps pages and rows in one queue: a
//! page's distance is that of the nearest row it can have, so a row that comes first is nearer than all that was not read (Hjaltason and Samet,
//! "Distance Browsing in Spatial Databases", 1999).

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::sync::Arc;

use access::{Direction, Index, IndexEntries, IndexScan, IndexScanOptions, KeyRange, Store, TidBitmap};
use error::{Error, Result};
use ids::{BlockNumber, TupleId};
use storage::Page;

use crate::class::{Classes, GistClass, Match, Query, ScanKey, ScanTest};
use crate::key;
use crate::page::{Entry, Node, ROOT, damaged, flags};
use crate::tree::Tree;

/// Rows that a call gives at most when they come by distance.
const ORDERED_BATCH: usize = 128;

/// The distance from null, and of null: the last NaN in the total order of doubles, behind infinity and the NaN of a distance that is no number.
const NULL_DISTANCE: f64 = f64::from_bits(0x7FFF_FFFF_FFFF_FFFF);

/// A page to be visited.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Visit {
    pub block: BlockNumber,
    /// The parent's stamp when the downlink was read.
    pub stamp: u64,
    /// Where the downlink stood.
    pub parent: BlockNumber,
}

impl Visit {
    pub const ROOT: Visit = Visit { block: ROOT, stamp: u64::MAX, parent: BlockNumber::INVALID };

    /// The right half of a split that the parent did not know when it was read.
    pub fn right_of(self, page: &Page) -> Option<Visit> {
        let split = page.sequence() > self.stamp || page.has_flag(flags::INCOMPLETE_SPLIT);
        (split && page.right().is_valid()).then(|| Visit { block: page.right(), ..self })
    }
}

/// What waits in the queue of a scan by distance.
enum Waiting {
    Page(Visit),
    Row { tid: TupleId, key: Box<[u8]>, payload: Box<[u8]>, visible: bool, recheck: bool, exact: bool },
}

struct Queued {
    /// By each order.
    distances: Box<[f64]>,
    waiting: Waiting,
    /// Among equal ones, rows before pages, then in order of arrival.
    number: u64,
}

impl Ord for Queued {
    fn cmp(&self, other: &Queued) -> Ordering {
        let pairs = self.distances.iter().zip(&other.distances);
        let by_distance = pairs.map(|(a, b)| a.total_cmp(b)).find(|order| order.is_ne()).unwrap_or(Ordering::Equal);
        let is_page = |queued: &Queued| matches!(queued.waiting, Waiting::Page(_));
        by_distance.then(is_page(self).cmp(&is_page(other))).then(self.number.cmp(&other.number))
    }
}

impl PartialOrd for Queued {
    fn partial_cmp(&self, other: &Queued) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Queued {
    fn eq(&self, other: &Queued) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Queued {}

pub(crate) struct Scan {
    store: Store,
    index: Arc<Index>,
    classes: Arc<[Arc<dyn GistClass>]>,
    options: IndexScanOptions,
    query: Query,
    to_visit: Vec<Visit>,
    queue: BinaryHeap<Reverse<Queued>>,
    queued: u64,
    /// Pages visited, so that links that form a circle are found out.
    visited: u64,
}

impl Scan {
    pub fn new(store: &Store, index: &Arc<Index>, options: IndexScanOptions) -> Result<Scan> {
        let classes = Classes::of(index)?.0.clone();
        Ok(Scan {
            store: store.clone(),
            index: index.clone(),
            classes,
            options,
            query: Query::default(),
            to_visit: Vec::new(),
            queue: BinaryHeap::new(),
            queued: 0,
            visited: 0,
        })
    }

    fn tree(&self) -> Tree<'_> {
        Tree { store: &self.store, index: &self.index, classes: &self.classes }
    }

    fn note(&self, block: BlockNumber) {
        if let Some(reader) = &self.options.reader {
            reader.page(self.index.locator.database, self.index.oid, block);
        }
    }

    /// Counts a visit.
    fn step(&mut self) -> Result<()> {
        self.visited += 1;
        if self.visited.is_multiple_of(1024) {
            let pages = self.store.storage.block_count(self.index.locator, ids::Fork::Main)? as u64;
            if self.visited > pages * 4 + 4096 {
                return Err(self.tree().explain(damaged("its links form a circle")));
            }
        }
        Ok(())
    }

    /// Whether an entry meets all conditions.
    fn matches(&self, entry: Entry<'_>, leaf: bool) -> Result<Match> {
        let mut result = Match::Yes;
        for ScanKey { column, test } in &self.query.keys {
            let key = key::column(entry.body(), *column)?;
            let one = match (test, key) {
                // Below an inner entry nulls can be anywhere.
                (ScanTest::IsNull, key) => Match::exact(!leaf || key.is_none()),
                (ScanTest::IsNotNull, key) => Match::exact(key.is_some()),
                (ScanTest::Operator { strategy, argument: Some(argument) }, Some(key)) => {
                    match self.classes.get(*column) {
                        Some(class) => class.consistent(key, leaf, *strategy, argument)?,
                        None => Match::Maybe,
                    }
                }
                (ScanTest::Operator { .. }, _) => Match::No,
            };
            match one {
                Match::No => return Ok(Match::No),
                Match::Maybe => result = Match::Maybe,
                Match::Yes => {}
            }
        }
        Ok(result)
    }

    /// How far an entry is by each order, and whether that is exact.
    fn distances(&self, entry: Entry<'_>, leaf: bool) -> Result<(Box<[f64]>, bool)> {
        let (mut all, mut exact) = (Vec::with_capacity(self.query.orders.len()), true);
        for ScanKey { column, test } in &self.query.orders {
            let key = key::column(entry.body(), *column)?;
            match (test, key, self.classes.get(*column)) {
                (ScanTest::Operator { strategy, argument: Some(argument) }, Some(key), Some(class)) => {
                    let distance = class.distance(key, leaf, *strategy, argument)?;
                    // Where a distance is no number, it comes behind all that are, as in a sort.
                    all.push(if distance.value.is_nan() { f64::NAN } else { distance.value });
                    exact &= distance.exact;
                }
                _ => all.push(NULL_DISTANCE),
            }
        }
        Ok((all.into(), exact))
    }

    /// Whether everybody sees an entry's row, while its leaf is locked: vacuum cannot have removed it and marked its page since.
    fn is_visible(&self, tid: TupleId) -> Result<bool> {
        match &self.options.all_visible_of {
            Some((method, table)) => method.is_all_visible(&self.store, table, tid.block),
            None => Ok(false),
        }
    }

    /// Visits the next page; gives its matching rows to `found`. False if there is no page left.
    fn visit(&mut self, found: &mut dyn FnMut(&Scan, TupleId, &[u8], Match) -> Result<()>) -> Result<bool> {
        let Some(visit) = self.to_visit.pop() else { return Ok(false) };
        self.step()?;
        let buffer = self.tree().read(visit.block)?;
        let page = buffer.share();
        self.note(visit.block);
        page.check().map_err(|error| self.tree().explain(error))?;
        self.to_visit.extend(visit.right_of(&page));
        let leaf = page.is_leaf();
        for (_, entry) in page.entries() {
            match self.matches(entry, leaf).map_err(|error| self.tree().explain(error))? {
                Match::No => {}
                hit if leaf => found(self, TupleId::from_u64(entry.tid()), entry.body(), hit)?,
                _ => {
                    let below = Visit { block: entry.child(), stamp: page.stamp(), parent: visit.block };
                    self.to_visit.push(below);
                }
            }
        }
        Ok(true)
    }

    /// Puts what a page has into the queue.
    fn queue_page(&mut self, visit: Visit, distances: &[f64]) -> Result<()> {
        self.step()?;
        let buffer = self.tree().read(visit.block)?;
        let page = buffer.share();
        self.note(visit.block);
        page.check().map_err(|error| self.tree().explain(error))?;
        if let Some(right) = visit.right_of(&page) {
            self.push(distances.into(), Waiting::Page(right));
        }
        let leaf = page.is_leaf();
        for (_, entry) in page.entries() {
            let hit = self.matches(entry, leaf)?;
            if hit == Match::No {
                continue;
            }
            let (mut own, exact) = self.distances(entry, leaf)?;
            let waiting = if leaf {
                let tid = TupleId::from_u64(entry.tid());
                let (columns, payload) = key::split_payload(entry.body(), self.classes.len())?;
                let wanted = |yes: bool, bytes: &[u8]| -> Box<[u8]> { if yes { bytes.into() } else { Box::default() } };
                Waiting::Row {
                    tid,
                    key: wanted(self.options.keys, columns),
                    payload: wanted(self.options.payloads, payload),
                    visible: self.is_visible(tid)?,
                    recheck: hit == Match::Maybe,
                    exact,
                }
            } else {
                // Rounding must not make what is below seem nearer than the page.
                own.iter_mut().zip(distances).for_each(|(own, above)| *own = own.max(*above).min(f64::INFINITY));
                Waiting::Page(Visit { block: entry.child(), stamp: page.stamp(), parent: visit.block })
            };
            self.push(own, waiting);
        }
        Ok(())
    }

    fn push(&mut self, distances: Box<[f64]>, waiting: Waiting) {
        self.queued += 1;
        self.queue.push(Reverse(Queued { distances, waiting, number: self.queued }));
    }

    fn next_ordered(&mut self, entries: &mut IndexEntries) -> Result<bool> {
        while entries.len() < ORDERED_BATCH {
            let Some(Reverse(first)) = self.queue.pop() else { break };
            match first.waiting {
                Waiting::Page(visit) => {
                    // What is found so far need not wait for pages that perhaps nobody asks for.
                    if !entries.is_empty() {
                        self.push(first.distances, first.waiting);
                        break;
                    }
                    self.queue_page(visit, &first.distances)?;
                }
                Waiting::Row { tid, key, payload, visible, recheck, exact } => {
                    entries.tids.push(tid);
                    if self.options.keys {
                        entries.keys.push(&key);
                    }
                    if self.options.payloads {
                        entries.payloads.push(&payload);
                    }
                    if self.options.all_visible_of.is_some() {
                        entries.all_visible.push(visible);
                    }
                    entries.recheck |= recheck;
                    entries.distances.extend_from_slice(&first.distances);
                    entries.inexact_distances |= !exact;
                }
            }
        }
        Ok(!entries.is_empty())
    }
}

impl IndexScan for Scan {
    fn start(&mut self, _range: KeyRange<'_>, _direction: Direction) -> Result<()> {
        Err(Error::internal("a GiST index is searched by a query"))
    }

    fn search(&mut self, query: &access::Query) -> Result<()> {
        let query = query.downcast_ref::<Query>().ok_or_else(|| Error::internal("no query for a GiST index"))?;
        self.query = query.clone();
        self.to_visit.clear();
        self.queue.clear();
        self.visited = 0;
        if self.query.orders.is_empty() {
            self.to_visit.push(Visit::ROOT);
        } else {
            self.push(vec![f64::NEG_INFINITY; self.query.orders.len()].into(), Waiting::Page(Visit::ROOT));
        }
        Ok(())
    }

    fn next(&mut self, entries: &mut IndexEntries) -> Result<bool> {
        entries.clear();
        if !self.query.orders.is_empty() {
            return self.next_ordered(entries);
        }
        while entries.is_empty() {
            let more = self.visit(&mut |scan, tid, body, hit| {
                entries.tids.push(tid);
                entries.recheck |= hit == Match::Maybe;
                if scan.options.keys || scan.options.payloads {
                    let (columns, payload) = key::split_payload(body, scan.classes.len())?;
                    if scan.options.keys {
                        entries.keys.push(columns);
                    }
                    if scan.options.payloads {
                        entries.payloads.push(payload);
                    }
                }
                if scan.options.all_visible_of.is_some() {
                    entries.all_visible.push(scan.is_visible(tid)?);
                }
                Ok(())
            })?;
            if !more {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn collect(&mut self, bitmap: &mut TidBitmap) -> Result<u64> {
        let (mut certain, mut uncertain, mut count) = (Vec::new(), Vec::new(), 0);
        loop {
            let more = self.visit(&mut |_, tid, _, hit| {
                if hit == Match::Yes {
                    certain.push(tid)
                } else {
                    uncertain.push(tid)
                }
                Ok(())
            })?;
            count += (certain.len() + uncertain.len()) as u64;
            certain.sort_unstable();
            uncertain.sort_unstable();
            bitmap.add(&certain);
            bitmap.add_uncertain(&uncertain);
            certain.clear();
            uncertain.clear();
            if !more {
                return Ok(count);
            }
        }
    }

    /// Nothing: dead entries wait for VACUUM.
    fn kill(&mut self, _positions: &[u32]) -> Result<()> {
        Ok(())
    }
}
