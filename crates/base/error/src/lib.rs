//! One error type for everything a client can see: SQLSTATE, message, detail, hint, position, context.
//!
//! Every fallible function of Oliphant returns [`Result`]. An [`Error`] is one pointer wide, so the happy path stays
//! cheap. It carries all fields of the protocol's ErrorResponse, and is logged where it is consumed, once. The same type
//! serves notices and warnings, which differ only in their [`Severity`].
//!
//! ```
//! use error::{Error, SqlState};
//! let error = Error::new(SqlState::UNDEFINED_TABLE, "relation \"t\" does not exist").position(15);
//! assert_eq!(error.to_string(), "ERROR:  relation \"t\" does not exist");
//! ```
#![forbid(unsafe_code)]

mod states;

use std::fmt;

/// What fallible functions return.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Five characters that tell programs what happened (the SQL standard's SQLSTATE).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SqlState([u8; 5]);

impl SqlState {
    /// The state for a five-character code; for constants only.
    const fn from_literal(code: &str) -> SqlState {
        let code = code.as_bytes();
        assert!(code.len() == 5, "an SQLSTATE has five characters");
        SqlState([code[0], code[1], code[2], code[3], code[4]])
    }

    /// The state a five-character code of digits and upper-case letters names; `None` for anything else.
    pub fn from_code(code: &str) -> Option<SqlState> {
        let code: [u8; 5] = code.as_bytes().try_into().ok()?;
        code.iter().all(|c| c.is_ascii_digit() || c.is_ascii_uppercase()).then_some(SqlState(code))
    }

    /// The five characters.
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("XX000")
    }

    /// The first two characters: the class of the condition.
    pub fn class(&self) -> &str {
        &self.code()[..2]
    }
}

impl fmt::Debug for SqlState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Display for SqlState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// How serious a message is, in rising order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Very chatty developer messages.
    Debug5,
    /// Chatty developer messages.
    Debug4,
    /// Developer messages.
    Debug3,
    /// Developer messages.
    Debug2,
    /// Developer messages.
    Debug1,
    /// For the server's log; sent to a client only on request.
    Log,
    /// Asked for by the user, always sent to the client.
    Info,
    /// Helpful to the user.
    Notice,
    /// Likely a problem.
    Warning,
    /// The statement failed.
    Error,
    /// The session ends.
    Fatal,
    /// All sessions end, and the server recovers.
    Panic,
}

impl Severity {
    /// The word that the protocol and the log use.
    pub fn name(self) -> &'static str {
        match self {
            Severity::Debug5 | Severity::Debug4 | Severity::Debug3 | Severity::Debug2 | Severity::Debug1 => "DEBUG",
            Severity::Log => "LOG",
            Severity::Info => "INFO",
            Severity::Notice => "NOTICE",
            Severity::Warning => "WARNING",
            Severity::Error => "ERROR",
            Severity::Fatal => "FATAL",
            Severity::Panic => "PANIC",
        }
    }
}

/// The fields of an [`Error`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fields {
    /// How serious it is.
    pub severity: Severity,
    /// What happened, for programs.
    pub state: SqlState,
    /// What happened, for people: one line, no full stop.
    pub message: String,
    /// More facts, in full sentences.
    pub detail: Option<String>,
    /// Facts for the server's log only.
    pub detail_log: Option<String>,
    /// What to do about it, in full sentences.
    pub hint: Option<String>,
    /// Where in the statement's text: characters, from 1.
    pub position: Option<u32>,
    /// Where in `internal_query`: characters, from 1.
    pub internal_position: Option<u32>,
    /// The text of an internally made statement that failed.
    pub internal_query: Option<String>,
    /// Where it happened, innermost first, a line each.
    pub context: Option<String>,
    /// The schema of the object concerned.
    pub schema: Option<String>,
    /// The table concerned.
    pub table: Option<String>,
    /// The column concerned.
    pub column: Option<String>,
    /// The data type concerned.
    pub data_type: Option<String>,
    /// The constraint concerned.
    pub constraint: Option<String>,
    /// The source position that raised it.
    pub source: &'static std::panic::Location<'static>,
    /// Keep the statement's text out of the log.
    pub hide_statement: bool,
}

/// A failure, or a notice: everything that a client can be told. Made with [`Error::new`] and the builder methods.
#[derive(Clone, PartialEq, Eq)]
pub struct Error(Box<Fields>);

macro_rules! text_setters {
    ($($(#[$doc:meta])* $name:ident => $field:ident;)*) => {
        $($(#[$doc])*
        #[must_use]
        pub fn $name(mut self, text: impl Into<String>) -> Error {
            self.0.$field = Some(text.into());
            self
        })*
    };
}

impl Error {
    /// An error of severity `ERROR`.
    #[track_caller]
    #[cold]
    pub fn new(state: SqlState, message: impl Into<String>) -> Error {
        Error(Box::new(Fields {
            severity: Severity::Error,
            state,
            message: message.into(),
            detail: None,
            detail_log: None,
            hint: None,
            position: None,
            internal_position: None,
            internal_query: None,
            context: None,
            schema: None,
            table: None,
            column: None,
            data_type: None,
            constraint: None,
            source: std::panic::Location::caller(),
            hide_statement: false,
        }))
    }

    /// `XX000`: something that cannot happen, did.
    #[track_caller]
    #[cold]
    pub fn internal(message: impl Into<String>) -> Error {
        Error::new(SqlState::INTERNAL_ERROR, message)
    }

    /// `0A000 WHAT is not implemented`: part of PostgreSQL 18 that Oliphant does not have yet.
    #[track_caller]
    #[cold]
    pub fn not_implemented(what: impl fmt::Display) -> Error {
        Error::new(SqlState::FEATURE_NOT_SUPPORTED, format!("{what} is not implemented"))
    }

    /// `XX001`: stored data is damaged.
    #[track_caller]
    #[cold]
    pub fn corrupted(message: impl Into<String>) -> Error {
        Error::new(SqlState::DATA_CORRUPTED, message)
    }

    /// A failed system call, with PostgreSQL's choice of SQLSTATE for its reason:
    /// `Error::io("could not open file \"x\"", &e)` reads `could not open file "x": No such file or directory`.
    #[track_caller]
    #[cold]
    pub fn io(what: impl fmt::Display, reason: &std::io::Error) -> Error {
        use std::io::ErrorKind;
        let state = match reason.kind() {
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => SqlState::INSUFFICIENT_PRIVILEGE,
            ErrorKind::NotFound => SqlState::UNDEFINED_FILE,
            ErrorKind::AlreadyExists => SqlState::DUPLICATE_FILE,
            ErrorKind::NotADirectory | ErrorKind::IsADirectory | ErrorKind::DirectoryNotEmpty => {
                SqlState::WRONG_OBJECT_TYPE
            }
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => SqlState::DISK_FULL,
            ErrorKind::OutOfMemory => SqlState::OUT_OF_MEMORY,
            _ => match reason.raw_os_error() {
                Some(23 | 24) => SqlState::INSUFFICIENT_RESOURCES, // ENFILE, EMFILE
                Some(5) => SqlState::IO_ERROR,
                _ => SqlState::INTERNAL_ERROR,
            },
        };
        let text = reason.to_string();
        let text = text.split(" (os error").next().unwrap_or_default();
        Error::new(state, format!("{what}: {text}"))
    }

    /// The same message with another severity.
    #[must_use]
    pub fn severity(mut self, severity: Severity) -> Error {
        self.0.severity = severity;
        self
    }

    /// The same error, ending the session.
    #[must_use]
    pub fn fatal(self) -> Error {
        self.severity(Severity::Fatal)
    }

    text_setters! {
        /// More facts, in full sentences.
        detail => detail;
        /// Facts for the server's log only.
        detail_log => detail_log;
        /// What to do about it, in full sentences.
        hint => hint;
        /// The text of an internally made statement that failed.
        internal_query => internal_query;
        /// The schema of the object concerned.
        schema => schema;
        /// The table concerned.
        table => table;
        /// The column concerned.
        column => column;
        /// The data type concerned.
        data_type => data_type;
        /// The constraint concerned.
        constraint => constraint;
    }

    /// Where in the statement's text: characters, from 1. An earlier position stays.
    #[must_use]
    pub fn position(mut self, position: u32) -> Error {
        self.0.position.get_or_insert(position);
        self
    }

    /// Where in the internal query: characters, from 1.
    #[must_use]
    pub fn internal_position(mut self, position: u32) -> Error {
        self.0.internal_position = Some(position);
        self
    }

    /// One more line of context, outside the lines already there.
    #[must_use]
    pub fn context(mut self, line: impl AsRef<str>) -> Error {
        match &mut self.0.context {
            Some(context) => {
                context.push('\n');
                context.push_str(line.as_ref());
            }
            none => *none = Some(line.as_ref().to_string()),
        }
        self
    }

    /// Keeps the statement's text out of the log (a password may stand in it).
    #[must_use]
    pub fn hide_statement(mut self) -> Error {
        self.0.hide_statement = true;
        self
    }

    /// What happened, for programs.
    pub fn state(&self) -> SqlState {
        self.0.state
    }

    /// What happened, for people.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// All fields.
    pub fn fields(&self) -> &Fields {
        &self.0
    }

    /// All fields, to change.
    pub fn fields_mut(&mut self) -> &mut Fields {
        &mut self.0
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:  {}", self.0.severity.name(), self.0.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:  {}: {}", self.0.severity.name(), self.0.state, self.0.message)?;
        for (name, text) in [("DETAIL", &self.0.detail), ("HINT", &self.0.hint), ("CONTEXT", &self.0.context)] {
            if let Some(text) = text {
                write!(f, "\n{name}:  {text}")?;
            }
        }
        write!(f, "\nLOCATION:  {}", self.0.source)
    }
}

impl std::error::Error for Error {}

/// Returns early with an [`Error`]: `bail!(UNDEFINED_TABLE, "relation \"{}\" does not exist", name)`.
#[macro_export]
macro_rules! bail {
    ($state:ident, $($message:tt)+) => {
        return Err($crate::Error::new($crate::SqlState::$state, format!($($message)+)))
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_round_trip() {
        for (state, condition) in SqlState::ALL {
            assert_eq!(SqlState::from_code(state.code()), Some(*state), "{condition}");
        }
        assert_eq!(SqlState::from_code("4271"), None);
        assert_eq!(SqlState::from_code("4271x"), None);
    }

    #[test]
    fn an_error_is_one_pointer() {
        assert_eq!(size_of::<Result<()>>(), size_of::<usize>());
    }

    #[test]
    fn io_errors_carry_the_plain_reason() {
        let e = Error::io("could not open file \"x\"", &std::io::Error::from_raw_os_error(2));
        assert_eq!(e.message(), "could not open file \"x\": No such file or directory");
        assert_eq!(e.state(), SqlState::UNDEFINED_FILE);
    }
}
