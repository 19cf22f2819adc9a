//! The store, assembled: buffer pool, WAL, transactions, locks, access methods.
//!
//! Whoever makes a segment (the postmaster, initdb, a test) goes three steps:
//!
//! 1. [`Engine::layout`] asks for shared memory, beside whatever the floors above ask for in the same [`Layout`];
//! 2. [`Engine::attach`] sets the parts up in the mapped segment;
//! 3. recovery (or, in a new cluster, [`Engine::start_new`]) opens the log and lets transactions begin.
//!
//! An [`Engine`] is inherited by forked processes and cheap to clone. What belongs to one process, its slot, its locks and its current
//! transaction, is a [`Session`].
//!
//! ```no_run
//! let directory = std::path::Path::new("/tmp/scratch");
//! let engine = engine::Engine::scratch(directory).unwrap();
//! let session = engine.session(shm::ProcessKind::Backend).unwrap();
//! session.transaction.begin(txn::Isolation::ReadCommitted).unwrap();
//! session.transaction.commit(true).unwrap();
//! ```
#![forbid(unsafe_code)]

mod config;

use std::path::Path;
use std::sync::Arc;

use access::{IndexAm, IndexMethods, Method, Store, TableAm};
use error::{Error, Result};
use ids::{Lsn, Oid, TimelineId};
use locks::{LockManager, LockRequest, LockTable};
use shm::{Capacity, Layout, Process, ProcessKind, Processes, Segment};
use stats::{Activities, ActivitiesRequest, Pending, Stats, StatsRequest};
use storage::{CheckpointParticipant, CheckpointRecord, ResourceManager, Storage, StorageRequest};
use txn::{Transaction, Transactions, TransactionsRequest};
use wal::{Wal, WalRequest};

pub use config::EngineConfig;

/// What [`Engine::layout`] asked for.
#[derive(Clone, Copy)]
pub struct EngineRequest {
    wal: WalRequest,
    storage: StorageRequest,
    transactions: TransactionsRequest,
    locks: LockRequest,
    stats: StatsRequest,
    activities: ActivitiesRequest,
}

/// The store's handles. Cheap to clone; the same in all processes of a server.
#[derive(Clone)]
pub struct Engine {
    /// What it was made from.
    pub config: Arc<EngineConfig>,
    /// The process table.
    pub processes: Processes,
    /// The log.
    pub wal: Wal,
    /// Pages and commit status, as the access methods take them.
    pub store: Store,
    /// The lock table.
    pub locks: LockTable,
    /// Cumulative statistics.
    pub stats: Stats,
    /// What every process is doing.
    pub activities: Activities,
    /// The heap.
    pub tables: Arc<dyn TableAm>,
    /// The index access methods; each index says which is its own.
    pub indexes: Arc<dyn IndexAm>,
}

/// One process's own part: its slot, its locks, its current transaction.
#[derive(Clone)]
pub struct Session {
    /// The slot in the process table.
    pub process: Arc<Process>,
    /// Its locks.
    pub locks: LockManager,
    /// Its current transaction.
    pub transaction: Arc<Transaction>,
}

/// The index access methods. Hash codes are keys of bytes like others, and stand in the same trees.
fn index_methods() -> IndexMethods {
    IndexMethods::new()
        .with(Method::Btree, btree::BtreeAm)
        .with(Method::Hash, btree::BtreeAm)
        .with(Method::Gin, gin::GinAm)
        .with(Method::Gist, gist::GistAm)
        .with(Method::Spgist, spgist::SpgistAm)
        .with(Method::Brin, brin::BrinAm)
}

impl Engine {
    /// Asks for the store's shared memory. The process table is asked for apart, by whoever starts the processes.
    pub fn layout(layout: &mut Layout, config: &EngineConfig) -> EngineRequest {
        EngineRequest {
            wal: Wal::layout(layout, &config.wal),
            storage: Storage::layout(layout, &config.storage),
            transactions: Transactions::layout(layout, &config.transactions),
            locks: LockTable::layout(layout, config.locks),
            stats: Stats::layout(layout, config.capacity.total() as usize),
            activities: Activities::layout(layout, config.capacity.total() as usize, config.activity_size),
        }
    }

    /// Sets the store up in a new segment. The log can be read; [`Wal::start`] and [`Transactions::open`] are recovery's last steps.
    ///
    /// # Errors
    /// Those of an impossible configuration.
    pub fn attach(
        segment: &Segment,
        request: EngineRequest,
        config: EngineConfig,
        processes: &Processes,
    ) -> Result<Engine> {
        let wal = Wal::attach(segment, request.wal, &config.wal)?;
        let storage = Storage::attach(segment, request.storage, &config.storage, &wal);
        let transactions = Transactions::attach(segment, request.transactions, &wal, &config.data_directory);
        let locks = LockTable::attach(segment, request.locks, processes.clone());
        Ok(Engine {
            config: Arc::new(config),
            processes: processes.clone(),
            wal,
            store: Store { storage, transactions },
            locks,
            stats: Stats::attach(segment, request.stats),
            activities: Activities::attach(segment, request.activities),
            tables: Arc::new(heap::HeapAm),
            indexes: Arc::new(index_methods()),
        })
    }

    /// Pages and files.
    pub fn storage(&self) -> &Storage {
        &self.store.storage
    }

    /// What all transactions share.
    pub fn transactions(&self) -> &Transactions {
        &self.store.transactions
    }

    /// The data directory.
    pub fn data_directory(&self) -> &Path {
        &self.config.data_directory
    }

    /// The managers that replay the store's records. The floors above add theirs.
    pub fn resource_managers(&self) -> Vec<Arc<dyn ResourceManager>> {
        let mut managers = self.transactions().resource_managers();
        managers.push(Arc::new(storage::StorageManager));
        managers.push(Arc::new(storage::TablespaceManager));
        managers.push(Arc::new(heap::HeapRmgr));
        managers.push(Arc::new(btree::BtreeRmgr));
        managers.push(Arc::new(gist::GistRmgr));
        managers.push(Arc::new(brin::BrinRmgr));
        managers
    }

    /// Who has state outside of the pages that a checkpoint must save. The floors above add theirs.
    pub fn checkpoint_participants(&self) -> Vec<Arc<dyn CheckpointParticipant>> {
        vec![Arc::new(self.transactions().clone())]
    }

    /// Takes a slot in the process table, and makes what belongs to it.
    ///
    /// # Errors
    /// FATAL `53300` if there is none left for processes of this kind.
    pub fn session(&self, kind: ProcessKind) -> Result<Session> {
        Ok(self.session_of(Arc::new(self.processes.register(kind)?)))
    }

    /// Makes what belongs to a process that has its slot already.
    pub fn session_of(&self, process: Arc<Process>) -> Session {
        let locks = self.locks.session(&process);
        let transaction = Arc::new(Transaction::new(
            self.transactions(),
            self.storage(),
            &locks,
            &process,
            Pending::new(Some(self.stats)),
        ));
        Session { process, locks, transaction }
    }

    /// The subdirectories that the store needs in a new data directory. initdb makes the others.
    ///
    /// # Errors
    /// Those of making directories.
    pub fn create_directories(data_directory: &Path, databases: &[Oid]) -> Result<()> {
        let make = |path: &Path| {
            std::fs::create_dir_all(path)
                .map_err(|e| Error::io(format_args!("could not create directory \"{}\"", path.display()), &e))
        };
        make(&data_directory.join("global"))?;
        make(&data_directory.join("pg_wal"))?;
        for database in databases {
            make(&data_directory.join("base").join(database.to_string()))?;
        }
        Transactions::create_directories(data_directory)
    }

    /// The first checkpoint's numbers in a new cluster; `next_oid` is the floors' above.
    pub fn first_checkpoint(&self) -> CheckpointRecord {
        let mut record = CheckpointRecord::default();
        Transactions::first_checkpoint(&mut record);
        record.timeline = TimelineId(1);
        record.previous_timeline = TimelineId(1);
        record.redo = self.first_lsn();
        record
    }

    /// Where the log of a new cluster begins: segment 1, as in PostgreSQL.
    pub fn first_lsn(&self) -> Lsn {
        Lsn(self.config.wal.segment_size as u64)
    }

    /// Opens the store of a new cluster for work.
    ///
    /// # Errors
    /// Those of creating the first segment of the log.
    pub fn start_new(&self) -> Result<()> {
        self.transactions().start_from(&self.first_checkpoint())?;
        self.wal.start(TimelineId(1), self.first_lsn(), false)?;
        self.wal.set_redo_position(self.first_lsn());
        self.transactions().open();
        Ok(())
    }

    /// A complete store in a directory of its own, for tests: a new one, with room for sixteen sessions, which threads may
    /// take. Databases 1, 4 and 5 have their directories. Nothing is synced to disk.
    ///
    /// # Errors
    /// Those of file access.
    pub fn scratch(directory: &Path) -> Result<Engine> {
        Engine::scratch_with(directory, |_| (), |_| ()).map(|(engine, ..)| engine)
    }

    /// The same, with a configuration to change and shared memory for the floors above: `ask` puts their wishes into the layout; what
    /// it returns comes back beside the engine, with the segment in which the wishes are fulfilled.
    ///
    /// # Errors
    /// Those of file access.
    pub fn scratch_with<T>(
        directory: &Path,
        configure: impl FnOnce(&mut EngineConfig),
        ask: impl FnOnce(&mut Layout) -> T,
    ) -> Result<(Engine, T, Segment)> {
        Engine::create_directories(directory, &[ids::oids::TEMPLATE1, ids::oids::TEMPLATE0, ids::oids::POSTGRES])?;
        let mut config = EngineConfig::small(directory, Capacity::small(16));
        config.wal.segment_size = 1 << 20;
        config.wal.buffers = 1 << 20;
        config.wal.options.fsync = false;
        config.wal.options.init_zero = false;
        config.storage.buffers = 1024;
        config.storage.fsync = false;
        configure(&mut config);
        let mut layout = Layout::new();
        let processes = Processes::layout(&mut layout, config.capacity);
        let request = Engine::layout(&mut layout, &config);
        let asked = ask(&mut layout);
        let segment = layout.map()?;
        let processes = Processes::attach(&segment, processes)?;
        let engine = Engine::attach(&segment, request, config, &processes)?;
        engine.start_new()?;
        Ok((engine, asked, segment))
    }
}
