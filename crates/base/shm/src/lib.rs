//! The shared segment: what all processes of a server share, and how they wait for each other.
//!
//! The postmaster asks each subsystem for its part ([`Layout`]), maps the segment once ([`Segment`]), and forks: every
//! process sees it at the same address, so handles into it ([`Shm`], [`ShmSlice`]) are plain `Copy` values that survive
//! the fork. Tests use threads over a segment of their own in the same way; nothing here knows which of the two it is,
//! except that signal handlers need one pointer per process ([`Process::handle_signals`]).
//!
//! | module | gives |
//! |---|---|
//! | [`segment`] | [`Layout`], [`Segment`], [`Shm`], [`ShmSlice`]; [`Shared`] and [`shared!`]: what may live there |
//! | [`lock`] | [`LwLock`], [`LwCell`]: short locks, shared or exclusive, with data inside |
//! | [`frames`] | [`PageFrames`]: the memory of the buffer pool |
//! | [`semaphore`], [`latch`] | waking one process |
//! | [`process`] | [`Processes`], [`Process`]: who is there, interrupts, waiting |
//! | [`condition`] | [`ConditionVariable`]: waking all who wait for something |
//! | [`map`] | [`SharedMap`]: a hash table of fixed capacity |
//!
//! # Invariants
//!
//! - Shared memory holds no pointers and nothing with a destructor; all zero is a valid value of everything in it.
//! - A byte that two processes may touch at once is an atomic, or lies inside a lock.
//! - A process that dies while it holds a lock leaves it held: the postmaster then makes a new segment and recovers.
//! - Nothing is unmapped while the process lives, so handles never dangle.

pub mod condition;
pub mod frames;
pub mod interrupt;
pub mod latch;
pub mod lock;
pub mod map;
mod page;
pub mod process;
pub mod segment;
pub mod semaphore;
pub mod wait_event;

pub use condition::ConditionVariable;
pub use frames::{FrameMut, FrameRef, PageFrames, PageFramesRequest};
pub use interrupt::{Interrupt, Timeout};
pub use lock::{CellMut, CellRef, CriticalSection, LwCell, LwLock, Rank};
pub use map::{SharedMap, SharedMapRequest};
pub use page::write_words_at;
pub use process::{
    Capacity, ProcNumber, Process, ProcessKind, Processes, ProcessesRequest, Readiness, Wakeup, terminated,
};
pub use segment::{HugePages, Layout, Many, One, Segment, Shared, Shm, ShmSlice};
pub use semaphore::{Acquired, Semaphore};
pub use wait_event::WaitEvent;
