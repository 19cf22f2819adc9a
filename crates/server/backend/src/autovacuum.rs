//! Autovacuum: who decides that a table is to be vacuumed or analyzed, and does it.
//!
//! ```text
//!  launcher ── every naptime / databases: a database ──► shared memory ── request ──► postmaster ── fork ──► worker
//!     ▲                                                                                                       │
//!     └──────────────────────── "the database is taken" ◄─────────────────────────────────────────────────────┘
//! ```
//!
//! The launcher ([`launch`]) gives every database a worker each `autovacuum_naptime`, the one that has waited longest first, as long as
//! fewer than `autovacuum_max_workers` are at work. A worker ([`work`]) is a session without a client: it looks through its database's
//! tables, compares what the cumulative statistics say with the thresholds ([`Thresholds`]), and goes through those that are over one. It
//! tells the others which table it is at, so that no two work on the same; and it is cancelled by whoever waits for a lock that it
//! holds (`locks`, after `deadlock_timeout`).
//!
//! # Differences from PostgreSQL
//!
//! Transaction ids have 64 bits, so no table is ever vacuumed to prevent their wraparound. A table's out-of-line values are vacuumed
//! with the table.

use std::collections::HashMap;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use catalog::Catalog;
use catalog::relation::kind;
use catalog::rows::{PgClass, PgDatabase};
use catalog::store::storage_option;
use commands::vacuum::{Automatic, Maintenance, maintain};
use error::{Error, Result, Severity};
use ids::Oid;
use log::Logger;
use settings::{Settings, id};
use shm::{Interrupt, Layout, Many, One, Process, ProcessKind, Segment, Shm, ShmSlice, WaitEvent};
use stats::{Entry, Key, State, database, relation_fields as field};

use crate::Shared;
use crate::block::Block;
use crate::connection::Connection;
use crate::session::Session;

/// The role that workers act as: the one that made the cluster.
const BOOTSTRAP_ROLE: Oid = Oid(10);
/// How long the launcher waits for a worker that does not come.
const WORKER_PATIENCE: Duration = Duration::from_secs(60);

shm::shared! {
    #[derive(Debug)]
    struct Header {
        /// The database that the next worker is to take; zero: none.
        wanted: AtomicU32,
        /// The launcher's number and one more, so that a worker can wake it.
        launcher: AtomicU32,
    }

    /// What a worker is at, by its process's number.
    #[derive(Debug)]
    struct Place {
        database: AtomicU32,
        table: AtomicU32,
        /// Whether it takes part in sharing the cost limit.
        shares_cost: AtomicU32,
    }
}

/// What [`AutovacuumShared::layout`] asked for.
#[derive(Clone, Copy, Debug)]
pub struct AutovacuumRequest {
    header: One<Header>,
    places: Many<Place>,
}

/// What launcher and workers tell each other.
#[derive(Clone, Copy, Debug)]
pub struct AutovacuumShared {
    header: Shm<Header>,
    places: ShmSlice<Place>,
}

impl AutovacuumShared {
    /// Asks for shared memory; `processes` is the length of the process table.
    pub fn layout(layout: &mut Layout, processes: usize) -> AutovacuumRequest {
        AutovacuumRequest {
            header: layout.one("AutoVacuum Data"),
            places: layout.many("AutoVacuum Workers", processes),
        }
    }

    /// Sets it up in a new segment.
    pub fn attach(segment: &Segment, request: AutovacuumRequest) -> AutovacuumShared {
        AutovacuumShared { header: segment.one(request.header), places: segment.many(request.places) }
    }
}

// --- The launcher ---------------------------------------------------------------------------------------------------

/// The launcher's loop: until it is told to stop, or autovacuum is turned off. `reload` reads the configuration files again.
///
/// # Errors
/// Those of reading `pg_database`, and of waiting.
pub fn launch(
    shared: &Shared,
    process: Process,
    settings: &mut Settings,
    postmaster: i32,
    reload: &mut dyn FnMut(&mut Settings),
) -> Result<()> {
    let process = Arc::new(process);
    let engine = &shared.engine;
    let header = shared.autovacuum.header.get();
    engine.activities.begin(process.number(), "", 0);
    header.launcher.store(process.number().0 + 1, Ordering::Release);
    header.wanted.store(0, Ordering::Release);
    let store = engine.session_of(Arc::clone(&process));
    let catalog = Catalog::open(engine, &shared.catalog, &store, ids::oids::TEMPLATE1);
    catalog.set_users(BOOTSTRAP_ROLE, BOOTSTRAP_ROLE);
    // When each database had its last worker.
    let mut last: HashMap<Oid, Instant> = HashMap::new();
    let began = Instant::now();
    let mut asked_at: Option<Instant> = None;
    loop {
        process.latch().reset();
        if process.is_interrupted(Interrupt(Interrupt::TERMINATE.0 | Interrupt::POSTMASTER_DIED.0)) {
            break;
        }
        if process.take(Interrupt::RELOAD) {
            reload(settings);
        }
        if process.take(Interrupt::CATCH_UP) {
            catalog.absorb();
        }
        if !settings.bool(id::AUTOVACUUM) || !settings.bool(id::TRACK_COUNTS) {
            break;
        }
        let naptime = settings.duration(id::AUTOVACUUM_NAPTIME).unwrap_or(Duration::from_secs(60));
        store.transaction.begin(txn::Isolation::ReadCommitted)?;
        let databases = catalog.scan_all::<PgDatabase>();
        store.transaction.commit(false)?;
        let databases: Vec<Oid> =
            databases?.into_iter().filter(|found| found.row.datallowconn).map(|found| found.row.oid).collect();
        last.retain(|database, _| databases.contains(database));
        let pause = naptime.div_f64(databases.len().max(1) as f64).max(Duration::from_millis(100));
        // One at a time is asked for; a worker that never came is given up.
        let waiting = header.wanted.load(Ordering::Acquire) != 0
            && asked_at.is_some_and(|at| at.elapsed() < WORKER_PATIENCE.min(naptime));
        if !waiting && has_room(shared, settings) {
            let due =
                |database: &Oid| last.get(database).map_or(began.elapsed() >= pause, |at| at.elapsed() >= naptime);
            let next = databases
                .iter()
                .filter(|database| due(database))
                .max_by_key(|database| last.get(database).map_or(Duration::MAX, Instant::elapsed));
            if let Some(&database) = next {
                last.insert(database, Instant::now());
                asked_at = Some(Instant::now());
                header.wanted.store(database.0, Ordering::Release);
                engine.processes.request_worker(postmaster);
            }
        }
        process.wait(&[], Some(pause.min(naptime)), WaitEvent::ACTIVITY_AUTOVACUUM_MAIN)?;
    }
    header.launcher.store(0, Ordering::Release);
    store.locks.end_session();
    Ok(())
}

/// Whether one more worker may be at work.
fn has_room(shared: &Shared, settings: &Settings) -> bool {
    let processes = &shared.engine.processes;
    let kind = |n: &shm::ProcNumber| processes.slot(*n).kind() == Some(ProcessKind::AutovacuumWorker);
    let busy = processes.active().filter(kind).count();
    (busy as i64) < i64::from(settings.int(id::AUTOVACUUM_MAX_WORKERS))
        && processes.free_slots(ProcessKind::AutovacuumWorker) > 0
}

// --- When -----------------------------------------------------------------------------------------------------------

/// When a table is to be vacuumed and analyzed: the settings, as the table's own options change them.
#[derive(Clone, Debug, PartialEq)]
struct Thresholds {
    enabled: bool,
    vacuum: f64,
    vacuum_scale: f64,
    /// Negative: none.
    vacuum_max: f64,
    /// Negative: insertions count for nothing.
    insert: f64,
    insert_scale: f64,
    analyze: f64,
    analyze_scale: f64,
}

/// What is to be done with a table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Due {
    vacuum: bool,
    analyze: bool,
}

impl Due {
    fn is_anything(self) -> bool {
        self.vacuum || self.analyze
    }
}

impl Thresholds {
    fn of(settings: &Settings, class: &PgClass) -> Thresholds {
        let number =
            |name: &str, usual: f64| storage_option(class, name).and_then(|text| text.parse().ok()).unwrap_or(usual);
        let int = |name: &str, id| number(name, f64::from(settings.int(id)));
        let real = |name: &str, id| number(name, settings.real(id));
        let enabled = storage_option(class, "autovacuum_enabled").and_then(settings::value::parse_bool);
        Thresholds {
            enabled: enabled.unwrap_or(true),
            vacuum: int("autovacuum_vacuum_threshold", id::AUTOVACUUM_VACUUM_THRESHOLD),
            vacuum_scale: real("autovacuum_vacuum_scale_factor", id::AUTOVACUUM_VACUUM_SCALE_FACTOR),
            vacuum_max: int("autovacuum_vacuum_max_threshold", id::AUTOVACUUM_VACUUM_MAX_THRESHOLD),
            insert: int("autovacuum_vacuum_insert_threshold", id::AUTOVACUUM_VACUUM_INSERT_THRESHOLD),
            insert_scale: real("autovacuum_vacuum_insert_scale_factor", id::AUTOVACUUM_VACUUM_INSERT_SCALE_FACTOR),
            analyze: int("autovacuum_analyze_threshold", id::AUTOVACUUM_ANALYZE_THRESHOLD),
            analyze_scale: real("autovacuum_analyze_scale_factor", id::AUTOVACUUM_ANALYZE_SCALE_FACTOR),
        }
    }

    /// Compares what happened to a table since it was last looked after with the thresholds.
    fn due(&self, class: &PgClass, entry: &Entry) -> Due {
        if !self.enabled {
            return Due::default();
        }
        let rows = f64::from(class.reltuples.max(0.0));
        let mut vacuum = self.vacuum + self.vacuum_scale * rows;
        if self.vacuum_max >= 0.0 {
            vacuum = vacuum.min(self.vacuum_max);
        }
        // Frozen pages need no look, however many rows come beside them.
        let frozen = f64::from(class.relallfrozen.max(0)) / f64::from(class.relpages.max(1));
        let insert = self.insert + self.insert_scale * rows * (1.0 - frozen.min(1.0));
        let analyze = self.analyze + self.analyze_scale * rows;
        let count = |field| entry.signed(field).max(0) as f64;
        Due {
            vacuum: count(field::DEAD) > vacuum || self.insert >= 0.0 && count(field::INSERTED_SINCE_VACUUM) > insert,
            // Statistics about the statistics would be of no use.
            analyze: class.oid != <catalog::rows::PgStatistic as catalog::rows::CatalogRow>::RELATION
                && class.relkind != kind::TOAST
                && count(field::CHANGED_SINCE_ANALYZE) > analyze,
        }
    }
}

// --- The worker -----------------------------------------------------------------------------------------------------

/// A worker: takes the database that the launcher wants looked after, goes through its tables, and ends.
///
/// # Errors
/// What is to be logged: that it could not begin. Tables that fail are logged one by one.
pub fn work(shared: &Shared, process: Process, settings: &mut Settings, logger: &mut Logger) -> Result<()> {
    let process = Arc::new(process);
    let engine = &shared.engine;
    let header = shared.autovacuum.header.get();
    let database = Oid(header.wanted.swap(0, Ordering::AcqRel));
    if let Some(number) = header.launcher.load(Ordering::Acquire).checked_sub(1) {
        engine.processes.slot(shm::ProcNumber(number)).latch.set();
    }
    if !database.is_valid() {
        return Ok(());
    }
    engine.activities.begin(process.number(), "", 0);
    let place = &shared.autovacuum.places[process.number().0 as usize];
    place.database.store(database.0, Ordering::Release);
    place.table.store(0, Ordering::Release);
    let store = engine.session_of(Arc::clone(&process));
    let catalog = Catalog::open(engine, &shared.catalog, &store, database);
    catalog.set_users(BOOTSTRAP_ROLE, BOOTSTRAP_ROLE);
    process.set_identity(database, Oid::INVALID);
    // Nobody listens to what a session says to its client.
    let (socket, _) = UnixStream::pair().map_err(|e| Error::io("could not create a socket", &e))?;
    let connection = Connection::new(socket.into(), &process);
    let session = Session::assemble(shared, &store, catalog, BOOTSTRAP_ROLE, settings, logger, connection);
    session.follow_settings();
    let result = session.look_after(place);
    session.rollback();
    session.locks.end_session();
    place.table.store(0, Ordering::Release);
    place.database.store(0, Ordering::Release);
    session.report_statistics(stats::now_us());
    match result {
        // Told to stop: nothing to complain of.
        Err(error) if error.fields().severity >= Severity::Fatal => Err(error),
        other => other,
    }
}

impl Session<'_> {
    /// Goes through the tables of the database that are over a threshold.
    fn look_after(&self, place: &Place) -> Result<()> {
        let engine = &self.shared.engine;
        let database = self.catalog().database();
        engine.stats.update(&Key::database(database), |entry| {
            entry.set(database::LAST_AUTOVACUUM, stats::now_us() as u64);
        });
        self.begin_transaction(None)?;
        self.block.set(Block::Single);
        let name = self.catalog().database_row(database)?.map(|row| row.datname.to_string());
        let Some(name) = name else { return Ok(()) };
        sys::title::set(format_args!("postgres: autovacuum worker {name}"));
        self.logger.borrow_mut().session.database.clone_from(&name);
        let mut tables = Vec::new();
        for found in self.catalog().scan_all::<PgClass>()? {
            let class = &found.row;
            let is_table = matches!(class.relkind, kind::TABLE | kind::MATERIALIZED_VIEW);
            if is_table && class.relpersistence != b't' && self.due(class).is_anything() {
                tables.push(class.oid);
            }
        }
        self.commit()?;
        for table in tables {
            self.process.check_interrupts()?;
            if self.process.take(Interrupt::RELOAD) {
                self.reload();
                if !self.settings.borrow().bool(id::AUTOVACUUM) {
                    break;
                }
            }
            if self.others_are_at(table) {
                continue;
            }
            place.table.store(table.0, Ordering::Release);
            let result = self.look_after_table(table, place);
            place.table.store(0, Ordering::Release);
            if let Err(error) = result {
                let ends = error.fields().severity >= Severity::Fatal;
                self.rollback();
                if ends {
                    return Err(error);
                }
                let shown = self.table_for_people(&name, table);
                let error = error.context(format!("automatic vacuum of table \"{shown}\""));
                self.log().write(&error, None);
            }
            self.report_statistics(stats::now_us());
        }
        Ok(())
    }

    fn due(&self, class: &PgClass) -> Due {
        let database = if class.relisshared { Oid::INVALID } else { self.catalog().database() };
        match self.shared.engine.stats.get(&Key::relation(database, class.oid)) {
            Some(entry) => Thresholds::of(&self.settings.borrow(), class).due(class, &entry),
            None => Due::default(),
        }
    }

    /// Whether another worker is at a table.
    fn others_are_at(&self, table: Oid) -> bool {
        let shared = catalog::relation::builtin(table).is_some_and(|relation| relation.class.relisshared);
        let (me, here) = (self.process.number().0 as usize, self.catalog().database().0);
        self.shared.autovacuum.places.iter().enumerate().any(|(n, place)| {
            let same_database = shared || place.database.load(Ordering::Acquire) == here;
            n != me && same_database && place.table.load(Ordering::Acquire) == table.0
        })
    }

    fn table_for_people(&self, database: &str, table: Oid) -> String {
        let named = || -> Result<String> {
            self.begin_transaction(None)?;
            let class = self.catalog().class(table)?;
            let schema = class.as_ref().map(|class| self.catalog().schema_name(class.relnamespace));
            let schema = schema.transpose()?.flatten().unwrap_or_default();
            Ok(format!("{database}.{schema}.{}", class.map_or_else(String::new, |class| class.relname.to_string())))
        };
        let text = named().unwrap_or_else(|_| format!("{database}.{table}"));
        self.rollback();
        text
    }

    fn look_after_table(&self, table: Oid, place: &Place) -> Result<()> {
        self.begin_transaction(None)?;
        self.block.set(Block::Single);
        // It may have been looked after, or dropped, since the list was made.
        let Some(class) = self.catalog().class(table)? else { return self.commit() };
        let due = self.due(&class);
        if !due.is_anything() {
            return self.commit();
        }
        let schema = self.catalog().schema_name(class.relnamespace)?.unwrap_or_default();
        let what = match due {
            Due { vacuum: true, analyze: true } => "VACUUM ANALYZE",
            Due { vacuum: true, .. } => "VACUUM",
            _ => "ANALYZE",
        };
        let text: Rc<str> = format!("autovacuum: {what} {schema}.{}", class.relname).into();
        self.statement_us.set(stats::now_us());
        self.run_text(&text);
        let request = Maintenance {
            vacuum: due.vacuum,
            analyze: due.analyze,
            skip_locked: true,
            automatic: Some(self.automatic(&class, place)),
            ..Maintenance::new(due.vacuum)
        };
        let executor = self.executor();
        let context = commands::Context { session: &executor, services: self, text: "" };
        maintain(&context, table, &[], &request, None)?;
        self.commit()?;
        self.running.replace(None);
        self.shared.engine.activities.set_state(self.process.number(), State::Idle, stats::now_us());
        Ok(())
    }

    /// Delay and log threshold for a table. Workers whose table has no cost settings of its own share the limit.
    fn automatic(&self, class: &PgClass, place: &Place) -> Automatic {
        let settings = self.settings.borrow();
        let option = |name: &str| storage_option(class, name).and_then(|text| text.parse::<f64>().ok());
        let own_delay = option("autovacuum_vacuum_cost_delay").filter(|delay| *delay >= 0.0);
        let own_limit = option("autovacuum_vacuum_cost_limit").filter(|limit| *limit > 0.0);
        let delay = settings.real(id::AUTOVACUUM_VACUUM_COST_DELAY);
        let delay = if delay >= 0.0 { delay } else { settings.real(id::VACUUM_COST_DELAY) };
        let limit = settings.int(id::AUTOVACUUM_VACUUM_COST_LIMIT);
        let limit = i64::from(if limit > 0 { limit } else { settings.int(id::VACUUM_COST_LIMIT) });
        let shares = own_delay.is_none() && own_limit.is_none();
        place.shares_cost.store(shares.into(), Ordering::Release);
        let sharing =
            |place: &&Place| place.table.load(Ordering::Acquire) != 0 && place.shares_cost.load(Ordering::Acquire) != 0;
        let sharers = self.shared.autovacuum.places.iter().filter(sharing).count().max(1) as i64;
        Automatic {
            log_min_duration_ms: option("log_autovacuum_min_duration")
                .map_or_else(|| settings.int(id::LOG_AUTOVACUUM_MIN_DURATION).into(), |ms| ms as i64),
            cost_delay_ms: own_delay.unwrap_or(delay),
            cost_limit: own_limit
                .map_or_else(|| if shares { (limit / sharers).max(1) } else { limit }, |own| own as i64),
        }
    }
}

/// The launcher and workers read the configuration files by this.
pub fn reload_files(settings: &mut Settings, data_directory: &Path) {
    let file = std::path::PathBuf::from(settings.string(id::CONFIG_FILE));
    let hooks = crate::startup::Rules { catalog: None };
    // The postmaster has logged what is wrong with the files.
    let _ = settings.load_files(&file, Some(data_directory), settings::LoadKind::Reload, &hooks, &mut |_| ());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn thresholds() -> Thresholds {
        Thresholds {
            enabled: true,
            vacuum: 50.0,
            vacuum_scale: 0.2,
            vacuum_max: 100_000.0,
            insert: 1000.0,
            insert_scale: 0.2,
            analyze: 50.0,
            analyze_scale: 0.1,
        }
    }

    fn entry(dead: u64, inserted: u64, changed: u64) -> Entry {
        let mut entry = Entry::default();
        entry.set(field::DEAD, dead);
        entry.set(field::INSERTED_SINCE_VACUUM, inserted);
        entry.set(field::CHANGED_SINCE_ANALYZE, changed);
        entry
    }

    fn class(rows: f32, pages: i32, frozen: i32) -> PgClass {
        PgClass {
            oid: Oid(20_000),
            relkind: b'r',
            reltuples: rows,
            relpages: pages,
            relallfrozen: frozen,
            ..PgClass::default()
        }
    }

    #[test]
    fn thresholds_are_postgresql_s() {
        let due = |class: &PgClass, entry: &Entry| thresholds().due(class, entry);
        let small = class(1000.0, 10, 0);
        assert_eq!(due(&small, &entry(250, 0, 0)), Due::default());
        assert_eq!(due(&small, &entry(251, 0, 0)), Due { vacuum: true, analyze: false });
        assert_eq!(due(&small, &entry(0, 1201, 151)), Due { vacuum: true, analyze: true });
        assert_eq!(due(&small, &entry(0, 1200, 151)), Due { vacuum: false, analyze: true });
        // Half of it frozen: half as many more insertions are waited for.
        assert!(due(&class(1000.0, 10, 5), &entry(0, 1101, 0)).vacuum);
        // The largest tables wait for no more than the greatest threshold.
        let huge = class(1e9, 10_000_000, 0);
        assert!(due(&huge, &entry(100_001, 0, 0)).vacuum && !due(&huge, &entry(100_000, 0, 0)).vacuum);
    }

    #[test]
    fn tables_may_opt_out_and_insertions_be_ignored() {
        let off = Thresholds { enabled: false, ..thresholds() };
        assert_eq!(off.due(&class(0.0, 0, 0), &entry(9999, 9999, 9999)), Due::default());
        let ignoring = Thresholds { insert: -1.0, ..thresholds() };
        assert!(!ignoring.due(&class(0.0, 0, 0), &entry(0, 9999, 0)).vacuum);
    }
}
