//! COPY, both directions.

use wire::frontend;

use crate::connection::{Connection, Phase, PipelineStatus};
use crate::pipeline::Class;
use crate::{CopyInfo, Error, QueryResult};

impl Connection {
    /// Sends data of a COPY FROM; cut as the caller likes.
    ///
    /// # Errors
    /// If no COPY waits for data, or if the connection is lost.
    pub fn put_copy_data(&mut self, data: &[u8]) -> Result<(), Error> {
        self.check_usable()?;
        if !matches!(self.phase, Phase::CopyIn | Phase::CopyBoth) {
            return Err(Error::new("no COPY in progress"));
        }
        // Notices may come meanwhile; so does an error, which is found at the end.
        for piece in data.chunks(1 << 20) {
            frontend::copy_data(&mut self.output, piece);
            self.flush_if_long()?;
        }
        Ok(())
    }

    /// Ends a COPY FROM: well, or (with a reason) so that the server drops what it got. What the server says to it is the next
    /// result.
    ///
    /// # Errors
    /// If no COPY waits for data, or if the connection is lost.
    pub fn put_copy_end(&mut self, failure: Option<&str>) -> Result<(), Error> {
        self.check_usable()?;
        if !matches!(self.phase, Phase::CopyIn | Phase::CopyBoth) {
            return Err(Error::new("no COPY in progress"));
        }
        match failure {
            None => frontend::copy_done(&mut self.output),
            Some(reason) => frontend::copy_fail(&mut self.output, reason),
        }
        // In the extended protocol the server waits for the group's end.
        let simple = self.queue.front().is_some_and(|head| head.class == Class::Simple);
        if !simple && self.pipeline == PipelineStatus::Off {
            frontend::sync(&mut self.output);
        }
        self.phase = if self.phase == Phase::CopyBoth { Phase::CopyOut } else { Phase::Busy };
        self.flush()
    }

    /// The next piece of the data of a COPY TO, as the server cut it (in text format: one row); `None` at the end, when
    /// [`Connection::next_result`] tells how it went.
    ///
    /// # Errors
    /// If there is no COPY, or if the connection is lost.
    pub fn get_copy_data(&mut self) -> Result<Option<&[u8]>, Error> {
        loop {
            match self.copy_step(true)? {
                Step::Data(message) => return Ok(Some(self.input.body(message))),
                Step::End => return Ok(None),
                Step::Nothing => (),
            }
        }
    }

    /// As [`Connection::get_copy_data`], but does not wait: `Ok(None)` if nothing has arrived, `Ok(Some(None))` at the end.
    ///
    /// # Errors
    /// As [`Connection::get_copy_data`].
    pub fn try_get_copy_data(&mut self) -> Result<Option<Option<&[u8]>>, Error> {
        match self.copy_step(false)? {
            Step::Data(message) => Ok(Some(Some(self.input.body(message)))),
            Step::End => Ok(Some(None)),
            Step::Nothing => Ok(None),
        }
    }

    fn copy_step(&mut self, wait: bool) -> Result<Step, Error> {
        loop {
            match self.phase {
                Phase::CopyOut | Phase::CopyBoth => (),
                _ => return Err(Error::new("no COPY in progress")),
            }
            match self.input.next() {
                Ok(Ok(message)) => match message.kind {
                    b'd' => {
                        self.input.consume(message);
                        return Ok(Step::Data(message));
                    }
                    b'c' => {
                        self.input.consume(message);
                        // The other direction may still be open.
                        self.phase = if self.phase == Phase::CopyBoth { Phase::CopyIn } else { Phase::Busy };
                        return Ok(Step::End);
                    }
                    b'A' | b'N' | b'S' => self.advance()?,
                    _ => {
                        self.phase = Phase::Busy;
                        return Ok(Step::End);
                    }
                },
                Ok(Err(_)) => {
                    if !self.output.is_empty() {
                        self.flush()?;
                    }
                    if !self.receive(wait)? {
                        return Ok(Step::Nothing);
                    }
                }
                Err(_) => self.advance()?,
            }
        }
    }

    /// What `next_result` gives while a COPY is running: that it is.
    pub(crate) fn copy_result(&mut self) -> Option<QueryResult> {
        let info = CopyInfo { format: wire::Format::Text, columns: Vec::new() };
        Some(match self.phase {
            Phase::CopyIn => QueryResult::CopyIn(info),
            Phase::CopyOut => QueryResult::CopyOut(info),
            _ => QueryResult::CopyBoth(info),
        })
    }
}

enum Step {
    Data(crate::input::Message),
    End,
    Nothing,
}
