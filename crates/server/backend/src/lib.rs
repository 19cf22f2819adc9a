//! One session: message loop, transactions, portals.
//!
//! [`serve`] is what a forked child does for its client. A session is a value (`session::Session`): its settings, prepared statements, portals,
//! caches and transaction hang on one struct, and nothing is global.
//!
//! | module | tells |
//! |---|---|
//! | `startup` | from the first packet to the first ReadyForQuery |
//! | `session` | the message loop; errors, notices, log lines |
//! | `query` | the simple and the extended query protocol |
//! | `prepared` | text → tree → query → plan, and keeping the result |
//! | `portal` | running a plan, and rows from column vectors into the send buffer |
//! | `routine` | calls of functions and procedures |
//! | `cursor` | DECLARE, FETCH, MOVE, and cursors that outlive their transaction |
//! | `block` | when transactions begin and end |
//! | `utility` | statements about the session itself |
//! | [`notify`] | LISTEN and NOTIFY |
//! | `environment`, `services` | what functions, plans and utility statements may ask of the session |
//! | [`activity`], [`statistics`] | SQL functions about processes, locks, cumulative statistics |
//! | [`autovacuum`] | tables that are vacuumed and analyzed by themselves |
//! | [`functions`], `advisory` | SQL functions about the session, its transaction and its server |
//! | `connection` | the socket and its buffers |
//! | `warm` | what the postmaster builds for all sessions before it forks |
//!
//! # The life of a statement
//!
//! `connection::Connection::read_message` → `Session::handle_message` → `Session::simple_query` (or Parse, Bind, Execute) → `parser::parse` →
//! `Session::begin_statement` → `Session::prepare` (`analyzer::analyze`, `planner::plan`) → `Session::start_query`
//! (`executor::Execution::start`) → `Session::run_query` (`Execution::next`, rows into the buffer) → `Session::end_statement`
//! (`txn::Transaction::commit`) → `Session::ready`.
//!
//! # Invariants
//!
//! - An error ends the statement, never the process, unless it is FATAL; a panic becomes `XX000`.
//! - Nothing is kept in memory for a client that is not authenticated beyond its packet.
//! - While the session waits for its client, no `RefCell` of it but the connection's is borrowed.
#![forbid(unsafe_code)]

pub mod activity;
mod advisory;
pub mod autovacuum;
mod block;
pub mod cluster;
mod connection;
mod current_of;
mod cursor;
mod domain;
mod environment;
mod events;
mod explain;
pub mod files;
pub mod functions;
mod large_object;
pub mod notify;
mod portal;
mod prepared;
mod query;
mod recode;
mod routine;
mod sequence;
mod services;
mod session;
mod startup;
mod statement_cache;
pub mod statistics;
mod statistics_import;
mod text_search;
mod transaction_ids;
mod two_phase;
mod utility;
mod warm;

use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::Arc;

use auth::{Hba, IdentMaps, Origin};
use catalog::CatalogShared;
use engine::Engine;
use error::{Error, Result};
use log::Logger;
use settings::{Settings, id};
use shm::Process;

pub use warm::warm_up;

/// Asks for a checkpoint on behalf of this process, and waits for it.
pub type RequestCheckpoint = Arc<dyn Fn(&Process) -> Result<()> + Send + Sync>;

/// What all sessions of a server share; made before the fork.
pub struct Shared {
    /// The store.
    pub engine: Engine,
    /// The catalogs' part of shared memory.
    pub catalog: CatalogShared,
    /// The queue of notifications.
    pub notifications: notify::Notifications,
    /// `pg_hba.conf`.
    pub hba: Arc<Hba>,
    /// `pg_ident.conf`.
    pub ident_maps: Arc<IdentMaps>,
    /// What answers for unknown roles are made from ([`storage::ControlFile::mock_nonce`]).
    pub mock_nonce: [u8; 32],
    /// What autovacuum's processes tell each other.
    pub autovacuum: autovacuum::AutovacuumShared,
    /// How `CHECKPOINT` is done.
    pub checkpoint: RequestCheckpoint,
    /// `update_process_title`.
    pub update_process_title: bool,
    /// When the server started, in microseconds since 1970.
    pub started_us: i64,
}

/// A client's connection, as accepted.
pub struct Incoming {
    /// The socket.
    pub socket: OwnedFd,
    /// Where it comes from, for `pg_hba.conf`.
    pub origin: Origin,
    /// The other end's host as logs show it; `[local]` for the unix socket.
    pub remote_host: String,
    /// Its port; empty for the unix socket.
    pub remote_port: String,
    /// This end's address; `[local]` for the unix socket.
    pub local_host: String,
    /// When it was accepted, in microseconds since 1970.
    pub accepted_us: i64,
}

/// Reads the files that say who may connect: `hba_file` and `ident_file`, by default in the data directory.
///
/// # Errors
/// All errors of all lines. At start they are fatal; on reload the old files stay in force. Those of `ident_file` alone come
/// with maps that are empty, as PostgreSQL goes on without them.
pub fn access_files(settings: &Settings, data_directory: &Path) -> Result<(Hba, IdentMaps), Vec<Error>> {
    let path = |id, default: &str| match settings.string(id) {
        "" => data_directory.join(default),
        path => data_directory.join(path),
    };
    let hba = Hba::read(&path(id::HBA_FILE, "pg_hba.conf"))?;
    let maps = IdentMaps::read(&path(id::IDENT_FILE, "pg_ident.conf")).unwrap_or_default();
    Ok((hba, maps))
}

/// Serves a client, from its first packet to its end. Client and log are told of everything that goes wrong. Whether nothing is
/// left of the session, so that the process may serve another client: not so after a panic.
pub fn serve(
    shared: &Shared,
    process: Process,
    settings: &mut Settings,
    logger: &mut Logger,
    incoming: Incoming,
) -> bool {
    startup::serve(shared, process, settings, logger, incoming)
}
