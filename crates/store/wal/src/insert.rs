//! How a record gets into the ring.
//!
//! ```text
//!   take a slot            so that writers know somebody is on the way, and no checkpoint can move the redo position
//!   fetch_add(reserved)    the record's place: the only point where inserters meet
//!   publish the place      in the slot
//!   copy                   into the ring, page headers in between; waits where the ring is full
//!   free the slot
//! ```
//!
//! The ring is an array of words that are stored one by one, relaxed: the slot orders them for the writer. Position `x`
//! of the log lies at `x` modulo the ring's size. A page may be filled once `recycled` has come within a ring's length;
//! it is zeroed before.

use crate::encode::{ImageRule, encode, seal};
use crate::position::{Geometry, LOG_PAGE, PageHeader};
use crate::state::{HeldSlot, flag};
use crate::{Inner, RECORD_MAX, Record, Wal, panic_process, scratch};
use error::{Error, Result, SqlState};
use ids::{Lsn, TimelineId, Xid};
use std::sync::atomic::Ordering::{Acquire, Relaxed, SeqCst};

/// Records are aligned to this many bytes.
const ALIGN: usize = 8;

impl Wal {
    /// Appends a record and returns its end: the LSN that the changed pages get, and that a commit flushes to. Images are
    /// taken of the pages that need one. The caller is in a critical section, or changes no page.
    ///
    /// # Errors
    /// `54000` for a record longer than [`RECORD_MAX`]; `XX000` during recovery.
    pub fn insert(&self, record: &Record<'_>, xid: Xid) -> Result<Lsn> {
        self.insert_at(record, xid).map(|(_, end)| end)
    }

    /// The same, returning the record's beginning as well.
    ///
    /// # Errors
    /// Those of [`Wal::insert`].
    pub fn insert_at(&self, record: &Record<'_>, xid: Xid) -> Result<(Lsn, Lsn)> {
        let (mut bytes, unused) = scratch::take();
        let result = self.inner.insert(record, xid, &mut bytes);
        scratch::give(bytes, unused);
        result
    }

    /// Fixes the redo position of a checkpoint that begins: the place where the next record will start. Pages changed from then
    /// on are logged whole at first. `while_excluded` runs while nobody can insert.
    pub fn begin_checkpoint<T>(&self, while_excluded: impl FnOnce(Lsn) -> T) -> (Lsn, T) {
        let state = self.inner.state.get();
        let _slots = state.take_all_slots();
        let redo = self.inner.geometry.start(state.reserved.load(SeqCst));
        state.redo.store(redo.0, SeqCst);
        let value = while_excluded(redo);
        (redo, value)
    }

    /// Ends the current segment: a record of which the rest of the segment is the padding. Returns the record's beginning and
    /// end, and where the next segment begins. Does nothing at a segment's start.
    ///
    /// # Errors
    /// Those of [`Wal::insert`].
    pub fn switch_segment(&self, record: &Record<'_>) -> Result<(Lsn, Lsn)> {
        let inner = &*self.inner;
        let state = inner.state.get();
        inner.check_started()?;
        let (mut bytes, unused) = scratch::take();
        encode(record, Xid::INVALID, &inner.image_rule(), &mut bytes);
        let slots = state.take_all_slots();
        let position = state.reserved.load(SeqCst);
        let at = inner.geometry.end(position);
        if at.0.is_multiple_of(inner.geometry.segment_size) {
            return Ok((at, at));
        }
        let start = inner.geometry.start(position);
        let next_segment = (start.0 / inner.geometry.segment_size + 1) * inner.geometry.segment_size;
        let mut end = inner.geometry.position(Lsn(next_segment));
        let length = (bytes.len().next_multiple_of(ALIGN)) as u64;
        if position + length > end {
            end += inner.geometry.position(Lsn(inner.geometry.segment_size)); // The record itself reaches into the next one.
        }
        let slot = &slots[0];
        slot.unknown();
        state.reserved.store(end, SeqCst);
        slot.publish(start.0);
        seal(&mut bytes, start);
        bytes.resize((end - position) as usize, 0);
        inner.copy(slot, start, &bytes);
        drop(slots);
        scratch::give(bytes, unused);
        Ok((start, inner.geometry.end(end)))
    }
}

impl Inner {
    pub(crate) fn check_started(&self) -> Result<()> {
        if self.state.flags.load(Acquire) & flag::STARTED == 0 {
            return Err(Error::internal("cannot make new WAL entries during recovery"));
        }
        Ok(())
    }

    fn image_rule(&self) -> ImageRule {
        let options = self.state.options();
        ImageRule {
            redo: self.state.redo.load(SeqCst),
            full_page_writes: options.full_page_writes,
            compression: options.compression,
        }
    }

    fn insert(&self, record: &Record<'_>, xid: Xid, bytes: &mut Vec<u8>) -> Result<(Lsn, Lsn)> {
        self.check_started()?;
        if record.len_without_images() > RECORD_MAX {
            return Err(Error::new(SqlState::PROGRAM_LIMIT_EXCEEDED, "oversized WAL record would be too long"));
        }
        let state = self.state.get();
        let (slot, images) = loop {
            let rule = self.image_rule();
            let images = encode(record, xid, &rule, bytes);
            let slot = state.take_slot();
            // The redo position stands still from here on. If it moved since, or full pages are wanted now, encode again.
            let now = self.image_rule();
            if now.redo == rule.redo && (rule.full_page_writes || !now.full_page_writes) || record.block_count == 0 {
                break (slot, images);
            }
        };
        let length = bytes.len();
        let size = length.next_multiple_of(ALIGN);
        let position = state.reserved.fetch_add(size as u64, SeqCst);
        let (start, end) = (self.geometry.start(position), self.geometry.end(position + size as u64));
        slot.publish(start.0);
        seal(bytes, start);
        bytes.resize(size, 0);
        self.copy(&slot, start, bytes);
        drop(slot);
        let statistics = &state.statistics;
        statistics.records.fetch_add(1, Relaxed);
        statistics.bytes.fetch_add(length as u64, Relaxed);
        if images > 0 {
            statistics.images.fetch_add(images as u64, Relaxed);
            self.own[1].fetch_add(images as u64, Relaxed);
        }
        self.own[0].fetch_add(1, Relaxed);
        self.own[2].fetch_add(length as u64, Relaxed);
        Ok((start, end))
    }

    /// Copies whole words into the ring from `start` on, with the headers of the pages that begin on the way.
    fn copy(&self, slot: &HeldSlot<'_>, start: Lsn, bytes: &[u8]) {
        let mut at = start.0;
        let mut left = bytes;
        let page = at / LOG_PAGE * LOG_PAGE;
        if at - page == self.geometry.header_size(page) {
            at = page; // The record is the first on its page, so the header is its duty.
        }
        let mut first = true;
        while !left.is_empty() {
            self.wait_for_ring(slot, at);
            let mut index = self.ring_index(at);
            if at.is_multiple_of(LOG_PAGE) {
                let rest = if first { 0 } else { left.len() as u32 };
                index = self.write_header(at, rest);
                at += self.geometry.header_size(at);
            }
            first = false;
            let room = (LOG_PAGE - at % LOG_PAGE) as usize;
            let (now, later) = left.split_at(room.min(left.len()));
            for (word, chunk) in self.ring[index..index + now.len() / ALIGN].iter().zip(now.as_chunks::<8>().0) {
                word.store(u64::from_le_bytes(*chunk), Relaxed);
            }
            at += now.len() as u64;
            left = later;
        }
    }

    /// Writes a page's header; returns the ring's index behind it.
    fn write_header(&self, page: u64, rest: u32) -> usize {
        let long = page.is_multiple_of(self.geometry.segment_size);
        let header = PageHeader {
            timeline: TimelineId(self.state.timeline.load(Relaxed)),
            address: page,
            rest,
            system_identifier: self.state.system_identifier.load(Relaxed),
            segment_size: self.geometry.segment_size as u32,
        };
        let index = self.ring_index(page);
        let words = (self.geometry.header_size(page) / 8) as usize;
        for (word, value) in self.ring[index..index + words].iter().zip(header.encode(long)) {
            word.store(value, Relaxed);
        }
        index + words
    }

    pub(crate) fn ring_index(&self, at: u64) -> usize {
        (at % (self.ring.len() as u64 * 8) / 8) as usize
    }

    /// Waits until the ring's page for position `at` is free, writing older pages if nobody else does.
    fn wait_for_ring(&self, slot: &HeldSlot<'_>, at: u64) {
        let size = self.ring.len() as u64 * 8;
        if at < self.state.recycled.load(Acquire) + size {
            return;
        }
        slot.publish(at);
        let target = at / LOG_PAGE * LOG_PAGE + LOG_PAGE - size;
        self.state.statistics.buffers_full.fetch_add(1, Relaxed);
        self.own[3].fetch_add(1, Relaxed);
        while self.state.recycled.load(Acquire) < target {
            if let Err(e) = self.write_out(target, false) {
                panic_process(e.message());
            }
        }
    }

    pub(crate) const fn geometry_of(segment_size: u32) -> Geometry {
        Geometry { segment_size: segment_size as u64 }
    }
}
