//! Scans: the pages that may hold matching entries, in any order; or entries by their distance, nearest first.
//!
//! A scan copies what it needs of a page under one shared lock and holds nothing between pages. What it remembers is where downlinks led
//! and their page's stamp; [`tree`](crate::tree) says how that shows splits. By distance,
//! pages wait among the rows ([`Nearest`]).

use std::sync::Arc;

use access::search::{NULL_DISTANCE, NearRow, Nearest, Waiting};
use access::{Direction, Index, IndexEntries, IndexScan, IndexScanOptions, KeyRange, Store, TidBitmap};
use error::{Error, Result};
use ids::{BlockNumber, TupleId};
use storage::Page;

use crate::class::{Classes, GistClass, Match, Query, ScanKey, ScanTest};
use crate::key;
use crate::page::{Entry, Node, ROOT, damaged, flags};
use crate::tree::Tree;

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

pub(crate) struct Scan {
    store: Store,
    index: Arc<Index>,
    classes: Arc<[Arc<dyn GistClass>]>,
    options: IndexScanOptions,
    query: Query,
    to_visit: Vec<Visit>,
    nearest: Nearest<Visit>,
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
            nearest: Nearest::default(),
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

    /// Adds what a page has to what is known by its distance.
    fn read_near(&mut self, nearest: &mut Nearest<Visit>, visit: Visit, distances: &[f64]) -> Result<()> {
        self.step()?;
        let buffer = self.tree().read(visit.block)?;
        let page = buffer.share();
        self.note(visit.block);
        page.check().map_err(|error| self.tree().explain(error))?;
        if let Some(right) = visit.right_of(&page) {
            nearest.push(distances.into(), Waiting::Part(right));
        }
        let leaf = page.is_leaf();
        for (_, entry) in page.entries() {
            let hit = self.matches(entry, leaf)?;
            if hit == Match::No {
                continue;
            }
            let (own, exact) = self.distances(entry, leaf)?;
            if !leaf {
                let below = Visit { block: entry.child(), stamp: page.stamp(), parent: visit.block };
                nearest.push(Nearest::<Visit>::within(distances, own), Waiting::Part(below));
                continue;
            }
            let tid = TupleId::from_u64(entry.tid());
            let (columns, payload) = key::split_payload(entry.body(), self.classes.len())?;
            let wanted = |yes: bool, bytes: &[u8]| -> Box<[u8]> { if yes { bytes.into() } else { Box::default() } };
            let row = NearRow {
                tid,
                key: wanted(self.options.keys, columns),
                payload: wanted(self.options.payloads, payload),
                visible: self.is_visible(tid)?,
                recheck: hit == Match::Maybe,
                exact,
            };
            nearest.push(own, Waiting::Row(row));
        }
        Ok(())
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
        self.visited = 0;
        match self.query.orders.len() {
            0 => self.to_visit.push(Visit::ROOT),
            orders => self.nearest.start(Visit::ROOT, orders),
        }
        Ok(())
    }

    fn next(&mut self, entries: &mut IndexEntries) -> Result<bool> {
        entries.clear();
        if !self.query.orders.is_empty() {
            let mut nearest = std::mem::take(&mut self.nearest);
            let options = self.options.clone();
            let more = nearest
                .next(&options, entries, &mut |nearest, visit, distances| self.read_near(nearest, visit, distances));
            self.nearest = nearest;
            return more;
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
