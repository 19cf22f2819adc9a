//! Tests of the whole server: real processes in temporary directories, reached through their sockets.
//!
//! - `sql`: the scripts under `tests/sql`, against outputs recorded from PostgreSQL 18.
//!
//! A test owns its cluster, which stops when the test ends, however it ends.

mod cluster;
mod print;
mod script;
mod session;
mod sql;
