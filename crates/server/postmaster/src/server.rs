//! What the postmaster starts: the table of processes that the binary fills in.

use std::io;
use std::net::{SocketAddr, TcpStream};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::path::Path;

use error::Result;
use log::{Logger, ZoneLookup};
use settings::{Hooks, LoadKind, NoHooks, Settings, id};
use shm::{Layout, Process, ProcessKind, Processes, Segment};

/// The processes of a server, and the shared state that they need.
///
/// The postmaster calls [`configure`](Server::configure), [`layout`](Server::layout) and [`attach`](Server::attach) before it
/// forks; the children inherit the [`Store`](Server::Store) as it then is, so whatever is warm in it stays warm. After a
/// crash `layout` and `attach` are called again for a new segment.
pub trait Server: Sized {
    /// The promises of shared memory.
    type Request;
    /// Handles to shared memory and files, made before the fork.
    type Store;

    /// Rules for settings that need more than their text.
    fn hooks(&self) -> &dyn Hooks {
        &NoHooks
    }

    /// Where the log finds its time zone.
    fn zones(&self) -> ZoneLookup {
        log::time::utc_only
    }

    /// Reads what the data directory fixes (control file), and sets the settings that only tell of it. Refuses a directory
    /// that is not fit for use.
    ///
    /// # Errors
    ///
    /// Why the server cannot start.
    fn configure(&self, settings: &mut Settings, data_directory: &Path) -> Result<()>;

    /// The configuration files were read again. Gives what could not be taken over: it is logged, and the old state stays.
    fn reloaded(&self, store: &mut Self::Store, settings: &Settings, data_directory: &Path) -> Vec<error::Error> {
        let _ = (store, settings, data_directory);
        Vec::new()
    }

    /// Asks for shared memory.
    ///
    /// # Errors
    ///
    /// Settings that do not go together.
    fn layout(&self, settings: &Settings, data_directory: &Path, layout: &mut Layout) -> Result<Self::Request>;

    /// Sets the shared memory up.
    ///
    /// # Errors
    ///
    /// Files that cannot be used.
    fn attach(
        &self,
        segment: &Segment,
        request: Self::Request,
        processes: &Processes,
        settings: &Settings,
        data_directory: &Path,
    ) -> Result<Self::Store>;

    /// The startup process: recovers if need be, logs how, and returns when the database is consistent and may be
    /// written. The checkpointer and the background writer are already there.
    ///
    /// # Errors
    ///
    /// The server cannot start.
    fn startup(&self, child: Child<'_, Self::Store>) -> Result<()>;

    /// The auxiliary processes: one row each.
    fn auxiliaries(&self) -> &[Auxiliary<Self>];

    /// An autovacuum worker, which the launcher asked for by
    /// [`Processes::request_worker`](shm::Processes::request_worker).
    ///
    /// # Errors
    ///
    /// What is to be logged.
    fn autovacuum_worker(&self, child: Child<'_, Self::Store>) -> Result<()>;

    /// Serves a client, from the start-up packet to the end. Errors that the client has been told of are not returned.
    ///
    /// # Errors
    ///
    /// What is to be logged; the process ends then.
    fn backend(&self, child: Child<'_, Self::Store>, connection: Connection) -> Result<Ended>;

    /// A backend whose session is over is about to wait for another client: it lets go of what it holds of the database.
    fn rest(&self, store: &Self::Store) {
        let _ = store;
    }
}

/// How a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Nothing is left of it: the process may serve another client.
    Clean,
    /// Something may be left: the process ends with it.
    Unclean,
}

/// A row of the table of auxiliary processes. It runs until it is told to stop and returns then:
///
/// - the checkpointer when [`Interrupt::USER`](shm::Interrupt::USER) comes: it makes the shutdown checkpoint first
///   (`TERMINATE` and `CANCEL` are not for it);
/// - the others when [`Interrupt::TERMINATE`](shm::Interrupt::TERMINATE) comes.
pub struct Auxiliary<S: Server> {
    /// Its kind. Checkpointer and background writer start with the startup process, the others after it.
    pub kind: ProcessKind,
    /// Whether these settings want it to run.
    pub wanted: fn(&Settings) -> bool,
    /// What it does.
    pub run: fn(&S, Child<'_, S::Store>) -> Result<()>,
}

/// What a child process is given.
pub struct Child<'a, T> {
    /// Its place in the process table; its signals already arrive there.
    pub process: Process,
    /// The shared state.
    pub store: &'a T,
    /// The settings as the postmaster had them: in this process they are the child's own.
    pub settings: &'a mut Settings,
    /// The log.
    pub logger: &'a mut Logger,
    /// The data directory, which is also the working directory.
    pub data_directory: &'a Path,
    /// The postmaster's process id.
    pub postmaster: i32,
    /// When the server started: microseconds since 1970.
    pub server_started_us: i64,
}

impl<T> Child<'_, T> {
    /// Shows what the process does in `ps`: `postgres: [cluster name: ]WHAT`.
    pub fn set_title(&self, what: &str) {
        set_title(self.settings, what);
    }

    /// Reads the configuration files again, when the interrupt `RELOAD` came. The postmaster has logged what is wrong with
    /// them.
    pub fn reload(&mut self, hooks: &dyn Hooks) {
        reload(self.settings, self.data_directory, hooks, &mut |_| ());
        self.logger.configure(self.settings);
    }
}

/// Shows a process's work in `ps`, unless the setting `update_process_title` is off for a client's.
pub fn set_title(settings: &Settings, what: &str) {
    let cluster = settings.string(id::CLUSTER_NAME);
    let separator = if cluster.is_empty() { "" } else { ": " };
    sys::title::set(format_args!("postgres: {cluster}{separator}{what}"));
}

/// Reads the configuration files again; what is to be said of it goes to `log`.
pub fn reload(settings: &mut Settings, data_directory: &Path, hooks: &dyn Hooks, log: &mut dyn FnMut(error::Error)) {
    let file = Path::new(settings.string(id::CONFIG_FILE)).to_path_buf();
    // A reload reports through `log`; only a start fails.
    let _ = settings.load_files(&file, Some(data_directory), LoadKind::Reload, hooks, log);
}

/// A client's connection, as accepted.
#[derive(Debug)]
pub struct Connection {
    /// The socket, blocking.
    pub socket: Socket,
    /// When it was accepted: microseconds since 1970.
    pub accepted_us: i64,
}

/// A client's socket.
#[derive(Debug)]
pub enum Socket {
    /// In the file system.
    Unix(UnixStream),
    /// Over the network.
    Tcp(TcpStream),
}

impl Socket {
    /// The other end's host, as the log shows it: `[local]` for a socket in the file system.
    pub fn remote_host(&self) -> String {
        self.peer().map_or_else(|| "[local]".into(), |address| address.ip().to_canonical().to_string())
    }

    /// The other end's port; empty for a socket in the file system.
    pub fn remote_port(&self) -> String {
        self.peer().map_or_else(String::new, |address| address.port().to_string())
    }

    /// This end's address; `[local]` for a socket in the file system.
    pub fn local_host(&self) -> String {
        match self {
            Socket::Unix(_) => "[local]".into(),
            Socket::Tcp(tcp) => tcp.local_addr().map_or_else(|_| String::new(), |a| a.ip().to_canonical().to_string()),
        }
    }

    /// The other end's address; `None` for a socket in the file system.
    pub fn peer(&self) -> Option<SocketAddr> {
        match self {
            Socket::Unix(_) => None,
            Socket::Tcp(tcp) => tcp.peer_addr().ok(),
        }
    }

    /// Whether reads and writes return at once instead of waiting.
    ///
    /// # Errors
    ///
    /// The system call's.
    pub fn set_nonblocking(&self, nonblocking: bool) -> io::Result<()> {
        match self {
            Socket::Unix(unix) => unix.set_nonblocking(nonblocking),
            Socket::Tcp(tcp) => tcp.set_nonblocking(nonblocking),
        }
    }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Socket::Unix(unix) => unix.as_fd(),
            Socket::Tcp(tcp) => tcp.as_fd(),
        }
    }
}

impl io::Read for &Socket {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Socket::Unix(unix) => (&mut &*unix).read(buffer),
            Socket::Tcp(tcp) => (&mut &*tcp).read(buffer),
        }
    }
}

impl io::Write for &Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Socket::Unix(unix) => (&mut &*unix).write(bytes),
            Socket::Tcp(tcp) => (&mut &*tcp).write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl From<Socket> for std::os::fd::OwnedFd {
    fn from(socket: Socket) -> std::os::fd::OwnedFd {
        match socket {
            Socket::Unix(unix) => unix.into(),
            Socket::Tcp(tcp) => tcp.into(),
        }
    }
}
