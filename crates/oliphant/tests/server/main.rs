//! Tests of the whole server: real processes in temporary directories, reached through their sockets.
//!
//! - `concurrently`: indexes made and dropped beside writers.
//! - `crash`: killed servers, and what must be there afterwards.
//! - `full_disk`: no space left, for data and for the log.
//! - `fuzz`: bytes that no client would send, by the thousands.
//! - `limits`: how many may connect, and who gets in when few may.
//! - `memory`: statements that need more than there is.
//! - `isolation`: interleavings of several sessions, under `tests/isolation`.
//! - `protocol`: messages, well-formed and not; shutdown.
//! - `statistics`: what is counted, kept and forgotten; autovacuum; row estimates.
//! - `terminal`: psql at a terminal.
//! - `two_phase`: prepared transactions, restarts and crashes.
//! - `sql`: the scripts under `tests/sql`, against outputs recorded from PostgreSQL 18.
//!
//! A test owns its cluster, which stops when the test ends, however it ends.

mod cluster;
mod concurrently;
mod crash;
mod full_disk;
mod fuzz;
mod isolation;
mod limits;
mod memory;
mod protocol;
mod reindex;
mod rewritten;
mod session;
mod sql;
mod statistics;
mod terminal;
mod two_phase;
