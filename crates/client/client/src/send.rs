//! Sending commands.

use std::io::ErrorKind;
use std::sync::Arc;

use wire::Format;
use wire::frontend::{self, Target};

use crate::connection::{Connection, Phase, PipelineStatus};
use crate::pipeline::Class;
use crate::{Error, QueryResult, ServerError, reason};

/// The buffer is sent when it holds this many bytes, even if more follows.
const FLUSH_AT: usize = 64 * 1024;
/// The protocol counts parameters in 16 bits.
const MAX_PARAMETERS: usize = 65_535;

/// A command with parameters for the extended protocol.
#[derive(Clone, Copy, Debug, Default)]
pub struct Statement<'a> {
    /// Types of the parameters; shorter or zero where the server shall infer them.
    pub types: &'a [u32],
    /// The parameters; `None` is null.
    pub parameters: &'a [Option<&'a [u8]>],
    /// Their formats: none (all text), one for all, or one each.
    pub formats: &'a [Format],
    /// The format wanted for all columns of the result.
    pub result_format: Format,
}

impl Connection {
    pub(crate) fn check_usable(&self) -> Result<(), Error> {
        if self.is_broken() { Err(Error::new("no connection to the server")) } else { Ok(()) }
    }

    /// Whether a command may be sent now.
    fn start(&mut self) -> Result<(), Error> {
        self.check_usable()?;
        if self.pipeline == PipelineStatus::Off {
            if self.phase != Phase::Idle {
                return Err(Error::new("another command is already in progress"));
            }
        } else if matches!(self.phase, Phase::CopyIn | Phase::CopyOut | Phase::CopyBoth) {
            return Err(Error::new("cannot queue commands during COPY"));
        }
        Ok(())
    }

    /// A command is in the buffer: closes its group, puts it into the queue, and sends it.
    fn finish(&mut self, class: Class, text: Option<Arc<[u8]>>) -> Result<(), Error> {
        if self.pipeline == PipelineStatus::Off {
            if class != Class::Simple {
                frontend::sync(&mut self.output);
            }
            self.append(class, text);
            self.flush()
        } else {
            self.append(class, text);
            self.flush_if_long()
        }
    }

    /// Sends a text of any number of statements by the simple protocol.
    ///
    /// # Errors
    /// If another command is running, in pipeline mode, or if the connection is lost.
    pub fn send_query(&mut self, text: impl AsRef<[u8]>) -> Result<(), Error> {
        self.start()?;
        if self.pipeline != PipelineStatus::Off {
            return Err(Error::new("PQsendQuery not allowed in pipeline mode"));
        }
        let text = text.as_ref();
        check_length(text)?;
        frontend::query(&mut self.output, text);
        self.finish(Class::Simple, Some(text.into()))
    }

    /// Sends one statement with parameters.
    ///
    /// # Errors
    /// As [`Connection::send_query`], though it is allowed in pipeline mode; too many parameters.
    pub fn send_query_params(&mut self, text: impl AsRef<[u8]>, statement: Statement<'_>) -> Result<(), Error> {
        self.start()?;
        let text = text.as_ref();
        check_length(text)?;
        check_parameters(&statement)?;
        frontend::parse(&mut self.output, "", text, statement.types);
        self.bind_and_execute("", &statement);
        self.finish(Class::Extended, Some(text.into()))
    }

    /// Prepares a statement under a name; the empty name is that of the unnamed one.
    ///
    /// # Errors
    /// As [`Connection::send_query_params`].
    pub fn send_prepare(&mut self, name: &str, text: impl AsRef<[u8]>, types: &[u32]) -> Result<(), Error> {
        self.start()?;
        let text = text.as_ref();
        check_length(text)?;
        if types.len() > MAX_PARAMETERS {
            return Err(too_many());
        }
        frontend::parse(&mut self.output, name, text, types);
        self.finish(Class::Prepare, Some(text.into()))
    }

    /// Runs a prepared statement; `statement.types` is not used.
    ///
    /// # Errors
    /// As [`Connection::send_query_params`].
    pub fn send_query_prepared(&mut self, name: &str, statement: Statement<'_>) -> Result<(), Error> {
        self.start()?;
        check_parameters(&statement)?;
        self.bind_and_execute(name, &statement);
        self.finish(Class::Extended, None)
    }

    /// Asks what a prepared statement looks like: [`QueryResult::Description`].
    ///
    /// # Errors
    /// As [`Connection::send_query_params`].
    pub fn send_describe_prepared(&mut self, name: &str) -> Result<(), Error> {
        self.start()?;
        frontend::describe(&mut self.output, Target::Statement, name);
        self.finish(Class::Describe, None)
    }

    /// Asks what a portal (a cursor) looks like: [`QueryResult::Description`].
    ///
    /// # Errors
    /// As [`Connection::send_query_params`].
    pub fn send_describe_portal(&mut self, name: &str) -> Result<(), Error> {
        self.start()?;
        frontend::describe(&mut self.output, Target::Portal, name);
        self.finish(Class::Describe, None)
    }

    /// Closes a prepared statement.
    ///
    /// # Errors
    /// As [`Connection::send_query_params`].
    pub fn send_close_prepared(&mut self, name: &str) -> Result<(), Error> {
        self.start()?;
        frontend::close(&mut self.output, Target::Statement, name);
        self.finish(Class::Close, None)
    }

    /// Closes a portal (a cursor).
    ///
    /// # Errors
    /// As [`Connection::send_query_params`].
    pub fn send_close_portal(&mut self, name: &str) -> Result<(), Error> {
        self.start()?;
        frontend::close(&mut self.output, Target::Portal, name);
        self.finish(Class::Close, None)
    }

    fn bind_and_execute(&mut self, name: &str, statement: &Statement<'_>) {
        let results = [statement.result_format];
        frontend::bind(&mut self.output, "", name, statement.formats, statement.parameters, &results);
        frontend::describe(&mut self.output, Target::Portal, "");
        frontend::execute(&mut self.output, "", 0);
    }

    /// Runs a text by the simple protocol and gives its last result, or the first that asks for the data of a COPY. Results of
    /// an earlier command that nobody took are dropped.
    pub fn exec(&mut self, text: impl AsRef<[u8]>) -> QueryResult {
        self.exec_with(|connection| connection.send_query(text))
    }

    /// Runs a statement with parameters given as text, to its result.
    pub fn exec_params(&mut self, text: impl AsRef<[u8]>, statement: Statement<'_>) -> QueryResult {
        self.exec_with(|connection| connection.send_query_params(text, statement))
    }

    /// Sends something with `send` and gives its last result.
    pub fn exec_with(&mut self, send: impl FnOnce(&mut Connection) -> Result<(), Error>) -> QueryResult {
        match self.discard_results().and_then(|()| send(self)) {
            Ok(()) => self.last_result(),
            Err(error) => QueryResult::Error(error.into()),
        }
    }

    /// Makes room for a synchronous command.
    fn discard_results(&mut self) -> Result<(), Error> {
        if self.pipeline != PipelineStatus::Off {
            return Err(Error::new("synchronous command execution functions are not allowed in pipeline mode"));
        }
        loop {
            match self.phase {
                Phase::CopyIn => self.put_copy_end(Some("COPY terminated by new PQexec"))?,
                // What comes is skipped while the next result is looked for.
                Phase::CopyOut => self.phase = Phase::Busy,
                Phase::CopyBoth => return Err(Error::new("PQexec not allowed during COPY BOTH")),
                _ => (),
            }
            if self.next_result().is_none() {
                return Ok(());
            }
        }
    }

    fn last_result(&mut self) -> QueryResult {
        let mut last: Option<QueryResult> = None;
        while let Some(result) = self.next_result() {
            let copies = matches!(result, QueryResult::CopyIn(_) | QueryResult::CopyOut(_) | QueryResult::CopyBoth(_));
            last = Some(match (last, result) {
                // The loss of the connection follows the reason that the server gave.
                (Some(QueryResult::Error(mut first)), QueryResult::Error(then)) => {
                    first.add(&then);
                    QueryResult::Error(first)
                }
                (_, result) => result,
            });
            if copies || self.is_broken() {
                break;
            }
        }
        last.unwrap_or_else(|| QueryResult::Error(ServerError::local("no error text available")))
    }

    /// Sends what is in the buffer, if it is much.
    pub(crate) fn flush_if_long(&mut self) -> Result<(), Error> {
        if self.output.len() >= FLUSH_AT { self.flush() } else { Ok(()) }
    }

    /// Sends what is in the buffer. What the server sends meanwhile is received, so that neither side waits for the other.
    ///
    /// # Errors
    /// If the connection is lost. Should sending fail, that shows only when there is nothing to receive any more: the server may
    /// have said why it left.
    pub fn flush(&mut self) -> Result<(), Error> {
        self.check_usable()?;
        let mut sent = 0;
        while (sent < self.output.len() || self.stream.has_unsent()) && self.send_failure.is_none() {
            match self.stream.send(&self.output[sent..]) {
                Ok(len) => sent += len,
                Err(e) if e.kind() == ErrorKind::WouldBlock => {
                    match self.stream.wait(true, true, None) {
                        Ok(ready) if ready.readable => {
                            self.receive(false)?;
                        }
                        Ok(_) => (),
                        Err(e) => return Err(self.break_off(format!("poll() failed: {}", reason(&e)))),
                    };
                }
                Err(e) => {
                    self.send_failure = Some(match e.kind() {
                        ErrorKind::BrokenPipe | ErrorKind::ConnectionReset => crate::receive::CLOSED.to_string(),
                        _ => format!("could not send data to server: {}", reason(&e)),
                    });
                }
            }
        }
        self.output.clear();
        if self.output.capacity() > 16 * FLUSH_AT {
            self.output = Vec::new();
        }
        Ok(())
    }
}

fn too_many() -> Error {
    Error::new(format!("number of parameters must be between 0 and {MAX_PARAMETERS}"))
}

fn check_parameters(statement: &Statement<'_>) -> Result<(), Error> {
    let most = statement.parameters.len().max(statement.types.len()).max(statement.formats.len());
    if most > MAX_PARAMETERS {
        return Err(too_many());
    }
    let size: usize = statement.parameters.iter().map(|value| value.map_or(4, |value| value.len() + 4)).sum();
    check_size(size)
}

fn check_length(text: &[u8]) -> Result<(), Error> {
    check_size(text.len())
}

/// The protocol's messages are shorter than 1 GiB.
fn check_size(size: usize) -> Result<(), Error> {
    if size < wire::frame::MAX_MESSAGE - 1024 {
        Ok(())
    } else {
        Err(Error::new("cannot allocate memory for output buffer"))
    }
}
