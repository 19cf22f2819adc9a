//! Room on disk for the log, before anybody needs it.
//!
//! A record that cannot be written ends the server: its page has changed already. So whoever is about to change something asks
//! for room first, while failing still costs nothing but his statement: [`Wal::make_room`] sees to it that segment files exist
//! for at least [`HEADROOM`] bytes beyond what is reserved. What must not fail (commits, aborts, checkpoints, changes
//! already begun) is written into the headroom, without asking. Therefore a full disk is an error (`53100`) for those who write, and
//! nothing for those who read.
//!
//! *Differences from PostgreSQL*: it makes a segment when the first byte is written to it, and PANICs if the disk is full
//! then; recovery needs a segment, too, so the server stays down until somebody makes room.

use crate::{Inner, Wal, WalOptions};
use error::{Error, Result, SqlState};
use ids::{Lsn, TimelineId};
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release, SeqCst};

/// How much log, in bytes, always has a place on disk beyond what is reserved. A record with its page images is rarely longer
/// than 30 kB, so that a hundred sessions that asked at the same moment all find theirs.
pub(crate) const HEADROOM: u64 = 4 << 20;

impl Wal {
    /// Whether the log can take more records than those that must not fail. Costs two loads.
    #[inline]
    pub fn has_room(&self) -> bool {
        let state = self.inner.state.get();
        state.reserved.load(Relaxed) <= state.room.load(Acquire)
    }

    /// Makes the next segments, if the log is near the end of those that exist. To be called before a change begins; if it fails, the
    /// change must not begin.
    ///
    /// # Errors
    /// `53100` when the disk is full; others of file access.
    #[inline]
    pub fn make_room(&self) -> Result<()> {
        if self.has_room() { Ok(()) } else { self.inner.make_room() }
    }
}

impl Inner {
    #[cold]
    fn make_room(&self) -> Result<()> {
        if self.check_started().is_err() {
            return Ok(()); // Recovery inserts nothing.
        }
        let state = self.state.get();
        let timeline = TimelineId(state.timeline.load(Relaxed));
        // Somebody waits for these, so they must not take long: zeros are written by those who make segments ahead of time.
        let options = WalOptions { init_zero: false, ..state.options() };
        loop {
            // One at a time: many half-made files would fill a disk that has room for one.
            let Some(_making) = state.room_lock.take_or_wait() else {
                if state.reserved.load(Relaxed) <= state.room.load(Acquire) {
                    return Ok(());
                }
                continue;
            };
            let size = self.geometry.segment_size;
            let reserved = self.geometry.end(state.reserved.load(SeqCst)).0;
            let mut allocated = state.allocated.load(Relaxed).max(reserved / size * size);
            while allocated < reserved + HEADROOM {
                if !self.directory.file(timeline, allocated / size).exists() {
                    self.directory.create(timeline, allocated / size, &options).map_err(explain)?;
                }
                allocated += size;
                self.set_allocated(allocated);
            }
            return Ok(());
        }
    }

    /// Notes that segments exist up to `allocated`, a segment's end.
    pub(crate) fn set_allocated(&self, allocated: u64) {
        let state = self.state.get();
        state.allocated.store(allocated, Relaxed);
        let room = allocated.saturating_sub(HEADROOM);
        // Where less than the headroom was ever made, the position is that of the log's first byte: there is no room.
        let position = if room == 0 { 0 } else { self.geometry.position(Lsn(room.next_multiple_of(8))) };
        state.room.store(position, Release);
    }
}

fn explain(error: Error) -> Error {
    if error.state() == SqlState::DISK_FULL { error.hint("Check free disk space.") } else { error }
}
