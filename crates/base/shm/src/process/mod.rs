//! The process table, and a process's own place in it.
//!
//! Every process of the server holds one slot: its latch, semaphore, interrupt bits, deadlines, and what others may know
//! of it. Other subsystems keep per-process data in arrays of their own, indexed by [`ProcNumber`] and
//! [`Processes::slots`] long.
//!
//! `kind` says what processes are for, `slot` what is known of one, `table` finds them; `own`, `wait` and `signals` are a process's view of its
//! own slot.
//!
//! # Waiting
//!
//! A process sleeps in [`Process::wait`] (latch and sockets, one `poll`) or on its semaphore. Whoever sets an interrupt bit
//! also sets the latch and pokes the semaphore, so both sleeps end; the caller then calls
//! [`check_interrupts`](Process::check_interrupts) and looks at the bits it serves itself.
//!
//! # Signals
//!
//! [`Process::handle_signals`] makes this process's signals set bits of its slot. That is the only global: a pointer for the
//! handlers. Threads that play processes in tests do without and are interrupted through [`Processes::interrupt`].

mod kind;
mod own;
mod signals;
mod slot;
mod table;
#[cfg(test)]
mod tests;
mod wait;

pub use kind::{Capacity, ProcNumber, ProcessKind};
pub use own::{HeldInterrupts, Process};
pub use signals::terminated;
pub use slot::{CANCEL_KEY_BYTES, Slot};
pub use table::{Processes, ProcessesRequest};
pub use wait::{Readiness, Waiting, Wakeup};
