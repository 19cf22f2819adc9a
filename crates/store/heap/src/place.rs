//! Finding room for new tuples, and putting them there.
//!
//! A session goes on filling the page where it put its last tuple; when that is full it asks the free space map, then looks
//! at the table's last page, then extends the table. Tuples of a batch that fit a page go there in one change, with one
//! log record.

use std::sync::atomic::{AtomicU32, Ordering};

use access::{Body, Persistence, RowLayout, Store};
use batch::Batch;
use error::{Error, Result};
use ids::{BlockNumber, Fork, PAGE_SIZE, RelFileLocator, TupleId, Xid};
use storage::page::{LINE_POINTER_SIZE, PAGE_HEADER_SIZE, page_flags};
use storage::{Access, Buffer, Change, FreeSpaceMap, Image, Page, PageMut, VisibilityMap, VisibilityStatus};
use wal::RmgrId;

use crate::action::{self, Actions, Kind};
use crate::prune;
use crate::tuple::{HEADER_SIZE, Header, LINES_MAX, TUPLE_MAX, base_for, flags, offset_of};

/// Bytes free on an empty page.
const EMPTY_PAGE: usize = PAGE_SIZE - PAGE_HEADER_SIZE;
/// The most pages that one extension adds for a batch.
const EXTEND_MAX: usize = 64;

/// Encoded tuples, one behind the other.
#[derive(Default)]
pub(crate) struct Tuples {
    pub bytes: Vec<u8>,
    pub ends: Vec<usize>,
    /// Who made and who deleted each, where that is not who puts them there; empty otherwise.
    pub ids: Vec<(Xid, Xid)>,
}

impl Tuples {
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    pub fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
        self.ids.clear();
    }

    /// Adds the rows of a batch, whose `bodies` have been measured. `header` is that of all but for what the body decides.
    pub fn encode(&mut self, layout: &RowLayout, mut header: Header, rows: &Batch, bodies: &mut [Body]) {
        header.natts = layout.len() as u16;
        let plain = header.to_bytes();
        header.flags |= flags::HAS_NULLS;
        let with_nulls = header.to_bytes();
        let first = self.bytes.len();
        let mut end = first;
        for body in bodies.iter_mut() {
            body.start = (end + HEADER_SIZE) as u32;
            end = (body.start + body.length) as usize;
            self.ends.push(end);
        }
        self.bytes.resize(end, 0);
        for body in bodies.iter() {
            let header = if body.nulls { &with_nulls } else { &plain };
            self.bytes[body.start as usize - HEADER_SIZE..body.start as usize].copy_from_slice(header);
        }
        layout.fill(&rows.columns, rows.rows(), bodies, &mut self.bytes);
    }

    fn range(&self, n: usize) -> std::ops::Range<usize> {
        if n == 0 { 0..self.ends[0] } else { self.ends[n - 1]..self.ends[n] }
    }
}

/// A heap as the placement of tuples sees it.
#[derive(Clone, Copy)]
pub(crate) struct Heap<'a> {
    pub store: &'a Store,
    pub locator: RelFileLocator,
    pub persistence: Persistence,
    pub fillfactor: u8,
    /// The page that got this session's last tuple.
    pub target: &'a AtomicU32,
    /// Where its pages are counted.
    pub blocks: &'a stats::BlockCounters,
}

impl<'a> Heap<'a> {
    pub fn of(store: &'a Store, table: &'a access::Table) -> Heap<'a> {
        Heap {
            store,
            locator: table.locator,
            persistence: table.persistence,
            fillfactor: table.fillfactor,
            target: &table.cache.target,
            blocks: &table.counters.blocks,
        }
    }

    /// The table's TOAST heap.
    pub fn toast_of(store: &'a Store, table: &'a access::Table) -> Option<Heap<'a>> {
        table.toast.map(|locator| Heap {
            store,
            locator,
            persistence: table.persistence,
            fillfactor: 100,
            target: &table.cache.toast_target,
            blocks: &table.counters.blocks,
        })
    }

    pub fn read(&self, block: BlockNumber) -> Result<Buffer> {
        let access = Access { persistence: self.persistence, blocks: Some(self.blocks), ..Access::default() };
        self.store.storage.read(self.locator, Fork::Main, block, &access)
    }

    pub fn free_space_map(&self) -> FreeSpaceMap<'a> {
        FreeSpaceMap::new(&self.store.storage, self.locator, self.persistence)
    }

    pub fn visibility_map(&self) -> VisibilityMap<'a> {
        VisibilityMap::new(&self.store.storage, self.locator, self.persistence)
    }

    /// Room that inserts leave on a page for later updates.
    pub fn reserve(&self) -> usize {
        EMPTY_PAGE * (100 - self.fillfactor.clamp(10, 100) as usize) / 100
    }

    /// Puts `tuples` on pages and appends their places to `tids`. Fills in their `xmin`.
    ///
    /// # Errors
    /// `54000` for a tuple longer than a page; those of extending the table.
    pub fn place(
        &self,
        tuples: &mut Tuples,
        xid: Xid,
        kind: Kind,
        skip_free_space: bool,
        tids: &mut Vec<TupleId>,
    ) -> Result<()> {
        let mut next = 0;
        let mut map: Option<Buffer> = None;
        let mut actions = Actions::new();
        let mut lines = Vec::new();
        let mut finder = Finder::new(*self, skip_free_space);
        while next < tuples.len() {
            if self.persistence.is_logged() {
                self.store.storage.wal().make_room()?;
            }
            let length = tuples.range(next).len();
            if length > TUPLE_MAX {
                return Err(access::layout::row_too_big(length));
            }
            let buffer = finder.next_page(length, tuples.bytes.len() - tuples.range(next).start)?;
            let block = buffer.block();
            let mut guard = buffer.exclusive();
            let new = guard.is_new();
            let base = if new { base_for(xid) } else { guard.xid_base() };
            let Some(offset) = offset_of(base, xid) else {
                prune::move_base(self, &mut guard, xid)?;
                finder.try_again(block);
                continue;
            };
            choose_lines(&guard, new, tuples, next, self.reserve(), &mut lines);
            if lines.is_empty() {
                let free = room_for_tuple(&guard);
                drop(guard);
                finder.no_room(block, free, length)?;
                continue;
            }
            if guard.is_all_visible() && map.as_ref().is_none_or(|m| m.block() != VisibilityMap::map_block(block)) {
                drop(guard);
                map = Some(self.visibility_map().pin(block)?);
                finder.try_again(block);
                continue;
            }
            actions.0.clear();
            if new {
                actions.init(base);
            }
            for (n, &line) in lines.iter().enumerate() {
                let range = tuples.range(next + n);
                match tuples.ids.get(next + n) {
                    None => {
                        tuples.bytes[range.start..range.start + 4].copy_from_slice(&offset.to_le_bytes());
                        actions.insert(line, &tuples.bytes[range]);
                    }
                    Some(&ids) => insert_version(&mut actions, line, &mut tuples.bytes[range], base, ids)?,
                }
            }
            let clear = guard.is_all_visible();
            if clear {
                actions.visible(false);
            }
            let mut map_guard = map.as_ref().filter(|_| clear).map(|map| map.exclusive());
            let mut change = self.store.storage.change(RmgrId::HEAP, kind as u8);
            carry_out(&mut change, &mut guard, if new { Image::WillInit } else { Image::Standard }, &actions);
            if let Some(map_guard) = &mut map_guard {
                clear_map(&mut change, map_guard, &[block]);
            }
            change.finish_for(self.persistence, xid);
            drop(map_guard);
            drop(guard);
            self.target.store(block.0, Ordering::Relaxed);
            tids.extend(lines.iter().map(|&line| TupleId::new(block, line)));
            next += lines.len();
        }
        finder.finish()
    }
}

/// Puts a tuple at a line that others have made, and perhaps deleted.
fn insert_version(actions: &mut Actions, line: u16, tuple: &mut [u8], base: Xid, ids: (Xid, Xid)) -> Result<()> {
    let (Some(mut header), Some(xmin), Some(xmax)) =
        (Header::read(tuple), offset_of(base, ids.0), offset_of(base, ids.1))
    else {
        return Err(Error::internal("a row version is too old for its new page"));
    };
    (header.xmin, header.xmax) = (xmin, xmax);
    header.write(tuple);
    actions.insert(line, tuple);
    if ids.1.is_valid() {
        // The page is told that there will be something to prune.
        actions.xmax(line, &header);
    }
    Ok(())
}

/// Adds a page to a change, does `actions` to it, and logs them as its data.
pub(crate) fn carry_out<'a>(change: &mut Change<'a>, guard: &'a mut PageMut<'_>, how: Image, actions: &Actions) {
    storage::action::carry_out(change, guard, how, &actions.0, action::apply);
}

/// Clears the bits of `blocks` on their page of the visibility map, as part of a change.
pub(crate) fn clear_map<'a>(change: &mut Change<'a>, guard: &'a mut PageMut<'_>, blocks: &[BlockNumber]) {
    let mut actions = Actions::new();
    for &block in blocks {
        actions.map(block, VisibilityStatus::default());
    }
    carry_out(change, guard, Image::Whole, &actions);
}

/// Bytes that a new tuple can take on a page, whether or not a line is free.
pub(crate) fn room_for_tuple(page: &Page) -> usize {
    if page.is_new() {
        return EMPTY_PAGE - LINE_POINTER_SIZE;
    }
    if page.line_count() >= LINES_MAX && free_line(page).is_none() {
        return 0;
    }
    let room = if free_line(page).is_some() { page.exact_free_space() } else { page.free_space() };
    room & !7
}

/// The first unused line, if there is one.
pub(crate) fn free_line(page: &Page) -> Option<u16> {
    if page.flags() & page_flags::HAS_FREE_LINES == 0 {
        return None;
    }
    page.lines().find(|(_, line)| line.is_unused()).map(|(number, _)| number)
}

/// The line that one tuple of `length` bytes gets on a page; `None` if there is no room.
pub(crate) fn line_for(page: &Page, length: usize) -> Option<u16> {
    let length = length.next_multiple_of(8);
    match free_line(page) {
        Some(line) => (page.exact_free_space() >= length).then_some(line),
        None => (page.free_space() >= length && page.line_count() < LINES_MAX).then_some(page.line_count() + 1),
    }
}

/// The lines that tuples from number `next` on get on a page, as many as fit. `reserve` bytes stay free unless the page has no
/// tuples.
fn choose_lines(page: &Page, new: bool, tuples: &Tuples, next: usize, reserve: usize, lines: &mut Vec<u16>) {
    lines.clear();
    let (mut space, count) = if new { (EMPTY_PAGE, 0) } else { (page.exact_free_space(), page.line_count()) };
    let has_free = !new && page.flags() & page_flags::HAS_FREE_LINES != 0;
    let mut unused = page.lines().filter(|(_, line)| has_free && line.is_unused()).map(|(number, _)| number);
    let mut last = count;
    for n in next..tuples.len() {
        let length = tuples.range(n).len().next_multiple_of(8);
        let line = unused.next();
        let need = length + if line.is_some() { 0 } else { LINE_POINTER_SIZE };
        let keep = if lines.is_empty() && count == 0 { 0 } else { reserve };
        if need + keep > space || line.is_none() && last >= LINES_MAX {
            break;
        }
        space -= need;
        lines.push(line.unwrap_or_else(|| {
            last += 1;
            last
        }));
    }
}

/// Looks for pages with room: the session's page, then what the free space map says, then the last page, then new ones.
pub(crate) struct Finder<'a> {
    heap: Heap<'a>,
    skip_free_space: bool,
    candidate: Option<BlockNumber>,
    tried_map: bool,
    tried_last: bool,
    /// Pages that this search added to the table and has not used yet.
    added: std::ops::Range<u32>,
    /// Pages looked at in vain; bounds the search.
    misses: u32,
}

impl<'a> Finder<'a> {
    pub fn new(heap: Heap<'a>, skip_free_space: bool) -> Finder<'a> {
        let target = BlockNumber(heap.target.load(Ordering::Relaxed));
        Finder {
            heap,
            skip_free_space,
            candidate: target.is_valid().then_some(target),
            tried_map: skip_free_space,
            tried_last: false,
            added: 0..0,
            misses: 0,
        }
    }

    /// Looks at the same page again.
    pub fn try_again(&mut self, block: BlockNumber) {
        self.candidate = Some(block);
    }

    /// Notes that a page has only `free` bytes, too few for `length`.
    pub fn no_room(&mut self, block: BlockNumber, free: usize, length: usize) -> Result<()> {
        self.misses += 1;
        let reserve = self.heap.reserve();
        if self.skip_free_space || self.misses > 16 {
            self.tried_map = true;
            return self.heap.free_space_map().record(block, free);
        }
        self.candidate =
            self.heap.free_space_map().record_and_find(block, free, length + reserve)?.filter(|&found| found != block);
        self.tried_map = true;
        Ok(())
    }

    /// Gives pages that were added and not used to everybody.
    pub fn finish(self) -> Result<()> {
        let count = self.added.len() as u32;
        if count > 0 {
            let first = BlockNumber(self.added.start);
            self.heap.free_space_map().record_range(first, count, EMPTY_PAGE - LINE_POINTER_SIZE)?;
        }
        Ok(())
    }

    /// A page that may have room for `length` bytes; `remaining` bytes are to follow.
    pub fn next_page(&mut self, length: usize, remaining: usize) -> Result<Buffer> {
        let heap = self.heap;
        if self.candidate.is_none()
            && let Some(block) = self.added.next()
        {
            return heap.read(BlockNumber(block));
        }
        if self.candidate.is_none() && !self.tried_map {
            self.tried_map = true;
            self.candidate = heap.free_space_map().find((length + heap.reserve()).min(EMPTY_PAGE / 2))?;
        }
        let blocks = || heap.store.storage.block_count(heap.locator, Fork::Main);
        if let Some(block) = self.candidate.take() {
            // The map, or the session's memory, may name a page that was truncated away.
            if block.0 < blocks()? {
                return heap.read(block);
            }
        }
        if !self.tried_last {
            self.tried_last = true;
            if let Some(last) = blocks()?.checked_sub(1).filter(|_| !self.skip_free_space) {
                return heap.read(BlockNumber(last));
            }
        }
        let want = remaining.div_ceil(EMPTY_PAGE).clamp(1, EXTEND_MAX) as u32;
        let access = Access { persistence: heap.persistence, blocks: Some(heap.blocks), ..Access::default() };
        let extended = heap.store.storage.extend(heap.locator, Fork::Main, want, &access)?;
        // The others are this search's own until it ends: nobody else looks for room there.
        self.added = extended.first.0 + 1..extended.first.0 + extended.count;
        if extended.count == 0 {
            return Err(Error::internal("a table was extended by no page"));
        }
        Ok(extended.buffer)
    }
}
