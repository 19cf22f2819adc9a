//! Addresses of hosts, and connected sockets.

use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::os::fd::{AsFd, OwnedFd};
use std::time::Instant;

use rustix::fs::{OFlags, fcntl_setfl};
use rustix::net::sockopt;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, connect, socket_with};

use crate::config::settings::{Host, Keepalive};
use crate::{Error, reason, stream};

/// The longest path of a socket, in bytes, its end not among them.
const MAX_PATH: usize = 107;

/// Where a socket leads.
#[derive(Clone, Debug)]
pub(super) enum Address {
    /// A file; one that begins with `@` is of the abstract name space.
    Unix(String),
    Tcp(SocketAddr),
}

/// All addresses of a host.
pub(super) fn addresses(host: &Host) -> Result<Vec<Address>, Error> {
    let port = || match host.port.trim().parse::<i32>() {
        Ok(number) if (1..=65_535).contains(&number) => Ok(number as u16),
        Ok(_) => Err(Error::new(format!("invalid port number: \"{}\"", host.port))),
        Err(_) => Err(Error::new(format!("invalid integer value \"{}\" for connection option \"port\"", host.port))),
    };
    let port = port()?;
    if host.is_unix() {
        let path = format!("{}/.s.PGSQL.{port}", host.name);
        if path.len() > MAX_PATH {
            return Err(Error::new(format!(
                "Unix-domain socket path \"{path}\" is too long (maximum {MAX_PATH} bytes)"
            )));
        }
        return Ok(vec![Address::Unix(path)]);
    }
    if let Some(address) = &host.address {
        let ip: IpAddr = address.parse().map_err(|_| {
            Error::new(format!("could not parse network address \"{address}\": Name or service not known"))
        })?;
        return Ok(vec![Address::Tcp((ip, port).into())]);
    }
    let found = (host.name.as_str(), port).to_socket_addrs().map_err(|e| {
        let text = reason(&e);
        let text = text.strip_prefix("failed to lookup address information: ").unwrap_or(&text);
        Error::new(format!("could not translate host name \"{}\" to address: {text}", host.name))
    })?;
    Ok(found.map(Address::Tcp).collect())
}

impl Address {
    pub(super) fn is_unix(&self) -> bool {
        matches!(self, Address::Unix(_))
    }

    pub(super) fn ip(&self) -> Option<IpAddr> {
        match self {
            Address::Unix(_) => None,
            Address::Tcp(address) => Some(address.ip()),
        }
    }

    /// What a failed attempt's text begins with.
    pub(super) fn failed(&self, host: &Host) -> String {
        match self {
            Address::Unix(path) => format!("connection to server on socket \"{path}\" failed: "),
            Address::Tcp(address) => {
                let (ip, port) = (address.ip().to_string(), &host.port);
                let shown = host.address.as_ref().unwrap_or(&host.name);
                if *shown == ip {
                    format!("connection to server at \"{shown}\", port {port} failed: ")
                } else {
                    format!("connection to server at \"{shown}\" ({ip}), port {port} failed: ")
                }
            }
        }
    }

    /// Opens a socket and connects it.
    ///
    /// # Errors
    /// The text to show.
    pub(super) fn open(&self, keepalive: &Keepalive, deadline: Option<Instant>) -> Result<OwnedFd, String> {
        let family = match self {
            Address::Unix(_) => AddressFamily::UNIX,
            Address::Tcp(SocketAddr::V4(_)) => AddressFamily::INET,
            Address::Tcp(SocketAddr::V6(_)) => AddressFamily::INET6,
        };
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let socket = socket_with(family, SocketType::STREAM, flags, None)
            .map_err(|e| format!("could not create socket: {}", reason(&e.into())))?;
        if !self.is_unix() {
            options(&socket, keepalive)?;
        }
        let unreachable = |e: io::Error| {
            let advice = match self {
                Address::Unix(_) => "Is the server running locally and accepting connections on that socket?",
                Address::Tcp(_) => "Is the server running on that host and accepting TCP/IP connections?",
            };
            match e.kind() {
                io::ErrorKind::TimedOut if deadline.is_some_and(|deadline| deadline <= Instant::now()) => {
                    "timeout expired".to_string()
                }
                _ => format!("{}\n\t{advice}", reason(&e)),
            }
        };
        let begun = match self {
            Address::Unix(path) => match path.strip_prefix('@') {
                Some(name) => SocketAddrUnix::new_abstract_name(name.as_bytes()),
                None => SocketAddrUnix::new(path.as_str()),
            }
            .and_then(|address| connect(&socket, &address)),
            Address::Tcp(address) => connect(&socket, address),
        };
        match begun {
            Ok(()) => (),
            Err(rustix::io::Errno::INPROGRESS | rustix::io::Errno::INTR) => {
                stream::wait(socket.as_fd(), false, true, deadline).map_err(unreachable)?;
                let outcome = sockopt::socket_error(&socket)
                    .map_err(|e| format!("could not get socket error status: {}", reason(&e.into())))?;
                outcome.map_err(|e| unreachable(e.into()))?;
            }
            Err(e) => return Err(unreachable(e.into())),
        }
        // From now on, calls that must not wait say so.
        fcntl_setfl(&socket, OFlags::empty())
            .map_err(|e| format!("could not set socket to blocking mode: {}", reason(&e.into())))?;
        Ok(socket)
    }
}

fn options(socket: &OwnedFd, keepalive: &Keepalive) -> Result<(), String> {
    let failed =
        |what: &'static str| move |e: rustix::io::Errno| format!("setsockopt({what}) failed: {}", reason(&e.into()));
    sockopt::set_tcp_nodelay(socket, true)
        .map_err(|e| format!("could not set socket to TCP no delay mode: {}", reason(&e.into())))?;
    if keepalive.on {
        sockopt::set_socket_keepalive(socket, true).map_err(failed("SO_KEEPALIVE"))?;
        if let Some(idle) = keepalive.idle {
            sockopt::set_tcp_keepidle(socket, idle).map_err(failed("TCP_KEEPIDLE"))?;
        }
        if let Some(interval) = keepalive.interval {
            sockopt::set_tcp_keepintvl(socket, interval).map_err(failed("TCP_KEEPINTVL"))?;
        }
        if let Some(count) = keepalive.count {
            sockopt::set_tcp_keepcnt(socket, count).map_err(failed("TCP_KEEPCNT"))?;
        }
    }
    if keepalive.user_timeout > 0 {
        sockopt::set_tcp_user_timeout(socket, keepalive.user_timeout).map_err(failed("TCP_USER_TIMEOUT"))?;
    }
    Ok(())
}
