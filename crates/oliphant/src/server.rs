//! The table of the server's processes: who does what the postmaster starts.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use auth::Origin;
use backend::autovacuum::{AutovacuumRequest, AutovacuumShared};
use backend::notify::{Notifications, NotificationsRequest};
use backend::{Incoming, Shared};
use catalog::{CatalogRedo, CatalogRequest, CatalogShared};
use engine::{Engine, EngineConfig, EngineRequest};
use error::{Error, Result, Severity, SqlState};
use log::{Logger, ZoneLookup};
use postmaster::{Auxiliary, Child, Connection, Ended, Server};
use recovery::workers::{self, BackgroundWriterSettings, CheckpointSettings};
use recovery::{CheckpointFlags, Checkpointer, Checkpoints, CheckpointsRequest, Context};
use settings::{Settings, Source, id};
use shm::{Interrupt, Layout, Process, ProcessKind, Processes, Segment};
use storage::ControlFile;
use types::datetime::TimeZone;

/// The server.
pub struct Oliphant {
    started_us: i64,
    auxiliaries: [Auxiliary<Oliphant>; 4],
}

/// Handles that all processes inherit.
pub struct Store {
    shared: Shared,
    checkpoints: Checkpoints,
}

/// Promises of shared memory.
pub struct Request {
    engine: EngineRequest,
    config: EngineConfig,
    catalog: CatalogRequest,
    notifications: NotificationsRequest,
    checkpoints: CheckpointsRequest,
    autovacuum: AutovacuumRequest,
    mock_nonce: [u8; 32],
}

impl Oliphant {
    /// The server, with its auxiliary processes.
    pub fn new() -> Oliphant {
        let always = |_: &Settings| true;
        Oliphant {
            started_us: log::time::now_us(),
            auxiliaries: [
                Auxiliary { kind: ProcessKind::Checkpointer, wanted: always, run: |_, child| checkpointer(child) },
                Auxiliary {
                    kind: ProcessKind::BackgroundWriter,
                    wanted: always,
                    run: |_, child| background_writer(child),
                },
                Auxiliary { kind: ProcessKind::WalWriter, wanted: always, run: |_, child| wal_writer(child) },
                Auxiliary {
                    kind: ProcessKind::AutovacuumLauncher,
                    wanted: |settings| settings.bool(id::AUTOVACUUM) && settings.bool(id::TRACK_COUNTS),
                    run: |_, child| autovacuum_launcher(child),
                },
            ],
        }
    }
}

/// What SQL's CHECKPOINT asks for.
const CHECKPOINT: CheckpointFlags = CheckpointFlags::IMMEDIATE.and(CheckpointFlags::FORCE).and(CheckpointFlags::WAIT);

impl Server for Oliphant {
    type Request = Request;
    type Store = Store;

    fn zones(&self) -> ZoneLookup {
        |name, moment_us| {
            let zone = TimeZone::named(name)?;
            let local = zone.at(moment_us.div_euclid(1_000_000));
            Some((local.offset, local.abbreviation.to_string()))
        }
    }

    fn configure(&self, settings: &mut Settings, data_directory: &Path) -> Result<()> {
        let control = ControlFile::read(data_directory)?;
        let told = [
            (id::DATA_CHECKSUMS, if control.checksums { "on".to_string() } else { "off".into() }),
            (id::WAL_SEGMENT_SIZE, control.segment_size.to_string()),
        ];
        for (parameter, value) in told {
            settings.set_internal(parameter, &value, Source::DynamicDefault)?;
        }
        let automatic = EngineConfig::new(settings, data_directory, &control);
        if settings.int(id::WAL_BUFFERS) < 0 {
            let blocks = automatic.wal.buffers / 8192;
            settings.set_internal(id::WAL_BUFFERS, &blocks.to_string(), Source::DynamicDefault)?;
        }
        // The least that can be set is what stands if nobody said anything: like PostgreSQL, take 2 MB then.
        if settings.int(id::MAX_STACK_DEPTH) <= 100 {
            settings.set_internal(id::MAX_STACK_DEPTH, "2048", Source::DynamicDefault)?;
        }
        Ok(())
    }

    fn layout(&self, settings: &Settings, data_directory: &Path, layout: &mut Layout) -> Result<Request> {
        let control = ControlFile::read(data_directory)?;
        let config = EngineConfig::new(settings, data_directory, &control);
        let autovacuum = AutovacuumShared::layout(layout, config.capacity.total() as usize);
        Ok(Request {
            engine: Engine::layout(layout, &config),
            config,
            catalog: CatalogShared::layout(layout),
            notifications: Notifications::layout(layout, postmaster::supervisor::capacity(settings).total()),
            checkpoints: Checkpoints::layout(layout),
            autovacuum,
            mock_nonce: control.mock_nonce,
        })
    }

    fn attach(
        &self,
        segment: &Segment,
        request: Request,
        processes: &Processes,
        settings: &Settings,
        data_directory: &Path,
    ) -> Result<Store> {
        let (hba, ident_maps) =
            backend::access_files(settings, data_directory).map_err(|mut errors| errors.swap_remove(0))?;
        wal::faults::arm_from_environment();
        wal::on_panic(log_panic);
        let checkpoints = Checkpoints::attach(segment, request.checkpoints, processes);
        let requests = checkpoints.clone();
        // What is built in is made ready once: the processes that are forked share it.
        catalog::warm();
        let _ = types::function(ids::Oid::INVALID);
        backend::warm_up(settings);
        Ok(Store {
            shared: Shared {
                engine: Engine::attach(segment, request.engine, request.config, processes)?,
                catalog: CatalogShared::attach(segment, request.catalog),
                notifications: Notifications::attach(segment, request.notifications),
                hba: Arc::new(hba),
                ident_maps: Arc::new(ident_maps),
                mock_nonce: request.mock_nonce,
                autovacuum: AutovacuumShared::attach(segment, request.autovacuum),
                checkpoint: Arc::new(move |process| requests.request(process, CHECKPOINT)),
                started_us: self.started_us,
                update_process_title: settings.bool(id::UPDATE_PROCESS_TITLE),
            },
            checkpoints,
        })
    }

    fn reloaded(&self, store: &mut Store, settings: &Settings, data_directory: &Path) -> Vec<Error> {
        match backend::access_files(settings, data_directory) {
            Ok((hba, ident_maps)) => {
                store.shared.hba = Arc::new(hba);
                store.shared.ident_maps = Arc::new(ident_maps);
                Vec::new()
            }
            Err(errors) => errors,
        }
    }

    fn startup(&self, child: Child<'_, Store>) -> Result<()> {
        log_panics_as(child.logger);
        let engine = &child.store.shared.engine;
        let (transactions, context) = (engine.transactions(), context(&child));
        recovery::recover(&context, || {
            for xid in transactions.restore_prepared(&engine.locks)? {
                let text = format!("recovering prepared transaction {xid} from the log");
                (context.log)(Error::new(SqlState::SUCCESSFUL_COMPLETION, text).severity(Severity::Log));
            }
            transactions.open();
            Ok(())
        })
        .map(|recovered| {
            let engine = &child.store.shared.engine;
            engine.stats.load(child.data_directory, !recovered.crashed);
        })
    }

    fn auxiliaries(&self) -> &[Auxiliary<Oliphant>] {
        &self.auxiliaries
    }

    fn autovacuum_worker(&self, child: Child<'_, Store>) -> Result<()> {
        log_panics_as(child.logger);
        backend::autovacuum::work(&child.store.shared, child.process, child.settings, child.logger)
    }

    fn backend(&self, child: Child<'_, Store>, connection: Connection) -> Result<Ended> {
        log_panics_as(child.logger);
        let socket = connection.socket;
        let incoming = Incoming {
            origin: socket.peer().map_or(Origin::Local, |address| Origin::Host(address.ip().to_canonical())),
            remote_host: socket.remote_host(),
            remote_port: socket.remote_port(),
            local_host: socket.local_host(),
            accepted_us: connection.accepted_us,
            socket: socket.into(),
        };
        let clean = backend::serve(&child.store.shared, child.process, child.settings, child.logger, incoming);
        Ok(if clean { Ended::Clean } else { Ended::Unclean })
    }

    fn rest(&self, store: &Store) {
        // While it has no slot nobody tells it of files that are dropped.
        store.shared.engine.storage().close_files();
    }
}

/// What recovery and checkpoints work with, logging as `child` does.
fn context(child: &Child<'_, Store>) -> Context {
    let (engine, catalog) = (&child.store.shared.engine, &child.store.shared.catalog);
    let mut managers = engine.resource_managers();
    let data_directory = child.data_directory.to_path_buf();
    managers.push(Arc::new(CatalogRedo { shared: *catalog, data_directory }));
    let mut participants = engine.checkpoint_participants();
    participants.push(Arc::new(*catalog));
    Context {
        data_directory: child.data_directory.to_path_buf(),
        wal: engine.wal.clone(),
        storage: *engine.storage(),
        managers,
        participants,
        log: shared_log(child.logger),
    }
}

/// How this process would log a PANIC.
static PANIC_LOG: Mutex<Option<Logger>> = Mutex::new(None);

fn log_panics_as(logger: &Logger) {
    if let Ok(mut place) = PANIC_LOG.lock() {
        *place = Some(logger.clone());
    }
}

fn log_panic(reason: &str) {
    match PANIC_LOG.try_lock().ok().and_then(|mut place| place.take()) {
        Some(mut logger) => logger.write(&Error::internal(reason).severity(error::Severity::Panic), None),
        None => eprintln!("PANIC:  {reason}"),
    }
}

fn shared_log(logger: &Logger) -> Arc<dyn Fn(Error) + Send + Sync> {
    let logger = Mutex::new(logger.clone());
    Arc::new(move |message| {
        if let Ok(mut logger) = logger.lock() {
            logger.write(&message, None);
        }
    })
}

/// The slot's last owner is gone: what it did is not what this process does.
fn begin_activity(child: &Child<'_, Store>) {
    log_panics_as(child.logger);
    child.store.shared.engine.activities.begin(child.process.number(), "", 0);
}

/// Serves a reload, if one was asked for.
fn reload(process: &Process, settings: &mut Settings, logger: &mut Logger, data_directory: &Path) {
    if process.take(Interrupt::RELOAD) {
        postmaster::server::reload(settings, data_directory, &settings::NoHooks, &mut |_| ());
        logger.configure(settings);
    }
}

fn checkpointer(child: Child<'_, Store>) -> Result<()> {
    let mut checkpointer = Checkpointer::new(context(&child))?;
    begin_activity(&child);
    checkpointer.statistics = Some(child.store.shared.engine.stats.globals());
    let Child { process, store, settings, logger, data_directory, .. } = child;
    let wal = store.shared.engine.wal.clone();
    let engine = &store.shared.engine;
    workers::checkpointer(&mut checkpointer, &store.checkpoints, &process, || {
        reload(&process, settings, logger, data_directory);
        engine.storage().report_io(&engine.stats, &process);
        wal.set_options(&EngineConfig::wal_options(settings));
        let seconds = |id| Duration::from_secs(settings.int(id).max(0) as u64);
        CheckpointSettings {
            timeout: seconds(id::CHECKPOINT_TIMEOUT),
            completion_target: settings.real(id::CHECKPOINT_COMPLETION_TARGET),
            warning: seconds(id::CHECKPOINT_WARNING),
            log: settings.bool(id::LOG_CHECKPOINTS),
            wal_level: EngineConfig::wal_level(settings),
        }
    })?;
    // Everybody else is gone: what was counted is complete.
    if process.is_interrupted(Interrupt::USER)
        && let Err(e) = backend::statistics::save(engine)
    {
        checkpointer.context().log.as_ref()(e.severity(error::Severity::Log));
    }
    Ok(())
}

fn background_writer(child: Child<'_, Store>) -> Result<()> {
    begin_activity(&child);
    let log = shared_log(child.logger);
    let Child { process, store, settings, logger, data_directory, .. } = child;
    let engine = &store.shared.engine;
    let statistics = Some(engine.stats.globals());
    workers::background_writer(engine.storage(), &process, &*log, statistics, || {
        reload(&process, settings, logger, data_directory);
        engine.storage().report_io(&engine.stats, &process);
        BackgroundWriterSettings {
            delay: settings.duration(id::BGWRITER_DELAY).unwrap_or(Duration::from_millis(200)),
            pages_max: settings.int(id::BGWRITER_LRU_MAXPAGES).max(0) as u32,
            multiplier: settings.real(id::BGWRITER_LRU_MULTIPLIER),
        }
    })
}

fn autovacuum_launcher(child: Child<'_, Store>) -> Result<()> {
    log_panics_as(child.logger);
    let Child { process, store, settings, logger, data_directory, postmaster, .. } = child;
    backend::autovacuum::launch(&store.shared, process, settings, postmaster, &mut |settings| {
        backend::autovacuum::reload_files(settings, data_directory);
        logger.configure(settings);
    })
}

fn wal_writer(child: Child<'_, Store>) -> Result<()> {
    begin_activity(&child);
    let log = shared_log(child.logger);
    let Child { process, store, settings, logger, data_directory, .. } = child;
    let engine = &store.shared.engine;
    workers::wal_writer(&engine.wal, &process, &*log, || {
        reload(&process, settings, logger, data_directory);
        engine.storage().report_io(&engine.stats, &process);
        settings.duration(id::WAL_WRITER_DELAY).unwrap_or(Duration::from_millis(200))
    })
}
