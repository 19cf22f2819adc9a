//! Tests of the whole server: real processes in temporary directories, reached through their sockets.
//!
//! - `crash`: killed servers, and what must be there afterwards.
//! - `protocol`: messages, well-formed and not; shutdown.
//! - `statistics`: what is counted, kept and forgotten; autovacuum; row estimates.
//! - `terminal`: psql at a terminal.
//! - `sql`: the scripts under `tests/sql`, against outputs recorded from PostgreSQL 18.
//!
//! A test owns its cluster, which stops when the test ends, however it ends.

mod cluster;
mod crash;
mod protocol;
mod session;
mod sql;
mod statistics;
mod terminal;
