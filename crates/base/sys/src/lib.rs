//! The few system calls that rustix does not offer, behind safe functions: fork, signals, timers, process titles,
//! and how the locale writes numbers; and the program's allocator, which counts ([`memory`]).
//!
//! Knows nothing of PostgreSQL. Everything that a signal handler does is written here or in `shm`, because a handler may
//! only call async-signal-safe functions, which Rust cannot check: [`signal::flag`] sets a flag, [`signal::Queue`] turns
//! signals into a readable file descriptor, and [`signal::handle`] (unsafe) is for `shm`.
//!
//! # Invariant
//!
//! A process that forks has one thread. [`fork`] checks it.

pub mod locale;
pub mod math;
pub mod memory;
pub mod process;
pub mod signal;
pub mod timer;
pub mod title;

pub use process::{Exit, exit_now, fork, kill, raise_file_limit, reap};
pub use signal::Signal;
