//! Cumulative statistics, and what every process is doing now: what `pg_stat_*` shows.
//!
//! ```text
//!  heap, btree, storage                    session, at the end of a transaction        shared memory
//!  RelationCounters (one relation, ──────► Pending::flush, at most once a second ────► Stats: a hash table of
//!  private to the process, atomics)        (Pending: all of a session's)                objects, and the globals
//!                                                                                         │ clean shutdown, start
//!                                                                                         ▼
//!                                                                                       pg_stat/pgstat.stat
//! ```
//!
//! - [`relation`] holds what a session has counted of one relation and not reported yet. Table and index handles carry it, so counting is
//!   an addition to private memory: no look-up, no lock.
//! - [`pending`] collects a session's, follows its transactions (rows that a rolled-back transaction inserted are dead), and reports.
//! - [`shared`] is the table that everybody reports to and reads from.
//! - [`file`](mod@file) keeps it over a clean restart; after a crash it starts anew, as the counts might not fit the data.
//! - [`usage`] is what a piece of work has used of all that, for EXPLAIN.
//! - [`activity`] is apart from all that: what each process does at this moment, overwritten in place.
//!
//! # Invariants
//!
//! - Statistics never make a statement fail: if the table is full, new objects are not counted.
//! - Nothing of this is needed for correctness; the planner and autovacuum take it as hints.
#![forbid(unsafe_code)]

pub mod activity;
pub mod fields;
pub mod file;
pub mod pending;
pub mod relation;
pub mod shared;
pub mod usage;

pub use activity::{Activities, ActivitiesRequest, Activity, Progress, ProgressCommand, State};
pub use fields::{database, function_fields, relation_fields};
pub use pending::{Pending, PreparedChange, SessionEnd};
pub use relation::{BlockCounters, RelationCounters};
pub use shared::{Entry, FIELDS, Globals, IoContext, IoOperation, Key, Kind, ProcessCounters, Stats, StatsRequest};
pub use usage::{Usage, WalUsage};

/// Microseconds since 1970.
pub fn now_us() -> i64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    now.as_micros().min(i64::MAX as u128) as i64
}
