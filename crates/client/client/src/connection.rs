//! A session: what is known about it, and what state it is in.

use std::collections::VecDeque;
use std::os::fd::BorrowedFd;
use std::sync::Arc;

use wire::ProtocolVersion;

use crate::connect::{Established, Start, establish, ping};
use crate::input::Input;
use crate::pipeline::Pending;
use crate::receive::Building;
use crate::stream::Stream;
use crate::{CancelHandle, Config, ConnectError, Error, Notice, Ping, QueryResult};

/// The session's transaction state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransactionStatus {
    /// Not in a transaction block.
    Idle,
    /// A command is running.
    Active,
    /// In a transaction block.
    InBlock,
    /// In a failed transaction block.
    Failed,
    /// The connection is lost.
    Unknown,
}

/// Whether commands are queued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PipelineStatus {
    /// One command after the other.
    Off,
    /// Commands are queued.
    On,
    /// A queued command failed; those up to the next synchronisation point are skipped.
    Aborted,
}

/// A notification that somebody sent with NOTIFY.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notification {
    /// The process that sent it.
    pub pid: i32,
    /// The channel.
    pub channel: String,
    /// The payload; may be empty.
    pub payload: String,
}

/// How the session is encrypted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsInfo {
    /// The library's name.
    pub library: &'static str,
    /// The protocol's version, such as `TLSv1.3`.
    pub protocol: String,
    /// The cipher's name, such as `TLS_AES_256_GCM_SHA384`.
    pub cipher: String,
    /// Bits of the cipher's key.
    pub key_bits: u32,
    /// The application protocol agreed on, such as `postgresql`.
    pub alpn: Option<String>,
}

/// What a session is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Nothing.
    Idle,
    /// Waits for answers to the head of the queue.
    Busy,
    /// A result is ready; more may follow.
    Ready,
    /// The head's results are all given; `None` comes next, then the following command's.
    Between,
    CopyIn,
    CopyOut,
    CopyBoth,
}

/// A session with a server. Commands are sent with `send_…`, their answers taken with [`Connection::next_result`]; `exec` does
/// both. Dropping it says good-bye to the server.
pub struct Connection {
    pub(crate) stream: Stream,
    pub(crate) input: Input,
    pub(crate) output: Vec<u8>,
    pub(crate) established: Established,
    pub(crate) transaction: TransactionStatus,
    pub(crate) phase: Phase,
    pub(crate) pipeline: PipelineStatus,
    /// Commands sent and not yet answered; the first is being answered.
    pub(crate) queue: VecDeque<Pending>,
    pub(crate) building: Building,
    /// What `next_result` gives in phase `Ready`.
    pub(crate) ready: Option<QueryResult>,
    /// Rows per result of the command being answered; 0 for all.
    pub(crate) chunk_rows: usize,
    /// Why sending failed. Receiving goes on, as the server may have said why it left.
    pub(crate) send_failure: Option<String>,
    /// Why there is no session any more.
    pub(crate) broken: Option<String>,
    pub(crate) notices: VecDeque<Notice>,
    pub(crate) notice_handler: Option<Box<dyn FnMut(&Notice) + Send>>,
    pub(crate) notifications: VecDeque<Notification>,
    /// Bytes that one result may take.
    pub(crate) memory_limit: usize,
}

/// Notices and notifications kept for `take_…`, each; older ones are dropped.
pub(crate) const KEPT: usize = 100_000;

impl Connection {
    /// Connects, as `config` says.
    ///
    /// # Errors
    /// Why none of the hosts gave a session, with libpq's text.
    pub fn connect(config: &Config) -> Result<Connection, ConnectError> {
        establish(config)
    }

    /// Asks a server whether it accepts connections. Neither the role nor the database has to exist.
    pub fn ping(config: &Config) -> Ping {
        ping(config)
    }

    pub(crate) fn new(start: Start) -> Connection {
        Connection {
            stream: start.stream,
            input: start.input,
            output: Vec::new(),
            established: start.established,
            transaction: start.transaction,
            phase: Phase::Idle,
            pipeline: PipelineStatus::Off,
            queue: VecDeque::new(),
            building: Building::Nothing,
            ready: None,
            chunk_rows: 0,
            send_failure: None,
            broken: None,
            notices: start.notices.into(),
            notice_handler: None,
            notifications: VecDeque::new(),
            memory_limit: all_memory(),
        }
    }

    /// The server's version as a number, such as 180006; 0 if it is not known.
    pub fn server_version(&self) -> i32 {
        self.parameter("server_version").map_or(0, version_number)
    }

    /// The value of a setting that the server reports.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        let mut parameters = self.established.parameters.iter();
        parameters.find(|parameter| parameter.0 == name).map(|parameter| parameter.1.as_str())
    }

    /// The process that serves the session.
    pub fn backend_pid(&self) -> i32 {
        self.established.pid
    }

    /// The session's transaction state.
    pub fn transaction_status(&self) -> TransactionStatus {
        match self.phase {
            _ if self.is_broken() => TransactionStatus::Unknown,
            Phase::Idle => self.transaction,
            _ => TransactionStatus::Active,
        }
    }

    /// Whether commands are queued.
    pub fn pipeline_status(&self) -> PipelineStatus {
        self.pipeline
    }

    /// The host connected to: a name, an address, or the directory of a socket.
    pub fn host(&self) -> &str {
        match &self.established.host {
            host if host.name.is_empty() => host.address.as_deref().unwrap_or_default(),
            host => &host.name,
        }
    }

    /// The address connected to; empty for a socket in the file system.
    pub fn hostaddr(&self) -> String {
        self.established.address()
    }

    /// The port connected to.
    pub fn port(&self) -> &str {
        &self.established.host.port
    }

    /// The role asked for.
    pub fn user(&self) -> &str {
        self.established.config.get("user").unwrap_or_default()
    }

    /// The database connected to.
    pub fn dbname(&self) -> &str {
        self.established.config.get("dbname").unwrap_or_default()
    }

    /// The password given, in whatever way.
    pub fn password(&self) -> Option<&str> {
        self.established.host.password.as_deref()
    }

    /// The command-line options sent to the server.
    pub fn options(&self) -> &str {
        self.established.config.get("options").unwrap_or_default()
    }

    /// All that the connection was made with, defaults included.
    pub fn config(&self) -> &Config {
        &self.established.config
    }

    /// Whether the server asked for a password.
    pub fn password_used(&self) -> bool {
        self.established.password_used
    }

    /// How the session is encrypted, if it is.
    pub fn tls(&self) -> Option<&TlsInfo> {
        self.established.tls.as_ref()
    }

    /// The version of the protocol.
    pub fn protocol_version(&self) -> ProtocolVersion {
        self.established.version
    }

    /// Whether the connection is lost.
    pub fn is_broken(&self) -> bool {
        self.broken.is_some()
    }

    /// What interrupts a running command; it may go to another thread.
    pub fn cancel_handle(&self) -> CancelHandle {
        CancelHandle::new(&self.established)
    }

    /// The socket, to wait for it together with others.
    pub fn socket(&self) -> BorrowedFd<'_> {
        self.stream.socket()
    }

    /// Bytes that one result may take at most: beyond, it becomes an error. As much as the machine has, if not set.
    pub fn set_memory_limit(&mut self, bytes: usize) {
        self.memory_limit = bytes;
    }

    /// Has each notice handled as it comes, instead of being kept for [`Connection::take_notices`].
    pub fn set_notice_handler(&mut self, handler: impl FnMut(&Notice) + Send + 'static) {
        self.notice_handler = Some(Box::new(handler));
    }

    /// The notices since the last call; of more than 100,000 the oldest are lost.
    pub fn take_notices(&mut self) -> Vec<Notice> {
        self.notices.drain(..).collect()
    }

    /// The notifications since the last call; of more than 100,000 the oldest are lost. Those not yet received:
    /// [`Connection::consume_input`].
    pub fn take_notifications(&mut self) -> Vec<Notification> {
        self.notifications.drain(..).collect()
    }

    /// Connects anew with the same configuration.
    ///
    /// # Errors
    /// As [`Connection::connect`]; the session is then lost.
    pub fn reset(&mut self) -> Result<(), ConnectError> {
        let config = self.established.config.clone();
        let mut new = Connection::connect(&config).inspect_err(|_| {
            self.broken.get_or_insert_with(|| "no connection to the server".into());
        })?;
        new.notice_handler = self.notice_handler.take();
        new.memory_limit = self.memory_limit;
        *self = new;
        Ok(())
    }

    /// The connection is lost for this reason; gives it back as an error to show.
    pub(crate) fn break_off(&mut self, reason: impl Into<String>) -> Error {
        let reason = reason.into();
        self.broken = Some(reason.clone());
        self.queue.clear();
        self.output.clear();
        self.building = Building::Nothing;
        self.pipeline = PipelineStatus::Off;
        Error::new(reason)
    }

    /// The text of the command being answered.
    pub(crate) fn current_query(&self) -> Option<Arc<[u8]>> {
        self.queue.front().and_then(|pending| pending.text.clone())
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if !self.is_broken() && self.send_failure.is_none() {
            self.output.clear();
            wire::frontend::terminate(&mut self.output);
            let _ = self.stream.send(&self.output);
            self.stream.close();
        }
    }
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connection")
            .field("host", &self.host())
            .field("port", &self.port())
            .field("user", &self.user())
            .field("dbname", &self.dbname())
            .field("phase", &self.phase)
            .finish_non_exhaustive()
    }
}

/// Bytes of memory that the machine has, swap included.
fn all_memory() -> usize {
    let info = rustix::system::sysinfo();
    let units = (info.totalram as u64).saturating_add(info.totalswap as u64);
    usize::try_from(units.saturating_mul(info.mem_unit as u64)).unwrap_or(usize::MAX).max(1 << 30)
}

/// `18.6 (Debian …)` is 180006, `9.6.2` is 90602, `19beta1` is 190000.
fn version_number(text: &str) -> i32 {
    let mut parts = text.split(|c: char| !c.is_ascii_digit());
    let dots = text.split(|c: char| !c.is_ascii_digit() && c != '.').next().unwrap_or_default();
    let mut part = |wanted: bool| -> i32 {
        if wanted { parts.next().and_then(|part| part.parse().ok()).filter(|n| *n < 10_000).unwrap_or(0) } else { 0 }
    };
    let count = dots.split('.').filter(|part| !part.is_empty()).count();
    let (major, minor, revision) = (part(true), part(count > 1), part(count > 2));
    if major >= 10 { major * 10_000 + minor } else { (major * 100 + minor) * 100 + revision }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_numbers() {
        for (text, number) in
            [("18.6 (Debian 18.6-1)", 180_006), ("9.6.2", 90_602), ("19beta1", 190_000), ("14.10", 140_010), ("", 0)]
        {
            assert_eq!(version_number(text), number, "{text}");
        }
    }
}
