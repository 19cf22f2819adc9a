//! Errors and notices with their fields, and the text that libpq makes of them.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use wire::Body;

use crate::Error;

/// How much of an error is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Verbosity {
    /// Severity, text and position on one line.
    Terse,
    /// Detail, hint and the like below it.
    #[default]
    Default,
    /// All fields.
    Verbose,
    /// Severity and SQLSTATE.
    SqlState,
}

/// When the CONTEXT field is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ContextVisibility {
    /// Not at all.
    Never,
    /// With errors, but not with notices.
    #[default]
    Errors,
    /// Always.
    Always,
}

/// An error or a notice of the server, or (without fields) one of this library.
#[derive(Clone, Debug)]
pub struct ServerError {
    origin: Origin,
    /// The command that failed.
    query: Option<Arc<[u8]>>,
    /// What happened after it: a line or more each.
    more: Vec<String>,
}

#[derive(Clone, Debug)]
enum Origin {
    /// The body of the message, known to be well-formed: a code and a text for each field, then a zero byte.
    Server(Box<[u8]>),
    Client(String),
}

/// A notice is an error that did not stop anything.
pub type Notice = ServerError;

impl ServerError {
    /// Reads the body of an ErrorResponse or NoticeResponse.
    pub(crate) fn parse(body: &mut Body<'_>, query: Option<Arc<[u8]>>) -> error::Result<ServerError> {
        let mut walk = *body;
        let start = walk.len();
        while walk.u8()? != 0 {
            walk.c_bytes()?;
        }
        let bytes = body.bytes(start - walk.len())?;
        Ok(ServerError { origin: Origin::Server(bytes.into()), query, more: Vec::new() })
    }

    /// An error of this library's own.
    pub(crate) fn local(text: impl Into<String>) -> ServerError {
        ServerError { origin: Origin::Client(text.into()), query: None, more: Vec::new() }
    }

    /// Adds what happened afterwards.
    pub(crate) fn add(&mut self, later: &ServerError) {
        self.more.push(later.message(Verbosity::Default, ContextVisibility::Errors));
    }

    /// A field by its code, such as `b'M'` for the message, as the server sent it.
    pub fn field_bytes(&self, code: u8) -> Option<&[u8]> {
        let Origin::Server(bytes) = &self.origin else { return None };
        let mut body = Body::new(bytes);
        loop {
            let found = body.u8().ok().filter(|&found| found != 0)?;
            let text = body.c_bytes().ok()?;
            if found == code {
                return Some(text);
            }
        }
    }

    /// A field by its code, such as `b'M'` for the message.
    pub fn field(&self, code: u8) -> Option<Cow<'_, str>> {
        self.field_bytes(code).map(String::from_utf8_lossy)
    }

    /// The SQLSTATE; empty for an error of this library.
    pub fn sqlstate(&self) -> Cow<'_, str> {
        self.field(b'C').unwrap_or_default()
    }

    /// Whether it comes from this library and not from the server.
    pub fn is_local(&self) -> bool {
        matches!(self.origin, Origin::Client(_))
    }

    /// Its primary message, without severity.
    pub fn primary(&self) -> Cow<'_, str> {
        match &self.origin {
            Origin::Client(text) => Cow::Borrowed(text),
            Origin::Server(_) => self.field(b'M').unwrap_or_default(),
        }
    }

    /// The text to show, as libpq makes it, without a newline at its end.
    pub fn message(&self, verbosity: Verbosity, context: ContextVisibility) -> String {
        String::from_utf8_lossy(&self.message_bytes(verbosity, context)).into_owned()
    }

    /// The text to show, as bytes in the session's encoding, without a newline at its end.
    pub fn message_bytes(&self, verbosity: Verbosity, context: ContextVisibility) -> Vec<u8> {
        let mut text = match &self.origin {
            Origin::Client(text) => text.clone().into_bytes(),
            Origin::Server(_) => self.format(verbosity, context),
        };
        for more in &self.more {
            text.push(b'\n');
            text.extend_from_slice(more.as_bytes());
        }
        text
    }

    fn format(&self, verbosity: Verbosity, context: ContextVisibility) -> Vec<u8> {
        let mut out = Vec::new();
        let mut put = |parts: &[&[u8]]| parts.iter().for_each(|part| out.extend_from_slice(part));
        let field = |code| self.field_bytes(code);
        if let Some(severity) = field(b'S') {
            put(&[severity, b":  "]);
        }
        let state = field(b'C');
        if let (Verbosity::SqlState, Some(state)) = (verbosity, state) {
            put(&[state]);
            return out;
        }
        // Without a state to show, that level is like the terse one.
        let verbosity = if verbosity == Verbosity::SqlState { Verbosity::Terse } else { verbosity };
        if let (Verbosity::Verbose, Some(state)) = (verbosity, state) {
            put(&[state, b": "]);
        }
        if let Some(message) = field(b'M') {
            put(&[message]);
        }
        // The place: in the command, or in a query that the server made itself.
        let (place, query) = match (field(b'P'), field(b'p')) {
            (Some(place), _) => (Some(place), self.query.as_deref()),
            (None, place) => (place, field(b'q')),
        };
        match (place, query) {
            (Some(place), Some(query)) if verbosity != Verbosity::Terse => {
                let place = std::str::from_utf8(place).ok().and_then(|place| place.parse().ok()).unwrap_or(0);
                crate::excerpt::append(&mut out, query, place);
            }
            (Some(place), _) => put(&[b" at character ", place]),
            (None, _) => (),
        }
        let mut line = |label: &str, parts: &[&[u8]]| {
            out.push(b'\n');
            out.extend_from_slice(label.as_bytes());
            parts.iter().for_each(|part| out.extend_from_slice(part));
        };
        let mut labelled = |label: &str, code: u8| {
            if let Some(text) = field(code) {
                line(label, &[text]);
            }
        };
        if verbosity != Verbosity::Terse {
            labelled("DETAIL:  ", b'D');
            labelled("HINT:  ", b'H');
            labelled("QUERY:  ", b'q');
            let is_error = matches!(field(b'V').or(field(b'S')), Some(b"ERROR" | b"FATAL" | b"PANIC"));
            if context == ContextVisibility::Always || context == ContextVisibility::Errors && is_error {
                labelled("CONTEXT:  ", b'W');
            }
        }
        if verbosity == Verbosity::Verbose {
            labelled("SCHEMA NAME:  ", b's');
            labelled("TABLE NAME:  ", b't');
            labelled("COLUMN NAME:  ", b'c');
            labelled("DATATYPE NAME:  ", b'd');
            labelled("CONSTRAINT NAME:  ", b'n');
            let (file, number, routine) = (field(b'F'), field(b'L'), field(b'R'));
            if file.is_some() || number.is_some() || routine.is_some() {
                let mut place = Vec::new();
                if let Some(routine) = routine {
                    place.extend_from_slice(&[routine, b", "].concat());
                }
                if let (Some(file), Some(number)) = (file, number) {
                    place.extend_from_slice(&[file, b":", number].concat());
                }
                line("LOCATION:  ", &[&place]);
            }
        }
        out
    }
}

impl fmt::Display for ServerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message(Verbosity::Default, ContextVisibility::Errors))
    }
}

impl std::error::Error for ServerError {}

impl From<Error> for ServerError {
    fn from(error: Error) -> ServerError {
        ServerError::local(error.message())
    }
}
