//! One session: what it has, its message loop, and how it tells client and log what happened.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use catalog::Catalog;
use catalog::functions::SessionHandle;
use commands::triggers::Queue;
use encoding::Encoding;
use error::{Error, Result, Severity, SqlState};
use locks::{LockManager, LockTimeouts};
use log::Logger;
use settings::{Settings, id};
use shm::{Interrupt, Process, Timeout};
use stats::pending::MIN_INTERVAL_US;
use stats::{SessionEnd, State};
use txn::Transaction;
use wire::backend as put;
use wire::frame;
use wire::frontend::FrontendMessage;

use crate::Shared;
use crate::block::Block;
use crate::connection::{Connection, Message};
use crate::environment::{Formats, severity_of_word};
use crate::portal::Portal;
use crate::prepared::Prepared;
use crate::statement_cache::StatementCache;

/// A client's session. Everything that running statements may reach is behind `&self`.
pub(crate) struct Session<'a> {
    pub shared: &'a Shared,
    pub process: Arc<Process>,
    pub locks: LockManager,
    pub transaction: Arc<Transaction>,
    pub handle: SessionHandle,
    pub settings: RefCell<&'a mut Settings>,
    pub logger: RefCell<&'a mut Logger>,
    pub connection: RefCell<Connection>,
    pub formats: RefCell<Formats>,
    /// Collations that were used. What makes a collation never changes, so that they stay.
    pub collations: RefCell<HashMap<ids::Oid, collation::CollationRef>>,
    /// Of the settings that the session follows (see [`Session::follow_settings`]).
    pub followed: Cell<u64>,
    /// The encoding of texts that go to the client and come from it, if it is not the server's own.
    pub client_encoding: Cell<Option<Encoding>>,
    pub temporary: PathBuf,
    pub block: Cell<Block>,
    /// When the client's latest message arrived, in microseconds of the Unix epoch.
    pub statement_us: Cell<i64>,
    /// When the session began to wait for its client.
    pub idle_us: Cell<i64>,
    /// Plans that are made now are for EXPLAIN.
    pub shows_outputs: Cell<bool>,
    pub random: Cell<u64>,
    /// Prepared statements by name; the unnamed one too.
    pub prepared: RefCell<HashMap<String, Rc<Prepared>>>,
    /// Portals by name; the unnamed one too.
    pub portals: RefCell<HashMap<String, Portal>>,
    /// Whether the transaction was read-only when each of its savepoints was set, from the outermost on.
    pub read_only_outside: RefCell<Vec<bool>>,
    /// Row triggers that have still to fire.
    pub triggers: RefCell<Queue>,
    /// Which functions' calls are counted (`track_functions`).
    pub tracks_functions: Cell<TracksFunctions>,
    /// Time in counted functions that the one under way has called.
    pub nested_function_time: Cell<Duration>,
    /// The triggers that the statement under way has fired, if EXPLAIN ANALYZE measures it.
    pub fired_triggers: RefCell<Option<Vec<crate::explain::Fired>>>,
    /// What is known of the routines that were called.
    pub routines: crate::routine::Cache,
    /// Plans of simple queries, by their text.
    pub plans: RefCell<HashMap<String, Rc<Prepared>>>,
    /// Those of messages for the unnamed prepared statement, by their texts.
    pub parsed: RefCell<HashMap<String, Rc<Prepared>>>,
    /// Plans that check values of domains.
    pub domain_checks: RefCell<HashMap<ids::Oid, Rc<crate::domain::DomainCheck>>>,
    /// Plans of simple queries, by their text without its constants.
    pub statement_cache: RefCell<StatementCache>,
    /// A statement of the simple protocol is under way: rows of what rules do besides it are sent.
    pub shows_companions: std::cell::Cell<bool>,
    pub shown: Cell<&'static str>,
    /// After an error in the extended protocol: everything up to Sync is skipped.
    pub skipping: Cell<bool>,
    /// The client was told that the session is ready, and has sent nothing since.
    pub at_rest: Cell<bool>,
    /// The role that the client authenticated as.
    pub shared_user: Cell<ids::Oid>,
    /// The roles that SET ROLE and SET SESSION AUTHORIZATION have named in this session, and whether they are superusers.
    pub(crate) set_roles: RefCell<std::collections::HashMap<String, (ids::Oid, bool)>>,
    /// The text that the log shows beside an error.
    pub running: RefCell<Option<Rc<str>>>,
    /// A statement panicked: what it left undone nobody knows.
    pub panicked: Cell<bool>,
    /// What the session listens for and notifies of.
    pub channels: Arc<crate::notify::Channels>,
    /// What happens to its temporary tables at commit.
    pub at_commit: commands::temporary::AtCommit,
    /// `track_activities`.
    pub tracks: Cell<bool>,
    /// How it ended, once it has.
    pub ending: Cell<SessionEnd>,
}

/// What a message leads to.
pub(crate) enum Next {
    /// The next message.
    Continue,
    /// The end: the client said so.
    Terminate,
}

/// Which functions' calls are counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum TracksFunctions {
    /// None.
    #[default]
    None,
    /// Those in procedural languages.
    Procedural,
    /// All that are called at all: not those that became a part of a query.
    All,
}

impl Session<'_> {
    /// The session's catalogs.
    pub fn catalog(&self) -> &Catalog {
        &self.handle.catalog
    }

    /// The handles as the executor takes them.
    pub fn executor(&self) -> executor::Session<'_> {
        let engine = &self.shared.engine;
        executor::Session {
            store: &engine.store,
            tables: &engine.tables,
            indexes: &engine.indexes,
            catalog: self.catalog(),
            transaction: &self.transaction,
            host: self,
            temporary: &self.temporary,
        }
    }

    /// Serves the client until it leaves or the session must end.
    ///
    /// # Errors
    /// None that the client has not been told of.
    pub fn run(&self) -> Result<()> {
        let mut message = Message::default();
        self.mark_stack();
        self.follow_settings();
        let admitted = catch_unwind(AssertUnwindSafe(|| self.fire_login())).unwrap_or_else(|panic| {
            self.panicked.set(true);
            Err(panicked(&*panic).fatal())
        });
        if let Err(error) = admitted {
            self.report(&error);
            return Ok(());
        }
        self.ready();
        loop {
            match self.next_message(&mut message) {
                Ok(true) => (),
                Ok(false) => {
                    if self.block.get() != Block::Idle {
                        let lost = crate::connection::lost_in_transaction();
                        self.log().write(&lost.severity(Severity::Log), None);
                    }
                    self.ending.set(SessionEnd::Abandoned);
                    return Ok(());
                }
                Err(error) => {
                    self.report(&error);
                    return Ok(());
                }
            }
            self.leave_idle(log::time::now_us());
            let outcome = catch_unwind(AssertUnwindSafe(|| {
                self.decode_message(&mut message)?;
                self.handle_message(&message)
            }));
            let outcome = outcome.unwrap_or_else(|panic| {
                self.panicked.set(true);
                Err(panicked(&*panic))
            });
            match outcome {
                Ok(Next::Continue) => (),
                Ok(Next::Terminate) => return Ok(()),
                Err(error) => {
                    if self.recover(&error, message.kind) {
                        return Ok(());
                    }
                }
            }
        }
    }

    /// Tells of an error and cleans up behind it; `true` if the session ends.
    fn recover(&self, error: &Error, kind: u8) -> bool {
        self.report(error);
        self.running.replace(None);
        if error.fields().severity >= Severity::Fatal {
            return true;
        }
        // A panic while rolling back leaves nothing to rely on.
        if catch_unwind(AssertUnwindSafe(|| self.fail())).is_err() {
            self.panicked.set(true);
            return true;
        }
        match kind {
            b'P' | b'B' | b'D' | b'E' | b'C' | b'H' => self.skipping.set(true),
            b'S' | b'Q' | b'F' => self.ready(),
            _ => (),
        }
        false
    }

    /// Makes UTF-8 of the texts of a client's message.
    fn decode_message(&self, message: &mut Message) -> Result<()> {
        match self.client_encoding.get() {
            Some(encoding) if !self.skipping.get() => message.decode(encoding),
            _ => Ok(()),
        }
    }

    /// Waits for the client's next message; `false` if it has gone.
    fn next_message(&self, message: &mut Message) -> Result<bool> {
        let mut timers = false;
        let mut connection = self.connection.borrow_mut();
        let mut idle = |output: &mut Vec<u8>| {
            if !timers {
                timers = true;
                self.before_idle();
            }
            self.serve_interrupts();
            self.deliver_notifications(output);
            Ok(())
        };
        let read = loop {
            match connection.read_message(message, frame::client_limit, &mut idle) {
                // There is nothing to cancel.
                Err(error) if error.state() == SqlState::QUERY_CANCELED => (),
                read => break read,
            }
        };
        if timers {
            self.process.clear_timeout(Timeout::IdleInTransaction);
            self.process.clear_timeout(Timeout::IdleSession);
        }
        // A cancel request that came too late, be it while the message was on its way, must not hit the next statement.
        if self.at_rest.replace(false) {
            self.process.take(Interrupt::CANCEL);
        }
        read
    }

    /// The session is about to wait for its client.
    fn before_idle(&self) {
        self.process.take(Interrupt::STATEMENT_TIMEOUT);
        if self.process.take(Interrupt::MEMORY) {
            sys::memory::clear_alarm();
        }
        if self.transaction.statistics().has_news() && !self.process.timeout_is_set(Timeout::Statistics) {
            self.process.set_timeout(Timeout::Statistics, Duration::from_micros(MIN_INTERVAL_US as u64));
        }
        let settings = self.settings.borrow();
        match self.block.get() {
            Block::Idle | Block::Single | Block::Implicit => {
                if let Some(timeout) = settings.duration(id::IDLE_SESSION_TIMEOUT) {
                    self.process.set_timeout(Timeout::IdleSession, timeout);
                }
            }
            Block::Explicit | Block::Failed => {
                if let Some(timeout) = settings.duration(id::IDLE_IN_TRANSACTION_SESSION_TIMEOUT) {
                    self.process.set_timeout(Timeout::IdleInTransaction, timeout);
                }
            }
        }
    }

    /// Does between statements what others asked for.
    fn serve_interrupts(&self) {
        self.process.take(Interrupt::CANCEL);
        if self.process.take(Interrupt::CATCH_UP) {
            self.catalog().absorb();
        }
        if self.process.take(Interrupt::RELOAD) {
            self.reload();
        }
        if self.process.take(Interrupt::REPORT_STATISTICS) && self.block.get() == Block::Idle {
            self.report_statistics(log::time::now_us());
        }
    }

    pub fn reload(&self) {
        let mut settings = self.settings.borrow_mut();
        let file = PathBuf::from(settings.string(id::CONFIG_FILE));
        let directory = self.shared.engine.data_directory().to_path_buf();
        let hooks = crate::startup::Rules { catalog: None };
        // The postmaster has logged what is wrong with the files.
        let _ = settings.load_files(&file, Some(&directory), settings::LoadKind::Reload, &hooks, &mut |_| ());
        drop(settings);
        self.follow_settings();
    }

    fn handle_message(&self, message: &Message) -> Result<Next> {
        if self.skipping.get() && !matches!(message.kind, b'S' | b'X') {
            return Ok(Next::Continue);
        }
        match FrontendMessage::parse(message.kind, &message.body)? {
            FrontendMessage::Query(text) => {
                self.simple_query(text)?;
                self.ready();
            }
            FrontendMessage::Parse { name, query, types } => self.parse_message(name, query, types)?,
            FrontendMessage::Bind { portal, statement, parameter_formats, parameters, result_formats } => {
                self.bind_message(portal, statement, parameter_formats, parameters, result_formats)?;
            }
            FrontendMessage::Describe(target, name) => self.describe_message(target, name)?,
            FrontendMessage::Execute { portal, max_rows } => self.execute_message(portal, max_rows)?,
            FrontendMessage::Close(target, name) => self.close_message(target, name),
            FrontendMessage::Flush => self.connection.borrow_mut().flush()?,
            FrontendMessage::Sync => {
                self.skipping.set(false);
                self.end_message()?;
                self.ready();
            }
            FrontendMessage::Terminate => return Ok(Next::Terminate),
            // What a client sends on after a COPY that failed.
            FrontendMessage::CopyData(_) | FrontendMessage::CopyDone | FrontendMessage::CopyFail(_) => (),
            FrontendMessage::FunctionCall { function, argument_formats, arguments, result_format } => {
                self.function_call(ids::Oid(function), argument_formats, arguments, result_format)?;
                self.ready();
            }
            FrontendMessage::Password(_) => {
                let text = format!("invalid frontend message type {}", message.kind);
                return Err(Error::new(SqlState::PROTOCOL_VIOLATION, text).fatal());
            }
        }
        Ok(Next::Continue)
    }

    /// Tells the client that the next query may come.
    pub fn ready(&self) {
        self.running.replace(None);
        self.tell_idle();
        let mut connection = self.connection.borrow_mut();
        let mut settings = self.settings.borrow_mut();
        if settings.has_reports() {
            for (name, value) in settings.take_reports() {
                put::parameter_status(connection.out(), &name, &value);
            }
        }
        self.deliver_notifications(connection.out());
        let status = self.block.get().status();
        put::ready_for_query(connection.out(), status);
        self.at_rest.set(true);
        self.show_title(match status {
            wire::TransactionStatus::Idle => "idle",
            wire::TransactionStatus::InBlock => "idle in transaction",
            wire::TransactionStatus::Failed => "idle in transaction (aborted)",
        });
        // A client that does not read is found when the next message is waited for.
        let _ = connection.flush();
    }

    /// Shows in `ps` what the session does.
    pub fn show_title(&self, activity: &'static str) {
        if self.shared.update_process_title && self.shown.get() != activity {
            self.shown.set(activity);
            sys::title::show(activity);
        }
    }

    /// The text that runs now: for the log, and for others to see.
    pub fn run_text(&self, text: &Rc<str>) {
        let before = self.running.replace(Some(text.clone()));
        if self.tracks.get() && before.is_none_or(|before| !Rc::ptr_eq(&before, text)) {
            let number = self.process.number();
            self.shared.engine.activities.run(number, text, self.statement_us.get());
        }
    }

    /// The session waits for its client from now on.
    fn tell_idle(&self) {
        let now = log::time::now_us();
        let pending = self.transaction.statistics();
        pending.spent((now - self.statement_us.get()).max(0) as u64, 0);
        let state = match self.block.get().status() {
            wire::TransactionStatus::Idle => State::Idle,
            wire::TransactionStatus::InBlock => State::IdleInTransaction,
            wire::TransactionStatus::Failed => State::IdleInFailed,
        };
        self.idle_us.set(now);
        if self.tracks.get() {
            self.shared.engine.activities.set_state(self.process.number(), state, now);
        }
        for (path, bytes) in pending.take_untold() {
            let text = format!("temporary file: path \"{}\", size {bytes}", path.display());
            let running = self.running.borrow().clone();
            self.log()
                .write(&Error::new(SqlState::SUCCESSFUL_COMPLETION, text).severity(Severity::Log), running.as_deref());
        }
        if state == State::Idle && pending.is_due(now) {
            self.report_statistics(now);
        }
    }

    /// A message has come.
    fn leave_idle(&self, now: i64) {
        if !matches!(self.block.get(), Block::Idle) {
            self.transaction.statistics().spent(0, (now - self.idle_us.get()).max(0) as u64);
        }
        self.statement_us.set(now);
    }

    /// Reports what the session counted.
    pub fn report_statistics(&self, now: i64) {
        let engine = &self.shared.engine;
        self.transaction.statistics().flush(now);
        engine.storage().report_io(&engine.stats, &self.process);
    }

    /// Sends an error to log and client.
    pub fn report(&self, error: &Error) {
        let running = self.running.borrow().clone();
        let statement = running.as_deref().filter(|_| !error.fields().hide_statement);
        if error.fields().severity >= Severity::Fatal {
            let killed = error.state() == SqlState::ADMIN_SHUTDOWN;
            let abandoned = error.state() == SqlState::CONNECTION_FAILURE;
            self.ending.set(match () {
                () if killed => SessionEnd::Killed,
                () if abandoned => SessionEnd::Abandoned,
                () => SessionEnd::Fatal,
            });
        }
        if error.state() == SqlState::T_R_DEADLOCK_DETECTED {
            self.transaction.statistics().deadlock();
        }
        // A panic may have left these borrowed.
        if let Ok(mut logger) = self.logger.try_borrow_mut() {
            logger.write(error, statement);
        }
        if let Ok(mut connection) = self.connection.try_borrow_mut() {
            put::error_or_notice(connection.out(), error);
            if error.fields().severity >= Severity::Fatal {
                connection.close();
            }
        }
    }

    /// Sends a notice or warning to the client and the log, if they want it.
    pub fn send_notice(&self, notice: &Error) {
        let severity = notice.fields().severity;
        let running = self.running.borrow().clone();
        self.log().write(notice, running.as_deref());
        let least = severity_of_word(self.settings.borrow().enumeration(id::CLIENT_MIN_MESSAGES));
        // For clients, LOG comes before NOTICE, and INFO is always sent.
        let rank = |severity| match severity {
            Severity::Log => Severity::Debug1 as u8 * 2 + 1,
            other => other as u8 * 2,
        };
        if severity == Severity::Info || rank(severity) >= rank(least) {
            let mut connection = self.connection.borrow_mut();
            put::error_or_notice(connection.out(), notice);
            // What follows may take long, or wait for others: the client is told now.
            connection.flush_some();
        }
    }

    /// Does what changed settings ask of the session. Cheap when nothing changed.
    pub fn follow_settings(&self) {
        let settings = self.settings.borrow();
        if self.followed.replace(settings.generation()) == settings.generation() {
            return;
        }
        let encoding = Encoding::named(settings.string(id::CLIENT_ENCODING))
            .filter(|encoding| !matches!(*encoding, Encoding::UTF8 | Encoding::SQL_ASCII))
            .filter(|_| settings.string(id::SERVER_ENCODING) == Encoding::UTF8.name());
        self.client_encoding.set(encoding);
        // A connection that is in use is told when the settings are followed once more.
        if let Ok(mut connection) = self.connection.try_borrow_mut() {
            connection.set_encoding(encoding);
        }
        self.catalog().set_search_path(settings.string(id::SEARCH_PATH));
        self.locks.set_timeouts(LockTimeouts {
            deadlock: settings.duration(id::DEADLOCK_TIMEOUT).unwrap_or(Duration::from_secs(1)),
            lock: settings.duration(id::LOCK_TIMEOUT).unwrap_or_default(),
        });
        self.logger.borrow_mut().configure(&settings);
        self.tracks_functions.set(match settings.enumeration(id::TRACK_FUNCTIONS) {
            "all" => TracksFunctions::All,
            "pl" => TracksFunctions::Procedural,
            _ => TracksFunctions::None,
        });
        // No value of bytes is none.
        let bytes = |id| settings.bytes(id).map_or(-1, |bytes| bytes as i64);
        self.transaction.statistics().follow_temporary(bytes(id::TEMP_FILE_LIMIT), bytes(id::LOG_TEMP_FILES));
        self.keep_alive(&settings);
        let (own, all) = memory_limits(&settings);
        self.process.charge_memory(own, all);
        self.locks.set_wait_listener(settings.bool(id::LOG_LOCK_WAITS).then(|| self.wait_listener()));
        let tracks = settings.bool(id::TRACK_ACTIVITIES);
        let activities = &self.shared.engine.activities;
        activities.set_application(self.process.number(), settings.string(id::APPLICATION_NAME));
        if self.tracks.replace(tracks) && !tracks {
            activities.set_state(self.process.number(), State::Disabled, log::time::now_us());
        }
    }

    /// Makes those users the current ones that the settings name, where these went back to what they were before a transaction that has ended.
    pub(crate) fn follow_role(&self) {
        let roles = self.set_roles.borrow();
        if roles.is_empty() {
            return;
        }
        let mut settings = self.settings.borrow_mut();
        let Some(&session_user) = roles.get(settings.string(id::SESSION_AUTHORIZATION)) else { return };
        let current = roles.get(settings.string(id::ROLE)).copied().unwrap_or(session_user);
        if (current.0, session_user.0) == (self.catalog().current_user(), self.catalog().session_user()) {
            return;
        }
        self.catalog().set_users(current.0, session_user.0);
        let superuser = if current.1 { "on" } else { "off" };
        // It always may be set.
        let _ = settings.set_internal(id::IS_SUPERUSER, superuser, settings::Source::Override);
    }

    /// The log, with what its prefix may show of the present moment.
    pub fn log(&self) -> std::cell::RefMut<'_, Logger> {
        let has_begun = self.block.get() != Block::Idle;
        let mut logger = std::cell::RefMut::map(self.logger.borrow_mut(), |logger| &mut **logger);
        let session = &mut logger.session;
        session.command.clear();
        session.command.push_str(self.shown.get());
        session.virtual_transaction = match has_begun {
            true => format!("{}/{}", self.process.number().0, self.transaction.virtual_count()),
            false => String::new(),
        };
        session.xid = self.transaction.xid_if_assigned().map_or(0, |xid| xid.0);
        logger
    }

    /// Whether something that happens at this rate happens now.
    fn draws(&self, rate: f64) -> bool {
        use types::Environment;
        rate >= 1.0 || (self.random() as f64) < rate * u64::MAX as f64
    }

    /// Has the network tell when the client is gone (`tcp_keepalives_…`, `tcp_user_timeout`); zero leaves the system's values.
    fn keep_alive(&self, settings: &Settings) {
        use rustix::net::sockopt;
        // While the session waits for its client, the connection is in use; then the settings are followed once more afterwards.
        let Ok(connection) = self.connection.try_borrow() else {
            self.followed.set(u64::MAX);
            return;
        };
        let socket = connection.socket();
        let seconds = |id| Some(settings.int(id)).filter(|n| *n > 0).map(|n| Duration::from_secs(n as u64));
        // On other sockets than TCP's these fail, which is right.
        let _ = sockopt::set_socket_keepalive(socket, true);
        if let Some(idle) = seconds(id::TCP_KEEPALIVES_IDLE) {
            let _ = sockopt::set_tcp_keepidle(socket, idle);
        }
        if let Some(interval) = seconds(id::TCP_KEEPALIVES_INTERVAL) {
            let _ = sockopt::set_tcp_keepintvl(socket, interval);
        }
        if let Some(count) = Some(settings.int(id::TCP_KEEPALIVES_COUNT)).filter(|n| *n > 0) {
            let _ = sockopt::set_tcp_keepcnt(socket, count as u32);
        }
        if let Some(patience) = Some(settings.int(id::TCP_USER_TIMEOUT)).filter(|n| *n > 0) {
            let _ = sockopt::set_tcp_user_timeout(socket, patience as u32);
        }
    }

    /// Logs long waits for locks as this session would.
    fn wait_listener(&self) -> locks::WaitListener {
        let logger = std::sync::Mutex::new(self.logger.borrow().clone());
        let (activities, me) = (self.shared.engine.activities, self.process.number());
        Arc::new(move |message| {
            let statement = activities.get(me).query;
            if let Ok(mut logger) = logger.lock() {
                logger.write(&message, Some(&statement).filter(|text| !text.is_empty()).map(|text| &**text));
            }
        })
    }

    /// Whether a statement of this kind is logged before it runs (`log_statement`).
    pub fn logs_statement(&self, statement: Option<&parser::ast::Statement>) -> bool {
        match self.settings.borrow().enumeration(id::LOG_STATEMENT) {
            "all" => true,
            "none" => false,
            level => statement.is_some_and(|statement| match statement_class(statement) {
                StatementClass::Definition => true,
                StatementClass::Change => level == "mod",
                StatementClass::Other => false,
            }),
        }
    }

    /// Logs how long a statement took, if that is wanted (`log_duration`, `log_min_duration_statement`).
    pub fn log_duration(&self, start: Instant, already_logged: bool, what: &dyn Fn() -> String) {
        let (always, least, sampled, rate) = {
            let settings = self.settings.borrow();
            let rate = settings.real(id::LOG_STATEMENT_SAMPLE_RATE);
            let sampled = settings.int(id::LOG_MIN_DURATION_SAMPLE);
            (settings.bool(id::LOG_DURATION), settings.int(id::LOG_MIN_DURATION_STATEMENT), sampled, rate)
        };
        if !always && least < 0 && sampled < 0 {
            return;
        }
        let milliseconds = start.elapsed().as_secs_f64() * 1000.0;
        let reaches = |limit: i32| limit >= 0 && milliseconds >= limit as f64;
        let long = reaches(least) || reaches(sampled) && self.draws(rate);
        if long && !already_logged {
            self.log().log(format!("duration: {milliseconds:.3} ms  {}", what()));
        } else if long || always {
            self.log().log(format!("duration: {milliseconds:.3} ms"));
        }
    }
}

/// What `log_statement` distinguishes.
#[derive(PartialEq, Eq)]
enum StatementClass {
    Definition,
    Change,
    Other,
}

fn statement_class(statement: &parser::ast::Statement) -> StatementClass {
    use parser::ast::Statement as S;
    match statement {
        S::Insert(_) | S::Update(_) | S::Delete(_) | S::Merge(_) | S::Truncate(_) => StatementClass::Change,
        S::Copy(copy) if copy.from => StatementClass::Change,
        other => {
            let name = other.name();
            let definition = ["CREATE", "ALTER", "DROP", "GRANT", "REVOKE", "COMMENT", "REINDEX", "SECURITY", "IMPORT"];
            match name.split(' ').next() {
                Some(word) if definition.contains(&word) || name == "SELECT INTO" => StatementClass::Definition,
                _ => StatementClass::Other,
            }
        }
    }
}

/// The error for a panic.
/// How much memory this session, and all together, may hold, in bytes.
fn memory_limits(settings: &Settings) -> (Option<u64>, Option<u64>) {
    let given = |id| match settings.int(id) {
        -1 => None,
        kilobytes => Some((kilobytes > 0).then_some(kilobytes as u64 * 1024)),
    };
    let machine = sys::memory::machine();
    let shared = settings.int(id::SHARED_BUFFERS) as u64 * ids::PAGE_SIZE as u64;
    let rest = (machine / 4 * 3).saturating_sub(shared).max(machine / 4);
    let all = given(id::OLIPHANT_SERVER_MEMORY_LIMIT).unwrap_or(Some(rest));
    let own = given(id::OLIPHANT_SESSION_MEMORY_LIMIT).unwrap_or(Some(all.unwrap_or(rest) / 2));
    (own, all)
}

fn panicked(panic: &(dyn std::any::Any + Send)) -> Error {
    let text = panic.downcast_ref::<&str>().map(|text| text.to_string());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "panic".into());
    Error::internal(text)
}
