//! A process's own slot: its interrupts and deadlines.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use error::Result;
use ids::Oid;

use super::slot::CANCEL_KEY_BYTES;
use super::{ProcNumber, ProcessKind, Processes, Slot};
use crate::latch::Latch;
use crate::{Interrupt, Timeout};

/// This process's own slot. Dropping it frees the slot.
pub struct Process {
    pub(super) processes: Processes,
    pub(super) number: ProcNumber,
    kind: ProcessKind,
    pub(super) slot: &'static Slot,
    /// How often interrupts are held off.
    holds: AtomicU32,
    /// Whether the signal handlers point here.
    pub(super) signals: AtomicBool,
}

impl fmt::Debug for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in slot {}", self.kind.name(), self.number.0)
    }
}

impl Process {
    /// The owner of a slot that was just taken.
    pub(super) fn new(processes: Processes, number: ProcNumber, kind: ProcessKind, slot: &'static Slot) -> Process {
        Process { processes, number, kind, slot, holds: AtomicU32::new(0), signals: AtomicBool::new(false) }
    }

    /// The slot's number.
    pub fn number(&self) -> ProcNumber {
        self.number
    }

    /// What this process is for.
    pub fn kind(&self) -> ProcessKind {
        self.kind
    }

    /// The whole table.
    pub fn processes(&self) -> &Processes {
        &self.processes
    }

    /// The slot.
    pub fn slot(&self) -> &'static Slot {
        self.slot
    }

    /// What wakes this process.
    pub fn latch(&self) -> &'static Latch {
        &self.slot.latch
    }

    /// Tells others which database and role this process works for.
    pub fn set_identity(&self, database: Oid, role: Oid) {
        self.slot.database.store(database.0, Ordering::Relaxed);
        self.slot.role.store(role.0, Ordering::Relaxed);
    }

    /// Sets the secret by which a client can cancel this process's statements: 1 to 32 bytes, more are cut off.
    pub fn set_cancel_key(&self, key: &[u8]) {
        let mut padded = [0; CANCEL_KEY_BYTES];
        let len = key.len().min(CANCEL_KEY_BYTES);
        padded[..len].copy_from_slice(&key[..len]);
        self.slot.cancel_key_len.store(0, Ordering::Release);
        for (word, bytes) in self.slot.cancel_key.iter().zip(padded.chunks_exact(8)) {
            word.store(u64::from_ne_bytes(bytes.try_into().unwrap_or_default()), Ordering::Relaxed);
        }
        self.slot.cancel_key_len.store(len as u32, Ordering::Release);
    }

    /// Raises what has interrupted this process, the gravest first: FATAL `57P01` (terminated, postmaster gone), `57014`
    /// (cancelled, timed out), `55P03` (lock timeout), `08006` (client gone), the idle timeouts, and `53200` (too much
    /// memory held). One load when there is nothing. To be called wherever a loop may take long, never while holding locks that others wait for.
    ///
    /// # Errors
    ///
    /// The interrupt. A cancelled statement's bits are cleared by that; a terminated session's stay.
    #[inline(always)]
    pub fn check_interrupts(&self) -> Result<()> {
        if self.slot.interrupts.load(Ordering::Relaxed) & Interrupt::RAISED.0 == 0 { Ok(()) } else { self.raise() }
    }

    #[cold]
    fn raise(&self) -> Result<()> {
        if self.holds.load(Ordering::Relaxed) > 0 {
            return Ok(());
        }
        let bits = Interrupt(self.slot.interrupts.load(Ordering::SeqCst));
        match bits.to_error(self.kind) {
            Some((error, settled)) => {
                self.slot.interrupts.fetch_and(!settled.0, Ordering::SeqCst);
                Err(error)
            }
            None if self.take(Interrupt::MEMORY) => sys::memory::check(),
            None => Ok(()),
        }
    }

    /// Whether any of these interrupts is there; they stay.
    #[inline]
    pub fn is_interrupted(&self, bits: Interrupt) -> bool {
        self.slot.interrupts.load(Ordering::Relaxed) & bits.0 != 0
    }

    /// Whether any of these interrupts was there; they are cleared.
    #[inline]
    pub fn take(&self, bits: Interrupt) -> bool {
        self.is_interrupted(bits) && self.slot.interrupts.fetch_and(!bits.0, Ordering::SeqCst) & bits.0 != 0
    }

    /// While the value lives, [`check_interrupts`](Process::check_interrupts) raises nothing: for short stretches that must
    /// not be left half done.
    pub fn hold_interrupts(&self) -> HeldInterrupts<'_> {
        self.holds.fetch_add(1, Ordering::Relaxed);
        HeldInterrupts(self)
    }

    /// Starts (or restarts) a deadline: `after` from now, the timeout's interrupt is set.
    pub fn set_timeout(&self, timeout: Timeout, after: Duration) {
        let now = sys::timer::monotonic_us();
        let at = now.saturating_add(after.as_micros().min(1 << 60) as u64).max(1);
        self.slot.deadlines[timeout as usize].store(at, Ordering::SeqCst);
        if !self.signals.load(Ordering::Relaxed) {
            return;
        }
        // An alarm that rings earlier than needed is harmless: it sees that nothing is due and sets itself anew. So a
        // timeout that is set and cleared with every statement costs no system call.
        let alarm = self.slot.alarm_us.load(Ordering::SeqCst);
        if alarm == 0 || alarm > at {
            self.slot.alarm_us.store(at, Ordering::SeqCst);
            sys::timer::set_alarm(Duration::from_micros(at.saturating_sub(now)));
        }
    }

    /// Takes a deadline back, and the interrupt too if it had passed.
    pub fn clear_timeout(&self, timeout: Timeout) {
        self.slot.deadlines[timeout as usize].store(0, Ordering::SeqCst);
        let raised = Timeout::RAISES[timeout as usize];
        if self.is_interrupted(raised) {
            self.slot.interrupts.fetch_and(!raised.0, Ordering::SeqCst);
        }
    }

    /// Whether a deadline is running.
    pub fn timeout_is_set(&self, timeout: Timeout) -> bool {
        self.slot.deadlines[timeout as usize].load(Ordering::Relaxed) != 0
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.detach_signals();
        self.processes.release(self.number, self.kind);
    }
}

/// While it lives, interrupts wait.
#[must_use = "interrupts come through at once"]
#[derive(Debug)]
pub struct HeldInterrupts<'a>(&'a Process);

impl Drop for HeldInterrupts<'_> {
    fn drop(&mut self) {
        self.0.holds.fetch_sub(1, Ordering::Relaxed);
    }
}
