//! Executes statements: sends them, and does with their results what was asked.
//!
//! * [`Psql::send_query`] is the way of every statement: single-step mode, `AUTOCOMMIT` and `ON_ERROR_ROLLBACK` around it, then
//!   `results` for what comes back, then timing and notifications.
//! * `pipeline`: the same in pipeline mode, where results come later.
//! * `special`: `\gset`, `\gexec`, `\gdesc`. `watch`: `\watch`. `copy_data`: the data of COPY.
//! * `transaction`: which statements must not be put into a transaction block.
//!
//! A [`Request`](crate::request::Request) concerns one statement; it is forgotten when that is done, however it ends.

mod copy_data;
mod pipeline;
mod results;
mod special;
mod transaction;
pub mod watch;

use std::io::Write;
use std::time::{Duration, Instant};

use client::{PipelineStatus, QueryResult, Rows, ServerError, TransactionStatus};

use crate::interrupt::Running;
use crate::lexer::shown;
use crate::message::Level;
use crate::session::{EXIT_BAD_CONNECTION, Psql};
use crate::variables::{Echo, EchoHidden, ErrorRollback};

pub use copy_data::{CopyStream, stdin};

const SAVEPOINT: &str = "pg_psql_temporary_savepoint";

/// What came of a statement.
#[derive(Debug, Default)]
struct Executed {
    success: bool,
    elapsed: Duration,
    /// Whether the statement made or removed savepoints, so that ours is gone or not to be touched.
    savepoint_gone: bool,
    /// How many rows its last result has.
    rows: u64,
    /// The user wants the series (`\watch`) to end.
    interrupted: bool,
}

impl Psql {
    /// Executes a statement and shows what comes of it; gives whether it succeeded.
    pub fn send_query(&mut self, query: &[u8]) -> bool {
        let success = self.send_with_surroundings(query);
        self.forget_request();
        success
    }

    /// Forgets what was asked for one statement.
    pub fn forget_request(&mut self) {
        let request = std::mem::take(&mut self.request);
        if let Some(print) = request.saved_print {
            self.print = *print;
        }
    }

    /// As [`Psql::send_query`], but what was asked for the statement stays.
    pub fn send_keeping_request(&mut self, query: &[u8]) -> bool {
        self.send_with_surroundings(query)
    }

    fn send_with_surroundings(&mut self, query: &[u8]) -> bool {
        if self.connection.is_none() {
            self.error("You are currently not connected to a database.");
            return false;
        }
        if self.variables.settings.single_step {
            if !self.step(query) {
                return false;
            }
        } else if self.variables.settings.echo == Echo::Queries {
            self.say([query, b"\n"].concat());
        }
        if let Some(log) = &mut self.log_file {
            let bar = "/******** QUERY *********/\n";
            let _ = write!(log, "{bar}");
            let _ = log.write_all(query).and_then(|()| write!(log, "\n/************************/\n\n"));
        }
        self.arm_interrupt();
        // Ctrl-C that came before there was something to cancel means the statement all the same.
        let success = !self.interrupt.pressed() && self.send_in_transaction(query);
        self.interrupt.set_running(Running::default());
        self.follow_encoding();
        self.show_notifications();
        success
    }

    /// Has Ctrl-C cancel what is sent from now on.
    fn arm_interrupt(&self) {
        let cancel = self.connection.as_ref().map(|connection| connection.cancel_handle());
        self.interrupt.set_running(Running { cancel, quiet: false });
    }

    /// Asks whether to execute a statement, in single-step mode.
    fn step(&mut self, query: &[u8]) -> bool {
        self.output.flush();
        let mut text = b"/**(Single step mode: verify command)******************************************/\n".to_vec();
        text.extend_from_slice(query);
        text.extend_from_slice(b"\n/**(press return to proceed or enter x and return to cancel)*******************/\n");
        self.say(text);
        let mut answer = Vec::new();
        let read = self.read_stdin_line(&mut answer).unwrap_or(false);
        let refused = read && answer.first() == Some(&b'x');
        !refused && !self.interrupt.pressed()
    }

    /// Sends a statement with BEGIN before it if `AUTOCOMMIT` is off, and a savepoint if `ON_ERROR_ROLLBACK` wants one.
    fn send_in_transaction(&mut self, query: &[u8]) -> bool {
        let settings = &self.variables.settings;
        let (autocommit, rollback, timing) = (settings.autocommit, settings.on_error_rollback, self.timing);
        let mut status = self.transaction_status();
        let piped = self.pipeline_status() != PipelineStatus::Off;
        if status == TransactionStatus::Idle && !autocommit && !piped && transaction::may_begin(query) {
            if !self.send_silently("BEGIN") {
                return false;
            }
            status = self.transaction_status();
        }
        let wants_savepoint = match rollback {
            ErrorRollback::Off => false,
            ErrorRollback::Interactive => self.interactive(),
            ErrorRollback::On => true,
        };
        let mut savepoint = false;
        if wants_savepoint && status == TransactionStatus::InBlock {
            if !self.send_silently(&format!("SAVEPOINT {SAVEPOINT}")) {
                return false;
            }
            savepoint = true;
        }
        let done = match self.request.describe {
            true => self.describe(query),
            false => self.execute(query, None),
        };
        let mut success = done.success;
        if !success && self.variables.settings.echo == Echo::Errors {
            self.info([b"STATEMENT:  ", query].concat());
        }
        if savepoint {
            let command = match self.transaction_status() {
                TransactionStatus::Failed => Some("ROLLBACK TO"),
                TransactionStatus::InBlock if !done.savepoint_gone => Some("RELEASE"),
                _ => None,
            };
            if let Some(command) = command {
                success &= self.send_silently(&format!("{command} {SAVEPOINT}"));
            }
        }
        if timing {
            self.tell_time(done.elapsed);
        }
        success
    }

    /// The session's transaction state.
    pub fn transaction_status(&self) -> TransactionStatus {
        self.connection.as_ref().map_or(TransactionStatus::Unknown, |connection| connection.transaction_status())
    }

    /// Whether the session is in pipeline mode.
    pub fn pipeline_status(&self) -> PipelineStatus {
        self.connection.as_ref().map_or(PipelineStatus::Off, |connection| connection.pipeline_status())
    }

    /// Executes a statement that nobody typed, without showing its result.
    fn send_silently(&mut self, query: &str) -> bool {
        let Some(connection) = &mut self.connection else { return false };
        let result = connection.exec(query);
        self.accept(result).is_some()
    }

    /// Executes a statement of psql's own (`ECHO_HIDDEN` shows it). `None` if it failed, which has been reported, and if it
    /// was only to be shown.
    pub fn hidden_query(&mut self, query: &[u8]) -> Option<QueryResult> {
        let result = self.hidden_result(query)?;
        self.accept(result)
    }

    /// As [`Psql::hidden_query`], but an error is given back.
    pub fn hidden_result(&mut self, query: &[u8]) -> Option<QueryResult> {
        if self.connection.is_none() {
            self.error("You are currently not connected to a database.");
            return None;
        }
        let mode = self.variables.settings.echo_hidden;
        if mode != EchoHidden::Off {
            let mut text = b"/******** QUERY *********/\n".to_vec();
            text.extend_from_slice(query);
            text.extend_from_slice(b"\n/************************/\n\n");
            self.say(&text);
            if let Some(log) = &mut self.log_file {
                let _ = log.write_all(&text);
            }
            if mode == EchoHidden::NoExec {
                return None;
            }
        }
        self.arm_interrupt();
        let result = self.connection.as_mut().map(|connection| connection.exec(query));
        self.interrupt.set_running(Running::default());
        self.show_notices();
        result
    }

    /// The rows of a statement of psql's own.
    pub fn hidden_rows(&mut self, query: impl AsRef<[u8]>) -> Option<Rows> {
        match self.hidden_query(query.as_ref())? {
            QueryResult::Rows(rows) => Some(rows),
            _ => None,
        }
    }

    /// Shows the notices that have come; then the result, unless it is an error, which is reported.
    fn accept(&mut self, result: QueryResult) -> Option<QueryResult> {
        self.show_notices();
        match result {
            QueryResult::Error(error) => {
                self.report(error);
                self.check_connection();
                None
            }
            result => Some(result),
        }
    }

    /// Reports an error of the server or of the connection, and remembers it for `\errverbose`.
    pub fn report(&mut self, error: ServerError) {
        let settings = &self.variables.settings;
        let mut text = error.message_bytes(settings.verbosity, settings.show_context);
        if error.is_local() && self.pipeline_status() != PipelineStatus::Off {
            // What goes wrong in a pipeline is repeated by whatever goes wrong later.
            let line = format!("{}\n", shown(&text).trim_end());
            self.pipeline.complaints.push_str(&line);
            text = self.pipeline.complaints.trim_end().as_bytes().to_vec();
        }
        if !text.trim_ascii().is_empty() {
            self.log(Level::Info, text);
        }
        if !error.is_local() {
            self.last_error = Some(error);
        }
    }

    /// Shows the notices that have come.
    pub fn show_notices(&mut self) {
        let Some(connection) = &mut self.connection else { return };
        let notices = connection.take_notices();
        let (verbosity, context) = (self.variables.settings.verbosity, self.variables.settings.show_context);
        for notice in notices {
            self.info(notice.message_bytes(verbosity, context));
        }
    }

    /// Shows what other sessions have notified.
    pub fn show_notifications(&mut self) {
        let Some(connection) = &mut self.connection else { return };
        let _ = connection.consume_input();
        for notification in connection.take_notifications() {
            let mut text = format!("Asynchronous notification \"{}\" ", notification.channel);
            if !notification.payload.is_empty() {
                text.push_str(&format!("with payload \"{}\" ", notification.payload));
            }
            text.push_str(&format!("received from server process with PID {}.\n", notification.pid));
            self.tell(text);
        }
    }

    /// A statement may have changed the client encoding.
    fn follow_encoding(&mut self) {
        let Some(connection) = &self.connection else { return };
        let encoding = connection.parameter("client_encoding").unwrap_or("SQL_ASCII");
        if encoding != self.encoding {
            let encoding = encoding.to_string();
            self.set_encoding(&encoding);
        }
    }

    /// Looks whether the connection is still there. A script ends without it; for a person it is made anew.
    pub fn check_connection(&mut self) -> bool {
        match &self.connection {
            Some(connection) if !connection.is_broken() => return true,
            Some(_) => {}
            None => return false,
        }
        if !self.interactive() {
            self.error("connection to server was lost");
            self.exit = Some(EXIT_BAD_CONNECTION);
            return false;
        }
        let _ = std::io::stderr().write_all(b"The connection to the server was lost. Attempting reset: ");
        let succeeded = self.connection.as_mut().is_some_and(|connection| connection.reset().is_ok());
        let _ = std::io::stderr().write_all(if succeeded { b"Succeeded.\n" } else { b"Failed.\n" });
        if succeeded {
            self.synchronize();
        } else {
            self.lost = self.connection.take();
            self.forget_connection();
        }
        self.pipeline = Default::default();
        succeeded
    }

    /// Tells how long a statement took.
    fn tell_time(&mut self, elapsed: Duration) {
        let milliseconds = elapsed.as_secs_f64() * 1000.0;
        let mut text = format!("Time: {milliseconds:.3} ms");
        if milliseconds >= 1000.0 {
            let seconds = milliseconds / 1000.0;
            let (minutes, seconds) = ((seconds / 60.0).floor(), seconds % 60.0);
            let (hours, minutes) = ((minutes / 60.0).floor(), minutes % 60.0);
            let (days, hours) = ((hours / 24.0).floor(), hours % 24.0);
            text.push_str(&match (days > 0.0, hours > 0.0 || days > 0.0) {
                (true, _) => format!(" ({days:.0} d {hours:02.0}:{minutes:02.0}:{seconds:06.3})"),
                (_, true) => format!(" ({hours:02.0}:{minutes:02.0}:{seconds:06.3})"),
                _ => format!(" ({minutes:02.0}:{seconds:06.3})"),
            });
        }
        text.push('\n');
        self.say(text);
    }

    /// Sets the variables that tell how the last statement ended.
    fn set_result_variables(&mut self, error: Option<&ServerError>, rows: Option<u64>, success: bool) {
        let (sqlstate, message) = match error {
            Some(error) => (error.sqlstate().into_owned(), error.primary().into_owned()),
            None => (String::new(), String::new()),
        };
        let rows = if success { rows.unwrap_or(0) } else { 0 };
        self.set_variable(b"ERROR", if success { b"false" } else { b"true" });
        self.set_variable(b"ROW_COUNT", rows.to_string().as_bytes());
        if success {
            self.set_variable(b"SQLSTATE", b"00000");
        } else {
            self.set_variable(b"SQLSTATE", sqlstate.as_bytes());
            self.set_variable(b"LAST_ERROR_SQLSTATE", sqlstate.as_bytes());
            self.set_variable(b"LAST_ERROR_MESSAGE", message.as_bytes());
        }
    }
}

/// Measures the time until it is asked.
struct Clock(Instant);

impl Clock {
    fn start() -> Clock {
        Clock(Instant::now())
    }

    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}
