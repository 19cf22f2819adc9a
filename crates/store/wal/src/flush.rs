//! How the ring gets to disk.
//!
//! Whoever needs a position flushed either takes the write lock and writes and syncs everything that is complete by then
//! (the *leader*), or sleeps until the leader is done and looks again. So one sync serves all who came meanwhile, and
//! inserters are not held up by it: they only meet the lock when the ring is full.

use crate::position::LOG_PAGE;
use crate::segment::{Directory, shown};
use crate::state::flag;
use crate::{Inner, SyncMethod, Wal, WalOptions, faults, panic_process};
use error::{Error, Result};
use ids::{Lsn, TimelineId};
use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::FileExt;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release, SeqCst};

/// The segment that a process has open for writing. Used under the write lock only.
pub(crate) struct OpenSegment {
    file: File,
    timeline: TimelineId,
    segment: u64,
    flags: i32,
}

fn open_flags(options: &WalOptions) -> i32 {
    let flags = match options.sync_method {
        _ if !options.fsync => rustix::fs::OFlags::empty(),
        SyncMethod::OpenDatasync => rustix::fs::OFlags::DSYNC,
        SyncMethod::OpenSync => rustix::fs::OFlags::SYNC,
        SyncMethod::Fdatasync | SyncMethod::Fsync => rustix::fs::OFlags::empty(),
    };
    flags.bits() as i32
}

fn fetch_max(word: &AtomicU64, value: u64) {
    word.fetch_max(value, AcqRel);
}

impl Wal {
    /// Returns when the log is on disk up to `lsn`. One sync serves everyone who waits. A position that was never reserved is
    /// taken for the end of the log.
    pub fn flush(&self, lsn: Lsn) {
        if self.inner.state.flushed.load(Acquire) >= lsn.0 {
            return;
        }
        self.inner.flush(lsn.0);
    }

    /// Everything before this position is on disk.
    pub fn flushed(&self) -> Lsn {
        Lsn(self.inner.state.flushed.load(Acquire))
    }

    /// Everything before this position is written to its file, if perhaps not on disk.
    pub fn written(&self) -> Lsn {
        Lsn(self.inner.state.written.load(Acquire))
    }

    /// Asks the WAL writer to flush up to `lsn` soon: for asynchronous commits.
    pub fn flush_later(&self, lsn: Lsn) {
        fetch_max(&self.inner.state.asynchronous, lsn.0);
    }

    /// One round of the WAL writer: flushes what asynchronous commits wait for, and writes complete pages ahead of
    /// need. Answers whether there was anything to do.
    pub fn flush_in_background(&self) -> bool {
        let state = self.inner.state.get();
        if state.flags.load(Acquire) & flag::STARTED == 0 {
            return false;
        }
        let asynchronous = state.asynchronous.load(Acquire);
        if asynchronous > state.flushed.load(Acquire) {
            self.inner.flush(asynchronous);
            return true;
        }
        let complete = self.inner.geometry.end(state.reserved.load(SeqCst)).0 / LOG_PAGE * LOG_PAGE;
        // Worth a sync once it is a megabyte: PostgreSQL's wal_writer_flush_after.
        if complete >= state.flushed.load(Acquire) + (1 << 20) {
            self.inner.flush(complete);
            return true;
        }
        false
    }
}

impl Inner {
    fn flush(&self, lsn: u64) {
        if self.state.flags.load(Acquire) & flag::STARTED == 0 {
            return; // In recovery what is replayed comes from the disk.
        }
        loop {
            let reserved = self.geometry.end(self.state.reserved.load(SeqCst)).0;
            let lsn = lsn.min(reserved);
            if self.state.flushed.load(Acquire) >= lsn {
                return;
            }
            if let Err(e) = self.write_out(lsn, true) {
                panic_process(e.message());
            }
        }
    }

    /// Writes the ring up to at least `target`, and syncs it, unless somebody else did or does: then returns when he is done,
    /// and the caller looks again.
    pub(crate) fn write_out(&self, target: u64, sync: bool) -> Result<()> {
        let state = self.state.get();
        let Some(_writing) = state.write_lock.take_or_wait() else { return Ok(()) };
        let done = if sync { &state.flushed } else { &state.written };
        if done.load(Acquire) >= target {
            return Ok(());
        }
        let reserved = self.geometry.end(state.reserved.load(SeqCst)).0;
        let complete = state.wait_for_insertions(target, reserved);
        let options = state.options();
        let mut open = self.open.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let mut at = state.written.load(Acquire);
        let complete = complete.max(at);
        loop {
            let segment_end = (at / self.geometry.segment_size + 1) * self.geometry.segment_size;
            let end = complete.min(segment_end);
            let unsynced = state.flushed.load(Acquire) < end;
            if at < end || sync && unsynced {
                // A position at a segment's start belongs to the one before, as far as syncing is concerned.
                let segment = at.saturating_sub(if at < end { 0 } else { 1 }) / self.geometry.segment_size;
                let file = self.segment_for_write(&mut open, segment, &options)?;
                if at < end {
                    self.write_pages(file, at, end)?;
                    at = end;
                    state.written.store(at, Release);
                }
                if sync || at == segment_end {
                    self.sync(file, segment, &options)?;
                    fetch_max(&state.flushed, at);
                }
            }
            if at >= complete {
                return Ok(());
            }
        }
    }

    /// Writes the pages that hold `[from, to)`, which lie in one segment, and frees the complete ones in the ring.
    fn write_pages(&self, file: &File, from: u64, to: u64) -> Result<()> {
        let ring = self.ring.len() as u64 * 8;
        let first = from / LOG_PAGE * LOG_PAGE;
        let end = to.next_multiple_of(LOG_PAGE);
        let mut at = first;
        while at < end {
            let run = (end - at).min(ring - at % ring);
            let index = self.ring_index(at);
            let words = &self.ring[index..index + (run / 8) as usize];
            let offset = at % self.geometry.segment_size;
            let mut written = 0;
            while written < run {
                let words = &words[(written / 8) as usize..];
                self.state.statistics.writes.fetch_add(1, Relaxed);
                self.own_io[0].fetch_add(1, Relaxed);
                match write_some(file, words, offset + written) {
                    Ok(0) => return Err(self.write_error(at, &io::Error::from(io::ErrorKind::StorageFull))),
                    Ok(n) => {
                        written += n as u64 / 8 * 8;
                        self.own_io[1].fetch_add(n as u64 / 8 * 8, Relaxed);
                    }
                    Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                    Err(e) => return Err(self.write_error(at, &e)),
                }
            }
            at += run;
        }
        let free = to / LOG_PAGE * LOG_PAGE;
        let mut at = first;
        while at < free {
            let run = (free - at).min(ring - at % ring);
            let index = self.ring_index(at);
            self.ring[index..index + (run / 8) as usize].iter().for_each(|word| word.store(0, Relaxed));
            at += run;
        }
        self.state.recycled.store(free, Release);
        Ok(())
    }

    fn write_error(&self, at: u64, reason: &io::Error) -> Error {
        let timeline = TimelineId(self.state.timeline.load(Relaxed));
        let path = self.directory.file(timeline, at / self.geometry.segment_size);
        let offset = at % self.geometry.segment_size;
        Error::io(format_args!("could not write to log file \"{}\" at offset {offset}", shown(&path)), reason)
    }

    fn sync(&self, file: &File, segment: u64, options: &WalOptions) -> Result<()> {
        if !options.fsync || matches!(options.sync_method, SyncMethod::OpenDatasync | SyncMethod::OpenSync) {
            return Ok(());
        }
        self.state.statistics.syncs.fetch_add(1, Relaxed);
        self.own_io[2].fetch_add(1, Relaxed);
        let synced = faults::call("wal.sync").and_then(|()| match options.sync_method {
            SyncMethod::Fsync => file.sync_all(),
            _ => file.sync_data(),
        });
        synced.map_err(|e| {
            let timeline = TimelineId(self.state.timeline.load(Relaxed));
            let path = self.directory.file(timeline, segment);
            Error::io(format_args!("could not fsync file \"{}\"", shown(&path)), &e)
        })
    }

    fn segment_for_write<'o>(
        &self,
        open: &'o mut Option<OpenSegment>,
        segment: u64,
        options: &WalOptions,
    ) -> Result<&'o File> {
        let timeline = TimelineId(self.state.timeline.load(Relaxed));
        let flags = open_flags(options);
        let current = open.as_ref().is_some_and(|o| o.segment == segment && o.timeline == timeline && o.flags == flags);
        if !current {
            *open = None;
            let file = self.directory.open_for_write(timeline, segment, options, flags)?;
            *open = Some(OpenSegment { file, timeline, segment, flags });
        }
        match open {
            Some(open) => Ok(&open.file),
            None => Err(Error::internal("no log segment is open")),
        }
    }

    /// Makes the disk's log end at `end`: the rest of its segment becomes zeros, later segments go. After a crash old records may
    /// stand there that were never followed by a flush; none of them may ever be taken for the log's continuation.
    pub(crate) fn cut_tail(directory: &Directory, timeline: TimelineId, end: u64, options: &WalOptions) -> Result<()> {
        let size = directory.segment_size as u64;
        let segment = end / size;
        for (other, number) in directory.list()? {
            if other >= timeline && (number > segment || number == segment && end.is_multiple_of(size)) {
                directory.remove(other, number)?;
            }
        }
        directory.sync(options)?;
        if end.is_multiple_of(size) {
            return Ok(());
        }
        let path = directory.file(timeline, segment);
        let cut = || -> io::Result<()> {
            let file = File::options().read(true).write(true).open(&path)?;
            let mut chunk = vec![0; 64 << 10];
            let zeros = vec![0; 64 << 10];
            let mut at = end % size;
            while at < size {
                let length = chunk.len().min((size - at) as usize);
                let chunk = &mut chunk[..length];
                file.read_exact_at(chunk, at)?;
                if chunk.iter().any(|&byte| byte != 0) {
                    file.write_all_at(&zeros[..length], at)?;
                }
                at += length as u64;
            }
            if options.fsync { file.sync_data() } else { Ok(()) }
        };
        cut().map_err(|e| Error::io(format_args!("could not write to log file \"{}\"", shown(&path)), &e))
    }
}

/// One `pwrite`, with its fail point.
fn write_some(file: &File, words: &[AtomicU64], offset: u64) -> io::Result<usize> {
    match faults::check("wal.write") {
        Some(faults::Fault::Fail(number)) => return Err(io::Error::from_raw_os_error(number)),
        Some(faults::Fault::Short) => return shm::write_words_at(file.as_fd(), &words[..words.len() / 2], offset),
        Some(faults::Fault::Torn) => {
            let _ = shm::write_words_at(file.as_fd(), &words[..words.len() / 2], offset);
            faults::die();
        }
        Some(faults::Fault::Kill) | None => {}
    }
    shm::write_words_at(file.as_fd(), words, offset)
}
