//! The server's log: what is written, and how it looks.
//!
//! A [`Logger`] is a value that each process has: the levels and the prefix of its settings, and what is known of its
//! session. It knows nothing of sockets and transactions; whoever does tells it ([`Logger::session`]).
//!
//! ```text
//! 2026-11-22 00:13:00.185 UTC [6157] ERROR:  relation "t" does not exist at character 15
//! 2026-11-22 00:13:00.185 UTC [6157] STATEMENT:  select * from t
//! └─ log_line_prefix '%m [%p] ' ───┘
//! ```
//!
//! A message is written with one `write`, so lines of different processes do not mix. Nothing here fails: a log that
//! cannot be written is nobody's error.
#![forbid(unsafe_code)]

pub mod files;
mod prefix;
pub mod time;

use std::io::Write;

use error::{Error, Severity, SqlState};
use settings::{Settings, id};

pub use time::ZoneLookup;

/// How much of a message is written (`log_error_verbosity`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verbosity {
    /// The message only.
    Terse,
    /// With detail, hint, context, statement.
    Default,
    /// With SQLSTATE and source position too.
    Verbose,
}

/// What is known of the process's session, for the prefix.
#[derive(Clone, Debug, Default)]
pub struct Session {
    /// What `pg_stat_activity.backend_type` says.
    pub backend_type: &'static str,
    /// Whether it is a client's session (`%q` stops elsewhere).
    pub is_client: bool,
    /// Who connected; empty until known.
    pub user: String,
    /// To which database; empty until known.
    pub database: String,
    /// The client's host; `[local]` for a socket.
    pub remote_host: String,
    /// The client's port; empty for a socket.
    pub remote_port: String,
    /// The server's address it connected to; `[local]` for a socket.
    pub local_host: String,
    /// `application_name`.
    pub application_name: String,
    /// The command tag of the present statement.
    pub command: String,
    /// When the process began: microseconds since 1970.
    pub started_us: i64,
    /// The virtual transaction, `slot/number`; empty if none.
    pub virtual_transaction: String,
    /// The transaction id; zero if none.
    pub xid: u64,
    /// The identifier of the present query; zero if not computed.
    pub query_id: i64,
    /// The parallel group leader's process id; zero if none.
    pub leader: i32,
}

/// Writes the log of one process.
#[derive(Clone, Debug)]
pub struct Logger {
    /// What is known of the session; to be kept up to date.
    pub session: Session,
    prefix: String,
    zone: String,
    zones: ZoneLookup,
    min_messages: u8,
    min_error_statement: u8,
    verbosity: Verbosity,
    /// Lines written.
    lines: u64,
    /// The number of the present message's first line.
    message_line: u64,
    pid: u32,
    /// Where messages go once the postmaster has made files for them.
    files: Option<files::LogFiles>,
}

/// The order of levels for the server's log: LOG stands between ERROR and FATAL.
fn rank(severity: Severity) -> u8 {
    match severity {
        Severity::Debug5 => 0,
        Severity::Debug4 => 1,
        Severity::Debug3 => 2,
        Severity::Debug2 => 3,
        Severity::Debug1 => 4,
        Severity::Info => 5,
        Severity::Notice => 6,
        Severity::Warning => 7,
        Severity::Error => 8,
        Severity::Log => 9,
        Severity::Fatal => 10,
        Severity::Panic => 11,
    }
}

fn rank_of_word(word: &str) -> u8 {
    rank(match word {
        "debug5" => Severity::Debug5,
        "debug4" => Severity::Debug4,
        "debug3" => Severity::Debug3,
        "debug2" => Severity::Debug2,
        "debug1" => Severity::Debug1,
        "info" => Severity::Info,
        "notice" => Severity::Notice,
        "warning" => Severity::Warning,
        "error" => Severity::Error,
        "log" => Severity::Log,
        "fatal" => Severity::Fatal,
        _ => Severity::Panic,
    })
}

impl Logger {
    /// A logger for this process. `zones` finds offsets of time zones; see [`ZoneLookup`].
    pub fn new(settings: &Settings, zones: ZoneLookup) -> Logger {
        let mut logger = Logger {
            session: Session { started_us: time::now_us(), backend_type: "postmaster", ..Session::default() },
            prefix: String::new(),
            zone: String::new(),
            zones,
            min_messages: 0,
            min_error_statement: 0,
            verbosity: Verbosity::Default,
            lines: 0,
            message_line: 0,
            pid: std::process::id(),
            files: None,
        };
        logger.configure(settings);
        logger
    }

    /// Takes over the settings' values, at start and after they changed.
    pub fn configure(&mut self, settings: &Settings) {
        self.prefix = settings.string(id::LOG_LINE_PREFIX).to_string();
        self.zone = settings.string(id::LOG_TIMEZONE).to_string();
        self.min_messages = rank_of_word(settings.enumeration(id::LOG_MIN_MESSAGES));
        self.min_error_statement = rank_of_word(settings.enumeration(id::LOG_MIN_ERROR_STATEMENT));
        self.session.application_name = settings.string(id::APPLICATION_NAME).to_string();
        self.verbosity = match settings.enumeration(id::LOG_ERROR_VERBOSITY) {
            "terse" => Verbosity::Terse,
            "verbose" => Verbosity::Verbose,
            _ => Verbosity::Default,
        };
    }

    /// Begins anew in a forked process: its own id, start, and line numbers.
    pub fn forked(&mut self, session: Session) {
        self.pid = std::process::id();
        self.lines = 0;
        self.session = session;
        if self.session.started_us == 0 {
            self.session.started_us = time::now_us();
        }
    }

    /// Whether a message of this severity goes to the log: to be asked before an expensive one is made.
    #[inline]
    pub fn wants(&self, severity: Severity) -> bool {
        rank(severity) >= self.min_messages
    }

    /// Writes a message if its severity asks for it; `statement` is the text that the session runs.
    pub fn write(&mut self, message: &Error, statement: Option<&str>) {
        if !self.wants(message.fields().severity) {
            return;
        }
        let mut text = String::new();
        self.format(message, statement, &mut text);
        let Some(mut files) = self.files.take() else {
            let _ = std::io::stderr().write_all(text.as_bytes());
            return;
        };
        let written = files.write(|format| match format {
            files::Format::Stderr => text.clone(),
            files::Format::Csv => self.csv(message, statement),
            files::Format::Json => self.json(message, statement),
        });
        if !written {
            let _ = std::io::stderr().write_all(text.as_bytes());
        }
        self.files = Some(files);
    }

    /// From now on messages go to the files that `current_logfiles` in the data directory names.
    pub fn to_files(&mut self, data_directory: &std::path::Path) {
        self.files = Some(files::LogFiles::new(data_directory));
    }

    /// What a message is made of, by the names of jsonlog's keys; whether the value is a number.
    fn parts(&self, message: &Error, statement: Option<&str>) -> Vec<(&'static str, Option<String>, bool)> {
        let fields = message.fields();
        let session = &self.session;
        let now = time::format(time::now_us(), &self.zone, self.zones, true);
        let start = time::format(session.started_us, &self.zone, self.zones, false);
        let some = |text: &str| (!text.is_empty()).then(|| text.to_string());
        let wanted = rank(fields.severity) >= self.min_error_statement && !fields.hide_statement;
        let full = self.verbosity >= Verbosity::Default;
        let detail = fields.detail_log.clone().or_else(|| fields.detail.clone()).filter(|_| full);
        let location = (self.verbosity == Verbosity::Verbose).then(|| fields.source.to_string());
        let shown = statement.filter(|_| wanted);
        vec![
            ("timestamp", Some(now), false),
            ("user", some(&session.user), false),
            ("dbname", some(&session.database), false),
            ("pid", Some(self.pid.to_string()), true),
            ("remote_host", some(&session.remote_host), false),
            ("remote_port", some(&session.remote_port), true),
            ("session_id", Some(format!("{:x}.{:x}", session.started_us / 1_000_000, self.pid)), false),
            ("line_num", Some(self.message_line.to_string()), true),
            ("ps", some(&session.command), false),
            ("session_start", Some(start), false),
            ("vxid", some(&session.virtual_transaction), false),
            ("txid", Some(session.xid.to_string()), true),
            ("error_severity", Some(fields.severity.name().to_string()), false),
            ("state_code", Some(fields.state.to_string()), false),
            ("message", Some(fields.message.clone()), false),
            ("detail", detail, false),
            ("hint", fields.hint.clone().filter(|_| full), false),
            ("internal_query", fields.internal_query.clone(), false),
            ("internal_position", fields.internal_position.map(|n| n.to_string()), true),
            ("context", fields.context.clone().filter(|_| full), false),
            ("statement", shown.map(str::to_string), false),
            ("cursor_position", fields.position.filter(|_| shown.is_some()).map(|n| n.to_string()), true),
            ("location", location, false),
            ("application_name", some(&session.application_name), false),
            ("backend_type", Some(session.backend_type.to_string()), false),
            ("leader_pid", (session.leader != 0).then(|| session.leader.to_string()), true),
            ("query_id", Some(session.query_id.to_string()), true),
        ]
    }

    /// A line of csvlog.
    fn csv(&self, message: &Error, statement: Option<&str>) -> String {
        let parts = self.parts(message, statement);
        let host = parts.iter().find(|part| part.0 == "remote_host").and_then(|part| part.1.clone());
        let mut line = String::new();
        for (name, value, number) in parts {
            match name {
                // Host and port are one column.
                "remote_host" => {
                    let from = host.as_ref().map(|host| match self.session.remote_port.as_str() {
                        "" => host.clone(),
                        port => format!("{host}:{port}"),
                    });
                    files::csv_field(&mut line, from.as_deref());
                }
                "remote_port" => (),
                "timestamp" | "session_id" | "session_start" | "vxid" | "error_severity" | "state_code" => {
                    line.push_str(&value.unwrap_or_default());
                    line.push(',');
                }
                _ if number => {
                    line.push_str(&value.unwrap_or_default());
                    line.push(',');
                }
                _ => files::csv_field(&mut line, value.as_deref()),
            }
        }
        line.pop();
        line.push('\n');
        line
    }

    /// A line of jsonlog.
    fn json(&self, message: &Error, statement: Option<&str>) -> String {
        let mut line = String::from("{");
        for (name, value, number) in self.parts(message, statement) {
            let Some(value) = value else { continue };
            if line.len() > 1 {
                line.push(',');
            }
            files::json_string(&mut line, name);
            line.push(':');
            match number {
                true => line.push_str(&value),
                false => files::json_string(&mut line, &value),
            }
        }
        line.push_str("}\n");
        line
    }

    /// Writes a message of severity LOG.
    pub fn log(&mut self, text: impl Into<String>) {
        if self.wants(Severity::Log) {
            self.write(&Error::new(SqlState::SUCCESSFUL_COMPLETION, text).severity(Severity::Log), None);
        }
    }

    /// Appends the lines of a message to `text`.
    pub fn format(&mut self, message: &Error, statement: Option<&str>, text: &mut String) {
        let fields = message.fields();
        let (now, verbosity, least_with_statement) = (time::now_us(), self.verbosity, self.min_error_statement);
        self.message_line = self.lines + 1;
        let mut line = |label: &str, body: &str| {
            self.lines += 1;
            self.append_prefix(fields.state, now, text);
            text.push_str(label);
            text.push_str(":  ");
            // What follows a line break inside a message is indented, so that it cannot pass for a message.
            text.push_str(&body.replace('\n', "\n\t"));
            text.push('\n');
        };
        let mut body = match verbosity {
            Verbosity::Verbose => format!("{}: {}", fields.state, fields.message),
            _ => fields.message.clone(),
        };
        if body.is_empty() {
            body.push_str("missing error text");
        }
        if let Some(position) = fields.position.or(fields.internal_position) {
            body.push_str(&format!(" at character {position}"));
        }
        line(fields.severity.name(), &body);
        if verbosity >= Verbosity::Default {
            let detail = fields.detail_log.as_ref().or(fields.detail.as_ref());
            let parts = [
                ("DETAIL", detail),
                ("HINT", fields.hint.as_ref()),
                ("QUERY", fields.internal_query.as_ref()),
                ("CONTEXT", fields.context.as_ref()),
            ];
            for (label, part) in parts {
                if let Some(part) = part {
                    line(label, part);
                }
            }
            if verbosity == Verbosity::Verbose {
                line("LOCATION", &fields.source.to_string());
            }
        }
        let wanted = rank(fields.severity) >= least_with_statement && !fields.hide_statement;
        if let Some(statement) = statement.filter(|_| wanted) {
            line("STATEMENT", statement);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use settings::{Asker, How, NoHooks};

    fn logger(changes: &[(&str, &str)]) -> Logger {
        let mut settings = Settings::new();
        for (name, value) in changes {
            let how = How::startup(Asker::Postmaster, settings::Source::CommandLine);
            settings.set(name, Some(value), how, &NoHooks).unwrap();
        }
        Logger::new(&settings, time::utc_only)
    }

    fn text(logger: &mut Logger, message: &Error, statement: Option<&str>) -> String {
        let mut text = String::new();
        logger.format(message, statement, &mut text);
        text
    }

    #[test]
    fn lines_carry_everything() {
        let mut logger = logger(&[("log_line_prefix", "%p|%l|%e ")]);
        logger.pid = 77;
        let message = Error::new(SqlState::UNDEFINED_TABLE, "no\nsuch").position(3).detail("D").hint("H").context("C");
        assert_eq!(
            text(&mut logger, &message, Some("select")),
            "77|1|42P01 ERROR:  no\n\tsuch at character 3\n77|2|42P01 DETAIL:  D\n77|3|42P01 HINT:  H\n\
             77|4|42P01 CONTEXT:  C\n77|5|42P01 STATEMENT:  select\n"
        );
        let hidden = Error::new(SqlState::UNDEFINED_TABLE, "x").hide_statement();
        assert_eq!(text(&mut logger, &hidden, Some("secret")), "77|6|42P01 ERROR:  x\n");
    }

    #[test]
    fn verbosity_and_levels() {
        let mut terse =
            logger(&[("log_line_prefix", ""), ("log_error_verbosity", "terse"), ("log_min_messages", "log")]);
        let message = Error::new(SqlState::UNDEFINED_TABLE, "x").detail("D");
        assert_eq!(text(&mut terse, &message, None), "ERROR:  x\n");
        assert!(!terse.wants(Severity::Error) && terse.wants(Severity::Log) && terse.wants(Severity::Fatal));
        let mut verbose = logger(&[("log_line_prefix", ""), ("log_error_verbosity", "verbose")]);
        let text = text(&mut verbose, &message, None);
        assert!(text.starts_with("ERROR:  42P01: x\nDETAIL:  D\nLOCATION:  "), "{text}");
    }
}
