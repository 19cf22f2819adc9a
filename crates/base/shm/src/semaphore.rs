//! A counting semaphore that one process waits on, and others release.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use rustix::thread::futex;
use rustix::time::Timespec;

use crate::Shared;

const POKED: u32 = 1 << 31;

/// How a wait ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acquired {
    /// Somebody released the semaphore, and we took it.
    Yes,
    /// Somebody poked us: look at your interrupts.
    Interrupted,
    /// Time is up.
    TimedOut,
}

/// A counting semaphore. Any number may release or poke; one process waits. Zero is empty.
#[derive(Debug, Default)]
pub struct Semaphore {
    /// The count, and in the highest bit: a poke that nobody has seen yet.
    word: AtomicU32,
}

// SAFETY: one atomic; zero is an empty semaphore.
unsafe impl Shared for Semaphore {}

impl Semaphore {
    /// Adds one, and wakes the waiter. Async-signal-safe.
    pub fn release(&self) {
        self.word.fetch_add(1, Ordering::Release);
        let _ = futex::wake(&self.word, futex::Flags::empty(), 1);
    }

    /// Interrupts the present or else the next wait. Async-signal-safe.
    pub fn poke(&self) {
        if self.word.fetch_or(POKED, Ordering::Release) & POKED == 0 {
            let _ = futex::wake(&self.word, futex::Flags::empty(), 1);
        }
    }

    /// Takes one if there is one.
    pub fn try_acquire(&self) -> bool {
        let take = |word: u32| (word & !POKED != 0).then(|| word - 1);
        self.word.fetch_update(Ordering::Acquire, Ordering::Relaxed, take).is_ok()
    }

    /// Waits until there is one and takes it; or until poked, or until `timeout` is over. A release wins over a poke.
    pub fn acquire(&self, timeout: Option<Duration>) -> Acquired {
        let deadline = timeout.map(|t| sys::timer::monotonic_us().saturating_add(t.as_micros().min(1 << 60) as u64));
        loop {
            if self.try_acquire() {
                return Acquired::Yes;
            }
            let word = self.word.load(Ordering::Relaxed);
            if word & POKED != 0 {
                self.word.fetch_and(!POKED, Ordering::Acquire);
                return Acquired::Interrupted;
            }
            let left = match deadline {
                None => None,
                Some(deadline) => {
                    let left = deadline.saturating_sub(sys::timer::monotonic_us());
                    if left == 0 {
                        return Acquired::TimedOut;
                    }
                    Some(Timespec { tv_sec: (left / 1_000_000) as i64, tv_nsec: (left % 1_000_000 * 1000) as _ })
                }
            };
            if word == 0 {
                let _ = futex::wait(&self.word, futex::Flags::empty(), 0, left.as_ref());
            }
        }
    }

    /// Forgets releases and pokes: for a new owner of the slot.
    pub fn reset(&self) {
        self.word.store(0, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Layout;
    use std::time::Instant;

    #[test]
    fn counts_pokes_and_times_out() {
        let s = Semaphore::default();
        s.release();
        s.release();
        s.poke();
        assert_eq!(s.acquire(None), Acquired::Yes);
        assert_eq!(s.acquire(None), Acquired::Yes);
        assert_eq!(s.acquire(None), Acquired::Interrupted);
        let started = Instant::now();
        assert_eq!(s.acquire(Some(Duration::from_millis(30))), Acquired::TimedOut);
        assert!(started.elapsed() >= Duration::from_millis(29));
    }

    #[test]
    fn two_processes_hand_over_many_times() {
        let mut layout = Layout::new();
        let request = layout.many::<Semaphore>("ping, pong", 2);
        let two = layout.map().unwrap().many(request);
        let child = sys::fork(move || {
            for _ in 0..5000 {
                two[0].acquire(None);
                two[1].release();
            }
            0
        });
        for _ in 0..5000 {
            two[0].release();
            assert_eq!(two[1].acquire(Some(Duration::from_secs(20))), Acquired::Yes);
        }
        sys::process::wait(child.unwrap()).unwrap();
        assert!(!two[0].try_acquire() && !two[1].try_acquire());
    }
}
