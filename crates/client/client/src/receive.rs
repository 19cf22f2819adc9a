//! Receiving answers: from messages to results.

use std::io::ErrorKind;

use wire::{Body, TransactionStatus as WireStatus};

use crate::connection::{Connection, KEPT, Phase, PipelineStatus};
use crate::input::Message;
use crate::pipeline::Class;
use crate::result::BadRow;
use crate::{
    CommandTag, CopyInfo, Description, Error, Field, Notice, Notification, QueryResult, Rows, ServerError,
    TransactionStatus, reason,
};

/// What is said when the server is gone.
pub(crate) const CLOSED: &str = "server closed the connection unexpectedly\n\
    \tThis probably means the server terminated abnormally\n\
    \tbefore or while processing the request.";

/// A result of which more is to come.
#[derive(Debug)]
pub(crate) enum Building {
    Nothing,
    Rows(Rows),
    Description(Description),
    /// The rest of the command's result is dropped, because of this.
    Failed(String),
}

/// What a message means for the one who waits.
type Step = Result<(), Error>;

impl Connection {
    /// The next result of the command being answered; `None` when it has no more. In pipeline mode, the results of the next
    /// command follow after the `None`. A lost connection is a result, too: an error.
    pub fn next_result(&mut self) -> Option<QueryResult> {
        loop {
            match self.phase {
                Phase::Idle => return None,
                Phase::Between => {
                    self.begin_next();
                    return None;
                }
                Phase::Ready => return Some(self.give()),
                Phase::CopyIn | Phase::CopyOut | Phase::CopyBoth => return self.copy_result(),
                Phase::Busy => (),
            }
            if let Err(error) = self.advance() {
                self.phase = Phase::Idle;
                return Some(QueryResult::Error(error.into()));
            }
        }
    }

    /// Hands the ready result out, and moves on.
    fn give(&mut self) -> QueryResult {
        let result = self.ready.take().unwrap_or(QueryResult::Empty);
        let partial = matches!(&result, QueryResult::Rows(rows) if rows.is_partial());
        match (&result, self.pipeline) {
            _ if self.is_broken() => self.phase = Phase::Idle,
            (QueryResult::CopyIn(_), _) => self.phase = Phase::CopyIn,
            (QueryResult::CopyOut(_), _) => self.phase = Phase::CopyOut,
            (QueryResult::CopyBoth(_), _) => self.phase = Phase::CopyBoth,
            (_, PipelineStatus::Off) => self.phase = Phase::Busy,
            _ if partial => self.phase = Phase::Busy,
            (QueryResult::PipelineSync, _) => {
                self.queue.pop_front();
                self.begin_next();
            }
            _ => {
                // The error of a transaction that fails at its end answers the synchronisation point, whose own result follows.
                let at_sync = self.queue.front().is_some_and(|head| head.class == Class::Sync);
                if !at_sync {
                    self.queue.pop_front();
                }
                self.phase = Phase::Between;
            }
        }
        result
    }

    /// Whether [`Connection::next_result`] would have to wait. Receives nothing: [`Connection::consume_input`] does.
    pub fn is_busy(&mut self) -> bool {
        while self.phase == Phase::Busy {
            match self.progress() {
                Ok(true) => (),
                Ok(false) => return true,
                Err(error) => {
                    self.ready = Some(QueryResult::Error(error.into()));
                    self.phase = Phase::Ready;
                }
            }
        }
        false
    }

    /// Receives what has arrived, without waiting, and takes notices and notifications out of it if no command is running.
    ///
    /// # Errors
    /// If the connection is lost.
    pub fn consume_input(&mut self) -> Result<(), Error> {
        self.check_usable()?;
        let mut outcome = self.receive(false);
        while let Ok(true) = outcome {
            // The end, or a failure, is found again by the next call, when what came before it has been used.
            match self.input.receive(&mut self.stream, false) {
                Ok(1..) if self.input.unread() <= self.memory_limit => (),
                _ => outcome = Ok(false),
            }
        }
        if self.phase == Phase::Idle {
            self.handle_idle()?;
        }
        outcome.map(|_| ())
    }

    /// Sorts out what came while no command was running.
    fn handle_idle(&mut self) -> Result<(), Error> {
        while let Ok(Ok(message)) = self.input.next() {
            self.handle(message)?;
        }
        Ok(())
    }

    /// Handles the next message, or all rows that come next, waiting for it if need be.
    pub(crate) fn advance(&mut self) -> Step {
        while !self.progress()? {
            if !self.output.is_empty() {
                self.flush()?;
            }
            self.receive(true)?;
        }
        Ok(())
    }

    /// Handles the next message, or all rows that come next, if there is a whole one: whether there was.
    fn progress(&mut self) -> Result<bool, Error> {
        match self.input.next() {
            Ok(Ok(message)) if message.kind == b'D' && self.takes_rows() => self.take_rows().map(|()| true),
            Ok(Ok(message)) => self.handle(message).map(|()| true),
            Ok(Err(_)) => Ok(false),
            Err(lost) => Err(self.lost_sync(lost.kind, lost.len)),
        }
    }

    fn lost_sync(&mut self, kind: u8, len: i32) -> Error {
        let kind = printable(kind);
        self.break_off(format!("lost synchronization with server: got message type \"{kind}\", length {len}"))
    }

    /// Receives some bytes: whether there were any. `false` only without `wait`.
    pub(crate) fn receive(&mut self, wait: bool) -> Result<bool, Error> {
        if self.input.unread() > self.memory_limit {
            return Err(self.break_off("out of memory for query result"));
        }
        match self.input.receive(&mut self.stream, wait) {
            Ok(0) => {
                let text = self.send_failure.take().unwrap_or_else(|| CLOSED.into());
                Err(self.break_off(text))
            }
            Ok(_) => Ok(true),
            Err(e) if e.kind() == ErrorKind::WouldBlock => Ok(false),
            Err(e) => {
                let text = failure_text(&e);
                Err(self.break_off(text))
            }
        }
    }

    fn takes_rows(&self) -> bool {
        self.phase == Phase::Busy && matches!(self.building, Building::Rows(_))
    }

    /// The hot loop: takes all rows that are whole in the buffer, or as many as make a chunk.
    fn take_rows(&mut self) -> Result<(), Error> {
        let Building::Rows(rows) = &mut self.building else { return Ok(()) };
        let mut failure = None;
        while let Ok(Ok(message)) = self.input.next() {
            if message.kind != b'D' {
                break;
            }
            let outcome = rows.push(self.input.body(message));
            self.input.consume(message);
            if let Err(bad) = outcome {
                failure = Some(bad);
                break;
            }
            if self.chunk_rows > 0 && rows.len() >= self.chunk_rows {
                let chunk = rows.take_chunk();
                self.ready = Some(QueryResult::Rows(chunk));
                self.phase = Phase::Ready;
                return Ok(());
            }
        }
        if failure.is_none() && rows.memory() > self.memory_limit {
            failure = Some(BadRow::Memory);
        }
        if let Some(failure) = failure {
            let text = match failure {
                BadRow::Memory => "out of memory for query result",
                BadRow::FieldCount => "unexpected field count in \"D\" message",
                BadRow::Short => "insufficient data in \"D\" message",
                BadRow::Long => "message contents do not agree with length in message type \"D\"",
            };
            if failure == BadRow::Memory {
                // The session can go on: the rest of the rows is dropped.
                self.building = Building::Failed(text.into());
            } else {
                return Err(self.break_off(text));
            }
        }
        Ok(())
    }

    /// Makes a chunk of the rows that are left at a command's end, if rows come in chunks: the result with the tag has none.
    /// The message that ends the command is handled again after it.
    fn give_last_chunk(&mut self) -> bool {
        let Building::Rows(rows) = &mut self.building else { return false };
        if self.chunk_rows == 0 || rows.is_empty() {
            return false;
        }
        self.ready = Some(QueryResult::Rows(rows.take_chunk()));
        self.phase = Phase::Ready;
        true
    }

    /// Handles one message that is not a row being taken.
    fn handle(&mut self, message: Message) -> Step {
        if message.kind == b'C' && self.give_last_chunk() {
            return Ok(());
        }
        self.input.consume(message);
        match self.interpret(message) {
            Ok(step) => step,
            Err(_) => {
                let kind = printable(message.kind);
                Err(self.break_off(format!("message contents do not agree with length in message type \"{kind}\"")))
            }
        }
    }

    /// Outer error: the message is malformed. Inner error: the connection is lost.
    fn interpret(&mut self, message: Message) -> error::Result<Step> {
        let mut body = Body::new(self.input.body(message));
        let head = self.queue.front().map(|head| head.class);
        match message.kind {
            b'A' => {
                let notification = Notification {
                    pid: body.i32()?,
                    channel: String::from_utf8_lossy(body.c_bytes()?).into_owned(),
                    payload: String::from_utf8_lossy(body.c_bytes()?).into_owned(),
                };
                body.end()?;
                if self.notifications.len() == KEPT {
                    self.notifications.pop_front();
                }
                self.notifications.push_back(notification);
                return Ok(Ok(()));
            }
            b'N' => {
                let notice = Notice::parse(&mut body, self.current_query())?;
                body.end()?;
                self.notice(notice);
                return Ok(Ok(()));
            }
            b'S' => {
                let name = String::from_utf8_lossy(body.c_bytes()?).into_owned();
                let value = String::from_utf8_lossy(body.c_bytes()?).into_owned();
                body.end()?;
                self.established.set_parameter(name, value);
                return Ok(Ok(()));
            }
            _ => (),
        }
        if self.phase == Phase::Idle {
            // An error without a command: the server says why it ends the session.
            if message.kind == b'E' {
                let notice = Notice::parse(&mut body, None)?;
                self.notice(notice);
            } else {
                let text = format!("message type 0x{:02x} arrived from server while idle", message.kind);
                self.notice(ServerError::local(text));
            }
            return Ok(Ok(()));
        }
        match message.kind {
            b'C' => {
                let tag = CommandTag::new(body.c_bytes()?);
                body.end()?;
                let result = match std::mem::replace(&mut self.building, Building::Nothing) {
                    Building::Rows(mut rows) => {
                        rows.finish(tag);
                        QueryResult::Rows(rows)
                    }
                    Building::Failed(text) => QueryResult::Error(ServerError::local(text)),
                    _ => QueryResult::Command(tag),
                };
                self.finish_result(result);
            }
            b'E' => {
                let error = ServerError::parse(&mut body, self.current_query())?;
                body.end()?;
                self.building = Building::Nothing;
                if self.pipeline != PipelineStatus::Off {
                    self.pipeline = PipelineStatus::Aborted;
                }
                self.finish_result(QueryResult::Error(error));
            }
            b'Z' => {
                let status = body.u8()?;
                body.end()?;
                self.transaction = match WireStatus::from_code(status) {
                    Some(WireStatus::Idle) => TransactionStatus::Idle,
                    Some(WireStatus::InBlock) => TransactionStatus::InBlock,
                    Some(WireStatus::Failed) => TransactionStatus::Failed,
                    None => TransactionStatus::Unknown,
                };
                self.building = Building::Nothing;
                if self.pipeline == PipelineStatus::Off {
                    self.queue.pop_front();
                    self.begin_next();
                } else {
                    self.pipeline = PipelineStatus::On;
                    self.finish_result(QueryResult::PipelineSync);
                }
            }
            b'I' => {
                body.end()?;
                self.building = Building::Nothing;
                self.finish_result(QueryResult::Empty);
            }
            b'1' => {
                body.end()?;
                if head == Some(Class::Prepare) {
                    self.finish_result(QueryResult::Command(CommandTag::default()));
                }
            }
            b'2' => body.end()?,
            b'3' => {
                body.end()?;
                if head == Some(Class::Close) {
                    self.finish_result(QueryResult::Command(CommandTag::default()));
                }
            }
            b'n' => {
                body.end()?;
                if head == Some(Class::Describe) {
                    let description = self.take_description();
                    self.finish_result(QueryResult::Description(description));
                }
            }
            b't' => {
                let count = body.count(4)?;
                let parameters = (0..count).map(|_| body.u32()).collect::<error::Result<_>>()?;
                body.end()?;
                self.building = Building::Description(Description { parameters, ..Description::default() });
            }
            b'T' => {
                let fields = Field::parse_all(&mut body)?;
                body.end()?;
                if head == Some(Class::Describe) {
                    let mut description = self.take_description();
                    description.fields = fields;
                    self.finish_result(QueryResult::Description(description));
                } else {
                    self.building = Building::Rows(Rows::new(fields));
                }
            }
            b'D' => match &self.building {
                Building::Failed(_) => (),
                _ => {
                    let text = "server sent data (\"D\" message) without prior row description (\"T\" message)";
                    return Ok(Err(self.break_off(text)));
                }
            },
            b'G' | b'H' | b'W' => {
                let info = CopyInfo::parse(&mut body)?;
                body.end()?;
                self.finish_result(match message.kind {
                    b'G' => QueryResult::CopyIn(info),
                    b'H' => QueryResult::CopyOut(info),
                    _ => QueryResult::CopyBoth(info),
                });
            }
            // The data and the end of a COPY that nobody wants any more.
            b'd' | b'c' => (),
            other => {
                let kind = printable(other);
                let text = format!("unexpected response from server; first received character was \"{kind}\"");
                return Ok(Err(self.break_off(text)));
            }
        }
        Ok(Ok(()))
    }

    fn take_description(&mut self) -> Description {
        match std::mem::replace(&mut self.building, Building::Nothing) {
            Building::Description(description) => description,
            _ => Description::default(),
        }
    }

    fn finish_result(&mut self, result: QueryResult) {
        self.ready = Some(result);
        self.phase = Phase::Ready;
    }

    fn notice(&mut self, notice: Notice) {
        match &mut self.notice_handler {
            Some(handler) => handler(&notice),
            None => {
                if self.notices.len() == KEPT {
                    self.notices.pop_front();
                }
                self.notices.push_back(notice);
            }
        }
    }

    /// Gives the rows of the command being answered one by one: each as a result of its own. To be called right after sending.
    /// Whether it could be done.
    pub fn set_single_row_mode(&mut self) -> bool {
        self.set_chunked_rows(1)
    }

    /// Gives the rows of the command being answered in chunks of so many: each as a result of its own. To be called right after
    /// sending. Whether it could be done.
    pub fn set_chunked_rows(&mut self, rows: usize) -> bool {
        let sent = self.queue.front().is_some_and(|head| matches!(head.class, Class::Simple | Class::Extended));
        let fits = rows > 0 && sent && self.phase == Phase::Busy && matches!(self.building, Building::Nothing);
        if fits {
            self.chunk_rows = rows;
        }
        fits
    }
}

/// Why nothing can be received any more.
pub(crate) fn failure_text(error: &std::io::Error) -> String {
    match error.kind() {
        ErrorKind::ConnectionReset | ErrorKind::UnexpectedEof => CLOSED.to_string(),
        ErrorKind::OutOfMemory => "cannot allocate memory for input buffer".to_string(),
        // TLS has words of its own.
        ErrorKind::Other => error.to_string(),
        _ => format!("could not receive data from server: {}", reason(error)),
    }
}

/// A message's kind as libpq shows it.
pub(crate) fn printable(kind: u8) -> char {
    kind as char
}
