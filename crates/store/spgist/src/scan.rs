//! Scans: the values in cells that may match, in the order of codes; or by their distance, nearest first.
//!
//! A scan reads the tree's leaves one after the other as long as what is there may match. At a value that does not it looks for the largest cell around it in
//! which nothing can, and goes on behind that: within the leaf, or by a new descent (the skipping of Tropf and Herzog, "Multidimensional range
//! search in dynamically balanced trees", 1981, for any operator). By distance, cells wait among the rows ([`Nearest`]): reading a cell takes the one leaf where
//! it begins, and what is left of it is a handful of smaller cells, each with a distance of its own.

use std::collections::BTreeMap;
use std::sync::Arc;

use access::search::{Match, NULL_DISTANCE, NearRow, Nearest, Query, ScanTest, Waiting};
use access::{Direction, Index, IndexEntries, IndexScan, IndexScanOptions, KeyRange, Store};
use error::{Error, Result};
use ids::TupleId;

use crate::cell::framing::{END, NULL, VALUE};
use crate::cell::{Cell, behind, bit, code_of, set_and_cut, write_key};
use crate::class::{Class, SpgistClass};

/// Cells to step over at most before looking into the tree again.
const STEPS: usize = 512;

/// Bytes to which cells are looked into before there is a value.
const DEPTH: usize = 16;

/// Gaps that a scan by distance remembers at most.
const GAPS: usize = 4096;

/// A part of the index, in a scan by distance: what is in a cell from some place on.
#[derive(Clone, Debug)]
struct Part {
    /// The first key.
    from: Vec<u8>,
    /// The first place of that key.
    tid: u64,
    /// The bits that say which cell it is; none for nulls.
    bits: Option<usize>,
}

impl Part {
    /// The first key behind it.
    fn end(&self) -> Vec<u8> {
        let Some(bits) = self.bits else { return vec![END] };
        let mut code = code_of(&self.from).unwrap_or_default().to_vec();
        let mut key = Vec::new();
        write_key(behind(&mut code, bits).then_some(&code), &mut key);
        key
    }
}

pub(crate) struct Scan {
    tree: btree::Scan,
    index: Arc<Index>,
    class: Arc<dyn SpgistClass>,
    options: IndexScanOptions,
    query: Query,
    /// Where to descend next; none: on with the next leaf.
    seek: Option<Vec<u8>>,
    /// The first key that is not wanted.
    end: Vec<u8>,
    page: IndexEntries,
    nearest: Nearest<Part>,
    /// From which keys on, up to which others, there were none when this search looked.
    gaps: BTreeMap<Vec<u8>, Vec<u8>>,
}

impl Scan {
    pub fn new(store: &Store, index: &Arc<Index>, options: IndexScanOptions) -> Result<Scan> {
        let class = Class::of(index)?;
        let of_tree = IndexScanOptions { keys: true, ..options.clone() };
        Ok(Scan {
            tree: btree::Scan::new(store, index, of_tree),
            index: index.clone(),
            class,
            options,
            query: Query::default(),
            seek: None,
            end: Vec::new(),
            page: IndexEntries::default(),
            nearest: Nearest::default(),
            gaps: BTreeMap::new(),
        })
    }

    /// Whether a key, or for a cell something in it, meets all conditions.
    fn matches(&self, cell: Option<Cell<'_>>) -> Result<Match> {
        let mut result = Match::Yes;
        for key in &self.query.keys {
            let one = match (&key.test, cell) {
                (ScanTest::IsNull, cell) => Match::exact(cell.is_none()),
                (ScanTest::IsNotNull, cell) => Match::exact(cell.is_some()),
                (ScanTest::Operator { strategy, argument: Some(argument) }, Some(cell)) => {
                    self.class.consistent(cell, *strategy, argument)?
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

    fn is_empty(&self, code: &[u8], bits: usize) -> Result<bool> {
        Ok(self.matches(Some(Cell::prefix(code, bits)))? == Match::No)
    }

    /// The first key from a code on at which something may match, as far as cells tell; none if there is none.
    fn next_candidate(&self, mut code: Vec<u8>) -> Result<Option<Vec<u8>>> {
        let depth = code.len().max(DEPTH);
        for _ in 0..STEPS {
            // What begins with this code; then, of that, the code itself.
            if self.is_empty(&code, 8 * code.len())? {
                let Some(bits) = self.largest_empty(&code)? else { return Ok(None) };
                if !behind(&mut code, bits) {
                    return Ok(None);
                }
            } else if code.len() < depth
                && (!self.class.is_code(&code) || self.matches(Some(Cell::value(&code)))? == Match::No)
            {
                code.push(0);
            } else {
                break;
            }
        }
        let mut key = Vec::new();
        write_key(Some(&code), &mut key);
        Ok(Some(key))
    }

    /// The bits of the largest empty cell around a code whose own cell is empty; none if the whole space is.
    fn largest_empty(&self, code: &[u8]) -> Result<Option<usize>> {
        if self.is_empty(code, 0)? {
            return Ok(None);
        }
        // With fewer bits one that is not empty.
        let (mut not_empty, mut empty) = (0, 8 * code.len());
        while not_empty + 1 < empty {
            let middle = not_empty.midpoint(empty);
            match self.is_empty(code, middle)? {
                true => empty = middle,
                false => not_empty = middle,
            }
        }
        Ok(Some(empty))
    }

    /// Where to go on behind a value that does not match; none if that is the next key.
    fn skip(&self, code: &[u8]) -> Result<Option<Vec<u8>>> {
        if !self.is_empty(code, 8 * code.len())? {
            return Ok(None);
        }
        Ok(Some(self.next_candidate(code.to_vec())?.unwrap_or_else(|| vec![NULL])))
    }

    /// Appends the entries of a leaf that match.
    fn read_leaf(&mut self, entries: &mut IndexEntries) -> Result<()> {
        let page = std::mem::take(&mut self.page);
        let mut skip_to: Option<Vec<u8>> = None;
        let mut last: Option<(usize, Match)> = None;
        let mut hits: Vec<usize> = Vec::new();
        for at in 0..page.len() {
            let key = page.keys.get(at);
            if skip_to.as_deref().is_some_and(|to| key < to) {
                continue;
            }
            let hit = match last {
                Some((before, hit)) if page.keys.get(before) == key => hit,
                _ => self.matches(code_of(key).map(Cell::value))?,
            };
            last = Some((at, hit));
            if hit == Match::No {
                if let Some(code) = code_of(key) {
                    skip_to = self.skip(code)?;
                }
                continue;
            }
            entries.recheck |= hit == Match::Maybe;
            hits.push(at);
        }
        // The order of codes is of no use to anybody; rows are better read as they lie in the table.
        hits.sort_unstable_by_key(|&at| page.tids[at]);
        for at in hits {
            entries.tids.push(page.tids[at]);
            if self.options.keys {
                entries.keys.push(page.keys.get(at));
            }
            if self.options.payloads {
                entries.payloads.push(page.payloads.get(at));
            }
            entries.all_visible.extend(page.all_visible.get(at));
        }
        // What begins behind this leaf is descended to.
        self.seek = skip_to.filter(|to| !page.is_empty() && page.keys.get(page.len() - 1) < &to[..]);
        self.page = page;
        Ok(())
    }

    fn next_in_order(&mut self, entries: &mut IndexEntries) -> Result<bool> {
        while entries.is_empty() {
            if let Some(from) = self.seek.take() {
                self.tree.seek(KeyRange { lower: Some(&from), upper: Some(&self.end) }, 0);
            }
            let mut page = std::mem::take(&mut self.page);
            let more = self.tree.next(&mut page)?;
            self.page = page;
            if !more {
                return Ok(false);
            }
            self.read_leaf(entries)?;
        }
        Ok(true)
    }

    /// How far a cell, or null, is by each order, and whether that is exact.
    fn distances(&self, cell: Option<Cell<'_>>) -> Result<(Box<[f64]>, bool)> {
        let (mut all, mut exact) = (Vec::with_capacity(self.query.orders.len()), true);
        for order in &self.query.orders {
            match (&order.test, cell) {
                (ScanTest::Operator { strategy, argument: Some(argument) }, Some(cell)) => {
                    let distance = self.class.distance(cell, *strategy, argument)?;
                    // Where a distance is no number, it comes behind all that are, as in a sort.
                    all.push(if distance.value.is_nan() { f64::NAN } else { distance.value });
                    exact &= distance.exact;
                }
                _ => all.push(NULL_DISTANCE),
            }
        }
        Ok((all.into(), exact))
    }

    /// Reads the leaf where a part begins, and leaves the rest for later.
    fn read_near(&mut self, nearest: &mut Nearest<Part>, part: Part, distances: &[f64]) -> Result<()> {
        let end = part.end();
        let known = self.gaps.range(..=part.from.clone()).next_back();
        if known.is_some_and(|(_, next)| end <= *next) {
            return Ok(());
        }
        // What the leaf has behind the part tells how far there is nothing.
        self.tree.seek(KeyRange { lower: Some(&part.from), upper: None }, part.tid);
        let mut page = std::mem::take(&mut self.page);
        self.tree.next(&mut page)?;
        for at in 0..page.len() {
            let (key, tid) = (page.keys.get(at), page.tids[at]);
            if key >= &end[..] {
                break;
            }
            let cell = code_of(key).map(Cell::value);
            let hit = self.matches(cell)?;
            if hit == Match::No {
                continue;
            }
            let (own, exact) = self.distances(cell)?;
            let wanted = |yes: bool, bytes: &[u8]| -> Box<[u8]> { if yes { bytes.into() } else { Box::default() } };
            let row = NearRow {
                tid,
                key: wanted(self.options.keys, key),
                payload: if self.options.payloads { page.payloads.get(at).into() } else { Box::default() },
                visible: page.all_visible.get(at).copied().unwrap_or(false),
                recheck: hit == Match::Maybe,
                exact,
            };
            nearest.push(own, Waiting::Row(row));
        }
        let within = (0..page.len()).take_while(|&at| page.keys.get(at) < &end[..]).count();
        let last = within.checked_sub(1).map(|last| (page.keys.get(last).to_vec(), page.tids[last]));
        let next = (within < page.len()).then(|| page.keys.get(within).to_vec());
        self.page = page;
        if next.is_none() && !self.tree.is_at_end() {
            return match last {
                Some((key, tid)) => self.rest(nearest, &part, &key, tid, distances),
                None => Ok(()),
            };
        }
        if self.gaps.len() < GAPS {
            // The first key behind another one is that with a zero more.
            let from = last.map_or(part.from, |(key, _)| [&key[..], &[0]].concat());
            self.gaps.insert(from, next.unwrap_or_else(|| vec![END]));
        }
        Ok(())
    }

    /// Adds what a part has behind an entry: the key's other rows, values that begin with it, and the cells behind it.
    fn rest(
        &self,
        nearest: &mut Nearest<Part>,
        part: &Part,
        key: &[u8],
        tid: TupleId,
        distances: &[f64],
    ) -> Result<()> {
        let (Some(first), Some(code)) = (part.bits, code_of(key)) else {
            let rest = Part { from: key.to_vec(), tid: tid.to_u64() + 1, bits: None };
            nearest.push(distances.into(), Waiting::Part(rest));
            return Ok(());
        };
        let all = 8 * code.len();
        let same = Part { from: key.to_vec(), tid: tid.to_u64() + 1, bits: Some(all.max(first)) };
        self.add(nearest, same, distances)?;
        for at in (first..all).filter(|&at| !bit(code, at)) {
            let mut code = code.to_vec();
            set_and_cut(&mut code, at);
            let mut from = Vec::new();
            write_key(Some(&code), &mut from);
            self.add(nearest, Part { from, tid: 0, bits: Some(at + 1) }, distances)?;
        }
        Ok(())
    }

    /// Adds a cell, unless nothing in it matches.
    fn add(&self, nearest: &mut Nearest<Part>, part: Part, distances: &[f64]) -> Result<()> {
        let cell = code_of(&part.from).zip(part.bits).map(|(code, bits)| Cell::prefix(code, bits));
        if self.matches(cell)? != Match::No {
            let (own, _) = self.distances(cell)?;
            nearest.push(Nearest::<Part>::within(distances, own), Waiting::Part(part));
        }
        Ok(())
    }
}

impl IndexScan for Scan {
    fn start(&mut self, _range: KeyRange<'_>, _direction: Direction) -> Result<()> {
        Err(Error::internal("an SP-GiST index is searched by a query"))
    }

    fn search(&mut self, query: &access::Query) -> Result<()> {
        let query = query.downcast_ref::<Query>().ok_or_else(|| Error::internal("no query for an SP-GiST index"))?;
        self.query = query.clone();
        self.gaps.clear();
        self.index.counters.scan();
        let nulls = self.matches(None)? != Match::No;
        if self.query.orders.is_empty() {
            let values = self.next_candidate(Vec::new())?;
            self.end = vec![if nulls { END } else { NULL }];
            self.seek = Some(values.unwrap_or_else(|| vec![NULL]));
            return Ok(());
        }
        let orders = self.query.orders.len();
        self.nearest.start(Part { from: vec![VALUE], tid: 0, bits: Some(0) }, orders);
        if nulls {
            let part = Part { from: vec![NULL], tid: 0, bits: None };
            self.nearest.push(vec![NULL_DISTANCE; orders].into(), Waiting::Part(part));
        }
        Ok(())
    }

    fn next(&mut self, entries: &mut IndexEntries) -> Result<bool> {
        entries.clear();
        if self.query.orders.is_empty() {
            return self.next_in_order(entries);
        }
        let mut nearest = std::mem::take(&mut self.nearest);
        let options = self.options.clone();
        let more =
            nearest.next(&options, entries, &mut |nearest, part, distances| self.read_near(nearest, part, distances));
        self.nearest = nearest;
        more
    }

    /// Nothing: dead entries wait for VACUUM.
    fn kill(&mut self, _positions: &[u32]) -> Result<()> {
        Ok(())
    }
}
