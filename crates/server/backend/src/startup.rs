//! From the first packet to the first ReadyForQuery: start-up packet, authentication, the session's settings.
//!
//! ```text
//!  SSLRequest, GSSENCRequest → N        cancel request → done        start-up packet
//!                                                                        │ version, parameters
//!                                                                        ▼
//!                     role and rule of pg_hba.conf ── exchange ──► AuthenticationOk
//!                                                                        │ database, privileges, settings
//!                                                                        ▼
//!                                          ParameterStatus …, BackendKeyData, ReadyForQuery
//! ```
//!
//! Until the client is authenticated, everything is bounded: the packet's length, the number of requests, the time
//! (`authentication_timeout`). Errors are FATAL.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::time::Duration;

use auth::{Authenticated, Client, Dialogue, Outcome, Roles};
use catalog::Catalog;
use catalog::functions::SessionHandle;
use catalog::privileges::{Membership, ObjectKind};
use catalog::rows::PgDbRoleSetting;
use encoding::Encoding;
use error::{Error, Result, Severity, SqlState, bail};
use ids::Oid;
use log::Logger;
use settings::check::log_connection_stages;
use settings::{Asker, Hooks, How, Settings, Source, Value, id};
use shm::{ProcNumber, Process, ProcessKind, Timeout};
use stats::SessionEnd;
use types::datetime::TimeZone;
use wire::backend::{self as put, Authentication};
use wire::startup::{self, Startup};
use wire::{ProtocolVersion, frame};

use crate::block::Block;
use crate::connection::{Connection, Message};
use crate::environment::Formats;
use crate::notify::Channels;
use crate::session::Session;
use crate::{Incoming, Shared};

/// How often a client may ask for encryption before it must begin.
const REQUESTS_MAX: usize = 4;

/// What the client asked for.
struct Wanted {
    version: ProtocolVersion,
    user: String,
    database: String,
    /// Settings, in order.
    settings: Vec<(String, String)>,
    /// `options`: words of a command line.
    options: String,
    replication: bool,
    /// Options of the protocol that we do not know.
    unknown: Vec<String>,
}

fn violation(text: impl Into<String>) -> Error {
    Error::new(SqlState::PROTOCOL_VIOLATION, text).fatal()
}

/// Serves a client from its first packet to its end. What goes wrong is told to client and log here. Whether nothing is left of
/// the session.
pub(crate) fn serve(
    shared: &Shared,
    process: Process,
    settings: &mut Settings,
    logger: &mut Logger,
    incoming: Incoming,
) -> bool {
    let begun_us = log::time::now_us();
    let process = Arc::new(process);
    logger.session.backend_type = "not initialized";
    let Incoming { socket, origin, remote_host, remote_port, local_host, accepted_us } = incoming;
    let mut connection = Connection::new(socket, &process);
    let (shown_host, shown_port) = match remote_port.parse() {
        Ok(port) => (remote_host.as_str(), port),
        Err(_) => ("", -1),
    };
    shared.engine.activities.begin(process.number(), shown_host, shown_port);
    logger.session.remote_host.clone_from(&remote_host);
    logger.session.remote_port.clone_from(&remote_port);
    logger.session.local_host = local_host;
    logger.session.is_client = true;
    let stages = log_connection_stages(settings.string(id::LOG_CONNECTIONS)).unwrap_or_default();
    if stages.receipt {
        let port = if remote_port.is_empty() { String::new() } else { format!(" port={remote_port}") };
        logger.log(format!("connection received: host={remote_host}{port}"));
    }
    if let Some(timeout) = settings.duration(id::AUTHENTICATION_TIMEOUT) {
        process.set_timeout(Timeout::Authentication, timeout);
    }
    let refused = |connection: &mut Connection, logger: &mut Logger, error: Error| {
        logger.write(&error, None);
        put::error_or_notice(connection.out(), &error);
        connection.close();
        true
    };
    let wanted = match first_packets(shared, &mut connection) {
        Ok(Some(wanted)) => wanted,
        Ok(None) => return true,
        Err(error) => return refused(&mut connection, logger, error),
    };
    logger.session.user.clone_from(&wanted.user);
    logger.session.database.clone_from(&wanted.database);
    let host = if remote_port.is_empty() { remote_host } else { format!("{remote_host}({remote_port})") };
    if settings.bool(id::UPDATE_PROCESS_TITLE) {
        sys::title::set(format_args!("postgres: {} {} {host} ", wanted.user, wanted.database));
        sys::title::show("authentication");
    }
    let store = shared.engine.session_of(Arc::clone(&process));
    let authentication_us = log::time::now_us();
    logger.session.backend_type = process.kind().name();
    logger.session.command = "authentication".into();
    let opened = open(shared, &store, settings, logger, &mut connection, &wanted, origin);
    let opened_us = log::time::now_us();
    let (catalog, user) = match opened {
        Ok(Some(opened)) => opened,
        Ok(None) => {
            store.transaction.abort();
            return true;
        }
        Err(error) => {
            store.transaction.abort();
            return refused(&mut connection, logger, error);
        }
    };
    let session = Session::assemble(shared, &store, catalog, user, settings, logger, connection);
    shared.engine.storage().begin_account(&shared.engine.stats, &process);
    session.transaction.statistics().session_begins(log::time::now_us());
    session.follow_settings();
    process.clear_timeout(Timeout::Authentication);
    if stages.setup_durations {
        let span = |from: i64, to: i64| (to - from).max(0) as f64 / 1000.0;
        session.log().log(format!(
            "connection ready: setup total={:.3} ms, fork={:.3} ms, authentication={:.3} ms",
            span(accepted_us, log::time::now_us()),
            span(accepted_us, begun_us),
            span(authentication_us, opened_us)
        ));
    }
    set_last_words(&session);
    let _ = session.run();
    session.drop_portals();
    session.transaction.abort();
    session.end_temporary();
    session.locks.end_session();
    session.channels.end();
    session.transaction.statistics().session_ends(session.ending.get());
    shared.engine.storage().report_io(&shared.engine.stats, &process);
    if session.settings.borrow().bool(id::LOG_DISCONNECTIONS) {
        let seconds = (log::time::now_us() - accepted_us).max(0) as f64 / 1e6;
        let (hours, minutes) = ((seconds / 3600.0) as u64, (seconds / 60.0) as u64 % 60);
        let text = format!(
            "disconnection: session time: {hours}:{minutes:02}:{:06.3} user={} database={} host={}",
            seconds % 60.0,
            wanted.user,
            wanted.database,
            host
        );
        session.log().log(text);
    }
    !session.panicked.get()
}

impl<'a> Session<'a> {
    /// Puts a session together: of a client, or (autovacuum) of nobody, with a connection that leads nowhere.
    pub(crate) fn assemble(
        shared: &'a Shared,
        store: &engine::Session,
        catalog: Arc<Catalog>,
        user: Oid,
        settings: &'a mut Settings,
        logger: &'a mut Logger,
        connection: Connection,
    ) -> Session<'a> {
        let formats = Formats::new(settings);
        let channels = Channels::new(shared.notifications, &shared.engine.processes, store.process.number());
        store.transaction.register(Arc::clone(&channels) as Arc<dyn txn::Participant>);
        let upper = crate::functions::server_handle(shared, store, Arc::clone(&channels));
        Session {
            shared,
            process: Arc::clone(&store.process),
            locks: store.locks.clone(),
            transaction: Arc::clone(&store.transaction),
            handle: SessionHandle { catalog, upper: Some(upper) },
            settings: RefCell::new(settings),
            logger: RefCell::new(logger),
            connection: RefCell::new(connection),
            formats: RefCell::new(formats),
            collations: RefCell::new(HashMap::new()),
            followed: Cell::new(u64::MAX),
            client_encoding: Cell::new(None),
            temporary: shared.engine.data_directory().join("base").join("pgsql_tmp"),
            block: Cell::new(Block::Idle),
            statement_us: Cell::new(log::time::now_us()),
            random: Cell::new(0),
            prepared: RefCell::new(HashMap::new()),
            portals: RefCell::new(HashMap::new()),
            read_only_outside: RefCell::default(),
            triggers: RefCell::default(),
            fired_triggers: RefCell::default(),
            tracks_functions: Cell::default(),
            nested_function_time: Cell::default(),
            routines: Default::default(),
            plans: RefCell::new(HashMap::new()),
            parsed: RefCell::new(HashMap::new()),
            domain_checks: RefCell::new(HashMap::new()),
            statement_cache: RefCell::default(),
            shows_companions: std::cell::Cell::new(false),
            shown: Cell::new(""),
            skipping: Cell::new(false),
            at_rest: Cell::new(false),
            shared_user: Cell::new(user),
            set_roles: Default::default(),
            running: RefCell::new(None),
            panicked: Cell::new(false),
            channels,
            at_commit: Default::default(),
            tracks: Cell::new(true),
            idle_us: Cell::new(log::time::now_us()),
            shows_outputs: Cell::new(false),
            ending: Cell::new(SessionEnd::Normal),
        }
    }
}

/// Prepares what the client is told if SIGQUIT ends the process: a signal handler can only send bytes that are there.
fn set_last_words(session: &Session<'_>) {
    let message = |state: SqlState, text: &str| Error::new(state, text).severity(Severity::Warning);
    let shutdown = message(SqlState::ADMIN_SHUTDOWN, "terminating connection due to immediate shutdown command");
    let crash = message(SqlState::CRASH_SHUTDOWN, "terminating connection because of crash of another server process")
        .detail(
            "The postmaster has commanded this server process to roll back the current transaction and exit, because \
                 another server process exited abnormally and possibly corrupted shared memory.",
        )
        .hint("In a moment you should be able to reconnect to the database and repeat your command.");
    let [shutdown, crash] = [shutdown, crash].map(|message| {
        let mut bytes = Vec::new();
        put::error_or_notice(&mut bytes, &message);
        bytes
    });
    let connection = session.connection.borrow();
    session.process.set_last_words(connection.socket().as_fd(), shutdown, crash);
}

/// Reads packets until one asks for a session; `None` if the client is served or gone.
fn first_packets(shared: &Shared, connection: &mut Connection) -> Result<Option<Wanted>> {
    for _ in 0..REQUESTS_MAX {
        let Some(first) = connection.read_bytes(4)? else { return Ok(None) };
        let length = startup::length([first[0], first[1], first[2], first[3]])?;
        let Some(packet) = connection.read_bytes(length - 4)? else { return Ok(None) };
        match Startup::parse(&packet).map_err(Error::fatal)? {
            Startup::Ssl | Startup::Gss => {
                if connection.buffered() > 0 {
                    let text = "received unencrypted data after SSL request";
                    let detail = "This could be either a client-software bug or evidence of an attempted \
                                  man-in-the-middle attack.";
                    return Err(violation(text).detail(detail));
                }
                connection.out().push(b'N');
                connection.flush()?;
            }
            Startup::Cancel { pid, key } => {
                shared.engine.processes.cancel(pid, key);
                return Ok(None);
            }
            Startup::Session { version, parameters } => {
                if version.major() != 3 {
                    let text = format!(
                        "unsupported frontend protocol {}.{}: server supports 3.0 to 3.2",
                        version.major(),
                        version.minor()
                    );
                    return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text).fatal());
                }
                return wanted(version, &parameters).map(Some);
            }
        }
    }
    Err(violation("too many requests for encryption"))
}

fn wanted(version: ProtocolVersion, parameters: &[(&str, &str)]) -> Result<Wanted> {
    let mut wanted = Wanted {
        version: version.min(ProtocolVersion::V3_2),
        user: String::new(),
        database: String::new(),
        settings: Vec::new(),
        options: String::new(),
        replication: false,
        unknown: Vec::new(),
    };
    // Longer names are cut, as everywhere in SQL.
    let name = |text: &str| {
        text.chars()
            .scan(0, |len, c| {
                *len += c.len_utf8();
                (*len < 64).then_some(c)
            })
            .collect::<String>()
    };
    for &(key, value) in parameters {
        match key {
            "user" => wanted.user = name(value),
            "database" => wanted.database = name(value),
            "options" => wanted.options = value.to_string(),
            "replication" => {
                if value == "database" {
                    return Err(Error::not_implemented("logical replication").fatal());
                }
                let Some(on) = settings::value::parse_bool(value) else {
                    let text = format!("invalid value for parameter \"replication\": \"{value}\"");
                    let hint = "Valid values are: \"false\", 0, \"true\", 1, \"database\".";
                    return Err(Error::new(SqlState::INVALID_PARAMETER_VALUE, text).hint(hint).fatal());
                };
                wanted.replication = on;
            }
            _ if key.starts_with("_pq_.") => wanted.unknown.push(key.to_string()),
            _ => wanted.settings.push((key.to_string(), value.to_string())),
        }
    }
    if wanted.user.is_empty() {
        let text = "no PostgreSQL user name specified in startup packet";
        return Err(Error::new(SqlState::INVALID_AUTHORIZATION_SPECIFICATION, text).fatal());
    }
    if wanted.replication {
        return Err(Error::not_implemented("physical replication").fatal());
    }
    if wanted.database.is_empty() {
        wanted.database.clone_from(&wanted.user);
    }
    if version.minor() > 2 || !wanted.unknown.is_empty() {
        wanted.version = version.min(ProtocolVersion::V3_2);
    }
    Ok(wanted)
}

/// Authenticates the client, opens its database, and sets what it asked for. `None` if the client left.
fn open(
    shared: &Shared,
    store: &engine::Session,
    settings: &mut Settings,
    logger: &mut Logger,
    connection: &mut Connection,
    wanted: &Wanted,
    origin: auth::Origin,
) -> Result<Option<(Arc<Catalog>, Oid)>> {
    let fatal = Error::fatal;
    if !wanted.unknown.is_empty() {
        let unknown: Vec<&str> = wanted.unknown.iter().map(String::as_str).collect();
        put::negotiate_protocol_version(connection.out(), ProtocolVersion::V3_2, &unknown);
    }
    // The shared catalogs can be read before the database is known.
    let open_catalog = |database: Oid| Catalog::open(&shared.engine, &shared.catalog, store, database);
    let catalog = open_catalog(ids::oids::TEMPLATE1);
    store.transaction.begin(txn::Isolation::ReadCommitted)?;
    let Some(authenticated) = authenticate(shared, settings, &catalog, connection, wanted, origin, &store.process)?
    else {
        return Ok(None);
    };
    let stages = log_connection_stages(settings.string(id::LOG_CONNECTIONS)).unwrap_or_default();
    if stages.authentication {
        logger.log(match &authenticated.system_user {
            Some(name) => format!(
                "connection authenticated: identity=\"{}\" method={} ({})",
                name.split_once(':').map_or(&**name, |(_, name)| name),
                authenticated.method.name(),
                authenticated.rule
            ),
            None => format!("connection authenticated: user=\"{}\" method=trust ({})", wanted.user, authenticated.rule),
        });
    }
    let role = catalog.role_by_name(&wanted.user).map_err(fatal)?;
    let Some(role) = role else {
        let text = format!("role \"{}\" does not exist", wanted.user);
        return Err(Error::new(SqlState::INVALID_AUTHORIZATION_SPECIFICATION, text).fatal());
    };
    if !role.rolcanlogin {
        let text = format!("role \"{}\" is not permitted to log in", wanted.user);
        return Err(Error::new(SqlState::INVALID_AUTHORIZATION_SPECIFICATION, text).fatal());
    }
    check_free_slots(shared, settings, &catalog, role.oid, role.rolsuper)?;
    store.process.set_identity(Oid::INVALID, role.oid);
    let slot = |number| shared.engine.processes.slot(number);
    if !role.rolsuper && is_crowded(shared, role.rolconnlimit, |number| slot(number).role() == role.oid) {
        let text = format!("too many connections for role \"{}\"", wanted.user);
        return Err(Error::new(SqlState::TOO_MANY_CONNECTIONS, text).fatal());
    }
    let Some(database) = catalog.database_by_name(&wanted.database).map_err(fatal)? else {
        let text = format!("database \"{}\" does not exist", wanted.database);
        return Err(Error::new(SqlState::INVALID_CATALOG_NAME, text).fatal());
    };
    if !database.datallowconn {
        let text = format!("database \"{}\" is not currently accepting connections", wanted.database);
        return Err(Error::new(SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE, text).fatal());
    }
    let wants = catalog::acl::Privileges::CONNECT;
    let held = catalog.privileges(ObjectKind::Database, database.oid, role.oid, wants).map_err(fatal)?;
    if !role.rolsuper && held.is_none_or(|held| held.0 & wants.0 == 0) {
        let text = format!("permission denied for database \"{}\"", wanted.database);
        let detail = "User does not have CONNECT privilege.";
        return Err(Error::new(SqlState::INSUFFICIENT_PRIVILEGE, text).detail(detail).fatal());
    }
    store.process.set_identity(database.oid, role.oid);
    if !role.rolsuper && is_crowded(shared, database.datconnlimit, |number| slot(number).database() == database.oid) {
        let text = format!("too many connections for database \"{}\"", wanted.database);
        return Err(Error::new(SqlState::TOO_MANY_CONNECTIONS, text).fatal());
    }
    if stages.authorization {
        let application = wanted.settings.iter().find(|(name, _)| name == "application_name");
        let application = application.map_or_else(String::new, |(_, value)| format!(" application_name={value}"));
        logger.log(format!("connection authorized: user={} database={}{application}", wanted.user, wanted.database));
    }
    let warning = database.version_warning();
    let (user, superuser, database) = (role.oid, role.rolsuper, database.oid);
    drop(catalog);
    let catalog = open_catalog(database);
    catalog.set_users(user, user);
    let encoding = catalog.encoding().map_err(fatal)?;
    start_settings(settings, &catalog, wanted, database, user, superuser, encoding).map_err(fatal)?;
    store.transaction.commit(true).map_err(fatal)?;

    let out = connection.out();
    put::authentication(out, &Authentication::Ok);
    if let Some(warning) = warning {
        put::error_or_notice(out, &warning);
    }
    for (name, value) in settings.all_reports() {
        put::parameter_status(out, &name, &value);
    }
    let mut key = [0; 32];
    auth::secret::random(&mut key)?;
    let key = if wanted.version >= ProtocolVersion::V3_2 { &key[..] } else { &key[..4] };
    store.process.set_cancel_key(key);
    put::backend_key_data(out, sys::process::id(), key);
    Ok(Some((catalog, user)))
}

/// Whether more clients' sessions than `limit` are of those that `counts`, this one among them; a negative limit is none.
fn is_crowded(shared: &Shared, limit: i32, counts: impl Fn(ProcNumber) -> bool) -> bool {
    let processes = &shared.engine.processes;
    let counted = |&number: &ProcNumber| processes.slot(number).kind() == Some(ProcessKind::Backend) && counts(number);
    limit >= 0 && processes.active().filter(counted).count() as i32 > limit
}

/// Some slots are kept for those who must get in.
fn check_free_slots(shared: &Shared, settings: &Settings, catalog: &Catalog, role: Oid, superuser: bool) -> Result<()> {
    if superuser {
        return Ok(());
    }
    let free = shared.engine.processes.free_slots(ProcessKind::Backend) as i32;
    let for_superusers = settings.int(id::SUPERUSER_RESERVED_CONNECTIONS);
    let for_privileged = settings.int(id::RESERVED_CONNECTIONS);
    let full = |text: &str| Err(Error::new(SqlState::TOO_MANY_CONNECTIONS, text).fatal());
    if free < for_superusers {
        return full("remaining connection slots are reserved for roles with the SUPERUSER attribute");
    }
    if free < for_superusers + for_privileged {
        let group = catalog.role_by_name("pg_use_reserved_connections")?;
        let privileged = match group {
            Some(group) => catalog.has_privileges_of(role, group.oid)?,
            None => false,
        };
        if !privileged {
            return full(
                "remaining connection slots are reserved for roles with privileges of the \"pg_use_reserved_connections\" role",
            );
        }
    }
    Ok(())
}

/// The client as authentication talks with it.
struct Talk<'a> {
    connection: &'a mut Connection,
    message: Message,
}

impl Dialogue for Talk<'_> {
    fn send(&mut self, request: &Authentication<'_>) -> Result<()> {
        put::authentication(self.connection.out(), request);
        self.connection.flush()
    }

    fn receive(&mut self) -> Result<Option<Vec<u8>>> {
        let limit = |_: u8| frame::MAX_UNAUTHENTICATED;
        if !self.connection.read_message(&mut self.message, limit, &mut |_| Ok(()))? {
            return Ok(None);
        }
        match self.message.kind {
            b'p' => Ok(Some(std::mem::take(&mut self.message.body))),
            b'X' => Ok(None),
            other => Err(violation(format!("expected password response, got message type {other}"))),
        }
    }

    fn peer_user(&self) -> Result<String> {
        let peer = rustix::net::sockopt::socket_peercred(self.connection.socket());
        let peer = peer.map_err(|e| Error::io("could not get peer credentials", &e.into()))?;
        let uid = peer.uid.as_raw();
        sys::process::user_name(uid).ok_or_else(|| {
            Error::internal(format!("could not look up local user ID {uid}: user does not exist")).fatal()
        })
    }
}

/// Roles as authentication asks for them.
struct CatalogRoles<'a> {
    catalog: &'a Catalog,
}

impl Roles for CatalogRoles<'_> {
    fn secret(&self, role: &str) -> Result<std::result::Result<String, String>> {
        let Some(row) = self.catalog.role_by_name(role)? else {
            return Ok(Err(format!("Role \"{role}\" does not exist.")));
        };
        let Some(secret) = &row.rolpassword else {
            return Ok(Err(format!("User \"{role}\" has no password assigned.")));
        };
        // Both in microseconds since 2000.
        if row.rolvaliduntil.is_some_and(|until| until < types::environment::system_clock()) {
            return Ok(Err(format!("User \"{role}\" has an expired password.")));
        }
        Ok(Ok(secret.to_string()))
    }

    fn is_member(&self, role: &str, group: &str) -> bool {
        let find = |name: &str| self.catalog.role_by_name(name).ok().flatten();
        match (find(role), find(group)) {
            (Some(role), Some(group)) => self.catalog.has_role(role.oid, group.oid, Membership::Any).unwrap_or(false),
            _ => false,
        }
    }
}

fn authenticate(
    shared: &Shared,
    settings: &Settings,
    catalog: &Catalog,
    connection: &mut Connection,
    wanted: &Wanted,
    origin: auth::Origin,
    process: &Process,
) -> Result<Option<Authenticated>> {
    let client =
        Client { origin, tls: false, database: &wanted.database, user: &wanted.user, replication: wanted.replication };
    let mut dialogue = Talk { connection, message: Message::default() };
    let roles = CatalogRoles { catalog };
    let outcome =
        auth::authenticate(&shared.hba, &shared.ident_maps, &client, &shared.mock_nonce, &roles, &mut dialogue);
    process.check_interrupts()?;
    match outcome {
        Ok(Outcome::Accepted(authenticated)) => {
            let delay = settings.int(id::POST_AUTH_DELAY);
            if delay > 0 {
                std::thread::sleep(Duration::from_secs(delay as u64));
            }
            Ok(Some(authenticated))
        }
        Ok(Outcome::Gone) => Ok(None),
        Err(error) => Err(error.fatal()),
    }
}

/// Rules for settings that need a catalog or tables of the floors below.
pub(crate) struct Rules<'a> {
    pub catalog: Option<&'a Catalog>,
}

impl Hooks for Rules<'_> {
    fn check(&self, settings: &Settings, parameter: settings::Id, value: Value, _source: Source) -> Result<Value> {
        let Value::String(text) = &value else { return Ok(value) };
        let invalid = || settings::check::invalid(settings.name(parameter), text);
        match parameter {
            id::TIMEZONE | id::LOG_TIMEZONE => match TimeZone::rule_of_hours(text) {
                Some(rule) => Ok(Value::String(rule.into())),
                None if TimeZone::named(text).is_none() => Err(invalid()),
                None => Ok(value),
            },
            id::CLIENT_ENCODING => match Encoding::named(text) {
                Some(encoding) if encoding.is_convertible() => Ok(value),
                Some(encoding) => {
                    let detail = format!("Conversion between {} and UTF8 is not supported.", encoding.name());
                    let text = format!("invalid value for parameter \"{}\": \"{text}\"", settings.name(parameter));
                    Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text).detail(detail))
                }
                None => Err(invalid()),
            },
            id::DEFAULT_TABLESPACE if !text.is_empty() => match self.catalog {
                Some(catalog) if catalog.tablespace_by_name(text)?.is_none() => {
                    Err(invalid().detail(format!("Tablespace \"{text}\" does not exist.")))
                }
                _ => Ok(value),
            },
            id::TEMP_TABLESPACES => match self.catalog {
                Some(catalog) => check_temporary_tablespaces(catalog, text).map(|()| value),
                None => Ok(value),
            },
            id::DEFAULT_TABLE_ACCESS_METHOD => {
                if text.is_empty() {
                    return Err(invalid().detail("\"default_table_access_method\" cannot be empty."));
                }
                // What comes from files is looked at when it is used.
                if let Some(catalog) = self.catalog {
                    match catalog.access_method_by_name(text)? {
                        None => {
                            let detail = format!("Table access method \"{text}\" does not exist.");
                            return Err(invalid().detail(detail));
                        }
                        Some(row) if row.amtype != b't' => {
                            let text = format!("access method \"{text}\" is not of type TABLE");
                            return Err(Error::new(SqlState::WRONG_OBJECT_TYPE, text));
                        }
                        Some(_) => {}
                    }
                }
                Ok(value)
            }
            _ => Ok(value),
        }
    }

    fn may_set(&self, _parameter: &str) -> bool {
        self.catalog.is_some_and(|catalog| catalog.is_superuser(catalog.current_user()).unwrap_or(false))
    }
}

/// Each tablespace of a list must exist; the role must be able to create there, or it is passed over.
fn check_temporary_tablespaces(catalog: &Catalog, list: &str) -> Result<()> {
    for name in list.split(',').map(|name| name.trim().trim_matches('"')).filter(|name| !name.is_empty()) {
        if catalog.tablespace_by_name(name)?.is_none() {
            let text = format!("tablespace \"{name}\" does not exist");
            return Err(Error::new(SqlState::UNDEFINED_OBJECT, text));
        }
    }
    Ok(())
}

/// Sets what database, role and client want, later ones winning.
fn start_settings(
    settings: &mut Settings,
    catalog: &Catalog,
    wanted: &Wanted,
    database: Oid,
    user: Oid,
    superuser: bool,
    encoding: i32,
) -> Result<()> {
    let rules = Rules { catalog: Some(catalog) };
    let asker = if superuser { Asker::SuperuserBackend } else { Asker::Backend };
    settings.set_internal(id::SESSION_AUTHORIZATION, &wanted.user, Source::Override)?;
    settings.set_internal(id::IS_SUPERUSER, if superuser { "on" } else { "off" }, Source::Override)?;
    let encoding = if encoding == 0 { "SQL_ASCII" } else { "UTF8" };
    settings.set_internal(id::SERVER_ENCODING, encoding, Source::Override)?;
    settings.set_id(
        id::CLIENT_ENCODING,
        Some(encoding),
        How::startup(Asker::Internal, Source::DynamicDefault),
        &rules,
    )?;
    let stored = [
        (Oid::INVALID, Oid::INVALID, Source::Global),
        (database, Oid::INVALID, Source::Database),
        (Oid::INVALID, user, Source::Role),
        (database, user, Source::DatabaseRole),
    ];
    for (database, role, source) in stored {
        let index = catalog::index::PG_DB_ROLE_SETTING_DATABASEID_ROL_INDEX;
        let row = catalog.row::<PgDbRoleSetting>(index, &[database.into(), role.into()])?;
        for item in row.iter().flat_map(|row| row.setconfig.iter().flatten()) {
            if let Some((name, value)) = item.split_once('=') {
                // A value that has become wrong must not keep everybody out.
                let _ = settings.set(name, Some(value), How::startup(asker, source), &rules);
            }
        }
    }
    let client = How::startup(asker, Source::Client);
    for (name, value) in option_words(&wanted.options)? {
        settings.set(&name, Some(&value), client, &rules)?;
    }
    for (name, value) in &wanted.settings {
        settings.set(name, Some(value), client, &rules)?;
    }
    Ok(())
}

/// The settings in `options`: `-c name=value`, `--name=value`; blanks in values are escaped with a backslash.
fn option_words(options: &str) -> Result<Vec<(String, String)>> {
    let mut words: Vec<String> = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = options.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => word.get_or_insert_default().extend(chars.next()),
            c if c.is_ascii_whitespace() => words.extend(word.take()),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    let mut found = Vec::new();
    let mut words = words.into_iter();
    while let Some(word) = words.next() {
        let item = match word.strip_prefix("--") {
            Some(item) => item.to_string(),
            None if word == "-c" => words.next().unwrap_or_default(),
            None => match word.strip_prefix("-c") {
                Some(item) => item.to_string(),
                None => bail!(SYNTAX_ERROR, "invalid command-line argument for server process: {word}"),
            },
        };
        let Some((name, value)) = item.split_once('=') else {
            bail!(SYNTAX_ERROR, "-c {item} requires a value");
        };
        found.push((name.replace('-', "_"), value.to_string()));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_words_of_a_command_line() {
        let found = option_words(r"-c geqo=off  --work-mem=4MB -csearch_path=a\ b,\\c").unwrap();
        let found: Vec<(&str, &str)> = found.iter().map(|(n, v)| (&**n, &**v)).collect();
        assert_eq!(found, [("geqo", "off"), ("work_mem", "4MB"), ("search_path", r"a b,\c")]);
        assert!(option_words("-c geqo").is_err() && option_words("-x").is_err());
    }

    #[test]
    fn packets_say_who_wants_what() {
        let packet = [("user", "ann"), ("application_name", "x"), ("_pq_.novelty", "1")];
        let found = wanted(ProtocolVersion::new(3, 9), &packet).unwrap();
        assert_eq!((found.database.as_str(), found.version), ("ann", ProtocolVersion::V3_2));
        assert_eq!(found.unknown, ["_pq_.novelty"]);
        assert!(wanted(ProtocolVersion::V3_0, &[("database", "x")]).is_err());
    }
}
