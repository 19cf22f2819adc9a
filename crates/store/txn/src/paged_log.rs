//! An endless array of 64-bit words in files, with a page cache in shared memory: the ground of the CSN log and of
//! the multixact members.
//!
//! ```text
//!  word number ──► page (1024 words) ──► bank (page modulo banks) ──► one of 16 frames of that bank
//!                                    └─► file (256 pages, 2 MiB), named by its number in hexadecimal
//! ```
//!
//! # Reading without a lock
//!
//! A frame's *tag* is its page's number plus one (zero: empty) and a version that every change of the frame's page raises. A
//! reader finds the frame by its tag, reads the word, and looks at the tag again: unchanged means that the word was of
//! that page (a sequence lock). Only if no frame has the page is the bank locked and the page read.
//!
//! # Invariants
//!
//! - A frame gets another page only under its bank's exclusive lock; words are set under its shared one. So a word is never set
//!   in a frame that has become another page's.
//! - A page is written only after the log is flushed up to the latest record that set a word of it, and up to
//!   the latest record that handed out ids ([`PagedLog::flush_floor`]): what is on disk is never ahead of the log.
//! - A page that no file has is all zeros; so nothing is logged when the array grows.
//! - Words are aligned, and a disk writes aligned 8 bytes whole; so pages need no checksum against torn writes.
//!
//! # Differences from PostgreSQL
//!
//! Its SLRUs hold bytes or bits, are read under a lock, and log each new page.

use std::fs::{File, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering, fence};

use error::{Error, Result};
use ids::Lsn;
use shm::{Layout, LwLock, Many, One, Rank, Segment, Shm, ShmSlice};
use wal::Wal;

/// Words of a page.
pub(crate) const PAGE_WORDS: u64 = 1024;
/// Bytes of a page.
const PAGE_BYTES: usize = 8 * PAGE_WORDS as usize;
/// Pages of a file.
const FILE_PAGES: u64 = 256;
/// Frames of a bank.
const WAYS: usize = 16;
/// Bits of a tag that are the version.
const VERSION_BITS: u32 = 16;
/// Files written since the last checkpoint that can be remembered; one more is synced at once.
const UNSYNCED_MAX: usize = 64;

shm::shared! {
    /// Frames that share a lock.
    #[repr(C, align(64))]
    pub(crate) struct Bank {
        lock: LwLock,
        /// Where the search for a victim continues.
        hand: AtomicU32,
    }

    /// What a frame holds.
    pub(crate) struct Frame {
        tag: AtomicU64,
        /// The log must be flushed up to here before the page is written.
        flush_to: AtomicU64,
        dirty: AtomicU32,
        /// Used since the hand passed.
        used: AtomicU32,
    }

    /// What concerns all frames.
    pub(crate) struct Common {
        /// Numbers plus one of files with unsynced pages.
        unsynced: [AtomicU64; UNSYNCED_MAX],
        /// See [`PagedLog::flush_floor`].
        flush_floor: AtomicU64,
    }
}

/// What [`PagedLog::layout`] asked for.
#[derive(Clone, Copy)]
pub(crate) struct PagedLogRequest {
    common: One<Common>,
    banks: Many<Bank>,
    frames: Many<Frame>,
    words: Many<AtomicU64>,
}

/// The array: a handle.
#[derive(Clone)]
pub(crate) struct PagedLog {
    common: Shm<Common>,
    banks: ShmSlice<Bank>,
    frames: ShmSlice<Frame>,
    words: ShmSlice<AtomicU64>,
    directory: PathBuf,
    wal: Wal,
}

impl PagedLog {
    /// Asks for a cache of at least `pages` pages.
    pub fn layout(layout: &mut Layout, name: &'static str, pages: usize) -> PagedLogRequest {
        let banks = pages.div_ceil(WAYS).max(1);
        PagedLogRequest {
            common: layout.one(name),
            banks: layout.many(name, banks),
            frames: layout.many(name, banks * WAYS),
            words: layout.many(name, banks * WAYS * PAGE_WORDS as usize),
        }
    }

    pub fn attach(segment: &Segment, request: PagedLogRequest, directory: PathBuf, wal: Wal) -> PagedLog {
        let banks = segment.many(request.banks);
        for bank in banks.iter() {
            bank.lock.set_rank(Rank::TRANSACTION_PAGES);
        }
        PagedLog {
            common: segment.one(request.common),
            banks,
            frames: segment.many(request.frames),
            words: segment.many(request.words),
            directory,
            wal,
        }
    }

    /// The frames of the page's bank.
    fn frames_of(&self, page: u64) -> (usize, std::ops::Range<usize>) {
        let bank = (page % self.banks.len() as u64) as usize;
        (bank, bank * WAYS..(bank + 1) * WAYS)
    }

    fn words_of(&self, frame: usize) -> &[AtomicU64] {
        let first = frame * PAGE_WORDS as usize;
        &self.words[first..first + PAGE_WORDS as usize]
    }

    fn find(&self, page: u64) -> Option<(usize, u64)> {
        self.frames_of(page).1.find_map(|frame| {
            let tag = self.frames[frame].tag.load(Ordering::Acquire);
            (tag >> VERSION_BITS == page + 1).then_some((frame, tag))
        })
    }

    /// The word with this number; zero if it was never set.
    ///
    /// # Errors
    /// Those of reading its page.
    pub fn get(&self, number: u64) -> Result<u64> {
        let (page, at) = (number / PAGE_WORDS, (number % PAGE_WORDS) as usize);
        loop {
            if let Some((frame, tag)) = self.find(page) {
                // Sequentially consistent, as `set`: callers that write here and look elsewhere rely on it.
                let word = self.words_of(frame)[at].load(Ordering::SeqCst);
                fence(Ordering::Acquire);
                if self.frames[frame].tag.load(Ordering::Relaxed) == tag {
                    if self.frames[frame].used.load(Ordering::Relaxed) == 0 {
                        self.frames[frame].used.store(1, Ordering::Relaxed);
                    }
                    return Ok(word);
                }
            } else {
                self.load(page)?;
            }
        }
    }

    /// Sets a word. Its page is written only after the log is flushed to `lsn` (invalid: no condition).
    ///
    /// # Errors
    /// Those of reading its page. A word of a page that was set or read a moment ago cannot fail in practice; callers
    /// in a critical section read it first.
    pub fn set(&self, number: u64, value: u64, lsn: Lsn) -> Result<()> {
        let (page, at) = (number / PAGE_WORDS, (number % PAGE_WORDS) as usize);
        loop {
            let (bank, _) = self.frames_of(page);
            let guard = self.banks[bank].lock.share();
            if let Some((frame, _)) = self.find(page) {
                let state = &self.frames[frame];
                // Before the word, so that who copies the word for writing knows how far to flush.
                state.flush_to.fetch_max(lsn.0, Ordering::SeqCst);
                self.words_of(frame)[at].store(value, Ordering::SeqCst);
                // After the word, so that who clears the mark before copying misses nothing.
                state.dirty.store(1, Ordering::SeqCst);
                state.used.store(1, Ordering::Relaxed);
                return Ok(());
            }
            drop(guard);
            self.load(page)?;
        }
    }

    /// No page may be written before the log is flushed up to this record: it hands out numbers that words may be set for.
    pub fn flush_floor(&self, lsn: Lsn) {
        self.common.flush_floor.fetch_max(lsn.0, Ordering::SeqCst);
    }

    /// Brings a page into memory.
    fn load(&self, page: u64) -> Result<()> {
        let (bank, frames) = self.frames_of(page);
        let guard = self.banks[bank].lock.exclusive();
        if self.find(page).is_some() {
            return Ok(());
        }
        let victim = self.victim(bank, frames);
        if self.frames[victim].dirty.load(Ordering::Relaxed) != 0 {
            self.write(victim, &guard)?;
        }
        let mut bytes = [0; PAGE_BYTES];
        self.read_page(page, &mut bytes)?;
        let frame = &self.frames[victim];
        let version = frame.tag.load(Ordering::Relaxed).wrapping_add(1) & ((1 << VERSION_BITS) - 1);
        frame.tag.store(version, Ordering::Relaxed);
        fence(Ordering::Release);
        for (word, bytes) in self.words_of(victim).iter().zip(bytes.as_chunks::<8>().0) {
            word.store(u64::from_le_bytes(*bytes), Ordering::Relaxed);
        }
        frame.flush_to.store(0, Ordering::Relaxed);
        frame.used.store(1, Ordering::Relaxed);
        frame.tag.store((page + 1) << VERSION_BITS | version, Ordering::SeqCst);
        Ok(())
    }

    /// An empty frame, or else one that was not used lately.
    fn victim(&self, bank: usize, frames: std::ops::Range<usize>) -> usize {
        if let Some(empty) = frames.clone().find(|&f| self.frames[f].tag.load(Ordering::Relaxed) >> VERSION_BITS == 0) {
            return empty;
        }
        let hand = &self.banks[bank].hand;
        for _ in 0..2 * WAYS {
            let at = hand.load(Ordering::Relaxed);
            hand.store(at.wrapping_add(1), Ordering::Relaxed);
            let frame = frames.start + at as usize % WAYS;
            if self.frames[frame].used.swap(0, Ordering::Relaxed) == 0 {
                return frame;
            }
        }
        frames.start
    }

    /// Writes a frame's page while it cannot get another: the caller holds the bank's lock in either mode.
    fn write<G>(&self, frame: usize, _bank: &G) -> Result<()> {
        let state = &self.frames[frame];
        let Some(page) = (state.tag.load(Ordering::Relaxed) >> VERSION_BITS).checked_sub(1) else { return Ok(()) };
        state.dirty.store(0, Ordering::SeqCst);
        let mut bytes = [0; PAGE_BYTES];
        for (word, bytes) in self.words_of(frame).iter().zip(bytes.as_chunks_mut::<8>().0) {
            *bytes = word.load(Ordering::SeqCst).to_le_bytes();
        }
        let flush_to = state.flush_to.load(Ordering::SeqCst).max(self.common.flush_floor.load(Ordering::SeqCst));
        self.wal.flush(Lsn(flush_to));
        let written = self.write_page(page, &bytes);
        if written.is_err() {
            state.dirty.store(1, Ordering::SeqCst);
        }
        written
    }

    fn path(&self, file: u64) -> PathBuf {
        self.directory.join(format!("{file:08X}"))
    }

    fn read_page(&self, page: u64, bytes: &mut [u8; PAGE_BYTES]) -> Result<()> {
        let path = self.path(page / FILE_PAGES);
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(e) if e.kind() == ErrorKind::NotFound => return Ok(()),
            Err(e) => return Err(failed("open", &path, &e)),
        };
        let mut done = 0;
        while done < PAGE_BYTES {
            match file.read_at(&mut bytes[done..], (page % FILE_PAGES) * PAGE_BYTES as u64 + done as u64) {
                Ok(0) => break,
                Ok(n) => done += n,
                Err(e) if e.kind() == ErrorKind::Interrupted => (),
                Err(e) => return Err(failed("read", &path, &e)),
            }
        }
        Ok(())
    }

    fn write_page(&self, page: u64, bytes: &[u8; PAGE_BYTES]) -> Result<()> {
        let number = page / FILE_PAGES;
        let path = self.path(number);
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(|e| failed("open", &path, &e))?;
        let offset = (page % FILE_PAGES) * PAGE_BYTES as u64;
        file.write_all_at(bytes, offset).map_err(|e| failed("write", &path, &e))?;
        if !self.remember_unsynced(number) {
            sync(&file, &path);
            self.sync_directory();
        }
        Ok(())
    }

    /// Notes that a file must be synced by the next checkpoint; `false` if there is no room for the note.
    fn remember_unsynced(&self, file: u64) -> bool {
        self.common.unsynced.iter().any(|entry| {
            match entry.compare_exchange(0, file + 1, Ordering::SeqCst, Ordering::SeqCst) {
                Ok(_) => true,
                Err(there) => there == file + 1,
            }
        })
    }

    fn sync_directory(&self) {
        match File::open(&self.directory) {
            Ok(directory) => sync(&directory, &self.directory),
            Err(e) => wal::panic_process(failed("open", &self.directory, &e)),
        }
    }

    /// Writes all changed pages, durably: what was set before the call is on disk after it.
    ///
    /// # Errors
    /// Those of writing. A failed sync ends the process.
    pub fn flush(&self) -> Result<()> {
        self.wal.flush(self.wal.insert_position());
        for frame in 0..self.frames.len() {
            if self.frames[frame].dirty.load(Ordering::SeqCst) != 0 {
                let bank = self.banks[frame / WAYS].lock.share();
                self.write(frame, &bank)?;
            }
        }
        let mut any = false;
        for entry in &self.common.unsynced {
            // Cleared before the sync: a page written meanwhile notes its file again.
            if let Some(number) = entry.swap(0, Ordering::SeqCst).checked_sub(1) {
                any = true;
                let path = self.path(number);
                match File::open(&path) {
                    Ok(file) => sync(&file, &path),
                    Err(e) if e.kind() == ErrorKind::NotFound => (), // truncated meanwhile
                    Err(e) => return Err(failed("open", &path, &e)),
                }
            }
        }
        if any {
            self.sync_directory();
        }
        Ok(())
    }

    /// Removes the files whose words all have numbers below `number`.
    ///
    /// # Errors
    /// Those of reading the directory and removing files.
    pub fn truncate(&self, number: u64) -> Result<()> {
        let first_kept = number / (PAGE_WORDS * FILE_PAGES);
        let entries = std::fs::read_dir(&self.directory)
            .map_err(|e| Error::io(format!("could not open directory \"{}\"", self.directory.display()), &e))?;
        for entry in entries.flatten() {
            let file = entry.file_name().to_str().and_then(|name| u64::from_str_radix(name, 16).ok());
            if file.is_some_and(|file| file < first_kept) {
                std::fs::remove_file(entry.path()).map_err(|e| failed("remove", &entry.path(), &e))?;
            }
        }
        Ok(())
    }
}

fn failed(what: &str, path: &Path, reason: &std::io::Error) -> Error {
    Error::io(format!("could not {what} file \"{}\"", path.display()), reason)
}

/// Forces a file to disk. A failure leaves unknown what is there: only recovery can help.
fn sync(file: &File, path: &Path) {
    if let Err(e) = file.sync_all() {
        wal::panic_process(failed("fsync", path, &e));
    }
}
