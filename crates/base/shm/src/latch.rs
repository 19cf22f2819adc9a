//! A latch: wakes one process out of its wait, also when it waits for sockets.
//!
//! Setting a set latch costs nothing, and setting the latch of a process that does not sleep is one atomic operation; only
//! a sleeper is woken through its eventfd. The owner resets the latch, looks at everything it cares about, and only then
//! waits, so nothing is missed:
//!
//! ```text
//! loop { latch.reset(); if there is work { do it } else { wait } }
//! ```

use std::os::fd::{BorrowedFd, RawFd};
use std::sync::atomic::{AtomicI32, AtomicU32, Ordering};

use crate::Shared;

/// A process's latch, in its slot.
#[derive(Debug, Default)]
pub struct Latch {
    set: AtomicU32,
    /// Whether the owner sleeps, or is about to.
    sleeping: AtomicU32,
    /// The eventfd's number and one more: every process inherits it under the same number. Zero: none yet.
    event: AtomicI32,
}

// SAFETY: atomics; zero is a latch that is not set and wakes nobody. The descriptor's owner is `Processes`.
unsafe impl Shared for Latch {}

impl Latch {
    pub(crate) fn connect(&self, event: RawFd) {
        self.event.store(event + 1, Ordering::Release);
    }

    /// Wakes the owner. Async-signal-safe.
    pub fn set(&self) {
        if self.set.swap(1, Ordering::SeqCst) == 0 && self.sleeping.load(Ordering::SeqCst) != 0 {
            self.wake();
        }
    }

    #[cold]
    fn wake(&self) {
        let event = self.event.load(Ordering::Acquire) - 1;
        if event >= 0 {
            // SAFETY: `Processes`, in this process or the one it was forked from, keeps the descriptor open as long as
            // anybody can hold a slot; should it be closed after all, the write fails, or writes eight bytes into a
            // descriptor of this process, which is not a matter of memory.
            let event = unsafe { BorrowedFd::borrow_raw(event) };
            let _ = rustix::io::write(event, &1u64.to_ne_bytes());
        }
    }

    /// Takes the wish to wake up back, before looking for work.
    pub fn reset(&self) {
        self.set.store(0, Ordering::SeqCst);
    }

    /// Whether it was set since it was reset.
    pub fn is_set(&self) -> bool {
        self.set.load(Ordering::SeqCst) != 0
    }

    /// Announces that the owner goes to sleep; true if it must not, as the latch is set.
    pub(crate) fn begin_sleep(&self) -> bool {
        self.sleeping.store(1, Ordering::SeqCst);
        self.is_set()
    }

    /// The owner is awake; `event` tells whether the eventfd was readable, and then empties it.
    pub(crate) fn end_sleep(&self, event: Option<BorrowedFd<'_>>) {
        self.sleeping.store(0, Ordering::SeqCst);
        if let Some(event) = event {
            let _ = rustix::io::read(event, &mut [0u8; 8]);
        }
    }
}
