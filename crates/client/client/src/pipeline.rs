//! Many commands at once: pipeline mode, and the queue of commands that all modes share.

use std::sync::Arc;

use wire::frontend;

use crate::connection::{Connection, Phase, PipelineStatus};
use crate::{Error, QueryResult};

/// How a command was sent, which tells how its answers are to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    Simple,
    Extended,
    Prepare,
    Describe,
    Close,
    Sync,
}

/// A command that is sent and not yet answered.
#[derive(Debug)]
pub(crate) struct Pending {
    pub class: Class,
    /// Its text, to show where an error is.
    pub text: Option<Arc<[u8]>>,
}

impl Connection {
    /// Enters pipeline mode: commands may be sent without waiting for answers. Nothing happens if it is on already.
    ///
    /// # Errors
    /// If a command is running.
    pub fn enter_pipeline(&mut self) -> Result<(), Error> {
        if self.pipeline != PipelineStatus::Off {
            return Ok(());
        }
        if self.phase != Phase::Idle {
            return Err(Error::new("cannot enter pipeline mode, connection not idle"));
        }
        self.pipeline = PipelineStatus::On;
        Ok(())
    }

    /// Leaves pipeline mode.
    ///
    /// # Errors
    /// If answers have not been taken yet.
    pub fn exit_pipeline(&mut self) -> Result<(), Error> {
        if self.pipeline == PipelineStatus::Off && self.phase == Phase::Idle {
            return Ok(());
        }
        let refuse = match self.phase {
            Phase::Ready => Some("cannot exit pipeline mode with uncollected results"),
            Phase::Busy => Some("cannot exit pipeline mode while busy"),
            Phase::CopyIn | Phase::CopyOut | Phase::CopyBoth => Some("cannot exit pipeline mode while in COPY"),
            Phase::Idle | Phase::Between if !self.queue.is_empty() => {
                Some("cannot exit pipeline mode with uncollected results")
            }
            Phase::Idle | Phase::Between => None,
        };
        if let Some(text) = refuse {
            return Err(Error::new(text));
        }
        self.pipeline = PipelineStatus::Off;
        self.phase = Phase::Idle;
        self.flush()
    }

    /// Marks a synchronisation point: the end of an implicit transaction, and the place up to which commands are skipped after
    /// an error. Its answer is [`QueryResult::PipelineSync`]. Sends what is queued.
    ///
    /// # Errors
    /// Outside of pipeline mode and during a COPY.
    pub fn pipeline_sync(&mut self) -> Result<(), Error> {
        self.queue_pipeline_sync()?;
        self.flush()
    }

    /// As [`Connection::pipeline_sync`], but leaves it in the buffer with what is there.
    ///
    /// # Errors
    /// As [`Connection::pipeline_sync`].
    pub fn queue_pipeline_sync(&mut self) -> Result<(), Error> {
        self.check_usable()?;
        if self.pipeline == PipelineStatus::Off {
            return Err(Error::new("cannot send pipeline when not in pipeline mode"));
        }
        if matches!(self.phase, Phase::CopyIn | Phase::CopyOut | Phase::CopyBoth) {
            return Err(Error::new("internal error: cannot send pipeline while in COPY"));
        }
        frontend::sync(&mut self.output);
        self.append(Class::Sync, None);
        Ok(())
    }

    /// Asks the server to send what it has answered so far, without a synchronisation point.
    ///
    /// # Errors
    /// If the connection is lost or a COPY runs.
    pub fn send_flush_request(&mut self) -> Result<(), Error> {
        self.check_usable()?;
        if self.phase != Phase::Idle && self.pipeline == PipelineStatus::Off {
            return Err(Error::new("another command is already in progress"));
        }
        frontend::flush(&mut self.output);
        self.flush_if_long()
    }

    /// A command is sent: puts it into the queue.
    pub(crate) fn append(&mut self, class: Class, text: Option<Arc<[u8]>>) {
        self.queue.push_back(Pending { class, text });
        // After an error nothing comes from the server before the next synchronisation point, so the queue moves by itself.
        let skipping = self.pipeline == PipelineStatus::Aborted && self.phase == Phase::Between;
        if self.phase == Phase::Idle || skipping {
            self.begin_next();
        }
    }

    /// Turns to the head of the queue.
    pub(crate) fn begin_next(&mut self) {
        self.chunk_rows = 0;
        self.phase = match self.queue.front() {
            None => Phase::Idle,
            Some(head) if self.pipeline == PipelineStatus::Aborted && head.class != Class::Sync => {
                self.ready = Some(QueryResult::PipelineAborted);
                Phase::Ready
            }
            Some(_) => Phase::Busy,
        };
    }
}
