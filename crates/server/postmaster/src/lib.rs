//! The supervisor: starts the server's processes, watches over them, and never does their work.
//!
//! Knows nothing of SQL, pages or the protocol beyond a refusal. What the processes do is behind the [`Server`] trait, whose
//! one implementation is the binary's table of processes; tests have their own.
//!
//! ```text
//!          start          startup process: exit 0            TERM, INT
//!  (main) ───────► Startup ──────────────────────► Running ───────────────► StopBackends
//!                     ▲                               │                          │ only the checkpointer is left
//!                     │ all gone, new segment         │ a child crashed          ▼
//!                     └────────────── Wait ◄──────────┴────────────────── ShutdownCheckpoint
//!                                       │ all gone                               │
//!                                       └──────► exit ◄──────────────────────────┘
//! ```
//!
//! # Invariants
//!
//! - One thread, one loop: it waits for signals and connections in one `poll`, and never for anything else.
//! - It never reads from a client, and touches shared memory only to set it up, and to look for slots that the dead left.
//! - A child that ends in any way but the expected ones may have left shared memory damaged: then all others are stopped,
//!   the segment is made anew, and the startup process recovers.
//! - While any child of an earlier postmaster lives, no other one starts: children inherit the lock on the data directory.
//!
//! Where to start reading: [`main`], then [`supervisor`].
#![forbid(unsafe_code)]

mod directory;
mod listen;
mod lockfile;
mod options;
mod refuse;
pub mod server;
mod spare;
pub mod supervisor;

pub use options::main;
pub use server::{Auxiliary, Child, Connection, Ended, Server, Socket};
