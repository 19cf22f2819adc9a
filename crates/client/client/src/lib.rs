//! A blocking PostgreSQL connection: libpq's role, for psql, the tools, standbys and tests.
//!
//! ```no_run
//! use client::{Config, Connection, QueryResult};
//! let config = Config::parse("host=/tmp dbname=postgres application_name=example")?;
//! let mut connection = Connection::connect(&config)?;
//! match connection.exec("select relname, relpages from pg_class limit 3") {
//!     QueryResult::Rows(rows) => {
//!         for row in 0..rows.len() {
//!             let name = rows.value(row, 0).unwrap_or_default();
//!             println!("{}", String::from_utf8_lossy(name));
//!         }
//!     }
//!     QueryResult::Error(error) => eprintln!("{error}"),
//!     other => println!("{other:?}"),
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # The parts
//!
//! - [`Config`]: connection strings and URIs, the environment, the service file, the password file.
//! - [`Connection::connect`] walks over hosts and addresses: socket, TLS, start-up, authentication.
//! - [`Connection`]: send a command, then call [`Connection::next_result`] until `None`. The same for simple queries, for the
//!   extended protocol and, with [`Connection::enter_pipeline`], for many commands at once.
//! - [`QueryResult`]: what comes back; [`Rows`] keeps all values in one buffer.
//! - [`ServerError`]: an error or a notice with all its fields, formatted as libpq does.
//! - [`CancelHandle`]: interrupts the running command from another thread.
//!
//! # Invariants
//!
//! - Everything is bytes in the session's encoding where the server sends bytes: values, names, messages. Conveniences that
//!   give `str` replace what is not UTF-8.
//! - Texts of errors are libpq's, without the newline at their end.
//! - What a server sends is never trusted: lengths are checked before memory is reserved, a message that makes no sense
//!   ends the connection with an error, and results stay below [`Connection::set_memory_limit`].
//! - No call blocks in `send` while the server blocks in its own: writing reads what comes meanwhile.
#![forbid(unsafe_code)]

mod cancel;
mod config;
mod connect;
mod connection;
mod copy;
mod excerpt;
mod input;
mod password;
mod pipeline;
mod quote;
mod receive;
mod result;
mod send;
mod server_error;
mod stream;
mod tls;
pub mod width;

use std::fmt;

pub use cancel::CancelHandle;
pub use config::{Config, Display, Keyword};
pub use connect::{ConnectError, Ping};
pub use connection::{Connection, Notification, PipelineStatus, TlsInfo, TransactionStatus};
pub use quote::{escape_bytea, escape_identifier, escape_literal, quote_identifier};
pub use result::{CommandTag, CopyInfo, Description, Field, QueryResult, Rows};
pub use send::Statement;
pub use server_error::{ContextVisibility, Notice, ServerError, Verbosity};
pub use wire::{Format, ProtocolVersion};

/// A call that cannot be done: a wrong argument, a wrong moment, a lost connection. The text is libpq's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error(String);

impl Error {
    /// An error with this text.
    pub(crate) fn new(text: impl Into<String>) -> Error {
        Error(text.into())
    }

    /// The text, without a newline at its end.
    pub fn message(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Error {}

/// The reason of a failed system call, in the system's words only.
pub(crate) fn reason(error: &std::io::Error) -> String {
    let text = error.to_string();
    match text.find(" (os error") {
        Some(end) => text[..end].to_string(),
        None => text,
    }
}
