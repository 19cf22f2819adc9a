//! Making a connection: over hosts, addresses and kinds of encryption, until one gives a session that is wanted.
//!
//! - [`socket`]: addresses, sockets and their options.
//! - [`session`]: one attempt from the socket to the first ReadyForQuery.
//! - [`authentication`], [`scram`]: what the server asks for before.
//! - [`wanted`]: which servers `target_session_attrs` asks for.
//!
//! An address that cannot be reached, or not in time, leads to the next one; so does a server that is starting up or not of the
//! kind wanted (to the next host). A server that refuses is asked again with the other kind of encryption, where `sslmode` leaves
//! the choice; its refusal is the end then: the other hosts would say the same.

pub(crate) mod authentication;
mod scram;
mod session;
mod socket;
mod wanted;

use std::fmt;

use wire::ProtocolVersion;
use wire::startup::Startup;

use crate::config::settings::{Host, SessionKind, Settings, SslMode};
use crate::input::Input;
use crate::stream::Stream;
use crate::{Config, Connection, Error, Notice, ServerError, TlsInfo, TransactionStatus, reason};

pub(crate) use session::Opened;
use socket::{Address, addresses};

/// Why there is no connection.
#[derive(Clone, Debug)]
pub struct ConnectError {
    message: String,
    needs_password: bool,
    ping: Ping,
}

impl ConnectError {
    /// What happened: a line or more for each attempt, as libpq writes it, without a newline at the end.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Whether the server asked for a password and there was none: with one it may succeed.
    pub fn needs_password(&self) -> bool {
        self.needs_password
    }
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ConnectError {}

impl From<Error> for ConnectError {
    fn from(error: Error) -> ConnectError {
        ConnectError { message: error.message().into(), needs_password: false, ping: Ping::NoAttempt }
    }
}

/// How a server answers to a stranger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ping {
    /// It accepts connections.
    Accepting,
    /// It is there, but accepts no connections now (it starts or stops).
    Rejecting,
    /// There is no answer.
    NoResponse,
    /// It was not asked, as the configuration makes no sense.
    NoAttempt,
}

/// Asks a server whether it accepts connections. Neither the role nor the database has to exist.
pub(crate) fn ping(config: &Config) -> Ping {
    match establish(config) {
        Ok(_) => Ping::Accepting,
        Err(error) => error.ping,
    }
}

/// What is known about a session since it was made.
pub(crate) struct Established {
    pub config: Config,
    pub host: Host,
    pub password_used: bool,
    pub version: ProtocolVersion,
    pub pid: i32,
    pub key: Vec<u8>,
    pub parameters: Vec<(String, String)>,
    pub tls: Option<TlsInfo>,
    address: Address,
}

impl Established {
    /// The address in numbers; empty for a socket in the file system.
    pub(crate) fn address(&self) -> String {
        self.address.ip().map(|ip| ip.to_string()).unwrap_or_default()
    }

    pub(crate) fn set_parameter(&mut self, name: String, value: String) {
        // Servers report about fifteen.
        let room = self.parameters.len() < 1000;
        match self.parameters.iter_mut().find(|parameter| parameter.0 == name) {
            Some(parameter) => parameter.1 = value,
            None if room => self.parameters.push((name, value)),
            None => (),
        }
    }

    pub(crate) fn cancel_target(&self) -> Option<CancelTarget> {
        (!self.key.is_empty()).then(|| CancelTarget {
            config: self.config.clone(),
            host: self.host.clone(),
            address: self.address.clone(),
            encrypted: self.tls.is_some(),
            pid: self.pid,
            key: self.key.clone(),
        })
    }
}

/// What a cancel request needs.
#[derive(Clone, Debug)]
pub(crate) struct CancelTarget {
    config: Config,
    host: Host,
    address: Address,
    encrypted: bool,
    pid: i32,
    key: Vec<u8>,
}

impl CancelTarget {
    /// Sends the request over a connection of its own, encrypted if the session is, and waits until the server has passed it on.
    pub(crate) fn send(&self) -> Result<(), Error> {
        let mut settings = Settings::new(&self.config)?;
        // What the session has agreed on, the request must have, too.
        settings.ssl = match self.encrypted {
            false => SslMode::Disable,
            true => settings.ssl.max(SslMode::Require),
        };
        let deadline = settings.deadline()?;
        let explain = |text: String| Error::new(format!("{}{text}", self.address.failed(&self.host)));
        let (mut stream, mut input) = session::open(&settings, &self.host, &self.address, self.encrypted, deadline)
            .map_err(|e| explain(e.text))?;
        let mut packet = Vec::new();
        Startup::Cancel { pid: self.pid, key: &self.key }.write(&mut packet);
        session::send_all(&mut stream, &packet, deadline)
            .map_err(|e| explain(format!("could not send cancel packet: {}", reason(&e))))?;
        // It closes the connection then.
        let _ = input.receive_by(&mut stream, deadline);
        Ok(())
    }
}

/// Everything that a session begins with.
pub(crate) struct Start {
    pub stream: Stream,
    pub input: Input,
    pub established: Established,
    pub transaction: TransactionStatus,
    pub notices: Vec<Notice>,
}

/// Where an attempt failed, which says what to try next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// The server could not be reached, or not in time: the next address.
    Unreachable,
    /// The server takes nobody now: the next host.
    NotNow,
    /// The server refused before it had authenticated us: the other kind of encryption.
    Refused,
    /// It was authenticated already, or something is wrong on this side: the end.
    Final,
}

/// A failed attempt.
pub(crate) struct Failure {
    pub stage: Stage,
    pub text: String,
    pub needs_password: bool,
    pub ping: Ping,
}

impl Failure {
    pub(crate) fn new(stage: Stage, text: impl Into<String>) -> Failure {
        Failure { stage, text: text.into(), needs_password: false, ping: Ping::NoResponse }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        Failure::new(Stage::Final, error.message())
    }
}

impl From<ServerError> for Failure {
    fn from(error: ServerError) -> Failure {
        Failure::new(Stage::Refused, error.to_string())
    }
}

/// Makes a session.
pub(crate) fn establish(config: &Config) -> Result<Connection, ConnectError> {
    let settings = Settings::new(config)?;
    let mut attempts = Attempts { settings: &settings, texts: Vec::new(), last: None };
    let found = attempts.all(settings.session);
    // If no standby will have us, any server will do.
    let found = match (settings.session, found) {
        (SessionKind::PreferStandby, None) if attempts.last != Some(Stage::Refused) => attempts.all(SessionKind::Any),
        (_, found) => found,
    };
    match found {
        Some(Ok(connection)) => Ok(*connection),
        Some(Err(failure)) => Err(ConnectError {
            message: attempts.texts.join("\n"),
            needs_password: failure.needs_password,
            ping: failure.ping,
        }),
        None => Err(ConnectError { message: attempts.texts.join("\n"), needs_password: false, ping: attempts.ping() }),
    }
}

struct Attempts<'a> {
    settings: &'a Settings,
    /// What every failed attempt said.
    texts: Vec<String>,
    /// Where the last one failed.
    last: Option<Stage>,
}

/// A session, or the failure that ends the search.
type Outcome = Result<Box<Connection>, Failure>;

impl Attempts<'_> {
    fn ping(&self) -> Ping {
        match self.last {
            Some(Stage::NotNow) => Ping::Rejecting,
            _ => Ping::NoResponse,
        }
    }

    /// Tries all hosts; `None` if none of them gave a session and none refused.
    fn all(&mut self, wanted: SessionKind) -> Option<Outcome> {
        let mut hosts: Vec<&Host> = self.settings.hosts.iter().collect();
        if self.settings.shuffle {
            shuffle(&mut hosts);
        }
        hosts.into_iter().find_map(|host| self.host(host, wanted))
    }

    fn host(&mut self, host: &Host, wanted: SessionKind) -> Option<Outcome> {
        let mut addresses = match addresses(host) {
            Ok(addresses) => addresses,
            Err(error) => {
                self.texts.push(error.message().into());
                self.last = Some(Stage::Unreachable);
                return None;
            }
        };
        if self.settings.shuffle {
            shuffle(&mut addresses);
        }
        for address in &addresses {
            match self.address(host, address, wanted) {
                Ok(connection) => return Some(Ok(connection)),
                Err(failure) => {
                    self.last = Some(failure.stage);
                    match failure.stage {
                        Stage::Unreachable => (),
                        Stage::NotNow => return None,
                        Stage::Refused | Stage::Final => return Some(Err(failure)),
                    }
                }
            }
        }
        None
    }

    /// Tries one address, with and without encryption where both are allowed.
    fn address(&mut self, host: &Host, address: &Address, wanted: SessionKind) -> Outcome {
        let kinds: &[bool] = match self.settings.ssl {
            _ if address.is_unix() => &[false],
            SslMode::Disable => &[false],
            SslMode::Allow => &[false, true],
            SslMode::Prefer => &[true, false],
            SslMode::Require | SslMode::VerifyCa | SslMode::VerifyFull => &[true],
        };
        let mut kinds = kinds.iter().copied().peekable();
        loop {
            let Some(encrypt) = kinds.next() else {
                return Err(Failure::new(Stage::Final, "no way to connect is left"));
            };
            let opened = self.settings.deadline().map_err(Failure::from).and_then(|deadline| {
                Ok((session::open_or_plain(self.settings, host, address, encrypt, deadline)?, deadline))
            });
            let outcome = opened.and_then(|(opened, deadline)| {
                let (stream, input) = match opened {
                    Opened::Ready(stream, input) => (stream, input),
                    // The server has no encryption, and will not when asked again.
                    Opened::Unencrypted(stream, input) => {
                        kinds = [].iter().copied().peekable();
                        (stream, input)
                    }
                };
                let start = session::start(self.settings, host, address, stream, input, deadline)?;
                wanted::check(Connection::new(start), wanted)
            });
            match outcome {
                Ok(connection) => return Ok(Box::new(connection)),
                Err(failure) => {
                    self.texts.push(format!("{}{}", address.failed(host), failure.text));
                    let again = failure.stage == Stage::Refused && !failure.needs_password && kinds.peek().is_some();
                    if !again {
                        return Err(failure);
                    }
                }
            }
        }
    }
}

/// A random order (Fisher and Yates), so that many clients spread over many servers. Without random bytes, the order stays.
fn shuffle<T>(items: &mut [T]) {
    for n in (1..items.len()).rev() {
        let mut bytes = [0; 8];
        if getrandom::fill(&mut bytes).is_err() {
            return;
        }
        items.swap(n, (u64::from_ne_bytes(bytes) % (n as u64 + 1)) as usize);
    }
}
