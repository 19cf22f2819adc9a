//! How a process sleeps: on its latch and sockets in one `poll`, or on its semaphore.
//!
//! Where signals are handled, an alarm ends a sleep whose deadline has come; elsewhere (threads in tests) the sleep itself ends in time.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::atomic::Ordering;
use std::time::Duration;

use error::{Error, Result};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::{Process, Slot};
use crate::WaitEvent;
use crate::semaphore::Acquired;

/// What to wait for on a file descriptor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readiness {
    /// Something to read, or the end.
    Read,
    /// Room to write.
    Write,
    /// Either.
    ReadWrite,
    /// Only that the other side is gone.
    Closed,
}

impl Readiness {
    fn flags(self) -> PollFlags {
        match self {
            Readiness::Read => PollFlags::IN,
            Readiness::Write => PollFlags::OUT,
            Readiness::ReadWrite => PollFlags::IN | PollFlags::OUT,
            Readiness::Closed => PollFlags::RDHUP,
        }
    }
}

/// Why a wait ended. None of the fields is set if it was for an interrupted system call: just look around.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wakeup {
    /// The latch is set.
    pub latch: bool,
    /// Time is up.
    pub timed_out: bool,
    /// Bit `n`: descriptor `n` is ready, or broken.
    pub ready: u64,
}

impl Process {
    /// Says what this process waits for until the value is dropped.
    pub fn waiting_for(&self, event: WaitEvent) -> Waiting {
        self.slot.wait_event.store(event.0, Ordering::Relaxed);
        Waiting(self.slot)
    }

    /// Sleeps until the latch is set, a descriptor is ready, `timeout` is over, or an interrupt comes. Does not reset the
    /// latch and does not raise interrupts: see [`Latch`] for the loop around it.
    ///
    /// # Errors
    ///
    /// A failed `poll`; more than 63 descriptors.
    pub fn wait(
        &self,
        descriptors: &[(BorrowedFd<'_>, Readiness)],
        timeout: Option<Duration>,
        event: WaitEvent,
    ) -> Result<Wakeup> {
        if descriptors.len() > 63 {
            return Err(Error::internal("too many descriptors to wait for"));
        }
        let own = self.processes.events[self.number.0 as usize].as_fd();
        let first = PollFd::new(&own, PollFlags::IN);
        // Nearly all waits are for one socket at most; those need no allocation.
        let mut few = [first.clone(), first];
        let mut many;
        let polled: &mut [PollFd<'_>] = match descriptors {
            [] => &mut few[..1],
            [(fd, readiness)] => {
                few[1] = PollFd::from_borrowed_fd(*fd, readiness.flags());
                &mut few
            }
            _ => {
                many = Vec::with_capacity(descriptors.len() + 1);
                many.push(PollFd::from_borrowed_fd(own, PollFlags::IN));
                many.extend(descriptors.iter().map(|(fd, r)| PollFd::from_borrowed_fd(*fd, r.flags())));
                &mut many
            }
        };

        let awake = self.slot.latch.begin_sleep();
        let now = sys::timer::monotonic_us();
        let until = timeout.map(|t| now.saturating_add(t.as_micros().min(1 << 60) as u64));
        // Without an alarm clock of our own, deadlines end waits.
        let deadline = if self.signals.load(Ordering::Relaxed) { None } else { self.slot.fire_deadlines() };
        let end = match (until, deadline) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        let left = if awake || self.slot.latch.is_set() { Some(0) } else { end.map(|end| end.saturating_sub(now)) };
        let left = left.map(|us| Timespec { tv_sec: (us / 1_000_000) as i64, tv_nsec: (us % 1_000_000 * 1000) as _ });
        let waiting = self.waiting_for(event);
        let result = poll(polled, left.as_ref());
        drop(waiting);
        let woken = !polled[0].revents().is_empty() && result.is_ok();
        self.slot.latch.end_sleep(woken.then_some(own));
        match result {
            Ok(_) | Err(rustix::io::Errno::INTR) => (),
            Err(e) => return Err(Error::io("poll() failed", &io::Error::from(e))),
        }
        if deadline.is_some() {
            self.slot.fire_deadlines();
        }
        let mut wakeup = Wakeup { latch: self.slot.latch.is_set(), ..Wakeup::default() };
        if result.is_ok() {
            for (n, fd) in polled[1..].iter().enumerate() {
                wakeup.ready |= (!fd.revents().is_empty() as u64) << n;
            }
        }
        wakeup.timed_out =
            !wakeup.latch && wakeup.ready == 0 && until.is_some_and(|until| sys::timer::monotonic_us() >= until);
        Ok(wakeup)
    }

    /// Sleeps on this process's semaphore until it is released, an interrupt comes, or `timeout` is over.
    pub fn wait_semaphore(&self, timeout: Option<Duration>, event: WaitEvent) -> Acquired {
        let _waiting = self.waiting_for(event);
        if self.signals.load(Ordering::Relaxed) {
            return self.slot.semaphore.acquire(timeout);
        }
        let next = self.slot.fire_deadlines();
        let now = sys::timer::monotonic_us();
        let deadline = next.map(|at| Duration::from_micros(at.saturating_sub(now)));
        match (timeout, deadline) {
            (timeout, Some(deadline)) if timeout.is_none_or(|t| deadline < t) => {
                match self.slot.semaphore.acquire(Some(deadline)) {
                    Acquired::TimedOut => {
                        self.slot.fire_deadlines();
                        Acquired::Interrupted
                    }
                    other => other,
                }
            }
            (timeout, _) => self.slot.semaphore.acquire(timeout),
        }
    }
}

/// While it lives, others see what the process waits for.
#[must_use = "the wait ends at once"]
#[derive(Debug)]
pub struct Waiting(&'static Slot);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.wait_event.store(0, Ordering::Relaxed);
    }
}
