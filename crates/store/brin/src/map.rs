//! Summaries by range: reading, replacing, removing.
//!
//! # Locks
//!
//! A range's map page before data pages, data pages in the order of their blocks; nobody waits for a map page while holding a data page. Writers of the
//! same range are serialised by the map page's lock; a reader holds one lock at a time, and what it was led to may have moved meanwhile: a
//! summary carries its range's number, and who finds another one looks again.

use access::{Index, Store};
use error::{Error, Result, SqlState};
use ids::{BlockNumber, Fork, Xid};
use storage::{Access, Buffer, Change, FreeSpaceMap, Image, Page, PageMut};
use wal::RmgrId;

use crate::page::{self, Actions, Entry, ITEM_MAX, Kind, MAPS, RANGES, damaged};

/// How often a reader looks again for a summary that is being moved.
const TRIES: u32 = 1000;
/// The meta page.
const META: BlockNumber = BlockNumber(0);

/// What a record is about, for people who read the log. The numbers are in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum RecordKind {
    /// An empty index.
    CreateIndex = 0x00,
    /// A range's first summary.
    Insert = 0x10,
    /// A summary elsewhere.
    Update = 0x20,
    /// A summary in its place.
    SameUpdate = 0x30,
    /// One more page of the map.
    Extend = 0x40,
    /// A range is no longer summarised.
    Desummarize = 0x50,
}

impl RecordKind {
    /// Every kind with the name that pg_waldump shows.
    pub const NAMES: [(RecordKind, &'static str); 6] = [
        (RecordKind::CreateIndex, "CREATE_INDEX"),
        (RecordKind::Insert, "INSERT"),
        (RecordKind::Update, "UPDATE"),
        (RecordKind::SameUpdate, "SAMEPAGE_UPDATE"),
        (RecordKind::Extend, "REVMAP_EXTEND"),
        (RecordKind::Desummarize, "DESUMMARIZE"),
    ];
}

/// An index at work.
#[derive(Clone, Copy)]
pub struct RangeMap<'a> {
    /// Pages and files.
    pub store: &'a Store,
    /// The index.
    pub index: &'a Index,
}

impl RangeMap<'_> {
    fn read(&self, block: BlockNumber) -> Result<Buffer> {
        let access = Access {
            persistence: self.index.persistence,
            blocks: Some(&self.index.counters.blocks),
            ..Access::default()
        };
        self.store.storage.read(self.index.locator, Fork::Main, block, &access)
    }

    fn change<'c>(&self, kind: RecordKind) -> Change<'c> {
        self.store.storage.change(RmgrId::BRIN, kind as u8)
    }

    fn finish(&self, change: Change<'_>) {
        change.finish_for(self.index.persistence, Xid::INVALID);
    }

    fn free_space_map(&self) -> FreeSpaceMap<'_> {
        FreeSpaceMap::new(&self.store.storage, self.index.locator, self.index.persistence)
    }

    /// A page that nobody has used.
    fn new_page(&self) -> Result<Buffer> {
        let access = Access { persistence: self.index.persistence, ..Access::default() };
        Ok(self.store.storage.extend(self.index.locator, Fork::Main, 1, &access)?.buffer)
    }

    /// How many pages a range has.
    ///
    /// # Errors
    /// `XX002` for a damaged index.
    pub fn pages_per_range(&self) -> Result<u32> {
        let buffer = self.read(META)?;
        let page = buffer.share();
        if page::is(&page, Kind::Meta) { Ok(page::pages_per_range(&page)) } else { Err(damaged("it has no meta page")) }
    }

    /// The map page of a range, which is made if it is to be.
    fn map_page(&self, range: u32, make: bool) -> Result<Option<Buffer>> {
        let map = range as usize / RANGES;
        let meta = self.read(META)?;
        let directory = match self.below(&meta, map / MAPS, Kind::Directory, make)? {
            Some(directory) => directory,
            None => return Ok(None),
        };
        self.below(&directory, map % MAPS, Kind::Map, make)
    }

    fn below(&self, parent: &Buffer, at: usize, kind: Kind, make: bool) -> Result<Option<Buffer>> {
        let found = page::child(&parent.share(), at)?;
        if let Some(block) = found {
            let buffer = self.read(block)?;
            if !page::is(&buffer.share(), kind) {
                return Err(damaged("a page of its map is of another kind"));
            }
            return Ok(Some(buffer));
        }
        if !make {
            return Ok(None);
        }
        self.store.storage.wal().make_room()?;
        let new = self.new_page()?;
        let mut guard = parent.exclusive();
        if let Some(block) = page::child(&guard, at)? {
            // Somebody was faster; what was added is found by who looks for room.
            drop(guard);
            self.free_space_map().record(new.block(), 0)?;
            return self.read(block).map(Some);
        }
        let mut new_guard = new.exclusive();
        if !new_guard.is_new() {
            return Err(damaged("a new page is in use"));
        }
        let mut change = self.change(RecordKind::Extend);
        carry_out(&mut change, &mut guard, Image::Standard, Actions::default().child(at, new.block()));
        carry_out(&mut change, &mut new_guard, Image::WillInit, Actions::default().init(kind));
        self.finish(change);
        drop((guard, new_guard));
        Ok(Some(new))
    }

    /// The summary of a range; none if it has none.
    ///
    /// # Errors
    /// `XX002` for a damaged index.
    pub fn get(&self, range: u32) -> Result<Option<Vec<u8>>> {
        let Some(map) = self.map_page(range, false)? else { return Ok(None) };
        for _ in 0..TRIES {
            let entry = page::entry(&map.share(), range as usize % RANGES);
            let Some(entry) = entry.some() else { return Ok(None) };
            if let Some(summary) = page::summary(&self.read(entry.block)?.share(), entry.line, range) {
                return Ok(Some(summary.to_vec()));
            }
        }
        Err(damaged(&format!("the summary of range {range} is not where its map says")))
    }

    /// Calls `see` with each of the first `ranges` ranges and its summary, if it has one.
    ///
    /// # Errors
    /// `XX002` for a damaged index; those of `see`.
    pub fn each(&self, ranges: u32, mut see: impl FnMut(u32, Option<&[u8]>) -> Result<()>) -> Result<()> {
        let mut data: Option<Buffer> = None;
        for first in (0..ranges).step_by(RANGES) {
            let end = ranges.min(first.saturating_add(RANGES as u32));
            let Some(map) = self.map_page(first, false)? else {
                (first..end).try_for_each(|range| see(range, None))?;
                continue;
            };
            let entries: Vec<Entry> = {
                let page = map.share();
                (0..(end - first) as usize).map(|at| page::entry(&page, at)).collect()
            };
            drop(map);
            for (range, entry) in (first..end).zip(entries) {
                let Some(entry) = entry.some() else {
                    see(range, None)?;
                    continue;
                };
                let buffer = match data.take() {
                    Some(buffer) if buffer.block() == entry.block => buffer,
                    _ => self.read(entry.block)?,
                };
                // Whoever looks at a summary may take long: none is looked at under a lock.
                let summary = page::summary(&buffer.share(), entry.line, range).map(<[u8]>::to_vec);
                match summary {
                    Some(summary) => see(range, Some(&summary))?,
                    None => see(range, self.get(range)?.as_deref())?,
                }
                data = Some(buffer);
            }
        }
        Ok(())
    }

    /// Replaces a range's summary `old` (none: it has none) by `new`. False, and nothing happens, if it has another one by now.
    ///
    /// # Errors
    /// `54000` for a summary too long for a page; `53100`; `XX002` for a damaged index.
    pub fn put(&self, range: u32, old: Option<&[u8]>, new: &[u8]) -> Result<bool> {
        let item = [&range.to_le_bytes(), new].concat();
        if item.len() > ITEM_MAX {
            let text =
                format!("index row size {} exceeds maximum {ITEM_MAX} for index \"{}\"", item.len(), self.index.name);
            return Err(Error::new(SqlState::PROGRAM_LIMIT_EXCEEDED, text));
        }
        self.store.storage.wal().make_room()?;
        let slot = range as usize % RANGES;
        let map = self.map_page(range, true)?.ok_or_else(|| damaged("a page of its map is missing"))?;
        // A page with room, once it is known that the summary does not fit where it is.
        let mut target: Option<Buffer> = None;
        loop {
            let mut map_guard = map.exclusive();
            let entry = page::entry(&map_guard, slot).some();
            let before = entry.map(|entry| self.read(entry.block)).transpose()?;
            let same = matches!((&before, &target), (Some(before), Some(target)) if before.block() == target.block());
            let (mut before_guard, mut target_guard) = match (&before, &target) {
                (Some(before), Some(target)) if before.block() < target.block() => {
                    let first = before.exclusive();
                    (Some(first), Some(target.exclusive()))
                }
                (Some(before), Some(target)) if !same => {
                    let first = target.exclusive();
                    (Some(before.exclusive()), Some(first))
                }
                (Some(before), _) => (Some(before.exclusive()), None),
                (None, Some(target)) => (None, Some(target.exclusive())),
                (None, None) => (None, None),
            };
            let current = match (entry, &before_guard) {
                (Some(entry), Some(page)) => Some(
                    page::summary(page, entry.line, range)
                        .ok_or_else(|| damaged(&format!("the summary of range {range} is not where its map says")))?,
                ),
                _ => None,
            };
            if current != old {
                return Ok(false);
            }
            let fits = current.is_some_and(|current| new.len() <= current.len());
            if let (Some(entry), Some(page), true) = (entry, &mut before_guard, fits) {
                let mut change = self.change(RecordKind::SameUpdate);
                carry_out(&mut change, page, Image::Standard, Actions::default().overwrite(entry.line, &item));
                self.finish(change);
                return Ok(true);
            }
            let clear = entry.map(|entry| entry.line).filter(|_| same);
            let (chosen, left) = match same {
                true => (before_guard.as_mut(), None),
                false => (target_guard.as_mut(), before_guard.as_mut()),
            };
            let Some(chosen) = chosen else {
                drop((before_guard, target_guard, map_guard));
                target = Some(self.page_with_room(item.len(), before.as_ref())?);
                continue;
            };
            match place(chosen, clear, item.len()) {
                Some((line, prepare)) => {
                    let how = if chosen.is_new() { Image::WillInit } else { Image::Standard };
                    let entry_now = Entry { block: chosen.block(), line };
                    let actions = prepare.put(line, &item);
                    let kind = if entry.is_some() { RecordKind::Update } else { RecordKind::Insert };
                    let mut change = self.change(kind);
                    carry_out(&mut change, &mut map_guard, Image::Standard, Actions::default().entry(slot, entry_now));
                    carry_out(&mut change, chosen, how, actions);
                    if let (Some(page), Some(entry)) = (left, entry) {
                        carry_out(&mut change, page, Image::Standard, Actions::default().clear(entry.line));
                    }
                    self.finish(change);
                    let room = |page: &PageMut<'_>| (page.block(), usable(page));
                    let mut rooms: Vec<_> = target_guard.iter().map(room).collect();
                    rooms.extend(before_guard.iter().map(room));
                    drop((before_guard, target_guard, map_guard));
                    return rooms
                        .into_iter()
                        .try_for_each(|(block, room)| self.free_space_map().record(block, room))
                        .map(|()| true);
                }
                None => {
                    let room = (chosen.block(), usable(chosen));
                    drop((before_guard, target_guard, map_guard));
                    self.free_space_map().record(room.0, room.1)?;
                    target = Some(self.page_with_room(item.len(), None)?);
                }
            }
        }
    }

    /// A data page that should have room, or a new one.
    fn page_with_room(&self, bytes: usize, near: Option<&Buffer>) -> Result<Buffer> {
        let wanted = bytes + 16;
        if let Some(near) = near
            && usable(&near.share()) >= wanted
        {
            return self.read(near.block());
        }
        if let Some(block) = self.free_space_map().find(wanted)?
            && block.0 < self.store.storage.block_count(self.index.locator, Fork::Main)?
        {
            let buffer = self.read(block)?;
            let fits = {
                let page = buffer.share();
                page.is_new() || page::is(&page, Kind::Data) && usable(&page) >= wanted
            };
            if fits {
                return Ok(buffer);
            }
            let room = usable(&buffer.share());
            self.free_space_map().record(block, room.min(wanted - 1))?;
        }
        self.new_page()
    }

    /// Removes a range's summary; whether it had one.
    ///
    /// # Errors
    /// `XX002` for a damaged index.
    pub fn remove(&self, range: u32) -> Result<bool> {
        self.store.storage.wal().make_room()?;
        let slot = range as usize % RANGES;
        let Some(map) = self.map_page(range, false)? else { return Ok(false) };
        let mut map_guard = map.exclusive();
        let Some(entry) = page::entry(&map_guard, slot).some() else { return Ok(false) };
        let data = self.read(entry.block)?;
        let mut guard = data.exclusive();
        let mut change = self.change(RecordKind::Desummarize);
        carry_out(&mut change, &mut map_guard, Image::Standard, Actions::default().entry(slot, Entry::NONE));
        carry_out(&mut change, &mut guard, Image::Standard, Actions::default().clear(entry.line));
        self.finish(change);
        let room = usable(&guard);
        drop((map_guard, guard));
        self.free_space_map().record(data.block(), room)?;
        Ok(true)
    }
}

/// Bytes that a page has room for once it is compacted; of an empty page all.
fn usable(page: &Page) -> usize {
    if page.is_new() {
        return ITEM_MAX;
    }
    if !page::is(page, Kind::Data) {
        return 0;
    }
    let used: usize = page
        .lines()
        .filter(|(_, line)| line.is_normal())
        .map(|(_, line)| (line.length() as usize).next_multiple_of(8))
        .sum();
    (page.special_offset() as usize)
        .saturating_sub(storage::PAGE_HEADER_SIZE + used + (page.line_count() as usize + 1) * 4)
}

/// Where an item of so many bytes goes on a page, and what has to be done before: perhaps an item is taken away.
fn place(page: &PageMut<'_>, clear: Option<u16>, bytes: usize) -> Option<(u16, Actions)> {
    if page.is_new() {
        return Some((1, Actions::default().init(Kind::Data)));
    }
    if !page::is(page, Kind::Data) {
        return None;
    }
    let mut prepare = Actions::default();
    if let Some(line) = clear {
        prepare = prepare.clear(line);
    }
    let prepare = prepare.compact();
    let mut trial = Box::new(Page::zeroed());
    trial.copy_from_slice(&page[..]);
    page::apply(&mut trial, &prepare.0).ok()?;
    let line = trial.add_item(&vec![0; bytes])?;
    Some((line, prepare))
}

/// Adds a page to a change, does `actions` to it, and logs them as its data.
fn carry_out<'a>(change: &mut Change<'a>, guard: &'a mut PageMut<'_>, how: Image, actions: Actions) {
    storage::action::carry_out(change, guard, how, &actions.0, page::apply);
}

/// Writes the meta page of an index without summaries as the first page of an empty fork.
pub(crate) fn write_empty(store: &Store, index: &Index, fork: Fork, persistence: storage::Persistence) -> Result<()> {
    let access = Access { persistence, ..Access::default() };
    let extended = store.storage.extend(index.locator, fork, 1, &access)?;
    let mut guard = extended.buffer.exclusive();
    let pages = index.number_option("pages_per_range").unwrap_or(128).clamp(1, 131072) as u32;
    let map = RangeMap { store, index };
    let mut change = map.change(RecordKind::CreateIndex);
    carry_out(&mut change, &mut guard, Image::WillInit, Actions::default().init(Kind::Meta).meta(pages));
    change.finish_for(persistence, Xid::INVALID);
    Ok(())
}
