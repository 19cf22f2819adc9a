//! The supervisor's loop: starts what should run, collects what ended, and goes from state to state.
//!
//! See the crate's page for the states. Each turn of the loop looks whether a state is over, starts missing processes, and
//! sleeps until a signal or a connection comes.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant};

use error::{Error, Result, Severity, SqlState};
use log::files::Rotation;
use log::{Logger, Session};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use settings::{Settings, Source, id};
use shm::{Capacity, HugePages, Layout, One, ProcessKind, Processes, Segment};
use sys::{Exit, Signal};

use crate::listen::{self, Listening};
use crate::lockfile::{self, Guards, LockFile, POSTMASTER_PID};
use crate::refuse::refuse;
use crate::server::{Child, Connection, Ended, Server, Socket, reload, set_title};
use crate::spare::{Growth, Spares};

/// How long children may take to obey SIGQUIT before SIGKILL.
const KILL_AFTER: Duration = Duration::from_secs(5);
/// How often `postmaster.pid` is checked to be still ours.
const LOCK_CHECK: Duration = Duration::from_secs(60);
/// How long after an auxiliary process failed to start it is tried again.
const RETRY: Duration = Duration::from_secs(1);

/// The signals that the postmaster listens to.
const SIGNALS: [Signal; 7] =
    [Signal::Hup, Signal::Int, Signal::Quit, Signal::Term, Signal::Usr1, Signal::Usr2, Signal::Chld];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// The startup process is at work, or about to be.
    Startup,
    /// Clients are welcome.
    Running,
    /// Shutting down: waiting for everybody but the checkpointer.
    StopBackends,
    /// The checkpointer makes its last checkpoint.
    ShutdownCheckpoint,
    /// Waiting for everybody to be gone.
    Wait,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Shutdown {
    None,
    Smart,
    Fast,
    Immediate,
}

/// What a child is, to the postmaster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Startup,
    /// A row of the table.
    Auxiliary(usize),
    Backend,
    /// Vacuums, on the launcher's request.
    AutovacuumWorker,
    /// Only tells a client that it cannot be served; touches nothing shared.
    Refusal,
}

struct Supervisor<'s, S: Server> {
    server: &'s S,
    settings: Settings,
    logger: Logger,
    /// The log's files (`logging_collector`).
    rotation: Option<Rotation>,
    data_directory: PathBuf,
    started_us: i64,
    pid: i32,
    signals: sys::signal::Queue,
    listening: Listening,
    lock: LockFile,
    _directory_lock: File,
    segment: Segment,
    processes: Processes,
    store: S::Store,
    spares: Spares,
    children: BTreeMap<i32, Role>,
    state: State,
    shutdown: Shutdown,
    /// A child crashed, and the segment cannot be trusted.
    crashed: bool,
    /// The startup process said that the server cannot start.
    failed: bool,
    /// Whether recovery has finished since the segment was made.
    started: bool,
    kill_at: Option<Instant>,
    check_at: Instant,
    retry_at: Option<Instant>,
}

/// Runs a server until it is shut down; gives the process's exit code. `settings` are complete; the working directory is
/// the data directory.
pub(crate) fn run<S: Server>(
    server: &S,
    mut settings: Settings,
    mut logger: Logger,
    data_directory: &Path,
    program: &Path,
    arguments: &[String],
) -> i32 {
    let result = start(server, &mut settings, &mut logger, data_directory, program, arguments);
    let parts = match result {
        Ok(parts) => parts,
        Err(e) => {
            logger.write(&e.fatal(), None);
            return 1;
        }
    };
    let (signals, listening, lock, directory_lock, memory, started_us) = parts;
    let Memory { segment, processes, spares, store } = memory;
    let rotation = begin_files(server, &settings, &mut logger, data_directory);
    let mut supervisor = Supervisor {
        rotation,
        server,
        settings,
        logger,
        data_directory: data_directory.to_path_buf(),
        started_us,
        pid: sys::process::id(),
        signals,
        listening,
        lock,
        _directory_lock: directory_lock,
        segment,
        processes,
        store,
        spares,
        children: BTreeMap::new(),
        state: State::Startup,
        shutdown: Shutdown::None,
        crashed: false,
        failed: false,
        started: false,
        kill_at: None,
        check_at: Instant::now() + LOCK_CHECK,
        retry_at: None,
    };
    supervisor.supervise()
}

/// Makes the log's files, if they are wanted, and sends what follows there.
fn begin_files<S: Server>(
    server: &S,
    settings: &Settings,
    logger: &mut Logger,
    data_directory: &Path,
) -> Option<Rotation> {
    if !settings.bool(id::LOGGING_COLLECTOR) {
        let _ = std::fs::remove_file(data_directory.join(log::files::CURRENT));
        return None;
    }
    match Rotation::start(settings, data_directory, server.zones()) {
        Ok(rotation) => {
            let text = "redirecting log output to logging collector process";
            let hint =
                format!("Future log output will appear in directory \"{}\".", settings.string(id::LOG_DIRECTORY));
            let message = Error::new(SqlState::SUCCESSFUL_COMPLETION, text).severity(Severity::Log).hint(hint);
            logger.write(&message, None);
            logger.to_files(data_directory);
            Some(rotation)
        }
        Err(text) => {
            logger.log(text);
            None
        }
    }
}

type Parts<T> = (sys::signal::Queue, Listening, LockFile, File, Memory<T>, i64);

/// Shared memory, and who uses it.
struct Memory<T> {
    segment: Segment,
    processes: Processes,
    spares: Spares,
    store: T,
}

/// Everything up to the first fork.
fn start<S: Server>(
    server: &S,
    settings: &mut Settings,
    logger: &mut Logger,
    data_directory: &Path,
    program: &Path,
    arguments: &[String],
) -> Result<Parts<S::Store>> {
    let started_us = log::time::now_us();
    let sockets = settings.string(id::UNIX_SOCKET_DIRECTORIES);
    let socket_directory = sockets.split(',').next().unwrap_or("").trim().to_string();
    let lines = lockfile::first_lines(data_directory, started_us, settings.int(id::PORT), &socket_directory);
    let path = data_directory.join(POSTMASTER_PID);
    let mut lock = LockFile::create(&path, Guards::Directory(data_directory), lines)?;
    let directory_lock = lockfile::lock_directory(data_directory, lockfile::ORPHANS_PATIENCE)?;

    server.configure(settings, data_directory)?;
    check_combinations(settings)?;
    let signals = sys::signal::Queue::new(&SIGNALS).map_err(|e| Error::io("could not create signalfd", &e).fatal())?;
    sys::signal::ignore(Signal::Pipe);

    let version = settings.string(id::SERVER_VERSION);
    let (package, machine) = (env!("CARGO_PKG_VERSION"), std::env::consts::ARCH);
    logger.log(format!("starting PostgreSQL {version} (Oliphant {package}) on {machine}-linux, 64-bit"));
    let listening = listen::listen(settings, data_directory, started_us, logger)?;
    lock.set_line(5, listening.first_directory.clone())?;
    lock.set_line(6, listening.first_address.clone())?;
    let memory = make_store(server, settings, data_directory)?;
    // Anonymous memory has no key; tools that look at this line only want two numbers.
    let inode = std::fs::metadata(data_directory).map_or(0, |m| std::os::unix::fs::MetadataExt::ino(&m));
    lock.set_line(7, format!("{:9} {:9}", inode % 1_000_000_000, 0))?;
    lock.set_line(8, "starting")?;
    lockfile::write_options(data_directory, program, arguments)?;
    let external = settings.string(id::EXTERNAL_PID_FILE);
    if !external.is_empty()
        && let Err(e) = std::fs::write(external, format!("{}\n", sys::process::id()))
    {
        logger.write(
            &Error::io(format!("could not write external PID file \"{external}\""), &e).severity(Severity::Log),
            None,
        );
    }
    sys::title::init();
    Ok((signals, listening, lock, directory_lock, memory, started_us))
}

/// Refuses values that do not go together.
fn check_combinations(settings: &Settings) -> Result<()> {
    let fatal = |text: String| Err(Error::new(SqlState::INVALID_PARAMETER_VALUE, text).fatal());
    let reserved =
        settings.int(id::SUPERUSER_RESERVED_CONNECTIONS).saturating_add(settings.int(id::RESERVED_CONNECTIONS));
    let connections = settings.int(id::MAX_CONNECTIONS);
    if reserved >= connections {
        return fatal(format!(
            "\"superuser_reserved_connections\" ({}) plus \"reserved_connections\" ({}) must be less than \
             \"max_connections\" ({connections})",
            settings.int(id::SUPERUSER_RESERVED_CONNECTIONS),
            settings.int(id::RESERVED_CONNECTIONS),
        ));
    }
    let level = settings.enumeration(id::WAL_LEVEL);
    if settings.enumeration(id::ARCHIVE_MODE) != "off" && level == "minimal" {
        return fatal("WAL archival cannot be enabled when \"wal_level\" is \"minimal\"".into());
    }
    if settings.int(id::MAX_WAL_SENDERS) > 0 && level == "minimal" {
        return fatal(
            "WAL streaming (\"max_wal_senders\" > 0) requires \"wal_level\" to be \"replica\" or \"logical\"".into(),
        );
    }
    Ok(())
}

/// How many processes the settings allow.
pub fn capacity(settings: &Settings) -> Capacity {
    let count = |id| u32::try_from(settings.int(id)).unwrap_or(0);
    Capacity {
        backends: count(id::MAX_CONNECTIONS),
        autovacuum_workers: count(id::AUTOVACUUM_WORKER_SLOTS),
        background_workers: count(id::MAX_WORKER_PROCESSES),
        wal_senders: count(id::MAX_WAL_SENDERS),
        auxiliary: Capacity::AUXILIARY,
    }
}

/// Lays shared memory out for these settings: the table of processes and what the server asks for. Sets the settings that
/// tell its size.
///
/// # Errors
///
/// What the server says.
pub(crate) fn lay_out<S: Server>(
    server: &S,
    settings: &mut Settings,
    data_directory: &Path,
) -> Result<(Layout, (shm::ProcessesRequest, One<AtomicU64>), S::Request)> {
    let mut layout = Layout::new();
    let processes = (Processes::layout(&mut layout, capacity(settings)), layout.one("Spare Backends"));
    let request = server.layout(settings, data_directory, &mut layout)?;
    let megabytes = layout.len().div_ceil(1 << 20);
    settings.set_internal(id::SHARED_MEMORY_SIZE, &megabytes.to_string(), Source::DynamicDefault)?;
    let huge = layout.len().div_ceil(2 << 20);
    settings.set_internal(id::SHARED_MEMORY_SIZE_IN_HUGE_PAGES, &huge.to_string(), Source::DynamicDefault)?;
    Ok((layout, processes, request))
}

fn make_store<S: Server>(server: &S, settings: &mut Settings, data_directory: &Path) -> Result<Memory<S::Store>> {
    let (layout, (processes, spares), request) = lay_out(server, settings, data_directory)?;
    let huge = match settings.enumeration(id::HUGE_PAGES) {
        "on" => HugePages::On,
        "try" => HugePages::Try,
        _ => HugePages::Off,
    };
    let segment = layout.map_with(huge).map_err(Error::fatal)?;
    let status = if segment.is_huge() { "on" } else { "off" };
    settings.set_internal(id::HUGE_PAGES_STATUS, status, Source::DynamicDefault)?;
    let processes = Processes::attach(&segment, processes).map_err(Error::fatal)?;
    let store = server.attach(&segment, request, &processes, settings, data_directory)?;
    Ok(Memory { segment, processes, spares: Spares::new(segment.one(spares)), store })
}

impl<S: Server> Supervisor<'_, S> {
    fn supervise(&mut self) -> i32 {
        loop {
            if let Some(code) = self.advance() {
                return code;
            }
            self.start_missing();
            let ready = self.sleep();
            while let Some((signal, sender)) = self.signals.next() {
                self.on_signal(signal, sender);
            }
            for index in ready {
                self.accept(index);
            }
            self.on_time();
        }
    }

    /// Waits for signals, connections, or the next thing to do; gives the listeners with connections.
    fn sleep(&self) -> Vec<usize> {
        let now = Instant::now();
        let wake = [Some(self.check_at), self.kill_at, self.retry_at].into_iter().flatten().min().unwrap_or(now);
        let patience = self.rotation.as_ref().and_then(|rotation| rotation.patience(&self.settings));
        let left = wake.saturating_duration_since(now).min(LOCK_CHECK).min(patience.unwrap_or(LOCK_CHECK))
            + Duration::from_millis(1);
        let timeout = Timespec { tv_sec: left.as_secs() as i64, tv_nsec: left.subsec_nanos() as _ };
        let mut fds = vec![PollFd::new(&self.signals, PollFlags::IN)];
        fds.extend(self.listening.listeners.iter().map(|listener| PollFd::new(listener, PollFlags::IN)));
        match poll(&mut fds, Some(&timeout)) {
            Ok(_) => (1..fds.len()).filter(|n| !fds[*n].revents().is_empty()).map(|n| n - 1).collect(),
            Err(_) => Vec::new(),
        }
    }

    /// Changes the log's files: on request, or if it is time.
    fn rotate(&mut self, requested: bool) {
        let Some(rotation) = &mut self.rotation else { return };
        let done = if requested { rotation.rotate(&self.settings, false) } else { rotation.look(&self.settings) };
        if let Err(text) = done {
            self.logger.log(text);
        }
    }

    fn on_time(&mut self) {
        self.rotate(false);
        let now = Instant::now();
        if self.kill_at.is_some_and(|at| now >= at) {
            self.kill_at = None;
            self.logger.log("issuing SIGKILL to recalcitrant children");
            self.signal_children(Signal::Kill, |_| true);
        }
        if self.retry_at.is_some_and(|at| now >= at) {
            self.retry_at = None;
        }
        if now >= self.check_at {
            self.check_at = now + LOCK_CHECK;
            if !self.lock.is_ours() {
                self.logger.log("performing immediate shutdown because data directory lock file is invalid");
                self.on_signal(Signal::Quit, self.pid);
            }
        }
    }

    // ---- states ----

    /// Goes to the next state if this one is over; gives the exit code at the end.
    fn advance(&mut self) -> Option<i32> {
        let others = |children: &BTreeMap<i32, Role>, kept: &dyn Fn(Role) -> bool| {
            children.values().any(|role| *role != Role::Refusal && !kept(*role))
        };
        if self.state == State::Running && self.shutdown == Shutdown::Smart {
            // Clients may finish; when the last one has, everybody else is told to stop.
            if !self.children.values().any(|role| *role == Role::Backend) {
                self.state = State::StopBackends;
                self.signal_children(Signal::Term, |role| !self.is_checkpointer(role));
            }
        }
        if self.state == State::StopBackends && !others(&self.children, &|role| self.is_checkpointer(role)) {
            // Without a finished recovery there is nothing that a checkpoint could complete.
            let checkpointer = self.children.iter().find(|(_, role)| self.is_checkpointer(**role));
            match checkpointer.filter(|_| self.started) {
                Some((pid, _)) => {
                    let _ = sys::kill(*pid, Signal::Usr2);
                    self.state = State::ShutdownCheckpoint;
                }
                None => {
                    self.signal_children(Signal::Quit, |_| true);
                    self.kill_at = Some(Instant::now() + KILL_AFTER);
                    self.state = State::Wait;
                }
            }
        }
        if self.state != State::Wait || others(&self.children, &|_| false) {
            return None;
        }
        self.kill_at = None;
        if self.failed {
            self.logger.log("database system is shut down");
            return Some(1);
        }
        if self.shutdown > Shutdown::None {
            if self.crashed {
                self.logger.log("abnormal database system shutdown");
                return Some(1);
            }
            self.logger.log("database system is shut down");
            return Some(0);
        }
        if !self.settings.bool(id::RESTART_AFTER_CRASH) {
            self.logger.log("shutting down because \"restart_after_crash\" is off");
            self.logger.log("database system is shut down");
            return Some(1);
        }
        self.logger.log("all server processes terminated; reinitializing");
        if let Err(e) = self.reinitialize() {
            self.logger.write(&e.fatal(), None);
            return Some(1);
        }
        None
    }

    fn reinitialize(&mut self) -> Result<()> {
        let memory = make_store(self.server, &mut self.settings, &self.data_directory)?;
        std::mem::replace(&mut self.segment, memory.segment).retire();
        self.processes = memory.processes;
        self.store = memory.store;
        self.spares = memory.spares;
        self.crashed = false;
        self.started = false;
        self.state = State::Startup;
        self.set_status("starting");
        Ok(())
    }

    fn set_status(&mut self, status: &str) {
        if let Err(e) = self.lock.set_line(8, format!("{status:8}")) {
            self.logger.write(&e.severity(Severity::Log), None);
        }
    }

    // ---- children ----

    fn kind(&self, role: Role) -> ProcessKind {
        match role {
            Role::Startup => ProcessKind::Startup,
            Role::Auxiliary(row) => self.server.auxiliaries()[row].kind,
            Role::AutovacuumWorker => ProcessKind::AutovacuumWorker,
            Role::Backend | Role::Refusal => ProcessKind::Backend,
        }
    }

    fn is_checkpointer(&self, role: Role) -> bool {
        matches!(role, Role::Auxiliary(_)) && self.kind(role) == ProcessKind::Checkpointer
    }

    /// Starts the processes that should run in this state and do not.
    fn start_missing(&mut self) {
        if self.retry_at.is_some() || self.crashed || !matches!(self.state, State::Startup | State::Running) {
            return;
        }
        for row in 0..self.server.auxiliaries().len() {
            let early =
                matches!(self.kind(Role::Auxiliary(row)), ProcessKind::Checkpointer | ProcessKind::BackgroundWriter);
            let needed = self.state == State::Running || early && self.shutdown == Shutdown::None;
            let wanted = (self.server.auxiliaries()[row].wanted)(&self.settings);
            if needed && wanted && !self.has(Role::Auxiliary(row)) {
                self.fork_child(Role::Auxiliary(row), None);
            }
        }
        if self.state == State::Startup && self.shutdown == Shutdown::None && !self.has(Role::Startup) {
            self.fork_child(Role::Startup, None);
        }
    }

    fn has(&self, role: Role) -> bool {
        self.children.values().any(|other| *other == role)
    }

    fn fork_child(&mut self, role: Role, mut client: Option<(Socket, Option<Error>)>) {
        // The child gets copies of everything; in the parent nothing of this happens.
        let forked = {
            let this = &mut *self;
            sys::fork(move || this.in_child(role, client.take()))
        };
        match forked {
            Ok(pid) => drop(self.children.insert(pid, role)),
            Err(e) => {
                let what = match role {
                    Role::Backend | Role::Refusal => "could not fork new process for connection".to_string(),
                    _ => format!("could not fork {} process", self.kind(role).name()),
                };
                self.logger.write(&Error::io(what, &e).severity(Severity::Log), None);
                if !matches!(role, Role::Backend | Role::Refusal) {
                    self.retry_at = Some(Instant::now() + RETRY);
                }
            }
        }
    }

    /// What a child does, to its exit code. A backend serves one client after the other, while it is needed.
    fn in_child(&mut self, role: Role, client: Option<(Socket, Option<Error>)>) -> i32 {
        self.listening = Listening::default();
        self.spares.forked();
        let (mut connection, refusal) = client.map_or((None, None), |(socket, refusal)| (Some(socket), refusal));
        if let (Some(socket), Some(reason)) = (&connection, &refusal) {
            return self.turn_away(socket, reason);
        }
        let growth = Growth::begin();
        loop {
            let (code, ended) = self.run_child(role, connection.take());
            let left_traces = self.processes.find(sys::process::id()).is_some();
            if role != Role::Backend || ended != Ended::Clean || left_traces || growth.is_big() {
                return code;
            }
            self.server.rest(&self.store);
            set_title(&self.settings, "spare backend");
            connection = self.spares.wait();
            if connection.is_none() {
                return code;
            }
        }
    }

    /// This process's log, for the session that begins now.
    fn begin_log(&self, kind: ProcessKind, socket: Option<&Socket>) -> Logger {
        let mut session = Session { backend_type: kind.name(), started_us: log::time::now_us(), ..Session::default() };
        if let Some(socket) = socket {
            session.is_client = true;
            session.remote_host = socket.remote_host();
            session.remote_port = socket.remote_port();
            session.local_host = socket.local_host();
        }
        let mut logger = self.logger.clone();
        logger.forked(session);
        logger
    }

    fn patience(&self) -> Duration {
        self.settings.duration(id::AUTHENTICATION_TIMEOUT).unwrap_or(Duration::from_secs(60))
    }

    /// Tells a client why it cannot be served. The process holds no slot, so nobody signals it but the postmaster, and default
    /// actions do.
    fn turn_away(&self, socket: &Socket, reason: &Error) -> i32 {
        let mut logger = self.begin_log(ProcessKind::Backend, Some(socket));
        for signal in SIGNALS {
            sys::signal::restore_default(signal);
        }
        sys::signal::unblock(&SIGNALS);
        sys::process::on_parent_death(Signal::Kill);
        refuse(socket, reason, Some(&self.processes), self.patience());
        logger.write(reason, None);
        0
    }

    /// Does a child's work, or one session of it, with settings and a log of its own.
    fn run_child(&self, role: Role, connection: Option<Socket>) -> (i32, Ended) {
        let kind = self.kind(role);
        let mut settings = self.settings.clone();
        let mut logger = self.begin_log(kind, connection.as_ref());
        set_title(&settings, if connection.is_some() { "initializing" } else { title(kind) });
        let process = match self.processes.register(kind) {
            Ok(process) => process,
            Err(reason) => {
                sys::signal::unblock(&SIGNALS);
                if let Some(socket) = &connection {
                    refuse(socket, &reason, Some(&self.processes), self.patience());
                }
                logger.write(&reason, None);
                return (0, Ended::Unclean);
            }
        };
        process.handle_signals(Some(self.pid));
        let accepted_us = logger.session.started_us;
        let child = Child {
            process,
            store: &self.store,
            settings: &mut settings,
            logger: &mut logger,
            data_directory: &self.data_directory,
            postmaster: self.pid,
            server_started_us: self.started_us,
        };
        let unclean = |()| Ended::Unclean;
        let result = match (role, connection) {
            (Role::Startup, _) => self.server.startup(child).map(unclean),
            (Role::AutovacuumWorker, _) => self.server.autovacuum_worker(child).map(unclean),
            (Role::Auxiliary(row), _) => (self.server.auxiliaries()[row].run)(self.server, child).map(unclean),
            (_, Some(socket)) => self.server.backend(child, Connection { socket, accepted_us }),
            (_, None) => Ok(Ended::Unclean),
        };
        match result {
            Ok(ended) => (0, ended),
            Err(e) => {
                logger.write(&e, None);
                (1, Ended::Unclean)
            }
        }
    }

    fn signal_children(&self, signal: Signal, which: impl Fn(Role) -> bool) {
        for (pid, _) in self.children.iter().filter(|(_, role)| which(**role)) {
            let _ = sys::kill(*pid, signal);
        }
    }

    // ---- signals ----

    fn on_signal(&mut self, signal: Signal, _sender: i32) {
        match signal {
            Signal::Chld => {
                while let Some((pid, exit)) = sys::reap() {
                    self.on_exit(pid, exit);
                }
            }
            Signal::Hup if self.shutdown < Shutdown::Immediate => self.reload(),
            Signal::Term => self.begin_shutdown(Shutdown::Smart),
            Signal::Int => self.begin_shutdown(Shutdown::Fast),
            Signal::Quit => self.begin_shutdown(Shutdown::Immediate),
            Signal::Usr1 => {
                if self.processes.take_log_rotation() {
                    self.rotate(true);
                }
                let requests = self.processes.take_worker_requests();
                if self.state == State::Running && self.shutdown == Shutdown::None {
                    let room = self.processes.free_slots(ProcessKind::AutovacuumWorker);
                    (0..requests.min(room)).for_each(|_| self.fork_child(Role::AutovacuumWorker, None));
                }
            }
            _ => (),
        }
    }

    fn reload(&mut self) {
        self.logger.log("received SIGHUP, reloading configuration files");
        let logger = &mut self.logger;
        let mut write = |message: Error| logger.write(&message, None);
        reload(&mut self.settings, &self.data_directory, self.server.hooks(), &mut write);
        self.logger.configure(&self.settings);
        for e in self.server.reloaded(&mut self.store, &self.settings, &self.data_directory) {
            self.logger.write(&e.severity(Severity::Log), None);
        }
        self.spares.renew();
        self.signal_children(Signal::Hup, |role| role != Role::Refusal);
    }

    fn begin_shutdown(&mut self, shutdown: Shutdown) {
        if self.shutdown >= shutdown {
            return;
        }
        self.shutdown = shutdown;
        self.spares.close();
        self.set_status("stopping");
        listen::notify("STOPPING=1");
        match shutdown {
            Shutdown::Smart => {
                self.logger.log("received smart shutdown request");
                if self.state == State::Startup {
                    self.stop_backends();
                }
            }
            Shutdown::Fast => {
                self.logger.log("received fast shutdown request");
                match self.state {
                    State::Startup => self.stop_backends(),
                    State::Running => {
                        self.logger.log("aborting any active transactions");
                        self.stop_backends();
                    }
                    _ => self.signal_children(Signal::Term, |role| !self.is_checkpointer(role)),
                }
            }
            Shutdown::Immediate => {
                self.logger.log("received immediate shutdown request");
                self.processes.announce_quit(false);
                self.signal_children(Signal::Quit, |_| true);
                self.kill_at = Some(Instant::now() + KILL_AFTER);
                self.state = State::Wait;
            }
            Shutdown::None => (),
        }
    }

    fn stop_backends(&mut self) {
        self.state = State::StopBackends;
        self.signal_children(Signal::Term, |role| !self.is_checkpointer(role));
    }

    // ---- deaths ----

    fn on_exit(&mut self, pid: i32, exit: Exit) {
        let Some(role) = self.children.remove(&pid) else { return };
        if role == Role::Refusal {
            return;
        }
        // Ended as it should, but its slot is still taken: it did not clean up behind itself.
        let left_traces = self.processes.find(pid).is_some();
        let normal = match (role, exit) {
            (_, Exit::Signal(_)) => false,
            (Role::Startup, Exit::Code(0)) => {
                if self.state == State::Startup && !left_traces {
                    self.on_started();
                }
                true
            }
            (Role::Startup, Exit::Code(1)) if self.shutdown > Shutdown::None => true,
            (Role::Startup, Exit::Code(_)) if self.shutdown == Shutdown::None && !self.crashed => {
                self.log_exit(role, pid, exit);
                self.logger.log("aborting startup due to startup process failure");
                self.failed = true;
                self.processes.announce_quit(false);
                self.signal_children(Signal::Quit, |_| true);
                self.kill_at = Some(Instant::now() + KILL_AFTER);
                self.state = State::Wait;
                return;
            }
            (Role::Backend | Role::AutovacuumWorker, Exit::Code(0 | 1)) => true,
            (Role::Auxiliary(_), Exit::Code(0)) if self.is_checkpointer(role) => {
                if self.state == State::ShutdownCheckpoint {
                    self.signal_children(Signal::Quit, |_| true);
                    self.kill_at = Some(Instant::now() + KILL_AFTER);
                    self.state = State::Wait;
                }
                self.state == State::Wait
            }
            (Role::Auxiliary(_), Exit::Code(0)) => {
                if matches!(self.state, State::Startup | State::Running) && self.shutdown == Shutdown::None {
                    // It gave up by itself: wait a little before it is started again.
                    self.retry_at = Some(Instant::now() + RETRY);
                }
                true
            }
            _ => false,
        };
        if normal && !left_traces {
            return;
        }
        // Those that were told to quit end with code 2, or by SIGKILL when they were slow.
        if self.state == State::Wait {
            return;
        }
        self.on_crash(role, pid, exit);
    }

    fn on_started(&mut self) {
        self.started = true;
        self.state = State::Running;
        self.set_status("ready");
        self.logger.log("database system is ready to accept connections");
        listen::notify("READY=1\nSTATUS=Ready");
    }

    fn on_crash(&mut self, role: Role, pid: i32, exit: Exit) {
        self.log_exit(role, pid, exit);
        self.logger.log("terminating any other active server processes");
        self.crashed = true;
        self.spares.close();
        self.processes.announce_quit(true);
        self.signal_children(Signal::Quit, |role| role != Role::Refusal);
        self.kill_at = Some(Instant::now() + KILL_AFTER);
        self.state = State::Wait;
    }

    fn log_exit(&mut self, role: Role, pid: i32, exit: Exit) {
        let name = match role {
            Role::Backend | Role::Refusal => "client backend".to_string(),
            _ => format!("{} process", title_in_log(self.kind(role))),
        };
        self.logger.log(match exit {
            Exit::Code(code) => format!("{name} (PID {pid}) exited with exit code {code}"),
            Exit::Signal(number) => {
                format!("{name} (PID {pid}) was terminated by signal {number}: {}", sys::signal::describe(number))
            }
        });
    }

    // ---- connections ----

    fn accept(&mut self, listener: usize) {
        // A handful per turn, so that signals are not kept waiting by a flood.
        for _ in 0..16 {
            let Some(listener) = self.listening.listeners.get(listener) else { return };
            match listener.accept() {
                Ok(Some(socket)) => self.serve(socket),
                Ok(None) => return,
                Err(e) => {
                    self.logger.write(&Error::io("could not accept new connection", &e).severity(Severity::Log), None);
                    // Out of descriptors, most likely: do not spin.
                    std::thread::sleep(Duration::from_millis(100));
                    return;
                }
            }
        }
    }

    fn serve(&mut self, socket: Socket) {
        let limit = self.processes.capacity().total() as usize * 2;
        let count = self.children.len();
        let cannot = |text: &str| Some(Error::new(SqlState::CANNOT_CONNECT_NOW, text).fatal());
        let refusal = match self.state {
            _ if self.shutdown > Shutdown::None => cannot("the database system is shutting down"),
            _ if self.crashed => cannot("the database system is in recovery mode"),
            State::Startup => cannot("the database system is starting up"),
            State::Running if count > limit => {
                Some(Error::new(SqlState::TOO_MANY_CONNECTIONS, "sorry, too many clients already").fatal())
            }
            State::Running => None,
            _ => cannot("the database system is in recovery mode"),
        };
        // Even refusing costs a process: beyond all measure, just hang up.
        if refusal.is_some() && count > limit * 2 + 100 {
            return;
        }
        if refusal.is_none() && self.spares.hand_over(&socket) {
            return;
        }
        let role = if refusal.is_some() { Role::Refusal } else { Role::Backend };
        self.fork_child(role, Some((socket, refusal)));
    }
}

/// What `ps` shows of an auxiliary process.
fn title(kind: ProcessKind) -> &'static str {
    match kind {
        ProcessKind::Checkpointer => "checkpointer ",
        ProcessKind::BackgroundWriter => "background writer ",
        ProcessKind::WalWriter => "walwriter ",
        ProcessKind::AutovacuumLauncher => "autovacuum launcher ",
        ProcessKind::Startup => "startup ",
        ProcessKind::Archiver => "archiver ",
        ProcessKind::WalReceiver => "walreceiver ",
        other => other.name(),
    }
}

/// What the log calls an auxiliary process.
fn title_in_log(kind: ProcessKind) -> &'static str {
    match kind {
        ProcessKind::WalWriter => "WAL writer",
        other => other.name(),
    }
}

#[cfg(test)]
mod tests;
