//! Listening: sockets in the file system and on the network.

use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use error::{Error, Result, Severity, SqlState};
use log::Logger;
use rustix::net::{AddressFamily, SocketFlags, SocketType, sockopt};
use settings::check::split_identifiers;
use settings::{Settings, id};

use crate::lockfile::{Guards, LockFile, first_lines};
use crate::server::Socket;

/// The longest path of a socket, in bytes: what fits `sockaddr_un`.
const SOCKET_PATH_LIMIT: usize = 107;

/// A socket that is listened on. A socket in the file system is removed when dropped, by the process that made it.
#[derive(Debug)]
pub(crate) struct Listener {
    fd: OwnedFd,
    unix: Option<UnixPath>,
}

#[derive(Debug)]
struct UnixPath {
    path: PathBuf,
    owner: i32,
    _lock: LockFile,
}

impl Drop for UnixPath {
    fn drop(&mut self) {
        if sys::process::id() == self.owner {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// What is listened on.
#[derive(Debug, Default)]
pub(crate) struct Listening {
    /// The sockets.
    pub(crate) listeners: Vec<Listener>,
    /// The first address, for `postmaster.pid`: empty if there is none.
    pub(crate) first_address: String,
    /// The first directory of sockets, for `postmaster.pid`.
    pub(crate) first_directory: String,
}

impl Listener {
    /// A connection that waits to be accepted; `None` if there is none any more.
    ///
    /// # Errors
    ///
    /// What the system says, such as too many open files.
    pub(crate) fn accept(&self) -> std::io::Result<Option<Socket>> {
        use rustix::io::Errno;
        match rustix::net::accept_with(&self.fd, SocketFlags::CLOEXEC) {
            Ok(fd) => Ok(Some(match self.unix {
                Some(_) => Socket::Unix(UnixStream::from(fd)),
                None => Socket::Tcp(TcpStream::from(fd)),
            })),
            Err(Errno::AGAIN | Errno::INTR | Errno::CONNABORTED) => Ok(None),
            Err(e) => Err(e.into()),
        }
    }
}

impl AsFd for Listener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

/// Listens wherever the settings say, and logs it.
///
/// # Errors
///
/// FATAL if it cannot listen on any of the addresses, or of the directories.
pub(crate) fn listen(
    settings: &Settings,
    data_directory: &Path,
    started_us: i64,
    logger: &mut Logger,
) -> Result<Listening> {
    let mut all = Listening::default();
    let port = settings.int(id::PORT);
    let backlog = settings.int(id::MAX_CONNECTIONS).saturating_mul(2).clamp(128, 4096);

    let addresses = list(settings, id::LISTEN_ADDRESSES)?;
    for host in &addresses {
        let before = all.listeners.len();
        listen_on_host(host, port as u16, backlog, &mut all, logger);
        if all.listeners.len() == before {
            let text = format!("could not create listen socket for \"{host}\"");
            logger.write(&Error::new(SqlState::WARNING, text).severity(Severity::Warning), None);
        } else if all.first_address.is_empty() {
            all.first_address = host.clone();
        }
    }
    if !addresses.is_empty() && all.listeners.is_empty() {
        return Err(Error::new(SqlState::INTERNAL_ERROR, "could not create any TCP/IP sockets").fatal());
    }

    let directories = list(settings, id::UNIX_SOCKET_DIRECTORIES)?;
    let before = all.listeners.len();
    for directory in &directories {
        match listen_in_directory(directory, settings, port, backlog, data_directory, started_us, logger) {
            Ok(listener) => {
                if all.listeners.len() == before {
                    all.first_directory = directory.clone();
                }
                all.listeners.push(listener);
            }
            Err(e) if e.state() == SqlState::LOCK_FILE_EXISTS => return Err(e),
            Err(e) => {
                logger.write(&e.severity(Severity::Log), None);
                let text = format!("could not create Unix-domain socket in directory \"{directory}\"");
                logger.write(&Error::new(SqlState::WARNING, text).severity(Severity::Warning), None);
            }
        }
    }
    if !directories.is_empty() && all.listeners.len() == before {
        return Err(Error::new(SqlState::INTERNAL_ERROR, "could not create any Unix-domain sockets").fatal());
    }
    if all.listeners.is_empty() {
        return Err(Error::new(SqlState::INTERNAL_ERROR, "no socket created for listening").fatal());
    }
    Ok(all)
}

/// A list such as `listen_addresses`: names keep their case, unlike identifiers.
fn list(settings: &Settings, parameter: settings::Id) -> Result<Vec<String>> {
    let text = settings.string(parameter);
    if split_identifiers(text).is_none() {
        let name = settings.name(parameter);
        let error =
            Error::new(SqlState::INVALID_PARAMETER_VALUE, format!("invalid list syntax in parameter \"{name}\""));
        return Err(error.fatal());
    }
    let items = text.split(',').map(|item| item.trim().trim_matches('"').to_string());
    Ok(items.filter(|item| !item.is_empty()).collect())
}

fn listen_on_host(host: &str, port: u16, backlog: i32, all: &mut Listening, logger: &mut Logger) {
    let resolved: std::io::Result<Vec<SocketAddr>> = match host {
        "*" => Ok(vec![([0, 0, 0, 0], port).into(), ([0u16; 8], port).into()]),
        _ => (host, port).to_socket_addrs().map(Iterator::collect),
    };
    let mut addresses = match resolved {
        Ok(addresses) => addresses,
        Err(e) => {
            logger.log(format!("could not translate host name \"{host}\", service \"{port}\" to address: {e}"));
            return;
        }
    };
    addresses.dedup();
    for address in addresses {
        let family = if address.is_ipv4() { "IPv4" } else { "IPv6" };
        let shown = if host == "*" || host.parse::<std::net::IpAddr>().is_err() {
            address.ip().to_string()
        } else {
            host.to_string()
        };
        match bind_tcp(address, backlog) {
            Ok(fd) => {
                logger.log(format!("listening on {family} address \"{shown}\", port {port}"));
                all.listeners.push(Listener { fd, unix: None });
            }
            // A machine without IPv6 is no reason to complain about "*" or "localhost".
            Err(rustix::io::Errno::AFNOSUPPORT | rustix::io::Errno::ADDRNOTAVAIL)
                if address.is_ipv6() && host.parse::<std::net::IpAddr>().is_err() => {}
            Err(e) => {
                let mut error = Error::io(format!("could not bind {family} address \"{shown}\""), &e.into());
                if e == rustix::io::Errno::ADDRINUSE {
                    error = error.hint(format!(
                        "Is another postmaster already running on port {port}? If not, wait a few seconds and retry."
                    ));
                }
                logger.write(&error.severity(Severity::Log), None);
            }
        }
    }
}

fn bind_tcp(address: SocketAddr, backlog: i32) -> rustix::io::Result<OwnedFd> {
    let family = if address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let fd = rustix::net::socket_with(family, SocketType::STREAM, flags, None)?;
    sockopt::set_socket_reuseaddr(&fd, true)?;
    if address.is_ipv6() {
        sockopt::set_ipv6_v6only(&fd, true)?;
    }
    rustix::net::bind(&fd, &address)?;
    rustix::net::listen(&fd, backlog)?;
    Ok(fd)
}

fn listen_in_directory(
    directory: &str,
    settings: &Settings,
    port: i32,
    backlog: i32,
    data_directory: &Path,
    started_us: i64,
    logger: &mut Logger,
) -> Result<Listener> {
    let path = Path::new(directory).join(format!(".s.PGSQL.{port}"));
    let shown = path.display().to_string();
    if shown.len() > SOCKET_PATH_LIMIT {
        let text = format!("Unix-domain socket path \"{shown}\" is too long (maximum {SOCKET_PATH_LIMIT} bytes)");
        return Err(Error::new(SqlState::INVALID_PARAMETER_VALUE, text));
    }
    let lines = first_lines(data_directory, started_us, port, directory);
    let lock = LockFile::create(Path::new(&format!("{shown}.lock")), Guards::Socket(&path), lines)?;
    // The lock is ours, so a socket that is still there is nobody's.
    let _ = std::fs::remove_file(&path);
    let failed = |e: std::io::Error| Error::io(format!("could not bind Unix address \"{shown}\""), &e);
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let bind = || -> rustix::io::Result<OwnedFd> {
        let fd = rustix::net::socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
        rustix::net::bind(&fd, &rustix::net::SocketAddrUnix::new(&path)?)?;
        Ok(fd)
    };
    let fd = bind().map_err(|e| failed(e.into()))?;
    let listener = Listener { fd, unix: Some(UnixPath { path: path.clone(), owner: sys::process::id(), _lock: lock }) };
    let group = settings.string(id::UNIX_SOCKET_GROUP);
    if !group.is_empty() {
        let number = group.parse().ok().or_else(|| sys::process::group_id(group)).ok_or_else(|| {
            Error::new(SqlState::INVALID_PARAMETER_VALUE, format!("group \"{group}\" does not exist"))
        })?;
        std::os::unix::fs::chown(&path, None, Some(number))
            .map_err(|e| Error::io(format!("could not set group of file \"{shown}\""), &e))?;
    }
    let mode = settings.int(id::UNIX_SOCKET_PERMISSIONS) as u32;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode))
        .map_err(|e| Error::io(format!("could not set permissions of file \"{shown}\""), &e))?;
    rustix::net::listen(&listener.fd, backlog).map_err(|e| failed(e.into()))?;
    logger.log(format!("listening on Unix socket \"{shown}\""));
    Ok(listener)
}

/// Tells systemd of the server's state, if it asked (`NOTIFY_SOCKET`).
pub(crate) fn notify(state: &str) {
    use std::os::linux::net::SocketAddrExt;
    let Some(address) = std::env::var_os("NOTIFY_SOCKET") else { return };
    let Ok(socket) = std::os::unix::net::UnixDatagram::unbound() else { return };
    let bytes = std::os::unix::ffi::OsStrExt::as_bytes(&*address);
    // A name that begins with @ is in the abstract namespace.
    let address = match bytes.strip_prefix(b"@") {
        Some(name) => std::os::unix::net::SocketAddr::from_abstract_name(name),
        None => std::os::unix::net::SocketAddr::from_pathname(&address),
    };
    if let Ok(address) = address {
        let _ = socket.send_to_addr(state.as_bytes(), &address);
    }
}
