//! What signals do to a process that has a slot, and the account of its memory.
//!
//! Handlers and the allocator have no argument that says whose they are, so this is where the process's only globals are: pointers to its
//! slot, to the server's account, and to the last words. A handler loads one pointer and sets bits of the slot; between two sessions
//! it remembers in `PENDING` what must not be lost.

use std::os::fd::{AsRawFd, BorrowedFd};
use std::sync::atomic::{AtomicI64, AtomicPtr, AtomicU32, Ordering};
use std::time::Duration;

use sys::Signal;

use super::{Process, Slot};
use crate::Interrupt;

impl Process {
    /// Makes the signals of this (real) process set the bits of this slot, and lets them through:
    ///
    /// | signal | effect |
    /// |---|---|
    /// | HUP | `RELOAD` |
    /// | INT | `CANCEL` |
    /// | TERM | `TERMINATE` |
    /// | USR1 | wakes |
    /// | USR2 | `USER` |
    /// | ALRM | deadlines |
    /// | PWR | `POSTMASTER_DIED`; sent by the kernel if `parent` dies |
    /// | QUIT | says the last words ([`set_last_words`](Process::set_last_words)) and ends the process with code 2 |
    /// | PIPE | ignored |
    ///
    /// `parent` is the postmaster's id, if the process has one.
    pub fn handle_signals(&self, parent: Option<i32>) {
        const HANDLED: [Signal; 8] = [
            Signal::Hup,
            Signal::Int,
            Signal::Term,
            Signal::Usr1,
            Signal::Usr2,
            Signal::Alrm,
            Signal::Pwr,
            Signal::Quit,
        ];
        SLOT.store(self.slot as *const Slot as *mut Slot, Ordering::SeqCst);
        let pending = PENDING.swap(0, Ordering::SeqCst);
        if pending != 0 {
            self.slot.interrupt(Interrupt(pending));
        }
        CRASHED.store(&raw const self.processes.table.get().crashed as *mut AtomicU32, Ordering::Release);
        self.signals.store(true, Ordering::Release);
        for signal in HANDLED {
            // SAFETY: `on_signal` is async-signal-safe: atomics, futex and write calls, clock and timer, `_exit`.
            unsafe { sys::signal::handle(signal, on_signal) };
        }
        sys::signal::ignore(Signal::Pipe);
        sys::signal::restore_default(Signal::Chld);
        sys::signal::unblock(&HANDLED);
        sys::signal::unblock(&[Signal::Chld, Signal::Pipe]);
        if let Some(parent) = parent {
            sys::process::on_parent_death(Signal::Pwr);
            if sys::process::parent_id() != parent {
                self.slot.interrupt(Interrupt::POSTMASTER_DIED);
            }
        }
    }

    /// Charges what this process allocates from now on to its slot and to the server's account, within limits in bytes
    /// (`None`: none) for this process and for all charged processes together. What exceeds them is raised by
    /// [`check_interrupts`](Process::check_interrupts) and by [`sys::memory::check`]. Called again, it changes the limits.
    /// Without the process's signals (threads in tests) it does nothing: the account is the process's.
    pub fn charge_memory(&self, own: Option<u64>, all: Option<u64>) {
        if !self.signals.load(Ordering::Relaxed) {
            return;
        }
        let total = &raw const self.processes.table.get().memory as *mut AtomicI64;
        if ACCOUNT.swap(total, Ordering::AcqRel).is_null() {
            sys::memory::observe(Some(&CHARGING));
        }
        sys::memory::limit(own, all);
    }

    /// What SIGQUIT writes to the client before the process ends: one message for an immediate shutdown, one for the crash
    /// of another process (both ready for the wire). The socket must not be encrypted, and stay open.
    pub fn set_last_words(&self, socket: BorrowedFd<'_>, shutdown: Vec<u8>, crash: Vec<u8>) {
        let words = Box::into_raw(Box::new(LastWords { socket: socket.as_raw_fd(), shutdown, crash }));
        LAST_WORDS.store(words, Ordering::SeqCst);
    }

    /// Takes the slot away from the handlers and from the account of memory, before it is given back.
    pub(super) fn detach_signals(&self) {
        if !self.signals.load(Ordering::Relaxed) {
            return;
        }
        sys::timer::clear_alarm();
        if !ACCOUNT.swap(std::ptr::null_mut(), Ordering::AcqRel).is_null() {
            sys::memory::observe(None);
        }
        SLOT.store(std::ptr::null_mut(), Ordering::Release);
        let words = LAST_WORDS.swap(std::ptr::null_mut(), Ordering::SeqCst);
        if !words.is_null() {
            // SAFETY: `set_last_words` leaked it, and the swap makes this its only owner: the handler that may still hold
            // the pointer runs on this thread and does not return.
            drop(unsafe { Box::from_raw(words) });
        }
    }
}

struct LastWords {
    socket: i32,
    shutdown: Vec<u8>,
    crash: Vec<u8>,
}

/// Whether SIGTERM came while this process held no slot. It stays so until a slot is taken, which is then interrupted.
pub fn terminated() -> bool {
    PENDING.load(Ordering::SeqCst) & Interrupt::TERMINATE.0 != 0
}

/// The slot that this process's signal handlers write to.
static SLOT: AtomicPtr<Slot> = AtomicPtr::new(std::ptr::null_mut());
/// What came while the process had no slot, between two sessions.
static PENDING: AtomicU32 = AtomicU32::new(0);
static CRASHED: AtomicPtr<AtomicU32> = AtomicPtr::new(std::ptr::null_mut());
/// The server's account, while this process is charged.
static ACCOUNT: AtomicPtr<AtomicI64> = AtomicPtr::new(std::ptr::null_mut());
static LAST_WORDS: AtomicPtr<LastWords> = AtomicPtr::new(std::ptr::null_mut());

extern "C" fn on_signal(number: i32) {
    if number == Signal::Quit.number() {
        quit();
    }
    let slot = SLOT.load(Ordering::Acquire);
    if slot.is_null() {
        match Signal::from_number(number) {
            Some(Signal::Term) => drop(PENDING.fetch_or(Interrupt::TERMINATE.0, Ordering::SeqCst)),
            Some(Signal::Hup) => drop(PENDING.fetch_or(Interrupt::RELOAD.0, Ordering::SeqCst)),
            _ => (),
        }
        return;
    }
    // SAFETY: it points into a segment that is never unmapped.
    let slot = unsafe { &*slot };
    match Signal::from_number(number) {
        Some(Signal::Hup) => slot.interrupt(Interrupt::RELOAD),
        Some(Signal::Int) => slot.interrupt(Interrupt::CANCEL),
        Some(Signal::Term) => slot.interrupt(Interrupt::TERMINATE),
        Some(Signal::Usr2) => slot.interrupt(Interrupt::USER),
        Some(Signal::Pwr) => slot.interrupt(Interrupt::POSTMASTER_DIED),
        Some(Signal::Alrm) => {
            slot.alarm_us.store(0, Ordering::SeqCst);
            if let Some(next) = slot.fire_deadlines() {
                slot.alarm_us.store(next, Ordering::SeqCst);
                sys::timer::set_alarm(Duration::from_micros(next.saturating_sub(sys::timer::monotonic_us())));
            }
        }
        _ => slot.interrupt(Interrupt(0)),
    }
}

static CHARGING: sys::memory::Observer = sys::memory::Observer {
    charge: |bytes| {
        let (slot, all) = (SLOT.load(Ordering::Acquire), ACCOUNT.load(Ordering::Acquire));
        // SAFETY: null, or into a segment that is never unmapped.
        let (Some(slot), Some(all)) = (unsafe { slot.as_ref() }, unsafe { all.as_ref() }) else { return 0 };
        slot.memory.fetch_add(bytes, Ordering::Relaxed);
        all.fetch_add(bytes, Ordering::Relaxed) + bytes
    },
    alarm: || {
        // SAFETY: as above.
        if let Some(slot) = unsafe { SLOT.load(Ordering::Acquire).as_ref() } {
            slot.interrupts.fetch_or(Interrupt::MEMORY.0, Ordering::SeqCst);
        }
    },
};

fn quit() -> ! {
    let (words, crashed) = (LAST_WORDS.load(Ordering::Acquire), CRASHED.load(Ordering::Acquire));
    if !words.is_null() {
        // SAFETY: a box that is freed only after the pointer is taken away, and a segment that is never unmapped.
        let (words, crashed) = unsafe { (&*words, crashed.as_ref()) };
        let crash = crashed.is_some_and(|c| c.load(Ordering::Relaxed) != 0);
        let message = if crash { &words.crash } else { &words.shutdown };
        // SAFETY: the caller of `set_last_words` keeps the socket open. One write: what the client does not take at once
        // is lost, for nothing may hold the process up.
        let socket = unsafe { BorrowedFd::borrow_raw(words.socket) };
        let _ = rustix::net::send(socket, message, rustix::net::SendFlags::DONTWAIT | rustix::net::SendFlags::NOSIGNAL);
    }
    sys::exit_now(2)
}
