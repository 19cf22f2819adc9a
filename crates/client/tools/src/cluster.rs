//! A new cluster's store: first log segment, catalogs, first checkpoint, control file.

use catalog::CatalogShared;
use catalog::bootstrap::{self, ClusterOptions};
use engine::{Engine, EngineConfig};
use error::{Error, Result};
use ids::oids::TEMPLATE1;
use ids::{Lsn, Xid};
use shm::{Capacity, Layout, ProcessKind, Processes};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};
use storage::{ClusterState, ControlFile, xlog};
use txn::Isolation;
use wal::{Record, RmgrId, WalLevel};

/// Fills a data directory whose subdirectories exist: afterwards template1 and the shared catalogs are on disk (though not
/// synced), and the control file says that the cluster was shut down.
///
/// # Errors
/// Those of file access.
pub fn create(data: &Path, segment_size: u32, checksums: bool, options: &ClusterOptions) -> Result<()> {
    let system_identifier = new_system_identifier()?;
    let mut config = EngineConfig::small(data, Capacity::small(4));
    config.wal.segment_size = segment_size;
    config.wal.system_identifier = system_identifier;
    config.wal.options.fsync = false;
    config.wal.options.init_zero = false;
    config.storage.buffers = 4096;
    config.storage.checksums = checksums;
    config.storage.fsync = false;
    let mut layout = Layout::new();
    let processes = Processes::layout(&mut layout, config.capacity);
    let request = Engine::layout(&mut layout, &config);
    let catalog_request = CatalogShared::layout(&mut layout);
    let segment = layout.map()?;
    let processes = Processes::attach(&segment, processes)?;
    let engine = Engine::attach(&segment, request, config, &processes)?;
    let shared = CatalogShared::attach(&segment, catalog_request);
    engine.start_new()?;
    let session = engine.session(ProcessKind::Backend)?;
    session.transaction.set_database(TEMPLATE1);
    session.transaction.begin(Isolation::ReadCommitted)?;
    let (tables, indexes) = (engine.tables.clone(), engine.indexes.clone());
    bootstrap::bootstrap(engine.store.clone(), tables, indexes, session.transaction.clone(), options)?;
    session.transaction.commit(true)?;
    let mut control = ControlFile {
        system_identifier,
        checksums,
        segment_size,
        wal_level: WalLevel::Replica,
        max_connections: 100,
        max_worker_processes: 8,
        max_wal_senders: 10,
        max_locks_per_transaction: 64,
        ..Default::default()
    };
    getrandom::fill(&mut control.mock_nonce)
        .map_err(|e| Error::internal(format!("could not get random bytes: {e}")))?;
    checkpoint(&engine, &shared, &mut control)
}

/// Writes all pages and the shutdown checkpoint.
fn checkpoint(engine: &Engine, shared: &CatalogShared, control: &mut ControlFile) -> Result<()> {
    let mut participants = engine.checkpoint_participants();
    participants.push(std::sync::Arc::new(*shared));
    let mut record = engine.first_checkpoint();
    record.redo = engine.wal.insert_position();
    record.full_page_writes = true;
    record.wal_level = WalLevel::Replica;
    record.time = now_seconds();
    participants.iter().for_each(|participant| participant.fill(&mut record));
    engine.storage().write_dirty(true, |_| ())?;
    participants.iter().try_for_each(|participant| participant.flush())?;
    let start: Lsn = engine.wal.insert_position();
    let mut entry = Record::new(RmgrId::XLOG, xlog::CHECKPOINT_SHUTDOWN);
    entry.data(&record.encode());
    let end = engine.wal.insert(&entry, Xid::INVALID)?;
    engine.wal.flush(end);
    control.state = ClusterState::ShutDown;
    control.time = now_seconds();
    control.checkpoint = start;
    control.checkpoint_record = record;
    control.unlogged_lsn = Lsn(1000);
    control.write(engine.data_directory())
}

fn now_seconds() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs() as i64)
}

/// Seconds and microseconds of the clock and the process's number, as PostgreSQL composes it: unique enough, and readable.
fn new_system_identifier() -> Result<u64> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Ok(since.as_secs() << 32 | (since.subsec_micros() as u64) << 12 | std::process::id() as u64 & 0xFFF)
}
