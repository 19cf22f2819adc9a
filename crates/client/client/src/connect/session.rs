//! One attempt: socket, encryption, the start-up packet, and what the server says until it is ready.

use std::io::{self, ErrorKind};
use std::time::Instant;

use wire::backend::Authentication;
use wire::startup::Startup;
use wire::{Body, ProtocolVersion, TransactionStatus as WireStatus};

use super::authentication::Dialogue;
use super::socket::Address;
use super::{Established, Failure, Ping, Stage, Start};
use crate::config::settings::{Host, Keepalive, Settings, SslMode};
use crate::input::{Input, Message};
use crate::receive::{CLOSED, printable};
use crate::stream::Stream;
use crate::{ServerError, TransactionStatus, reason, tls};

/// SQLSTATE of a server that takes nobody now.
const CANNOT_CONNECT_NOW: &str = "57P03";
/// SQLSTATE of a wrong password.
const INVALID_PASSWORD: &str = "28P01";
/// Names of protocol extensions begin with this.
const EXTENSION: &str = "_pq_.";

/// A stream that the session can start on.
pub(crate) enum Opened {
    /// As it was asked for.
    Ready(Stream, Input),
    /// Encryption was asked for, and the server has none.
    Unencrypted(Stream, Input),
}

/// Opens a stream, which has to be encrypted if asked for.
pub(super) fn open(
    settings: &Settings,
    host: &Host,
    address: &Address,
    encrypt: bool,
    deadline: Option<Instant>,
) -> Result<(Stream, Input), Failure> {
    match open_or_plain(settings, host, address, encrypt, deadline)? {
        Opened::Ready(stream, input) => Ok((stream, input)),
        Opened::Unencrypted(..) => Err(unsupported()),
    }
}

fn unsupported() -> Failure {
    Failure::new(Stage::Refused, "server does not support SSL, but SSL was required")
}

/// Opens a stream; if the server has no encryption and `sslmode` lets it, an unencrypted one.
pub(super) fn open_or_plain(
    settings: &Settings,
    host: &Host,
    address: &Address,
    encrypt: bool,
    deadline: Option<Instant>,
) -> Result<Opened, Failure> {
    let unreachable = |text: String| Failure::new(Stage::Unreachable, text);
    let keepalive = if address.is_unix() { Keepalive::default() } else { settings.keepalive.clone()? };
    let socket = address.open(&keepalive, deadline).map_err(unreachable)?;
    if let (true, Some(wanted)) = (address.is_unix(), settings.config.given("requirepeer")) {
        check_peer(&socket, wanted)?;
    }
    let (mut stream, mut input) = (Stream::new(socket), Input::default());
    if !encrypt {
        return Ok(Opened::Ready(stream, input));
    }
    if !settings.ssl_direct {
        let mut packet = Vec::new();
        Startup::Ssl.write(&mut packet);
        send_all(&mut stream, &packet, deadline).map_err(|e| {
            Failure::new(Stage::Refused, format!("could not send SSL negotiation packet: {}", reason(&e)))
        })?;
        receive(&mut stream, &mut input, deadline)?;
        let answer = input.take_byte();
        // What comes with the answer is not from the one we are about to trust.
        if input.unread() > 0 && answer != Some(b'E') {
            return Err(Failure::new(Stage::Refused, "received unencrypted data after SSL response"));
        }
        match answer {
            Some(b'S') => (),
            Some(b'N') if settings.ssl == SslMode::Prefer => return Ok(Opened::Unencrypted(stream, input)),
            Some(b'N') => return Err(unsupported()),
            // Nothing of it can be trusted, so it is not shown.
            Some(b'E') => {
                return Err(Failure::new(Stage::Refused, "server sent an error response during SSL exchange"));
            }
            other => {
                let text =
                    format!("received invalid response to SSL negotiation: {}", printable(other.unwrap_or_default()));
                return Err(Failure::new(Stage::Refused, text));
            }
        }
    }
    tls::begin(&mut stream, settings, host, deadline).map_err(|failed| match failed {
        tls::Failed::TimedOut => timed_out(),
        tls::Failed::Text(text) => Failure::new(Stage::Refused, text),
    })?;
    Ok(Opened::Ready(stream, input))
}

/// The server at the other end of a socket in the file system has to run as this user.
fn check_peer(socket: &std::os::fd::OwnedFd, wanted: &str) -> Result<(), Failure> {
    let credentials = rustix::net::sockopt::socket_peercred(socket)
        .map_err(|e| Failure::new(Stage::Final, format!("could not get peer credentials: {}", reason(&e.into()))))?;
    let id = credentials.uid.as_raw();
    let name = sys::process::user_name(id)
        .ok_or_else(|| Failure::new(Stage::Final, format!("local user with ID {id} does not exist")))?;
    if name == wanted {
        return Ok(());
    }
    let text = format!("requirepeer specifies \"{wanted}\", but actual peer user name is \"{name}\"");
    Err(Failure::new(Stage::Final, text))
}

fn timed_out() -> Failure {
    Failure::new(Stage::Unreachable, "timeout expired")
}

/// Receives something before the deadline.
fn receive(stream: &mut Stream, input: &mut Input, deadline: Option<Instant>) -> Result<(), Failure> {
    match input.receive_by(stream, deadline) {
        Ok(0) => Err(Failure::new(Stage::Refused, CLOSED)),
        Ok(_) => Ok(()),
        Err(e) if e.kind() == ErrorKind::TimedOut => Err(timed_out()),
        Err(e) => Err(Failure::new(Stage::Refused, crate::receive::failure_text(&e))),
    }
}

/// Sends all of it before the deadline.
pub(super) fn send_all(stream: &mut Stream, mut bytes: &[u8], deadline: Option<Instant>) -> io::Result<()> {
    while !bytes.is_empty() || stream.has_unsent() {
        match stream.send(bytes) {
            Ok(len) => bytes = &bytes[len..],
            Err(e) if e.kind() == ErrorKind::WouldBlock => {
                stream.wait(false, true, deadline)?;
            }
            Err(e) => return Err(e),
        }
    }
    Ok(())
}

/// The start-up packet's parameters.
fn parameters(settings: &Settings) -> Vec<(&str, String)> {
    let config = &settings.config;
    let mut parameters = Vec::new();
    for keyword in ["user", "dbname", "replication", "options"] {
        if let Some(value) = config.given(keyword) {
            parameters.push((if keyword == "dbname" { "database" } else { keyword }, value.to_string()));
        }
    }
    if let Some(name) = config.given("application_name").or(config.given("fallback_application_name")) {
        parameters.push(("application_name", name.to_string()));
    }
    match config.given("client_encoding") {
        Some("auto") => parameters.push(("client_encoding", crate::config::locale::encoding().to_string())),
        Some(encoding) => parameters.push(("client_encoding", encoding.to_string())),
        None => (),
    }
    for (variable, name) in [("PGDATESTYLE", "datestyle"), ("PGTZ", "timezone"), ("PGGEQO", "geqo")] {
        if let Ok(value) = std::env::var(variable)
            && !value.eq_ignore_ascii_case("default")
        {
            parameters.push((name, value));
        }
    }
    parameters
}

/// Starts a session on the stream.
pub(super) fn start(
    settings: &Settings,
    host: &Host,
    address: &Address,
    stream: Stream,
    input: Input,
    deadline: Option<Instant>,
) -> Result<Start, Failure> {
    let tls = stream.tls_info();
    let mut starting = Starting {
        settings,
        host,
        deadline,
        stream,
        input,
        version: settings.max_protocol,
        dialogue: Dialogue::new(settings, host),
        asked: false,
        negotiated: false,
        start: (0, Vec::new()),
        parameters: Vec::new(),
        notices: Vec::new(),
    };
    let transaction = starting.run().map_err(|mut failure| {
        // A server that talks about authentication is there.
        if starting.asked {
            failure.ping = Ping::Accepting;
        }
        failure
    })?;
    let mut established = Established {
        config: settings.config.clone(),
        host: host.clone(),
        password_used: starting.dialogue.password_used,
        version: starting.version,
        pid: starting.start.0,
        key: starting.start.1,
        parameters: Vec::new(),
        tls,
        address: address.clone(),
    };
    starting.parameters.into_iter().for_each(|(name, value)| established.set_parameter(name, value));
    Ok(Start { stream: starting.stream, input: starting.input, established, transaction, notices: starting.notices })
}

struct Starting<'a> {
    settings: &'a Settings,
    host: &'a Host,
    deadline: Option<Instant>,
    stream: Stream,
    input: Input,
    version: ProtocolVersion,
    dialogue: Dialogue<'a>,
    /// The server has asked for authentication, or said that none is needed.
    asked: bool,
    negotiated: bool,
    /// The process and its key.
    start: (i32, Vec<u8>),
    parameters: Vec<(String, String)>,
    notices: Vec<ServerError>,
}

/// The longest message that a server has a reason to send before it has authenticated its client, in bytes.
const MAX_AUTHENTICATION: usize = 2000;
/// The same for errors.
const MAX_ERROR: usize = 30_000;

impl Starting<'_> {
    fn run(&mut self) -> Result<TransactionStatus, Failure> {
        let mut packet = Vec::new();
        let parameters = parameters(self.settings);
        let parameters = parameters.iter().map(|(name, value)| (*name, value.as_str())).collect();
        Startup::Session { version: self.version, parameters }.write(&mut packet);
        send_all(&mut self.stream, &packet, self.deadline)
            .map_err(|e| Failure::new(Stage::Refused, format!("could not send startup packet: {}", reason(&e))))?;
        loop {
            let message = self.message()?;
            self.input.consume(message);
            if let Some(status) = self.interpret(message)? {
                return Ok(status);
            }
        }
    }

    /// The next message.
    fn message(&mut self) -> Result<Message, Failure> {
        let authenticated = self.dialogue.is_done();
        loop {
            if !authenticated && let Some((kind, len)) = self.input.header() {
                let refuse = |text: String| Err(Failure::new(Stage::Refused, text));
                match kind {
                    b'R' | b'v' | b'E' => (),
                    other => {
                        return refuse(format!(
                            "expected authentication request from server, but received {}",
                            printable(other)
                        ));
                    }
                }
                match kind {
                    b'R' if !(8..=MAX_AUTHENTICATION).contains(&len) => {
                        return refuse("received invalid authentication request".into());
                    }
                    b'v' if !(8..=MAX_AUTHENTICATION).contains(&len) => {
                        return refuse("received invalid protocol negotiation message".into());
                    }
                    b'E' if !(8..=MAX_ERROR).contains(&len) => {
                        return refuse("received invalid error message".into());
                    }
                    _ => (),
                }
            }
            match self.input.next() {
                Ok(Ok(message)) => return Ok(message),
                Ok(Err(_)) => receive(&mut self.stream, &mut self.input, self.deadline)?,
                Err(lost) => {
                    let text = format!(
                        "lost synchronization with server: got message type \"{}\", length {}",
                        printable(lost.kind),
                        lost.len
                    );
                    return Err(Failure::new(Stage::Refused, text));
                }
            }
        }
    }

    /// What a message changes; the session's state when it is ready.
    fn interpret(&mut self, message: Message) -> Result<Option<TransactionStatus>, Failure> {
        let malformed = |_| {
            let text =
                format!("message contents do not agree with length in message type \"{}\"", printable(message.kind));
            Failure::new(Stage::Refused, text)
        };
        let body = self.input.body(message).to_vec();
        let mut body = Body::new(&body);
        match message.kind {
            b'R' if !self.dialogue.is_done() => {
                self.asked = true;
                let request = Authentication::read(&mut body).map_err(malformed)?;
                let answer = self.dialogue.answer(&request, &self.stream).map_err(|refusal| {
                    let mut failure = Failure::new(Stage::Final, refusal.text);
                    failure.needs_password = refusal.needs_password;
                    failure
                })?;
                if !answer.is_empty() {
                    send_all(&mut self.stream, &answer, self.deadline).map_err(|e| {
                        Failure::new(Stage::Refused, format!("could not send data to server: {}", reason(&e)))
                    })?;
                }
            }
            b'v' => self.negotiate(body)?,
            b'E' => return Err(self.refusal(&mut body)),
            b'N' => self.notices.push(ServerError::parse(&mut body, None).map_err(malformed)?),
            b'S' => {
                let name = String::from_utf8_lossy(body.c_bytes().map_err(malformed)?).into_owned();
                let value = String::from_utf8_lossy(body.c_bytes().map_err(malformed)?).into_owned();
                if self.parameters.len() < 1000 {
                    self.parameters.push((name, value));
                }
            }
            b'K' => {
                let pid = body.i32().map_err(malformed)?;
                let key = body.rest().to_vec();
                self.check_key(&key)?;
                self.start = (pid, key);
            }
            b'Z' => {
                let status = body.u8().map_err(malformed)?;
                return Ok(Some(match WireStatus::from_code(status) {
                    Some(WireStatus::Idle) => TransactionStatus::Idle,
                    Some(WireStatus::InBlock) => TransactionStatus::InBlock,
                    Some(WireStatus::Failed) => TransactionStatus::Failed,
                    None => TransactionStatus::Unknown,
                }));
            }
            _ => return Err(Failure::new(Stage::Refused, "unexpected message from server during startup")),
        }
        if self.notices.len() > 1000 {
            return Err(Failure::new(Stage::Refused, "unexpected message from server during startup"));
        }
        Ok(None)
    }

    fn check_key(&self, key: &[u8]) -> Result<(), Failure> {
        let len = key.len();
        let wrong = if self.version < ProtocolVersion::V3_2 && len != 4 {
            format!("cancel key with length {len} not allowed in protocol version 3.0 (must be 4 bytes)")
        } else if len < 4 {
            format!("cancel key with length {len} is too short (minimum 4 bytes)")
        } else if len > 256 {
            format!("cancel key with length {len} is too long (maximum 256 bytes)")
        } else {
            return Ok(());
        };
        Err(Failure::new(Stage::Refused, format!("received invalid BackendKeyData message: {wrong}")))
    }

    /// The server refuses.
    fn refusal(&self, body: &mut Body<'_>) -> Failure {
        let Ok(error) = ServerError::parse(body, None) else {
            return Failure::new(Stage::Refused, "received invalid error message");
        };
        let state = error.sqlstate().into_owned();
        let mut failure = Failure::from(error);
        if self.dialogue.is_done() {
            failure.stage = Stage::Final;
        }
        failure.ping = if state.len() == 5 { Ping::Accepting } else { Ping::NoResponse };
        if state == CANNOT_CONNECT_NOW {
            failure.stage = Stage::NotNow;
            failure.ping = Ping::Rejecting;
        }
        if state == INVALID_PASSWORD
            && self.dialogue.password_used
            && let Some(file) = &self.host.passfile
        {
            failure.text.push_str(&format!("\npassword retrieved from file \"{}\"", file.display()));
        }
        failure
    }

    /// The server speaks an older version of the protocol.
    fn negotiate(&mut self, mut body: Body<'_>) -> Result<(), Failure> {
        let refuse = |text: String| Err(Failure::new(Stage::Refused, text));
        let invalid = |text: &str| refuse(format!("received invalid protocol negotiation message: {text}"));
        if self.negotiated {
            return refuse("received duplicate protocol negotiation message".into());
        }
        self.negotiated = true;
        let (Ok(newest), Ok(count)) = (body.u32(), body.i32()) else { return invalid("message too short") };
        let newest = ProtocolVersion(newest);
        if newest > self.version {
            return invalid("server requested downgrade to a higher-numbered version");
        }
        if newest < ProtocolVersion::V3_0 {
            return invalid("server requested downgrade to pre-3.0 protocol version");
        }
        if newest == ProtocolVersion::new(3, 1) {
            return invalid("server requested downgrade to non-existent 3.1 protocol version");
        }
        if count < 0 {
            return invalid("server reported negative number of unsupported parameters");
        }
        if newest == self.version && count == 0 {
            return invalid("server negotiated but asks for no changes");
        }
        if newest < self.settings.min_protocol {
            let wanted = self.settings.min_protocol;
            return refuse(format!(
                "server only supports protocol version {}.{}, but \"min_protocol_version\" was set to {}.{}",
                newest.major(),
                newest.minor(),
                wanted.major(),
                wanted.minor()
            ));
        }
        self.version = newest;
        // Extensions were not asked for, so none can be missing.
        if count > 0 {
            let Ok(name) = body.c_bytes() else { return invalid("message too short") };
            let name = String::from_utf8_lossy(name);
            return match name.starts_with(EXTENSION) {
                true => {
                    invalid(&format!("server reported an unsupported parameter that was not requested (\"{name}\")"))
                }
                false => invalid(&format!(
                    "server reported unsupported parameter name without a \"{EXTENSION}\" prefix (\"{name}\")"
                )),
            };
        }
        Ok(())
    }
}
