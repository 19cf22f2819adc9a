//! The table of the server's processes: who does what the postmaster starts.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use engine::{Engine, EngineConfig, EngineRequest};
use error::{Error, Result};
use log::Logger;
use postmaster::{Auxiliary, Child, Connection, Server};
use recovery::workers::{self, BackgroundWriterSettings, CheckpointSettings};
use recovery::{Checkpointer, Checkpoints, CheckpointsRequest, Context};
use settings::{Settings, Source, id};
use shm::{Interrupt, Layout, Process, ProcessKind, Processes, Segment};
use storage::ControlFile;

/// The server.
pub struct Oliphant {
    auxiliaries: [Auxiliary<Oliphant>; 3],
}

/// Handles that all processes inherit.
pub struct Store {
    engine: Engine,
    checkpoints: Checkpoints,
}

/// Promises of shared memory.
pub struct Request {
    engine: EngineRequest,
    config: EngineConfig,
    checkpoints: CheckpointsRequest,
}

impl Oliphant {
    /// The server, with its auxiliary processes.
    pub fn new() -> Oliphant {
        let always = |_: &Settings| true;
        Oliphant {
            auxiliaries: [
                Auxiliary { kind: ProcessKind::Checkpointer, wanted: always, run: |_, child| checkpointer(child) },
                Auxiliary {
                    kind: ProcessKind::BackgroundWriter,
                    wanted: always,
                    run: |_, child| background_writer(child),
                },
                Auxiliary { kind: ProcessKind::WalWriter, wanted: always, run: |_, child| wal_writer(child) },
            ],
        }
    }
}

impl Server for Oliphant {
    type Request = Request;
    type Store = Store;

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
        Ok(())
    }

    fn layout(&self, settings: &Settings, data_directory: &Path, layout: &mut Layout) -> Result<Request> {
        let config = EngineConfig::new(settings, data_directory, &ControlFile::read(data_directory)?);
        Ok(Request { engine: Engine::layout(layout, &config), config, checkpoints: Checkpoints::layout(layout) })
    }

    fn attach(
        &self,
        segment: &Segment,
        request: Request,
        processes: &Processes,
        _: &Settings,
        _: &Path,
    ) -> Result<Store> {
        Ok(Store {
            engine: Engine::attach(segment, request.engine, request.config, processes)?,
            checkpoints: Checkpoints::attach(segment, request.checkpoints, processes),
        })
    }

    fn startup(&self, child: Child<'_, Store>) -> Result<()> {
        let transactions = child.store.engine.transactions();
        recovery::recover(&context(&child), || {
            transactions.open();
            Ok(())
        })
        .map(drop)
    }

    fn auxiliaries(&self) -> &[Auxiliary<Oliphant>] {
        &self.auxiliaries
    }

    fn autovacuum_worker(&self, _: Child<'_, Store>) -> Result<()> {
        Err(Error::not_implemented("autovacuum"))
    }

    fn backend(&self, _child: Child<'_, Store>, _connection: Connection) -> Result<()> {
        Err(Error::not_implemented("a session").fatal())
    }
}

/// What recovery and checkpoints work with, logging as `child` does.
fn context(child: &Child<'_, Store>) -> Context {
    let engine = &child.store.engine;
    Context {
        data_directory: child.data_directory.to_path_buf(),
        wal: engine.wal.clone(),
        storage: *engine.storage(),
        managers: engine.resource_managers(),
        participants: engine.checkpoint_participants(),
        log: shared_log(child.logger),
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

/// Serves a reload, if one was asked for.
fn reload(process: &Process, settings: &mut Settings, logger: &mut Logger, data_directory: &Path) {
    if process.take(Interrupt::RELOAD) {
        postmaster::server::reload(settings, data_directory, &settings::NoHooks, &mut |_| ());
        logger.configure(settings);
    }
}

fn checkpointer(child: Child<'_, Store>) -> Result<()> {
    let mut checkpointer = Checkpointer::new(context(&child))?;
    let Child { process, store, settings, logger, data_directory, .. } = child;
    let wal = store.engine.wal.clone();
    workers::checkpointer(&mut checkpointer, &store.checkpoints, &process, || {
        reload(&process, settings, logger, data_directory);
        wal.set_options(&EngineConfig::wal_options(settings));
        let seconds = |id| Duration::from_secs(settings.int(id).max(0) as u64);
        CheckpointSettings {
            timeout: seconds(id::CHECKPOINT_TIMEOUT),
            completion_target: settings.real(id::CHECKPOINT_COMPLETION_TARGET),
            warning: seconds(id::CHECKPOINT_WARNING),
            log: settings.bool(id::LOG_CHECKPOINTS),
            wal_level: EngineConfig::wal_level(settings),
        }
    })
}

fn background_writer(child: Child<'_, Store>) -> Result<()> {
    let log = shared_log(child.logger);
    let Child { process, store, settings, logger, data_directory, .. } = child;
    workers::background_writer(store.engine.storage(), &process, &*log, || {
        reload(&process, settings, logger, data_directory);
        BackgroundWriterSettings {
            delay: settings.duration(id::BGWRITER_DELAY).unwrap_or(Duration::from_millis(200)),
            pages_max: settings.int(id::BGWRITER_LRU_MAXPAGES).max(0) as u32,
            multiplier: settings.real(id::BGWRITER_LRU_MULTIPLIER),
        }
    })
}

fn wal_writer(child: Child<'_, Store>) -> Result<()> {
    let log = shared_log(child.logger);
    let Child { process, store, settings, logger, data_directory, .. } = child;
    workers::wal_writer(&store.engine.wal, &process, &*log, || {
        reload(&process, settings, logger, data_directory);
        settings.duration(id::WAL_WRITER_DELAY).unwrap_or(Duration::from_millis(200))
    })
}
