//! Making a connection: hosts, sockets, start-up.

use std::fmt;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;

use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, connect, socket_with};
use wire::ProtocolVersion;
use wire::startup::Startup;

use crate::input::Input;
use crate::stream::Stream;
use crate::{Config, Error, Notice, ServerError, TlsInfo, TransactionStatus, reason};

/// Why there is no connection.
#[derive(Clone, Debug)]
pub struct ConnectError {
    message: String,
    needs_password: bool,
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
        ConnectError { message: error.message().into(), needs_password: false }
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

/// What is known about a session since it was made.
pub(crate) struct Established {
    pub config: Config,
    pub host: String,
    pub address: String,
    pub port: String,
    pub password: Option<String>,
    pub password_used: bool,
    pub version: ProtocolVersion,
    pub pid: i32,
    pub key: Vec<u8>,
    pub parameters: Vec<(String, String)>,
    pub tls: Option<TlsInfo>,
    target: Target,
}

impl Established {
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
            target: self.target.clone(),
            pid: self.pid,
            key: self.key.clone(),
        })
    }
}

/// Where a socket leads.
#[derive(Clone, Debug)]
pub(crate) enum Target {
    Unix(String),
    Tcp(SocketAddr),
}

impl Target {
    fn open(&self) -> Result<OwnedFd, rustix::io::Errno> {
        match self {
            Target::Unix(path) => {
                let socket = socket_with(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, None)?;
                connect(&socket, &SocketAddrUnix::new(path.as_str())?)?;
                Ok(socket)
            }
            Target::Tcp(address) => {
                let family = if address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
                let socket = socket_with(family, SocketType::STREAM, SocketFlags::CLOEXEC, None)?;
                rustix::net::sockopt::set_tcp_nodelay(&socket, true)?;
                connect(&socket, address)?;
                Ok(socket)
            }
        }
    }
}

/// What a cancel request needs.
#[derive(Clone, Debug)]
pub(crate) struct CancelTarget {
    target: Target,
    pid: i32,
    key: Vec<u8>,
}

impl CancelTarget {
    pub(crate) fn send(&self) -> Result<(), Error> {
        let fail = |e: std::io::Error| Error::new(format!("could not send cancel packet: {}", reason(&e)));
        let mut stream = Stream::new(self.target.open().map_err(|e| fail(e.into()))?);
        let mut packet = Vec::new();
        Startup::Cancel { pid: self.pid, key: &self.key }.write(&mut packet);
        stream.send(&packet).map_err(fail)?;
        // The server closes the connection when the request is passed on.
        let _ = stream.receive(&mut Vec::with_capacity(1), true);
        Ok(())
    }
}

pub(crate) fn establish(
    config: &Config,
) -> Result<(Stream, Input, Established, TransactionStatus, Vec<Notice>), ConnectError> {
    let config = config.resolve()?;
    let host = config.get("host").filter(|host| !host.is_empty()).unwrap_or("/tmp").to_string();
    let port = config.get("port").filter(|port| !port.is_empty()).unwrap_or("5432").to_string();
    let targets: Vec<Target> = if host.starts_with('/') {
        vec![Target::Unix(format!("{host}/.s.PGSQL.{port}"))]
    } else {
        let number: u16 = port.parse().map_err(|_| Error::new(format!("invalid port number: \"{port}\"")))?;
        std::net::ToSocketAddrs::to_socket_addrs(&(host.as_str(), number))
            .map_err(|e| Error::new(format!("could not translate host name \"{host}\" to address: {e}")))?
            .map(Target::Tcp)
            .collect()
    };
    let mut failure = ConnectError { message: String::new(), needs_password: false };
    for target in targets {
        let (place, advice) = match &target {
            Target::Unix(path) => (
                format!("connection to server on socket \"{path}\" failed: "),
                "\n\tIs the server running locally and accepting connections on that socket?",
            ),
            Target::Tcp(address) if address.ip().to_string() == host => (
                format!("connection to server at \"{host}\", port {port} failed: "),
                "\n\tIs the server running on that host and accepting TCP/IP connections?",
            ),
            Target::Tcp(address) => (
                format!("connection to server at \"{host}\" ({}), port {port} failed: ", address.ip()),
                "\n\tIs the server running on that host and accepting TCP/IP connections?",
            ),
        };
        let socket = match target.open() {
            Ok(socket) => socket,
            Err(e) => {
                failure.message = format!("{place}{}{advice}", reason(&e.into()));
                continue;
            }
        };
        let address = match &target {
            Target::Tcp(address) => address.ip().to_string(),
            Target::Unix(_) => String::new(),
        };
        let mut established = Established {
            config: config.clone(),
            host: host.clone(),
            address,
            port: port.clone(),
            password: config.get("password").map(str::to_string),
            password_used: false,
            version: ProtocolVersion::V3_0,
            pid: 0,
            key: Vec::new(),
            parameters: Vec::new(),
            tls: None,
            target,
        };
        let mut stream = Stream::new(socket);
        let mut input = Input::default();
        match start(&mut stream, &mut input, &mut established) {
            Ok((status, notices)) => return Ok((stream, input, established, status, notices)),
            Err(e) => failure.message = format!("{place}{e}"),
        }
    }
    Err(failure)
}

fn start(
    stream: &mut Stream,
    input: &mut Input,
    established: &mut Established,
) -> Result<(TransactionStatus, Vec<Notice>), ServerError> {
    let config = &established.config;
    let mut parameters = vec![("user", config.get("user").unwrap_or_default())];
    parameters.push(("database", config.get("dbname").unwrap_or_default()));
    for (keyword, name) in
        [("replication", "replication"), ("options", "options"), ("client_encoding", "client_encoding")]
    {
        if let Some(value) = config.get(keyword).filter(|value| !value.is_empty()) {
            parameters.push((name, value));
        }
    }
    let name = config.get("application_name").filter(|name| !name.is_empty());
    if let Some(name) = name.or(config.get("fallback_application_name")) {
        parameters.push(("application_name", name));
    }
    let mut packet = Vec::new();
    Startup::Session { version: ProtocolVersion::V3_0, parameters }.write(&mut packet);
    let closed = |e: std::io::Error| ServerError::local(format!("could not send startup packet: {}", reason(&e)));
    stream.send(&packet).map_err(closed)?;
    let mut notices = Vec::new();
    loop {
        let message = match input.next() {
            Ok(Ok(message)) => message,
            Ok(Err(_)) => {
                match input.receive(stream, true) {
                    Ok(0) => return Err(ServerError::local(crate::receive::CLOSED)),
                    Ok(_) => continue,
                    Err(e) => {
                        return Err(ServerError::local(format!("could not receive data from server: {}", reason(&e))));
                    }
                };
            }
            Err(_) => return Err(ServerError::local("received invalid response")),
        };
        let mut body = wire::Body::new(input.body(message));
        let malformed = |_| ServerError::local("unexpected message from server during startup");
        match message.kind {
            b'R' => match body.i32().map_err(malformed)? {
                0 => (),
                other => return Err(ServerError::local(format!("authentication method {other} not supported"))),
            },
            b'E' => return Err(ServerError::parse(&mut body, None).map_err(malformed)?),
            b'N' => notices.push(ServerError::parse(&mut body, None).map_err(malformed)?),
            b'S' => {
                let name = String::from_utf8_lossy(body.c_bytes().map_err(malformed)?).into_owned();
                let value = String::from_utf8_lossy(body.c_bytes().map_err(malformed)?).into_owned();
                established.set_parameter(name, value);
            }
            b'K' => {
                established.pid = body.i32().map_err(malformed)?;
                established.key = body.rest().to_vec();
            }
            b'Z' => {
                input.consume(message);
                return Ok((TransactionStatus::Idle, notices));
            }
            _ => return Err(ServerError::local("unexpected message from server during startup")),
        }
        input.consume(message);
    }
}
