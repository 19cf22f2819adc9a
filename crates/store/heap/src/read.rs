//! Reading rows: scans of pages, and rows by their places.
//!
//! A page is read once: under one shared lock the visible tuples are chosen and the wanted columns copied out
//! ([`access::columns`]); after the lock, hints are set if the page is free, and values that are compressed or out of line
//! are resolved. No reference into the page outlives the lock, and no other page is read under it.

use std::sync::Arc;

use access::{
    Direction, FetchMode, Fetched, PageRows, Pages, Pending, Projected, RowLayout, ScanRequest, Store, Table,
    TableFetch, TableScan, tid_bytes,
};
use batch::{BATCH_ROWS, Batch, Column, DatumRef};
use error::{Error, Result};
use ids::{BlockNumber, Fork, TupleId, Xid};
use storage::page::{LINE_POINTER_SIZE, PAGE_HEADER_SIZE};
use storage::{Access, Buffer, LinePointer, LineState, Page, Strategy, StrategyKind};
use txn::{Snapshot, XidStatus};

use crate::tuple::{HEADER_SIZE, Header, TUPLES_MAX, flags, tuple_at, xid_of};
use crate::visibility::{Fate, Hints, Judge, fate};
use crate::{prune, toast, tuple};

/// Tuples of one page that were chosen.
#[derive(Default)]
pub(crate) struct Chosen {
    pub rows: PageRows,
    lines: Vec<u16>,
}

impl Chosen {
    pub fn clear(&mut self) {
        self.rows.clear();
        self.lines.clear();
    }

    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// Adds a tuple.
    #[inline]
    pub fn push(&mut self, layout: &RowLayout, line: u16, header: &Header, start: usize, end: usize) -> Result<()> {
        self.push_shape(layout, line, header.natts, header.flags, start, end)
    }

    #[inline(always)]
    fn push_shape(
        &mut self,
        layout: &RowLayout,
        line: u16,
        natts: u16,
        flags: u16,
        start: usize,
        end: usize,
    ) -> Result<()> {
        self.rows.push(layout, start + HEADER_SIZE, end, natts as usize, flags & flags::HAS_NULLS != 0)?;
        self.lines.push(line);
        Ok(())
    }
}

/// Copies the projected columns of the chosen tuples of `page` to the end of `batch`. `place` gives the row id of a line: the
/// line itself, or the root of its chain. Meanwhile the page `ahead` is fetched from memory.
pub(crate) fn copy_out(
    table: &Table,
    projection: &[Projected],
    page: &Page,
    block: BlockNumber,
    chosen: &Chosen,
    batch: &mut Batch,
    pending: &mut Vec<Pending>,
    place: impl Fn(u16) -> u16,
    ahead: Option<&Buffer>,
) -> Result<()> {
    let base = page.xid_base();
    for (n, projected) in projection.iter().enumerate() {
        if let Some(ahead) = ahead {
            ahead.prefetch_part(n, projection.len());
        }
        let column = &mut batch.columns[n];
        match *projected {
            Projected::Column(k) => {
                table.layout.append_column(k as usize, page.bytes(), &chosen.rows, n as u16, column, pending)?;
            }
            Projected::RowId => {
                for &line in &chosen.lines {
                    column.push(DatumRef::B8(TupleId::new(block, place(line)).to_u64() as i64));
                }
            }
            Projected::TupleId => {
                for &line in &chosen.lines {
                    column.push(DatumRef::Bytes(&tid_bytes(TupleId::new(block, line))));
                }
            }
            Projected::Xmin => {
                fill(column, page, chosen, |h| xid_of(base, h.xmin).0 as i32);
            }
            Projected::Xmax => fill(column, page, chosen, |h| {
                let xmax = if h.has(flags::XMAX_INVALID) { Xid::INVALID } else { xid_of(base, h.xmax) };
                xmax.0 as i32
            }),
            Projected::Cmin | Projected::Cmax => {
                fill(column, page, chosen, |h| h.command.0 as i32);
            }
            Projected::TableOid => {
                (0..chosen.len()).for_each(|_| column.push(DatumRef::B4(table.oid.0 as i32)));
            }
        }
    }
    Ok(())
}

fn fill(column: &mut Column, page: &Page, chosen: &Chosen, value: impl Fn(&Header) -> i32) {
    for &line in &chosen.lines {
        let header = tuple_at(page, page.line(line)).map(|(header, _, _)| header);
        column.push(header.map_or(DatumRef::Null, |header| DatumRef::B4(value(&header))));
    }
}

/// Chooses the tuples of a page that a judge sees.
fn choose_visible(
    layout: &RowLayout,
    page: &Page,
    judge: &mut Judge<'_>,
    backward: bool,
    chosen: &mut Chosen,
    hints: &mut Hints,
) -> Result<()> {
    let base = page.xid_base();
    let all_visible = page.is_all_visible();
    let lines = page.get(PAGE_HEADER_SIZE..page.lower() as usize).unwrap_or(&[]);
    let mut visit = |(n, bits): (usize, &[u8; LINE_POINTER_SIZE])| -> Result<()> {
        let pointer = LinePointer::from_bits(u32::from_le_bytes(*bits));
        if !pointer.is_normal() {
            return Ok(());
        }
        let line = n as u16 + 1;
        let start = pointer.offset() as usize;
        let end = start + pointer.length() as usize;
        let tuple = page.get(start..end).unwrap_or(&[]);
        if all_visible {
            let (natts, flags) = tuple::shape(tuple).ok_or_else(|| out_of_page(line))?;
            return chosen.push_shape(layout, line, natts, flags, start, end);
        }
        let header = Header::read(tuple).ok_or_else(|| out_of_page(line))?;
        match judge.sees(base, line, &header, hints)? {
            true => chosen.push(layout, line, &header, start, end),
            false => Ok(()),
        }
    };
    let mut lines = lines.as_chunks::<LINE_POINTER_SIZE>().0.iter().enumerate();
    match backward {
        false => lines.try_for_each(&mut visit),
        true => lines.rev().try_for_each(&mut visit),
    }
}

#[cold]
#[track_caller]
pub(crate) fn out_of_page(line: u16) -> Error {
    Error::corrupted(format!("line pointer {line} of a heap page leads out of it"))
}

/// A sequential scan.
pub(crate) struct Scan {
    store: Store,
    table: Arc<Table>,
    request: ScanRequest,
    strategy: Option<Strategy>,
    /// What is left of the current range of pages.
    next: u32,
    end: u32,
    started: bool,
    /// Pages that the next batch may take: doubles, so that the first rows come soon.
    pages_per_batch: usize,
    chosen: Chosen,
    hints: Hints,
    pending: Vec<Pending>,
    prefetched: u32,
    /// The page to come, pinned, on its way into the processor's caches.
    ahead: Option<Buffer>,
}

impl Scan {
    pub fn new(store: &Store, table: &Arc<Table>, request: ScanRequest) -> Scan {
        Scan {
            store: store.clone(),
            table: table.clone(),
            request,
            strategy: None,
            next: 0,
            end: 0,
            started: false,
            pages_per_batch: 1,
            chosen: Chosen::default(),
            hints: Hints::new(),
            pending: Vec::new(),
            prefetched: 0,
            ahead: None,
        }
    }

    fn start(&mut self) -> Result<()> {
        self.started = true;
        self.pages_per_batch = 1;
        self.table.counters.scan();
        let blocks = self.store.storage.block_count(self.table.locator, Fork::Main)?;
        (self.next, self.end) = match &self.request.pages {
            Pages::All => (0, blocks),
            Pages::Range(from, to) => (from.0.min(blocks), to.0.min(blocks)),
            Pages::Shared(_) => (0, 0),
        };
        // A table that would fill a good part of the pool gets a ring of buffers instead.
        if blocks > self.store.storage.buffer_count() / 4 && self.strategy.is_none() {
            self.strategy = Some(Strategy::new(StrategyKind::BulkRead));
        }
        self.prefetched = self.next;
        if let Some(reader) = &self.request.snapshot.serializable {
            reader.relation(self.table.database, self.table.oid);
        }
        Ok(())
    }

    /// The next page to read.
    fn next_block(&mut self) -> Option<BlockNumber> {
        if self.next >= self.end {
            let Pages::Shared(cursor) = &self.request.pages else { return None };
            let (from, to) = cursor.take()?;
            (self.next, self.end) = (from.0, to.0);
            self.prefetched = self.next;
        }
        Some(match self.request.direction {
            Direction::Forward => {
                if self.strategy.is_some() && self.next >= self.prefetched {
                    let count = (self.end - self.next).min(32);
                    self.store.storage.prefetch(self.table.locator, Fork::Main, BlockNumber(self.next), count);
                    self.prefetched = self.next + count;
                }
                self.next += 1;
                BlockNumber(self.next - 1)
            }
            Direction::Backward => {
                self.end -= 1;
                BlockNumber(self.end)
            }
        })
    }

    /// Adds a page's rows. With `goes_on` the page behind it is wanted at once, too.
    fn read_page(&mut self, block: BlockNumber, goes_on: bool, batch: &mut Batch) -> Result<()> {
        let access = Access {
            strategy: self.strategy.as_ref(),
            persistence: self.table.persistence,
            mode: Default::default(),
            blocks: Some(&self.table.counters.blocks),
        };
        let (storage, locator) = (&self.store.storage, self.table.locator);
        let buffer = match self.ahead.take().filter(|ahead| ahead.block() == block) {
            Some(ahead) => {
                storage.count_hit(&access);
                ahead
            }
            None => storage.read(locator, Fork::Main, block, &access)?,
        };
        // Tuples are read one after the other, each a wait for memory of its own unless the page is on its way before.
        if goes_on && self.request.direction == Direction::Forward && self.next < self.end {
            self.ahead = storage.read_cached_after(&buffer, BlockNumber(self.next));
        }
        let before = batch.len();
        self.chosen.clear();
        let prunable;
        let mut judge = Judge::new(&self.request.snapshot, &self.store.transactions);
        {
            let page = buffer.share();
            prunable = prune::is_worthwhile(&self.store, &self.table, &page);
            let backward = self.request.direction == Direction::Backward;
            choose_visible(&self.table.layout, &page, &mut judge, backward, &mut self.chosen, &mut self.hints)?;
            copy_out(
                &self.table,
                &self.request.projection,
                &page,
                block,
                &self.chosen,
                batch,
                &mut self.pending,
                |line| line,
                self.ahead.as_ref(),
            )?;
        }
        self.hints.set_on(&buffer);
        judge.finish()?;
        if prunable {
            prune::on_access(&self.store, &self.table, &buffer);
        }
        batch.set_len(before + self.chosen.len());
        Ok(())
    }
}

/// After so many values that are stored compressed or out of line a batch ends: there is no telling how long they are.
const LONG_VALUES: usize = 64;

impl TableScan for Scan {
    fn next(&mut self, batch: &mut Batch) -> Result<bool> {
        if !self.started {
            self.start()?;
        }
        let before = batch.len();
        let mut pages = 0;
        while pages < self.pages_per_batch || batch.len() == before {
            if batch.len() + TUPLES_MAX > BATCH_ROWS || self.pending.len() >= LONG_VALUES {
                break;
            }
            let Some(block) = self.next_block() else { break };
            pages += 1;
            self.read_page(block, pages < self.pages_per_batch, batch)?;
        }
        // Who knows when the next batch is asked for: nobody shall wait for a pin until then.
        self.ahead = None;
        self.pages_per_batch = (self.pages_per_batch * 2).min(BATCH_ROWS);
        self.table.counters.returned((batch.len() - before) as u64);
        toast::resolve(&self.store, &self.table, batch, &mut self.pending)?;
        Ok(batch.len() > before)
    }

    fn rescan(&mut self) -> Result<()> {
        self.started = false;
        self.ahead = None;
        Ok(())
    }

    fn turn(&mut self, direction: Direction) {
        if direction != self.request.direction && self.started {
            let blocks = self.store.storage.block_count(self.table.locator, Fork::Main).unwrap_or(0);
            let (from, to) = match self.request.pages {
                Pages::Range(from, to) => (from.0.min(blocks), to.0.min(blocks)),
                _ => (0, blocks),
            };
            // What was read stands on the other side of the position.
            match direction {
                Direction::Backward => (self.next, self.end) = (from, self.next.saturating_sub(1)),
                Direction::Forward => (self.next, self.end) = (self.end + 1, to),
            }
        }
        self.request.direction = direction;
    }

    fn restrict(&mut self, pages: Pages) -> Result<()> {
        self.request.pages = pages;
        self.rescan()
    }
}

/// Fetching by place.
pub(crate) struct Fetch {
    store: Store,
    table: Arc<Table>,
    snapshot: Snapshot,
    projection: Arc<[Projected]>,
    chosen: Chosen,
    hints: Hints,
    pending: Vec<Pending>,
}

impl Fetch {
    pub fn new(store: &Store, table: &Arc<Table>, snapshot: Snapshot, projection: Arc<[Projected]>) -> Fetch {
        Fetch {
            store: store.clone(),
            table: table.clone(),
            snapshot,
            projection,
            chosen: Chosen::default(),
            hints: Hints::new(),
            pending: Vec::new(),
        }
    }
}

impl TableFetch for Fetch {
    fn fetch(&mut self, tids: &[TupleId], mode: FetchMode, batch: &mut Batch, found: &mut Vec<Fetched>) -> Result<()> {
        let Fetch { store, table, snapshot, projection, chosen, hints, pending } = self;
        let access =
            Access { persistence: table.persistence, blocks: Some(&table.counters.blocks), ..Access::default() };
        for same_page in tids.chunk_by(|a, b| a.block == b.block) {
            let block = same_page[0].block;
            let buffer = store.storage.read(table.locator, Fork::Main, block, &access)?;
            chosen.clear();
            let prunable;
            let mut judge = Judge::new(snapshot, &store.transactions);
            {
                let page = buffer.share();
                prunable = mode == FetchMode::Index && prune::is_worthwhile(store, table, &page);
                for tid in same_page {
                    found.push(choose(store, table, &page, *tid, mode, &mut judge, chosen, hints)?);
                }
                copy_out(table, projection, &page, block, chosen, batch, pending, |line| line, None)?;
                if let Some(reader) = &snapshot.serializable {
                    let rows = chosen.lines.iter().map(|&line| TupleId::new(block, line));
                    rows.for_each(|row| reader.row(table.database, table.oid, row));
                }
            }
            hints.set_on(&buffer);
            judge.finish()?;
            if prunable {
                prune::on_access(store, table, &buffer);
            }
            batch.set_len(batch.len() + chosen.len());
        }
        toast::resolve(&self.store, &self.table, batch, &mut self.pending)
    }

    fn set_snapshot(&mut self, snapshot: Snapshot) {
        self.snapshot = snapshot;
    }
}

/// Chooses the version of a place, and says what was found.
fn choose(
    store: &Store,
    table: &Table,
    page: &Page,
    tid: TupleId,
    mode: FetchMode,
    judge: &mut Judge<'_>,
    chosen: &mut Chosen,
    hints: &mut Hints,
) -> Result<Fetched> {
    let base = page.xid_base();
    if mode != FetchMode::Index {
        let Some((header, start, end)) = tuple_at(page, page.line(tid.offset)) else { return Ok(Fetched::Invisible) };
        if mode == FetchMode::Any || judge.sees(base, tid.offset, &header, hints)? {
            chosen.push(&table.layout, tid.offset, &header, start, end)?;
            return Ok(Fetched::Row);
        }
        return Ok(Fetched::Invisible);
    }
    let mut all_dead = true;
    for (line, header, start, end) in chain(store, page, tid) {
        if page.is_all_visible() || judge.sees(base, line, &header, hints)? {
            chosen.push(&table.layout, line, &header, start, end)?;
            return Ok(Fetched::Row);
        }
        all_dead = all_dead && fate(&store.transactions, base, line, &header, hints)? == Fate::Dead;
    }
    Ok(if all_dead { Fetched::Dead } else { Fetched::Invisible })
}

/// The versions of a HOT chain, oldest first, from the place that an index entry names.
pub(crate) fn chain<'p>(
    store: &'p Store,
    page: &'p Page,
    root: TupleId,
) -> impl Iterator<Item = (u16, Header, usize, usize)> + 'p {
    let first = page.line(root.offset);
    let mut next = match first.state() {
        LineState::Redirect => first.offset(),
        LineState::Normal => root.offset,
        _ => 0,
    };
    let mut at_root = first.state() == LineState::Normal;
    let mut expected: Option<Xid> = None;
    let mut steps = 0;
    let base = page.xid_base();
    std::iter::from_fn(move || {
        if next == 0 || steps > page.line_count() {
            return None;
        }
        steps += 1;
        let line = next;
        let (header, start, end) = tuple_at(page, page.line(line))?;
        // An index entry's own version is never heap-only, unless its line was reused for one; what follows always is.
        if at_root == header.has(flags::HEAP_ONLY) {
            return None;
        }
        at_root = false;
        // The chain goes on only where the newer version was made by the older one's deleter. A frozen one has lost its
        // creator's id: it is the successor if there was one; after an update that was rolled back its line belongs to others.
        if let Some(xmax) = expected.filter(|&xmax| xmax != xid_of(base, header.xmin))
            && !(header.is_frozen() && matches!(store.transactions.status(xmax), Ok(XidStatus::Committed(_))))
        {
            return None;
        }
        expected = None;
        next = 0;
        if header.has(flags::HOT_UPDATED)
            && !header.has_no_deleter()
            && let Some(successor) = header.successor().filter(|s| s.block == root.block)
        {
            next = successor.offset;
            expected = crate::visibility::deleter(&store.transactions, base, &header);
        }
        Some((line, header, start, end))
    })
}
