//! The one shape of a logged change.
//!
//! ```text
//! let mut guard = buffer.exclusive();
//! let mut change = storage.change(RmgrId::HEAP, HEAP_INSERT);      // nothing can fail from here on
//! let heap = change.page(&mut guard, Image::Standard);             // page 0 of the record
//! change.page_mut(heap).put_item(offset, &tuple);
//! change.block_data(heap, &tuple);
//! change.data(&offset.to_le_bytes());
//! let lsn = change.finish(xid);                                    // logged, LSN set, dirty
//! ```
//!
//! From the first [`Change::page`] on the process is in a critical section: a panic, or a guard dropped without `finish`,
//! ends the process, since the page may be half changed. Do whatever can fail before.
//!
//! The order inside `finish` is what recovery rests on: the pages are marked dirty *before* the record is inserted, so a
//! checkpoint whose redo position lies behind the record finds them; and their locks are held until the LSN stands in
//! them, so nobody writes them before.

use crate::pool::DIRTY;
use crate::{Buffer, Page, PageMut, Persistence, Storage};
use ids::{Lsn, Xid};
use shm::CriticalSection;
use std::sync::atomic::Ordering::{AcqRel, Relaxed};
use wal::{BLOCKS_MAX, Image, Record, RmgrId, panic_process};

/// Why a change needs no log record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unlogged {
    /// The relation is temporary or unlogged.
    NotPermanent,
    /// The new file is synced as a whole before its transaction commits.
    SyncedAtCommit,
    /// Lost changes repair themselves (free space map).
    SelfHealing,
    /// An earlier record says at least as much, and redo makes the page anew from it (sequences).
    Covered,
}

/// A page's number in the change, and in its record's block references.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot(pub u8);

struct Changed<'a> {
    page: &'a mut Page,
    buffer: &'a Buffer,
    how: Image,
    /// Where its data is in `Change::block_data`.
    data: (u32, u32),
}

/// A change under way: the pages it touches, exclusively locked, and its record; see the [module](self).
#[must_use = "a change has to be finished"]
pub struct Change<'a> {
    storage: Storage,
    rmgr: RmgrId,
    info: u8,
    pages: [Option<Changed<'a>>; BLOCKS_MAX],
    count: usize,
    main: Vec<u8>,
    block_data: Vec<u8>,
    critical: Option<CriticalSection>,
}

impl<'a> Change<'a> {
    pub(crate) fn new(storage: Storage, rmgr: RmgrId, info: u8) -> Change<'a> {
        let (main, block_data) = wal::take_buffers();
        let pages = [const { None }; BLOCKS_MAX];
        Change { storage, rmgr, info, pages, count: 0, main, block_data, critical: None }
    }

    /// Adds a page to the change. The first is 0, then 1, … : the numbers of the record's block references.
    ///
    /// # Panics
    /// With more than [`BLOCKS_MAX`] pages.
    pub fn page(&mut self, guard: &'a mut PageMut<'_>, how: Image) -> Slot {
        assert!(self.count < BLOCKS_MAX, "a change touches too many pages");
        self.critical.get_or_insert_with(CriticalSection::new);
        let (page, buffer) = guard.parts();
        let end = self.block_data.len() as u32;
        self.pages[self.count] = Some(Changed { page, buffer, how, data: (end, end) });
        self.count += 1;
        Slot(self.count as u8 - 1)
    }

    fn changed(&mut self, slot: Slot) -> &mut Changed<'a> {
        match &mut self.pages[slot.0 as usize] {
            Some(changed) => changed,
            None => panic!("the change has no page {}", slot.0),
        }
    }

    /// A page of the change, to change it.
    pub fn page_mut(&mut self, slot: Slot) -> &mut Page {
        self.changed(slot).page
    }

    /// Two different pages of the change at once.
    pub fn two_pages_mut(&mut self, a: Slot, b: Slot) -> [&mut Page; 2] {
        match self.pages.get_disjoint_mut([a.0 as usize, b.0 as usize]) {
            Ok([Some(a), Some(b)]) => [a.page, b.page],
            _ => panic!("pages {} and {} are not two pages of the change", a.0, b.0),
        }
    }

    /// Appends to the data that belongs to a page; left out of the record where an image of the page says it all. Pages'
    /// data may be given in any order (in the pages' order it costs least).
    pub fn block_data(&mut self, slot: Slot, bytes: &[u8]) {
        let end = self.changed(slot).data.1;
        if end as usize == self.block_data.len() {
            self.block_data.extend_from_slice(bytes);
        } else {
            self.block_data.splice(end as usize..end as usize, bytes.iter().copied());
        }
        let length = bytes.len() as u32;
        for (n, changed) in self.pages[..self.count].iter_mut().flatten().enumerate() {
            let later = changed.data.0 > end || changed.data.0 == end && n > slot.0 as usize;
            if n == slot.0 as usize {
                changed.data.1 += length;
            } else if later {
                changed.data.0 += length;
                changed.data.1 += length;
            }
        }
    }

    /// Appends to the record's main data.
    pub fn data(&mut self, bytes: &[u8]) {
        self.main.extend_from_slice(bytes);
    }

    /// Logs the change: inserts the record, sets the pages' LSN and marks them dirty. Returns the record's end.
    pub fn finish(mut self, xid: Xid) -> Lsn {
        let critical = self.critical.take();
        self.mark_dirty(false);
        let main = std::mem::take(&mut self.main);
        let block_data = std::mem::take(&mut self.block_data);
        let mut record = Record::with_buffers(self.rmgr, self.info, main, block_data);
        for changed in self.pages[..self.count].iter().flatten() {
            let buffer = changed.buffer;
            let page = Some(changed.page.bytes());
            record.block_with(buffer.locator, buffer.fork, buffer.block, changed.how, page, changed.data);
        }
        let lsn = match self.storage.inner.wal.insert(&record, xid) {
            Ok(lsn) => lsn,
            Err(e) => panic_process(e.message()),
        };
        drop(record);
        for changed in self.pages[..self.count].iter_mut().flatten() {
            changed.page.set_lsn(lsn);
        }
        self.count = 0;
        drop(critical);
        lsn
    }

    /// Finishes a change that is not logged.
    pub fn finish_unlogged(mut self, reason: Unlogged) {
        let _ = reason;
        self.mark_dirty(false);
        self.count = 0;
        self.critical = None;
    }

    /// Logs the change of a permanent relation, else finishes it unlogged: for code that serves all persistences.
    pub fn finish_for(self, persistence: Persistence, xid: Xid) -> Lsn {
        if persistence.is_logged() {
            self.finish(xid)
        } else {
            self.mark_dirty(persistence == Persistence::Temporary);
            self.finish_unlogged(Unlogged::NotPermanent);
            Lsn::INVALID
        }
    }

    fn mark_dirty(&self, local: bool) {
        for changed in self.pages[..self.count].iter().flatten() {
            if changed.buffer.header.state.fetch_or(DIRTY, AcqRel) & DIRTY == 0 {
                self.storage.inner.dirtied[usize::from(local)].fetch_add(1, Relaxed);
            }
        }
    }
}

impl Drop for Change<'_> {
    fn drop(&mut self) {
        if self.count > 0 && !std::thread::panicking() {
            panic_process("a change was abandoned half way");
        }
        wal::give_buffers(std::mem::take(&mut self.main), std::mem::take(&mut self.block_data));
    }
}
