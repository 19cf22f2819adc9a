//! A process's place in the table: what wakes and interrupts it, and what others may know of it.
//!
//! Its owner writes, all others read; only interrupts, the latch and the semaphore are written by everybody. What a signal handler
//! does to its own slot ([`Slot::interrupt`], the deadlines) is atomics and system calls only.

use std::sync::atomic::{AtomicI64, AtomicU32, AtomicU64, Ordering};

use ids::Oid;

use super::ProcessKind;
use crate::latch::Latch;
use crate::semaphore::Semaphore;
use crate::{Interrupt, Timeout, WaitEvent};

/// Bytes of a cancel key at most.
pub const CANCEL_KEY_BYTES: usize = 32;

crate::shared! {
    /// A process's place in the table.
    #[derive(Debug)]
    pub struct Slot {
        pub(super) interrupts: AtomicU32,
        /// Wakes the process.
        pub latch: Latch,
        /// What the process sleeps on when it waits for a lock.
        pub semaphore: Semaphore,
        pub(super) kind: AtomicU32,
        pub(super) database: AtomicU32,
        pub(super) role: AtomicU32,
        /// Microseconds since 1970.
        pub(super) started_us: AtomicI64,
        pub(super) wait_event: AtomicU32,
        pub(super) cancel_key_len: AtomicU32,
        pub(super) cancel_key: [AtomicU64; CANCEL_KEY_BYTES / 8],
        /// Monotonic microseconds; zero: none.
        pub(super) deadlines: [AtomicU64; Timeout::COUNT],
        /// When the alarm is set to ring; zero: it is not.
        pub(super) alarm_us: AtomicU64,
        /// The next process in the queue of the condition variable this one sleeps on: its number and one more.
        pub(crate) condition_next: AtomicU32,
        /// Whether it is in such a queue.
        pub(crate) condition_queued: AtomicU32,
        /// Who had the slot before: counts its owners.
        pub(super) generation: AtomicU64,
        /// Bytes of memory of its own that the process is charged for.
        pub(crate) memory: AtomicI64,
    }
}

impl Slot {
    /// What the process is for; `None` if the slot is free.
    pub fn kind(&self) -> Option<ProcessKind> {
        ProcessKind::from_number(self.kind.load(Ordering::Acquire))
    }

    /// The database it is connected to; invalid if none.
    pub fn database(&self) -> Oid {
        Oid(self.database.load(Ordering::Relaxed))
    }

    /// The role it works for; invalid if none.
    pub fn role(&self) -> Oid {
        Oid(self.role.load(Ordering::Relaxed))
    }

    /// When it began: microseconds since 1970.
    pub fn started_us(&self) -> i64 {
        self.started_us.load(Ordering::Relaxed)
    }

    /// What it waits for now.
    pub fn wait_event(&self) -> WaitEvent {
        WaitEvent(self.wait_event.load(Ordering::Relaxed))
    }

    /// How many owners the slot has had: tells whether a remembered process is still the same one.
    pub fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// Bytes of memory of its own that the process is charged for ([`Process::charge_memory`]).
    pub fn memory(&self) -> u64 {
        self.memory.load(Ordering::Relaxed).max(0) as u64
    }

    /// Sets interrupt bits and wakes the process. Async-signal-safe.
    pub fn interrupt(&self, bits: Interrupt) {
        self.interrupts.fetch_or(bits.0, Ordering::SeqCst);
        self.latch.set();
        self.semaphore.poke();
    }

    pub(super) fn cancel_key(&self) -> Option<[u8; CANCEL_KEY_BYTES]> {
        let len = self.cancel_key_len.load(Ordering::Acquire) as usize;
        let mut key = [0; CANCEL_KEY_BYTES];
        for (bytes, word) in key.chunks_exact_mut(8).zip(&self.cancel_key) {
            bytes.copy_from_slice(&word.load(Ordering::Relaxed).to_ne_bytes());
        }
        (1..=CANCEL_KEY_BYTES).contains(&len).then_some(key)
    }

    /// Turns deadlines that have passed into interrupts; gives the next one. Async-signal-safe.
    pub(super) fn fire_deadlines(&self) -> Option<u64> {
        let mut next = 0;
        let mut fired = 0;
        let mut now = 0;
        for (deadline, raises) in self.deadlines.iter().zip(Timeout::RAISES) {
            let at = deadline.load(Ordering::Relaxed);
            if at == 0 {
                continue;
            }
            if now == 0 {
                now = sys::timer::monotonic_us();
            }
            if at > now {
                next = if next == 0 { at } else { at.min(next) };
            } else if deadline.compare_exchange(at, 0, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
                fired |= raises.0;
            }
        }
        if fired != 0 {
            self.interrupt(Interrupt(fired));
        }
        (next != 0).then_some(next)
    }
}
