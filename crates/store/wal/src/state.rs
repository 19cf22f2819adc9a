//! The log's shared state.

use crate::WalOptions;
use crate::{Compression, SyncMethod};
use rustix::thread::futex;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release, SeqCst};
use std::sync::atomic::{AtomicU32, AtomicU64};

/// How many records can be copied into the ring at the same time.
pub(crate) const SLOTS: usize = 32;

/// The slot is free.
const FREE: u64 = 0;
/// The slot is taken, and its position not known yet: it may be anywhere.
const UNKNOWN: u64 = 1;
/// The slot is taken by somebody who copies nothing.
const NOWHERE: u64 = u64::MAX - 1;

shm::shared! {
    /// What all processes know of the log. Fields that are written often have cache lines of their own.
    pub(crate) struct State {
        /// Usable bytes handed out: the one word that every insertion changes.
        pub reserved: AtomicU64,
        pad_reserved: [u64; 15],
        /// Where the current checkpoint's redo begins. Changes only while all slots are held.
        pub redo: AtomicU64,
        /// Bits of [`flag`].
        pub flags: AtomicU32,
        pub sync_method: AtomicU32,
        pub compression: AtomicU32,
        pub timeline: AtomicU32,
        pub system_identifier: AtomicU64,
        pub min_size: AtomicU64,
        pub max_size: AtomicU64,
        pub keep_size: AtomicU64,
        /// The reserved position up to which changes may begin: the headroom before `allocated`.
        pub room: AtomicU64,
        /// Up to here segment files exist, in bytes of the log.
        pub allocated: AtomicU64,
        /// Held by the one who makes segments.
        pub room_lock: WriteLock,
        pad_redo: [u64; 5],
        /// Ring pages before this LSN are written, zeroed and free for use.
        pub recycled: AtomicU64,
        /// Everything before is written to the file.
        pub written: AtomicU64,
        /// Everything before is on disk.
        pub flushed: AtomicU64,
        pub write_lock: WriteLock,
        /// What asynchronous commits wait for the WAL writer to flush.
        pub asynchronous: AtomicU64,
        pad_written: [u64; 9],
        /// Counters for pg_stat_wal.
        pub statistics: Statistics,
        pub slots: [Slot; SLOTS],
    }

    /// Counters since the server's start, for `pg_stat_wal` and log lines.
    #[derive(Debug)]
    pub struct Statistics {
        /// Records inserted.
        pub records: AtomicU64,
        /// Full-page images among their contents.
        pub images: AtomicU64,
        /// Bytes of the records.
        pub bytes: AtomicU64,
        /// How often an inserter had to write because the ring was full.
        pub buffers_full: AtomicU64,
        /// Writes to files.
        pub writes: AtomicU64,
        /// Syncs of files.
        pub syncs: AtomicU64,
    }

    /// One record's way into the ring.
    pub(crate) struct Slot {
        /// [`FREE`], [`UNKNOWN`], or the LSN before which this slot's holder is done.
        position: AtomicU64,
        /// Counts changes, for those who sleep until one.
        event: AtomicU32,
        waiters: AtomicU32,
        pad: [u64; 14],
    }

    /// The lock under which the ring is written to files. Whoever finds it taken may be served by its holder, and so waits
    /// until it is free without taking it.
    pub(crate) struct WriteLock {
        /// 0 free, 1 taken, 2 taken and somebody waits.
        word: AtomicU32,
        pad: u32,
    }
}

/// Bits of `State::flags`.
pub(crate) mod flag {
    pub const STARTED: u32 = 1;
    pub const FSYNC: u32 = 2;
    pub const FULL_PAGE_WRITES: u32 = 4;
    pub const RECYCLE: u32 = 8;
    pub const INIT_ZERO: u32 = 16;
    pub const OPTIONS: u32 = FSYNC | FULL_PAGE_WRITES | RECYCLE | INIT_ZERO;
}

impl State {
    pub fn options(&self) -> WalOptions {
        let flags = self.flags.load(Relaxed);
        WalOptions {
            fsync: flags & flag::FSYNC != 0,
            sync_method: SyncMethod::from_u32(self.sync_method.load(Relaxed)),
            full_page_writes: flags & flag::FULL_PAGE_WRITES != 0,
            compression: if self.compression.load(Relaxed) == 1 { Compression::Lz4 } else { Compression::Off },
            recycle: flags & flag::RECYCLE != 0,
            init_zero: flags & flag::INIT_ZERO != 0,
            min_size: self.min_size.load(Relaxed),
            max_size: self.max_size.load(Relaxed),
            keep_size: self.keep_size.load(Relaxed),
        }
    }

    pub fn set_options(&self, options: &WalOptions) {
        let bit = |yes: bool, bit: u32| if yes { bit } else { 0 };
        let bits = bit(options.fsync, flag::FSYNC)
            | bit(options.full_page_writes, flag::FULL_PAGE_WRITES)
            | bit(options.recycle, flag::RECYCLE)
            | bit(options.init_zero, flag::INIT_ZERO);
        self.flags.fetch_or(bits, SeqCst);
        self.flags.fetch_and(bits | !flag::OPTIONS, SeqCst);
        self.sync_method.store(options.sync_method as u32, Relaxed);
        self.compression.store(options.compression as u32, Relaxed);
        self.min_size.store(options.min_size, Relaxed);
        self.max_size.store(options.max_size, Relaxed);
        self.keep_size.store(options.keep_size, Relaxed);
    }
}

/// A slot held by this thread; dropping it frees it.
pub(crate) struct HeldSlot<'s> {
    slot: &'s Slot,
}

impl HeldSlot<'_> {
    /// Says that this slot's holder is about to reserve space.
    pub fn unknown(&self) {
        self.slot.change(UNKNOWN);
    }

    /// Says that everything before `lsn` is in the ring, as far as this slot's holder is concerned.
    pub fn publish(&self, lsn: u64) {
        self.slot.change(lsn);
    }
}

impl Drop for HeldSlot<'_> {
    fn drop(&mut self) {
        self.slot.change(FREE);
    }
}

impl Slot {
    fn try_take(&self) -> bool {
        self.position.load(Relaxed) == FREE && self.position.compare_exchange(FREE, UNKNOWN, SeqCst, Relaxed).is_ok()
    }

    fn change(&self, position: u64) {
        self.position.store(position, SeqCst);
        if self.waiters.load(SeqCst) != 0 {
            self.event.fetch_add(1, SeqCst);
            let _ = futex::wake(&self.event, futex::Flags::empty(), i32::MAX as u32);
        }
    }

    /// Waits until the position is no longer `seen`.
    fn wait_while(&self, seen: u64) {
        for _ in 0..200 {
            if self.position.load(SeqCst) != seen {
                return;
            }
            std::hint::spin_loop();
        }
        self.waiters.fetch_add(1, SeqCst);
        let event = self.event.load(SeqCst);
        if self.position.load(SeqCst) == seen {
            let _ = futex::wait(&self.event, futex::Flags::empty(), event, None);
        }
        self.waiters.fetch_sub(1, SeqCst);
    }

    /// Waits until its holder is done with everything before `target`, and says how far it is: `u64::MAX` if it is free.
    fn wait_past(&self, target: u64) -> u64 {
        loop {
            match self.position.load(SeqCst) {
                FREE => return u64::MAX,
                position if position != UNKNOWN && position >= target => return position,
                position => self.wait_while(position),
            }
        }
    }
}

thread_local! {
    /// The slot that this thread took last: likely free, and in its cache.
    static HINT: std::cell::Cell<usize> = std::cell::Cell::new({
        let id = rustix::thread::gettid().as_raw_nonzero().get() as usize;
        id % SLOTS
    });
}

impl State {
    /// Takes a slot. Until it is dropped, nobody can take all of them, and writers wait for its positions.
    pub fn take_slot(&self) -> HeldSlot<'_> {
        let first = HINT.get();
        loop {
            for n in 0..SLOTS {
                let n = (first + n) % SLOTS;
                if self.slots[n].try_take() {
                    HINT.set(n);
                    return HeldSlot { slot: &self.slots[n] };
                }
            }
            let slot = &self.slots[first];
            slot.wait_while(slot.position.load(SeqCst));
        }
    }

    /// Takes all slots: nobody inserts while they are held. In ascending order, so two who do cannot block each other. Slots
    /// taken this way hold up no writer, since whoever still inserts may be waiting for one; who goes on to reserve space
    /// publishes [`HeldSlot::unknown`] in one of them before.
    pub fn take_all_slots(&self) -> Vec<HeldSlot<'_>> {
        self.slots
            .iter()
            .map(|slot| {
                while !slot.try_take() {
                    slot.wait_while(slot.position.load(SeqCst));
                }
                slot.change(NOWHERE);
                HeldSlot { slot }
            })
            .collect()
    }

    /// Waits until everything before `target` is in the ring. Returns how far the ring is complete: at least `target`, up to
    /// `reserved`, the end of what was reserved when the caller looked.
    pub fn wait_for_insertions(&self, target: u64, reserved: u64) -> u64 {
        self.slots.iter().fold(reserved, |complete, slot| complete.min(slot.wait_past(target.min(reserved))))
    }
}

/// The write lock, held.
pub(crate) struct Writing<'s>(&'s WriteLock);

impl WriteLock {
    /// Takes the lock, or else waits until its holder leaves, and returns `None`.
    pub fn take_or_wait(&self) -> Option<Writing<'_>> {
        if self.word.compare_exchange(0, 1, Acquire, Relaxed).is_ok() {
            return Some(Writing(self));
        }
        match self.word.swap(2, Acquire) {
            0 => Some(Writing(self)),
            _ => {
                let _ = futex::wait(&self.word, futex::Flags::empty(), 2, None);
                None
            }
        }
    }
}

impl Drop for Writing<'_> {
    fn drop(&mut self) {
        if self.0.word.swap(0, Release) == 2 {
            let _ = futex::wake(&self.0.word, futex::Flags::empty(), i32::MAX as u32);
        }
    }
}
